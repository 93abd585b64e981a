/* SPDX-License-Identifier: Apache-2.0 */
/* steward audit: verifies a journal, proves frames of it, exports it, makes keys. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/keys.h"
#include "reports/reports.h"

enum { KEY, CHECKPOINT, SINCE, NAME, JSON, N_OPTIONS };

static const struct option_entry options[N_OPTIONS] = {
    [KEY] = {"key", "FILE",
             "verify, report: whose signatures are wanted (a verifier key, FILE.pub of keygen)"},
    [CHECKPOINT] = {"checkpoint", "FILE",
                    "verify: a checkpoint kept elsewhere, which excludes cut tails and older copies"},
    [SINCE] = {"since", "N",
               "prove, in place of SEQ: that the journal began with the N frames of an earlier checkpoint"},
    [NAME] = {"name", "NAME",
              "keygen: name of the key, such as example.com/steward (default: the file's)"},
    [JSON] = {"json", NULL, "verify, prove, report: machine-readable result"},
};

static const char usage[] = "steward audit verify JOURNAL [--key FILE] [--checkpoint FILE] [--json]\n"
                            "       steward audit prove JOURNAL SEQ [--json]\n"
                            "       steward audit checkpoint JOURNAL\n"
                            "       steward audit export JOURNAL\n"
                            "       steward audit report DIR [--key FILE] [--json]\n"
                            "       steward audit keygen FILE [--name NAME]";
static const char about[] =
    "verify makes the Merkle tree, the checkpoints and the projections again and compares; exit status 0: everything\n"
    "fits; 1: it does not, and what is told; 65: the journal is damaged. prove prints a proof (c2sp.org/tlog-proof)\n"
    "that frame SEQ is in the journal; RUN:SEQ when it has several runs. checkpoint\n"
    "prints the closing checkpoint, to be kept elsewhere. export prints every row as a line of JSON.\n"
    "report checks the signature of a report's files, each by its digest, and that nothing was added; exit status 1: no.\n"
    "keygen makes a secret key in FILE and its verifier key in FILE.pub.";

/* Which options belong to which verb. */
static enum err check_options(const char *verb, const struct arguments *arguments,
                              const bool allowed[N_OPTIONS], struct err_text *text)
{
    for (int i = 0; i < N_OPTIONS; i++) {
        if (arguments->values[i] != NULL && !allowed[i]) {
            return err_set(text, ERR_USAGE, "option --%s does not belong to %s; see --help",
                           options[i].name, verb);
        }
    }
    return OK;
}

static enum err read_inputs(const struct arguments *arguments, struct files *files,
                            struct note_key *key, struct audit_request *request,
                            struct err_text *text)
{
    if (arguments->values[KEY] != NULL) {
        TRY(key_read_verifier(arguments->values[KEY], key, text));
        request->key = key;
    }
    if (arguments->values[CHECKPOINT] != NULL) {
        TRY(files_read(files, arguments->values[CHECKPOINT], &request->saved, text));
    }
    return OK;
}

static void show_json(const struct audit_result *result, bool is_key_given)
{
    char key_bytes[NOTE_KEY_TEXT];
    struct text key;
    text_init(&key, key_bytes, sizeof(key_bytes));
    bool is_sound = result->problem.text[0] == '\0';
    if (result->is_signed) {
        note_key_write(&result->key, &key);
    }
    json_t *root = json_pack(
        "{s:b,s:I,s:s,s:b,s:s?,s:s?,s:b,s:I,s:b,s:s?,s:s?}", "ok", is_sound, "size",
        (json_int_t)result->size, "root", result->root, "signed", result->is_signed, "signer",
        result->is_signed ? result->key.name : NULL, "key", result->is_signed ? key_bytes : NULL,
        "key_given", is_key_given, "checkpoints", (json_int_t)result->n_checkpoints,
        "rollback_excluded", is_sound && result->has_saved, "checkpoint",
        is_sound ? result->checkpoint : NULL, "problem", is_sound ? NULL : result->problem.text);
    if (root != NULL && result->has_saved) {
        (void)json_object_set_new(root, "saved_size", json_integer((json_int_t)result->saved_size));
    }
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    (void)fputc('\n', stdout);
    json_decref(root);
}

