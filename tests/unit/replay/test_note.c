/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes: the published ones, every malformed one, and that no character of a key can change unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "replay/note.h"
#include "tests/unit/replay/vectors.h"

#define RIDDLE                                                                                     \
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
#define PETER                                                                                      \
    "\xe2\x80\x94 PeterNeumann "                                                                   \
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH                                                                                      \
    "\xe2\x80\x94 EnochRoot "                                                                      \
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

static const char peter_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char peter_secret[] =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char enoch_key[] = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
static const char foo_key[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char foo_note[] =
    "This is an example message.\n\n\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

static struct note note;

static struct note_key key_of(const char *text)
{
    struct note_key key;
    assert_true(note_key_parse(slice_of(text), &key));
    return key;
}

static enum note_verdict verify(const char *bytes, const char *key_text)
{
    struct note_key key = key_of(key_text);
    assert_true(note_parse(slice_of(bytes), &note));
    return note_verify(&note, &key);
}

static void notes_when_published_verify(void **state)
{
    (void)state;
    assert_int_equal(verify(foo_note, foo_key), NOTE_SIGNED);
    assert_int_equal(verify(RIDDLE "\n" PETER, peter_key), NOTE_SIGNED);
    assert_int_equal(verify(RIDDLE "\n" PETER ENOCH, peter_key), NOTE_SIGNED);
    assert_int_equal(verify(RIDDLE "\n" PETER ENOCH, enoch_key), NOTE_SIGNED);
    assert_int_equal(note.n_signatures, 2);
    assert_true(slice_equal(note.text, slice_of(RIDDLE)));
}

static void note_when_of_another_key_is_not_signed_by_this_one(void **state)
{
    (void)state;
    assert_int_equal(verify(RIDDLE "\n" ENOCH, peter_key), NOTE_UNSIGNED);
    assert_int_equal(verify(foo_note, peter_key), NOTE_UNSIGNED);
}

static void note_when_its_text_or_a_signature_is_another_is_forged(void **state)
{
    (void)state;
    assert_int_equal(verify("Something else.\n\n" PETER, peter_key), NOTE_FORGED);
    assert_int_equal(verify(RIDDLE "\n\n" PETER, peter_key), NOTE_FORGED); /* One more empty line. */
    char bytes[] = RIDDLE "\n" PETER PETER; /* The second of two is forged. */
    char *place = strrchr(bytes, 'Z');
    assert_non_null(place);
    *place = 'Y';
    assert_int_equal(verify(bytes, peter_key), NOTE_FORGED);
}

static void note_when_signed_again_is_the_same_bytes(void **state)
{
    (void)state;
    struct note_signer signer;
    char bytes[512];
    struct text text;
    assert_true(note_signer_parse(slice_of(peter_secret), &signer));
    text_init(&text, bytes, sizeof(bytes));
    note_sign(slice_of(RIDDLE), &signer, &text);
    assert_string_equal(bytes, RIDDLE "\n" PETER);
    text_init(&text, bytes, sizeof(bytes));
    note_key_write(&signer.key, &text);
    assert_string_equal(bytes, peter_key);
    text_init(&text, bytes, sizeof(bytes));
    note_signer_write(&signer, &text);
    assert_string_equal(bytes, peter_secret);
}

static void bytes_when_no_note_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "\n",
        RIDDLE,
        RIDDLE "\n",
        "\n" PETER,
        PETER,
        "\x01" RIDDLE "\n" PETER,
        "tab\there\n\n" PETER,
        "\xc0\xaf\n\n" PETER,     /* Overlong. */
        "\xed\xa0\x80\n\n" PETER, /* A surrogate. */
        "\xf4\x90\x80\x80\n\n" PETER,
        "\xe2\x80\n\n" PETER,
        "\xff\n\n" PETER,
        RIDDLE "\n" PETER "Unexpected line.\n",
        RIDDLE "\n" PETER "\n",
        RIDDLE "\n\xe2\x80\x94 Bad Name x08go/ZJkuBS\n",
        RIDDLE "\n\xe2\x80\x94 Bad+Name x08go/ZJkuBS\n",
        RIDDLE "\n\xe2\x80\x94 Bad\xc2\xa0Name x08go/ZJkuBS\n", /* A space that does not break. */
        RIDDLE "\n\xe2\x80\x94  x08go/ZJkuBS\n",
        RIDDLE "\n\xe2\x80\x94 Name\n",
        RIDDLE "\n\xe2\x80\x94 Name x08g\n", /* An id and no signature. */
        RIDDLE "\n\xe2\x80\x94 Name x08go/ZJkuB\n",
        RIDDLE "\n\xe2\x80\x94 Name x08go/ZJku B\n",
        RIDDLE "\n\xe2\x80\x94 Name x08go/ZJkuBT=\n", /* Bits that mean nothing are set. */
        RIDDLE "\n- Name x08go/ZJkuBS\n",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (note_parse(slice_of(wrong[i]), &note)) {
            fail_msg("taken for a note: %zu", i);
        }
    }
    struct slice cut = {foo_note, sizeof(foo_note) - 2};
    assert_false(note_parse(cut, &note));
    struct slice with_nul = {foo_note, sizeof(foo_note)};
    assert_false(note_parse(with_nul, &note));
}

