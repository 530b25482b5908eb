/* SPDX-License-Identifier: ISC
 *
 * What the words do: from fetches to what is kept and who is told, through the
 * real archive and the real database.
 */
#include "unit/scene.h"

#include <sys/stat.h>
#include <time.h>

#include "archive/snapshot_reader.h"
#include "archive/verify.h"
#include "base/date.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "model/validator.h"
#include "run/batch.h"
#include "store/alarm.h"
#include "unit/keep.h"
#include "unit/processor_time.h"
#include "watch/diff.h"

#define OPS "mail:ops@example.com"
#define ADMIN "mail:admin@example.org"
#define CONFIG_WITH(page, on)                                                                      \
	"operator: admin@example.org\n"                                                            \
	"pages: [{name: one, url: 'https://status.example.com/', kind: statuspage" page "}]\n"     \
	"subscribers: [{mail: ops@example.com, on: [" on "]}]\n" SCENE_ROUTES
#define CONFIG CONFIG_WITH("", "red, green")

#define GREEN PAGE("operational") ROW("a", "operational") ROW("b", "operational")
#define RED PAGE("partial_outage") ROW("a", "major_outage") ROW("b", "operational")

/* Each test has an archive of its own; most begin with a baseline that is green. */
static int open_scene(void **state, const char *yaml, const char *baseline)
{
	struct scene *scene = memory_zero(1, sizeof *scene);

	scene_open(scene, yaml);
	if (baseline != NULL)
		scene_read(scene, "one", baseline);
	*state = scene;
	return 0;
}

static int empty(void **state)
{
	return open_scene(state, CONFIG, NULL);
}

static int green(void **state)
{
	return open_scene(state, CONFIG, GREEN);
}

static int close_scene(void **state)
{
	scene_close(*state);
	free(*state);
	return 0;
}

static struct delivery *only_delivery(struct scene *scene, struct deliveries *all)
{
	outbox_list(scene->database, true, all);
	assert_int_equal(all->count, 1);
	return all->list;
}

/* ---- first sight ---- */

static void test_first_reading_of_a_page_is_a_baseline_and_sends_nothing(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "");
	assert_told(scene, ADMIN, "");
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "");
}

static void test_unless_on_first_sight_alert_and_it_is_red(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", on_first_sight: alert", "red, green"));
	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "red:Name a");
}

static void test_on_first_sight_alert_sends_nothing_where_all_is_green(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", on_first_sight: alert", "red, green, update"));
	scene_read(scene, "one", GREEN INCIDENT("i", "investigating"));
	assert_told(scene, OPS, "");
}

static void test_red_of_a_baseline_was_owed_to_nobody_and_so_is_its_green(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "");
}

static void test_new_red_indicator_on_a_known_page_is_a_red_event(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", GREEN ROW("c", "partial_outage"));
	assert_told(scene, OPS, "red:Name c");
}

/* ---- fetches count ---- */

static void test_304_counts_as_a_fetch(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", confirm: {worse: 3}", "red, green"));
	scene_read(scene, "one", RED);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "red:Name a");
}

static void test_better_is_confirmed_by_two_fetches_where_nothing_else_is_said(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_read(scene, "one", GREEN);
	assert_told(scene, OPS, "delivered");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
}

static void test_a_page_is_restless_while_red_or_unconfirmed(void **state)
{
	struct scene *scene = *state;
	struct page_state known;

	scene_configure(scene, CONFIG_WITH(", confirm: {worse: 2}", "red"));
	scene_read(scene, "one", PAGE("operational") ROW("a", "degraded") ROW("b", "operational"));
	known = scene_state(scene, "one");
	assert_false(known.unconfirmed || known.red);
	page_state_release(&known);
	scene_read(scene, "one", RED);
	known = scene_state(scene, "one");
	assert_true(known.unconfirmed && known.red);
	page_state_release(&known);
}

/* ---- what is kept ---- */

static void test_a_snapshot_is_kept_at_first_sight_and_when_the_reading_changes(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(scene_snapshots(scene, "one"), 1);
	scene_unchanged(scene, "one");
	scene_read(scene, "one", GREEN);
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	scene_read(scene, "one", RED);
	assert_int_equal(scene_snapshots(scene, "one"), 2);
}

static void test_still_green_at_is_provable_from_the_next_snapshot(void **state)
{
	struct scene *scene = *state;
	struct page_state known;
	struct buffer capture = {0};
	char time[DATE_TEXT_MAX], *expected;

	scene_unchanged(scene, "one");
	date_write(scene->now, time);
	scene_unchanged(scene, "one");
	scene_read(scene, "one", RED);
	known = scene_state(scene, "one");
	assert_true(archive_read(scene->archive, "one", known.folder, "capture", &capture, NULL));
	expected = memory_format("\nprevious-last-confirmed: %s\nprevious-fetches: 3\n", time);
	assert_non_null(strstr(buffer_string(&capture), expected));
	free(expected);
	buffer_release(&capture);
	page_state_release(&known);
}

static void test_watched_part_decides_what_is_kept(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", indicators: [Name a]", "red, green"));
	scene_read(scene, "one", PAGE("operational") ROW("a", "operational") ROW("b", "degraded"));
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	scene_read(scene, "one", PAGE("operational") ROW("a", "degraded") ROW("b", "degraded"));
	assert_int_equal(scene_snapshots(scene, "one"), 2);
	scene_read(scene, "one", PAGE("degraded") ROW("a", "degraded") ROW("b", "degraded"));
	assert_int_equal(scene_snapshots(scene, "one"), 3);
}

static void test_an_incident_that_touches_the_watched_part_is_kept_and_another_is_not(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", indicators: [Name a]", "red, green"));
	scene_read(scene, "one", GREEN INCIDENT("i", "investigating") AFFECTS("i", "b"));
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	scene_read(scene, "one",
		GREEN INCIDENT("i", "investigating") AFFECTS("i", "a") AFFECTS("i", "b"));
	assert_int_equal(scene_snapshots(scene, "one"), 2);
}

