/* SPDX-License-Identifier: Apache-2.0 */
/* Places: who is connected, and since when at the present request. Nobody is turned away because others dawdle: whoever has been at a request for
 * longest makes room, so that a person who wants to halt always gets in. */
#ifndef LIVE_SERVER_PLACES_H
#define LIVE_SERVER_PLACES_H

#include <stdint.h>

#include "core/types/limits.h"

enum {
    PLACES_MAX = 64, /* People, a proxy, Prometheus, Alertmanager and pipelines need a dozen. */
    PLACES_OF_PEER_MAX = 32 /* The other half is for everybody else. */
};
#define REQUEST_NS (15 * NS_PER_S) /* For a request and its answer, however the bytes trickle. */

/* An IPv4 address, or the 64 bits of an IPv6 address that a site has to itself. */
struct peer {
    uint64_t value;
};
struct place {
    int socket; /* -1: free. */
    struct peer peer;
    int64_t since; /* Begin of the present request, by the clock that nobody sets. */
};
struct places {
    struct place items[PLACES_MAX];
};

void places_init(struct places *places);
/* The socket that must go before a new one of this peer may come: the longest at its request, of this peer when it has its share, else of whoever
 * has most places. -1: there is room. Ties: the lower place. */
int places_surplus(const struct places *places, struct peer peer);
/* There must be room. */
void places_take(struct places *places, int socket, struct peer peer, int64_t now);
/* An answer is out: the time of the next request begins. */
void places_renew(struct places *places, int socket, int64_t now);
/* A socket without a place is none of our business. */
void places_leave(struct places *places, int socket);
/* A socket whose time is over; -1 none. */
int places_late(const struct places *places, int64_t now);
/* When the next one's time is over; NEVER: nobody is there. */
int64_t places_due(const struct places *places);

#endif
