/* SPDX-License-Identifier: Apache-2.0 */
/* From words on the command line to what a campaign needs. */
#include "cli/targets.h"

#include <string.h>

#include "cli/embedded.h"
#include "core/formats/deployment.h"

/* Recordings, where they lie and at which row their event happens. */
struct recording_entry {
    const char *name, *file;
    bool embedded;
    uint32_t event_row;
};
static const struct recording_entry recordings[] = {
    {"activation", "scenarios/recorded/activation.csv", true, 6720},
    {"elec2", "elec2_electricity.csv", false, 17424},
};

enum {
    ROWS_A_DAY = 48,
    TRAIN_DAYS = 60, /* The version of the start was fitted on the rows of that many days. */
};

static enum err read_named(struct files *files, const char *kind, const char *name,
                           char path[PATH_BYTES], struct slice *ret_bytes, struct err_text *ret_text)
{
    if (names_a_file(name)) {
        (void)snprintf(path, PATH_BYTES, "%s", name);
        enum err err = files_read(files, name, ret_bytes, ret_text);
        return err == ERR_DATA ? ERR_CONFIG
                               : err; /* An empty file: what lies in it is configuration. */
    }
    (void)snprintf(path, PATH_BYTES, "scenarios/%s/%s.yaml", kind, name);
    if (files_embedded(path, ret_bytes)) {
        return OK;
    }
    return err_set(ret_text, ERR_NO_INPUT, "%s: %s", name,
                   files_is_folder(name) ? "is a directory"
                                         : "no such name in this build (a file needs a / or .yaml)");
}

enum err policy_load(struct files *files, const char *name, struct policy *ret_policy,
                     struct err_text *ret_text)
{
    char path[PATH_BYTES];
    struct slice bytes;
    TRY(read_named(files, "policies", name, path, &bytes, ret_text));
    return policy_parse(path, bytes, ret_policy, ret_text);
}

static enum err deployment_load(struct files *files, const char *name,
                                struct deployment *ret_deployment, struct err_text *ret_text)
{
    char path[PATH_BYTES];
    struct slice bytes;
    TRY(read_named(files, "deployments", name, path, &bytes, ret_text));
    return deployment_parse(path, bytes, ret_deployment, ret_text);
}

/* A suite says "scenarios:" at the beginning of a line; a scenario does not. */
static bool is_suite(struct slice bytes)
{
    return slice_find(bytes, slice_of("scenarios:")) == 0 ||
           slice_find(bytes, slice_of("\nscenarios:")) >= 0;
}

static enum err add_from_disk(struct targets *targets, const char *target, struct err_text *ret_text)
{
    struct slice bytes;
    TRY(files_read(targets->files, target, &bytes, ret_text));
    char folder[PATH_BYTES];
    (void)snprintf(folder, sizeof(folder), "%s", target);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, sizeof(folder), ".");
    } else {
        *slash = '\0';
    }
    struct library library = files_library(targets->files, folder);
    if (!is_suite(bytes)) {
        return suite_add(&targets->suite, target, bytes, &library, ret_text);
    }
    uint32_t n_before = targets->suite.n_scenarios;
    TRY(suite_add_suite(&targets->suite, target, bytes, &library, ret_text));
    bool is_empty = targets->suite.n_scenarios == n_before;
    return is_empty ? err_set(ret_text, ERR_DATA, "%s: lists no scenario", target) : OK;
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Insertions, removals and changes from one word to the other, capitals as small letters. */
static uint32_t distance(const char *a, struct slice b)
{
    uint32_t row[NAME_BYTES + 1];
    for (uint32_t j = 0; j <= b.n_bytes; j++) {
        row[j] = j;
    }
    for (uint32_t i = 0; a[i] != '\0'; i++) {
        uint32_t corner = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < b.n_bytes; j++) {
            uint32_t changed = corner + (lower(a[i]) == lower(b.bytes[j]) ? 0 : 1);
            uint32_t shorter = row[j] < row[j + 1] ? row[j] : row[j + 1];
            corner = row[j + 1];
            row[j + 1] = changed <= shorter ? changed : shorter + 1;
        }
    }
    return row[b.n_bytes];
}

