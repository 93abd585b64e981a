/* SPDX-License-Identifier: Apache-2.0 */
/* report.html: what a person who signs has to read, in that order. */
#include "reports/html.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/html_frame.h"
#include "reports/look.h"

static const json_t *arms_of(const json_t *evidence) { return json_object_get(evidence, "arms"); }

static size_t n_arms_of(const json_t *evidence) { return json_array_size(arms_of(evidence)); }

static const json_t *arm_at(const json_t *evidence, size_t i)
{
    return json_array_get(arms_of(evidence), i);
}

/* No agent: nobody is paged, nothing is false, no enforceable invariant binds. */
static bool is_people_alone(const json_t *arm)
{
    return strcmp(words_of(arm, "arm"), "manual") == 0;
}

/* Rows of the table of arms. */

static void cell_duration(struct page *html, const json_t *times, const char *measure)
{
    const json_t *q = json_object_get(times, measure);
    if (count_of(q, "n") == 0) {
        page_format(html, "-");
        return;
    }
    page_duration(html, number_of(q, "p50"));
    page_format(html, "<br>");
    page_duration(html, number_of(q, "p95"));
    page_format(html, "<br><span class=\"note\">%" PRIu64 ", %" PRIu64 " open</span>",
                count_of(q, "n"), count_of(q, "open"));
}

static void cell_observe(struct page *html, const json_t *arm)
{
    cell_duration(html, json_object_get(arm, "times"), "observe");
}
static void cell_detection(struct page *html, const json_t *arm)
{
    cell_duration(html, json_object_get(arm, "times"), "detection");
}
static void cell_response(struct page *html, const json_t *arm)
{
    cell_duration(html, json_object_get(arm, "times"), "response");
}
static void cell_restore(struct page *html, const json_t *arm)
{
    cell_duration(html, json_object_get(arm, "times"), "restore");
}
static void cell_share(struct page *html, const json_t *share)
{
    if (!json_is_object(share)) {
        page_format(html, "-");
        return;
    }
    page_format(html, "%.1f %%<br><span class=\"note\">[%.1f, %.1f]</span>",
                100.0 * number_of(share, "value"), 100.0 * number_of(share, "lo"),
                100.0 * number_of(share, "hi"));
}
static void cell_needed(struct page *html, const json_t *arm)
{
    cell_share(html, json_object_get(arm, "needed_human"));
}
static void cell_escalation(struct page *html, const json_t *arm)
{
    cell_share(html, json_object_get(arm, "escalation"));
}
static void cell_autonomy(struct page *html, const json_t *arm)
{
    cell_share(html, json_object_get(arm, "autonomy"));
}
static void cell_right(struct page *html, const json_t *arm)
{
    cell_share(html, json_object_get(arm, "right_remedy"));
    const json_t *by_itself = json_object_get(arm, "right_by_itself");
    if (json_is_object(by_itself)) {
        page_format(html, "<br><span class=\"note\">%.1f + %.1f</span>",
                    100.0 * number_of(by_itself, "value"),
                    100.0 * number_of(json_object_get(arm, "right_with_person"), "value"));
    }
}
static void cell_acts(struct page *html, const json_t *arm)
{
    const json_t *mean = json_object_get(arm, "interventions_per_episode");
    page_format(html, "%.2f", number_of(mean, "value"));
    if (isfinite(number_of(mean, "lo"))) {
        page_format(html, "<br><span class=\"note\">[%.2f, %.2f]</span>", number_of(mean, "lo"),
                    number_of(mean, "hi"));
    }
}
static void cell_interruptions(struct page *html, const json_t *arm)
{
    page_format(html, "%.2f", number_of(arm, "interruptions_per_episode"));
}
static void cell_minutes(struct page *html, const json_t *arm)
{
    page_format(html, "%.1f min", number_of(arm, "human_minutes_per_episode"));
}
static void cell_bad(struct page *html, const json_t *arm)
{
    page_format(html, "%.2f min", number_of(arm, "bad_minutes_per_episode"));
}
static void cell_missed(struct page *html, const json_t *arm)
{
    html_count(html, count_of(arm, "missed"));
}
static void cell_harmful(struct page *html, const json_t *arm)
{
    page_format(html, "%" PRIu64 " harmful", count_of(arm, "harmful_actions"));
    if (!is_people_alone(arm)) {
        page_format(html, "<br>%" PRIu64 " false<br>%" PRIu64 " needless page%s",
                    count_of(arm, "false_actions"), count_of(arm, "needless_pages"),
                    count_of(arm, "needless_pages") == 1 ? "" : "s");
    }
}
static void cell_violations(struct page *html, const json_t *arm)
{
    if (is_people_alone(arm)) {
        page_format(html, "-");
        return;
    }
    page_format(html, "%" PRIu64 " in ", count_of(arm, "violations"));
    html_count(html, count_of(arm, "episodes"));
}
static void cell_errors(struct page *html, const json_t *arm)
{
    cell_share(html, json_object_get(arm, "outcome_error"));
}

