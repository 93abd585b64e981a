/* SPDX-License-Identifier: Apache-2.0 */
/* Failures: the world broke. A negative code says the kind (it becomes the exit code), the text
 * says what was being done, to what, and what was seen. Refusals are enum verdicts of their own
 * type, bugs are ASSERTs. */
#ifndef CORE_BASE_ERR_H
#define CORE_BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

/* X(name, code, exit status of the process, word). */
#define ERR_TABLE(X)                                                                               \
    X(ERR_USAGE, -1, 2, "usage")                                                                   \
    X(ERR_DATA, -2, 65, "bad input data")                                                          \
    X(ERR_NO_INPUT, -3, 66, "input missing")                                                       \
    X(ERR_UNAVAILABLE, -4, 69, "dependency unavailable")                                           \
    X(ERR_INTERNAL, -5, 70, "internal error")                                                      \
    X(ERR_CANNOT_WRITE, -6, 73, "cannot write")                                                    \
    X(ERR_IO, -7, 74, "I/O error")                                                                 \
    X(ERR_CONFIG, -8, 78, "bad configuration")                                                     \
    X(ERR_CRASHED, -9, 70, "agent process ended")                                                  \
    X(ERR_NO_SPACE, -10, 70, "no room in a bounded buffer")

enum err {
    OK = 0,
#define X(name, code, exit_status, word) name = code,
    ERR_TABLE(X)
#undef X
};

/* Caller-owned message of the failure nearest to the cause, wrapped with context on the way up. */
struct err_text {
    char text[512];
};

const char *err_word(enum err err);
int err_exit_status(enum err err);

/* Sets the message (NULL ret_text is allowed) and returns err, so that a failure is one line.
 * printf-like, bounded. The one printf of the code outside cli; it is in base/err.c, which is not
 * part of the pure archive. */
enum err err_set(struct err_text *ret_text, enum err err, const char *format, ...)
    __attribute__((format(__printf__, 3, 4)));

/* Puts "context: " before the present message and returns err. */
enum err err_wrap(struct err_text *text, enum err err, const char *format, ...)
    __attribute__((format(__printf__, 3, 4)));

/* Leaves the function with the failure of call. The only control-flow macro. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum err try_err_ = (call);                                                                \
        if (try_err_ != OK) {                                                                      \
            return try_err_;                                                                       \
        }                                                                                          \
    } while (0)

#endif
