/* SPDX-License-Identifier: Apache-2.0 */
/* Fixed-bin sketch: numpy's bins, data quality apart, any split and order of merging alike. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/prng.h"
#include "core/detect/distance.h"
#include "core/detect/sample.h"
#include "core/detect/sketch.h"
#include "tests/lib/memory_visit.h"
#include "tests/lib/truth_stream.h"

static void assert_same(const struct sketch *a, const struct sketch *b)
{
    assert_int_equal(a->n_bins, b->n_bins);
    for (uint32_t i = 0; i <= a->n_bins; i++) {
        assert_true(a->edges[i] == b->edges[i]);
    }
    for (uint32_t i = 0; i < a->n_bins; i++) {
        assert_int_equal(a->counts[i], b->counts[i]);
    }
    assert_int_equal(a->n_below, b->n_below);
    assert_int_equal(a->n_above, b->n_above);
    assert_int_equal(a->n_missing, b->n_missing);
    assert_int_equal(a->n_infinite, b->n_infinite);
}

/* numpy.histogram over ten pooled equal-width bins. */
static void sketch_add_when_numpy_counts_counts_the_same(void **state)
{
    (void)state;
    static double a[100], b[100];
    (void)truth_stream("fr_uni_ref.txt", a, 100);
    (void)truth_stream("fr_uni_test.txt", b, 100);
    double lo = a[0], hi = a[0];
    for (int i = 0; i < 100; i++) {
        lo = fmin(lo, fmin(a[i], b[i]));
        hi = fmax(hi, fmax(a[i], b[i]));
    }
    struct sketch first, second;
    sketch_init_even(&first, lo, hi, 10);
    sketch_init_like(&second, &first);
    for (int i = 0; i < 100; i++) {
        sketch_add(&first, a[i]);
        sketch_add(&second, b[i]);
    }
    static const uint64_t of_a[10] = {12, 47, 26, 12, 3, 0, 0, 0, 0, 0};
    static const uint64_t of_b[10] = {0, 3, 6, 10, 28, 25, 11, 8, 6, 3};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(first.counts[i], of_a[i]);
        assert_int_equal(second.counts[i], of_b[i]);
    }
}

static void sketch_add_when_on_an_edge_takes_the_upper_bin_but_for_the_last(void **state)
{
    (void)state;
    struct sketch sketch;
    sketch_init_even(&sketch, 0.0, 4.0, 4);
    for (int i = -1; i <= 5; i++) {
        sketch_add(&sketch, i);
    }
    assert_int_equal(sketch.n_below, 1);
    assert_int_equal(sketch.n_above, 1);
    static const uint64_t expected[4] = {1, 1, 1, 2};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sketch.counts[i], expected[i]);
    }
}

static void sketch_add_when_not_a_value_counts_it_apart(void **state)
{
    (void)state;
    struct sketch sketch;
    sketch_init_even(&sketch, 0.0, 1.0, 5);
    assert_true(sketch_is_empty(&sketch));
    assert_false(sketch_is_constant(&sketch));
    sketch_add(&sketch, (double)NAN);
    sketch_add_missing(&sketch);
    sketch_add(&sketch, (double)INFINITY);
    sketch_add(&sketch, -(double)INFINITY);
    assert_int_equal(sketch.n_missing, 2);
    assert_int_equal(sketch.n_infinite, 2);
    assert_int_equal(sketch_n(&sketch), 0);
    assert_int_equal(sketch_total(&sketch), 4);
    sketch_add(&sketch, 0.5);
    assert_true(sketch_is_constant(&sketch));
    sketch_add(&sketch, 2.0);
    assert_false(sketch_is_constant(&sketch));
    double masses[SKETCH_CELLS_MAX];
    assert_int_equal(sketch_masses(&sketch, true, masses), 8);
    assert_true(masses[0] == 0.0 && masses[3] == 1.0 && masses[6] == 1.0 && masses[7] == 2.0);
    assert_int_equal(sketch_masses(&sketch, false, masses), 7);
}

