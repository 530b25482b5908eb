/* SPDX-License-Identifier: ISC
 *
 * Which deliveries go by which way and when, with the real outbox and no session at all: each
 * test says what the relays answer.
 */
#include "tell/scheduler.h"

#include "unit/scene.h"

#define CONFIG(routes)                                                                             \
	"pages: [{name: one, url: 'https://one.example.com/', kind: statuspage},"                  \
	" {name: two, url: 'https://two.example.com/', kind: statuspage}]\n"                       \
	"webhooks: [{name: chat, url: 'https://chat.example.org/x'}]\n" routes
#define ONE_RELAY CONFIG(SCENE_ROUTES)
#define TWO_RELAYS                                                                                 \
	CONFIG("routes: [{name: relay, smtp: 'smtp://127.0.0.9:2525', tls: 'off'},"                \
	       " {name: spare, smtp: 'smtp://127.0.0.9:2526', tls: 'off'}]\n")

/* An outbox, and one run's passes through it. */
struct fixture {
	struct scene scene;
	struct scheduler *scheduler;
	int64_t now;
};

static void no_trouble(struct database *database, struct text_list *pages)
{
	(void)database;
	(void)pages;
}

static void begin_run(struct fixture *fixture)
{
	struct scheduler_settings settings = {.config = fixture->scene.config,
		.templates = "templates",
		.database = fixture->scene.database,
		.troubled = no_trouble};

	if (fixture->scheduler != NULL)
		scheduler_free(fixture->scheduler);
	fixture->scheduler = scheduler_new(&settings);
}

static int open_with(void **state, const char *yaml)
{
	struct fixture *fixture = memory_zero(1, sizeof *fixture);

	scene_open(&fixture->scene, yaml);
	begin_run(fixture);
	fixture->now = fixture->scene.now;
	*state = fixture;
	return 0;
}

static int one_relay(void **state)
{
	return open_with(state, ONE_RELAY);
}

static int two_relays(void **state)
{
	return open_with(state, TWO_RELAYS);
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	scheduler_free(fixture->scheduler);
	scene_close(&fixture->scene);
	free(fixture);
	return 0;
}

/* The receiver is to get a message about a page; second: its second address (NULL: none). */
static void owe(struct fixture *fixture, const char *receiver, const char *page, const char *second)
{
	struct database *database = fixture->scene.database;
	char bytes[] = "bytes";
	struct content says = {.whole = true, .bytes = bytes, .length = strlen(bytes)};
	struct content_plan content = {.data = value_map()};
	struct delivery_plan plan = {.receiver = memory_string(receiver),
		.message_id = memory_string("<1@example.org>"),
		.otherwise = second != NULL ? memory_string(second) : NULL};

	database_begin(database);
	outbox_add(database, page, &plan, outbox_keep(database, &content, &says), fixture->now);
	assert_true(database_commit(database, NULL));
	delivery_plan_release(&plan);
	value_free(content.data);
	scheduler_wake(fixture->scheduler);
}

/* The next session goes by that way, to these receivers: "mail:a mail:b". */
static struct batch assert_next(struct fixture *fixture, const char *way, const char *receivers)
{
	struct buffer text = {0};
	struct batch batch;

	assert_true(scheduler_next(fixture->scheduler, fixture->now, &batch));
	assert_string_equal(batch.route != NULL ? batch.route->name : "webhook", way);
	for (size_t i = 0; i < batch.deliveries.count; i++)
		buffer_format(&text, "%s%s", i > 0 ? " " : "", batch.deliveries.list[i].receiver);
	assert_string_equal(buffer_string(&text), receivers);
	buffer_release(&text);
	return batch;
}

static void assert_none(struct fixture *fixture)
{
	struct batch batch;

	assert_false(scheduler_next(fixture->scheduler, fixture->now, &batch));
}

/* The session says this of its first delivery, if anything, and is over. */
static void end(struct fixture *fixture, struct batch *batch, const struct attempt *attempt)
{
	struct database *database = fixture->scene.database;

	database_begin(database);
	if (attempt != NULL)
		scheduler_answer(fixture->scheduler, batch, 0, attempt, fixture->now);
	scheduler_close(fixture->scheduler, batch, NULL, fixture->now);
	assert_true(database_commit(database, NULL));
}

static const struct attempt delivered = {.outcome = OUTCOME_DELIVERED, .code = 250};

