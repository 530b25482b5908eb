/* SPDX-License-Identifier: ISC */
#include "tell/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/readers.h"

/* What mail software relies on: CRLF only, 7-bit, no control character, short lines. */
static void assert_clean(const char *bytes, size_t maximum)
{
	size_t column = 0;

	for (; *bytes != '\0'; bytes++) {
		if (bytes[0] == '\r' && bytes[1] == '\n') {
			column = 0;
			bytes++;
			continue;
		}
		assert_true((bytes[0] >= ' ' && bytes[0] <= '~') || bytes[0] == '\t');
		assert_in_range(++column, 1, maximum);
	}
	assert_int_equal(column, 0);
}

/* The field's value after unfolding, its encoded words decoded. */
static char *field_value(const char *field)
{
	struct buffer value = {0};
	const char *at = strchr(field, ':') + 1;

	while (*at != '\0') {
		size_t length = strcspn(at += strspn(at, " \r\n"), " \r\n");
		char *word = memory_bytes(at, length);

		if (strncmp(word, "=?UTF-8?B?", 10) == 0) {
			assert_in_range(length, 1, 75);
			word[length - 2] = '\0';
			assert_true(digest_base64_decode(word + 10, &value));
		} else if (length > 0) {
			buffer_format(&value, "%s%s", value.length > 0 ? " " : "", word);
		}
		free(word);
		at += length;
	}
	return buffer_take(&value);
}

static char *text_field(const char *text)
{
	struct buffer out = {0};
	struct error error = {0};

	assert_true(mime_text_field(&out, "Subject", text, &error));
	assert_clean(buffer_string(&out), MIME_LINE_MAX);
	return buffer_take(&out);
}

static void assert_text_round_trip(const char *text)
{
	char *field = text_field(text), *value = field_value(field);

	assert_string_equal(value, text);
	free(value);
	free(field);
}

static void test_short_ascii_text_stands_as_it_is(void **state)
{
	char *field = text_field("RED: Gmail: major outage");

	(void)state;
	assert_string_equal(field, "Subject: RED: Gmail: major outage\r\n");
	free(field);
}

static void test_long_ascii_text_is_folded_at_blanks(void **state)
{
	const char *text =
		"one two three four five six seven eight nine ten eleven twelve thirteen "
		"fourteen fifteen sixteen seventeen eighteen nineteen twenty";
	char *field = text_field(text);

	(void)state;
	assert_non_null(strstr(field, "\r\n "));
	assert_null(strstr(field, "=?"));
	assert_text_round_trip(text);
	free(field);
}

static void test_other_characters_become_encoded_words_of_whole_characters(void **state)
{
	struct buffer text = {0};

	(void)state;
	assert_text_round_trip("Störung bei Gmail");
	for (int i = 0; i < 100; i++)
		buffer_text(&text, i % 2 ? "é" : "\xf0\x9f\x94\xb4");
	assert_text_round_trip(buffer_string(&text));
	buffer_release(&text);
}

/* Each encoded word on its own must be valid UTF-8 (RFC 2047 section 5). */
static void test_no_character_is_cut_between_encoded_words(void **state)
{
	char *field = text_field(
		"x\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4"
		"\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4"
		"\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4\xf0\x9f\x94\xb4");
	char *word = field;
	int words = 0;

	(void)state;
	while ((word = strstr(word, "=?UTF-8?B?")) != NULL) {
		struct buffer bytes = {0};
		char *text = memory_bytes(word + 10, strcspn(word + 10, "?"));

		assert_true(digest_base64_decode(text, &bytes));
		for (size_t i = words == 0 ? 1 : 0; i < bytes.length; i += 4)
			assert_int_equal((unsigned char)bytes.data[i], 0xf0);
		buffer_release(&bytes);
		free(text);
		word += 10;
		words++;
	}
	assert_in_range(words, 2, 3);
	free(field);
}

static void test_text_that_looks_encoded_is_encoded_itself(void **state)
{
	char *field = text_field("=?utf-8?B?R21haWw=?= is down");

	(void)state;
	assert_null(strstr(field, "R21haWw"));
	assert_text_round_trip("=?utf-8?B?R21haWw=?= is down");
	free(field);
}

static void test_blanks_at_the_ends_and_in_a_row_survive(void **state)
{
	(void)state;
	assert_text_round_trip(" led by a blank");
	assert_text_round_trip("ended by a blank ");
	assert_text_round_trip("two  in the middle");
}

