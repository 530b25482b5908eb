/* SPDX-License-Identifier: ISC */
#include "model/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

static void add_indicator(
	struct reading *reading, const char *id, const char *name, enum level level)
{
	struct indicator *indicator = reading_add_indicator(reading);

	indicator->id = memory_string(id);
	indicator->name = memory_string(name);
	indicator->level = level;
	indicator->word = memory_string("w");
}

static void assert_written(const struct reading *reading, const char *expected)
{
	struct buffer out = {0};

	reading_write(reading, &out);
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
}

static void test_lines_are_sorted_bytewise_within_their_type_and_equal_ones_appear_once(
	void **state)
{
	struct reading reading = {.level = LEVEL_DEGRADED};

	(void)state;
	reading.title = memory_string("T");
	add_indicator(&reading, "b", "B", LEVEL_OPERATIONAL);
	add_indicator(&reading, "a", "\xc3\xa4", LEVEL_MAJOR_OUTAGE);
	add_indicator(&reading, "a", "Z", LEVEL_MAJOR_OUTAGE);
	add_indicator(&reading, "b", "B", LEVEL_OPERATIONAL);
	assert_written(&reading, "reading 1\n"
				 "page\tT\tdegraded\t\n"
				 "indicator\ta\t\tZ\tmajor_outage\tw\n"
				 "indicator\ta\t\t\xc3\xa4\tmajor_outage\tw\n"
				 "indicator\tb\t\tB\toperational\tw\n");
	reading_release(&reading);
}

static void test_every_type_has_its_columns_in_their_order(void **state)
{
	struct reading reading = {0};
	struct incident *incident = reading_add_incident(&reading);
	struct maintenance *maintenance = reading_add_maintenance(&reading);
	struct affects *affects = reading_add_affects(&reading);
	struct update *update = reading_add_update(&reading);

	(void)state;
	*incident = (struct incident){memory_string("i"), memory_string("t"), LEVEL_NOTICE,
		memory_string("w"), memory_string("s"), memory_string("2014"),
		memory_string("2015"), memory_string("u")};
	*maintenance = (struct maintenance){memory_string("m"), memory_string("t"),
		memory_string("s"), memory_string("1"), memory_string("2"), memory_string("3"),
		memory_string("u")};
	*affects = (struct affects){memory_string("i"), memory_string("x")};
	*update = (struct update){
		memory_string("i"), memory_string("4"), memory_string("s"), memory_string("hello")};
	assert_written(&reading, "reading 1\n"
				 "page\t\toperational\t\n"
				 "incident\ti\tt\tnotice\tw\ts\t2014\t2015\tu\n"
				 "maintenance\tm\tt\ts\t1\t2\t3\tu\n"
				 "affects\ti\tx\n"
				 "update\ti\t4\ts\thello\n");
	reading_release(&reading);
}

static void test_fields_are_collapsed_and_what_could_deceive_is_escaped(void **state)
{
	struct reading reading = {0};

	(void)state;
	reading.title = memory_string(" a\t\tb \n c\\d \x1b[31m\xe2\x80\xae"
				      "e\xc2\xa0 ");
	assert_written(
		&reading, "reading 1\npage\ta b c\\\\d \\u{1B}[31m\\u{202E}e\toperational\t\n");
	reading_release(&reading);
}

static void test_a_field_is_cut_at_a_character(void **state)
{
	struct reading reading = {0};
	struct buffer out = {0};
	char *length_at;

	(void)state;
	reading.title = memory_zero(READING_FIELD_MAX + 10, 1);
	memset(reading.title, 'a', READING_FIELD_MAX - 1);
	memcpy(reading.title + READING_FIELD_MAX - 1, "\xc3\xa4", 2);
	reading_write(&reading, &out);
	length_at = strstr(out.data, "page\t") + 5;
	assert_int_equal(strcspn(length_at, "\t"), READING_FIELD_MAX - 1);
	buffer_release(&out);
	reading_release(&reading);
}

static void test_what_was_written_reads_back_the_same(void **state)
{
	static const char text[] = "reading 1\n"
				   "page\tT \\\\ \\u{202E}\tpartial_outage\tmajor\n"
				   "indicator\tid\tgroup\tname\tunknown\tword\n"
				   "incident\ti\tt\tnotice\tw\ts\t2014\t2015\tu\n"
				   "maintenance\tm\tt\ts\t1\t2\t3\tu\n"
				   "affects\ti\tid\n"
				   "update\ti\t4\ts\thello\n";
	struct reading reading = {0};
	struct error error = {0};

	(void)state;
	assert_true(reading_parse(text, strlen(text), &reading, &error));
	assert_string_equal(reading.title, "T \\ \xe2\x80\xae");
	assert_int_equal(reading.level, LEVEL_PARTIAL_OUTAGE);
	assert_non_null(reading_indicator(&reading, "id"));
	assert_null(reading_indicator(&reading, "name"));
	assert_written(&reading, text);
	reading_release(&reading);
}

static void test_unknown_types_and_further_columns_are_ignored(void **state)
{
	static const char text[] =
		"reading 1\npage\tT\tnotice\t\tfuture\nlamp\tgreen\naffects\ti\tx\ty\tz\n";
	struct reading reading = {0};
	struct error error = {0};

	(void)state;
	assert_true(reading_parse(text, strlen(text), &reading, &error));
	assert_written(&reading, "reading 1\npage\tT\tnotice\t\naffects\ti\tx\n");
	reading_release(&reading);
}

static void assert_refused(const char *text, size_t length, const char *reason)
{
	struct reading reading = {0};
	struct error error = {0};

	assert_false(reading_parse(text, length, &reading, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, reason));
	reading_release(&reading);
}

#define ASSERT_REFUSED(text, reason) assert_refused(text, sizeof text - 1, reason)

static void test_damaged_text_is_refused_with_its_line(void **state)
{
	(void)state;
	ASSERT_REFUSED("", "line 1");
	ASSERT_REFUSED("reading 2\npage\tT\tnotice\t\n", "line 1");
	ASSERT_REFUSED("reading 1\n", "no line for the page");
	ASSERT_REFUSED("reading 1\npage\tT\tnotice", "line 2");
	ASSERT_REFUSED("reading 1\npage\tT\tgreen\t\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\tT\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\tT\tnotice\t\npage\tT\tnotice\t\n", "line 3");
	ASSERT_REFUSED("reading 1\npage\tT\\x\tnotice\t\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\tT\\\tnotice\t\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\t\\u{}\tnotice\t\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\t\\u{110000}\tnotice\t\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\t\\u{D800}\tnotice\t\n", "line 2");
	ASSERT_REFUSED("reading 1\npage\tT\xff\tnotice\t\n", "UTF-8");
	ASSERT_REFUSED("reading 1\npage\tT\0\tnotice\t\n", "UTF-8");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_lines_are_sorted_bytewise_within_their_type_and_equal_ones_appear_once),
		cmocka_unit_test(test_every_type_has_its_columns_in_their_order),
		cmocka_unit_test(test_fields_are_collapsed_and_what_could_deceive_is_escaped),
		cmocka_unit_test(test_a_field_is_cut_at_a_character),
		cmocka_unit_test(test_what_was_written_reads_back_the_same),
		cmocka_unit_test(test_unknown_types_and_further_columns_are_ignored),
		cmocka_unit_test(test_damaged_text_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
