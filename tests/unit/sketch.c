/* SPDX-License-Identifier: ISC
 *
 * Kinds that are written from a page, by the words that three other kinds know.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "unit/kind_text.h"
#include "unit/processor_time.h"
#include "watch/kind/known_words.h"
#include "watch/kind/sketch.h"

enum { KINDS = 3 };

#define KIND(levels) "about: x\nrequire: '/json'\nlevels: {" levels "}\n"

static struct kind *kinds[KINDS];

static int load(void **state)
{
	static const char *const texts[KINDS] = {
		KIND("operational: [up, calm, fair, '1'], major_outage: [down], degraded: [slow]"),
		KIND("operational: [up, 'true'], major_outage: [down, fair]"),
		KIND("operational: [up, '1', 'true'], partial_outage: [slow], maintenance: "
		     "[work*]"),
	};
	struct problems problems = {0};

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		kinds[i] = kind_of(texts[i], NULL, &problems);
		problems_release(&problems);
	}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		kind_free(kinds[i]);
	return 0;
}

/* The sketch of the page; NULL with error. Owned by the caller. */
static char *sketch_of(const char *page, size_t length, struct error *error)
{
	struct document document = {page, length};
	struct buffer out = {0};

	if (sketch_kind((const struct kind *const *)kinds, KINDS, &document, &out, error))
		return buffer_take(&out);
	assert_int_equal(out.length, 0);
	return NULL;
}

/* Each of the lines, ended by NULL, is in the sketch. */
static void assert_sketch(const char *page, ...)
{
	struct error error = {0};
	char *sketch = sketch_of(page, strlen(page), &error);
	const char *line;
	va_list lines;

	if (sketch == NULL)
		fail_msg("%s", error.text);
	va_start(lines, page);
	while ((line = va_arg(lines, const char *)) != NULL)
		if (strstr(sketch, line) == NULL)
			fail_msg("\"%s\" is not in\n%s", line, sketch);
	va_end(lines);
	free(sketch);
}

