/* SPDX-License-Identifier: Apache-2.0 */
/* Bank: hypotheses of one model, raised by evidence and lowered by effect.
 *
 * An alarm is raised by an e-process alone, because only that has a guarantee; it stands and falls with the size of the effect, because evidence
 * once given does not shrink when what it was about has gone. So a statistic that wanders about its limit is one alarm, not ten.
 *
 * What is tolerated of a feature follows from what it can do: a shift by d deviations of a feature that carries a share w of the decision
 * moves the score by about w d of its own spread. A fortieth of that is let pass, at least a quarter deviation (PSI 0.06, below Siddiqi's
 * 0.1 of no change) and at most 0.8, because a declared importance may be wrong. */
#include "core/detect/bank.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/proportion.h"
#include "core/detect/psi.h"

static const double decision_tolerated = 0.025;           /* Of the spread of the score. */
static const double shift_least = 0.25, shift_most = 0.8; /* Reference deviations. */
static const double shift_bet = 5.0 / 3.0;                /* The alternative is so much further. */
static const double nulls_tolerated = 0.01, nulls_bet = 0.03; /* Above the reference's share. */
static const double nulls_limit = 0.02;
static const double error_bet = 2.0,
                    error_bet_least =
                        0.01; /* The alternative: twice what is allowed, a point more at least. */
static const double step_margin =
    0.05; /* Decision rate, absolute: a quarter of a score deviation moves it by more. */
static const double score_calm = 0.1;  /* PSI of the score below which it did not move. */
static const double slow_factor = 2.0; /* Latency against the reference. */
static const double leave_share = 0.5; /* Of the limit: below, an effect has gone. */
static const double volume_low = 0.2;  /* Of what the hour makes usual. */
static const double constant_share = 0.99;
static const double visible_chi_square =
    49.7; /* Of 11 degrees of freedom, exceeded once in a million windows. */
static const double e_least = 1.0; /* Nothing is evidence below: no level is above 1. */
enum {
    LEAVE_WINDOWS = 3,
    ROWS_MIN = 200,
    SCORES_MIN = 500,
    MISSING_WINDOWS = 2,
    LOW_WINDOWS = 3,
    LOW_LEARN_WINDOWS =
        36, /* Three hours of five-minute windows: by then little traffic is the new usual. */
    VOLUME_MIN = 50,
    VOLUME_SCALE = 16,
    VOLUME_MEMORY = 8
};
static const int64_t hour_ns = INT64_C(3600000000000);
static const uint32_t count_broken =
    UINT32_C(1) << 31; /* A negative difference that was read as an unsigned one. */

_Static_assert(N_BANK_STREAMS <= 32, "a mask holds all streams");

#define BIT(i) (UINT32_C(1) << (i))

/* From the order of telemetry to that of the values, without nulls. */
static void cells_of(const uint32_t *bins, uint32_t cells[BINNED_CELLS])
{
    cells[0] = bins[BANK_BIN_NULL + 1];
    for (uint32_t i = 0; i < 10; i++) {
        cells[i + 1] = bins[i];
    }
    cells[BINNED_CELLS - 1] = bins[BANK_BIN_NULL + 2];
}

static double tolerated_shift(double importance)
{
    double shift = importance > 0.0 ? decision_tolerated / importance : shift_most;
    shift = shift > shift_least ? shift : shift_least;
    return shift < shift_most ? shift : shift_most;
}

void bank_init(struct bank *bank)
{
    memset(bank, 0, sizeof(*bank));
    for (uint32_t i = 0; i < BANK_FEATURES; i++) {
        binned_init(&bank->features[i].shift);
        dispersion_init(&bank->features[i].nulls_spread);
    }
    dispersion_init(&bank->errors_spread);
    dispersion_init(&bank->decisions_spread);
    bank->let_be_rate = -1.0;
}

static void place_shift(struct bank *bank, uint32_t i)
{
    struct bank_feature *feature = &bank->features[i];
    bool is_let_be = (bank->has_let_be & BIT(i)) != 0;
    binned_refer(&feature->shift, feature->reference, bank->reference_rows,
                 is_let_be ? feature->let_be : NULL, feature->tolerated,
                 feature->tolerated * shift_bet);
}

