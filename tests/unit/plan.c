/* SPDX-License-Identifier: ISC */
#include "tell/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "unit/processor_time.h"

/* Structs of the configuration own their strings; here they are literals that nobody frees. */
#define TEXT(literal) ((char *)(literal))

enum {
	NOW = 1390590000,
	WANTED_RED = 1 << EVENT_RED,
	WANTED_GREEN = 1 << EVENT_GREEN,
	WANTED_UPDATE = 1 << EVENT_UPDATE,
	WANTED_FLAPPING = 1 << EVENT_FLAPPING,
	WANTED_LOST = 1 << EVENT_LOST,
	BOTH_WANTED = WANTED_RED | WANTED_GREEN,
};

/* A page, some people, and what happened. */
struct fixture {
	struct subscriber_config subscribers[3];
	struct webhook_config webhooks[1];
	struct config config;
	struct page_config page;
	struct events events;
	struct owed owed[4];
	struct receivers receivers;
	void (*weigh)(struct receivers *receivers); /* what is known of their providers */
	struct plan_input input;
	struct plan plan;
};

static struct fixture *fixture_new(void)
{
	struct fixture *fixture = memory_zero(1, sizeof *fixture);

	fixture->page = (struct page_config){.name = TEXT("one"),
		.url = TEXT("https://status.example.com/"),
		.provider = TEXT("example")};
	fixture->config = (struct config){.from = TEXT("lampwatch@example.org"),
		.admin = TEXT("admin@example.org"),
		.timezone = TEXT("UTC"),
		.subscribers = fixture->subscribers,
		.webhooks = fixture->webhooks};
	fixture->input = (struct plan_input){.config = &fixture->config,
		.receivers = &fixture->receivers,
		.page = &fixture->page,
		.title = "",
		.events = &fixture->events,
		.owed = fixture->owed,
		.now = NOW,
		.key = "key"};
	return fixture;
}

static void subscribe(struct fixture *fixture, const char *mail, int on)
{
	fixture->subscribers[fixture->config.subscriber_count++] =
		(struct subscriber_config){.mail = TEXT(mail), .subscription = {.on = on}};
}

static void happens(
	struct fixture *fixture, enum event_type type, const char *indicator, int64_t alarm)
{
	struct event *event = events_add(&fixture->events, type);

	event->indicator = memory_string(indicator);
	event->name = memory_string(indicator);
	event->before = LEVEL_OPERATIONAL;
	event->after = LEVEL_MAJOR_OUTAGE;
	event->seen = NOW;
	event->alarm = alarm;
	event->origin = memory_format("line/%lld", (long long)alarm);
}

/* Somebody's red of this alarm is still to be sent; without data it was sent. */
static void pending(struct fixture *fixture, int64_t alarm, const char *receiver, int64_t delivery,
	const struct value *data)
{
	fixture->owed[fixture->input.owed_count++] = (struct owed){.alarm = alarm,
		.receiver = receiver,
		.message_id = "<red@example.org>",
		.delivery = delivery,
		.out = data == NULL,
		.data = data};
}

/* What the delivery at that place says. */
static const struct content_plan *says(const struct fixture *fixture, size_t place)
{
	return &fixture->plan.contents[fixture->plan.list[place].content];
}

static void make_plan(struct fixture *fixture)
{
	plan_release(&fixture->plan);
	receivers_release(&fixture->receivers);
	receivers_of_config(&fixture->config, &fixture->receivers);
	if (fixture->weigh != NULL)
		fixture->weigh(&fixture->receivers);
	plan_make(&fixture->input, &fixture->plan);
}

/* Everything that is planned: "mail:a red:A green:B; webhook:b red:A". */
static void assert_plan(struct fixture *fixture, const char *expected)
{
	struct buffer text = {0};

	make_plan(fixture);
	for (size_t i = 0; i < fixture->plan.count; i++) {
		const struct delivery_plan *delivery = &fixture->plan.list[i];
		const struct value *events = value_get(says(fixture, i)->data, "events");

		buffer_format(&text, "%s%s", i > 0 ? "; " : "", delivery->receiver);
		for (size_t j = 0; j < events->count; j++)
			buffer_format(&text, " %s:%s", value_get_text(events->members[j], "type"),
				value_get_text(events->members[j], "label"));
	}
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&text);
}

