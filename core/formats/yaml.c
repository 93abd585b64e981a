/* SPDX-License-Identifier: Apache-2.0 */
/* A strict subset of YAML as a bounded tree, from the events of libyaml. What two readers could read differently is refused:
 * anchors, aliases, tags, directives, merge keys, duplicate keys, further documents, control characters. */
#include "core/formats/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "core/base/assert.h"
#include "core/types/limits.h"

enum {
    FILE_BYTES_MAX = 1 << 20, /* A hundred times the largest file written by hand. */
    NODES_MAX = 20000,        /* Every line of such a file, twice over. */
    DEPTH_MAX = 16,           /* The deepest known file has five levels. */
    SHOWN_BYTES = 48,         /* Of a foreign word in a message. */
    NUMBER_BYTES_MAX = 40,    /* More digits than any number needs. */
    DURATION_DAYS_MAX = 3650, /* Ten years. */
    ACCEPTED_BYTES = 360      /* Of the accepted keys in a message. */
};

_Static_assert(ACCEPTED_BYTES < sizeof(struct err_text), "the list fits its message");

struct yaml {
    char *file;
    char *text; /* Bytes of keys and values. */
    size_t n_text, text_bytes;
    struct yaml_node *nodes;
    uint32_t n_nodes, nodes_max;
};

/* One open list or map. */
struct level {
    struct yaml_node *node, *last_child;
    struct slice key; /* Of the value that comes next, when has_key. */
    yaml_mark_t key_mark;
    bool has_key;
};

struct builder {
    struct yaml *yaml;
    struct err_text *text;
    uint32_t depth;
    struct level levels[DEPTH_MAX];
    bool has_document;
};

/* A foreign word cut to a length that suits a message, at the boundary of a character. */
static const char *shown(struct slice word, char ret_shown[SHOWN_BYTES + 4])
{
    size_t n_bytes = word.n_bytes;
    if (n_bytes > SHOWN_BYTES) {
        n_bytes = SHOWN_BYTES;
        while (n_bytes > 0 && ((unsigned char)word.bytes[n_bytes] & 0xc0u) == 0x80u) {
            n_bytes--;
        }
    }
    struct text text;
    text_init(&text, ret_shown, SHOWN_BYTES + 4);
    text_put_slice(&text, (struct slice){word.bytes, n_bytes});
    if (n_bytes < word.n_bytes) {
        text_put(&text, "...");
    }
    return ret_shown;
}

static enum err refuse(const struct builder *builder, yaml_mark_t mark, const char *what)
{
    return err_set(builder->text, ERR_CONFIG, "%s:%zu:%zu: %s", builder->yaml->file, mark.line + 1,
                   mark.column + 1, what);
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char byte = (unsigned char)text.bytes[i];
        bool is_c1 = byte == 0xc2 && i + 1 < text.n_bytes && (unsigned char)text.bytes[i + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f || is_c1) {
            return true;
        }
    }
    return false;
}

static enum err keep_text(struct builder *builder, const yaml_event_t *event, struct slice *ret_slice)
{
    struct yaml *yaml = builder->yaml;
    struct slice text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    if (has_control(text)) {
        return refuse(builder, event->start_mark,
                      "control characters and line breaks are not allowed in a value");
    }
    ASSERT(text.n_bytes <= yaml->text_bytes - yaml->n_text);
    char *kept = yaml->text + yaml->n_text;
    memcpy(kept, text.bytes, text.n_bytes);
    yaml->n_text += text.n_bytes;
    *ret_slice = (struct slice){kept, text.n_bytes};
    return OK;
}

/* A new node in its place. */
static enum err put_node(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind,
                         struct yaml_node **ret_node)
{
    struct yaml *yaml = builder->yaml;
    if (yaml->n_nodes == yaml->nodes_max) {
        return refuse(builder, event->start_mark, "more than 20000 values");
    }
    struct yaml_node *node = &yaml->nodes[yaml->n_nodes++];
    *node = (struct yaml_node){.kind = kind,
                               .line = (uint32_t)event->start_mark.line + 1,
                               .column = (uint32_t)event->start_mark.column + 1};
    *ret_node = node;
    if (builder->depth == 0) {
        return OK;
    }
    struct level *level = &builder->levels[builder->depth - 1];
    if (level->node->kind == YAML_MAP) {
        node->key = level->key;
        node->key_line = (uint32_t)level->key_mark.line + 1;
        node->key_column = (uint32_t)level->key_mark.column + 1;
        level->has_key = false;
    }
    if (level->last_child == NULL) {
        level->node->first_child = node;
    } else {
        level->last_child->next = node;
    }
    level->last_child = node;
    return OK;
}

