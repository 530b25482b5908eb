/* SPDX-License-Identifier: ISC
 *
 * Who hears again of what stays red, and when nobody does: through the real database.
 */
#include "run/remind.h"

#include "unit/scene.h"

#include "store/alarm.h"

#define OPS "mail:ops@example.com"
#define CONFIG                                                                                     \
	"confirm: {worse: 1, better: 2}\nremind: 4h\n"                                             \
	"pages: [{name: one, url: 'https://status.example.com/', kind: statuspage}]\n"             \
	"subscribers: [{mail: ops@example.com}]\n" SCENE_ROUTES

#define GREEN PAGE("operational") ROW("a", "operational") ROW("b", "operational")
#define RED PAGE("partial_outage") ROW("a", "major_outage") ROW("b", "operational")
#define YELLOW PAGE("degraded") ROW("a", "degraded") ROW("b", "operational")

enum { FOUR_HOURS = 4 * 3600 };

/* An indicator is red, and its subscriber has heard of it. */
static int open_red(void **state)
{
	struct scene *scene = memory_zero(1, sizeof *scene);

	scene_open(scene, CONFIG);
	scene_read(scene, "one", GREEN);
	scene_read(scene, "one", RED);
	scene_deliver(scene);
	assert_told(scene, OPS, "delivered");
	*state = scene;
	return 0;
}

static int close_scene(void **state)
{
	scene_close(*state);
	free(*state);
	return 0;
}

static void remind_later(struct scene *scene, int64_t seconds)
{
	scene->now += seconds;
	reminders_enqueue(&scene->observer, scene->now);
}

static void test_what_stays_red_is_told_again_each_time_that_long_after(void **state)
{
	struct scene *scene = *state;

	remind_later(scene, FOUR_HOURS - 61); /* the red was read a minute ago */
	assert_told(scene, OPS, "delivered");
	remind_later(scene, 1);
	assert_told(scene, OPS, "delivered | reminder:Name a");
	remind_later(scene, FOUR_HOURS - 1);
	assert_told(scene, OPS, "delivered | reminder:Name a");
	remind_later(scene, 1);
	assert_told(scene, OPS, "delivered | reminder:Name a | reminder:Name a");
}

/* Its alarm is open until green is confirmed: "still red" would still be wrong. */
static void test_nobody_hears_still_red_of_what_is_yellow_now(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", YELLOW);
	remind_later(scene, FOUR_HOURS);
	assert_told(scene, OPS, "delivered");
	scene_read(scene, "one", RED);
	remind_later(scene, 0);
	assert_told(scene, OPS, "delivered | reminder:Name a");
}

static void test_nobody_hears_still_red_while_green_waits_to_be_confirmed(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", GREEN);
	remind_later(scene, FOUR_HOURS);
	assert_told(scene, OPS, "delivered");
}

static void test_nobody_hears_still_red_of_what_the_page_does_not_list(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", PAGE("operational") ROW("b", "operational"));
	remind_later(scene, FOUR_HOURS);
	assert_told(scene, OPS, "delivered");
}

static void test_nobody_is_reminded_of_what_somebody_answers_for(void **state)
{
	struct scene *scene = *state;
	struct alarms open = {0};

	alarms_load(scene->database, "one", &open);
	assert_int_equal(open.count, 1);
	alarm_acknowledge(scene->database, open.list[0].id, scene->now);
	alarms_release(&open);
	remind_later(scene, FOUR_HOURS);
	assert_told(scene, OPS, "delivered");
}

static void test_a_muted_page_reminds_when_it_is_heard_again(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene,
		CONFIG "maintenance: [{pages: [one], begins: '2014-01-24T22:00:00Z', ends: "
		       "'2014-01-24T23:30:00Z'}]\n");
	remind_later(scene, FOUR_HOURS);
	assert_told(scene, OPS, "delivered");
	remind_later(scene, 1800);
	assert_told(scene, OPS, "delivered | reminder:Name a");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_red, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_stays_red_is_told_again_each_time_that_long_after),
		TEST(test_nobody_hears_still_red_of_what_is_yellow_now),
		TEST(test_nobody_hears_still_red_while_green_waits_to_be_confirmed),
		TEST(test_nobody_hears_still_red_of_what_the_page_does_not_list),
		TEST(test_nobody_is_reminded_of_what_somebody_answers_for),
		TEST(test_a_muted_page_reminds_when_it_is_heard_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
