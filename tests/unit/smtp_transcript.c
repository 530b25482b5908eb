/* SPDX-License-Identifier: ISC */
#include "tell/smtp_transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

static void wrote(struct smtp_transcript *transcript, const char *text)
{
	smtp_transcript_wrote(transcript, text, strlen(text));
}

static bool heard(struct smtp_transcript *transcript, const char *text)
{
	return smtp_transcript_read(transcript, text, strlen(text));
}

static void test_replies_belong_to_the_commands_before_them(void **state)
{
	struct smtp_transcript transcript;
	struct smtp_codes codes = {0};

	(void)state;
	smtp_transcript_begin(&transcript);
	assert_true(heard(&transcript, "220 mx ready\r\n"));
	wrote(&transcript, "EHLO example.org\r\n");
	assert_true(heard(&transcript, "250-mx\r\n250 PIPELINING\r\n"));
	wrote(&transcript, "MAIL FROM:<a@example.org>\r\n");
	assert_true(heard(&transcript, "250 2.1.0 ok\r\n"));
	wrote(&transcript, "RCPT TO:<b@example.org>\r\nDATA\r\n");
	assert_int_equal(smtp_transcript_phase(&transcript), PHASE_RECIPIENT);
	assert_true(heard(&transcript, "550-5.1.1 no\r\n550 5.1.1 such user\r\n503 5.5.1 no "));
	assert_true(heard(&transcript, "recipients\r\n"));
	smtp_transcript_codes(&transcript, &codes);
	assert_int_equal(codes.replies[STAGE_MAIL].code, 250);
	assert_int_equal(codes.replies[STAGE_RECIPIENT].code, 550);
	assert_int_equal(codes.replies[STAGE_RECIPIENT].subject, 1);
	assert_int_equal(codes.replies[STAGE_TRANSFER].code, 503);
	assert_string_equal(smtp_transcript_reply(&transcript, STAGE_RECIPIENT)->text,
		"550-5.1.1 no 5.1.1 such user");
	assert_int_equal(smtp_transcript_phase(&transcript), PHASE_DATA);
}

static void test_354_is_not_the_last_word(void **state)
{
	struct smtp_transcript transcript;
	struct smtp_codes codes = {0};

	(void)state;
	smtp_transcript_begin(&transcript);
	heard(&transcript, "220 mx\r\n");
	wrote(&transcript, "DATA\r\n");
	heard(&transcript, "354 go\r\n");
	assert_int_equal(smtp_transcript_phase(&transcript), PHASE_CONTENT);
	smtp_transcript_codes(&transcript, &codes);
	assert_int_equal(codes.replies[STAGE_TRANSFER].code, 0);
	heard(&transcript, "250 2.0.0 queued\r\n");
	smtp_transcript_codes(&transcript, &codes);
	assert_int_equal(codes.replies[STAGE_TRANSFER].code, 250);
}

static void test_reply_without_its_last_line_does_not_count(void **state)
{
	struct smtp_transcript transcript;

	(void)state;
	smtp_transcript_begin(&transcript);
	heard(&transcript, "220 mx\r\n");
	wrote(&transcript, "MAIL FROM:<>\r\n");
	heard(&transcript, "250-ok\r\n250 o");
	assert_int_equal(smtp_transcript_reply(&transcript, STAGE_MAIL)->code, 0);
}

static void test_bytes_behind_the_reply_to_starttls_are_noticed(void **state)
{
	struct smtp_transcript transcript;

	(void)state;
	smtp_transcript_begin(&transcript);
	heard(&transcript, "220 mx\r\n");
	wrote(&transcript, "STARTTLS\r\n");
	heard(&transcript, "220 go\r\n");
	assert_false(transcript.surplus);
	wrote(&transcript, "STARTTLS\r\n");
	heard(&transcript, "220 go\r\n250-mx\r\n");
	assert_true(transcript.surplus);
}

static void test_too_long_a_line_is_a_fault(void **state)
{
	struct smtp_transcript transcript;
	char line[REPLY_LINE_MAX + 1];

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "220 ", 4);
	smtp_transcript_begin(&transcript);
	assert_true(smtp_transcript_read(&transcript, line, REPLY_LINE_MAX - 1));
	smtp_transcript_begin(&transcript);
	assert_false(smtp_transcript_read(&transcript, line, REPLY_LINE_MAX + 1));
	assert_non_null(transcript.fault);
}

static void test_endless_replies_are_a_fault(void **state)
{
	struct smtp_transcript transcript;
	int lines = 0;

	(void)state;
	smtp_transcript_begin(&transcript);
	while (lines < DIALOGUE_BYTES_MAX && heard(&transcript, "220-more\r\n"))
		lines++;
	assert_non_null(transcript.fault);
	assert_in_range(lines, DIALOGUE_BYTES_MAX / 20, DIALOGUE_BYTES_MAX / 10);
	assert_true(strlen(transcript.replies[PHASE_GREETING].text) < REPLY_TEXT_MAX);
}

