/* SPDX-License-Identifier: ISC */
#include "tell/saves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/database.h"
#include "base/error.h"
#include "run/schema.h"
#include "tell/attempt.h"
#include "tell/save_page_now.h"

#define NOW INT64_C(1390591200) /* 2014-01-24T19:20:00Z */
#define JOB "spn2-0123456789abcdef0123456789abcdef01234567"

/* ---- what an answer means ---- */

static struct attempt answer(int status, const char *body)
{
	struct attempt attempt = {0};

	save_answer(body, strlen(body), status, &attempt);
	return attempt;
}

static void assert_fails(int status, const char *body, bool of_session, const char *text)
{
	struct attempt attempt = answer(status, body);

	assert_int_equal(attempt.outcome, OUTCOME_TEMPORARY);
	assert_int_equal(attempt.posted, 0);
	assert_int_equal(attempt.of_session, of_session);
	assert_string_equal(attempt.text, text);
}

static void test_a_job_is_begun_goes_on_and_is_done(void **state)
{
	struct attempt attempt =
		answer(200, "{\"url\":\"http://a.example/\",\"job_id\":\"" JOB "\"}");

	(void)state;
	assert_int_equal(attempt.outcome, OUTCOME_TEMPORARY);
	assert_int_equal(attempt.posted, 1);
	assert_string_equal(attempt.text, JOB);
	attempt = answer(200, "{\"url\":\"http://a.example/\",\"job_id\":\"" JOB
			      "\",\"message\":\"The same snapshot had been made 2 minutes ago.\"}");
	assert_int_equal(attempt.posted, 1);
	attempt = answer(200, "{\"status\":\"pending\",\"job_id\":\"" JOB "\",\"resources\":[]}");
	assert_int_equal(attempt.posted, 1);
	attempt = answer(200,
		"{\"status\":\"success\",\"job_id\":\"" JOB
		"\",\"timestamp\":\"20140124192000\",\"original_url\":\"http://127.0.0.1/\"}");
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	assert_string_equal(attempt.text, "20140124192000");
}

static void test_an_error_comes_with_status_200(void **state)
{
	(void)state;
	assert_fails(200,
		"{\"status\":\"error\",\"status_ext\":\"error:too-many-daily-captures\","
		"\"message\":"
		"\"5 times today\"}",
		false, "error:too-many-daily-captures: 5 times today");
	assert_fails(200, "{\"status_ext\":\"error:user-session-limit\"}", true,
		"error:user-session-limit");
	assert_fails(200,
		"{\"status\":\"error\",\"exception\":\"[Errno -2] Name or service not known\","
		"\"status_ext\":\"error:invalid-host-resolution\",\"job_id\":\"" JOB
		"\",\"message\":\"Couldn't resolve host.\",\"resources\":[]}",
		false, "error:invalid-host-resolution: Couldn't resolve host.");
	assert_fails(200,
		"{\"url\":\"http://a.example/\",\"job_id\":null,\"message\":\"You have already "
		"reached the limit of active sessions.\"}",
		false, "You have already reached the limit of active sessions.");
	assert_fails(200,
		"{\"status\":\"error\",\"job_id\":\"" JOB "\",\"status_ext\":\"error:x\"}", false,
		"error:x");
}

