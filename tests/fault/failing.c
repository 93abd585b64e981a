/* SPDX-License-Identifier: Apache-2.0 */
/* The counter, and the calls that the linker puts in place of libc's. */
#include "tests/fault/failing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>

static enum failing_kind armed_kind;
static uint64_t armed_n, n_calls;
static bool armed_forever, is_armed, has_failed;

void failing_arm(enum failing_kind kind, uint64_t n, bool forever)
{
    armed_kind = kind;
    armed_n = n;
    armed_forever = forever;
    n_calls = 0;
    has_failed = false;
    is_armed = true;
}

bool failing_disarm(void)
{
    is_armed = false;
    return has_failed;
}

bool failing_now(enum failing_kind kind)
{
    if (!is_armed || kind != armed_kind) {
        return false;
    }
    n_calls++;
    bool is_it = armed_n != 0 && (n_calls == armed_n || (armed_forever && n_calls > armed_n));
    has_failed |= is_it;
    return is_it;
}

uint64_t failing_next(uint64_t n) { return n + 1 + n / 24; }

/* One of our own calls, with the errno that its failure has. */
static bool call_fails(int number)
{
    bool fails = failing_now(FAILING_CALLS);
    errno = fails ? number : errno;
    return fails;
}

/* The names are the linker's: --wrap=name calls __wrap_name, which finds the true one as __real_name. */
#define WRAPPED(type, name, parameters, arguments, failed, number)                                 \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters { return call_fails(number) ? failed : __real_##name arguments; }

/* Only those that a test wraps have a true one. */
#define WEAK(type, name, parameters) type __real_##name parameters __attribute__((weak));

WEAK(void *, malloc, (size_t))
WEAK(void *, calloc, (size_t, size_t))
WEAK(void *, realloc, (void *, size_t))
WEAK(void *, aligned_alloc, (size_t, size_t))
WEAK(char *, strdup, (const char *))
WEAK(int, rename, (const char *, const char *))
WEAK(int, stat, (const char *, struct stat *))
WEAK(FILE *, fopen, (const char *, const char *))
WEAK(size_t, fread, (void *, size_t, size_t, FILE *))
WEAK(int, pipe, (int *))
WEAK(pid_t, fork, (void))
WEAK(ssize_t, read, (int, void *, size_t))
WEAK(ssize_t, write, (int, const void *, size_t))

WRAPPED(void *, malloc, (size_t n), (n), NULL, ENOMEM)
WRAPPED(void *, calloc, (size_t n, size_t size), (n, size), NULL, ENOMEM)
WRAPPED(void *, realloc, (void *block, size_t n), (block, n), NULL, ENOMEM)
WRAPPED(void *, aligned_alloc, (size_t alignment, size_t n), (alignment, n), NULL, ENOMEM)
WRAPPED(char *, strdup, (const char *text), (text), NULL, ENOMEM)
WRAPPED(int, rename, (const char *from, const char *to), (from, to), -1, EACCES)
WRAPPED(int, stat, (const char *path, struct stat *status), (path, status), -1, EACCES)
WRAPPED(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL, EMFILE)
WRAPPED(size_t, fread, (void *to, size_t size, size_t n, FILE *stream), (to, size, n, stream), 0, EIO)
WRAPPED(int, pipe, (int *ends), (ends), -1, EMFILE)
WRAPPED(pid_t, fork, (void), (), -1, EAGAIN)
WRAPPED(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), -1, EIO)
WRAPPED(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), -1, EIO)
