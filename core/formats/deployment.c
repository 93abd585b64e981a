/* SPDX-License-Identifier: Apache-2.0 */
/* The deployment file: strict YAML to models, tables, people, tools and limits, with every reference resolved. */
#include "core/formats/deployment.h"

#include <string.h>

#include "core/formats/words.h"
#include "core/formats/yaml.h"
#include "core/types/names.h"

enum {
    LEVELS_MAX = 4, /* The escalator walks a rota of four (S24). */
    REQUESTS_PER_WINDOW_MAX = 10000000,
    CALLS_MAX = 100,
    TOKENS_PER_DAY_MAX = 100000000
};

#define IMPORTANCE_SUM_MAX                                                                         \
    1.0001 /* Shares printed with four decimals may add up to a little more than 1. */

/* What every reader here needs: the file, where to put the message, and what has been read so far. */
struct file {
    const struct yaml *yaml;
    struct err_text *text;
    struct deployment *deployment;
};

static enum err need(const struct file *file, const struct yaml_node *map, const char *what,
                     const char *key, const struct yaml_node **ret_node)
{
    return yaml_need(file->yaml, map, what, key, ret_node, file->text);
}

/* Names go into traces, prompts and pages: letters, digits and "_-.", so that none looks like another. */
static enum err read_name(const struct file *file, const struct yaml_node *map, const char *what,
                          char ret_name[NAME_BYTES])
{
    const struct yaml_node *node = NULL;
    TRY(need(file, map, what, "name", &node));
    TRY(yaml_to_chars(file->yaml, node, ret_name, NAME_BYTES, file->text));
    for (const char *c = ret_name; *c != '\0'; c++) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        bool is_other = (*c >= '0' && *c <= '9') || *c == '_' || *c == '-' || *c == '.';
        if (!is_letter && !is_other) {
            return yaml_error(file->yaml, node, file->text,
                              "'name': '%s' may hold letters, digits, '_', '-' and '.' only",
                              ret_name);
        }
    }
    return OK;
}

static enum err repeated(const struct file *file, const struct yaml_node *map, const char *what,
                         const char *name)
{
    return yaml_error(file->yaml, yaml_get(map, "name"), file->text, "%s '%s' is named twice", what,
                      name);
}

static enum err read_u32(const struct file *file, const struct yaml_node *map, const char *what,
                         const char *key, int64_t lo, int64_t hi, uint32_t *ret_value)
{
    const struct yaml_node *node = NULL;
    int64_t value = 0;
    TRY(need(file, map, what, key, &node));
    TRY(yaml_to_i64(file->yaml, node, lo, hi, &value, file->text));
    *ret_value = (uint32_t)value;
    return OK;
}

static enum err read_share(const struct file *file, const struct yaml_node *map, const char *what,
                           const char *key, double *ret_value)
{
    const struct yaml_node *node = NULL;
    TRY(need(file, map, what, key, &node));
    return yaml_to_double(file->yaml, node, 0.0, 1.0, ret_value, file->text);
}

static enum err read_duration(const struct file *file, const struct yaml_node *map, const char *what,
                              const char *key, int64_t lo, int64_t hi, int64_t *ret_ns)
{
    const struct yaml_node *node = NULL;
    int64_t ns = 0;
    TRY(need(file, map, what, key, &node));
    TRY(yaml_to_duration(file->yaml, node, &ns, file->text));
    if (ns < lo || ns > hi) {
        char buffer[64];
        struct text range;
        text_init(&range, buffer, sizeof(buffer));
        text_put_duration(&range, lo);
        text_put(&range, " and ");
        text_put_duration(&range, hi);
        return yaml_error(file->yaml, node, file->text, "'%s' must lie between %s", key, buffer);
    }
    *ret_ns = ns;
    return OK;
}