static void show_words(const char *path, const struct audit_result *result, bool is_key_given)
{
    (void)printf("size    %llu\nroot    %s\n", (unsigned long long)result->size, result->root);
    if (result->is_signed) {
        (void)printf(
            "signer  %s, key %08x%s, checkpoints signed: %llu\n", result->key.name, result->key.id,
            is_key_given ? " (as given)"
                         : " (named by the journal itself; --key FILE says whose it must be)",
            (unsigned long long)result->n_checkpoints);
    } else {
        (void)printf("signer  unsigned: whoever can write the file can make all of it again\n");
    }
    if (result->problem.text[0] != '\0') {
        (void)printf("NOT OK  %s: %s\n", path, result->problem.text);
        return;
    }
    if (result->has_saved) {
        (void)printf(
            "saved   goes on from the checkpoint of %llu frames; nothing older passes for it\n",
            (unsigned long long)result->saved_size);
    } else {
        (void)printf(
            "saved   none: rollback is not excluded; keep a checkpoint elsewhere and give it with --checkpoint\n");
    }
    (void)printf("OK      %s\n", path);
}

static enum err verify(const struct arguments *arguments, int *ret_status, struct err_text *text)
{
    static const bool allowed[N_OPTIONS] = {[KEY] = true, [CHECKPOINT] = true, [JSON] = true};
    if (arguments->n_targets != 2) {
        return err_set(text, ERR_USAGE, "verify wants one journal; see --help");
    }
    TRY(check_options("verify", arguments, allowed, text));
    struct files *files = NULL;
    struct note_key key;
    struct audit_request request = {.path = arguments->targets[1]};
    struct audit_result *result = calloc(1, sizeof(*result));
    enum err err =
        result == NULL ? err_set(text, ERR_INTERNAL, "out of memory") : files_open(&files, text);
    if (err == OK) {
        err = read_inputs(arguments, files, &key, &request, text);
    }
    if (err == OK) {
        err = audit_verify(&request, result, text);
    }
    if (err == OK && arguments->values[JSON] != NULL) {
        show_json(result, request.key != NULL);
    } else if (err == OK) {
        show_words(request.path, result, request.key != NULL);
    }
    if (err == OK) {
        *ret_status = result->problem.text[0] == '\0' ? 0 : 1;
    }
    if (files != NULL) {
        files_close(files);
    }
    free(result);
    return err;
}

/* "SEQ" or "RUN:SEQ". */
static enum err read_place(const char *word, uint64_t *ret_run, uint64_t *ret_number,
                           struct err_text *text)
{
    char run[24] = "0";
    const char *colon = strchr(word, ':');
    size_t n_bytes = colon == NULL ? 0 : (size_t)(colon - word);
    if (colon != NULL && n_bytes < sizeof(run)) {
        memcpy(run, word, n_bytes);
        run[n_bytes] = '\0';
    }
    struct err_text ignored;
    bool is_place =
        n_bytes < sizeof(run) &&
        arguments_number(run, "run", colon == NULL ? 0 : 1, INT64_MAX, ret_run, &ignored) == OK &&
        arguments_number(colon == NULL ? word : colon + 1, "seq", 1, INT64_MAX, ret_number,
                         &ignored) == OK;
    return is_place ? OK
                    : err_set(text, ERR_USAGE,
                              "prove: '%.100s' is not the number of a frame (SEQ or RUN:SEQ)", word);
}

static void show_proof_json(const struct audit_proof *proof)
{
    json_t *hashes = json_array();
    for (uint32_t i = 0; i < proof->n_hashes; i++) {
        (void)json_array_append_new(hashes, json_string(proof->hashes[i]));
    }
    json_t *root = json_pack("{s:I,s:I,s:o,s:s}", proof->leaf != NULL ? "index" : "since",
                             (json_int_t)proof->index, "size", (json_int_t)proof->size, "hashes",
                             hashes, "checkpoint", proof->checkpoint);
    if (root != NULL && proof->leaf != NULL) {
        (void)json_object_set_new(root, "leaf", json_string(proof->leaf));
    }
    (void)json_dumpf(root, stdout, JSON_INDENT(1));
    (void)fputc('\n', stdout);
    json_decref(root);
}

static void show_proof(const struct audit_proof *proof)
{
    if (proof->leaf != NULL) {
        (void)printf("c2sp.org/tlog-proof@v1\nextra %s\nindex %llu\n", proof->leaf,
                     (unsigned long long)proof->index);
    }
    for (uint32_t i = 0; i < proof->n_hashes; i++) {
        (void)printf("%s\n", proof->hashes[i]);
    }
    (void)printf("\n%s", proof->checkpoint);
}

