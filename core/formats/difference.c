/* SPDX-License-Identifier: Apache-2.0 */
/* Finds and words the first field in which two things differ. Both are walked by their visit
 * functions in stretches of a fixed number of fields, so that no second copy of either is needed.
 */
#include "core/formats/codec.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "core/base/assert.h"
#include "core/base/dmath.h"
#include "core/types/names.h"

enum {
    STRETCH = 256,       /* Fields compared at once: 6 KiB a side. */
    DEPTH_MAX = 8,       /* effects[i].record.args.subject is four deep. */
    SHOWN_BYTES_MAX = 40 /* Of a text; the rest is told by its length. */
};

enum field_type { FIELD_NONE, FIELD_U64, FIELD_I64, FIELD_F64, FIELD_U32S, FIELD_BYTES };

struct mark {
    uint64_t type, a, b;
};

struct segment {
    const char *name;
    int index;
};

/* A visitor that marks the fields [from, from + STRETCH) and keeps the one numbered wanted with its
 * path. */
struct walker {
    struct visit visit;
    uint64_t from, n_fields, wanted;
    uint32_t n_marks;
    struct mark marks[STRETCH];
    uint32_t depth, found_depth;
    struct segment path[DEPTH_MAX], found_path[DEPTH_MAX];
    const char *found_name;
    enum field_type found_type;
    uint64_t found_bits;
    const uint32_t *found_words;
    size_t found_n;
    struct slice found_bytes;
};

/* Something to compare: an event, or an outcome. */
struct subject {
    const struct event *event;
    const struct advice *advice;
    const struct effects *effects;
};

static bool walker_meets(struct walker *walker, const char *name, enum field_type type, uint64_t a,
                         uint64_t b)
{
    uint64_t number = walker->n_fields++;
    if (number >= walker->from && walker->n_marks < STRETCH) {
        walker->marks[walker->n_marks++] = (struct mark){(uint64_t)type, a, b};
    }
    if (number != walker->wanted) {
        return false;
    }
    walker->found_name = name;
    walker->found_type = type;
    walker->found_bits = a;
    walker->found_depth = walker->depth;
    memcpy(walker->found_path, walker->path, sizeof(walker->path));
    return true;
}

static void walk_u64(void *self, const char *name, uint64_t *value, uint64_t max)
{
    (void)max;
    (void)walker_meets(self, name, FIELD_U64, *value, 0); /* The value itself is the mark. */
}

static void walk_i64(void *self, const char *name, int64_t *value)
{
    (void)walker_meets(self, name, FIELD_I64, (uint64_t)*value, 0);
}

static void walk_f64(void *self, const char *name, double *value)
{
    double canonical = d_canonical(*value);
    uint64_t bits = 0;
    memcpy(&bits, &canonical, sizeof(bits));
    (void)walker_meets(self, name, FIELD_F64, bits, 0);
}

static void walk_u32s(void *self, const char *name, uint32_t *values, size_t n)
{
    struct walker *walker = self;
    XXH128_hash_t hash = XXH3_128bits(values, n * sizeof(*values));
    if (walker_meets(walker, name, FIELD_U32S, hash.low64, hash.high64)) {
        walker->found_words = values;
        walker->found_n = n;
    }
}

static void walk_bytes(void *self, const char *name, struct slice *value, size_t max_bytes)
{
    (void)max_bytes;
    struct walker *walker = self;
    XXH128_hash_t hash = XXH3_128bits(value->bytes, value->n_bytes);
    if (walker_meets(walker, name, FIELD_BYTES, hash.low64, hash.high64)) {
        walker->found_bytes = *value;
    }
}

static void walk_begin(void *self, const char *name, int index)
{
    struct walker *walker = self;
    ASSERT(walker->depth < DEPTH_MAX);
    walker->path[walker->depth++] = (struct segment){name, index};
}

static void walk_end(void *self)
{
    struct walker *walker = self;
    ASSERT(walker->depth > 0);
    walker->depth--;
}

