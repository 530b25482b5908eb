/* SPDX-License-Identifier: ISC */
#include "publish/cdx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"

#define GREEN "Q4YULN754FHV2U6Q5JUT6Q2P57WEWNNY"
#define RED "XAHDNHZ5P3GSSSNJ3DMEOJF7BMCCPZR3"
#define NAMES "[\"timestamp\",\"original\",\"mimetype\",\"statuscode\",\"digest\"]"
#define ROW(stamp, status, digest)                                                                 \
	"[\"" stamp "\",\"http://a.example/\",\"text/html\",\"" status "\",\"" digest "\"]"
#define FIRST ROW("20140124190000", "200", GREEN)

static char *read_text(const char *json)
{
	struct buffer out = {0};
	struct error error = {0};

	if (cdx_read(json, strlen(json), &out, &error))
		return buffer_take(&out);
	assert_int_equal(error.remedy, REMEDY_PAGE);
	buffer_release(&out);
	return NULL;
}

static void assert_read(const char *json, const char *lines)
{
	char *text = read_text(json);

	assert_non_null(text);
	assert_string_equal(text, lines);
	assert_true(cdx_page_take(text, strlen(text), NULL));
	free(text);
}

static void test_fields_are_found_by_their_names(void **state)
{
	(void)state;
	assert_read("[" NAMES "," FIRST "]",
		"capture\t20140124190000\t" GREEN "\thttp://a.example/\nothers\t0\nodd\t0\n");
	assert_read("[[\"digest\",\"length\",\"statuscode\",\"mimetype\",\"original\",\"urlkey\","
		    "\"timestamp\"],[\"" RED
		    "\",\"12\",200,\"text/html\",\"https://a.example/?a=b\","
		    "\"example,a)/\",\"20140124190000\"]]",
		"capture\t20140124190000\t" RED "\thttps://a.example/?a=b\nothers\t0\nodd\t0\n");
}

static void test_nothing_is_a_page_without_captures(void **state)
{
	(void)state;
	assert_read("", "");
	assert_read(" \n", "");
	assert_read("[]", "");
	assert_read("[" NAMES "]", "others\t0\nodd\t0\n");
}

static void test_a_revisit_is_a_capture_and_what_has_no_status_is_none(void **state)
{
	(void)state;
	assert_read("[" NAMES
		    ",[\"20140124190000\",\"http://a.example/\",\"warc/revisit\",\"-\",\"" GREEN
		    "\"]," ROW("20140124190001", "-", RED) "," ROW(
			    "20140124190002", "302", RED) "," ROW("20140124190003", "404", RED) "]",
		"capture\t20140124190000\t" GREEN "\thttp://a.example/\nothers\t3\nodd\t0\n");
}

/* As the Wayback Machine lists them: http:// redirects, and both are one address to it. */
static void test_a_revisit_of_a_redirect_is_none(void **state)
{
	(void)state;
	assert_read("[" NAMES ",[\"20140124190000\",\"http://a.example:80/\",\"text/html\",\"301\","
		    "\"" RED "\"]," ROW("20140124190001", "200",
			    GREEN) ",[\"20140124190100\",\"http://a.example/\",\"warc/"
				   "revisit\",\"-\",\"" RED "\"],"
				   "[\"20140124190200\",\"http://a.example/\",\"warc/revisit\",\"-"
				   "\",\"-\"],[\"20140124190300\",\"http://a.example/"
				   "\",\"unk\",\"-\",\"-\"]]",
		"capture\t20140124190001\t" GREEN "\thttp://a.example/\nothers\t4\nodd\t0\n");
}

static void test_rows_without_sense_are_counted(void **state)
{
	(void)state;
	assert_read("[" NAMES "," FIRST ",7,{\"a\":1},null,[],[\"\"]," ROW(
			    "2014", "200", GREEN) "," ROW("20140230190000", "200",
			    GREEN) "," ROW("20140124250000", "200", GREEN) "," ROW("20140124190001",
			    "200", "sha1") "," ROW("20140124190001", "200",
			    GREEN "A") ",[\"20140124190001\",\"javascript:x\",\"\",\"200\","
				       "\"" GREEN "\"],[\"20140124190001\",\"http://a "
				       "b/\",\"\",\"200\",\"" GREEN
				       "\"],[\"20140124190001\",\"http://a\\tb/\",\"\","
				       "\"200\",\"" GREEN "\"]]",
		"capture\t20140124190000\t" GREEN "\thttp://a.example/\nothers\t0\nodd\t13\n");
}

