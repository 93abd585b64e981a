/* SPDX-License-Identifier: Apache-2.0 */
/* A small team with an engine and a truth to write into, for the tests of the people. */
#ifndef TESTS_UNIT_PEOPLE_TOWN_H
#define TESTS_UNIT_PEOPLE_TOWN_H

#include "sim/people/people.h"

enum {
    TOWN_BYTES = 1 << 20,
    SEEN_MAX = 64,
    MONDAY_10 = 10 * 60, /* Minutes of the week: an office hour, and one that is not. */
    SATURDAY_10 = 5 * 24 * 60 + 10 * 60,
    ONCALL = 1, /* The people. */
    SECOND_LEVEL,
    PRODUCER,
    APPROVER,
    SECOND_APPROVER,
    OPERATOR
};

struct seen_event {
    int64_t at;
    struct event event;
};
struct seen_wish {
    int64_t at;
    struct person_wish wish;
};

struct town {
    struct deployment deployment;
    struct plan plan;
    struct truth truth;
    struct engine *engine;
    struct people *people;
    uint32_t n_events, n_wishes;
    struct seen_event events[SEEN_MAX];
    struct seen_wish wishes[SEEN_MAX];
    _Alignas(16) unsigned char engine_block[TOWN_BYTES / 8], people_block[TOWN_BYTES];
};

/* Two models, six people, no plan item; a healthy truth with versions 1 (better, certified), 2 (serving) and 3 (bad). */
void town_init(struct town *town, uint64_t seed, uint32_t start_minute, int64_t horizon_ns);
/* After the plan and the truth are as wanted. */
void town_open(struct town *town, bool manual);
/* A fault of the cause on model 1. */
void town_break(struct town *town, enum cause cause);
/* Until no occurrence is left or one of them makes a wish, when stop_at_wish. Keeps what it sees. */
void town_run(struct town *town, bool stop_at_wish);
void town_page(struct town *town, uint32_t page, uint32_t incident, bool channels_down);
/* First event of the kind with the status, approval or handling kind; NULL: none. which -1: any. */
const struct seen_event *town_find(const struct town *town, enum event_kind kind, int which);
uint32_t town_count(const struct town *town, enum human_kind kind);
const struct human_act *town_act(const struct town *town, enum human_kind kind);

#endif
