/* SPDX-License-Identifier: ISC */
#include "tell/outbox.h"

#include "run/schema.h"
#include "unit/processor_time.h"
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

/* Keeps "bytes" for a message that opens this alarm (0: none); returns its number. */
static int64_t keep(struct scene *scene, int64_t alarm)
{
	struct owed_alarm alarms[] = {{alarm, EVENT_RED}};
	char bytes[] = "bytes";
	struct content_plan plan = {
		.data = value_map(), .alarms = alarms, .alarm_count = alarm != 0};
	struct content content = {.whole = true, .bytes = bytes, .length = strlen(bytes)};
	int64_t id = outbox_keep(scene->database, &plan, &content);

	value_free(plan.data);
	return id;
}

/* Whatever else the plan has. */
static int64_t owe_as(struct scene *scene, const char *receiver, const char *page, int64_t content,
	struct delivery_plan plan)
{
	char id[] = "<1@example.org>", *to = memory_string(receiver);

	plan.receiver = to;
	plan.message_id = id;
	outbox_add(scene->database, page, &plan, content, scene->now);
	free(to);
	return database_last_row(scene->database);
}

/* A message to a receiver about a page, that opens this alarm; returns its number. */
static int64_t owe(struct scene *scene, const char *receiver, const char *page, int64_t alarm)
{
	int64_t number;

	database_begin(scene->database);
	number = owe_as(scene, receiver, page, keep(scene, alarm), (struct delivery_plan){0});
	assert_true(database_commit(scene->database, NULL));
	return number;
}

/* As owe(), but held. */
static int64_t owe_held(struct scene *scene, const char *receiver, struct delivery_plan plan)
{
	return owe_as(scene, receiver, "one", keep(scene, 0), plan);
}

/* The bytes kept for a delivery are these; "" where they are forgotten. */
static void assert_bytes(struct scene *scene, const struct delivery *delivery, const char *expected)
{
	struct content content;

	outbox_content(scene->database, delivery->content, &content);
	assert_int_equal(content.length, strlen(expected));
	assert_string_equal(content.bytes != NULL ? content.bytes : "", expected);
	content_release(&content);
}

static void assert_named(
	struct scene *scene, bool whole, const char *json, const char *type, const char *colour)
{
	char bytes[] = "bytes";
	struct content content = {.whole = whole, .bytes = bytes, .length = strlen(bytes)}, kept;
	struct content_plan plan = {.data = value_map()};
	int64_t id = outbox_keep(scene->database, &plan, &content);

	database_do(scene->database, "UPDATE content SET data = ? WHERE id = ?", "ti", json, id);
	outbox_content(scene->database, id, &kept);
	assert_string_equal(kept.bytes, bytes);
	assert_string_equal(kept.type, type);
	assert_string_equal(kept.colour, colour);
	content_release(&kept);
	value_free(plan.data);
}

/* What a webhook's program hears beside the body. */
static void test_a_request_is_named_by_its_first_event(void **state)
{
	const char *data = "{\"first\": {\"type\": \"red\"}, \"headline\": {\"colour\": \"grey\"}}";

	assert_named(*state, true, data, "red", "grey");
	assert_named(*state, false, data, "", "");
	assert_named(*state, true, "{\"first\": {\"type\": [1]}}", "", "");
	assert_named(*state, true, "{\"first\": ", "", "");
	assert_named(*state, true, NULL, "", "");
	assert_named(*state, true,
		"{\"first\": {\"type\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}, \"headline\": 7}",
		"", "");
	assert_false(database_failed(((struct scene *)*state)->database));
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

/* One attempt over one route that fails. */
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
	assert_bytes(scene, &delivery, "bytes");
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

	assert_false(outbox_expired(&delivery, &attempt, scene->now + 6 * DAY)); /* hardly tried */
	delivery.tries = OUTBOX_DEAD_TRIES;
	assert_false(outbox_expired(&delivery, &attempt, scene->now + 5 * DAY));
	assert_true(outbox_expired(&delivery, &attempt, scene->now + 5 * DAY + 1));
	outbox_dead(scene->database, &delivery, "relay", &attempt, scene->now + 5 * DAY + 1);
	assert_state(scene, id, "dead");
	assert_int_equal(outbox_count(scene->database), 0);
	assert_int_equal(outbox_retry(scene->database, id, scene->now + 6 * DAY), 1);
	assert_int_equal(count_due(scene, scene->now + 6 * DAY), 1);
	release(&delivery);
	delivery = get(scene, id);
	delivery.tries = OUTBOX_DEAD_TRIES;
	assert_false(outbox_expired(
		&delivery, &attempt, scene->now + 7 * DAY)); /* it has five days again */
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
	assert_int_equal(delivery.perhaps, 1);
	assert_string_equal(delivery.message_id, "<1@example.org>");
	assert_bytes(scene, &delivery, "bytes");
	release(&delivery);
}

