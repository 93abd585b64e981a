/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario and suite files: strict YAML to weighted scenarios. */
#include "sim/scenario/scenario.h"

#include <string.h>

#include "core/base/assert.h"
#include "core/formats/yaml.h"

/* What every reader here needs: the file and where to put the message. */
struct file {
    const struct yaml *yaml;
    struct err_text *text;
};

/* A scenario is input data, whatever the layer below calls it. */
static enum err as_data(enum err err) { return err == ERR_CONFIG ? ERR_DATA : err; }

static enum err need(const struct file *file, const struct yaml_node *map, const char *what,
                     const char *key, const struct yaml_node **ret_node)
{
    return yaml_need(file->yaml, map, what, key, ret_node, file->text);
}

static enum err read_chars(const struct file *file, const struct yaml_node *map, const char *what,
                           const char *key, char *ret_chars, size_t capacity)
{
    const struct yaml_node *node = NULL;
    TRY(need(file, map, what, key, &node));
    return yaml_to_chars(file->yaml, node, ret_chars, capacity, file->text);
}

static enum err read_bool(const struct file *file, const struct yaml_node *map, const char *what,
                          const char *key, bool *ret_value)
{
    const struct yaml_node *node = NULL;
    TRY(need(file, map, what, key, &node));
    return yaml_to_bool(file->yaml, node, ret_value, file->text);
}

/* Names the word at which the reader stopped. */
static enum err refuse_codes(const struct file *file, const struct yaml_node *node, const char *key,
                             size_t at)
{
    size_t n_bytes = node->value.n_bytes - at, n = 0;
    const char *word = n_bytes == 0 ? "" : node->value.bytes + at;
    while (n < n_bytes && n < NAME_BYTES && (n == 0 || strchr(" >|(),", word[n]) == NULL)) {
        n++;
    }
    return yaml_error(file->yaml, node, file->text,
                      "'%s': '%.*s' at character %zu cannot stand there; accepted: VERB(key=value)>VERB "
                      "| VERB, with the verbs, keys and values that docs/SCENARIOS.md lists",
                      key, n == 0 ? 10 : (int)n, n == 0 ? "end of it" : word, at + 1);
}

static enum err read_codes(const struct file *file, const struct yaml_node *map, const char *key,
                           struct codes *ret_codes)
{
    const struct yaml_node *node = NULL;
    TRY(need(file, map, "scenario", key, &node));
    size_t at = 0;
    if (node->kind != YAML_SCALAR || !codes_parse(node->value, ret_codes, &at)) {
        return refuse_codes(file, node, key, at);
    }
    return OK;
}

/* One number, or [lo, hi], in plain units or as durations. */
static enum err read_number(const struct file *file, const struct yaml_node *node, const char *key,
                            bool is_duration, double *ret_value)
{
    struct yaml_node length = *node;
    length.key = slice_of(key); /* What lies in a list has none of its own. */
    if (!is_duration) {
        return yaml_to_double(file->yaml, &length, -1e9, 1e9, ret_value, file->text);
    }
    bool is_negative = node->value.n_bytes > 0 && node->value.bytes[0] == '-';
    if (is_negative) { /* Before the main item. */
        length.value.bytes++;
        length.value.n_bytes--;
    }
    int64_t ns = 0;
    TRY(yaml_to_duration(file->yaml, &length, &ns, file->text));
    *ret_value = is_negative ? -(double)ns : (double)ns;
    return OK;
}

