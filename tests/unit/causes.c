/* SPDX-License-Identifier: ISC
 *
 * One cause, one thread: what depends on an indicator that is red is told in its thread to those
 * who were told of it, and to others as what it is.
 */
#include "unit/scene.h"

#include "run/causes.h"
#include "run/facts.h"
#include "store/alarm.h"

#define BOTH "mail:both@example.com"   /* told of the cause and of what follows */
#define APART "mail:apart@example.com" /* told of what follows alone */

#define PAGE_OF(name, more)                                                                        \
	"  - name: " name "\n"                                                                     \
	"    url: https://" name ".example.com/\n"                                                 \
	"    kind: statuspage\n"                                                                   \
	"    confirm: {worse: 1, better: 1, lost: 1}\n" more
#define CONFIG_WITH(more)                                                                          \
	"pages:\n" PAGE_OF("desk", more) PAGE_OF("google", "")                                     \
		PAGE_OF("other", "") "subscribers:\n"                                              \
				     "  - {mail: both@example.com, on: [red, green]}\n"            \
				     "  - {mail: apart@example.com, on: [red, green], pages: "     \
				     "[desk]}\n" SCENE_ROUTES
#define CONFIG CONFIG_WITH("    depends_on: [\"google/Name a\", \"other/b\"]\n    join: 3m\n")

#define GREEN PAGE("operational") ROW("a", "operational") ROW("b", "operational")
#define A_RED PAGE("major_outage") ROW("a", "major_outage") ROW("b", "operational")
#define B_RED PAGE("major_outage") ROW("a", "operational") ROW("b", "major_outage")
#define BOTH_RED PAGE("major_outage") ROW("a", "major_outage") ROW("b", "major_outage")

static int open_with(void **state, const char *yaml)
{
	struct scene *scene = memory_zero(1, sizeof *scene);

	scene_open(scene, yaml);
	scene_read(scene, "google", GREEN);
	scene_read(scene, "desk", GREEN);
	scene_read(scene, "other", GREEN);
	*state = scene;
	return 0;
}

static int all_green(void **state)
{
	return open_with(state, CONFIG);
}

static int with_map(void **state)
{
	return open_with(state, CONFIG_WITH("    depends_on: {b: [desk/a, \"google/Name a\"]}\n"));
}

static int close_scene(void **state)
{
	scene_close(*state);
	free(*state);
	return 0;
}

/* The newest delivery to that receiver; deliveries_release() frees. */
static const struct delivery *newest(
	struct scene *scene, const char *receiver, struct deliveries *all)
{
	const struct delivery *found = NULL;

	outbox_list(scene->database, true, all);
	for (size_t i = 0; i < all->count; i++)
		if (text_equal(all->list[i].receiver, receiver))
			found = &all->list[i];
	assert_non_null(found);
	return found;
}

/* "Gmail" of the first event of the newest message, that place of its events; "" where it follows
 * from nothing. */
static char *cause_in(struct scene *scene, const char *receiver, size_t place, const char *key)
{
	struct deliveries all = {0};
	const struct delivery *delivery = newest(scene, receiver, &all);
	struct value *data = outbox_data(scene->database, delivery->content);
	const struct value *events = value_get(data, "events");
	char *text;

	assert_true(events->count > place);
	text = memory_string(value_get_text(value_get(events->members[place], "cause"), key));
	value_free(data);
	deliveries_release(&all);
	return text;
}

#define assert_cause(scene, receiver, place, key, expected)                                        \
	do {                                                                                       \
		char *text = cause_in(scene, receiver, place, key);                                \
		assert_string_equal(text, expected);                                               \
		free(text);                                                                        \
	} while (0)

static char *id_of(struct scene *scene, const char *receiver, bool answered)
{
	struct deliveries all = {0};
	const struct delivery *delivery = newest(scene, receiver, &all);
	char *id = memory_string(answered ? delivery->in_reply_to : delivery->message_id);

	deliveries_release(&all);
	return id;
}

static void assert_answers(struct scene *scene, const char *receiver, const char *id)
{
	char *answered = id_of(scene, receiver, true);

	assert_string_equal(answered != NULL ? answered : "none", id);
	free(answered);
}

static void settle(struct scene *scene)
{
	causes_settle(&scene->observer, scene->now);
}

