/* SPDX-License-Identifier: Apache-2.0 */
/* Visiting: what the digest depends on and what it does not, and what readers refuse. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/visit.h"

enum color { COLOR_RED, COLOR_GREEN, COLOR_BLUE, N_COLORS };

struct thing {
    bool flag;
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t wide;
    int32_t small;
    int64_t large;
    double real;
    enum color color;
    uint8_t tone; /* An enum kept in one byte. */
    uint32_t counts[5];
    char name[12];
    struct slice note;
};

static void thing_visit(struct visit *visit, struct thing *thing)
{
    visit_begin(visit, "thing", -1);
    visit_bool(visit, "flag", &thing->flag);
    visit_u8(visit, "byte", &thing->byte);
    visit_u16(visit, "half", &thing->half);
    visit_u32(visit, "word", &thing->word);
    visit_u64(visit, "wide", &thing->wide);
    visit_i32(visit, "small", &thing->small);
    visit_i64(visit, "large", &thing->large);
    visit_f64(visit, "real", &thing->real);
    VISIT_ENUM(visit, thing, color, N_COLORS);
    VISIT_ENUM(visit, thing, tone, N_COLORS);
    visit_u32s(visit, "counts", thing->counts, 5);
    visit_chars(visit, "name", thing->name, sizeof(thing->name));
    visit_slice(visit, "note", &thing->note, 32);
    visit_end(visit);
}

/* Sets fields one by one, so that padding keeps what memory held before. */
static void thing_fill(struct thing *thing)
{
    thing->flag = true;
    thing->byte = 200;
    thing->half = 60000;
    thing->word = 4000000000u;
    thing->wide = UINT64_C(0x0123456789abcdef);
    thing->small = -5;
    thing->large = INT64_MIN;
    thing->real = 0.1;
    thing->color = COLOR_BLUE;
    thing->tone = COLOR_GREEN;
    for (uint32_t i = 0; i < 5; i++) {
        thing->counts[i] = i * i;
    }
    memcpy(thing->name, "fraud", 6);
    thing->note = slice_of("seen by all");
}

static struct digest128 digest_of(struct thing *thing)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    thing_visit(&digest.visit, thing);
    assert_false(digest.visit.failed);
    return visit_digest_close(&digest);
}

static bool is_same(struct digest128 a, struct digest128 b) { return a.hi == b.hi && a.lo == b.lo; }

static void digest_when_fields_are_known_is_the_recorded_one(void **state)
{
    (void)state;
    struct thing thing;
    memset(&thing, 0, sizeof(thing));
    thing_fill(&thing);
    struct digest128 digest = digest_of(&thing);
    assert_int_equal(digest.hi, UINT64_C(0x02d32770135bd652));
    assert_int_equal(digest.lo, UINT64_C(0x3c046d70e086e611));
}

static void digest_when_padding_and_unused_bytes_differ_is_the_same(void **state)
{
    (void)state;
    struct thing zeroed, filled;
    memset(&zeroed, 0, sizeof(zeroed));
    memset(&filled, 0x5a, sizeof(filled));
    thing_fill(&zeroed);
    thing_fill(&filled);
    assert_memory_not_equal(&zeroed, &filled, sizeof(zeroed));
    assert_true(is_same(digest_of(&zeroed), digest_of(&filled)));
}

static void digest_when_text_lies_elsewhere_is_the_same(void **state)
{
    (void)state;
    char elsewhere[] = "--seen by all--";
    struct thing here, there;
    memset(&here, 0, sizeof(here));
    thing_fill(&here);
    there = here;
    there.note = (struct slice){elsewhere + 2, 11};
    assert_true(is_same(digest_of(&here), digest_of(&there)));
}

static void digest_when_any_field_changes_changes(void **state)
{
    (void)state;
    struct thing variants[15];
    size_t n = sizeof(variants) / sizeof(variants[0]);
    memset(variants, 0, sizeof(variants));
    for (size_t i = 0; i < n; i++) {
        thing_fill(&variants[i]);
    }
    variants[1].flag = false;
    variants[2].byte++;
    variants[3].half++;
    variants[4].word++;
    variants[5].wide++;
    variants[6].small++;
    variants[7].large++;
    variants[8].real = nextafter(0.1, 1.0);
    variants[9].color = COLOR_RED;
    variants[10].tone = COLOR_RED;
    variants[11].counts[4]++;
    variants[12].name[4] = 'e';
    variants[13].name[5] = 's';
    variants[14].note.n_bytes--;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            struct digest128 a = digest_of(&variants[i]), b = digest_of(&variants[j]);
            assert_int_not_equal(a.hi, b.hi);
            assert_int_not_equal(a.lo, b.lo);
        }
    }
}

static struct digest128 digest_of_double(double value)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    visit_f64(&digest.visit, "value", &value);
    return visit_digest_close(&digest);
}

