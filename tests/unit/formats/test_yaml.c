/* SPDX-License-Identifier: Apache-2.0 */
/* The strict subset of YAML: what is read, where it stood, and what is refused by name and place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/yaml.h"
#include "core/types/limits.h"

static struct yaml *yaml;
static struct err_text text;

static const struct yaml_node *opened(const char *document)
{
    if (yaml_open("f.yaml", slice_of(document), &yaml, &text) != OK) {
        fail_msg("%s", text.text);
    }
    return yaml_root(yaml);
}

static void assert_refused_bytes(struct slice bytes, const char *message)
{
    struct yaml *refused = NULL;
    memset(&text, 0, sizeof(text));
    assert_int_equal(yaml_open("f.yaml", bytes, &refused, &text), ERR_CONFIG);
    assert_null(refused);
    assert_string_equal(text.text, message);
}

static void assert_refused(const char *document, const char *message)
{
    assert_refused_bytes(slice_of(document), message);
}

static void assert_chars(struct slice value, const char *wanted)
{
    assert_true(slice_equal(value, slice_of(wanted)));
}

static void tree_when_sound_knows_keys_values_and_places(void **state)
{
    (void)state;
    const struct yaml_node *root = opened("# a comment\n"
                                          "name: fleet\n"
                                          "models:\n"
                                          "  - {name: fraud, share: 0.5}\n"
                                          "  - 'two words'\n"
                                          "note: \"a: b\"\n");
    assert_int_equal(root->kind, YAML_MAP);
    const struct yaml_node *name = yaml_get(root, "name");
    assert_chars(name->value, "fleet");
    assert_int_equal(name->line, 2);
    assert_int_equal(name->column, 7);
    assert_int_equal(name->key_line, 2);
    assert_int_equal(name->key_column, 1);
    assert_false(name->quoted);
    const struct yaml_node *models = yaml_get(root, "models");
    assert_int_equal(models->kind, YAML_LIST);
    assert_int_equal(models->key_line, 3);
    assert_int_equal(models->line, 4);
    const struct yaml_node *first = models->first_child;
    assert_int_equal(first->kind, YAML_MAP);
    assert_int_equal(first->key.n_bytes, 0);
    assert_int_equal(first->line, 4);
    assert_int_equal(first->column, 5);
    assert_chars(yaml_get(first, "share")->value, "0.5");
    assert_chars(first->next->value, "two words");
    assert_true(first->next->quoted);
    assert_null(first->next->next);
    assert_chars(yaml_get(root, "note")->value, "a: b");
    assert_null(yaml_get(root, "nam"));
    assert_null(yaml_get(models, "name"));
    assert_string_equal(yaml_file(yaml), "f.yaml");
    yaml_close(yaml);
}

static void tree_when_the_bytes_go_away_stays(void **state)
{
    (void)state;
    char *bytes = malloc(8);
    assert_non_null(bytes);
    memcpy(bytes, "key: abc", 8);
    assert_int_equal(yaml_open("f.yaml", (struct slice){bytes, 8}, &yaml, &text), OK);
    free(bytes);
    assert_chars(yaml_get(yaml_root(yaml), "key")->value, "abc");
    yaml_close(yaml);
}

static void document_when_outside_the_subset_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_refused("", "f.yaml:1:1: holds no document");
    assert_refused("# nothing\n", "f.yaml:1:1: holds no document");
    assert_refused("a: &x 1\n", "f.yaml:1:4: anchors are not allowed");
    assert_refused("a: &x [1]\n", "f.yaml:1:4: anchors are not allowed");
    assert_refused("a: &x {b: 1}\n", "f.yaml:1:4: anchors are not allowed");
    assert_refused("&x a: 1\n", "f.yaml:1:1: anchors are not allowed");
    assert_refused("a: *x\n", "f.yaml:1:4: aliases are not allowed");
    assert_refused("a: !!str 1\n", "f.yaml:1:4: tags are not allowed");
    assert_refused("a: !mine [1]\n", "f.yaml:1:4: tags are not allowed");
    assert_refused("a: ! x\n", "f.yaml:1:4: tags are not allowed");
    assert_refused("%YAML 1.1\n---\na: 1\n", "f.yaml:1:1: directives are not allowed");
    assert_refused("%TAG ! tag:x,2000:\n---\na: 1\n", "f.yaml:1:1: directives are not allowed");
    assert_refused("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document is not allowed");
    assert_refused("a: 1\n<<: {b: 2}\n", "f.yaml:2:1: merge keys are not allowed");
    assert_refused("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: key 'a' repeats the one of line 1");
    assert_refused("a: 1\n\"a\": 3\n", "f.yaml:2:1: key 'a' repeats the one of line 1");
    assert_refused("? [a]\n: 1\n", "f.yaml:1:3: a key must be plain text");
    assert_refused("? {a: 1}\n: 1\n", "f.yaml:1:3: a key must be plain text");
    assert_refused("'': 1\n", "f.yaml:1:1: a key is empty");
    assert_refused("a: \"x\\0y\"\n",
                   "f.yaml:1:4: control characters and line breaks are not allowed in a value");
    assert_refused("\"a\\e[31m\": x\n",
                   "f.yaml:1:1: control characters and line breaks are not allowed in a value");
    assert_refused("a: |\n  two\n  lines\n",
                   "f.yaml:1:4: control characters and line breaks are not allowed in a value");
    assert_refused("a: \"\\u009b\"\n",
                   "f.yaml:1:4: control characters and line breaks are not allowed in a value");
}

static void document_when_it_is_no_yaml_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_refused(
        "a: [1, 2\nb: 3\n",
        "f.yaml:2:2: not valid YAML: did not find expected ',' or ']' while parsing a flow sequence");
    assert_refused("a: 'open\n",
                   "f.yaml:2:1: not valid YAML: found unexpected end of stream while scanning a "
                   "quoted scalar");
    assert_refused("\ta: 1\n",
                   "f.yaml:1:1: not valid YAML: found character that cannot start any token while "
                   "scanning for the next token");
    assert_refused("a: 1\nb: \x01\n",
                   "f.yaml:2:4: not valid YAML: control characters are not allowed");
    assert_refused("a: 1\nb: \xff\n", "f.yaml:2:4: not valid YAML: invalid leading UTF-8 octet");
    assert_refused_bytes((struct slice){"a\0b", 3},
                         "f.yaml:1:2: not valid YAML: control characters are not allowed");
}

static void document_when_beyond_a_ceiling_is_refused(void **state)
{
    (void)state;
    assert_refused("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n",
                   "f.yaml:1:17: nested deeper than 16 levels");
    const struct yaml_node *root = opened("[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n");
    assert_int_equal(root->kind, YAML_LIST);
    yaml_close(yaml);
    enum { N_BYTES = (1 << 20) + 1 };
    char *bytes = malloc(N_BYTES);
    assert_non_null(bytes);
    memset(bytes, ' ', N_BYTES);
    assert_refused_bytes((struct slice){bytes, N_BYTES},
                         "f.yaml: 1048577 bytes of YAML, at most 1048576 are read");
    for (size_t i = 0; i < 80000; i += 4) {
        memcpy(bytes + i, "- 1\n", 4);
    }
    assert_refused_bytes((struct slice){bytes, 80000}, "f.yaml:20000:3: more than 20000 values");
    assert_int_equal(yaml_open("f.yaml", (struct slice){bytes, 79996}, &yaml, &text), OK);
    yaml_close(yaml);
    free(bytes);
}

static void keys_when_unknown_are_refused_with_the_accepted_ones(void **state)
{
    (void)state;
    static const char *const accepted[] = {"name", "window", NULL};
    const struct yaml_node *root = opened("name: x\nwindw: 5min\n");
    assert_int_equal(yaml_check_keys(yaml, root, "deployment", accepted, &text), ERR_CONFIG);
    assert_string_equal(text.text,
                        "f.yaml:2:1: unknown key 'windw' in deployment; accepted: name, window");
    const struct yaml_node *name = yaml_get(root, "name");
    assert_int_equal(yaml_check_keys(yaml, name, "model", accepted, &text), ERR_CONFIG);
    assert_string_equal(text.text, "f.yaml:1:7: model: expected a map, found a single value");
    yaml_close(yaml);
    root = opened("window: 5min\n");
    assert_int_equal(yaml_check_keys(yaml, root, "deployment", accepted, &text), OK);
    const struct yaml_node *node = NULL;
    assert_int_equal(yaml_need(yaml, root, "deployment", "window", &node, &text), OK);
    assert_chars(node->value, "5min");
    assert_int_equal(yaml_need(yaml, root, "deployment", "name", &node, &text), ERR_CONFIG);
    assert_string_equal(text.text, "f.yaml:1:1: deployment: key 'name' is missing");
    yaml_close(yaml);
}

static void key_when_long_is_cut_in_the_message(void **state)
{
    (void)state;
    static const char *const accepted[] = {"a", NULL};
    const struct yaml_node *root =
        opened("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xa9zzzz: 1\n");
    assert_int_equal(yaml_check_keys(yaml, root, "map", accepted, &text), ERR_CONFIG);
    assert_string_equal(text.text,
                        "f.yaml:1:1: unknown key 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' "
                        "in map; accepted: a");
    yaml_close(yaml);
}

struct number {
    const char *value;
    bool is_sound;
    int64_t wanted;
};

static void i64_when_whole_plain_and_in_range_is_read(void **state)
{
    (void)state;
    static const struct number numbers[] = {
        {"0", true, 0},     {"-7", true, -7},
        {"100", true, 100}, {"-100", true, -100},
        {"101", false, 0},  {"-101", false, 0},
        {"07", false, 0},   {"0x10", false, 0},
        {"1.0", false, 0},  {"1e1", false, 0},
        {"+1", false, 0},   {"'1'", false, 0},
        {"1_0", false, 0},  {"", false, 0},
        {"-x", false, 0},   {"99999999999999999999", false, 0},
        {"[1]", false, 0},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char document[64] = "n: ";
        strncat(document, numbers[i].value, 40);
        const struct yaml_node *root = opened(document);
        int64_t value = 42;
        enum err err = yaml_to_i64(yaml, yaml_get(root, "n"), -100, 100, &value, &text);
        assert_int_equal(err, numbers[i].is_sound ? OK : ERR_CONFIG);
        assert_true(value == (numbers[i].is_sound ? numbers[i].wanted : 42));
        yaml_close(yaml);
    }
    const struct yaml_node *root = opened("n: 101");
    int64_t value = 0;
    assert_int_equal(yaml_to_i64(yaml, yaml_get(root, "n"), -100, 100, &value, &text), ERR_CONFIG);
    assert_string_equal(text.text,
                        "f.yaml:1:4: 'n': expected a whole number from -100 to 100, found '101'");
    yaml_close(yaml);
}

static void double_when_finite_plain_and_in_range_is_read(void **state)
{
    (void)state;
    static const char *const refused[] = {"nan",    ".nan", "inf", "-.inf", "1e999",   "1e7",
                                          "0x1p3",  "1.",   ".5",  "'1'",   "1,5",     "",
                                          "{a: 1}", "1e",   "--1", "1 2",   "-1000001"};
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char document[64] = "n: ";
        strncat(document, refused[i], 40);
        const struct yaml_node *root = opened(document);
        double value = 42.0;
        assert_int_equal(yaml_to_double(yaml, yaml_get(root, "n"), -1e6, 1e6, &value, &text),
                         ERR_CONFIG);
        assert_true(value == 42.0);
        yaml_close(yaml);
    }
    const struct yaml_node *root = opened("[0.1, -2, 1e6, 2.5E-3]");
    static const double wanted[] = {0.1, -2.0, 1e6, 2.5e-3};
    size_t i = 0;
    for (const struct yaml_node *node = root->first_child; node != NULL; node = node->next) {
        double value = 0.0;
        assert_int_equal(yaml_to_double(yaml, node, -1e6, 1e6, &value, &text), OK);
        assert_true(value == wanted[i++]);
    }
    assert_int_equal(i, 4);
    yaml_close(yaml);
}

static void bool_when_true_or_false_is_read_and_nothing_else(void **state)
{
    (void)state;
    const struct yaml_node *root = opened("[true, false, yes, True, 1, 'true']");
    const struct yaml_node *node = root->first_child;
    bool value = false;
    assert_int_equal(yaml_to_bool(yaml, node, &value, &text), OK);
    assert_true(value);
    node = node->next;
    assert_int_equal(yaml_to_bool(yaml, node, &value, &text), OK);
    assert_false(value);
    for (node = node->next; node != NULL; node = node->next) {
        assert_int_equal(yaml_to_bool(yaml, node, &value, &text), ERR_CONFIG);
    }
    assert_string_equal(text.text, "f.yaml:1:29: expected true or false, found \"true\"");
    yaml_close(yaml);
}

static void duration_when_a_number_with_a_unit_is_nanoseconds(void **state)
{
    (void)state;
    const struct yaml_node *root = opened("[250ms, 90s, 5min, 2h, 3d, 0s, 3650d]");
    static const int64_t wanted[] = {250 * NS_PER_MS,  90 * NS_PER_S,  5 * NS_PER_MIN,
                                     2 * NS_PER_HOUR,  3 * NS_PER_DAY, 0,
                                     3650 * NS_PER_DAY};
    size_t i = 0;
    int64_t ns = 0;
    for (const struct yaml_node *node = root->first_child; node != NULL; node = node->next) {
        assert_int_equal(yaml_to_duration(yaml, node, &ns, &text), OK);
        assert_true(ns == wanted[i++]);
    }
    assert_int_equal(i, 7);
    yaml_close(yaml);
    root = opened("[5, 5m, 1.5h, -1s, 5 min, '5s', min, 3651d, 99999999999999999999s, [1s]]");
    for (const struct yaml_node *node = root->first_child; node != NULL; node = node->next) {
        ns = 42;
        assert_int_equal(yaml_to_duration(yaml, node, &ns, &text), ERR_CONFIG);
        assert_true(ns == 42);
    }
    yaml_close(yaml);
}

static void chars_when_they_fit_are_copied_and_padded(void **state)
{
    (void)state;
    const struct yaml_node *root = opened("[abcd, '0', abcde, '', [a]]");
    char chars[5];
    memset(chars, 'x', sizeof(chars));
    const struct yaml_node *node = root->first_child;
    assert_int_equal(yaml_to_chars(yaml, node, chars, sizeof(chars), &text), OK);
    assert_string_equal(chars, "abcd");
    node = node->next;
    assert_int_equal(yaml_to_chars(yaml, node, chars, sizeof(chars), &text), OK);
    assert_memory_equal(chars, "0\0\0\0\0", 5);
    for (node = node->next; node != NULL; node = node->next) {
        assert_int_equal(yaml_to_chars(yaml, node, chars, sizeof(chars), &text), ERR_CONFIG);
    }
    assert_string_equal(text.text, "f.yaml:1:24: expected text of 1 to 4 bytes, found a list");
    yaml_close(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tree_when_sound_knows_keys_values_and_places),
        cmocka_unit_test(tree_when_the_bytes_go_away_stays),
        cmocka_unit_test(document_when_outside_the_subset_is_refused_with_its_place),
        cmocka_unit_test(document_when_it_is_no_yaml_is_refused_with_its_place),
        cmocka_unit_test(document_when_beyond_a_ceiling_is_refused),
        cmocka_unit_test(keys_when_unknown_are_refused_with_the_accepted_ones),
        cmocka_unit_test(key_when_long_is_cut_in_the_message),
        cmocka_unit_test(i64_when_whole_plain_and_in_range_is_read),
        cmocka_unit_test(double_when_finite_plain_and_in_range_is_read),
        cmocka_unit_test(bool_when_true_or_false_is_read_and_nothing_else),
        cmocka_unit_test(duration_when_a_number_with_a_unit_is_nanoseconds),
        cmocka_unit_test(chars_when_they_fit_are_copied_and_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
