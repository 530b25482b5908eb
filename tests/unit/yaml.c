/* SPDX-License-Identifier: ISC */
#include "base/list.h"
#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

struct indicator_state {
	char *name;
	bool lit;
	int64_t every, size, number;
	int colour;
	struct text_list tags;
	struct node rest;
	struct {
		int64_t worse;
	} confirm;
};

static const struct node_range number_range = {1, 10};
static const struct node_range every_range = {0, 31LL * 24 * 3600 * 1000};
static const struct node_word colours[] = {{"red", 3}, {"green", 4}, {"blue", 5}, {NULL, 0}};
static const struct node_rule confirm_rules[] = {
	{"worse", node_read_number, 0, true, NULL},
	{0},
};
static const struct node_rule rules[] = {
	{"name", node_read_text, offsetof(struct indicator_state, name), true, NULL},
	{"lit", node_read_boolean, offsetof(struct indicator_state, lit), false, NULL},
	{"every", node_read_duration, offsetof(struct indicator_state, every), false, &every_range},
	{"size", node_read_size, offsetof(struct indicator_state, size), false, NULL},
	{"number", node_read_number, offsetof(struct indicator_state, number), false,
		&number_range},
	{"colour", node_read_word, offsetof(struct indicator_state, colour), false, colours},
	{"tags", node_read_texts, offsetof(struct indicator_state, tags), false, NULL},
	{"rest", node_read_node, offsetof(struct indicator_state, rest), false, NULL},
	{"confirm", node_read_map, offsetof(struct indicator_state, confirm), false, confirm_rules},
	{0},
};

static void indicator_state_release(struct indicator_state *indicator)
{
	free(indicator->name);
	text_list_release(&indicator->tags);
}

static struct yaml *parse(const char *text, struct problems *problems)
{
	return yaml_parse("lamp.yaml", text, strlen(text), problems);
}

/* Walks the text and asserts that exactly this is complained about; NULL: nothing. */
static void assert_complaint(const char *text, int line, const char *expected)
{
	struct problems problems = {0};
	struct yaml *yaml = parse(text, &problems);
	struct indicator_state indicator = {0};
	bool good =
		yaml != NULL && node_walk_map(&problems, yaml_root(yaml), rules, &indicator, NULL);

	if (problems.count != (expected != NULL ? 1 : 0))
		fail_msg("%zu complaints about: %s (first: %s)", problems.count, text,
			problems.count > 0 ? problems.list[0].text : "none");
	assert_int_equal(good, expected == NULL);
	if (expected != NULL) {
		assert_string_equal(problems.list[0].text, expected);
		assert_int_equal(problems.list[0].line, line);
		assert_string_equal(problems.list[0].file, "lamp.yaml");
	}
	indicator_state_release(&indicator);
	yaml_close(yaml);
	problems_release(&problems);
}

static void test_every_node_knows_its_type_and_line(void **state)
{
	struct problems problems = {0};
	struct yaml *yaml = parse("# comment\na: word\nb:\n  - x\n  - {k: v}\n", &problems);
	struct node root = yaml_root(yaml), list = node_find(root, "b");

	(void)state;
	assert_int_equal(node_type(root), NODE_MAP);
	assert_int_equal(node_count(root), 2);
	assert_string_equal(node_text(node_key(root, 0)), "a");
	assert_string_equal(node_text(node_value(root, 0)), "word");
	assert_int_equal(node_line(node_key(root, 0)), 2);
	assert_int_equal(node_type(list), NODE_LIST);
	assert_int_equal(node_count(list), 2);
	assert_string_equal(node_text(node_member(list, 0)), "x");
	assert_int_equal(node_line(node_member(list, 1)), 5);
	assert_string_equal(node_text(node_find(node_member(list, 1), "k")), "v");
	assert_string_equal(node_file(list), "lamp.yaml");
	yaml_close(yaml);
	problems_release(&problems);
}

