/* SPDX-License-Identifier: Apache-2.0 */
/* Scripts of the figures. Everything that comes from outside goes in as a number or through page_label. */
#include "reports/figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "reports/look.h"

enum { WIDTH = 900, STYLES = 8 };

static const json_t *arms_of(const json_t *evidence) { return json_object_get(evidence, "arms"); }

/* Arms are told apart by dash and mark; colour only helps. */
static const char *const colours[STYLES] = {"#0b3c5d", "#b35900", "#555555", "#7a1f5c",
                                            "#1f7a3d", "#8a6d00", "#000000", "#7f0000"};
static const int dashes[STYLES] = {1, 2, 3, 4, 5, 2, 3, 4};
static const int marks[STYLES] = {7, 5, 9, 13, 11, 6, 4, 8};

static void put_head(struct page *script, int height, int width)
{
    page_format(
        script,
        "set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,14' background '#ffffff' rounded\n"
        "set encoding utf8\nset border 3 lw 1 lc rgb '#333333'\nset tics nomirror out scale 0.6\n"
        "set grid lw 1 lc rgb '#dddddd'\nset datafile missing 'nan'\n",
        width, height);
    for (int i = 0; i < STYLES; i++) {
        page_format(script, "set style line %d lc rgb '%s' dt %d lw 2.5 pt %d ps 1\n", i + 1,
                    colours[i], dashes[i], marks[i]);
    }
}

static void put_empty(struct page *script, const char *words)
{
    page_format(script, "set label 99 '%s' at graph 0.5,0.5 center tc rgb '#555555'\n", words);
}

static void put_time_tics(struct page *script, double end_s)
{
    static const struct {
        double at_s;
        const char *words;
    } tics[] = {{1, "1 s"},        {10, "10 s"},      {60, "1 min"},   {300, "5 min"},
                {1800, "30 min"},  {7200, "2 h"},     {43200, "12 h"}, {259200, "3 d"},
                {1209600, "2 wk"}, {7257600, "12 wk"}};
    page_format(script, "set logscale x\nset xrange [1:%.0f]\nset xtics (", end_s);
    for (size_t i = 0; i < sizeof(tics) / sizeof(tics[0]) && tics[i].at_s <= end_s; i++) {
        page_format(script, "%s'%s' %.0f", i == 0 ? "" : ", ", tics[i].words, tics[i].at_s);
    }
    page_format(script, ")\n");
}

/* The end of a time axis: the horizon or the next tic beyond the latest point. */
static double axis_end(double latest_s)
{
    return latest_s <= 43200.0     ? 43200.0
           : latest_s <= 259200.0  ? 259200.0
           : latest_s <= 1209600.0 ? 1209600.0
                                   : 7257600.0;
}

/* Data of a curve of shares by seconds; its latest second. */
static double put_curve(struct page *script, const json_t *curve, size_t number)
{
    double latest = 0.0;
    page_format(script, "$arm%zu << EOD\n1 0\n", number);
    for (size_t k = 0; k < json_array_size(curve); k++) {
        const json_t *point = json_array_get(curve, k);
        double seconds = json_number_value(json_array_get(point, 0));
        double share = json_number_value(json_array_get(point, 1));
        page_format(script, "%.3f %.4f\n", seconds < 1.0 ? 1.0 : seconds, 100.0 * share);
        latest = seconds > latest ? seconds : latest;
    }
    page_format(script, "EOD\n");
    return latest;
}

static void put_response_axes(struct page *script, double latest, const char *share, const char *time)
{
    put_time_tics(script, axis_end(latest));
    page_format(
        script,
        "set yrange [0:100]\nset ytics 20\nset ylabel '%s'\nset xlabel '%s'\n"
        "set arrow 1 from 180, graph 0 to 180, graph 1 nohead lc rgb '#000000' lw 1 dt 2 front\n"
        "set arrow 2 from 300, graph 0 to 300, graph 1 nohead lc rgb '#000000' lw 1 dt 2 front\n"
        "set label 1 '3 min' at 180, graph 1.035 right\nset label 2 '5 min' at 300, graph 1.035 left\n"
        "set key at screen 0.5,0.05 center horizontal samplen 4 maxrows 1 noautotitle\nset tmargin 2.2\nset bmargin 6\n",
        share, time);
}

