/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of the journal: an event to bytes, bytes to the file. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/case.h"
#include "bench/limits.h"
#include "core/formats/codec.h"
#include "replay/live_journal.h"
#include "replay/replay.h"

enum { ENCODINGS = 100000, FRAMES = 20000, DURABLE = 1000, FOLDER_BYTES = 512 };
enum { TO_FILE, IN_TABLE };

struct folder {
    char path[FOLDER_BYTES - 16], file[FOLDER_BYTES], queue[FOLDER_BYTES];
};

static enum err encode(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < ENCODINGS; i++) {
        bench->event->sequence = i + 1;
        bench->event_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
        bench->sink += bench->bytes[bench->event_bytes / 2];
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, ENCODINGS};
    return OK;
}

static enum err encode_limit(struct bench *bench, struct timing *ret_timing)
{
    double began = bench_cpu_s();
    bench->sink += limit_append(bench->event_bytes, ENCODINGS);
    *ret_timing = (struct timing){bench_cpu_s() - began, ENCODINGS};
    return OK;
}

static struct journal_run run_of(const struct bench *bench)
{
    return (struct journal_run){.arm = "steward",
                                .mind = "steward",
                                .scenario = "bench",
                                .seed = 1,
                                .plan = {"bench", 5},
                                .settings = bench->settings};
}

/* Frame number i of a run: a window, and as many bytes of outcome. */
static struct journal_frame frame_of(struct slice event, uint64_t i)
{
    return (struct journal_frame){.sequence = i + 1,
                                  .at = (int64_t)i,
                                  .kind = EVENT_WINDOW,
                                  .event = event,
                                  .outcome = event,
                                  .chain = {i, i}};
}

static enum err put_frames(struct bench *bench, struct journal *journal, struct timing *ret_timing)
{
    struct journal_run run = run_of(bench);
    TRY(journal_begin(journal, &run, bench->text));
    size_t n_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    struct slice event = {(const char *)bench->bytes, n_bytes};
    double began = bench_cpu_s();
    for (uint64_t i = 0; i < FRAMES; i++) {
        struct journal_frame frame = frame_of(event, i);
        TRY(journal_put(journal, &frame, bench->text));
    }
    *ret_timing = (struct timing){bench_cpu_s() - began, FRAMES};
    return OK;
}

/* A folder of its own, so that files beside it are nobody else's. */
static enum err open_folder(struct bench *bench, struct folder *ret_folder)
{
    const char *place = getenv("TMPDIR");
    (void)snprintf(ret_folder->path, sizeof(ret_folder->path), "%s/steward_bench_XXXXXX",
                   place == NULL || place[0] == '\0' ? "/tmp" : place);
    if (mkdtemp(ret_folder->path) == NULL) {
        return err_set(bench->text, ERR_CANNOT_WRITE, "%.200s: cannot be made", ret_folder->path);
    }
    (void)snprintf(ret_folder->file, sizeof(ret_folder->file), "%s/a.stw", ret_folder->path);
    (void)snprintf(ret_folder->queue, sizeof(ret_folder->queue), "%s/a.queue", ret_folder->path);
    return OK;
}

static void close_folder(const struct folder *folder)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        char path[FOLDER_BYTES + 32];
        (void)snprintf(path, sizeof(path), "%s%s", folder->file, endings[i]);
        (void)unlink(path); /* Absent is as good. */
        (void)snprintf(path, sizeof(path), "%s%s", folder->queue, endings[i]);
        (void)unlink(path); /* The same. */
    }
    (void)rmdir(folder->path); /* Empty again. */
}

static enum err append(struct bench *bench, struct timing *ret_timing)
{
    struct folder folder;
    struct journal *journal = NULL;
    TRY(open_folder(bench, &folder));
    enum err err = journal_create(folder.file, &journal, bench->text);
    if (err == OK) {
        err = put_frames(bench, journal, ret_timing);
        struct err_text ignored;
        enum err closed = journal_close(journal, true, &ignored);
        (void)closed; /* Thrown away. */
    }
    close_folder(&folder);
    return err;
}

static enum err append_limit(struct bench *bench, struct timing *ret_timing)
{
    size_t n_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    double began = bench_cpu_s();
    bench->sink += limit_write(2 * n_bytes, FRAMES);
    *ret_timing = (struct timing){bench_cpu_s() - began, FRAMES};
    return OK;
}

static enum err put_durable(struct bench *bench, struct live_journal *journal,
                            struct timing *ret_timing)
{
    struct journal_run run = run_of(bench);
    TRY(live_journal_begin(journal, &run, bench->text));
    size_t n_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    struct slice event = {(const char *)bench->bytes, n_bytes};
    double began = bench_wall_s();
    for (uint64_t i = 0; i < DURABLE; i++) {
        struct journal_frame frame = frame_of(event, i);
        TRY(live_journal_put_frame(journal, &frame, bench->text));
    }
    *ret_timing = (struct timing){bench_wall_s() - began, DURABLE};
    return OK;
}

/* Each frame on the disk before the next: row, leaf and fingerprint in one transaction. Time that passes, for the disk is waited for. */
static enum err durable(struct bench *bench, struct timing *ret_timing)
{
    struct folder folder;
    struct live_journal *journal = NULL;
    TRY(open_folder(bench, &folder));
    enum err err =
        live_journal_open(folder.file, folder.queue, (struct slice){"", 0}, &journal, bench->text);
    if (err == OK) {
        err = put_durable(bench, journal, ret_timing);
        struct err_text ignored;
        enum err closed = live_journal_close(journal, true, &ignored);
        (void)closed; /* Thrown away. */
    }
    close_folder(&folder);
    return err;
}

static enum err durable_limit(struct bench *bench, struct timing *ret_timing)
{
    struct folder folder;
    TRY(open_folder(bench, &folder));
    size_t n_bytes = codec_pack_event(bench->event, bench->bytes, CODEC_BYTES_MAX);
    double began = bench_wall_s();
    uint64_t n = bench->now->size == IN_TABLE ? limit_durable_row(folder.file, 2 * n_bytes, DURABLE)
                                              : limit_durable(folder.file, 2 * n_bytes, DURABLE);
    *ret_timing = (struct timing){bench_wall_s() - began, n};
    close_folder(&folder);
    return n == DURABLE ? OK
                        : err_set(bench->text, ERR_IO, "%s: only %llu of %d records were written",
                                  bench->now->name, (unsigned long long)n, DURABLE);
}

/* Size: what the limit writes. */
static const struct bench_case cases[] = {
    {.name = "encode", .unit = "ns", .scale = SCALE_NS, .run = encode, .limit = encode_limit},
    {.name = "journal_append",
     .unit = "frames/s",
     .scale = SCALE_PER_SECOND,
     .run = append,
     .limit = append_limit,
     .mix = "prior"},
    {.name = "journal_durable",
     .unit = "frames/s",
     .scale = SCALE_PER_SECOND,
     .run = durable,
     .limit = durable_limit,
     .mix = "prior",
     .size = TO_FILE},
    {.name = "journal_durable_sqlite",
     .unit = "frames/s",
     .scale = SCALE_PER_SECOND,
     .run = durable,
     .limit = durable_limit,
     .mix = "prior",
     .size = IN_TABLE},
};
const struct bench_table bench_journal = {cases, sizeof(cases) / sizeof(cases[0])};