static void refer_feature(struct bank *bank, const struct bank_reference *reference, uint32_t i)
{
    struct bank_feature *feature = &bank->features[i];
    const uint32_t *bins = reference->bins_ppm[i];
    uint32_t cells[BINNED_CELLS];
    cells_of(bins, cells);
    double all = (double)bins[BANK_BIN_NULL];
    for (uint32_t j = 0; j < BINNED_CELLS; j++) {
        feature->reference[j] = (double)cells[j];
        all += (double)cells[j];
    }
    feature->nulls_usual = all > 0.0 ? (double)bins[BANK_BIN_NULL] / all : 0.0;
    feature->tolerated = tolerated_shift(reference->importance[i]);
    /* PSI of a normal variable that moves by d is about d^2. */
    feature->limit = feature->tolerated * feature->tolerated;
    place_shift(bank, i);
    bet_place(&feature->nulls, feature->nulls_usual + nulls_tolerated,
              feature->nulls_usual + nulls_bet);
}

void bank_refer(struct bank *bank, const struct bank_reference *reference)
{
    ASSERT(reference->n_features <= BANK_FEATURES);
    bank->n_features = reference->n_features;
    bank->constant_features = reference->constant_features;
    bank->reference_rows = reference->rows;
    bank->latency_p95_us = reference->latency_p95_us;
    bank->error_rate = reference->error_rate;
    bank->positive_rate = reference->positive_rate;
    for (uint32_t i = 0; i < bank->n_features; i++) {
        refer_feature(bank, reference, i);
    }
    double bet = reference->error_rate * error_bet;
    double least = reference->error_rate + error_bet_least;
    bet_place(&bank->errors, reference->error_rate, bet > least ? bet : least);
}

/* What was learned of the spread stays; the next window has no neighbour. */
static struct dispersion kept(const struct dispersion *dispersion)
{
    struct dispersion spread = *dispersion;
    dispersion_forget(&spread);
    return spread;
}

/* Traffic, and how rows resemble each other, are a matter of users and of upstream, not of the version. */
void bank_begin(struct bank *bank, const struct bank_reference *reference)
{
    struct bank before = *bank;
    bank_init(bank);
    for (uint32_t i = 0; i < BANK_FEATURES; i++) {
        bank->features[i].shift.dispersion = before.features[i].shift.dispersion;
        bank->features[i].nulls_spread = kept(&before.features[i].nulls_spread);
    }
    bank->errors_spread = kept(&before.errors_spread);
    bank->decisions_spread = kept(&before.decisions_spread);
    bank->volume = before.volume;
    bank->labels = before.labels;
    bank_refer(bank, reference);
}

uint32_t bank_vacant(const struct bank *bank)
{
    uint32_t features = BIT(bank->n_features) - 1;
    uint32_t streams =
        features << BANK_SHIFT | features << BANK_NULLS | BIT(BANK_ERRORS) | BIT(BANK_DECISIONS);
    return streams & ~bank->raised & ~bank->open;
}

void bank_open(struct bank *bank, struct fdr *fleet)
{
    uint32_t vacant = bank_vacant(bank);
    for (uint32_t i = 0; i < N_BANK_STREAMS && vacant != 0; i++) {
        if ((vacant & BIT(i)) != 0) {
            bank->levels[i] = fdr_open(fleet);
            bank->open |= BIT(i);
        }
    }
}

/* Steps. */

struct step {
    struct bank *bank;
    const struct bank_window *window;
    struct fdr *fleet;
    uint32_t fresh; /* Bits: streams that were raised by this window. */
    struct bank_alarms *alarms;
};

/* Whether the e-process rejects the stream's open hypothesis; then the alarm stands. */
static bool rejects(struct step *step, uint32_t stream, double e_value)
{
    struct bank *bank = step->bank;
    if (e_value < e_least || (bank->open & BIT(stream)) == 0) {
        return false;
    }
    struct fdr_decision decision = fdr_judge(step->fleet, bank->levels[stream], e_value);
    if (!decision.is_rejected) {
        return false;
    }
    bank->tests[stream] = (struct bank_test){.e_value = e_value,
                                             .level = decision.level,
                                             .wealth_before = decision.wealth_before,
                                             .wealth_after = decision.wealth_after};
    bank->open &= ~BIT(stream);
    bank->raised |= BIT(stream);
    step->fresh |= BIT(stream);
    return true;
}