/* A list of 1 .. max maps. */
static enum err need_list(const struct file *file, const struct yaml_node *map, const char *what,
                          const char *key, uint32_t max, const struct yaml_node **ret_list)
{
    TRY(need(file, map, what, key, ret_list));
    const struct yaml_node *list = *ret_list;
    if (list->kind != YAML_LIST || list->first_child == NULL) {
        return yaml_error(file->yaml, list, file->text,
                          "'%s': expected a list with at least one entry", key);
    }
    uint32_t n = 0;
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        if (++n > max) {
            return yaml_error(file->yaml, node, file->text, "'%s': more than %u entries", key, max);
        }
    }
    return OK;
}

static enum err read_level(const struct file *file, const struct yaml_node *map,
                           struct person_entry *person)
{
    bool is_oncall = (person->roles >> ROLE_ONCALL & 1u) != 0;
    const struct yaml_node *level = yaml_get(map, "level");
    if (is_oncall != (level != NULL)) {
        return yaml_error(file->yaml, level != NULL ? level : map, file->text,
                          "person '%s': the role oncall and a 'level' go together", person->name);
    }
    return is_oncall ? read_u32(file, map, "person", "level", 1, LEVELS_MAX, &person->level) : OK;
}

static enum err read_person(const struct file *file, const struct yaml_node *map)
{
    static const char *const keys[] = {"name", "roles", "level", NULL};
    struct deployment *deployment = file->deployment;
    struct person_entry *person = &deployment->people[deployment->n_people];
    TRY(yaml_check_keys(file->yaml, map, "person", keys, file->text));
    TRY(read_name(file, map, "person", person->name));
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        if (strcmp(deployment->people[i].name, person->name) == 0) {
            return repeated(file, map, "person", person->name);
        }
    }
    const struct yaml_node *roles = NULL;
    uint64_t bits = 0;
    TRY(need(file, map, "person", "roles", &roles));
    TRY(words_to_bits(file->yaml, roles, &words_roles, &bits, file->text));
    person->roles = (uint32_t)bits;
    TRY(read_level(file, map, person));
    deployment->n_people++;
    return OK;
}

/* Somebody is on call at level 1, and no level up to the highest is empty. */
static enum err check_rota(const struct file *file, const struct yaml_node *people)
{
    const struct deployment *deployment = file->deployment;
    uint32_t levels = 0;
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        levels |= UINT32_C(1) << deployment->people[i].level;
    }
    levels >>= 1; /* Level 0 is not on the rota. */
    if ((levels & 1u) == 0) {
        return yaml_error(file->yaml, people, file->text, "'people': nobody is on call at level 1");
    }
    if ((levels & (levels + 1)) != 0) {
        uint32_t gap = 1;
        while ((levels >> (gap - 1) & 1u) != 0) {
            gap++;
        }
        return yaml_error(file->yaml, people, file->text,
                          "'people': nobody is on call at level %u, below the highest level", gap);
    }
    return OK;
}

static enum err read_people(const struct file *file, const struct yaml_node *root)
{
    const struct yaml_node *list = NULL;
    TRY(need_list(file, root, "deployment", "people", PEOPLE_MAX, &list));
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_person(file, node));
    }
    return check_rota(file, list);
}

static enum err find_producer(const struct file *file, const struct yaml_node *map,
                              struct person_id *ret_producer)
{
    const struct yaml_node *node = NULL;
    char name[NAME_BYTES];
    TRY(need(file, map, "table", "producer", &node));
    TRY(yaml_to_chars(file->yaml, node, name, sizeof(name), file->text));
    const struct deployment *deployment = file->deployment;
    for (uint32_t i = 0; i < deployment->n_people; i++) {
        struct person_id person = {(uint16_t)(i + 1)};
        if (strcmp(deployment->people[i].name, name) != 0) {
            continue;
        }
        if (!deployment_person_has(deployment, person, ROLE_PRODUCER)) {
            return yaml_error(file->yaml, node, file->text,
                              "'producer': '%s' lacks the role producer", name);
        }
        *ret_producer = person;
        return OK;
    }
    return yaml_error(file->yaml, node, file->text, "'producer': no person is named '%s'", name);
}

