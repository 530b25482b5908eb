/* SPDX-License-Identifier: ISC */
#include "tell/attempt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "config/config.h"

enum { NONE = -1 };

/* Replies to MAIL, RCPT and the transfer, without enhanced codes. */
static struct smtp_codes codes_of(int mail, int recipient, int transfer, bool sent)
{
	struct smtp_codes codes = {.sent = sent};

	for (int stage = 0; stage < STAGE_COUNT; stage++)
		codes.replies[stage].subject = NONE;
	codes.replies[STAGE_MAIL].code = mail;
	codes.replies[STAGE_RECIPIENT].code = recipient;
	codes.replies[STAGE_TRANSFER].code = transfer;
	return codes;
}

static void assert_outcome(struct smtp_codes codes, enum outcome outcome, enum smtp_stage stage)
{
	enum smtp_stage decided;

	assert_string_equal(outcome_name(smtp_outcome(&codes, &decided)), outcome_name(outcome));
	assert_int_equal(decided, stage);
}

static void test_all_accepted_is_delivered(void **state)
{
	(void)state;
	assert_outcome(codes_of(250, 250, 250, true), OUTCOME_DELIVERED, STAGE_TRANSFER);
	assert_outcome(codes_of(250, 251, 250, true), OUTCOME_DELIVERED, STAGE_TRANSFER);
}

static void test_good_last_reply_without_all_before_it_is_not_delivered(void **state)
{
	(void)state;
	assert_outcome(codes_of(250, 250, 250, false), OUTCOME_TEMPORARY, STAGE_COUNT);
	assert_outcome(codes_of(250, 0, 250, true), OUTCOME_UNKNOWN, STAGE_COUNT);
	assert_outcome(codes_of(0, 250, 250, true), OUTCOME_UNKNOWN, STAGE_COUNT);
}

static void test_refused_recipient_is_the_receivers_fault(void **state)
{
	(void)state;
	assert_outcome(codes_of(250, 550, 0, false), OUTCOME_RECEIVER, STAGE_RECIPIENT);
	assert_outcome(codes_of(250, 553, 554, true), OUTCOME_RECEIVER, STAGE_RECIPIENT);
	assert_outcome(codes_of(250, 556, 503, false), OUTCOME_RECEIVER, STAGE_RECIPIENT);
}

static void test_temporarily_refused_recipient_stays_temporary_whatever_bdat_says(void **state)
{
	struct smtp_codes codes = codes_of(250, 450, 551, true);

	(void)state;
	codes.chunked = true;
	assert_outcome(codes, OUTCOME_TEMPORARY, STAGE_RECIPIENT);
	assert_outcome(codes_of(250, 421, 0, false), OUTCOME_TEMPORARY, STAGE_RECIPIENT);
}

