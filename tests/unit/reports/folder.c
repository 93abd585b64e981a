/* SPDX-License-Identifier: Apache-2.0 */
/* Verdict sheets by hand, through the tally, to a source. */
#include "tests/unit/reports/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/evidence.h"
#include "reports/reader.h"

static void put(struct tally *tally, const struct folder_wish *wish, uint64_t run, enum arm arm,
                const struct scenario *scenario)
{
    struct err_text text;
    uint64_t n_touched = arm == ARM_MANUAL ? wish->touched_manual : wish->touched;
    struct verdict_sheet sheet = {
        .true_incident = true,
        .t_obs = NS_PER_HOUR,
        .t_det = NS_PER_HOUR,
        .t_eff = NS_PER_HOUR + wish->response_ns,
        .t_rest = NS_PER_HOUR + 2 * wish->response_ns,
        .horizon = 12 * NS_PER_HOUR,
        .correct = true,
        .corrected_by_human = run < wish->by_human,
        .needless_pages = run < wish->by_human ? 2 : 0,
        .interventions = run < n_touched ? 2 : 0,
        .effects = 1,
        .records = 1,
        .bad_minutes = arm == ARM_STEWARD && wish->bad_minutes > 0.0 ? wish->bad_minutes : 1.0,
    };
    sheet.occasions[INVARIANT_S06] = arm == ARM_MANUAL ? 0 : 1;
    if (arm == ARM_STEWARD && run < wish->violating) {
        sheet.breaches[INVARIANT_S06] = sheet.n_violations = sheet.n_kept = 1;
        sheet.violations[0] =
            (struct violation){.invariant = INVARIANT_S06, .why = "inside <freeze>"};
    }
    struct verdict_told told = {run, 7 + run, scenario, arm, &sheet};
    assert_int_equal(tally_put(tally, &told, &text), OK);
}

void folder_make(const struct folder_wish *wish, struct source *ret_source)
{
    struct err_text text;
    struct tally *tally = NULL;
    struct scenario *scenario = calloc(1, sizeof(*scenario));
    assert_non_null(scenario);
    assert_int_equal(tally_open(&tally, &text), OK);
    memcpy(scenario->id, "M01", sizeof("M01"));
    memcpy(scenario->title, "<script>", sizeof("<script>"));
    scenario->true_incident = true; /* As in the sheets. */
    for (uint64_t run = 0; run < wish->episodes; run++) {
        scenario->id[2] = wish->two_families && run % 2 == 1 ? '2' : '1';
        for (int arm = 0; arm < N_ARMS; arm++) {
            put(tally, wish, run, (enum arm)arm, scenario);
        }
    }
    const char *targets[] = {"mix:<img src=http://x>"};
    struct report_subject subject = {.title = wish->title,
                                     .mind = wish->mind,
                                     .llm = "",
                                     .policy = "",
                                     .deployment = "",
                                     .seed = 7,
                                     .runs = wish->episodes,
                                     .must_escalate_share = wish->must_escalate_share,
                                     .targets = targets,
                                     .n_targets = 1};
    *ret_source = (struct source){.path = "folder",
                                  .file = "folder/campaign.json",
                                  .report = tally_json(tally),
                                  .ran = json_object(),
                                  .audit = json_object()};
    set_json(ret_source->report, "subject", report_subject_json(&subject));
    json_t *set_before = report_targets();
    set_json(ret_source->report, "targets", set_before);
    if (wish->bound_95 > 0.0) {
        set_json(set_before, "bound_95", json_real(wish->bound_95));
    }
    tally_close(tally);
    free(scenario);
}

json_t *folder_evidence(const struct source *sources, uint32_t n_sources)
{
    struct err_text text = {""};
    json_t *evidence = NULL;
    enum err err = evidence_build(sources, n_sources, &evidence, &text);
    if (err != OK) {
        fail_msg("%s", text.text);
    }
    return evidence;
}

const char *folder_verdict(const json_t *evidence, const char *id)
{
    const json_t *targets = json_object_get(evidence, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        const json_t *one = json_array_get(targets, i);
        if (strcmp(json_string_value(json_object_get(one, "id")), id) == 0) {
            return json_string_value(json_object_get(one, "verdict"));
        }
    }
    return "absent";
}
