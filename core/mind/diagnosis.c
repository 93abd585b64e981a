/* SPDX-License-Identifier: Apache-2.0 */
/* Diagnosis: naive Bayes over typed evidence. One table says what each cause makes of each sign; everything else follows.
 *
 * Prior: shares of incident classes in published post-mortem statistics, which agree on the order change-induced > pipeline > capacity >
 * behaviour (SRE workbook: binary and config push 68 % of triggers; MS Teams SoCC'22: code, config and deployment 53 %), a fifth of what
 * alarms being harmless (Elec2: 22 % of week pairs with PSI > 0.25 lose less than three points). A design prior, not a measurement.
 * Likelihoods, per cent, are design judgements on these grounds:
 *   column empty, schema  - a producer's release drops a column at one instant (Breck 2019, data validation);
 *   nulls, provider       - a provider outage gives 20-95 % nulls on the features of one provider, and heals;
 *   scale                 - a unit error multiplies mean and spread by 100 (measured on Elec2: .740 -> .413); populations move by 1-3 sd;
 *   activated             - a constant column goes live (Elec2 row 17,424; accuracy unchanged for weeks, then .879 -> .546);
 *   golden, previous      - an undertrained artefact is worse on the clean set and than its predecessor on the same labelled rows;
 *                           drift leaves both as they were, which is what tells a bad model from a changed world;
 *   decision step         - a moved threshold changes the decision rate and leaves the score histogram alone;
 *   quality               - drift alarms are mostly harmless (r(loss, mean Hellinger) = 0.39): loss is evidence of its own;
 *   shift key, minor      - harm of a shift grows with the share of the decision that rests on the feature.
 * `unknown` gives every sign its base rate: where evidence conflicts no cause explains it better, and unknown wins. */
#include "core/mind/diagnosis.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"

static const double decisive = 0.8;
static const double decisive_early = 0.95; /* While answers are still on their way. */

/* Parts of a thousand, about. */
static const double priors[N_CAUSES] = {
    [CAUSE_UNKNOWN] = 40,
    [CAUSE_COVARIATE_SHIFT] = 55,
    [CAUSE_CONCEPT_SHIFT] = 45,
    [CAUSE_SCHEMA_CHANGE] = 50,
    [CAUSE_UNIT_CHANGE] = 40,
    [CAUSE_NULL_BURST] = 60,
    [CAUSE_FEATURE_ACTIVATION] = 15,
    [CAUSE_STALE_DATA] = 30,
    [CAUSE_LABEL_FAULT] = 25,
    [CAUSE_BAD_MODEL] = 90,
    [CAUSE_BAD_CONFIG] = 85,
    [CAUSE_BAD_IMAGE] = 50,
    [CAUSE_CAPACITY] = 85,
    [CAUSE_ATTACK] = 26,
    [CAUSE_BENIGN_CALENDAR] = 95,
    [CAUSE_BENIGN_DRIFT] = 120,
    [CAUSE_TELEMETRY_FAULT] = 40,
    [CAUSE_HALF_FINISHED_CHANGE] = 10,
};

