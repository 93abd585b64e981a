/* SPDX-License-Identifier: Apache-2.0 */
/* The packing: round trips, one form only, damaged bytes, and the same values read by msgpack-c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

#include "core/formats/codec.h"
#include "tests/lib/random_visit.h"

enum { ROUNDS = 600, FLIPPED_ROUNDS = 48, BYTES_MAX = CODEC_BYTES_MAX };
static const uint64_t seed = 77001;

static struct random_visit filler;
static struct event event;
static struct event event_read;
static struct advice advice;
static struct advice advice_read;
static struct effects effects;
static struct effects effects_read;
static uint8_t packed[BYTES_MAX];
static uint8_t repacked[BYTES_MAX];
static uint8_t damaged[BYTES_MAX];

static size_t random_event(uint64_t round)
{
    memset(&event, 0, sizeof(event));
    random_visit_init(&filler, seed, round);
    event_visit(&filler.visit, &event);
    assert_false(filler.visit.failed);
    size_t n_bytes = codec_pack_event(&event, packed, sizeof(packed));
    assert_true(n_bytes > 0);
    return n_bytes;
}

static size_t random_outcome(uint64_t round)
{
    random_visit_init(&filler, seed ^ 1, round);
    advice_visit(&filler.visit, &advice);
    effects_visit(&filler.visit, &effects);
    assert_false(filler.visit.failed);
    size_t n_bytes = codec_pack_outcome(&advice, &effects, packed, sizeof(packed));
    assert_true(n_bytes > 0);
    return n_bytes;
}

static void event_when_packed_and_unpacked_packs_the_same_again(void **state)
{
    (void)state;
    uint32_t kinds = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        size_t n_bytes = random_event(round);
        kinds |= 1u << event.kind;
        assert_true(codec_unpack_event(packed, n_bytes, &event_read));
        char why[256];
        struct text text;
        text_init(&text, why, sizeof(why));
        assert_false(codec_describe_difference(&event, &event_read, &text));
        assert_int_equal(codec_pack_event(&event_read, repacked, sizeof(repacked)), n_bytes);
        assert_memory_equal(packed, repacked, n_bytes);
    }
    assert_int_equal(kinds, (1u << N_EVENT_KINDS) - 1);
}

static void outcome_when_packed_and_unpacked_packs_the_same_again(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        size_t n_bytes = random_outcome(round);
        assert_true(codec_unpack_outcome(packed, n_bytes, &advice_read, &effects_read));
        char why[256];
        struct text text;
        text_init(&text, why, sizeof(why));
        assert_false(codec_describe_outcome_difference(&advice, &effects, &advice_read,
                                                       &effects_read, &text));
        assert_int_equal(codec_pack_outcome(&advice_read, &effects_read, repacked, sizeof(repacked)),
                         n_bytes);
        assert_memory_equal(packed, repacked, n_bytes);
    }
}

/* A writing visitor that compares what it meets with what msgpack-c has read. */
struct checker {
    struct visit visit;
    const msgpack_object *values;
    uint32_t n_values, at;
};

static const msgpack_object *checker_next(struct checker *checker)
{
    assert_true(checker->at < checker->n_values);
    return &checker->values[checker->at++];
}

static void check_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)name;
    (void)max;
    const msgpack_object *object = checker_next(self);
    assert_int_equal(object->type, MSGPACK_OBJECT_POSITIVE_INTEGER);
    assert_true(object->via.u64 == *value);
}

static void check_i64(void *self, const char *name, int64_t *value)
{
    (void)name;
    const msgpack_object *object = checker_next(self);
    bool is_negative = *value < 0;
    assert_int_equal(object->type, is_negative ? MSGPACK_OBJECT_NEGATIVE_INTEGER
                                               : MSGPACK_OBJECT_POSITIVE_INTEGER);
    assert_true(is_negative ? object->via.i64 == *value : object->via.u64 == (uint64_t)*value);
}

static void check_f64(void *self, const char *name, double *value)
{
    (void)name;
    const msgpack_object *object = checker_next(self);
    assert_int_equal(object->type, MSGPACK_OBJECT_FLOAT64);
    assert_memory_equal(&object->via.f64, value, sizeof(*value));
}

static void check_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)name;
    const msgpack_object *object = checker_next(self);
    assert_int_equal(object->type, MSGPACK_OBJECT_BIN);
    size_t n_words = object->via.bin.size / 4;
    assert_true(n_words <= n && object->via.bin.size % 4 == 0);
    for (size_t i = 0; i < n; i++) {
        uint32_t word = 0;
        for (size_t byte = 0; i < n_words && byte < 4; byte++) {
            word |= (uint32_t)(uint8_t)object->via.bin.ptr[4 * i + byte] << (8 * byte);
        }
        assert_int_equal(word, values[i]);
    }
}

static void check_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)name;
    (void)max_bytes;
    const msgpack_object *object = checker_next(self);
    assert_int_equal(object->type, MSGPACK_OBJECT_BIN);
    assert_int_equal(object->via.bin.size, value->n_bytes);
    assert_true(value->n_bytes == 0 ||
                memcmp(object->via.bin.ptr, value->bytes, value->n_bytes) == 0);
}

