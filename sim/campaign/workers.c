/* SPDX-License-Identifier: Apache-2.0 */
/* Worker processes over pipes; the order of results never depends on which worker was quick. */
#include "sim/campaign/workers.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 256 };

struct message {
    enum err err;
    struct err_text text;
    struct run_result result;
};

struct worker {
    pid_t process;
    int pipe;
};

static bool is_stopped(const volatile int *stop) { return stop != NULL && *stop != 0; }

static bool write_all(int fd, const void *bytes, size_t n_bytes)
{
    const char *at = bytes;
    while (n_bytes > 0) {
        ssize_t n = write(fd, at, n_bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, void *bytes, size_t n_bytes, const volatile int *stop)
{
    char *at = bytes;
    while (n_bytes > 0) {
        ssize_t n = read(fd, at, n_bytes);
        if (n < 0 && errno == EINTR && !is_stopped(stop)) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        at += n;
        n_bytes -= (size_t)n;
    }
    return true;
}

static enum err run_here(const struct work *work, uint64_t runs, const volatile int *stop,
                         struct err_text *ret_text)
{
    struct run_result *result = calloc(1, sizeof(*result));
    if (result == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "campaign: out of memory");
    }
    enum err err = OK;
    for (uint64_t run = 0; run < runs && err == OK; run++) {
        if (is_stopped(stop)) {
            err = err_set(ret_text, ERR_CRASHED, "stopped after %llu of %llu episodes",
                          (unsigned long long)run, (unsigned long long)runs);
            break;
        }
        err = work->run(work->self, run, result, ret_text);
        if (err == OK) {
            err = work->collect(work->self, run, result, ret_text);
        }
    }
    free(result);
    return err;
}

/* Body of a worker process: never returns. */
static _Noreturn void serve(const struct work *work, uint64_t first, uint64_t runs, uint32_t jobs,
                            int fd)
{
    (void)signal(SIGTERM, SIG_DFL); /* The campaign ends its workers with it. */
    (void)signal(SIGINT, SIG_IGN);  /* A terminal sends both to all; the campaign decides. */
    (void)signal(SIGHUP, SIG_IGN);
    struct message *message = calloc(1, sizeof(*message));
    for (uint64_t run = first; message != NULL && run < runs; run += jobs) {
        message->err = work->run(work->self, run, &message->result, &message->text);
        if (!write_all(fd, message, sizeof(*message)) || message->err != OK) {
            break;
        }
    }
    _exit(0);
}

static enum err open_worker(const struct work *work, struct worker *workers, uint32_t worker_i,
                            uint64_t runs, uint32_t jobs, struct err_text *ret_text)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return err_set(ret_text, ERR_INTERNAL, "campaign: pipe for worker %u: %s", worker_i,
                       strerror(errno));
    }
    pid_t process = fork();
    if (process < 0) {
        (void)close(ends[0]); /* Nothing was written. */
        (void)close(ends[1]);
        return err_set(ret_text, ERR_INTERNAL, "campaign: start of worker %u: %s", worker_i,
                       strerror(errno));
    }
    if (process == 0) {
        for (uint32_t i = 0; i < worker_i; i++) {
            (void)close(workers[i].pipe); /* The parent's ends. */
        }
        (void)close(ends[0]);
        serve(work, worker_i, runs, jobs, ends[1]);
    }
    (void)close(ends[1]); /* The worker's end. */
    workers[worker_i] = (struct worker){process, ends[0]};
    return OK;
}

static enum err collect_all(const struct work *work, const struct worker *workers, uint64_t runs,
                            uint32_t jobs, const volatile int *stop, struct err_text *ret_text)
{
    struct message *message = calloc(1, sizeof(*message));
    if (message == NULL) {
        return err_set(ret_text, ERR_INTERNAL, "campaign: out of memory");
    }
    enum err err = OK;
    for (uint64_t run = 0; run < runs && err == OK; run++) {
        bool is_read = read_all(workers[run % jobs].pipe, message, sizeof(*message), stop);
        if (is_stopped(stop)) {
            err = err_set(ret_text, ERR_CRASHED, "stopped after %llu of %llu episodes",
                          (unsigned long long)run, (unsigned long long)runs);
        } else if (!is_read) {
            err = err_set(ret_text, ERR_INTERNAL, "campaign: run %llu: its worker process ended",
                          (unsigned long long)run);
        } else if (message->err != OK) {
            err = err_set(ret_text, message->err, "%s", message->text.text);
        } else {
            err = work->collect(work->self, run, &message->result, ret_text);
        }
    }
    free(message);
    return err;
}

enum err workers_run(const struct work *work, uint64_t runs, uint32_t jobs,
                     const volatile int *stop, struct err_text *ret_text)
{
    if (jobs > runs) {
        jobs = (uint32_t)runs;
    }
    if (jobs > WORKERS_MAX) {
        jobs = WORKERS_MAX;
    }
    if (jobs <= 1) {
        return run_here(work, runs, stop, ret_text);
    }
    struct worker workers[WORKERS_MAX];
    uint32_t n_workers = 0;
    enum err err = OK;
    while (n_workers < jobs && err == OK) {
        err = open_worker(work, workers, n_workers, runs, jobs, ret_text);
        n_workers += err == OK ? 1 : 0;
    }
    if (err == OK) {
        err = collect_all(work, workers, runs, jobs, stop, ret_text);
    }
    for (uint32_t i = 0; i < n_workers; i++) {
        (void)close(workers[i].pipe);
        if (err != OK) {
            (void)kill(workers[i].process, SIGTERM); /* It may have ended already. */
        }
        while (waitpid(workers[i].process, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    return err;
}
