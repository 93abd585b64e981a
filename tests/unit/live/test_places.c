/* SPDX-License-Identifier: Apache-2.0 */
/* Who gives way at a full server, and whose time is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "live/server/places.h"

static const struct peer here = {1}, there = {2};

/* Sockets from a number on, one a second. */
static void take(struct places *places, struct peer peer, int from, int n)
{
    for (int i = 0; i < n; i++) {
        places_take(places, from + i, peer, (from + i) * NS_PER_S);
    }
}

static void places_when_there_is_room_send_nobody_away(void **state)
{
    struct places places;
    (void)state;
    places_init(&places);
    assert_int_equal(places_surplus(&places, here), -1);
    assert_true(places_due(&places) == NEVER);
    take(&places, here, 100, PLACES_OF_PEER_MAX - 1);
    take(&places, there, 200, PLACES_OF_PEER_MAX - 1);
    assert_int_equal(places_surplus(&places, here), -1);
}

static void peer_when_it_has_its_share_makes_its_own_longest_go(void **state)
{
    struct places places;
    (void)state;
    places_init(&places);
    take(&places, there, 0, 3);
    take(&places, here, 100, PLACES_OF_PEER_MAX);
    assert_int_equal(places_surplus(&places, here), 100);
    places_renew(&places, 100, 999 * NS_PER_S); /* Its answer is out: the next one is longest. */
    assert_int_equal(places_surplus(&places, here), 101);
    assert_int_equal(places_surplus(&places, there), -1);
}

static void places_when_all_are_taken_make_the_greediest_give_way(void **state)
{
    struct places places;
    (void)state;
    places_init(&places);
    take(&places, there, 0, PLACES_OF_PEER_MAX - 1);
    take(&places, here, 100, PLACES_OF_PEER_MAX);
    take(&places, (struct peer){3}, 200, 1);
    assert_int_equal(places_surplus(&places, (struct peer){4}), 100);
    places_leave(&places, 100);
    assert_int_equal(places_surplus(&places, (struct peer){4}), -1);
    places_leave(&places, 100); /* Twice is once. */
    places_leave(&places, -1);
    places_take(&places, 300, (struct peer){4}, 0);
    assert_int_equal(places_surplus(&places, (struct peer){5}), 0);
}

static void request_when_its_time_is_over_is_late_however_it_trickles(void **state)
{
    struct places places;
    (void)state;
    places_init(&places);
    places_take(&places, 7, here, 100 * NS_PER_S);
    places_take(&places, 8, here, 101 * NS_PER_S);
    assert_true(places_due(&places) == 100 * NS_PER_S + REQUEST_NS);
    assert_int_equal(places_late(&places, 100 * NS_PER_S + REQUEST_NS - 1), -1);
    assert_int_equal(places_late(&places, 100 * NS_PER_S + REQUEST_NS), 7);
    places_renew(&places, 7, 110 * NS_PER_S);
    assert_int_equal(places_late(&places, 100 * NS_PER_S + REQUEST_NS), -1);
    assert_true(places_due(&places) == 101 * NS_PER_S + REQUEST_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_when_there_is_room_send_nobody_away),
        cmocka_unit_test(peer_when_it_has_its_share_makes_its_own_longest_go),
        cmocka_unit_test(places_when_all_are_taken_make_the_greediest_give_way),
        cmocka_unit_test(request_when_its_time_is_over_is_late_however_it_trickles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
