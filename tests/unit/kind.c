/* SPDX-License-Identifier: ISC */
#include "watch/kind/kind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/list.h"
#include "base/text.h"
#include "kind_text.h"
#include "model/validator.h"

#define MINIMAL "about: x\nrequire: '/json'\n"

/* The text must be refused, and some complaint must be about this line and say this. */
static void assert_refused_with(const char *text, const char *with, int line, const char *reason)
{
	struct problems problems = {0};
	bool said = false;

	assert_null(kind_of(text, with, &problems));
	for (size_t i = 0; i < problems.count; i++)
		said = said || (problems.list[i].line == line &&
				       strstr(problems.list[i].text, reason) != NULL);
	if (!said)
		fail_msg("no complaint \"%s\" in line %d, but line %d: %s", reason, line,
			problems.count > 0 ? problems.list[0].line : 0,
			problems.count > 0 ? problems.list[0].text : "nothing");
	problems_release(&problems);
}

static void assert_refused(const char *text, int line, const char *reason)
{
	assert_refused_with(text, NULL, line, reason);
}

static struct kind *accepted(const char *text, const char *with)
{
	struct problems problems = {0};
	struct kind *kind = kind_of(text, with, &problems);

	if (kind == NULL)
		fail_msg("line %d: %s", problems.list[0].line, problems.list[0].text);
	problems_release(&problems);
	return kind;
}

static void test_every_key_that_is_unknown_is_complained_about_with_its_line(void **state)
{
	(void)state;
	assert_refused(MINIMAL "pages: {}\n", 3, "did you mean \"page\"");
	assert_refused(MINIMAL "indicators:\n  each: '/a'\n  name: 'b'\n  wrod: 'c'\n", 6,
		"did you mean \"word\"");
	assert_refused(MINIMAL "maintenances: {each: '/a', title: 'b', word: 'c'}\n", 3, "word");
}

static void test_require_is_mandatory(void **state)
{
	(void)state;
	assert_refused("about: x\n", 1, "\"require\" is missing");
	assert_refused("require: '/json'\n", 1, "\"about\" is missing");
}

static void test_expressions_are_compiled_when_the_kind_is_loaded(void **state)
{
	(void)state;
	assert_refused("about: x\nrequire: '/a['\n", 2, "not XPath");
	assert_refused("about: x\nrequire:\n- '/a'\n- '$b'\n", 4, "variable");
	assert_refused(MINIMAL "indicators:\n  each: '/a'\n  name: 'upper(.)'\n  word: 'c'\n", 5,
		"function");
	assert_refused(MINIMAL "incidents:\n  each: '/a'\n  title: 'b'\n  word: 'c'\n  updates:\n  "
			       "  each: 'd'\n    text: 'x:y'\n",
		9, "prefix");
	assert_refused(MINIMAL "page: {title: [a, 'string(']}\n", 3, "not XPath");
}

static void test_variables_are_known_from_their_definition_on(void **state)
{
	(void)state;
	assert_refused(MINIMAL "let:\n  a: '$b'\n  b: '$url'\n", 4, "variable");
	assert_refused(MINIMAL "documents:\n  page: '$page/x'\n", 4, "variable");
	assert_refused(MINIMAL "let: {a: '$item'}\n", 3, "item");
	kind_free(accepted(MINIMAL
		"documents: {two: '$page/json/x', page: '$url'}\nlet: {a: '$two', b: '$a'}\n",
		NULL));
}

static void test_names_must_differ_and_be_names(void **state)
{
	(void)state;
	assert_refused(MINIMAL "let: {url: '/a'}\n", 3, "taken");
	assert_refused(MINIMAL "let: {item: '/a'}\n", 3, "taken");
	assert_refused(MINIMAL "documents: {two: '$url'}\nlet: {two: '/a'}\n", 4, "taken");
	assert_refused(MINIMAL "let: {'a b': '/a'}\n", 3, "no name");
	assert_refused(MINIMAL "let: {1a: '/a'}\n", 3, "no name");
}