static void check_begin(void *self, const char *name, int index)
{
    (void)self;
    (void)name;
    (void)index;
}

static void check_end(void *self) { (void)self; }

static const struct visit_ops check_ops = {
    .u64 = check_u64,
    .i64 = check_i64,
    .f64 = check_f64,
    .u32s = check_u32s,
    .bytes = check_bytes,
    .begin = check_begin,
    .end = check_end,
};

static void packing_when_read_by_msgpack_c_has_the_same_values(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 2 * ROUNDS; round++) {
        bool is_event = round % 2 == 0;
        size_t n_bytes = is_event ? random_event(round) : random_outcome(round);
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        size_t at = 0;
        assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)packed, n_bytes, &at),
                         MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(at, n_bytes); /* One object and nothing after it. */
        assert_int_equal(unpacked.data.type, MSGPACK_OBJECT_ARRAY);
        struct checker checker = {.visit = {.ops = &check_ops},
                                  .values = unpacked.data.via.array.ptr,
                                  .n_values = unpacked.data.via.array.size};
        checker.visit.self = &checker;
        if (is_event) {
            event_visit(&checker.visit, &event);
        } else {
            advice_visit(&checker.visit, &advice);
            effects_visit(&checker.visit, &effects);
        }
        assert_int_equal(checker.at, checker.n_values);
        msgpack_unpacked_destroy(&unpacked);
    }
}

static void event_when_truncated_or_extended_is_refused(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < FLIPPED_ROUNDS; round++) {
        size_t n_bytes = random_event(round);
        for (size_t cut = 0; cut < n_bytes; cut++) {
            assert_false(codec_unpack_event(packed, cut, &event_read));
        }
        packed[n_bytes] = 0;
        assert_false(codec_unpack_event(packed, n_bytes + 1, &event_read));
    }
}

static void event_when_a_bit_flips_is_refused_or_is_another_event(void **state)
{
    (void)state;
    uint64_t n_refused = 0;
    uint64_t n_read = 0;
    for (uint64_t round = 0; round < FLIPPED_ROUNDS; round++) {
        size_t n_bytes = random_event(round);
        memcpy(damaged, packed, n_bytes);
        for (size_t bit = 0; bit < 8 * n_bytes; bit++) {
            uint8_t mask = (uint8_t)(1u << bit % 8);
            damaged[bit / 8] ^= mask;
            if (codec_unpack_event(damaged, n_bytes, &event_read)) {
                size_t n_again = codec_pack_event(&event_read, repacked, sizeof(repacked));
                assert_int_equal(n_again, n_bytes);
                assert_memory_equal(repacked, damaged, n_bytes);
                n_read++;
            } else {
                n_refused++;
            }
            damaged[bit / 8] ^= mask;
        }
    }
    assert_true(n_refused > 1000 && n_read > 1000); /* Both happen, or this shows nothing. */
}

static void outcome_when_bytes_change_at_random_is_refused_or_packs_to_them(void **state)
{
    (void)state;
    struct stream stream;
    stream_init(&stream, seed, "tests/damage", 0);
    uint64_t n_read = 0;
    for (uint64_t round = 0; round < 40 * FLIPPED_ROUNDS; round++) {
        size_t n_bytes = random_outcome(round % FLIPPED_ROUNDS);
        memcpy(damaged, packed, n_bytes);
        uint64_t n_changes = 1 + stream_below(&stream, 3);
        for (uint64_t i = 0; i < n_changes; i++) {
            damaged[stream_below(&stream, n_bytes)] = (uint8_t)stream_below(&stream, 256);
        }
        if (codec_unpack_outcome(damaged, n_bytes, &advice_read, &effects_read)) {
            size_t n_again =
                codec_pack_outcome(&advice_read, &effects_read, repacked, sizeof(repacked));
            assert_int_equal(n_again, n_bytes);
            assert_memory_equal(repacked, damaged, n_bytes);
            n_read++;
        }
    }
    assert_true(n_read > 10);
}

static void event_when_the_buffer_is_too_small_packs_to_nothing(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < FLIPPED_ROUNDS; round++) {
        size_t n_bytes = random_event(round);
        for (size_t capacity = 0; capacity < n_bytes; capacity++) {
            memset(repacked + capacity, 0xa5, 16);
            assert_int_equal(codec_pack_event(&event, repacked, capacity), 0);
            assert_int_equal(repacked[capacity], 0xa5);
        }
        assert_int_equal(codec_pack_event(&event, repacked, n_bytes + 16), n_bytes);
    }
}

static void tick_when_packed_has_these_bytes(void **state)
{
    (void)state;
    struct event tick = {.sequence = 300, .at = -33, .kind = EVENT_TICK};
    static const uint8_t expected[] = {0xdd, 0, 0, 0, 3, 0xcd, 0x01, 0x2c, 0xd0, 0xdf, EVENT_TICK};
    assert_int_equal(codec_pack_event(&tick, packed, sizeof(packed)), sizeof(expected));
    assert_memory_equal(packed, expected, sizeof(expected));
    assert_true(codec_unpack_event(expected, sizeof(expected), &event_read));
    assert_int_equal(event_read.sequence, 300);
    assert_int_equal(event_read.at, -33);
}