static void test_garbage_is_no_reply(void **state)
{
	struct smtp_transcript transcript;

	(void)state;
	smtp_transcript_begin(&transcript);
	assert_true(smtp_transcript_read(&transcript, "\0\1\2\n2\n25\nabc\n", 13));
	assert_int_equal(transcript.replies[PHASE_GREETING].code, 0);
	assert_int_equal(smtp_transcript_phase(&transcript), PHASE_GREETING);
}

static void test_what_auth_sends_is_no_command_and_is_concealed(void **state)
{
	struct smtp_transcript transcript;
	struct route_config route = {
		.user = (char[]){"alerts"}, .password = (char[]){"open sesame"}};
	struct mail mail = {.sender = "a@example.org", .recipient = "b@example.org"};
	struct attempt attempt;

	(void)state;
	smtp_transcript_begin(&transcript);
	heard(&transcript, "220 mx\r\n");
	wrote(&transcript, "AUTH LOGIN\r\n");
	heard(&transcript, "334 VXNlcm5hbWU6\r\n");
	wrote(&transcript, "YWxlcnRz\r\n");
	heard(&transcript, "334 UGFzc3dvcmQ6\r\n");
	wrote(&transcript, "DATA \r\n");
	heard(&transcript, "535 5.7.8 no\r\n");
	assert_int_equal(smtp_transcript_reply(&transcript, STAGE_AUTH)->code, 535);
	assert_int_equal(smtp_transcript_phase(&transcript), PHASE_AUTH);
	wrote(&transcript, "AUTH PLAIN AGFsZXJ0cwBvcGVuIHNlc2FtZQ==\r\n");
	attempt_set(&attempt, OUTCOME_ROUTE, 500,
		"500 AUTH PLAIN AGFsZXJ0cwBvcGVuIHNlc2FtZQ==? ALERTS, open sesame, "
		"<b@example.org>");
	smtp_transcript_conceal(&transcript, &route, &mail, &attempt);
	assert_string_equal(
		attempt.text, "500 AUTH PLAIN [secret]? [user], [password], <[recipient]>");
	smtp_transcript_forget(&transcript);
	assert_string_equal(transcript.secret, "");
}

static void test_the_next_mail_of_a_session_begins_without_replies_and_with_a_session(void **state)
{
	struct smtp_transcript transcript;

	(void)state;
	smtp_transcript_begin(&transcript);
	heard(&transcript, "220 mx\r\n");
	wrote(&transcript, "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n");
	heard(&transcript, "250 2.1.0 a\r\n550 5.1.1 b\r\n");
	smtp_transcript_next(&transcript);
	assert_int_equal(smtp_transcript_reply(&transcript, STAGE_MAIL)->code, 0);
	assert_int_equal(smtp_transcript_reply(&transcript, STAGE_RECIPIENT)->code, 0);
	assert_int_equal(smtp_transcript_reply(&transcript, STAGE_SESSION)->code, 220);
	wrote(&transcript, "MAIL FROM:<a@example.org>\r\n");
	heard(&transcript, "421 4.3.2 enough\r\n");
	assert_int_equal(smtp_transcript_reply(&transcript, STAGE_MAIL)->code, 421);
}

static void test_more_commands_than_can_be_pending_are_a_fault(void **state)
{
	struct smtp_transcript transcript;

	(void)state;
	smtp_transcript_begin(&transcript);
	for (int i = 1; i < DIALOGUE_PENDING_MAX; i++)
		wrote(&transcript, "RCPT TO:<b@example.org>\r\n");
	assert_null(transcript.fault);
	wrote(&transcript, "RCPT TO:<b@example.org>\r\n");
	assert_non_null(transcript.fault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies_belong_to_the_commands_before_them),
		cmocka_unit_test(test_354_is_not_the_last_word),
		cmocka_unit_test(test_reply_without_its_last_line_does_not_count),
		cmocka_unit_test(test_bytes_behind_the_reply_to_starttls_are_noticed),
		cmocka_unit_test(test_too_long_a_line_is_a_fault),
		cmocka_unit_test(test_endless_replies_are_a_fault),
		cmocka_unit_test(test_garbage_is_no_reply),
		cmocka_unit_test(test_what_auth_sends_is_no_command_and_is_concealed),
		cmocka_unit_test(
			test_the_next_mail_of_a_session_begins_without_replies_and_with_a_session),
		cmocka_unit_test(test_more_commands_than_can_be_pending_are_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