/* Name of an embedded scenario or suite; empty for other files. */
static struct slice id_of(const char *path)
{
    struct slice name = slice_of(path + strlen("scenarios/"));
    struct slice suites = slice_of("suites/"), yaml = slice_of(".yaml");
    if (slice_find(name, suites) == 0) {
        name.bytes += suites.n_bytes;
        name.n_bytes -= suites.n_bytes;
    }
    bool is_id = slice_find(name, slice_of("/")) < 0 && slice_find(name, yaml) > 0 &&
                 name.n_bytes - yaml.n_bytes <= NAME_BYTES;
    return (struct slice){name.bytes, is_id ? name.n_bytes - yaml.n_bytes : 0};
}

enum err targets_unknown(const char *word, struct err_text *ret_text)
{
    struct slice nearest = {"", 0};
    uint32_t least = strlen(word) > 4 ? 3 : 2; /* What differs in more is no slip. */
    for (size_t i = 0; i < n_embedded_files && strlen(word) <= NAME_BYTES; i++) {
        struct slice id = id_of(embedded_files[i].path);
        uint32_t n = distance(word, id);
        if (id.n_bytes > 0 && n < least) {
            least = n;
            nearest = id;
        }
    }
    if (files_is_folder(word)) {
        return err_set(ret_text, ERR_NO_INPUT, "%s: is a directory", word);
    }
    if (nearest.n_bytes > 0) {
        return err_set(ret_text, ERR_NO_INPUT,
                       "target '%s': no such scenario or suite; did you mean %.*s?", word,
                       (int)nearest.n_bytes, nearest.bytes);
    }
    return err_set(ret_text, ERR_NO_INPUT,
                   "target '%s': no such scenario or suite; see `steward scenario list`", word);
}

enum err targets_add(struct targets *targets, const char *target, struct err_text *ret_text)
{
    if (names_a_file(target)) {
        return add_from_disk(targets, target, ret_text);
    }
    struct library library = files_library(targets->files, NULL);
    struct slice bytes;
    char path[PATH_BYTES];
    bool is_mix = strncmp(target, "mix:", 4) == 0;
    (void)snprintf(path, sizeof(path), "scenarios/suites/%s.yaml", is_mix ? target + 4 : target);
    if (files_embedded(path, &bytes)) {
        return suite_add_suite(&targets->suite, path, bytes, &library, ret_text);
    }
    if (is_mix) {
        return err_set(ret_text, ERR_USAGE, "target '%s': this build has mix:prior only", target);
    }
    (void)snprintf(path, sizeof(path), "scenarios/%s.yaml", target);
    if (!files_embedded(path, &bytes)) {
        return targets_unknown(target, ret_text);
    }
    return suite_add(&targets->suite, path, bytes, &library, ret_text);
}

enum err targets_set(struct targets *targets, const char *deployment, const char *policy,
                     struct err_text *ret_text)
{
    if (deployment != NULL) {
        TRY(deployment_load(targets->files, deployment, &targets->deployment, ret_text));
        targets->has_deployment = true;
    }
    if (policy != NULL) {
        TRY(policy_load(targets->files, policy, &targets->policy, ret_text));
        targets->has_policy = true;
    }
    return OK;
}

static enum err load_deployment(struct targets *targets, const char *name, struct err_text *ret_text)
{
    for (uint32_t i = 0; i < targets->n_deployments; i++) {
        if (strcmp(targets->deployments[i].name, name) == 0) {
            return OK;
        }
    }
    if (targets->n_deployments == SETTINGS_MAX) {
        return err_set(ret_text, ERR_DATA, "more than %d deployments in one run", SETTINGS_MAX);
    }
    struct named_deployment *named = &targets->deployments[targets->n_deployments];
    TRY(deployment_load(targets->files, name, &named->deployment, ret_text));
    (void)snprintf(named->name, sizeof(named->name), "%s", name);
    targets->n_deployments++;
    return OK;
}

static enum err load_policy(struct targets *targets, const char *name, struct err_text *ret_text)
{
    for (uint32_t i = 0; i < targets->n_policies; i++) {
        if (strcmp(targets->policies[i].name, name) == 0) {
            return OK;
        }
    }
    if (targets->n_policies == SETTINGS_MAX) {
        return err_set(ret_text, ERR_DATA, "more than %d policies in one run", SETTINGS_MAX);
    }
    struct named_policy *named = &targets->policies[targets->n_policies];
    TRY(policy_load(targets->files, name, &named->policy, ret_text));
    (void)snprintf(named->name, sizeof(named->name), "%s", name);
    targets->n_policies++;
    return OK;
}

