/* SPDX-License-Identifier: Apache-2.0 */
/* gnuplot as a program beside us: a script in, an <svg> element out. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/figures.h"

enum { PATH_BYTES = 4096 + 512, SVG_BYTES_MAX = 16 << 20 };

/* What marks a reference to an element of the same picture: the name that follows gets a prefix, so that pictures on one page do not
 * mix. */
static const char *const id_marks[] = {" id='", " id=\"", "href='#", "href=\"#", "url(#"};

static bool starts_with(const char *bytes, const char *what)
{
    return strncmp(bytes, what, strlen(what)) == 0;
}

/* Past the element when it begins here, else NULL. */
static const char *skip_element(const char *at, const char *open, const char *close)
{
    if (!starts_with(at, open)) {
        return NULL;
    }
    const char *end = strstr(at, close);
    return end == NULL ? NULL : end + strlen(close);
}

bool figure_strip(const char *name, const char *title, const char *bytes, struct page *svg)
{
    const char *at = strstr(bytes, "<svg"), *end = at == NULL ? NULL : strstr(at, "</svg>");
    const char *head = at == NULL ? NULL : strchr(at, '>');
    if (end == NULL || head == NULL) {
        return false;
    }
    page_put(svg, at, (size_t)(head + 1 - at));
    page_format(svg, "\n<title>");
    page_words(svg, title);
    page_format(svg, "</title>\n");
    at = head + 1;
    while (at < end) {
        const char *after = skip_element(at, "<title>", "</title>");
        after = after == NULL ? skip_element(at, "<desc>", "</desc>") : after;
        if (after != NULL) {
            at = after;
            continue;
        }
        size_t n_bytes = 1;
        bool is_id = false;
        for (size_t i = 0; i < sizeof(id_marks) / sizeof(id_marks[0]) && !is_id; i++) {
            is_id = starts_with(at, id_marks[i]);
            n_bytes = is_id ? strlen(id_marks[i]) : 1;
        }
        page_put(svg, at, n_bytes);
        at += n_bytes;
        if (is_id) {
            page_format(svg, "%s-", name);
        }
    }
    page_format(svg, "</svg>\n");
    return !svg->failed;
}

/* A file without a name, at its beginning: no file of anybody's is in the way of it, and nothing of it stays. */
static enum err write_script(const struct page *script, FILE **ret_stream, struct err_text *ret_text)
{
    FILE *stream = tmpfile();
    if (stream == NULL) {
        return err_set(ret_text, ERR_CANNOT_WRITE, "gnuplot: no temporary file for its script: %s",
                       strerror(errno));
    }
    bool is_written = fwrite(script->bytes, 1, script->n_bytes, stream) == script->n_bytes;
    if (!is_written || fflush(stream) != 0 || fseek(stream, 0, SEEK_SET) != 0) {
        enum err err =
            err_set(ret_text, ERR_IO, "gnuplot: writing its script failed: %s", strerror(errno));
        (void)fclose(stream); /* It has failed already. */
        return err;
    }
    *ret_stream = stream;
    return OK;
}

static enum err read_all(int from, struct page *output, struct err_text *ret_text)
{
    char bytes[16384];
    for (;;) {
        ssize_t n = read(from, bytes, sizeof(bytes));
        if (n == 0) {
            return OK;
        }
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 || output->n_bytes > SVG_BYTES_MAX) {
            return err_set(ret_text, ERR_IO, "gnuplot: reading what it drew: %s",
                           n < 0 ? strerror(errno) : "too much");
        }
        page_put(output, bytes, (size_t)n);
    }
}

/* Nothing of the environment but where programs lie enters a figure. */
static enum err spawn(int script, int output, pid_t *ret_child, struct err_text *ret_text)
{
    char search[PATH_BYTES];
    const char *path = getenv("PATH");
    (void)snprintf(search, sizeof(search), "PATH=%s", path == NULL ? "/usr/bin:/bin" : path);
    char *const arguments[] = {(char *)"gnuplot", (char *)"-d", (char *)"/dev/stdin", NULL};
    char *const environment[] = {search, (char *)"LC_ALL=C", NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return err_set(ret_text, ERR_INTERNAL, "gnuplot: out of memory");
    }
    bool is_ready =
        posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0;
    int code = is_ready ? posix_spawnp(ret_child, "gnuplot", &actions, NULL, arguments, environment)
                        : ENOMEM;
    (void)posix_spawn_file_actions_destroy(&actions); /* Frees memory only. */
    if (code == ENOENT || code == EACCES) {
        return err_set(ret_text, ERR_UNAVAILABLE,
                       "gnuplot: %s; figures need it (Debian package gnuplot-nox)",
                       code == ENOENT ? "not found" : strerror(code));
    }
    return code == 0
               ? OK
               : err_set(ret_text, ERR_INTERNAL, "gnuplot: cannot be started: %s", strerror(code));
}

static enum err run(const char *name, FILE *script, struct page *output, struct err_text *ret_text)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return err_set(ret_text, ERR_INTERNAL, "gnuplot: no pipe: %s", strerror(errno));
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC); /* A child that holds it only keeps its own pipe open. */
    pid_t child = -1;
    enum err err = spawn(fileno(script), ends[1], &child, ret_text);
    (void)close(ends[1]); /* The child holds its own. */
    if (err == OK) {
        err = read_all(ends[0], output, ret_text);
    }
    (void)close(ends[0]); /* Only read. */
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (err == OK && (!WIFEXITED(status) || WEXITSTATUS(status) != 0)) {
        err = err_set(ret_text, ERR_UNAVAILABLE, "gnuplot: failed on %.300s with status %d", name,
                      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return err;
}

enum err script_draw(const char *name, const char *title, const struct page *script,
                     struct page *ret_svg, struct err_text *ret_text)
{
    FILE *stream = NULL;
    struct page output = {0};
    enum err err = script->failed ? err_set(ret_text, ERR_INTERNAL, "report: out of memory")
                                  : write_script(script, &stream, ret_text);
    if (err == OK) {
        err = run(name, stream, &output, ret_text);
    }
    bool is_svg =
        err == OK && output.bytes != NULL && figure_strip(name, title, output.bytes, ret_svg);
    if (err == OK && !is_svg) {
        err = err_set(ret_text, ERR_UNAVAILABLE, "gnuplot: drew no picture for %s", name);
    }
    if (stream != NULL) {
        (void)fclose(stream); /* Read by now, or of no use. */
    }
    page_close(&output);
    return err;
}

enum err figure_draw(const struct figure *figure, const json_t *evidence, struct page *ret_svg,
                     struct err_text *ret_text)
{
    struct page script = {0};
    figure->write(evidence, &script);
    enum err err = script_draw(figure->name, figure->title, &script, ret_svg, ret_text);
    page_close(&script);
    return err;
}
