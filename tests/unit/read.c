/* SPDX-License-Identifier: ISC
 *
 * From bytes to a reading: what each key of a kind does.
 */
#include "watch/kind/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "kind_text.h"
#include "model/validator.h"

#define HEAD "about: x\nrequire: '/json'\n"
#define TABLE                                                                                      \
	"levels: {operational: [ok], degraded: [slow], partial_outage: [half], major_outage: "     \
	"[down], maintenance: [work]}\n"

static struct kind *loaded(const char *text, const char *with)
{
	struct problems problems = {0};
	struct kind *kind = kind_of(text, with, &problems);

	if (kind == NULL)
		fail_msg("line %d: %s", problems.list[0].line, problems.list[0].text);
	problems_release(&problems);
	return kind;
}

/* The lines after the page's must be these; level and word are those of the page's line. */
static void assert_reading_with(
	const char *text, const char *with, const char *page, const char *expected)
{
	struct kind *kind = loaded(text, with);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{page, strlen(page)}};
	struct reading reading = {0};
	struct error error = {0};
	struct buffer out = {0};

	if (!read_page(kind, "https://example.org/", documents, &reading, NULL, &error))
		fail_msg("%s", error.text);
	reading_write(&reading, &out);
	assert_string_equal(buffer_string(&out) + strlen("reading 1\n"), expected);
	buffer_release(&out);
	reading_release(&reading);
	kind_free(kind);
}

static void assert_reading(const char *text, const char *page, const char *expected)
{
	assert_reading_with(text, NULL, page, expected);
}

