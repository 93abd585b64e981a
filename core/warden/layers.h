/* SPDX-License-Identifier: Apache-2.0 */
/* The safety layers: one function a file, so that a test binary can leave one out; numbers are names. */
#ifndef CORE_WARDEN_LAYERS_H
#define CORE_WARDEN_LAYERS_H

#include "core/warden/state.h"

enum refusal layer_0_ingress(struct warden *warden, const struct event *event,
                             struct candidate *change);
enum refusal layer_1_schema(struct warden *warden, const struct event *event,
                            struct candidate *change);
enum refusal layer_2_evidence(struct warden *warden, const struct event *event,
                              struct candidate *change);
enum refusal layer_3_action(struct warden *warden, const struct event *event,
                            struct candidate *change);
enum refusal layer_4_taint(struct warden *warden, const struct event *event,
                           struct candidate *change);
enum refusal layer_5_policy(struct warden *warden, const struct event *event,
                            struct candidate *change);
enum refusal layer_6_precondition(struct warden *warden, const struct event *event,
                                  struct candidate *change);
enum refusal layer_7_budget(struct warden *warden, const struct event *event,
                            struct candidate *change);
enum refusal layer_10_approval(struct warden *warden, const struct event *event,
                               struct candidate *change);
enum refusal layer_11_canary(struct warden *warden, const struct event *event,
                             struct candidate *change);
/* NONE: the independent metric confirms; WAIT: cannot tell yet; NOT_CLEAR: worse than before, take it back. */
enum refusal layer_12_verify(struct warden *warden, const struct event *event,
                             struct candidate *change);
enum refusal layer_13_halt(struct warden *warden, const struct event *event,
                           struct candidate *change);
/* Writes the intent. */
enum refusal layer_14_audit(struct warden *warden, const struct event *event,
                            struct candidate *change);

#endif