static bool wants_key(const struct builder *builder)
{
    const struct level *level = &builder->levels[builder->depth > 0 ? builder->depth - 1 : 0];
    return builder->depth > 0 && level->node->kind == YAML_MAP && !level->has_key;
}

static const struct yaml_node *child_find(const struct yaml_node *map, struct slice key)
{
    for (const struct yaml_node *node = map->first_child; node != NULL; node = node->next) {
        if (slice_equal(node->key, key)) {
            return node;
        }
    }
    return NULL;
}

static enum err put_key(struct builder *builder, const yaml_event_t *event)
{
    struct level *level = &builder->levels[builder->depth - 1];
    struct slice key;
    TRY(keep_text(builder, event, &key));
    if (key.n_bytes == 0) {
        return refuse(builder, event->start_mark, "a key is empty");
    }
    if (slice_equal(key, slice_of("<<"))) {
        return refuse(builder, event->start_mark, "merge keys are not allowed");
    }
    const struct yaml_node *first = child_find(level->node, key);
    if (first != NULL) {
        char word[SHOWN_BYTES + 4];
        return err_set(builder->text, ERR_CONFIG, "%s:%zu:%zu: key '%s' repeats the one of line %u",
                       builder->yaml->file, event->start_mark.line + 1,
                       event->start_mark.column + 1, shown(key, word), first->key_line);
    }
    level->key = key;
    level->key_mark = event->start_mark;
    level->has_key = true;
    return OK;
}

static enum err put_scalar(struct builder *builder, const yaml_event_t *event)
{
    if (event->data.scalar.anchor != NULL) {
        return refuse(builder, event->start_mark, "anchors are not allowed");
    }
    if (event->data.scalar.tag != NULL) {
        return refuse(builder, event->start_mark, "tags are not allowed");
    }
    if (wants_key(builder)) {
        return put_key(builder, event);
    }
    struct yaml_node *node = NULL;
    TRY(put_node(builder, event, YAML_SCALAR, &node));
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return keep_text(builder, event, &node->value);
}

static enum err push_level(struct builder *builder, const yaml_event_t *event, enum yaml_kind kind,
                           bool has_anchor, bool has_tag)
{
    if (has_anchor) {
        return refuse(builder, event->start_mark, "anchors are not allowed");
    }
    if (has_tag) {
        return refuse(builder, event->start_mark, "tags are not allowed");
    }
    if (wants_key(builder)) {
        return refuse(builder, event->start_mark, "a key must be plain text");
    }
    if (builder->depth == DEPTH_MAX) {
        return refuse(builder, event->start_mark, "nested deeper than 16 levels");
    }
    struct yaml_node *node = NULL;
    TRY(put_node(builder, event, kind, &node));
    builder->levels[builder->depth++] = (struct level){.node = node};
    return OK;
}

static enum err begin_document(struct builder *builder, const yaml_event_t *event)
{
    bool has_directives = event->data.document_start.version_directive != NULL ||
                          event->data.document_start.tag_directives.start !=
                              event->data.document_start.tag_directives.end;
    if (has_directives) {
        return refuse(builder, event->start_mark, "directives are not allowed");
    }
    if (builder->has_document) {
        return refuse(builder, event->start_mark, "a second document is not allowed");
    }
    builder->has_document = true;
    return OK;
}

/* *ret_ended becomes true with the end of the stream. */
static enum err put_event(struct builder *builder, const yaml_event_t *event, bool *ret_ended)
{
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
        *ret_ended = true;
        return OK;
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(builder, event);
    case YAML_ALIAS_EVENT:
        return refuse(builder, event->start_mark, "aliases are not allowed");
    case YAML_SCALAR_EVENT:
        return put_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return push_level(builder, event, YAML_LIST, event->data.sequence_start.anchor != NULL,
                          event->data.sequence_start.tag != NULL);
    case YAML_MAPPING_START_EVENT:
        return push_level(builder, event, YAML_MAP, event->data.mapping_start.anchor != NULL,
                          event->data.mapping_start.tag != NULL);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        ASSERT(builder->depth > 0);
        builder->depth--;
        return OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return OK;
    }
    return OK;
}