static int64_t follows(struct scene *scene)
{
	return store_find_alarm(scene->database, "desk", "follows", "a");
}

static void test_a_follower_is_red_in_the_thread_of_its_cause(void **state)
{
	struct scene *scene = *state;
	char *cause, *follower;

	scene_read(scene, "google", A_RED);
	cause = id_of(scene, BOTH, false);
	scene_deliver(scene);
	scene_read(scene, "desk", A_RED);
	assert_told(scene, BOTH, "delivered | red:Name a");
	assert_cause(scene, BOTH, 0, "label", "Name a");
	assert_cause(scene, BOTH, 0, "words", "google/Name a, red since 19:03 UTC");
	assert_answers(scene, BOTH, cause);
	follower = id_of(scene, BOTH, false);
	scene_deliver(scene);
	scene_read(scene, "desk", GREEN);
	assert_told(scene, BOTH, "delivered | delivered | green:Name a");
	assert_answers(scene, BOTH, follower);
	settle(scene);
	assert_int_equal(follows(scene), 0);
	assert_told(scene, BOTH, "delivered | delivered | green:Name a");
	free(cause);
	free(follower);
}

static void test_who_was_not_told_of_the_cause_gets_a_plain_red(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", A_RED);
	assert_told(scene, APART, "red:Name a");
	assert_cause(scene, APART, 0, "label", "");
	assert_answers(scene, APART, "none");
	scene_deliver(scene);
	scene_read(scene, "google", GREEN);
	scene->now += 3600;
	settle(scene);
	assert_told(scene, APART, "delivered"); /* nor of what has ended */
}

static void test_once_the_cause_is_over_for_long_it_is_said_once(void **state)
{
	struct scene *scene = *state;
	char *follower;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", A_RED);
	follower = id_of(scene, BOTH, false);
	scene_deliver(scene);
	scene_read(scene, "google", GREEN);
	scene_deliver(scene);
	scene->now += 60;
	settle(scene); /* two minutes after its end */
	assert_told(scene, BOTH, "delivered | delivered | delivered");
	scene->now += 60;
	settle(scene);
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered | delivered | unexplained:Name a");
	assert_cause(scene, BOTH, 0, "label", "Name a");
	assert_answers(scene, BOTH, follower);
	scene_deliver(scene);
	settle(scene);
	scene_read(scene, "desk", GREEN);
	assert_told(scene, BOTH, "delivered | delivered | delivered | delivered | green:Name a");
	assert_answers(scene, BOTH, follower);
	free(follower);
}

static void test_just_after_its_end_the_cause_still_explains(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "google", GREEN);
	scene_read(scene, "desk", A_RED);
	assert_cause(scene, BOTH, 0, "words", "google/Name a, red until 19:04 UTC");
	scene->now += 180;
	scene_read(scene, "desk", BOTH_RED);
	assert_cause(scene, BOTH, 0, "label", "");
}

static void test_what_is_red_but_unknown_explains_nothing_new(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_unreachable(scene, "google");
	scene_read(scene, "desk", A_RED);
	assert_cause(scene, BOTH, 0, "label", "");
	assert_int_equal(follows(scene), 0);
}

static void test_what_it_explained_it_explains_while_it_is_unknown(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", A_RED);
	scene_deliver(scene);
	scene_unreachable(scene, "google");
	scene_deliver(scene);
	scene->now += 3600;
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered");
	assert_true(follows(scene) != 0);
}

static void test_another_cause_takes_over(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", A_RED);
	scene_read(scene, "other", B_RED);
	scene_deliver(scene);
	scene_read(scene, "google", GREEN);
	scene_deliver(scene);
	scene->now += 240;
	scene_read(scene, "other", B_RED);
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered | delivered | delivered");
	scene_read(scene, "other", GREEN);
	scene_deliver(scene);
	scene->now += 240;
	settle(scene);
	assert_told(scene, BOTH,
		"delivered | delivered | delivered | delivered | delivered | unexplained:Name a");
}

