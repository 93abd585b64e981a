/* SPDX-License-Identifier: Apache-2.0 */
/* Folder: everything the mind has been told of one model, the newest answer of each tool with the evidence id to cite. */
#ifndef CORE_MIND_FOLDER_H
#define CORE_MIND_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/types/advice.h"
#include "core/types/event.h"

/* Newest answer of one tool. */
struct leaf {
    struct evidence_id evidence; /* 0: none with data. */
    int64_t sampled_at;
    int64_t tried_at; /* When it last answered, with data or without. */
    int64_t asked_at; /* NEVER: nothing is outstanding. */
    uint8_t failures; /* In a row. */
};

/* Everything known of one model. */
struct folder {
    struct leaf leaves[N_TOOLS];
    struct state_answer state;
    struct registry_answer registry;
    struct changes_answer changes;
    struct features_answer features;
    struct labels_answer labels;
    struct shadow_answer shadow;
    struct golden_answer golden;
    struct tables_answer tables;
    struct decisions_answer decisions;
    struct platform_answer platform;
    bool suspicious;                    /* Some text told its reader what to do. */
    struct evidence_id text;            /* Which. */
    int64_t changed_at[N_CHANGE_KINDS]; /* Newest change of each kind; NEVER: none known. */
    struct evidence_id change;          /* Newest event about one. */
};

void folder_init(struct folder *folder);
/* Files an answer. Answers to others' questions are as good. */
void folder_answer(struct folder *folder, const struct answer *answer, struct evidence_id evidence,
                   int64_t now);
void folder_change(struct folder *folder, const struct change_event *change,
                   struct evidence_id evidence);
bool folder_is_fresh(const struct folder *folder, enum tool tool, int64_t since);
/* NULL when the registry's newest answer does not list it. */
const struct registry_version *folder_version(const struct folder *folder, struct version_id version);
/* Cites the answers of the tools (bits 1 << enum tool) that are not older than since. */
void folder_cite(const struct folder *folder, uint64_t tools, int64_t since,
                 struct advice_item *item);
/* What was outstanding when the process died will never come. */
void folder_recover(struct folder *folder);
void folder_visit(struct visit *visit, struct folder *folder);

/* True when the text addresses its reader with something to do or to leave undone. Words alone never decide more than a page. */
bool text_is_suspicious(struct slice text);

#endif
