/* SPDX-License-Identifier: ISC */
#include "cmd/read_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "model/reading.h"

static const char text[] =
	"reading 1\n"
	"page\tA \"title\"\tpartial_outage\tmajor\n"
	"indicator\ti\tg\tn\tdegraded\tw\n"
	"incident\tx\tt\tnotice\tnone\ts\t2014-01-24T19:20:00Z\t2014-01-24T19:30:00Z\thttp://x/\n"
	"maintenance\tm\tt\ts\t2014-01-24T19:20:00Z\t\t\t\n"
	"affects\tx\ti\n"
	"update\tx\t2014-01-24T19:30:00Z\ts\thello\n";

/* The text under a key of the only member of a list. */
static const char *only(const struct value *root, const char *list, const char *key)
{
	const struct value *members = value_get(root, list);

	assert_non_null(members);
	assert_int_equal(members->type, VALUE_LIST);
	assert_int_equal(members->count, 1);
	return value_get_text(members->members[0], key);
}

static void test_a_reading_is_one_object_with_every_field(void **state)
{
	struct reading reading = {0};
	struct buffer out = {0};
	struct error error = {0};
	struct value *root;

	(void)state;
	assert_true(reading_parse(text, sizeof text - 1, &reading, &error));
	reading_json(&reading, &out);
	assert_null(strchr(buffer_string(&out), '\n'));
	root = json_parse(out.data, out.length, &error);
	assert_non_null(root);
	assert_int_equal(value_get_number(root, "format"), 1);
	assert_string_equal(value_get_text(root, "title"), "A \"title\"");
	assert_string_equal(value_get_text(root, "level"), "partial_outage");
	assert_string_equal(value_get_text(root, "word"), "major");
	assert_string_equal(only(root, "indicators", "group"), "g");
	assert_string_equal(only(root, "indicators", "level"), "degraded");
	assert_string_equal(only(root, "incidents", "started"), "2014-01-24T19:20:00Z");
	assert_string_equal(only(root, "incidents", "url"), "http://x/");
	assert_string_equal(only(root, "maintenances", "ends"), "");
	assert_string_equal(only(root, "affects", "indicator"), "i");
	assert_string_equal(only(root, "updates", "text"), "hello");
	value_free(root);
	buffer_release(&out);
	reading_release(&reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reading_is_one_object_with_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