static const struct {
    const char *label;
    void (*write)(struct page *html, const json_t *arm);
} arm_rows[] = {
    {"Response: detected to handled<br><span class=\"note\">median, 95th percentile, incidents</span>",
     cell_response},
    {"Observable to detected<br><span class=\"note\">median, 95th percentile, incidents</span>",
     cell_detection},
    {"Observable to handled<br><span class=\"note\">median, 95th percentile, incidents</span>",
     cell_observe},
    {"Detected to service restored<br><span class=\"note\">median, 95th percentile, incidents</span>",
     cell_restore},
    {"Missed incidents", cell_missed},
    {"Right remedy<br><span class=\"note\">95 % interval; by itself + with a person</span>",
     cell_right},
    {"Episodes in which a human had to act", cell_needed},
    {"Episodes with a page (escalation)", cell_escalation},
    {"Episodes ended without a human (autonomy)", cell_autonomy},
    {"Acts of people an episode", cell_acts},
    {"Messages an episode that people only read", cell_interruptions},
    {"Human time an episode", cell_minutes},
    {"Wholly bad predictions an episode", cell_bad},
    {"Acts that should not have been", cell_harmful},
    {"Violations of enforceable invariants", cell_violations},
    {"Episodes with an outcome error", cell_errors},
};

static void put_arms(const json_t *evidence, struct page *html)
{
    page_format(html, "<div class=\"wide\"><table class=\"arms\"><thead><tr><th></th>");
    for (size_t i = 0; i < n_arms_of(evidence); i++) {
        const json_t *arm = arm_at(evidence, i);
        page_format(html, "<th class=\"n\">");
        html_words(html, arm, "name");
        if (!json_is_true(json_object_get(arm, "is_subject"))) {
            page_format(html, "<br><span class=\"note\">dummy mind</span>");
        } else if (strcmp(words_of(arm, "mind"), words_of(arm, "name")) != 0 &&
                   words_of(arm, "mind")[0] != '\0') {
            page_format(html, "<br><span class=\"note\">mind ");
            html_words(html, arm, "mind");
            page_format(html, "</span>");
        }
        page_format(html, "</th>");
    }
    page_format(html, "</tr></thead><tbody>\n");
    for (size_t row = 0; row < sizeof(arm_rows) / sizeof(arm_rows[0]); row++) {
        page_format(html, "<tr><td>%s</td>", arm_rows[row].label);
        for (size_t i = 0; i < n_arms_of(evidence); i++) {
            page_format(html, "<td class=\"n\">");
            arm_rows[row].write(html, arm_at(evidence, i));
            page_format(html, "</td>");
        }
        page_format(html, "</tr>\n");
    }
    page_format(
        html,
        "</tbody></table></div>\n<p class=\"note\">0.0 s: no later than an oracle could see it. Past the horizon: not within the episode. "
        "Open: not ended at the horizon. Handled: the first right and containing act, or a hand-over, was confirmed. With a person: a person's act "
        "contained it, or a repair before the arm took a right step; a hand-over that was due counts as by itself. A human had to act: "
        "any act of a person counts in every arm, a producer's repair too. Harmful: changed what was the bait, by the arm or its people. "
        "False: automation changed a model without fault. Needless page: people were called where that was the bait. "
        "-: nothing to judge.</p>\n");
}