static const struct visit_ops walk_ops = {
    .u64 = walk_u64,
    .i64 = walk_i64,
    .f64 = walk_f64,
    .u32s = walk_u32s,
    .bytes = walk_bytes,
    .begin = walk_begin,
    .end = walk_end,
};

/* A visit takes what it could write to; this visitor does not. */
static void walker_walk(struct walker *walker, const struct subject *subject, uint64_t from,
                        uint64_t wanted)
{
    memset(walker, 0, sizeof(*walker));
    walker->visit = (struct visit){.ops = &walk_ops, .self = walker};
    walker->from = from;
    walker->wanted = wanted;
    if (subject->event != NULL) {
        event_visit(&walker->visit, (struct event *)subject->event);
        return;
    }
    advice_visit(&walker->visit, (struct advice *)subject->advice);
    effects_visit(&walker->visit, (struct effects *)subject->effects);
}

static bool word_is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* The word for the value of an enum field, NULL when the field is a number. The name of a kind
 * depends on what it is the kind of. */
static const char *enum_word(const struct walker *walker)
{
    const char *name = walker->found_name;
    uint32_t value = (uint32_t)walker->found_bits;
    const char *owner =
        walker->found_depth == 0 ? "" : walker->found_path[walker->found_depth - 1].name;
    if (word_is(name, "kind")) {
        return word_is(owner, "")          ? event_name((enum event_kind)value)
               : word_is(owner, "advice")  ? advice_name((enum advice_kind)value)
               : word_is(owner, "effects") ? effect_name((enum effect_kind)value)
               : word_is(owner, "record")  ? record_name((enum record_kind)value)
               : word_is(owner, "control") ? control_name((enum control_kind)value)
                                           : NULL;
    }
    if (word_is(name, "verb")) {
        return verb_name((enum verb)value);
    }
    if (word_is(name, "tool")) {
        return tool_name((enum tool)value);
    }
    if (word_is(name, "cause")) {
        return cause_name((enum cause)value);
    }
    if (word_is(name, "symptom")) {
        return symptom_name((enum symptom)value);
    }
    if (word_is(name, "verdict")) {
        return verdict_name((enum verdict)value);
    }
    if (word_is(name, "principal")) {
        return principal_name((enum principal)value);
    }
    if (word_is(name, "recipient")) {
        return role_name((enum role)value);
    }
    if (word_is(name, "refused_layer")) {
        return layer_name(value);
    }
    if (word_is(name, "reason") && word_is(owner, "record")) {
        return refusal_name((enum refusal)value);
    }
    if (word_is(name, "advice_kind")) {
        return advice_name((enum advice_kind)value);
    }
    if (word_is(name, "incident_state")) {
        return incident_state_name((enum incident_state)value);
    }
    if (word_is(name, "action_state")) {
        return action_state_name((enum action_state)value);
    }
    if (word_is(name, "reply_verdict")) {
        return reply_verdict_name((enum reply_verdict)value);
    }
    if (word_is(name, "window") && word_is(owner, "args")) {
        return train_window_name((enum train_window)value);
    }
    return NULL;
}

/* Hostile bytes stay one line: what is not plain ASCII becomes a dot. */
static void put_bytes(struct text *text, struct slice bytes)
{
    text_put_char(text, '"');
    for (size_t i = 0; i < bytes.n_bytes && i < SHOWN_BYTES_MAX; i++) {
        char byte = bytes.bytes[i];
        text_put_char(text, byte >= ' ' && byte <= '~' ? byte : '.');
    }
    text_put(text, "\" (");
    text_put_u64(text, bytes.n_bytes);
    text_put(text, " bytes)");
}

