/* SPDX-License-Identifier: ISC
 *
 * What is believed of a process that has met a service: nothing but what an honest one writes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/memory.h"
#include "net/check.h"
#include "net/check_p.h"

/* As check_answer.c has it. */
struct numbers {
	int32_t state, network, answered, remedy, number;
	uint32_t text, transcript, body;
};

static const char one[] = "{\"a\":0}"; /* a transcript */

static const struct numbers failed = {
	.state = CHECK_FAILED, .network = HTTP_NETWORK_PUBLIC, .answered = 1};

/* Whether that much of it is taken. */
static bool takes(struct numbers numbers, const char *text, const char *transcript, long more)
{
	struct buffer bytes = {0};
	struct check_answer answer;
	struct error error;
	char *exact;
	bool taken;

	numbers.text = numbers.text != 0 ? numbers.text : (uint32_t)strlen(text);
	numbers.transcript =
		numbers.transcript != 0 ? numbers.transcript : (uint32_t)strlen(transcript);
	buffer_add(&bytes, &numbers, sizeof numbers);
	buffer_format(&bytes, "%s%s%s", text, transcript, more > 0 ? "x" : "");
	for (uint32_t i = 0; i < numbers.body; i++)
		buffer_byte(&bytes, '"');
	exact = memory_bytes(buffer_string(&bytes), bytes.length);
	taken = check_answer_take(exact, bytes.length - (more < 0), &answer, &error);
	if (taken)
		check_answer_release(&answer);
	free(exact);
	buffer_release(&bytes);
	return taken;
}

static bool takes_transcript(const char *transcript)
{
	return takes(failed, "HTTP 500", transcript, 0);
}

static void test_an_answer_comes_as_it_went(void **state)
{
	struct check_measure measure = {.status = 500,
		.lookup = 1,
		.total = 2,
		.headers = memory_string("HTTP/1.1 500 \"\\\r\nX: \xe2\x80\xae\x01\t\r\n\r\n")};
	static const char body[] = "\"}\n\0\xff\xe2\x80\xae";
	struct check_answer answer = {.state = CHECK_FAILED,
				    .word = memory_string("HTTP 500"),
				    .network = HTTP_NETWORK_PRIVATE,
				    .answered = true},
			    taken;
	struct buffer bytes = {0};
	struct error error;

	(void)state;
	buffer_add(&measure.body, body, sizeof body);
	check_transcribe(&measure, &answer);
	check_answer_write(&bytes, &answer, NULL);
	assert_true(check_answer_take(bytes.data, bytes.length, &taken, &error));
	assert_int_equal(error.remedy, 0);
	assert_int_equal(taken.state, CHECK_FAILED);
	assert_int_equal(taken.network, HTTP_NETWORK_PRIVATE);
	assert_true(taken.answered);
	assert_string_equal(taken.word, "HTTP 500");
	assert_string_equal(buffer_string(&taken.transcript), buffer_string(&answer.transcript));
	assert_int_equal(taken.body.length, sizeof body);
	assert_memory_equal(taken.body.data, body, sizeof body);
	check_answer_release(&taken);
	check_answer_release(&answer);
	check_measure_release(&measure);
	buffer_release(&bytes);
}

