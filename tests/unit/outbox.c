/* SPDX-License-Identifier: ISC */
#include "tell/outbox.h"

#include "unit/scene.h"

#include <time.h>

enum { DAY = 86400 };

static int open_outbox(void **state)
{
	struct scene *scene = memory_zero(1, sizeof *scene);

	scene_open(scene, "pages: [{name: one, url: 'https://status.example.com/', kind: "
			  "statuspage}]\n" SCENE_ROUTES);
	*state = scene;
	return 0;
}

static int close_outbox(void **state)
{
	scene_close(*state);
	free(*state);
	return 0;
}

/* A message to a receiver about a page, that opens this alarm; returns its number. */
static int64_t owe(struct scene *scene, const char *receiver, const char *page, int64_t alarm)
{
	struct owed_alarm alarms[] = {{alarm, EVENT_RED}};
	char id[] = "<1@example.org>", *to = memory_string(receiver);
	struct delivery_plan plan = {.receiver = to,
		.message_id = id,
		.data = value_map(),
		.alarms = alarms,
		.alarm_count = 1};
	int64_t number;

	database_begin(scene->database);
	outbox_add(scene->database, page, &plan, "bytes", 5, scene->now);
	number = database_last_row(scene->database);
	assert_true(database_commit(scene->database, NULL));
	value_free(plan.data);
	free(to);
	return number;
}

static struct delivery get(struct scene *scene, int64_t id)
{
	struct delivery delivery = {0};

	assert_true(outbox_get(scene->database, id, &delivery));
	return delivery;
}

static void release(struct delivery *delivery)
{
	struct deliveries one = {memory_new(sizeof *delivery), 1};

	*one.list = *delivery;
	deliveries_release(&one);
}

static void assert_state(struct scene *scene, int64_t id, const char *state)
{
	struct delivery delivery = get(scene, id);

	assert_string_equal(delivery.state, state);
	release(&delivery);
}

static size_t count_due(struct scene *scene, int64_t now)
{
	struct due *due;
	size_t count;

	outbox_due(scene->database, now, &due, &count);
	outbox_due_release(due, count);
	return count;
}

/* One round by one route that comes to nothing. */
static void fail_round(struct scene *scene, int64_t id, int64_t now, int64_t retry_after)
{
	struct attempt attempt = {
		.outcome = OUTCOME_TEMPORARY, .code = 451, .retry_after = retry_after};
	struct delivery delivery = get(scene, id);

	assert_true(outbox_sending(scene->database, id, "relay", now));
	outbox_failed(scene->database, &delivery, "relay", &attempt, now);
	release(&delivery);
}

static void test_what_is_owed_is_due_at_once(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery = get(scene, id);

	assert_int_equal(count_due(scene, scene->now), 1);
	assert_int_equal(outbox_count(scene->database), 1);
	assert_int_equal(outbox_count_waiting(scene->database), 1);
	assert_string_equal(delivery.state, "pending");
	assert_memory_equal(delivery.bytes, "bytes", 5);
	assert_int_equal(delivery.length, 5);
	release(&delivery);
}

static void test_a_failed_round_is_tried_again_within_a_minute_and_then_up_to_every_five(
	void **state)
{
	static const int64_t pauses[] = {55, 110, 220, 300, 300};
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1), now = scene->now;

	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		fail_round(scene, id, now, 0);
		assert_int_equal(count_due(scene, now + pauses[i] - 1), 0);
		assert_int_equal(count_due(scene, now + pauses[i]), 1);
		now += pauses[i];
	}
}

static void test_a_receiver_may_ask_for_a_longer_pause_up_to_an_hour(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "webhook:w", "one", 1);

	fail_round(scene, id, scene->now, 2 * 3600);
	assert_int_equal(count_due(scene, scene->now + 3599), 0);
	assert_int_equal(count_due(scene, scene->now + 3600), 1);
}

static void test_a_clock_that_goes_back_an_hour_holds_nothing_up(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1);

	fail_round(scene, id, scene->now + 3000, 0);
	assert_int_equal(count_due(scene, scene->now + 3000), 0);
	assert_int_equal(count_due(scene, scene->now - 600), 1); /* before it was made */
	assert_int_equal(
		count_due(scene, scene->now + 60), 1); /* after that, but before it was tried */
	assert_int_equal(outbox_count_due(scene->database, scene->now + 60), 1);
}