static void put_value(struct text *text, const struct walker *walker, size_t word_i)
{
    double number = 0;
    switch (walker->found_type) {
    case FIELD_U64:
        if (enum_word(walker) != NULL) {
            text_put(text, enum_word(walker));
        } else if (word_is(walker->found_name, "hi") || word_is(walker->found_name, "lo")) {
            text_put_hex64(text, walker->found_bits);
        } else {
            text_put_u64(text, walker->found_bits);
        }
        break;
    case FIELD_I64:
        text_put_i64(text, (int64_t)walker->found_bits);
        break;
    case FIELD_F64:
        memcpy(&number, &walker->found_bits, sizeof(number));
        text_put_fixed(text, number, 6);
        text_put(text, " (0x");
        text_put_hex64(text, walker->found_bits);
        text_put_char(text, ')');
        break;
    case FIELD_U32S:
        text_put_u64(text, walker->found_words[word_i]);
        break;
    case FIELD_BYTES:
        put_bytes(text, walker->found_bytes);
        break;
    case FIELD_NONE:
        text_put(text, "nothing");
        break;
    }
}

static void put_path(struct text *text, const struct walker *walker)
{
    for (uint32_t i = 0; i < walker->found_depth; i++) {
        text_put(text, walker->found_path[i].name);
        if (walker->found_path[i].index >= 0) {
            text_put_char(text, '[');
            text_put_i64(text, walker->found_path[i].index);
            text_put_char(text, ']');
        }
        text_put_char(text, '.');
    }
    text_put(text, walker->found_name);
}

/* Index of the first word that differs; 0 when the fields are no lists. */
static size_t first_word(const struct walker *a, const struct walker *b)
{
    bool are_lists = a->found_type == FIELD_U32S && b->found_type == FIELD_U32S;
    size_t i = 0;
    while (are_lists && i + 1 < a->found_n && a->found_words[i] == b->found_words[i]) {
        i++;
    }
    return i;
}

/* Number of the first field that differs; false when none does. */
static bool first_field(struct walker *a, struct walker *b, const struct subject *subject_a,
                        const struct subject *subject_b, uint64_t *ret_number)
{
    for (uint64_t from = 0;; from += STRETCH) {
        walker_walk(a, subject_a, from, UINT64_MAX);
        walker_walk(b, subject_b, from, UINT64_MAX);
        uint32_t n_marks = a->n_marks < b->n_marks ? a->n_marks : b->n_marks;
        for (uint32_t i = 0; i < n_marks; i++) {
            if (memcmp(&a->marks[i], &b->marks[i], sizeof(a->marks[i])) != 0) {
                *ret_number = from + i;
                return true;
            }
        }
        if (n_marks < STRETCH) {
            /* Counts come before what they count, so equal fields cannot end at different places.
             */
            ASSERT(a->n_fields == b->n_fields);
            return false;
        }
    }
}

static bool describe(const struct subject *subject_a, const struct subject *subject_b,
                     struct text *ret_text)
{
    struct walker a;
    struct walker b;
    uint64_t number = 0;
    if (!first_field(&a, &b, subject_a, subject_b, &number)) {
        return false;
    }
    walker_walk(&a, subject_a, UINT64_MAX, number);
    walker_walk(&b, subject_b, UINT64_MAX, number);
    size_t word_i = first_word(&a, &b);
    put_path(ret_text, &a);
    if (a.found_type == FIELD_U32S) {
        text_put_char(ret_text, '[');
        text_put_u64(ret_text, word_i);
        text_put_char(ret_text, ']');
    }
    text_put(ret_text, ": ");
    put_value(ret_text, &a, word_i);
    text_put(ret_text, " / ");
    put_value(ret_text, &b, word_i);
    return true;
}

bool codec_describe_difference(const struct event *a, const struct event *b, struct text *ret_text)
{
    struct subject subject_a = {.event = a};
    struct subject subject_b = {.event = b};
    return describe(&subject_a, &subject_b, ret_text);
}

bool codec_describe_outcome_difference(const struct advice *advice_a,
                                       const struct effects *effects_a, const struct advice *advice_b,
                                       const struct effects *effects_b, struct text *ret_text)
{
    struct subject subject_a = {.advice = advice_a, .effects = effects_a};
    struct subject subject_b = {.advice = advice_b, .effects = effects_b};
    return describe(&subject_a, &subject_b, ret_text);
}
