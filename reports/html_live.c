/* SPDX-License-Identifier: Apache-2.0 */
/* report.html of a live journal: what the agents did there and who let them, for a reader who must not take it for a certificate. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "reports/html_frame.h"
#include "reports/look.h"

enum { INCIDENTS_SHOWN_MAX = 200, OPEN_SHOWN_MAX = 50 };

static const json_t *live_of(const json_t *evidence) { return json_object_get(evidence, "live"); }

/* Nanoseconds since 1970 as a date of UTC. */
static void put_date(struct page *html, json_int_t unix_ns)
{
    time_t seconds = (time_t)(unix_ns / 1000000000);
    struct tm date;
    char words[32];
    if (gmtime_r(&seconds, &date) == NULL ||
        strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S", &date) == 0) {
        page_format(html, "-");
        return;
    }
    page_format(html, "%s", words);
}

static const json_t *run_of(const json_t *evidence, const json_t *row)
{
    const json_t *runs = json_object_get(live_of(evidence), "runs");
    for (size_t i = 0; i < json_array_size(runs); i++) {
        if (count_of(json_array_get(runs, i), "run") == count_of(row, "run")) {
            return json_array_get(runs, i);
        }
    }
    return NULL;
}

/* When a member of the row, in nanoseconds of its run, was by the calendar. */
static void put_instant(const json_t *evidence, const json_t *row, const char *member,
                        struct page *html)
{
    const json_t *at = json_object_get(row, member),
                 *epoch = json_object_get(run_of(evidence, row), "epoch_unix_ns");
    if (json_is_integer(at) && json_is_integer(epoch)) {
        put_date(html, json_integer_value(epoch) + json_integer_value(at));
    } else {
        page_format(html, "-");
    }
}

static void put_span(const json_t *row, const char *from, const char *to, struct page *html)
{
    const json_t *begin = json_object_get(row, from), *end = json_object_get(row, to);
    if (json_is_integer(begin) && json_is_integer(end)) {
        page_duration(html, (double)(json_integer_value(end) - json_integer_value(begin)) * 1e-9);
    } else {
        page_format(html, "-");
    }
}

static void put_ran(const json_t *evidence, struct page *html)
{
    const json_t *runs = json_object_get(live_of(evidence), "runs");
    page_format(
        html,
        "<p class=\"draft\">A live run: nobody knows what really happened to the models. Nothing on this page says that an act was right, that no "
        "incident was missed, or that no invariant was violated.</p>\n"
        "<h2 id=\"ran\">1. What ran</h2>\n<div class=\"wide\"><table><thead><tr><th>Run</th><th>Mode</th><th>From (UTC)</th><th class=\"n\">Lasted"
        "</th><th class=\"n\">Frames</th><th>Mind</th><th>Build</th><th>Digests of deployment and policy</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < json_array_size(runs); i++) {
        const json_t *run = json_array_get(runs, i), *epoch = json_object_get(run, "epoch_unix_ns");
        page_format(html, "<tr><td>%" PRIu64 "</td><td><strong>", count_of(run, "run"));
        html_words(html, run, "mode");
        page_format(html, "</strong></td><td>");
        if (json_is_integer(epoch)) {
            put_date(html, json_integer_value(epoch));
        }
        page_format(html, "</td><td class=\"n\">");
        page_duration(html, number_of(run, "last_ns") * 1e-9);
        page_format(html, "</td><td class=\"n\">");
        html_count(html, count_of(run, "frames"));
        page_format(html, "</td><td>");
        html_words(html, run, "mind");
        page_format(html, "</td><td>");
        html_words(html, run, "build");
        page_format(html, "</td><td><code>");
        html_words(html, run, "deployment_digest");
        page_format(html, "</code><br><code>");
        html_words(html, run, "policy_digest");
        page_format(html, "</code></td></tr>\n");
    }
    page_format(
        html,
        "</tbody></table></div>\n<p class=\"note\">Observe: no act is sent, nobody is told. Shadow: decided and shown, not sent. Propose: each act waits for "
        "a person. Auto: what the policy allows is sent. A run begins when build, mode, deployment or policy changed.</p>\n");
}