static void write_response(const json_t *evidence, struct page *script)
{
    const json_t *arms = arms_of(evidence);
    double latest = 0.0;
    size_t n_curves = 0;
    put_head(script, 430, WIDTH);
    for (size_t i = 0; i < json_array_size(arms); i++) {
        const json_t *curve = json_object_get(json_array_get(arms, i), "response_curve");
        double its = put_curve(script, curve, i);
        latest = its > latest ? its : latest;
        n_curves += json_array_size(curve) > 0 ? 1 : 0;
    }
    put_response_axes(script, latest, "handled by then (%)",
                      "time from detection to the first correct, confirmed act or hand-over");
    if (n_curves == 0) {
        put_empty(script, "no true incident was detected in this run");
    }
    page_format(script, "plot ");
    for (size_t i = 0; i < json_array_size(arms); i++) {
        page_format(script, "%s$arm%zu using 1:2 with steps ls %zu title '", i == 0 ? "" : ", ", i,
                    i % STYLES + 1);
        page_label(script, words_of(json_array_get(arms, i), "name"));
        page_format(script, "'");
    }
    page_format(script, "\n");
}

static void put_arm_tics(struct page *script, const json_t *arms)
{
    size_t n = json_array_size(arms);
    page_format(script, "set yrange [-0.6:%.1f]\nset ytics (", (double)n - 0.4);
    for (size_t i = 0; i < n; i++) {
        page_format(script, "%s'", i == 0 ? "" : ", ");
        page_label(script, words_of(json_array_get(arms, i), "name"));
        page_format(script, "' %zu", n - 1 - i);
    }
    page_format(script, ")\n");
}

static void put_intervals(struct page *script, const json_t *arms, const char *block,
                          const char *member, double scale)
{
    size_t n = json_array_size(arms);
    page_format(script, "$%s << EOD\nnan nan nan nan\n", block);
    for (size_t i = 0; i < n; i++) {
        const json_t *interval = json_object_get(json_array_get(arms, i), member);
        double value = scale * number_of(interval, "value"), lo = scale * number_of(interval, "lo");
        double hi = scale * number_of(interval, "hi");
        if (!isfinite(value)) {
            continue;
        }
        page_format(script, "%.4f %zu %.4f %.4f\n", value, n - 1 - i, isfinite(lo) ? lo : value,
                    isfinite(hi) ? hi : value);
    }
    page_format(script, "EOD\n");
}

static void write_interventions(const json_t *evidence, struct page *script)
{
    const json_t *arms = arms_of(evidence);
    int height = 150 + 52 * (int)json_array_size(arms);
    put_head(script, height, WIDTH);
    put_intervals(script, arms, "escalation", "escalation", 100.0);
    put_intervals(script, arms, "needed", "needed_human", 100.0);
    put_intervals(script, arms, "acts", "interventions_per_episode", 1.0);
    put_arm_tics(script, arms);
    page_format(
        script,
        "set multiplot layout 1,2\nset bmargin 6\nset tmargin 1\nset lmargin 15\nset rmargin 3\n"
        "set xrange [-3:103]\nset xtics 20\nset xlabel 'share of episodes (%%), 95 %% interval'\n"
        "set key at screen 0.5,%.4f center vertical maxrows 1 samplen 2\n"
        "plot $escalation using 1:($2+0.13):3:4 with xerrorbars ls 1 dt 1 title 'a page left', "
        "$needed using 1:($2-0.13):3:4 with xerrorbars ls 2 dt 1 title 'a human had to act'\n"
        "set xrange [0:*]\nset xtics autofreq\nset xlabel 'acts of people an episode (mean)'\nunset key\n"
        "plot $acts using 1:2:3:4 with xerrorbars ls 3 dt 1 notitle\nunset multiplot\n",
        20.0 / (double)height);
}

