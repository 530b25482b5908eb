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
	char *cause;

	scene_read(scene, "google", A_RED);
	cause = id_of(scene, BOTH, false);
	scene_deliver(scene);
	scene_read(scene, "desk", A_RED);
	scene_read(scene, "google", GREEN);
	scene->now += 3600;
	scene_read(scene, "desk", A_RED);
	settle(scene);
	assert_told(scene, BOTH, "delivered | green:Name a | red:Name a, unexplained:Name a");
	assert_answers(scene, BOTH, cause);
	scene_read(scene, "desk", GREEN);
	assert_told(scene, BOTH, "delivered | green:Name a | both:Name a");
	assert_answers(scene, BOTH, cause);
	free(cause);
}

static void test_a_red_that_nobody_can_see_is_not_said_to_be_one_still(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "google", A_RED);
	scene_read(scene, "desk", A_RED);
	scene_read(scene, "google", GREEN);
	scene_deliver(scene);
	scene_unreachable(scene, "desk");
	scene->now += 240;
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered");
	scene_read(scene, "desk", A_RED);
	settle(scene);
	assert_told(scene, BOTH, "delivered | delivered | unexplained:Name a");
}

/* ---- any order ---- */

/* SEED=17: that one alone; SEEDS=N: seeds 1 to N. */
enum { RUNS = 20, SEEDS = 3, LAMPS = 4, JOIN = 600 };

#define ORDER_PAGE(name, more) PAGE_OF(name, "    flapping: off\n" more)
#define ORDER_CONFIG                                                                               \
	"pages:\n" ORDER_PAGE("desk",                                                              \
		"    depends_on: [google/a, other/a]\n    join: 10m\n") ORDER_PAGE("google",       \
		"") ORDER_PAGE("other", "") ORDER_PAGE("tail",                                     \
		"    depends_on: desk/a\n    join: 10m\n") "subscribers:\n"                        \
							   "  - {mail: both@example.com, on: "     \
							   "[red, green]}\n"                       \
							   "  - {mail: apart@example.com, on: "    \
							   "[red, green], pages: [desk]}"          \
							   "\n" SCENE_ROUTES

