/* SPDX-License-Identifier: Apache-2.0 */
/* The tree over the reference's values: a value of the window that comes or goes changes one leaf and the nodes above it. */
#include "core/detect/iks.h"

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/detect/ks_p.h"

struct iks_options iks_defaults(void)
{
    return (struct iks_options){
        .reference = 500, .window = 500, .critical = 1.95, .alpha = 0.0, .start = IKS_START_FULL};
}

const char *iks_wrong(const struct iks_options *options)
{
    if (options->reference < 1 || options->reference > IKS_SIZE_MAX) {
        return "reference is in 1 .. 1024";
    }
    if (options->window < 1 || options->window > IKS_SIZE_MAX) {
        return "window is in 1 .. 1024";
    }
    if (options->start == IKS_START_FULL && options->window > options->reference) {
        return "window is at most reference when it starts full";
    }
    if (!(options->alpha >= 0.0 && options->alpha <= 1.0)) {
        return "alpha is in [0, 1]";
    }
    if (!(options->critical > 0.0)) {
        return "critical is above 0";
    }
    return NULL;
}

void iks_init(struct iks *iks, const struct iks_options *options)
{
    ASSERT(iks_wrong(options) == NULL);
    memset(iks, 0, sizeof(*iks));
    iks->options = *options;
}

