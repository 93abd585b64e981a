/* SPDX-License-Identifier: Apache-2.0 */
/* Visits of whole structs: what one visitor writes another reads back, and a hostile reader cannot
 * make a visit leave its arrays. The tape here is independent of the codec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/types/advice.h"
#include "core/types/deployment.h"
#include "core/types/effect.h"
#include "core/types/event.h"
#include "core/types/incident.h"
#include "core/types/policy.h"
#include "tests/lib/random_visit.h"

enum { CELLS_MAX = 65536, ROUNDS = 400 };
static const uint64_t seed = 20240607;

struct cell {
    char type;
    uint64_t bits;
    const char *bytes;
};

struct tape {
    struct visit visit;
    size_t n_cells, at;
    int64_t depth;
    struct cell cells[CELLS_MAX];
};

static void tape_put(struct tape *tape, char type, uint64_t bits, const char *bytes)
{
    assert_true(tape->n_cells < CELLS_MAX);
    tape->cells[tape->n_cells++] = (struct cell){type, bits, bytes};
}

static struct cell tape_get(struct tape *tape, char type)
{
    assert_true(tape->at < tape->n_cells);
    assert_int_equal(tape->cells[tape->at].type, type);
    return tape->cells[tape->at++];
}

static void tape_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    struct tape *tape = self;
    assert_non_null(name);
    if (!tape->visit.reading) {
        assert_true(*value <= max);
        tape_put(tape, 'u', *value, NULL);
        return;
    }
    *value = tape_get(tape, 'u').bits;
}

static void tape_i64(void *self, const char *name, int64_t *value)
{
    struct tape *tape = self;
    assert_non_null(name);
    if (!tape->visit.reading) {
        tape_put(tape, 'i', (uint64_t)*value, NULL);
        return;
    }
    *value = (int64_t)tape_get(tape, 'i').bits;
}

static void tape_f64(void *self, const char *name, double *value)
{
    struct tape *tape = self;
    assert_non_null(name);
    uint64_t bits = 0;
    if (!tape->visit.reading) {
        memcpy(&bits, value, sizeof(bits));
        tape_put(tape, 'f', bits, NULL);
        return;
    }
    bits = tape_get(tape, 'f').bits;
    memcpy(value, &bits, sizeof(bits));
}

static void tape_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    struct tape *tape = self;
    assert_non_null(name);
    for (size_t i = 0; i < n; i++) {
        if (!tape->visit.reading) {
            tape_put(tape, 'w', values[i], NULL);
        } else {
            values[i] = (uint32_t)tape_get(tape, 'w').bits;
        }
    }
}

static void tape_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    struct tape *tape = self;
    assert_non_null(name);
    if (!tape->visit.reading) {
        assert_true(value->n_bytes <= max_bytes);
        tape_put(tape, 'b', value->n_bytes, value->bytes);
        return;
    }
    struct cell cell = tape_get(tape, 'b');
    *value = (struct slice){cell.bytes, (size_t)cell.bits};
}

static void tape_begin(void *self, const char *name, int index)
{
    (void)index;
    struct tape *tape = self;
    assert_non_null(name);
    tape->depth++;
}

static void tape_end(void *self)
{
    struct tape *tape = self;
    tape->depth--;
    assert_true(tape->depth >= 0);
}

static const struct visit_ops tape_ops = {
    .u64 = tape_u64,
    .i64 = tape_i64,
    .f64 = tape_f64,
    .u32s = tape_u32s,
    .bytes = tape_bytes,
    .begin = tape_begin,
    .end = tape_end,
};

/* Every number is the largest there is; what counts things must notice. */
static void greedy_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)self;
    (void)name;
    (void)max;
    *value = UINT64_MAX;
}

static void greedy_i64(void *self, const char *name, int64_t *value)
{
    (void)self;
    (void)name;
    *value = INT64_MAX;
}

static void greedy_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)self;
    (void)name;
    static const char long_text[16384];
    assert_true(max_bytes < sizeof(long_text));
    *value = (struct slice){long_text, max_bytes + 1};
}

static void greedy_begin(void *self, const char *name, int index)
{
    (void)self;
    (void)name;
    (void)index;
}