static void signatures_when_more_than_allowed_are_refused(void **state)
{
    (void)state;
    static char bytes[64 * 1024];
    struct text text;
    text_init(&text, bytes, sizeof(bytes));
    text_put(&text, RIDDLE "\n");
    for (int i = 1; i <= NOTE_SIGNATURES_MAX + 1; i++) {
        text_put(&text, PETER);
        assert_int_equal(note_parse((struct slice){text.bytes, text.n_bytes}, &note),
                         i <= NOTE_SIGNATURES_MAX);
    }
    assert_false(text.truncated);
}

static void key_when_any_character_changes_is_refused(void **state)
{
    (void)state;
    struct note_key key;
    struct note_signer signer;
    char bytes[128];
    for (size_t at = 0; at < sizeof(peter_key) - 1; at++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bytes, peter_key, sizeof(peter_key));
            bytes[at] ^= (char)(1 << bit);
            assert_false(note_key_parse((struct slice){bytes, sizeof(peter_key) - 1}, &key));
        }
    }
    for (size_t at = 0; at < sizeof(peter_secret) - 1; at++) {
        memcpy(bytes, peter_secret, sizeof(peter_secret));
        bytes[at] ^= 1;
        assert_false(note_signer_parse((struct slice){bytes, sizeof(peter_secret) - 1}, &signer));
    }
}

