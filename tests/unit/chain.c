/* SPDX-License-Identifier: ISC */
#include "archive/chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

#define SUMS "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_a_line_is_read_as_it_was_written(void **state)
{
	struct chain_line line = {"snapshot", 7, "2014-01-24T19:20:00Z",
				  "2014/01/2014-01-24T192000Z", SUMS, SUMS},
			  read;
	char *text = chain_line_write(&line);

	(void)state;
	assert_string_equal(text,
		"snapshot\t7\t2014-01-24T19:20:00Z\t2014/01/2014-01-24T192000Z\t" SUMS "\t" SUMS);
	assert_true(chain_line_parse(text, &read));
	assert_int_equal(read.sequence, 7);
	assert_string_equal(read.folder, line.folder);
	assert_string_equal(read.before, SUMS);
	free(text);
}

static void test_what_is_no_line_is_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"snapshot",
		"snapshot\tx\ttime\tfolder\tsums\tbefore",
		"snapshot\t\ttime\tfolder\tsums\tbefore",
		"snapshot\t1\ttime\tfolder\tsums",
		"snapshot\t1\ttime\tfolder\t" SUMS "0\tbefore",
		"a type that is much too long\t1\ttime\tfolder\tsums\tbefore",
	};
	struct chain_line line;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_false(chain_line_parse(lines[i], &line));
}

static void test_the_digest_of_a_line_is_sha256_without_its_newline(void **state)
{
	char digest[DIGEST_TEXT];

	(void)state;
	chain_line_digest("", digest);
	assert_string_equal(digest, SUMS); /* FIPS 180: of nothing */
}

/* A chain of count lines, of which line `wrong` (from 1) is spoiled. */
static char *chain_of(int count, int wrong, bool sequence)
{
	struct buffer text = {0};
	char before[DIGEST_TEXT];

	buffer_text(&text, CHAIN_HEAD "\n");
	chain_line_digest(CHAIN_HEAD, before);
	for (int i = 1; i <= count; i++) {
		struct chain_line line = {
			"snapshot", i, "2014-01-24T19:20:00Z", "folder", SUMS, ""};
		char *written;

		if (i == wrong && sequence)
			line.sequence++;
		else if (i == wrong)
			before[0] = before[0] == '0' ? '1' : '0';
		memcpy(line.before, before, sizeof before);
		written = chain_line_write(&line);
		buffer_format(&text, "%s\n", written);
		chain_line_digest(written, before);
		free(written);
	}
	return buffer_take(&text);
}

static bool count_line(
	void *context, const struct chain_line *line, const char *text, struct error *error)
{
	int64_t *count = context;

	(void)text, (void)error;
	assert_int_equal(line->sequence, ++*count);
	return true;
}

/* What is wrong is named by expected, NULL for nothing. */
static void assert_walk_bytes(const char *text, size_t length, int64_t lines, const char *expected)
{
	struct error error = {0};
	int64_t count = 0;
	bool good = chain_walk(text, length, count_line, &count, &error);

	assert_int_equal(good, expected == NULL);
	assert_int_equal(count, lines);
	if (expected != NULL)
		assert_non_null(strstr(error.text, expected));
}

/* The same of a string, which it frees. */
static void assert_walk(char *text, int64_t lines, const char *expected)
{
	assert_walk_bytes(text, strlen(text), lines, expected);
	free(text);
}

static void test_a_whole_chain_is_walked_to_its_end(void **state)
{
	(void)state;
	assert_walk(chain_of(0, 0, false), 0, NULL);
	assert_walk(chain_of(5, 0, false), 5, NULL);
}

static void test_the_first_line_that_is_wrong_is_named(void **state)
{
	(void)state;
	assert_walk(chain_of(5, 3, false), 2, "line 4 (folder) does not carry the digest");
	assert_walk(chain_of(5, 3, true), 2, "line 4 has sequence 4, not 3");
}

static void test_a_chain_without_head_or_with_a_torn_end_is_wrong(void **state)
{
	char *torn = chain_of(2, 0, false);

	(void)state;
	assert_walk(memory_string(""), 0, "empty");
	assert_walk(memory_string("something else\n"), 0, "does not begin with");
	torn[strlen(torn) - 1] = '\0';
	assert_walk(torn, 1, "has no end");
}

static void test_a_line_taken_out_or_altered_breaks_what_follows(void **state)
{
	char *text = chain_of(3, 0, false), *second = strstr(text, "snapshot\t2"),
	     *third = strstr(text, "snapshot\t3");

	(void)state;
	memmove(second, third, strlen(third) + 1);
	assert_walk(text, 1, "line 3 has sequence 3, not 2");
	text = chain_of(3, 0, false);
	*strstr(strstr(text, "snapshot\t2"), "folder") = 'F';
	assert_walk(text, 2, "line 4 (folder) does not carry the digest");
}

/* What stands behind a NUL is no part of the string that the digest is made of. */
static void test_a_nul_hides_nothing(void **state)
{
	static const char *const behind[] = {CHAIN_HEAD, "snapshot\t2"};

	(void)state;
	for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
		char *text = chain_of(3, 0, false), *end = strchr(strstr(text, behind[i]), '\n');
		struct buffer hidden = {0};

		buffer_add(&hidden, text, (size_t)(end - text));
		buffer_add(&hidden, "\0hidden", 7);
		buffer_text(&hidden, end);
		free(text);
		assert_walk_bytes(buffer_string(&hidden), hidden.length, (int64_t)i, "has a NUL");
		buffer_release(&hidden);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_read_as_it_was_written),
		cmocka_unit_test(test_what_is_no_line_is_refused),
		cmocka_unit_test(test_the_digest_of_a_line_is_sha256_without_its_newline),
		cmocka_unit_test(test_a_whole_chain_is_walked_to_its_end),
		cmocka_unit_test(test_the_first_line_that_is_wrong_is_named),
		cmocka_unit_test(test_a_chain_without_head_or_with_a_torn_end_is_wrong),
		cmocka_unit_test(test_a_line_taken_out_or_altered_breaks_what_follows),
		cmocka_unit_test(test_a_nul_hides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