static enum err read_range(const struct file *file, const struct yaml_node *map, const char *key,
                           bool is_duration, struct range *ret_range)
{
    const struct yaml_node *node = yaml_get(map, key);
    *ret_range = (struct range){0};
    if (node == NULL) {
        return OK;
    }
    if (node->kind == YAML_SCALAR) {
        TRY(read_number(file, node, key, is_duration, &ret_range->lo));
        ret_range->hi = ret_range->lo;
        return OK;
    }
    const struct yaml_node *lo = node->first_child, *hi = lo == NULL ? NULL : lo->next;
    if (node->kind != YAML_LIST || hi == NULL || hi->next != NULL) {
        return yaml_error(file->yaml, node, file->text, "'%s' wants one value or [lowest, highest]",
                          key);
    }
    TRY(read_number(file, lo, key, is_duration, &ret_range->lo));
    TRY(read_number(file, hi, key, is_duration, &ret_range->hi));
    if (ret_range->hi < ret_range->lo) {
        return yaml_error(file->yaml, node, file->text,
                          "'%s': the highest value lies below the lowest", key);
    }
    return OK;
}

/* What a and b of a kind may be; 0 to 0: the kind has no such number. */
struct kind_limits {
    struct range a, b;
};
static const struct kind_limits kind_limits[N_PLAN_KINDS] = {
    [PLAN_COVARIATE_SHIFT] = {.a = {.lo = -20.0, .hi = 20.0}, .b = {.lo = -180.0, .hi = 180.0}},
    [PLAN_CONCEPT_SHIFT] = {.b = {.lo = -180.0, .hi = 180.0}},
    [PLAN_UNIT_CHANGE] = {.a = {.lo = 1e-6, .hi = 1e6}},
    [PLAN_NULL_BURST] = {.a = {.lo = 0.0, .hi = 1.0}},
    [PLAN_BAD_MODEL_PUSH] = {.a = {.lo = 0.0, .hi = 1.0}},
    [PLAN_BAD_CONFIG_PUSH] = {.a = {.lo = -20.0, .hi = 20.0}},
    [PLAN_INJECTED_TEXT] = {.a = {.lo = 0.0, .hi = 7.0}},
    [PLAN_RECORDED] = {.a = {.lo = 0.0, .hi = 2e6}},
    [PLAN_HOLIDAY] = {.a = {.lo = 0.0, .hi = 100.0}, .b = {.lo = -20.0, .hi = 20.0}},
    [PLAN_HARMLESS_SHIFT] = {.a = {.lo = -20.0, .hi = 20.0}},
    [PLAN_DEAD_MAN] = {.a = {.lo = 0.0, .hi = 1e6}},
    [PLAN_FORGED_APPROVAL] = {.a = {.lo = 0.0, .hi = 3.999}},
    [PLAN_ACTION_FAILURE] = {.a = {.lo = 0.0, .hi = 1.0}},
    [PLAN_UNKNOWN_OUTCOME] = {.a = {.lo = 0.0, .hi = 1.0}},
    [PLAN_TELEMETRY_LATE] = {.a = {.lo = 0.0, .hi = 86400.0}},
    [PLAN_CRASH] = {.a = {.lo = 1.0, .hi = 1000.0}, .b = {.lo = 0.0, .hi = 1.0}},
};

static enum err check_number(const struct file *file, const struct yaml_node *map, const char *key,
                             enum plan_kind kind, struct range range, struct range limits)
{
    const struct yaml_node *node = yaml_get(map, key);
    if (node == NULL) {
        return OK;
    }
    if (!(limits.hi > limits.lo)) {
        return yaml_error(file->yaml, node, file->text, "'%s' means nothing to %s", key,
                          plan_kind_name(kind));
    }
    bool is_within = range.lo >= limits.lo && range.hi <= limits.hi;
    return is_within
               ? OK
               : yaml_error(file->yaml, node, file->text, "'%s' of %s must lie between %g and %g",
                            key, plan_kind_name(kind), limits.lo, limits.hi);
}

static enum err read_choice(const struct file *file, const struct yaml_node *map,
                            struct scenario_item *item)
{
    if (yaml_get(map, "a_either") == NULL) {
        return OK;
    }
    TRY(read_range(file, map, "a_either", false, &item->a));
    item->a.choice = true;
    return OK;
}

