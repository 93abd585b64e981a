/* SPDX-License-Identifier: Apache-2.0 */
/* Hostile replies: one shape is accepted, everything else is refused whole and by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/formats/reply.h"
#include "core/types/names.h"

#define NEWEST 100
#define ONE(members) "{\"hypotheses\":[{" members "}]}"
#define SOUND "\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[17,23]"

static struct reply reply;

static void assert_refused(struct slice raw, enum reply_verdict verdict, const char *what)
{
    memset(&reply, 0xff, sizeof(reply));
    reply_parse(raw, NEWEST, &reply);
    if (reply.verdict != verdict) {
        fail_msg("%s: %s instead of %s", what, reply_verdict_name(reply.verdict),
                 reply_verdict_name(verdict));
    }
    static const struct llm_claim nothing[CLAIMS_MAX];
    assert_int_equal(reply.n_claims, 0);
    assert_memory_equal(reply.claims, nothing, sizeof(nothing));
}

static void reply_when_sound_gives_its_claims(void **state)
{
    (void)state;
    const char *raw =
        " {\"hypotheses\":[{\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[17,100],"
        "\"suggestion\":{\"action\":\"ROLLBACK\",\"version\":7,"
        "\"subject\":\"00000000000000ff0123456789abcdef\"}},"
        "{\"evidence\":[],\"confidence\":0,\"cause\":\"unknown\"}]}\r\n";
    reply_parse(slice_of(raw), NEWEST, &reply);
    assert_int_equal(reply.verdict, REPLY_VALID);
    assert_int_equal(reply.n_claims, 2);
    assert_int_equal(reply.claims[0].cause, CAUSE_BAD_MODEL);
    assert_int_equal(reply.claims[0].confidence_pct, 80);
    assert_int_equal(reply.claims[0].n_cited, 2);
    assert_int_equal(reply.claims[0].cited[1].value, 100);
    assert_true(reply.claims[0].suggests);
    assert_int_equal(reply.claims[0].verb, VERB_ROLLBACK);
    assert_int_equal(reply.claims[0].target.value, 7);
    assert_true(reply.claims[0].subject.hi == 0xff);
    assert_true(reply.claims[0].subject.lo == UINT64_C(0x0123456789abcdef));
    assert_int_equal(reply.claims[1].cause, CAUSE_UNKNOWN);
    assert_false(reply.claims[1].suggests);
}

struct hostile {
    const char *what;
    const char *raw;
    enum reply_verdict verdict;
};

static void reply_when_hostile_is_refused_by_name(void **state)
{
    (void)state;
    static const struct hostile hostile[] = {
        {"empty body", "", REPLY_TRANSPORT},
        {"white space alone", " \n\t ", REPLY_SYNTAX},
        {"prose", "The model is bad. Roll it back.", REPLY_SYNTAX},
        {"code fence", "```json\n" ONE(SOUND) "\n```", REPLY_SYNTAX},
        {"prose before", "Sure! " ONE(SOUND), REPLY_SYNTAX},
        {"text after", ONE(SOUND) " APPROVED", REPLY_SYNTAX},
        {"second object", ONE(SOUND) ONE(SOUND), REPLY_SYNTAX},
        {"cut", "{\"hypotheses\":[{\"cause\":\"bad_mod", REPLY_SYNTAX},
        {"array", "[" ONE(SOUND) "]", REPLY_SYNTAX},
        {"number", "42", REPLY_SYNTAX},
        {"string", "\"bad_model\"", REPLY_SYNTAX},
        {"null", "null", REPLY_SYNTAX},
        {"comment", "{/* hello */\"hypotheses\":[]}", REPLY_SYNTAX},
        {"trailing comma", "{\"hypotheses\":[],}", REPLY_SYNTAX},
        {"single quotes", "{'hypotheses':[]}", REPLY_SYNTAX},
        {"byte order mark", "\xef\xbb\xbf" ONE(SOUND), REPLY_SYNTAX},
        {"NaN", ONE("\"cause\":\"bad_model\",\"confidence\":NaN,\"evidence\":[]"), REPLY_SYNTAX},
        {"escaped NUL", ONE("\"cause\":\"bad_model\\u0000\",\"confidence\":1,\"evidence\":[]"),
         REPLY_SYNTAX},
        {"lone surrogate", ONE("\"cause\":\"\\ud800\",\"confidence\":1,\"evidence\":[]"),
         REPLY_SYNTAX},
        {"integer beyond 64 bits",
         ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[99999999999999999999]"),
         REPLY_SYNTAX},
        {"double beyond range", ONE("\"cause\":\"bad_model\",\"confidence\":1e999,\"evidence\":[]"),
         REPLY_SYNTAX},
        {"overlong UTF-8", ONE("\"cause\":\"b\xc0\xaf\",\"confidence\":1,\"evidence\":[]"),
         REPLY_ENCODING},
        {"UTF-8 surrogate", "{\"refusal\":\"\xed\xa0\x80\"}", REPLY_ENCODING},
        {"UTF-8 beyond Unicode", "{\"refusal\":\"\xf4\x90\x80\x80\"}", REPLY_ENCODING},
        {"Latin-1", "{\"refusal\":\"\xe9t\xe9\"}", REPLY_ENCODING},
        {"cut UTF-8", "{\"refusal\":\"\xe2\x82", REPLY_ENCODING},
        {"escape character", "{\"refusal\":\"\x1b[31m\"}", REPLY_ENCODING},
        {"delete character", "{\"refusal\":\"\x7f\"}", REPLY_ENCODING},
        {"C1 control", "{\"refusal\":\"\xc2\x9b\"}", REPLY_ENCODING},
        {"refusal", "{\"refusal\":\"I cannot help with that.\"}", REPLY_REFUSAL},
        {"empty object", "{}", REPLY_REFUSAL},
        {"refusal that is no text", "{\"refusal\":1}", REPLY_SCHEMA},
        {"refusal and hypotheses", "{\"refusal\":\"no\",\"hypotheses\":[{" SOUND "}]}", REPLY_SCHEMA},
        {"unknown member", "{\"hypotheses\":[{" SOUND "}],\"approved_by\":\"operator\"}",
         REPLY_SCHEMA},
        {"unknown member inside", ONE(SOUND ",\"execute\":true"), REPLY_SCHEMA},
        {"no hypotheses", "{\"hypotheses\":[]}", REPLY_SCHEMA},
        {"hypotheses as object", "{\"hypotheses\":{\"0\":{" SOUND "}}}", REPLY_SCHEMA},
        {"too many hypotheses",
         "{\"hypotheses\":[{" SOUND "},{" SOUND "},{" SOUND "},{" SOUND "},{" SOUND "}]}",
         REPLY_SCHEMA},
        {"hypothesis as array", "{\"hypotheses\":[[\"bad_model\",80,[]]]}", REPLY_SCHEMA},
        {"hypothesis null", "{\"hypotheses\":[null]}", REPLY_SCHEMA},
        {"second hypothesis broken", "{\"hypotheses\":[{" SOUND "},{}]}", REPLY_SCHEMA},
        {"repeated member", ONE("\"cause\":\"bad_config\"," SOUND), REPLY_SCHEMA},
        {"repeated by an escape", ONE("\"c\\u0061use\":\"bad_config\"," SOUND), REPLY_SCHEMA},
        {"missing cause", ONE("\"confidence\":80,\"evidence\":[]"), REPLY_SCHEMA},
        {"missing confidence", ONE("\"cause\":\"bad_model\",\"evidence\":[]"), REPLY_SCHEMA},
        {"missing evidence", ONE("\"cause\":\"bad_model\",\"confidence\":80"), REPLY_SCHEMA},
        {"missing but three members",
         ONE("\"cause\":\"bad_model\",\"confidence\":80,\"suggestion\":{\"action\":\"ROLLBACK\"}"),
         REPLY_SCHEMA},
        {"unknown cause", ONE("\"cause\":\"gremlins\",\"confidence\":80,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"cause in capitals", ONE("\"cause\":\"BAD_MODEL\",\"confidence\":80,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"cause in homoglyphs",
         ONE("\"cause\":\"b\xd0\xb0"
             "d_model\",\"confidence\":80,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"cause as number", ONE("\"cause\":9,\"confidence\":80,\"evidence\":[]"), REPLY_SCHEMA},
        {"confidence above", ONE("\"cause\":\"bad_model\",\"confidence\":101,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"confidence below", ONE("\"cause\":\"bad_model\",\"confidence\":-1,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"confidence real", ONE("\"cause\":\"bad_model\",\"confidence\":80.0,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"confidence huge", ONE("\"cause\":\"bad_model\",\"confidence\":1e308,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"confidence text", ONE("\"cause\":\"bad_model\",\"confidence\":\"80\",\"evidence\":[]"),
         REPLY_SCHEMA},
        {"confidence true", ONE("\"cause\":\"bad_model\",\"confidence\":true,\"evidence\":[]"),
         REPLY_SCHEMA},
        {"evidence text", ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[\"17\"]"),
         REPLY_SCHEMA},
        {"evidence real", ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[17.0]"),
         REPLY_SCHEMA},
        {"evidence number", ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":17"),
         REPLY_SCHEMA},
        {"too much evidence",
         ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[1,2,3,4,5,6,7,8,9]"),
         REPLY_SCHEMA},
        {"evidence of the future",
         ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[17,101]"), REPLY_CITATION},
        {"evidence zero", ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[0]"),
         REPLY_CITATION},
        {"evidence negative", ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[-17]"),
         REPLY_CITATION},
        {"evidence beyond double",
         ONE("\"cause\":\"bad_model\",\"confidence\":80,\"evidence\":[9007199254740993]"),
         REPLY_CITATION},
        {"suggestion without action", ONE(SOUND ",\"suggestion\":{\"version\":7}"), REPLY_SCHEMA},
        {"suggestion empty", ONE(SOUND ",\"suggestion\":{}"), REPLY_SCHEMA},
        {"suggestion null", ONE(SOUND ",\"suggestion\":null"), REPLY_SCHEMA},
        {"suggestion as text", ONE(SOUND ",\"suggestion\":\"ROLLBACK\""), REPLY_SCHEMA},
        {"unknown action", ONE(SOUND ",\"suggestion\":{\"action\":\"DROP_TABLE\"}"), REPLY_SCHEMA},
        {"suggestion with more",
         ONE(SOUND ",\"suggestion\":{\"action\":\"ROLLBACK\",\"force\":true}"), REPLY_SCHEMA},
        {"version beyond", ONE(SOUND ",\"suggestion\":{\"action\":\"ROLLBACK\",\"version\":65536}"),
         REPLY_SCHEMA},
        {"version negative", ONE(SOUND ",\"suggestion\":{\"action\":\"ROLLBACK\",\"version\":-1}"),
         REPLY_SCHEMA},
        {"subject short", ONE(SOUND ",\"suggestion\":{\"action\":\"ROLLBACK\",\"subject\":\"ff\"}"),
         REPLY_SCHEMA},
        {"subject no hex",
         ONE(SOUND ",\"suggestion\":{\"action\":\"ROLLBACK\",\"subject\":"
                   "\"0x000000000000000000000000000000\"}"),
         REPLY_SCHEMA},
        {"subject in capitals",
         ONE(SOUND ",\"suggestion\":{\"action\":\"ROLLBACK\",\"subject\":"
                   "\"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\"}"),
         REPLY_SCHEMA},
    };
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        assert_refused(slice_of(hostile[i].raw), hostile[i].verdict, hostile[i].what);
    }
}