static void test_the_reading_holds_everything_all_the_same(void **state)
{
	struct scene *scene = *state;
	struct page_state known;

	scene_configure(scene, CONFIG_WITH(", indicators: [Name a]", "red, green"));
	scene_read(scene, "one", RED);
	known = scene_state(scene, "one");
	assert_string_equal(known.reading, RED);
	page_state_release(&known);
}

static void test_keep_all_keeps_every_change_and_tells_only_of_what_is_watched(void **state)
{
	struct scene *scene = *state;

	scene_configure(
		scene, CONFIG_WITH(", indicators: [Name a], keep: all", "red, green, update"));
	scene_read(scene, "one", GREEN INCIDENT("i", "investigating") AFFECTS("i", "b"));
	assert_int_equal(scene_snapshots(scene, "one"), 2);
	assert_told(scene, OPS, "");
}

static void test_what_is_not_watched_is_never_told(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", indicators: [Name b]", "red, green"));
	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "");
}

static void test_changing_the_patterns_is_no_change_of_the_page(void **state)
{
	struct scene *scene = *state;
	struct page_state known;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_configure(scene, CONFIG_WITH(", indicators: [Name b]", "red, green"));
	scene_unchanged(scene, "one");
	assert_told(scene, ADMIN, "");
	known = scene_state(scene, "one");
	assert_false(known.red);
	page_state_release(&known);
}

/* ---- who is told ---- */

static void test_one_message_per_page_run_and_subscriber(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one",
		PAGE("major_outage") ROW("a", "major_outage") ROW("b", "partial_outage"));
	assert_told(scene, OPS, "red:Name a, red:Name b");
}

static void test_yellow_blue_and_grey_change_no_alarm(void **state)
{
	static const char *const between[] = {"degraded", "maintenance", "unknown"};
	struct scene *scene = *state;

	for (size_t i = 0; i < 3; i++) {
		char *text = memory_format(
			PAGE("operational") "indicator\ta\t\tName a\t%s\t\n", between[i]);

		scene_read(scene, "one", text);
		free(text);
	}
	assert_told(scene, OPS, "");
	scene_read(scene, "one", RED);
	scene_deliver(scene);
	for (size_t i = 0; i < 3; i++) {
		char *text = memory_format(
			PAGE("operational") "indicator\ta\t\tName a\t%s\t\n", between[i]);

		scene_read(scene, "one", text);
		scene_unchanged(scene, "one");
		free(text);
	}
	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "delivered");
}

static void test_green_goes_to_whoever_was_owed_its_red_and_to_nobody_else(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_configure(scene,
		"pages: [{name: one, url: 'https://status.example.com/', kind: statuspage}]\n"
		"subscribers: [{mail: ops@example.com}, {mail: late@example.com}]\n" SCENE_ROUTES);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
	assert_told(scene, "mail:late@example.com", "");
}

static void test_green_answers_the_message_of_its_red(void **state)
{
	struct scene *scene = *state;
	struct deliveries all = {0};
	struct content content;
	struct content_copy copy;
	struct buffer mail = {0};
	char *red, *expected;

	scene_read(scene, "one", RED);
	red = memory_string(only_delivery(scene, &all)->message_id);
	deliveries_release(&all);
	scene_deliver(scene);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	outbox_list(scene->database, false, &all);
	assert_int_equal(all.count, 1);
	outbox_content(scene->database, all.list[0].content, &content);
	copy = delivery_copy(scene->config, &all.list[0]);
	assert_true(content_address(&content, &copy, &mail, NULL));
	expected = memory_format("\r\nIn-Reply-To: %s\r\nReferences: %s\r\n", red, red);
	assert_non_null(strstr(buffer_string(&mail), expected));
	buffer_release(&mail);
	content_release(&content);
	deliveries_release(&all);
	free(expected);
	free(red);
}

static void test_red_that_never_got_out_and_is_over_becomes_one_message_that_says_both(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "red:Name a");
	scene_read(scene, "one", GREEN);
	assert_told(scene, OPS, "red:Name a");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "both:Name a");
	assert_int_equal(outbox_count(scene->database), 1);
}

static void test_what_a_red_would_have_said_beside_is_not_lost_with_it(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one",
		PAGE("major_outage") ROW("a", "major_outage") ROW("b", "partial_outage"));
	scene_read(scene, "one",
		PAGE("partial_outage") ROW("a", "operational") ROW("b", "partial_outage"));
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "red:Name b, both:Name a");
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "both:Name a, both:Name b");
}

static void test_red_that_is_being_sent_is_not_merged_and_its_green_waits_behind_it(void **state)
{
	struct scene *scene = *state;
	struct deliveries all = {0};
	struct due *due;
	size_t count;
	int64_t red;

	scene_read(scene, "one", RED);
	red = only_delivery(scene, &all)->id;
	assert_true(outbox_sending(scene->database, red, "relay", scene->now));
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "red:Name a | green:Name a");
	outbox_due(scene->database, scene->now, &due, &count);
	assert_int_equal(count, 0);
	outbox_due_release(due, count);
	outbox_take_up(scene->database);
	outbox_due(scene->database, scene->now, &due, &count);
	assert_int_equal(count, 1);
	assert_int_equal(due[0].id, red);
	outbox_due_release(due, count);
	deliveries_release(&all);
}

static void test_an_indicator_that_got_another_id_is_green_to_whoever_heard_it_red(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_read(scene, "one",
		PAGE("operational") "indicator\tnew\t\tName a\toperational\t\n" ROW(
			"b", "operational"));
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
	assert_told(scene, ADMIN, "");
}

static void test_an_alert_names_the_snapshot_that_proves_it(void **state)
{
	struct scene *scene = *state;
	struct deliveries all = {0};
	struct page_state known;
	struct value *data;
	const struct value *snapshot;

	scene_configure(scene, CONFIG_WITH(", confirm: {worse: 2}", "red, green"));
	scene_read(scene, "one", RED);
	scene_unchanged(scene, "one"); /* nothing is kept now: what was kept last says it */
	only_delivery(scene, &all);
	known = scene_state(scene, "one");
	data = outbox_data(scene->database, all.list[0].content);
	snapshot = value_get(data, "snapshot");
	assert_true(text_ends(value_get_text(snapshot, "path"), known.folder));
	assert_string_equal(value_get_text(snapshot, "digest"), known.sums);
	assert_string_equal(value_get_text(snapshot, "head"), known.head);
	value_free(data);
	page_state_release(&known);
	deliveries_release(&all);
}