static void show(struct step *step, uint32_t stream, double value, double limit)
{
    struct bank *bank = step->bank;
    ASSERT(step->alarms->n_alarms < N_BANK_STREAMS);
    bank->shows |= BIT(stream);
    step->alarms->alarms[step->alarms->n_alarms++] =
        (struct bank_alarm){.stream = (uint8_t)stream,
                            .is_new = (step->fresh & BIT(stream)) != 0,
                            .value = value,
                            .limit = limit,
                            .test = bank->tests[stream]};
}

/* Whether what stands has gone for good: so many windows in a row well below its limit. */
static bool has_left(uint8_t *n_left, bool is_below)
{
    *n_left = is_below ? (uint8_t)(*n_left + 1) : 0;
    if (*n_left < LEAVE_WINDOWS) {
        return false;
    }
    *n_left = 0;
    return true;
}

static void step_nulls(struct step *step, uint32_t i, uint32_t nulls, uint64_t rows)
{
    struct bank *bank = step->bank;
    struct bank_feature *feature = &bank->features[i];
    uint32_t stream = BANK_NULLS + i;
    double share = (double)nulls / (double)rows, limit = feature->nulls_usual + nulls_limit;
    feature->null_share = share;
    bool stands = (bank->raised & BIT(stream)) != 0;
    bool is_below = share <= feature->nulls_usual + nulls_tolerated;
    if (!stands) {
        bet_step(&feature->nulls, nulls, rows, step->bank->n_windows, &feature->nulls_spread);
        stands = !is_below && rejects(step, stream, feature->nulls.sum);
    }
    if (!stands) {
        dispersion_take(&feature->nulls_spread, nulls, (uint32_t)rows);
        return;
    }
    dispersion_forget(&feature->nulls_spread);
    if (!is_below) {
        show(step, stream, share, limit);
    }
    if (has_left(&feature->n_left[1], is_below)) {
        bank->raised &= ~BIT(stream);
        feature->nulls.sum = 0.0;
    }
}

static double raw_psi(const struct bank_feature *feature, const uint32_t cells[BINNED_CELLS])
{
    uint32_t expected[BINNED_CELLS];
    for (uint32_t j = 0; j < BINNED_CELLS; j++) {
        expected[j] = (uint32_t)feature->reference[j];
    }
    return psi_statistic(cells, expected, BINNED_CELLS);
}

static double sampling_of(const struct bank *bank, double rows)
{
    return 1.0 / rows + 1.0 / (double)(bank->reference_rows > 0 ? bank->reference_rows : 1);
}

/* Less what sampling alone makes of PSI on average: (cells - 1) (1/n + 1/m) (Yurdakul 2018). */
static double debiased_psi(const struct bank *bank, const struct bank_feature *feature,
                           const uint32_t cells[BINNED_CELLS], double rows)
{
    double psi = raw_psi(feature, cells) - (BINNED_CELLS - 1) * sampling_of(bank, rows);
    return psi > 0.0 ? psi : 0.0;
}

/* Evidence of many small windows proves what no single one of them shows. That is drift for a report; an incident wants an effect that is
 * beyond the sampling noise of the window before it, as little traffic wanders over weeks without harm. */
static bool is_visible(const struct bank *bank, const struct bank_feature *feature,
                       const uint32_t cells[BINNED_CELLS], double rows)
{
    return raw_psi(feature, cells) > visible_chi_square * sampling_of(bank, rows);
}

static void lower_shift(struct bank *bank, uint32_t i)
{
    bank->raised &= ~BIT(BANK_SHIFT + i);
    binned_reset(&bank->features[i].shift);
}