static enum err read_table(const struct file *file, const struct yaml_node *map)
{
    static const char *const keys[] = {"name", "producer", NULL};
    struct deployment *deployment = file->deployment;
    struct table_entry *table = &deployment->tables[deployment->n_tables];
    TRY(yaml_check_keys(file->yaml, map, "table", keys, file->text));
    TRY(read_name(file, map, "table", table->name));
    for (uint32_t i = 0; i < deployment->n_tables; i++) {
        if (strcmp(deployment->tables[i].name, table->name) == 0) {
            return repeated(file, map, "table", table->name);
        }
    }
    TRY(find_producer(file, map, &table->producer));
    deployment->n_tables++;
    return OK;
}

static enum err read_tables(const struct file *file, const struct yaml_node *root)
{
    const struct yaml_node *list = NULL;
    TRY(need_list(file, root, "deployment", "tables", TABLES_MAX, &list));
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_table(file, node));
    }
    return OK;
}

static enum err find_table(const struct file *file, const struct yaml_node *map,
                           struct table_id *ret_table)
{
    const struct yaml_node *node = NULL;
    char name[NAME_BYTES];
    TRY(need(file, map, "feature", "table", &node));
    TRY(yaml_to_chars(file->yaml, node, name, sizeof(name), file->text));
    for (uint32_t i = 0; i < file->deployment->n_tables; i++) {
        if (strcmp(file->deployment->tables[i].name, name) == 0) {
            *ret_table = (struct table_id){(uint16_t)(i + 1)};
            return OK;
        }
    }
    return yaml_error(file->yaml, node, file->text, "'table': no table is named '%s'", name);
}

static enum err read_feature(const struct file *file, const struct yaml_node *map,
                             struct model_entry *model)
{
    static const char *const keys[] = {"name", "table", "importance", NULL};
    struct feature_entry *feature = &model->features[model->n_features];
    TRY(yaml_check_keys(file->yaml, map, "feature", keys, file->text));
    TRY(read_name(file, map, "feature", feature->name));
    for (uint32_t i = 0; i < model->n_features; i++) {
        if (strcmp(model->features[i].name, feature->name) == 0) {
            return repeated(file, map, "feature", feature->name);
        }
    }
    TRY(find_table(file, map, &feature->table));
    TRY(read_share(file, map, "feature", "importance", &feature->importance));
    model->n_features++;
    return OK;
}

static enum err read_features(const struct file *file, const struct yaml_node *map,
                              struct model_entry *model)
{
    const struct yaml_node *list = NULL;
    double sum = 0.0;
    TRY(need_list(file, map, "model", "features", FEATURES_MAX, &list));
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_feature(file, node, model));
        sum += model->features[model->n_features - 1].importance;
    }
    if (sum > IMPORTANCE_SUM_MAX) {
        return yaml_error(file->yaml, list, file->text,
                          "model '%s': the importances add up to %.4f, more than 1", model->name,
                          sum);
    }
    return OK;
}

static enum err read_tier(const struct file *file, const struct yaml_node *map, enum tier *ret_tier)
{
    const struct yaml_node *node = NULL;
    uint32_t value = 0;
    TRY(need(file, map, "model", "tier", &node));
    TRY(word_to_value(file->yaml, node, &words_tiers, &value, file->text));
    *ret_tier = (enum tier)value;
    return OK;
}

static enum err read_model(const struct file *file, const struct yaml_node *map)
{
    static const char *const keys[] = {"name",           "tier",
                                       "label_delay",    "requests_per_window",
                                       "accuracy_floor", "availability_floor",
                                       "features",       NULL};
    struct deployment *deployment = file->deployment;
    struct model_entry *model = &deployment->models[deployment->n_models];
    TRY(yaml_check_keys(file->yaml, map, "model", keys, file->text));
    TRY(read_name(file, map, "model", model->name));
    for (uint32_t i = 0; i < deployment->n_models; i++) {
        if (strcmp(deployment->models[i].name, model->name) == 0) {
            return repeated(file, map, "model", model->name);
        }
    }
    TRY(read_tier(file, map, &model->tier));
    TRY(read_u32(file, map, "model", "requests_per_window", 1, REQUESTS_PER_WINDOW_MAX,
                 &model->requests_per_window));
    TRY(read_duration(file, map, "model", "label_delay", 0, 90 * NS_PER_DAY, &model->label_delay_ns));
    TRY(read_share(file, map, "model", "accuracy_floor", &model->accuracy_floor));
    TRY(read_share(file, map, "model", "availability_floor", &model->availability_floor));
    TRY(read_features(file, map, model));
    deployment->n_models++;
    return OK;
}