static void put_time_row(const json_t *times, const char *measure, const char *label,
                         struct page *html)
{
    const json_t *q = json_object_get(times, measure);
    page_format(html,
                "<tr><td>%s</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%" PRIu64 "</td>",
                label, count_of(q, "n"), count_of(q, "open"));
    static const char *const members[] = {"p50", "p95"};
    for (int i = 0; i < 2; i++) {
        page_format(html, "<td class=\"n\">");
        if (count_of(q, "n") == 0) {
            page_format(html, "-");
        } else if (json_is_number(json_object_get(q, members[i]))) {
            page_duration(html, number_of(q, members[i]));
        } else {
            page_format(html, "beyond the journal");
        }
        page_format(html, "</td>");
    }
    page_format(html, "</tr>\n");
}

static void put_times(const json_t *evidence, struct page *html)
{
    const json_t *times = json_object_get(evidence, "times");
    page_format(
        html,
        "<table><thead><tr><th>From, to</th><th class=\"n\">Number</th><th class=\"n\">Still open</th><th class=\"n\">Median</th>"
        "<th class=\"n\">95th percentile</th></tr></thead><tbody>\n");
    put_time_row(times, "response", "Incident opened, first effect", html);
    put_time_row(times, "closing", "Incident opened, closed", html);
    put_time_row(times, "approval", "Approval asked for, answered or expired", html);
    put_time_row(times, "execution", "Intent recorded, outcome on record", html);
    page_format(
        html,
        "</tbody></table>\n<p class=\"note\">First effect: the first confirmed act, delivered page or, without either, the end. Kaplan-Meier; what was open "
        "when its run ended counts as open.</p>\n");
}

static void put_incidents(const json_t *evidence, const struct page *svgs, struct page *html)
{
    const json_t *incidents = json_object_get(live_of(evidence), "incidents");
    size_t n = json_array_size(incidents);
    page_format(html,
                "<h2 id=\"incidents\">3. Incidents that were noticed</h2>\n<p>%zu incident%s.</p>\n",
                n, n == 1 ? " was opened" : "s were opened");
    put_times(evidence, html);
    html_figure(evidence, svgs, 0, html);
    if (n == 0) {
        return;
    }
    page_format(
        html,
        "<div class=\"wide\"><table><thead><tr><th>Run</th><th>Incident</th><th>Model</th><th>Opened (UTC)</th><th class=\"n\">To first effect</th>"
        "<th class=\"n\">To the end</th><th>Ended as</th><th>Cause it was closed with</th><th>Closed by</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < n && i < INCIDENTS_SHOWN_MAX; i++) {
        const json_t *row = json_array_get(incidents, i);
        page_format(html, "<tr><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>", count_of(row, "run"),
                    count_of(row, "incident"));
        html_words(html, row, "model_name");
        page_format(html, "</td><td>");
        put_instant(evidence, row, "opened_ns", html);
        page_format(html, "</td><td class=\"n\">");
        put_span(row, "opened_ns", "effect_ns", html);
        page_format(html, "</td><td class=\"n\">");
        put_span(row, "opened_ns", "closed_ns", html);
        page_format(html, "</td><td>");
        page_words(html, words_of(row, "ended")[0] == '\0' ? "open" : words_of(row, "ended"));
        page_format(html, "</td><td>");
        page_words(html, words_of(row, "cause")[0] == '\0' ? "-" : words_of(row, "cause"));
        page_format(html, "</td><td>");
        page_words(html, words_of(row, "closed_by")[0] == '\0' ? "-" : words_of(row, "closed_by"));
        page_format(html, "</td></tr>\n");
    }
    page_format(html, "</tbody></table></div>\n");
    if (n > INCIDENTS_SHOWN_MAX) {
        page_format(html, "<p class=\"note\">%zu more are in evidence.json.</p>\n",
                    n - INCIDENTS_SHOWN_MAX);
    }
}