static void test_nothing_owed_expires_but_after_five_days_it_is_a_dead_letter(void **state)
{
	struct scene *scene = *state;
	struct attempt attempt = {.outcome = OUTCOME_TEMPORARY};
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery = get(scene, id);

	assert_false(outbox_expired(&delivery, scene->now + 5 * DAY));
	assert_true(outbox_expired(&delivery, scene->now + 5 * DAY + 1));
	outbox_dead(scene->database, id, "relay", &attempt, scene->now + 5 * DAY + 1);
	assert_state(scene, id, "dead");
	assert_int_equal(outbox_count(scene->database), 0);
	assert_int_equal(outbox_retry(scene->database, id, scene->now + 6 * DAY), 1);
	assert_int_equal(count_due(scene, scene->now + 6 * DAY), 1);
	release(&delivery);
	delivery = get(scene, id);
	assert_false(outbox_expired(&delivery, scene->now + 7 * DAY)); /* it has five days again */
	release(&delivery);
}

static void test_to_one_receiver_about_one_page_the_oldest_goes_first(void **state)
{
	struct scene *scene = *state;
	int64_t first = owe(scene, "mail:a", "one", 1), second = owe(scene, "mail:a", "one", 2);
	struct attempt delivered = {.outcome = OUTCOME_DELIVERED};
	struct due *due;
	size_t count;

	owe(scene, "mail:a", "two", 3);
	owe(scene, "mail:b", "one", 4);
	outbox_due(scene->database, scene->now, &due, &count);
	assert_int_equal(count, 3);
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(due[i].id, second);
	outbox_due_release(due, count);
	fail_round(
		scene, first, scene->now, 0); /* waits, and what comes after it waits behind it */
	assert_int_equal(count_due(scene, scene->now), 2);
	assert_true(outbox_sending(scene->database, first, "relay", scene->now));
	assert_int_equal(count_due(scene, scene->now), 2);
	outbox_delivered(scene->database, first, "relay", &delivered, scene->now);
	assert_int_equal(count_due(scene, scene->now), 3);
}

static void test_what_a_dead_courier_was_sending_is_taken_up_as_perhaps_delivered(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery;

	assert_true(outbox_sending(scene->database, id, "relay", scene->now));
	assert_int_equal(outbox_count_waiting(scene->database), 0);
	assert_int_equal(count_due(scene, scene->now), 0);
	outbox_take_up(scene->database);
	assert_int_equal(count_due(scene, scene->now), 1);
	delivery = get(scene, id);
	assert_true(delivery.perhaps);
	assert_string_equal(delivery.message_id, "<1@example.org>");
	assert_memory_equal(delivery.bytes, "bytes", 5);
	release(&delivery);
}

static void test_a_delivery_merged_or_dropped_meanwhile_is_not_sent(void **state)
{
	struct scene *scene = *state;
	int64_t merged = owe(scene, "mail:a", "one", 1), dropped = owe(scene, "mail:b", "one", 2),
		stands[] = {merged};
	char id[] = "<2@example.org>", to[] = "mail:a";
	struct delivery_plan plan = {.receiver = to,
		.message_id = id,
		.data = value_map(),
		.merged = stands,
		.merged_count = 1};

	outbox_add(scene->database, "one", &plan, "both", 4, scene->now);
	assert_int_equal(outbox_drop(scene->database, dropped, scene->now), 1);
	assert_state(scene, merged, "merged");
	assert_state(scene, dropped, "dropped");
	assert_false(outbox_sending(scene->database, merged, "relay", scene->now));
	assert_false(outbox_sending(scene->database, dropped, "relay", scene->now));
	assert_state(scene, merged, "merged");
	value_free(plan.data);
}

static void test_what_is_being_sent_is_neither_merged_nor_dropped(void **state)
{
	struct scene *scene = *state;
	int64_t sending = owe(scene, "mail:a", "one", 1), stands[] = {sending};
	char id[] = "<2@example.org>", to[] = "mail:a";
	struct delivery_plan plan = {.receiver = to,
		.message_id = id,
		.data = value_map(),
		.merged = stands,
		.merged_count = 1};

	assert_true(outbox_sending(scene->database, sending, "relay", scene->now));
	outbox_add(scene->database, "one", &plan, "both", 4, scene->now);
	assert_int_equal(outbox_drop(scene->database, sending, scene->now), 0);
	assert_state(scene, sending, "sending");
	value_free(plan.data);
}

