/* SPDX-License-Identifier: ISC
 *
 * Shortcuts through an expression: joins that are looked up and paths that are
 * followed by hand give what XPath gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "watch/kind/xml_p.h"

static void assert_joined(const char *text, const char *expected)
{
	struct joins joins = {0};
	char *joined = joins_find(text, &joins);

	if (joined == NULL || strcmp(joined, expected) != 0)
		fail_msg("%s becomes %s", text, joined != NULL ? joined : "nothing");
	free(joined);
	joins_release(&joins);
}

static void assert_left_alone(const char *text)
{
	struct joins joins = {0};
	char *joined = joins_find(text, &joins);

	if (joined != NULL)
		fail_msg("%s becomes %s", text, joined);
	joins_release(&joins);
}

static void test_a_comparison_with_the_row_is_a_join(void **state)
{
	(void)state;
	assert_joined("$g[id = $item/gid]/name", "join(0, $item/gid)/name");
	assert_joined("$g[.=$item]", "join(0, $item)");
	assert_joined(
		"$d/json/l/*[key() = $item/id]/item[last()]/s", "join(0, $item/id)/item[last()]/s");
	assert_joined("count(/a/b[@c = $item/../d])", "count(join(0, $item/../d))");
	assert_joined("/a/i[t = \"x]\"][id = $item/r/id] | b | $g/item[1]//x[y/z = $item/z]",
		"join(0, $item/r/id) | b | join(1, $item/z)");
	assert_joined(
		"$s/a[c = $item/id]/s[not(. = \"$u\")]", "join(0, $item/id)/s[not(. = \"$u\")]");
}

static void test_what_depends_on_the_row_or_on_places_is_no_join(void **state)
{
	(void)state;
	assert_left_alone("$item/x[id = $item/gid]");
	assert_left_alone("../x[id = $item/gid]");
	assert_left_alone("a /x[id = $item/gid]");
	assert_left_alone("x/y[id = $item/gid]");
	assert_left_alone("x[$g/y[id = $item/gid]]");
	assert_left_alone("x[/y[id = $item/gid]]");
	assert_left_alone("$g[z = $item/z or a]/x[id = $item/gid]");
	assert_left_alone("$g/x[id = $item/gid][1]");
	assert_left_alone("$g/x[id = $item/gid] [last()]");
	assert_left_alone("$g/x[1 = $item/gid]");
	assert_left_alone("$g/x[id != $item/gid]");
	assert_left_alone("$g/x[id >= $item/gid]");
	assert_left_alone("$g/x[id = $item/gid + 1]");
	assert_left_alone("$g/x[id = $items/gid]");
	assert_left_alone("$g/x[id = $item/gid[1]]");
	assert_left_alone("$g*/x[id = $item/gid]");
	assert_left_alone("f($g)/x[id = $item/gid]");
	assert_left_alone("\"$g[id = $item/gid]\"");
	assert_left_alone("$g[id = $item/gid");
}

static void test_descendants_are_asked_for_where_no_places_are(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"//div[@id = \"x\"]", "/descendant::div[@id = \"x\"]"},
		{".//*[contains-token(@class, \"a]\")][@b]/c",
			"./descendant::*[contains-token(@class, \"a]\")][@b]/c"},
		{"count(//a[not(b)]) + //c[.//d[@e]]",
			"count(/descendant::a[not(b)]) + /descendant::c[./descendant::d[@e]]"},
		{"x[//a[b/c]]", "x[/descendant::a[b/c]]"},
		{"//a", NULL},
		{"//a[1]", NULL},
		{"//a[b][1]", NULL},
		{"//a[b] [last()]", NULL},
		{"//a[not(position() = 1)]", NULL},
		{"//a[b[last()]]", NULL},
		{"//a[count(b)]", NULL},
		{"//a[$n]", NULL},
		{"//a[b + 1]", NULL},
		{"//a[-b]", NULL},
		{"//a[b*c]", NULL},
		{"//a[b = 1]", NULL},
		{"//a[string(b)]", NULL},
		{"//a[b] | //@c[d]", "/descendant::a[b] | //@c[d]"},
		{"//text()[contains(., \"a\")]", NULL},
		{"//..[a]", NULL},
		{"\"//a[b]\"", NULL},
		{"//a[b", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *text = xpath_descend(cases[i].text);

		if (!text_equal(text, cases[i].expected))
			fail_msg("%s becomes %s", cases[i].text, text != NULL ? text : "nothing");
		free(text);
	}
}