static void sketch_init_when_the_column_is_constant_has_one_bin(void **state)
{
    (void)state;
    struct sketch sketch;
    sketch_init_even(&sketch, 3.0, 3.0, 10);
    assert_int_equal(sketch.n_bins, 1);
    sketch_add(&sketch, 3.0);
    sketch_add(&sketch, nextafter(3.0, 4.0));
    assert_int_equal(sketch.counts[0], 1);
    assert_int_equal(sketch.n_above, 1);
    static const double same[4] = {2.0, 2.0, 2.0, 2.0};
    sketch_init_quantiles(&sketch, same, 4, 10);
    assert_int_equal(sketch.n_bins, 1);
    sketch_init_even(&sketch, -1.7e308, 1.7e308, 4);
    assert_int_equal(sketch.n_bins, 4);
    assert_true(sketch.edges[2] == 0.0);
    sketch_init_even(&sketch, 1.0, nextafter(1.0, 2.0), 10); /* No room for ten. */
    assert_int_equal(sketch.n_bins, 1);
}

static void sketch_init_quantiles_when_filled_again_is_even(void **state)
{
    (void)state;
    static double values[1000], buffer[1000];
    struct stream stream;
    stream_init(&stream, 50, "tests/sketch", 0);
    for (int i = 0; i < 1000; i++) {
        values[i] = stream_lognormal(&stream, 3.0, 1.0);
    }
    sample_sort(values, 1000, buffer);
    struct sketch sketch;
    sketch_init_quantiles(&sketch, values, 1000, 10);
    for (int i = 0; i < 1000; i++) {
        sketch_add(&sketch, values[i]);
    }
    assert_int_equal(sketch.n_bins, 10);
    for (int i = 0; i < 10; i++) {
        assert_in_range(sketch.counts[i], 99, 101);
    }
}

static void sketch_merge_when_split_anyhow_is_the_whole(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, 51, "tests/sketch/merge", 0);
    for (int trial = 0; trial < 50; trial++) {
        struct sketch whole, parts[4];
        sketch_init_even(&whole, -2.0, 2.0, 1 + (uint32_t)stream_below(&stream, SKETCH_BINS_MAX));
        for (int i = 0; i < 4; i++) {
            sketch_init_like(&parts[i], &whole);
        }
        for (int i = 0; i < 500; i++) {
            double x = stream_normal(&stream);
            x = stream_chance(&stream, 0.05) ? (double)NAN : x;
            x = stream_chance(&stream, 0.05) ? (double)INFINITY : x;
            sketch_add(&whole, x);
            sketch_add(&parts[stream_below(&stream, 4)], x);
        }
        struct sketch forth = parts[0], back = parts[3];
        for (int i = 1; i < 4; i++) {
            assert_true(sketch_merge(&forth, &parts[i]));
            assert_true(sketch_merge(&back, &parts[3 - i]));
        }
        assert_same(&whole, &forth);
        assert_same(&whole, &back);
    }
}

static void sketch_merge_when_edges_differ_refuses(void **state)
{
    (void)state;
    struct sketch a, b, before;
    sketch_init_even(&a, 0.0, 1.0, 5);
    sketch_init_even(&b, 0.0, 1.1, 5);
    sketch_add(&a, 0.5);
    sketch_add(&b, 0.5);
    before = a;
    assert_false(sketch_merge(&a, &b));
    assert_same(&a, &before);
    sketch_init_even(&b, 0.0, 1.0, 4);
    assert_false(sketch_merge(&a, &b));
}

static void sketch_merge_when_a_count_would_overflow_stays_at_the_most(void **state)
{
    (void)state;
    struct sketch a, b;
    sketch_init_even(&a, 0.0, 1.0, 2);
    sketch_init_like(&b, &a);
    a.counts[1] = UINT64_MAX - 1;
    b.counts[1] = 5;
    assert_true(sketch_merge(&a, &b));
    assert_int_equal(a.counts[1], UINT64_MAX);
    assert_int_equal(sketch_total(&a), UINT64_MAX);
}