static void step_shift(struct step *step, uint32_t i, const uint32_t cells[BINNED_CELLS], double rows)
{
    struct bank *bank = step->bank;
    struct bank_feature *feature = &bank->features[i];
    uint32_t stream = BANK_SHIFT + i;
    bool stands = (bank->raised & BIT(stream)) != 0;
    bool is_fresh = false;
    if (!stands) {
        double e_value = binned_step(&feature->shift, cells, bank->n_windows);
        stands = is_fresh = e_value >= e_least && is_visible(bank, feature, cells, rows) &&
                            rejects(step, stream, e_value);
    }
    bool is_let_be = (bank->has_let_be & BIT(i)) != 0;
    if (stands || is_let_be) { /* What was looked into still comes and goes. */
        binned_part(&feature->shift);
    } else {
        binned_learn(&feature->shift, cells, bank->n_windows);
    }
    if (!stands && !is_let_be) {
        return;
    }
    feature->psi = debiased_psi(bank, feature, cells, rows);
    bool is_below = feature->psi <= leave_share * feature->limit && !is_fresh;
    if (stands && !is_below) {
        for (uint32_t j = 0; j < BINNED_CELLS; j++) {
            feature->cells[j] = (double)cells[j];
        }
        show(step, stream, feature->psi, feature->limit);
    }
    if (has_left(&feature->n_left[0], is_below)) {
        lower_shift(bank, i);
        if (is_let_be) { /* What comes back is news. */
            bank->has_let_be &= ~BIT(i);
            place_shift(bank, i);
        }
    }
}

static bool is_constant(const struct bank_feature *feature, const uint32_t cells[BINNED_CELLS],
                        uint64_t rows)
{
    double most = 0.0, total = 0.0;
    bool is_one = false;
    for (uint32_t j = 0; j < BINNED_CELLS; j++) {
        most = feature->reference[j] > most ? feature->reference[j] : most;
        total += feature->reference[j];
        is_one = is_one || (j > 0 && j + 1 < BINNED_CELLS && cells[j] == rows);
    }
    return is_one && most < constant_share * total;
}

static void step_feature(struct step *step, uint32_t i)
{
    struct bank *bank = step->bank;
    struct bank_feature *feature = &bank->features[i];
    const uint32_t *bins = step->window->bins[i];
    uint64_t rows = 0;
    uint32_t largest = 0;
    for (uint32_t j = 0; j < BANK_BINS; j++) {
        rows += bins[j];
        largest = bins[j] > largest ? bins[j] : largest;
    }
    if (largest >= count_broken || rows > UINT32_MAX) {
        bank->quality.broken |= BIT(i);
        return;
    }
    if (rows == 0) {
        bool counts =
            feature->had_rows && step->window->requests > 0 && feature->n_missing < UINT8_MAX;
        feature->n_missing = (uint8_t)(feature->n_missing + (counts ? 1 : 0));
        bank->quality.missing |= feature->n_missing >= MISSING_WINDOWS ? BIT(i) : 0;
        return;
    }
    feature->had_rows = true;
    feature->n_missing = 0;
    uint32_t cells[BINNED_CELLS];
    cells_of(bins, cells);
    uint64_t valued = rows - bins[BANK_BIN_NULL];
    step_nulls(step, i, bins[BANK_BIN_NULL], rows);
    if (valued == 0) {
        return;
    }
    if (valued >= ROWS_MIN && is_constant(feature, cells, valued)) {
        bank->quality.constant |= BIT(i);
    }
    step_shift(step, i, cells, (double)valued);
}

/* Mean of a standard normal variable within each of its deciles. */
static const double decile_means[BANK_SCORE_BINS] = {-1.7550, -1.0449, -0.6773, -0.3865, -0.1257,
                                                     0.1257,  0.3865,  0.6773,  1.0449,  1.7550};

/* The decision rate that the scores of the window explain: the reference threshold on a score whose mean moved as its deciles say. */
static double explained_rate(const uint32_t *score_bins, double reference)
{
    double total = 0.0, mean = 0.0;
    for (uint32_t i = 0; i < BANK_SCORE_BINS; i++) {
        total += (double)score_bins[i];
        mean += (double)score_bins[i] * decile_means[i];
    }
    if (total <= 0.0 || reference <= 0.0 || reference >= 1.0) {
        return reference;
    }
    return 1.0 - d_normal_cdf(d_normal_quantile(1.0 - reference) - mean / total);
}

