/* SPDX-License-Identifier: Apache-2.0 */
/* From inputs to files: all of them are made beside the place first and then moved, so that a failure leaves nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/audit.h"
#include "reports/evidence.h"
#include "reports/html.h"
#include "reports/look.h"
#include "reports/pdf.h"
#include "reports/reader.h"
#include "reports/reports.h"
#include "reports/seal.h"
#include "reports/source.h"

enum { PATH_BYTES = 4096 + 512 };

/* Files of a report, in the order in which they are moved into place: who sees report.html sees the others. */
struct output {
    char name[64];
};
enum { OUTPUTS = FIGURES_MAX + 6 };

struct writing {
    const struct report_request *request;
    struct note_signer *signer; /* NULL: a draft. */
    const char *out;
    char partial[PATH_BYTES];
    bool is_made; /* The folder was not there before. */
    struct output outputs[OUTPUTS];
    size_t n_outputs;
    struct err_text *text;
};

static enum err make_folder(struct writing *writing)
{
    const char *out = writing->out;
    char path[PATH_BYTES];
    if (strlen(out) > 4096) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "option --out: the path is too long");
    }
    (void)snprintf(path, sizeof(path), "%s", out);
    for (char *at = path + 1; path[0] != '\0' && *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0777); /* It may be there; the last one tells. */
            *at = '/';
        }
    }
    writing->is_made = mkdir(path, 0777) == 0;
    struct stat status;
    if (!writing->is_made &&
        !(errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s: cannot be made: %s", out,
                       strerror(errno));
    }
    (void)snprintf(writing->partial, sizeof(writing->partial), "%s/.partial", out);
    return OK;
}

/* Two reports into one folder would take each other's files away. */
static enum err lock_folder(struct writing *writing, int *ret_lock)
{
    int folder = open(writing->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0) {
        *ret_lock = folder;
        return OK;
    }
    int reason = errno;
    if (folder >= 0) {
        (void)close(folder); /* Not held. */
    }
    return reason == EWOULDBLOCK
               ? err_set(writing->text, ERR_UNAVAILABLE,
                         "%.400s: another process writes a report there", writing->out)
               : err_set(writing->text, ERR_CANNOT_WRITE, "%.400s: cannot be locked: %s",
                         writing->out, strerror(reason));
}

/* An earlier report may be replaced; files of somebody else may not. What an attempt that was killed left behind is ours. */
static enum err check_ours(const struct writing *writing)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/evidence.json", writing->out);
    json_t *evidence = json_load_file(path, 0, NULL);
    bool is_ours = strcmp(words_of(evidence, "format"), "steward evidence 1") == 0;
    json_decref(evidence);
    DIR *listing = is_ours ? NULL : opendir(writing->out);
    if (!is_ours && listing == NULL) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s: cannot be read: %s", writing->out,
                       strerror(errno));
    }
    enum err err = OK;
    struct dirent *entry = NULL;
    while (err == OK && listing != NULL && (entry = readdir(listing)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strcmp(name, ".partial") != 0) {
            err = err_set(
                writing->text, ERR_CANNOT_WRITE,
                "%.300s: holds '%.100s' and no evidence.json of a report; nothing is written into it, give an empty "
                "or a new folder",
                writing->out, name);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing); /* Only read. */
    }
    return err;
}

/* What an earlier attempt that was killed left, or this one. */
static void remove_partial(const struct writing *writing)
{
    static const char *const folders[] = {"figures", ""};
    for (size_t i = 0; i < 2; i++) {
        char folder[2 * PATH_BYTES];
        (void)snprintf(folder, sizeof(folder), "%s/%s", writing->partial, folders[i]);
        DIR *listing = opendir(folder);
        struct dirent *entry = NULL;
        while (listing != NULL && (entry = readdir(listing)) != NULL) {
            char path[3 * PATH_BYTES];
            (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
            (void)unlink(path); /* Fails on folders, which go below. */
        }
        if (listing != NULL) {
            (void)closedir(listing); /* Only read. */
        }
        (void)rmdir(folder); /* Absent is as good. */
    }
}

static enum err make_partial(struct writing *writing)
{
    char folder[2 * PATH_BYTES];
    remove_partial(writing);
    (void)snprintf(folder, sizeof(folder), "%s/figures", writing->partial);
    if (mkdir(writing->partial, 0777) != 0 || mkdir(folder, 0777) != 0) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s: cannot be written: %s",
                       writing->out, strerror(errno));
    }
    return OK;
}

static void add_output(struct writing *writing, const char *name)
{
    (void)snprintf(writing->outputs[writing->n_outputs++].name, sizeof(writing->outputs[0].name),
                   "%s", name);
}