static void test_enhanced_code_tells_bad_address_from_policy(void **state)
{
	static const struct {
		int code, subject;
		enum outcome outcome;
	} rows[] = {
		{550, 1, OUTCOME_RECEIVER},
		{554, 1, OUTCOME_RECEIVER},
		{552, 2, OUTCOME_RECEIVER},
		{550, 0, OUTCOME_RECEIVER},
		{554, 7, OUTCOME_ROUTE},
		{550, 4, OUTCOME_ROUTE},
		{503, 5, OUTCOME_ROUTE},
		{530, NONE, OUTCOME_ROUTE},
		{521, NONE, OUTCOME_ROUTE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct smtp_codes codes = codes_of(250, rows[i].code, 0, false);

		codes.replies[STAGE_RECIPIENT].subject = rows[i].subject;
		assert_outcome(codes, rows[i].outcome, STAGE_RECIPIENT);
	}
}

static void test_refused_sender_is_the_routes_fault(void **state)
{
	(void)state;
	assert_outcome(codes_of(451, 0, 0, false), OUTCOME_TEMPORARY, STAGE_MAIL);
	assert_outcome(codes_of(552, 0, 0, false), OUTCOME_ROUTE, STAGE_MAIL);
	assert_outcome(codes_of(530, 0, 0, false), OUTCOME_ROUTE, STAGE_MAIL);
}

static void test_refused_message_is_the_routes_fault_unless_the_address_is_meant(void **state)
{
	struct smtp_codes codes = codes_of(250, 250, 550, true);

	(void)state;
	assert_outcome(codes_of(250, 250, 452, true), OUTCOME_TEMPORARY, STAGE_TRANSFER);
	assert_outcome(codes_of(250, 250, 554, true), OUTCOME_ROUTE, STAGE_TRANSFER);
	assert_outcome(codes_of(250, 250, 554, false), OUTCOME_ROUTE, STAGE_TRANSFER);
	codes.replies[STAGE_TRANSFER].subject = 1;
	assert_outcome(codes, OUTCOME_RECEIVER, STAGE_TRANSFER);
}

static void test_551_after_bdat_hides_the_reason_and_is_temporary(void **state)
{
	struct smtp_codes codes = codes_of(250, 250, 551, true);

	(void)state;
	assert_outcome(codes, OUTCOME_ROUTE, STAGE_TRANSFER);
	codes.chunked = true;
	assert_outcome(codes, OUTCOME_TEMPORARY, STAGE_TRANSFER);
}

static void test_no_answer_after_the_whole_message_is_unknown(void **state)
{
	(void)state;
	assert_outcome(codes_of(250, 250, 0, true), OUTCOME_UNKNOWN, STAGE_COUNT);
	assert_outcome(codes_of(250, 250, 354, true), OUTCOME_UNKNOWN, STAGE_COUNT);
	assert_outcome(codes_of(250, 250, 0, false), OUTCOME_TEMPORARY, STAGE_COUNT);
	assert_outcome(codes_of(250, 250, 354, false), OUTCOME_TEMPORARY, STAGE_COUNT);
}

static void test_nothing_said_is_temporary(void **state)
{
	(void)state;
	assert_outcome(codes_of(0, 0, 0, false), OUTCOME_TEMPORARY, STAGE_COUNT);
}

static void test_refused_session_is_temporary_and_refused_password_is_the_route(void **state)
{
	struct smtp_codes codes = codes_of(0, 0, 0, false);

	(void)state;
	codes.replies[STAGE_SESSION].code = 554;
	assert_outcome(codes, OUTCOME_TEMPORARY, STAGE_SESSION);
	codes.replies[STAGE_SESSION].code = 250;
	codes.replies[STAGE_AUTH].code = 535;
	assert_outcome(codes, OUTCOME_ROUTE, STAGE_AUTH);
	codes.replies[STAGE_AUTH].code = 454;
	assert_outcome(codes, OUTCOME_TEMPORARY, STAGE_AUTH);
}

static void test_text_becomes_one_clean_line(void **state)
{
	struct attempt attempt;
	char longer[2 * ATTEMPT_TEXT_MAX];

	(void)state;
	attempt_set(&attempt, OUTCOME_ROUTE, 550, "%s", "550 a\r\nb\tc \033[31m\xff");
	assert_string_equal(attempt.text, "550 a b c \\u{1B}[31m\xEF\xBF\xBD");
	assert_int_equal(attempt.code, 550);
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	attempt_set(&attempt, OUTCOME_ROUTE, 0, "%s", longer);
	assert_int_equal(strlen(attempt.text), ATTEMPT_TEXT_MAX - 1);
}

static void test_text_with_nothing_but_control_characters_fits(void **state)
{
	struct attempt attempt;
	char bells[ATTEMPT_TEXT_MAX];

	(void)state;
	memset(bells, '\a', sizeof bells);
	bells[sizeof bells - 1] = '\0';
	attempt_set(&attempt, OUTCOME_ROUTE, 0, "%s", bells);
	assert_true(strlen(attempt.text) < sizeof attempt.text);
	assert_null(strchr(attempt.text, '\a'));
}

static void test_words_are_concealed_in_any_case_and_everywhere(void **state)
{
	struct attempt attempt;

	(void)state;
	attempt_set(
		&attempt, OUTCOME_RECEIVER, 550, "550 <Ops@Example.com>: no ops@example.com here");
	attempt_conceal(&attempt, "ops@example.com", "[recipient]");
	assert_string_equal(attempt.text, "550 <[recipient]>: no [recipient] here");
	attempt_conceal(&attempt, NULL, "x");
	attempt_conceal(&attempt, "", "x");
	assert_string_equal(attempt.text, "550 <[recipient]>: no [recipient] here");
}

static void test_pieces_of_a_long_secret_are_concealed(void **state)
{
	struct attempt attempt;
	char secret[2 * ATTEMPT_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof secret - 1; i++)
		secret[i] = (char)('a' + i * i % 23);
	secret[sizeof secret - 1] = '\0';
	attempt_set(&attempt, OUTCOME_ROUTE, 535, "535 <%s>", secret);
	attempt_conceal_pieces(&attempt, secret, "[token]");
	assert_string_equal(attempt.text, "535 <[token]");
	attempt_set(&attempt, OUTCOME_ROUTE, 535, "535 <%.16s> no <%.15s>", secret + 500, secret);
	attempt_conceal_pieces(&attempt, secret, "[token]");
	assert_int_equal(strncmp(attempt.text, "535 <[token]> no <abe", 21), 0);
	attempt_set(&attempt, OUTCOME_ROUTE, 535, "535 short secret");
	attempt_conceal_pieces(&attempt, "short", "[token]");
	assert_string_equal(attempt.text, "535 [token] secret");
}

static void test_concealing_cannot_overflow(void **state)
{
	struct attempt attempt;
	char text[ATTEMPT_TEXT_MAX];

	(void)state;
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	attempt_set(&attempt, OUTCOME_ROUTE, 0, "%s", text);
	attempt_conceal(&attempt, "aaa", "[password]");
	assert_true(strlen(attempt.text) < sizeof attempt.text);
	assert_null(strstr(attempt.text, "aaa"));
}

static bool passes(const char *sender, const char *recipient, const char *helo, const char *bytes,
	size_t length, enum outcome *outcome)
{
	struct route_config route = {.helo = (char *)helo};
	struct mail mail = {
		.sender = sender, .recipient = recipient, .bytes = bytes, .length = length};
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED};
	bool passed = mail_check(&route, &mail, &attempt);

	*outcome = attempt.outcome;
	return passed;
}