/* ---- overall ---- */

static void test_overall_is_told_only_where_no_watched_indicator_explains_it(void **state)
{
	struct scene *scene = *state;

	scene_read(
		scene, "one", PAGE("major_outage") ROW("a", "operational") ROW("b", "operational"));
	assert_told(scene, OPS, "red:overall");
	scene_deliver(scene);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:overall");
	scene_deliver(scene);
	scene_read(scene, "one",
		PAGE("major_outage") ROW("a", "major_outage") ROW("b", "operational"));
	assert_told(scene, OPS, "delivered | delivered | red:Name a");
}

static void test_overall_is_never_told_with_an_indicators_filter(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", indicators: [\"*\"]", "red, green"));
	scene_read(
		scene, "one", PAGE("major_outage") ROW("a", "operational") ROW("b", "operational"));
	assert_told(scene, OPS, "");
}

/* ---- gone ---- */

static void test_absent_indicator_is_gone_and_its_alarm_stays_open(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_read(scene, "one", PAGE("operational") ROW("b", "operational"));
	scene_unchanged(scene, "one");
	scene_unchanged(scene, "one");
	assert_told(scene, ADMIN, "gone:Name a");
	assert_told(scene, OPS, "delivered");
	assert_int_not_equal(store_find_alarm(scene->database, "one", "red", "a"), 0);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
}

static void test_where_a_page_lists_only_troubles_absence_is_green(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", PAGE("operational") OTHERS);
	scene_read(scene, "one", PAGE("partial_outage") OTHERS ROW("x", "partial_outage"));
	assert_told(scene, OPS, "red:Name x");
	scene_deliver(scene);
	scene_read(scene, "one", PAGE("operational") OTHERS);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name x");
	assert_told(scene, ADMIN, "");
}

/* ---- incidents ---- */

static void test_what_is_written_about_an_incident_goes_to_those_who_asked_for_updates(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH("", "update"));
	scene_read(scene, "one", GREEN INCIDENT("i", "investigating"));
	assert_told(scene, OPS, "update:Title i");
	scene_read(
		scene, "one", GREEN INCIDENT("i", "investigating") UPDATE("i", "We look into it."));
	assert_told(scene, OPS, "update:Title i | update:Title i");
	scene_read(scene, "one", GREEN);
	assert_told(scene, OPS, "update:Title i | update:Title i | update:Title i");
}

/* ---- lost and back ---- */

static void test_lost_after_n_failures_one_message_and_one_when_it_ends(void **state)
{
	struct scene *scene = *state;

	scene_unreachable(scene, "one");
	scene_unreachable(scene, "one");
	assert_told(scene, ADMIN, "");
	scene_unreachable(scene, "one");
	scene_unreachable(scene, "one");
	scene_unreachable(scene, "one");
	assert_told(scene, ADMIN, "lost:overall");
	scene_deliver(scene);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, ADMIN, "delivered | back:overall");
	assert_told(scene, OPS, "");
}

static void test_unreachable_and_unreadable_in_turn_are_one_episode(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 3; i++) {
		scene_unreachable(scene, "one");
		scene_unreadable(scene, "one");
	}
	assert_told(scene, ADMIN, "lost:overall");
}

static void test_a_success_begins_the_count_of_failures_anew(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 3; i++) {
		scene_unreachable(scene, "one");
		scene_unreachable(scene, "one");
		scene_unchanged(scene, "one");
	}
	assert_told(scene, ADMIN, "");
}

static void test_a_page_that_could_never_be_read_is_lost_too(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 4; i++)
		scene_unreachable(scene, "one");
	assert_told(scene, ADMIN, "lost:overall");
}

static void test_lost_goes_also_to_those_who_asked_for_it(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH("", "lost"));
	for (int i = 0; i < 3; i++)
		scene_unreachable(scene, "one");
	assert_told(scene, OPS, "lost:overall");
	scene_deliver(scene);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | back:overall");
}

static void test_a_lost_page_never_counts_as_back_to_green(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	for (int i = 0; i < 4; i++)
		scene_unreadable(scene, "one");
	assert_told(scene, OPS, "delivered");
	assert_int_not_equal(store_find_alarm(scene->database, "one", "red", "a"), 0);
}

static void test_a_snapshot_is_kept_when_a_page_stops_being_readable_and_when_it_is_again(
	void **state)
{
	struct scene *scene = *state;

	scene_unreadable(scene, "one");
	scene_unreadable(scene, "one");
	assert_int_equal(scene_snapshots(scene, "one"), 2);
	scene_read(scene, "one", GREEN);
	assert_int_equal(scene_snapshots(scene, "one"), 3);
}

static void test_validators_survive_a_fetch_that_failed(void **state)
{
	struct scene *scene = *state;
	struct validator validators[PAGE_DOCUMENTS_MAX] = {{0}};
	struct observation seen = {.what = OBSERVED_FAILED, .validators = validators};
	struct page_state known;

	validators[0].url = memory_string("https://status.example.com/");
	validators[0].etag = memory_string("\"1\"");
	scene_observe(scene, "one", &seen);
	known = scene_state(scene, "one");
	assert_string_equal(known.validators[0].etag, "\"1\"");
	page_state_release(&known);
}

/* ---- rot ---- */

#define FOUR GREEN ROW("c", "operational") ROW("d", "operational")

static void test_a_page_whose_indicators_vanish_by_half_is_lost_once_and_turns_nothing_green(
	void **state)
{
	struct scene *scene = *state;
	struct page_state known;

	scene_read(scene, "one", RED ROW("c", "operational") ROW("d", "operational"));
	scene_deliver(scene);
	for (int i = 0; i < 5; i++)
		scene_read(scene, "one",
			PAGE("operational") ROW("c", "operational") ROW("d", "operational"));
	assert_told(scene, ADMIN, "lost:overall");
	assert_told(scene, OPS, "delivered");
	known = scene_state(scene, "one");
	assert_true(indicator_states_find(&known.indicators, "a")->red);
	assert_non_null(strstr(known.reading, "Name b"));
	assert_non_null(strstr(
		known.failure, "of 4 indicators that were expected, 2 are no longer listed"));
	page_state_release(&known);
	assert_int_equal(
		scene_snapshots(scene, "one"), 3); /* baseline, red, and how it looks since */
}