static enum err prove(const struct arguments *arguments, struct err_text *text)
{
    static const bool allowed[N_OPTIONS] = {[SINCE] = true, [JSON] = true};
    bool is_growth = arguments->values[SINCE] != NULL;
    uint64_t run = 0, number = 0, since = 0;
    if (arguments->n_targets != (is_growth ? 2u : 3u)) {
        return err_set(text, ERR_USAGE,
                       "prove wants a journal and the number of a frame (or --since N); see --help");
    }
    TRY(check_options("prove", arguments, allowed, text));
    TRY(arguments_number(arguments->values[SINCE], "since", 1, INT64_MAX, &since, text));
    if (!is_growth) {
        TRY(read_place(arguments->targets[2], &run, &number, text));
    }
    struct audit_proof *proof = calloc(1, sizeof(*proof));
    if (proof == NULL) {
        return err_set(text, ERR_INTERNAL, "out of memory");
    }
    const char *path = arguments->targets[1];
    enum err err = is_growth ? audit_prove_growth(path, since, proof, text)
                             : audit_prove(path, run, number, proof, text);
    if (err == OK && arguments->values[JSON] != NULL) {
        show_proof_json(proof);
    } else if (err == OK) {
        show_proof(proof);
    }
    audit_proof_close(proof);
    free(proof);
    return err;
}

static enum err checkpoint(const struct arguments *arguments, int *ret_status, struct err_text *text)
{
    static const bool allowed[N_OPTIONS] = {false};
    if (arguments->n_targets != 2) {
        return err_set(text, ERR_USAGE, "checkpoint wants one journal; see --help");
    }
    TRY(check_options("checkpoint", arguments, allowed, text));
    struct audit_result *result = calloc(1, sizeof(*result));
    if (result == NULL) {
        return err_set(text, ERR_INTERNAL, "out of memory");
    }
    enum err err = audit_verify(&(struct audit_request){.path = arguments->targets[1]}, result, text);
    if (err == OK && result->problem.text[0] != '\0') {
        show_words(arguments->targets[1], result, false);
        *ret_status = 1;
    } else if (err == OK) {
        (void)printf("%s", result->checkpoint);
    }
    free(result);
    return err;
}

/* One row as an object on a line: the table, then the columns; a blob's name ends in _base64. */
static enum err export_row(void *self, const char *table, const struct audit_cell *cells,
                           uint32_t n_cells)
{
    struct err_text *text = self;
    json_t *row = json_pack("{s:s}", "table", table);
    for (uint32_t i = 0; i < n_cells; i++) {
        const struct audit_cell *cell = &cells[i];
        char name[64];
        (void)snprintf(name, sizeof(name), "%s%s", cell->name,
                       cell->kind == AUDIT_BASE64 ? "_base64" : "");
        json_t *value = cell->kind == AUDIT_INTEGER ? json_integer(cell->integer)
                        : cell->kind == AUDIT_REAL  ? json_real(cell->real)
                        : cell->kind == AUDIT_NULL
                            ? json_null()
                            : json_stringn(cell->text.bytes, cell->text.n_bytes);
        (void)json_object_set_new(row, name,
                                  value); /* What is no text of JSON makes the row fail below. */
    }
    bool is_made = row != NULL && json_object_size(row) == (size_t)n_cells + 1;
    bool is_written =
        is_made && json_dumpf(row, stdout, JSON_COMPACT) == 0 && fputc('\n', stdout) != EOF;
    int reason = errno;
    json_decref(row);
    if (!is_made) {
        return err_set(text, ERR_DATA, "standard output: a row is not text");
    }
    return is_written
               ? OK
               : err_set(text, ERR_IO, "standard output: writing failed: %s", strerror(reason));
}

static enum err export_rows(const struct arguments *arguments, struct err_text *text)
{
    static const bool allowed[N_OPTIONS] = {false};
    if (arguments->n_targets != 2) {
        return err_set(text, ERR_USAGE, "export wants one journal; see --help");
    }
    TRY(check_options("export", arguments, allowed, text));
    struct audit_port port = {text, export_row};
    return audit_export(arguments->targets[1], &port, text);
}

static enum err write_pair(const char *path, const char *public_path, struct slice secret,
                           struct slice verifier, struct err_text *text)
{
    TRY(key_write(public_path, 0644, verifier, text));
    enum err err = key_write(path, 0600, secret, text);
    if (err != OK) {
        (void)unlink(public_path); /* One without the other is of no use. */
    }
    return err;
}