static double larger(double a, double b) { return a > b ? a : b; }

static double smaller(double a, double b) { return a < b ? a : b; }

/* Bets on a rate beyond what scores and what was let be explain. Where the score itself moved, the inputs did it: then nothing is bet. */
static double bet_on_rate(struct step *step, uint32_t decided, double explained, bool is_steady)
{
    struct bank *bank = step->bank;
    uint32_t positives = step->window->positives < decided ? step->window->positives : decided;
    double high = explained, low = explained;
    if (bank->let_be_rate >= 0.0) {
        high = larger(high, bank->let_be_rate + step_margin);
        low = smaller(low, bank->let_be_rate - step_margin);
    }
    if (!is_steady) {
        bank->decisions_up.sum = bank->decisions_down.sum = 0.0;
        return 0.0;
    }
    bet_place(&bank->decisions_up, high + step_margin, high + 2.0 * step_margin);
    bet_place(&bank->decisions_down, 1.0 - low + step_margin, 1.0 - low + 2.0 * step_margin);
    const struct dispersion *spread = &bank->decisions_spread;
    bet_step(&bank->decisions_up, positives, decided, bank->n_windows, spread);
    bet_step(&bank->decisions_down, decided - positives, decided, bank->n_windows, spread);
    return 0.5 * (bank->decisions_up.sum + bank->decisions_down.sum);
}

/* The decision rate moved further than the scores did: someone moved the threshold. */
static void step_decisions(struct step *step)
{
    static const uint32_t deciles[BANK_SCORE_BINS] = {100000, 100000, 100000, 100000, 100000,
                                                      100000, 100000, 100000, 100000, 100000};
    struct bank *bank = step->bank;
    const struct bank_window *window = step->window;
    uint32_t failed = window->errors < window->requests ? window->errors : window->requests;
    uint32_t decided = window->requests - failed;
    if (decided == 0 || window->fallbacks != 0) {
        return;
    }
    double rate = (double)window->positives / (double)decided;
    bool stands = (bank->raised & BIT(BANK_DECISIONS)) != 0;
    bool is_usual = d_abs(rate - bank->positive_rate) <= step_margin;
    if (is_usual && !stands && bank->let_be_rate < 0.0) {
        /* Almost always, and cheap: a rate within the margin of the reference loses both bets, or so nearly that they are given up. */
        bank->decisions_up.sum = bank->decisions_down.sum = 0.0;
        dispersion_take(&bank->decisions_spread, window->positives, decided);
        return;
    }
    double explained = explained_rate(window->score_bins, bank->positive_rate);
    bool is_steady = decided >= SCORES_MIN &&
                     psi_statistic(window->score_bins, deciles, BANK_SCORE_BINS) <= score_calm;
    bool shows = is_steady && d_abs(rate - explained) > step_margin && !is_usual;
    if (!stands) {
        double e_value = bet_on_rate(step, decided, explained, is_steady);
        stands = shows && rejects(step, BANK_DECISIONS, e_value);
    }
    if (stands || bank->let_be_rate >= 0.0) {
        dispersion_forget(&bank->decisions_spread);
    } else {
        dispersion_take(&bank->decisions_spread, window->positives, decided);
    }
    if (stands && shows) {
        bank->rate = rate;
        show(step, BANK_DECISIONS, rate, bank->positive_rate);
    }
    if (has_left(&bank->n_left_decisions, is_usual)) {
        bank->raised &= ~BIT(BANK_DECISIONS);
        bank->let_be_rate = -1.0;
        bank->decisions_up.sum = bank->decisions_down.sum = 0.0;
    }
}

