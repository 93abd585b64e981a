/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of live runs. There is no second arm and no truth: what cannot be known is said to be so, never counted as well. */
#include "reports/evidence_live.h"

#include <inttypes.h>
#include <math.h>

#include "reports/claims.h"
#include "reports/curves.h"
#include "reports/look.h"
#include "reports/page.h"

static uint64_t sum_of(const json_t *rows, const char *member)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        sum += count_of(json_array_get(rows, i), member);
    }
    return sum;
}

static json_t *subject_json(const json_t *live)
{
    const json_t *runs = json_object_get(live, "runs");
    const json_t *newest = json_array_get(runs, json_array_size(runs) - 1);
    json_t *object = json_object();
    set_json(object, "title", words_json("Live run"));
    set_json(object, "runs", count_json(json_array_size(runs)));
    set_json(object, "frames", count_json(sum_of(runs, "frames")));
    set_json(object, "mind", words_json(words_of(newest, "mind")));
    set_json(object, "version", words_json(words_of(newest, "build")));
    return object;
}

static void put_not_known(json_t *list, const char *id, const char *claim, const char *why)
{
    struct page target = {0}, measured = {0}, note = {0};
    page_format(&note, "%s", why);
    claim_put(list, id, claim, &target, &measured, "not measured", &note);
}

/* A span of time that may reach over the end of the journal. */
static void put_within(struct page *page, double seconds)
{
    if (isfinite(seconds)) {
        page_duration(page, seconds);
    } else {
        page_format(page, "beyond the journal");
    }
}

static void put_response(const json_t *evidence, json_t *list)
{
    struct page target = {0}, measured = {0}, note = {0};
    const json_t *response = json_object_get(json_object_get(evidence, "times"), "response");
    uint64_t n = count_of(response, "n");
    page_format(&target,
                "from the opening of an incident to its first confirmed act, delivered page or end");
    if (n > 0) {
        page_format(&measured, "median ");
        put_within(&measured, number_of(response, "p50"));
        page_format(&measured, ", 95th percentile ");
        put_within(&measured, number_of(response, "p95"));
        page_format(&measured, "; %" PRIu64 " incident%s, %" PRIu64 " open", n, n == 1 ? "" : "s",
                    count_of(response, "open"));
        page_format(
            &note,
            "Whether the act was the right one, nobody judged: the claim is about right ones.");
    } else {
        page_format(&note, "No incident was opened.");
    }
    claim_put(list, "response", "response in 3 to 5 minutes", &target, &measured,
              n > 0 ? "not claimable" : "not measured", &note);
}

static void put_audit(const json_t *evidence, json_t *list)
{
    struct page target = {0}, measured = {0}, note = {0};
    const json_t *live = json_object_get(evidence, "live"),
                 *audit = json_object_get(evidence, "audit");
    uint64_t acts = count_of(live, "acts"), bare = count_of(live, "acts_without_intent");
    size_t n_open = json_array_size(json_object_get(live, "open_intents"));
    bool is_same = json_is_true(json_object_get(audit, "replayed_the_same"));
    page_format(
        &target,
        "each act has its intent on record before it and its outcome after it, every frame is executed again with the same result");
    page_format(&measured, "%" PRIu64 " of %" PRIu64 " acts; %zu intent%s without an outcome; %s",
                acts - bare, acts, n_open, n_open == 1 ? "" : "s",
                is_same ? "every frame the same" : "a frame differs");
    page_format(&note, "What the platform did is on record only as it was read back.");
    if (n_open > 0) {
        page_format(&note,
                    " What became of %zu intent%s is not in the journal: look at the platform.",
                    n_open, n_open == 1 ? "" : "s");
    }
    claim_put(list, "audit", "complete audit trail", &target, &measured,
              !is_same || bare > 0 ? "not met"
              : n_open > 0         ? "not shown"
              : acts > 0           ? "met"
                                   : "not measured",
              &note);
}

static void put_claims(const json_t *evidence, json_t *list)
{
    put_not_known(list, "interventions", "70 % fewer manual interventions",
                  "People alone did not work on the same incidents beside it.");
    put_not_known(list, "harm", "no more harm than with people alone", "The same.");
    put_response(evidence, list);
    put_not_known(
        list, "safety", "zero safety violations",
        "The judge did not look: it needs the truth of a simulated world. What the warden refused is below.");
    put_audit(evidence, list);
}

static void put_limitations(json_t *list)
{
    static const char *const words[] = {
        "This is the journal of a live run. What really happened to the models is not known, so that no act here is called right or wrong, no "
        "incident missed or false, and no invariant violated or kept.",
        "An incident that was not noticed is not in the journal. Response times are of what was noticed.",
        "In the modes observe and shadow and in a dry run nothing is sent: an act that was withheld ended as failed.",
        "Times are of the steward's own clock. Between two runs of one journal it was not looking.",
        "The policy, the deployment and the build may differ from run to run; the table of runs gives their digests.",
        "What was certified in simulation holds for a build, a policy and a deployment; compare their digests with those above."};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        (void)json_array_append_new(list, words_json(words[i])); /* Shows on writing. */
    }
}

enum err evidence_of_live(const struct source *source, json_t *evidence, struct err_text *ret_text)
{
    static const char *const measures[] = {"response", "closing", "approval", "execution", NULL};
    struct reader reader = {source->file, ret_text, OK};
    const json_t *live = read_object(&reader, source->report, "live");
    json_t *targets = json_array(), *limitations = json_array();
    set_json(evidence, "subject", subject_json(live));
    set_json(evidence, "truth", json_null());
    set_json(evidence, "live", json_deep_copy(live));
    set_json(evidence, "incident", json_deep_copy(json_object_get(source->report, "incident")));
    set_json(evidence, "audit", json_deep_copy(source->audit));
    set_json(evidence, "invariants", json_array());
    set_json(evidence, "not_checked", json_array());
    set_json(evidence, "arms", json_array());
    set_json(evidence, "targets", targets);
    set_json(evidence, "limitations", limitations);
    TRY(curves_put(&reader, source->report, measures, evidence));
    put_claims(evidence, targets);
    put_limitations(limitations);
    return reader.err;
}
