/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a journal and executing it again: same events, same core, so the same advice, effects, state and chain. */
#include <stdlib.h>
#include <string.h>

#include "core/base/assert.h"
#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "core/host.h"
#include "replay/body.h"
#include "replay/reader.h"
#include "replay/replay.h"
#include "replay/sql.h"

enum { CHAIN_BYTES = 16 };

struct rerun {
    sqlite3 *database;
    const char *path;
    const struct policy *policy;
    const struct replay_port *port;
    struct replay_result *result;
    struct err_text *text;
    struct settings settings;
    struct loop loop;
    struct advice recorded_advice;
    struct effects recorded_effects;
    void *block;
    struct steward *steward; /* NULL in the manual arm, which has no core. */
    uint8_t *outcome;
    uint64_t run, sequence;
    int64_t at; /* Of the newest frame of the run. */
    struct digest128 chain;
};

static enum err damaged(const struct rerun *rerun, const char *what)
{
    if (sqlite3_errcode(rerun->database) == SQLITE_NOMEM) { /* What could not be read is not damaged. */
        return err_set(rerun->text, ERR_INTERNAL, "journal %s: out of memory", rerun->path);
    }
    return err_set(rerun->text, ERR_DATA, "journal %s: run %llu frame %llu: %s", rerun->path,
                   (unsigned long long)rerun->run, (unsigned long long)rerun->sequence, what);
}