static void fixture_free(struct fixture *fixture)
{
	plan_release(&fixture->plan);
	receivers_release(&fixture->receivers);
	events_release(&fixture->events);
	free(fixture);
}

/* The data of a message with reds of these alarms. */
static struct value *reds(int64_t first, int64_t second)
{
	struct value *data = value_map(), *list = value_put(data, "events", value_list());

	for (int i = 0; i < 2; i++) {
		struct value *event = value_append(list, value_map());

		value_put_text(event, "type", "red");
		value_put_text(event, "label", i == 0 ? "A" : "B");
		value_put_text(event, "id", i == 0 ? "A" : "B");
		value_put_number(event, "alarm", i == 0 ? first : second);
	}
	return data;
}

static void test_red_goes_to_all_whose_pages_and_wishes_want_it(void **state)
{
	struct fixture *fixture = fixture_new();
	char *other[] = {TEXT("two")}, *this[] = {TEXT("two"), TEXT("one")};

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	subscribe(fixture, "b", WANTED_GREEN | WANTED_LOST);
	subscribe(fixture, "c", WANTED_RED);
	fixture->subscribers[2].subscription.pages = (struct text_list){this, 2};
	fixture->webhooks[0] =
		(struct webhook_config){.name = TEXT("w"), .subscription = {.on = WANTED_RED}};
	fixture->config.webhook_count = 1;
	happens(fixture, EVENT_RED, "A", 1);
	assert_plan(fixture, "mail:a red:A; mail:c red:A; webhook:w red:A");
	fixture->subscribers[2].subscription.pages = (struct text_list){other, 1};
	assert_plan(fixture, "mail:a red:A; webhook:w red:A");
	fixture_free(fixture);
}

static void test_patterns_and_a_floor_choose_what_a_receiver_hears(void **state)
{
	struct fixture *fixture = fixture_new();
	char own[] = "o*", *pages[] = {own, TEXT("!other")},
	     *indicators[] = {TEXT("a*"), TEXT("!ab")};
	struct subscription *subscription = &fixture->subscribers[0].subscription;

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED | WANTED_UPDATE);
	subscription->pages = (struct text_list){pages, 2};
	subscription->indicators = (struct text_list){indicators, 2};
	happens(fixture, EVENT_RED, "A", 1);
	happens(fixture, EVENT_RED, "AB", 2);
	happens(fixture, EVENT_RED, "", 3);
	assert_plan(fixture, "mail:a red:A");
	subscription->floor = LEVEL_MAJOR_OUTAGE;
	fixture->events.list[0].after = LEVEL_PARTIAL_OUTAGE;
	assert_plan(fixture, "");
	fixture->events.list[0].after = LEVEL_MAJOR_OUTAGE;
	assert_plan(fixture, "mail:a red:A");
	own[0] = 'x';
	assert_plan(fixture, "");
	own[0] = 'o';
	events_release(&fixture->events);
	happens(fixture, EVENT_UPDATE, "incident", 0);
	assert_plan(fixture, "mail:a update:incident");
	text_list_add(&fixture->events.list[0].affects, "ab");
	assert_plan(fixture, "");
	text_list_add(&fixture->events.list[0].affects, "ac");
	assert_plan(fixture, "mail:a update:incident");
	fixture_free(fixture);
}

static void endanger(struct receivers *receivers)
{
	receivers->list[0].endangered = true;
	receivers->list[0].provider = memory_string("example");
}

static void doubt(struct receivers *receivers)
{
	receivers->list[0].doubtful = true;
}

static void test_a_refusing_receiver_has_its_second_way_on_the_row(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("b");
	happens(fixture, EVENT_RED, "A", 1);
	assert_plan(fixture, "mail:a red:A");
	assert_string_equal(fixture->plan.list[0].otherwise, "mail:b");
	assert_null(fixture->plan.list[0].held_for);
	fixture_free(fixture);
}

static void
test_who_is_hosted_at_a_provider_in_trouble_is_told_by_the_second_way_and_later_by_the_first(
	void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("webhook:w");
	fixture->weigh = endanger;
	happens(fixture, EVENT_RED, "A", 1);
	assert_plan(fixture, "mail:a red:A; webhook:w red:A");
	assert_string_equal(fixture->plan.list[0].held_for, "example");
	assert_string_equal(fixture->plan.list[0].otherwise, "webhook:w"); /* goes in its stead */
	assert_null(fixture->plan.list[1].held_for);
	fixture_free(fixture);
}