static void test_nothing_is_nothing_whatever_is_asked_of_it(void **state)
{
	struct problems problems = {0};
	struct yaml *yaml = parse("a: word\n", &problems);
	struct node root = yaml_root(yaml), none = node_find(root, "b"),
		    word = node_find(root, "a");

	(void)state;
	assert_int_equal(node_type(none), NODE_NONE);
	assert_string_equal(node_text(none), "");
	assert_int_equal(node_count(none), 0);
	assert_int_equal(node_type(node_member(root, 0)), NODE_NONE);
	assert_int_equal(node_type(node_value(root, 1)), NODE_NONE);
	assert_int_equal(node_type(node_find(word, "x")), NODE_NONE);
	assert_int_equal(node_type((struct node){0}), NODE_NONE);
	assert_int_equal(node_line((struct node){0}), 0);
	yaml_close(yaml);
	yaml_close(NULL);
}

static void test_an_empty_file_is_a_document_with_nothing_in_it(void **state)
{
	static const char *const texts[] = {"", "\n\n", "# only a comment\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct problems problems = {0};
		struct yaml *yaml = parse(texts[i], &problems);

		assert_non_null(yaml);
		assert_int_equal(problems.count, 0);
		assert_int_equal(node_type(yaml_root(yaml)), NODE_NONE);
		yaml_close(yaml);
	}
	assert_complaint("", 0, "keys and values are expected here, as in \"name: …\"");
}

static void test_what_is_not_yaml_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		int line;
	} cases[] = {
		{"a: 1\nb: [1,\nc: }\n", 3},
		{"a: \"open\n", 2},
		{"a: b: c\n", 1},
		{"a: 1\n b: 2\n", 2},
		{"a: *nobody\n", 1},
		{"a: 1\nb: \xff\n", 2},
		{"a: 1\n\tb: 2\n", 2},
		{"a: 1\n---\nb: 2\n", 3},
		{"a: 1\n...\n}", 3},
		{"a: 1\nb: \"x\\0y\"\n", 2},
		{"a: \x01\n", 1},
		{"a: 1\nb: !!binary aGk=\n", 2},
		{"a: 1\nb: !own {c: 1}\n", 2},
		{"a: &a\n  b: [*a, *a]\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct problems problems = {0};
		struct yaml *yaml = parse(cases[i].text, &problems);

		if (yaml != NULL || problems.count != 1 || problems.list[0].line != cases[i].line)
			fail_msg("case %zu: %zu problems, the first in line %d: %s", i,
				problems.count, problems.count > 0 ? problems.list[0].line : 0,
				problems.count > 0 ? problems.list[0].text : "none");
		problems_release(&problems);
	}
}

static void test_a_tab_as_indentation_is_called_one(void **state)
{
	struct problems problems = {0};

	(void)state;
	assert_null(parse("a:\n\tb: 2\n", &problems));
	assert_non_null(strstr(problems.list[0].text, "not with tabs"));
	problems_release(&problems);
}

static void test_a_file_that_is_not_there_is_one_problem(void **state)
{
	struct problems problems = {0};

	(void)state;
	assert_null(yaml_load("/nonexistent/lamp.yaml", &problems));
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.list[0].file, "/nonexistent/lamp.yaml");
	assert_string_equal(problems.list[0].text, "cannot be opened: No such file or directory");
	problems_release(&problems);
}

static void test_size_and_depth_are_bounded(void **state)
{
	size_t length = YAML_FILE_MAX + 1;
	char *text = memory_new(length);
	struct problems problems = {0};
	struct yaml *yaml;

	(void)state;
	memset(text, ' ', length);
	assert_null(yaml_parse("long", text, length, &problems));
	memset(text, '[', length);
	assert_null(yaml_parse("deep", text, length - 1, &problems));
	assert_int_equal(problems.count, 2);
	assert_string_equal(problems.list[0].text, "longer than 4194304 bytes");
	assert_string_equal(problems.list[1].text, "more than 200 brackets are open at once");
	memset(text + YAML_DEPTH_MAX, ']', YAML_DEPTH_MAX);
	yaml = yaml_parse("within", text, 2 * YAML_DEPTH_MAX, &problems);
	assert_non_null(yaml);
	yaml_close(yaml);
	for (size_t i = 0; i + 2 <= length; i += 2)
		memcpy(text + i, "- ", 2);
	yaml_close(yaml_parse("block", text, 100000, &problems));
	problems_release(&problems);
	free(text);
}