static void test_a_resumption_key_stands_behind_an_empty_row(void **state)
{
	static const char *const none[] = {
		"[" NAMES "," FIRST ",[\"key\"]]",
		"[" NAMES "," FIRST ",[],[\"key\",\"key\"]]",
		"[" NAMES "," FIRST ",[],\"key\"]",
	};

	(void)state;
	assert_read("[" NAMES "," FIRST ",[],[\"org%2Carchive%29%2F+19980109140106%21\"]]",
		"capture\t20140124190000\t" GREEN "\thttp://a.example/\nothers\t0\nodd\t0\n"
		"resume\torg%2Carchive%29%2F+19980109140106%21\n");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		char *text = read_text(none[i]);

		assert_non_null(text);
		assert_null(strstr(text, "resume"));
		free(text);
	}
}

static void test_what_is_no_list_of_captures_is_refused(void **state)
{
	static const char *const bad[] = {
		"<html>",
		"{}",
		"\"list\"",
		"[7]",
		"[[\"timestamp\",\"original\",\"mimetype\",\"statuscode\"]," FIRST "]",
		"[" FIRST "]",
		"[" NAMES "," FIRST,
		"[" NAMES ",[],[\"a&url=b\"]]",
		"[" NAMES ",[],[\"a b\"]]",
		"[" NAMES ",[],[\"a#\"]]",
		"[" NAMES ",[],[\"\"]]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(read_text(bad[i]));
}

static void test_a_page_has_only_so_many_rows(void **state)
{
	struct buffer json = {0};
	char *text;

	(void)state;
	buffer_text(&json, "[" NAMES);
	for (int i = 0; i < CDX_ROWS_MAX; i++)
		buffer_text(&json, "," FIRST);
	buffer_text(&json, ",[],[\"key\"]]");
	text = read_text(buffer_string(&json));
	assert_non_null(text);
	assert_true(cdx_page_take(text, strlen(text), NULL));
	free(text);
	buffer_cut(&json, json.length - strlen(",[],[\"key\"]]"));
	buffer_text(&json, "," FIRST "]");
	assert_null(read_text(buffer_string(&json)));
	buffer_release(&json);
}

static void test_an_answer_is_looked_through(void **state)
{
	static const char *const bad[] = {
		"others\t0",
		"\n",
		"others\n",
		"others\t-1\n",
		"others\t2001\n",
		"odd\tx\n",
		"other\t0\n",
		"capture\t20140124190000\t" GREEN "\n",
		"capture\t20140230190000\t" GREEN "\thttp://a.example/\n",
		"capture\t20140124190000\tx\thttp://a.example/\n",
		"capture\t20140124190000\t" GREEN "\tfile:///etc/passwd\n",
		"resume\ta b\n",
		"resume\ta\nodd\t0\n",
		"resume\ta\nresume\tb\n",
	};
	struct cdx_page page;
	const char *lines =
		"capture\t20140124192000\t" RED "\thttp://a.example/\nothers\t2\nodd\t1\n"
		"resume\tkey\n";

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(cdx_page_take(bad[i], strlen(bad[i]), &page));
	assert_false(cdx_page_take("odd\t0\n\0odd\t0\n", 13, &page));
	assert_true(cdx_page_take(lines, strlen(lines), &page));
	assert_int_equal(page.count, 1);
	assert_int_equal(page.list[0].time, 1390591200);
	assert_string_equal(page.list[0].stamp, "20140124192000");
	assert_string_equal(page.list[0].digest, RED);
	assert_string_equal(page.list[0].original, "http://a.example/");
	assert_int_equal(page.others, 2);
	assert_int_equal(page.odd, 1);
	assert_string_equal(page.resume, "key");
	cdx_page_release(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_found_by_their_names),
		cmocka_unit_test(test_nothing_is_a_page_without_captures),
		cmocka_unit_test(test_a_revisit_is_a_capture_and_what_has_no_status_is_none),
		cmocka_unit_test(test_a_revisit_of_a_redirect_is_none),
		cmocka_unit_test(test_rows_without_sense_are_counted),
		cmocka_unit_test(test_a_resumption_key_stands_behind_an_empty_row),
		cmocka_unit_test(test_what_is_no_list_of_captures_is_refused),
		cmocka_unit_test(test_a_page_has_only_so_many_rows),
		cmocka_unit_test(test_an_answer_is_looked_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
