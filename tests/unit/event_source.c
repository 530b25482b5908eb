/* SPDX-License-Identifier: ISC */
#include "run/event_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "unit/processor_time.h"

#define HEAD "reading 1\npage\tP\tmajor_outage\tno\n"
#define INCIDENT(id, began) "incident\t" id "\tTitle " id "\tmajor_outage\tw\topen\t" began "\t\t\n"

struct fixture {
	struct reading reading;
	struct indicator_states indicators;
	struct transitions transitions;
	struct changes changes;
	struct events events;
	struct event_source input;
};

static void open_fixture(struct fixture *fixture, const char *text)
{
	static const struct text_list none;

	*fixture = (struct fixture){0};
	assert_true(reading_parse(text, strlen(text), &fixture->reading, NULL));
	fixture->input = (struct event_source){&fixture->reading, &fixture->indicators, &none,
		LEVEL_PARTIAL_OUTAGE, 1, 2, 1390590000, NULL, NULL};
}

static void close_fixture(struct fixture *fixture)
{
	reading_release(&fixture->reading);
	indicator_states_release(&fixture->indicators);
	free(fixture->transitions.list);
	changes_release(&fixture->changes);
	events_release(&fixture->events);
}

static void transition(
	struct fixture *fixture, enum transition_type type, const char *id, const char *name)
{
	struct transition *new =
		memory_append(&fixture->transitions.list, &fixture->transitions.count, sizeof *new);

	indicator_states_add(&fixture->indicators, id, "", name);
	*new = (struct transition){type, fixture->indicators.count - 1, LEVEL_OPERATIONAL,
		LEVEL_MAJOR_OUTAGE, 1390590000, 0, 1};
}

/* The titles of the incidents that an event tells of. */
static void assert_incidents(const struct event *event, const char *expected)
{
	char titles[1024] = "";

	for (size_t i = 0; i < event->incidents->count; i++) {
		strcat(titles, i > 0 ? ", " : "");
		strcat(titles, value_get_text(event->incidents->members[i], "title"));
	}
	assert_string_equal(titles, expected);
}

static void test_a_red_tells_of_the_incidents_that_name_it_and_since_when(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture,
		HEAD INCIDENT("1", "2014-01-24T19:12:00Z") INCIDENT("2", "2014-01-24T19:10:00Z")
			INCIDENT("3",
				"2014-01-24T19:00:00Z") "affects\t1\ta\naffects\t2\tName "
							"a\naffects\t1\tName a\naffects\t3\tb\n");
	transition(&fixture, TRANSITION_RED, "a", "Name a");
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	assert_incidents(&fixture.events.list[0], "Title 1, Title 2");
	assert_string_equal(fixture.events.list[0].said_at, "2014-01-24T19:10:00Z");
	assert_int_equal(fixture.events.list[0].after_colour, COLOUR_RED);
	close_fixture(&fixture);
}

static void test_where_no_incident_names_it_those_that_name_nothing_may_mean_it(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, HEAD INCIDENT("1", "") INCIDENT("2", "") "affects\t1\tb\n");
	transition(&fixture, TRANSITION_RED, "a", "Name a");
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	assert_incidents(&fixture.events.list[0], "Title 2");
	close_fixture(&fixture);
}

static void test_the_overall_level_is_about_all_incidents(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, HEAD INCIDENT("1", "") INCIDENT("2", "") "affects\t1\tb\n");
	transition(&fixture, TRANSITION_RED, INDICATOR_OVERALL, "P");
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	assert_incidents(&fixture.events.list[0], "Title 1, Title 2");
	assert_string_equal(fixture.events.list[0].name, "");
	close_fixture(&fixture);
}

static void test_the_newest_words_of_the_provider_come_first_and_no_more_than_three(void **state)
{
	static const char *const expected[] = {
		"d", "b", "a"}; /* of equal times, the page's order */
	struct fixture fixture;
	const struct value *updates;

	(void)state;
	open_fixture(&fixture,
		HEAD INCIDENT("1", "") "update\t1\t2014-01-24T19:20:00Z\topen\tb\nupdate\t1\t2014-"
				       "01-24T19:20:00Z\topen\ta\n"
				       "update\t1\t\topen\tc\nupdate\t1\t2014-01-24T19:52:"
				       "00Z\topen\td\nupdate\t2\t\topen\tother\n");
	transition(&fixture, TRANSITION_RED, "a", "Name a");
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	updates = value_get(fixture.events.list[0].incidents->members[0], "updates");
	assert_int_equal(updates->count, EVENT_UPDATES_MAX);
	for (int i = 0; i < EVENT_UPDATES_MAX; i++)
		assert_string_equal(value_get_text(updates->members[i], "text"), expected[i]);
	close_fixture(&fixture);
}