static void test_a_block_must_say_where_its_rows_are_and_what_they_say(void **state)
{
	(void)state;
	assert_refused(MINIMAL "indicators: {name: 'a', word: 'b'}\n", 3, "\"each\" is missing");
	assert_refused(MINIMAL "indicators: {each: '/a', word: 'b'}\n", 3, "\"name\" is missing");
	assert_refused(MINIMAL "indicators: {each: '/a', name: 'b'}\n", 3, "\"word\" is missing");
	assert_refused(MINIMAL "incidents: {each: '/a', word: 'b'}\n", 3, "\"title\" is missing");
	assert_refused(MINIMAL "indicators: {each: '/a', name: 'b', word: 'c', words: 'd'}\n", 3,
		"exclude");
	assert_refused(MINIMAL "indicators: {each: '/a', name: 'b', words: {take: 'd'}}\n", 3,
		"\"each\" is missing");
	assert_refused(MINIMAL "indicators: {each: '/a', name: 'b', word: 'c', same: best}\n", 3,
		"worst, first, last or error");
	assert_refused(MINIMAL "indicators: {each: '/a', name: 'b', word: 'c', others: fine}\n", 3,
		"fine");
}

static void test_what_nobody_said_is_not_green(void **state)
{
	(void)state;
	assert_refused(MINIMAL "levels:\n  operational:\n", 4, "a word is missing");
	assert_refused(MINIMAL "levels:\n  operational:\n  - up\n  -\n", 6, "a word is missing");
	assert_refused(MINIMAL "levels: {operational: [null]}\n", 3, "a word is missing");
	assert_refused(MINIMAL "levels: {operational: [up, '*']}\n", 3, "what nobody knows");
	assert_refused(MINIMAL "levels: {notice: '**'}\n", 3, "what nobody knows");
	kind_free(accepted(MINIMAL "levels: {operational: ['', 'up *'], degraded: ['*']}\n", NULL));
}

static void test_one_word_under_two_levels_is_an_error(void **state)
{
	(void)state;
	assert_refused(MINIMAL "levels:\n  operational: [ok]\n  degraded: [bad,\n    OK]\n", 6,
		"listed under operational");
	assert_refused(MINIMAL "levels: {great: [ok]}\n", 3, "no level");
	assert_refused(MINIMAL "levels: {degradd: [ok]}\n", 3, "did you mean \"degraded\"");
	assert_refused(MINIMAL "levels: {operational: {a: b}}\n", 3, "list of words");
	kind_free(accepted(MINIMAL "levels: {operational: [ok, OK], degraded: 'o*'}\n", NULL));
}

static void test_parameters_are_laid_over_the_file_key_by_key(void **state)
{
	static const char file[] = "about: x\nindicators: {name: 'n', word: 'w'}\n";

	(void)state;
	assert_refused(file, 1, "\"require\" is missing");
	kind_free(accepted(file, "{require: '/json', indicators: {each: '/json/item'}}"));
	kind_free(
		accepted(file, "{require: '/json', indicators: {each: '/json/item', words: 'a'}}"));
	kind_free(accepted(file, "{require: '/json', indicators: []}"));
	kind_free(accepted(
		file, "{require: '/json', indicators: [{each: '/a', name: 'b', word: 'c'}]}"));
	assert_refused_with(
		file, "{require: '/json', indicators: {eech: '/a'}}", 1, "did you mean \"each\"");
	assert_refused_with(file, "{require: '/json', indicators: {each: '/a'}, about: y}", 1,
		"unknown key \"about\"");
	assert_refused_with(MINIMAL "indicators: [{each: '/a', name: 'b', word: 'c'}]\n",
		"{indicators: {each: '/d'}}", 1, "give a list");
}

