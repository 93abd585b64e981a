/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures: the published vector, and every way in which one can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "live/adapter/webhook.h"

/* The known answer of the Standard Webhooks specification. */
#define SECRET "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define AT 1614265330
#define BODY "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static struct webhook_secret secret;

static int secret_read(void **state)
{
    (void)state;
    return webhook_secret_parse(slice_of(" whsec_" SECRET "\n"), &secret) ? 0 : 1;
}

static enum webhook_verdict verify(const char *id, const char *at, const char *signature,
                                   const char *body, int64_t now)
{
    return webhook_verify(&secret, slice_of(id), slice_of(at), slice_of(signature), slice_of(body),
                          now);
}

static void signature_when_made_is_the_published_one(void **state)
{
    (void)state;
    char signature[WEBHOOK_SIGNATURE_BYTES];
    webhook_sign(&secret, slice_of(ID), AT, slice_of(BODY), signature);
    assert_string_equal(signature, SIGNATURE);
}

static void signature_when_sound_is_valid_also_in_a_list(void **state)
{
    (void)state;
    assert_int_equal(verify(ID, "1614265330", SIGNATURE, BODY, AT + 299), WEBHOOK_VALID);
    assert_int_equal(verify(ID, "1614265330", "v1,AAAA v1a,xyz " SIGNATURE, BODY, AT), WEBHOOK_VALID);
}

static void signature_when_anything_differs_is_forged(void **state)
{
    (void)state;
    assert_int_equal(verify("msg_x", "1614265330", SIGNATURE, BODY, AT), WEBHOOK_FORGED);
    assert_int_equal(verify(ID, "1614265331", SIGNATURE, BODY, AT), WEBHOOK_FORGED);
    assert_int_equal(verify(ID, "1614265330", SIGNATURE, BODY " ", AT), WEBHOOK_FORGED);
    assert_int_equal(
        verify(ID, "1614265330", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, AT),
        WEBHOOK_FORGED);
    assert_int_equal(verify(ID, "1614265330", "v1,g0hM9SsE", BODY, AT), WEBHOOK_FORGED);
}

static void signature_when_old_or_early_is_stale(void **state)
{
    (void)state;
    assert_int_equal(verify(ID, "1614265330", SIGNATURE, BODY, AT + 301), WEBHOOK_STALE);
    assert_int_equal(verify(ID, "1614265330", SIGNATURE, BODY, AT - 301), WEBHOOK_STALE);
}

static void signature_when_a_header_is_missing_is_unsigned(void **state)
{
    (void)state;
    assert_int_equal(verify("", "1614265330", SIGNATURE, BODY, AT), WEBHOOK_UNSIGNED);
    assert_int_equal(verify(ID, "", SIGNATURE, BODY, AT), WEBHOOK_UNSIGNED);
    assert_int_equal(verify(ID, "1614265330x", SIGNATURE, BODY, AT), WEBHOOK_UNSIGNED);
    assert_int_equal(verify(ID, "1614265330", "", BODY, AT), WEBHOOK_UNSIGNED);
}

static void secret_when_short_or_no_base64_is_refused(void **state)
{
    (void)state;
    struct webhook_secret other;
    assert_false(webhook_secret_parse(slice_of("whsec_AAAA"), &other));
    assert_false(webhook_secret_parse(slice_of("whsec_"), &other));
    assert_false(webhook_secret_parse(slice_of("not base64 at all, though long enough!"), &other));
    char large[256];
    memset(large, 'A', sizeof(large));
    assert_false(webhook_secret_parse((struct slice){large, sizeof(large)}, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_when_made_is_the_published_one),
        cmocka_unit_test(signature_when_sound_is_valid_also_in_a_list),
        cmocka_unit_test(signature_when_anything_differs_is_forged),
        cmocka_unit_test(signature_when_old_or_early_is_stale),
        cmocka_unit_test(signature_when_a_header_is_missing_is_unsigned),
        cmocka_unit_test(secret_when_short_or_no_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, secret_read, NULL);
}