static void test_fields_that_are_null_are_empty_ones(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, HEAD);
	reading_add_incident(&fixture.reading);
	reading_add_update(&fixture.reading);
	reading_add_update(&fixture.reading);
	reading_add_affects(&fixture.reading);
	transition(&fixture, TRANSITION_RED, "a", "Name a");
	changes_add(&fixture.changes, CHANGE_INCIDENT_NEW, "", "", "", "", "");
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	events_of_incidents(&fixture.input, &fixture.changes, &fixture.events);
	assert_int_equal(fixture.events.count, 2);
	close_fixture(&fixture);
}

static void test_an_incident_makes_one_event_however_much_of_it_changed(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, HEAD INCIDENT("1", ""));
	changes_add(&fixture.changes, CHANGE_INCIDENT, "1", "Title 1", "open", "monitoring", "w");
	changes_add(&fixture.changes, CHANGE_UPDATE, "1", "Title 1", "", "monitoring", "text");
	changes_add(&fixture.changes, CHANGE_UPDATE, "1", "Title 1", "", "monitoring", "more text");
	changes_add(&fixture.changes, CHANGE_INCIDENT_CLOSED, "2", "Title 2", "open", "", "");
	changes_add(&fixture.changes, CHANGE_UPDATE, "m", "a maintenance", "", "", "text");
	changes_add(
		&fixture.changes, CHANGE_INDICATOR, "a", "Name a", "operational", "degraded", "");
	events_of_incidents(&fixture.input, &fixture.changes, &fixture.events);
	assert_int_equal(fixture.events.count, 2);
	assert_string_equal(fixture.events.list[0].word, "monitoring");
	assert_string_equal(fixture.events.list[1].indicator, "2");
	assert_string_equal(fixture.events.list[1].reason, "the page no longer lists the incident");
	assert_null(fixture.events.list[1].word);
	close_fixture(&fixture);
}

static void test_what_else_is_red_is_told_without_what_just_turned(void **state)
{
	struct fixture fixture;
	struct value *others;

	(void)state;
	open_fixture(&fixture, HEAD);
	transition(&fixture, TRANSITION_RED, "a", "Name a");
	indicator_states_add(&fixture.indicators, "b", "Group", "Name b")->level =
		LEVEL_PARTIAL_OUTAGE;
	indicator_states_add(&fixture.indicators, "c", "", "Name c");
	fixture.indicators.list[0].red = fixture.indicators.list[1].red = true;
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	others = events_others_red(&fixture.indicators, &fixture.events);
	assert_int_equal(others->count, 1);
	assert_string_equal(value_get_text(others->members[0], "label"), "Group / Name b");
	assert_string_equal(value_get_text(others->members[0], "words"), "partial outage");
	value_free(others);
	close_fixture(&fixture);
}

static void test_a_page_of_twenty_thousand_of_everything_is_told_in_time(void **state)
{
	struct fixture fixture;
	clock_t began = clock();
	char id[16];

	(void)state;
	open_fixture(&fixture, HEAD);
	for (int i = 0; i < READING_ROWS_MAX; i++) {
		struct incident *incident = reading_add_incident(&fixture.reading);
		struct affects *affects = reading_add_affects(&fixture.reading);
		struct update *update = reading_add_update(&fixture.reading);

		snprintf(id, sizeof id, "%d", i);
		incident->id = memory_string(id);
		affects->id = memory_string(id);
		affects->indicator = memory_string("same");
		update->id = memory_string(id);
		transition(&fixture, TRANSITION_RED, id, "same");
		changes_add(&fixture.changes, CHANGE_INCIDENT_NEW, id, "", "", "", "");
		changes_add(&fixture.changes, CHANGE_UPDATE, id, "", "", "", "");
	}
	events_of_transitions(&fixture.input, &fixture.transitions, &fixture.events);
	events_of_incidents(&fixture.input, &fixture.changes, &fixture.events);
	value_free(events_others_red(&fixture.indicators, &fixture.events));
	assert_int_equal(fixture.events.count, 2 * READING_ROWS_MAX);
	assert_int_equal(fixture.events.list[EVENT_DETAILED_MAX].incidents->count, 0);
	assert_processor_time(began, 20);
	close_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_red_tells_of_the_incidents_that_name_it_and_since_when),
		cmocka_unit_test(
			test_where_no_incident_names_it_those_that_name_nothing_may_mean_it),
		cmocka_unit_test(test_the_overall_level_is_about_all_incidents),
		cmocka_unit_test(
			test_the_newest_words_of_the_provider_come_first_and_no_more_than_three),
		cmocka_unit_test(test_fields_that_are_null_are_empty_ones),
		cmocka_unit_test(test_an_incident_makes_one_event_however_much_of_it_changed),
		cmocka_unit_test(test_what_else_is_red_is_told_without_what_just_turned),
		cmocka_unit_test(test_a_page_of_twenty_thousand_of_everything_is_told_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