/* A family of this build is of one class. */
static enum err check_class(const struct scenario *scenario, struct err_text *ret_text)
{
    char family[32], class_name[NAME_BYTES * 2 + 16];
    (void)snprintf(family, sizeof(family), "\nfamily: %s\n", scenario->family);
    (void)snprintf(class_name, sizeof(class_name), "\nclass: %s\n", scenario->class_name);
    for (size_t i = 0; i < n_embedded_files; i++) {
        struct slice file = {(const char *)embedded_files[i].bytes, embedded_files[i].n_bytes};
        bool is_family = slice_find(file, slice_of(family)) >= 0;
        if (is_family && slice_find(file, slice_of(class_name)) < 0) {
            return err_set(ret_text, ERR_DATA,
                           "%s:%u: 'class': '%s' is not that of family %s, see %s", scenario->file,
                           scenario->class_line, scenario->class_name, scenario->family,
                           embedded_files[i].path);
        }
    }
    return OK;
}

static const struct recording_entry *find_recording(const char *name)
{
    for (size_t i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
        if (strcmp(recordings[i].name, name) == 0) {
            return &recordings[i];
        }
    }
    return NULL;
}

static enum err load_named(struct targets *targets, const struct scenario *scenario,
                           struct err_text *ret_text)
{
    TRY(check_class(scenario, ret_text));
    if (scenario->recording[0] != '\0' && find_recording(scenario->recording) == NULL) {
        return err_set(ret_text, ERR_DATA, "%s: unknown recording '%s'; accepted: activation, elec2",
                       scenario->file, scenario->recording);
    }
    enum err err = load_deployment(targets, scenario->deployment, ret_text);
    if (err != OK) {
        return err_wrap(ret_text, err, "%s:%u: 'deployment'", scenario->file,
                        scenario->deployment_line);
    }
    err = load_policy(targets, scenario->policy, ret_text);
    return err == OK
               ? OK
               : err_wrap(ret_text, err, "%s:%u: 'policy'", scenario->file, scenario->policy_line);
}

enum err targets_check(struct targets *targets, struct err_text *ret_text)
{
    const struct suite *suite = &targets->suite;
    for (uint32_t i = 0; i < suite->n_scenarios; i++) {
        TRY(load_named(targets, &suite->scenarios[i], ret_text));
    }
    return suite->other_policy[0] == '\0' ? OK : load_policy(targets, suite->other_policy, ret_text);
}

static const struct deployment *deployment_for(const struct targets *targets,
                                               const struct scenario *scenario)
{
    if (targets->has_deployment) {
        return &targets->deployment;
    }
    for (uint32_t i = 0; i < targets->n_deployments; i++) {
        if (strcmp(targets->deployments[i].name, scenario->deployment) == 0) {
            return &targets->deployments[i].deployment;
        }
    }
    return NULL;
}

static enum err read_recording(struct targets *targets, const struct recording_entry *entry,
                               const char *data_dir, char path[PATH_BYTES], struct slice *ret_bytes,
                               struct err_text *ret_text)
{
    if (entry->embedded) {
        (void)snprintf(path, PATH_BYTES, "%s", entry->file);
        bool is_there = files_embedded(entry->file, ret_bytes);
        return is_there ? OK : err_set(ret_text, ERR_NO_INPUT, "%s: not in this build", entry->file);
    }
    (void)snprintf(path, PATH_BYTES, "%s/%s", data_dir, entry->file);
    return files_read(targets->files, path, ret_bytes, ret_text);
}

/* Whole days of rows between the start of the episode and the recording's event. */
static uint64_t rows_before_event(const struct scenario *scenario)
{
    double at_ns = 0.0;
    for (uint32_t i = 0; i < scenario->n_items; i++) {
        at_ns = scenario->items[i].main ? scenario->items[i].at_ns.lo : at_ns;
    }
    return at_ns > 0.0 ? (uint64_t)(at_ns / (double)NS_PER_DAY) * ROWS_A_DAY : 0;
}

