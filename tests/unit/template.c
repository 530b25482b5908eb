/* SPDX-License-Identifier: ISC */
#include "base/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"

static struct value *parsed(const char *json)
{
	struct error error = {0};
	struct value *value = json_parse(json, strlen(json), &error);

	if (value == NULL)
		fail_msg("%s", error.text);
	return value;
}

static const char *load_from_map(void *context, const char *name)
{
	const struct value *text = value_get(context, name);

	return text != NULL ? text->text : NULL;
}

/* partials: a JSON object of texts by name, or NULL. */
static void assert_renders_as(enum template_type type, const char *text, const char *json,
	const char *partials, const char *expected)
{
	struct value *data = parsed(json), *texts = partials != NULL ? parsed(partials) : NULL;
	struct template_partials loader = {load_from_map, texts};
	struct buffer out = {0};
	struct error error = {0};

	if (!template_render(text, type, data, texts != NULL ? &loader : NULL, &out, &error))
		fail_msg("%s: %s", text, error.text);
	assert_string_equal(buffer_string(&out), expected);
	buffer_release(&out);
	value_free(data);
	value_free(texts);
}

static void assert_text(const char *text, const char *json, const char *expected)
{
	assert_renders_as(TEMPLATE_TEXT, text, json, NULL, expected);
}