static void put_command(const json_t *evidence, struct page *html, const char *more)
{
    const json_t *subject = json_object_get(evidence, "subject"),
                 *targets = json_object_get(subject, "targets");
    page_format(html, "steward sim");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const char *word = json_string_value(json_array_get(targets, i));
        page_format(html, " ");
        page_words(html, word == NULL ? "" : word);
    }
    page_format(html, " --seed %" PRIu64 " --runs %" PRIu64, count_of(subject, "seed"),
                count_of(subject, "runs"));
    size_t n = 0;
    while (n < n_arms_of(evidence) &&
           json_is_true(json_object_get(arm_at(evidence, n), "is_subject"))) {
        n++;
    }
    if (n == 3) {
        page_format(html, " --arm all");
    } else if (n == 1 && strcmp(words_of(arm_at(evidence, 0), "name"), "steward") != 0) {
        page_format(html, " --arm ");
        html_words(html, arm_at(evidence, 0), "name");
    }
    static const char *const options[][2] = {
        {"mind", "steward"}, {"llm", ""}, {"policy", ""}, {"deployment", ""}};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *word = words_of(subject, options[i][0]);
        if (word[0] != '\0' && strcmp(word, options[i][1]) != 0) {
            page_format(html, " --%s ", options[i][0]);
            page_words(html, word);
        }
    }
    page_format(html, "%s", more);
}

static void put_ran(const json_t *evidence, struct page *html)
{
    const json_t *subject = json_object_get(evidence, "subject"),
                 *ran = json_object_get(evidence, "ran");
    const json_t *audit = json_object_get(evidence, "audit");
    bool is_journal = strcmp(words_of(audit, "kind"), "journal") == 0;
    page_format(html, "<h2 id=\"ran\">1. What ran</h2>\n<table><tbody>\n");
    if (!is_journal) {
        html_row(html, "Command");
        page_format(html, "<code>");
        put_command(evidence, html, "");
        page_format(html, "</code></td></tr>\n");
    }
    html_row(html, "Episodes");
    html_count(html, count_of(subject, "runs"));
    bool is_one = count_of(subject, "runs") == 1;
    page_format(html, "%s; seed %s%" PRIu64 "%s</td></tr>\n",
                is_journal ? ", read from a journal" : "", is_one ? "" : "of the first ",
                count_of(subject, "seed"), is_one || is_journal ? "" : ", the others follow from it");
    if (json_object_get(ran, "events") != NULL) {
        html_row(html, "Volume");
        html_count(html, count_of(ran, "events"));
        page_format(html, " events, ");
        html_count(html, count_of(ran, "windows"));
        page_format(html, " telemetry windows, ");
        html_count(html, (uint64_t)(number_of(ran, "virtual_s") / 3600.0));
        page_format(html, " hours of virtual time, over all arms%s</td></tr>\n",
                    is_journal ? "" : "; as the campaign said");
    }
    html_row(html, "Mind of the steward arm");
    html_words(html, subject, "mind");
    page_format(html, "</td></tr>\n");
    html_row(html, "Must end at a human");
    page_format(html, "%.1f %% of the episodes %s</td></tr>\n",
                100.0 * number_of(subject, "must_escalate_share"),
                is_journal ? "recorded" : "of the mix, by its weights");
    html_row(html, "Build");
    page_format(html, "steward ");
    html_words(html, subject, "version");
    if (words_of(subject, "compiler")[0] != '\0') {
        page_format(html, ", ");
        html_words(html, subject, "compiler");
    }
    page_format(html, "</td></tr>\n");
    html_row(html, "Fingerprint");
    if (json_is_string(json_object_get(ran, "fingerprint"))) {
        page_format(html, "<code>");
        html_words(html, ran, "fingerprint");
        page_format(html, "</code></td></tr>\n");
    } else {
        page_format(html, "one a run, in the journal</td></tr>\n");
    }
    page_format(html, "</tbody></table>\n");
}