/* What libyaml says of text that is no YAML. */
static enum err syntax_error(const struct builder *builder, const yaml_parser_t *parser,
                             struct slice bytes)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        return err_set(builder->text, ERR_INTERNAL, "%s: out of memory", builder->yaml->file);
    }
    yaml_mark_t mark = parser->problem_mark;
    if (parser->error == YAML_READER_ERROR) { /* Has an offset in place of a mark. */
        mark = (yaml_mark_t){0};
        for (size_t i = 0; i < parser->problem_offset && i < bytes.n_bytes; i++) {
            bool is_break = bytes.bytes[i] == '\n';
            mark.line += is_break ? 1 : 0;
            mark.column = is_break ? 0 : mark.column + 1;
        }
    }
    char what[160];
    struct text text;
    text_init(&text, what, sizeof(what));
    text_put(&text, "not valid YAML: ");
    text_put(&text, parser->problem != NULL ? parser->problem : "cannot be read");
    if (parser->context != NULL) {
        text_put(&text, " ");
        text_put(&text, parser->context);
    }
    return refuse(builder, mark, what);
}

static enum err build(struct builder *builder, struct slice bytes)
{
    yaml_parser_t parser;
    if (yaml_parser_initialize(&parser) == 0) {
        return err_set(builder->text, ERR_INTERNAL, "%s: out of memory", builder->yaml->file);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.bytes, bytes.n_bytes);
    enum err err = OK;
    bool has_ended = false;
    while (err == OK && !has_ended) {
        yaml_event_t event;
        if (yaml_parser_parse(&parser, &event) == 0) {
            err = syntax_error(builder, &parser, bytes);
        } else {
            err = put_event(builder, &event, &has_ended);
            yaml_event_delete(&event);
        }
    }
    yaml_parser_delete(&parser);
    if (err == OK && builder->yaml->n_nodes == 0) {
        return err_set(builder->text, ERR_CONFIG, "%s:1:1: holds no document", builder->yaml->file);
    }
    return err;
}

enum err yaml_open(const char *name, struct slice bytes, struct yaml **ret_yaml,
                   struct err_text *ret_text)
{
    if (bytes.n_bytes > FILE_BYTES_MAX) {
        return err_set(ret_text, ERR_CONFIG, "%s: %zu bytes of YAML, at most %d are read", name,
                       bytes.n_bytes, FILE_BYTES_MAX);
    }
    struct yaml *yaml = calloc(1, sizeof(*yaml));
    if (yaml == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "%s: out of memory", name);
    }
    /* A value needs a byte at least; an escape of two bytes becomes three (\L) at most. */
    yaml->nodes_max = bytes.n_bytes < NODES_MAX ? (uint32_t)bytes.n_bytes + 1 : NODES_MAX;
    yaml->text_bytes = 2 * bytes.n_bytes + 1;
    yaml->nodes = malloc(yaml->nodes_max * sizeof(*yaml->nodes));
    yaml->text = malloc(yaml->text_bytes);
    yaml->file = strdup(name);
    enum err err = ERR_INTERNAL;
    if (yaml->nodes == NULL || yaml->text == NULL || yaml->file == NULL) {
        err = err_set(ret_text, ERR_INTERNAL, "%s: out of memory", name);
    } else {
        struct builder builder = {.yaml = yaml, .text = ret_text};
        err = build(&builder, bytes);
    }
    if (err != OK) {
        yaml_close(yaml);
        return err;
    }
    *ret_yaml = yaml;
    return OK;
}

void yaml_close(struct yaml *yaml)
{
    free(yaml->file);
    free(yaml->text);
    free(yaml->nodes);
    free(yaml);
}

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
    ASSERT(yaml->n_nodes > 0);
    return &yaml->nodes[0];
}

const char *yaml_file(const struct yaml *yaml) { return yaml->file; }

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    return map->kind == YAML_MAP ? child_find(map, slice_of(key)) : NULL;
}

static const char *kind_word(enum yaml_kind kind)
{
    switch (kind) {
    case YAML_SCALAR:
        return "a single value";
    case YAML_LIST:
        return "a list";
    case YAML_MAP:
        return "a map";
    }
    return "nothing";
}

