/* SPDX-License-Identifier: ISC */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

/* What comes back when text is parsed and written again. */
static void assert_round_trip(const char *text, const char *expected)
{
	struct error error = {0};
	struct buffer out = {0};
	struct value *value = json_parse(text, strlen(text), &error);

	assert_non_null(value);
	json_write(value, 0, &out);
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
	value_free(value);
}

static void assert_refused(const char *text, size_t length, const char *reason)
{
	struct error error = {0};

	assert_null(json_parse(text, length, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_non_null(strstr(error.text, reason));
	assert_null(strchr(error.text, '\n'));
}

static void test_values_keep_their_types_and_their_order(void **state)
{
	(void)state;
	assert_round_trip("{\"z\": [1, -2, true, false, null], \"a\": {\"k\": \"v\"}, \"e\": []}",
		"{\"z\":[1,-2,true,false,null],\"a\":{\"k\":\"v\"},\"e\":[]}");
}

static void test_integers_keep_their_digits(void **state)
{
	(void)state;
	assert_round_trip("[9007199254740993, -9223372036854775808]",
		"[9007199254740993,-9223372036854775808]");
}

static void test_integer_beyond_64_bits_is_a_real_and_the_others_stay_exact(void **state)
{
	(void)state;
	assert_round_trip("[18446744073709551616, 9007199254740993, \"99999999999999999999\"]",
		"[1.8446744073709552e+19,9007199254740993,\"99999999999999999999\"]");
	assert_round_trip("99999999999999999999", "1e+20");
}

static void test_reals_have_the_shortest_form_that_reads_back(void **state)
{
	(void)state;
	assert_round_trip(
		"[1.10, 0.1, 2.0, 1e3, 3.141592653589793]", "[1.1,0.1,2,1000,3.141592653589793]");
}

static void test_the_last_of_equal_keys_counts(void **state)
{
	(void)state;
	assert_round_trip("{\"a\": 1, \"a\": 2}", "{\"a\":2}");
}

static void test_what_is_not_json_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("{\"a\": \n}", 8, "line 2");
	assert_refused("", 0, "not JSON");
	assert_refused("[1] x", 5, "end of file expected");
	assert_refused("[\"\\ud800\"]", 10, "not JSON");
	assert_refused("[\"\xff\"]", 5, "not JSON");
	assert_refused("[1e999]", 7, "overflow");
	assert_refused("[1,\0002]", 6, "not JSON");
}

static void test_depth_is_bounded(void **state)
{
	enum { DEPTH = 100000 };
	char *deep = memory_new(DEPTH);

	(void)state;
	memset(deep, '[', DEPTH);
	assert_refused(deep, DEPTH, "depth");
	free(deep);
}

static void test_escapes_are_those_of_json(void **state)
{
	struct buffer out = {0};

	(void)state;
	json_escape("a\"b\\c\n\t\x01\x7f\xc3\xa4\xff", &out);
	assert_string_equal(
		buffer_string(&out), "a\\\"b\\\\c\\n\\t\\u0001\\u007f\xc3\xa4\xef\xbf\xbd");
	buffer_release(&out);
}

static void test_indented_writing_has_one_member_a_line(void **state)
{
	struct value *map = value_map(), *list;
	struct buffer out = {0};

	(void)state;
	value_put_number(map, "n", 7);
	list = value_put(map, "l", value_list());
	value_append(list, value_text("x"));
	value_put(map, "e", value_map());
	json_write(map, 2, &out);
	assert_string_equal(
		buffer_string(&out), "{\n  \"n\": 7,\n  \"l\": [\n    \"x\"\n  ],\n  \"e\": {}\n}");
	buffer_release(&out);
	value_free(map);
}

static void test_put_replaces_what_stood_under_the_key(void **state)
{
	struct value *map = value_map(), *copy;

	(void)state;
	value_put_text(map, "a", "old");
	value_put_boolean(map, "b", true);
	value_put_text(map, "a", "new");
	copy = value_copy(map);
	value_free(map);
	assert_int_equal(copy->count, 2);
	assert_string_equal(value_get_text(copy, "a"), "new");
	assert_int_equal(value_get(copy, "b")->type, VALUE_TRUE);
	assert_null(value_get(copy, "c"));
	assert_string_equal(value_get_text(NULL, "c"), "");
	assert_int_equal(value_get_number(copy, "c"), 0);
	value_free(copy);
}

struct walk {
	struct buffer trace;
};

static void trace_begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	struct walk *walk = context;

	buffer_format(&walk->trace, "(%d %s %.*s", (int)type, key != NULL ? key : "-", (int)length,
		text != NULL ? text : "");
	if (type != VALUE_LIST && type != VALUE_MAP)
		buffer_byte(&walk->trace, ')');
}

static void trace_end(void *context)
{
	struct walk *walk = context;

	buffer_byte(&walk->trace, ')');
}

static void test_visitor_sees_containers_open_and_close(void **state)
{
	static const char text[] = "{\"a\":[1,\"x\"],\"b\":null} trailing";
	struct walk walk = {0};
	struct json_visitor visitor = {trace_begin, trace_end, &walk};
	struct error error = {0};

	(void)state;
	assert_false(json_visit(text, strlen(text), false, &visitor, &error));
	assert_true(json_visit(text, strlen(text), true, &visitor, &error));
	assert_string_equal(buffer_string(&walk.trace), "(6 - (5 a (3 - 1)(4 - x))(0 b ))");
	buffer_release(&walk.trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_keep_their_types_and_their_order),
		cmocka_unit_test(test_integers_keep_their_digits),
		cmocka_unit_test(test_integer_beyond_64_bits_is_a_real_and_the_others_stay_exact),
		cmocka_unit_test(test_reals_have_the_shortest_form_that_reads_back),
		cmocka_unit_test(test_the_last_of_equal_keys_counts),
		cmocka_unit_test(test_what_is_not_json_is_refused_with_its_place),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_escapes_are_those_of_json),
		cmocka_unit_test(test_indented_writing_has_one_member_a_line),
		cmocka_unit_test(test_put_replaces_what_stood_under_the_key),
		cmocka_unit_test(test_visitor_sees_containers_open_and_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