static void test_where_a_gateway_hides_the_mailbox_both_ways_are_told_at_once(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("b");
	fixture->weigh = doubt;
	happens(fixture, EVENT_RED, "A", 1);
	assert_plan(fixture, "mail:a red:A; mail:b red:A");
	assert_null(fixture->plan.list[0].held_for);
	fixture_free(fixture);
}

static void test_green_goes_by_both_ways_of_who_was_owed_the_red_by_both(void **state)
{
	struct fixture *fixture = fixture_new();
	struct value *data = reds(7, 7);

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("b");
	pending(fixture, 7, "mail:a", 1, data);
	pending(fixture, 7, "mail:b", 2, NULL);
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:a both:A; mail:b green:A");
	fixture->weigh = endanger;
	assert_plan(fixture, "mail:a both:A; mail:b green:A");
	assert_string_equal(fixture->plan.list[0].held_for, "example");
	value_free(data);
	fixture_free(fixture);
}

/* Where the host was not known, both addresses got the red; at the green nobody is in trouble. */
static void test_a_second_way_with_a_green_of_its_own_does_not_stand_in_for_the_first(void **state)
{
	struct fixture *fixture = fixture_new();
	struct value *data = reds(7, 7);

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("b");
	pending(fixture, 7, "mail:a", 1, data); /* refused */
	pending(fixture, 7, "mail:b", 2, NULL);
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:a both:A; mail:b green:A");
	assert_null(fixture->plan.list[0].otherwise);
	fixture->input.owed_count = 1;
	assert_plan(fixture, "mail:a both:A");
	assert_string_equal(fixture->plan.list[0].otherwise, "mail:b");
	value_free(data);
	fixture_free(fixture);
}

static void test_who_hears_that_it_has_settled_need_not_hear_its_green(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED | WANTED_FLAPPING);
	pending(fixture, 7, "mail:a", 1, NULL);
	pending(fixture, 8, "mail:a", 2, NULL);
	pending(fixture, 9, "mail:a", 3, NULL);
	happens(fixture, EVENT_SETTLED, "A", 7);
	happens(fixture, EVENT_GREEN, "A", 8);
	happens(fixture, EVENT_GREEN, "B", 9);
	happens(fixture, EVENT_RED, "C", 10);
	assert_plan(fixture, "mail:a red:C settled:A green:B");
	assert_int_equal(says(fixture, 0)->alarm_count, 4); /* it is still to be sent */
	fixture_free(fixture);
}

static void test_one_message_for_each_receiver_with_the_worst_first(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED | WANTED_UPDATE | WANTED_LOST);
	pending(fixture, 7, "mail:a", 1, NULL);
	happens(fixture, EVENT_UPDATE, "i", 0);
	happens(fixture, EVENT_GREEN, "G", 7);
	happens(fixture, EVENT_RED, "B", 8);
	happens(fixture, EVENT_RED, "A", 9);
	assert_plan(fixture, "mail:a red:A red:B green:G update:i");
	assert_string_equal(
		value_get_text(value_get(says(fixture, 0)->data, "headline"), "colour"), "red");
	assert_int_equal(
		value_get_number(value_get(says(fixture, 0)->data, "headline"), "more"), 2);
	assert_int_equal(
		value_get_number(value_get(says(fixture, 0)->data, "headline"), "count"), 4);
	fixture->events.list[3].after = LEVEL_PARTIAL_OUTAGE;
	assert_plan(fixture, "mail:a red:B red:A green:G update:i"); /* the worse first */
	assert_int_equal(says(fixture, 0)->alarm_count, 3);
	fixture_free(fixture);
}

static void test_green_goes_to_who_was_owed_its_red_as_an_answer(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	subscribe(fixture, "b", BOTH_WANTED);
	pending(fixture, 7, "mail:a", 1, NULL);
	pending(fixture, 6, "mail:b", 2, NULL); /* of another alarm */
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:a green:A");
	assert_string_equal(fixture->plan.list[0].in_reply_to, "<red@example.org>");
	fixture_free(fixture);
}

