/* SPDX-License-Identifier: ISC */
#include "tell/incoming_mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/readers.h"

/* The words of the command, with blanks between them. Owned by the caller. */
static void add_words(struct buffer *out, const struct text_list *words)
{
	for (size_t i = 0; i < words->count; i++)
		buffer_format(out, "%s%s", i > 0 ? " " : "", words->list[i]);
}

/* The words of the subject, and of the first line. */
static void assert_words(const char *text, const char *subject, const char *line)
{
	struct incoming_mail incoming;
	struct buffer of_subject = {0}, of_line = {0};

	incoming_mail_parse(text, strlen(text), &incoming);
	add_words(&of_subject, &incoming.words);
	add_words(&of_line, &incoming.line);
	assert_string_equal(buffer_string(&of_subject), subject);
	assert_string_equal(buffer_string(&of_line), line);
	buffer_release(&of_subject);
	buffer_release(&of_line);
	incoming_mail_release(&incoming);
}

static void test_what_a_reader_answers_is_what_it_has_read(void **state)
{
	static const char *const mails[] = {"",
		"Return-Path: <a@example.org>\nFrom: B <b@example.org>\nTo: c@example.org\n"
		"Delivered-To: c@example.org\nMessage-ID: <1@example.org>\n"
		"Subject: Re: Subscribe \"Google\"\n\nunsubscribe all of it\n",
		"Return-Path: <>\nContent-Type: multipart/report; boundary=x\n\n--x\n\nnot there\n"
		"--x\n\nStatus: 5.1.1\n",
		"Auto-Submitted: auto-replied\nSubject: \001\377\n\n\200\n"};
	struct fork_server server;
	struct readers *readers = readers_new(&server, 1);

	(void)state;
	fork_server_start(&server);
	for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++) {
		struct incoming_mail here, there;

		incoming_mail_parse(mails[i], strlen(mails[i]), &here);
		assert_true(incoming_mail_read(readers, mails[i], strlen(mails[i]), &there, NULL));
		assert_string_equal(here.from, there.from);
		assert_string_equal(here.sender, there.sender);
		assert_string_equal(here.recipient, there.recipient);
		assert_string_equal(here.message_id, there.message_id);
		assert_string_equal(here.status, there.status);
		assert_int_equal(here.has_sender, there.has_sender);
		assert_int_equal(here.in_parts, there.in_parts);
		assert_int_equal(here.automatic, there.automatic);
		assert_int_equal(here.words.count, there.words.count);
		assert_int_equal(here.line.count, there.line.count);
		for (size_t j = 0; j < here.words.count; j++)
			assert_string_equal(here.words.list[j], there.words.list[j]);
		for (size_t j = 0; j < here.line.count; j++)
			assert_string_equal(here.line.list[j], there.line.list[j]);
		incoming_mail_release(&here);
		incoming_mail_release(&there);
	}
	readers_free(readers);
	fork_server_stop(&server);
}

static void test_the_command_stands_in_the_subject_or_in_the_first_line(void **state)
{
	(void)state;
	assert_words("Subject: Subscribe GOOGLE\r\n\r\nother\r\n", "subscribe google", "other");
	assert_words("Subject: subscribe\r\n google\r\n\r\n", "subscribe google", "");
	assert_words("Subject: Re: help\n\n", "help", "");
	assert_words("Subject:\n\n\n  status   google \nmore\n", "", "status google");
	assert_words("Subject: Hello!\n\n\"Subscribe\" one.\n", "hello", "subscribe one");
	assert_words("From: a@example.com\n\n> quoted\nhelp\n", "", "help");
	assert_words("Content-Type: multipart/alternative; boundary=x\n\n"
		     "This is a multi-part message in MIME format.\n\n--x\n"
		     "Content-Type: text/plain\n\nunsubscribe\n--x--\n",
		"", "unsubscribe");
	assert_words("", "", "");
	assert_words("Subject: \n\n", "", "");
}