/* What google explained and other explains now. */
static void test_of_two_causes_the_one_that_stands_is_named(void **state)
{
	struct scene *scene = *state;
	struct known_states known = {.database = scene->database};
	char *now, *later;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "other", B_RED);
	scene_read(scene, "desk", A_RED);
	known.now = scene->now;
	now = cause_followed(&known, scene->config, "desk", "a");
	scene_read(scene, "google", GREEN);
	scene->now += 240;
	scene_read(scene, "other", B_RED);
	known.now = scene->now;
	later = cause_followed(&known, scene->config, "desk", "a");
	assert_string_equal(now, "google/Name a");
	assert_string_equal(later, "other/Name b");
	known_states_release(&known);
	scene_read(scene, "other", GREEN);
	known.now = scene->now + 240;
	assert_null(cause_followed(&known, scene->config, "desk", "a"));
	known_states_release(&known);
	free(now);
	free(later);
}

static void test_what_is_explained_no_longer_is_one_message_of_each_page(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", BOTH_RED);
	scene_read(scene, "google", GREEN);
	scene_deliver(scene);
	scene->now += 240;
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered | unexplained:Name a, unexplained:Name b");
}

static void test_a_cause_that_nobody_watches_any_more_is_no_news(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", A_RED);
	scene_deliver(scene);
	scene_configure(scene,
		"pages:\n" PAGE_OF("desk", "") PAGE_OF("other",
			"") "subscribers:\n"
			    "  - {mail: both@example.com, on: [red, green]}\n" SCENE_ROUTES);
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered");
	assert_int_equal(follows(scene), 0);
	scene_read(scene, "desk", GREEN);
	assert_told(scene, BOTH, "delivered | delivered | green:Name a");
}

static void test_a_silence_of_the_cause_hides_no_red(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	alarm_acknowledge(scene->database, store_find_alarm(scene->database, "google", "red", "a"),
		scene->now);
	scene_read(scene, "desk", A_RED);
	assert_told(scene, BOTH, "red:Name a | red:Name a");
	assert_cause(scene, BOTH, 0, "label", "Name a");
}

static void test_of_one_page_they_stand_in_one_message_cause_first(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "desk", BOTH_RED);
	assert_told(scene, BOTH, "red:Name a, red:Name b");
	assert_cause(scene, BOTH, 0, "label", "");
	assert_cause(scene, BOTH, 1, "label", "Name a");
	assert_cause(scene, APART, 1, "label", "Name a");
}

static void test_a_map_is_of_its_indicators_alone(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_deliver(scene);
	scene_read(scene, "desk", A_RED);
	assert_cause(scene, BOTH, 0, "label", "");
	scene_read(scene, "desk", BOTH_RED);
	assert_cause(scene, BOTH, 0, "label", "Name a");
	assert_cause(scene, BOTH, 0, "words", "desk/Name a, red since 19:04 UTC");
}

static void test_an_unsent_red_and_what_is_said_of_it_later_are_one_message(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_deliver(scene);
	scene_read(scene, "desk", A_RED);
	scene_read(scene, "google", GREEN);
	scene->now += 3600;
	settle(scene);
	assert_told(scene, BOTH, "delivered | green:Name a | red:Name a, unexplained:Name a");
	scene_read(scene, "desk", GREEN);
	assert_told(scene, BOTH, "delivered | green:Name a | both:Name a");
}

int main(void)
{
#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, close_scene)
	const struct CMUnitTest tests[] = {
		TEST(test_a_follower_is_red_in_the_thread_of_its_cause, all_green),
		TEST(test_who_was_not_told_of_the_cause_gets_a_plain_red, all_green),
		TEST(test_once_the_cause_is_over_for_long_it_is_said_once, all_green),
		TEST(test_just_after_its_end_the_cause_still_explains, all_green),
		TEST(test_what_is_red_but_unknown_explains_nothing_new, all_green),
		TEST(test_what_it_explained_it_explains_while_it_is_unknown, all_green),
		TEST(test_another_cause_takes_over, all_green),
		TEST(test_of_two_causes_the_one_that_stands_is_named, all_green),
		TEST(test_what_is_explained_no_longer_is_one_message_of_each_page, all_green),
		TEST(test_a_cause_that_nobody_watches_any_more_is_no_news, all_green),
		TEST(test_a_silence_of_the_cause_hides_no_red, all_green),
		TEST(test_of_one_page_they_stand_in_one_message_cause_first, with_map),
		TEST(test_a_map_is_of_its_indicators_alone, with_map),
		TEST(test_an_unsent_red_and_what_is_said_of_it_later_are_one_message, all_green),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