/* P(sign present | cause) in per cent; columns in the order of SIGN_TABLE. */
/* clang-format off */
#define ROW(cause, ...) [CAUSE_##cause] = {__VA_ARGS__}
static const uint8_t table[N_CAUSES][N_SIGNS] = {
    /*                        emp nul sca key min act sch pro sta mod con ima gol pre ste low sca dec ops tex hal sil */
    ROW(UNKNOWN,               12, 12, 12, 22, 28,  5, 12, 10, 10, 25, 25, 15, 15, 15, 20, 35, 10, 10, 18,  5,  4, 10),
    ROW(COVARIATE_SHIFT,        1,  2,  4, 95, 50,  1,  1,  1,  2, 10, 10,  5,  3,  5, 15, 85,  3,  5,  8,  1,  1,  1),
    ROW(CONCEPT_SHIFT,          1,  1,  1,  5, 12,  1,  1,  1,  1, 10, 10,  5,  3,  4,  8, 95,  4,  5,  5,  1,  1,  1),
    ROW(SCHEMA_CHANGE,         92, 40,  5, 20, 20,  1, 92,  8, 10,  8,  8,  5,  3,  6, 12, 70,  3,  3,  6,  1,  1,  1),
    ROW(UNIT_CHANGE,            1,  2, 97, 70, 40,  1, 15,  2,  3,  8,  8,  5,  3,  6, 15, 70,  3,  3,  6,  1,  1,  1),
    ROW(NULL_BURST,            10, 95,  4, 20, 20,  1,  3, 88, 20,  8,  8,  5,  3,  6, 20, 70,  3,  3, 40,  1,  1,  2),
    ROW(FEATURE_ACTIVATION,     1,  2, 25, 30, 30, 97, 10,  2,  2,  6,  6,  4,  3, 10, 20, 40,  3,  3,  3,  1,  1,  1),
    ROW(STALE_DATA,             3,  6,  4, 30, 30,  1,  5, 25, 92,  6,  6,  4,  3,  6, 10, 60,  5,  3,  8,  1,  1,  5),
    ROW(LABEL_FAULT,            1,  1,  1,  4, 12,  1,  1,  2,  5,  8,  8,  4,  3, 10,  3, 50, 75,  3,  4,  1,  1,  2),
    ROW(BAD_MODEL,              1,  1,  1,  4, 12,  1,  1,  1,  1, 97,  6,  6, 88, 94, 25, 88,  3,  3,  6,  1,  3,  1),
    ROW(BAD_CONFIG,             1,  1,  1,  4, 12,  1,  1,  1,  1,  8, 97,  6,  3,  5, 95, 80,  3,  3,  6,  1,  2,  1),
    ROW(BAD_IMAGE,              2,  4,  3,  5, 12,  1,  1,  1,  2, 12, 12, 95, 20, 10, 15, 40,  3,  3, 80,  1,  2, 10),
    ROW(CAPACITY,               1, 10,  1,  5, 12,  1,  1,  5,  5, 10,  6,  4,  3,  3,  5, 10,  5, 15, 95,  1,  1, 10),
    ROW(ATTACK,                 2,  2,  2, 15, 45,  1,  2,  2,  2, 12, 10,  5,  3,  5, 10, 20,  3,  5,  6, 92,  1,  2),
    ROW(BENIGN_CALENDAR,        1,  1,  1, 15, 88,  1,  1,  1,  2, 10, 10,  5,  3,  5,  8,  3,  5, 95, 10,  1,  1,  1),
    ROW(BENIGN_DRIFT,           1,  2,  4,  5, 95,  2,  2,  1,  2, 10, 10,  5,  3,  5,  6,  3,  3,  5,  4,  1,  1,  1),
    ROW(TELEMETRY_FAULT,        5,  5,  4,  5, 12,  1,  1,  5,  5, 10,  8,  5,  3,  4,  3,  4, 20,  3,  4,  1,  1, 96),
    ROW(HALF_FINISHED_CHANGE,   1,  1,  1,  4, 12,  1,  1,  1,  1, 60, 30, 10, 10, 10, 10, 25,  3,  3, 10,  1, 95,  2),
};
#undef ROW
/* clang-format on */

#define SIGN_BIT(sign) (UINT32_C(1) << SIGN_##sign)

/* Signs of which one must have been seen before the cause is acted on. */
static const uint32_t grounds[N_CAUSES] = {
    [CAUSE_COVARIATE_SHIFT] = SIGN_BIT(SHIFT_KEY),
    [CAUSE_CONCEPT_SHIFT] = SIGN_BIT(QUALITY_LOW),
    [CAUSE_SCHEMA_CHANGE] = SIGN_BIT(COLUMN_EMPTY) | SIGN_BIT(SCHEMA_CHANGED),
    [CAUSE_UNIT_CHANGE] = SIGN_BIT(SCALE),
    [CAUSE_NULL_BURST] = SIGN_BIT(NULLS) | SIGN_BIT(PROVIDER_DOWN),
    [CAUSE_FEATURE_ACTIVATION] = SIGN_BIT(ACTIVATED),
    [CAUSE_STALE_DATA] = SIGN_BIT(STALE),
    [CAUSE_LABEL_FAULT] = SIGN_BIT(LABELS_SCARCE) | SIGN_BIT(QUALITY_LOW),
    [CAUSE_BAD_MODEL] = SIGN_BIT(GOLDEN_LOW) | SIGN_BIT(PREVIOUS_BETTER) | SIGN_BIT(QUALITY_LOW),
    [CAUSE_BAD_CONFIG] = SIGN_BIT(DECISION_STEP) | SIGN_BIT(QUALITY_LOW),
    [CAUSE_BAD_IMAGE] = SIGN_BIT(OPERATIONS_BAD),
    [CAUSE_CAPACITY] = SIGN_BIT(OPERATIONS_BAD),
    [CAUSE_ATTACK] = SIGN_BIT(SUSPICIOUS_TEXT),
    [CAUSE_BENIGN_CALENDAR] = SIGN_BIT(DECLARED),
    [CAUSE_BENIGN_DRIFT] = SIGN_BIT(SHIFT_MINOR) | SIGN_BIT(SHIFT_KEY),
    [CAUSE_TELEMETRY_FAULT] = SIGN_BIT(SILENT),
    [CAUSE_HALF_FINISHED_CHANGE] = SIGN_BIT(HALF_DONE),
};
_Static_assert(N_SIGNS <= 32, "a mask holds all signs");

