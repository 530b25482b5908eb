/* SPDX-License-Identifier: ISC
 *
 * Expressions: what is refused when a kind is loaded, and the functions in addition to XPath 1.0.
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
#include "watch/kind/xml_p.h"

static struct text_list variables;

static int name_variables(void **state)
{
	(void)state;
	text_list_add(&variables, "url");
	text_list_add(&variables, "page");
	return 0;
}

static int forget_variables(void **state)
{
	(void)state;
	text_list_release(&variables);
	return 0;
}

static void assert_refused(const char *text, const char *reason)
{
	struct error error = {0};

	assert_null(xpath_compile(text, &variables, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	if (strstr(error.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static void assert_accepted(const char *text)
{
	struct error error = {0};
	struct xpath *xpath = xpath_compile(text, &variables, &error);

	if (xpath == NULL)
		fail_msg("%s", error.text);
	xpath_free(xpath);
}

static void test_wrong_grammar_is_refused_with_its_place(void **state)
{
	(void)state;
	assert_refused("/a[", "character");
	assert_refused("", "not XPath");
	assert_refused("a b", "not XPath");
	assert_refused("\"a", "not XPath");
}

static void test_unknown_functions_are_refused_though_they_would_never_be_reached(void **state)
{
	(void)state;
	assert_refused("/none/x[lowercase(.) = \"a\"]", "did you mean \"lower-case\"");
	assert_refused("/a[parse-yaml(.)]", "parse-yaml");
	assert_refused("a[frobnicate (.)]", "frobnicate");
	assert_refused("str:tokenize(.)", "prefix");
}

static void test_unknown_variables_are_refused(void **state)
{
	(void)state;
	assert_refused("$pages/json", "did you mean \"page\"");
	assert_refused("/a[b = $item/c]", "item");
	assert_accepted("concat($url, $page/json/x)");
}

static void test_unknown_prefixes_and_axes_are_refused(void **state)
{
	(void)state;
	assert_refused("/rss/itunes:owner", "itunes");
	assert_refused("/a/itunes:*", "itunes");
	assert_refused("namespace::*", "namespace");
	assert_accepted("/feed/atom:link | dc:date | content:encoded | //media:*");
}

static void test_names_that_are_operators_or_node_tests_are_no_functions(void **state)
{
	(void)state;
	assert_accepted("a and (b or (c)) and not(d) mod (2) div (3)");
	assert_accepted("/a/text() | /a/comment() | /a/node() | processing-instruction(\"x\")");
	assert_accepted("and and or or div * mod");
	assert_accepted("child::a[1] * (2) - .5 + ../b[@c=\"x(y) $z q:r\"]");
	assert_accepted("@* | * | ancestor-or-self::*[last()]");
}

static void test_an_expression_has_a_longest_length(void **state)
{
	char *text = memory_new(XPATH_TEXT_MAX + 2);

	(void)state;
	memset(text, '1', XPATH_TEXT_MAX + 1);
	text[XPATH_TEXT_MAX + 1] = '\0';
	assert_refused(text, "8192");
	free(text);
}

static const char page[] =
	"{\"a\":[{\"id\":\"1\",\"t\":\"Hello W\xc3\x96RLD\"},{\"id\":\"2\",\"t\":\"b\"}],"
	"\"odd key\":{\"x\":1},\"html\":\"<p>one</p><img "
	"src='/i/red.gif'>\",\"json\":\"{\\\"k\\\":[7]} tail\","
	"\"xml\":\"<r><s/>x</r>\",\"list\":\" a  b c \",\"none\":\"\",\"bad\":\"{\"}";

/* NULL with error where the expression fails. */
static char *value_of(const char *text, struct error *error)
{
	struct evaluation *evaluation = evaluation_new("https://example.org/status/", NULL);
	struct xpath *xpath = xpath_compile(text, &variables, error);
	char *value = NULL;

	evaluation_add_document(evaluation, "page", tree_parse(page, strlen(page), error));
	if (xpath != NULL)
		value = evaluate_text(evaluation, xpath, NULL, NULL, error);
	xpath_free(xpath);
	evaluation_free(evaluation);
	return value;
}