static void test_only_clean_messages_may_go_out(void **state)
{
	static const struct {
		const char *bytes;
		bool good;
	} rows[] = {
		{"Subject: x\r\n\r\nbody\r\n", true},
		{"Subject: x\r\n\r\n.\r\n..\r\n", true},
		{"Subject: x\n\nbody\n", false},
		{"a\r\n\n.\r\nb\r\n", false},
		{"a\r\n\r.\r\nb\r\n", false},
		{"a\r\nb", false},
		{"a\r\nb\r", false},
		{"caf\xc3\xa9\r\n", false},
		{"", false},
		{"a\n.\nb\r\n", false},
	};
	enum outcome outcome;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(passes("a@example.org", "b@example.org", NULL, rows[i].bytes,
					 strlen(rows[i].bytes), &outcome),
			rows[i].good);
	assert_false(passes("a@example.org", "b@example.org", NULL, "a\0b\r\n", 5, &outcome));
}

static void test_lines_of_998_bytes_may_go_out_and_longer_ones_not(void **state)
{
	char bytes[MAIL_LINE_MAX + 3];
	enum outcome outcome;

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes + MAIL_LINE_MAX, "\r\n", 2);
	assert_true(
		passes("a@example.org", "b@example.org", NULL, bytes, MAIL_LINE_MAX + 2, &outcome));
	bytes[MAIL_LINE_MAX] = 'x';
	memcpy(bytes + MAIL_LINE_MAX + 1, "\r\n", 2);
	assert_false(
		passes("a@example.org", "b@example.org", NULL, bytes, MAIL_LINE_MAX + 3, &outcome));
}

