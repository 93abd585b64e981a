/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: strict reading, and a whole log of Tessera made again byte for byte from its entries and its key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "replay/checkpoint.h"
#include "replay/note.h"
#include "tests/unit/replay/vectors.h"

#define ROOT "Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk="

static const char tessera_secret[] =
    "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg";
static const char *const tessera[] = {
    "example.com/log/testdata\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\xe2\x80\x94 example.com/log/testdata "
    "M9e0lhxJACzE1KoUdqKuPa+9p6R7dSW8BlEvrg/noo8FkGg6PbJoRNOcdjqjOq89wVvTA60eubCc4oufo5BvIVEgtQc=\n",
    "example.com/log/testdata\n1\n0Nc2CrefWKseHj/mStd+LqC8B+NrX0btIiPt2SmN+ek=\n\n\xe2\x80\x94 example.com/log/testdata "
    "M9e0lhr9kuLxGdAtaUrhm84TQffVsLdcy808sN0a3WyniNlfcr9+bywoiIke1YYciCNjJGkCgIlQ8b16jhsmg/SChAM=\n",
    "example.com/log/testdata\n2\nT1X2GdkhUjV3iyufF9b0kVsWFxIU0VI4EpNml2Teci4=\n\n\xe2\x80\x94 example.com/log/testdata "
    "M9e0llH4NKmlf0u7C8tkJioQOmi7l5ELqljXgKRg6R3G5JJ7vx7emDWo5fpqKuA/Dk/jRrI6il+7QCVirNhyUAWGoAk=\n",
    "example.com/log/testdata\n3\n" ROOT "\n\n\xe2\x80\x94 example.com/log/testdata "
    "M9e0lvAQRtH832pk2RTbeSeZMkp4FZSdJYFBUjO5SKxuRbywPUF3cx+HUrb50kjd3rUWW/fj53Wj1dwcwh9bGQnqVAg=\n",
};

/* The checkpoint of a tree of Tessera's log, signed. */
static const char *sign(const struct merkle_tree *tree, const char *secret)
{
    static char note_bytes[1024];
    char bytes[512];
    struct text text, note;
    struct note_signer signer;
    assert_true(note_signer_parse(slice_of(secret), &signer));
    text_init(&text, bytes, sizeof(bytes));
    text_init(&note, note_bytes, sizeof(note_bytes));
    struct checkpoint checkpoint = {
        slice_of("example.com/log/testdata"), tree->size, merkle_root(tree), {"", 0}};
    checkpoint_write(&checkpoint, &text);
    note_sign((struct slice){text.bytes, text.n_bytes}, &signer, &note);
    return note_bytes;
}

static void log_when_grown_gives_the_checkpoints_of_tessera(void **state)
{
    (void)state;
    static const char *const entries[] = {"one", "two", "three"};
    struct merkle_tree tree;
    merkle_init(&tree);
    assert_string_equal(sign(&tree, tessera_secret), tessera[0]);
    for (int i = 0; i < 3; i++) {
        struct merkle_hash leaf = merkle_leaf(slice_of(entries[i]));
        merkle_push(&tree, &leaf);
        assert_string_equal(sign(&tree, tessera_secret), tessera[i + 1]);
    }
}

static void checkpoint_when_read_is_what_was_written(void **state)
{
    (void)state;
    static const char bytes[] =
        "example.com/log42\n18446744073709551615\n" ROOT "\nfirst line\nsecond line\n";
    struct checkpoint checkpoint;
    char again[256], root[CHECKPOINT_ROOT_TEXT];
    struct text text;
    assert_true(checkpoint_parse(slice_of(bytes), &checkpoint));
    assert_true(slice_equal(checkpoint.origin, slice_of("example.com/log42")));
    assert_true(checkpoint.size == UINT64_MAX);
    assert_true(slice_equal(checkpoint.extensions, slice_of("first line\nsecond line\n")));
    checkpoint_root_text(&checkpoint.root, root);
    assert_string_equal(root, ROOT);
    text_init(&text, again, sizeof(again));
    checkpoint_write(&checkpoint, &text);
    assert_string_equal(again, bytes);
}