/* Leaf of x, twice, plus one when x equals the leaf's value; 2 * n_leaves when x is above them all. */
static uint32_t code_of(const struct iks *iks, double x)
{
    const double *base = iks->reference;
    uint32_t n = iks->n_leaves;
    while (n > 1) {
        uint32_t half = n / 2;
        base = base[half - 1] < x ? base + half : base;
        n -= half;
    }
    uint32_t leaf = (uint32_t)(base - iks->reference);
    if (*base < x) {
        return 2 * (leaf + 1);
    }
    return 2 * leaf + (x < *base ? 0 : 1);
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t most(int32_t a, int32_t b) { return a > b ? a : b; }

static void join(struct iks *iks, uint32_t i)
{
    const struct iks_node *left = &iks->nodes[2 * i], *right = &iks->nodes[2 * i + 1];
    iks->nodes[i] =
        (struct iks_node){left->sum + right->sum, most(left->highest, left->sum + right->highest),
                          least(left->lowest, left->sum + right->lowest)};
}

/* Counts a value of the window in (+1) or out (-1). Above the reference's highest value its share is one and the difference only closes. */
static void count(struct iks *iks, uint32_t code, int32_t change)
{
    uint32_t leaf = code / 2;
    if (leaf == iks->n_leaves) {
        return;
    }
    int32_t unit = (int32_t)iks->n_reference;
    iks->below[leaf] += code % 2 == 0 ? change : 0;
    uint32_t i = iks->n_base + leaf;
    struct iks_node *node = &iks->nodes[i];
    int32_t before = iks->below[leaf] * unit; /* Just before the leaf's value. */
    node->sum += change * unit;
    node->highest = most(before, node->sum);
    node->lowest = least(before, node->sum);
    for (i /= 2; i > 0; i /= 2) {
        join(iks, i);
    }
}

static void put_in_order(double *values, uint32_t n) /* Shell's sort with Ciura's gaps (2001). */
{
    static const uint32_t gaps[] = {701, 301, 132, 57, 23, 10, 4, 1};
    for (uint32_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
        uint32_t gap = gaps[g];
        for (uint32_t i = gap; i < n; i++) {
            double x = values[i];
            uint32_t k = i;
            for (; k >= gap && x < values[k - gap]; k -= gap) {
                values[k] = values[k - gap];
            }
            values[k] = x;
        }
    }
}

/* The n values in reference become the reference, with an empty window. */
static void plant(struct iks *iks, uint32_t n)
{
    put_in_order(iks->reference, n);
    memset(iks->nodes, 0, sizeof(iks->nodes));
    memset(iks->below, 0, sizeof(iks->below));
    uint32_t n_leaves = 0;
    int32_t times[IKS_SIZE_MAX];
    for (uint32_t i = 0; i < n; i++) {
        double x = iks->reference[i];
        if (n_leaves > 0 && !(iks->reference[n_leaves - 1] < x)) {
            times[n_leaves - 1]++;
            continue;
        }
        iks->reference[n_leaves] = x;
        times[n_leaves++] = 1;
    }
    iks->n_leaves = n_leaves;
    iks->n_reference = n;
    iks->n_base = 1;
    while (iks->n_base < n_leaves) {
        iks->n_base *= 2;
    }
    for (uint32_t i = 0; i < n_leaves; i++) {
        int32_t sum = -times[i] * (int32_t)iks->options.window;
        iks->nodes[iks->n_base + i] = (struct iks_node){sum, 0, sum};
    }
    for (uint32_t i = iks->n_base - 1; i > 0; i--) {
        join(iks, i);
    }
    iks->n_window = 0;
    iks->oldest = 0;
    iks->quiet = 0;
    iks->loud = UINT32_MAX;
}

static void push(struct iks *iks, double x)
{
    uint32_t slot = iks->n_window;
    if (iks->n_window == iks->options.window) {
        slot = iks->oldest;
        iks->oldest = slot + 1 == iks->options.window ? 0 : slot + 1;
        count(iks, iks->leaves[slot], -1);
    } else {
        iks->n_window++;
    }
    uint32_t code = code_of(iks, x);
    iks->window[slot] = x;
    iks->leaves[slot] = (uint16_t)code;
    count(iks, code, 1);
}

/* Full windows repeat what the reference has, oldest first. */
static void renew(struct iks *iks, uint32_t n)
{
    double latest[IKS_SIZE_MAX];
    uint32_t n_window = iks->options.window;
    bool is_full = iks->options.start == IKS_START_FULL;
    if (is_full) {
        memcpy(latest, iks->reference + (n - n_window), n_window * sizeof(latest[0]));
    }
    plant(iks, n);
    for (uint32_t i = 0; is_full && i < n_window; i++) {
        push(iks, latest[i]);
    }
}

/* The window in order of arrival becomes the reference. */
static void update(struct iks *iks)
{
    uint32_t n = iks->n_window, tail = n - iks->oldest;
    memcpy(iks->reference, iks->window + iks->oldest, tail * sizeof(iks->window[0]));
    memcpy(iks->reference + tail, iks->window, iks->oldest * sizeof(iks->window[0]));
    renew(iks, n);
}

static double share(const struct iks *iks, uint32_t distance)
{
    return (double)distance / ((double)iks->n_reference * (double)iks->options.window);
}

static uint32_t greatest_divisor(uint32_t a, uint32_t b)
{
    while (b > 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static double p_of(const struct iks *iks, uint32_t distance)
{
    double scratch[IKS_SIZE_MAX + 1];
    uint32_t n = iks->n_reference, m = iks->options.window;
    return ks_p_exact(n, m, distance / greatest_divisor(n, m), scratch);
}

static bool is_loud(const struct iks *iks, uint32_t distance)
{
    if (iks->options.alpha > 0.0) {
        return p_of(iks, distance) <= iks->options.alpha;
    }
    double n = (double)iks->n_reference, m = (double)iks->options.window;
    return share(iks, distance) > iks->options.critical * d_sqrt((n + m) / (n * m));
}

static bool is_drift(struct iks *iks)
{
    uint32_t distance = iks->distance;
    if (distance <= iks->quiet || distance >= iks->loud) {
        return distance >= iks->loud;
    }
    if (is_loud(iks, distance)) {
        iks->loud = distance;
        return true;
    }
    iks->quiet = distance;
    return false;
}

enum detect_signal iks_step(struct iks *iks, double x)
{
    if (iks->n_leaves == 0) { /* Still gathering the reference. */
        iks->reference[iks->n_reference++] = x;
        if (iks->n_reference == iks->options.reference) {
            renew(iks, iks->n_reference);
        }
        return DETECT_NONE;
    }
    if (iks->is_over) {
        update(iks);
        iks->is_over = false;
    }
    push(iks, x);
    if (iks->n_window < iks->options.window) {
        return DETECT_NONE;
    }
    const struct iks_node *root = &iks->nodes[1];
    int32_t distance = most(root->highest, -root->lowest);
    ASSERT(distance >= 0);
    iks->distance = (uint32_t)distance;
    iks->is_over = is_drift(iks);
    return iks->is_over ? DETECT_DRIFT : DETECT_NONE;
}

double iks_statistic(const struct iks *iks)
{
    return iks->distance == 0 ? 0.0 : share(iks, iks->distance);
}

double iks_p(const struct iks *iks) { return iks->distance == 0 ? 1.0 : p_of(iks, iks->distance); }
