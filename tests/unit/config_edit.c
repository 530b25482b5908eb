/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "config/config.h"
#include "config/config_edit.h"

static const struct config_member desk = {"pages",
	"- name: desk\n  url: https://desk.example/\n  kind: statuspage\n  provider: desks\n"};
static const struct config_member probe = {
	"probes", "- name: ours\n  checks:\n    - {name: web, http: \"https://ours.example/\"}\n"};

/* Adds the member and compares. Owned by the caller: what came out is a configuration. */
static struct config *add(const struct config_member *member, const char *before, const char *after,
	int expected_line)
{
	struct buffer out = {0};
	struct problems problems = {0};
	struct error error = {0};
	struct config *config;
	int line = 0;

	if (!config_edit_add("x.yaml", before, strlen(before), member, &out, &line, &error))
		fail_msg("%s", error.text);
	assert_string_equal(buffer_string(&out), after);
	assert_int_equal(line, expected_line);
	config = config_parse("x.yaml", buffer_string(&out), out.length, &problems);
	if (config == NULL)
		fail_msg("%s", problems.list[0].text);
	problems_release(&problems);
	buffer_release(&out);
	return config;
}

/* The page is the last one. */
static void check(const char *before, const char *after, int expected_line)
{
	struct config *config = add(&desk, before, after, expected_line);
	const struct page_config *last = &config->pages[config->page_count - 1];

	assert_string_equal(last->name, "desk");
	assert_string_equal(last->url, "https://desk.example/");
	assert_string_equal(last->provider, "desks");
	assert_int_equal(last->line, expected_line);
	config_free(config);
}

static void check_probe(const char *before, const char *after, int expected_line)
{
	struct config *config = add(&probe, before, after, expected_line);
	const struct page_config *ours = config_page(config, "ours");

	assert_non_null(ours);
	assert_int_equal(ours->line, expected_line);
	assert_int_equal(ours->check_count, 1);
	assert_string_equal(ours->checks[0].name, "web");
	config_free(config);
}

static void check_refused(const char *before, const char *part)
{
	struct buffer out = {0};
	struct error error = {0};
	int line;

	assert_false(config_edit_add("x.yaml", before, strlen(before), &desk, &out, &line, &error));
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_non_null(strstr(error.text, part));
	assert_int_equal(out.length, 0);
	buffer_release(&out);
}

#define PAGE "  - name: first\n    url: https://first.example/   # note\n    kind: statuspage\n"
#define DESK                                                                                       \
	"  - name: desk\n    url: https://desk.example/\n    kind: statuspage\n    provider: "     \
	"desks\n"

static void test_the_page_comes_behind_the_last_one(void **state)
{
	(void)state;
	check("archive: a\npages:\n" PAGE "from: a@example.org\n",
		"archive: a\npages:\n" PAGE DESK "from: a@example.org\n", 6);
}

static void test_comments_of_the_last_page_stay_with_it_and_those_of_what_follows_with_that(
	void **state)
{
	(void)state;
	check("pages:\n" PAGE "    #keep: all\n\n# who\nfrom: a@example.org\n",
		"pages:\n" PAGE "    #keep: all\n" DESK "\n# who\nfrom: a@example.org\n", 6);
	check("pages: # these\n\n  # one\n" PAGE, "pages: # these\n\n  # one\n" PAGE DESK, 7);
}

static void test_the_indentation_of_the_last_page_is_kept(void **state)
{
	(void)state;
	check("pages:\n-   name: first\n    url: https://first.example/\n    kind: slack\nfrom: "
	      "a@example.org\n",
		"pages:\n-   name: first\n    url: https://first.example/\n    kind: slack\n"
		"-   name: desk\n    url: https://desk.example/\n    kind: statuspage\n    "
		"provider: desks\n"
		"from: a@example.org\n",
		5);
	check("pages:\n      -\n         name: first\n         url: https://first.example/\n       "
	      "  kind: slack\n",
		"pages:\n      -\n         name: first\n         url: https://first.example/\n     "
		"    kind: slack\n"
		"      - name: desk\n        url: https://desk.example/\n        kind: statuspage\n"
		"        provider: desks\n",
		6);
}