static void greedy_end(void *self) { (void)self; }

static void greedy_f64(void *self, const char *name, double *value)
{
    (void)self;
    (void)name;
    *value = 0;
}

static void greedy_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    (void)self;
    (void)name;
    memset(values, 0xff, n * sizeof(*values));
}

static const struct visit_ops greedy_ops = {
    .u64 = greedy_u64,
    .i64 = greedy_i64,
    .f64 = greedy_f64,
    .u32s = greedy_u32s,
    .bytes = greedy_bytes,
    .begin = greedy_begin,
    .end = greedy_end,
};

/* Something with a visit, twice: filled at random, and read back. */
union thing {
    struct event event;
    struct advice advice;
    struct effects effects;
    struct deployment deployment;
    struct policy policy;
    struct docket docket;
};

static union thing original;
static union thing copy;
static struct tape tape;
static struct random_visit filler;

enum thing_kind { EVENT, ADVICE, EFFECTS, DEPLOYMENT, POLICY, DOCKET, N_THINGS };

static void thing_visit(struct visit *visit, enum thing_kind kind, union thing *thing)
{
    switch (kind) {
    case EVENT:
        event_visit(visit, &thing->event);
        break;
    case ADVICE:
        advice_visit(visit, &thing->advice);
        break;
    case EFFECTS:
        effects_visit(visit, &thing->effects);
        break;
    case DEPLOYMENT:
        deployment_visit(visit, &thing->deployment);
        break;
    case POLICY:
        policy_visit(visit, &thing->policy);
        break;
    case DOCKET:
        docket_visit(visit, &thing->docket);
        break;
    case N_THINGS:
        fail();
        break;
    }
}

static struct digest128 thing_digest(enum thing_kind kind, union thing *thing)
{
    struct visit_digest digest;
    visit_digest_init(&digest);
    thing_visit(&digest.visit, kind, thing);
    assert_false(digest.visit.failed);
    return visit_digest_close(&digest);
}

static void thing_when_written_and_read_back_is_the_same(void **state)
{
    (void)state;
    uint32_t event_kinds = 0;
    uint32_t effect_kinds = 0;
    for (uint32_t round = 0; round < ROUNDS * N_THINGS; round++) {
        enum thing_kind kind = (enum thing_kind)(round % N_THINGS);
        memset(&original, 0, sizeof(original));
        memset(&copy, 0, sizeof(copy));
        random_visit_init(&filler, seed, round);
        thing_visit(&filler.visit, kind, &original);
        assert_false(filler.visit.failed);
        tape.visit = (struct visit){.ops = &tape_ops, .self = &tape};
        tape.n_cells = tape.at = 0;
        tape.depth = 0;
        thing_visit(&tape.visit, kind, &original);
        assert_int_equal(tape.depth, 0);
        tape.visit.reading = true;
        thing_visit(&tape.visit, kind, &copy);
        assert_false(tape.visit.failed);
        assert_int_equal(tape.at, tape.n_cells);
        assert_true(digest128_equal(thing_digest(kind, &original), thing_digest(kind, &copy)));
        event_kinds |= kind == EVENT ? 1u << original.event.kind : 0;
        for (uint32_t i = 0; kind == EFFECTS && i < original.effects.n_effects; i++) {
            effect_kinds |= 1u << original.effects.items[i].kind;
        }
    }
    assert_int_equal(event_kinds, (1u << N_EVENT_KINDS) - 1);
    assert_int_equal(effect_kinds, (1u << N_EFFECT_KINDS) - 1);
}

static void visit_when_the_reader_is_greedy_fails_and_stays_inside(void **state)
{
    (void)state;
    for (uint32_t kind = 0; kind < N_THINGS; kind++) {
        memset(&copy, 0, sizeof(copy));
        struct visit visit = {.ops = &greedy_ops, .reading = true};
        thing_visit(&visit, (enum thing_kind)kind, &copy);
        assert_true(visit.failed);
    }
    assert_int_equal(copy.docket.n_entries, 0);
}

int main(void)
{
    (void)printf("seed %llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thing_when_written_and_read_back_is_the_same),
        cmocka_unit_test(visit_when_the_reader_is_greedy_fails_and_stays_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