/* Reads a document by digest and unpacks it; the digest is checked. */
static enum err read_document(struct rerun *rerun, const char *digest, bool is_policy)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(rerun->database, rerun->path, "SELECT body FROM document WHERE digest=?", &read,
                    rerun->text));
    sql_bind_text(read, 1, digest);
    enum err err = OK;
    int code = sqlite3_step(read);
    if (code == SQLITE_DONE) {
        err = damaged(rerun, "its deployment or policy is missing");
    } else if (code != SQLITE_ROW) {
        err = sql_failure(rerun->database, rerun->path, "reading its deployment or policy",
                          rerun->text);
    } else {
        struct slice body = sql_column(read, 0);
        char hex[33];
        fingerprint_hex(fingerprint_of(body.bytes, body.n_bytes), hex);
        struct unpacker unpacker;
        unpacker_init(&unpacker, (const uint8_t *)body.bytes, body.n_bytes);
        if (is_policy) {
            policy_visit(&unpacker.visit, &rerun->settings.policy);
        } else {
            deployment_visit(&unpacker.visit, &rerun->settings.deployment);
        }
        bool is_sound =
            strcmp(hex, digest) == 0 && !unpacker.visit.failed && unpacker_is_done(&unpacker);
        err = is_sound ? OK : damaged(rerun, "its deployment or policy was changed");
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static bool arm_number(const char *arm, uint8_t *ret_number)
{
    static const char *const arms[] = {"steward", "rules", "manual"}; /* As in the table of arms. */
    for (uint8_t i = 0; i < 3; i++) {
        if (strcmp(arm, arms[i]) == 0) {
            *ret_number = i;
            return true;
        }
    }
    return false;
}

static void diverged(struct rerun *rerun, const char *where)
{
    struct replay_result *result = rerun->result;
    result->same = false;
    result->run_id = rerun->run;
    result->sequence = rerun->sequence;
    result->at = rerun->loop.event.at;
    struct text text;
    text_init(&text, result->where, sizeof(result->where));
    text_put(&text, where);
}

/* Under another policy every decision names another digest; what is looked for is the first that decides otherwise. */
static void forget_policy(struct effects *effects)
{
    for (uint32_t i = 0; i < effects->n_effects; i++) {
        if (effects->items[i].kind == EFFECT_RECORD) {
            effects->items[i].record.policy = (struct digest128){0, 0};
        }
    }
}

/* Executes the frame again; on a difference the result says where. */
static void step_again(struct rerun *rerun, struct slice recorded)
{
    struct loop *loop = &rerun->loop;
    steward_step(rerun->steward, &loop->event, &loop->advice, &loop->effects);
    if (rerun->policy != NULL) {
        forget_policy(&rerun->recorded_effects);
        forget_policy(&loop->effects);
    }
    size_t n_bytes =
        codec_pack_outcome(&loop->advice, &loop->effects, rerun->outcome, CODEC_BYTES_MAX);
    bool is_same = rerun->policy == NULL && n_bytes == recorded.n_bytes &&
                   memcmp(rerun->outcome, recorded.bytes, n_bytes) == 0;
    if (is_same) {
        return;
    }
    char where[256];
    struct text text;
    text_init(&text, where, sizeof(where));
    bool is_told = codec_describe_outcome_difference(
        &rerun->recorded_advice, &rerun->recorded_effects, &loop->advice, &loop->effects, &text);
    if (is_told) {
        diverged(rerun, where);
    } else if (rerun->policy == NULL) {
        diverged(rerun, "the outcome differs in its encoding");
    }
}

static enum err check_state(struct rerun *rerun, struct slice recorded)
{
    bool is_compared = rerun->steward != NULL && rerun->policy == NULL && rerun->result->same;
    if (recorded.n_bytes == 0 || !is_compared) {
        return OK;
    }
    size_t capacity = CODEC_BYTES_MAX * 4;
    uint8_t *bytes = malloc(capacity);
    if (bytes == NULL) {
        return err_set(rerun->text, ERR_INTERNAL, "journal %s: out of memory", rerun->path);
    }
    size_t n_bytes = codec_pack_state(rerun->steward, bytes, capacity);
    bool is_same = n_bytes == recorded.n_bytes && memcmp(bytes, recorded.bytes, n_bytes) == 0;
    free(bytes);
    if (!is_same) {
        diverged(rerun, "the state after this frame differs from the snapshot");
    }
    return OK;
}

static enum err check_frame(struct rerun *rerun, sqlite3_stmt *read)
{
    uint64_t sequence = (uint64_t)sqlite3_column_int64(read, 0);
    bool is_next = sequence == rerun->sequence + 1;
    rerun->sequence = is_next ? sequence : rerun->sequence + 1;
    if (!is_next) {
        return damaged(rerun, "is missing");
    }
    struct slice event, outcome, chain = sql_column(read, 4);
    if (!body_unpack(sql_column(read, 3), &event, &outcome)) {
        return damaged(rerun, "its body is not a frame");
    }
    rerun->chain = fingerprint_add(rerun->chain, (const uint8_t *)event.bytes, event.n_bytes,
                                   (const uint8_t *)outcome.bytes, outcome.n_bytes);
    uint8_t expected[CHAIN_BYTES];
    for (size_t i = 0; i < 8; i++) {
        expected[i] = (uint8_t)(rerun->chain.hi >> (56 - 8 * i));
        expected[8 + i] = (uint8_t)(rerun->chain.lo >> (56 - 8 * i));
    }
    if (chain.n_bytes != CHAIN_BYTES || memcmp(chain.bytes, expected, CHAIN_BYTES) != 0) {
        return damaged(rerun, "its body does not fit its chain: it was changed");
    }
    struct loop *loop = &rerun->loop;
    bool is_read = codec_unpack_event((const uint8_t *)event.bytes, event.n_bytes, &loop->event) &&
                   codec_unpack_outcome((const uint8_t *)outcome.bytes, outcome.n_bytes,
                                        &rerun->recorded_advice, &rerun->recorded_effects);
    bool is_labelled = is_read && loop->event.sequence == sequence &&
                       loop->event.at == sqlite3_column_int64(read, 1) &&
                       (int64_t)loop->event.kind == sqlite3_column_int64(read, 2);
    if (!is_labelled) {
        return damaged(rerun, is_read ? "its time or kind was changed" : "its body cannot be read");
    }
    if (loop->event.at < rerun->at) {
        return damaged(rerun, "it lies before the frame before it");
    }
    rerun->at = loop->event.at;
    if (rerun->steward != NULL) {
        step_again(rerun, outcome);
        rerun->result->executed++;
    }
    rerun->result->frames++;
    const struct replay_port *port = rerun->port;
    if (port->frame != NULL && rerun->result->same) {
        const struct advice *advice =
            rerun->steward == NULL ? &rerun->recorded_advice : &loop->advice;
        const struct effects *effects =
            rerun->steward == NULL ? &rerun->recorded_effects : &loop->effects;
        TRY(port->frame(port->self, &rerun->settings, &loop->event, advice, effects));
    }
    return check_state(rerun, sql_column(read, 5));
}

static enum err check_frames(struct rerun *rerun)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(rerun->database, rerun->path,
                    "SELECT frame.seq, at_ns, kind, frame.body, chain, snapshot.body FROM frame"
                    " LEFT JOIN snapshot ON snapshot.run = frame.run AND snapshot.seq = frame.seq"
                    " WHERE frame.run=? ORDER BY frame.seq",
                    &read, rerun->text));
    (void)sqlite3_bind_int64(read, 1, (int64_t)rerun->run); /* The step reports. */
    enum err err = OK;
    int code = SQLITE_ROW;
    while (err == OK && rerun->result->same && (code = sqlite3_step(read)) == SQLITE_ROW) {
        err = check_frame(rerun, read);
    }
    if (err == OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        err = sql_failure(rerun->database, rerun->path, "reading frames", rerun->text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    return err;
}

static const char *word(sqlite3_stmt *read, int place)
{
    const unsigned char *text = sqlite3_column_text(read, place);
    return text == NULL ? "" : (const char *)text;
}

/* Columns: id, arm, mind, scenario, seed, configuration, policy, fingerprint. */
static enum err check_run(struct rerun *rerun, sqlite3_stmt *read)
{
    rerun->run = (uint64_t)sqlite3_column_int64(read, 0);
    rerun->sequence = 0;
    rerun->at = 0;
    uint8_t arm = 0;
    uint64_t seed = (uint64_t)sqlite3_column_int64(read, 4);
    bool is_known = arm_number(word(read, 1), &arm);
    bool is_manual = is_known && arm == 2; /* Which has no mind. */
    rerun->settings.mind = MIND_STEWARD;
    is_known = is_known && (is_manual || mind_find(slice_of(word(read, 2)), &rerun->settings.mind));
    if (!is_known) {
        return damaged(rerun, "its run names an unknown arm or mind");
    }
    TRY(read_document(rerun, word(read, 5), false));
    TRY(read_document(rerun, word(read, 6), true));
    if (rerun->policy != NULL) {
        rerun->settings.policy = *rerun->policy;
    }
    rerun->settings.seed = seed;
    rerun->steward = is_manual ? NULL : steward_init(rerun->block, &rerun->settings);
    rerun->chain = fingerprint_begin_run(arm, (uint8_t)rerun->settings.mind, seed);
    const struct replay_port *port = rerun->port;
    if (port->run != NULL) {
        TRY(port->run(port->self, rerun->run, word(read, 1), word(read, 2), word(read, 3), seed));
    }
    TRY(check_frames(rerun));
    rerun->result->runs++;
    char hex[33];
    fingerprint_hex(rerun->chain, hex);
    if (rerun->result->same && strcmp(hex, word(read, 7)) != 0) {
        return damaged(rerun,
                       "frames are missing at the end, or the fingerprint of the run was changed");
    }
    return OK;
}

static enum err check_runs(struct rerun *rerun)
{
    sqlite3_stmt *read = NULL;
    TRY(sql_prepare(
        rerun->database, rerun->path,
        "SELECT id, arm, mind, scenario, seed, configuration, policy, fingerprint FROM run ORDER BY id",
        &read, rerun->text));
    enum err err = OK;
    int code = SQLITE_ROW;
    while (err == OK && rerun->result->same && (code = sqlite3_step(read)) == SQLITE_ROW) {
        err = check_run(rerun, read);
    }
    if (err == OK && code != SQLITE_ROW && code != SQLITE_DONE) {
        err = sql_failure(rerun->database, rerun->path, "reading runs", rerun->text);
    }
    (void)sqlite3_finalize(read); /* Repeats the failure that was reported. */
    if (err == OK && rerun->result->runs == 0 && rerun->result->same) {
        err = err_set(rerun->text, ERR_DATA, "journal %s: holds no run", rerun->path);
    }
    return err;
}

enum err replay_run(const char *path, const struct policy *policy, const struct replay_port *port,
                    struct replay_result *ret_result, struct err_text *ret_text)
{
    sqlite3 *database = NULL;
    struct replay_result result = {.same = true};
    struct rerun *rerun = calloc(1, sizeof(*rerun));
    void *block = aligned_alloc(16, steward_size());
    uint8_t *outcome = malloc(CODEC_BYTES_MAX);
    enum err err = OK;
    if (rerun == NULL || block == NULL || outcome == NULL) {
        err = err_set(ret_text, ERR_INTERNAL, "journal %s: out of memory", path);
        goto out;
    }
    err = reader_open(path, &database, ret_text);
    if (err != OK) {
        goto out;
    }
    rerun->database = database;
    rerun->path = path;
    rerun->policy = policy;
    rerun->port = port;
    rerun->result = &result;
    rerun->text = ret_text;
    rerun->block = block;
    rerun->outcome = outcome;
    err = check_runs(rerun);
    if (err == OK) {
        *ret_result = result;
    }
out:
    (void)sqlite3_close(database); /* Read only: nothing can be lost. */
    free(outcome);
    free(block);
    free(rerun);
    return err;
}