static void test_the_envelope_and_the_writer_are_found(void **state)
{
	static const char text[] = "From sender@example.com Fri Jan 24 19:20:00 2014\n"
				   "Return-Path: <sender@example.com>\n"
				   "X-Original-To: lampwatch+u-abc@example.org\n"
				   "Delivered-To: other@example.org\n"
				   "From: \"Somebody, Some <x>\"\n <writer@example.com>\n"
				   "Message-ID: <1@example.com>\n\n";
	struct incoming_mail incoming;

	(void)state;
	incoming_mail_parse(text, sizeof text - 1, &incoming);
	assert_string_equal(incoming.sender, "sender@example.com");
	assert_string_equal(incoming.recipient, "lampwatch+u-abc@example.org");
	assert_string_equal(incoming.from, "writer@example.com");
	assert_string_equal(incoming.message_id, "<1@example.com>");
	assert_false(incoming.automatic);
	incoming_mail_release(&incoming);
}

static void test_an_address_that_could_inject_is_none(void **state)
{
	static const char *const froms[] = {"From: <a@example.com> <b c@example.com>\n\n",
		"From: nobody\n\n", "From: <\"a b\"@example.com>\n\n", "From: <>\n\n",
		"From: a@example.com, b@example.com\n\n", "From: <a@b@c>\n\n"};

	(void)state;
	for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
		struct incoming_mail incoming;

		incoming_mail_parse(froms[i], strlen(froms[i]), &incoming);
		assert_string_equal(incoming.from, "");
		incoming_mail_release(&incoming);
	}
}

static void test_what_no_person_wrote_is_known(void **state)
{
	static const struct {
		const char *header;
		bool automatic;
	} rows[] = {
		{"Auto-Submitted: auto-replied", true},
		{"Auto-Submitted: auto-generated; x=y", true},
		{"Auto-Submitted: no", false},
		{"Precedence: bulk", true},
		{"Precedence: first-class", false},
		{"precedence: LIST", true},
		{"List-Id: <a.example.com>", true},
		{"Return-Path: <>", true},
		{"X-Auto-Response-Suppress: All", true},
		{"Subject: Auto-Submitted: auto-replied", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct incoming_mail incoming;

		incoming_mail_parse(rows[i].header, strlen(rows[i].header), &incoming);
		if (incoming.automatic != rows[i].automatic)
			fail_msg("%s", rows[i].header);
		incoming_mail_release(&incoming);
	}
}

static void test_the_status_of_a_report_is_found(void **state)
{
	static const char text[] = "Return-Path: <>\nSubject: Undelivered Mail\n"
				   "Content-Type: multipart/report; boundary=x\n\n--x\n\n"
				   "Sorry.\n\n--x\nContent-Type: message/delivery-status\n\n"
				   "Reporting-MTA: dns; mx.example.com\n\n"
				   "Final-Recipient: rfc822; ops@example.com\n"
				   "Action: failed\nStatus: 5.1.1 (no such user)\n\n--x--\n";
	struct incoming_mail incoming;

	(void)state;
	incoming_mail_parse(text, sizeof text - 1, &incoming);
	assert_string_equal(incoming.status, "5.1.1");
	assert_true(incoming.automatic);
	incoming_mail_release(&incoming);
	incoming_mail_parse("\nStatus: 2.0.0\nStatus: 4.2.2\n", 29, &incoming);
	assert_string_equal(incoming.status, "4.2.2");
	incoming_mail_release(&incoming);
	incoming_mail_parse("\nStatus: fine\nStatus:\n", 22, &incoming);
	assert_string_equal(incoming.status, "");
	incoming_mail_release(&incoming);
}

static void test_a_letter_of_many_words_and_lines_is_cut(void **state)
{
	struct buffer text = {0};
	struct incoming_mail incoming;

	(void)state;
	buffer_text(&text, "Subject: help");
	for (int i = 0; i < 1000; i++)
		buffer_text(&text, " x");
	buffer_text(&text, "\n\n");
	for (int i = 0; i < 200000; i++)
		buffer_text(&text, "\n");
	buffer_text(&text, "Status: 5.1.1\n");
	incoming_mail_parse(text.data, text.length, &incoming);
	assert_int_equal(incoming.words.count, INCOMING_WORDS_MAX);
	assert_string_equal(incoming.status, "");
	incoming_mail_release(&incoming);
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_reader_answers_is_what_it_has_read),
		cmocka_unit_test(test_the_command_stands_in_the_subject_or_in_the_first_line),
		cmocka_unit_test(test_the_envelope_and_the_writer_are_found),
		cmocka_unit_test(test_an_address_that_could_inject_is_none),
		cmocka_unit_test(test_what_no_person_wrote_is_known),
		cmocka_unit_test(test_the_status_of_a_report_is_found),
		cmocka_unit_test(test_a_letter_of_many_words_and_lines_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
