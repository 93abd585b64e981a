/* SPDX-License-Identifier: Apache-2.0 */
/* A live journal: what it shows is counted, what nobody can know is said to be unknown, and it does not mix with anything. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/audit.h"
#include "reports/evidence.h"
#include "reports/html.h"
#include "reports/look.h"
#include "tests/unit/replay/scribe.h"

static char path[PATH_BYTES];
static struct source source;
static json_t *evidence;

static int make(void **state)
{
    (void)state;
    struct err_text text = {""};
    struct scribe *scribe = scribe_open();
    scribe_path("report_live", path);
    if (scribe_write_live(scribe, path, &text) != OK || source_open(path, &source, &text) != OK ||
        evidence_build(&source, 1, &evidence, &text) != OK) {
        print_error("%s\n", text.text);
        return 1;
    }
    scribe_close(scribe);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    json_decref(evidence);
    source_close(&source);
    (void)unlink(path);
    return 0;
}

static const json_t *live(void) { return json_object_get(evidence, "live"); }

/* One number from the journal itself. */
static int64_t ask(const char *query)
{
    sqlite3 *database = NULL;
    sqlite3_stmt *row = NULL;
    assert_int_equal(sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(database, query, -1, &row, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(row, 0);
    assert_int_equal(sqlite3_finalize(row), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return value;
}

static uint64_t total(const char *table)
{
    uint64_t n = 0;
    const json_t *rows = json_object_get(live(), table);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        n += count_of(json_array_get(rows, i), "n");
    }
    return n;
}

static void journal_when_live_is_counted(void **state)
{
    (void)state;
    const json_t *run = json_array_get(json_object_get(live(), "runs"), 0);
    assert_string_equal(words_of(evidence, "kind"), "live");
    assert_string_equal(words_of(run, "mode"), "propose");
    assert_int_equal(json_integer_value(json_object_get(run, "epoch_unix_ns")), 1700000000000000000);
    assert_int_equal(count_of(run, "frames"), STORY_FRAMES);
    const json_t *incidents = json_object_get(live(), "incidents");
    assert_true(json_array_size(incidents) > 0);
    assert_int_equal(json_array_size(incidents),
                     ask("SELECT count(*) FROM incident WHERE event = 'opened'"));
    assert_string_equal(words_of(json_array_get(incidents, 0), "model_name"), "fraud");
    assert_int_equal(total("decisions"), ask("SELECT count(*) FROM decision"));
    assert_int_equal(total("approvals"), ask("SELECT count(*) FROM approval"));
    assert_int_equal(total("actions"), ask("SELECT count(*) FROM action"));
    assert_int_equal(total("llm"), ask("SELECT count(*) FROM llm"));
    assert_int_equal(count_of(live(), "halts"), 1);
    assert_int_equal(count_of(live(), "resets"), 1);
    assert_int_equal(count_of(live(), "acts_without_intent"), 0);
    const json_t *response = json_object_get(json_object_get(evidence, "times"), "response");
    assert_int_equal(count_of(response, "n"), json_array_size(incidents));
    assert_true(json_array_size(json_object_get(json_object_get(evidence, "incident"), "story")) > 0);
}

static const json_t *target(const char *id)
{
    const json_t *targets = json_object_get(evidence, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        if (strcmp(words_of(json_array_get(targets, i), "id"), id) == 0) {
            return json_array_get(targets, i);
        }
    }
    fail_msg("no target %s", id);
    return NULL;
}

static void claims_when_nobody_judged_are_not_made(void **state)
{
    (void)state;
    assert_string_equal(words_of(target("interventions"), "verdict"), "not measured");
    assert_string_equal(words_of(target("harm"), "verdict"), "not measured");
    assert_string_equal(words_of(target("safety"), "verdict"), "not measured");
    assert_string_equal(words_of(target("response"), "verdict"), "not claimable");
    assert_string_equal(words_of(target("audit"), "verdict"),
                        count_of(live(), "acts") > 0 ? "met" : "not measured");
    assert_true(json_is_null(json_object_get(evidence, "truth")));
    assert_int_equal(json_array_size(json_object_get(evidence, "invariants")), 0);
    assert_null(json_object_get(evidence, "bound"));
}

static void page_when_live_says_that_there_is_no_truth(void **state)
{
    (void)state;
    struct page svgs[FIGURES_MAX] = {{0}}, html = {0}, xml = {0};
    html_write(evidence, svgs, &html);
    junit_write(evidence, &xml);
    assert_false(html.failed);
    assert_non_null(strstr(html.bytes, "nobody knows what really happened"));
    assert_non_null(strstr(html.bytes, "DRAFT"));
    assert_non_null(strstr(html.bytes, "2023-11-14 22:13:20"));
    assert_null(strstr(html.bytes, "<script"));
    assert_null(strstr(html.bytes, "Upper bound"));
    assert_non_null(strstr(xml.bytes, "<skipped message=\"not measured: \"/>"));
    page_close(&html);
    page_close(&xml);
}

/* One open intent in what the journal showed: the claim, the page and the test results all say so. */
static void claim_when_an_intent_is_open_is_not_shown(void **state)
{
    (void)state;
    struct source other = {.path = path,
                           .file = "a.stw",
                           .report = json_deep_copy(source.report),
                           .ran = json_object(),
                           .audit = json_deep_copy(source.audit),
                           .is_live = true};
    json_t *its = json_object_get(other.report, "live"), *made = NULL;
    struct err_text text;
    assert_int_equal(json_object_set_new(its, "acts", json_integer(1)), 0);
    assert_int_equal(evidence_build(&other, 1, &made, &text), OK);
    json_t *whole = evidence;
    evidence = made;
    assert_string_equal(words_of(target("audit"), "verdict"), "met");
    assert_non_null(strstr(words_of(target("audit"), "measured"), "0 intents without an outcome"));
    json_decref(made);
    (void)json_array_append_new(json_object_get(its, "open_intents"),
                                json_pack("{s:i,s:i,s:i,s:s,s:i}", "run", 1, "action", 7,
                                          "incident", 2, "verb", "rollback", "at_ns", 5));
    assert_int_equal(evidence_build(&other, 1, &made, &text), OK);
    evidence = made;
    struct page svgs[FIGURES_MAX] = {{0}}, html = {0}, xml = {0};
    html_write(made, svgs, &html);
    junit_write(made, &xml);
    assert_string_equal(words_of(target("audit"), "verdict"), "not shown");
    assert_non_null(strstr(words_of(target("audit"), "measured"), "1 intent without an outcome"));
    assert_int_equal(json_array_size(json_object_get(live(), "open_intents")), 1);
    assert_non_null(strstr(html.bytes, "1 intent without an outcome"));
    assert_non_null(strstr(html.bytes, "<td>7</td><td>2</td><td>rollback</td>"));
    assert_non_null(strstr(xml.bytes, "<failure message=\"not shown: 1 of 1 acts; 1 intent without"));
    page_close(&html);
    page_close(&xml);
    json_decref(made);
    evidence = whole;
    source_close(&other);
}

static void journal_when_live_stands_alone(void **state)
{
    (void)state;
    struct source two[2] = {source, source};
    struct err_text text;
    json_t *none = NULL;
    assert_int_equal(evidence_build(two, 2, &none, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "stands alone"));
}

static void journal_when_it_mixes_kinds_is_refused(void **state)
{
    (void)state;
    char mixed[PATH_BYTES];
    struct err_text text = {""};
    struct source other;
    struct scribe *scribe = scribe_open();
    scribe_path("report_mixed", mixed);
    assert_int_equal(scribe_write(scribe, mixed, 2, &text), OK);
    sqlite3 *database = NULL;
    assert_int_equal(sqlite3_open(mixed, &database), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(
            database,
            "UPDATE run SET scenario = 'live', plan = 'live' || char(10) || 'mode: auto' WHERE id = 1",
            NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    assert_int_equal(source_open(mixed, &other, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "1 of its 2 runs are live"));
    source_close(&other);
    (void)unlink(mixed);
    scribe_close(scribe);
}

static void put_bytes(const char *folder, const char *name, const char *bytes)
{
    char file[PATH_BYTES * 2];
    (void)snprintf(file, sizeof(file), "%s/%s", folder, name);
    FILE *stream = fopen(file, "a");
    assert_non_null(stream);
    assert_true(fputs(bytes, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static void remove_file(const char *folder, const char *name)
{
    char file[PATH_BYTES * 2];
    (void)snprintf(file, sizeof(file), "%s/%s", folder, name);
    assert_int_equal(remove(file), 0);
}

static void remove_report(const char *folder)
{
    static const char *const names[] = {
        "evidence.json",        "junit.xml",       "report.html",
        "SHA256SUMS",           "SHA256SUMS.note", "figures/response.svg",
        "figures/timeline.svg", "figures",         ""};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char file[PATH_BYTES * 2];
        (void)snprintf(file, sizeof(file), "%s/%s", folder, names[i]);
        (void)remove(file); /* A draft has no sums. */
    }
}

/* Signed, checked, changed, checked again; signed twice gives the same bytes. */
static void report_when_signed_is_checked(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_reports_XXXXXX", secret_bytes[NOTE_SIGNER_TEXT],
         verifier_bytes[NOTE_KEY_TEXT], other_bytes[NOTE_KEY_TEXT];
    struct text secret, verifier;
    struct note_key key, other;
    struct report_seal seal;
    struct err_text text = {""};
    assert_non_null(mkdtemp(folder));
    text_init(&secret, secret_bytes, sizeof(secret_bytes));
    text_init(&verifier, other_bytes, sizeof(other_bytes));
    assert_true(audit_generate("example.com/other", &secret, &verifier));
    assert_true(note_key_parse((struct slice){verifier.bytes, verifier.n_bytes}, &other));
    text_init(&secret, secret_bytes, sizeof(secret_bytes));
    text_init(&verifier, verifier_bytes, sizeof(verifier_bytes));
    assert_true(audit_generate("example.com/reports", &secret, &verifier));
    assert_true(note_key_parse((struct slice){verifier.bytes, verifier.n_bytes}, &key));
    struct report_request request = {
        .inputs = {path}, .n_inputs = 1, .out = folder, .secret_key = {secret.bytes, secret.n_bytes}};
    enum err err = report_write(&request, &text);
    if (err == ERR_UNAVAILABLE) {
        print_message("gnuplot is not there: %s\n", text.text);
        remove_report(folder);
        skip();
    }
    assert_int_equal(err, OK);
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text), OK);
    assert_int_equal(seal.n_files, 5);
    assert_false(seal.is_own_key);
    assert_int_equal(report_seal_verify(folder, NULL, &seal, &text), OK);
    assert_true(seal.is_own_key);
    assert_string_equal(seal.key.name, "example.com/reports");
    assert_int_equal(report_seal_verify(folder, &other, &seal, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "not signed by example.com/other"));
    static const char *const added[] = {"extra.html", "figures/evil.svg", ".hidden"};
    for (size_t i = 0; i < sizeof(added) / sizeof(added[0]); i++) {
        put_bytes(folder, added[i], "x");
        assert_int_equal(report_seal_verify(folder, &key, &seal, &text), ERR_DATA);
        assert_non_null(strstr(text.text, added[i]));
        assert_non_null(strstr(text.text, "was not signed"));
        remove_file(folder, added[i]);
    }
    char inner[PATH_BYTES];
    (void)snprintf(inner, sizeof(inner), "%s/x", folder);
    assert_int_equal(mkdir(inner, 0700), 0);
    put_bytes(folder, "x/report.pdf", "x");
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "/x/: is here and was not signed"));
    remove_file(folder, "x/report.pdf");
    remove_file(folder, "x");
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text), OK);
    put_bytes(folder, "figures/response.svg", "<!-- -->");
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "response.svg: is not what was signed"));
    remove_file(folder, "figures/response.svg");
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text), ERR_DATA);
    assert_non_null(strstr(text.text, "response.svg: was signed and is missing"));
    put_bytes(folder, "SHA256SUMS", "0  x\n");
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text), ERR_DATA);
    request.secret_key = (struct slice){"", 0};
    assert_int_equal(report_write(&request, &text), OK);
    assert_int_equal(report_seal_verify(folder, &key, &seal, &text),
                     ERR_NO_INPUT); /* A draft has none. */
    remove_report(folder);
}

static void key_when_it_is_none_is_refused_before_anything_is_written(void **state)
{
    (void)state;
    struct err_text text;
    struct report_request request = {.inputs = {path},
                                     .n_inputs = 1,
                                     .out = "/tmp/test_reports_not_made",
                                     .secret_key = {"PRIVATE+KEY+x", 13}};
    struct stat status;
    assert_int_equal(report_write(&request, &text), ERR_CONFIG);
    assert_int_not_equal(stat(request.out, &status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(journal_when_live_is_counted),
        cmocka_unit_test(claims_when_nobody_judged_are_not_made),
        cmocka_unit_test(page_when_live_says_that_there_is_no_truth),
        cmocka_unit_test(claim_when_an_intent_is_open_is_not_shown),
        cmocka_unit_test(journal_when_live_stands_alone),
        cmocka_unit_test(journal_when_it_mixes_kinds_is_refused),
        cmocka_unit_test(report_when_signed_is_checked),
        cmocka_unit_test(key_when_it_is_none_is_refused_before_anything_is_written),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