static void write_bound(const json_t *evidence, struct page *script)
{
    const json_t *bound = json_object_get(evidence, "bound"),
                 *curve = json_object_get(bound, "zero_failures");
    const json_t *invariants = json_object_get(evidence, "invariants");
    double n = number_of(bound, "n"), upper = number_of(bound, "upper_95");
    put_head(script, 430, WIDTH);
    page_format(script, "$zero << EOD\n");
    for (size_t i = 0; i < json_array_size(curve); i++) {
        const json_t *point = json_array_get(curve, i);
        page_format(script, "%.0f %.6g\n", json_number_value(json_array_get(point, 0)),
                    json_number_value(json_array_get(point, 1)));
    }
    page_format(script, "EOD\n$invariants << EOD\n");
    size_t n_points = 0;
    for (size_t i = 0; i < json_array_size(invariants); i++) {
        const json_t *one = json_array_get(invariants, i);
        const json_t *arm = json_object_get(json_object_get(one, "arms"), words_of(bound, "arm"));
        double at_stake = number_of(arm, "episodes_at_stake");
        if (strcmp(words_of(one, "kind"), "enforceable") == 0 && at_stake >= 1.0) {
            page_format(script, "%.0f %.6g\n", at_stake, number_of(arm, "bound_95"));
            n_points++;
        }
    }
    page_format(script, "%sEOD\n$ours << EOD\n", n_points == 0 ? "nan nan\n" : "");
    if (isfinite(upper)) {
        page_format(script,
                    "%.0f %.6g\nEOD\nset label 2 'this run' at %.0f,%.6g offset 1.2,0.8 front\n", n,
                    upper, n, upper);
    } else {
        page_format(script, "nan nan\nEOD\n");
    }
    page_format(
        script,
        "set logscale xy\nset xrange [1:10000000]\nset yrange [1e-7:1.5]\n"
        "set xtics ('1' 1, '10' 10, '100' 100, '1,000' 1000, '10,000' 10000, '100,000' 100000, '1 million' 1000000, '' 10000000)\n"
        "set ytics ('1' 1, '1 in 10' 0.1, '1 in 100' 0.01, '1 in 1,000' 1e-3, '1 in 10,000' 1e-4, '1 in 100,000' 1e-5, "
        "'1 in a million' 1e-6, '' 1e-7)\n"
        "set xlabel 'episodes'\nset ylabel 'probability at most (95 %%)'\nset key at graph 0.02,0.42 left top Left reverse samplen 3\n"
        "set arrow 1 from graph 0, first 1e-6 to graph 1, first 1e-6 nohead lc rgb '#000000' lw 1 dt 2\n"
        "set arrow 2 from 2995731, graph 0 to 2995731, graph 1 nohead lc rgb '#000000' lw 1 dt 2\n"
        "set label 1 '2,995,731' at 2600000, 0.25 right\n"
        "plot $zero using 1:2 with lines lc rgb '#555555' lw 1.5 title 'no violation in so many episodes', "
        "$invariants using 1:2 with points pt 6 ps 1.1 lw 1.5 lc rgb '#b35900' title 'one invariant, where it was at stake', "
        "$ours using 1:2 with points pt 7 ps 1.6 lc rgb '#0b3c5d' title 'any invariant, all episodes of this run'\n");
}

/* Rows from top to bottom, arms a little apart within one. */
static void put_family_rows(struct page *script, const json_t *families, const char *arm,
                            size_t arm_i, size_t n_arms, const char *block, const char *member)
{
    size_t n = json_array_size(families), n_points = 0;
    double shift = n_arms > 1 ? 0.28 - 0.56 * (double)arm_i / (double)(n_arms - 1) : 0.0;
    page_format(script, "$%s%zu << EOD\n", block, arm_i);
    for (size_t i = 0; i < n; i++) {
        const json_t *one =
            json_object_get(json_object_get(json_array_get(families, i), "arms"), arm);
        const json_t *share = json_object_get(one, member);
        if (one != NULL && isfinite(number_of(share, "value"))) {
            page_format(script, "%.3f %.3f %.3f %.3f\n", 100.0 * number_of(share, "value"),
                        (double)(n - 1 - i) + shift, 100.0 * number_of(share, "lo"),
                        100.0 * number_of(share, "hi"));
            n_points++;
        }
    }
    page_format(script, "%sEOD\n", n_points == 0 ? "nan nan nan nan\n" : "");
}