static void test_an_empty_line_between_pages_is_kept_up(void **state)
{
	(void)state;
	check("pages:\n" PAGE "\n  # the second\n  - {name: second, url: "
	      "\"https://second.example/\", kind: slack}\n",
		"pages:\n" PAGE "\n  # the second\n  - {name: second, url: "
		"\"https://second.example/\", kind: slack}\n"
		"\n" DESK,
		9);
}

static void test_without_pages_there_will_be_some(void **state)
{
	(void)state;
	check("archive: a\n", "archive: a\n\npages:\n" DESK, 4);
	check("pages:\nfrom: a@example.org\n", "pages:\n" DESK "from: a@example.org\n", 2);
	check("pages:   # none yet\n", "pages:   # none yet\n" DESK, 2);
	check("pages: []   # none yet\nfrom: a@example.org\n",
		"pages:   # none yet\n" DESK "from: a@example.org\n", 2);
	check("", "pages:\n" DESK, 2);
	check("# nothing yet\n", "# nothing yet\n\npages:\n" DESK, 4);
}

static void test_the_ends_of_lines_are_kept(void **state)
{
	(void)state;
	check("pages:\r\n  - name: first\r\n    url: https://first.example/\r\n    kind: slack\r\n",
		"pages:\r\n  - name: first\r\n    url: https://first.example/\r\n    kind: "
		"slack\r\n"
		"  - name: desk\r\n    url: https://desk.example/\r\n    kind: statuspage\r\n    "
		"provider: desks\r\n",
		5);
	check("pages:\n  - name: first\n    url: https://first.example/\n    kind: slack",
		"pages:\n  - name: first\n    url: https://first.example/\n    kind: slack\n" DESK,
		5);
}

static void test_texts_of_several_lines_belong_to_their_page(void **state)
{
	(void)state;
	check("pages:\n  - name: first\n    url: https://first.example/\n    kind: slack\n    "
	      "with:\n"
	      "      require: >-\n       a\n       # b\n\n       c\nfrom: a@example.org\n",
		"pages:\n  - name: first\n    url: https://first.example/\n    kind: slack\n    "
		"with:\n"
		"      require: >-\n       a\n       # b\n\n       c\n" DESK
		"from: a@example.org\n",
		11);
}

static void test_pages_in_brackets_are_left_to_their_author(void **state)
{
	(void)state;
	check_refused("pages: [{name: a, url: \"https://a.example/\", kind: slack}]\n", "brackets");
	check_refused(
		"pages:\n  [{name: a, url: \"https://a.example/\", kind: slack}]\n", "dashes");
	check_refused("{archive: a, pages: []}\n", "brackets");
	check_refused("pages: [\n", "");
	check_refused("{archive: a}\n", "as it is written");
	check_refused("a text\n", "as it is written");
}

static void test_texts_that_yaml_would_take_for_something_else_are_quoted(void **state)
{
	static const char *const texts[] = {
		"null", "~", "- x", "a: b", "a #b", "*x", "x:", "\"", "a\\b"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		static const char url[] = "https://desk.example/a?b=c&d=e,f#g";
		struct problems problems = {0};
		struct buffer lines = {0}, out = {0};
		struct config *config;

		config_member_key(&lines, "name", "desk");
		config_member_key(&lines, "url", url);
		config_member_key(&lines, "kind", "slack");
		config_member_key(&lines, "provider", texts[i]);
		config_member_key(&lines, "keep", NULL);
		buffer_text(&out, "pages:\n");
		config_member_write(&(struct config_member){"pages", buffer_string(&lines)}, &out);
		config = config_parse("x.yaml", buffer_string(&out), out.length, &problems);
		if (config == NULL)
			fail_msg("%s: %s", texts[i], problems.list[0].text);
		assert_string_equal(config->pages[0].provider, texts[i]);
		assert_string_equal(config->pages[0].url, url);
		config_free(config);
		problems_release(&problems);
		buffer_release(&lines);
		buffer_release(&out);
	}
}

