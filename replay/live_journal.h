/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a running steward: the same file and tables as every journal, but written as a log that survives the death of the process, and
 * beside it a queue of what came in and of the event that is being stepped. */
#ifndef REPLAY_LIVE_JOURNAL_H
#define REPLAY_LIVE_JOURNAL_H

#include "replay/replay.h"

/* Both files are in WAL mode with synchronous FULL: what a put returned OK for is on the disk. Locked for other processes until the close. */
struct live_journal;

/* Opens or creates both. A journal that a close had ended is continued: its projections and its closing row are taken away again. Another process
 * holding it is ERR_UNAVAILABLE, a file that is no journal ERR_DATA. secret_key: of the checkpoints (PRIVATE+KEY+...), may be empty. */
enum err live_journal_open(const char *path, const char *queue_path, struct slice secret_key,
                           struct live_journal **ret_journal, struct err_text *ret_text) MUST_USE;

enum {
    LIVE_PLAN_BYTES = 1024,
    LIVE_LETTERS_KEPT = 10000, /* Keys of delivered letters: a day of alerts at seven a minute. */
    LIVE_LETTERS_TRIM = 256,   /* Between looks for older ones. */
    LIVE_QUARANTINE_KEPT = 100 /* Events set aside, one at most a death of the process. */
};
/* The newest run. */
struct live_run {
    uint64_t run; /* 0: none yet. */
    uint64_t seed;
    char build[32], mind[32];
    char plan[LIVE_PLAN_BYTES];
    uint64_t frames;
    bool same_settings; /* Deployment, policy and mind are those given. */
};
enum err live_journal_newest(struct live_journal *journal, const struct settings *settings,
                             struct live_run *ret_run, struct err_text *ret_text) MUST_USE;

/* What the run was begun with: deployment, policy and mind from its documents, and its seed. Changed or missing ones are ERR_DATA. */
enum err live_journal_settings(struct live_journal *journal, const struct live_run *run,
                               struct settings *ret_settings, struct err_text *ret_text) MUST_USE;

/* A new run. Its chain begins as that of arm steward, 0. */
enum err live_journal_begin(struct live_journal *journal, const struct journal_run *run,
                            struct err_text *ret_text) MUST_USE;

/* The newest run again: its newest snapshot first (snapshot may be empty), then every frame in order. stepped: the snapshot holds this frame
 * already. The chain of every frame is checked; a damaged journal is ERR_DATA. */
struct live_journal_port {
    void *self;
    enum err (*snapshot)(void *self, uint64_t sequence, struct slice state);
    enum err (*frame)(void *self, struct slice event, struct slice outcome, bool stepped);
};
enum err live_journal_resume(struct live_journal *journal, const struct live_run *run,
                             const struct live_journal_port *port, uint64_t *ret_sequence,
                             int64_t *ret_at, struct digest128 *ret_chain,
                             struct err_text *ret_text) MUST_USE;
/* An event that was put and has no frame: the process died within its step. It is set aside, told once, and never stepped. sequence 0: none. The
 * letter that it carried waits again, once, as one of kind "again". */
enum err live_journal_quarantine(struct live_journal *journal, uint64_t *ret_sequence,
                                 struct err_text *ret_text) MUST_USE;

/* Durable before the step. letter: number of the queued letter that the event carries, 0 none; the letter counts as delivered with it. */
enum err live_journal_put_event(struct live_journal *journal, uint64_t sequence, int64_t at,
                                struct slice event, uint64_t letter,
                                struct err_text *ret_text) MUST_USE;
/* Durable before the effects. */
enum err live_journal_put_frame(struct live_journal *journal, const struct journal_frame *frame,
                                struct err_text *ret_text) MUST_USE;

/* Letters: what came from outside, kept before it is answered for. key: names the delivery; a key seen before is a duplicate and not kept again. Of
 * delivered ones the newest LIVE_LETTERS_KEPT are remembered, and at most LIVE_LETTERS_TRIM more. */
enum err live_journal_put_letter(struct live_journal *journal, const char *kind,
                                 struct digest128 key, struct slice body, uint64_t *ret_letter,
                                 bool *ret_is_duplicate, struct err_text *ret_text) MUST_USE;
/* A letter that leads to no event. */
enum err live_journal_letter_done(struct live_journal *journal, uint64_t letter,
                                  struct err_text *ret_text) MUST_USE;
/* Letters not delivered yet, oldest first. */
struct live_letter_port {
    void *self;
    enum err (*letter)(void *self, uint64_t letter, const char *kind, struct slice body);
};
enum err live_journal_letters(struct live_journal *journal, const struct live_letter_port *port,
                              struct err_text *ret_text) MUST_USE;

/* Ends the journal as journal_close does (projections, audit trail, one file), unless abandon is set: then the files stay as they are. */
enum err live_journal_close(struct live_journal *journal, bool abandon,
                            struct err_text *ret_text) MUST_USE;

#endif
