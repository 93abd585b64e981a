/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints. */
#include "replay/checkpoint.h"

#include <string.h>

#include "replay/base64.h"

static bool take_line(struct slice *rest, struct slice *ret_line)
{
    const char *end = rest->n_bytes == 0 ? NULL : memchr(rest->bytes, '\n', rest->n_bytes);
    if (end == NULL || end == rest->bytes) {
        return false;
    }
    *ret_line = (struct slice){rest->bytes, (size_t)(end - rest->bytes)};
    rest->bytes += ret_line->n_bytes + 1;
    rest->n_bytes -= ret_line->n_bytes + 1;
    return true;
}

static bool parse_size(struct slice line, uint64_t *ret_size)
{
    uint64_t size = 0;
    if (line.bytes[0] == '0' && line.n_bytes > 1) {
        return false;
    }
    for (size_t i = 0; i < line.n_bytes; i++) {
        uint64_t digit = (uint64_t)(line.bytes[i] - '0');
        bool is_digit = line.bytes[i] >= '0' && line.bytes[i] <= '9';
        if (!is_digit || size > (UINT64_MAX - digit) / 10) {
            return false;
        }
        size = size * 10 + digit;
    }
    *ret_size = size;
    return true;
}

static bool parse_root(struct slice line, struct merkle_hash *ret_root)
{
    size_t n_bytes = 0;
    return base64_decode(line, ret_root->bytes, MERKLE_BYTES, &n_bytes) && n_bytes == MERKLE_BYTES;
}

bool checkpoint_parse(struct slice text, struct checkpoint *ret_checkpoint)
{
    struct slice size, root, line, rest = text;
    bool is_sound = take_line(&rest, &ret_checkpoint->origin) && take_line(&rest, &size) &&
                    parse_size(size, &ret_checkpoint->size) && take_line(&rest, &root) &&
                    parse_root(root, &ret_checkpoint->root);
    ret_checkpoint->extensions = rest;
    while (is_sound && rest.n_bytes > 0) {
        is_sound = take_line(&rest, &line);
    }
    return is_sound;
}

void checkpoint_root_text(const struct merkle_hash *root, char ret_text[CHECKPOINT_ROOT_TEXT])
{
    base64_encode(root->bytes, MERKLE_BYTES, ret_text, CHECKPOINT_ROOT_TEXT);
}

void checkpoint_write(const struct checkpoint *checkpoint, struct text *into)
{
    char root[CHECKPOINT_ROOT_TEXT];
    checkpoint_root_text(&checkpoint->root, root);
    text_put_slice(into, checkpoint->origin);
    text_put_char(into, '\n');
    text_put_u64(into, checkpoint->size);
    text_put_char(into, '\n');
    text_put(into, root);
    text_put_char(into, '\n');
    text_put_slice(into, checkpoint->extensions);
}