static void test_a_map_is_read_into_a_struct(void **state)
{
	static const char text[] =
		"name: hall\nlit: true\nevery: 90s\nsize: 8MiB\nnumber: 10\ncolour: green\n"
		"tags: [a, \"b c\"]\nrest: {x: 1}\nconfirm: {worse: 2}\n";
	struct problems problems = {0};
	struct yaml *yaml = parse(text, &problems);
	struct indicator_state indicator = {0};

	(void)state;
	assert_true(node_walk_map(&problems, yaml_root(yaml), rules, &indicator, NULL));
	assert_string_equal(indicator.name, "hall");
	assert_true(indicator.lit);
	assert_int_equal(indicator.every, 90000);
	assert_int_equal(indicator.size, 8388608);
	assert_int_equal(indicator.number, 10);
	assert_int_equal(indicator.colour, 4);
	assert_int_equal(indicator.tags.count, 2);
	assert_true(text_list_has(&indicator.tags, "b c"));
	assert_string_equal(node_text(node_find(indicator.rest, "x")), "1");
	assert_int_equal(indicator.confirm.worse, 2);
	indicator_state_release(&indicator);
	yaml_close(yaml);
}

static void test_unknown_double_and_missing_keys_are_complained_about(void **state)
{
	(void)state;
	assert_complaint(
		"name: x\n\nevry: 5m\n", 3, "unknown key \"evry\"; did you mean \"every\"?");
	assert_complaint("name: x\nsomething: 5\n", 2,
		"unknown key \"something\"; the keys here are name, lit, "
		"every, size, number, colour, tags, rest, confirm");
	assert_complaint("name: x\nname: y\n", 2, "\"name\" stands here a second time");
	assert_complaint("lit: true\n", 1, "\"name\" is missing");
	assert_complaint("- name: x\n", 1, "keys and values are expected here, as in \"name: …\"");
	assert_complaint("name: x\nconfirm: {}\n", 2, "\"worse\" is missing");
	assert_complaint("name: x\nconfirm: 2\n", 2,
		"keys and values are expected here, as in \"worse: …\"");
	assert_complaint("name: x\n[a]: 2\n", 2,
		"unknown key \"\"; the keys here are name, lit, "
		"every, size, number, colour, tags, rest, confirm");
}

static void test_all_mistakes_are_told_at_once(void **state)
{
	struct problems problems = {0};
	struct yaml *yaml = parse("nme: x\nlit: maybe\nevery: soon\nnumber: 11\n", &problems);
	struct indicator_state indicator = {0};

	(void)state;
	assert_false(node_walk_map(&problems, yaml_root(yaml), rules, &indicator, NULL));
	assert_int_equal(
		problems.count, 4); /* "nme" stands for "name": that is not missing as well */
	indicator_state_release(&indicator);
	yaml_close(yaml);
	problems_release(&problems);
}

static void test_wrong_values_are_told_with_what_would_be_right(void **state)
{
	(void)state;
	assert_complaint("name: [x]\n", 1, "\"name\" takes a single value, not a list or a map");
	assert_complaint("name: \"\"\n", 1, "\"name\" is empty");
	assert_complaint("name:\n", 1, "\"name\" is empty");
	assert_complaint("name: ~\n", 1, "\"name\" is empty");
	assert_complaint("name: null\n", 1, "\"name\" is empty");
	assert_complaint("name: \"null\"\n", 0, NULL);
	assert_complaint("name: x\nlit: yes\n", 2, "\"lit\" is true or false, not \"yes\"");
	assert_complaint(
		"name: x\ncolour: rde\n", 2, "\"colour\" is red, green or blue, not \"rde\"");
	assert_complaint("name: x\ntags: {a: b}\n", 2,
		"\"tags\" takes a single value or a list of them, such as [one, two]");
	assert_complaint("name: x\ntags:\n  - a\n  - [b]\n", 4,
		"\"tags\" takes a single value or a list of them, such as [one, two]");
	assert_complaint("name: x\ntags:\n", 2,
		"\"tags\" takes a single value or a list of them, such as [one, two]");
	assert_complaint("name: x\ntags: one\n", 0, NULL);
	assert_complaint("name: x\ntags: []\n", 0, NULL);
}