static void quiet_outcome_when_packed_is_small(void **state)
{
    (void)state;
    advice_reset(&advice);
    effects_reset(&effects);
    assert_true(codec_pack_outcome(&advice, &effects, packed, sizeof(packed)) <= 32);
}

struct form {
    const char *what;
    uint8_t bytes[24];
    size_t n_bytes;
};

/* Tick 1 at 0 in forms that another encoder might choose, or that are no tick at all. */
static void event_when_not_in_its_one_form_is_refused(void **state)
{
    (void)state;
    static const struct form forms[] = {
        {"short array head", {0x93, 1, 0, 1}, 4},
        {"array head of 16 bits", {0xdc, 0, 3, 1, 0, 1}, 6},
        {"long number", {0xdd, 0, 0, 0, 3, 0xcc, 1, 0, 1}, 9},
        {"longer number", {0xdd, 0, 0, 0, 3, 0xcd, 0, 1, 0, 1}, 10},
        {"longest number", {0xdd, 0, 0, 0, 3, 0xcf, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1}, 16},
        {"positive number in a signed form", {0xdd, 0, 0, 0, 3, 1, 0xd0, 5, 1}, 9},
        {"small negative number in a long form", {0xdd, 0, 0, 0, 3, 1, 0xd0, 0xff, 1}, 9},
        {"negative number where none may be", {0xdd, 0, 0, 0, 3, 0xff, 0, 1}, 8},
        {"time beyond the largest", {0xdd, 0, 0, 0, 3, 1, 0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0, 1}, 16},
        {"unknown kind", {0xdd, 0, 0, 0, 3, 1, 0, N_EVENT_KINDS}, 8},
        {"nil", {0xdd, 0, 0, 0, 3, 1, 0xc0, 1}, 8},
        {"float", {0xdd, 0, 0, 0, 3, 1, 0xca, 0, 0, 0, 0, 1}, 12},
        {"fewer values than promised", {0xdd, 0, 0, 0, 4, 1, 0, 1}, 8},
        {"more values than promised", {0xdd, 0, 0, 0, 2, 1, 0, 1}, 8},
        {"a huge promise", {0xdd, 0xff, 0xff, 0xff, 0xff, 1, 0, 1}, 8},
        {"nothing", {0}, 0},
    };
    static const uint8_t sound[] = {0xdd, 0, 0, 0, 3, 1, 0, EVENT_TICK};
    assert_true(codec_unpack_event(sound, sizeof(sound), &event_read));
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (codec_unpack_event(forms[i].bytes, forms[i].n_bytes, &event_read)) {
            fail_msg("accepted: %s", forms[i].what);
        }
    }
}

static void doubles_when_packed_are_canonical(void **state)
{
    (void)state;
    double negative_zero = -0.0;
    double not_a_number = 0.0;
    uint64_t odd_nan = UINT64_C(0xfff8000000000123);
    memcpy(&not_a_number, &odd_nan, sizeof(odd_nan));
    memset(&event, 0, sizeof(event));
    event.kind = EVENT_BASELINE;
    size_t n_bytes = codec_pack_event(&event, packed, sizeof(packed));
    event.baseline.error = negative_zero;
    assert_int_equal(codec_pack_event(&event, repacked, sizeof(repacked)), n_bytes);
    assert_memory_equal(packed, repacked, n_bytes);
    event.baseline.error = not_a_number;
    n_bytes = codec_pack_event(&event, packed, sizeof(packed));
    assert_true(codec_unpack_event(packed, n_bytes, &event_read));
    assert_true(event_read.baseline.error != event_read.baseline.error);
    /* The payload of the NaN is gone, and bytes that carry one are refused. */
    for (size_t i = 0; i + 9 <= n_bytes; i++) {
        if (packed[i] == 0xcb && packed[i + 1] == 0x7f) {
            packed[i + 8] = 0x23;
        }
    }
    assert_false(codec_unpack_event(packed, n_bytes, &event_read));
}

int main(void)
{
    (void)printf("seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_when_packed_and_unpacked_packs_the_same_again),
        cmocka_unit_test(outcome_when_packed_and_unpacked_packs_the_same_again),
        cmocka_unit_test(packing_when_read_by_msgpack_c_has_the_same_values),
        cmocka_unit_test(event_when_truncated_or_extended_is_refused),
        cmocka_unit_test(event_when_a_bit_flips_is_refused_or_is_another_event),
        cmocka_unit_test(outcome_when_bytes_change_at_random_is_refused_or_packs_to_them),
        cmocka_unit_test(event_when_the_buffer_is_too_small_packs_to_nothing),
        cmocka_unit_test(tick_when_packed_has_these_bytes),
        cmocka_unit_test(quiet_outcome_when_packed_is_small),
        cmocka_unit_test(event_when_not_in_its_one_form_is_refused),
        cmocka_unit_test(doubles_when_packed_are_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
