/* SPDX-License-Identifier: ISC */
#include "cmd/serve_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

static void assert_range(
	const char *header, enum serve_range expected, uint64_t from, uint64_t bytes)
{
	uint64_t offset, length;

	assert_int_equal(serve_range(header, 10, &offset, &length), expected);
	if (expected != SERVE_BEYOND) {
		assert_int_equal(offset, from);
		assert_int_equal(length, bytes);
	}
}

static void a_range_is_within_the_file(void **state)
{
	uint64_t offset, length;

	(void)state;
	assert_range("bytes=0-0", SERVE_PART, 0, 1);
	assert_range("bytes=2-", SERVE_PART, 2, 8);
	assert_range("bytes=-3", SERVE_PART, 7, 3);
	assert_range("bytes=-99999999999999999999999", SERVE_PART, 0, 10);
	assert_range("bytes=9-18446744073709551615", SERVE_PART, 9, 1);
	assert_range("bytes=10-", SERVE_BEYOND, 0, 0);
	assert_range("bytes=-0", SERVE_BEYOND, 0, 0);
	assert_int_equal(serve_range("bytes=0-", 0, &offset, &length), SERVE_BEYOND);
}

static void what_is_no_range_means_the_whole_file(void **state)
{
	static const char *const headers[] = {NULL, "", "bytes", "bytes=", "bytes=-", "bytes=a-b",
		"bytes=3-2", "bytes=1-2,4-5", "bytes= 1-2", "bytes=+1-2", "lines=1-2",
		"bytes=1-2 "};

	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		assert_range(headers[i], SERVE_WHOLE, 0, 10);
}

static void an_entity_tag_is_found_in_a_list(void **state)
{
	(void)state;
	assert_true(serve_matches("\"a\"", "\"a\""));
	assert_true(serve_matches("\"b\", W/\"a\"", "\"a\""));
	assert_true(serve_matches("*", "\"a\""));
	assert_false(serve_matches("\"ab\"", "\"a\""));
	assert_false(serve_matches("\"a\"b", "\"a\""));
	assert_false(serve_matches("", "\"a\""));
}

static void what_a_status_page_sent_is_never_a_page_of_ours(void **state)
{
	(void)state;
	assert_string_equal(
		serve_type("/google/2014/01/2014-01-24T192000Z.html"), "text/html; charset=utf-8");
	assert_string_equal(serve_type("/google/2014/01/2014-01-24T192000Z/body"), "text/plain");
	assert_string_equal(serve_type("/google/2014/01/2014-01-24T192000Z/x.html"), "text/plain");
	assert_string_equal(serve_type("/google/2014/01/2014-01-24T192000Z/x.svg"), "text/plain");
	assert_string_equal(serve_type("/google/unknown.ending"), "application/octet-stream");
}

static void only_the_address_itself_and_names_that_are_ours_are_answered(void **state)
{
	struct text_list hosts = {0};
	static const struct {
		const char *listen, *header;
		bool ours;
	} cases[] = {
		{"127.0.0.1:8014", "127.0.0.1:8014", true},
		{"127.0.0.1:8014", "127.0.0.1", true},
		{"127.0.0.1:8014", "localhost:8014", true},
		{"127.0.0.1:8014", "Status.Example.ORG", true},
		{"127.0.0.1:8014", "status.example.org:80", true},
		{"127.0.0.1:8014", "[2001:DB8::80]:8014", true},
		{"127.0.0.1:8014", "127.0.0.2:8014", false},
		{"127.0.0.1:8014", "evil.example:8014", false},
		{"127.0.0.1:8014", "status.example.org.evil.example", false},
		{"127.0.0.1:8014", "127.0.0.1.evil.example", false},
		{"127.0.0.1:8014", "", false},
		{"127.0.0.1:8014", NULL, false},
		{"[::1]:8014", "[::1]:8014", true},
		{"[::1]:8014", "[0:0::1]", true},
		{"[::1]:8014", "localhost", true},
		{"[::1]:8014", "127.0.0.1", false},
		{"192.0.2.1:80", "192.0.2.1", true},
		{"192.0.2.1:80", "localhost", false},
		{"0.0.0.0:80", "192.0.2.1", true},
		{"0.0.0.0:80", "localhost", true},
		{"0.0.0.0:80", "evil.example", false},
		{"[::]:80", "[2001:db8::1]:80", true},
		{"[::]:80", "evil.example", false},
	};

	(void)state;
	text_list_add(&hosts, "status.example.org");
	text_list_add(&hosts, "2001:db8::80");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (serve_host(cases[i].listen, &hosts, cases[i].header) != cases[i].ours)
			fail_msg("%s: %s", cases[i].listen,
				cases[i].header != NULL ? cases[i].header : "none");
	text_list_release(&hosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_is_within_the_file),
		cmocka_unit_test(what_is_no_range_means_the_whole_file),
		cmocka_unit_test(an_entity_tag_is_found_in_a_list),
		cmocka_unit_test(what_a_status_page_sent_is_never_a_page_of_ours),
		cmocka_unit_test(only_the_address_itself_and_names_that_are_ours_are_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