static void step_operations(struct step *step)
{
    struct bank *bank = step->bank;
    const struct bank_window *window = step->window;
    double share = window->requests == 0 ? 0.0 : (double)window->errors / (double)window->requests;
    bool stands = (bank->raised & BIT(BANK_ERRORS)) != 0;
    bool is_below = share <= bank->error_rate;
    if (!stands) {
        bet_step(&bank->errors, window->errors, window->requests, bank->n_windows,
                 &bank->errors_spread);
        stands = !is_below && rejects(step, BANK_ERRORS, bank->errors.sum);
    }
    if (stands) {
        dispersion_forget(&bank->errors_spread);
    } else {
        dispersion_take(&bank->errors_spread, window->errors, window->requests);
    }
    if (stands && !is_below) {
        show(step, BANK_ERRORS, share, bank->error_rate);
    }
    if (stands && has_left(&bank->n_left_errors, is_below)) {
        bank->raised &= ~BIT(BANK_ERRORS);
        bank->errors.sum = 0.0;
    }
    double usual = (double)bank->latency_p95_us;
    bank->is_slow = window->requests >= ROWS_MIN && usual > 0.0 &&
                    (double)window->latency_p95_us > slow_factor * usual;
}

/* Of a window that ends then: the hour before its end. */
static uint32_t hour_of(int64_t to)
{
    int64_t hour = (to - 1) / hour_ns % BANK_HOURS;
    return (uint32_t)(hour < 0 ? hour + BANK_HOURS : hour);
}

/* Little traffic is learned as usual only once it has lasted. */
static void step_volume(struct bank *bank, const struct bank_window *window)
{
    struct volume_band *band = &bank->volume;
    uint32_t *usual = &band->usual[hour_of(window->to)];
    uint64_t now = (uint64_t)window->requests * VOLUME_SCALE;
    bool is_low = *usual >= VOLUME_MIN * VOLUME_SCALE && (double)now < volume_low * (double)*usual;
    band->n_low = is_low ? (uint8_t)(band->n_low < UINT8_MAX ? band->n_low + 1 : UINT8_MAX) : 0;
    band->is_low = band->n_low >= LOW_WINDOWS;
    if (*usual == 0) {
        *usual = (uint32_t)(now < UINT32_MAX ? now : UINT32_MAX);
    } else if (!is_low || band->n_low > LOW_LEARN_WINDOWS) {
        int64_t moved = ((int64_t)now - (int64_t)*usual) / VOLUME_MEMORY;
        int64_t next = (int64_t)*usual + moved;
        *usual = (uint32_t)(next < 1 ? 1 : next < UINT32_MAX ? next : UINT32_MAX);
    }
}

void bank_step(struct bank *bank, const struct bank_window *window, struct fdr *fleet,
               struct bank_alarms *ret_alarms)
{
    ret_alarms->n_alarms = 0;
    bank->quality = (struct bank_quality){0};
    bank->shows = 0;
    bank->is_slow = false;
    uint32_t largest = window->requests > window->errors ? window->requests : window->errors;
    largest = window->positives > largest ? window->positives : largest;
    if (largest >= count_broken) {
        bank->quality.is_broken = true;
        return;
    }
    bank->n_windows++;
    struct step step = {.bank = bank, .window = window, .fleet = fleet, .alarms = ret_alarms};
    for (uint32_t i = 0; i < bank->n_features; i++) {
        step_feature(&step, i);
    }
    step_decisions(&step);
    step_operations(&step);
    step_volume(bank, window);
}

void bank_let_be(struct bank *bank, uint32_t streams)
{
    for (uint32_t i = 0; i < bank->n_features; i++) {
        if ((bank->raised & streams & BIT(BANK_SHIFT + i)) == 0) {
            continue;
        }
        struct bank_feature *feature = &bank->features[i];
        memcpy(feature->let_be, feature->cells, sizeof(feature->let_be));
        feature->n_left[0] = 0;
        bank->has_let_be |= BIT(i);
        lower_shift(bank, i);
        place_shift(bank, i);
    }
    if ((bank->raised & streams & BIT(BANK_DECISIONS)) != 0) {
        bank->let_be_rate = bank->rate;
        bank->raised &= ~BIT(BANK_DECISIONS);
        bank->decisions_up.sum = bank->decisions_down.sum = 0.0;
        bank->n_left_decisions = 0;
    }
}

double bank_usual_requests(const struct bank *bank, int64_t to)
{
    return (double)bank->volume.usual[hour_of(to)] / (double)VOLUME_SCALE;
}

