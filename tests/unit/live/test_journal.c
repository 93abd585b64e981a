/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a running steward: what was put is there after a sudden end, what was not finished is set aside, letters come once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "core/formats/codec.h"
#include "core/formats/fingerprint.h"
#include "replay/audit.h"
#include "replay/live_journal.h"
#include "tests/unit/replay/scribe.h"

static char path[PATH_BYTES], queue[PATH_BYTES];
static struct scribe *scribe;
static struct live_journal *journal;
static struct steward *steward;
static struct digest128 chain;
static struct err_text text;
static uint64_t n_frames, n_stepped, n_letters, snapshot_at;

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char name[PATH_BYTES + 16];
        (void)snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        (void)unlink(name); /* Not all of them are there. */
        (void)snprintf(name, sizeof(name), "%s%s", queue, ends[i]);
        (void)unlink(name);
    }
}

static void open_journal(void)
{
    text.text[0] = '\0';
    if (live_journal_open(path, queue, (struct slice){"", 0}, &journal, &text) != OK) {
        fail_msg("%s", text.text);
    }
}

static int set_up(void **state)
{
    (void)state;
    scribe_path("live_journal", path);
    scribe_path("live_queue", queue);
    remove_files();
    scribe = scribe_open();
    steward = steward_init(scribe->block, &scribe->settings);
    open_journal();
    struct journal_run run = {.arm = "steward",
                              .mind = mind_name(scribe->settings.mind),
                              .scenario = "live",
                              .seed = scribe->settings.seed,
                              .plan = slice_of("live\nepoch_unix_ns: 5\n"),
                              .settings = &scribe->settings};
    assert_int_equal(live_journal_begin(journal, &run, &text), OK);
    chain = fingerprint_begin_run(0, (uint8_t)scribe->settings.mind, scribe->settings.seed);
    n_frames = n_stepped = n_letters = snapshot_at = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (journal != NULL) {
        assert_int_equal(live_journal_close(journal, true, &text), OK);
        journal = NULL;
    }
    scribe_close(scribe);
    remove_files();
    return 0;
}

static struct slice pack_tick(uint64_t sequence)
{
    struct event *event = &scribe->loop.event;
    memset(event, 0, sizeof(*event));
    event->sequence = sequence;
    event->at = (int64_t)sequence * NS_PER_S;
    event->kind = sequence == 1 ? EVENT_START : EVENT_TICK;
    size_t n_bytes = codec_pack_event(event, scribe->event, CODEC_BYTES_MAX);
    return (struct slice){(const char *)scribe->event, n_bytes};
}

static void put_event(uint64_t sequence, uint64_t letter)
{
    struct slice event = pack_tick(sequence);
    assert_int_equal(
        live_journal_put_event(journal, sequence, scribe->loop.event.at, event, letter, &text), OK);
}

static void put_frame(uint64_t sequence)
{
    struct loop *loop = &scribe->loop;
    struct slice event = pack_tick(sequence);
    steward_step(steward, &loop->event, &loop->advice, &loop->effects);
    size_t n_bytes =
        codec_pack_outcome(&loop->advice, &loop->effects, scribe->outcome, CODEC_BYTES_MAX);
    chain = fingerprint_add(chain, scribe->event, event.n_bytes, scribe->outcome, n_bytes);
    struct journal_frame frame = {.sequence = sequence,
                                  .at = loop->event.at,
                                  .kind = (uint8_t)loop->event.kind,
                                  .event = event,
                                  .outcome = {(const char *)scribe->outcome, n_bytes},
                                  .state = {"", 0},
                                  .chain = chain};
    if (sequence % 4 == 0) {
        size_t state_bytes = codec_pack_state(steward, scribe->state, 4 * CODEC_BYTES_MAX);
        frame.state = (struct slice){(const char *)scribe->state, state_bytes};
    }
    assert_int_equal(live_journal_put_frame(journal, &frame, &text), OK);
}

static void put_both(uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++) {
        put_event(i, 0);
        put_frame(i);
    }
}

/* What a killed process leaves: nothing is ended, nothing is written out. */
static void die(void)
{
    assert_int_equal(live_journal_close(journal, true, &text), OK);
    journal = NULL;
}

static enum err take_snapshot(void *self, uint64_t sequence, struct slice state)
{
    (void)self;
    snapshot_at = sequence;
    return sequence == 0 || state.n_bytes > 0 ? OK : ERR_DATA;
}

static enum err take_frame(void *self, struct slice event, struct slice outcome, bool stepped)
{
    (void)self;
    n_frames++;
    n_stepped += stepped;
    return event.n_bytes > 0 && outcome.n_bytes > 0 ? OK : ERR_DATA;
}