static enum err write_file(struct writing *writing, const char *name, const struct page *page)
{
    char path[2 * PATH_BYTES];
    if (page->failed) {
        return err_set(writing->text, ERR_INTERNAL, "report: out of memory");
    }
    (void)snprintf(path, sizeof(path), "%s/%s", writing->partial, name);
    FILE *stream = fopen(path, "w");
    if (stream == NULL) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.300s/%s: %s", writing->out, name,
                       strerror(errno));
    }
    bool is_written = fwrite(page->bytes, 1, page->n_bytes, stream) == page->n_bytes;
    if (fclose(stream) != 0 || !is_written) {
        return err_set(writing->text, ERR_IO, "%.300s/%s: writing failed: %s", writing->out, name,
                       strerror(errno));
    }
    add_output(writing, name);
    return OK;
}

static enum err write_figures(struct writing *writing, const json_t *evidence, struct page *svgs)
{
    size_t n = 0;
    const struct figure *figures = figures_of(evidence, &n);
    for (size_t i = 0; i < n; i++) {
        TRY(figure_draw(&figures[i], evidence, &svgs[i], writing->text));
        char name[64];
        struct page file = {0};
        (void)snprintf(name, sizeof(name), "figures/%s.svg", figures[i].name);
        page_format(&file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        page_put(&file, svgs[i].bytes, svgs[i].n_bytes);
        enum err err = write_file(writing, name, &file);
        page_close(&file);
        TRY(err);
    }
    return OK;
}

static enum err write_pages(struct writing *writing, const json_t *evidence, const struct page *svgs)
{
    struct page json = {0}, xml = {0}, html = {0};
    char *text = json_dumps(evidence, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
    if (text == NULL) {
        return err_set(writing->text, ERR_INTERNAL, "report: out of memory");
    }
    page_format(&json, "%s\n", text);
    free(text);
    junit_write(evidence, &xml);
    html_write(evidence, svgs, &html);
    enum err err = write_file(writing, "evidence.json", &json);
    err = err == OK ? write_file(writing, "junit.xml", &xml) : err;
    err = err == OK ? write_file(writing, "report.html", &html) : err;
    page_close(&json);
    page_close(&xml);
    page_close(&html);
    return err;
}

static enum err write_pdf(struct writing *writing)
{
    char html[2 * PATH_BYTES], pdf[2 * PATH_BYTES];
    (void)snprintf(html, sizeof(html), "%s/report.html", writing->partial);
    (void)snprintf(pdf, sizeof(pdf), "%s/report.pdf", writing->partial);
    TRY(pdf_make(html, pdf, writing->text));
    add_output(writing, "report.pdf");
    return OK;
}

static int by_name(const void *a, const void *b)
{
    const struct output *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Digests of all files so far, and the note over them. */
static enum err write_seal(struct writing *writing)
{
    struct output sorted[OUTPUTS];
    struct page sums = {0}, note = {0};
    size_t n = writing->n_outputs;
    memcpy(sorted, writing->outputs, sizeof(sorted));
    qsort(sorted, n, sizeof(sorted[0]), by_name);
    enum err err = OK;
    for (size_t i = 0; i < n && err == OK; i++) {
        err = seal_add(&sums, writing->partial, sorted[i].name, writing->text);
    }
    err = err == OK ? seal_sign(&sums, writing->signer, &note, writing->text) : err;
    err = err == OK ? write_file(writing, "SHA256SUMS", &sums) : err;
    err = err == OK ? write_file(writing, "SHA256SUMS.note", &note) : err;
    page_close(&sums);
    page_close(&note);
    return err;
}

static bool is_output(const struct writing *writing, const char *name)
{
    for (size_t i = 0; i < writing->n_outputs; i++) {
        if (strcmp(writing->outputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What an earlier report left here and this one does not have would pass for a part of it. */
static void remove_stale(const struct writing *writing)
{
    static const char *const names[] = {
        "SHA256SUMS.note",           "SHA256SUMS",        "report.pdf",
        "figures/interventions.svg", "figures/bound.svg", "figures/families.svg",
        "figures/milestones.svg"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[2 * PATH_BYTES];
        (void)snprintf(path, sizeof(path), "%s/%s", writing->out, names[i]);
        if (!is_output(writing, names[i])) {
            (void)unlink(path); /* Absent is as good. */
        }
    }
}

static enum err move_all(struct writing *writing)
{
    char from[2 * PATH_BYTES], to[2 * PATH_BYTES];
    remove_stale(writing);
    (void)snprintf(to, sizeof(to), "%s/figures", writing->out);
    if (mkdir(to, 0777) != 0 && errno != EEXIST) {
        return err_set(writing->text, ERR_CANNOT_WRITE, "%.400s/figures: cannot be made: %s",
                       writing->out, strerror(errno));
    }
    for (size_t i = 0; i < writing->n_outputs; i++) {
        (void)snprintf(from, sizeof(from), "%s/%s", writing->partial, writing->outputs[i].name);
        (void)snprintf(to, sizeof(to), "%s/%s", writing->out, writing->outputs[i].name);
        if (rename(from, to) != 0) {
            return err_set(writing->text, ERR_CANNOT_WRITE, "%.300s/%s: %s", writing->out,
                           writing->outputs[i].name, strerror(errno));
        }
    }
    return OK;
}

static enum err write_all(struct writing *writing, const json_t *evidence)
{
    struct page svgs[FIGURES_MAX] = {{0}};
    int lock = -1;
    TRY(make_folder(writing));
    TRY(lock_folder(writing, &lock));
    enum err err = check_ours(writing);
    if (err != OK) {
        (void)close(lock); /* Only held. */
        return err;
    }
    err = make_partial(writing);
    err = err == OK ? write_figures(writing, evidence, svgs) : err;
    err = err == OK ? write_pages(writing, evidence, svgs) : err;
    err = err == OK && writing->request->pdf ? write_pdf(writing) : err;
    err = err == OK && writing->signer != NULL ? write_seal(writing) : err;
    err = err == OK ? move_all(writing) : err;
    for (size_t i = 0; i < FIGURES_MAX; i++) {
        page_close(&svgs[i]);
    }
    remove_partial(writing);
    if (err != OK && writing->is_made) {
        (void)rmdir(writing->out); /* Nothing is in it unless moving failed half-way. */
    }
    (void)close(lock); /* Only held. */
    return err;
}

/* The evidence as the file will hold it: figures and pages are made from nothing else. */
static enum err reread(json_t **evidence, struct err_text *text)
{
    char *bytes = json_dumps(*evidence, JSON_REAL_PRECISION(12));
    json_t *read = bytes == NULL ? NULL : json_loads(bytes, 0, NULL);
    free(bytes);
    if (read == NULL) {
        return err_set(text, ERR_INTERNAL, "report: out of memory");
    }
    json_decref(*evidence);
    *evidence = read;
    return OK;
}

/* Before anything is read: a wrong key is told at once. signer is to be wiped. */
static enum err open_signer(const struct report_request *request, struct note_signer *ret_signer,
                            struct err_text *ret_text)
{
    bool is_wanted = request->secret_key.n_bytes > 0;
    if (is_wanted && !note_signer_parse(request->secret_key, ret_signer)) {
        return err_set(ret_text, ERR_CONFIG,
                       "option --sign: not a secret key as `steward audit keygen` makes them");
    }
    return OK;
}

static void put_signature(const struct note_signer *signer, json_t *evidence)
{
    char bytes[NOTE_KEY_TEXT];
    struct text key;
    text_init(&key, bytes, sizeof(bytes));
    note_key_write(&signer->key, &key);
    json_t *signature = json_object();
    set_json(signature, "signer", words_json(signer->key.name));
    set_json(signature, "key", words_json(bytes));
    set_json(evidence, "status", words_json("SIGNED"));
    set_json(evidence, "signature", signature);
}

static enum err write_report(const struct report_request *request, struct note_signer *signer,
                             struct err_text *ret_text)
{
    struct source sources[REPORT_INPUTS_MAX];
    uint32_t n = 0;
    enum err err = OK;
    for (uint32_t i = 0; i < request->n_inputs && err == OK; i++, n++) {
        err = source_open(request->inputs[i], &sources[i], ret_text);
    }
    json_t *evidence = NULL;
    err = err == OK ? evidence_build(sources, n, &evidence, ret_text) : err;
    if (err == OK && signer != NULL) {
        put_signature(signer, evidence);
    }
    err = err == OK ? reread(&evidence, ret_text) : err;
    if (err == OK) {
        struct writing writing = {
            .request = request, .signer = signer, .out = request->out, .text = ret_text};
        err = write_all(&writing, evidence);
    }
    json_decref(evidence);
    for (uint32_t i = 0; i < n; i++) {
        source_close(&sources[i]);
    }
    return err;
}

enum err report_write(const struct report_request *request, struct err_text *ret_text)
{
    struct note_signer *signer = calloc(1, sizeof(*signer));
    if (signer == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "report: out of memory");
    }
    enum err err = open_signer(request, signer, ret_text);
    if (err == OK) {
        err = write_report(request, request->secret_key.n_bytes > 0 ? signer : NULL, ret_text);
    }
    audit_wipe(signer, sizeof(*signer));
    free(signer);
    return err;
}
