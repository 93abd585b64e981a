/* SPDX-License-Identifier: Apache-2.0 */
/* Door of the journal: a SQLite file of runs and frames, written before effects happen, read back and re-executed. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/visit.h"
#include "core/steward.h"

/* Tables: run, document (deployment and policy by digest), frame, truth, snapshot, tree and checkpoint (the audit trail: audit.h), and the
 * projections incident, decision, action, approval, llm, which journal_close builds from the frames. */
struct journal;

struct journal_run {
    const char *arm, *mind, *scenario;
    uint64_t seed;
    struct slice plan;               /* Text of the plan. */
    const struct settings *settings; /* Copied as documents. */
    const char *build;               /* NULL: the version alone. */
};

struct journal_frame {
    uint64_t sequence;
    int64_t at;
    uint8_t kind;
    struct slice event, outcome;
    struct slice state; /* May be empty. */
    struct digest128 chain;
};

/* Creates path.partial; path must not exist (ERR_CANNOT_WRITE), a directory is ERR_NO_INPUT, another process writing it ERR_UNAVAILABLE. */
enum err journal_create(const char *path, struct journal **ret_journal,
                        struct err_text *ret_text) MUST_USE;
/* Checkpoints will be signed with the key (PRIVATE+KEY+...), of which a copy is kept until the end. Before the first frame. ERR_CONFIG:
 * it is none. */
enum err journal_sign(struct journal *journal, struct slice secret_key,
                      struct err_text *ret_text) MUST_USE;
enum err journal_begin(struct journal *journal, const struct journal_run *run,
                       struct err_text *ret_text) MUST_USE;
enum err journal_put(struct journal *journal, const struct journal_frame *frame,
                     struct err_text *ret_text) MUST_USE;
/* A verdict of the judge on the present run; never fed to the core. */
enum err journal_put_truth(struct journal *journal, int64_t at, const char *kind, struct slice body,
                           struct err_text *ret_text) MUST_USE;
enum err journal_end(struct journal *journal, struct digest128 fingerprint,
                     struct err_text *ret_text) MUST_USE;
/* Builds the projections, ends the audit trail, closes and gives the file its name: one file remains, or none when discard is set or the close
 * fails. */
enum err journal_close(struct journal *journal, bool discard, struct err_text *ret_text) MUST_USE;

struct replay_result {
    uint64_t runs, frames;
    uint64_t executed; /* Of the frames; the others are of the manual arm, which has no core. */
    bool same;
    uint64_t run_id, sequence; /* First divergence. */
    int64_t at;
    char where[256]; /* "effects[2].record.verb: ROLLBACK / RETRAIN", journal / now. */
};
struct replay_port { /* Told every frame; for --trace. May be empty. */
    void *self;
    enum err (*run)(void *self, uint64_t run_id, const char *arm, const char *mind,
                    const char *scenario, uint64_t seed);
    enum err (*frame)(void *self, const struct settings *settings, const struct event *event,
                      const struct advice *advice, const struct effects *effects);
};
/* Re-executes every run, compares frame for frame, chain and fingerprint. policy not NULL: with another policy; the first frame whose advice or
 * effects differ in more than the digest of the policy is the divergence. Damaged journals are ERR_DATA with the frame named. */
enum err replay_run(const char *path, const struct policy *policy, const struct replay_port *port,
                    struct replay_result *ret_result, struct err_text *ret_text) MUST_USE;

#endif
