/* SPDX-License-Identifier: Apache-2.0 */
/* The board: what people are shown of a running steward, kept from events and effects alone: incidents with the why of each decision, and what
 * waits for a person. */
#ifndef LIVE_SERVER_BOARD_H
#define LIVE_SERVER_BOARD_H

#include "core/steward.h"

enum {
    BOARD_INCIDENTS_MAX = 48, /* The newest; all of them are in the journal. */
    BOARD_LINES_MAX = 96,     /* Of one incident: a long one has about sixty records. */
    BOARD_LINE_BYTES = 480,
    BOARD_VERDICTS_MAX = 32,
    REQUEST_CODE_BYTES = 9,
};
struct board_line {
    int64_t at;
    char words[BOARD_LINE_BYTES];
};
struct board_incident {
    struct incident_id incident; /* 0: free, and steward's own matters at place 0. */
    struct model_id model;
    int64_t opened_at, closed_at; /* NEVER: open. */
    uint8_t severity;
    enum cause cause;
    uint64_t facts; /* Behind the newest decision. */
    enum incident_state state;
    struct page_id page; /* Newest that nobody acknowledged; 0 none. */
    uint32_t n_lines;    /* Ever; the last BOARD_LINES_MAX are kept. */
    struct board_line lines[BOARD_LINES_MAX];
};
struct board_request {
    struct request_effect request; /* approval 0: free. */
    int64_t at;
    uint32_t n_granted;
};
/* What the warden said to something that a person asked for. */
struct board_verdict {
    uint64_t letter;     /* 0: free. */
    enum refusal reason; /* REFUSAL_NONE: taken. */
};
struct board {
    const struct deployment *deployment;
    uint32_t n_incidents; /* Ever; a ring after the first place. */
    struct board_incident incidents[BOARD_INCIDENTS_MAX];
    struct board_request requests[APPROVALS_MAX];
    uint32_t n_verdicts; /* Ever; a ring. */
    struct board_verdict verdicts[BOARD_VERDICTS_MAX];
    bool halted;
    int64_t at;
    uint64_t n_events, n_effects;
};

void board_init(struct board *board, const struct deployment *deployment);
void board_step(struct board *board, const struct event *event, const struct effects *effects);
/* The step of what was kept under this number. */
void board_verdict(struct board *board, uint64_t letter, const struct effects *effects);
/* Eight hex digits of the action and of this one request for it: numbers begin anew with every run, this does not come again. */
void request_code(const struct request_effect *request, char ret_code[REQUEST_CODE_BYTES]);
/* A line of the host: what was sent, or would have been. incident 0: of steward's own matters. */
void board_say(struct board *board, struct incident_id incident, int64_t at, const char *words);
const struct board_incident *board_find(const struct board *board, struct incident_id incident);
/* The i-th newest; NULL beyond. */
const struct board_incident *board_newest(const struct board *board, uint32_t i);
/* A request that waits for an answer at this time; NULL otherwise. docket says whether its action still waits. */
const struct board_request *board_request(const struct board *board, const struct docket *docket,
                                          struct approval_id approval, int64_t now);

/* The action in words with every argument that it has: "ROLLBACK fraud to version 3 (artefact 0a1b...)". */
void board_action(const struct deployment *deployment, enum verb verb,
                  const struct action_args *args, struct text *text);
/* What a record says, in one line. */
void board_record(const struct deployment *deployment, const struct record *record,
                  struct text *text);
const char *board_model(const struct deployment *deployment, struct model_id model);
const char *board_person(const struct deployment *deployment, struct person_id person);

#endif
