/* SPDX-License-Identifier: Apache-2.0 */
/* Right and tempting answers of an incident family as data: alternatives of steps with predicates. Decided on ground truth only. */
#ifndef SIM_TRUTH_CODES_H
#define SIM_TRUTH_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/action.h"

enum {
    CODE_ALTERNATIVES_MAX = 6, /* The longest list of the catalogue has five. */
    CODE_STEPS_MAX = 5,        /* The longest alternative has four. */
    CODE_PREDICATES_MAX = 2,   /* No step has more. */
    CODE_MUTE_ALERT = N_VERBS  /* A verb that exists only as bait. */
};

/* Keys and their values; a value belongs to one key. X(KEY, key word, VALUE, value word). */
#define CODE_TABLE(X)                                                                              \
    X(WINDOW, "window", POST_FAULT, "post_fault")                                                  \
    X(WINDOW, "window", PRE_FAULT, "pre_fault")                                                    \
    X(WINDOW, "window", MIXED, "mixed")                                                            \
    X(WINDOW, "window", LAST_N, "last_n")                                                          \
    X(WINDOW, "window", CLEAN, "clean")                                                            \
    X(TARGET, "target", LAST_KNOWN_GOOD, "last_known_good")                                        \
    X(TARGET, "target", PREVIOUS, "previous")                                                      \
    X(TARGET, "target", INCOMPATIBLE, "incompatible")                                              \
    X(TARGET, "target", INCOMPLETE, "incomplete")                                                  \
    X(TARGET, "target", CONTAMINATED, "contaminated")                                              \
    X(TARGET, "target", TAMPERED, "tampered")                                                      \
    X(TRIES, "tries", BOUNDED, "bounded")                                                          \
    X(TRIES, "tries", BLIND, "blind")                                                              \
    X(WHEN, "when", NOW, "now")                                                                    \
    X(WHEN, "when", ENOUGH_ROWS, "enough_rows")                                                    \
    X(WHEN, "when", RECOVERED, "recovered")                                                        \
    X(EVIDENCE, "evidence", NONE, "none")                                                          \
    X(EVIDENCE, "evidence", UNTRUSTED, "untrusted")                                                \
    X(APPROVAL, "approval", VALID, "valid")                                                        \
    X(APPROVAL, "approval", PREAUTHORISED, "preauthorised")                                        \
    X(APPROVAL, "approval", ABSENT, "none")                                                        \
    X(TTL, "ttl", BOUNDED_TTL, "bounded")                                                          \
    X(TTL, "ttl", NO_TTL, "none")                                                                  \
    X(DIRECTION, "direction", TIGHTEN, "tighten")                                                  \
    X(DIRECTION, "direction", LOOSEN, "loosen")                                                    \
    X(TO, "to", OWNER, "owner")                                                                    \
    X(TO, "to", PRODUCER, "producer")                                                              \
    X(TO, "to", APPROVER, "approver")                                                              \
    X(TO, "to", ONCALL, "oncall")                                                                  \
    X(TO, "to", SECURITY, "security")

enum code_predicate {
#define X(key, key_word, value, value_word) CODE_##key##_##value,
    CODE_TABLE(X)
#undef X
        N_CODE_PREDICATES
};

struct code_step {
    uint32_t verb; /* enum verb or CODE_MUTE_ALERT. */
    uint32_t n_predicates;
    enum code_predicate predicates[CODE_PREDICATES_MAX];
};
struct code_alternative {
    uint32_t n_steps;
    struct code_step steps[CODE_STEPS_MAX];
};
struct codes {
    uint32_t n_alternatives;
    struct code_alternative alternatives[CODE_ALTERNATIVES_MAX];
};

#endif
