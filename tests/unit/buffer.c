/* SPDX-License-Identifier: ISC */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_an_empty_buffer_is_an_empty_text(void **state)
{
	struct buffer buffer = {0};
	char *taken;

	(void)state;
	assert_string_equal(buffer_string(&buffer), "");
	taken = buffer_take(&buffer);
	assert_string_equal(taken, "");
	free(taken);
}

static void test_pieces_are_joined_and_terminated(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	assert_true(buffer_text(&buffer, "one"));
	assert_true(buffer_text(&buffer, NULL));
	assert_true(buffer_byte(&buffer, ' '));
	assert_true(buffer_add(&buffer, "two\0three", 9));
	assert_true(buffer_format(&buffer, " %d%s", 4, ""));
	assert_int_equal(buffer.length, 15);
	assert_memory_equal(buffer.data, "one two\0three 4", 16);
	buffer_release(&buffer);
}

static void test_what_would_pass_the_maximum_is_refused_whole_and_remembered(void **state)
{
	struct buffer buffer = {.maximum = 5};

	(void)state;
	assert_true(buffer_text(&buffer, "abc"));
	assert_false(buffer_text(&buffer, "def"));
	assert_string_equal(buffer_string(&buffer), "abc");
	assert_true(buffer.overflowed);
	assert_false(buffer_format(&buffer, "%s", "xyz"));
	assert_string_equal(buffer_string(&buffer), "abc");
	assert_true(buffer_text(&buffer, "de"));
	assert_false(buffer_byte(&buffer, 'f'));
	assert_string_equal(buffer_string(&buffer), "abcde");
	buffer_release(&buffer);
}

static void test_a_length_near_the_largest_number_does_not_wrap_around(void **state)
{
	volatile size_t length = SIZE_MAX - 1; /* a compiler that knows it refuses the call */
	struct buffer buffer = {0};

	(void)state;
	assert_true(buffer_text(&buffer, "abc"));
	assert_false(buffer_add(&buffer, "", length));
	assert_int_equal(buffer.length, 3);
	buffer_release(&buffer);
}

static void test_clear_keeps_the_limit_and_forgets_the_refusal(void **state)
{
	struct buffer buffer = {.maximum = 3};

	(void)state;
	assert_false(buffer_text(&buffer, "long"));
	buffer_clear(&buffer);
	assert_false(buffer.overflowed);
	assert_true(buffer_text(&buffer, "abc"));
	assert_false(buffer_byte(&buffer, 'd'));
	buffer_release(&buffer);
	assert_false(buffer_text(&buffer, "long"));
	buffer_release(&buffer);
}

static void test_taking_hands_over_the_text_and_leaves_an_empty_buffer(void **state)
{
	struct buffer buffer = {.maximum = 10};
	char *taken;

	(void)state;
	buffer_text(&buffer, "abc");
	taken = buffer_take(&buffer);
	assert_string_equal(taken, "abc");
	assert_string_equal(buffer_string(&buffer), "");
	assert_true(buffer_text(&buffer, "0123456789"));
	assert_string_equal(taken, "abc");
	free(taken);
	buffer_release(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_buffer_is_an_empty_text),
		cmocka_unit_test(test_pieces_are_joined_and_terminated),
		cmocka_unit_test(test_what_would_pass_the_maximum_is_refused_whole_and_remembered),
		cmocka_unit_test(test_a_length_near_the_largest_number_does_not_wrap_around),
		cmocka_unit_test(test_clear_keeps_the_limit_and_forgets_the_refusal),
		cmocka_unit_test(test_taking_hands_over_the_text_and_leaves_an_empty_buffer),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