static void put_family_plot(struct page *script, const json_t *arms, size_t n_arms,
                            const char *block, bool has_titles)
{
    page_format(script, "plot ");
    for (size_t i = 0; i < n_arms; i++) {
        page_format(script, "%s$%s%zu using 1:2:3:4 with xerrorbars ls %zu dt 1 lw 1.2 ps 0.8 ",
                    i == 0 ? "" : ", ", block, i, i + 1);
        if (has_titles) {
            page_format(script, "title '");
            page_label(script, words_of(json_array_get(arms, i), "name"));
            page_format(script, "'");
        } else {
            page_format(script, "notitle");
        }
    }
    page_format(script, "\n");
}

static void write_families(const json_t *evidence, struct page *script)
{
    const json_t *arms = arms_of(evidence), *families = json_object_get(evidence, "families");
    size_t n = json_array_size(families), n_arms = 0;
    while (n_arms < json_array_size(arms) &&
           json_is_true(json_object_get(json_array_get(arms, n_arms), "is_subject"))) {
        n_arms++;
    }
    size_t n_rows = n < 3 ? 3 : n;
    int height = 130 + (int)(n_rows * (n_arms > 1 ? 44 : 30));
    put_head(script, height, WIDTH);
    for (size_t i = 0; i < n_arms; i++) {
        const char *arm = words_of(json_array_get(arms, i), "name");
        put_family_rows(script, families, arm, i, n_arms, "right", "right_remedy");
        put_family_rows(script, families, arm, i, n_arms, "needed", "needed_human");
    }
    page_format(script, "set yrange [-0.6:%.1f]\nset ytics (", (double)n - 0.4);
    for (size_t i = 0; i < n; i++) {
        const json_t *family = json_array_get(families, i);
        page_format(script, "%s'", i == 0 ? "" : ", ");
        page_label(script, words_of(family, "id"));
        page_format(script, "' %zu", n - 1 - i);
    }
    page_format(
        script,
        ")\nset multiplot layout 1,2\nset bmargin 6\nset tmargin 1\nset rmargin 3\nset lmargin 15\nset xrange [-3:103]\nset xtics 20\n"
        "set xlabel 'right remedy (%% of episodes), 95 %% interval'\nset key at screen 0.5,%.4f center vertical maxrows 1 samplen 2\n",
        20.0 / (double)height);
    put_family_plot(script, arms, n_arms, "right", true);
    page_format(script, "unset key\nset xlabel 'a human had to act (%% of episodes)'\n");
    put_family_plot(script, arms, n_arms, "needed", false);
    page_format(script, "unset multiplot\n");
}

static void write_milestones(const json_t *evidence, struct page *script)
{
    static const char *const members[] = {"obs_s", "det_s", "eff_s", "rest_s"};
    static const char *const words[] = {"observable in telemetry", "detected",
                                        "contained or handed over", "service restored"};
    static const int points[] = {6, 4, 7, 13};
    const json_t *incident = json_object_get(evidence, "incident"),
                 *by_arm = json_object_get(incident, "arms");
    const json_t *arms = arms_of(evidence);
    size_t n = 0, n_points = 0;
    double latest = 0.0;
    while (n < json_array_size(arms) &&
           json_object_get(by_arm, words_of(json_array_get(arms, n), "name")) != NULL) {
        n++;
    }
    put_head(script, 150 + 60 * (int)(n == 0 ? 1 : n), WIDTH);
    for (size_t m = 0; m < 4; m++) {
        page_format(script, "$m%zu << EOD\nnan nan\n", m);
        for (size_t i = 0; i < n; i++) {
            const json_t *one = json_object_get(by_arm, words_of(json_array_get(arms, i), "name"));
            double since = number_of(one, members[m]) - number_of(one, "on_s");
            if (isfinite(since)) {
                page_format(script, "%.3f %.2f\n", since < 1.0 ? 1.0 : since,
                            (double)(n - 1 - i) + 0.27 - 0.18 * (double)m);
                latest = since > latest ? since : latest;
                n_points++;
            }
        }
        page_format(script, "EOD\n");
    }
    page_format(script, "set yrange [-0.6:%.1f]\nset ytics (", (double)(n == 0 ? 1 : n) - 0.4);
    for (size_t i = 0; i < n; i++) {
        page_format(script, "%s'", i == 0 ? "" : ", ");
        page_label(script, words_of(json_array_get(arms, i), "name"));
        page_format(script, "' %zu", n - 1 - i);
    }
    page_format(
        script,
        "%s)\nset xlabel 'time since the fault began'\nset key at screen 0.5,%.4f center horizontal maxrows 1 samplen 1\nset lmargin 12\nset bmargin 6\n",
        n == 0 ? "'' 0" : "", 20.0 / (150.0 + 60.0 * (double)(n == 0 ? 1 : n)));
    put_time_tics(script, axis_end(latest));
    if (n_points == 0) {
        put_empty(script, "no fault was observable in this run");
    }
    page_format(script, "plot ");
    for (size_t m = 0; m < 4; m++) {
        page_format(script,
                    "%s$m%zu using 1:2 with points pt %d ps 1.3 lw 1.5 lc rgb '%s' title '%s'",
                    m == 0 ? "" : ", ", m, points[m], colours[m], words[m]);
    }
    page_format(script, "\n");
}

