/* SPDX-License-Identifier: ISC */
#include "run/digest_message.h"

#include "scene.h"

#include "base/date.h"
#include "tell/digest_pages.h"
#include "tell/plan.h"

#define PAGES                                                                                      \
	"timezone: Europe/Berlin\n"                                                                \
	"confirm: {worse: 1, better: 1}\n" SCENE_ROUTES                                            \
	"pages: [{name: a, url: 'https://a.example/', kind: statuspage},"                          \
	" {name: b, url: 'https://b.example/', kind: statuspage},"                                 \
	" {name: c, url: 'https://c.example/', kind: statuspage}]\n"
#define EVERYBODY PAGES "subscribers: [{mail: x@example.com}, {mail: y@example.com, pages: [b]}]\n"
#define QUIET PAGES "subscribers: [{mail: x@example.com, quiet: {from: '22:00', to: '07:00'}}]\n"

#define WELL PAGE("operational") ROW("i", "operational")
#define RED PAGE("operational") ROW("i", "major_outage")

/* All pages in one run, each as its text says; NULL: it is not due. */
static void run(struct scene *scene, const char *a, const char *b, const char *c)
{
	const char *const names[] = {"a", "b", "c"}, *const texts[] = {a, b, c};
	int64_t now = scene->now;

	for (size_t i = 0; i < 3; i++) {
		if (texts[i] == NULL)
			continue;
		scene->now = now;
		scene_read(scene, names[i], texts[i]);
	}
	scene->now = now;
}

/* How many of the outbox may be tried now. */
static size_t due_now(struct scene *scene)
{
	struct due *due;
	size_t count;

	outbox_due(scene->database, scene->now, &due, &count);
	outbox_due_release(due, count);
	return count;
}

/* The newest message: a page's events, by the pages under which they stand. */
static char *newest_pages(struct scene *scene)
{
	struct deliveries all = {0};
	struct buffer text = {0};
	struct value *data;
	const struct value *pages;

	outbox_list(scene->database, true, &all);
	data = outbox_data(scene->database, all.list[all.count - 1].content);
	pages = value_get(data, "pages");
	for (size_t i = 0; pages != NULL && i < pages->count; i++) {
		const struct value *events = value_get(pages->members[i], "events");

		buffer_format(&text, "%s%s", text.length > 0 ? " " : "",
			value_get_text(pages->members[i], "name"));
		for (size_t j = 0; j < events->count; j++)
			buffer_format(&text, ":%s", value_get_text(events->members[j], "type"));
	}
	value_free(data);
	deliveries_release(&all);
	return buffer_take(&text);
}

/* The List-Id of each message that is owed, in the order in which they were made. */
static void assert_lists(struct scene *scene, const char *expected)
{
	struct deliveries all = {0};
	struct buffer text = {0};

	outbox_list(scene->database, false, &all);
	for (size_t i = 0; i < all.count; i++) {
		struct content content = {0};
		const char *at;

		outbox_content(scene->database, all.list[i].content, &content);
		at = strstr(content.bytes, "\r\nList-Id: ");
		assert_non_null(at);
		at += strlen("\r\nList-Id: ");
		buffer_format(&text, "%s%.*s", i > 0 ? " " : "", (int)strcspn(at, "\r"), at);
		content_release(&content);
	}
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&text);
	deliveries_release(&all);
}

static void test_the_first_message_of_a_run_is_free_and_the_rest_is_one(void **state)
{
	struct scene scene;
	char *pages;

	(void)state;
	scene_open(&scene, EVERYBODY);
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, RED);
	assert_int_equal(due_now(&scene), 2); /* the first of each receiver */
	assert_true(digest_messages_enqueue(&scene.observer, scene.now));
	assert_told(&scene, "mail:x@example.com", "red:Name i | red:Name i, red:Name i");
	assert_told(&scene, "mail:y@example.com", "red:Name i");
	pages = newest_pages(&scene);
	assert_string_equal(pages, "b:red c:red");
	free(pages);
	assert_false(digest_messages_enqueue(&scene.observer, scene.now));
	scene_close(&scene);
}

static void test_a_message_about_several_pages_belongs_to_the_list_of_all(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, PAGES "subscribers: [{mail: x@example.com}]\n");
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, RED);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_lists(&scene, "<a.alerts.example.org> <alerts.example.org>");
	scene_close(&scene);
}