static void test_the_digest_differs_where_the_way_of_reading_does(void **state)
{
	struct kind *plain = accepted(MINIMAL, NULL), *same = accepted(MINIMAL, NULL);
	struct kind *other = accepted(MINIMAL "# comment\n", NULL),
		    *with = accepted(MINIMAL, "{page: {title: 'a'}}");
	struct kind *with_other = accepted(MINIMAL, "{page: {title: 'b'}}");

	(void)state;
	assert_int_equal(strlen(kind_digest(plain)), 64);
	assert_string_equal(kind_digest(plain), kind_digest(same));
	assert_string_not_equal(kind_digest(plain), kind_digest(other));
	assert_string_not_equal(kind_digest(plain), kind_digest(with));
	assert_string_not_equal(kind_digest(with), kind_digest(with_other));
	assert_string_equal(kind_name(plain), "sample");
	assert_string_equal(kind_about(plain), "x");
	kind_free(plain);
	kind_free(same);
	kind_free(other);
	kind_free(with);
	kind_free(with_other);
}

static void test_a_kind_says_what_it_was_written_from(void **state)
{
	struct kind *unsaid = accepted(MINIMAL, NULL),
		    *never = accepted(MINIMAL "seen: never\n", NULL);

	(void)state;
	assert_int_equal(kind_seen(unsaid), KIND_SEEN_UNSAID);
	assert_int_equal(kind_seen(never), KIND_SEEN_NEVER);
	kind_free(unsaid);
	kind_free(never);
	assert_refused(MINIMAL "seen: once\n", 3, "is live, quoted or never");
}

static void test_a_kind_says_whether_it_lists_only_troubles(void **state)
{
	struct kind *all =
		accepted(MINIMAL "indicators: {each: '/a', name: 'b', word: 'c'}\n", NULL);
	struct kind *troubles = accepted(MINIMAL
		"indicators: {each: '/a', name: 'b', word: 'c', others: operational}\n",
		NULL);

	(void)state;
	assert_false(kind_lists_troubles_only(all));
	assert_true(kind_lists_troubles_only(troubles));
	kind_free(all);
	kind_free(troubles);
}

static void assert_address(
	const struct kind *kind, size_t i, const char *url, const char *page, const char *expected)
{
	struct document documents[PAGE_DOCUMENTS_MAX] = {{page, page != NULL ? strlen(page) : 0}};
	struct error error = {0};
	char *address = NULL;

	if (expected == NULL) {
		assert_false(kind_document_address(kind, i, url, documents, &address, &error));
		assert_int_equal(error.remedy, REMEDY_PAGE);
		assert_non_null(strstr(error.text, "kind sample: documents: "));
		return;
	}
	if (!kind_document_address(kind, i, url, documents, &address, &error))
		fail_msg("%s", error.text);
	assert_string_equal(address, expected);
	free(address);
}

static void test_addresses_of_documents_are_computed_one_after_the_other(void **state)
{
	struct kind *kind = accepted(MINIMAL "documents:\n"
					     "  next: '/json/next'\n"
					     "  page: 'resolve-uri(\"summary.json\", $url)'\n",
		NULL);

	(void)state;
	assert_int_equal(kind_document_count(kind), 2);
	assert_string_equal(kind_document_name(kind, 0), "page");
	assert_string_equal(kind_document_name(kind, 1), "next");
	assert_address(kind, 0, "https://a.example/x/y", NULL, "https://a.example/x/summary.json");
	assert_address(kind, 1, "https://a.example/", "{\"next\":\"https://b.example/\"}",
		"https://b.example/");
	assert_address(kind, 1, "https://a.example/", "{}", "");
	assert_address(kind, 1, "https://a.example/", "{\"next\":\"file:///etc/passwd\"}", NULL);
	assert_address(kind, 1, "https://a.example/", "{", NULL);
	kind_free(kind);
}