static const enum tool tools[N_SIGNS] = {
#define X(name, tool) tool,
    SIGN_TABLE(X)
#undef X
};

enum tool sign_tool(enum sign sign)
{
    ASSERT((unsigned)sign < N_SIGNS);
    return tools[sign];
}

const char *sign_name(enum sign sign)
{
    static const char *const names[N_SIGNS] = {
#define X(name, tool) #name,
        SIGN_TABLE(X)
#undef X
    };
    ASSERT((unsigned)sign < N_SIGNS);
    return names[sign];
}

double diagnosis_likelihood(enum cause cause, enum sign sign)
{
    ASSERT((unsigned)cause < N_CAUSES);
    ASSERT((unsigned)sign < N_SIGNS);
    return (double)table[cause][sign] / 100.0;
}

double diagnosis_prior(enum cause cause)
{
    ASSERT((unsigned)cause < N_CAUSES);
    double total = 0.0;
    for (uint32_t i = 0; i < N_CAUSES; i++) {
        total += priors[i];
    }
    return priors[cause] / total;
}

static void rank(struct diagnosis *diagnosis)
{
    uint32_t first = 0, second = 1;
    for (uint32_t i = 1; i < N_CAUSES; i++) {
        if (diagnosis->posterior[i] > diagnosis->posterior[first]) {
            second = first;
            first = i;
        } else if (second == first || diagnosis->posterior[i] > diagnosis->posterior[second]) {
            second = i;
        }
    }
    diagnosis->leading = (enum cause)first;
    diagnosis->second = (enum cause)second;
}

/* 22 factors of at least 0.01 stay far above the smallest double: no logarithms are needed. */
void diagnosis_update(struct diagnosis *diagnosis, const struct signs *signs)
{
    double total = 0.0;
    for (uint32_t cause = 0; cause < N_CAUSES; cause++) {
        double weight = priors[cause];
        for (uint32_t sign = 0; sign < N_SIGNS; sign++) {
            double present = (double)table[cause][sign] / 100.0;
            weight *= signs->states[sign] == SIGN_PRESENT  ? present
                      : signs->states[sign] == SIGN_ABSENT ? 1.0 - present
                                                           : 1.0;
        }
        diagnosis->posterior[cause] = weight;
        total += weight;
    }
    for (uint32_t cause = 0; cause < N_CAUSES; cause++) {
        diagnosis->posterior[cause] /= total;
    }
    rank(diagnosis);
}

bool diagnosis_is_decisive(const struct diagnosis *diagnosis, const struct signs *signs, bool waiting)
{
    uint32_t seen = 0;
    for (uint32_t sign = 0; sign < N_SIGNS; sign++) {
        seen |= signs->states[sign] == SIGN_PRESENT ? UINT32_C(1) << sign : 0;
    }
    return diagnosis->leading != CAUSE_UNKNOWN && (seen & grounds[diagnosis->leading]) != 0 &&
           diagnosis->posterior[diagnosis->leading] >= (waiting ? decisive_early : decisive);
}

static double entropy_term(double p) { return p > 0.0 ? -p * d_log(p) : 0.0; }

/* Mutual information of cause and sign: H(sign) - sum over causes of P(cause) H(sign | cause). */
static double sign_value(const struct diagnosis *diagnosis, enum sign sign)
{
    double present = 0.0, conditional = 0.0;
    for (uint32_t cause = 0; cause < N_CAUSES; cause++) {
        double p = (double)table[cause][sign] / 100.0;
        double weight = diagnosis->posterior[cause];
        present += weight * p;
        if (weight > 1e-4) { /* What is left out adds less than 18e-4 ln 2. */
            conditional += weight * (entropy_term(p) + entropy_term(1.0 - p));
        }
    }
    double value = entropy_term(present) + entropy_term(1.0 - present) - conditional;
    return value > 0.0 ? value : 0.0;
}

/* The signs of one tool are taken as independent given the cause, as everywhere here; the sum is an upper bound. */
double diagnosis_value(const struct diagnosis *diagnosis, const struct signs *signs, enum tool tool)
{
    double value = 0.0;
    for (uint32_t sign = 0; sign < N_SIGNS; sign++) {
        if (tools[sign] == tool && signs->states[sign] == SIGN_UNSEEN) {
            value += sign_value(diagnosis, (enum sign)sign);
        }
    }
    return value;
}

bool cause_is_benign(enum cause cause)
{
    return cause == CAUSE_BENIGN_CALENDAR || cause == CAUSE_BENIGN_DRIFT;
}