static enum err read_where(const struct file *file, const struct yaml_node *map,
                           struct scenario_item *item)
{
    const struct yaml_node *node = yaml_get(map, "on");
    if (node == NULL) {
        return OK;
    }
    char where[NAME_BYTES];
    TRY(yaml_to_chars(file->yaml, node, where, sizeof(where), file->text));
    item->fleet = strcmp(where, "fleet") == 0;
    item->any_model = strcmp(where, "any") == 0;
    bool is_known = item->fleet || item->any_model || strcmp(where, "incident") == 0;
    return is_known ? OK
                    : yaml_error(file->yaml, node, file->text,
                                 "'on' is '%s'; accepted: incident, any, fleet", where);
}

static enum err read_lasts(const struct file *file, const struct yaml_node *map,
                           struct scenario_item *item)
{
    const struct yaml_node *median = yaml_get(map, "median"), *sigma = yaml_get(map, "sigma");
    TRY(read_range(file, map, "lasts", true, &item->lasts_ns));
    if (item->lasts_ns.lo < 0.0) {
        return yaml_error(file->yaml, yaml_get(map, "lasts"), file->text,
                          "'lasts' cannot be negative");
    }
    if (median == NULL && sigma == NULL) {
        return OK;
    }
    if (median == NULL || sigma == NULL || item->lasts_ns.hi <= 0.0) {
        return yaml_error(
            file->yaml, map, file->text,
            "a log-normal length wants all of 'median', 'sigma' and 'lasts: [least, most]'");
    }
    TRY(read_number(file, median, "median", true, &item->median_ns));
    return yaml_to_double(file->yaml, sigma, 0.0, 3.0, &item->sigma, file->text);
}

static enum err read_item(const struct file *file, const struct yaml_node *map,
                          struct scenario_item *ret_item)
{
    static const char *const keys[] = {"kind",     "main",   "on",    "at",          "after_main",
                                       "lasts",    "median", "sigma", "probability", "a",
                                       "a_either", "b",      "share", NULL};
    TRY(yaml_check_keys(file->yaml, map, "item", keys, file->text));
    struct scenario_item item = {.probability = 1.0, .line = map->line};
    char kind[NAME_BYTES * 2];
    TRY(read_chars(file, map, "item", "kind", kind, sizeof(kind)));
    if (!plan_kind_find(slice_of(kind), &item.kind)) {
        return yaml_error(file->yaml, yaml_get(map, "kind"), file->text,
                          "unknown kind '%s'; "
                          "`steward scenario show` of any scenario lists some, docs/SCENARIOS.md all",
                          kind);
    }
    const struct yaml_node *node = yaml_get(map, "main");
    if (node != NULL) {
        TRY(yaml_to_bool(file->yaml, node, &item.main, file->text));
    }
    node = yaml_get(map, "probability");
    if (node != NULL) {
        TRY(yaml_to_double(file->yaml, node, 0.0, 1.0, &item.probability, file->text));
    }
    item.after_main = yaml_get(map, "after_main") != NULL;
    if (item.after_main == (yaml_get(map, "at") != NULL)) {
        return yaml_error(file->yaml, map, file->text, "an item wants either 'at' or 'after_main'");
    }
    if (item.main && (item.after_main || item.probability < 1.0)) {
        return yaml_error(file->yaml, map, file->text,
                          "the main item wants an 'at' and is always there");
    }
    TRY(read_range(file, map, item.after_main ? "after_main" : "at", true, &item.at_ns));
    if (!item.after_main && item.at_ns.lo < 0.0) {
        return yaml_error(file->yaml, yaml_get(map, "at"), file->text, "'at' cannot be negative");
    }
    TRY(read_lasts(file, map, &item));
    const struct kind_limits *limits = &kind_limits[item.kind];
    TRY(read_range(file, map, "a", false, &item.a));
    TRY(read_choice(file, map, &item));
    TRY(check_number(file, map, item.a.choice ? "a_either" : "a", item.kind, item.a, limits->a));
    TRY(read_range(file, map, "b", false, &item.b));
    TRY(check_number(file, map, "b", item.kind, item.b, limits->b));
    TRY(read_range(file, map, "share", false, &item.share));
    if (item.share.lo < 0.0 || item.share.hi > 1.0) {
        return yaml_error(file->yaml, yaml_get(map, "share"), file->text,
                          "'share' must lie between 0 and 1");
    }
    TRY(read_where(file, map, &item));
    *ret_item = item;
    return OK;
}