static void test_without_documents_the_page_is_the_watched_address(void **state)
{
	struct kind *kind = accepted(MINIMAL, NULL);

	(void)state;
	assert_int_equal(kind_document_count(kind), 1);
	assert_address(kind, 0, "https://a.example/?x=1", NULL, "https://a.example/?x=1");
	kind_free(kind);
}

static void test_rows_that_are_parts_of_incidents_need_others(void **state)
{
#define OPEN "let: {all: '/json/i/item', open: '$all[not(over = \"]\")] | /json/j'}\n"
	static const char *const refused[] = {"$open/s/item", "/json/i/item/s/item", "$all/s",
		"/json/s/item | ($open/s/item)[1]"};
	static const char *const good[] = {
		"$open", "/json/s/item[i = $open/s]", "/json/items/item"};
	char text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		snprintf(text, sizeof text,
			MINIMAL OPEN "incidents: {each: '$open[x]', title: 't', word: 'w'}\n"
				     "indicators: {each: '%s', name: 'n', word: 'w'}\n",
			refused[i]);
		assert_refused(text, 5, "\"others\" must say");
		strcpy(strrchr(text, '}'), ", others: operational}\n");
		kind_free(accepted(text, NULL));
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(text, sizeof text,
			MINIMAL OPEN "incidents: {each: '$open[x]', title: 't', word: 'w'}\n"
				     "indicators: {each: '%s', name: 'n', word: 'w'}\n",
			good[i]);
		kind_free(accepted(text, NULL));
	}
}

static void test_the_page_may_have_several_addresses(void **state)
{
	struct kind *kind =
		accepted(MINIMAL "documents: {page: ['concat($url, \"a\")', 'concat($url, "
				 "\"b\")', '\"c\"']}\n",
			NULL);
	struct error error;
	char *address = NULL;

	(void)state;
	assert_int_equal(kind_document_count(kind), 1);
	assert_int_equal(kind_fallback_count(kind), 2);
	assert_true(kind_document_address(kind, 0, "https://h/", NULL, &address, &error));
	assert_string_equal(address, "https://h/a");
	free(address);
	assert_true(kind_fallback_address(kind, 0, "https://h/", &address, &error));
	assert_string_equal(address, "https://h/b");
	free(address);
	assert_false(kind_fallback_address(kind, 1, "https://h/", &address, &error));
	kind_free(kind);
	assert_refused(MINIMAL "documents: {page: ['$url', '$other']}\n", 3, "no variable");
}

static void test_a_document_may_be_optional_but_not_the_page(void **state)
{
	struct kind *kind = accepted(MINIMAL
		"documents: {two: {address: '$url', optional: true}, three: '$url'}\n",
		NULL);

	(void)state;
	assert_false(kind_document_optional(kind, 0));
	assert_true(kind_document_optional(kind, 1));
	assert_false(kind_document_optional(kind, 2));
	assert_address(kind, 1, "https://a.example/", NULL, "https://a.example/");
	kind_free(kind);
	assert_refused(MINIMAL "documents: {page: {address: '$url', optional: true}}\n", 3, "page");
	assert_refused(MINIMAL "documents: {two: {optional: true}}\n", 3, "address");
	assert_refused(MINIMAL "let: {a: {address: '/a'}}\n", 3, "a");
}

static void test_a_page_has_at_most_eight_documents(void **state)
{
	(void)state;
	assert_refused(MINIMAL "documents: {a: '$url', b: '$url', c: '$url', d: '$url', e: '$url', "
			       "f: '$url', g: '$url', h: '$url'}\n",
		3, "at most 8");
}

static void test_kinds_are_found_by_name_and_by_nothing_else(void **state)
{
	char *templates = file_templates(), *path = kind_find(templates, NULL, "statuspage");

	(void)state;
	assert_non_null(path);
	assert_true(text_ends(path, "/pages/statuspage.yaml"));
	assert_null(kind_find(templates, NULL, "../pages/statuspage"));
	assert_null(kind_find(templates, NULL, "no-such-kind"));
	assert_null(kind_find(templates, NULL, ""));
	free(path);
	free(templates);
}