static void test_word_too_long_to_fold_is_encoded(void **state)
{
	char word[301];

	(void)state;
	memset(word, 'w', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	assert_text_round_trip(word);
}

static void test_control_character_in_a_header_is_refused(void **state)
{
	static const char *const texts[] = {
		"a\r\nBcc: x@example.org", "a\nb", "a\rb", "a\x1b[31m", "a\x7f"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer out = {0};
		struct error error = {0};

		assert_false(mime_text_field(&out, "Subject", texts[i], &error));
		assert_int_equal(error.remedy, REMEDY_LOCAL);
		assert_false(mime_field(&out, "To", texts[i], &error));
		assert_int_equal(out.length, 0);
	}
}

static void test_header_text_that_is_not_utf8_or_endless_is_refused(void **state)
{
	struct buffer out = {0}, text = {0};
	struct error error = {0};

	(void)state;
	assert_false(mime_text_field(&out, "Subject", "caf\xe9", &error));
	for (int i = 0; i <= MIME_TEXT_MAX; i++)
		buffer_byte(&text, 'a');
	assert_false(mime_text_field(&out, "Subject", buffer_string(&text), &error));
	assert_false(mime_field(&out, "To", buffer_string(&text), &error));
	assert_false(mime_field(&out, "To", "\xc3\xa9@example.org", &error));
	assert_int_equal(out.length, 0);
	buffer_release(&text);
}

static void test_structured_value_is_folded_only_at_blanks(void **state)
{
	struct buffer out = {0};
	struct error error = {0};
	const char *expected = "References: <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org>\r\n"
			       " <bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@example.org>\r\n";

	(void)state;
	assert_true(mime_field(&out, "References",
		"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org> "
		"<bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb@example.org>",
		&error));
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
}

static int hexadecimal(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

static char *quoted_printable_decoded(const char *text)
{
	struct buffer out = {0};

	for (; *text != '\0'; text++) {
		if (text[0] != '=') {
			if (text[0] != '\r')
				buffer_byte(&out, text[0]);
		} else if (text[1] == '\r') {
			text += 2;
		} else {
			buffer_byte(&out, (char)(hexadecimal(text[1]) << 4 | hexadecimal(text[2])));
			text += 2;
		}
	}
	return buffer_take(&out);
}

/* text must end in LF. */
static char *quoted_printable(const char *text)
{
	struct buffer out = {0};

	mime_quoted_printable(&out, text);
	assert_clean(buffer_string(&out), MIME_ENCODED_MAX);
	return buffer_take(&out);
}

static void assert_body_round_trip(const char *text)
{
	char *encoded = quoted_printable(text), *decoded = quoted_printable_decoded(encoded);

	assert_string_equal(decoded, text);
	free(encoded);
	free(decoded);
}

static void test_plain_lines_stay_readable_and_end_in_crlf(void **state)
{
	char *encoded = quoted_printable("Gmail turned red.\n\nAll the best\r\n");

	(void)state;
	assert_string_equal(encoded, "Gmail turned red.\r\n\r\nAll the best\r\n");
	free(encoded);
}

static void test_bytes_that_mail_may_change_are_quoted(void **state)
{
	(void)state;
	assert_body_round_trip("a=b\n");
	assert_body_round_trip("blank at the end \ntab at the end\t\n");
	assert_body_round_trip("Ausfälle — \xf0\x9f\x94\xb4\n");
	assert_body_round_trip("\x1b[31m\x01\n");
	assert_body_round_trip("carriage\rreturn\n");
}

static void test_lines_with_a_meaning_to_old_software_are_quoted(void **state)
{
	char *encoded = quoted_printable("From here\n.\nFrom\n..\nx From . here\n");

	(void)state;
	assert_string_equal(encoded, "=46rom here\r\n=2E\r\nFrom\r\n=2E.\r\nx From . here\r\n");
	free(encoded);
}

/* Lines of every length around the limit, also where the break falls before a dot. */
static void test_long_lines_are_broken_softly_at_whole_characters(void **state)
{
	(void)state;
	for (size_t length = 60; length < 180; length++)
		for (int kind = 0; kind < 4; kind++) {
			static const char *const letters[] = {"a", ".", "ä", "\xf0\x9f\x94\xb4"};
			struct buffer text = {0};

			for (size_t i = 0; i < length; i++)
				buffer_text(&text, letters[kind]);
			buffer_byte(&text, '\n');
			assert_body_round_trip(buffer_string(&text));
			buffer_release(&text);
		}
}

static void test_text_at_the_end_of_a_part_gets_its_line_end(void **state)
{
	struct buffer out = {0};

	(void)state;
	mime_part(&out, "text/plain", "no end");
	assert_non_null(strstr(buffer_string(&out), "\r\n\r\nno end\r\n"));
	assert_clean(buffer_string(&out), MIME_LINE_MAX);
	buffer_release(&out);
}

static void test_boundary_follows_from_the_seed_and_is_in_no_body(void **state)
{
	struct buffer one = {0}, same = {0}, other = {0};
	const char *boundary;

	(void)state;
	mime_alternative(&one, "<1@example.org>", "--=_\n", "<p>--=_</p>\n");
	mime_alternative(&same, "<1@example.org>", "--=_\n", "<p>--=_</p>\n");
	mime_alternative(&other, "<2@example.org>", "--=_\n", "<p>--=_</p>\n");
	assert_string_equal(buffer_string(&one), buffer_string(&same));
	assert_string_not_equal(buffer_string(&one), buffer_string(&other));
	boundary = strstr(buffer_string(&one), "\r\n--=_");
	for (int i = 0; i < 2; i++)
		assert_non_null(boundary = strstr(boundary + 1, "\r\n--=_"));
	assert_null(strstr(boundary + 1, "\r\n--=_"));
	buffer_release(&one);
	buffer_release(&same);
	buffer_release(&other);
}

static void test_the_text_of_a_mail_is_read(void **state)
{
	static const struct {
		const char *mail, *text; /* NULL: none */
	} cases[] = {
		{"Subject: x\r\n\r\nChain: 1\r\nmore", "Chain: 1\nmore\n"},
		{"content-type: TEXT/PLAIN;\r\n\tcharset=utf-8\r\nContent-Transfer-Encoding: "
		 "Quoted-Printable\r\n\r\nCha=\r\nin: =C3=A9=3D \r\nend=",
			"Chain: \xc3\xa9=\nend"},
		{"Content-Transfer-Encoding: quoted-printable\n\n=4a=\x14\x11=4", "J=\x14\x11=4\n"},
		{"Content-Transfer-Encoding: base64\n\nQ2hh\naW4K\n", "Chain\n"},
		{"Content-Type: multipart/mixed; boundary=\"b c\"\n\nno\n--b c\nContent-Type: "
		 "multipart/alternative; boundary=d\n\n--d\nContent-Type: text/html\n\n<p>\n--d\n\n"
		 "text\n--d--\n--b c--\n",
			"text\n"},
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ncut off", "cut off\n"},
		{"Content-Type: text/html\n\n<p>Chain</p>", NULL},
		{"Content-Type: multipart/mixed\n\n--b\n\ntext\n", NULL},
		{"Content-Transfer-Encoding: base64\n\n!\n", NULL},
		{"Content-Type: text/plain2\n\nx", NULL},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};
		bool found = mime_read_text(cases[i].mail, strlen(cases[i].mail), &out);

		if (found != (cases[i].text != NULL))
			fail_msg("case %zu", i);
		if (found)
			assert_string_equal(buffer_string(&out), cases[i].text);
		buffer_release(&out);
	}
}

static void test_parts_without_end_are_bounded(void **state)
{
	struct buffer mail = {0}, out = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_format(
			&mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	assert_false(mime_read_text(mail.data, mail.length, &out));
	buffer_clear(&mail);
	buffer_text(&mail, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 1000; i++)
		buffer_text(&mail, "--b\nContent-Type: text/html\n\n");
	buffer_text(&mail, "--b\n\ntoo late\n");
	assert_false(mime_read_text(mail.data, mail.length, &out));
	buffer_release(&mail);
	buffer_release(&out);
}

static void test_a_strangers_mail_is_read_in_a_reader(void **state)
{
	static const char mail[] = "Content-Type: text/plain\r\n\r\nChain: x\r\n";
	struct fork_server server;
	struct readers *readers;
	struct buffer text = {0};
	struct error error = {0};

	(void)state;
	fork_server_start(&server);
	readers = readers_new(&server, 1);
	assert_true(mime_text(readers, mail, sizeof mail - 1, &text, &error));
	assert_string_equal(buffer_string(&text), "Chain: x\n");
	readers_free(readers);
	fork_server_stop(&server);
	readers = readers_new(&server, 1); /* nobody else reads it */
	assert_false(mime_text(readers, mail, sizeof mail - 1, &text, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	readers_free(readers);
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_ascii_text_stands_as_it_is),
		cmocka_unit_test(test_long_ascii_text_is_folded_at_blanks),
		cmocka_unit_test(test_other_characters_become_encoded_words_of_whole_characters),
		cmocka_unit_test(test_no_character_is_cut_between_encoded_words),
		cmocka_unit_test(test_text_that_looks_encoded_is_encoded_itself),
		cmocka_unit_test(test_blanks_at_the_ends_and_in_a_row_survive),
		cmocka_unit_test(test_word_too_long_to_fold_is_encoded),
		cmocka_unit_test(test_control_character_in_a_header_is_refused),
		cmocka_unit_test(test_header_text_that_is_not_utf8_or_endless_is_refused),
		cmocka_unit_test(test_structured_value_is_folded_only_at_blanks),
		cmocka_unit_test(test_plain_lines_stay_readable_and_end_in_crlf),
		cmocka_unit_test(test_bytes_that_mail_may_change_are_quoted),
		cmocka_unit_test(test_lines_with_a_meaning_to_old_software_are_quoted),
		cmocka_unit_test(test_long_lines_are_broken_softly_at_whole_characters),
		cmocka_unit_test(test_text_at_the_end_of_a_part_gets_its_line_end),
		cmocka_unit_test(test_boundary_follows_from_the_seed_and_is_in_no_body),
		cmocka_unit_test(test_the_text_of_a_mail_is_read),
		cmocka_unit_test(test_parts_without_end_are_bounded),
		cmocka_unit_test(test_a_strangers_mail_is_read_in_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