static void sketch_wasserstein_when_bins_are_fine_is_that_of_the_samples(void **state)
{
    (void)state;
    static double a[500], b[500], scratch[4000];
    size_t n = truth_stream("fr_same_ref500.txt", a, 500),
           m = truth_stream("fr_same_test500.txt", b, 500);
    struct sketch first, second;
    sketch_init_even(&first, -4.0, 8.0, SKETCH_BINS_MAX);
    sketch_init_like(&second, &first);
    for (size_t i = 0; i < n; i++) {
        sketch_add(&first, a[i]);
    }
    for (size_t i = 0; i < m; i++) {
        sketch_add(&second, b[i]);
    }
    assert_int_equal(first.n_below + first.n_above + second.n_below + second.n_above, 0);
    double exact = distance_wasserstein(a, n, b, m, scratch);
    assert_true(fabs(sketch_wasserstein(&first, &second) - exact) < 12.0 / SKETCH_BINS_MAX);
    assert_true(sketch_wasserstein(&first, &second) > 0.5 * exact);
    /* A whole bin to the side: its width. A crossing gap: by hand. */
    sketch_init_even(&first, 0.0, 3.0, 3);
    sketch_init_like(&second, &first);
    sketch_add(&first, 0.5);
    sketch_add(&second, 1.5);
    assert_true(fabs(sketch_wasserstein(&first, &second) - 1.0) < 1e-15);
    sketch_init_even(&first, 0.0, 2.0, 2);
    sketch_init_like(&second, &first);
    first.n_below = 1;
    first.counts[0] = 0;
    first.counts[1] = 1;
    second.counts[0] = 2;
    /* The gap goes from 1/2 to -1/2 over one bin and back to 0 over the next: 1/4 each. */
    assert_true(fabs(sketch_wasserstein(&first, &second) - 0.5) < 1e-15);
}

static void sketch_visit_when_read_back_is_the_same_and_bad_edges_fail(void **state)
{
    (void)state;
    static struct memory_visit memory;
    struct sketch sketch, again;
    sketch_init_even(&sketch, -1.0, 1.0, 7);
    sketch_add(&sketch, 0.3);
    sketch_add(&sketch, 9.0);
    sketch_add_missing(&sketch);
    memory_visit_init(&memory);
    sketch_visit(&memory.visit, "sketch", &sketch);
    memory_visit_rewind(&memory);
    sketch_init_even(&again, 0.0, 1.0, 1);
    sketch_visit(&memory.visit, "sketch", &again);
    assert_false(memory.visit.failed);
    assert_true(memory_visit_is_done(&memory));
    assert_same(&sketch, &again);
    static const double bad[3] = {-2.0, (double)NAN, 1.0};
    for (int i = 0; i < 3; i++) {
        struct sketch broken = sketch;
        broken.edges[3] = bad[i];
        memory_visit_init(&memory);
        sketch_visit(&memory.visit, "sketch", &broken);
        memory_visit_rewind(&memory);
        sketch_visit(&memory.visit, "sketch", &again);
        assert_true(memory.visit.failed);
        assert_int_equal(again.n_bins, 1);
    }
}

static void sketch_when_measured_has_the_bytes_stated(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct sketch), 1072);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sketch_add_when_numpy_counts_counts_the_same),
        cmocka_unit_test(sketch_add_when_on_an_edge_takes_the_upper_bin_but_for_the_last),
        cmocka_unit_test(sketch_add_when_not_a_value_counts_it_apart),
        cmocka_unit_test(sketch_init_when_the_column_is_constant_has_one_bin),
        cmocka_unit_test(sketch_init_quantiles_when_filled_again_is_even),
        cmocka_unit_test(sketch_merge_when_split_anyhow_is_the_whole),
        cmocka_unit_test(sketch_merge_when_edges_differ_refuses),
        cmocka_unit_test(sketch_merge_when_a_count_would_overflow_stays_at_the_most),
        cmocka_unit_test(sketch_wasserstein_when_bins_are_fine_is_that_of_the_samples),
        cmocka_unit_test(sketch_visit_when_read_back_is_the_same_and_bad_edges_fail),
        cmocka_unit_test(sketch_when_measured_has_the_bytes_stated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
