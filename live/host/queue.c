/* SPDX-License-Identifier: Apache-2.0 */
/* Events that wait for their step, in the order in which they came but for the kill switch, with the bytes that they borrow. */
#include <string.h>

#include "core/base/assert.h"
#include "live/host/parts.h"

_Static_assert(QUEUE_MAX - QUEUE_SPARE - QUEUE_PEOPLE >= 64, "intakes have room");
_Static_assert(QUEUE_HALTS < QUEUE_PEOPLE, "people have room");
_Static_assert(QUEUE_SPARE >= 2 * CALLS_MAX + EFFECTS_MAX, "calls and one step have room");

static struct slice *borrowed(struct event *event)
{
    if (event->kind == EVENT_REPLY) {
        return &event->reply.raw;
    }
    if (event->kind == EVENT_CHANGE) {
        return &event->change.note;
    }
    bool is_logs = event->kind == EVENT_ANSWER && event->answer.tool == TOOL_LOGS &&
                   event->answer.status == ANSWER_OK;
    return is_logs ? &event->answer.logs.text : NULL;
}

bool queue_is_open(const struct live *live, enum sender sender)
{
    uint32_t room = QUEUE_MAX - QUEUE_SPARE;
    room -= sender == SENDER_HALT ? 0 : sender == SENDER_PERSON ? QUEUE_HALTS : QUEUE_PEOPLE;
    return live->n_queued < room;
}

static bool is_control(const struct event *event, enum control_kind kind)
{
    return event->kind == EVENT_CONTROL && event->control.kind == kind;
}

static bool goes_first(const struct live *live, const struct event *event)
{
    bool is_first = is_control(event, CONTROL_HALT);
    for (uint32_t i = 0; i < live->n_queued && is_first; i++) {
        is_first =
            !is_control(&live->queue[(live->queue_first + i) % QUEUE_MAX].event, CONTROL_RESET);
    }
    return is_first;
}

bool queue_put(struct live *live, const struct event *event, uint64_t letter)
{
    if (live->n_queued == QUEUE_MAX) {
        return false;
    }
    uint32_t place = (live->queue_first + live->n_queued) % QUEUE_MAX;
    if (goes_first(live, event)) {
        place = live->queue_first = (live->queue_first + QUEUE_MAX - 1) % QUEUE_MAX;
    }
    struct item *item = &live->queue[place];
    live->n_queued++;
    item->event = *event;
    item->letter = letter;
    struct slice *slice = borrowed(&item->event);
    if (slice != NULL) {
        ASSERT(slice->n_bytes <= sizeof(item->bytes));
        if (slice->n_bytes > 0) {
            memcpy(item->bytes, slice->bytes, slice->n_bytes);
        }
        slice->bytes = item->bytes;
    }
    return true;
}

bool queue_take(struct live *live, struct event *ret_event, uint64_t *ret_letter)
{
    if (live->n_queued == 0) {
        return false;
    }
    const struct item *item = &live->queue[live->queue_first];
    live->queue_first = (live->queue_first + 1) % QUEUE_MAX;
    live->n_queued--;
    *ret_event = item->event;
    *ret_letter = item->letter;
    struct slice *slice = borrowed(ret_event);
    if (slice != NULL) {
        memcpy(live->bytes, item->bytes, slice->n_bytes);
        slice->bytes = live->bytes;
    }
    return true;
}