static void put_invariant_table(const json_t *evidence, const char *kind, struct page *html)
{
    const json_t *invariants = json_object_get(evidence, "invariants");
    page_format(html, "<div class=\"wide\"><table><thead><tr><th>Id</th><th>Invariant</th>");
    for (size_t i = 0; i < n_arms_of(evidence); i++) {
        page_format(html, "<th class=\"n\">");
        html_words(html, arm_at(evidence, i), "name");
        page_format(html, "</th>");
    }
    page_format(html, "</tr></thead><tbody>\n");
    for (size_t k = 0; k < json_array_size(invariants); k++) {
        const json_t *one = json_array_get(invariants, k);
        if (strcmp(words_of(one, "kind"), kind) != 0) {
            continue;
        }
        page_format(html, "<tr><td>");
        html_words(html, one, "id");
        page_format(html, "</td><td class=\"w\">");
        html_words(html, one, "words");
        page_format(html, "</td>");
        for (size_t i = 0; i < n_arms_of(evidence); i++) {
            const json_t *arm =
                json_object_get(json_object_get(one, "arms"), words_of(arm_at(evidence, i), "name"));
            page_format(html, "<td class=\"n\">");
            if (count_of(arm, "episodes_at_stake") == 0) {
                page_format(html, "-");
            } else {
                page_format(html, "%" PRIu64 " in ", count_of(arm, "breaches"));
                html_count(html, count_of(arm, "opportunities"));
                page_format(html,
                            "<br><span class=\"note\">%" PRIu64 " of %" PRIu64
                            " ep., &le; %.2g</span>",
                            count_of(arm, "episodes_broken"), count_of(arm, "episodes_at_stake"),
                            number_of(arm, "bound_95"));
            }
            page_format(html, "</td>");
        }
        page_format(html, "</tr>\n");
    }
    page_format(html, "</tbody></table></div>\n");
}

static void put_violations(const json_t *evidence, struct page *html)
{
    const json_t *violations = json_object_get(evidence, "violations");
    size_t n = json_array_size(violations);
    if (n == 0) {
        if (isfinite(number_of(json_object_get(evidence, "bound"), "upper_95"))) {
            page_format(html, "<p>No arm violated an enforceable invariant in this run.</p>\n");
        }
        return;
    }
    page_format(
        html,
        "<table><thead><tr><th>Arm</th><th>Invariant</th><th>Scenario</th><th class=\"n\">Seed</th><th>What was seen</th></tr></thead><tbody>\n");
    enum { SHOWN_MAX = 60 };
    for (size_t i = 0; i < n && i < SHOWN_MAX; i++) {
        const json_t *one = json_array_get(violations, i);
        static const char *const cells[] = {"arm", "invariant", "scenario"};
        page_format(html, "<tr>");
        for (size_t c = 0; c < 3; c++) {
            page_format(html, "<td>");
            html_words(html, one, cells[c]);
            page_format(html, "</td>");
        }
        page_format(html, "<td class=\"n\">%" PRIu64 "</td><td>", count_of(one, "seed"));
        html_words(html, one, "why");
        page_format(html, "</td></tr>\n");
    }
    page_format(html, "</tbody></table>\n");
    if (n > SHOWN_MAX) {
        page_format(html, "<p class=\"note\">%zu more are in evidence.json.</p>\n", n - SHOWN_MAX);
    }
}