static void test_a_page_whose_indicators_come_back_is_back_by_itself(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", FOUR);
	for (int i = 0; i < 3; i++)
		scene_read(scene, "one", GREEN);
	scene_deliver(scene);
	scene_read(scene, "one", FOUR);
	assert_told(scene, ADMIN, "delivered | back:overall");
}

static void test_who_asks_for_a_rotten_page_by_name_takes_it_as_it_is(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", FOUR);
	for (int i = 0; i < 3; i++)
		scene_read(scene, "one", GREEN);
	scene_deliver(scene);
	scene_read_as(scene, "one", GREEN, (struct observation){.accepted = true});
	assert_told(scene, ADMIN, "delivered | back:overall, gone:Name c, gone:Name d");
	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "red:Name a");
}

static void test_what_our_own_kind_no_longer_lists_is_no_rot(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", FOUR);
	for (int i = 0; i < 3; i++)
		scene_read_as(scene, "one", GREEN, (struct observation){.reread_text = GREEN});
	assert_told(scene, ADMIN, "");
}

static void scene_redirected(struct scene *scene, const char *text, const char *to)
{
	scene_read_as(scene, "one", text,
		(struct observation){
			.requested_url = "https://status.example.com/", .final_url = to});
}

static void test_a_page_that_redirects_to_another_host_is_lost_and_turns_nothing_green(void **state)
{
	struct scene *scene = *state;
	struct page_state known;

	scene_redirected(scene, GREEN, "https://status.example.com/");
	scene_redirected(scene, RED, "https://status.example.com/");
	scene_deliver(scene);
	for (int i = 0; i < 4; i++)
		scene_redirected(scene, GREEN, "https://parked.example.net/");
	assert_told(scene, OPS, "delivered");
	assert_told(scene, ADMIN, "lost:overall");
	known = scene_state(scene, "one");
	assert_string_equal(known.failure, "redirects to another host: parked.example.net, where "
					   "status.example.com was expected");
	page_state_release(&known);
}

static void test_also_where_it_says_the_same_there(void **state)
{
	struct scene *scene = *state;

	scene_redirected(scene, GREEN, "https://status.example.com/");
	for (int i = 0; i < 3; i++) {
		struct observation seen = {.what = OBSERVED_UNCHANGED,
			.requested_url = "https://status.example.com/",
			.final_url = "https://new.example.net/"};

		scene_observe(scene, "one", &seen);
	}
	assert_told(scene, ADMIN, "lost:overall");
}

static void test_a_redirect_that_was_there_at_first_sight_is_normal(void **state)
{
	struct scene *scene = *state;

	for (int i = 0; i < 4; i++)
		scene_redirected(scene, GREEN, "https://example.statuspages.example/");
	assert_told(scene, ADMIN, "");
	for (int i = 0; i < 3; i++)
		scene_redirected(scene, GREEN, "https://parked.example.net/");
	assert_told(scene, ADMIN, "lost:overall");
}

/* ---- our own changes ---- */

static void test_a_difference_of_our_own_making_is_logged_as_read_anew_and_never_told(void **state)
{
	struct scene *scene = *state;
	struct log_entries histories = {0};

	scene_read_as(scene, "one", RED, (struct observation){.reread_text = RED});
	assert_told(scene, OPS, "");
	store_log(scene->database, "one", 0, 100, &histories);
	assert_true(histories.count > 0);
	for (size_t i = 0; i < histories.count; i++)
		assert_true(histories.list[i].reread);
	log_entries_release(&histories);
}

static void test_what_the_page_changed_beside_our_own_change_is_told(void **state)
{
	struct scene *scene = *state;

	scene_read_as(scene, "one",
		PAGE("major_outage") ROW("a", "major_outage") ROW("b", "major_outage"),
		(struct observation){.reread_text = RED});
	assert_told(scene, OPS, "red:Name b");
}

static void test_green_of_our_own_making_closes_no_alarm_until_the_page_confirms_it(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_read_as(scene, "one", GREEN, (struct observation){.reread_text = GREEN});
	assert_told(scene, OPS, "delivered");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
}

static void test_red_is_told_also_where_nothing_could_be_read_anew(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH("", "red, update"));
	scene_read_as(scene, "one", RED INCIDENT("old", "investigating"),
		(struct observation){.silent = true});
	assert_told(scene, OPS, "red:Name a");
}

static void test_a_changed_url_is_a_new_baseline_and_open_alarms_stay_open(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", confirm: {better: 1}", "red, green"));
	scene_read(scene, "one", RED);
	scene_deliver(scene);
	scene_read_as(scene, "one",
		PAGE("major_outage") ROW("a", "operational") ROW("c", "major_outage"),
		(struct observation){.new_baseline = true});
	assert_told(scene, OPS, "delivered");
	assert_told(scene, ADMIN, "");
	assert_int_not_equal(store_find_alarm(scene->database, "one", "red", "a"), 0);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
}

/* ---- the archive ---- */

static void test_what_was_committed_is_whole(void **state)
{
	struct scene *scene = *state;
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error = {0};

	scene_read(scene, "one", RED);
	scene_unreadable(scene, "one");
	scene_read(scene, "one", GREEN);
	assert_true(verify(&with, &verified, NULL, &error));
	assert_int_equal(verified.snapshots, 4);
}

static void test_chain_lines_that_could_not_be_appended_are_appended_later(void **state)
{
	struct scene *scene = *state;
	char *chain = archive_path(scene->archive, "one", "chain", NULL);
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error = {0};

	assert_int_equal(unlink(chain), 0);
	assert_int_equal(mkdir(chain, 0700), 0); /* in the way of the append */
	scene_read(scene, "one", RED);
	assert_true(scene->observer.local_trouble);
	assert_told(scene, OPS, "red:Name a");
	assert_int_equal(rmdir(chain), 0);
	scene_read(scene, "one", GREEN);
	assert_true(verify(&with, &verified, NULL, &error));
	assert_int_equal(verified.snapshots, 3);
	free(chain);
}