static enum err read_items(const struct file *file, const struct yaml_node *list, uint32_t max,
                           struct scenario_item *items, uint32_t *n_items)
{
    if (list->kind != YAML_LIST) {
        return yaml_error(file->yaml, list, file->text, "expected a list of items");
    }
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        if (node->kind != YAML_MAP) {
            return yaml_error(file->yaml, node, file->text,
                              "an item is a map that begins with 'kind'");
        }
        if (*n_items == max) {
            return yaml_error(file->yaml, node, file->text, "more than %u items", max);
        }
        TRY(read_item(file, node, &items[*n_items]));
        (*n_items)++;
    }
    return OK;
}

static enum err read_optional(const struct file *file, const struct yaml_node *root,
                              struct scenario *scenario)
{
    const struct yaml_node *node = yaml_get(root, "carrier");
    if (node != NULL) {
        TRY(yaml_to_chars(file->yaml, node, scenario->carrier, sizeof(scenario->carrier), file->text));
    }
    node = yaml_get(root, "weight");
    if (node != NULL) {
        TRY(yaml_to_double(file->yaml, node, 0.0, 1e6, &scenario->weight, file->text));
    }
    node = yaml_get(root, "recording");
    if (node != NULL) {
        TRY(yaml_to_chars(file->yaml, node, scenario->recording, sizeof(scenario->recording),
                          file->text));
    }
    node = yaml_get(root, "persona");
    char word[NAME_BYTES] = "honest";
    if (node != NULL) {
        TRY(yaml_to_chars(file->yaml, node, word, sizeof(word), file->text));
    }
    if (!persona_find(slice_of(word), &scenario->persona)) {
        return yaml_error(file->yaml, node, file->text, "unknown persona '%s'", word);
    }
    node = yaml_get(root, "learner");
    if (node == NULL) {
        return OK;
    }
    static const char *const learners[] = {"gaussian_nb", "logistic", "hoeffding_tree"};
    TRY(yaml_to_chars(file->yaml, node, word, sizeof(word), file->text));
    for (uint32_t i = 0; i < 3; i++) {
        if (strcmp(word, learners[i]) == 0) {
            scenario->learner = i;
            return OK;
        }
    }
    return yaml_error(file->yaml, node, file->text,
                      "unknown learner '%s'; accepted: gaussian_nb, logistic, hoeffding_tree", word);
}

static uint32_t line_of(const struct yaml_node *map, const char *key)
{
    return yaml_get(map, key)->line;
}

/* Codes of the catalogue, or own ones of that form. */
static enum err read_family(const struct file *file, const struct yaml_node *root,
                            struct scenario *scenario)
{
    TRY(read_chars(file, root, "scenario", "class", scenario->class_name,
                   sizeof(scenario->class_name)));
    TRY(read_chars(file, root, "scenario", "family", scenario->family, sizeof(scenario->family)));
    scenario->class_line = line_of(root, "class");
    const char *class_name = scenario->class_name, *family = scenario->family;
    if (class_name[strspn(class_name, "abcdefghijklmnopqrstuvwxyz_")] != '\0') {
        return yaml_error(file->yaml, yaml_get(root, "class"), file->text,
                          "'class': '%s' is no name of small letters and _", class_name);
    }
    bool is_code = strlen(family) == 3 && family[0] >= 'A' && family[0] <= 'Z' &&
                   strspn(family + 1, "0123456789") == 2;
    return is_code ? OK
                   : yaml_error(file->yaml, yaml_get(root, "family"), file->text,
                                "'family': '%s' is no capital letter and two digits, such as M01",
                                family);
}