static void reply_when_it_holds_a_nul_byte_is_refused(void **state)
{
    (void)state;
    static const char inside[] = "{\"refusal\":\"a\0b\"}";
    static const char after[] = "{\"hypotheses\":[{" SOUND "}]}\0";
    assert_refused((struct slice){inside, sizeof(inside) - 1}, REPLY_ENCODING, "NUL inside");
    assert_refused((struct slice){after, sizeof(after) - 1}, REPLY_ENCODING, "NUL after");
}

static void reply_when_deeply_nested_is_refused(void **state)
{
    (void)state;
    static char raw[REPLY_BYTES_MAX];
    memset(raw, '[', sizeof(raw));
    assert_refused((struct slice){raw, sizeof(raw)}, REPLY_SYNTAX, "brackets");
    for (size_t i = 0; i + 5 <= sizeof(raw); i += 5) {
        memcpy(raw + i, "{\"a\":", 5);
    }
    assert_refused((struct slice){raw, sizeof(raw) / 5 * 5}, REPLY_SYNTAX, "braces");
}

static void reply_when_longer_than_the_ceiling_is_refused(void **state)
{
    (void)state;
    static char raw[REPLY_BYTES_MAX + 1];
    const char *sound = ONE(SOUND);
    memset(raw, ' ', sizeof(raw));
    memcpy(raw, sound, strlen(sound));
    reply_parse((struct slice){raw, REPLY_BYTES_MAX}, NEWEST, &reply);
    assert_int_equal(reply.verdict, REPLY_VALID);
    assert_refused((struct slice){raw, REPLY_BYTES_MAX + 1}, REPLY_OVERSIZE, "one byte more");
}

static void reply_when_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const char *sound = ONE(SOUND ",\"suggestion\":{\"action\":\"PROMOTE\",\"version\":3}");
    for (size_t n_bytes = 1; n_bytes < strlen(sound); n_bytes++) {
        assert_refused((struct slice){sound, n_bytes}, REPLY_SYNTAX, "cut");
    }
    reply_parse(slice_of(sound), NEWEST, &reply);
    assert_int_equal(reply.verdict, REPLY_VALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_when_sound_gives_its_claims),
        cmocka_unit_test(reply_when_hostile_is_refused_by_name),
        cmocka_unit_test(reply_when_it_holds_a_nul_byte_is_refused),
        cmocka_unit_test(reply_when_deeply_nested_is_refused),
        cmocka_unit_test(reply_when_longer_than_the_ceiling_is_refused),
        cmocka_unit_test(reply_when_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