/* Its words are made when it is clear that it goes out alone, and date from when it was owed. */
static void test_what_waited_and_is_joined_with_nothing_goes_out_whole(void **state)
{
	struct deliveries all = {0};
	struct content content = {0};
	struct scene scene;
	char date[DATE_TEXT_MAX];

	(void)state;
	scene_open(&scene, PAGES "subscribers: [{mail: x@example.com}]\n");
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, NULL);
	outbox_list(scene.database, false, &all);
	outbox_content(scene.database, all.list[1].content, &content);
	assert_int_equal(content.length, 0);
	content_release(&content);
	date_write_mail(scene.now, date);
	assert_true(digest_messages_enqueue(&scene.observer, scene.now + 60));
	assert_lists(&scene, "<a.alerts.example.org> <b.alerts.example.org>");
	outbox_content(scene.database, all.list[1].content, &content);
	assert_non_null(strstr(content.bytes, date));
	content_release(&content);
	deliveries_release(&all);
	scene_close(&scene);
}

/* A message about so many pages, each with so many events. */
static struct value *joined(size_t pages, size_t events)
{
	struct value *data = value_map(), *parts = value_list();

	for (size_t i = 0; i < pages; i++) {
		struct value *part = value_append(parts, value_map());
		struct value *list = value_put(part, "events", value_list());
		char *name = memory_format("page%zu", i);

		value_put_text(part, "name", name);
		for (size_t j = 0; j < events; j++)
			event_put_type(value_append(list, value_map()), EVENT_RED);
		free(name);
	}
	digest_pages_put(data, parts, 0);
	value_free(parts);
	return data;
}

static void test_every_page_is_named_however_many_events_there_are(void **state)
{
	static const size_t cases[][2] = {{600, 3}, {2, 2000}, {1200, 2}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct value *data = joined(cases[i][0], cases[i][1]);
		const struct value *pages = value_get(data, "pages");
		size_t without = 0;

		for (size_t j = 0; j < pages->count; j++)
			without += value_get(pages->members[j], "events") == NULL;
		assert_int_equal(pages->count, cases[i][0]);
		assert_int_equal(value_get_number(data, "page_count"), cases[i][0]);
		assert_int_equal(value_get(data, "events")->count, PLAN_EVENTS_MAX);
		assert_int_equal(value_get_number(value_get(data, "headline"), "count"),
			cases[i][0] * cases[i][1]);
		assert_int_equal(
			without, cases[i][0] > PLAN_EVENTS_MAX ? cases[i][0] - PLAN_EVENTS_MAX : 0);
		value_free(data);
	}
}

static void test_a_message_about_several_pages_keeps_its_place_among_the_others(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, EVERYBODY);
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, RED);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_int_equal(due_now(&scene), 3); /* what is joined is about other pages */
	database_do(scene.database,
		"UPDATE delivery SET state = 'delivered', ended = 1 WHERE page = 'a'", "");
	assert_int_equal(due_now(&scene), 2);
	scene.now += 60;
	run(&scene, NULL, NULL,
		PAGE("operational") ROW("i", "major_outage") ROW("j", "major_outage"));
	assert_int_equal(due_now(&scene), 2); /* what comes after it about one of them waits */
	scene.now += 60;
	run(&scene, PAGE("operational") ROW("i", "major_outage") ROW("j", "major_outage"), NULL,
		NULL);
	assert_int_equal(due_now(&scene), 3); /* and what is about another does not */
	scene_close(&scene);
}

static void test_what_a_crash_left_is_joined_by_the_next_run(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, EVERYBODY);
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, RED); /* and here it ended */
	scene.now += 60;
	assert_true(digest_messages_enqueue(&scene.observer, scene.now));
	assert_told(&scene, "mail:x@example.com", "red:Name i | red:Name i, red:Name i");
	scene_close(&scene);
}

static void test_a_joined_red_that_is_over_is_both_and_the_others_of_it_stay(void **state)
{
	struct scene scene;
	char *pages;

	(void)state;
	scene_open(&scene, EVERYBODY);
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, RED);
	digest_messages_enqueue(&scene.observer, scene.now);
	scene.now += 60;
	run(&scene, NULL, NULL, WELL);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_told(&scene, "mail:x@example.com", "red:Name i | red:Name i, both:Name i");
	pages = newest_pages(&scene);
	assert_string_equal(pages, "b:red c:both");
	free(pages);
	scene.now += 60;
	run(&scene, NULL, WELL, NULL);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_told(&scene, "mail:x@example.com", "red:Name i | both:Name i, both:Name i");
	scene_close(&scene);
}

static void test_the_green_of_a_joined_red_that_got_out_goes_to_who_was_owed_it(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, EVERYBODY);
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, RED, RED);
	digest_messages_enqueue(&scene.observer, scene.now);
	scene_deliver(&scene);
	scene.now += 60;
	run(&scene, NULL, WELL, WELL);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_told(&scene, "mail:x@example.com",
		"delivered | delivered | green:Name i | green:Name i");
	scene_close(&scene);
}