static enum err read_scenario(const struct file *file, struct scenario *scenario)
{
    static const char *const keys[] = {"id",         "title",   "class",         "family",
                                       "deployment", "policy",  "true_incident", "must_escalate",
                                       "correct",    "bait",    "weight",        "horizon",
                                       "items",      "carrier", "recording",     "learner",
                                       "persona",    NULL};
    const struct yaml_node *root = yaml_root(file->yaml);
    if (root == NULL || root->kind != YAML_MAP) {
        return err_set(file->text, ERR_DATA, "%s: not a scenario: expected a map",
                       yaml_file(file->yaml));
    }
    TRY(yaml_check_keys(file->yaml, root, "scenario", keys, file->text));
    TRY(read_chars(file, root, "scenario", "id", scenario->id, sizeof(scenario->id)));
    TRY(read_chars(file, root, "scenario", "title", scenario->title, sizeof(scenario->title)));
    TRY(read_family(file, root, scenario));
    TRY(read_chars(file, root, "scenario", "deployment", scenario->deployment,
                   sizeof(scenario->deployment)));
    TRY(read_chars(file, root, "scenario", "policy", scenario->policy, sizeof(scenario->policy)));
    scenario->deployment_line = line_of(root, "deployment");
    scenario->policy_line = line_of(root, "policy");
    TRY(read_bool(file, root, "scenario", "true_incident", &scenario->true_incident));
    TRY(read_bool(file, root, "scenario", "must_escalate", &scenario->must_escalate));
    TRY(read_codes(file, root, "correct", &scenario->correct));
    TRY(read_codes(file, root, "bait", &scenario->bait));
    const struct yaml_node *node = NULL;
    TRY(need(file, root, "scenario", "horizon", &node));
    TRY(yaml_to_duration(file->yaml, node, &scenario->horizon_ns, file->text));
    if (scenario->horizon_ns < NS_PER_HOUR || scenario->horizon_ns > 400 * NS_PER_DAY) {
        return yaml_error(file->yaml, node, file->text, "'horizon' must lie between 1h and 400d");
    }
    TRY(read_optional(file, root, scenario));
    TRY(need(file, root, "scenario", "items", &node));
    return read_items(file, node, SCENARIO_ITEMS_MAX, scenario->items, &scenario->n_items);
}

enum err scenario_parse(const char *name, struct slice bytes, struct scenario *ret_scenario,
                        struct err_text *ret_text)
{
    struct yaml *yaml = NULL;
    TRY(as_data(yaml_open(name, bytes, &yaml, ret_text)));
    struct file file = {yaml, ret_text};
    struct scenario scenario = {0};
    enum err err = read_scenario(&file, &scenario);
    yaml_close(yaml);
    TRY(as_data(err));
    size_t n_bytes = strlen(name);
    size_t kept = n_bytes < sizeof(scenario.file) ? n_bytes : sizeof(scenario.file) - 1;
    memcpy(scenario.file, name, kept);
    *ret_scenario = scenario;
    return OK;
}

/* Puts the items of the carrier underneath: its main item is what the episode is about. */
static enum err add_carrier(struct scenario *scenario, const struct library *library,
                            struct err_text *ret_text)
{
    char path[128];
    struct text text;
    text_init(&text, path, sizeof(path));
    text_put(&text, "scenarios/");
    text_put(&text, scenario->carrier);
    text_put(&text, ".yaml");
    struct slice bytes;
    TRY(library->read(library->self, path, &bytes, ret_text));
    struct scenario carrier;
    TRY(scenario_parse(path, bytes, &carrier, ret_text));
    if (carrier.n_items + scenario->n_items > SCENARIO_ITEMS_MAX || carrier.carrier[0] != '\0') {
        return err_set(ret_text, ERR_DATA,
                       "%s: carrier %s has too many items or a carrier of its own", scenario->file,
                       scenario->carrier);
    }
    for (uint32_t i = 0; i < scenario->n_items; i++) {
        scenario->items[i].main = false;
    }
    for (uint32_t i = 0; i < carrier.n_items; i++) {
        scenario->items[scenario->n_items] = carrier.items[i];
        scenario->items[scenario->n_items++].on_carrier = true;
    }
    return OK;
}