static void assert_value(const char *text, const char *expected)
{
	struct error error = {0};
	char *value = value_of(text, &error);

	if (value == NULL)
		fail_msg("%s", error.text);
	if (strcmp(value, expected) != 0)
		fail_msg("%s is \"%s\", not \"%s\"", text, value, expected);
	free(value);
}

static void assert_fails(const char *text, const char *reason)
{
	struct error error = {0};

	assert_null(value_of(text, &error));
	if (strstr(error.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static void test_case_is_changed_by_unicode(void **state)
{
	(void)state;
	assert_value("lower-case(/json/a/item[1]/t)", "hello w\xc3\xb6rld");
	assert_value("upper-case(\"r\xc3\xb6te\")", "R\xc3\x96TE");
	assert_value("lower-case(\"\")", "");
}

/* The second text has an entity, so that the parser reads it; both must be the same tree. */
static void test_html_without_markup_is_what_the_parser_makes_of_it(void **state)
{
	static const char *const questions[][2] = {{"name(", "/*)"}, {"count(", "//*)"},
		{"count(", "//text())"}, {"name(", "//text()/..)"}, {"string(", ")"},
		{"", "/html/body/p"}, {"string-length(", "/html)"},
		{"count(", "//text()/ancestor::*)"}};
	static const char *const texts[][2] = {{"\"Mail\"", "\"&#77;ail\""},
		{"\"a  b \"", "\"&#97;  b \""}, {"\"1 > 0\"", "\"&#49; > 0\""}};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t j = 0; j < sizeof questions / sizeof questions[0]; j++) {
			char *values[2];

			for (size_t k = 0; k < 2; k++) {
				struct error error = {0};
				char *text = memory_format("%sparse-html(%s)%s", questions[j][0],
					texts[i][k], questions[j][1]);

				values[k] = value_of(text, &error);
				free(text);
			}
			assert_string_equal(values[0], values[1]);
			free(values[0]);
			free(values[1]);
		}
}

static void test_a_token_stands_between_white_space(void **state)
{
	(void)state;
	assert_value("contains-token(\" a  row\tb\n\", \"row\")", "true");
	assert_value("contains-token(\"row\", \"row\")", "true");
	assert_value("contains-token(\"rows arow\", \"row\")", "false");
	assert_value("contains-token(\"\", \"\")", "false");
	assert_value("contains-token(/json/list, \"b\")", "true");
	assert_value("contains-token(/json/a/item/id, \"2\")", "true");
	assert_value("contains-token(/json/nothing, \"b\")", "false");
	assert_value("contains-token(12, \"12\")", "true");
	assert_fails("contains-token(\"a\")", "too many or too few");
}

static void test_nodes_are_found_by_their_text(void **state)
{
	(void)state;
	assert_value("count(with-text(/json/a/item/id, \"2\"))", "1");
	assert_value("count(with-text(/json/a/item/id, 2)/../id)", "1");
	assert_value("count(with-text(/json/a/item/id, /json/a/item[2]/id))", "1");
	assert_value("count(with-text(/json/a/item/id, \"nothing\"))", "0");
	assert_value("count(with-text(/json/nothing, \"2\"))", "0");
	assert_value("count(with-text(/json/none, /json/nothing))", "0");
	assert_fails("with-text(\"a\", \"a\")", "nodes are expected");
	assert_fails("with-text(/json)", "too many or too few");
}

static void test_matches_knows_its_flags(void **state)
{
	(void)state;
	assert_value("matches(\"abc\", \"^B\")", "false");
	assert_value("matches(\"abc\", \"B\", \"i\")", "true");
	assert_value("matches(\"a\nb\", \"a.b\")", "false");
	assert_value("matches(\"a\nb\", \"a.b\", \"s\")", "true");
	assert_value("matches(\"a\nb\", \"^b$\", \"m\")", "true");
	assert_value("matches(\"ab\", \"a b\", \"x\")", "true");
	assert_fails("matches(\"ab\", \"a\", \"q\")", "flag");
}

static void test_replace_takes_groups_and_leaves_the_rest(void **state)
{
	(void)state;
	assert_value("replace(\"/img/red.gif\", \"^.*/|[.]gif$\", \"\")", "red");
	assert_value("replace(\"a-b\", \"(.)-(.)\", \"$2$1$0$9\")", "baa-b");
	assert_value("replace(\"abc\", \"x\", \"y\")", "abc");
	assert_value("replace(\"abc\", \"x*\", \"-\")", "-a-b-c-");
	assert_value("replace(\"a.b\", \"[.]\", \"\\$1\")", "a$1b");
	assert_value("replace(\"\xc3\xa4\xc3\xb6\", \"\", \".\")", ".\xc3\xa4.\xc3\xb6.");
	assert_value("replace(\"ABC\", \"b\", \"x\", \"i\")", "AxC");
}

static void test_tokenize_gives_nodes(void **state)
{
	(void)state;
	assert_value("count(tokenize(/json/list))", "3");
	assert_value("tokenize(/json/list)[2]", "b");
	assert_value("count(tokenize(\"a,,b\", \",\"))", "3");
	assert_value("count(tokenize(\"\", \",\"))", "0");
	assert_value("count(tokenize(\" \"))", "0");
	assert_value("tokenize(\"a, b\", \",\\s*\")[last()]", "b");
}

static void test_addresses_are_resolved(void **state)
{
	(void)state;
	assert_value("resolve-uri(\"/api/v2/summary.json\", $url)",
		"https://example.org/api/v2/summary.json");
	assert_value("resolve-uri(\"x?y=1\", $url)", "https://example.org/status/x?y=1");
	assert_value("resolve-uri(\"https://other.example/\", $url)", "https://other.example/");
	assert_value("resolve-uri(\"/x\", \"\")", "/x");
	assert_value("resolve-uri(\"\", \"\")", "");
}

static void test_key_is_that_of_json_also_where_it_is_no_name(void **state)
{
	(void)state;
	assert_value("key(/json/entry)", "odd key");
	assert_value("key(/json/a)", "a");
	assert_value("/json/*[key() = \"odd key\"]/x", "1");
	assert_value("key(/json/nothing)", "");
	assert_fails("key(\"text\")", "nodes are expected");
}

static void test_text_inside_of_text_is_parsed(void **state)
{
	(void)state;
	assert_value("parse-html(/json/html)//img[1]/@src", "/i/red.gif");
	assert_value("parse-xml(/json/xml)/r", "x");
	assert_value("parse-json(/json/json)/json/k/item", "7");
	assert_value("count(parse-json(/json/bad) | parse-xml(/json/bad) | parse-html(/json/none))",
		"0");
}

static void test_the_same_text_is_the_same_tree(void **state)
{
	(void)state;
	assert_value("count(parse-html(/json/html)//p | parse-html(/json/html)//p)", "1");
	assert_value("count(tokenize(/json/list) | tokenize(/json/list))", "3");
	assert_value("count(parse-html(\"<p>1\")//p | parse-html(\"<p>2\")//p)", "2");
}

static void test_wrong_use_of_functions_is_an_error(void **state)
{
	(void)state;
	assert_fails("replace(\"a\")", "arguments");
	assert_fails("parse-html()", "arguments");
	assert_fails("parse-flight(\"x\")", "nodes are expected");
	assert_fails("matches(\"a\", \"(\")", "regular expression");
}

static void test_a_regular_expression_beyond_its_limits_is_an_error_and_no_mismatch(void **state)
{
	struct buffer text = {0};

	(void)state;
	buffer_text(&text, "matches(\"");
	for (int i = 0; i < 4000; i++)
		buffer_byte(&text, 'a');
	buffer_text(&text, "!\", \"^(a+)+$\")");
	assert_fails(buffer_string(&text), "could not be applied");
	buffer_release(&text);
}

static void test_slash_is_the_page_also_at_a_node_of_another_tree(void **state)
{
	(void)state;
	assert_value("count(parse-html(/json/html)//p[. = \"one\"][$page/json/a])", "1");
	assert_value("parse-html(/json/html)//p[/html]", "one");
	assert_value("count(/json/a/item[id = \"2\"])", "1");
}

static void test_flight_rows_are_joined_from_their_pieces(void **state)
{
	static const char script[] =
		"<script>self.__next_f=[];self.__next_f.push([0])</script>"
		"<script>self.__next_f.push([1,\"1:\\\"$Sreact\\\"\\n2:T7,a\\nb\"])</script>"
		"<script>self.__next_f.push([1,\"\xc3\xa4\xc3\xb6"
		"3:[\\\"$\\\",{\\\"k\\\":1}]\\n\"]);self.__next_f.push([1,\"4:I[5]\\n\"])</script>";
	struct evaluation *evaluation = evaluation_new("", NULL);
	struct error error = {0};
	const struct {
		const char *path, *expected;
	} samples[] = {
		{"count(parse-flight(//script)/flight/row)", "4"},
		{"parse-flight(//script)//row[@id = \"1\"]", "$Sreact"},
		{"string-length(parse-flight(//script)//row[@id = \"2\"])", "5"},
		{"parse-flight(//script)//row[@id = \"3\"]/item[2]/k", "1"},
		{"parse-flight(//script)//row[@tag = \"I\"]/item", "5"},
		{"count(parse-flight(//nothing))", "0"},
	};

	(void)state;
	evaluation_add_document(evaluation, "page", tree_parse(script, sizeof script - 1, &error));
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		struct xpath *xpath = xpath_compile(samples[i].path, &variables, &error);
		char *value = evaluate_text(evaluation, xpath, NULL, NULL, &error);

		assert_string_equal(value, samples[i].expected);
		free(value);
		xpath_free(xpath);
	}
	evaluation_free(evaluation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_grammar_is_refused_with_its_place),
		cmocka_unit_test(
			test_unknown_functions_are_refused_though_they_would_never_be_reached),
		cmocka_unit_test(test_unknown_variables_are_refused),
		cmocka_unit_test(test_unknown_prefixes_and_axes_are_refused),
		cmocka_unit_test(test_names_that_are_operators_or_node_tests_are_no_functions),
		cmocka_unit_test(test_an_expression_has_a_longest_length),
		cmocka_unit_test(test_case_is_changed_by_unicode),
		cmocka_unit_test(test_html_without_markup_is_what_the_parser_makes_of_it),
		cmocka_unit_test(test_a_token_stands_between_white_space),
		cmocka_unit_test(test_nodes_are_found_by_their_text),
		cmocka_unit_test(test_matches_knows_its_flags),
		cmocka_unit_test(test_replace_takes_groups_and_leaves_the_rest),
		cmocka_unit_test(test_tokenize_gives_nodes),
		cmocka_unit_test(test_addresses_are_resolved),
		cmocka_unit_test(test_key_is_that_of_json_also_where_it_is_no_name),
		cmocka_unit_test(test_text_inside_of_text_is_parsed),
		cmocka_unit_test(test_the_same_text_is_the_same_tree),
		cmocka_unit_test(test_wrong_use_of_functions_is_an_error),
		cmocka_unit_test(
			test_a_regular_expression_beyond_its_limits_is_an_error_and_no_mismatch),
		cmocka_unit_test(test_slash_is_the_page_also_at_a_node_of_another_tree),
		cmocka_unit_test(test_flight_rows_are_joined_from_their_pieces),
	};

	return cmocka_run_group_tests(tests, name_variables, forget_variables);
}