static void key_when_cut_longer_or_of_the_other_kind_is_refused(void **state)
{
    (void)state;
    struct note_key key;
    struct note_signer signer;
    for (size_t n_bytes = 0; n_bytes < sizeof(peter_key) - 1; n_bytes++) {
        assert_false(note_key_parse((struct slice){peter_key, n_bytes}, &key));
    }
    assert_true(note_key_parse(
        slice_of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n"), &key));
    assert_false(note_key_parse(
        slice_of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n\n"), &key));
    assert_false(note_key_parse(
        slice_of("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &key));
    assert_false(note_key_parse(slice_of(peter_secret), &key));
    assert_false(note_signer_parse(slice_of(peter_key), &signer));
}

static void name_when_it_has_a_space_or_plus_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "a b",
                                        "a+b",
                                        "a\tb",
                                        "a\xe3\x80\x80"
                                        "b",
                                        "a\xe2\x80\xa8"
                                        "b",
                                        "\xff"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(note_is_name(slice_of(wrong[i])));
    }
    char name[NOTE_NAME_MAX + 1];
    memset(name, 'n', sizeof(name));
    assert_true(note_is_name((struct slice){name, NOTE_NAME_MAX}));
    assert_false(note_is_name((struct slice){name, NOTE_NAME_MAX + 1}));
    assert_true(note_is_name(slice_of("example.com/b\xc3\xbchne")));
}

static void notes_when_of_the_set_are_answered_as_it_says(void **state)
{
    (void)state;
    char path[VECTOR_PATH];
    vectors_path("notes_kat.json", path);
    json_t *root = vectors_read(path), *one;
    size_t i, n_good = 0, n_malformed = 0;
    json_array_foreach(json_object_get(root, "good"), i, one)
    {
        assert_int_equal(verify(vectors_text(one, "note").bytes, vectors_text(one, "vkey").bytes),
                         NOTE_SIGNED);
        n_good++;
        if (json_object_get(one, "skey") != NULL) {
            struct note_signer signer;
            char bytes[1024];
            struct text text;
            assert_true(note_signer_parse(vectors_text(one, "skey"), &signer));
            text_init(&text, bytes, sizeof(bytes));
            note_sign(note.text, &signer, &text);
            assert_string_equal(bytes, vectors_text(one, "note").bytes);
        }
    }
    json_array_foreach(json_object_get(root, "malformed"), i, one)
    {
        assert_false(note_parse(vectors_text(one, "note"), &note));
        n_malformed++;
    }
    json_decref(root);
    assert_int_equal(n_good, 4);
    assert_int_equal(n_malformed, 7);
}

/* Project Wycheproof: a signature is accepted exactly when its set says that it is valid. */
static void signatures_when_of_wycheproof_are_answered_as_it_says(void **state)
{
    (void)state;
    static uint8_t message[4096], signature[256];
    char path[VECTOR_PATH];
    vectors_path("ed25519/wycheproof_ed25519_test.json", path);
    json_t *root = vectors_read(path), *group, *one;
    size_t i, k, n = 0;
    json_array_foreach(json_object_get(root, "testGroups"), i, group)
    {
        struct note_key key = {.name = "w", .id = 7};
        const json_t *public_key = json_object_get(group, "publicKey");
        assert_int_equal(
            vectors_hex(vectors_text(public_key, "pk").bytes, key.point, sizeof(key.point)), 32);
        json_array_foreach(json_object_get(group, "tests"), k, one)
        {
            size_t n_message = vectors_hex(vectors_text(one, "msg").bytes, message, sizeof(message));
            size_t n_signature =
                vectors_hex(vectors_text(one, "sig").bytes, signature, sizeof(signature));
            note.text = (struct slice){(const char *)message, n_message};
            note.n_signatures = 1;
            note.signatures[0] = (struct note_signature){
                .name = slice_of("w"), .id = 7, .n_bytes = (uint32_t)n_signature};
            memcpy(note.signatures[0].bytes, signature, NOTE_SIGNATURE_BYTES);
            bool is_valid = slice_equal(vectors_text(one, "result"), slice_of("valid"));
            assert_int_equal(note_verify(&note, &key), is_valid ? NOTE_SIGNED : NOTE_FORGED);
            n++;
        }
    }
    json_decref(root);
    assert_int_equal(n, 151);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_when_published_verify),
        cmocka_unit_test(note_when_of_another_key_is_not_signed_by_this_one),
        cmocka_unit_test(note_when_its_text_or_a_signature_is_another_is_forged),
        cmocka_unit_test(note_when_signed_again_is_the_same_bytes),
        cmocka_unit_test(bytes_when_no_note_are_refused),
        cmocka_unit_test(signatures_when_more_than_allowed_are_refused),
        cmocka_unit_test(key_when_any_character_changes_is_refused),
        cmocka_unit_test(key_when_cut_longer_or_of_the_other_kind_is_refused),
        cmocka_unit_test(name_when_it_has_a_space_or_plus_is_none),
        cmocka_unit_test(notes_when_of_the_set_are_answered_as_it_says),
        cmocka_unit_test(signatures_when_of_wycheproof_are_answered_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