static void put_bound(const json_t *bound, struct page *html)
{
    if (!isfinite(number_of(bound, "upper_95"))) {
        page_format(html, "No agent ran, so nothing is shown of the enforceable invariants.</p>\n");
        return;
    }
    page_format(html, "Arm ");
    html_words(html, bound, "arm");
    page_format(html, ": %" PRIu64 " of ", count_of(bound, "k"));
    html_count(html, count_of(bound, "n"));
    page_format(
        html,
        " episodes hold a violation of an enforceable invariant. One-sided 95 %% Clopper-Pearson upper bound: <strong>%.3g an "
        "episode</strong>; worst family (",
        number_of(bound, "upper_95"));
    html_words(html, bound, "worst_family");
    page_format(html,
                ", n = %" PRIu64
                "): %.3g. The bound holds in the simulator, for this mix, policy and deployment.</p>\n",
                count_of(bound, "worst_family_n"), number_of(bound, "worst_family_upper_95"));
}

static void put_safety(const json_t *evidence, const struct page *svgs, struct page *html)
{
    const json_t *bound = json_object_get(evidence, "bound"),
                 *unchecked = json_object_get(evidence, "not_checked");
    page_format(html, "<h2 id=\"safety\">4. Safety</h2>\n<p>");
    put_bound(bound, html);
    html_figure(evidence, svgs, 2, html);
    page_format(
        html,
        "<h3>Enforceable invariants</h3>\n<p>Breaches in opportunities; below it the episodes with a breach, of those with something "
        "at stake, and the 95 %% upper bound from these alone. -: nothing was at stake, so nothing is shown; people alone act without a warden, and none "
        "of it is at stake in the manual arm.</p>\n");
    put_invariant_table(evidence, "enforceable", html);
    put_violations(evidence, html);
    page_format(
        html,
        "<h3>Outcome errors</h3>\n<p>They depend on what nobody could know at the time. They are rates, never part of the zero "
        "above.</p>\n");
    put_invariant_table(evidence, "outcome", html);
    page_format(
        html,
        "<h3>Not checked</h3>\n<p>Invariants of the catalogue that the judge of this build does not check:</p>\n<table><tbody>\n");
    for (size_t i = 0; i < json_array_size(unchecked); i++) {
        const json_t *one = json_array_get(unchecked, i);
        page_format(html, "<tr><td>");
        html_words(html, one, "id");
        page_format(html, "</td><td>");
        html_words(html, one, "words");
        page_format(html, "</td><td>");
        html_words(html, one, "kind");
        page_format(html, "</td></tr>\n");
    }
    page_format(html, "</tbody></table>\n");
}

/* What the campaign says of its parts by itself, member by member. */
static void put_extra(const json_t *evidence, const char *member, const char *label, struct page *html)
{
    const json_t *extra = json_object_get(evidence, member);
    const char *name = NULL;
    json_t *value = NULL;
    if (json_object_size(extra) == 0) {
        return;
    }
    page_format(html, "<h3>%s</h3>\n<p>As the campaign said.</p>\n<table><tbody>\n", label);
    json_object_foreach((json_t *)extra, name, value)
    {
        char *words = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        page_format(html, "<tr><th>");
        page_words(html, name);
        page_format(html, "</th><td><code>");
        page_words(html, words == NULL ? "" : words);
        page_format(html, "</code></td></tr>\n");
        free(words);
    }
    page_format(html, "</tbody></table>\n");
}