static void test_addresses_and_helo_cannot_carry_commands(void **state)
{
	enum outcome outcome;

	(void)state;
	assert_false(passes("a@example.org", "b@x>\r\nRCPT TO:<c@x", NULL, "a\r\n", 3, &outcome));
	assert_int_equal(outcome, OUTCOME_RECEIVER);
	assert_false(passes("a@x\r\nDATA", "b@example.org", NULL, "a\r\n", 3, &outcome));
	assert_int_equal(outcome, OUTCOME_ROUTE);
	assert_false(passes(
		"a@example.org", "b@example.org", "x\r\nMAIL FROM:<c@x>", "a\r\n", 3, &outcome));
	assert_int_equal(outcome, OUTCOME_ROUTE);
	assert_false(passes("a@example.org", "b@example.org", "", "a\r\n", 3, &outcome));
}

static void test_helo_falls_back_on_the_senders_domain(void **state)
{
	struct route_config route = {0};
	struct mail mail = {.sender = "lampwatch@example.org"};

	(void)state;
	assert_string_equal(route_helo(&route, &mail), "example.org");
	route.helo = (char[]){"watch.example.org"};
	assert_string_equal(route_helo(&route, &mail), "watch.example.org");
}

static void test_each_route_has_the_transport_that_can_do_it(void **state)
{
	static char name[] = "relay.example.net", address[] = "2001:db8::1", token[] = "t";
	const struct {
		struct route_config route;
		mail_transport *send;
	} rows[] = {
		{{.type = ROUTE_SMTP, .host = name}, smtp_send},
		{{.type = ROUTE_SMTP, .host = name, .token = token}, smtp_curl_send},
		{{.type = ROUTE_SMTP, .host = address}, smtp_curl_send},
		{{.type = ROUTE_SMTPS, .host = name}, smtp_curl_send},
		{{.type = ROUTE_SENDMAIL}, sendmail_send},
		{{.type = ROUTE_MX}, mx_send},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_true(route_transport(&rows[i].route) == rows[i].send);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_route_has_the_transport_that_can_do_it),
		cmocka_unit_test(test_all_accepted_is_delivered),
		cmocka_unit_test(test_good_last_reply_without_all_before_it_is_not_delivered),
		cmocka_unit_test(test_refused_recipient_is_the_receivers_fault),
		cmocka_unit_test(
			test_temporarily_refused_recipient_stays_temporary_whatever_bdat_says),
		cmocka_unit_test(test_enhanced_code_tells_bad_address_from_policy),
		cmocka_unit_test(test_refused_sender_is_the_routes_fault),
		cmocka_unit_test(
			test_refused_message_is_the_routes_fault_unless_the_address_is_meant),
		cmocka_unit_test(test_551_after_bdat_hides_the_reason_and_is_temporary),
		cmocka_unit_test(test_no_answer_after_the_whole_message_is_unknown),
		cmocka_unit_test(test_nothing_said_is_temporary),
		cmocka_unit_test(
			test_refused_session_is_temporary_and_refused_password_is_the_route),
		cmocka_unit_test(test_text_becomes_one_clean_line),
		cmocka_unit_test(test_text_with_nothing_but_control_characters_fits),
		cmocka_unit_test(test_words_are_concealed_in_any_case_and_everywhere),
		cmocka_unit_test(test_pieces_of_a_long_secret_are_concealed),
		cmocka_unit_test(test_concealing_cannot_overflow),
		cmocka_unit_test(test_only_clean_messages_may_go_out),
		cmocka_unit_test(test_lines_of_998_bytes_may_go_out_and_longer_ones_not),
		cmocka_unit_test(test_addresses_and_helo_cannot_carry_commands),
		cmocka_unit_test(test_helo_falls_back_on_the_senders_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
