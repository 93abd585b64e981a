#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes scenarios/recorded/activation.csv: a generated recording of half-hourly electricity prices in which two columns that
were constant go live, and what the label rests on changes with them.

    scripts/make_activation.py > scenarios/recorded/activation.csv

The same bytes on every machine: random numbers come from random.random() and are combined with + - * / only.
"""
import random
import sys

ROWS_A_DAY = 48
EVENT_ROW = 6720  # Day 140; the scenario serves from two weeks before it for twelve weeks.
N_ROWS = EVENT_ROW - 14 * ROWS_A_DAY + 84 * ROWS_A_DAY
VICDEMAND, TRANSFER = 0.4321, 0.4024  # As long as nothing feeds them.


def normal(stream):
    """Close to a standard normal: twelve uniforms, added in order (sum() rounds differently from version to version)."""
    total = -6.0
    for _ in range(12):
        total += stream.random()
    return total


def day_shape(period):
    """0 at night, 1 at the two peaks of a working day."""
    morning = max(0.0, 1.0 - abs(period - 0.36) / 0.16)
    evening = max(0.0, 1.0 - abs(period - 0.76) / 0.18)
    return 0.25 + 0.75 * max(morning, evening) if period > 0.2 else 0.1


def squeezed(value):
    return min(1.0, max(0.0, value))


def main():
    stream = random.Random(3)
    out = sys.stdout
    out.write("period,nswprice,nswdemand,vicprice,vicdemand,transfer,class\n")
    scarcity = flow = 0.0
    for row in range(N_ROWS):
        period = row % ROWS_A_DAY / (ROWS_A_DAY - 1)
        is_weekend = row // ROWS_A_DAY % 7 >= 5
        shape = day_shape(period) * (0.7 if is_weekend else 1.0)
        scarcity = 0.8 * scarcity + 0.6 * normal(stream)
        flow = 0.8 * flow + 0.6 * normal(stream)
        nswdemand = squeezed(0.28 + 0.34 * shape + 0.04 * normal(stream))
        nswprice = squeezed(0.055 + 0.022 * shape + 0.012 * scarcity + 0.002 * normal(stream))
        vicprice = squeezed(0.0040 + 0.0006 * shape + 0.0005 * normal(stream))
        is_live = row >= EVENT_ROW
        # Before the event scarcity at home decides, which the price tells; after it mostly the flow between the states.
        # In the first four weeks the label is up more often than it is afterwards.
        push = 0.9 * flow + 0.25 * scarcity if is_live else scarcity
        tilt = 0.15 if EVENT_ROW <= row < EVENT_ROW + 28 * ROWS_A_DAY else -0.25
        is_up = push + tilt + 0.4 * normal(stream) > 0.0
        vicdemand, transfer = VICDEMAND, TRANSFER
        if is_live:
            transfer = squeezed(TRANSFER + 0.26 + 0.08 * flow + 0.02 * normal(stream))
            vicdemand = squeezed(VICDEMAND + 0.16 + 0.05 * shape + 0.04 * flow + 0.05 * normal(stream))
        out.write(
            f"{period:.4f},{nswprice:.4f},{nswdemand:.4f},{vicprice:.4f},{vicdemand:.4f},{transfer:.4f},{int(is_up)}\n"
        )


if __name__ == "__main__":
    main()
