/* SPDX-License-Identifier: ISC
 *
 * Webhooks, posted to the tests' own server, which keeps them. The signature's
 * known answer is the example of the Standard Webhooks specification.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "net/http.h"
#include "servers/server.h"
#include "tell/attempt.h"

static struct server server;
static unsigned posts;

/* With the program's own templates: tests run in the source folder. */
static struct attempt send_message(const struct webhook_config *webhook, const char *id,
	int64_t now, const char *body, size_t posted)
{
	struct webhook_message message = {.templates = "templates",
		.id = id,
		.now = now,
		.body = body,
		.length = strlen(body),
		.posted = posted,
		.user_agent = "lampwatch/test"};
	struct attempt attempt = {0};

	webhook_send(webhook, &message, &attempt);
	return attempt;
}

static struct attempt send_as(const char *template, const char *rest, char *secret, const char *id,
	int64_t now, const char *body)
{
	struct webhook_config webhook = {.name = (char *)"chat",
		.url = server_url(&server, rest),
		.template = (char *)template,
		.secrets = {&secret, secret != NULL}};
	struct attempt attempt = send_message(&webhook, id, now, body, 0);

	free(webhook.url);
	posts++;
	return attempt;
}

static struct attempt send_to(
	const char *rest, char *secret, const char *id, int64_t now, const char *body)
{
	return send_as("generic", rest, secret, id, now, body);
}

static struct attempt send_plainly(const char *rest)
{
	return send_to(rest, NULL, "id-1", 1390591200, "{}");
}

static char *last_post(void)
{
	return server_post(&server, posts);
}