static enum err read_models(const struct file *file, const struct yaml_node *root)
{
    const struct yaml_node *list = NULL;
    TRY(need_list(file, root, "deployment", "models", MODELS_MAX, &list));
    for (const struct yaml_node *node = list->first_child; node != NULL; node = node->next) {
        TRY(read_model(file, node));
    }
    return OK;
}

static enum err read_llm(const struct file *file, const struct yaml_node *root)
{
    static const char *const keys[] = {"enabled", "deadline", "calls_per_incident",
                                       "tokens_per_day", NULL};
    struct llm_limits *llm = &file->deployment->llm;
    const struct yaml_node *map = NULL, *enabled = NULL;
    TRY(need(file, root, "deployment", "llm", &map));
    TRY(yaml_check_keys(file->yaml, map, "llm", keys, file->text));
    TRY(need(file, map, "llm", "enabled", &enabled));
    TRY(yaml_to_bool(file->yaml, enabled, &llm->enabled, file->text));
    if (!llm->enabled && yaml_get(map, "deadline") == NULL &&
        yaml_get(map, "calls_per_incident") == NULL && yaml_get(map, "tokens_per_day") == NULL) {
        return OK; /* Limits of what is never asked. */
    }
    TRY(read_duration(file, map, "llm", "deadline", NS_PER_S, NS_PER_HOUR, &llm->deadline_ns));
    TRY(read_u32(file, map, "llm", "calls_per_incident", 0, CALLS_MAX, &llm->calls_per_incident));
    return read_u32(file, map, "llm", "tokens_per_day", 0, TOKENS_PER_DAY_MAX, &llm->tokens_per_day);
}

static enum err read_deployment(const struct file *file)
{
    static const char *const keys[] = {"name",  "window", "models", "tables", "people",
                                       "tools", "verbs",  "llm",    "live",   NULL};
    const struct yaml_node *root = yaml_root(file->yaml), *tools = NULL, *verbs = NULL;
    struct deployment *deployment = file->deployment;
    TRY(yaml_check_keys(file->yaml, root, "deployment", keys, file->text));
    TRY(read_name(file, root, "deployment", deployment->name));
    TRY(read_duration(file, root, "deployment", "window", NS_PER_S, NS_PER_DAY,
                      &deployment->window_ns));
    TRY(read_people(file, root)); /* What is referred to comes before what refers to it. */
    TRY(read_tables(file, root));
    TRY(read_models(file, root));
    TRY(need(file, root, "deployment", "tools", &tools));
    TRY(words_to_bits(file->yaml, tools, &words_tools, &deployment->tools, file->text));
    TRY(need(file, root, "deployment", "verbs", &verbs));
    TRY(words_to_bits(file->yaml, verbs, &words_verbs, &deployment->verbs, file->text));
    return read_llm(file, root);
}

enum err deployment_parse(const char *name, struct slice bytes, struct deployment *ret_deployment,
                          struct err_text *ret_text)
{
    struct yaml *yaml = NULL;
    TRY(yaml_open(name, bytes, &yaml, ret_text));
    struct deployment deployment;
    memset(&deployment, 0, sizeof(deployment));
    struct file file = {yaml, ret_text, &deployment};
    enum err err = read_deployment(&file);
    yaml_close(yaml);
    if (err == OK) {
        *ret_deployment = deployment;
    }
    return err;
}