static const struct kind *kind_of(void *context, const struct page_config *page)
{
	(void)page;
	return context;
}

/* What a snapshot's file `changes` says of a page that was green. */
static void changes_since_green(const char *reading, struct buffer *out)
{
	struct reading before = {0}, after = {0};
	struct changes changes = {0};

	assert_true(reading_parse(GREEN, strlen(GREEN), &before, NULL));
	assert_true(reading_parse(reading, strlen(reading), &after, NULL));
	diff(&before, &after, &changes);
	changes_write(&changes, out);
	changes_release(&changes);
	reading_release(&after);
	reading_release(&before);
}

/* As a crash between the folder and its transaction leaves it. */
static void leave_folder(struct scene *scene, const char *reading)
{
	struct buffer changes = {0};
	struct http_response response = {.status = 200};
	const char *names[] = {"page"};
	struct snapshot snapshot = {.page = "one",
		.time = scene->now,
		.responses = &response,
		.count = 1,
		.documents = names,
		.reason = "change",
		.reading = reading};
	char sums[DIGEST_TEXT], *folder = NULL;
	struct error error;

	if (reading != NULL)
		changes_since_green(reading, &changes);
	snapshot.changes = buffer_string(&changes);
	assert_true(keep_snapshot(scene->archive, &snapshot, &folder, sums, &error));
	buffer_release(&changes);
	free(folder);
	scene->now += 60;
}

static void recover(struct scene *scene)
{
	struct page_states states = {0};

	store_pages(scene->database, &states);
	observer_recover(&scene->observer, kind_of, scene->kind, &states);
	page_states_release(&states);
}

static void test_a_folder_without_its_row_is_adopted_and_told(void **state)
{
	struct scene *scene = *state;
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error = {0};

	leave_folder(scene, RED);
	recover(scene);
	assert_int_equal(scene_snapshots(scene, "one"), 2);
	assert_told(scene, OPS, "red:Name a");
	assert_true(verify(&with, &verified, NULL, &error));
}

static void test_after_a_folder_was_adopted_the_whole_page_is_asked_for(void **state)
{
	struct scene *scene = *state;
	struct validator validators[PAGE_DOCUMENTS_MAX] = {{0}};
	struct page_state known;

	validators[0].url = memory_string("https://status.example.com/");
	validators[0].etag = memory_string("\"green\"");
	scene_read_as(scene, "one", GREEN, (struct observation){.validators = validators});
	leave_folder(scene, RED);
	recover(scene);
	known = scene_state(scene, "one");
	assert_true(known.red);
	assert_null(known.validators[0].etag);
	page_state_release(&known);
}

/* It is as if it had never been. */
static void assert_discarded(struct scene *scene)
{
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error = {0};

	recover(scene);
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	assert_told(scene, OPS, "");
	assert_true(verify(&with, &verified, NULL, &error));
}

static void test_a_folder_of_another_address_is_removed_and_not_told(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene,
		"pages: [{name: one, url: 'https://other.example.com/', kind: statuspage}]\n"
		"subscribers: [{mail: ops@example.com}]\n" SCENE_ROUTES);
	leave_folder(scene, RED);
	assert_discarded(scene);
}

/* Releases the state. */
static void save_state(struct scene *scene, struct page_state *one)
{
	database_begin(scene->database);
	store_save(scene->database, one);
	assert_true(database_commit(scene->database, NULL));
	page_state_release(one);
}

static void test_a_folder_of_another_program_version_is_removed_and_not_told(void **state)
{
	struct scene *scene = *state;
	struct page_state one = scene_state(scene, "one");

	memory_set(&one.program, "0.0.1");
	save_state(scene, &one);
	leave_folder(scene, RED);
	assert_discarded(scene);
}

static void test_a_folder_of_another_kind_is_removed_and_not_told(void **state)
{
	struct scene *scene = *state;
	struct page_state one = scene_state(scene, "one");

	memory_set(&one.kind_digest, "0000");
	save_state(scene, &one);
	leave_folder(scene, RED);
	assert_discarded(scene);
}

static void test_a_folder_of_a_page_never_seen_is_removed(void **state)
{
	struct scene *scene = *state;
	struct archive_intents intents = {0};

	leave_folder(scene, RED);
	recover(scene);
	assert_true(archive_intents(scene->archive, &intents, NULL));
	assert_int_equal(intents.count, 0);
}

/* /proc/self/mem is a file that everybody may open and whose first byte nobody can read (EIO). */
static void test_a_folder_that_cannot_be_read_now_is_left_for_the_next_run(void **state)
{
	struct scene *scene = *state;
	struct archive_intents intents = {0};
	char *path, *aside;

	leave_folder(scene, RED);
	assert_true(archive_intents(scene->archive, &intents, NULL));
	path = archive_path(scene->archive, "one", intents.list[0].folder, "reading");
	aside = file_join(scene->folder, "aside");
	assert_return_code(rename(path, aside), 0);
	assert_return_code(symlink("/proc/self/mem", path), 0);
	recover(scene);
	assert_true(scene->observer.local_trouble);
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	/* A fetch after it keeps nothing: its folder would stand where the intent points. */
	scene_read(scene, "one", RED);
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	assert_return_code(rename(aside, path), 0);
	text_list_release(&scene->observer.unfinished);
	recover(scene);
	assert_int_equal(scene_snapshots(scene, "one"), 2);
	assert_told(scene, OPS, "red:Name a");
	archive_intents_release(&intents);
	free(path);
	free(aside);
}

/* The intent of a page names one folder: what the next change would keep has to wait. */
static void test_two_failed_commits_leave_an_archive_that_is_whole(void **state)
{
	struct scene *scene = *state;
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error = {0};

	database_do(scene->database,
		"CREATE TRIGGER broken BEFORE INSERT ON page BEGIN SELECT RAISE(ABORT, 'EIO'); END",
		"");
	scene_read(scene, "one", RED);
	scene_read(scene, "one", GREEN);
	scene_read(scene, "one", RED);
	assert_true(scene->observer.local_trouble);
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	database_do(scene->database, "DROP TRIGGER broken", "");
	recover(scene);
	assert_int_equal(scene_snapshots(scene, "one"), 2);
	assert_true(verify(&with, &verified, NULL, &error));
	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "red:Name a");
	assert_true(verify(&with, &verified, NULL, &error));
}