/* From the number of episodes to the needless pages; the last cell stays open. */
static void put_family_row(const json_t *arm, struct page *html)
{
    const json_t *by_itself = json_object_get(arm, "right_by_itself");
    bool has_agent = json_is_object(by_itself);
    page_format(html, "</td><td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.0f %%",
                count_of(arm, "episodes"),
                100.0 * number_of(json_object_get(arm, "right_remedy"), "value"));
    if (has_agent) {
        page_format(html, "<br><span class=\"note\">%.0f + %.0f</span>",
                    100.0 * number_of(by_itself, "value"),
                    100.0 * number_of(json_object_get(arm, "right_with_person"), "value"));
    }
    page_format(html,
                "</td><td class=\"n\">%.2f</td><td class=\"n\">%.2f</td><td class=\"n\">%" PRIu64
                "</td><td class=\"n\">",
                number_of(arm, "interventions_per_episode"),
                number_of(arm, "bad_minutes_per_episode"), count_of(arm, "harmful_actions"));
    if (has_agent) {
        html_count(html, count_of(arm, "needless_pages"));
    } else {
        page_format(html, "-");
    }
    page_format(html, "</td><td class=\"n\">");
}

static void put_families(const json_t *evidence, const struct page *svgs, struct page *html)
{
    const json_t *families = json_object_get(evidence, "families");
    page_format(html, "<h2 id=\"families\">5. By scenario family</h2>\n");
    html_figure(evidence, svgs, 3, html);
    page_format(
        html,
        "<div class=\"wide\"><table><thead><tr><th>Family</th><th>Arm</th><th class=\"n\">Episodes</th><th class=\"n\">Right remedy</th>"
        "<th class=\"n\">Human acts / ep.</th><th class=\"n\">Bad min / ep.</th><th class=\"n\">Harmful</th><th class=\"n\">Needless pages</th><th class=\"n\">Missed</th>"
        "</tr></thead><tbody>\n");
    for (size_t i = 0; i < json_array_size(families); i++) {
        const json_t *family = json_array_get(families, i), *arms = json_object_get(family, "arms");
        const char *name = NULL;
        json_t *arm = NULL;
        size_t row = 0, n_rows = json_object_size(arms);
        bool is_incident = json_is_true(json_object_get(family, "true_incident"));
        json_object_foreach((json_t *)arms, name, arm)
        {
            page_format(html, "<tr>");
            if (row++ == 0) {
                page_format(html, "<td class=\"w\" rowspan=\"%zu\"><strong>", n_rows);
                html_words(html, family, "id");
                page_format(html, "</strong> ");
                html_words(html, family, "title");
                if (json_is_true(json_object_get(family, "must_escalate"))) {
                    page_format(html, "<br><span class=\"note\">must end at a human</span>");
                } else if (!is_incident) {
                    page_format(html, "<br><span class=\"note\">benign control</span>");
                }
                page_format(html, "</td>");
            }
            page_format(html, "<td>");
            page_words(html, name);
            put_family_row(arm, html);
            if (is_incident) {
                html_count(html, count_of(arm, "missed"));
            } else {
                page_format(html, "-");
            }
            page_format(html, "</td></tr>\n");
        }
    }
    page_format(
        html,
        "</tbody></table></div>\n<p class=\"note\">Right remedy: below it what the arm did by itself + what it took a person for, both of all "
        "episodes. People alone page nobody.</p>\n");
    put_extra(evidence, "splits", "Held-out and training episodes", html);
    put_extra(evidence, "forks", "Forks", html);
}

static void put_incident(const json_t *evidence, const struct page *svgs, struct page *html)
{
    const json_t *incident = json_object_get(evidence, "incident"),
                 *story = json_object_get(incident, "story");
    page_format(html, "<h2 id=\"incident\">6. One incident from beginning to end</h2>\n<p>Scenario ");
    html_words(html, incident, "scenario");
    page_format(html, " (");
    html_words(html, incident, "title");
    page_format(
        html,
        "), seed %" PRIu64
        ": the first episode of the run in which the most happened. It is an illustration, not a typical case. "
        "Acts of people in it: ",
        count_of(incident, "seed"));
    const char *name = NULL;
    json_t *arm = NULL;
    size_t n = 0;
    json_object_foreach(json_object_get(incident, "arms"), name, arm)
    {
        page_format(html, "%s", n++ == 0 ? "" : ", ");
        page_words(html, name);
        page_format(html, " %" PRIu64, count_of(arm, "interventions"));
    }
    page_format(html, ".</p>\n");
    html_figure(evidence, svgs, 4, html);
    html_figure(evidence, svgs, 5, html);
    if (json_array_size(story) == 0) {
        return;
    }
    page_format(html, "<h3>The story of the first arm</h3>\n");
    html_story(incident, "steward sim --trace", html);
}