/* Rows of counted words. columns ends in NULL. */
static void put_counts(const json_t *rows, const char *const *columns, const char *const *labels,
                       const char *none, struct page *html)
{
    if (json_array_size(rows) == 0) {
        page_format(html, "<p>%s</p>\n", none);
        return;
    }
    page_format(html, "<table><thead><tr>");
    for (int c = 0; columns[c] != NULL; c++) {
        page_format(html, "<th>%s</th>", labels[c]);
    }
    page_format(html, "<th class=\"n\">Number</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        page_format(html, "<tr>");
        for (int c = 0; columns[c] != NULL; c++) {
            const char *words = words_of(row, columns[c]);
            bool is_empty = words[0] == '\0' || strcmp(words, "none") == 0;
            page_format(html, "<td>");
            page_words(html, is_empty ? "-" : words);
            page_format(html, "</td>");
        }
        page_format(html, "<td class=\"n\">");
        html_count(html, count_of(row, "n"));
        page_format(html, "</td></tr>\n");
    }
    page_format(html, "</tbody></table>\n");
}

static void put_decisions(const json_t *evidence, struct page *html)
{
    static const char *const columns[] = {"verb", "outcome", "verdict", "layer", "reason", NULL};
    static const char *const labels[] = {"Action", "Outcome", "Verdict of the policy",
                                         "Layer that refused", "Reason"};
    static const char *const steps[] = {"verb", "step", "state", NULL};
    static const char *const step_labels[] = {"Action", "Record", "State after it"};
    const json_t *live = live_of(evidence), *open = json_object_get(live, "open_intents");
    page_format(
        html,
        "<h2 id=\"decisions\">4. Decisions and acts</h2>\n<h3>What the warden decided and refused</h3>\n");
    put_counts(json_object_get(live, "decisions"), columns, labels, "Nothing was proposed.", html);
    page_format(html, "<h3>What became of the acts</h3>\n");
    put_counts(json_object_get(live, "actions"), steps, step_labels, "Nothing was begun.", html);
    page_format(html,
                "<p>%" PRIu64 " acts were handed to the platform's adapters, %" PRIu64
                " of them without an intent on record. In the modes observe and shadow "
                "and in a dry run they were withheld there and ended as failed.</p>\n",
                count_of(live, "acts"), count_of(live, "acts_without_intent"));
    page_format(html, "<h3>Intents without an outcome</h3>\n");
    if (json_array_size(open) == 0) {
        page_format(html, "<p>None.</p>\n");
        return;
    }
    page_format(
        html,
        "<p>What became of these is not in the journal. Look at the platform.</p>\n<table><thead><tr><th>Run</th><th>Action</th><th>Incident</th>"
        "<th>What</th><th>Intent (UTC)</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < json_array_size(open) && i < OPEN_SHOWN_MAX; i++) {
        const json_t *row = json_array_get(open, i);
        page_format(html, "<tr><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td><td>",
                    count_of(row, "run"), count_of(row, "action"), count_of(row, "incident"));
        html_words(html, row, "verb");
        page_format(html, "</td><td>");
        put_instant(evidence, row, "at_ns", html);
        page_format(html, "</td></tr>\n");
    }
    page_format(html, "</tbody></table>\n");
    if (json_array_size(open) > OPEN_SHOWN_MAX) {
        page_format(html, "<p class=\"note\">%zu more are in evidence.json.</p>\n",
                    json_array_size(open) - OPEN_SHOWN_MAX);
    }
}

