/* SPDX-License-Identifier: ISC
 *
 * What a check's measure is worth, and how it is written down: no network.
 */
#include "net/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check_p.h"

#define BEGAN INT64_C(1390590131120) /* 2014-01-24T19:02:11.120Z */

/* A measure of borrowed strings, and a body. */
static struct check_measure measure_of(int status, const char *headers, const char *body)
{
	struct check_measure measure = {.began = BEGAN,
		.lookup = 2,
		.connect = 14,
		.tls = CHECK_NOT_REACHED,
		.first_byte = 80,
		.total = 84,
		.address = memory_string("192.0.2.10:443"),
		.status = status,
		.headers = memory_string(headers),
		.redirects = memory_string("")};

	buffer_text(&measure.body, body);
	return measure;
}

/* Judges, and releases the measure. */
static void assert_judged(const struct check *check, struct check_measure measure,
	enum check_state state, const char *word)
{
	struct check_answer answer = {0};

	check_judge(check, &measure, &answer);
	assert_string_equal(answer.word, word);
	assert_int_equal(answer.state, state);
	check_answer_release(&answer);
	check_measure_release(&measure);
}

static const char headers[] = "HTTP/1.1 200 OK\r\nServer: nginx\r\nX-Backend: left, right\r\n\r\n";

static void test_of_http(void **state)
{
	static char list[] = "200,302", gmail[] = "Gmail", pattern[] = "G.ail\\b",
		    server[] = "server: ngi", there[] = "X-Backend", other[] = "Server: apache",
		    missing[] = "X-Missing", part[] = "Serve: nginx";
	const struct {
		struct check check;
		int status;
		const char *body;
		enum check_state state;
		const char *word;
	} cases[] = {
		{{0}, 200, "", CHECK_GOOD, ""},
		{{0}, 299, "", CHECK_GOOD, ""},
		{{0}, 199, "", CHECK_FAILED, "HTTP 199"},
		{{0}, 302, "", CHECK_FAILED, "HTTP 302"},
		{{0}, 500, "", CHECK_FAILED, "HTTP 500"},
		{{.status = list}, 302, "", CHECK_GOOD, ""},
		{{.status = list}, 20, "", CHECK_FAILED, "HTTP 20"},
		{{.status = list}, 204, "", CHECK_FAILED, "HTTP 204"},
		{{.contains = gmail}, 200, "about Gmail", CHECK_GOOD, ""},
		{{.contains = gmail}, 200, "about Gmai", CHECK_FAILED, "the body lacks \"Gmail\""},
		{{.contains = gmail}, 500, "", CHECK_FAILED, "HTTP 500"},
		{{.matches = pattern}, 200, "a Gxail", CHECK_GOOD, ""},
		{{.matches = pattern}, 200, "a Gxails", CHECK_FAILED,
			"the body does not match \"G.ail\\b\""},
		{{.header = server}, 200, "", CHECK_GOOD, ""},
		{{.header = there}, 200, "", CHECK_GOOD, ""},
		{{.header = other}, 200, "", CHECK_FAILED, "the header lacks \"Server: apache\""},
		{{.header = missing}, 200, "", CHECK_FAILED, "the header lacks \"X-Missing\""},
		{{.header = part}, 200, "", CHECK_FAILED, "the header lacks \"Serve: nginx\""},
		{{.header = missing, .contains = gmail}, 200, "", CHECK_FAILED,
			"the header lacks \"X-Missing\""},
		{{.within = 84}, 200, "", CHECK_GOOD, ""},
		{{.within = 83}, 200, "", CHECK_SLOW, "slower than 0.083 s"},
		{{.within = 10, .contains = gmail}, 200, "", CHECK_FAILED,
			"the body lacks \"Gmail\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_judged(&cases[i].check, measure_of(cases[i].status, headers, cases[i].body),
			cases[i].state, cases[i].word);
}

/* Before a status, a failure is all there is; after it, it is the body's. */
static void test_what_happens_first_comes_first(void **state)
{
	static char gmail[] = "Gmail";
	const struct check check = {.contains = gmail, .within = 1};
	struct check_measure measure = measure_of(0, NULL, "");

	(void)state;
	measure.failure = memory_string("connection refused");
	assert_judged(&check, measure, CHECK_FAILED, "connection refused");
	measure = measure_of(500, headers, "");
	measure.failure = memory_string("the answer is larger than 8 MiB");
	assert_judged(&check, measure, CHECK_FAILED, "HTTP 500");
	measure = measure_of(200, headers, "");
	measure.failure = memory_string("the answer is larger than 8 MiB");
	assert_judged(&check, measure, CHECK_FAILED, "the answer is larger than 8 MiB");
	measure = measure_of(0, NULL, "");
	measure.failure = memory_string("no IPv6 address");
	measure.absent = true;
	assert_judged(&check, measure, CHECK_ABSENT, "no IPv6 address");
}

static void test_of_bytes_that_are_no_text(void **state)
{
	static char end[] = "end", pattern[] = "^a.*end$";
	const struct check contains = {.contains = end}, matches = {.matches = pattern};
	static const char body[] = "a\0b\xff end";
	struct check_measure measure = measure_of(200, headers, "");

	(void)state;
	buffer_add(&measure.body, body, sizeof body - 1);
	assert_judged(&contains, measure, CHECK_GOOD, "");
	measure = measure_of(200, headers, "");
	buffer_add(&measure.body, body, sizeof body - 1);
	assert_judged(&matches, measure, CHECK_GOOD, "");
}

/* It is never "no match", and never for ever. */
static void test_a_pattern_beyond_its_limits_fails(void **state)
{
	static char pattern[] = "^(a+)+$";
	const struct check check = {.matches = pattern};
	struct check_measure measure = measure_of(200, headers, "");

	(void)state;
	for (int i = 0; i < 1000; i++)
		buffer_byte(&measure.body, 'a');
	buffer_byte(&measure.body, 'b');
	assert_judged(&check, measure, CHECK_FAILED,
		"a regular expression could not be applied: match limit exceeded");
}

/* Nor does it keep the process from the others' checks, where no single try is beyond them. */
static void test_a_pattern_that_takes_hours_is_given_up(void **state)
{
	static char pattern[] = "a.*b";
	const struct check check = {.matches = pattern};
	struct check_measure measure = measure_of(200, headers, "");
	int64_t before = clock_processor_milliseconds();

	(void)state;
	for (int i = 0; i < 60000; i++)
		buffer_byte(&measure.body, 'a');
	buffer_text(&measure.body, "\nb");
	assert_judged(&check, measure, CHECK_FAILED, "a regular expression takes too long");
	assert_true(clock_processor_milliseconds() - before < 2000);
}

static void test_of_certificates(void **state)
{
	const struct check check = {.type = CHECK_TLS, .days = 14}, none = {.type = CHECK_TLS};
	const int64_t day = 24 * 3600;
	struct check_measure measure = measure_of(0, NULL, "");

	(void)state;
	measure.certificate_ends = BEGAN / 1000 + 14 * day;
	assert_judged(&check, measure, CHECK_GOOD, "");
	measure = measure_of(0, NULL, "");
	measure.certificate_ends = BEGAN / 1000 + 14 * day - 1;
	assert_judged(&check, measure, CHECK_SLOW, "certificate expires 2014-02-07");
	measure = measure_of(0, NULL, "");
	measure.certificate_ends = BEGAN / 1000 + 1;
	assert_judged(&none, measure, CHECK_GOOD, "");
}

static void test_of_names(void **state)
{
	static char one[] = "192.0.2.1", two[] = "192.0.2.9\n192.0.2.1", mx[] = "MX.example.org.",
		    preferred[] = "10 mx.example.org", record[] = "MX", a[] = "A";
	const struct {
		char *record, *answers;
		const char *found;
		enum check_state state;
		const char *word;
	} cases[] = {
		{a, NULL, "192.0.2.7", CHECK_GOOD, ""},
		{a, one, "192.0.2.1", CHECK_GOOD, ""},
		{a, two, "192.0.2.1", CHECK_GOOD, ""},
		{a, one, "192.0.2.11", CHECK_FAILED, "the records lack \"192.0.2.1\""},
		{a, two, "192.0.2.11", CHECK_FAILED, "the records lack every answer"},
		{record, mx, "10 mx.example.org", CHECK_GOOD, ""},
		{record, preferred, "10 mx.example.org", CHECK_GOOD, ""},
		{record, preferred, "20 mx.example.org", CHECK_FAILED,
			"the records lack \"10 mx.example.org\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct check check = {
			.type = CHECK_DNS, .record = cases[i].record, .answers = cases[i].answers};
		struct check_measure measure = measure_of(0, NULL, "");

		text_list_add(&measure.records, cases[i].found);
		assert_judged(&check, measure, cases[i].state, cases[i].word);
	}
}

/* ---- the transcript ---- */

/* Owned by the caller; releases the measure. */
static char *transcript_of(struct check_measure measure)
{
	static const struct check check;
	struct check_answer answer = {0};
	struct buffer text = {.maximum = CHECK_TRANSCRIPT_MAX};

	check_judge(&check, &measure, &answer);
	check_transcribe(&measure, &answer);
	assert_false(answer.transcript.overflowed);
	check_answer_json(&answer, &text);
	assert_false(text.overflowed);
	check_answer_release(&answer);
	check_measure_release(&measure);
	return buffer_take(&text);
}

static void test_a_transcript(void **state)
{
	struct check_measure measure = measure_of(500, headers, "Error 500\n");
	char *text;

	(void)state;
	measure.redirects[0] = '\0';
	memory_set(&measure.redirects, "https://a.example/\nhttps://b.example/\n");
	text = transcript_of(measure);
	assert_string_equal(text,
		"{\"family\":\"IPv4\",\"address\":\"192.0.2.10:443\","
		"\"began\":\"2014-01-24T19:02:11.120Z\",\"lookup_ms\":2,\"connect_ms\":14,"
		"\"first_byte_ms\":80,\"total_ms\":84,\"status\":500,"
		"\"headers\":[\"HTTP/1.1 200 OK\",\"Server: nginx\","
		"\"X-Backend: left, right\"],\"body_length\":10,"
		"\"body_sha256\":"
		"\"fa74da4e1d599ded0dc8faeb7a38b1b9fa6b97408a7efad15531db06f54dc358\","
		"\"redirects\":[\"https://a.example/\",\"https://b.example/\"],"
		"\"state\":\"failed\",\"word\":\"HTTP 500\",\"body\":\"Error 500\\n\"}");
	free(text);
}

static void test_secrets_are_left_out(void **state)
{
	static const char secrets[] = "HTTP/1.1 302 Found\r\nSet-Cookie: a=swordfish\r\n"
				      "set-cookie: b;\r\n swordfish\r\nCOOKIE: swordfish\r\n"
				      "Authorization: Basic swordfish\r\n"
				      "Proxy-Authorization: swordfish\r\n"
				      "WWW-Authenticate: Bearer error=swordfish\r\n"
				      "Location: https://me:swordfish@h.example/p?t=swordfish\r\n"
				      "Location: /rel?t=swordfish\r\n"
				      "Refresh: 0; url=/x?swordfish\r\n"
				      "Link: </x?swordfish>\r\nContent-Location: /?swordfish\r\n"
				      "Server: kept\r\n\r\n";
	char *text = transcript_of(measure_of(302, secrets, ""));

	(void)state;
	assert_null(strstr(text, "swordfish"));
	assert_non_null(strstr(text, "\"Location: https://h.example/p\""));
	assert_non_null(strstr(text, "\"Location: /rel\""));
	assert_non_null(strstr(text, "\"Server: kept\""));
	free(text);
}

/* The worst that each part can be, at once: still a whole object. */
static void test_a_transcript_keeps_to_its_maximum(void **state)
{
	struct check_measure measure = measure_of(200, NULL, "");
	struct buffer much = {0};
	struct error error;
	struct value *value;
	char *text;

	(void)state;
	for (int i = 0; i < 300000; i++)
		buffer_byte(&much, i % 100 == 0 ? '\n' : '\x01');
	buffer_add(&measure.body, much.data, much.length);
	buffer_add(&measure.greeting, much.data, CHECK_LINES_KEPT);
	buffer_add(&measure.capabilities, much.data, CHECK_LINES_KEPT);
	memory_set(&measure.headers, much.data);
	memory_set(&measure.redirects, much.data);
	for (int i = 0; i < 100; i++)
		text_list_add(&measure.records, much.data + 200000);
	text = transcript_of(measure);
	assert_true(strlen(text) <= CHECK_TRANSCRIPT_MAX);
	assert_true(text_valid(text, strlen(text)));
	value = json_parse(text, strlen(text), &error);
	assert_non_null(value);
	assert_string_equal(value_get_text(value, "body_length"), "300000");
	assert_int_equal(strlen(value_get_text(value, "body")), CHECK_KEPT_MAX);
	value_free(value);
	free(text);
	buffer_release(&much);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_http),
		cmocka_unit_test(test_what_happens_first_comes_first),
		cmocka_unit_test(test_of_bytes_that_are_no_text),
		cmocka_unit_test(test_a_pattern_beyond_its_limits_fails),
		cmocka_unit_test(test_a_pattern_that_takes_hours_is_given_up),
		cmocka_unit_test(test_of_certificates),
		cmocka_unit_test(test_of_names),
		cmocka_unit_test(test_a_transcript),
		cmocka_unit_test(test_secrets_are_left_out),
		cmocka_unit_test(test_a_transcript_keeps_to_its_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
