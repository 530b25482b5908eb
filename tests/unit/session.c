/* SPDX-License-Identifier: ISC
 *
 * What a session says is not believed: whoever it talked to may have taken it over.
 */
#include "tell/session.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "config/config.h"
#include "tell/courier.h"
#include "tell/message.h"
#include "tell/outbox.h"

enum { PATIENCE = 10000 /* milliseconds */, DELIVERIES = 3 };

static const struct session_answer good = {
	1, {.outcome = OUTCOME_DELIVERED, .code = 250, .text = "250 queued"}};

static void say(int out, const struct session_answer *answer)
{
	(void)!write(out, answer, sizeof *answer);
}

/* ---- children ---- */

static void answers(const void *context, int in, int out)
{
	(void)in;
	say(out, context);
}

static void answers_half(const void *context, int in, int out)
{
	(void)in;
	(void)!write(out, context, sizeof good / 2);
	pause();
}

static void answers_without_end(const void *context, int in, int out)
{
	(void)in;
	for (;;)
		say(out, context);
}

static void says_nothing(const void *context, int in, int out)
{
	(void)context, (void)in, (void)out;
}

static void closes_and_stays(const void *context, int in, int out)
{
	(void)context, (void)in;
	close(out);
	pause();
}

/* ---- the courier's side ---- */

struct heard {
	size_t answers;
	struct session_answer last;
	const char *crash;
	struct error refused;
	int64_t took;
};

/* Hears it to its end. */
static struct heard hear(child_work *work, const struct session_answer *what)
{
	struct session session = {.role = {.milliseconds = 4 * PATIENCE},
		.count = DELIVERIES,
		.expected = DELIVERIES};
	struct heard heard = {0};
	struct session_answer answer;
	enum session_news news = SESSION_QUIET;
	int64_t began = clock_milliseconds();

	assert_true(child_start(&session.child, &session.role, work, what));
	while (news != SESSION_OVER) {
		poll(&(struct pollfd){session.child.from, POLLIN, 0}, 1, PATIENCE);
		news = session_read(&session, &answer, &heard.crash, &heard.refused);
		if (news != SESSION_ANSWER)
			continue;
		heard.last = answer;
		assert_in_range(++heard.answers, 1, DELIVERIES);
	}
	assert_int_equal(session.child.process, 0);
	heard.took = clock_milliseconds() - began;
	return heard;
}

static void test_a_good_answer_is_taken(void **state)
{
	struct heard heard = hear(answers, &good);

	(void)state;
	assert_int_equal(heard.answers, 1);
	assert_int_equal(heard.last.index, 1);
	assert_int_equal(heard.last.attempt.outcome, OUTCOME_DELIVERED);
	assert_string_equal(heard.last.attempt.text, "250 queued");
	assert_null(heard.crash);
	assert_int_equal(heard.refused.remedy, 0);
}

static void assert_nonsense(struct heard heard)
{
	assert_non_null(heard.crash);
	assert_int_equal(heard.refused.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(heard.refused.text, "makes no sense"));
	assert_in_range(heard.took, 0, PATIENCE / 2);
}

static void test_an_answer_that_makes_no_sense_ends_it(void **state)
{
	struct session_answer bad[7];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		bad[i] = good;
	bad[0].index = DELIVERIES;
	bad[1].index = SIZE_MAX;
	memset(&bad[2].attempt.outcome, 0x55, sizeof bad[2].attempt.outcome);
	memset(bad[3].attempt.text, 'x', sizeof bad[3].attempt.text);
	memset(&bad[4].attempt.of_session, 2, sizeof bad[4].attempt.of_session);
	bad[5].attempt.retry_after = INT64_MAX;
	bad[6].attempt.retry_after = -1;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct heard heard = hear(answers, &bad[i]);

		assert_int_equal(heard.answers, 0);
		assert_nonsense(heard);
	}
}

static void test_half_an_answer_makes_nobody_wait(void **state)
{
	(void)state;
	assert_nonsense(hear(answers_half, &good));
}

static void test_too_many_answers_end_it(void **state)
{
	struct heard heard = hear(answers_without_end, &good);

	(void)state;
	assert_int_equal(heard.answers, DELIVERIES);
	assert_nonsense(heard);
}

static void test_who_closes_its_output_and_stays_is_ended(void **state)
{
	struct heard heard = hear(closes_and_stays, &good);

	(void)state;
	assert_int_equal(heard.answers, 0);
	assert_non_null(heard.crash);
	assert_in_range(heard.took, 0, PATIENCE);
}

static void test_nothing_is_no_answer(void **state)
{
	struct heard heard = hear(says_nothing, &good);

	(void)state;
	assert_int_equal(heard.answers, 0);
	assert_null(heard.crash);
}

static void test_text_is_one_line_that_a_terminal_may_see(void **state)
{
	struct session_answer answer = good;
	struct heard heard;

	(void)state;
	strcpy(answer.attempt.text, "250 a\033[31m\nb");
	heard = hear(answers, &answer);
	assert_string_equal(heard.last.attempt.text, "250 a\\u{1B}[31m b");
}

/* A run that goes on without the courier attempts whatever is owed. */
static void test_a_webhook_that_is_in_the_configuration_no_more_is_a_refusal(void **state)
{
	static const char text[] = "archive: archive\npages: []\n";
	char receiver[] = "webhook:gone", id[] = "<a@example.org>", bytes[] = "{}";
	struct delivery delivery = {.receiver = receiver, .message_id = id, .content = 1};
	const struct content content = {.bytes = bytes, .length = strlen(bytes)};
	const struct courier_means means = {0};
	struct problems problems = {0};
	struct config *config = config_parse("lampwatch.yaml", text, strlen(text), &problems);
	struct attempt attempt = {0};

	(void)state;
	assert_non_null(config);
	courier_attempt(config, &delivery, &content, 0, 0, &means, &attempt);
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	assert_non_null(strstr(attempt.text, "no such webhook"));
	config_free(config);
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_answer_is_taken),
		cmocka_unit_test(test_an_answer_that_makes_no_sense_ends_it),
		cmocka_unit_test(test_half_an_answer_makes_nobody_wait),
		cmocka_unit_test(test_too_many_answers_end_it),
		cmocka_unit_test(test_who_closes_its_output_and_stays_is_ended),
		cmocka_unit_test(test_nothing_is_no_answer),
		cmocka_unit_test(test_text_is_one_line_that_a_terminal_may_see),
		cmocka_unit_test(test_a_webhook_that_is_in_the_configuration_no_more_is_a_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