static void test_a_relay_that_broke_three_sessions_is_left_alone_for_a_pause(void **state)
{
	struct fixture *fixture = *state;
	const char *const receivers[] = {"mail:a", "mail:b", "mail:c", "mail:d"};
	struct batch batch;

	for (size_t i = 0; i < sizeof receivers / sizeof *receivers; i++)
		owe(fixture, receivers[i], "one", NULL);
	for (size_t i = 0; i < SCHEDULER_BROKEN_MAX; i++) {
		batch = assert_next(fixture, "relay", receivers[i]);
		end(fixture, &batch, NULL);
	}
	assert_none(fixture);
	fixture->now += SCHEDULER_PAUSE - 1;
	assert_none(fixture);
	fixture->now++;
	batch = assert_next(fixture, "relay", "mail:d");
	end(fixture, &batch, &delivered);
}

static void test_while_a_relay_rests_the_next_route_has_its_mails(void **state)
{
	struct fixture *fixture = *state;
	const struct attempt down = {.outcome = OUTCOME_TEMPORARY, .of_session = true};
	struct batch batch, other;

	owe(fixture, "mail:a", "one", NULL);
	batch = assert_next(fixture, "relay", "mail:a");
	end(fixture, &batch, &down);
	owe(fixture, "mail:b", "one", NULL); /* which the relay was never asked to take */
	batch = assert_next(fixture, "spare", "mail:a");
	other = assert_next(fixture, "spare", "mail:b");
	end(fixture, &batch, &delivered);
	end(fixture, &other, &delivered);
	fixture->now += SCHEDULER_PAUSE;
	owe(fixture, "mail:c", "one", NULL);
	batch = assert_next(fixture, "relay", "mail:c");
	end(fixture, &batch, &delivered);
}

static void test_a_webhook_that_asks_for_a_pause_has_it(void **state)
{
	struct fixture *fixture = *state;
	const struct attempt busy = {.outcome = OUTCOME_TEMPORARY, .code = 429, .retry_after = 600};
	struct batch batch;

	owe(fixture, "webhook:chat", "one", NULL);
	batch = assert_next(fixture, "webhook", "webhook:chat");
	end(fixture, &batch, &busy);
	owe(fixture, "webhook:chat", "two", NULL);
	assert_none(fixture);
	fixture->now += busy.retry_after - 1;
	assert_none(fixture);
	fixture->now++;
	batch = assert_next(fixture, "webhook", "webhook:chat");
	assert_string_equal(batch.deliveries.list[0].page, "two");
	end(fixture, &batch, &delivered);
}

static void test_what_waits_keeps_its_turn_when_there_is_more_to_do(void **state)
{
	struct fixture *fixture = *state;
	struct batch first, second;

	owe(fixture, "mail:a", "one", NULL);
	owe(fixture, "mail:b", "one", NULL);
	first = assert_next(fixture, "relay", "mail:a");
	scheduler_wake(
		fixture->scheduler); /* the outbox is read again, and still holds mail:b as due */
	second = assert_next(fixture, "relay", "mail:b");
	end(fixture, &first, &delivered);
	end(fixture, &second, &delivered);
	assert_int_equal(outbox_count(fixture->scene.database), 0);
}

static void test_what_no_relay_took_waits_for_the_next_run(void **state)
{
	struct fixture *fixture = *state;
	const struct attempt busy = {.outcome = OUTCOME_TEMPORARY, .code = 451};
	struct batch batch;

	owe(fixture, "mail:a", "one", NULL);
	batch = assert_next(fixture, "relay", "mail:a");
	end(fixture, &batch, &busy);
	fixture->now += OUTBOX_FIRST_RETRY;
	scheduler_wake(fixture->scheduler);
	assert_none(fixture);
	begin_run(fixture);
	batch = assert_next(fixture, "relay", "mail:a");
	end(fixture, &batch, &delivered);
}

static void test_who_refuses_is_told_by_the_second_way_in_the_same_run(void **state)
{
	struct fixture *fixture = *state;
	const struct attempt refused = {.outcome = OUTCOME_RECEIVER, .code = 550};
	struct batch batch;

	owe(fixture, "mail:a@example.org", "one", "mail:b@example.org");
	batch = assert_next(fixture, "relay", "mail:a@example.org");
	end(fixture, &batch, &refused);
	batch = assert_next(fixture, "relay", "mail:b@example.org");
	end(fixture, &batch, &delivered);
	assert_none(fixture);
	assert_int_equal(outbox_count(fixture->scene.database), 0);
}

#define TEST(function, relays) cmocka_unit_test_setup_teardown(function, relays, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_relay_that_broke_three_sessions_is_left_alone_for_a_pause, one_relay),
		TEST(test_while_a_relay_rests_the_next_route_has_its_mails, two_relays),
		TEST(test_a_webhook_that_asks_for_a_pause_has_it, one_relay),
		TEST(test_what_waits_keeps_its_turn_when_there_is_more_to_do, one_relay),
		TEST(test_what_no_relay_took_waits_for_the_next_run, one_relay),
		TEST(test_who_refuses_is_told_by_the_second_way_in_the_same_run, one_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
