/* SPDX-License-Identifier: Apache-2.0 */
/* The server at a real socket of the loopback: a hundred that dawdle keep nobody out, and each of them has its time by a clock that the test turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/server/places.h"
#include "live/server/server.h"

enum { DAWDLERS = 100, TURNS_MAX = 2000, PATIENCE_MS = 1000 };

static const char beginning[] = "POST /act HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ";
static const char token[] = "0123456789abcdef-ada";

struct stage {
    struct live_config config;
    struct board board;
    struct docket docket;
    struct server_view view;
    struct server *server;
    uint32_t n_halts;
    int64_t steady;
    int dawdlers[DAWDLERS];
};
static struct stage *stage;

static enum taken take_act(void *self, const struct person_act *act, uint64_t *ret_letter)
{
    (void)self;
    *ret_letter = 1;
    stage->n_halts += act->kind == ACT_HALT;
    return TAKEN_KEPT;
}

static enum taken take_intake(void *self, enum intake_kind kind, struct slice body,
                              char ret_error[EXCHANGE_ERROR_BYTES])
{
    (void)self;
    (void)kind;
    (void)body;
    (void)ret_error;
    return TAKEN_BUSY;
}

static void write_metrics(void *self, struct text *text)
{
    (void)self;
    text_put(text, "steward_up 1\n");
}

static bool write_ready(void *self, struct text *text)
{
    (void)self;
    text_put(text, "{}");
    return true;
}

static int64_t tell_now(void *self)
{
    (void)self;
    return NS_PER_MIN;
}

static int64_t tell_steady(void *self)
{
    (void)self;
    return stage->steady;
}

/* A port that nobody has at the moment. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t n_bytes = sizeof(address);
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(probe >= 0);
    assert_int_equal(bind(probe, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(probe, (struct sockaddr *)&address, &n_bytes), 0);
    assert_int_equal(close(probe), 0);
    return ntohs(address.sin_port);
}

static int open_stage(void **state)
{
    struct err_text text;
    enum err err = ERR_UNAVAILABLE;
    (void)state;
    stage = calloc(1, sizeof(*stage));
    stage->config.deployment.n_people = 1;
    (void)snprintf(stage->config.address, sizeof(stage->config.address), "127.0.0.1");
    stage->config.n_logins = 1;
    stage->config.logins[0].person.value = 1;
    (void)snprintf(stage->config.logins[0].token, TOKEN_BYTES, "%s", token);
    board_init(&stage->board, &stage->config.deployment);
    stage->view = (struct server_view){&stage->config, &stage->board, &stage->docket, 0};
    stage->steady = 1000 * NS_PER_S;
    struct server_port port = {stage,       take_act, take_intake, write_metrics,
                               write_ready, tell_now, tell_steady};
    for (int i = 0; i < 10 && err == ERR_UNAVAILABLE; i++) {
        stage->config.port = free_port();
        err = server_open(&port, &stage->view, &stage->server, &text);
    }
    for (int i = 0; i < DAWDLERS; i++) {
        stage->dawdlers[i] = -1;
    }
    return err == OK ? 0 : -1;
}

static int close_stage(void **state)
{
    (void)state;
    for (int i = 0; i < DAWDLERS; i++) {
        if (stage->dawdlers[i] >= 0) {
            (void)close(stage->dawdlers[i]); /* Only of a test. */
        }
    }
    server_close(stage->server);
    free(stage);
    return 0;
}

static int visit(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
                                  .sin_port = htons(stage->config.port)};
    int visitor = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(visitor >= 0);
    assert_int_equal(connect(visitor, (struct sockaddr *)&address, sizeof(address)), 0);
    return visitor;
}

static void say(int visitor, const char *words)
{
    ssize_t n_bytes = (ssize_t)strlen(words);
    assert_int_equal(send(visitor, words, strlen(words), MSG_NOSIGNAL), n_bytes);
}

/* Turns of the server until the visitor has bytes or is hung up on; what was read, 0 at the end of the connection, -1 when nothing came. */
static ssize_t hear(int visitor, char *ret_words, size_t capacity)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        struct pollfd either[2] = {{.fd = visitor, .events = POLLIN},
                                   {.fd = server_descriptor(stage->server), .events = POLLIN}};
        server_run(stage->server);
        (void)poll(either, 2, PATIENCE_MS); /* Nothing at all: the next recv says so. */
        ssize_t n_bytes = recv(visitor, ret_words, capacity - 1, MSG_DONTWAIT);
        if (n_bytes >= 0 || errno == ECONNRESET) {
            ret_words[n_bytes > 0 ? n_bytes : 0] = '\0';
            return n_bytes > 0 ? n_bytes : 0;
        }
        if (either[0].revents == 0 && either[1].revents == 0) {
            return -1;
        }
    }
    return -1;
}