static void test_numbers_have_bounds_and_no_signs_fractions_or_rest(void **state)
{
	static const char *const bad[] = {"-1", "+1", "0", "11", "1.5", "1e1", "0x1", "1 2", "5m",
		"x", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *text = memory_format("name: x\nnumber: %s\n", bad[i]);
		char *expected = memory_format(
			"\"number\" is a whole number from 1 to 10, not \"%s\"", bad[i]);

		assert_complaint(text, 2, expected);
		free(expected);
		free(text);
	}
	assert_complaint("name: x\nnumber: 1\n", 0, NULL);
	assert_complaint("name: x\nnumber: 10\n", 0, NULL);
}

static void test_durations_need_a_unit_and_have_bounds(void **state)
{
	static const char *const bad[] = {
		"5", "-5m", "5 m", "5M", "m", "1.5h", "32d", "9223372036854775807d"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *text = memory_format("name: x\nevery: %s\n", bad[i]);
		char *expected = memory_format(
			"\"every\" is a time (such as 250ms, 30s, 5m, 2h or 1d) from 0 to 31d, "
			"not \"%s\"",
			bad[i]);

		assert_complaint(text, 2, expected);
		free(expected);
		free(text);
	}
	assert_complaint("name: x\nevery: 0s\n", 0, NULL);
	assert_complaint("name: x\nevery: 31d\n", 0, NULL);
	assert_complaint("name: x\nevery: 250ms\n", 0, NULL);
}

static void test_sizes_have_units_and_do_not_wrap_around(void **state)
{
	(void)state;
	assert_complaint("name: x\nsize: 9223372036854775807GiB\n", 2,
		"\"size\" is a size (such as 4096, 64KiB or 8MiB), not \"9223372036854775807GiB\"");
	assert_complaint("name: x\nsize: 8 MiB\n", 2,
		"\"size\" is a size (such as 4096, 64KiB or 8MiB), not \"8 MiB\"");
	assert_complaint("name: x\nsize: 4096\n", 0, NULL);
	assert_complaint("name: x\nsize: 10kB\n", 0, NULL);
}

static void test_aliases_are_followed(void **state)
{
	struct problems problems = {0};
	struct yaml *yaml = parse("a: &x {k: v}\nb: *x\n", &problems);

	(void)state;
	assert_string_equal(node_text(node_find(node_find(yaml_root(yaml), "b"), "k")), "v");
	yaml_close(yaml);
}

