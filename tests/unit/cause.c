/* SPDX-License-Identifier: ISC */
#include "model/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 100000, JOIN = 15, CAUSES_MAX = 8 };

/* "red", "never", or how many seconds ago it ended; "?" before it: it is unknown. */
static struct cause cause_of(const char *text)
{
	struct cause cause = {.unknown = text[0] == '?'};

	text += cause.unknown;
	cause.standing = strcmp(text, "red") == 0;
	if (!cause.standing && strcmp(text, "never") != 0)
		cause.ended = NOW - strtol(text, NULL, 10);
	return cause;
}

/* Causes in the order of the configuration, and the first that explains. */
static const struct {
	const char *causes, *first;
} rows[] = {
	{"", "none"},
	{"never", "none"},
	{"red", "red"},
	{"14", "14"},
	{"0", "0"},
	{"15", "none"},
	{"900", "none"},
	{"?red", "none"},
	{"?14", "none"},
	{"-60", "-60"}, /* its end was first seen by a clock that is ahead */
	{"never red", "red"},
	{"14 red", "14"},
	{"red 14", "red"},
	{"15 ?red 3 red", "3"},
};

static void test_the_first_that_stands_or_has_ended_just_now(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cause causes[CAUSES_MAX];
		const char *words[CAUSES_MAX];
		char copy[64], *rest = copy, *word;
		size_t count = 0, first;

		snprintf(copy, sizeof copy, "%s", rows[i].causes);
		while ((word = strsep(&rest, " ")) != NULL)
			if (word[0] != '\0') {
				words[count] = word;
				causes[count++] = cause_of(word);
			}
		first = cause_first(causes, count, NOW, JOIN);
		assert_string_equal(first < count ? words[first] : "none", rows[i].first);
	}
}

static void test_what_it_explained_it_explains_while_it_stands_whatever_is_known(void **state)
{
	static const struct {
		const char *cause;
		bool over;
	} ends[] = {{"red", false}, {"?red", false}, {"14", false}, {"?14", false}, {"15", true},
		{"?15", true}, {"never", true}};

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct cause cause = cause_of(ends[i].cause);

		assert_int_equal(cause_is_over(&cause, NOW, JOIN), ends[i].over);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_that_stands_or_has_ended_just_now),
		cmocka_unit_test(
			test_what_it_explained_it_explains_while_it_stands_whatever_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