static void test_a_delivery_merged_or_dropped_meanwhile_is_not_sent(void **state)
{
	struct scene *scene = *state;
	int64_t merged = owe(scene, "mail:a", "one", 1), dropped = owe(scene, "mail:b", "one", 2),
		stands[] = {merged};
	struct delivery_plan plan = {.merged = stands, .merged_count = 1};

	owe_as(scene, "mail:a", "one", keep(scene, 3), plan);
	assert_int_equal(outbox_drop(scene->database, dropped, scene->now), 1);
	assert_state(scene, merged, "merged");
	assert_state(scene, dropped, "dropped");
	assert_false(outbox_sending(scene->database, merged, "relay", scene->now));
	assert_false(outbox_sending(scene->database, dropped, "relay", scene->now));
	assert_state(scene, merged, "merged");
}

static void test_what_is_being_sent_is_neither_merged_nor_dropped(void **state)
{
	struct scene *scene = *state;
	int64_t sending = owe(scene, "mail:a", "one", 1), stands[] = {sending};
	struct delivery_plan plan = {.merged = stands, .merged_count = 1};

	assert_true(outbox_sending(scene->database, sending, "relay", scene->now));
	owe_as(scene, "mail:a", "one", keep(scene, 3), plan);
	assert_int_equal(outbox_drop(scene->database, sending, scene->now), 0);
	assert_state(scene, sending, "sending");
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
	outbox_pending(scene->database, 7, &owed);
	assert_int_equal(owed.count, 4);
	assert_true(owed.list[0].out && owed.list[1].out);
	assert_true(owed.list[2].dropped);
	assert_int_equal(owed.list[3].delivery, pending);
	assert_false(owed.list[3].out || owed.list[3].dropped);
	assert_non_null(owed.list[3].data);
	outbox_pending_release(&owed);
}

static void deliver(struct scene *scene, int64_t id, int64_t now)
{
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED, .code = 250, .text = "2.0.0 Ok"};

	assert_true(outbox_sending(scene->database, id, "relay", scene->now));
	outbox_delivered(scene->database, id, "relay", &attempt, now);
}

static void test_what_was_delivered_says_when_and_how(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery;

	deliver(scene, id, scene->now + 1);
	delivery = get(scene, id);
	assert_string_equal(delivery.state, "delivered");
	assert_string_equal(delivery.reason, "2.0.0 Ok");
	assert_int_equal(delivery.ended, scene->now + 1);
	release(&delivery);
}

static void test_what_is_said_is_kept_until_nobody_is_owed_it(void **state)
{
	struct scene *scene = *state;
	int64_t content = keep(scene, 1), first, second;
	struct delivery delivery;
	struct value *data;

	first = owe_as(scene, "mail:a", "one", content, (struct delivery_plan){0});
	second = owe_as(scene, "mail:b", "one", content, (struct delivery_plan){0});
	deliver(scene, first, scene->now);
	outbox_forget(scene->database);
	delivery = get(scene, second);
	assert_int_equal(delivery.content, content);
	assert_bytes(scene, &delivery, "bytes");
	outbox_dead(scene->database, &delivery, "relay",
		&(struct attempt){.outcome = OUTCOME_RECEIVER}, scene->now);
	outbox_forget(scene->database); /* a dead message may be retried */
	assert_bytes(scene, &delivery, "bytes");
	outbox_drop(scene->database, second, scene->now);
	outbox_forget(scene->database);
	assert_bytes(scene, &delivery, "");
	data = outbox_data(scene->database, content);
	assert_null(data);
	release(&delivery);
}

static void test_who_were_to_get_the_same_were_owed_the_same(void **state)
{
	struct scene *scene = *state;
	int64_t content = keep(scene, 7);
	struct owed_list owed = {0};

	owe_as(scene, "mail:a", "one", content, (struct delivery_plan){0});
	owe_as(scene, "mail:b", "one", content, (struct delivery_plan){0});
	owe(scene, "mail:c", "one", 7);
	outbox_pending(scene->database, 7, &owed);
	assert_int_equal(owed.count, 3);
	assert_ptr_equal(owed.list[0].data, owed.list[1].data);
	assert_ptr_not_equal(owed.list[0].data, owed.list[2].data);
	outbox_pending_release(&owed);
}