/* Lanes of the warden's records, in the order of an incident's life. */
static const char *const lanes[] = {"opened",    "decided", "refused",      "requested",
                                    "approved",  "intent",  "outcome",      "canary",
                                    "verified",  "undo",    "contained",    "watched",
                                    "escalated", "paged",   "acknowledged", "closed"};
enum { LANES = sizeof(lanes) / sizeof(lanes[0]) };

enum { INSTANTS_MAX = 4 };
/* Instants that are marked in a timeline: members with seconds, and the words above them. The first is its zero. */
struct instants {
    const char *members[INSTANTS_MAX], *words[INSTANTS_MAX];
    const char *since; /* Label of the axis. */
    int n;
};

static void put_timeline(const json_t *incident, const json_t *arm, const struct instants *instants,
                         struct page *script)
{
    const json_t *records = json_object_get(incident, "records");
    double on = number_of(arm, instants->members[0]);
    on = isfinite(on) ? on : 0.0;
    bool is_used[LANES] = {false};
    int row_of[LANES], n_rows = 0;
    double first = INFINITY, last = -INFINITY;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *one = json_array_get(records, i);
        for (int lane = 0; lane < LANES; lane++) {
            if (strcmp(words_of(one, "record"), lanes[lane]) == 0) {
                double since = (number_of(one, "at_s") - on) / 60.0;
                is_used[lane] = true;
                first = since < first ? since : first;
                last = since > last ? since : last;
            }
        }
    }
    for (int lane = LANES - 1; lane >= 0; lane--) {
        row_of[lane] = is_used[lane] ? n_rows++ : -1;
    }
    put_head(script, 170 + 26 * (n_rows < 2 ? 2 : n_rows), WIDTH);
    page_format(script, "$records << EOD\nnan nan\n");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *one = json_array_get(records, i);
        for (int lane = 0; lane < LANES; lane++) {
            if (strcmp(words_of(one, "record"), lanes[lane]) == 0) {
                page_format(script, "%.4f %d\n", (number_of(one, "at_s") - on) / 60.0, row_of[lane]);
            }
        }
    }
    page_format(script, "EOD\nset yrange [-0.7:%.1f]\nset ytics (",
                (double)(n_rows < 2 ? 2 : n_rows) - 0.3);
    for (int lane = 0, n = 0; lane < LANES; lane++) {
        if (is_used[lane]) {
            page_format(script, "%s'%s' %d", n++ == 0 ? "" : ", ", lanes[lane], row_of[lane]);
        }
    }
    page_format(script,
                "%s)\nset lmargin 16\nset tmargin 6\nset xlabel 'minutes since %s'\nunset key\n",
                n_rows == 0 ? "'' 0" : "", instants->since);
    double lo = first < 0.0 ? first : 0.0, hi = last > 0.0 ? last : 1.0;
    double rest = (number_of(arm, instants->members[instants->n - 1]) - on) / 60.0;
    hi = isfinite(rest) && rest > hi ? rest : hi;
    hi = n_rows == 0 ? 60.0 : hi;
    lo = n_rows == 0 ? 0.0 : lo;
    double pad = 0.04 * (hi - lo) + 0.1;
    page_format(script, "set xrange [%.3f:%.3f]\n", lo - pad, hi + pad);
    for (int m = 0, n = 0; m < instants->n; m++) {
        double since = (number_of(arm, instants->members[m]) - on) / 60.0;
        if (isfinite(since) && n_rows > 0) {
            page_format(
                script,
                "set arrow %d from %.4f, graph 0 to %.4f, graph 1 nohead lc rgb '#000000' lw 1 dt 2 back\n"
                "set label %d '%s' at %.4f, graph 1 offset 0,%.1f %s\n",
                m + 1, since, since, m + 1, instants->words[m], since, 0.6 + 1.0 * (double)n,
                m == instants->n - 1 ? "right" : "left");
            n++;
        }
    }
    if (n_rows == 0) {
        put_empty(script, "no record was made for this incident");
    }
    page_format(script, "plot $records using 1:2 with points pt 7 ps 0.9 lc rgb '#0b3c5d'\n");
}

