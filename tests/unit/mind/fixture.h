/* SPDX-License-Identifier: Apache-2.0 */
/* A mind on the bench: a small deployment, events with rising numbers, and a docket that believes what is opened and closed. */
#ifndef TESTS_UNIT_MIND_FIXTURE_H
#define TESTS_UNIT_MIND_FIXTURE_H

#include "core/mind/minds.h"

struct bench_mind {
    size_t (*size)(void);
    void (*init)(void *block, const struct deployment *deployment,
                 const struct policy_limits *limits);
    void (*step)(void *block, const struct event *event, const struct docket *docket,
                 struct advice *advice);
    void (*visit)(void *block, struct visit *visit);
};
extern const struct bench_mind bench_rules, bench_escalate_all, bench_act_always, bench_saboteur;

/* What a window of the bench shows; zero is a healthy one. */
struct bench_window {
    bool shifted;             /* Half of the mass of feature 0 moves to its last decile. */
    double nulls;             /* Share of feature 1. */
    uint32_t scored, wrong;   /* Labels, of the hour before. */
    uint32_t requests_failed; /* Of 2,000. */
    uint32_t positives;       /* 0: as in the baseline (600). */
};

struct bench {
    const struct bench_mind *mind;
    struct deployment deployment;
    struct policy_limits limits; /* The defaults. */
    struct docket docket;
    struct event event;
    struct advice advice; /* Of the newest step. */
    void *block;
    bool keeps_open; /* The docket does not believe a closure. */
};

/* Two models of three features: amount and hour of table 1, age of table 2. Baselines have been seen. */
void bench_open(struct bench *bench, const struct bench_mind *mind);
void bench_close(struct bench *bench);

void bench_window(struct bench *bench, uint16_t model, struct bench_window window);
/* Fills bench->event.answer; the caller sets the member, then bench_step. */
struct answer *bench_answer(struct bench *bench, uint16_t model, enum tool tool);
/* A tick after so long. */
void bench_tick(struct bench *bench, int64_t after_ns);
/* Steps the mind with bench->event as it is, after raising its number. */
void bench_step(struct bench *bench);

/* Sane answers of every tool that is asked in the newest advice; serving version 7 after 6, config 3 after 2. */
void bench_answer_all(struct bench *bench, uint16_t model);
/* The answers as they will be given; a test changes them beforehand. */
extern struct answer bench_answers[N_TOOLS];
void bench_answers_reset(void);

uint32_t bench_count(const struct bench *bench, enum advice_kind kind);
/* The first item of the kind in the newest advice, or NULL. */
const struct advice_item *bench_find(const struct bench *bench, enum advice_kind kind);
struct docket_entry *bench_entry(struct bench *bench, uint32_t incident);
/* The newest proposal becomes an action in the state given. */
void bench_act(struct bench *bench, const struct advice_item *proposal, enum action_state state);

/* Packs the mind of one bench into that of another, then steps both alike for a while and compares what they say. */
void assert_round_trip(struct bench *first, const struct bench_mind *mind);

#endif