static void assert_bytes_unreadable(
	const char *text, const char *page, size_t length, const char *reason)
{
	struct kind *kind = loaded(text, NULL);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{page, length}};
	struct reading reading = {0};
	struct error error = {0};

	assert_false(read_page(kind, "", documents, &reading, NULL, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	if (strstr(error.text, reason) == NULL || strncmp(error.text, "kind sample: ", 13) != 0)
		fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
	reading_release(&reading);
	kind_free(kind);
}

static void assert_unreadable(const char *text, const char *page, const char *reason)
{
	assert_bytes_unreadable(text, page, strlen(page), reason);
}

#define ROWS HEAD "indicators: {each: '/json/item', name: 'n', word: 'w'}\n" TABLE

static void test_unknown_word_is_unknown_not_operational(void **state)
{
	(void)state;
	assert_reading(ROWS, "[{\"n\":\"a\",\"w\":\"fine\"}]",
		"page\t\tunknown\t\nindicator\ta\t\ta\tunknown\tfine\n");
	assert_reading(
		ROWS, "[{\"n\":\"a\"}]", "page\t\tunknown\t\nindicator\ta\t\ta\tunknown\t\n");
}

static void test_words_are_compared_without_case_and_white_space_around(void **state)
{
	(void)state;
	assert_reading(ROWS, "[{\"n\":\" a \\n b\",\"w\":\" OK\\u00a0\"}]",
		"page\t\toperational\t\nindicator\ta b\t\ta b\toperational\tOK\n");
}

/* What finds no row in a list of all rows has found nothing out. */
static void test_no_row_is_not_well(void **state)
{
	static const char others[] = HEAD "indicators: {each: '/json/item', name: 'n', word: 'w', "
					  "others: operational}\n" TABLE;

	(void)state;
	assert_unreadable(ROWS, "[]", "indicators: no row is there");
	assert_unreadable(ROWS, "{\"itms\":[{\"n\":\"a\",\"w\":\"down\"}]}", "no row is there");
	assert_reading(
		ROWS "page: {word: '/json/w'}\n", "{\"w\":\"ok\"}", "page\t\toperational\tok\n");
	assert_reading(others, "[]", "page\t\toperational\t\nindicator\t*\t\t*\toperational\t\n");
}

/* The name of the row for all that is not listed is no page's to give. */
static void test_no_row_stands_for_what_is_not_listed(void **state)
{
	(void)state;
	assert_unreadable(
		ROWS, "[{\"n\":\"*\",\"w\":\"ok\"}]", "stands for all that is not listed");
	assert_reading(ROWS, "[{\"n\":\"**\",\"w\":\"ok\"}]",
		"page\t\toperational\t\nindicator\t**\t\t**\toperational\tok\n");
}

static void test_exact_word_beats_pattern_and_the_first_pattern_wins(void **state)
{
	static const char kind[] = HEAD "indicators: {each: '/json/item', name: '.', word: '.'}\n"
					"levels: {degraded: ['*x*'], major_outage: ['*xy*'], "
					"operational: [xy], partial_outage: ['*']}\n";

	(void)state;
	assert_reading(kind, "[\"xy\",\"axyb\",\"b\"]",
		"page\t\tpartial_outage\t\n"
		"indicator\taxyb\t\taxyb\tdegraded\taxyb\n"
		"indicator\tb\t\tb\tpartial_outage\tb\n"
		"indicator\txy\t\txy\toperational\txy\n");
}

static void test_empty_word_is_only_what_the_table_says_of_it(void **state)
{
	static const char catch_all[] = HEAD "indicators: {each: '/json/item', name: '.', word: "
					     "'w'}\nlevels: {degraded: ['*']}\n";
	static const char named[] = HEAD "indicators: {each: '/json/item', name: '.', word: "
					 "'w'}\nlevels: {operational: ['']}\n";

	(void)state;
	assert_reading(catch_all, "[\"a\"]", "page\t\tunknown\t\nindicator\ta\t\ta\tunknown\t\n");
	assert_reading(
		named, "[\"a\"]", "page\t\toperational\t\nindicator\ta\t\ta\toperational\t\n");
}

static void test_no_node_and_nothing_in_it_are_two_words(void **state)
{
	static const char word[] =
		HEAD "indicators: {each: '/json/item', name: 'n', word: 'w'}\n"
		     "levels: {operational: [''], notice: ['\"\"'], degraded: ['*']}\n";
	static const char taken[] =
		HEAD "indicators: {each: '/json/item', name: 'n', words: {each: 's/item', take: "
		     "'w'}, levels: {operational: ['']}}\n" TABLE;

	(void)state;
	assert_reading(word, "[{\"n\":\"a\"},{\"n\":\"b\",\"w\":\"\"}]",
		"page\t\tnotice\t\nindicator\ta\t\ta\toperational\t\n"
		"indicator\tb\t\tb\tnotice\t\"\"\n");
	/* A value that is computed stands for no node. */
	assert_reading(HEAD "indicators: {each: '/json/item', name: 'n', word: 'concat(w, \"\")'}\n"
			    "levels: {operational: ['']}\n",
		"[{\"n\":\"a\"}]", "page\t\tunknown\t\nindicator\ta\t\ta\tunknown\t\"\"\n");
	assert_reading(taken, "[{\"n\":\"a\",\"s\":[]},{\"n\":\"b\",\"s\":[{}]}]",
		"page\t\tunknown\t\nindicator\ta\t\ta\toperational\t\n"
		"indicator\tb\t\tb\tunknown\t\"\"\n");
}

static void test_a_row_that_an_incident_affects_is_not_well_without_a_word(void **state)
{
	static const char kind[] =
		HEAD "indicators: {each: '/json/s/item', name: '.', words: '/json/i/item[of = "
		     "$item]/w[. = \"slow\"]', levels: {operational: ['']}}\n"
		     "incidents: {each: '/json/i/item', title: 't', word: 'w', affected: 'of', "
		     "levels: {notice: [small]}}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"{\"s\":[\"a\",\"b\"],\"i\":[{\"t\":\"x\",\"w\":\"down\",\"of\":\"a\"}]}",
		"page\t\tmajor_outage\t\nindicator\ta\t\ta\tunknown\t\"\"\n"
		"indicator\tb\t\tb\toperational\t\n"
		"incident\tx\tx\tmajor_outage\tdown\t\t\t\t\naffects\tx\ta\n");
	assert_reading(kind, "{\"s\":[\"a\"],\"i\":[{\"t\":\"x\",\"w\":\"small\",\"of\":\"a\"}]}",
		"page\t\tnotice\t\nindicator\ta\t\ta\toperational\t\n"
		"incident\tx\tx\tnotice\tsmall\t\t\t\t\naffects\tx\ta\n");
}

static void test_this_is_where_the_expression_begins(void **state)
{
	(void)state;
	assert_reading(HEAD
		"indicators: {each: '/json/a/item', name: '.', words: {each: "
		"'/json/b/item[of = $item]', take: '/json/c/item[id = $this/id]/w'}}\n" TABLE,
		"{\"a\":[\"x\"],\"b\":[{\"id\":1,\"of\":\"x\"},{\"id\":2,\"of\":\"x\"}],"
		"\"c\":[{\"id\":1,\"w\":\"ok\"},{\"id\":2,\"w\":\"slow\"}]}",
		"page\t\tdegraded\t\nindicator\tx\t\tx\tdegraded\tslow\n");
}

static void test_numbers_can_be_compared_with_thresholds(void **state)
{
	static const char kind[] =
		HEAD "indicators: {each: '/json/item', name: '.', word: '.'}\n"
		     "levels: {major_outage: ['>= 100'], degraded: ['> 50', '<-1'], notice: ['7'], "
		     "operational: ['<= 50']}\n";

	(void)state;
	assert_reading(kind, "[100,51,50,7,-2,\"7 s\",\"NaN\"]",
		"page\t\tmajor_outage\t\n"
		"indicator\t-2\t\t-2\tdegraded\t-2\n"
		"indicator\t100\t\t100\tmajor_outage\t100\n"
		"indicator\t50\t\t50\toperational\t50\n"
		"indicator\t51\t\t51\tdegraded\t51\n"
		"indicator\t7\t\t7\tnotice\t7\n"
		"indicator\t7 s\t\t7 s\tunknown\t7 s\n"
		"indicator\tNaN\t\tNaN\tunknown\tNaN\n");
	assert_reading(HEAD
		"indicators: {each: '/json/item', name: 'n', word: 'seconds(/json/now) - "
		"seconds(at)'}\n"
		"levels: {operational: ['< 300'], major_outage: ['>= 300']}\n",
		"{\"now\":\"2014-01-24T19:20:00Z\",\"item\":{\"n\":\"a\","
		"\"at\":\"Fri, 24 Jan 2014 19:14:00 GMT\"}}",
		"page\t\tmajor_outage\t\nindicator\ta\t\ta\tmajor_outage\t360\n");
	assert_reading(HEAD "indicators: {each: '/json/item', name: 'n', word: 'seconds(at)'}\n"
			    "levels: {operational: ['< 300', '>= 300']}\n",
		"{\"item\":{\"n\":\"a\",\"at\":\"soon\"}}",
		"page\t\tunknown\t\nindicator\ta\t\ta\tunknown\tNaN\n");
}

static void test_a_row_may_be_left_out_of_the_level_of_the_page(void **state)
{
	static const char page[] =
		"[{\"n\":\"a\",\"w\":\"down\",\"x\":\"1\"},{\"n\":\"b\",\"w\":\"slow\"}]";
	static const char rows[] = "indicator\ta\t\ta\tmajor_outage\tdown\n"
				   "indicator\tb\t\tb\tdegraded\tslow\n";
	char expected[200];

	(void)state;
	snprintf(expected, sizeof expected, "page\t\tdegraded\t\n%s", rows);
	assert_reading(HEAD "indicators: {each: '/json/item', name: 'n', word: 'w', counts: "
			    "'not(x = \"1\")'}\n" TABLE,
		page, expected);
	snprintf(expected, sizeof expected, "page\t\tmajor_outage\t\n%s", rows);
	assert_reading(HEAD
		"indicators: {each: '/json/item', name: 'n', word: 'w', counts: true}\n" TABLE,
		page, expected);
	snprintf(expected, sizeof expected, "page\t\toperational\t\n%s", rows);
	assert_reading(HEAD
		"indicators: {each: '/json/item', name: 'n', word: 'w', counts: false}\n" TABLE,
		page, expected);
	/* A row that became one with one that counts does count. */
	assert_reading(HEAD
		"indicators: {each: '/json/item', id: '\"1\"', name: '\"z\"', word: 'w', "
		"counts: 'x', same: first}\n" TABLE,
		"[{\"w\":\"down\"},{\"w\":\"slow\",\"x\":1}]",
		"page\t\tmajor_outage\t\nindicator\t1\t\tz\tmajor_outage\tdown\n");
}

static void test_as_many_rows_as_a_server_gives_are_not_all(void **state)
{
	(void)state;
	assert_reading(HEAD
		"indicators: {each: '/json/item', name: '.', word: '.', most: 2}\n" TABLE,
		"[\"ok\"]", "page\t\toperational\t\nindicator\tok\t\tok\toperational\tok\n");
	assert_unreadable(HEAD
		"indicators: {each: '/json/item', name: '.', word: '.', most: 2}\n" TABLE,
		"[\"ok\",\"slow\"]", "indicators: each: 2 rows are as many as its server gives");
}

static void test_an_id_that_occurs_again_may_be_an_error(void **state)
{
	(void)state;
	assert_unreadable(HEAD
		"indicators: {each: '/json/item', id: 'i', name: 'n', word: 'w', same: "
		"error}\n" TABLE,
		"[{\"i\":1,\"n\":\"a\",\"w\":\"ok\"},{\"i\":1,\"n\":\"b\",\"w\":\"down\"}]",
		"indicators: id: \"1\" occurs again");
	assert_unreadable(HEAD
		"incidents: {each: '/json/item', id: 'i', title: 'n', word: 'w', same: "
		"error}\n" TABLE,
		"[{\"i\":1,\"n\":\"a\",\"w\":\"ok\"},{\"i\":1,\"n\":\"a\",\"w\":\"down\"}]",
		"incidents: id: \"1\" occurs again");
}

static void test_the_latest_of_one_title_counts_and_the_worst_where_times_do_not_tell(void **state)
{
	static const char kind[] = HEAD
		"incidents: {each: '/json/item', id: '\"1\"', title: 't', word: 'w', updated: 'u', "
		"same: latest}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"[{\"t\":\"a\",\"w\":\"down\",\"u\":\"2014-01-24T19:20:00Z\"},"
		"{\"t\":\"a\",\"w\":\"ok\",\"u\":\"2014-01-24T19:21:00Z\"}]",
		"page\t\toperational\t\n");
	assert_reading(kind, "[{\"t\":\"a\",\"w\":\"ok\"},{\"t\":\"a\",\"w\":\"down\"}]",
		"page\t\tmajor_outage\t\nincident\t1\ta\tmajor_outage\tdown\t\t\t\t\n");
	/* Other titles are other incidents, whatever the times say. */
	assert_reading(kind,
		"[{\"t\":\"a\",\"w\":\"down\",\"u\":\"2014-01-24T19:20:00Z\"},"
		"{\"t\":\"b\",\"w\":\"ok\",\"u\":\"2014-01-24T19:21:00Z\"}]",
		"page\t\tmajor_outage\t\n"
		"incident\ta\ta\tmajor_outage\tdown\t\t\t2014-01-24T19:20:00Z\t\n");
}

static void test_table_of_a_block_comes_before_that_of_the_file(void **state)
{
	static const char kind[] = HEAD "indicators: {each: '/json/item', name: '.', word: '.', "
					"levels: {notice: [ok, 'd*']}}\n" TABLE;

	(void)state;
	assert_reading(kind, "[\"ok\",\"down\",\"slow\"]",
		"page\t\tdegraded\t\n"
		"indicator\tdown\t\tdown\tnotice\tdown\n"
		"indicator\tok\t\tok\tnotice\tok\n"
		"indicator\tslow\t\tslow\tdegraded\tslow\n");
}

static void test_words_of_the_parameters_come_before_those_of_the_file(void **state)
{
	(void)state;
	assert_reading_with(ROWS, "{levels: {maintenance: [ok, rest]}}",
		"[{\"n\":\"a\",\"w\":\"ok\"},{\"n\":\"b\",\"w\":\"rest\"},{\"n\":\"c\",\"w\":"
		"\"down\"}]",
		"page\t\tmajor_outage\t\n"
		"indicator\ta\t\ta\tmaintenance\tok\n"
		"indicator\tb\t\tb\tmaintenance\trest\n"
		"indicator\tc\t\tc\tmajor_outage\tdown\n");
}

static void test_parameters_take_the_place_of_single_keys(void **state)
{
	(void)state;
	assert_reading_with(ROWS,
		"{require: '/json/list', page: {title: '/json/t'}, indicators: {each: "
		"'/json/list/item', words: 'v'}}",
		"{\"t\":\"T\",\"list\":[{\"n\":\"a\",\"v\":\"slow\"}]}",
		"page\tT\tdegraded\t\nindicator\ta\t\ta\tdegraded\tslow\n");
}

static void test_id_is_group_and_name_where_none_is_given(void **state)
{
	static const char kind[] = HEAD "indicators: {each: '/json/item', id: 'i', group: 'g', "
					"name: 'n', word: '\"ok\"'}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"[{\"g\":\"G\",\"n\":\"a\"},{\"n\":\"b\"},{\"i\":7,\"g\":\"G\",\"n\":\"c\"}]",
		"page\t\toperational\t\n"
		"indicator\t7\tG\tc\toperational\tok\n"
		"indicator\tG/a\tG\ta\toperational\tok\n"
		"indicator\tb\t\tb\toperational\tok\n");
}

static void test_row_without_a_name_makes_the_page_unreadable(void **state)
{
	(void)state;
	assert_unreadable(ROWS, "[{\"n\":\"a\",\"w\":\"ok\"},{\"w\":\"ok\"}]",
		"indicators: name: row 2 has none");
}

static void assert_same(const char *same, const char *expected_line)
{
	char *kind = memory_format(HEAD
		"indicators: {each: '/json/item', name: 'n', word: 'w', same: %s}\n" TABLE,
		same);
	struct buffer expected = {0};

	buffer_format(&expected, "page\t\t%s", expected_line);
	assert_reading(kind,
		"[{\"n\":\"a\",\"w\":\"slow\"},{\"n\":\"a\",\"w\":\"down\"},{\"n\":\"a\",\"w\":"
		"\"ok\"}]",
		buffer_string(&expected));
	buffer_release(&expected);
	free(kind);
}

static void test_equal_ids_become_one_row_the_worst_the_first_or_the_last(void **state)
{
	(void)state;
	assert_same("worst", "major_outage\t\nindicator\ta\t\ta\tmajor_outage\tdown\n");
	assert_same("first", "degraded\t\nindicator\ta\t\ta\tdegraded\tslow\n");
	assert_same("last", "operational\t\nindicator\ta\t\ta\toperational\tok\n");
}

static void test_equal_ids_of_several_blocks_become_one_row(void **state)
{
	static const char kind[] = HEAD "indicators:\n"
					"- {each: [a, b], name: '.', words: '/json/item[n = "
					"$item]/w', levels: {operational: ['']}}\n"
					"- {each: '/json/item', name: 'n', word: 'w'}\n" TABLE;

	(void)state;
	assert_reading(kind, "[{\"n\":\"b\",\"w\":\"down\"},{\"n\":\"c\",\"w\":\"slow\"}]",
		"page\t\tmajor_outage\t\n"
		"indicator\ta\t\ta\toperational\t\n"
		"indicator\tb\t\tb\tmajor_outage\tdown\n"
		"indicator\tc\t\tc\tdegraded\tslow\n");
}

static void test_others_become_the_reserved_row(void **state)
{
	static const char kind[] = HEAD "indicators: {each: '/json/item', name: 'n', word: 'w', "
					"others: operational}\n" TABLE;

	(void)state;
	assert_reading(kind, "[]", "page\t\toperational\t\nindicator\t*\t\t*\toperational\t\n");
	assert_reading(kind, "[{\"n\":\"a\",\"w\":\"down\"}]",
		"page\t\tmajor_outage\t\nindicator\t*\t\t*"
		"\toperational\t\nindicator\ta\t\ta\tmajor_outage\tdown\n");
}

static void test_worst_of_several_words_wins_and_the_first_among_equals(void **state)
{
	static const char kind[] =
		HEAD "indicators: {each: '/json/item', name: 'n', words: 'w/item'}\n"
		     "levels: {operational: [ok], degraded: [slow, lame]}\n";

	(void)state;
	assert_reading(kind,
		"[{\"n\":\"a\",\"w\":[\"ok\",\"slow\",\"lame\"]},{\"n\":\"b\",\"w\":[\"ok\","
		"\"odd\"]},{\"n\":\"c\"}]",
		"page\t\tdegraded\t\n"
		"indicator\ta\t\ta\tdegraded\tslow\n"
		"indicator\tb\t\tb\tunknown\todd\n"
		"indicator\tc\t\tc\tunknown\t\n");
}

static void test_words_can_be_taken_by_a_function_at_each_node(void **state)
{
	static const char kind[] =
		HEAD "indicators: {each: '/json/item', name: 'n', words: {each: 'w/item', take: "
		     "'concat(substring-after(., \":\"), $item/s)'}}\n" TABLE;

	(void)state;
	assert_reading(kind, "[{\"n\":\"a\",\"s\":\"n\",\"w\":[\"x:dow\",\"y:o\"]}]",
		"page\t\tmajor_outage\t\nindicator\ta\t\ta\tmajor_outage\tdown\n");
}

static void test_item_is_the_row_where_the_dot_is_another_node(void **state)
{
	static const char kind[] =
		HEAD "let: {groups: '/json/groups/item'}\n"
		     "indicators: {each: '/json/rows/item', name: 'n', group: '$groups[id = "
		     "$item/g]/n', word: '$groups[id = $item/g][. = .]/w'}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"{\"groups\":[{\"id\":1,\"n\":\"G\",\"w\":\"slow\"}],\"rows\":[{\"n\":\"a\",\"g\":"
		"1},{\"n\":\"b\",\"g\":2}]}",
		"page\t\tdegraded\t\nindicator\tG/"
		"a\tG\ta\tdegraded\tslow\nindicator\tb\t\tb\tunknown\t\n");
}

static void test_first_expression_that_is_not_empty_counts(void **state)
{
	static const char kind[] =
		HEAD "page: {title: ['/json/a', '/json/b', '\"c\"'], word: '/json/w'}\n" TABLE;

	(void)state;
	assert_reading(
		kind, "{\"a\":\" \",\"b\":\"B\",\"w\":\"ok\"}", "page\tB\toperational\tok\n");
	assert_reading(kind, "{\"w\":\"ok\"}", "page\tc\toperational\tok\n");
}

static void test_page_word_counts_also_where_the_rows_disagree(void **state)
{
	static const char kind[] =
		HEAD "page: {word: '/json/w'}\n"
		     "indicators: {each: '/json/i/item', name: '.', word: '.'}\n" TABLE;

	(void)state;
	assert_reading(kind, "{\"w\":\"ok\",\"i\":[\"down\"]}",
		"page\t\toperational\tok\nindicator\tdown\t\tdown\tmajor_outage\tdown\n");
	assert_reading(kind, "{\"w\":\"slow\",\"i\":[\"ok\"]}",
		"page\t\tdegraded\tslow\nindicator\tok\t\tok\toperational\tok\n");
	assert_reading(kind, "{\"i\":[]}", "page\t\tunknown\t\n");
}

static void test_level_is_derived_where_the_kind_says_that_there_is_no_word(void **state)
{
	static const char kind[] =
		HEAD "page: {word: '/json/w', derive: 'not(/json/w)'}\n"
		     "indicators: {each: '/json/i/item', name: '.', word: '.'}\n" TABLE;

	(void)state;
	assert_reading(kind, "{\"i\":[\"down\"]}",
		"page\t\tmajor_outage\t\nindicator\tdown\t\tdown\tmajor_outage\tdown\n");
	assert_reading(kind, "{\"w\":\"ok\",\"i\":[]}", "page\t\toperational\tok\n");
}

#define INCIDENTS                                                                                  \
	HEAD "indicators: {each: '/json/c/item', id: 'i', name: 'n', word: '\"ok\"'}\n"            \
	     "incidents:\n"                                                                        \
	     "  each: '/json/x/item'\n  id: 'i'\n  title: 't'\n  word: 'w'\n  state: 's'\n"        \
	     "  started: ['a', 'b']\n  updated: 'u'\n  url: 'l'\n  affected: 'c/item'\n"           \
	     "  updates: {each: 'm/item', time: 'd', state: 's', text: 'parse-html(t)'}\n" TABLE

static void test_incidents_carry_what_was_written_about_them(void **state)
{
	(void)state;
	assert_reading(INCIDENTS,
		"{\"c\":[{\"i\":\"1\",\"n\":\"A\"},{\"i\":\"2\",\"n\":\"B\"},{\"i\":\"3\",\"n\":"
		"\"C\"},{\"i\":\"4\",\"n\":\"C\"}],"
		"\"x\":[{\"i\":\"7\",\"t\":\"T\",\"w\":\"down\",\"s\":\"looking\",\"b\":1390591200,"
		"\"u\":\"Fri, 24 Jan 2014 20:20:00 GMT\","
		"\"l\":\"http://x/"
		"\",\"c\":[\"B\",\"1\",\"2\",\"C\",\"D\",\"\"],\"m\":[{\"d\":\"2014-01-24 "
		"19:20:00\",\"s\":\"new\",\"t\":\"<b>we</b> look\"}]}]}",
		"page\t\tmajor_outage\t\n"
		"indicator\t1\t\tA\toperational\tok\nindicator\t2\t\tB\toperational\tok\n"
		"indicator\t3\t\tC\toperational\tok\nindicator\t4\t\tC\toperational\tok\n"
		"incident\t7\tT\tmajor_outage\tdown\tlooking\t2014-01-24T19:20:00Z\t2014-01-24T20:"
		"20:00Z\thttp://x/\n"
		"affects\t7\t1\naffects\t7\t2\naffects\t7\tC\naffects\t7\tD\n"
		"update\t7\t2014-01-24T19:20:00Z\tnew\twe look\n");
}

static void test_incident_whose_level_is_operational_is_over_and_left_out(void **state)
{
	(void)state;
	assert_reading(INCIDENTS,
		"{\"c\":[{\"n\":\"A\"}],"
		"\"x\":[{\"i\":\"7\",\"t\":\"T\",\"w\":\"ok\",\"c\":[\"1\"],\"m\":[{\"t\":\"x\"}]}"
		",{\"t\":\"U\",\"w\":\"work\",\"a\":\"soon\"}]}",
		"page\t\tmaintenance\t\nindicator\tA\t\tA\toperational\tok\nincident\tU\tU\tmainten"
		"ance\twork\t\t\t\t\n");
}

static void test_same_is_resolved_before_what_is_over_is_left_out(void **state)
{
	static const char kind[] = HEAD "incidents: {each: '/json/item', title: 't', word: 'w', "
					"state: 's', same: first}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"[{\"t\":\"T\",\"w\":\"ok\"},{\"t\":\"T\",\"w\":\"down\"},{\"t\":\"U\",\"w\":"
		"\"slow\",\"s\":\"1\"},{\"t\":\"U\",\"w\":\"ok\"}]",
		"page\t\tdegraded\t\nincident\tU\tU\tdegraded\tslow\t1\t\t\t\n");
}

static void test_details_are_those_of_the_row_that_stays(void **state)
{
	static const char kind[] = HEAD "incidents: {each: '/json/item', title: 't', word: 'w', "
					"state: 's', affected: 'c', same: worst}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"[{\"t\":\"T\",\"w\":\"slow\",\"s\":\"1\",\"c\":\"x\"},{\"t\":\"T\",\"w\":\"down\","
		"\"s\":\"2\",\"c\":\"y\"}]",
		"page\t\tmajor_outage\t\nincident\tT\tT\tmajor_"
		"outage\tdown\t2\t\t\t\naffects\tT\ty\n");
}

static void test_maintenances_stand_apart_and_have_no_level(void **state)
{
	static const char kind[] =
		HEAD "maintenances: {each: '/json/item', id: 'i', title: 't', state: 's', starts: "
		     "'a', ends: 'b', affected: {each: 'c/item', take: 'n'}}\n" TABLE;

	(void)state;
	assert_reading(kind,
		"[{\"i\":1,\"t\":\"T\",\"s\":\"soon\",\"a\":\"2014-01-24T19:20Z\",\"b\":\"later\","
		"\"c\":[{\"n\":\"x\"}]}]",
		"page\t\toperational\t\nmaintenance\t1\tT\tsoon\t2014-01-24T19:20:"
		"00Z\t\t\t\naffects\t1\tx\n");
}

static void test_a_page_that_is_not_as_required_is_unreadable_and_says_what_was_expected(
	void **state)
{
	static const char kind[] =
		"about: x\nrequire: ['/json', '/json/components[@type = \"array\"]']\n";

	(void)state;
	assert_unreadable(kind, "<title>Acme - Login</title>",
		"require: the page is not as expected (HTML titled \"Acme - Login\"): /json");
	assert_unreadable(
		kind, "{\"components\":{}}", "(JSON): /json/components[@type = \"array\"]");
	assert_unreadable(kind, "", "empty");
}

static void test_each_that_gives_no_nodes_makes_the_page_unreadable(void **state)
{
	static const char kind[] =
		HEAD "indicators: {each: 'string(/json)', name: '.', word: '.'}\n";

	(void)state;
	assert_unreadable(kind, "[1]", "indicators: each: this gives no nodes");
}

static void test_an_expression_that_fails_makes_the_page_unreadable_with_its_key(void **state)
{
	static const char kind[] =
		HEAD "indicators: {each: '/json/item', name: '.', word: 'matches(., \"(\")'}\n";
	static const char let[] = HEAD "let: {a: 'count(\"x\")'}\n";

	(void)state;
	assert_unreadable(kind, "[1]", "indicators: word: the regular expression");
	assert_unreadable(let, "[1]", "let: a: ");
}

/* A list of so many numbers. */
static char *numbers(int count)
{
	struct buffer text = {0};

	for (int i = 0; i < count; i++)
		buffer_format(&text, "%c%d", i == 0 ? '[' : ',', i);
	buffer_byte(&text, ']');
	return buffer_take(&text);
}

static void test_rows_are_limited(void **state)
{
	static const char kind[] = HEAD "indicators: {each: '/json/item', name: '.', word: '.'}\n";
	static const char two[] =
		HEAD "indicators: [{each: '/json/item', name: '.', word: '.'}, {each: "
		     "'/json/item', name: 'concat(\"x\", .)', word: '.'}]\n";
	char *many = numbers(READING_ROWS_MAX + 1), *half = numbers(READING_ROWS_MAX / 2 + 1);

	(void)state;
	assert_unreadable(kind, many, "more than 20000");
	assert_unreadable(two, half, "more than 20000");
	free(many);
	free(half);
}

static void test_the_work_of_a_reading_is_limited(void **state)
{
	static const char quadratic[] =
		HEAD "indicators: {each: '/json/item', name: 'count(//item[. > 5])', word: '.'}\n";
	static const char paths[] =
		HEAD "indicators: {each: '/json/item', name: '//item', word: '//item'}\n";
	char *many = numbers(10000);

	(void)state;
	assert_unreadable(quadratic, many, "more work");
	assert_unreadable(paths, many, "more work");
	free(many);
}

/* A join goes over all groups for each row: a large page's must fit into the work of a reading. */
static void test_a_page_of_3000_components_in_300_groups_is_read(void **state)
{
	struct kind *kind =
		loaded(HEAD "let: {groups: '/json/groups/item/id'}\n"
			    "indicators: {each: '/json/rows/item', name: 'id', word: 'status',"
			    " group: '$groups[. = $item/in]/../name'}\n" TABLE,
			NULL);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	struct reading reading = {0};
	struct buffer page = {0};
	struct error error;

	(void)state;
	buffer_text(&page, "{\"groups\": [");
	for (int i = 0; i < 300; i++)
		buffer_format(&page, "%s{\"id\": \"g%d\", \"name\": \"Group %d\"}",
			i > 0 ? "," : "", i, i);
	buffer_text(&page, "], \"rows\": [");
	for (int i = 0; i < 3000; i++)
		buffer_format(&page, "%s{\"id\": \"r%d\", \"status\": \"ok\", \"in\": \"g%d\"}",
			i > 0 ? "," : "", i, i % 300);
	buffer_text(&page, "]}");
	documents[0] = (struct document){buffer_string(&page), page.length};
	if (!read_page(kind, "https://example.org/", documents, &reading, NULL, &error))
		fail_msg("%s", error.text);
	assert_int_equal(reading.indicator_count, 3000);
	reading_release(&reading);
	buffer_release(&page);
	kind_free(kind);
}

static void test_a_regular_expression_beyond_its_limit_makes_the_page_unreadable(void **state)
{
	static const char kind[] = HEAD "indicators: {each: '/json/item', name: '.', word: "
					"'replace(., \"^(a+)+$\", \"\")'}\n";
	struct buffer page = {0};

	(void)state;
	buffer_text(&page, "[\"");
	for (int i = 0; i < 50000; i++)
		buffer_byte(&page, 'a');
	buffer_text(&page, "!\"]");
	assert_unreadable(kind, buffer_string(&page), "indicators: word: a regular expression");
	buffer_release(&page);
}

static void test_further_documents_have_names_and_may_be_absent(void **state)
{
	struct kind *kind = loaded(HEAD
		"documents: {two: '\"\"'}\n"
		"indicators: {each: '/json/item', name: '.', words: '$two/json/item[. = $item]'}\n"
		"levels: {operational: [''], degraded: ['*']}\n",
		NULL);
	struct document documents[PAGE_DOCUMENTS_MAX] = {{"[\"a\"]", 5}};
	struct reading reading = {0}, with = {0};
	struct error error = {0};

	(void)state;
	assert_true(read_page(kind, "", documents, &reading, NULL, &error));
	assert_int_equal(reading.level, LEVEL_OPERATIONAL);
	documents[1] = (struct document){"[\"a\"]", 5};
	assert_true(read_page(kind, "", documents, &with, NULL, &error));
	assert_int_equal(with.level, LEVEL_DEGRADED);
	reading_release(&reading);
	reading_release(&with);
	documents[1] = (struct document){"{", 1};
	assert_false(read_page(kind, "", documents, &reading, NULL, &error));
	assert_non_null(strstr(error.text, "two: not JSON"));
	reading_release(&reading);
	kind_free(kind);
}

static void test_the_report_counts_merged_rows_and_unknown_words(void **state)
{
	struct kind *kind = loaded(ROWS, NULL);
	static const char page[] = "[{\"n\":\"a\",\"w\":\"odd\"},{\"n\":\"a\",\"w\":\"ok\"},{\"n\":"
				   "\"b\",\"w\":\"ok\"}]";
	struct document documents[PAGE_DOCUMENTS_MAX] = {{page, sizeof page - 1}};
	struct read_report report = {0};
	struct reading reading = {0};

	(void)state;
	assert_true(read_page(kind, "", documents, &reading, &report, NULL));
	assert_int_equal(report.merged_rows, 1);
	assert_int_equal(report.unknown_words, 1);
	assert_int_equal(report.evaluations, 8);
	assert_true(report.operations > 0);
	read_report_release(&report);
	reading_release(&reading);
	kind_free(kind);
}

static void test_detection_asks_detect_and_else_require(void **state)
{
	struct kind *kinds[] = {loaded("about: x\nrequire: '/json/a'\n", NULL),
		loaded("about: x\ndetect: '/json/b'\nrequire: '/json/a'\n", NULL),
		loaded("about: x\nlet: {bad: 'matches(\"\", \"(\")'}\nrequire: '/json/a'\n", NULL)};
	struct document document = {"{\"a\":1}", 7};
	struct error error = {0};
	bool fits[3];

	(void)state;
	assert_true(read_detect((const struct kind *const *)kinds, 3, "", &document, fits, &error));
	assert_true(fits[0]);
	assert_false(fits[1]);
	assert_false(fits[2]);
	document = (struct document){"<p>", 3};
	assert_false(
		read_detect((const struct kind *const *)kinds, 3, "", &document, fits, &error));
	assert_non_null(strstr(error.text, "none of the 3 kinds"));
	for (size_t i = 0; i < 3; i++)
		kind_free(kinds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_word_is_unknown_not_operational),
		cmocka_unit_test(test_words_are_compared_without_case_and_white_space_around),
		cmocka_unit_test(test_no_row_is_not_well),
		cmocka_unit_test(test_no_row_stands_for_what_is_not_listed),
		cmocka_unit_test(test_exact_word_beats_pattern_and_the_first_pattern_wins),
		cmocka_unit_test(test_empty_word_is_only_what_the_table_says_of_it),
		cmocka_unit_test(test_no_node_and_nothing_in_it_are_two_words),
		cmocka_unit_test(test_a_row_that_an_incident_affects_is_not_well_without_a_word),
		cmocka_unit_test(test_this_is_where_the_expression_begins),
		cmocka_unit_test(test_numbers_can_be_compared_with_thresholds),
		cmocka_unit_test(test_a_row_may_be_left_out_of_the_level_of_the_page),
		cmocka_unit_test(test_as_many_rows_as_a_server_gives_are_not_all),
		cmocka_unit_test(test_an_id_that_occurs_again_may_be_an_error),
		cmocka_unit_test(
			test_the_latest_of_one_title_counts_and_the_worst_where_times_do_not_tell),
		cmocka_unit_test(test_table_of_a_block_comes_before_that_of_the_file),
		cmocka_unit_test(test_words_of_the_parameters_come_before_those_of_the_file),
		cmocka_unit_test(test_parameters_take_the_place_of_single_keys),
		cmocka_unit_test(test_id_is_group_and_name_where_none_is_given),
		cmocka_unit_test(test_row_without_a_name_makes_the_page_unreadable),
		cmocka_unit_test(test_equal_ids_become_one_row_the_worst_the_first_or_the_last),
		cmocka_unit_test(test_equal_ids_of_several_blocks_become_one_row),
		cmocka_unit_test(test_others_become_the_reserved_row),
		cmocka_unit_test(test_worst_of_several_words_wins_and_the_first_among_equals),
		cmocka_unit_test(test_words_can_be_taken_by_a_function_at_each_node),
		cmocka_unit_test(test_item_is_the_row_where_the_dot_is_another_node),
		cmocka_unit_test(test_first_expression_that_is_not_empty_counts),
		cmocka_unit_test(test_page_word_counts_also_where_the_rows_disagree),
		cmocka_unit_test(test_level_is_derived_where_the_kind_says_that_there_is_no_word),
		cmocka_unit_test(test_incidents_carry_what_was_written_about_them),
		cmocka_unit_test(test_incident_whose_level_is_operational_is_over_and_left_out),
		cmocka_unit_test(test_same_is_resolved_before_what_is_over_is_left_out),
		cmocka_unit_test(test_details_are_those_of_the_row_that_stays),
		cmocka_unit_test(test_maintenances_stand_apart_and_have_no_level),
		cmocka_unit_test(
			test_a_page_that_is_not_as_required_is_unreadable_and_says_what_was_expected),
		cmocka_unit_test(test_each_that_gives_no_nodes_makes_the_page_unreadable),
		cmocka_unit_test(
			test_an_expression_that_fails_makes_the_page_unreadable_with_its_key),
		cmocka_unit_test(test_rows_are_limited),
		cmocka_unit_test(test_the_work_of_a_reading_is_limited),
		cmocka_unit_test(test_a_page_of_3000_components_in_300_groups_is_read),
		cmocka_unit_test(
			test_a_regular_expression_beyond_its_limit_makes_the_page_unreadable),
		cmocka_unit_test(test_further_documents_have_names_and_may_be_absent),
		cmocka_unit_test(test_the_report_counts_merged_rows_and_unknown_words),
		cmocka_unit_test(test_detection_asks_detect_and_else_require),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