static const char page[] =
	"{\"rows\":[{\"id\":\"a\",\"g\":\"1\",\"m\":[\"x\",\"y\",\"x\"]},{\"id\":\"b\",\"g\":2},"
	"{\"id\":\"c\",\"g\":\"\"},{\"id\":\"d\",\"g\":\"9\"},{\"id\":\"e\"},{\"id\":\"f\",\"m\":"
	"[\"z\",\"y\",\"w\"]}],"
	"\"groups\":[{\"id\":1,\"name\":\"one\",\"m\":[\"y\",\"x\"]},{\"id\":\"2\",\"name\":"
	"\"two\"},{\"id\":\"1\",\"name\":\"uno\",\"m\":[\"z\",\"z\"]},{\"name\":\"none\"},"
	"{\"id\":\"\",\"name\":\"empty\",\"m\":[\"x\"]}],\"by\":{\"1\":{\"v\":\"i\"},\"2\":"
	"{\"v\":\"ii\"}, \"z\":{\"v\":\"iii\"}}}";

/* A page, its rows, and the names that expressions know. */
struct scene {
	struct evaluation *evaluation;
	struct text_list variables;
	xmlXPathObjectPtr rows;
	struct xpath **xpaths; /* all that was compiled: what joins look up refers to them */
	size_t xpath_count;
};

static struct xpath *compile(struct scene *scene, const char *text)
{
	struct error error = {0};
	struct xpath *xpath = xpath_compile(text, &scene->variables, &error);

	if (xpath == NULL)
		fail_msg("%s", error.text);
	*(struct xpath **)memory_append(&scene->xpaths, &scene->xpath_count, sizeof xpath) = xpath;
	return xpath;
}

static xmlXPathObjectPtr value_of(struct scene *scene, const struct xpath *xpath, xmlNodePtr row)
{
	struct error error = {0};
	xmlXPathObjectPtr value;

	evaluation_set_item(scene->evaluation, row);
	value = evaluate_nodes(scene->evaluation, xpath, row, &error);
	if (value == NULL)
		fail_msg("%s", error.text);
	return value;
}

static void scene_open(struct scene *scene, const char *text)
{
	struct error error = {0};
	struct xpath *xpath;

	*scene = (struct scene){.evaluation = evaluation_new("")};
	evaluation_add_document(scene->evaluation, "page", tree_parse(text, strlen(text), &error));
	text_list_add(&scene->variables, "page");
	text_list_add(&scene->variables, "item");
	xpath = compile(scene, "/json/rows/item");
	scene->rows = value_of(scene, xpath, NULL);
}

static void scene_close(struct scene *scene)
{
	xmlXPathFreeObject(scene->rows);
	evaluation_free(scene->evaluation);
	text_list_release(&scene->variables);
	for (size_t i = 0; i < scene->xpath_count; i++)
		xpath_free(scene->xpaths[i]);
	free(scene->xpaths);
}

/* For every row, both expressions give the same nodes. Returns how many there were in all. */
static size_t compare(struct scene *scene, const char *joined, const char *compared)
{
	struct xpath *one = compile(scene, joined), *other = compile(scene, compared);
	size_t found = 0;

	assert_int_equal(one->joins.count, 1);
	assert_int_equal(other->joins.count, 0);
	for (size_t i = 0; i < node_set_count(scene->rows); i++) {
		xmlNodePtr row = node_set_member(scene->rows, i);
		xmlXPathObjectPtr a = value_of(scene, one, row), b = value_of(scene, other, row);

		assert_int_equal(node_set_count(a), node_set_count(b));
		for (size_t j = 0; j < node_set_count(a); j++)
			assert_ptr_equal(node_set_member(a, j), node_set_member(b, j));
		found += node_set_count(a);
		xmlXPathFreeObject(a);
		xmlXPathFreeObject(b);
	}
	return found;
}

static void test_a_join_gives_what_comparing_gives(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene, page);
	assert_int_equal(compare(&scene, "$page/json/groups/item[id = $item/g]/name",
				 "$page/json/groups/item[$item/g = id]/name"),
		4);
	assert_int_equal(compare(&scene, "/json/groups/item[m/item = $item/m/item]",
				 "/json/groups/item[$item/m/item = m/item]"),
		4);
	assert_int_equal(compare(&scene, "/json/groups/item/m/item[. = $item/m/item]/../../name",
				 "/json/groups/item/m/item[$item/m/item = .]/../../name"),
		4);
	assert_int_equal(
		compare(&scene, "/json/by/*[key() = $item/g]/v", "/json/by/*[$item/g = key()]/v"),
		2);
	assert_int_equal(
		compare(&scene, "/json/nothing[id = $item/g]", "/json/nothing[$item/g = id]"), 0);
	scene_close(&scene);
}

