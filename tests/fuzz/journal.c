/* SPDX-License-Identifier: Apache-2.0 */
/* Any alteration of a true journal: the same, diverged, or damaged with a message that names the file; never worse. An input is a list of
 * edits. The first byte says what is edited: the file as it is (even), or the frames, which are then chained again as a forger
 * would (odd), so that what is forged reaches the core. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/assert.h"
#include "core/formats/fingerprint.h"
#include "replay/body.h"
#include "replay/replay.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/replay/scribe.h"

enum {
    EDIT_BYTES = 4, /* Place (three bytes, modulo what there is), and what is added to the byte there. */
    EDITS_MAX = 64,
    BYTES_MAX = 1 << 22,
};

/* The true journal, made once: its bytes, and the bytes of all its frames one after the other. */
static struct {
    struct scribe *scribe;
    char path[PATH_BYTES];
    uint8_t *file, *frames;
    size_t n_file, n_frames;
    struct {
        size_t event_bytes, outcome_bytes;
        int64_t at, kind;
    } frame[STORY_FRAMES];
} truth;

static struct err_text text;

static void write_file(const uint8_t *bytes, size_t n_bytes)
{
    FILE *stream = fopen(truth.path, "wb");
    ASSERT(stream != NULL);
    ASSERT(fwrite(bytes, 1, n_bytes, stream) == n_bytes);
    ASSERT(fclose(stream) == 0);
}

static void read_frames(void)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *read = NULL;
    ASSERT(sqlite3_open_v2(truth.path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    ASSERT(sqlite3_prepare_v2(database, "SELECT body, at_ns, kind FROM frame ORDER BY seq", -1,
                              &read, NULL) == SQLITE_OK);
    for (size_t i = 0; i < STORY_FRAMES; i++) {
        struct slice event, outcome;
        ASSERT(sqlite3_step(read) == SQLITE_ROW);
        struct slice body = {sqlite3_column_blob(read, 0), (size_t)sqlite3_column_bytes(read, 0)};
        ASSERT(body_unpack(body, &event, &outcome));
        ASSERT(truth.n_frames + event.n_bytes + outcome.n_bytes <= BYTES_MAX);
        memcpy(truth.frames + truth.n_frames, event.bytes, event.n_bytes);
        memcpy(truth.frames + truth.n_frames + event.n_bytes, outcome.bytes, outcome.n_bytes);
        truth.n_frames += event.n_bytes + outcome.n_bytes;
        truth.frame[i].event_bytes = event.n_bytes;
        truth.frame[i].outcome_bytes = outcome.n_bytes;
        truth.frame[i].at = sqlite3_column_int64(read, 1);
        truth.frame[i].kind = sqlite3_column_int64(read, 2);
    }
    (void)sqlite3_finalize(read); /* Only read. */
    ASSERT(sqlite3_close(database) == SQLITE_OK);
}

static void remove_file(void)
{
    (void)unlink(truth.path); /* May be gone already. */
    scribe_close(truth.scribe);
    free(truth.file);
    free(truth.frames);
}

static void make_truth(void)
{
    truth.scribe = scribe_open();
    truth.file = malloc(BYTES_MAX);
    truth.frames = malloc(BYTES_MAX);
    ASSERT(truth.file != NULL);
    ASSERT(truth.frames != NULL);
    scribe_path("fuzz", truth.path);
    ASSERT(atexit(remove_file) == 0);
    ASSERT(scribe_write(truth.scribe, truth.path, 1, &text) == OK);
    FILE *stream = fopen(truth.path, "rb");
    ASSERT(stream != NULL);
    truth.n_file = fread(truth.file, 1, BYTES_MAX, stream);
    ASSERT(fclose(stream) == 0);
    ASSERT(truth.n_file < BYTES_MAX);
    read_frames();
}

/* Adding the same twice over gives the bytes back when sign is -1 the second time. */
static void edit(uint8_t *bytes, size_t n_bytes, const uint8_t *edits, size_t n_edits, int sign)
{
    for (size_t i = 0; i < n_edits; i++) {
        const uint8_t *one = edits + i * EDIT_BYTES;
        size_t at = (size_t)one[0] | (size_t)one[1] << 8 | (size_t)one[2] << 16;
        uint8_t *byte = &bytes[at % n_bytes];
        *byte = (uint8_t)(*byte + sign * one[3]);
    }
}

/* The frames as they are now, with a sound chain and a sound fingerprint. */
static void write_forged(void)
{
    const struct settings *settings = &truth.scribe->settings;
    struct journal_run run = {.arm = "steward",
                              .mind = mind_name(settings->mind),
                              .scenario = "forged",
                              .seed = settings->seed,
                              .plan = slice_of("nothing is planned\n"),
                              .settings = settings};
    struct journal *journal = NULL;
    struct digest128 chain = fingerprint_begin_run(0, (uint8_t)settings->mind, settings->seed);
    (void)unlink(truth.path); /* Of the input before. */
    ASSERT(journal_create(truth.path, &journal, &text) == OK);
    ASSERT(journal_begin(journal, &run, &text) == OK);
    const uint8_t *at = truth.frames;
    for (size_t i = 0; i < STORY_FRAMES; i++) {
        size_t event_bytes = truth.frame[i].event_bytes, outcome_bytes = truth.frame[i].outcome_bytes;
        chain = fingerprint_add(chain, at, event_bytes, at + event_bytes, outcome_bytes);
        struct journal_frame frame = {.sequence = i + 1,
                                      .at = truth.frame[i].at,
                                      .kind = (uint8_t)truth.frame[i].kind,
                                      .event = {(const char *)at, event_bytes},
                                      .outcome = {(const char *)at + event_bytes, outcome_bytes},
                                      .chain = chain};
        ASSERT(journal_put(journal, &frame, &text) == OK);
        at += event_bytes + outcome_bytes;
    }
    ASSERT(journal_end(journal, chain, &text) == OK);
    /* The projections read every frame: one that cannot be read may end the writing, with a message. */
    if (journal_close(journal, false, &text) != OK) {
        ASSERT(strncmp(text.text, "journal ", 8) == 0);
    }
}

static void replay(void)
{
    static const struct replay_port nobody;
    struct replay_result result;
    memset(&text, 0, sizeof(text));
    enum err err = replay_run(truth.path, NULL, &nobody, &result, &text);
    if (err != OK) {
        ASSERT(strncmp(text.text, "journal ", 8) == 0);
        ASSERT(strstr(text.text, truth.path) != NULL);
        return;
    }
    ASSERT(result.same || result.where[0] != '\0');
    ASSERT(result.frames <= STORY_FRAMES);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    if (truth.scribe == NULL) {
        make_truth();
    }
    if (n_bytes == 0) {
        return 0;
    }
    bool is_forged = (bytes[0] & 1u) != 0;
    size_t n_edits = (n_bytes - 1) / EDIT_BYTES;
    n_edits = n_edits < EDITS_MAX ? n_edits : EDITS_MAX;
    uint8_t *edited = is_forged ? truth.frames : truth.file;
    size_t n_edited = is_forged ? truth.n_frames : truth.n_file;
    edit(edited, n_edited, bytes + 1, n_edits, 1);
    if (is_forged) {
        write_forged();
    } else {
        write_file(edited, n_edited);
    }
    replay();
    edit(edited, n_edited, bytes + 1, n_edits, -1);
    return 0;
}