static uint64_t draw(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* What people are to be told, by rules that know neither alarms nor plans. */
struct oracle {
	const char *page;
	int causes[2]; /* places of others; -1: none */
	bool known, red;
	int64_t ended; /* 0: it never was */
	int follows;   /* what it was told to follow from; -1: nothing */
};

static bool explains(const struct oracle *lamp, int64_t now)
{
	return lamp->known && (lamp->red || (lamp->ended != 0 && now - lamp->ended < JOIN));
}

static int cause_of(const struct oracle *lamps, const struct oracle *lamp, int64_t now)
{
	for (int i = 0; i < 2; i++)
		if (lamp->causes[i] >= 0 && explains(&lamps[lamp->causes[i]], now))
			return lamp->causes[i];
	return -1;
}

static void expect(struct buffer *told, const char *what, const char *page, const char *in)
{
	buffer_format(told, "%s%s %s%s%s", told->length > 0 ? " | " : "", what, page,
		in != NULL ? " in " : "", in != NULL ? in : "");
}

/* both, apart: of those who are told of all, and of desk alone. */
static void take(struct oracle *lamps, struct oracle *lamp, char says, int64_t now,
	struct buffer *both, struct buffer *apart)
{
	struct buffer none = {0}, *alone = text_equal(lamp->page, "desk") ? apart : &none;

	lamp->known = says != '?';
	if (says == 'r' && !lamp->red) {
		lamp->red = true;
		lamp->follows = cause_of(lamps, lamp, now);
		expect(both, "red", lamp->page,
			lamp->follows >= 0 ? lamps[lamp->follows].page : NULL);
		expect(alone, "red", lamp->page, NULL);
	} else if (says == 'g' && lamp->red) {
		lamp->red = false;
		lamp->ended = now;
		lamp->follows = -1;
		expect(both, "green", lamp->page, lamp->page);
		expect(alone, "green", lamp->page, lamp->page);
	}
	buffer_release(&none);
}

static void end_run(struct oracle *lamps, int64_t now, struct buffer *both)
{
	for (int i = 0; i < LAMPS; i++) {
		struct oracle *lamp = &lamps[i];
		const struct oracle *cause = lamp->follows >= 0 ? &lamps[lamp->follows] : NULL;

		if (cause == NULL || !lamp->known || cause->red || now - cause->ended < JOIN ||
			cause_of(lamps, lamp, now) >= 0)
			continue;
		expect(both, "unexplained", lamp->page, lamp->page);
		lamp->follows = -1;
	}
}

/* "red desk in google": what waits for the receiver, and of which page what it answers is. */
static char *waits_for(struct scene *scene, const char *receiver)
{
	struct deliveries all = {0};
	struct buffer told = {0};

	outbox_list(scene->database, true, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct delivery *row = &all.list[i];
		struct value *data;
		const char *in = NULL;

		if (!text_equal(row->receiver, receiver) || !text_equal(row->state, "pending"))
			continue;
		data = outbox_data(scene->database, row->content);
		for (size_t j = 0; j < all.count; j++)
			if (text_equal(all.list[j].message_id, row->in_reply_to))
				in = all.list[j].page;
		expect(&told, value_get_text(value_get(data, "first"), "type"), row->page, in);
		value_free(data);
	}
	deliveries_release(&all);
	return buffer_take(&told);
}

static void check_told(
	struct scene *scene, const char *receiver, struct buffer *expected, uint64_t seed, int run)
{
	char *told = waits_for(scene, receiver);

	if (!text_equal(told, buffer_string(expected)))
		print_error("seed %d, run %d, %s\n", (int)seed, run, receiver);
	assert_string_equal(told, buffer_string(expected));
	buffer_clear(expected);
	free(told);
}

static void play(uint64_t seed)
{
	static const char says[] = "gggrrrr?";
	struct oracle lamps[LAMPS] = {{"google", {-1, -1}, true, false, 0, -1},
		{"other", {-1, -1}, true, false, 0, -1}, {"desk", {0, 1}, true, false, 0, -1},
		{"tail", {2, -1}, true, false, 0, -1}};
	struct buffer both = {0}, apart = {0};
	uint64_t random = seed;
	void *state;
	struct scene *scene;

	open_with(&state, ORDER_CONFIG);
	scene = state;
	scene_read(scene, "tail", GREEN);
	for (int run = 0; run < RUNS; run++) {
		for (int i = 0; i < LAMPS; i++) {
			char next = says[draw(&random) % strlen(says)];

			if (getenv("SEED") != NULL)
				print_message("# %d: %s %c\n", run, lamps[i].page, next);
			take(lamps, &lamps[i], next, scene->now, &both, &apart);
			if (next == '?')
				scene_unreachable(scene, lamps[i].page);
			else
				scene_read(scene, lamps[i].page, next == 'g' ? GREEN : A_RED);
		}
		check_told(scene, BOTH, &both, seed, run);
		check_told(scene, APART, &apart, seed, run);
		scene_deliver(scene);
		settle(scene);
		end_run(lamps, scene->now, &both);
		check_told(scene, BOTH, &both, seed, run);
		scene_deliver(scene);
		scene->now += (int64_t)(draw(&random) % 3) * 120;
	}
	buffer_release(&both);
	buffer_release(&apart);
	close_scene(&state);
}

static void test_any_order_of_causes_and_followers_is_told_as_it_should_be(void **state)
{
	const char *one = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t last = many != NULL ? strtoull(many, NULL, 10) : SEEDS;

	(void)state;
	for (uint64_t seed = 1; seed <= last && one == NULL; seed++)
		play(seed);
	if (one != NULL)
		play(strtoull(one, NULL, 10));
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
		TEST(test_a_red_that_nobody_can_see_is_not_said_to_be_one_still, all_green),
		cmocka_unit_test(test_any_order_of_causes_and_followers_is_told_as_it_should_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