static void text_when_no_checkpoint_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "\n",
        "Log\n",
        "Log\n1\n",
        "Log\n1\n" ROOT,
        "\n1\n" ROOT "\n",
        "Log\n\n" ROOT "\n",
        "Log\n01\n" ROOT "\n",
        "Log\n00\n" ROOT "\n",
        "Log\n+1\n" ROOT "\n",
        "Log\n-1\n" ROOT "\n",
        "Log\n1 \n" ROOT "\n",
        "Log\n0x1\n" ROOT "\n",
        "Log\n18446744073709551616\n" ROOT "\n",
        "Log\n99999999999999999999999\n" ROOT "\n",
        "Log\n1\nYmFuYW5hcw==\n", /* Not 32 bytes. */
        "Log\n1\n" ROOT "=\n",
        "Log\n1\nWqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKl=\n", /* Bits that mean nothing are set. */
        "Log\n1\nThisIsn'tBase64\n",
        "Log\n1\n" ROOT "\n\n",
        "Log\n1\n" ROOT "\nline\n\nline\n",
        "Log\n1\n" ROOT "\nline",
    };
    struct checkpoint checkpoint;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (checkpoint_parse(slice_of(wrong[i]), &checkpoint)) {
            fail_msg("taken for a checkpoint: %zu", i);
        }
    }
}

static void log_when_of_the_set_is_made_again_byte_for_byte(void **state)
{
    (void)state;
    char path[VECTOR_PATH], name[64];
    vectors_path("tlog_end_to_end_kat.json", path);
    json_t *root = vectors_read(path), *one;
    const json_t *entries = json_object_get(root, "entries");
    struct merkle_tree tree;
    size_t i;
    merkle_init(&tree);
    json_array_foreach(json_object_get(root, "checkpoints"), i, one)
    {
        if (i > 0) {
            struct merkle_hash leaf =
                merkle_leaf(slice_of(json_string_value(json_array_get(entries, i - 1))));
            merkle_push(&tree, &leaf);
        }
        const char *made = sign(&tree, vectors_text(root, "private_key").bytes);
        assert_string_equal(made, vectors_text(one, "checkpoint").bytes);
        (void)snprintf(name, sizeof(name), "tessera_testlog/testdata/log/checkpoint.%zu", i);
        vectors_path(name, path);
        assert_true(slice_equal(vectors_bytes(path), slice_of(made)));
    }
    json_decref(root);
    assert_int_equal(tree.size, 15);
}

/* The set allows roots of any length; ours have 32 bytes. */
static void texts_when_of_the_set_are_answered_as_it_says(void **state)
{
    (void)state;
    char path[VECTOR_PATH];
    vectors_path("notes_kat.json", path);
    json_t *root = vectors_read(path), *one;
    struct checkpoint checkpoint;
    size_t i, n = 0;
    json_array_foreach(json_object_get(root, "checkpoints"), i, one)
    {
        const json_t *hash = json_object_get(one, "hash_hex");
        bool is_one = json_is_true(json_object_get(one, "ok")) &&
                      json_string_length(hash) == 2 * MERKLE_BYTES;
        assert_int_equal(checkpoint_parse(vectors_text(one, "text"), &checkpoint), is_one);
        n++;
    }
    json_decref(root);
    assert_int_equal(n, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_when_grown_gives_the_checkpoints_of_tessera),
        cmocka_unit_test(checkpoint_when_read_is_what_was_written),
        cmocka_unit_test(text_when_no_checkpoint_is_refused),
        cmocka_unit_test(log_when_of_the_set_is_made_again_byte_for_byte),
        cmocka_unit_test(texts_when_of_the_set_are_answered_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
