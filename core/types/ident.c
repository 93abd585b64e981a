/* SPDX-License-Identifier: Apache-2.0 */
/* The names that other structs share, visited and in words: content digests and lists of citations. */
#include "core/types/ident.h"

enum { DIGEST_DIGITS = 32 };

void digest128_visit(struct visit *visit, const char *name, struct digest128 *digest)
{
    visit_begin(visit, name, -1);
    visit_u64(visit, "hi", &digest->hi);
    visit_u64(visit, "lo", &digest->lo);
    visit_end(visit);
}

bool digest128_equal(struct digest128 a, struct digest128 b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

void digest128_put(struct text *text, struct digest128 digest)
{
    text_put_hex64(text, digest.hi);
    text_put_hex64(text, digest.lo);
}

bool digest128_parse(struct slice word, struct digest128 *ret_digest)
{
    if (word.n_bytes != DIGEST_DIGITS) {
        return false;
    }
    uint64_t halves[2] = {0, 0};
    for (size_t i = 0; i < DIGEST_DIGITS; i++) {
        char digit = word.bytes[i];
        bool is_decimal = digit >= '0' && digit <= '9';
        if (!is_decimal && (digit < 'a' || digit > 'f')) {
            return false;
        }
        uint64_t value = (uint64_t)(is_decimal ? digit - '0' : digit - 'a' + 10);
        halves[i / 16] = halves[i / 16] << 4 | value;
    }
    *ret_digest = (struct digest128){.hi = halves[0], .lo = halves[1]};
    return true;
}

void evidence_ids_visit(struct visit *visit, const char *name, uint32_t *n_ids,
                        struct evidence_id *ids, uint32_t n_max)
{
    visit_enum(visit, "n_evidence", n_ids, sizeof(*n_ids), n_max + 1);
    for (uint32_t i = 0; i < *n_ids; i++) {
        visit_begin(visit, name, (int)i);
        visit_u64(visit, "id", &ids[i].value);
        visit_end(visit);
    }
}