enum err yaml_check_keys(const struct yaml *yaml, const struct yaml_node *map, const char *what,
                         const char *const *accepted, struct err_text *ret_text)
{
    if (map->kind != YAML_MAP) {
        return yaml_error(yaml, map, ret_text, "%s: expected a map, found %s", what,
                          kind_word(map->kind));
    }
    for (const struct yaml_node *node = map->first_child; node != NULL; node = node->next) {
        const char *const *known = accepted;
        while (*known != NULL && !slice_equal(node->key, slice_of(*known))) {
            known++;
        }
        if (*known != NULL) {
            continue;
        }
        char list[ACCEPTED_BYTES], word[SHOWN_BYTES + 4];
        struct text text;
        text_init(&text, list, sizeof(list));
        for (known = accepted; *known != NULL; known++) {
            text_put(&text, known == accepted ? "" : ", ");
            text_put(&text, *known);
        }
        return err_set(ret_text, ERR_CONFIG, "%s:%u:%u: unknown key '%s' in %s; accepted: %s",
                       yaml->file, node->key_line, node->key_column, shown(node->key, word), what,
                       list);
    }
    return OK;
}

enum err yaml_need(const struct yaml *yaml, const struct yaml_node *map, const char *what,
                   const char *key, const struct yaml_node **ret_node, struct err_text *ret_text)
{
    const struct yaml_node *node = yaml_get(map, key);
    if (node == NULL) {
        return yaml_error(yaml, map, ret_text, "%s: key '%s' is missing", what, key);
    }
    *ret_node = node;
    return OK;
}

enum err yaml_error(const struct yaml *yaml, const struct yaml_node *node,
                    struct err_text *ret_text, const char *format, ...)
{
    char message[sizeof(ret_text->text)];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments); /* Cut is fine. */
    va_end(arguments);
    return err_set(ret_text, ERR_CONFIG, "%s:%u:%u: %s", yaml->file, node->line, node->column,
                   message);
}

/* "expected EXPECTED, found 'word'", with the key when there is one. */
static enum err wrong_type(const struct yaml *yaml, const struct yaml_node *node,
                           struct err_text *ret_text, const char *expected)
{
    char key[SHOWN_BYTES + 4], word[SHOWN_BYTES + 4];
    const char *quote = node->quoted ? "\"" : "'";
    bool has_key = node->key.n_bytes > 0;
    (void)shown(node->key, key);
    if (node->kind != YAML_SCALAR || (node->value.n_bytes == 0 && !node->quoted)) {
        return yaml_error(yaml, node, ret_text, "%s%s%sexpected %s, found %s", has_key ? "'" : "",
                          key, has_key ? "': " : "", expected,
                          node->kind == YAML_SCALAR ? "nothing" : kind_word(node->kind));
    }
    return yaml_error(yaml, node, ret_text, "%s%s%sexpected %s, found %s%s%s", has_key ? "'" : "",
                      key, has_key ? "': " : "", expected, quote, shown(node->value, word), quote);
}