/* Only the evidence is missing; it is kept at the first fetch that can. */
static void test_a_page_whose_folder_cannot_be_written_is_told_of_once_and_kept_later(void **state)
{
	struct scene *scene = *state;
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error = {0};

	database_do(scene->database,
		"CREATE TRIGGER broken BEFORE INSERT ON snapshot"
		" BEGIN SELECT RAISE(ABORT, 'EACCES'); END",
		"");
	scene_read(scene, "one", RED);
	scene_read(scene, "one", RED);
	assert_told(scene, OPS, "red:Name a");
	assert_int_equal(scene_snapshots(scene, "one"), 1);
	database_do(scene->database, "DROP TRIGGER broken", "");
	recover(scene);
	scene_read(scene, "one", RED);
	assert_int_equal(
		scene_snapshots(scene, "one"), 3); /* the one of before, and what it says now */
	scene_read(scene, "one", GREEN);
	scene_read(scene, "one", GREEN);
	assert_told(scene, OPS, "both:Name a");
	assert_true(verify(&with, &verified, NULL, &error));
}

static void test_a_folder_that_has_lost_a_file_is_removed_and_not_told(void **state)
{
	struct scene *scene = *state;
	struct archive_intents intents = {0};
	char *path;

	leave_folder(scene, RED);
	assert_true(archive_intents(scene->archive, &intents, NULL));
	path = archive_path(scene->archive, "one", intents.list[0].folder, "reading");
	assert_return_code(unlink(path), 0);
	assert_discarded(scene);
	archive_intents_release(&intents);
	free(path);
}

/* A page of as many indicators as a page may have. */
static char *whole_page(const char *level)
{
	struct buffer text = {0};

	buffer_text(&text, PAGE("operational"));
	for (int i = 0; i < READING_ROWS_MAX; i++)
		buffer_format(&text, "indicator\t%05d\t\tName %05d\t%s\t\n", i, i, level);
	return buffer_take(&text);
}

static void test_twenty_thousand_indicators_turn_red_in_one_message_and_in_time(void **state)
{
	struct scene *scene = *state;
	char *green_page = whole_page("operational"), *red_page = whole_page("major_outage");
	struct deliveries all = {0};
	clock_t began = clock();

	scene_read(scene, "one", green_page);
	scene_read(scene, "one", red_page);
	only_delivery(scene, &all);
	scene_deliver(scene);
	scene_read(scene, "one", green_page);
	scene_unchanged(scene, "one");
	assert_int_equal(outbox_count(scene->database), 1);
	assert_processor_time(began, 30);
	deliveries_release(&all);
	free(green_page);
	free(red_page);
}

/* ---- many at once ---- */

#define TWO_PAGES                                                                                  \
	"operator: admin@example.org\n"                                                            \
	"pages: [{name: one, url: 'https://a.example/', kind: statuspage}, "                       \
	"{name: two, url: 'https://b.example/', kind: statuspage}]\n"                              \
	"subscribers: [{mail: ops@example.com, on: [red, green]}]\n" SCENE_ROUTES
#define YELLOW PAGE("degraded") ROW("a", "degraded") ROW("b", "operational")

static int green_and_green(void **state)
{
	open_scene(state, TWO_PAGES, GREEN);
	scene_read(*state, "two", GREEN);
	return 0;
}

/* A page of a crowd: what is seen of it waits for others. */
struct one_of_many {
	struct http_response response;
	bool ended;
};

static void end(void *context)
{
	struct one_of_many *page = context;

	page->ended = true;
	buffer_release(&page->response.body);
}

static void read_of_many(struct scene *scene, const char *page, struct page_state *state,
	const char *text, struct one_of_many *one)
{
	struct observation seen = {.page = config_page(scene->config, page),
		.kind = scene->kind,
		.state = state,
		.what = OBSERVED_READING,
		.text = text,
		.responses = &one->response,
		.response_count = 1,
		.now = scene->now,
		.end = end,
		.context = one};

	one->response.status = 200;
	buffer_text(&one->response.body, text);
	observation_process(&scene->observer, &seen);
}

static void test_of_many_what_owes_an_alert_is_committed_first(void **state)
{
	struct scene *scene = *state;
	struct page_states pages = {0};
	struct one_of_many owed = {0}, other = {0};

	store_pages(scene->database, &pages);
	read_of_many(scene, "two", page_states_find(&pages, "two"), YELLOW, &other);
	observer_commit_due(&scene->observer, true);
	assert_false(other.ended); /* it waits for others */
	read_of_many(scene, "one", page_states_find(&pages, "one"), RED, &owed);
	observer_commit_due(&scene->observer, false);
	assert_true(owed.ended);
	assert_told(scene, OPS, "red:Name a");
	assert_false(other.ended);
	assert_int_equal(scene_snapshots(scene, "two"), 1);
	observer_commit(&scene->observer);
	assert_true(other.ended);
	assert_int_equal(scene_snapshots(scene, "two"), 2);
	assert_int_equal(observer_waits(&scene->observer), -1);
	page_states_release(&pages);
}