static void assert_fails(
	const char *text, const char *json, const char *partials, const char *expected)
{
	struct value *data = parsed(json), *texts = partials != NULL ? parsed(partials) : NULL;
	struct template_partials loader = {load_from_map, texts};
	struct buffer out = {0};
	struct error error = {0};

	assert_false(template_render(
		text, TEMPLATE_TEXT, data, texts != NULL ? &loader : NULL, &out, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_string_equal(error.text, expected);
	buffer_release(&out);
	value_free(data);
	value_free(texts);
}

static void test_variable_is_replaced_by_text_or_digits(void **state)
{
	(void)state;
	assert_text("{{ name }} has {{count}}, {{share}}.",
		"{\"name\": \"Gmail\", \"count\": 12, \"share\": 0.5}", "Gmail has 12, 0.5.");
	assert_text("{{yes}} {{no}}", "{\"yes\": true, \"no\": false}", "true false");
}

static void test_missing_null_list_and_map_are_nothing(void **state)
{
	(void)state;
	assert_text("[{{none}}{{null}}{{list}}{{map}}]",
		"{\"null\": null, \"list\": [1], \"map\": {\"a\": 1}}", "[]");
}

static void test_dotted_name_does_not_go_back_after_its_first_part(void **state)
{
	(void)state;
	assert_text("{{page.title}}", "{\"page\": {\"title\": \"Dashboard\"}}", "Dashboard");
	assert_text(
		"{{#a}}[{{b.c}}]{{/a}}", "{\"a\": {\"b\": {}}, \"b\": {\"c\": \"wrong\"}}", "[]");
}

static void test_section_is_shown_for_each_member(void **state)
{
	(void)state;
	assert_text("{{#events}}{{label}} of {{page}};{{/events}}",
		"{\"page\": \"P\", \"events\": [{\"label\": \"a\"}, {\"label\": \"b\"}]}",
		"a of P;b of P;");
	assert_text("{{#list}}({{.}}){{/list}}", "{\"list\": [1, \"two\"]}", "(1)(two)");
	assert_text("{{#map}}{{x}}{{/map}}{{#word}}{{.}}{{/word}}",
		"{\"map\": {\"x\": 1}, \"word\": \"w\"}", "1w");
}

static void test_empty_text_zero_and_empty_list_are_false(void **state)
{
	static const char *const values[] = {"\"\"", "0", "[]", "false", "null"};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		char *json = memory_format("{\"x\": %s}", values[i]);

		assert_text("{{#x}}yes{{/x}}{{^x}}no{{/x}}", json, "no");
		free(json);
	}
	assert_text("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\": \"0\"}", "yes");
	assert_text("{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{}", "no");
}

static void test_tags_alone_on_their_line_leave_no_line(void **state)
{
	(void)state;
	assert_text("a\n  {{#x}}\nb\n  {{/x}}\n{{! why }}\nc\n", "{\"x\": true}", "a\nb\nc\n");
	assert_text("a\r\n{{#x}}\r\nb\r\n{{/x}}\r\nc", "{\"x\": true}", "a\r\nb\r\nc");
	assert_text("a\n {{x}}\n", "{\"x\": 1}", "a\n 1\n");
	assert_text("{{#x}} {{/x}}\n", "{\"x\": 1}", " \n");
}

static void test_delimiters_can_be_changed(void **state)
{
	(void)state;
	assert_text("{{=<% %>=}}<% x %>{{x}}<%={{ }}=%>{{x}}", "{\"x\": 1}", "1{{x}}1");
	assert_text("{{=| |=}}|{x}||&x|", "{\"x\": 1}", "11");
}

static void test_partial_is_indented_as_its_tag(void **state)
{
	(void)state;
	assert_renders_as(TEMPLATE_TEXT, "a\n  {{>p}}\nb {{>p}}", "{\"x\": \"1\\n2\"}",
		"{\"p\": \"{{x}}\\n{{#x}}\\ny\\n{{/x}}\\n\"}", "a\n  1\n2\n  y\nb 1\n2\ny\n");
	assert_renders_as(TEMPLATE_TEXT, "[{{>none}}]", "{}", "{}", "[]");
	assert_text("[{{>none}}]", "{}", "[]");
}

static void test_partial_starts_with_the_usual_delimiters_and_keeps_its_own_to_itself(void **state)
{
	(void)state;
	assert_renders_as(TEMPLATE_TEXT, "{{=| |=}}|>p||x|", "{\"x\": 1}",
		"{\"p\": \"{{x}}{{=< >=}}<x>\"}", "111");
}

static void test_partial_may_include_itself_as_deep_as_the_data(void **state)
{
	(void)state;
	assert_renders_as(TEMPLATE_TEXT, "{{>n}}", "{\"v\": 1, \"in\": [{\"v\": 2, \"in\": []}]}",
		"{\"n\": \"{{v}}<{{#in}}{{>n}}{{/in}}>\"}", "1<2<>>");
}

static void test_html_escapes_what_is_markup(void **state)
{
	(void)state;
	assert_renders_as(TEMPLATE_HTML, "{{x}}|{{{x}}}|{{&x}}", "{\"x\": \"<a href='b\\\"&\"}",
		NULL, "&lt;a href=&#39;b&quot;&amp;|<a href='b\"&|<a href='b\"&");
}

/* Whatever the text, "{{x}}" is a JSON string that reads back as that text. */
static void test_json_escapes_what_would_end_a_string(void **state)
{
	static const char *const texts[] = {"\"", "\\", "\\u0022", "a\nb\t\r\b\f", "\x01\x1f\x7f",
		"</script>", "\xf0\x9f\x94\xb4 \xe2\x80\xa8", "{{x}}"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct value *data = value_map(), *back;
		struct buffer out = {0};
		struct error error = {0};

		value_put_text(data, "x", texts[i]);
		assert_true(
			template_render("[\"{{x}}\"]", TEMPLATE_JSON, data, NULL, &out, &error));
		back = parsed(buffer_string(&out));
		assert_string_equal(back->members[0]->text, texts[i]);
		value_free(back);
		value_free(data);
		buffer_release(&out);
	}
}

static void test_text_is_not_escaped_and_not_rendered_again(void **state)
{
	(void)state;
	assert_text("{{x}}", "{\"x\": \"<{{y}}> & \\\"\", \"y\": \"no\"}", "<{{y}}> & \"");
}

static void test_cut_keeps_whole_characters_and_says_that_it_cut(void **state)
{
	(void)state;
	assert_text("{{%cut 4}}{{a}} {{b}} {{%cut 0}}{{b}}", "{\"a\": \"äöüß\", \"b\": \"äöüßx\"}",
		"äöüß äöü… äöüßx");
	assert_text("{{%cut 1}}{{a}}{{b}}{{{b}}}", "{\"a\": \"x\", \"b\": \"xy\"}", "x…xy");
	assert_renders_as(TEMPLATE_HTML, "{{%cut 3}}{{a}}", "{\"a\": \"<<<<\"}", NULL, "&lt;&lt;…");
	assert_renders_as(TEMPLATE_TEXT, "{{%cut 2}}{{>p}}{{a}}", "{\"a\": \"abc\"}",
		"{\"p\": \"{{a}}\"}", "abca…");
}

static void test_escape_pairs_come_before_the_escapes_of_the_type(void **state)
{
	(void)state;
	assert_renders_as(TEMPLATE_JSON,
		"\"{{%escape & &amp; < &lt; > &gt; * \\* }}{{x}} {{{x}}}\"",
		"{\"x\": \"<!channel> & *\"}", NULL,
		"\"&lt;!channel&gt; &amp; \\\\* <!channel> & *\"");
	assert_text("{{%escape ab c}}{{x}}{{%escape}}{{x}}", "{\"x\": \"aabb\"}", "acbaabb");
}

static void test_settings_leave_no_line(void **state)
{
	(void)state;
	assert_text("a\n{{%cut 3}}\n  {{%escape a b}}\nb", "{}", "a\nb");
}

static void test_mistakes_are_told_with_their_line(void **state)
{
	(void)state;
	assert_fails("a\n{{x", "{}", NULL, "line 2: tag is not closed");
	assert_fails("a\n{{{x}}\n", "{}", NULL, "line 2: tag is not closed");
	assert_fails("\n{{#a}}\n\n", "{}", NULL, "line 2: section a is not closed");
	assert_fails("\n\n{{/a}}", "{}", NULL, "line 3: {{/a}} closes nothing");
	assert_fails("{{#a}}\n{{^b}}\n{{/a}}{{/b}}", "{}", NULL,
		"line 3: {{/a}} where {{/b}} should be, of line 2");
	assert_fails("a{{}}", "{}", NULL, "line 1: tag without a name");
	assert_fails("{{# }}", "{}", NULL, "line 1: tag without a name");
	assert_fails("{{=a=}}", "{}", NULL,
		"line 1: delimiters are two words without '=', of at most 16 bytes");
	assert_fails("{{=<== ==>=}}", "{}", NULL,
		"line 1: delimiters are two words without '=', of at most 16 bytes");
	assert_fails(
		"{{%cut x}}", "{}", NULL, "line 1: neither {{%cut NUMBER}} nor {{%escape PAIRS}}");
	assert_fails("{{%escape a b c}}", "{}", NULL,
		"line 1: neither {{%cut NUMBER}} nor {{%escape PAIRS}}");
}

static void test_mistake_is_found_also_where_the_data_hides_it(void **state)
{
	(void)state;
	assert_fails("{{#never}}\n{{/nothing}}{{/never}}", "{}", NULL,
		"line 2: {{/nothing}} where {{/never}} should be, of line 1");
}

static void test_mistake_in_a_partial_names_the_partial(void **state)
{
	(void)state;
	assert_fails("{{>outer}}", "{}", "{\"outer\": \"\\n{{>inner}}\", \"inner\": \"\\n\\n{{x\"}",
		"partial inner: line 3: tag is not closed");
}

static void test_endless_recursion_is_refused(void **state)
{
	(void)state;
	assert_fails("{{>p}}", "{}", "{\"p\": \"x\\n{{>p}}\"}",
		"partial p: line 1: sections and partials nested deeper than 64");
}

static void test_sections_nested_too_deep_are_refused(void **state)
{
	struct buffer text = {0};

	(void)state;
	for (int i = 0; i <= TEMPLATE_DEPTH_MAX; i++)
		buffer_text(&text, "{{#a}}");
	assert_fails(buffer_string(&text), "{}", NULL,
		"line 1: more than 64 sections inside one another");
	buffer_release(&text);
}

static void test_endless_work_and_endless_output_are_refused(void **state)
{
	struct buffer list = {0};
	char *json;

	(void)state;
	for (int i = 0; i < 200; i++)
		buffer_format(&list, "%s%d", i > 0 ? "," : "", i);
	json = memory_format("{\"l\": [%s]}", buffer_string(&list));
	assert_fails("{{#l}}{{#l}}{{#l}}{{#l}}{{none}}{{/l}}{{/l}}{{/l}}{{/l}}", json, NULL,
		"line 1: more than 4000000 steps");
	assert_fails("\n{{#l}}{{#l}}{{#l}}0123456789{{/l}}{{/l}}{{/l}}", json, NULL,
		"line 2: the result is too long");
	free(json);
	buffer_release(&list);
}

static void put_file(const char *folder, const char *name, const char *text)
{
	struct error error = {0};
	char *path = file_join(folder, name);

	if (!file_write(path, text, strlen(text), 0600, &error))
		fail_msg("%s", error.text);
	free(path);
}

static void test_file_gives_type_and_partials_of_its_folder(void **state)
{
	char folder[] = "/tmp/lampwatch-template-XXXXXX";
	struct value *data = parsed("{\"x\": \"<\"}");
	struct buffer out = {0};
	struct error error = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	put_file(folder, "a.html", "{{>row}}{{>row}}{{>../row}}{{>none}}");
	put_file(folder, "row.html", "{{x}};");
	put_file(folder, "row.txt", "wrong");
	put_file(folder, "b.txt", "{{x}}");
	put_file(folder, "c.html", "\n{{#x}}");
	put_file(folder, "d.pdf", "");
	put_file(folder, "e.xml", "{{x}}");
	put_file(folder, "f.svg", "{{x}}");
	assert_true(template_render_file(folder, "a.html", data, &out, &error));
	assert_true(template_render_file(folder, "b.txt", data, &out, &error));
	assert_true(template_render_file(folder, "e.xml", data, &out, &error));
	assert_true(template_render_file(folder, "f.svg", data, &out, &error));
	assert_string_equal(buffer_string(&out), "&lt;;&lt;;<&lt;&lt;");
	assert_false(template_render_file(folder, "c.html", data, &out, &error));
	assert_non_null(strstr(error.text, "/c.html: line 2: section x is not closed"));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_false(template_render_file(folder, "d.pdf", data, &out, &error));
	assert_non_null(
		strstr(error.text, "d.pdf: ends in none of .txt, .html, .xml, .svg, .json"));
	assert_false(template_render_file(folder, "none.txt", data, &out, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_true(file_remove_tree(folder, &error));
	buffer_release(&out);
	value_free(data);
}

static void test_files_are_kept_until_there_are_too_many(void **state)
{
	char folder[] = "/tmp/lampwatch-template-XXXXXX";
	struct value *data = parsed("{}");
	struct buffer out = {0};
	struct error error = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	put_file(folder, "a.txt", "old{{>b}} ");
	put_file(folder, "b.txt", "old");
	assert_true(template_render_file(folder, "a.txt", data, &out, &error));
	put_file(folder, "a.txt", "new{{>b}} ");
	put_file(folder, "b.txt", "new");
	assert_true(template_render_file(folder, "a.txt", data, &out, &error));
	for (int i = 0; i <= TEMPLATE_FILES_MAX; i++) {
		char name[32];

		snprintf(name, sizeof name, "other%d.txt", i);
		put_file(folder, name, "");
		assert_true(template_render_file(folder, name, data, &out, &error));
	}
	assert_true(template_render_file(folder, "a.txt", data, &out, &error));
	assert_string_equal(buffer_string(&out), "oldold oldold newnew ");
	assert_true(file_remove_tree(folder, &error));
	buffer_release(&out);
	value_free(data);
}

static void test_partial_is_taken_from_the_own_folder_of_each_rendering(void **state)
{
	char folder[] = "/tmp/lampwatch-template-XXXXXX", own[] = "/tmp/lampwatch-template-XXXXXX";
	struct value *data = parsed("{}");
	struct buffer out = {0};
	struct error error = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_non_null(mkdtemp(own));
	put_file(folder, "a.txt", "{{>b}}{{>b}} ");
	put_file(folder, "b.txt", "ours");
	put_file(own, "b.txt", "theirs");
	assert_true(template_render_own(own, folder, "a.txt", data, &out, &error));
	assert_true(template_render_own(NULL, folder, "a.txt", data, &out, &error));
	assert_true(template_render_own(own, folder, "a.txt", data, &out, &error));
	assert_string_equal(buffer_string(&out), "theirstheirs oursours theirstheirs ");
	assert_true(file_remove_tree(folder, &error));
	assert_true(file_remove_tree(own, &error));
	buffer_release(&out);
	value_free(data);
}

/* The official cases: one file for each part of the language. */
static void run_specification(const char *path)
{
	struct buffer text = {0};
	struct error error = {0};
	struct value *file;
	const struct value *tests;

	assert_true(file_read(path, &text, &error));
	file = parsed(buffer_string(&text));
	tests = value_get(file, "tests");
	assert_true(tests != NULL && tests->count > 0);
	for (size_t i = 0; i < tests->count; i++) {
		const struct value *test = tests->members[i];
		struct template_partials partials = {
			load_from_map, (void *)(uintptr_t)value_get(test, "partials")};
		struct buffer out = {0};

		if (!template_render(value_get_text(test, "template"), TEMPLATE_HTML,
			    value_get(test, "data"), &partials, &out, &error))
			fail_msg("%s: %s: %s", path, value_get_text(test, "name"), error.text);
		if (strcmp(buffer_string(&out), value_get_text(test, "expected")) != 0)
			fail_msg("%s: %s: expected '%s', got '%s'", path,
				value_get_text(test, "name"), value_get_text(test, "expected"),
				buffer_string(&out));
		buffer_release(&out);
	}
	value_free(file);
	buffer_release(&text);
}

static void test_official_specification_holds(void **state)
{
	static const char *const parts[] = {
		"comments", "delimiters", "interpolation", "inverted", "partials", "sections"};
	const char *shared = getenv("LAMPWATCH_SHARED");

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		char *path = memory_format("%s/mustache-spec/%s.json",
			shared != NULL ? shared : "../shared", parts[i]);

		if (file_absent(path)) {
			print_message("# skipped: no %s (set LAMPWATCH_SHARED)\n", path);
			free(path);
			skip();
			return;
		}
		run_specification(path);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_variable_is_replaced_by_text_or_digits),
		cmocka_unit_test(test_missing_null_list_and_map_are_nothing),
		cmocka_unit_test(test_dotted_name_does_not_go_back_after_its_first_part),
		cmocka_unit_test(test_section_is_shown_for_each_member),
		cmocka_unit_test(test_empty_text_zero_and_empty_list_are_false),
		cmocka_unit_test(test_tags_alone_on_their_line_leave_no_line),
		cmocka_unit_test(test_delimiters_can_be_changed),
		cmocka_unit_test(test_partial_is_indented_as_its_tag),
		cmocka_unit_test(
			test_partial_starts_with_the_usual_delimiters_and_keeps_its_own_to_itself),
		cmocka_unit_test(test_partial_may_include_itself_as_deep_as_the_data),
		cmocka_unit_test(test_html_escapes_what_is_markup),
		cmocka_unit_test(test_json_escapes_what_would_end_a_string),
		cmocka_unit_test(test_text_is_not_escaped_and_not_rendered_again),
		cmocka_unit_test(test_cut_keeps_whole_characters_and_says_that_it_cut),
		cmocka_unit_test(test_escape_pairs_come_before_the_escapes_of_the_type),
		cmocka_unit_test(test_settings_leave_no_line),
		cmocka_unit_test(test_mistakes_are_told_with_their_line),
		cmocka_unit_test(test_mistake_is_found_also_where_the_data_hides_it),
		cmocka_unit_test(test_mistake_in_a_partial_names_the_partial),
		cmocka_unit_test(test_endless_recursion_is_refused),
		cmocka_unit_test(test_sections_nested_too_deep_are_refused),
		cmocka_unit_test(test_endless_work_and_endless_output_are_refused),
		cmocka_unit_test(test_file_gives_type_and_partials_of_its_folder),
		cmocka_unit_test(test_files_are_kept_until_there_are_too_many),
		cmocka_unit_test(test_partial_is_taken_from_the_own_folder_of_each_rendering),
		cmocka_unit_test(test_official_specification_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
