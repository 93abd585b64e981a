/* SPDX-License-Identifier: Apache-2.0 */
/* A bare loop in processes that share nothing: what a second processor is worth on this machine. */
#include "bench/limits.h"

#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 64 };

uint32_t limit_workers(const uint64_t *increments, uint64_t n, uint32_t n_workers)
{
    pid_t children[WORKERS_MAX];
    uint32_t n_started = 0, n_done = 0;
    n_workers = n_workers < WORKERS_MAX ? n_workers : WORKERS_MAX;
    while (n_started < n_workers) {
        pid_t child = fork();
        if (child == 0) {
            _exit(limit_queue(increments, n) == 0 ? 1 : 0);
        }
        if (child < 0) {
            break;
        }
        children[n_started++] = child;
    }
    for (uint32_t i = 0; i < n_started; i++) {
        int status = 0;
        bool is_done = waitpid(children[i], &status, 0) == children[i] && WIFEXITED(status) &&
                       WEXITSTATUS(status) == 0;
        n_done += is_done ? 1 : 0;
    }
    return n_done;
}