void suite_init(struct suite *suite, const char *name)
{
    memset(suite, 0, sizeof(*suite));
    size_t n_bytes = strlen(name);
    memcpy(suite->name, name, n_bytes < sizeof(suite->name) ? n_bytes : sizeof(suite->name) - 1);
}

static enum err refuse_item(const char *name, const struct scenario_item *item,
                            struct err_text *ret_text, const char *what)
{
    const char *kind = plan_kind_name(item->kind);
    if (item->on_carrier) {
        return err_set(ret_text, ERR_DATA, "%s: item %s of its carrier %s", name, kind, what);
    }
    return err_set(ret_text, ERR_DATA, "%s:%u: item %s %s", name, item->line, kind, what);
}

/* What the keys say together, the carrier's included. */
static enum err check_whole(const char *name, const struct scenario *scenario,
                            struct err_text *ret_text)
{
    const struct scenario_item *main_item = NULL;
    uint32_t n_main = 0;
    for (uint32_t i = 0; i < scenario->n_items; i++) {
        main_item = scenario->items[i].main ? &scenario->items[i] : main_item;
        n_main += scenario->items[i].main ? 1 : 0;
    }
    if (n_main != 1) {
        return err_set(ret_text, ERR_DATA, "%s: exactly one item must be 'main: true', found %u",
                       name, n_main);
    }
    if (main_item->at_ns.hi >= (double)scenario->horizon_ns) {
        return refuse_item(name, main_item, ret_text,
                           "is 'main', and its 'at' may lie at or after the 'horizon'");
    }
    if (main_item->kind == PLAN_RECORDED && scenario->recording[0] == '\0') {
        return refuse_item(name, main_item, ret_text, "wants a 'recording' that it is the event of");
    }
    if (plan_kind_is_fault(main_item->kind) != scenario->true_incident) {
        return refuse_item(name, main_item, ret_text,
                           scenario->true_incident
                               ? "is 'main' and no fault, but 'true_incident' is true"
                               : "is 'main' and a fault, but 'true_incident' is false");
    }
    for (uint32_t i = 0; i < scenario->n_items; i++) {
        const struct scenario_item *item = &scenario->items[i];
        if (item->after_main && item->at_ns.lo + main_item->at_ns.lo < 0.0) {
            return refuse_item(name, item, ret_text, "may begin before the episode");
        }
    }
    return OK;
}

enum err suite_add(struct suite *suite, const char *name, struct slice bytes,
                   const struct library *library, struct err_text *ret_text)
{
    if (suite->n_scenarios == SUITE_SCENARIOS_MAX) {
        return err_set(ret_text, ERR_DATA, "%s: more than %d scenarios in one run", name,
                       SUITE_SCENARIOS_MAX);
    }
    struct scenario *scenario = &suite->scenarios[suite->n_scenarios];
    TRY(scenario_parse(name, bytes, scenario, ret_text));
    if (scenario->carrier[0] != '\0') {
        TRY(add_carrier(scenario, library, ret_text));
    }
    TRY(check_whole(name, scenario, ret_text));
    suite->weights[suite->n_scenarios++] = scenario->weight;
    return OK;
}