static void put_people(const json_t *evidence, struct page *html)
{
    static const char *const approvals[] = {"step", "reason", NULL};
    static const char *const approval_labels[] = {"Approval", "Reason"};
    static const char *const pages[] = {"event", NULL};
    static const char *const page_labels[] = {"Record"};
    const json_t *live = live_of(evidence);
    page_format(html, "<h2 id=\"people\">5. People</h2>\n<h3>Approvals</h3>\n");
    put_counts(json_object_get(live, "approvals"), approvals, approval_labels,
               "No approval was asked for.", html);
    page_format(html, "<h3>Pages and notes</h3>\n");
    put_counts(json_object_get(live, "people"), pages, page_labels, "Nobody was called.", html);
    page_format(html, "<p>Kill switch: set %" PRIu64 ", taken back %" PRIu64 ".</p>\n",
                count_of(live, "halts"), count_of(live, "resets"));
}

static void put_llm(const json_t *evidence, struct page *html)
{
    static const char *const columns[] = {"step", "verdict", NULL};
    static const char *const labels[] = {"Language model", "What its reply was worth"};
    const json_t *rows = json_object_get(live_of(evidence), "llm");
    uint64_t tokens = 0, cost = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        tokens += count_of(json_array_get(rows, i), "tokens");
        cost += count_of(json_array_get(rows, i), "cost_microusd");
    }
    page_format(html, "<h2 id=\"llm\">6. Language model</h2>\n");
    put_counts(rows, columns, labels, "It was not asked.", html);
    page_format(html, "<p>");
    html_count(html, tokens);
    page_format(html, " tokens, %.4f USD by the prices in the deployment file.</p>\n",
                (double)cost * 1e-6);
}

static void put_incident(const json_t *evidence, const struct page *svgs, struct page *html)
{
    const json_t *incident = json_object_get(evidence, "incident");
    page_format(html, "<h2 id=\"incident\">7. One incident from beginning to end</h2>\n");
    if (!json_is_object(incident)) {
        page_format(html, "<p>There was none.</p>\n");
        return;
    }
    page_format(
        html,
        "<p>Run %" PRIu64 ", incident %" PRIu64
        ": the first of those of which most is on record. Times count from the beginning of the run.</p>\n",
        count_of(incident, "run"), count_of(incident, "incident"));
    html_figure(evidence, svgs, 1, html);
    html_story(incident, "steward replay JOURNAL --trace", html);
}

static void put_audit(const json_t *evidence, struct page *html)
{
    page_format(html, "<h2 id=\"audit\">8. Audit trail, and how to verify it yourself</h2>\n");
    html_journal(json_object_get(evidence, "audit"), html);
    page_format(
        html,
        "<pre>steward replay JOURNAL                 # executes every frame again and compares\n"
        "steward audit verify JOURNAL --key KEY --checkpoint SAVED   # recomputes tree, root and signatures\n"
        "sqlite3 JOURNAL 'select * from decision'  # the records are rows</pre>\n");
}

void html_live(const json_t *evidence, const struct page *svgs, struct page *html)
{
    html_head(evidence, html);
    page_format(
        html,
        "<nav><ol><li><a href=\"#ran\">What ran</a></li><li><a href=\"#verdicts\">Verdicts</a></li><li><a href=\"#incidents\">Incidents</a></li>"
        "<li><a href=\"#decisions\">Decisions and acts</a></li><li><a href=\"#people\">People</a></li><li><a href=\"#llm\">Language model</a></li>"
        "<li><a href=\"#incident\">One incident</a></li><li><a href=\"#audit\">Audit trail</a></li><li><a href=\"#limits\">Limitations</a></li>"
        "<li><a href=\"#signatures\">Signatures</a></li></ol></nav>\n");
    put_ran(evidence, html);
    html_targets(evidence, html);
    put_incidents(evidence, svgs, html);
    put_decisions(evidence, html);
    put_people(evidence, html);
    put_llm(evidence, html);
    put_incident(evidence, svgs, html);
    put_audit(evidence, html);
    html_end(evidence, 9, html);
}
