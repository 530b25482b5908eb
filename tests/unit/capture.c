/* SPDX-License-Identifier: ISC */
#include "archive/capture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "base/buffer.h"

enum { T = 1390591200 }; /* 2014-01-24T19:20:00Z */

static void assert_value(
	const struct capture_text *capture, size_t i, const char *key, const char *expected)
{
	const char *value = capture_value(capture, i, key);

	if (expected == NULL) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_string_equal(value, expected);
}

static void test_what_is_written_is_read_back(void **state)
{
	static const char *const names[] = {"page", "left out", "components"};
	char requested[] = "https://status.example.com/",
	     final[] = "https://status.example.com/home",
	     redirects[] = "https://status.example.com/a\nhttps://status.example.com/b\n",
	     request[] = "GET / HTTP/1.1\r\nHost: status.example.com\r\n", address[] = "[::1]:443";
	struct http_response responses[] = {{.status = 200,
						    .requested_url = requested,
						    .final_url = final,
						    .redirects = redirects,
						    .request_headers = request,
						    .address = address,
						    .began = T * 1000LL,
						    .ended = T * 1000LL + 250},
		{.status = 0}, {.status = 404}};
	struct capture_source sources[] = {{0}, {0}, {"one.warc", "abc", "<urn:uuid:1>"}};
	struct snapshot snapshot = {.page = "one",
		.time = T,
		.simulated = true,
		.responses = responses,
		.count = 3,
		.documents = names,
		.sources = sources,
		.url = "https://user:secret@status.example.com/",
		.reason = "change",
		.previous = "2014/01/2014-01-24T190000Z",
		.previous_confirmed = T - 60,
		.previous_fetches = 19};
	struct capture_text capture;
	struct buffer text = {0}, sent = {0};

	(void)state;
	capture_write(&snapshot, &text);
	capture_parse(buffer_string(&text), &capture);
	assert_int_equal(capture.count, 3); /* itself, and two that were fetched */
	assert_value(&capture, 0, "page", "one");
	assert_value(&capture, 0, "time", "2014-01-24T19:20:00Z");
	assert_non_null(capture_value(&capture, 0, "simulated"));
	assert_non_null(capture_value(&capture, 0, "url"));
	assert_null(strstr(capture_value(&capture, 0, "url"), "secret"));
	assert_value(&capture, 0, "previous-last-confirmed", "2014-01-24T19:19:00Z");
	assert_value(&capture, 0, "previous-fetches", "19");
	assert_value(&capture, 0, "status", NULL);
	assert_value(&capture, 1, "document", "page");
	assert_value(&capture, 1, "requested", requested);
	assert_value(&capture, 1, "final", final);
	assert_value(&capture, 1, "redirect", "https://status.example.com/a"); /* the first */
	assert_value(&capture, 1, "address", address);
	assert_value(&capture, 1, "ended", "2014-01-24T19:20:00.250Z");
	assert_value(&capture, 2, "document", "components");
	assert_value(&capture, 2, "status", "404");
	assert_value(&capture, 2, CAPTURE_IMPORTED, "one.warc");
	assert_value(&capture, 2, "imported-record", "<urn:uuid:1>");
	assert_value(&capture, 3, "document", NULL);
	capture_request(&capture, 1, &sent);
	assert_string_equal(buffer_string(&sent), "GET / HTTP/1.1\nHost: status.example.com\n");
	buffer_clear(&sent);
	capture_request(&capture, 2, &sent);
	capture_request(&capture, 3, &sent);
	assert_string_equal(buffer_string(&sent), "");
	buffer_release(&sent);
	buffer_release(&text);
	capture_release(&capture);
}

static void test_keys_of_a_later_version_are_kept_in_their_order(void **state)
{
	struct capture_text capture;

	(void)state;
	capture_parse(
		"page: one\nweather: fair: and warm\ndocument: page\nweather: wet\n", &capture);
	assert_int_equal(capture.count, 2);
	assert_int_equal(capture.parts[0].count, 2);
	assert_string_equal(capture.parts[0].lines[1].key, "weather");
	assert_value(&capture, 0, "weather", "fair: and warm");
	assert_value(&capture, 1, "weather", "wet");
	capture_release(&capture);
}

static void test_hostile_lines_change_nothing_else(void **state)
{
	struct capture_text capture;

	(void)state;
	capture_parse("\n\nno colon\nno:blank\n: no key\nurl: first\nurl: second\nempty: \n"
		      " document: page\ndocument: \nstatus: 200\nlast: without an end",
		&capture);
	assert_int_equal(capture.count, 2);
	assert_value(&capture, 0, "no", NULL);
	assert_value(&capture, 0, "", "no key");
	assert_value(&capture, 0, "url", "first");
	assert_value(&capture, 0, "empty", "");
	assert_value(&capture, 0, "status", NULL);
	assert_value(&capture, 1, "document", "");
	assert_value(&capture, 1, "last", "without an end");
	capture_release(&capture);
}

static void test_nothing_has_no_lines(void **state)
{
	static const char *const texts[] = {NULL, "", "\n"};
	struct capture_text capture;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		capture_parse(texts[i], &capture);
		assert_int_equal(capture.count, 1);
		assert_int_equal(capture.parts[0].count, 0);
		capture_release(&capture);
	}
}

/* Whatever a server says of itself, it stays in its line, and cannot make a document. */
static void test_what_is_foreign_cannot_add_a_line(void **state)
{
	static const char *const names[] = {"page"};
	char version[] = "1.1\ndocument: forged\nstatus: 500",
	     request[] = "GET / HTTP/1.1\r\nX: \u2028document: forged\r\n";
	struct http_response response = {
		.status = 200, .http_version = version, .request_headers = request};
	struct snapshot snapshot = {
		.page = "one", .responses = &response, .count = 1, .documents = names};
	struct capture_text capture;
	struct buffer text = {0};

	(void)state;
	capture_write(&snapshot, &text);
	capture_parse(buffer_string(&text), &capture);
	assert_int_equal(capture.count, 2);
	assert_value(&capture, 1, "document", "page");
	assert_value(&capture, 1, "status", "200");
	buffer_release(&text);
	capture_release(&capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read_back),
		cmocka_unit_test(test_keys_of_a_later_version_are_kept_in_their_order),
		cmocka_unit_test(test_hostile_lines_change_nothing_else),
		cmocka_unit_test(test_nothing_has_no_lines),
		cmocka_unit_test(test_what_is_foreign_cannot_add_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