static void test_a_signed_webhook_carries_the_signature_of_the_specification(void **state)
{
	char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", *post;
	struct attempt attempt = send_to("/hook", secret, "msg_p5jXN8AQM9LWM0D4loKWxJek",
		1614265330, "{\"test\": 2432232314}");

	(void)state;
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	assert_int_equal(attempt.code, 200);
	post = last_post();
	assert_true(text_starts(post, "POST /hook HTTP/1.1\r\n"));
	assert_non_null(strstr(post, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(post, "\r\nUser-Agent: lampwatch/test\r\n"));
	assert_non_null(strstr(post, "\r\nwebhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek\r\n"));
	assert_non_null(strstr(post, "\r\nwebhook-timestamp: 1614265330\r\n"));
	assert_non_null(strstr(post,
		"\r\nwebhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=\r\n"));
	assert_true(text_ends(post, "\r\n\r\n{\"test\": 2432232314}"));
	assert_null(strstr(post, "MfKQ"));
	free(post);
}

static void test_a_secret_of_another_form_is_taken_as_its_bytes(void **state)
{
	char secret[] = "plain secret", *post;

	(void)state;
	send_to("/hook", secret, "msg_1", 1390591200, "{}");
	post = last_post();
	assert_non_null(strstr(post,
		"\r\nwebhook-signature: v1,5eLI9efyD9N1JXOHvm6g5I4vvut8ntALvpDNfgaXkLc=\r\n"));
	free(post);
}

static void test_without_a_secret_id_and_time_go_out_unsigned(void **state)
{
	char *post;

	(void)state;
	send_plainly("/hook");
	post = last_post();
	assert_non_null(strstr(post, "\r\nwebhook-id: id-1\r\n"));
	assert_non_null(strstr(post, "\r\nwebhook-timestamp: 1390591200\r\n"));
	assert_null(strstr(post, "webhook-signature"));
	free(post);
}

static void test_a_secret_that_is_not_base64_sends_nothing(void **state)
{
	char secret[] = "whsec_***";
	size_t before = server_count(&server, "POST");
	struct attempt attempt = send_to("/hook", secret, "id", 1, "{}");

	(void)state;
	posts--;
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	assert_null(strstr(attempt.text, "***"));
	assert_int_equal(server_count(&server, "POST"), before);
}

static void test_each_status_has_its_outcome(void **state)
{
	static const struct {
		int status;
		enum outcome outcome;
	} cases[] = {
		{200, OUTCOME_DELIVERED},
		{202, OUTCOME_DELIVERED},
		{204, OUTCOME_DELIVERED},
		{301, OUTCOME_TEMPORARY},
		{302, OUTCOME_TEMPORARY},
		{307, OUTCOME_TEMPORARY},
		{400, OUTCOME_ROUTE},
		{401, OUTCOME_ROUTE},
		{403, OUTCOME_ROUTE},
		{404, OUTCOME_ROUTE},
		{408, OUTCOME_TEMPORARY},
		{410, OUTCOME_RECEIVER},
		{413, OUTCOME_ROUTE},
		{425, OUTCOME_TEMPORARY},
		{429, OUTCOME_TEMPORARY},
		{500, OUTCOME_TEMPORARY},
		{503, OUTCOME_TEMPORARY},
		{599, OUTCOME_TEMPORARY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *rest =
			memory_format("/hook?fault=status=%d;redirect=/elsewhere", cases[i].status);
		struct attempt attempt = send_plainly(rest);

		if (attempt.outcome != cases[i].outcome)
			fail_msg("%d: %s", cases[i].status, outcome_name(attempt.outcome));
		assert_int_equal(attempt.code, cases[i].status);
		free(rest);
	}
	assert_int_equal(server_count(&server, "GET"), 0);
	assert_int_equal(server_count(&server, "POST\t/elsewhere"), 0);
}

static void test_retry_after_is_reported_where_a_repeat_makes_sense(void **state)
{
	(void)state;
	assert_int_equal(send_plainly("/hook?fault=status=429;retry-after=90").retry_after, 90);
	assert_int_equal(send_plainly("/hook?fault=status=503;retry-after=91").retry_after, 91);
	assert_int_equal(send_plainly("/hook?fault=status=410;retry-after=92").retry_after, 0);
}

static void test_a_refusal_with_status_200_is_none_the_less_a_refusal(void **state)
{
	struct attempt attempt;

	(void)state;
	server_put(&server, "hook.fault", "body={\"ok\": false, \"error\": \"invalid_auth\"}");
	attempt = send_as("slack", "/hook", NULL, "id", 1, "{}");
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	assert_non_null(strstr(attempt.text, "but refused: invalid_auth"));
	server_put(&server, "hook.fault", "body={\"ok\": true}");
	assert_int_equal(send_as("slack", "/hook", NULL, "id", 1, "{}").outcome, OUTCOME_DELIVERED);
	server_put(&server, "hook.fault", "body=ok");
	assert_int_equal(send_as("slack", "/hook", NULL, "id", 1, "{}").outcome, OUTCOME_DELIVERED);
	server_put(&server, "hook.fault", "body=<html>Log in to this network</html>");
	attempt = send_as("slack", "/hook", NULL, "id", 1, "{}");
	assert_int_equal(attempt.outcome, OUTCOME_TEMPORARY);
	assert_non_null(strstr(attempt.text, "is there a portal in between?"));
	server_put(&server, "hook.fault", "");
}

/* A service with one request for each event, and what is needed of it here. */
static struct webhook_config pager(void)
{
	static struct parameter key = {
		(char *)"routing_key", (char *)"R0UTINGKEY", (char *)"key", 0};

	return (struct webhook_config){.name = (char *)"pager",
		.url = server_url(&server, ""),
		.template = (char *)"pagerduty",
		.with = &key,
		.with_count = 1};
}

static void test_a_series_goes_on_where_it_was_stopped(void **state)
{
	struct webhook_config webhook = pager();
	const char *body = "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n";
	struct attempt attempt;
	char *post;

	(void)state;
	server_put(&server, "v2/enqueue.fault", "status=429;retry-after=90;body=slower");
	attempt = send_message(&webhook, "id", 1, body, 1);
	assert_int_equal(attempt.outcome, OUTCOME_TEMPORARY);
	assert_int_equal(attempt.retry_after, 90);
	assert_int_equal(attempt.posted, 1);
	posts++;
	post = last_post();
	assert_non_null(strstr(post, "\r\nwebhook-id: id.2\r\n"));
	assert_non_null(strstr(post, "{\"n\":2,\"routing_key\":\"R0UTINGKEY\"}"));
	free(post);
	server_put(&server, "v2/enqueue.fault", "status=202;body={\"status\": \"success\"}");
	attempt = send_message(&webhook, "id", 1, body, attempt.posted);
	posts += 2;
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	assert_int_equal(attempt.posted, 3);
	attempt = send_message(&webhook, "id", 1, body, 3);
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	post = last_post();
	assert_non_null(strstr(post, "\r\nwebhook-id: id.3\r\n"));
	free(post);
	free(webhook.url);
}

static void test_what_the_template_has_no_words_for_is_posted_nowhere(void **state)
{
	size_t before = server_count(&server, "POST");
	struct webhook_config webhook = pager();

	(void)state;
	assert_int_equal(send_message(&webhook, "id", 1, " \n", 0).outcome, OUTCOME_DELIVERED);
	assert_int_equal(server_count(&server, "POST"), before);
	free(webhook.url);
}

static void test_two_secrets_make_two_signatures(void **state)
{
	char *secrets[] = {
		(char *)"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", (char *)"plain secret"};
	struct webhook_config webhook = {.name = (char *)"chat",
		.url = server_url(&server, "/hook"),
		.template = (char *)"generic",
		.secrets = {secrets, 2}};
	char *post;

	(void)state;
	send_message(
		&webhook, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}", 0);
	posts++;
	post = last_post();
	assert_non_null(strstr(post, "\r\nwebhook-signature: "
				     "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,"));
	free(post);
	free(webhook.url);
}

static void test_no_answer_to_what_was_sent_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(send_plainly("/hook?fault=close").outcome, OUTCOME_UNKNOWN);
	assert_int_equal(server_count(&server, "POST\t/hook?fault=close"), 1);
	assert_int_equal(send_plainly("/hook?fault=endless-headers").outcome, OUTCOME_UNKNOWN);
}

static void test_no_connection_is_temporary(void **state)
{
	int port = server_free_port();
	struct webhook_config webhook = {.template = (char *)"generic",
		.url = memory_format("http://127.0.0.1:%d/services/T0SECRET", port)};
	char *expected =
		memory_format("http://127.0.0.1:%d: no connection: Connection refused", port);
	struct attempt attempt;

	(void)state;
	attempt = send_message(&webhook, "id", 1, "{}", 0);
	assert_int_equal(attempt.outcome, OUTCOME_TEMPORARY);
	assert_string_equal(attempt.text, expected);
	free(webhook.url);
	free(expected);
}

static void test_an_impossible_url_is_for_a_person_to_mend(void **state)
{
	struct webhook_config webhook = {
		.template = (char *)"generic", .url = (char *)"gopher://secret.example/T0SECRET"};
	struct attempt attempt;

	(void)state;
	attempt = send_message(&webhook, "id", 1, "{}", 0);
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	assert_null(strstr(attempt.text, "SECRET"));
	assert_null(strstr(attempt.text, "secret.example"));
}

static void test_texts_hold_no_part_of_the_url_but_its_origin(void **state)
{
	struct attempt attempt;
	char *expected;

	(void)state;
	server_put(&server, "services/T0SECRET.fault",
		"status=404;body=no such thing: /services/T0SECRET?key=hunter2");
	attempt = send_plainly("/services/T0SECRET?key=hunter2");
	expected =
		memory_format("http://127.0.0.1:%d: HTTP 404, not found: is the URL still valid?: "
			      "no such thing: /…/…?…=…",
			server.port);
	assert_string_equal(attempt.text, expected);
	free(expected);
}

static void test_a_receivers_words_cannot_deceive_a_terminal(void **state)
{
	struct attempt attempt;

	(void)state;
	server_put(&server, "hook.fault", "status=500;body=\033[2Jcleared\rback");
	attempt = send_plainly("/hook");
	assert_null(strpbrk(attempt.text, "\033\r\n"));
	assert_non_null(strstr(attempt.text, "cleared"));
	server_put(&server, "hook.fault", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signed_webhook_carries_the_signature_of_the_specification),
		cmocka_unit_test(test_a_secret_of_another_form_is_taken_as_its_bytes),
		cmocka_unit_test(test_without_a_secret_id_and_time_go_out_unsigned),
		cmocka_unit_test(test_a_secret_that_is_not_base64_sends_nothing),
		cmocka_unit_test(test_each_status_has_its_outcome),
		cmocka_unit_test(test_retry_after_is_reported_where_a_repeat_makes_sense),
		cmocka_unit_test(test_a_refusal_with_status_200_is_none_the_less_a_refusal),
		cmocka_unit_test(test_a_series_goes_on_where_it_was_stopped),
		cmocka_unit_test(test_what_the_template_has_no_words_for_is_posted_nowhere),
		cmocka_unit_test(test_two_secrets_make_two_signatures),
		cmocka_unit_test(test_no_answer_to_what_was_sent_is_unknown),
		cmocka_unit_test(test_no_connection_is_temporary),
		cmocka_unit_test(test_an_impossible_url_is_for_a_person_to_mend),
		cmocka_unit_test(test_texts_hold_no_part_of_the_url_but_its_origin),
		cmocka_unit_test(test_a_receivers_words_cannot_deceive_a_terminal),
	};
	int failed;

	http_start();
	server_start(&server, false);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	server_stop(&server);
	return failed;
}
