/* SPDX-License-Identifier: ISC */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void test_setting_an_error_returns_false_and_fills_it_in(void **state)
{
	struct error error;

	(void)state;
	assert_false(error_set(&error, REMEDY_PAGE, "%s: %d", "page", 404));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_string_equal(error.text, "page: 404");
	assert_false(error_set(NULL, REMEDY_PAGE, "nobody listens"));
}

static void test_a_prefix_keeps_text_and_remedy(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, REMEDY_LATER, "timed out");
	assert_false(error_prefix(&error, "%s", "google"));
	assert_string_equal(error.text, "google: timed out");
	assert_int_equal(error.remedy, REMEDY_LATER);
	assert_false(error_prefix(NULL, "nobody"));
}

static void test_foreign_words_cannot_break_the_line_or_the_terminal(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, REMEDY_PAGE,
		"a\r\nb\x1b[31m\xc2\x9b"
		"1m\xe2\x80\xae"
		"c\xff\xc3\xa4");
	assert_string_equal(error.text, "a??b?[31m?1m?c?\xc3\xa4");
}

static void test_a_text_that_is_too_long_is_cut_and_stays_utf8(void **state)
{
	char text[2 * ERROR_TEXT_MAX + 1];
	struct error error;

	(void)state;
	for (size_t i = 0; i < ERROR_TEXT_MAX; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	text[2 * ERROR_TEXT_MAX] = '\0';
	error_set(&error, REMEDY_PAGE, "%s", text);
	assert_true(strlen(error.text) >= ERROR_TEXT_MAX - 4);
	assert_true(text_valid(error.text, strlen(error.text)));
}

static void test_problems_are_kept_in_order_and_warnings_are_no_errors(void **state)
{
	struct problems problems = {0};

	(void)state;
	problems_add(&problems, "one.yaml", 3, "bad %s", "word\n");
	problems_warn(&problems, "two.yaml", 0, "odd");
	assert_int_equal(problems.count, 2);
	assert_int_equal(problems.errors, 1);
	assert_string_equal(problems.list[0].file, "one.yaml");
	assert_int_equal(problems.list[0].line, 3);
	assert_string_equal(problems.list[0].text, "bad word?");
	assert_false(problems.list[0].warning);
	assert_true(problems.list[1].warning);
	problems_release(&problems);
	assert_int_equal(problems.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setting_an_error_returns_false_and_fills_it_in),
		cmocka_unit_test(test_a_prefix_keeps_text_and_remedy),
		cmocka_unit_test(test_foreign_words_cannot_break_the_line_or_the_terminal),
		cmocka_unit_test(test_a_text_that_is_too_long_is_cut_and_stays_utf8),
		cmocka_unit_test(test_problems_are_kept_in_order_and_warnings_are_no_errors),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
