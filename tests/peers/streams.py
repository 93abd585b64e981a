# SPDX-License-Identifier: Apache-2.0
"""Alarms of `steward detect` against river and frouros, index for index, on random streams.

Usage: streams.py STEWARD [STREAMS [SEED [DETECTOR...]]], in a Python that has river and frouros. Warnings are compared, too, where the peer has them.
"""
import collections
import concurrent.futures
import json
import random
import subprocess
import sys
import time
import warnings

warnings.simplefilter("ignore")
import frouros  # noqa: E402
import frouros.detectors.concept_drift as frouros_drift  # noqa: E402
import river  # noqa: E402
from river import drift  # noqa: E402


def errors(source, length):
    """Zeros and ones, the rate of ones drawn anew a few times; every fourth stream is of right answers mostly."""
    rates = [source.choice((0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)) for _ in range(source.randint(1, 5))]
    return [float(source.random() < rates[i * len(rates) // length]) for i in range(length)]


def levels(source, length):
    """Normal values, level and spread drawn anew a few times; some are rounded, so that values repeat."""
    parts = [(source.choice((0.0, 0.5, 1.0, 3.0)), source.choice((0.1, 0.5, 1.0))) for _ in range(source.randint(1, 5))]
    digits = source.choice((1, 12))
    return [round(source.gauss(*parts[i * len(parts) // length]), digits) for i in range(length)]


def run_river(make):
    def run(values):
        detector, alarms, zones, has_warned = make(), [], [], False
        for i, value in enumerate(values):
            detector.update(value)
            if detector.drift_detected:
                alarms.append(i)
                has_warned = False
            elif getattr(detector, "warning_detected", False) and not has_warned:
                zones.append(i)
                has_warned = True
        return alarms, zones

    return run


def run_frouros_adwin(values):
    """It only shrinks, and its flag once set is never taken back: that is done here."""
    detector, alarms = frouros_drift.ADWIN(), []
    for i, value in enumerate(values):
        detector.drift = False
        detector.update(value=value)
        if detector.drift:
            alarms.append(i)
    return alarms, []


def run_frouros(make):
    def run(values):
        detector, alarms, zones, has_warned = make(), [], [], False
        for i, value in enumerate(values):
            detector.update(value=value)
            if detector.drift:
                alarms.append(i)
                has_warned = False
                detector.reset()
            elif getattr(detector, "warning", False) and not has_warned:
                zones.append(i)
                has_warned = True
        return alarms, zones

    return run


Case = collections.namedtuple("Case", "detector options draw length peer is_exact")


def case(detector, options, draw, peer, length=1500, is_exact=True):
    return Case(detector, tuple(options.split()), draw, length, peer, is_exact)


binary = drift.binary
CASES = [
    case("adwin", "", errors, run_river(drift.ADWIN)),
    case("adwin", "delta=0.05 clock=8", levels, run_river(lambda: drift.ADWIN(delta=0.05, clock=8))),
    # Errors only: its ADWIN raises ValueError on a window whose sum is negative.
    case("adwin", "flavour=frouros", errors, run_frouros_adwin),
    case("ddm", "", errors, run_river(binary.DDM)),
    case("eddm", "", errors, run_river(binary.EDDM)),
    case("eddm", "flavour=frouros", errors, run_frouros(frouros_drift.EDDM)),
    case("hddm_a", "", errors, run_river(binary.HDDM_A)),
    case("hddm_a", "two_sided_test=yes", errors, run_river(lambda: binary.HDDM_A(two_sided_test=True))),
    case("hddm_w", "zero_restarts=yes", errors, run_river(binary.HDDM_W)),
    case("hddm_w", "zero_restarts=yes two_sided_test=yes", errors, run_river(lambda: binary.HDDM_W(two_sided_test=True))),
    # river's mean takes the first 1 after zeros whole (docs/detectors.md): the default here does not.
    case("hddm_w", "", errors, run_river(binary.HDDM_W), is_exact=False),
    case("fhddm", "", errors, run_river(binary.FHDDM)),
    case("fhddm", "short_window_size=25 confidence_level=1e-3", errors,
         run_river(lambda: binary.FHDDM(confidence_level=1e-3, short_window_size=25))),
    case("page_hinkley", "flavour=river mode=both", levels, run_river(drift.PageHinkley)),
    case("page_hinkley", "flavour=river mode=up threshold=10", levels, run_river(lambda: drift.PageHinkley(mode="up", threshold=10))),
    # The default is river's rule until 2023, which the river of today no longer has.
    case("page_hinkley", "", levels, run_river(lambda: drift.PageHinkley(mode="up")), is_exact=False),
    case("page_hinkley", "flavour=frouros", levels, run_frouros(frouros_drift.PageHinkley)),
    case("cusum", "", levels, run_frouros(frouros_drift.CUSUM)),
    case("gma", "threshold=0.3", levels,
         run_frouros(lambda: frouros_drift.GeometricMovingAverage(frouros_drift.GeometricMovingAverageConfig(lambda_=0.3)))),
    case("ecdd", "", errors, run_frouros(frouros_drift.ECDDWT)),
    case("ecdd", "average_run_length=100", errors,
         run_frouros(lambda: frouros_drift.ECDDWT(frouros_drift.ECDDWTConfig(average_run_length=100)))),
    case("kswin", "seed=42", levels, run_river(lambda: drift.KSWIN(seed=42)), length=300),
]


def ask(program, one, values):
    words = [program, "detect", "-", "--detector", one.detector, "--json"]
    for option in one.options:
        words += ["--set", option]
    lines = "\n".join(map(repr, values)) + "\n"
    result = json.loads(subprocess.run(words, input=lines, capture_output=True, text=True, check=True).stdout)
    return result["alarms"], result["warnings"]


def main():
    program = sys.argv[1]
    n_streams = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    wanted = sys.argv[4:]
    print(f"river {river.__version__}, frouros {frouros.__version__}, seed {seed}, {n_streams} streams a case")
    n_wrong = 0
    for number, one in enumerate(CASES):
        if wanted and one.detector not in wanted:
            continue
        began = time.time()
        source = random.Random(seed * 1000 + number)
        streams = [one.draw(source, one.length) for _ in range(n_streams)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda values: ask(program, one, values), streams)
            peers = [one.peer(values) for values in streams]
            answers = list(answers)
        differing = [i for i in range(n_streams) if answers[i] != peers[i]]
        n_alarms = sum(len(alarms) for alarms, _ in peers)
        name = " ".join((one.detector, *one.options))
        verdict = "" if one.is_exact else " (told in docs/detectors.md)"
        print(f"{name:52} {n_alarms:6} alarms, {len(differing):3} streams differ{verdict}  {time.time() - began:.1f} s", flush=True)
        for i in differing[:2]:
            print(f"    stream {i}: ours {answers[i][0][:6]} {answers[i][1][:4]}, theirs {peers[i][0][:6]} {peers[i][1][:4]}")
        n_wrong += len(differing) if one.is_exact else 0
        if n_alarms == 0:
            sys.exit(f"{name}: no stream alarms: nothing was compared")
    if n_wrong > 0:
        sys.exit(f"{n_wrong} streams differ")


if __name__ == "__main__":
    main()