static enum err take_letter(void *self, uint64_t letter, const char *kind, struct slice body)
{
    (void)self;
    n_letters++;
    return letter > 0 && strcmp(kind, "event") == 0 && slice_equal(body, slice_of("body"))
               ? OK
               : ERR_DATA;
}

static enum err resume(uint64_t *ret_sequence, int64_t *ret_at, struct digest128 *ret_chain)
{
    struct live_run run;
    struct live_journal_port port = {NULL, take_snapshot, take_frame};
    TRY(live_journal_newest(journal, &scribe->settings, &run, &text));
    assert_true(run.same_settings);
    assert_int_equal(run.seed, scribe->settings.seed);
    assert_string_equal(run.plan, "live\nepoch_unix_ns: 5\n");
    return live_journal_resume(journal, &run, &port, ret_sequence, ret_at, ret_chain, &text);
}

static void run_when_the_process_dies_goes_on_from_its_last_frame(void **state)
{
    uint64_t sequence = 0, quarantined = 9;
    int64_t at = 0;
    struct digest128 found;
    (void)state;
    put_both(1, 6);
    die();
    open_journal();
    assert_int_equal(resume(&sequence, &at, &found), OK);
    assert_int_equal(sequence, 6);
    assert_int_equal(at, 6 * NS_PER_S);
    assert_true(digest128_equal(found, chain));
    assert_int_equal(snapshot_at, 4);
    assert_int_equal(n_frames, 6);
    assert_int_equal(n_stepped, 4);
    assert_int_equal(live_journal_quarantine(journal, &quarantined, &text), OK);
    assert_int_equal(quarantined, 0);
}

static void event_when_the_process_dies_in_its_step_is_set_aside_once(void **state)
{
    uint64_t sequence = 0, quarantined = 0;
    int64_t at = 0;
    struct digest128 found;
    (void)state;
    put_both(1, 3);
    put_event(4, 0);
    die();
    open_journal();
    assert_int_equal(resume(&sequence, &at, &found), OK);
    assert_int_equal(sequence, 3);
    assert_int_equal(live_journal_quarantine(journal, &quarantined, &text), OK);
    assert_int_equal(quarantined, 4);
    assert_int_equal(live_journal_quarantine(journal, &quarantined, &text), OK);
    assert_int_equal(quarantined, 0);
    put_both(4, 5); /* The next event takes the number. */
}

static void letter_when_it_was_not_delivered_comes_again_and_otherwise_never(void **state)
{
    uint64_t first = 0, second = 0, again = 0;
    bool is_duplicate = true;
    struct live_letter_port port = {NULL, take_letter};
    (void)state;
    assert_int_equal(live_journal_put_letter(journal, "event", (struct digest128){1, 1},
                                             slice_of("body"), &first, &is_duplicate, &text),
                     OK);
    assert_false(is_duplicate);
    assert_int_equal(live_journal_put_letter(journal, "event", (struct digest128){1, 2},
                                             slice_of("body"), &second, &is_duplicate, &text),
                     OK);
    assert_int_equal(live_journal_put_letter(journal, "event", (struct digest128){1, 1},
                                             slice_of("body"), &again, &is_duplicate, &text),
                     OK);
    assert_true(is_duplicate);
    assert_int_equal(again, first);
    put_event(1, first);
    put_frame(1);
    die();
    open_journal();
    assert_int_equal(live_journal_letters(journal, &port, &text), OK);
    assert_int_equal(n_letters, 1);
    assert_int_equal(live_journal_put_letter(journal, "event", (struct digest128){1, 1},
                                             slice_of("body"), &again, &is_duplicate, &text),
                     OK);
    assert_true(is_duplicate); /* A delivery repeated after the crash is one still. */
}

static void assert_replays(uint64_t frames)
{
    struct replay_port port = {NULL, NULL, NULL};
    struct replay_result result = {0};
    struct audit_request request = {.path = path};
    static struct audit_result audited;
    if (replay_run(path, NULL, &port, &result, &text) != OK) {
        fail_msg("%s", text.text);
    }
    assert_true(result.same);
    assert_int_equal(result.frames, frames);
    if (audit_verify(&request, &audited, &text) != OK) {
        fail_msg("%s", text.text);
    }
    assert_string_equal(audited.problem.text, "");
    assert_int_equal(audited.size, frames);
}

static void journal_when_it_is_closed_replays_and_verifies_and_can_go_on(void **state)
{
    uint64_t sequence = 0;
    int64_t at = 0;
    struct digest128 found;
    (void)state;
    put_both(1, 6);
    assert_int_equal(live_journal_close(journal, false, &text), OK);
    journal = NULL;
    assert_replays(6);
    open_journal();
    assert_int_equal(resume(&sequence, &at, &found), OK);
    put_both(7, 9);
    die();
    open_journal();
    assert_int_equal(resume(&sequence, &at, &found), OK);
    assert_int_equal(sequence, 9);
    assert_int_equal(live_journal_close(journal, false, &text), OK);
    journal = NULL;
    assert_replays(9);
}