/* Rows of the recording that the scenario plays; the training rows lie before them. */
static enum err place_rows(const struct scenario *scenario, const struct recording_entry *entry,
                           const char *path, struct named_recording *named, struct err_text *ret_text)
{
    uint64_t before = rows_before_event(scenario);
    named->train_rows = TRAIN_DAYS * ROWS_A_DAY;
    named->row_ns = NS_PER_DAY / ROWS_A_DAY;
    if (before + named->train_rows > entry->event_row) {
        return err_set(ret_text, ERR_DATA,
                       "scenario %s: its event lies %llu days after the start, %s allows %u",
                       scenario->id, (unsigned long long)(before / ROWS_A_DAY), path,
                       (entry->event_row - named->train_rows) / ROWS_A_DAY);
    }
    named->first_row = entry->event_row - (uint32_t)before;
    uint64_t wanted = named->first_row + (uint64_t)(scenario->horizon_ns / named->row_ns);
    if (named->recording.n_rows < wanted) {
        return err_set(ret_text, ERR_DATA, "%s: has %u rows, scenario %s needs %llu", path,
                       named->recording.n_rows, scenario->id, (unsigned long long)wanted);
    }
    return OK;
}

static enum err load_recording(struct targets *targets, const struct scenario *scenario,
                               const char *data_dir, struct err_text *ret_text)
{
    const struct recording_entry *entry =
        find_recording(scenario->recording); /* load_named saw to it. */
    for (uint32_t i = 0; i < targets->n_recordings; i++) {
        struct named_recording *known = &targets->recordings[i];
        if (strcmp(known->name, scenario->recording) == 0) {
            uint32_t first_row = known->first_row;
            TRY(place_rows(scenario, entry, entry->file, known, ret_text));
            return known->first_row == first_row
                       ? OK
                       : err_set(ret_text, ERR_DATA,
                                 "scenario %s: another one places the event of '%s' elsewhere",
                                 scenario->id, scenario->recording);
        }
    }
    char path[PATH_BYTES];
    struct slice bytes;
    TRY(read_recording(targets, entry, data_dir, path, &bytes, ret_text));
    const struct model_entry *model = &deployment_for(targets, scenario)->models[0];
    struct csv_request request = {.label = "class",
                                  .n_features = model->n_features,
                                  .row_interval_ns = NS_PER_DAY / ROWS_A_DAY};
    for (uint32_t i = 0; i < model->n_features; i++) {
        memcpy(request.features[i], model->features[i].name, NAME_BYTES);
    }
    struct named_recording *named = &targets->recordings[targets->n_recordings];
    TRY(recording_open(path, bytes, &request, &named->recording, ret_text));
    targets->n_recordings++;
    (void)snprintf(named->name, sizeof(named->name), "%s", scenario->recording);
    return place_rows(scenario, entry, path, named, ret_text);
}

/* A suite without --data-dir runs without the recordings that lie there. */
static void drop_scenario(struct suite *suite, uint32_t index)
{
    suite->n_scenarios--;
    for (uint32_t i = index; i < suite->n_scenarios; i++) {
        suite->scenarios[i] = suite->scenarios[i + 1];
        suite->weights[i] = suite->weights[i + 1];
    }
}

static bool lies_outside(const struct scenario *scenario)
{
    return scenario->recording[0] != '\0' && strcmp(scenario->recording, "activation") != 0;
}

enum err targets_load(struct targets *targets, const char *data_dir, struct err_text *ret_text)
{
    struct suite *suite = &targets->suite;
    for (uint32_t i = 0; i < suite->n_scenarios && data_dir == NULL;) {
        if (!lies_outside(&suite->scenarios[i])) {
            i++;
            continue;
        }
        if (suite->n_scenarios == 1) {
            return err_set(ret_text, ERR_NO_INPUT,
                           "scenario %s: its recording needs --data-dir DIR (with %s)",
                           suite->scenarios[i].id, recordings[1].file);
        }
        (void)fprintf(stderr, "steward sim: left out %s: its recording needs --data-dir DIR\n",
                      suite->scenarios[i].id);
        drop_scenario(suite, i);
    }
    for (uint32_t i = 0; i < suite->n_scenarios; i++) {
        const struct scenario *scenario = &suite->scenarios[i];
        TRY(load_named(targets, scenario, ret_text));
        if (scenario->recording[0] != '\0') {
            TRY(load_recording(targets, scenario, data_dir, ret_text));
        }
    }
    return suite->other_policy[0] == '\0' ? OK : load_policy(targets, suite->other_policy, ret_text);
}

void targets_close(struct targets *targets)
{
    for (uint32_t i = 0; i < targets->n_recordings; i++) {
        recording_close(&targets->recordings[i].recording);
    }
}