static enum err add_listed(const struct file *file, struct suite *suite,
                           const struct yaml_node *list, const struct library *library)
{
    if (list->kind != YAML_LIST) {
        return yaml_error(file->yaml, list, file->text, "'scenarios': expected a list of ids");
    }
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        char id[NAME_BYTES], path[128];
        TRY(yaml_to_chars(file->yaml, node, id, sizeof(id), file->text));
        struct text text;
        text_init(&text, path, sizeof(path));
        text_put(&text, "scenarios/");
        text_put(&text, id);
        text_put(&text, ".yaml");
        struct slice bytes;
        TRY(library->read(library->self, path, &bytes, file->text));
        TRY(suite_add(suite, path, bytes, library, file->text));
        const char *own = suite->scenarios[suite->n_scenarios - 1].id;
        if (strcmp(own, id) != 0) {
            return yaml_error(file->yaml, node, file->text, "%s holds scenario '%s', not '%s'",
                              path, own, id);
        }
    }
    return OK;
}

/* other_policy: {name: approval, probability: 0.2} */
static enum err read_other_policy(const struct file *file, const struct yaml_node *map,
                                  struct suite *suite)
{
    static const char *const keys[] = {"name", "probability", NULL};
    if (map->kind != YAML_MAP) {
        return yaml_error(file->yaml, map, file->text, "'other_policy' is not a map");
    }
    TRY(yaml_check_keys(file->yaml, map, "other_policy", keys, file->text));
    const struct yaml_node *probability = NULL;
    TRY(need(file, map, "other_policy", "probability", &probability));
    TRY(read_chars(file, map, "other_policy", "name", suite->other_policy,
                   sizeof(suite->other_policy)));
    return yaml_to_double(file->yaml, probability, 0.0, 1.0, &suite->other_policy_probability,
                          file->text);
}

static enum err add_suite(const struct file *file, struct suite *suite, const struct library *library)
{
    static const char *const keys[] = {"name",         "title",     "weights", "scenarios",
                                       "other_policy", "pressures", NULL};
    const struct yaml_node *root = yaml_root(file->yaml);
    if (root == NULL || root->kind != YAML_MAP) {
        return err_set(file->text, ERR_DATA, "%s: not a suite: expected a map",
                       yaml_file(file->yaml));
    }
    TRY(yaml_check_keys(file->yaml, root, "suite", keys, file->text));
    char weights[NAME_BYTES];
    TRY(read_chars(file, root, "suite", "name", suite->name, sizeof(suite->name)));
    TRY(read_chars(file, root, "suite", "title", suite->title, sizeof(suite->title)));
    TRY(read_chars(file, root, "suite", "weights", weights, sizeof(weights)));
    bool is_uniform = strcmp(weights, "uniform") == 0;
    if (!is_uniform && strcmp(weights, "prior") != 0) {
        return yaml_error(file->yaml, yaml_get(root, "weights"), file->text,
                          "'weights' is '%s'; accepted: prior, uniform", weights);
    }
    const struct yaml_node *node = NULL;
    TRY(need(file, root, "suite", "scenarios", &node));
    uint32_t first = suite->n_scenarios;
    TRY(add_listed(file, suite, node, library));
    for (uint32_t i = first; is_uniform && i < suite->n_scenarios; i++) {
        suite->weights[i] = 1.0;
    }
    node = yaml_get(root, "other_policy");
    if (node != NULL) {
        TRY(read_other_policy(file, node, suite));
    }
    node = yaml_get(root, "pressures");
    return node == NULL
               ? OK
               : read_items(file, node, PRESSURES_MAX, suite->pressures, &suite->n_pressures);
}

enum err suite_add_suite(struct suite *suite, const char *name, struct slice bytes,
                         const struct library *library, struct err_text *ret_text)
{
    struct yaml *yaml = NULL;
    TRY(as_data(yaml_open(name, bytes, &yaml, ret_text)));
    struct file file = {yaml, ret_text};
    enum err err = add_suite(&file, suite, library);
    yaml_close(yaml);
    return as_data(err);
}
