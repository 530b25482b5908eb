/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/site_p.h"

static void assert_text(const char *bytes, size_t length, const char *headers, const char *expected)
{
	struct buffer body = {0}, text = {0};

	buffer_add(&body, bytes, length);
	site_copy_text(&body, headers, &text);
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&body);
	buffer_release(&text);
}

static void shows_other_encodings_as_utf8(void **state)
{
	(void)state;
	assert_text("gr\xC3\xBC\xC3\x9F", 6, "", "grüß");
	assert_text("<meta charset=iso-8859-1>\xFC", 26, "", "<meta charset=iso-8859-1>ü");
	assert_text("<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>", 53, "",
		"<?xml version='1.0' encoding='windows-1252'?><a>€</a>");
	assert_text("\xFF\xFE"
		    "a\0b\0",
		6, "", "ab");
}

static void shows_bad_bytes_as_such(void **state)
{
	(void)state;
	assert_text("a\xFF"
		    "b",
		3, "",
		"a\xEF\xBF\xBD"
		"b");
	assert_text("<meta charset=no-such-thing>\xFF", 29, "",
		"<meta charset=no-such-thing>\xEF\xBF\xBD");
	assert_text("", 0, "", "");
}

static bool is_html(const char *text, const char *headers)
{
	struct buffer body = {0};
	bool html;

	buffer_text(&body, text);
	html = site_copy_is_html(&body, headers);
	buffer_release(&body);
	return html;
}

static void knows_html_when_it_sees_it(void **state)
{
	const char *says_html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

	(void)state;
	assert_true(is_html("<!DOCTYPE html><p>", ""));
	assert_true(is_html("\n <HTML>", ""));
	assert_true(is_html("<p>Mail works", says_html));
	assert_false(is_html("{\"page\": \"<html>\"}", says_html));
	assert_false(is_html("<?xml version=\"1.0\"?><rss/>", says_html));
	assert_false(is_html("<p>Mail works", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
	assert_false(is_html("", says_html));
}

static void assert_copy(const char *html, const char *expected)
{
	struct buffer copy = {0};

	site_copy_html(html, strlen(html), &copy);
	assert_string_equal(buffer_string(&copy), expected);
	buffer_release(&copy);
}

static void a_copy_has_nothing_that_acts_unseen(void **state)
{
	(void)state;
	assert_copy("<META http-equiv=refresh content='0;url=x'>",
		"<wbr http-equiv=refresh content='0;url=x'>");
	assert_copy("a<link rel=preconnect href=x><base\nhref=y>",
		"a<wbr rel=preconnect href=x><wbr\nhref=y>");
	assert_copy("<links><metal><p>kept</p><", "<links><metal><p>kept</p><");
	assert_copy("<lin", "<lin");
	assert_copy("<base>", "<wbr>");
}

static void assert_words(const char *html, const char *expected)
{
	struct buffer words = {0};

	site_copy_words(html, strlen(html), &words);
	assert_string_equal(buffer_string(&words), expected);
	buffer_release(&words);
}

static void takes_the_words_out_of_markup(void **state)
{
	(void)state;
	assert_words("<p>Mail &amp; <b>chat</b></p>", "\nMail &  chat \n");
	assert_words("a<script>if (a < b) alert('</p>')</script>b<!-- <p> -->c", "a\nb\nc");
	assert_words("<description>&lt;p&gt;Down&lt;/p&gt;</description>", "\n\nDown\n\n");
	assert_words("&#77;&#x61;il&#39;s &#xD800;&#0;&#99999999;&bogus;",
		"Mail's &#xD800;&#0;&#99999999;&bogus;");
	assert_words("no end <p", "no end \n");
	assert_words("<script>no end", "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_other_encodings_as_utf8),
		cmocka_unit_test(shows_bad_bytes_as_such),
		cmocka_unit_test(knows_html_when_it_sees_it),
		cmocka_unit_test(a_copy_has_nothing_that_acts_unseen),
		cmocka_unit_test(takes_the_words_out_of_markup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