static void test_green_is_not_for_who_does_not_want_it_or_whose_red_was_dropped(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", WANTED_RED);
	subscribe(fixture, "b", BOTH_WANTED);
	pending(fixture, 7, "mail:a", 1, NULL);
	pending(fixture, 7, "mail:b", 2, NULL);
	pending(fixture, 7, "mail:gone", 3, NULL); /* no longer in the configuration */
	fixture->owed[1].dropped = true;
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "");
	fixture_free(fixture);
}

static void test_green_follows_a_red_that_took_the_second_way(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	subscribe(fixture, "b", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("other@example.net");
	fixture->subscribers[1].second = TEXT("webhook:w");
	fixture->webhooks[0] = (struct webhook_config){.name = TEXT("w")};
	fixture->config.webhook_count = 1;
	pending(fixture, 7, "mail:other@example.net", 1, NULL);
	pending(fixture, 7, "webhook:w", 2, NULL);
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:other@example.net green:A; webhook:w green:A");
	fixture_free(fixture);
}

static void test_wishes_of_one_address_in_two_places_count_together(void **state)
{
	struct fixture *fixture = fixture_new();
	char *other[] = {TEXT("two")};

	(void)state;
	subscribe(fixture, "a", WANTED_RED);
	fixture->subscribers[0].subscription.pages = (struct text_list){other, 1};
	subscribe(fixture, "a", BOTH_WANTED);
	pending(fixture, 7, "mail:a", 1, NULL);
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:a green:A");
	fixture_free(fixture);
}

static void test_red_that_never_got_out_is_merged_and_what_stood_beside_it_stays(void **state)
{
	struct fixture *fixture = fixture_new();
	struct value *data = reds(7, 8);

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	pending(fixture, 7, "mail:a", 41, data);
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:a red:B both:A");
	assert_int_equal(fixture->plan.list[0].merged_count, 1);
	assert_int_equal(fixture->plan.list[0].merged[0], 41);
	assert_null(fixture->plan.list[0].in_reply_to);
	pending(fixture, 8, "mail:a", 41, data);
	happens(fixture, EVENT_GREEN, "B", 8);
	assert_plan(fixture, "mail:a both:A both:B");
	assert_int_equal(fixture->plan.list[0].merged_count, 1);
	value_free(data);
	fixture_free(fixture);
}

/* From 18:00 to 20:00 each day; it is 19:00. */
static void keep_quiet(struct fixture *fixture, struct window *window)
{
	*window = (struct window){.days = WINDOW_ALL_DAYS, .from = 18 * 60, .to = 20 * 60};
	fixture->subscribers[0].subscription.quiet = (struct windows){window, 1};
}

static void test_what_happens_in_quiet_hours_is_held_until_their_end(void **state)
{
	struct fixture *fixture = fixture_new();
	struct window window;

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	subscribe(fixture, "b", BOTH_WANTED);
	keep_quiet(fixture, &window);
	pending(fixture, 7, "mail:a", 1, NULL);
	happens(fixture, EVENT_GREEN, "A", 7);
	happens(fixture, EVENT_RED, "B", 8);
	assert_plan(fixture, "mail:a red:B green:A; mail:b red:B");
	assert_int_equal(fixture->plan.list[0].held_until, NOW + 3600);
	assert_int_equal(fixture->plan.list[1].held_until, 0);
	fixture->input.now = NOW + 3600;
	assert_plan(fixture, "mail:a red:B green:A; mail:b red:B");
	assert_int_equal(fixture->plan.list[0].held_until, 0);
	fixture_free(fixture);
}

static void test_a_second_way_is_as_quiet_as_the_first(void **state)
{
	struct fixture *fixture = fixture_new();
	struct window window;

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	fixture->subscribers[0].second = TEXT("b");
	fixture->weigh = endanger;
	keep_quiet(fixture, &window);
	happens(fixture, EVENT_RED, "A", 1);
	assert_plan(fixture, "mail:a red:A; mail:b red:A");
	assert_int_equal(fixture->plan.list[0].held_until, NOW + 3600);
	assert_int_equal(fixture->plan.list[1].held_until, NOW + 3600);
	fixture_free(fixture);
}

/* Two people have the same address: the one whose hours are not quiet is to know at once. */
static void test_of_two_who_share_an_address_the_one_who_is_awake_decides(void **state)
{
	struct fixture *fixture = fixture_new();
	struct window window;

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	subscribe(fixture, "a", BOTH_WANTED);
	keep_quiet(fixture, &window);
	happens(fixture, EVENT_RED, "A", 1);
	assert_plan(fixture, "mail:a red:A");
	assert_int_equal(fixture->plan.list[0].held_until, 0);
	fixture_free(fixture);
}

static void test_a_reminder_in_quiet_hours_is_not_held_but_left_out(void **state)
{
	struct fixture *fixture = fixture_new();
	struct window window;

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	pending(fixture, 7, "mail:a", 1, NULL);
	happens(fixture, EVENT_REMINDER, "A", 7);
	assert_plan(fixture, "mail:a reminder:A");
	keep_quiet(fixture, &window);
	assert_plan(fixture, "");
	fixture_free(fixture);
}

static void test_red_that_is_over_does_not_mislead_who_wants_only_red(void **state)
{
	struct fixture *fixture = fixture_new();
	struct value *data = reds(7, 8);

	(void)state;
	subscribe(fixture, "a", WANTED_RED);
	pending(fixture, 7, "mail:a", 41, data);
	happens(fixture, EVENT_GREEN, "A", 7);
	assert_plan(fixture, "mail:a red:B both:A");
	value_free(data);
	fixture_free(fixture);
}

static void test_lost_and_gone_go_to_the_operator_and_lost_to_who_asked(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "a", BOTH_WANTED);
	subscribe(fixture, "b", WANTED_LOST);
	happens(fixture, EVENT_GONE, "A", 0);
	happens(fixture, EVENT_LOST, "", 1);
	assert_plan(fixture, "mail:admin@example.org lost:overall gone:A; mail:b lost:overall");
	fixture_free(fixture);
}