static enum err keygen(const struct arguments *arguments, struct err_text *text)
{
    static const bool allowed[N_OPTIONS] = {[NAME] = true};
    char secret_bytes[NOTE_SIGNER_TEXT + 1], verifier_bytes[NOTE_KEY_TEXT + 1],
        public_path[PATH_BYTES];
    struct text secret, verifier;
    if (arguments->n_targets != 2) {
        return err_set(text, ERR_USAGE, "keygen wants one file to be made; see --help");
    }
    TRY(check_options("keygen", arguments, allowed, text));
    const char *path = arguments->targets[1], *slash = strrchr(path, '/');
    const char *name = arguments->values[NAME] != NULL ? arguments->values[NAME]
                       : slash == NULL                 ? path
                                                       : slash + 1;
    text_init(&secret, secret_bytes, sizeof(secret_bytes));
    text_init(&verifier, verifier_bytes, sizeof(verifier_bytes));
    if (strlen(path) + sizeof(".pub") > sizeof(public_path)) {
        return err_set(text, ERR_CANNOT_WRITE, "keygen: the path is too long");
    }
    (void)snprintf(public_path, sizeof(public_path), "%s.pub", path);
    if (!audit_generate(name, &secret, &verifier)) {
        return err_set(
            text, ERR_USAGE,
            "'%.200s' is no name for a key: text without spaces and plus signs, at most %d bytes",
            name, NOTE_NAME_MAX);
    }
    text_put_char(&secret, '\n');
    text_put_char(&verifier, '\n');
    enum err err = write_pair(path, public_path, (struct slice){secret.bytes, secret.n_bytes},
                              (struct slice){verifier.bytes, verifier.n_bytes}, text);
    audit_wipe(secret_bytes, sizeof(secret_bytes));
    if (err == OK) {
        (void)printf("%s", verifier_bytes);
    }
    return err;
}

/* What does not fit is the verdict, not a failure. */
static enum err report(const struct arguments *arguments, int *ret_status, struct err_text *text)
{
    static const bool allowed[N_OPTIONS] = {[KEY] = true, [JSON] = true};
    struct note_key key;
    struct report_seal seal;
    TRY(check_options("report", arguments, allowed, text));
    if (arguments->n_targets != 2) {
        return err_set(text, ERR_USAGE, "report wants the folder of one report; see --help");
    }
    bool is_key_given = arguments->values[KEY] != NULL;
    if (is_key_given) {
        TRY(key_read_verifier(arguments->values[KEY], &key, text));
    }
    const char *folder = arguments->targets[1];
    enum err err = report_seal_verify(folder, is_key_given ? &key : NULL, &seal, text);
    if (err != OK && err != ERR_DATA) {
        return err;
    }
    bool is_sound = err == OK;
    *ret_status = is_sound ? 0 : 1;
    if (arguments->values[JSON] != NULL) {
        json_t *root = json_pack("{s:b,s:s?,s:b,s:I,s:s?}", "ok", is_sound, "signer",
                                 is_sound ? seal.key.name : NULL, "key_given", is_key_given,
                                 "files", is_sound ? (json_int_t)seal.n_files : (json_int_t)0,
                                 "problem", is_sound ? NULL : text->text);
        (void)json_dumpf(root, stdout, JSON_INDENT(1)); /* main() looks at the stream. */
        (void)fputc('\n', stdout);
        json_decref(root);
    } else if (is_sound) {
        (void)printf("files   %llu\nsigner  %s%s\nOK\n", (unsigned long long)seal.n_files,
                     seal.key.name,
                     is_key_given ? "" : " (only the report itself says so; give --key)");
    } else {
        (void)printf("NOT OK: %s\n", text->text);
    }
    return OK;
}

static enum err run(const struct arguments *arguments, int *ret_status, struct err_text *text)
{
    const char *verb = arguments->n_targets == 0 ? "" : arguments->targets[0];
    if (strcmp(verb, "verify") == 0) {
        return verify(arguments, ret_status, text);
    }
    if (strcmp(verb, "prove") == 0) {
        return prove(arguments, text);
    }
    if (strcmp(verb, "checkpoint") == 0) {
        return checkpoint(arguments, ret_status, text);
    }
    if (strcmp(verb, "export") == 0) {
        return export_rows(arguments, text);
    }
    if (strcmp(verb, "report") == 0) {
        return report(arguments, ret_status, text);
    }
    if (strcmp(verb, "keygen") == 0) {
        return keygen(arguments, text);
    }
    return err_set(text, ERR_USAGE,
                   "wants verify, prove, checkpoint, export, report or keygen; see --help");
}

int cmd_audit(int argc, char **argv)
{
    struct arguments arguments;
    struct err_text text;
    int status = 0;
    enum err err = arguments_parse(argc, argv, options, N_OPTIONS, &arguments, &text);
    if (err == OK && arguments.help) {
        print_help(usage, about, options, N_OPTIONS);
        return 0;
    }
    err = err == OK ? run(&arguments, &status, &text) : err;
    return err == OK ? status : failed("audit", err, &text);
}