static void test_the_second_way_has_its_own_bytes_and_goes_at_once(void **state)
{
	struct scene *scene = *state;
	int64_t shared = keep(scene, 7), id, other;
	char bytes[] = "other";
	struct content content = {.whole = true, .bytes = bytes, .length = strlen(bytes)};
	struct owed_list owed = {0};
	struct delivery delivery;

	id = owe_as(scene, "mail:a", "one", shared, (struct delivery_plan){0});
	other = owe_as(scene, "mail:b", "one", shared, (struct delivery_plan){0});
	outbox_sending(scene->database, id, "relay", scene->now);
	delivery = get(scene, id);
	outbox_readdress(scene->database, &delivery, "webhook:w", &content);
	release(&delivery);
	delivery = get(scene, id);
	assert_string_equal(delivery.receiver, "webhook:w");
	assert_bytes(scene, &delivery, "other");
	assert_true(delivery.second);
	assert_int_equal(count_due(scene, scene->now), 2);
	release(&delivery);
	delivery = get(scene, other);
	assert_bytes(scene, &delivery, "bytes");
	release(&delivery);
	outbox_pending(scene->database, 7, &owed);
	assert_int_equal(owed.count, 2);
	assert_string_equal(owed.list[0].receiver, "webhook:w");
	outbox_pending_release(&owed);
}

static void test_what_is_held_until_a_time_is_no_fault_and_holds_up_nothing(void **state)
{
	struct scene *scene = *state;
	int64_t until = scene->now + 3600;

	owe_held(scene, "mail:a", (struct delivery_plan){.held_until = until});
	assert_int_equal(count_due(scene, until - 1), 0);
	assert_int_equal(outbox_count_waiting(scene->database), 0);
	assert_int_equal(outbox_count_due(scene->database, until - 1), 0);
	assert_int_equal(outbox_count(scene->database), 1);
	owe(scene, "mail:a", "one", 2);
	assert_int_equal(count_due(scene, until - 1), 1);
	outbox_release(scene->database, "mail:a", until);
	assert_int_equal(count_due(scene, until), 1); /* now the first, and then the other */
	assert_int_equal(outbox_count_waiting(scene->database), 2);
}

static void test_what_waits_to_be_joined_is_never_due(void **state)
{
	struct scene *scene = *state;

	owe_held(scene, "mail:a", (struct delivery_plan){.for_digest = true});
	assert_int_equal(count_due(scene, scene->now + DAY), 0);
	assert_int_equal(outbox_count_waiting(scene->database), 0);
	assert_int_equal(outbox_count_due(scene->database, scene->now + DAY), 0);
}

static void test_what_is_held_for_a_provider_is_due_when_the_run_says_that_it_is_back(void **state)
{
	struct scene *scene = *state;
	char google[] = "google";

	owe_held(scene, "mail:a", (struct delivery_plan){.held_for = google});
	assert_int_equal(count_due(scene, scene->now), 0);
	assert_int_equal(outbox_count_waiting(scene->database), 0);
	assert_false(outbox_unhold(scene->database, "goog", scene->now, scene->now));
	assert_true(outbox_unhold(scene->database, "google", scene->now, scene->now));
	assert_int_equal(count_due(scene, scene->now), 1);
	assert_int_equal(outbox_count_waiting(scene->database), 1);
}

static void test_the_last_resort_is_held_no_longer_when_what_went_in_its_stead_is_dead(void **state)
{
	struct scene *scene = *state;
	struct attempt attempt = {.outcome = OUTCOME_RECEIVER};
	char google[] = "google", second[] = "webhook:w";
	int64_t instead;
	struct delivery delivery;

	owe_held(scene, "mail:a", (struct delivery_plan){.held_for = google, .otherwise = second});
	owe_held(scene, "mail:b", (struct delivery_plan){.held_for = google});
	instead = owe_held(scene, second, (struct delivery_plan){0});
	assert_int_equal(count_due(scene, scene->now), 1);
	delivery = get(scene, instead);
	outbox_dead(scene->database, &delivery, "w", &attempt, scene->now);
	assert_int_equal(count_due(scene, scene->now), 1); /* mail:a, and not mail:b */
	release(&delivery);
	delivery = get(scene, instead - 2);
	assert_null(delivery.held_for);
	assert_null(delivery.otherwise);
	release(&delivery);
}