static void digest_when_doubles_are_equal_in_meaning_is_the_same(void **state)
{
    (void)state;
    double quiet = (double)NAN, other_nan = 0.0;
    uint64_t bits = UINT64_C(0xfff8000000001234);
    memcpy(&other_nan, &bits, sizeof(bits));
    assert_true(is_same(digest_of_double(0.0), digest_of_double(-0.0)));
    assert_true(is_same(digest_of_double(quiet), digest_of_double(other_nan)));
    assert_false(is_same(digest_of_double(0.0), digest_of_double(quiet)));
    assert_false(is_same(digest_of_double(1.0), digest_of_double(-1.0)));
}

static void digest_when_texts_trade_a_byte_changes(void **state)
{
    (void)state;
    struct slice ab = slice_of("ab"), c = slice_of("c"), a = slice_of("a"), bc = slice_of("bc");
    struct visit_digest first, second;
    visit_digest_init(&first);
    visit_slice(&first.visit, "x", &ab, 8);
    visit_slice(&first.visit, "y", &c, 8);
    visit_digest_init(&second);
    visit_slice(&second.visit, "x", &a, 8);
    visit_slice(&second.visit, "y", &bc, 8);
    assert_false(is_same(visit_digest_close(&first), visit_digest_close(&second)));
}

/* Counts are fed at once where they fit and one by one across the end of a block: both must give
 * the same bytes. */
static void digest_when_arrays_cross_blocks_does_not_depend_on_the_cut(void **state)
{
    (void)state;
    static uint32_t counts[5000];
    for (uint32_t i = 0; i < 5000; i++) {
        counts[i] = i * 2654435761u;
    }
    for (uint64_t n_before = 0; n_before < 600; n_before += 7) {
        struct visit_digest whole, single;
        visit_digest_init(&whole);
        visit_digest_init(&single);
        for (uint64_t i = 0; i < n_before; i++) {
            uint64_t value = i;
            visit_u64(&whole.visit, "i", &value);
            visit_u64(&single.visit, "i", &value);
        }
        visit_u32s(&whole.visit, "counts", counts, 5000);
        for (size_t i = 0; i < 5000; i++) {
            visit_u32s(&single.visit, "counts", counts + i, 1);
        }
        assert_true(is_same(visit_digest_close(&whole), visit_digest_close(&single)));
    }
}

static void digest_when_lengths_differ_by_one_field_never_repeats(void **state)
{
    (void)state;
    enum { N_LENGTHS = 1100 };
    static uint64_t seen[N_LENGTHS];
    for (size_t n = 0; n < N_LENGTHS; n++) {
        struct visit_digest digest;
        visit_digest_init(&digest);
        for (size_t i = 0; i < n; i++) {
            uint64_t zero = 0;
            visit_u64(&digest.visit, "zero", &zero);
        }
        seen[n] = visit_digest_close(&digest).lo;
        for (size_t i = 0; i < n; i++) {
            assert_int_not_equal(seen[i], seen[n]);
        }
    }
}

static void writer_when_visiting_a_constant_leaves_it(void **state)
{
    (void)state;
    struct thing thing, before;
    memset(&thing, 0, sizeof(thing));
    thing_fill(&thing);
    memset(thing.name + 6, 'z', sizeof(thing.name) - 6);
    memcpy(&before, &thing, sizeof(thing));
    (void)digest_of(&thing); /* Only the absence of stores is of interest. */
    assert_memory_equal(&before, &thing, sizeof(thing));
    thing.color = N_COLORS;
    struct visit_digest digest;
    visit_digest_init(&digest);
    VISIT_ENUM(&digest.visit, &thing, color, N_COLORS);
    assert_true(digest.visit.failed);
    assert_int_equal(thing.color, N_COLORS);
}

/* A reader that answers every question with the same values. */
struct answers {
    uint64_t u64;
    int64_t i64;
    struct slice bytes;
};

static void answer_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name;
    (void)max;
    *value = ((const struct answers *)self)->u64;
}

static void answer_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    *value = ((const struct answers *)self)->i64;
}

static void answer_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    (void)max_bytes;
    *value = ((const struct answers *)self)->bytes;
}

static const struct visit_ops answer_ops = {
    .u64 = answer_u64, .i64 = answer_i64, .bytes = answer_bytes};

static struct visit reader_of(struct answers *answers)
{
    return (struct visit){.ops = &answer_ops, .self = answers, .reading = true};
}