static void test_nonsense_is_not_understood(void **state)
{
	static const char *const bad[] = {
		"",
		"<html>Sorry</html>",
		"[]",
		"{}",
		"null",
		"{\"job_id\":\"\"}",
		"{\"job_id\":\"../user\"}",
		"{\"job_id\":\"a b\"}",
		"{\"status\":\"done\",\"job_id\":\"" JOB "\"}",
		"{\"status\":\"success\",\"job_id\":\"" JOB "\"}",
		"{\"status\":\"success\",\"timestamp\":\"2014\"}",
		"{\"status\":\"success\",\"timestamp\":\"20140230192000\"}",
		"{\"status\":\"success\",\"timestamp\":\"20140124192000/\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_fails(200, bad[i], false, "an answer that is not understood");
}

static void test_a_status_says_whether_others_would_fare_better(void **state)
{
	(void)state;
	assert_fails(429, "{\"job_id\":\"" JOB "\"}", true, "HTTP 429");
	assert_fails(503, "", true, "HTTP 503");
	assert_fails(401, "", true, "HTTP 401: is the key in wayback_key_file still valid?");
	assert_fails(404, "", false, "HTTP 404");
	assert_fails(302, "", false, "HTTP 302");
}

/* ---- the queue ---- */

static struct database *open_queue(void)
{
	struct error error;
	struct database *database = database_open(":memory:", schema, false, &error);

	assert_non_null(database);
	saves_add(database, "harbour", "sums", NOW);
	return database;
}

static void take(struct database *database, int64_t now, enum outcome outcome, size_t posted,
	const char *text, bool of_session, int64_t retry_after)
{
	struct save save = {0};
	struct attempt attempt = {0};

	assert_true(saves_next(database, now, &save));
	attempt_set(&attempt, outcome, 200, "%s", text);
	attempt.posted = posted;
	attempt.of_session = of_session;
	attempt.retry_after = retry_after;
	saves_answer(database, &save, &attempt, now);
	save_release(&save);
}

static void assert_save(struct database *database, const char *job, const char *stamp,
	const char *reason, int64_t next_try)
{
	struct saves saves = {0};

	saves_load(database, &saves);
	assert_true(saves.count >= 1);
	assert_string_equal(saves.list[0].job, job);
	assert_string_equal(saves.list[0].stamp, stamp);
	assert_string_equal(saves.list[0].reason, reason);
	assert_int_equal(saves.list[0].next_try, next_try);
	saves_release(&saves);
}

static void test_a_job_is_asked_for_ever_more_rarely_until_it_is_done(void **state)
{
	struct database *database = open_queue();
	struct save save = {0};

	(void)state;
	assert_true(saves_due(database, NOW));
	take(database, NOW, OUTCOME_TEMPORARY, 1, JOB, false, 0);
	assert_save(database, JOB, "", "", NOW + SAVES_POLL);
	assert_false(saves_due(database, NOW));
	assert_true(saves_due(database, NOW + SAVES_POLL));
	take(database, NOW + 100, OUTCOME_TEMPORARY, 1, JOB, false, 0);
	assert_save(database, JOB, "", "", NOW + 100 + SAVES_POLL + 25);
	take(database, NOW + 200, OUTCOME_DELIVERED, 0, "20140124192100", false, 0);
	assert_save(database, "", "20140124192100", "", NOW + 200 + SAVES_RETRY + 100);
	assert_false(saves_due(database, NOW + 1000));
	assert_false(saves_next(database, NOW + 1000, &save));
	database_close(database);
}

static void test_what_failed_is_tried_again_for_a_day(void **state)
{
	struct database *database = open_queue();
	struct save save = {0};

	(void)state;
	take(database, NOW, OUTCOME_TEMPORARY, 1, JOB, false, 0);
	take(database, NOW + 100, OUTCOME_TEMPORARY, 0, "error:x", false, 0);
	assert_save(database, "", "", "error:x", NOW + 100 + SAVES_RETRY + 50);
	take(database, NOW + 40000, OUTCOME_TEMPORARY, 0, "error:x", false, 7 * 86400);
	assert_save(database, "", "", "error:x", NOW + 40000 + SAVES_RETRY_MAX);
	assert_false(saves_next(database, NOW + SAVES_SECONDS, &save));
	assert_true(saves_next(database, NOW - 100, &save)); /* the clock went back */
	save_release(&save);
	database_close(database);
}

/* NOW is 19:20. */
static void test_a_capture_of_before_is_no_failure_and_is_asked_for_again(void **state)
{
	struct database *database = open_queue();

	(void)state;
	take(database, NOW + 100, OUTCOME_DELIVERED, 0, "20140124191959", false, 0);
	assert_save(database, "", "", "", NOW + 100 + SAVES_RETRY + 50);
	take(database, NOW + 3600, OUTCOME_DELIVERED, 0, "20140124192000", false, 0);
	assert_save(database, "", "20140124192000", "", NOW + 3600 + SAVES_RETRY + 1800);
	database_close(database);
}

static void test_an_answer_that_makes_no_sense_is_a_failure(void **state)
{
	struct database *database = open_queue();

	(void)state;
	take(database, NOW, OUTCOME_DELIVERED, 0, "yesterday", false, 0);
	assert_save(database, "", "", "yesterday", NOW + SAVES_RETRY);
	take(database, NOW, OUTCOME_TEMPORARY, 1, "../user", false, 0);
	assert_save(database, "", "", "../user", NOW + SAVES_RETRY);
	take(database, NOW, OUTCOME_UNKNOWN, 1, JOB, false, 0);
	assert_save(database, "", "", JOB, NOW + SAVES_RETRY);
	database_close(database);
}

static void test_all_wait_for_as_long_as_the_service_asks(void **state)
{
	struct database *database = open_queue();

	(void)state;
	saves_add(database, "board", "sums", NOW + 1);
	take(database, NOW, OUTCOME_TEMPORARY, 0, "HTTP 429", true, 600);
	assert_save(database, "", "", "", NOW + 600);
	assert_false(saves_due(database, NOW + 599));
	assert_true(saves_due(database, NOW + 600));
	database_close(database);
}

static void test_a_newer_change_takes_the_place_of_an_older_one(void **state)
{
	struct database *database = open_queue();
	struct save save = {0};
	struct attempt attempt = {0};

	(void)state;
	assert_true(saves_next(database, NOW, &save));
	saves_add(database, "harbour", "others", NOW + 60);
	attempt_set(&attempt, OUTCOME_DELIVERED, 200, "20140124192030");
	saves_answer(database, &save, &attempt, NOW + 61);
	save_release(&save);
	assert_save(database, "", "", "", NOW + 60);
	saves_forget(database, "harbour");
	assert_false(saves_next(database, NOW + 60, &save));
	database_close(database);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_job_is_begun_goes_on_and_is_done),
		cmocka_unit_test(test_an_error_comes_with_status_200),
		cmocka_unit_test(test_nonsense_is_not_understood),
		cmocka_unit_test(test_a_status_says_whether_others_would_fare_better),
		cmocka_unit_test(test_a_job_is_asked_for_ever_more_rarely_until_it_is_done),
		cmocka_unit_test(test_what_failed_is_tried_again_for_a_day),
		cmocka_unit_test(test_a_capture_of_before_is_no_failure_and_is_asked_for_again),
		cmocka_unit_test(test_an_answer_that_makes_no_sense_is_a_failure),
		cmocka_unit_test(test_all_wait_for_as_long_as_the_service_asks),
		cmocka_unit_test(test_a_newer_change_takes_the_place_of_an_older_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