static void test_a_simulated_archive_and_a_real_one_do_not_mix(void **state)
{
	struct scene *scene = *state;
	struct observer other = {
		.config = scene->config, .database = scene->database, .simulated = true};
	struct error error = {0};

	assert_false(observer_open(&other, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
}

/* ---- incidents beside green lamps ---- */

#define OPEN GREEN INCIDENT("i", "investigating") AFFECTS("i", "a")
#define OPEN_RED RED INCIDENT("i", "investigating") AFFECTS("i", "a")

static void test_an_incident_of_red_impact_beside_a_green_lamp_is_told_and_so_is_its_end(
	void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", OPEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "incident:Name a");
	scene_deliver(scene);
	scene_read(scene, "one", GREEN);
	assert_told(scene, OPS, "delivered");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | over:Name a");
}

static void test_the_red_that_follows_an_incident_answers_it_and_its_green_ends_both(void **state)
{
	struct scene *scene = *state;
	struct deliveries all = {0};

	scene_read(scene, "one", OPEN);
	scene_deliver(scene);
	scene_read(scene, "one", OPEN_RED);
	outbox_list(scene->database, true, &all);
	assert_int_equal(all.count, 2);
	assert_string_equal(all.list[1].in_reply_to, all.list[0].message_id);
	deliveries_release(&all);
	scene_deliver(scene);
	scene_read(scene, "one", OPEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | delivered | green:Name a");
	scene_deliver(scene);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | delivered | delivered");
}

static void test_who_wants_incidents_alone_is_told_of_their_end_though_red_came(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH("", "incident"));
	scene_read(scene, "one", OPEN);
	scene_deliver(scene);
	scene_read(scene, "one", OPEN_RED);
	scene_read(scene, "one", GREEN);
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | over:Name a");
}

static void test_minus_incident_leaves_incidents_out(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH("", "red, green, -incident"));
	scene_read(scene, "one", OPEN);
	assert_told(scene, OPS, "");
}

static void test_an_incident_whose_lamp_was_not_green_is_no_news_when_the_lamp_recovers(
	void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", OPEN_RED);
	scene_deliver(scene);
	scene_read(scene, "one", OPEN);
	scene_unchanged(scene, "one");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "delivered | green:Name a");
	scene_deliver(scene);
	scene_read(scene, "one", OPEN INCIDENT("j", "investigating") AFFECTS("j", "a"));
	assert_told(scene, OPS, "delivered | delivered | incident:Name a");
}

static void test_incidents_are_confirmed_as_red_is(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", confirm: {worse: 2}", "red, green"));
	scene_read(scene, "one", OPEN);
	assert_told(scene, OPS, "");
	scene_read(scene, "one", GREEN);
	scene_read(scene, "one", OPEN);
	assert_told(scene, OPS, "");
	scene_unchanged(scene, "one");
	assert_told(scene, OPS, "incident:Name a");
}

static void test_an_incident_below_the_floor_of_red_is_none(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", red: major_outage", "red, green"));
	scene_read(scene, "one",
		GREEN "incident\tm\tMinor\tpartial_outage\tminor\topen\t\t\t\n" AFFECTS("m", "a"));
	assert_told(scene, OPS, "");
}

static void test_a_page_with_a_filter_tells_incidents_that_touch_it_or_name_nothing(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", indicators: [Name a]", "red, green"));
	scene_read(scene, "one", GREEN INCIDENT("i", "open") AFFECTS("i", "b"));
	assert_told(scene, OPS, "");
	/* its overall level is red, which is never told here */
	scene_read(scene, "one",
		PAGE("major_outage") ROW("a", "operational") ROW("b", "operational")
			INCIDENT("j", "open"));
	assert_told(scene, OPS, "incident:overall");
	scene_read(scene, "one", OPEN INCIDENT("j", "open"));
	assert_told(scene, OPS, "incident:overall | incident:Name a");
}

/* ---- names and words ---- */

#define NEW_NAME(level)                                                                            \
	PAGE("operational")                                                                        \
	"indicator\ta\t\tElsewhere\t" level "\t" level "\n" ROW("b", "operational")

static void test_a_filter_goes_on_to_mean_an_indicator_that_was_renamed(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene,
		"operator: admin@example.org\n"
		"pages: [{name: one, url: 'https://status.example.com/', kind: statuspage}]\n"
		"subscribers: [{mail: ops@example.com, indicators: [Name a]}]\n" SCENE_ROUTES);
	scene_read(scene, "one", NEW_NAME("operational"));
	assert_told(scene, ADMIN, "finding:one");
	scene_read(scene, "one", NEW_NAME("major_outage"));
	assert_told(scene, OPS, "red:Elsewhere");
	assert_told(scene, ADMIN, "finding:one");
}

static void test_a_page_goes_on_to_watch_an_indicator_that_was_renamed(void **state)
{
	struct scene *scene = *state;

	scene_configure(scene, CONFIG_WITH(", indicators: [Name a, '!Name b']", "red, green"));
	scene_read(scene, "one", NEW_NAME("operational"));
	scene_read(scene, "one", NEW_NAME("major_outage"));
	assert_told(scene, OPS, "red:Elsewhere");
	assert_told(scene, ADMIN, "finding:one");
}

#define ODD(word) GREEN "indicator\tc\t\tC\tunknown\t" word "\n"

static void test_each_new_word_is_told_to_the_operator_once(void **state)
{
	struct scene *scene = *state;

	scene_read(scene, "one", ODD("odd"));
	assert_told(scene, ADMIN, "finding:one");
	scene_read(scene, "one", GREEN);
	scene_read(scene, "one", ODD("odd"));
	assert_told(scene, ADMIN, "finding:one | gone:C");
	scene_read(scene, "one", ODD("odder"));
	assert_told(scene, ADMIN, "finding:one | gone:C | finding:one");
}

static void test_rows_that_share_an_id_are_told_to_the_operator_once(void **state)
{
	struct scene *scene = *state;
	const struct observation seen = {.notes = "indicators\tthe id is that of several\n"};

	for (int i = 0; i < 3; i++)
		scene_read_as(scene, "one", i == 1 ? RED : GREEN, seen);
	assert_told(scene, ADMIN, "finding:one");
}