static void test_a_lack_comes_as_it_went(void **state)
{
	const struct error lack = {REMEDY_CONFIGURATION, 13, "mail.password: permission denied"};
	struct buffer bytes = {0};
	struct check_answer taken;
	struct error error;

	(void)state;
	check_answer_write(&bytes, &(struct check_answer){0}, &lack);
	assert_true(check_answer_take(bytes.data, bytes.length, &taken, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_int_equal(error.number, 13);
	assert_string_equal(error.text, lack.text);
	assert_null(taken.word);
	buffer_release(&bytes);
}

static void test_of_transcripts_only_one_whole_object_is_believed(void **state)
{
	static const char *const good[] = {"{\"a\":\"\"}", "{\"a\":0,\"b\":-12}",
		"{\"a\":[],\"b\":[\"c\",\"d\"]}", "{\"a\":\"\\\"\\\\\\n\\u202e\\u007f}\"}"};
	static const char *const bad[] = {
		"",
		"{",
		"}",
		"[]",
		"\"a\"",
		"1",
		"{}", /* what is appended would not follow a member */
		"{\"a\":0}{\"a\":0}",
		"{\"a\":0},{\"a\":0}",
		"{\"a\":0}]}, {\"name\": \"other\", \"state\": \"good\", \"word\": \"\", "
		"\"attempts\": "
		"[{\"a\":0}",
		"{\"a\":[\"b\"}",
		"{\"a\":[\"b\"]]}",
		"{\"a\":{}}",
		"{\"a\":[[]]}",
		"{\"a\":[1]}",
		"{\"a\":true}",
		"{\"a\":1.5}",
		"{\"a\":1e9}",
		"{\"a\":01}",
		"{\"a\":-}",
		"{\"a\":1234567890123456789}",
		"{\"a\":\"b}",
		"{\"a\":\"b\\\"}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u00\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\u0022\"}",
		"{\"a\":\"b\",}",
		"{\"a\"}",
		"{a:1}",
		"{\"a\":}",
		"{\"a\":,}",
		"{,}",
		"{\"a\": 1}",
		" {\"a\":0}",
		"{\"a\":0}\n",
		"{\"a\":\"b\nc\"}",
		"{\"a\":\"\x7f\"}",
		"{\"a\":\"\xc0\x80\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(takes_transcript(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		print_message("# %s\n", bad[i]);
		assert_false(takes_transcript(bad[i]));
	}
}

/* {"":["",…],"":["",…]…} */
static bool takes_so_many(int members, int lines)
{
	struct buffer text = {0};
	bool taken;

	for (int i = 0; i < members; i++) {
		buffer_text(&text, i == 0 ? "{\"\":[" : ",\"\":[");
		for (int j = 0; j < lines; j++)
			buffer_text(&text, j == 0 ? "\"\"" : ",\"\"");
		buffer_text(&text, "]");
	}
	buffer_text(&text, "}");
	taken = takes_transcript(buffer_string(&text));
	buffer_release(&text);
	return taken;
}

static void test_a_transcript_has_so_many_parts_and_bytes(void **state)
{
	(void)state;
	assert_true(takes_so_many(64, 2));
	assert_false(takes_so_many(65, 2));
	assert_true(takes_so_many(2, 32 * 1024));
	assert_false(takes_so_many(2, 32 * 1024 + 1));
	assert_true(takes_so_many(10, 32 * 1024));
	assert_false(takes_so_many(11, 32 * 1024)); /* more than CHECK_TRANSCRIPT_MAX */
}

static void test_of_numbers_only_those_of_an_answer_are_believed(void **state)
{
	static const struct {
		const char *name;
		struct numbers numbers;
		const char *text, *transcript;
	} bad[] = {
		{"no such state", {.state = CHECK_ABSENT + 1}, "evil", one},
		{"a state below all", {.state = -1}, "evil", one},
		{"no such network", {.state = CHECK_FAILED, .network = 99}, "evil", one},
		{"good with a word", {.state = CHECK_GOOD}, "evil", one},
		{"failed without one", {.state = CHECK_FAILED}, "", one},
		{"a word of two lines", {.state = CHECK_FAILED}, "HTTP 500\nother\tgood\t", one},
		{"a word of two columns", {.state = CHECK_FAILED}, "HTTP 500\tgood", one},
		{"no text", {.state = CHECK_FAILED}, "\xff", one},
		{"a remedy of others", {.remedy = REMEDY_PAGE}, "evil", ""},
		{"no such remedy", {.remedy = 99}, "evil", ""},
		{"an error without text", {.remedy = REMEDY_LOCAL}, "", ""},
		{"an error and an answer", {.remedy = REMEDY_LOCAL}, "evil", one},
		{"an error below all", {.remedy = REMEDY_LOCAL, .number = -1}, "evil", ""},
		{"an error of two lines", {.remedy = REMEDY_LOCAL}, "evil\n", ""},
		{"a longer text", {.state = CHECK_FAILED, .text = UINT32_MAX}, "evil", one},
		{"a longer transcript", {.state = CHECK_FAILED, .transcript = UINT32_MAX}, "evil",
			one},
		{"a body beyond its maximum", {.state = CHECK_FAILED, .body = CHECK_KEPT_MAX + 1},
			"evil", one},
		{"an error and a body", {.remedy = REMEDY_LOCAL, .body = 1}, "evil", ""},
		{"lengths that wrap", {.state = CHECK_FAILED, .text = UINT32_MAX, .transcript = 7},
			"evil", one},
	};
	char *word = memory_zero(1, ERROR_TEXT_MAX + 1);

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		print_message("# %s\n", bad[i].name);
		assert_false(takes(bad[i].numbers, bad[i].text, bad[i].transcript, 0));
	}
	assert_true(takes(failed, "evil", one, 0));
	assert_false(takes(failed, "evil", one, 1));
	assert_false(takes(failed, "evil", one, -1));
	assert_true(takes(
		(struct numbers){.state = CHECK_FAILED, .body = CHECK_KEPT_MAX}, "evil", one, 0));
	assert_false(takes((struct numbers){.state = CHECK_FAILED, .body = 1}, "evil", one, -1));
	assert_true(takes(failed, memset(word, 'x', CHECK_WORD_MAX), one, 0));
	assert_false(takes(failed, memset(word, 'x', CHECK_WORD_MAX + 1), one, 0));
	assert_true(takes((struct numbers){.remedy = REMEDY_LOCAL},
		memset(word, 'x', ERROR_TEXT_MAX - 1), "", 0));
	assert_false(takes((struct numbers){.remedy = REMEDY_LOCAL},
		memset(word, 'x', ERROR_TEXT_MAX), "", 0));
	free(word);
}

static void test_a_part_of_an_answer_is_none(void **state)
{
	struct check_answer answer;
	struct error error;
	char bytes[sizeof(struct numbers)] = {0};

	(void)state;
	for (size_t length = 0; length <= sizeof bytes; length++)
		assert_false(check_answer_take(bytes, length, &answer, &error));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_comes_as_it_went),
		cmocka_unit_test(test_a_lack_comes_as_it_went),
		cmocka_unit_test(test_of_transcripts_only_one_whole_object_is_believed),
		cmocka_unit_test(test_a_transcript_has_so_many_parts_and_bytes),
		cmocka_unit_test(test_of_numbers_only_those_of_an_answer_are_believed),
		cmocka_unit_test(test_a_part_of_an_answer_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