static void test_the_same_joining_has_the_same_message_id(void **state)
{
	char *ids[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct deliveries all = {0};
		struct scene scene;

		scene_open(&scene, EVERYBODY);
		memory_set(&scene.observer.key, "the same");
		run(&scene, WELL, WELL, WELL);
		scene.now += 60;
		run(&scene, RED, RED, RED);
		scene.now += i > 0 ? 300 : 0;
		digest_messages_enqueue(&scene.observer, scene.now);
		outbox_list(scene.database, true, &all);
		ids[i] = memory_string(all.list[all.count - 1].message_id);
		deliveries_release(&all);
		scene_close(&scene);
	}
	assert_string_equal(ids[0], ids[1]);
	free(ids[0]);
	free(ids[1]);
}

static void test_quiet_hours_hold_and_end_as_one_message(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, QUIET);
	assert_true(date_parse("2026-03-28T20:00:00Z", &scene.now));
	run(&scene, WELL, WELL, WELL);
	assert_true(date_parse("2026-03-28T21:00:00Z", &scene.now)); /* 22:00 in Berlin */
	run(&scene, RED, RED, WELL);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_int_equal(due_now(&scene), 0);
	assert_int_equal(outbox_count_waiting(scene.database), 0);
	scene.now += 3600;
	run(&scene, WELL, NULL, NULL);
	digest_messages_enqueue(&scene.observer, scene.now);
	assert_true(date_parse("2026-03-29T04:59:59Z", &scene.now));
	assert_false(digest_messages_enqueue(&scene.observer, scene.now));
	assert_int_equal(due_now(&scene), 0);
	scene.now++; /* 07:00, an hour earlier than the night before */
	assert_true(digest_messages_enqueue(&scene.observer, scene.now));
	assert_told(&scene, "mail:x@example.com", "red:Name i, both:Name i");
	assert_int_equal(due_now(&scene), 1);
	scene_close(&scene);
}

static void test_what_was_held_for_weeks_is_not_given_up_at_its_first_failure(void **state)
{
	struct attempt attempt = {.outcome = OUTCOME_TEMPORARY};
	struct deliveries all = {0};
	struct scene scene;

	(void)state;
	scene_open(&scene, PAGES "subscribers: [{mail: x@example.com, quiet:"
				 " {begins: 2026-12-01T00:00:00Z, ends: 2026-12-31T00:00:00Z}}]\n");
	assert_true(date_parse("2026-12-01T00:00:00Z", &scene.now));
	run(&scene, WELL, WELL, WELL);
	scene.now += 60;
	run(&scene, RED, NULL, NULL);
	assert_true(date_parse("2026-12-31T00:00:00Z", &scene.now));
	assert_true(digest_messages_enqueue(&scene.observer, scene.now));
	assert_int_equal(due_now(&scene), 1);
	outbox_list(scene.database, false, &all);
	all.list[0].tries = 1000;
	outbox_failed(scene.database, &all.list[0], "relay", &attempt, scene.now);
	assert_false(outbox_expired(&all.list[0], &attempt, scene.now + 3600));
	deliveries_release(&all);
	scene_close(&scene);
}

static void test_the_operator_s_own_news_wait_for_no_quiet_hours(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, "operator: x@example.com\n" PAGES
			   "subscribers: [{mail: x@example.com, on: [red, lost],"
			   " quiet: {from: '22:00', to: '07:00'}}]\n");
	assert_true(date_parse("2026-11-23T20:00:00Z", &scene.now));
	run(&scene, WELL, WELL, WELL);
	assert_true(date_parse("2026-11-23T23:00:00Z", &scene.now));
	run(&scene, RED, NULL, NULL);
	assert_int_equal(due_now(&scene), 0);
	for (int i = 0; i < 3; i++)
		scene_unreachable(&scene, "b");
	assert_int_equal(due_now(&scene), 1);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_message_of_a_run_is_free_and_the_rest_is_one),
		cmocka_unit_test(test_a_message_about_several_pages_belongs_to_the_list_of_all),
		cmocka_unit_test(test_what_waited_and_is_joined_with_nothing_goes_out_whole),
		cmocka_unit_test(test_every_page_is_named_however_many_events_there_are),
		cmocka_unit_test(
			test_a_message_about_several_pages_keeps_its_place_among_the_others),
		cmocka_unit_test(test_what_a_crash_left_is_joined_by_the_next_run),
		cmocka_unit_test(test_a_joined_red_that_is_over_is_both_and_the_others_of_it_stay),
		cmocka_unit_test(
			test_the_green_of_a_joined_red_that_got_out_goes_to_who_was_owed_it),
		cmocka_unit_test(test_the_same_joining_has_the_same_message_id),
		cmocka_unit_test(test_quiet_hours_hold_and_end_as_one_message),
		cmocka_unit_test(test_what_was_held_for_weeks_is_not_given_up_at_its_first_failure),
		cmocka_unit_test(test_the_operator_s_own_news_wait_for_no_quiet_hours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