static void reader_when_values_fit_sets_fields(void **state)
{
    (void)state;
    struct answers answers = {.u64 = 1, .i64 = -7, .bytes = slice_of("hello")};
    struct visit visit = reader_of(&answers);
    struct thing thing;
    memset(&thing, 0x77, sizeof(thing));
    thing.flag = false;
    visit_bool(&visit, "flag", &thing.flag);
    visit_u8(&visit, "byte", &thing.byte);
    visit_u16(&visit, "half", &thing.half);
    visit_u32(&visit, "word", &thing.word);
    visit_u64(&visit, "wide", &thing.wide);
    visit_i32(&visit, "small", &thing.small);
    VISIT_ENUM(&visit, &thing, color, N_COLORS);
    VISIT_ENUM(&visit, &thing, tone, N_COLORS);
    visit_chars(&visit, "name", thing.name, sizeof(thing.name));
    visit_slice(&visit, "note", &thing.note, 5);
    assert_false(visit.failed);
    assert_true(thing.flag);
    assert_int_equal(thing.byte, 1);
    assert_int_equal(thing.half, 1);
    assert_int_equal(thing.word, 1);
    assert_int_equal(thing.wide, 1);
    assert_int_equal(thing.small, -7);
    assert_int_equal(thing.color, COLOR_GREEN);
    assert_int_equal(thing.tone, COLOR_GREEN);
    static const char padded[sizeof(thing.name)] = "hello";
    assert_memory_equal(thing.name, padded, sizeof(padded));
    assert_true(slice_equal(thing.note, slice_of("hello")));
}

/* Visits one field of a kind and says whether the reader failed and left it 0. */
#define REFUSES(type, initial, call)                                                               \
    do {                                                                                           \
        struct visit visit = reader_of(&answers);                                                  \
        type field = (initial);                                                                    \
        call;                                                                                      \
        assert_true(visit.failed);                                                                 \
        assert_int_equal(field, 0);                                                                \
    } while (0)

static void reader_when_values_do_not_fit_fails_and_leaves_zero(void **state)
{
    (void)state;
    struct answers answers = {.u64 = 2, .i64 = (int64_t)INT32_MAX + 1};
    REFUSES(bool, true, visit_bool(&visit, "f", &field));
    REFUSES(int32_t, 1, visit_i32(&visit, "f", &field));
    answers.i64 = (int64_t)INT32_MIN - 1;
    REFUSES(int32_t, 1, visit_i32(&visit, "f", &field));
    answers.u64 = 256;
    REFUSES(uint8_t, 1, visit_u8(&visit, "f", &field));
    REFUSES(uint8_t, 1, visit_enum(&visit, "f", &field, sizeof(field), 256));
    answers.u64 = 65536;
    REFUSES(uint16_t, 1, visit_u16(&visit, "f", &field));
    answers.u64 = UINT64_C(1) << 32;
    REFUSES(uint32_t, 1, visit_u32(&visit, "f", &field));
    answers.u64 = N_COLORS;
    REFUSES(enum color, COLOR_RED + 1, visit_enum(&visit, "f", &field, sizeof(field), N_COLORS));
}

static void reader_when_text_is_unsound_fails_and_leaves_it_empty(void **state)
{
    (void)state;
    static const struct slice unsound[] = {{"abcd", 4}, {"abcdefgh", 8}, {"a\0b", 3}, {"\0", 1}};
    static const char nothing[4] = "";
    for (size_t i = 0; i < sizeof(unsound) / sizeof(unsound[0]); i++) {
        struct answers answers = {.bytes = unsound[i]};
        struct visit visit = reader_of(&answers);
        char name[4] = "xyz";
        visit_chars(&visit, "name", name, sizeof(name));
        assert_true(visit.failed);
        assert_memory_equal(name, nothing, sizeof(name));
    }
    struct answers answers = {.bytes = {"abcd", 4}};
    struct visit visit = reader_of(&answers);
    struct slice note = {NULL, 0};
    visit_slice(&visit, "note", &note, 3);
    assert_true(visit.failed);
    assert_int_equal(note.n_bytes, 0);
}

static void reader_when_text_is_empty_clears_the_array(void **state)
{
    (void)state;
    struct answers answers = {.bytes = {NULL, 0}};
    struct visit visit = reader_of(&answers);
    char name[4] = "xyz";
    static const char nothing[4] = "";
    visit_chars(&visit, "name", name, sizeof(name));
    assert_false(visit.failed);
    assert_memory_equal(name, nothing, sizeof(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_when_fields_are_known_is_the_recorded_one),
        cmocka_unit_test(digest_when_padding_and_unused_bytes_differ_is_the_same),
        cmocka_unit_test(digest_when_text_lies_elsewhere_is_the_same),
        cmocka_unit_test(digest_when_any_field_changes_changes),
        cmocka_unit_test(digest_when_doubles_are_equal_in_meaning_is_the_same),
        cmocka_unit_test(digest_when_texts_trade_a_byte_changes),
        cmocka_unit_test(digest_when_arrays_cross_blocks_does_not_depend_on_the_cut),
        cmocka_unit_test(digest_when_lengths_differ_by_one_field_never_repeats),
        cmocka_unit_test(writer_when_visiting_a_constant_leaves_it),
        cmocka_unit_test(reader_when_values_fit_sets_fields),
        cmocka_unit_test(reader_when_values_do_not_fit_fails_and_leaves_zero),
        cmocka_unit_test(reader_when_text_is_unsound_fails_and_leaves_it_empty),
        cmocka_unit_test(reader_when_text_is_empty_clears_the_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
