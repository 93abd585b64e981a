/* SPDX-License-Identifier: Apache-2.0 */
/* Writes journals of a hand-made story: a steward is stepped through it and every frame is put down, truly or twisted. */
#ifndef TESTS_UNIT_REPLAY_SCRIBE_H
#define TESTS_UNIT_REPLAY_SCRIBE_H

#include "core/host.h"
#include "replay/replay.h"

enum { STORY_FRAMES = 60, SNAPSHOT_EVERY = 16, PATH_BYTES = 128 };

/* What is written otherwise than it happened; the chain is made over what is written, as a forger would. */
enum twist { TWIST_NONE, TWIST_OUTCOME, TWIST_STATE, TWIST_TIME, TWIST_LENGTH };

struct scribe {
    struct settings settings;
    enum twist twist;
    uint64_t twisted; /* The frame. */
    bool is_manual;
    uint64_t padding;       /* Bytes added to each snapshot, to make a journal large. */
    uint64_t n_frames;      /* Of a run; 0: all of the story. */
    uint64_t state_max;     /* Bytes kept of each snapshot, to make a journal small; 0: all. */
    const char *secret_key; /* Signs; may be NULL. */
    struct loop loop;
    void *block;
    uint8_t *event, *outcome, *state;
};

/* A deployment with one model and a policy with a few rules. */
struct scribe *scribe_open(void);
void scribe_close(struct scribe *scribe);
/* A path in the folder for temporary files that no other process uses, and nothing there. */
void scribe_path(const char *name, char ret_path[PATH_BYTES]);
/* A whole run into an open journal. */
enum err scribe_run(struct scribe *scribe, struct journal *journal, struct err_text *text);
/* A journal of n runs at path. */
enum err scribe_write(struct scribe *scribe, const char *path, uint32_t n_runs,
                      struct err_text *text);
/* A journal of one run in the mode propose, as a running steward writes it, ended in order. */
enum err scribe_write_live(struct scribe *scribe, const char *path, struct err_text *text);
/* True when the file exists; likewise the unfinished one. */
bool scribe_is_there(const char *path);
bool scribe_is_partial(const char *path);

#endif