static void test_an_operator_who_subscribes_hears_it_once(void **state)
{
	struct fixture *fixture = fixture_new();

	(void)state;
	subscribe(fixture, "admin@example.org", WANTED_LOST);
	pending(fixture, 1, "mail:admin@example.org", 1, NULL);
	happens(fixture, EVENT_BACK, "", 1);
	assert_plan(fixture, "mail:admin@example.org back:overall");
	events_release(&fixture->events);
	happens(fixture, EVENT_LOST, "", 2);
	assert_plan(fixture, "mail:admin@example.org lost:overall");
	fixture_free(fixture);
}

/* The id of the only message. Owned by the caller. */
static char *id_of(struct fixture *fixture)
{
	make_plan(fixture);
	assert_int_equal(fixture->plan.count, 1);
	return memory_string(fixture->plan.list[0].message_id);
}

static void assert_ids(char *one, char *other, bool same)
{
	assert_int_equal(strcmp(one, other) == 0, same);
	free(other);
}

static void test_the_message_id_is_that_of_the_news_and_nobody_can_guess_it(void **state)
{
	struct fixture *fixture = fixture_new();
	char *id;

	(void)state;
	subscribe(fixture, "a", WANTED_RED);
	happens(fixture, EVENT_RED, "A", 7);
	id = id_of(fixture);
	assert_true(strncmp(id, "<e.red.", 7) == 0);
	assert_non_null(strstr(id, "@example.org>"));
	fixture->input.now += 86400;
	assert_ids(id, id_of(fixture), true);
	fixture->input.key = "another";
	assert_ids(id, id_of(fixture), false);
	fixture->input.key = "key";
	fixture->subscribers[0].mail = TEXT("b");
	assert_ids(id, id_of(fixture), false);
	fixture->subscribers[0].mail = TEXT("a");
	fixture->events.list[0].alarm = 8; /* another database's number of the same outage */
	assert_ids(id, id_of(fixture), true);
	memory_set(&fixture->events.list[0].origin, "line/8");
	assert_ids(id, id_of(fixture), false);
	free(id);
	fixture_free(fixture);
}

