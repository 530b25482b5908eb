/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/site_p.h"

/* "same[-removed-]{+added+}", as one text. */
static char *marked(const char *before, const char *after)
{
	struct value *list = site_words(before, after);
	struct buffer text = {0};

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		const char *removed = value_get_text(list->members[i], "removed"),
			   *added = value_get_text(list->members[i], "added");

		buffer_text(&text, value_get_text(list->members[i], "same"));
		if (removed[0] != '\0')
			buffer_format(&text, "[-%s-]", removed);
		if (added[0] != '\0')
			buffer_format(&text, "{+%s+}", added);
	}
	value_free(list);
	return buffer_take(&text);
}

static void assert_marked(const char *before, const char *after, const char *expected)
{
	char *got = marked(before, after);

	assert_string_equal(got, expected);
	free(got);
}

static void marks_the_words_that_differ(void **state)
{
	(void)state;
	assert_marked("Mail works.", "Mail is down.", "Mail [-works-]{+is down+}.");
	assert_marked("a b c", "a c", "a [-b -]c");
	assert_marked("a c", "a b c", "a {+b +}c");
	assert_marked("", "new", "{+new+}");
	assert_marked("old", "", "[-old-]");
}

static void reads_a_phrase_as_one(void **state)
{
	(void)state;
	assert_marked("We look into reports", "Mail is down now",
		"[-We look into reports-]{+Mail is down now+}");
}

static void says_nothing_of_equal_texts(void **state)
{
	(void)state;
	assert_marked("the same words", "the same words", "");
	assert_marked("the  same\twords", "the same\twords", "");
	assert_marked("", "", "");
}

static void leaves_out_what_is_far_from_a_change(void **state)
{
	(void)state;
	assert_marked("1 2 3 4 5 6 7 8 9 10 11 12 13 old", "1 2 3 4 5 6 7 8 9 10 11 12 13 new",
		"9 10 11 12 13 [-old-]{+new+}");
	assert_marked("old 1 2 3 4 5 6 7 8 9 10 11 12 13 14 old",
		"new 1 2 3 4 5 6 7 8 9 10 11 12 13 14 new",
		"[-old-]{+new+} 1 2 3 4 5 … 10 11 12 13 14 [-old-]{+new+}");
}

static void gives_up_where_it_is_another_text(void **state)
{
	struct buffer before = {0}, after = {0};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		buffer_format(&before, "a%d.", i);
		buffer_format(&after, "b%d.", i);
	}
	assert_null(site_words(buffer_string(&before), buffer_string(&after)));
	buffer_release(&before);
	buffer_release(&after);
}

/* Whatever is marked, both texts can be read off it again. */
static void loses_no_word(void **state)
{
	char before[64], after[64];

	(void)state;
	srand(24);
	for (int entry = 0; entry < 500; entry++) {
		struct buffer old = {0}, new = {0};
		struct value *list;
		size_t i;

		for (i = 0; i < 12; i++)
			before[i] = (char)("ab. "[rand() % 4]),
			after[i] = (char)("ab. "[rand() % 4]);
		before[i] = after[i] = '\0';
		list = site_words(before, after);
		for (size_t j = 0; list != NULL && j < list->count; j++) {
			const struct value *run = list->members[j];

			buffer_text(&old, value_get_text(run, "same"));
			buffer_text(&new, value_get_text(run, "same"));
			buffer_text(&old, value_get_text(run, "removed"));
			buffer_text(&new, value_get_text(run, "added"));
		}
		if (list != NULL) {
			char *one = memory_string(before), *two = memory_string(after), *end;

			while ((end = strstr(one, "  ")) != NULL) /* blanks are one */
				memmove(end, end + 1, strlen(end));
			while ((end = strstr(two, "  ")) != NULL)
				memmove(end, end + 1, strlen(end));
			assert_string_equal(buffer_string(&old), one);
			assert_string_equal(buffer_string(&new), two);
			free(one);
			free(two);
		}
		buffer_release(&old);
		buffer_release(&new);
		value_free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_the_words_that_differ),
		cmocka_unit_test(reads_a_phrase_as_one),
		cmocka_unit_test(says_nothing_of_equal_texts),
		cmocka_unit_test(leaves_out_what_is_far_from_a_change),
		cmocka_unit_test(gives_up_where_it_is_another_text),
		cmocka_unit_test(loses_no_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