#define FIRST_PROBE "  - name: mail\n    checks:\n      - {name: web, tcp: \"a.example:22\"}\n"
#define OURS "  - name: ours\n    checks:\n      - {name: web, http: \"https://ours.example/\"}\n"

static void test_each_section_has_its_own_place(void **state)
{
	(void)state;
	check_probe("pages:\n" PAGE "from: a@example.org\n",
		"pages:\n" PAGE "from: a@example.org\n\nprobes:\n" OURS, 8);
	check_probe("probes:\n" FIRST_PROBE "    # every: 1m\n\n# what others say\npages:\n" PAGE,
		"probes:\n" FIRST_PROBE "    # every: 1m\n" OURS
		"\n# what others say\npages:\n" PAGE,
		6);
	check_probe("probes: [] # none yet\npages:\n" PAGE,
		"probes: # none yet\n" OURS "pages:\n" PAGE, 2);
	check_probe("'probes':\npages:\n" PAGE, "'probes':\n" OURS "pages:\n" PAGE, 2);
	check_probe("", "probes:\n" OURS, 2);
}

static void test_lists_in_a_member_are_indented_with_it(void **state)
{
	(void)state;
	check_probe("probes:\n-   name: first\n    checks:\n    - name: web\n"
		    "      tcp: a.example:22\n\n-   name: second\n    checks:\n"
		    "    - {name: web, tcp: \"a.example:22\"}\n",
		"probes:\n-   name: first\n    checks:\n    - name: web\n"
		"      tcp: a.example:22\n\n-   name: second\n    checks:\n"
		"    - {name: web, tcp: \"a.example:22\"}\n\n"
		"-   name: ours\n    checks:\n      - {name: web, http: "
		"\"https://ours.example/\"}\n",
		11);
	check_probe("probes:\r\n- name: first\r\n  checks:\r\n  - {name: web, tcp: "
		    "\"a.example:22\"}",
		"probes:\r\n- name: first\r\n  checks:\r\n  - {name: web, tcp: "
		"\"a.example:22\"}\r\n- name: ours\r\n  checks:\r\n"
		"    - {name: web, http: \"https://ours.example/\"}\r\n",
		5);
}

static void test_probes_in_brackets_are_left_to_their_author(void **state)
{
	static const char *const texts[] = {
		"probes: [{name: a, checks: [{name: b, tcp: \"c.example:22\"}]}]\n",
		"{archive: a, probes: []}\n"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer out = {0};
		struct error error = {0};
		int line;

		assert_false(config_edit_add(
			"x.yaml", texts[i], strlen(texts[i]), &probe, &out, &line, &error));
		assert_non_null(strstr(error.text, "the probes are written in brackets"));
		assert_int_equal(out.length, 0);
		buffer_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_page_comes_behind_the_last_one),
		cmocka_unit_test(
			test_comments_of_the_last_page_stay_with_it_and_those_of_what_follows_with_that),
		cmocka_unit_test(test_the_indentation_of_the_last_page_is_kept),
		cmocka_unit_test(test_an_empty_line_between_pages_is_kept_up),
		cmocka_unit_test(test_without_pages_there_will_be_some),
		cmocka_unit_test(test_the_ends_of_lines_are_kept),
		cmocka_unit_test(test_texts_of_several_lines_belong_to_their_page),
		cmocka_unit_test(test_pages_in_brackets_are_left_to_their_author),
		cmocka_unit_test(test_texts_that_yaml_would_take_for_something_else_are_quoted),
		cmocka_unit_test(test_each_section_has_its_own_place),
		cmocka_unit_test(test_lists_in_a_member_are_indented_with_it),
		cmocka_unit_test(test_probes_in_brackets_are_left_to_their_author),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
