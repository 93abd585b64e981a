/* SPDX-License-Identifier: Apache-2.0 */
/* weasyprint as a program beside us: it fetches nothing, for the page names nothing, and no time of day enters. */
#include "reports/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 + 512 };

enum err pdf_make(const char *html, const char *pdf, struct err_text *ret_text)
{
    char search[PATH_BYTES];
    const char *path = getenv("PATH");
    (void)snprintf(search, sizeof(search), "PATH=%s", path == NULL ? "/usr/bin:/bin" : path);
    char *const arguments[] = {(char *)"weasyprint", (char *)"-q", (char *)html, (char *)pdf, NULL};
    char *const environment[] = {search, (char *)"LC_ALL=C.UTF-8", (char *)"SOURCE_DATE_EPOCH=0",
                                 NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return err_set(ret_text, ERR_INTERNAL, "weasyprint: out of memory");
    }
    bool is_ready =
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0;
    pid_t child = -1;
    int code = is_ready ? posix_spawnp(&child, "weasyprint", &actions, NULL, arguments, environment)
                        : ENOMEM;
    (void)posix_spawn_file_actions_destroy(&actions); /* Frees memory only. */
    if (code == ENOENT || code == EACCES) {
        return err_set(ret_text, ERR_UNAVAILABLE,
                       "weasyprint: %s; option --pdf needs it (Debian package weasyprint)",
                       code == ENOENT ? "not found" : strerror(code));
    }
    if (code != 0) {
        return err_set(ret_text, ERR_INTERNAL, "weasyprint: cannot be started: %s", strerror(code));
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    struct stat made;
    bool is_made =
        WIFEXITED(status) && WEXITSTATUS(status) == 0 && stat(pdf, &made) == 0 && made.st_size > 0;
    return is_made
               ? OK
               : err_set(ret_text, ERR_UNAVAILABLE, "weasyprint: failed on %.300s with status %d",
                         html, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