static bool is_plain(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && !node->quoted;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t skip_digits(struct slice text, size_t at)
{
    while (at < text.n_bytes && is_digit(text.bytes[at])) {
        at++;
    }
    return at;
}

/* Digits at the start as a number; false when there are none, a zero leads, or the number leaves 0 .. 2^63-1. */
static bool take_digits(struct slice text, size_t *ret_end, int64_t *ret_value)
{
    size_t end = skip_digits(text, 0);
    if (end == 0 || (end > 1 && text.bytes[0] == '0')) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < end; i++) {
        int64_t digit = text.bytes[i] - '0';
        if (value > (INT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *ret_end = end;
    *ret_value = value;
    return true;
}

enum err yaml_to_i64(const struct yaml *yaml, const struct yaml_node *node, int64_t lo, int64_t hi,
                     int64_t *ret_value, struct err_text *ret_text)
{
    char expected[80];
    (void)snprintf(expected, sizeof(expected), "a whole number from %lld to %lld", (long long)lo,
                   (long long)hi);
    struct slice digits = node->value;
    bool is_negative = is_plain(node) && digits.n_bytes > 0 && digits.bytes[0] == '-';
    if (is_negative) {
        digits.bytes++;
        digits.n_bytes--;
    }
    size_t end = 0;
    int64_t value = 0;
    if (!is_plain(node) || !take_digits(digits, &end, &value) || end != digits.n_bytes) {
        return wrong_type(yaml, node, ret_text, expected);
    }
    value = is_negative ? -value : value;
    if (value < lo || value > hi) {
        return wrong_type(yaml, node, ret_text, expected);
    }
    *ret_value = value;
    return OK;
}

/* [-]digits[.digits][e[+-]digits], the whole text. */
static bool is_decimal(struct slice text)
{
    size_t at = text.n_bytes > 0 && text.bytes[0] == '-' ? 1 : 0;
    size_t end = skip_digits(text, at);
    bool is_sound = end > at;
    if (is_sound && end < text.n_bytes && text.bytes[end] == '.') {
        at = end + 1;
        end = skip_digits(text, at);
        is_sound = end > at;
    }
    if (is_sound && end < text.n_bytes && (text.bytes[end] == 'e' || text.bytes[end] == 'E')) {
        at = end + 1;
        at += at < text.n_bytes && (text.bytes[at] == '-' || text.bytes[at] == '+') ? 1 : 0;
        end = skip_digits(text, at);
        is_sound = end > at;
    }
    return is_sound && end == text.n_bytes;
}

enum err yaml_to_double(const struct yaml *yaml, const struct yaml_node *node, double lo, double hi,
                        double *ret_value, struct err_text *ret_text)
{
    char expected[80], digits[NUMBER_BYTES_MAX];
    (void)snprintf(expected, sizeof(expected), "a number from %g to %g", lo, hi);
    if (!is_plain(node) || !is_decimal(node->value) || node->value.n_bytes >= sizeof(digits)) {
        return wrong_type(yaml, node, ret_text, expected);
    }
    memcpy(digits, node->value.bytes, node->value.n_bytes);
    digits[node->value.n_bytes] = '\0';
    double value = strtod(digits, NULL); /* The locale is always C: nobody sets another. */
    if (!(value >= lo && value <= hi)) {
        return wrong_type(yaml, node, ret_text, expected);
    }
    *ret_value = value;
    return OK;
}

enum err yaml_to_bool(const struct yaml *yaml, const struct yaml_node *node, bool *ret_value,
                      struct err_text *ret_text)
{
    bool is_true = is_plain(node) && slice_equal(node->value, slice_of("true"));
    bool is_false = is_plain(node) && slice_equal(node->value, slice_of("false"));
    if (!is_true && !is_false) {
        return wrong_type(yaml, node, ret_text, "true or false");
    }
    *ret_value = is_true;
    return OK;
}

enum err yaml_to_duration(const struct yaml *yaml, const struct yaml_node *node, int64_t *ret_ns,
                          struct err_text *ret_text)
{
    static const struct unit {
        const char *word;
        int64_t ns;
    } units[] = {
        {"ms", NS_PER_MS},  {"s", NS_PER_S},   {"min", NS_PER_MIN},
        {"h", NS_PER_HOUR}, {"d", NS_PER_DAY},
    };
    static const char expected[] = "a duration such as 250ms, 90s, 5min, 2h or 3d, at most 3650d";
    size_t end = 0;
    int64_t value = 0;
    if (!is_plain(node) || !take_digits(node->value, &end, &value)) {
        return wrong_type(yaml, node, ret_text, expected);
    }
    struct slice unit = {node->value.bytes + end, node->value.n_bytes - end};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        bool is_it = slice_equal(unit, slice_of(units[i].word));
        if (is_it && value <= DURATION_DAYS_MAX * NS_PER_DAY / units[i].ns) {
            *ret_ns = value * units[i].ns;
            return OK;
        }
    }
    return wrong_type(yaml, node, ret_text, expected);
}

enum err yaml_to_chars(const struct yaml *yaml, const struct yaml_node *node, char *ret_chars,
                       size_t capacity, struct err_text *ret_text)
{
    char expected[48];
    (void)snprintf(expected, sizeof(expected), "text of 1 to %zu bytes", capacity - 1);
    if (node->kind != YAML_SCALAR || node->value.n_bytes == 0 || node->value.n_bytes >= capacity) {
        return wrong_type(yaml, node, ret_text, expected);
    }
    memcpy(ret_chars, node->value.bytes, node->value.n_bytes);
    memset(ret_chars + node->value.n_bytes, 0,
           capacity - node->value.n_bytes); /* Digests cover all of it. */
    return OK;
}
