/* SPDX-License-Identifier: ISC */
#include "tell/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY "key"

static void test_a_token_is_26_lower_case_letters_and_digits_of_the_hmac(void **state)
{
	char token[TOKEN_TEXT];

	(void)state;
	/* printf %s 'unsubscribe|ops@example.com' | openssl dgst -sha256 -hmac key -binary |
	 * head -c 16 | base32 | tr A-Z a-z */
	token_make(KEY, TOKEN_UNSUBSCRIBE, "ops@example.com", token);
	assert_string_equal(token, "urxuuue55otqqz7pclrwhbcd34");
}

static void test_a_token_is_for_one_purpose_one_matter_and_one_key(void **state)
{
	static const struct {
		const char *key;
		enum token_purpose purpose;
		const char *about;
	} others[] = {{KEY, TOKEN_BOUNCE, "a@example.com"},
		{KEY, TOKEN_UNSUBSCRIBE, "b@example.com"},
		{"other", TOKEN_UNSUBSCRIBE, "a@example.com"}};
	char token[TOKEN_TEXT], other[TOKEN_TEXT];

	(void)state;
	token_make(KEY, TOKEN_UNSUBSCRIBE, "a@example.com", token);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		token_make(others[i].key, others[i].purpose, others[i].about, other);
		assert_string_not_equal(other, token);
	}
}

static void test_an_address_carries_a_token_there_and_back(void **state)
{
	char token[TOKEN_TEXT], back[TOKEN_TEXT], *address;
	enum token_purpose purpose;
	long long number;

	(void)state;
	token_make(KEY, TOKEN_BOUNCE, "7", token);
	address = token_address("lampwatch@example.org", TOKEN_BOUNCE, 7, token);
	assert_true(token_parse(address, &purpose, &number, back));
	assert_int_equal(purpose, TOKEN_BOUNCE);
	assert_int_equal(number, 7);
	assert_string_equal(back, token);
	free(address);
}

static void test_a_local_part_of_more_than_64_bytes_is_not_made(void **state)
{
	char local[64] = "", token[TOKEN_TEXT], *address;

	(void)state;
	memset(local, 'a', 36);
	strcpy(local + 36, "@example.org");
	token_make(KEY, TOKEN_BOUNCE, "7", token);
	assert_null(token_address(local, TOKEN_BOUNCE, 0, token));
	address = token_address(local + 1, TOKEN_BOUNCE, 0, token);
	assert_non_null(address);
	free(address);
}

static void test_other_extensions_are_none_of_ours(void **state)
{
	static const char *const addresses[] = {"lampwatch@example.org", "lampwatch+@example.org",
		"lampwatch+u@example.org", "lampwatch+x-abc@example.org", "lampwatch+u-abc", "+",
		"", "lampwatch@example.org+u-abc"};
	char token[TOKEN_TEXT];
	enum token_purpose purpose;
	long long number;

	(void)state;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (token_parse(addresses[i], &purpose, &number, token))
			fail_msg("%s was taken for one of ours", addresses[i]);
	assert_true(token_parse("a+u-abcdefghijklmnopqrstuvwxyzabcdefghijkl@example.org", &purpose,
		&number, token));
	assert_string_equal(token, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_is_26_lower_case_letters_and_digits_of_the_hmac),
		cmocka_unit_test(test_a_token_is_for_one_purpose_one_matter_and_one_key),
		cmocka_unit_test(test_an_address_carries_a_token_there_and_back),
		cmocka_unit_test(test_a_local_part_of_more_than_64_bytes_is_not_made),
		cmocka_unit_test(test_other_extensions_are_none_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
