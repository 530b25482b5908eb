/* SPDX-License-Identifier: ISC */
#include "model/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/memory.h"

static void test_names_of_types_are_read_back(void **state)
{
	enum event_type type;

	(void)state;
	for (int i = 0; i < EVENT_TYPES; i++) {
		assert_true(event_type_parse(event_type_name((enum event_type)i), &type));
		assert_int_equal(type, i);
	}
	assert_false(event_type_parse("purple", &type));
}

/* What a new row can get wrong. */
static void test_every_type_says_all_that_is_asked_of_it(void **state)
{
	(void)state;
	for (int i = 0; i < EVENT_TYPES; i++) {
		const struct event_type_row *row = &event_types[i];

		assert_non_null(row->name);
		assert_non_null(row->word);
		for (int j = 0; j < EVENT_TYPES; j++)
			if ((row->on & 1 << j) != 0) /* such a word is one of `on:` */
				assert_int_equal(event_types[j].on & 1 << j, 1 << j);
		if (row->part == PART_NONE)
			continue;
		assert_int_equal(event_types[row->episode].part, PART_BEGIN);
		assert_int_equal(event_types[row->episode].episode, row->episode);
		if (row->part == PART_BEGIN)
			assert_int_equal(row->episode, i);
		if (row->part == PART_END && row->unsent != (enum event_type)i)
			assert_int_equal(event_types[row->unsent].part, PART_WHOLE);
		if (row->part == PART_END)
			assert_int_equal(event_types[row->unsent].episode, row->episode);
	}
}

/* Subscribers are kept with these numbers. */
static void test_words_of_on_keep_their_bits(void **state)
{
	static const char *const words[] = {"red", "green", "update", "flapping", "lost"};
	enum event_type type;

	(void)state;
	for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++) {
		assert_true(event_type_parse(words[i], &type));
		assert_int_equal(type, i);
		assert_int_equal(event_types[i].on, 1 << i);
	}
}

static void assert_label(const char *group, const char *name, const char *expected)
{
	char *label = event_label(&(struct event){.group = (char *)group, .name = (char *)name});

	assert_string_equal(label, expected);
	free(label);
}

static void test_a_label_is_group_and_name_or_overall(void **state)
{
	(void)state;
	assert_label("Mail", "IMAP", "Mail / IMAP");
	assert_label("", "IMAP", "IMAP");
	assert_label(NULL, "IMAP", "IMAP");
	assert_label("", "", "overall");
	assert_label(NULL, NULL, "overall");
}

static void test_every_time_stands_there_twice_with_its_zone(void **state)
{
	struct event event = {.type = EVENT_GREEN,
		.name = (char *)"IMAP",
		.said_at = (char *)"2014-01-24T19:12:00Z",
		.seen = 1390593120,
		.since = 1390591200,
		.before = LEVEL_MAJOR_OUTAGE,
		.before_colour = COLOUR_RED};
	struct value *map = event_value(&event, "Europe/Berlin");

	(void)state;
	assert_string_equal(value_get_text(map, "said_at"), "2014-01-24T19:12:00Z");
	assert_string_equal(value_get_text(map, "said_at_local"), "Fri 24 Jan 2014 20:12:00 CET");
	assert_string_equal(value_get_text(map, "seen_at"), "2014-01-24T19:52:00Z");
	assert_string_equal(value_get_text(map, "duration"), "32 min");
	assert_string_equal(value_get_text(value_get(map, "before"), "words"), "major outage");
	assert_string_equal(value_get_text(value_get(map, "before"), "colour"), "red");
	assert_int_equal(value_get(map, "is_green")->type, VALUE_TRUE);
	value_free(map);
}

static void test_an_event_that_says_nothing_has_empty_fields(void **state)
{
	struct event event = {.type = EVENT_LOST};
	struct value *map = event_value(&event, NULL);
	static const char *const fields[] = {
		"said_at", "said_at_local", "seen_at", "since", "duration", "word", "reason"};

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		assert_string_equal(value_get_text(map, fields[i]), "");
	assert_int_equal(value_get(map, "overall")->type, VALUE_TRUE);
	assert_int_equal(value_get(map, "incidents")->count, 0);
	value_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_types_are_read_back),
		cmocka_unit_test(test_every_type_says_all_that_is_asked_of_it),
		cmocka_unit_test(test_words_of_on_keep_their_bits),
		cmocka_unit_test(test_a_label_is_group_and_name_or_overall),
		cmocka_unit_test(test_every_time_stands_there_twice_with_its_zone),
		cmocka_unit_test(test_an_event_that_says_nothing_has_empty_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