void bank_attribute(const struct bank *bank, double ret_shares[BANK_FEATURES])
{
    double total = 0.0;
    for (uint32_t i = 0; i < BANK_FEATURES; i++) {
        ret_shares[i] = 0.0;
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t stream = (k == 0 ? BANK_SHIFT : BANK_NULLS) + i;
            double e = (bank->raised & BIT(stream)) != 0 ? bank->tests[stream].e_value : 0.0;
            ret_shares[i] += e > 1.0 ? d_log(e) : 0.0;
        }
        total += ret_shares[i];
    }
    for (uint32_t i = 0; i < BANK_FEATURES && total > 0.0; i++) {
        ret_shares[i] /= total;
    }
}

static void feature_visit(struct visit *visit, struct bank_feature *feature, bool is_let_be)
{
    binned_visit(visit, "shift", &feature->shift);
    visit_f64(visit, "nulls", &feature->nulls.sum);
    dispersion_visit(visit, "nulls_spread", &feature->nulls_spread);
    visit_f64(visit, "psi", &feature->psi);
    visit_f64(visit, "null_share", &feature->null_share);
    for (uint32_t j = 0; j < BINNED_CELLS; j++) {
        visit_f64(visit, "cell", &feature->cells[j]);
    }
    for (uint32_t j = 0; j < BINNED_CELLS && is_let_be; j++) {
        visit_f64(visit, "let_be", &feature->let_be[j]);
    }
    visit_u8(visit, "shift_left", &feature->n_left[0]);
    visit_u8(visit, "nulls_left", &feature->n_left[1]);
    visit_u8(visit, "n_missing", &feature->n_missing);
    visit_bool(visit, "had_rows", &feature->had_rows);
}

void bank_visit(struct visit *visit, const char *name, struct bank *bank)
{
    visit_begin(visit, name, -1);
    visit_u64(visit, "n_windows", &bank->n_windows);
    visit_u32(visit, "open", &bank->open);
    visit_u32(visit, "raised", &bank->raised);
    visit_u32(visit, "shows", &bank->shows);
    visit_u32(visit, "has_let_be", &bank->has_let_be);
    VISIT_ENUM(visit, bank, n_features, BANK_FEATURES + 1);
    for (uint32_t i = 0; i < bank->n_features; i++) {
        feature_visit(visit, &bank->features[i], (bank->has_let_be & BIT(i)) != 0);
    }
    visit_f64(visit, "errors", &bank->errors.sum);
    visit_f64(visit, "decisions_up", &bank->decisions_up.sum);
    visit_f64(visit, "decisions_down", &bank->decisions_down.sum);
    dispersion_visit(visit, "errors_spread", &bank->errors_spread);
    dispersion_visit(visit, "decisions_spread", &bank->decisions_spread);
    visit_f64(visit, "rate", &bank->rate);
    visit_f64(visit, "let_be_rate", &bank->let_be_rate);
    for (uint32_t i = 0; i < N_BANK_STREAMS; i++) {
        visit_f64(visit, "level", &bank->levels[i]);
        visit_f64(visit, "e_value", &bank->tests[i].e_value);
        visit_f64(visit, "test_level", &bank->tests[i].level);
        visit_f64(visit, "wealth_before", &bank->tests[i].wealth_before);
        visit_f64(visit, "wealth_after", &bank->tests[i].wealth_after);
    }
    visit_u8(visit, "n_left_errors", &bank->n_left_errors);
    visit_u8(visit, "n_left_decisions", &bank->n_left_decisions);
    visit_bool(visit, "is_slow", &bank->is_slow);
    visit_u32s(visit, "usual", bank->volume.usual, BANK_HOURS);
    visit_u8(visit, "n_low", &bank->volume.n_low);
    visit_bool(visit, "is_low", &bank->volume.is_low);
    visit_u32(visit, "missing", &bank->quality.missing);
    visit_u32(visit, "broken", &bank->quality.broken);
    visit_u32(visit, "constant", &bank->quality.constant);
    visit_bool(visit, "is_broken", &bank->quality.is_broken);
    e_detector_visit(visit, "labels", &bank->labels);
    visit_end(visit);
}