#define test_in(setup, test) cmocka_unit_test_setup_teardown(test, setup, close_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in(empty, test_first_reading_of_a_page_is_a_baseline_and_sends_nothing),
		test_in(empty, test_unless_on_first_sight_alert_and_it_is_red),
		test_in(empty, test_on_first_sight_alert_sends_nothing_where_all_is_green),
		test_in(empty, test_red_of_a_baseline_was_owed_to_nobody_and_so_is_its_green),
		test_in(green, test_new_red_indicator_on_a_known_page_is_a_red_event),
		test_in(green, test_304_counts_as_a_fetch),
		test_in(green, test_better_is_confirmed_by_two_fetches_where_nothing_else_is_said),
		test_in(green, test_a_page_is_restless_while_red_or_unconfirmed),
		test_in(green, test_a_snapshot_is_kept_at_first_sight_and_when_the_reading_changes),
		test_in(green, test_still_green_at_is_provable_from_the_next_snapshot),
		test_in(green, test_watched_part_decides_what_is_kept),
		test_in(green,
			test_an_incident_that_touches_the_watched_part_is_kept_and_another_is_not),
		test_in(green, test_the_reading_holds_everything_all_the_same),
		test_in(green, test_keep_all_keeps_every_change_and_tells_only_of_what_is_watched),
		test_in(green, test_what_is_not_watched_is_never_told),
		test_in(green, test_changing_the_patterns_is_no_change_of_the_page),
		test_in(green, test_one_message_per_page_run_and_subscriber),
		test_in(green, test_yellow_blue_and_grey_change_no_alarm),
		test_in(green, test_green_goes_to_whoever_was_owed_its_red_and_to_nobody_else),
		test_in(green, test_green_answers_the_message_of_its_red),
		test_in(green,
			test_red_that_never_got_out_and_is_over_becomes_one_message_that_says_both),
		test_in(green, test_what_a_red_would_have_said_beside_is_not_lost_with_it),
		test_in(green,
			test_red_that_is_being_sent_is_not_merged_and_its_green_waits_behind_it),
		test_in(green,
			test_an_indicator_that_got_another_id_is_green_to_whoever_heard_it_red),
		test_in(green, test_an_alert_names_the_snapshot_that_proves_it),
		test_in(green, test_overall_is_told_only_where_no_watched_indicator_explains_it),
		test_in(green, test_overall_is_never_told_with_an_indicators_filter),
		test_in(green, test_absent_indicator_is_gone_and_its_alarm_stays_open),
		test_in(green, test_where_a_page_lists_only_troubles_absence_is_green),
		test_in(green,
			test_what_is_written_about_an_incident_goes_to_those_who_asked_for_updates),
		test_in(green, test_lost_after_n_failures_one_message_and_one_when_it_ends),
		test_in(green, test_unreachable_and_unreadable_in_turn_are_one_episode),
		test_in(green, test_a_success_begins_the_count_of_failures_anew),
		test_in(empty, test_a_page_that_could_never_be_read_is_lost_too),
		test_in(green, test_lost_goes_also_to_those_who_asked_for_it),
		test_in(green, test_a_lost_page_never_counts_as_back_to_green),
		test_in(green,
			test_a_snapshot_is_kept_when_a_page_stops_being_readable_and_when_it_is_again),
		test_in(green, test_validators_survive_a_fetch_that_failed),
		test_in(green,
			test_a_page_whose_indicators_vanish_by_half_is_lost_once_and_turns_nothing_green),
		test_in(green, test_a_page_whose_indicators_come_back_is_back_by_itself),
		test_in(green, test_who_asks_for_a_rotten_page_by_name_takes_it_as_it_is),
		test_in(green, test_what_our_own_kind_no_longer_lists_is_no_rot),
		test_in(empty,
			test_a_page_that_redirects_to_another_host_is_lost_and_turns_nothing_green),
		test_in(empty, test_also_where_it_says_the_same_there),
		test_in(empty, test_a_redirect_that_was_there_at_first_sight_is_normal),
		test_in(green,
			test_a_difference_of_our_own_making_is_logged_as_read_anew_and_never_told),
		test_in(green, test_what_the_page_changed_beside_our_own_change_is_told),
		test_in(green,
			test_green_of_our_own_making_closes_no_alarm_until_the_page_confirms_it),
		test_in(green, test_red_is_told_also_where_nothing_could_be_read_anew),
		test_in(green, test_a_changed_url_is_a_new_baseline_and_open_alarms_stay_open),
		test_in(green, test_what_was_committed_is_whole),
		test_in(green, test_chain_lines_that_could_not_be_appended_are_appended_later),
		test_in(green, test_a_folder_without_its_row_is_adopted_and_told),
		test_in(green, test_after_a_folder_was_adopted_the_whole_page_is_asked_for),
		test_in(green, test_a_folder_of_another_address_is_removed_and_not_told),
		test_in(green, test_a_folder_of_another_program_version_is_removed_and_not_told),
		test_in(green, test_a_folder_of_another_kind_is_removed_and_not_told),
		test_in(green, test_a_folder_that_cannot_be_read_now_is_left_for_the_next_run),
		test_in(green, test_two_failed_commits_leave_an_archive_that_is_whole),
		test_in(green,
			test_a_page_whose_folder_cannot_be_written_is_told_of_once_and_kept_later),
		test_in(green, test_a_folder_that_has_lost_a_file_is_removed_and_not_told),
		test_in(empty, test_a_folder_of_a_page_never_seen_is_removed),
		test_in(empty, test_twenty_thousand_indicators_turn_red_in_one_message_and_in_time),
		test_in(green_and_green, test_of_many_what_owes_an_alert_is_committed_first),
		test_in(empty, test_a_simulated_archive_and_a_real_one_do_not_mix),
		test_in(green,
			test_an_incident_of_red_impact_beside_a_green_lamp_is_told_and_so_is_its_end),
		test_in(green,
			test_the_red_that_follows_an_incident_answers_it_and_its_green_ends_both),
		test_in(green, test_who_wants_incidents_alone_is_told_of_their_end_though_red_came),
		test_in(green, test_minus_incident_leaves_incidents_out),
		test_in(green,
			test_an_incident_whose_lamp_was_not_green_is_no_news_when_the_lamp_recovers),
		test_in(green, test_incidents_are_confirmed_as_red_is),
		test_in(green, test_an_incident_below_the_floor_of_red_is_none),
		test_in(green,
			test_a_page_with_a_filter_tells_incidents_that_touch_it_or_name_nothing),
		test_in(green, test_a_filter_goes_on_to_mean_an_indicator_that_was_renamed),
		test_in(green, test_a_page_goes_on_to_watch_an_indicator_that_was_renamed),
		test_in(green, test_each_new_word_is_told_to_the_operator_once),
		test_in(green, test_rows_that_share_an_id_are_told_to_the_operator_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