/* Kinds that need parameters complain about nothing else than that they are missing. */
static void test_every_kind_of_ours_loads(void **state)
{
	char *templates = file_templates(), *folder = file_join(templates, "pages");
	struct text_list names = {0};

	(void)state;
	file_names(folder, ".yaml", &names, NULL);
	assert_true(names.count >= 11);
	for (size_t i = 0; i < names.count; i++) {
		char *path = kind_find(templates, NULL, names.list[i]);
		struct problems problems = {0};
		struct kind *kind = kind_load(path, (struct node){0}, &problems);

		for (size_t j = 0; j < problems.count; j++)
			if (!text_starts(names.list[i], "generic-") ||
				strstr(problems.list[j].text, "is missing") == NULL)
				fail_msg("%s:%d: %s", problems.list[j].file, problems.list[j].line,
					problems.list[j].text);
		problems_release(&problems);
		kind_free(kind);
		free(path);
	}
	text_list_release(&names);
	free(folder);
	free(templates);
}

static void test_a_kind_is_the_same_when_it_is_made_of_its_source(void **state)
{
	static const char *const with[] = {NULL, "{levels: {operational: ['~', \"a\\tb\"]}}",
		"let:\n  a: 'string(//b)'\nindicators: {each: //i, name: \"'\\u2028\\\"'\", word: "
		"'1'}\n"};

	(void)state;
	for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
		struct problems problems = {0};
		struct kind *kind = kind_of("about: x\nrequire: //a\n", with[i], &problems), *again;
		const char *source;
		size_t length;

		if (kind == NULL)
			print_error("%s\n", problems.list[0].text);
		assert_non_null(kind);
		source = kind_source(kind, &length);
		again = kind_of_source(source, length);
		assert_non_null(again);
		assert_string_equal(kind_name(kind), kind_name(again));
		assert_string_equal(kind_digest(kind), kind_digest(again));
		kind_free(kind);
		kind_free(again);
		problems_release(&problems);
	}
	assert_null(kind_of_source("x.yaml\0\0about: [", 17));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_that_is_unknown_is_complained_about_with_its_line),
		cmocka_unit_test(test_require_is_mandatory),
		cmocka_unit_test(test_a_kind_is_the_same_when_it_is_made_of_its_source),
		cmocka_unit_test(test_expressions_are_compiled_when_the_kind_is_loaded),
		cmocka_unit_test(test_variables_are_known_from_their_definition_on),
		cmocka_unit_test(test_names_must_differ_and_be_names),
		cmocka_unit_test(test_a_block_must_say_where_its_rows_are_and_what_they_say),
		cmocka_unit_test(test_what_nobody_said_is_not_green),
		cmocka_unit_test(test_one_word_under_two_levels_is_an_error),
		cmocka_unit_test(test_parameters_are_laid_over_the_file_key_by_key),
		cmocka_unit_test(test_the_digest_differs_where_the_way_of_reading_does),
		cmocka_unit_test(test_a_kind_says_what_it_was_written_from),
		cmocka_unit_test(test_a_kind_says_whether_it_lists_only_troubles),
		cmocka_unit_test(test_addresses_of_documents_are_computed_one_after_the_other),
		cmocka_unit_test(test_without_documents_the_page_is_the_watched_address),
		cmocka_unit_test(test_rows_that_are_parts_of_incidents_need_others),
		cmocka_unit_test(test_the_page_may_have_several_addresses),
		cmocka_unit_test(test_a_document_may_be_optional_but_not_the_page),
		cmocka_unit_test(test_a_page_has_at_most_eight_documents),
		cmocka_unit_test(test_kinds_are_found_by_name_and_by_nothing_else),
		cmocka_unit_test(test_every_kind_of_ours_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