static void test_a_join_with_what_are_no_nodes_is_an_error(void **state)
{
	struct error error = {0};
	struct scene scene;
	struct xpath *xpath;

	(void)state;
	scene_open(&scene, page);
	evaluation_define(scene.evaluation, "text", xmlXPathNewCString("x"));
	text_list_add(&scene.variables, "text");
	xpath = compile(&scene, "$text[id = $item/g]");
	evaluation_set_item(scene.evaluation, node_set_member(scene.rows, 0));
	assert_null(evaluate_text(scene.evaluation, xpath, NULL, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_non_null(strstr(error.text, "no nodes: $text"));
	scene_close(&scene);
}

static void add_rows(struct buffer *text, const char *name, int count, const char *row)
{
	buffer_format(text, "\"%s\":[", name);
	for (int i = 0; i < count; i++)
		buffer_format(text, "%s%s", i > 0 ? "," : "", row);
	buffer_text(text, "]");
}

/* Every row goes with every other: that is work, however it is looked up. */
static void test_joins_are_charged_for_what_they_find(void **state)
{
	enum { ROWS = 4000 };
	struct buffer text = {0};
	struct error error = {0};
	struct scene scene;
	struct xpath *xpath;
	size_t i = 0;
	char *value;

	(void)state;
	buffer_text(&text, "{");
	add_rows(&text, "rows", ROWS, "{\"id\":1}");
	buffer_text(&text, ",");
	add_rows(&text, "groups", ROWS, "{\"id\":1}");
	buffer_text(&text, "}");
	scene_open(&scene, buffer_string(&text));
	xpath = compile(&scene, "/json/groups/item[id = $item/id]");
	for (; i < ROWS; i++) {
		evaluation_set_item(scene.evaluation, node_set_member(scene.rows, i));
		value = evaluate_text(scene.evaluation, xpath, NULL, &error);
		free(value);
		if (value == NULL)
			break;
	}
	assert_in_range(i, 1, ROWS - 1);
	assert_non_null(strstr(error.text, "more work than a reading may"));
	scene_close(&scene);
	buffer_release(&text);
}

static void compare_path(struct scene *scene, const char *text, xmlNodePtr node)
{
	char whole[64];
	struct error error = {0};
	struct xpath *path = compile(scene, text), *general;
	char *one, *other;

	snprintf(whole, sizeof whole, "string(%s)", text);
	general = compile(scene, whole);
	assert_non_null(path->path);
	assert_null(general->path);
	one = evaluate_text(scene->evaluation, path, node, &error);
	other = evaluate_text(scene->evaluation, general, node, &error);
	if (strcmp(one, other) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", text, one, other);
	free(one);
	free(other);
}

static void test_a_path_of_names_gives_what_xpath_gives(void **state)
{
	static const char *const paths[] = {"id", ".", "..", "m", "m/item", "m/@type", "@type",
		"m/item/..", "../item/g", "../../groups/item/m/item", "none", "none/../id",
		"m/@none", "@type/id", "@type/..", "../../../.././json"};
	struct scene scene;

	(void)state;
	scene_open(&scene, page);
	for (size_t i = 0; i < node_set_count(scene.rows); i++)
		for (size_t j = 0; j < sizeof paths / sizeof paths[0]; j++)
			compare_path(&scene, paths[j], node_set_member(scene.rows, i));
	scene_close(&scene);
}

static void test_a_path_of_names_knows_markup(void **state)
{
	static const char html[] = "<html><head><title> a <!-- b -->c</title></head><body id=x "
				   "title=\"\"><p>d<b>e</b></p><P>f</P></body></html>";
	static const char *const paths[] = {"html/head/title", "html/body/@id", "html/body/@title",
		"html/body/p", "html/body/p/b", "html", "."};
	struct scene scene = {.evaluation = evaluation_new("")};
	struct error error = {0};

	(void)state;
	evaluation_add_document(scene.evaluation, "page", tree_parse(html, strlen(html), &error));
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		compare_path(&scene, paths[i], NULL);
	scene_close(&scene);
}

static void test_anything_else_is_no_path_of_names(void **state)
{
	static const char *const others[] = {"", "/", "/a", "a/", "a//b", "*", "a/*", "a[1]", "a b",
		"1", "\"a\"", "text()", "a:b", "child::a", "a|b", "$a", "-a", "@", "...", "a/@"};

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (path_parse(others[i]) != NULL)
			fail_msg("%s is taken for a path of names", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_comparison_with_the_row_is_a_join),
		cmocka_unit_test(test_what_depends_on_the_row_or_on_places_is_no_join),
		cmocka_unit_test(test_descendants_are_asked_for_where_no_places_are),
		cmocka_unit_test(test_a_join_gives_what_comparing_gives),
		cmocka_unit_test(test_a_join_with_what_are_no_nodes_is_an_error),
		cmocka_unit_test(test_joins_are_charged_for_what_they_find),
		cmocka_unit_test(test_a_path_of_names_gives_what_xpath_gives),
		cmocka_unit_test(test_a_path_of_names_knows_markup),
		cmocka_unit_test(test_anything_else_is_no_path_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
