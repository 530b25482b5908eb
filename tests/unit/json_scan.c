/* SPDX-License-Identifier: ISC
 *
 * The quick walk over JSON tells what jansson tells, or refuses.
 */
#include "base/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"

static void write_begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	struct buffer *out = context;

	buffer_format(out, "%d %s ", (int)type, key != NULL ? key : "-");
	buffer_add(out, text, text != NULL ? length : 0);
	buffer_byte(out, '\n');
}

static void write_end(void *context)
{
	buffer_text(context, "end\n");
}

/* What jansson has made of the text, told as a visitor is told. */
static void write_value(const struct value *value, const char *key, struct buffer *out)
{
	write_begin(
		out, value->type, key, value->text, value->text != NULL ? strlen(value->text) : 0);
	for (size_t i = 0; i < value->count; i++)
		write_value(
			value->members[i], value->type == VALUE_MAP ? value->keys[i] : NULL, out);
	if (value->type == VALUE_LIST || value->type == VALUE_MAP)
		write_end(out);
}

static void assert_same(const char *text)
{
	struct buffer quick = {0}, slow = {0};
	struct json_visitor visitor = {write_begin, write_end, &quick};
	struct error error = {0};
	struct value *value = json_parse(text, strlen(text), &error);

	if (value == NULL)
		fail_msg("%s: %s", text, error.text);
	if (!json_scan(text, strlen(text), false, &visitor))
		fail_msg("%s is refused", text);
	write_value(value, NULL, &slow);
	assert_string_equal(buffer_string(&quick), buffer_string(&slow));
	value_free(value);
	buffer_release(&quick);
	buffer_release(&slow);
}

static void test_values_are_told_as_jansson_has_them(void **state)
{
	static const char *const texts[] = {"{}", "[]", "\"\"", "0", "-7", "true", " null ",
		"[1,2.50,-0.0,1e3,1E+2,0.1,123456789012345678,-123456789012345678,99.98, 3e-7]",
		"{\"a\":{\"b\":[{\"c\":null},[],{}]},\"\":1,\"k "
		"k\":false,\"\xc3\xa4\":\"\xe2\x82\xac\"}",
		"[\"a\\\"b\\\\c\\/d\\b\\f\\n\\r\\t\", \"\\u00e4\\u20AC\\ud83d\\ude00x\", "
		"\"\\u0001\"]",
		"\t{ \"a\" :\r\n[ ] , \"b\" : { } }\n", "[[[[[[1]]]]]]",
		"{\"type\":\"x\",\"item\":[\"item\"],\"x1\":{\"type\":1},\"x2\":{\"type\":1}}"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_same(texts[i]);
}

static void assert_refused(const char *text, size_t length, bool prefix)
{
	struct buffer out = {0};
	struct json_visitor visitor = {write_begin, write_end, &out};

	if (json_scan(text, length, prefix, &visitor))
		fail_msg("%s is taken", text);
	assert_int_equal(out.length, 0);
	buffer_release(&out);
}

static void test_mistakes_are_refused_before_anything_is_told(void **state)
{
	static const char *const texts[] = {"", " ", "{", "[", "[1", "[1,]", "[,1]", "{\"a\"}",
		"{\"a\":}", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "\"a", "\"\\x\"", "\"\\u12\"",
		"\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"",
		"{\"a\n\":1}", "\"\\", "01", "-", "1.", "1.e3", "1e", "+1", ".5", "1e999", "nul",
		"nullx", "[truefalse]", "1 2", "[1]]", "\xff", "\"\xc3\"", "[1 2]", "[]x"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_refused(texts[i], strlen(texts[i]), false);
	assert_refused("[1,2]", 4, false);
	assert_refused("\"ab\"", 3, false);
	assert_refused("[1]\0", 4, false);
	assert_refused("truex", 5, true);
}

static void test_what_jansson_settles_is_left_to_it(void **state)
{
	static const char *const texts[] = {"{\"a\":1,\"b\":2,\"a\":3}", "{\"\\u0061\":1}", "-0",
		"1234567890123456789", "\"\\u0000\"", "{\"x\":{\"a\":1,\"a\":1}}"};
	struct buffer deep = {0};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		assert_refused(texts[i], strlen(texts[i]), false);
	for (int i = 0; i < 600; i++)
		buffer_text(&deep, "[");
	for (int i = 0; i < 600; i++)
		buffer_text(&deep, "]");
	assert_refused(buffer_string(&deep), deep.length, false);
	buffer_release(&deep);
}

static void test_many_keys_are_told_apart_up_to_a_limit(void **state)
{
	struct buffer text = {0}, out = {0};
	struct json_visitor visitor = {write_begin, write_end, &out};

	(void)state;
	buffer_text(&text, "{\"first\":0");
	for (int i = 0; i < 1000; i++)
		buffer_format(&text, ",\"k%d\":%d", i, i);
	buffer_text(&text, "}");
	assert_true(json_scan(text.data, text.length, false, &visitor));
	text.length--;
	buffer_text(&text, ",\"k500\":1}");
	assert_refused(text.data, text.length, false);
	buffer_release(&text);
	buffer_release(&out);
}

static void test_what_follows_a_prefix_is_not_looked_at(void **state)
{
	struct buffer out = {0};
	struct json_visitor visitor = {write_begin, write_end, &out};

	(void)state;
	assert_true(json_scan("{\"a\":1}; var x = {", 18, true, &visitor));
	assert_string_equal(buffer_string(&out), "6 - \n3 a 1\nend\n");
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_told_as_jansson_has_them),
		cmocka_unit_test(test_mistakes_are_refused_before_anything_is_told),
		cmocka_unit_test(test_what_jansson_settles_is_left_to_it),
		cmocka_unit_test(test_many_keys_are_told_apart_up_to_a_limit),
		cmocka_unit_test(test_what_follows_a_prefix_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