static void test_retry_by_number_frees_what_is_held_and_retry_of_all_does_not(void **state)
{
	struct scene *scene = *state;
	int64_t id =
		owe_held(scene, "mail:a", (struct delivery_plan){.held_until = scene->now + 3600});

	outbox_retry(scene->database, 0, scene->now);
	assert_int_equal(count_due(scene, scene->now), 0);
	outbox_retry(scene->database, id, scene->now);
	assert_int_equal(count_due(scene, scene->now), 1);
}

static void test_what_was_not_begun_is_due_as_before_and_not_counted_as_tried(void **state)
{
	struct scene *scene = *state;
	int64_t id = owe(scene, "mail:a", "one", 1);
	struct delivery delivery;

	assert_true(outbox_sending(scene->database, id, "relay", scene->now));
	outbox_untried(scene->database, id);
	delivery = get(scene, id);
	assert_string_equal(delivery.state, "pending");
	assert_int_equal(delivery.tries, 0);
	assert_int_equal(delivery.perhaps, 0);
	assert_int_equal(count_due(scene, scene->now), 1);
	release(&delivery);
}

static void test_what_may_have_arrived_is_repeated_ever_more_rarely_and_then_given_up(void **state)
{
	struct scene *scene = *state;
	struct attempt unknown = {.outcome = OUTCOME_UNKNOWN},
		       refused = {.outcome = OUTCOME_TEMPORARY};
	int64_t id = owe(scene, "mail:a", "one", 1), now = scene->now, pause = 55;

	for (int perhaps = 1; perhaps < OUTBOX_PERHAPS_MAX; perhaps++) {
		struct delivery delivery = get(scene, id);

		assert_false(outbox_expired(&delivery, &unknown, now));
		assert_true(outbox_sending(scene->database, id, "relay", now));
		outbox_failed(scene->database, &delivery, "relay", &unknown, now);
		assert_int_equal(count_due(scene, now + pause - 1), 0);
		assert_int_equal(count_due(scene, now + pause), 1);
		now += pause;
		pause = pause * 2 < OUTBOX_UNKNOWN_RETRY ? pause * 2 : OUTBOX_UNKNOWN_RETRY;
		release(&delivery);
		delivery = get(scene, id);
		assert_int_equal(delivery.perhaps, perhaps);
		assert_false(outbox_expired(&delivery, &refused, now));
		assert_false(outbox_expired(&delivery, &unknown, now)); /* all may be down today */
		assert_int_equal(outbox_expired(&delivery, &unknown, scene->now + DAY + 1),
			perhaps + 1 == OUTBOX_PERHAPS_MAX);
		release(&delivery);
	}
}

static void test_a_message_is_there_whole_or_not_at_all(void **state)
{
	struct scene *scene = *state;

	database_begin(scene->database);
	owe_as(scene, "mail:a", "one", keep(scene, 1), (struct delivery_plan){0});
	database_rollback(scene->database);
	assert_int_equal(outbox_count(scene->database), 0);
	assert_int_equal(statement_number(database_query(
				 scene->database, "SELECT count(*) FROM content", "")),
		0);
}