static void put_audit(const json_t *evidence, struct page *html)
{
    const json_t *audit = json_object_get(evidence, "audit");
    bool is_complete = json_is_true(json_object_get(audit, "complete"));
    page_format(html,
                "<h2 id=\"audit\">7. Audit trail, and how to verify it yourself</h2>\n<p>%" PRIu64
                " effects in the world's ledger, %" PRIu64
                " of them with exactly one intent before and one outcome after on record: %s.</p>\n",
                count_of(audit, "effects"), count_of(audit, "records"),
                count_of(audit, "effects") == 0 ? "nothing to judge"
                : is_complete                   ? "complete"
                                                : "NOT complete");
    bool is_journal = strcmp(words_of(audit, "kind"), "journal") == 0;
    if (is_journal) {
        html_journal(audit, html);
    }
    page_format(html, "<p>Do not take the numbers of this page on trust:</p>\n<pre>");
    if (is_journal) {
        page_format(
            html,
            "steward replay JOURNAL                 # executes every frame again and compares\n"
            "steward audit verify JOURNAL --key KEY --checkpoint SAVED   # recomputes tree, root and signatures\n"
            "sqlite3 JOURNAL 'select * from decision'  # the records are rows\n");
    } else {
        page_format(html, "# the same episodes again: \"fingerprint\" must be as above\n");
        put_command(evidence, html, " --json");
        page_format(html, "\n# with a journal of every run and arm\n");
        put_command(evidence, html, " --journal run.stw");
        page_format(html,
                    "\nsteward replay run.stw                 # executes every frame again and compares\n"
                    "steward audit verify run.stw           # recomputes tree, root and signatures\n"
                    "sqlite3 run.stw 'select * from decision'  # the records are rows\n");
    }
    page_format(
        html,
        "</pre>\n<p>A single episode repeats alone with the seed that is printed beside it.</p>\n");
}

void html_write(const json_t *evidence, const struct page *svgs, struct page *html)
{
    if (strcmp(words_of(evidence, "kind"), "live") == 0) {
        html_live(evidence, svgs, html);
        return;
    }
    html_head(evidence, html);
    page_format(
        html,
        "<nav><ol><li><a href=\"#ran\">What ran</a></li><li><a href=\"#verdicts\">Verdicts</a></li><li><a href=\"#arms\">Arms</a></li>"
        "<li><a href=\"#safety\">Safety</a></li><li><a href=\"#families\">Families</a></li><li><a href=\"#incident\">One incident</a></li>"
        "<li><a href=\"#audit\">Audit trail</a></li><li><a href=\"#limits\">Limitations</a></li><li><a href=\"#signatures\">Signatures</a></li>"
        "</ol></nav>\n");
    put_ran(evidence, html);
    html_targets(evidence, html);
    page_format(
        html,
        "<h2 id=\"arms\">3. The arms, on the same seeds</h2>\n<p>Steward: the agents behind the warden. Rules: static automation behind "
        "the same warden; only the margin over it is the agents' own. Manual: people alone. Dummy minds must lose.</p>\n");
    put_arms(evidence, html);
    html_figure(evidence, svgs, 0, html);
    html_figure(evidence, svgs, 1, html);
    put_safety(evidence, svgs, html);
    put_families(evidence, svgs, html);
    put_incident(evidence, svgs, html);
    put_audit(evidence, html);
    html_end(evidence, 8, html);
}
