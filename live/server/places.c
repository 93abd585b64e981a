/* SPDX-License-Identifier: Apache-2.0 */
/* Places at the server, found by walking: there are sixty-four. */
#include "live/server/places.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/base/assert.h"

_Static_assert(2 * PLACES_OF_PEER_MAX <= PLACES_MAX, "one peer leaves room for others");

static struct place *find(struct places *places, int socket)
{
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        if (places->items[i].socket == socket) {
            return &places->items[i];
        }
    }
    return NULL;
}

static uint32_t count(const struct places *places, struct peer peer)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        n += places->items[i].socket >= 0 && places->items[i].peer.value == peer.value;
    }
    return n;
}

static int longest_of(const struct places *places, struct peer peer)
{
    const struct place *longest = NULL;
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        const struct place *place = &places->items[i];
        bool is_of_peer = place->socket >= 0 && place->peer.value == peer.value;
        if (is_of_peer && (longest == NULL || place->since < longest->since)) {
            longest = place;
        }
    }
    ASSERT(longest != NULL);
    return longest->socket;
}

void places_init(struct places *places)
{
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        places->items[i] = (struct place){.socket = -1};
    }
}

int places_surplus(const struct places *places, struct peer peer)
{
    uint32_t n_taken = 0, n_most = 0;
    struct peer most = peer;
    if (count(places, peer) >= PLACES_OF_PEER_MAX) {
        return longest_of(places, peer);
    }
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        const struct place *place = &places->items[i];
        uint32_t n = place->socket < 0 ? 0 : count(places, place->peer);
        n_taken += place->socket >= 0;
        if (n > n_most) {
            n_most = n;
            most = place->peer;
        }
    }
    return n_taken < PLACES_MAX ? -1 : longest_of(places, most);
}

void places_take(struct places *places, int socket, struct peer peer, int64_t now)
{
    struct place *place = find(places, -1);
    ASSERT(socket >= 0);
    ASSERT(place != NULL);
    *place = (struct place){socket, peer, now};
}

void places_renew(struct places *places, int socket, int64_t now)
{
    struct place *place = find(places, socket);
    if (socket >= 0 && place != NULL) {
        place->since = now;
    }
}

void places_leave(struct places *places, int socket)
{
    struct place *place = find(places, socket);
    if (socket >= 0 && place != NULL) {
        place->socket = -1;
    }
}

int places_late(const struct places *places, int64_t now)
{
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        const struct place *place = &places->items[i];
        if (place->socket >= 0 && now - place->since >= REQUEST_NS) {
            return place->socket;
        }
    }
    return -1;
}

int64_t places_due(const struct places *places)
{
    int64_t due = NEVER;
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        const struct place *place = &places->items[i];
        if (place->socket >= 0 && place->since + REQUEST_NS < due) {
            due = place->since + REQUEST_NS;
        }
    }
    return due;
}