/* Where libyaml's own words say where, but not what to do. */
static void test_what_is_not_yaml_is_told_with_what_to_do(void **state)
{
	static const char *const cases[][2] = {
		{"a: \xfc\n", "not YAML: invalid leading UTF-8 octet (save the file as UTF-8)"},
		{"a: b: c\n",
			"not YAML: mapping values are not allowed in this context (what holds "
			"\": \" stands in quotes)"},
		{"a: 'open\nb: 1\n", "not YAML: found unexpected end of stream while scanning a "
				     "quoted scalar that "
				     "begins on line 1 (a quotation mark is missing)"},
		{"a 1\nb: 1\n",
			"not YAML: mapping values are not allowed in this context (what holds "
			"\": \" stands in quotes)"},
		{"b: 1\na 1\n",
			"not YAML: could not find expected ':' while scanning a simple key that "
			"begins on line 2 (a key ends with a colon and a blank)"},
		{"a: @b\n",
			"not YAML: found character that cannot start any token while scanning for "
			"the next token (what begins with @, ` or % stands in quotes)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct problems problems = {0};

		assert_null(parse(cases[i][0], &problems));
		assert_int_equal(problems.count, 1);
		assert_string_equal(problems.list[0].text, cases[i][1]);
		problems_release(&problems);
	}
}

/* Nine members, of which each stands for nine: nobody can walk all of that. */
static void test_what_aliases_stand_for_is_bounded(void **state)
{
	struct buffer text = {0};
	struct problems problems = {0};

	(void)state;
	buffer_text(&text, "a0: &a0 x\n");
	for (int i = 1; i < 12; i++) {
		buffer_format(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 9; j++)
			buffer_format(&text, "%s*a%d", j > 0 ? ", " : "", i - 1);
		buffer_text(&text, "]\n");
	}
	assert_null(yaml_parse("bomb", buffer_string(&text), text.length, &problems));
	assert_int_equal(problems.count, 1);
	assert_string_equal(problems.list[0].text,
		"with its aliases written out the file is longer than 4194304 bytes");
	assert_true(problems.list[0].line > 0);
	problems_release(&problems);
	buffer_release(&text);
}

static void test_merge_keys_are_named(void **state)
{
	struct problems problems = {0};
	struct yaml *yaml = parse("<<: {lit: true}\n", &problems);
	static const struct node_rule none[] = {{0}};

	(void)state;
	assert_false(node_walk_map(&problems, yaml_root(yaml), none, NULL, NULL));
	assert_string_equal(problems.list[0].text,
		"merge keys (\"<<\") have no meaning here; write out what they bring");
	problems_release(&problems);
	yaml_close(yaml);
}

static char *written(const char *text)
{
	struct problems problems = {0};
	struct yaml *yaml = yaml_parse("text", text, strlen(text), &problems);
	struct buffer out = {0};

	for (size_t j = 0; j < problems.count; j++)
		print_error("%s\n", problems.list[j].text);
	assert_non_null(yaml);
	node_write(yaml_root(yaml), &out);
	yaml_close(yaml);
	problems_release(&problems);
	return buffer_take(&out);
}

static void test_what_is_written_is_read_as_the_same(void **state)
{
	static const char *const texts[][2] = {{"", ""}, {"a", "a"}, {"~", "~"}, {"'~'", "\"~\""},
		{"{a: , b: [1, {c: null}], d: []}", "{a: ~, b: [1, {c: null}], d: []}"},
		{"{'a': b c, d: -1, e: \"null\", f: a:b, g: \"x\"}",
			"{\"a\": \"b c\", d: \"-1\", e: \"null\", f: \"a:b\", g: \"x\"}"},
		{"- |\n  x \"y\" \\z\n  \xc3\xa9\xe2\x80\xa8\n- \"\\e\\x7f\\uFEFF: #\"\n", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *once = written(texts[i][0]), *twice = written(once);

		assert_string_equal(once, twice);
		if (texts[i][1] != NULL)
			assert_string_equal(once, texts[i][1]);
		else
			assert_null(strpbrk(once, "\n\xc3\xe2\x7f\x1b"));
		free(once);
		free(twice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_node_knows_its_type_and_line),
		cmocka_unit_test(test_what_is_written_is_read_as_the_same),
		cmocka_unit_test(test_nothing_is_nothing_whatever_is_asked_of_it),
		cmocka_unit_test(test_an_empty_file_is_a_document_with_nothing_in_it),
		cmocka_unit_test(test_what_is_not_yaml_is_refused_with_its_line),
		cmocka_unit_test(test_a_tab_as_indentation_is_called_one),
		cmocka_unit_test(test_a_file_that_is_not_there_is_one_problem),
		cmocka_unit_test(test_size_and_depth_are_bounded),
		cmocka_unit_test(test_a_map_is_read_into_a_struct),
		cmocka_unit_test(test_unknown_double_and_missing_keys_are_complained_about),
		cmocka_unit_test(test_all_mistakes_are_told_at_once),
		cmocka_unit_test(test_wrong_values_are_told_with_what_would_be_right),
		cmocka_unit_test(test_numbers_have_bounds_and_no_signs_fractions_or_rest),
		cmocka_unit_test(test_durations_need_a_unit_and_have_bounds),
		cmocka_unit_test(test_sizes_have_units_and_do_not_wrap_around),
		cmocka_unit_test(test_aliases_are_followed),
		cmocka_unit_test(test_what_aliases_stand_for_is_bounded),
		cmocka_unit_test(test_what_is_not_yaml_is_told_with_what_to_do),
		cmocka_unit_test(test_merge_keys_are_named),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