static void journal_when_another_process_has_it_is_refused(void **state)
{
    struct live_journal *other = NULL;
    (void)state;
    assert_int_equal(live_journal_open(path, queue, (struct slice){"", 0}, &other, &text),
                     ERR_UNAVAILABLE);
    assert_non_null(strstr(text.text, "another process has it open"));
}

static void journal_when_the_settings_are_others_says_so(void **state)
{
    struct live_run run;
    (void)state;
    put_both(1, 2);
    scribe->settings.policy.limits.cool_down_ns++;
    assert_int_equal(live_journal_newest(journal, &scribe->settings, &run, &text), OK);
    assert_int_equal(run.frames, 2);
    assert_false(run.same_settings);
}

static int64_t count_letters(void)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *read = NULL;
    assert_int_equal(sqlite3_open(queue, &database), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, "SELECT count(*) FROM letter", -1, &read, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(read), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(read, 0);
    assert_int_equal(sqlite3_finalize(read), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return n;
}

static void letters_when_they_were_delivered_long_ago_are_forgotten_while_it_runs(void **state)
{
    char fill[320];
    sqlite3 *database = NULL;
    uint64_t letter = 0, waiting = 0;
    bool is_duplicate = true;
    (void)state;
    assert_int_equal(live_journal_put_letter(journal, "event", (struct digest128){9, 9},
                                             slice_of("body"), &waiting, &is_duplicate, &text),
                     OK);
    die();
    (void)snprintf(fill, sizeof(fill),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)"
                   "INSERT INTO letter SELECT NULL, 'alert', randomblob(16), x'00', 1 FROM n",
                   LIVE_LETTERS_KEPT + 4 * LIVE_LETTERS_TRIM);
    assert_int_equal(sqlite3_open(queue, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, fill, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    open_journal();
    for (uint64_t i = 0; i < LIVE_LETTERS_TRIM; i++) {
        assert_int_equal(live_journal_put_letter(journal, "alert", (struct digest128){2, i},
                                                 slice_of("a"), &letter, &is_duplicate, &text),
                         OK);
        assert_int_equal(live_journal_letter_done(journal, letter, &text), OK);
    }
    die();
    assert_true(count_letters() <= LIVE_LETTERS_KEPT + LIVE_LETTERS_TRIM);
    open_journal();
    assert_int_equal(live_journal_put_letter(journal, "event", (struct digest128){9, 9},
                                             slice_of("body"), &letter, &is_duplicate, &text),
                     OK); /* What waits is never forgotten. */
    assert_true(is_duplicate);
    assert_int_equal(letter, waiting);
}

static void journal_when_a_steward_holds_it_or_did_not_close_it_says_so_to_readers(void **state)
{
    struct audit_request request = {.path = path};
    static struct audit_result result;
    (void)state;
    put_event(1, 0);
    put_frame(1);
    assert_int_equal(audit_verify(&request, &result, &text), ERR_UNAVAILABLE);
    assert_non_null(strstr(text.text, "a running steward holds it"));
    die();
    assert_int_equal(audit_verify(&request, &result, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "was not closed"));
    open_journal();
    assert_int_equal(live_journal_close(journal, false, &text), OK);
    journal = NULL;
    assert_int_equal(audit_verify(&request, &result, &text), OK);
    assert_string_equal(result.problem.text, "");
}

static void journal_when_the_file_is_something_else_is_refused(void **state)
{
    (void)state;
    die();
    remove_files();
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    for (int i = 0; i < 200; i++) {
        assert_true(fputs("this is no database\n", stream) >= 0);
    }
    assert_int_equal(fclose(stream), 0);
    assert_int_equal(live_journal_open(path, queue, (struct slice){"", 0}, &journal, &text),
                     ERR_DATA);
    journal = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(run_when_the_process_dies_goes_on_from_its_last_frame),
        TEST(event_when_the_process_dies_in_its_step_is_set_aside_once),
        TEST(letter_when_it_was_not_delivered_comes_again_and_otherwise_never),
        TEST(journal_when_it_is_closed_replays_and_verifies_and_can_go_on),
        TEST(letters_when_they_were_delivered_long_ago_are_forgotten_while_it_runs),
        TEST(journal_when_a_steward_holds_it_or_did_not_close_it_says_so_to_readers),
        TEST(journal_when_another_process_has_it_is_refused),
        TEST(journal_when_the_settings_are_others_says_so),
        TEST(journal_when_the_file_is_something_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