static bool is_hung_up_on(int visitor)
{
    char byte = 0;
    ssize_t n_bytes = recv(visitor, &byte, 1, MSG_DONTWAIT);
    return n_bytes == 0 || (n_bytes < 0 && errno == ECONNRESET);
}

static void dawdle(void)
{
    for (int i = 0; i < DAWDLERS; i++) {
        stage->dawdlers[i] = visit();
        say(stage->dawdlers[i], beginning);
        server_run(stage->server);
    }
    for (int i = 0; i < 10; i++) {
        server_run(stage->server);
    }
}

static void halt(void)
{
    static const char body[] = "act=halt&number=0";
    char words[2048], request[512];
    uint32_t n_halts = stage->n_halts;
    int person = visit();
    (void)snprintf(request, sizeof(request),
                   "POST /api/act HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s",
                   token, strlen(body), body);
    say(person, request);
    assert_true(hear(person, words, sizeof(words)) > 0);
    assert_non_null(strstr(words, "202"));
    assert_int_equal(stage->n_halts, n_halts + 1);
    assert_int_equal(close(person), 0);
}

static void halt_when_a_hundred_dawdle_works_at_once(void **state)
{
    (void)state;
    dawdle();
    halt();
    halt(); /* And again, though every place is taken. */
}

static void dawdlers_when_they_are_many_make_each_other_go(void **state)
{
    uint32_t n_gone = 0;
    (void)state;
    dawdle();
    for (int i = 0; i < DAWDLERS; i++) {
        n_gone += is_hung_up_on(stage->dawdlers[i]);
    }
    assert_int_equal(n_gone, DAWDLERS - PLACES_OF_PEER_MAX);
    assert_true(is_hung_up_on(stage->dawdlers[0]));
    assert_false(is_hung_up_on(stage->dawdlers[DAWDLERS - 1]));
}

static void request_when_it_trickles_ends_at_its_time(void **state)
{
    char words[16];
    int64_t began = stage->steady;
    (void)state;
    int visitor = stage->dawdlers[0] = visit();
    say(visitor, beginning);
    server_run(stage->server);
    assert_true(server_timeout(stage->server) <= REQUEST_NS);
    for (; stage->steady < began + REQUEST_NS; stage->steady += NS_PER_S) {
        say(visitor, "x"); /* Never silent for more than a second. */
        server_run(stage->server);
        assert_false(is_hung_up_on(visitor));
    }
    assert_int_equal(server_timeout(stage->server), 0);
    assert_int_equal(hear(visitor, words, sizeof(words)), 0);
}

static void body_when_it_trickles_ends_at_its_time(void **state)
{
    char words[16];
    int64_t began = stage->steady;
    (void)state;
    int visitor = stage->dawdlers[0] = visit();
    say(visitor, "POST /api/act HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n");
    for (; stage->steady < began + REQUEST_NS; stage->steady += NS_PER_S) {
        say(visitor, "y");
        server_run(stage->server);
        assert_false(is_hung_up_on(visitor));
    }
    assert_int_equal(hear(visitor, words, sizeof(words)), 0);
    assert_int_equal(stage->n_halts, 0);
}

static void connection_when_it_is_kept_alive_has_a_new_time_for_each_request(void **state)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    char words[2048];
    (void)state;
    int visitor = stage->dawdlers[0] = visit();
    for (int i = 0; i < 4; i++) {
        say(visitor, request);
        assert_true(hear(visitor, words, sizeof(words)) > 0);
        assert_non_null(strstr(words, "200"));
        stage->steady += REQUEST_NS - NS_PER_S;
    }
    stage->steady += NS_PER_S;
    assert_int_equal(hear(visitor, words, sizeof(words)), 0);
}

static void port_when_it_is_taken_is_told(void **state)
{
    struct err_text text;
    struct server *second = NULL;
    (void)state;
    assert_int_equal(server_open(&stage->server->port, &stage->view, &second, &text),
                     ERR_UNAVAILABLE);
    assert_non_null(strstr(text.text, "listening at 127.0.0.1 port"));
    assert_null(second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        TEST(halt_when_a_hundred_dawdle_works_at_once),
        TEST(dawdlers_when_they_are_many_make_each_other_go),
        TEST(request_when_it_trickles_ends_at_its_time),
        TEST(body_when_it_trickles_ends_at_its_time),
        TEST(connection_when_it_is_kept_alive_has_a_new_time_for_each_request),
        TEST(port_when_it_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