/* Messages of an older version, which kept each message with its delivery. */
static void test_what_an_older_program_owed_is_owed_still_and_whole(void **state)
{
	static const char *const older[] = {
		"DROP TABLE question;",
		"DROP TABLE content;",
		"DROP INDEX delivery_content;",
		"DROP INDEX delivery_owed;",
		"DROP INDEX delivery_turn;",
		"DROP INDEX delivery_dead;",
		"CREATE INDEX delivery_owed ON delivery (state, next_try);",
		"CREATE INDEX delivery_turn ON delivery (receiver, page, id);",
		"ALTER TABLE delivery ADD COLUMN bytes BLOB;",
		"ALTER TABLE delivery ADD COLUMN data TEXT;",
		"ALTER TABLE delivery DROP COLUMN content;",
		"ALTER TABLE delivery DROP COLUMN in_reply_to;",
		"ALTER TABLE delivery DROP COLUMN unsubscribe;",
		"DROP INDEX owed_content;",
		"ALTER TABLE owed RENAME COLUMN content TO delivery;",
		"CREATE INDEX owed_delivery ON owed (delivery);",
		"INSERT INTO delivery (id, receiver, page, created, message_id, bytes, data, state,"
		" next_try, ended) VALUES"
		" (7, 'mail:a', 'one', 1, '<1@example.org>', 'To: a', '{}', 'pending', 1, NULL),"
		" (8, 'mail:b', 'one', 1, '<2@example.org>', NULL, NULL, 'delivered', 1, 1);",
		"INSERT INTO owed VALUES (7, 3, 'red'), (8, 3, 'red');",
		"ALTER TABLE page DROP COLUMN unkept;",
		"ALTER TABLE page DROP COLUMN network;",
		"ALTER TABLE page DROP COLUMN mislabelled;",
		"DROP TABLE impact;",
		"DROP TABLE save;",
		"DROP TABLE crowd;",
		"DROP TABLE meaning;",
		"DROP TABLE finding;",
		"DROP INDEX alarm_cause;",
		"DROP INDEX alarm_origin;",
		"ALTER TABLE alarm DROP COLUMN origin;",
		"ALTER TABLE alarm DROP COLUMN turn;",
		"ALTER TABLE alarm DROP COLUMN cause;",
		"PRAGMA user_version = 9;",
	};
	struct scene *scene = *state;
	struct owed_list owed = {0};
	struct content content;
	struct delivery delivery;

	for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
		database_do(scene->database, older[i], "");
	assert_false(database_failed(scene->database));
	database_close(scene->database);
	scene->database = database_open(scene->path, schema, false, NULL);
	assert_non_null(scene->database);
	delivery = get(scene, 7);
	assert_bytes(scene, &delivery, "To: a");
	outbox_content(scene->database, delivery.content, &content);
	assert_true(content.whole);
	assert_int_equal(count_due(scene, scene->now), 1);
	outbox_pending(scene->database, 3, &owed);
	assert_int_equal(owed.count, 2);
	assert_non_null(owed.list[0].data);
	assert_true(owed.list[1].out);
	outbox_pending_release(&owed);
	content_release(&content);
	release(&delivery);
}

static void test_the_length_of_the_history_costs_nothing(void **state)
{
	struct scene *scene = *state;
	struct outbox_totals totals;
	struct deliveries owed = {0};
	clock_t began;

	database_do(scene->database,
		"INSERT INTO delivery (receiver, page, created, ended, state) WITH RECURSIVE n (i) "
		"AS"
		" (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT 'mail:a', "
		"'one', i, i, 'delivered' FROM n",
		"");
	owe(scene, "mail:a", "one", 1);
	began = clock();
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(count_due(scene, scene->now), 1);
		assert_int_equal(outbox_count(scene->database), 1);
		assert_int_equal(outbox_count_due(scene->database, scene->now), 1);
		assert_int_equal(outbox_count_waiting(scene->database), 1);
		outbox_total(scene->database, &totals);
		assert_int_equal(totals.pending, 1);
		outbox_list(scene->database, false, &owed);
		assert_int_equal(owed.count, 1);
		deliveries_release(&owed);
		outbox_forget(scene->database);
	}
	outbox_take_up(scene->database);
	assert_processor_time(began, 3); /* walking through it each time takes a minute */
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_outbox, close_outbox)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_a_request_is_named_by_its_first_event),
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
		test_here(test_what_was_delivered_says_when_and_how),
		test_here(test_what_is_said_is_kept_until_nobody_is_owed_it),
		test_here(test_who_were_to_get_the_same_were_owed_the_same),
		test_here(test_the_second_way_has_its_own_bytes_and_goes_at_once),
		test_here(test_what_is_held_until_a_time_is_no_fault_and_holds_up_nothing),
		test_here(test_what_waits_to_be_joined_is_never_due),
		test_here(
			test_what_is_held_for_a_provider_is_due_when_the_run_says_that_it_is_back),
		test_here(
			test_the_last_resort_is_held_no_longer_when_what_went_in_its_stead_is_dead),
		test_here(test_retry_by_number_frees_what_is_held_and_retry_of_all_does_not),
		test_here(test_what_was_not_begun_is_due_as_before_and_not_counted_as_tried),
		test_here(
			test_what_may_have_arrived_is_repeated_ever_more_rarely_and_then_given_up),
		test_here(test_what_an_older_program_owed_is_owed_still_and_whole),
		test_here(test_the_length_of_the_history_costs_nothing),
		test_here(test_a_message_is_there_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
