/* SPDX-License-Identifier: ISC
 *
 * What is refused before it connects, by whichever library. Sessions are in
 * tests/end-to-end/smtp-faults.c.
 */
#include "tell/smtp.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "servers/mail.h"
#include "tell/attempt.h"

/* Port 1 of loopback: where a connection was tried after all, the text would tell. */
static struct attempt send_by(const struct route_config *route)
{
	struct mail mail = {"a@example.org", "b@example.org", "Subject: x\r\n\r\n", 14, NULL};
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED};

	mail_send(route_transport(route), route, &mail, &attempt);
	return attempt;
}

static void assert_refused(const struct route_config *route, const char *words)
{
	struct attempt attempt = send_by(route);

	assert_string_equal(outcome_name(attempt.outcome), "route");
	if (strstr(attempt.text, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, attempt.text);
}

static void test_password_without_tls_is_refused(void **state)
{
	struct route_config route = {.host = (char[]){"127.0.0.1"},
		.port = 1,
		.tls = TLS_OFF,
		.user = (char[]){"alerts"},
		.password = (char[]){"open sesame"}};

	(void)state;
	assert_refused(&route, "a password is not sent without TLS");
	assert_null(strstr(send_by(&route).text, "sesame"));
}

static void test_token_without_tls_is_refused(void **state)
{
	struct route_config route = {.host = (char[]){"127.0.0.1"},
		.port = 1,
		.tls = TLS_OFF,
		.user = (char[]){"alerts"},
		.token = (char[]){"open.sesame"}};

	(void)state;
	assert_refused(&route, "a password is not sent without TLS");
	assert_null(strstr(send_by(&route).text, "sesame"));
}

static void test_user_without_password_is_refused(void **state)
{
	struct route_config route = {.host = (char[]){"127.0.0.1"},
		.port = 1,
		.tls = TLS_REQUIRED,
		.user = (char[]){"alerts"}};

	(void)state;
	assert_refused(&route, "no password");
}

static void test_signal_handlers_are_as_before_afterwards(void **state)
{
	struct route_config route = {.host = (char[]){"127.0.0.1"}, .port = 1, .tls = TLS_OFF};
	struct sigaction pipe_action, alarm_action;

	(void)state;
	assert_string_equal(outcome_name(send_by(&route).outcome), "temporary");
	sigaction(SIGPIPE, NULL, &pipe_action);
	sigaction(SIGALRM, NULL, &alarm_action);
	assert_true(pipe_action.sa_handler == SIG_DFL);
	assert_true(alarm_action.sa_handler == SIG_DFL);
}

static void test_waits_can_be_set_and_set_back(void **state)
{
	static const struct smtp_timeouts short_ones = {.total = 1};

	(void)state;
	smtp_set_timeouts(&short_ones);
	assert_int_equal(smtp_timeouts()->total, 1);
	smtp_set_timeouts(NULL);
	assert_in_range(smtp_timeouts()->total, 60000, 119999);
	assert_in_range(smtp_timeouts()->reply, 60000, smtp_timeouts()->total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_password_without_tls_is_refused),
		cmocka_unit_test(test_token_without_tls_is_refused),
		cmocka_unit_test(test_user_without_password_is_refused),
		cmocka_unit_test(test_signal_handlers_are_as_before_afterwards),
		cmocka_unit_test(test_waits_can_be_set_and_set_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