static void test_an_alarm_that_gets_worse_has_another_message_id(void **state)
{
	struct fixture *fixture = fixture_new();
	char *id;

	(void)state;
	subscribe(fixture, "a", WANTED_RED);
	happens(fixture, EVENT_RED, "A", 7);
	fixture->subscribers[0].subscription.floor = LEVEL_DEGRADED;
	id = id_of(fixture);
	fixture->events.list[0].risen = true;
	assert_ids(id, id_of(fixture), false);
	free(id);
	fixture_free(fixture);
}

static void test_two_updates_have_two_message_ids(void **state)
{
	struct fixture *fixture = fixture_new();
	char *id;

	(void)state;
	subscribe(fixture, "a", WANTED_UPDATE);
	happens(fixture, EVENT_UPDATE, "i", 0);
	id = id_of(fixture);
	fixture->input.now += 60; /* found again, where it could not be kept */
	assert_ids(id, id_of(fixture), true);
	memory_set(&fixture->events.list[0].word, "monitoring");
	assert_ids(id, id_of(fixture), false);
	free(id);
	fixture_free(fixture);
}

static void test_twenty_thousand_events_are_owed_and_a_thousand_are_told(void **state)
{
	struct fixture *fixture = fixture_new();
	clock_t began = clock();
	char name[16];

	(void)state;
	subscribe(fixture, "a", WANTED_RED);
	subscribe(fixture, "b", WANTED_RED);
	for (int i = 1; i <= 20000; i++) {
		snprintf(name, sizeof name, "%d", i);
		happens(fixture, EVENT_RED, name, i);
	}
	make_plan(fixture);
	assert_int_equal(says(fixture, 1)->alarm_count, 20000);
	assert_int_equal(value_get(says(fixture, 1)->data, "events")->count, PLAN_EVENTS_MAX);
	assert_int_equal(
		value_get_number(value_get(says(fixture, 1)->data, "headline"), "count"), 20000);
	assert_processor_time(began, 10);
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_red_goes_to_all_whose_pages_and_wishes_want_it),
		cmocka_unit_test(test_patterns_and_a_floor_choose_what_a_receiver_hears),
		cmocka_unit_test(test_a_refusing_receiver_has_its_second_way_on_the_row),
		cmocka_unit_test(
			test_who_is_hosted_at_a_provider_in_trouble_is_told_by_the_second_way_and_later_by_the_first),
		cmocka_unit_test(test_where_a_gateway_hides_the_mailbox_both_ways_are_told_at_once),
		cmocka_unit_test(test_green_goes_by_both_ways_of_who_was_owed_the_red_by_both),
		cmocka_unit_test(
			test_a_second_way_with_a_green_of_its_own_does_not_stand_in_for_the_first),
		cmocka_unit_test(test_who_hears_that_it_has_settled_need_not_hear_its_green),
		cmocka_unit_test(test_one_message_for_each_receiver_with_the_worst_first),
		cmocka_unit_test(test_green_goes_to_who_was_owed_its_red_as_an_answer),
		cmocka_unit_test(
			test_green_is_not_for_who_does_not_want_it_or_whose_red_was_dropped),
		cmocka_unit_test(test_green_follows_a_red_that_took_the_second_way),
		cmocka_unit_test(test_wishes_of_one_address_in_two_places_count_together),
		cmocka_unit_test(
			test_red_that_never_got_out_is_merged_and_what_stood_beside_it_stays),
		cmocka_unit_test(test_what_happens_in_quiet_hours_is_held_until_their_end),
		cmocka_unit_test(test_a_second_way_is_as_quiet_as_the_first),
		cmocka_unit_test(test_of_two_who_share_an_address_the_one_who_is_awake_decides),
		cmocka_unit_test(test_a_reminder_in_quiet_hours_is_not_held_but_left_out),
		cmocka_unit_test(test_red_that_is_over_does_not_mislead_who_wants_only_red),
		cmocka_unit_test(test_lost_and_gone_go_to_the_operator_and_lost_to_who_asked),
		cmocka_unit_test(test_an_operator_who_subscribes_hears_it_once),
		cmocka_unit_test(test_the_message_id_is_that_of_the_news_and_nobody_can_guess_it),
		cmocka_unit_test(test_an_alarm_that_gets_worse_has_another_message_id),
		cmocka_unit_test(test_two_updates_have_two_message_ids),
		cmocka_unit_test(test_twenty_thousand_events_are_owed_and_a_thousand_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