static void write_records(const json_t *evidence, struct page *script)
{
    static const struct instants instants = {{"on_s", "det_s", "eff_s", "rest_s"},
                                             {"fault", "detected", "contained", "restored"},
                                             "the fault began",
                                             4};
    const json_t *incident = json_object_get(evidence, "incident");
    const json_t *arm = json_object_get(json_object_get(incident, "arms"),
                                        words_of(json_array_get(arms_of(evidence), 0), "name"));
    put_timeline(incident, arm, &instants, script);
}

static void write_live_records(const json_t *evidence, struct page *script)
{
    static const struct instants instants = {{"opened_s", "effect_s", "closed_s"},
                                             {"opened", "first effect", "closed"},
                                             "it was opened",
                                             3};
    const json_t *incident = json_object_get(evidence, "incident");
    put_timeline(incident, incident, &instants, script);
}

static void write_live_response(const json_t *evidence, struct page *script)
{
    put_head(script, 430, WIDTH);
    double latest = put_curve(script, json_object_get(evidence, "response_curve"), 0);
    put_response_axes(
        script, latest, "had an effect by then (%)",
        "time from the opening of the incident to the first confirmed act, delivered page or end");
    if (json_array_size(json_object_get(evidence, "response_curve")) == 0) {
        put_empty(script, "no incident was opened");
    }
    page_format(script, "plot $arm0 using 1:2 with steps ls 1 title 'incidents'\n");
}

static const struct figure simulated_figures[] = {
    {"response", "Response time by arm",
     "Share of true, detected incidents that were handled by then (Kaplan-Meier; incidents open at the horizon count as open). "
     "Dashed lines: 3 and 5 minutes.",
     write_response},
    {"interventions", "Escalation and interventions by arm",
     "Left: episodes in which a page left, and in which a human had to act, with exact 95 % intervals. Right: single acts of people an "
     "episode. People alone page nobody: no value.",
     write_interventions},
    {"bound", "Upper bound against the number of episodes",
     "What zero violations in n episodes prove, where this run stands, and where each invariant stands by the episodes in which "
     "something was at stake for it. Dashed: one in a million, which takes 2,995,731 episodes.",
     write_bound},
    {"families", "Outcome by scenario family",
     "Right remedy, and whether a human had to act, by family and arm, with exact 95 % intervals: a family with few episodes shows little.",
     write_families},
    {"milestones", "One incident in every arm",
     "The same seed: when the fault could be seen, was detected, contained, and when service was restored. Logarithmic time; what lies "
     "within the first second is drawn at one second.",
     write_milestones},
    {"timeline", "One incident, record by record",
     "What the warden put on record for the same incident, and when. Dashed: the truth as the judge knows it.",
     write_records},
};

static const struct figure live_figures[] = {
    {"response", "Response time of the incidents that were noticed",
     "Share of them that had an effect by then (Kaplan-Meier; open ones count as open until the journal's end). Whether it was the right effect is not "
     "known. Dashed lines: 3 and 5 minutes.",
     write_live_response},
    {"timeline", "One incident, record by record",
     "What the warden put on record for one incident, and when.", write_live_records},
};

const struct figure *figures_of(const json_t *evidence, size_t *ret_n)
{
    bool is_live = strcmp(words_of(evidence, "kind"), "live") == 0;
    *ret_n = is_live ? sizeof(live_figures) / sizeof(live_figures[0])
                     : sizeof(simulated_figures) / sizeof(simulated_figures[0]);
    return is_live ? live_figures : simulated_figures;
}