static void test_who_was_owed_an_alarm_and_how_far_it_got(void **state)
{
	struct scene *scene = *state;
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED};
	int64_t delivered = owe(scene, "mail:a", "one", 7),
		perhaps = owe(scene, "mail:b", "one", 7), dropped = owe(scene, "mail:c", "one", 7),
		pending = owe(scene, "mail:d", "one", 7);
	struct owed_list owed = {0};

	owe(scene, "mail:e", "one", 8);
	outbox_sending(scene->database, delivered, "relay", scene->now);
	outbox_delivered(scene->database, delivered, "relay", &attempt, scene->now);
	outbox_sending(scene->database, perhaps, "relay", scene->now);
	outbox_take_up(scene->database);
	outbox_drop(scene->database, dropped, scene->now);
	outbox_owed(scene->database, 7, &owed);
	assert_int_equal(owed.count, 4);
	assert_true(owed.list[0].out && owed.list[1].out);
	assert_true(owed.list[2].dropped);
	assert_int_equal(owed.list[3].delivery, pending);
	assert_false(owed.list[3].out || owed.list[3].dropped);
	assert_non_null(owed.list[3].data);
	outbox_owed_release(&owed);
}

static void test_what_was_delivered_leaves_no_bytes_behind(void **state)
{
	struct scene *scene = *state;
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED, .code = 250, .text = "2.0.0 Ok"};
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery;

	outbox_sending(scene->database, id, "relay", scene->now);
	outbox_delivered(scene->database, id, "relay", &attempt, scene->now + 1);
	delivery = get(scene, id);
	assert_string_equal(delivery.state, "delivered");
	assert_int_equal(delivery.length, 0);
	assert_string_equal(delivery.data, "");
	assert_string_equal(delivery.reason, "2.0.0 Ok");
	assert_int_equal(delivery.ended, scene->now + 1);
	release(&delivery);
}

static void test_the_second_way_has_its_own_bytes_and_goes_at_once(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery;

	outbox_sending(scene->database, id, "relay", scene->now);
	outbox_readdress(scene->database, id, "webhook:w", "other", 5);
	delivery = get(scene, id);
	assert_string_equal(delivery.receiver, "webhook:w");
	assert_memory_equal(delivery.bytes, "other", 5);
	assert_true(delivery.second);
	assert_int_equal(count_due(scene, scene->now), 1);
	release(&delivery);
}

static void test_a_message_is_there_whole_or_not_at_all(void **state)
{
	struct scene *scene = *state;
	char id[] = "<1@example.org>", to[] = "mail:a";
	struct delivery_plan plan = {.receiver = to, .message_id = id, .data = value_map()};

	database_begin(scene->database);
	outbox_add(scene->database, "one", &plan, "bytes", 5, scene->now);
	database_rollback(scene->database);
	assert_int_equal(outbox_count(scene->database), 0);
	value_free(plan.data);
}

static void test_the_length_of_the_history_costs_nothing(void **state)
{
	struct scene *scene = *state;
	clock_t began;

	database_do(scene->database,
		"INSERT INTO delivery (receiver, page, created, state) WITH RECURSIVE n (i) AS"
		" (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT 'mail:a', "
		"'one', i, 'delivered' FROM n",
		"");
	owe(scene, "mail:a", "one", 1);
	began = clock();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(count_due(scene, scene->now), 1);
		assert_int_equal(outbox_count(scene->database), 1);
		assert_int_equal(outbox_count_due(scene->database, scene->now), 1);
		assert_int_equal(outbox_count_waiting(scene->database), 1);
	}
	outbox_take_up(scene->database);
	assert_true((double)(clock() - began) / CLOCKS_PER_SEC <
		    3); /* walking through it each time takes a minute */
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_outbox, close_outbox)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_what_is_owed_is_due_at_once),
		test_here(
			test_a_failed_round_is_tried_again_within_a_minute_and_then_up_to_every_five),
		test_here(test_a_receiver_may_ask_for_a_longer_pause_up_to_an_hour),
		test_here(test_a_clock_that_goes_back_an_hour_holds_nothing_up),
		test_here(test_nothing_owed_expires_but_after_five_days_it_is_a_dead_letter),
		test_here(test_to_one_receiver_about_one_page_the_oldest_goes_first),
		test_here(test_what_a_dead_courier_was_sending_is_taken_up_as_perhaps_delivered),
		test_here(test_a_delivery_merged_or_dropped_meanwhile_is_not_sent),
		test_here(test_what_is_being_sent_is_neither_merged_nor_dropped),
		test_here(test_who_was_owed_an_alarm_and_how_far_it_got),
		test_here(test_what_was_delivered_leaves_no_bytes_behind),
		test_here(test_the_second_way_has_its_own_bytes_and_goes_at_once),
		test_here(test_the_length_of_the_history_costs_nothing),
		test_here(test_a_message_is_there_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
