/* SPDX-License-Identifier: ISC
 *
 * Known answers: FIPS 180-4 examples, RFC 4231, RFC 4648 section 10.
 */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"

static void test_sha256_gives_the_standard_answers(void **state)
{
	char text[DIGEST_TEXT];

	(void)state;
	digest_sha256("", 0, text);
	assert_string_equal(
		text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_sha256(NULL, 0, text);
	assert_string_equal(
		text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_sha256("abc", 3, text);
	assert_string_equal(
		text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, text);
	assert_string_equal(
		text, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void assert_hmac(
	const void *key, size_t key_length, const char *message, const char *expected)
{
	unsigned char digest[DIGEST_BYTES];
	char text[DIGEST_TEXT];

	digest_hmac(key, key_length, message, strlen(message), digest);
	text_hexadecimal(digest, sizeof digest, text);
	assert_string_equal(text, expected);
}

static void test_hmac_gives_the_answers_of_rfc_4231(void **state)
{
	unsigned char key[131];

	(void)state;
	memset(key, 0x0b, 20);
	assert_hmac(key, 20, "Hi There",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_hmac("Jefe", 4, "what do ya want for nothing?",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	assert_hmac(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_hmac_with_an_empty_key_does_not_reuse_the_last_one(void **state)
{
	(void)state;
	assert_hmac(
		"other", 5, "", "0f56482ea4cbfcfaf3234385a4a55a997f0d9de2cf95c28f22c2024efcb7bd92");
	assert_hmac(
		NULL, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void test_sha1_in_base32_names_what_web_archives_hold(void **state)
{
	char out[DIGEST_BASE32];

	(void)state;
	digest_sha1_base32("", 0, out); /* as any CDX index has it for an empty body */
	assert_string_equal(out, "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
	digest_sha1_base32("abc", 3, out);
	assert_string_equal(out, "VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5");
}

static const char *const base64_pairs[][2] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff\xfe", "+//+"},
};

static void test_base64_writes_and_reads_the_vectors_of_rfc_4648(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof base64_pairs / sizeof *base64_pairs; i++) {
		struct buffer out = {0};

		digest_base64(base64_pairs[i][0], strlen(base64_pairs[i][0]), &out);
		assert_string_equal(buffer_string(&out), base64_pairs[i][1]);
		buffer_clear(&out);
		assert_true(digest_base64_decode(base64_pairs[i][1], &out));
		assert_string_equal(buffer_string(&out), base64_pairs[i][0]);
		buffer_release(&out);
	}
}

static void test_sha256_in_base64_is_what_a_policy_names(void **state)
{
	struct buffer out = {0};

	(void)state;
	digest_sha256_base64("abc", 3, &out); /* FIPS 180-2, appendix B.1 */
	assert_string_equal(buffer_string(&out), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
	buffer_release(&out);
}

static void test_what_is_not_base64_is_refused_and_adds_nothing(void **state)
{
	static const char *const bad[] = {
		"Zg",
		"Zg=",
		"Zg==Zg==",
		"Zm9v\n",
		"Zm9 ",
		"Z===",
		"====",
		"Zm-v",
		"Zm9vZm_v",
		"Zg=a",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buffer out = {0};

		buffer_text(&out, "before");
		assert_false(digest_base64_decode(bad[i], &out));
		assert_int_equal(out.length, 6);
		buffer_release(&out);
	}
}

static void test_random_bytes_differ(void **state)
{
	unsigned char a[16] = {0}, b[16] = {0};

	(void)state;
	digest_random(a, sizeof a);
	digest_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_gives_the_standard_answers),
		cmocka_unit_test(test_sha1_in_base32_names_what_web_archives_hold),
		cmocka_unit_test(test_hmac_gives_the_answers_of_rfc_4231),
		cmocka_unit_test(test_hmac_with_an_empty_key_does_not_reuse_the_last_one),
		cmocka_unit_test(test_base64_writes_and_reads_the_vectors_of_rfc_4648),
		cmocka_unit_test(test_sha256_in_base64_is_what_a_policy_names),
		cmocka_unit_test(test_what_is_not_base64_is_refused_and_adds_nothing),
		cmocka_unit_test(test_random_bytes_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