static void assert_no_sketch(const char *page, size_t length, const char *reason)
{
	struct error error = {0};

	assert_null(sketch_of(page, length, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	if (strstr(error.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

/* The head, then before and after with a number between them, from first on, count times. Owned by
 * the caller. */
static char *many(
	const char *head, const char *before, const char *after, size_t first, size_t count)
{
	struct buffer page = {0};

	buffer_text(&page, head);
	for (size_t i = first; i < first + count; i++)
		buffer_format(&page, "%s%zu%s", before, i, after);
	return buffer_take(&page);
}

static void test_a_word_is_sure_where_several_kinds_agree(void **state)
{
	static const struct {
		const char *word;
		enum word_trust trust;
	} cases[] = {{"up", WORD_SURE}, {"UP", WORD_SURE}, {"down", WORD_SURE},
		{"calm", WORD_UNSURE}, {"fair", WORD_UNSURE}, {"slow", WORD_UNSURE},
		{"wonky", WORD_NEW}, {"", WORD_NEW}, {"1", WORD_NEW}, {"true", WORD_NEW},
		{"work", WORD_NEW}, {"work*", WORD_NEW}};
	struct known_words *known = known_words_new((const struct kind *const *)kinds, KINDS);
	enum level level;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (known_words_find(known, cases[i].word, &level) != cases[i].trust)
			fail_msg("%s", cases[i].word);
	assert_int_equal(known_words_find(known, "down", &level), WORD_SURE);
	assert_int_equal(level, LEVEL_MAJOR_OUTAGE);
	assert_true(known_words_within(known, "state-up"));
	assert_true(known_words_within(known, "is_down--now"));
	assert_false(known_words_within(known, "upper-downtown"));
	known_words_free(known);
}

static void test_rows_of_json(void **state)
{
	(void)state;
	assert_sketch("{\"board\": {\"parts\": ["
		      "{\"id\": \"a\", \"label\": \"Mail\", \"state\": \"up\"},"
		      "{\"id\": \"b\", \"label\": \"Chat\", \"state\": \"Down\"},"
		      "{\"id\": \"c\", \"label\": \"Maps\", \"state\": \"Won'ky\"}]}}",
		"about: 'TODO: ", "require: '/json/board/parts/item[label]'\n",
		"each: '/json/board/parts/item'\n", "id: 'id'\n", "name: 'label'\n",
		"word: 'state'\n", "operational: ['up']\n", "major_outage: ['Down']\n",
		"# 'Won''ky': what does it mean?", "not known: 1.", NULL);
}

/* Words that no kind knows, and truth values, are found by their key, and left to the author. */
static void test_rows_of_words_that_nobody_knows(void **state)
{
	(void)state;
	assert_sketch("[{\"name\": \"East\", \"lines\": [{\"status\": \"All aboard\"}]},"
		      "{\"name\": \"West\", \"lines\": [{\"status\": \"Snowed in\"}, {\"status\": "
		      "\"All aboard\"}]}]",
		"each: '/json/item'\n", "words: 'lines/item/status'\n",
		"# levels: no word is sure\n", "# 'All aboard': what does it mean?", NULL);
	/* also those that stand behind another one in their row */
	assert_sketch(
		"[{\"name\": \"East\", \"lines\": [{\"status\": \"All aboard\"}, {\"status\": "
		"\"Snowed in\"}]}, {\"name\": \"West\", \"lines\": [{\"status\": \"All "
		"aboard\"}]}]",
		"# 'Snowed in': what does it mean?", NULL);
	assert_sketch("{\"one\": {\"ok\": true, \"past\": [{\"ok\": true}, {\"ok\": true}]},"
		      "\"two\": {\"ok\": false, \"past\": [{\"ok\": true}, {\"ok\": true}]}}",
		"each: '/json/*'\n", "word: 'ok'\n", "# 'false': what does it mean?", NULL);
	/* rows of known words come first */
	assert_sketch(
		"{\"x\": [{\"label\": \"a\", \"state\": \"odd\"}, {\"label\": \"b\", \"state\": "
		"\"odd\"}], \"z\": {\"y\": [{\"label\": \"c\", \"s\": \"up\"}, {\"label\": "
		"\"d\", \"s\": \"down\"}]}}",
		"each: '/json/z/y/item'\n", NULL);
}

/* The details of one incident have more rows, and words that say nothing. */
static void test_details_of_an_incident_are_not_the_rows(void **state)
{
	char *stops = many("", ", {\"label\": \"Stop ", "\", \"status\": true}", 0, 30);
	char *page = memory_format(
		"[{\"id\": \"n\", \"name\": \"North\", \"lines\": [{\"statusText\": \"All "
		"aboard\"}]},"
		"{\"id\": \"e\", \"name\": \"East\", \"lines\": [{\"statusText\": \"Snowed in\","
		" \"trouble\": {\"stops\": [{\"label\": \"Stop\", \"status\": true}%s]}}]},"
		"{\"id\": \"w\", \"name\": \"West\", \"lines\": [{\"statusText\": \"All "
		"aboard\"}]}]",
		stops);

	(void)state;
	assert_sketch(page, "require: '/json/item[name]'\n", "each: '/json/item'\n",
		"name: 'name'\n", "words: 'lines/item/statusText'\n",
		"# also possible: /json/item/lines/item/trouble/stops/item, 31 rows, name `label`, "
		"word `status`\n",
		NULL);
	free(page);
	free(stops);
	/* nor are the members of an object names because one is called status */
	assert_sketch(
		"[{\"name\": \"North\", \"lines\": [{\"status\": \"All aboard\"}], \"stops\": ["
		"{\"zone\": \"one\", \"status\": \"true\"}, {\"area\": \"two\", \"status\": "
		"\"true\"}]},"
		"{\"name\": \"East\", \"lines\": [{\"status\": \"Snowed in\"}]}]",
		"each: '/json/item'\n", "words: 'lines/item/status'\n", NULL);
	/* where nothing else is there, the page is known by what does not come and go */
	assert_sketch(
		"[{\"name\": \"North\"}, {\"name\": \"East\", \"stops\": ["
		"{\"label\": \"a\", \"state\": \"up\"}, {\"label\": \"b\", \"state\": \"down\"}]}]",
		"require: '/json/item'\n", "each: '/json/item/stops/item'\n", NULL);
}

static void test_words_in_attributes_of_a_status(void **state)
{
	(void)state;
	assert_sketch("<?xml version='1.0'?><all xmlns='https://lines.example/'>"
		      "<row id='0'><line id='1' name='North'/>"
		      "<status id='GS' active='true' description='All aboard'><type "
		      "description='Line'/></status></row>"
		      "<row id='1'><line id='2' name='South'/>"
		      "<status id='DS' active='true' description='Snowed in'><type "
		      "description='Line'/></status></row></all>",
		"each: '/all/*'\n", "name: 'line/@name'\n", "word: 'status/@description'\n",
		"# 'Snowed in': what does it mean?", NULL);
}

static void test_keys_that_are_names_are_any_key(void **state)
{
	(void)state;
	assert_sketch("{\"regions\": {"
		      "\"eu\": {\"parts\": [{\"name\": \"Mail\", \"state\": \"up\"}]},"
		      "\"us 1\": {\"parts\": [{\"name\": \"Chat\", \"state\": \"down\"}]}}}",
		"each: '/json/regions/*/parts/item'\n", NULL);
}

static void test_numbers_are_names_where_their_key_says_so(void **state)
{
	(void)state;
	assert_sketch("[{\"name\": \"7\", \"no\": \"3\", \"state\": \"up\"}, "
		      "{\"name\": \"42\", \"no\": \"5\", \"state\": \"down\"}]",
		"name: 'name'\n", "2 indicators", NULL);
}

static void test_a_map_of_words_has_its_keys_for_names(void **state)
{
	(void)state;
	assert_sketch("{\"title\": \"x\", \"services\": {\"Mail\": \"up\", \"Chat 2\": \"down\"}}",
		"require: '/json/services/*'\n", "each: '/json/services/*'\n", "name: 'key()'\n",
		"word: '.'\n", "2 indicators", "major_outage: ['down']\n", NULL);
	assert_sketch("{\"services\": {\"East side\": {\"Mail\": \"up\", \"Chat\": \"down\"}, "
		      "\"West\": {\"Mail\": \"up\", \"Maps\": \"up\"}}}",
		"each: '/json/services/*/*'\n", "group: 'key(..)'\n", "4 indicators", NULL);
	/* also one by one */
	assert_sketch("[{\"mail.example\": \"up\"}, {\"Chat 2\": \"down\"}, {\"Maps 3\": \"up\"}]",
		"each: '/json/item/*'\n", "name: 'key()'\n", "word: '.'\n", "3 indicators", NULL);
	/* a name that stands in the row is better */
	assert_sketch("{\"regions\": {\"r1\": {\"title\": \"Mail\", \"state\": \"up\"}, "
		      "\"r2\": {\"title\": \"Chat\", \"state\": \"down\"}}}",
		"each: '/json/regions/*'\n", "name: 'title'\n", "word: 'state'\n", NULL);
}

static void test_rows_of_html(void **state)
{
	(void)state;
	assert_sketch("<title>The board</title><ul>"
		      "<li class='part on'><b>Mail</b> <i class='say'>Up</i>"
		      "<li class='part'><b>Chat</b> <i class='say'>Down</i></ul>",
		"about: 'The board'\n", "each: '//li[contains-token(@class, \"part\")]'\n",
		"name: 'b'\n", "operational: ['Up']\n", "major_outage: ['Down']\n", NULL);
}

/* A class that says "up" selects what is up today: what is down tomorrow would be gone. */
static void test_no_rows_are_chosen_by_their_state(void **state)
{
	struct error error = {0};
	static const char page[] = "<div id=list><p class='state-up'>Mail<i>up</i></p>"
				   "<p class='state-up'>Chat<i>up</i></p></div>";
	char *sketch = sketch_of(page, strlen(page), &error);

	(void)state;
	assert_non_null(sketch);
	assert_null(strstr(sketch, "\"state-up\""));
	assert_non_null(strstr(sketch, "each: '//div[@id = \"list\"]/p'\n"));
	free(sketch);
}

static void test_a_state_in_a_class(void **state)
{
	(void)state;
	assert_sketch("<table><tr class='r s-up'><td>Mail<tr class='r s-down'><td>Chat</table>",
		"each: '//tr[contains-token(@class, \"r\")]'\n", "s-([A-Za-z_]+)",
		"# levels: no word is sure\n", "# 'down' major_outage: a class says so",
		"# 'up' operational: a class says so", NULL);
}

static void test_a_name_is_not_what_changes_with_the_word(void **state)
{
	(void)state;
	assert_sketch("<ul id=l><li>Mail - up</li><li>Chat - down</li></ul>",
		"name: 'substring-before(., \" - \")'\n", "word: 'substring-after(., \" - \")'\n",
		NULL);
}

static void test_a_name_is_not_what_all_rows_share(void **state)
{
	char *page = many(
		"<table>", "<tr class=row><td>host ", "<td><i>core</i><td class=say>up", 1000, 20);

	(void)state;
	assert_sketch(
		page, "each: '//tr[contains-token(@class, \"row\")]'\n", "name: 'td[1]'\n", NULL);
	free(page);
}

/* A table whose cells hold tables, and whose even rows look otherwise. */
static void test_a_name_is_not_what_a_row_looks_like(void **state)
{
	struct buffer rows = {0};

	(void)state;
	buffer_text(&rows, "<table class=grid><tr>");
	/* the head alone has more places than are tried */
	for (size_t i = 0; i < 50; i++)
		buffer_format(&rows, "<th><a href='/up%zu' title='Sort up'>Column %zu</a>", i, i);
	for (size_t i = 0; i < 10; i++) {
		const char *look = i % 2 == 0 ? "rowEven" : "rowOdd";

		buffer_format(&rows,
			"<tr><td>%s</td><td class=%s><table><tr><td class=%s><table><tr>"
			"<td class=%s><a href='/%zu'>Check "
			"%c</a></td></tr></table></td></tr></table></td>"
			"<td class=say>up</td></tr>",
			i == 0 ? "localhost" : "", look, look, look, i, (char)('A' + (int)i));
	}
	assert_sketch(buffer_string(&rows), "name: 'td[2]/table/tr/td/table/tr/td/a'\n",
		"10 indicators", NULL);
	buffer_release(&rows);
}

static void test_entries_of_a_feed_are_incidents(void **state)
{
	(void)state;
	assert_sketch("<rss version='2.0'><channel><title>Our feed</title>"
		      "<item><title>Mail: down</title><guid>1</guid></item>"
		      "<item><title>Chat: up</title><guid>2</guid></item></channel></rss>",
		"require: '/rss/channel[title = \"Our feed\"]'\n",
		"incidents:\n  each: '/rss/channel/item'\n  id: 'guid'\n",
		"word: 'substring-after(title, \": \")'\n", NULL);
}

static void test_what_one_kind_says_is_asked(void **state)
{
	struct error error = {0};
	static const char page[] = "[{\"name\": \"Mail\", \"s\": \"calm\"},"
				   "{\"name\": \"Chat\", \"s\": \"fair\"}]";
	char *sketch = sketch_of(page, strlen(page), &error);

	(void)state;
	assert_non_null(sketch);
	assert_non_null(strstr(sketch, "# 'calm' operational: is that so?"));
	assert_non_null(strstr(sketch, "# levels: no word is sure\n"));
	assert_null(strstr(sketch, "\nlevels:"));
	free(sketch);
}

static void test_no_rows_are_said_to_be_none(void **state)
{
	static const struct {
		const char *page, *reason;
	} cases[] = {
		{"{}", "no text is a word that another kind knows, or stands under"},
		{"[{\"name\": \"a\", \"s\": 1}, {\"name\": \"b\", \"s\": 1}]",
			"no text is a word that another kind knows, or stands under"},
		{"[{\"name\": \"a\", \"s\": 1}, {\"name\": \"b\", \"s\": 1}]",
			"what repeats is /json/item (2 of: name, s): write the kind by hand, see "
			"Indicators in lampwatch-kind(5)"},
		{"<?xml version='1.0'?><a><b id='1' x='2'/><b id='2' x='3'/></a>",
			"what repeats is /a/b (2 of: @id, @x)"},
		{"{\"status\": \"up\"}", "never in two rows alike; nothing repeats"},
		{"<p>up", "never in two rows alike"},
		{"[{\"s\": \"up\"}, {\"s\": \"up\"}]", "rows with words (/json/item/s), but "
						       "nothing in them looks like a name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_no_sketch(cases[i].page, strlen(cases[i].page), cases[i].reason);
	assert_no_sketch("", 0, "the document is empty");
	assert_no_sketch("{", 1, "JSON");
}

/* What steers a terminal, or would end a text in YAML, is shown; nothing of the page becomes more
 * than a text. */
static void test_texts_of_the_page_stay_texts(void **state)
{
	(void)state;
	assert_sketch("<title>A\xe2\x80\xae'\nlevels: {operational: ['*']}</title>"
		      "<ul id=l><li>Mail - up</li><li>Chat - down</li><li>Maps - a\xe2\x80\xae'x"
		      "</li></ul>",
		"about: 'A\\u{202E}'' levels: {operational: [''*'']}'\n",
		"# 'a\\u{202E}''x': what does it mean?", NULL);
}

static void test_a_page_of_many_rows(void **state)
{
	static const struct {
		size_t count;
		const char *says; /* NULL: there is no sketch */
	} cases[] = {{4000, "4000 indicators"}, {19999, "19999 indicators"}, {40000, NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *rows = many("", ", {\"label\": \"host ", "\", \"state\": \"up\"}", 1,
			cases[i].count - 1);
		char *page = memory_format(
			"{\"hosts\": [{\"label\": \"host\", \"state\": \"up\"}%s]}", rows);
		clock_t began = clock();

		if (cases[i].says != NULL)
			assert_sketch(page, "each: '/json/hosts/item'\n", "name: 'label'\n",
				cases[i].says, NULL);
		else
			assert_no_sketch(page, strlen(page),
				"more than 20000 nodes: /json/hosts/item; that is more rows than a "
				"reading has");
		assert_processor_time(began, 20);
		free(page);
		free(rows);
	}
}

static void test_a_hostile_page_is_bounded(void **state)
{
	static const struct {
		const char *head, *before, *after;
		size_t count;
	} pages[] = {
		/* ten thousand groups, of two rows */
		{"", "<div class='g", "'><p>Mail<i>up</i><p>Chat<i>up</i></div>", 10000},
		/* the same in classes that hold nothing else */
		{"", "<p class='a", " b c d e'><i title=up>up</i></p>", 10000},
		/* deep */
		{"", "<div id=d", "><i>up</i>", 200},
		/* wide */
		{"<ul>", "<li>Mail ", " - up</li>", 50000},
		/* prose without an end */
		{"<p>", ": ", " - [up] ", 100000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		char *page =
			many(pages[i].head, pages[i].before, pages[i].after, 0, pages[i].count);
		struct error error = {0};
		clock_t began = clock();
		char *sketch = sketch_of(page, strlen(page), &error);

		print_message("%zu: %.2f s, %s\n", i, (double)(clock() - began) / CLOCKS_PER_SEC,
			sketch != NULL ? "sketched" : error.text);
		assert_true(sketch == NULL || strlen(sketch) <= SKETCH_MAX);
		assert_processor_time(began, 20);
		free(sketch);
		free(page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_word_is_sure_where_several_kinds_agree),
		cmocka_unit_test(test_rows_of_json),
		cmocka_unit_test(test_rows_of_words_that_nobody_knows),
		cmocka_unit_test(test_details_of_an_incident_are_not_the_rows),
		cmocka_unit_test(test_words_in_attributes_of_a_status),
		cmocka_unit_test(test_keys_that_are_names_are_any_key),
		cmocka_unit_test(test_numbers_are_names_where_their_key_says_so),
		cmocka_unit_test(test_a_map_of_words_has_its_keys_for_names),
		cmocka_unit_test(test_rows_of_html),
		cmocka_unit_test(test_no_rows_are_chosen_by_their_state),
		cmocka_unit_test(test_a_state_in_a_class),
		cmocka_unit_test(test_a_name_is_not_what_changes_with_the_word),
		cmocka_unit_test(test_a_name_is_not_what_all_rows_share),
		cmocka_unit_test(test_a_name_is_not_what_a_row_looks_like),
		cmocka_unit_test(test_entries_of_a_feed_are_incidents),
		cmocka_unit_test(test_what_one_kind_says_is_asked),
		cmocka_unit_test(test_no_rows_are_said_to_be_none),
		cmocka_unit_test(test_texts_of_the_page_stay_texts),
		cmocka_unit_test(test_a_page_of_many_rows),
		cmocka_unit_test(test_a_hostile_page_is_bounded),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
