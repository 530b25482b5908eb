/* SPDX-License-Identifier: ISC
 *
 * From bytes to trees, and what hostile bytes do there.
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
#include "base/list.h"
#include "base/memory.h"
#include "unit/processor_time.h"
#include "watch/kind/xml_p.h"

/* What an XPath says about the tree of these bytes. */
static void assert_tree(const char *bytes, size_t length, const char *path, const char *expected)
{
	struct evaluation *evaluation = evaluation_new("", NULL);
	struct text_list variables = {0};
	struct error error = {0};
	xmlDocPtr tree = tree_parse(bytes, length, &error);
	struct xpath *xpath = xpath_compile(path, &variables, &error);
	char *text;

	assert_non_null(tree);
	assert_non_null(xpath);
	evaluation_add_document(evaluation, "page", tree);
	text = evaluate_text(evaluation, xpath, NULL, NULL, &error);
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
	xpath_free(xpath);
	evaluation_free(evaluation);
}

#define ASSERT_TREE(bytes, path, expected) assert_tree(bytes, sizeof bytes - 1, path, expected)

static void assert_no_tree(const char *bytes, size_t length, const char *reason)
{
	struct error error = {0};

	assert_null(tree_parse(bytes, length, &error));
	assert_int_equal(error.remedy, REMEDY_PAGE);
	assert_null(strchr(error.text, '\n'));
	if (strstr(error.text, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

#define ASSERT_NO_TREE(bytes, reason) assert_no_tree(bytes, sizeof bytes - 1, reason)

static void test_json_keys_are_elements_and_members_are_items(void **state)
{
	static const char json[] = " \n{\"a\":[{\"b\":\"x\"},{\"b\":\"y\"}],\"n\":12345678901234,"
				   "\"t\":true,\"z\":null,\"o\":{}}";

	(void)state;
	ASSERT_TREE(json, "/json/a/item[2]/b", "y");
	ASSERT_TREE(json, "/json/n", "12345678901234");
	ASSERT_TREE(json,
		"concat(/json/@type, /json/a/@type, /json/n/@type, /json/t/@type, /json/z/@type, "
		"/json/o/@type)",
		"objectarraynumberbooleannullobject");
	ASSERT_TREE(json, "count(/json/a/item/b/@type)", "0");
	ASSERT_TREE(json, "concat(/json/t, \"-\", /json/z)", "true-");
	ASSERT_TREE("[1,2]", "/json[@type = \"array\"]/item[2]", "2");
}

static void test_keys_that_are_no_names_are_entries(void **state)
{
	static const char json[] =
		"{\"1 a\":\"x\",\"a:b\":\"y\",\"\":\"z\",\"\xc3\xa4\":\"u\",\"item\":\"i\"}";

	(void)state;
	ASSERT_TREE(json, "/json/entry[@key = \"1 a\"]", "x");
	ASSERT_TREE(json, "/json/entry[@key = \"a:b\"]", "y");
	ASSERT_TREE(json, "/json/entry[@key = \"\"]", "z");
	ASSERT_TREE(json, "/json/\xc3\xa4", "u");
	ASSERT_TREE(json, "/json/item", "i");
}

static void test_characters_that_xml_forbids_are_replaced(void **state)
{
	(void)state;
	ASSERT_TREE("[\"a\\u0000b\\u001bc\\uffffd&lt;\"]", "/json/item",
		"a\xef\xbf\xbd"
		"b\xef\xbf\xbd"
		"c\xef\xbf\xbd"
		"d&lt;");
	ASSERT_TREE("{\"\\u0001k\":1}", "name(/json/*)", "entry");
}

static void test_jsonp_is_read_from_its_first_bracket_to_its_last(void **state)
{
	(void)state;
	ASSERT_TREE("dashboard.jsonp({\"a\":\"(x)\"});\n", "/json/a", "(x)");
	ASSERT_TREE("cb ( [1] )", "/json/item", "1");
	ASSERT_TREE("hello (world) <b>x</b>", "//b", "x");
}

static void test_byte_order_marks_come_before_the_first_character(void **state)
{
	(void)state;
	ASSERT_TREE("\xef\xbb\xbf{\"a\":\"x\"}", "/json/a", "x");
	ASSERT_TREE("\xfe\xff\0{\0\"\0a\0\"\0:\0\"\0\xe4\0\"\0}", "/json/a", "\xc3\xa4");
	ASSERT_TREE("\xff\xfe{\0\"\0a\0\"\0:\0\"\0\x3d\xd8\0\xde\"\0}\0", "/json/a",
		"\xf0\x9f\x98\x80");
	ASSERT_TREE("\xff\xfe<\0r\0s\0s\0>\0x\0<\0/\0r\0s\0s\0>\0", "/rss", "x");
}

static void test_utf16_without_a_mark_is_told_by_its_zero_bytes(void **state)
{
	(void)state;
	ASSERT_TREE("\0{\0\"\0a\0\"\0:\0\"\0x\0\"\0}", "/json/a", "x");
	ASSERT_TREE("{\0\"\0a\0\"\0:\0\"\0x\0\"\0}\0", "/json/a", "x");
	/* A lone surrogate and half a unit are bad characters, not the end of the text. */
	ASSERT_TREE("<\0p\0>\0\0\xd8x\0<\0/\0p\0>\0!", "//p", "\xef\xbf\xbdx");
}

static void test_default_namespaces_are_no_part_of_names(void **state)
{
	static const char feed[] =
		"<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" "
		"xmlns:x=\"http://search.yahoo.com/mrss/\">"
		"<entry><title>t</title><x:credit>m</x:credit></entry></feed>";
	static const char rss[] = "<rss "
				  "xmlns:a10=\"http://www.w3.org/2005/"
				  "Atom\"><channel><a10:updated>u</a10:updated></channel></rss>";

	(void)state;
	ASSERT_TREE(feed, "/feed/entry/title", "t");
	ASSERT_TREE(feed, "/feed/entry/media:credit", "m");
	ASSERT_TREE(rss, "/rss/channel/atom:updated", "u");
}

static void test_xml_with_an_html_doctype_is_html(void **state)
{
	static const char page[] =
		"<?xml version=\"1.0\"?>\n<!-- x -->\n<!DOCTYPE HTML><html><BODY><P>a<br>b</html>";

	(void)state;
	ASSERT_TREE(page, "//p", "ab");
	ASSERT_TREE("<html><p>a", "//p", "a");
	ASSERT_TREE("just words", "/html/body", "just words");
}

static void test_bytes_that_are_utf8_are_utf8_whatever_the_label_says(void **state)
{
	(void)state;
	ASSERT_TREE("<meta charset=\"iso-8859-1\"><p>\xc3\xa4</p>", "//p", "\xc3\xa4");
	ASSERT_TREE("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss>\xc3\xa4</rss>", "/rss",
		"\xc3\xa4");
	ASSERT_TREE("<?xml version=\"1.0\" encoding=\"no-such-code\"?><rss>\xc3\xa4</rss>", "/rss",
		"\xc3\xa4");
}

static void test_other_encodings_are_read_where_the_document_declares_them(void **state)
{
	(void)state;
	ASSERT_TREE("<meta charset=\"iso-8859-1\"><p>\xe4</p>", "//p", "\xc3\xa4");
	ASSERT_TREE("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss>\xe4</rss>", "/rss",
		"\xc3\xa4");
}

/* Nothing would be left of it: "not" is no part of "resolved" then. */
static void test_entities_that_nothing_declares_are_refused(void **state)
{
	(void)state;
	ASSERT_NO_TREE(
		"<?xml version=\"1.0\"?><!DOCTYPE rss SYSTEM \"x.dtd\"><rss>&not;resolved</rss>",
		"entity that nothing there declares, \"&not;\"");
	ASSERT_NO_TREE("<rss>&not;resolved</rss>", "not XML");
	ASSERT_TREE("<?xml version=\"1.0\"?><!DOCTYPE rss SYSTEM \"x.dtd\"><rss>&amp;&#172;</rss>",
		"/rss", "&\xc2\xac");
}

/* libxml2 ends HTML there, and what came before would be the whole page. */
static void test_no_page_ends_at_a_byte_that_its_encoding_lacks(void **state)
{
	(void)state;
	ASSERT_NO_TREE("<meta charset=windows-1252><p>\xe4</p><b>\x81</b><i>down</i>",
		"none of the encoding");
	ASSERT_NO_TREE("<meta charset=euc-jp><p>\xb0\xa1</p><b>\xff</b><i>down</i>",
		"none of the encoding");
	ASSERT_TREE("<meta charset=windows-1252><p>\xe4</p><b>\0</b><i>down</i>", "//i", "down");
	ASSERT_TREE("<meta charset=no-such-code><p>\xe4</p><b>\x81</b><i>down</i>", "//i", "down");
}

static void test_one_bad_byte_in_utf8_spoils_one_character(void **state)
{
	(void)state;
	ASSERT_TREE("<meta charset=utf-8><p>\xc3\xa4\xff\xc3\xb6</p>", "//p",
		"\xc3\xa4\xef\xbf\xbd\xc3\xb6");
	ASSERT_TREE("<rss>\xc3\xa4\xe4\xc3\xb6</rss>", "/rss", "\xc3\xa4\xef\xbf\xbd\xc3\xb6");
	ASSERT_TREE("{\"a\":\"\xc3\xa4\xff\"}", "/json/a", "\xc3\xa4\xef\xbf\xbd");
	ASSERT_TREE("<p>a\0b</p>", "//p",
		"a\xef\xbf\xbd"
		"b");
}

static void test_documents_without_anything_are_refused(void **state)
{
	(void)state;
	ASSERT_NO_TREE("", "empty");
	ASSERT_NO_TREE(" \r\n\t", "empty");
	ASSERT_NO_TREE("\xef\xbb\xbf", "empty");
}

static void test_broken_json_and_xml_are_refused_with_their_line(void **state)
{
	(void)state;
	ASSERT_NO_TREE("{\"a\":\n\"x", "line 2");
	ASSERT_NO_TREE("[\"\\ud83d\"]", "not JSON");
	ASSERT_NO_TREE("<rss>\n<a></rss>", "line 2");
	ASSERT_NO_TREE("<rss>\x1b</rss>", "not XML");
}

static void test_entities_of_a_document_are_never_expanded(void **state)
{
	static const char laughs[] = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a "
				     "\"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
				     "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d "
				     "\"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]><l>&d;</l>";
	static const char external[] = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a SYSTEM "
				       "\"file:///etc/passwd\">]><l>&a;</l>";
	static const char parameter[] = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY % a SYSTEM "
					"\"http://127.0.0.1:1/x\"> %a;]><l>x</l>";

	(void)state;
	ASSERT_NO_TREE(laughs, "entities");
	ASSERT_NO_TREE(external, "entities");
	ASSERT_NO_TREE(parameter, "entities");
	ASSERT_TREE("<?xml version=\"1.0\"?><!DOCTYPE rss SYSTEM "
		    "\"file:///etc/passwd\"><rss>a&amp;b</rss>",
		"/rss", "a&b");
}

/* Five megabytes of one piece of text; the time is bounded generously, for a machine with
 * sanitizers. */
static void refuse_many(const char *piece)
{
	enum { BYTES = 5 * 1024 * 1024, SECONDS = 20 };
	struct buffer text = {0};
	struct error error = {0};
	time_t began = time(NULL);
	xmlDocPtr tree;

	while (text.length < BYTES)
		buffer_text(&text, piece);
	tree = tree_parse(text.data, text.length, &error);
	assert_null(tree);
	assert_int_equal(error.remedy, REMEDY_PAGE);
	buffer_release(&text);
	assert_true(time(NULL) - began < SECONDS);
}

static void test_deep_nesting_is_refused_in_bounded_time(void **state)
{
	(void)state;
	refuse_many("<div>");
	refuse_many("<b><i><table>");
	refuse_many("[");
	refuse_many("{\"a\":");
	refuse_many("<rss>");
}

/* before, then count times the middle (each # in it a number), then after. Owned by the caller. */
static char *repeated(const char *before, const char *middle, size_t count, const char *after)
{
	struct buffer text = {0};

	buffer_text(&text, before);
	for (size_t i = 0; i < count; i++)
		for (const char *c = middle; *c != '\0'; c++)
			if (*c == '#')
				buffer_format(&text, "%zu", i);
			else
				buffer_byte(&text, *c);
	buffer_text(&text, after);
	return buffer_take(&text);
}

static void test_attributes_and_namespaces_are_counted_before_they_cost_anything(void **state)
{
	static const struct {
		const char *before, *middle, *after,
			*reason; /* reason NULL: they are no attributes */
	} cases[] = {
		{"<html><p ", "a#=# ", ">text</p></html>", "1000 attributes"},
		{"<html><p\n", "a#='<#>'\n", ">text</p></html>", "1000 attributes"},
		{"<html><p ", "a#/#/", ">text</p></html>", "1000 attributes"},
		{"<html><p ", "a# = \"#\"", "", "1000 attributes"},
		{"<html><!-- > <script> --><p ", "a#=# ", ">text</p></html>", "1000 attributes"},
		{"<html><script>'<b'</script><p ", "a#=# ", ">text</p></html>", "1000 attributes"},
		{"<?xml version='1.0'?><a ", "a#='#' ", "/>", "1000 attributes"},
		{"<?xml version='1.0'?><a ", "xmlns:n#='u#' ", "/>", "1000 attributes"},
		{"<?xml version='1.0'?><a ", "xmlns:n#='u' b#='u' ", "/>", "attributes"},
		{"<?xml version='1.0'?><!DOCTYPE a [", "<!ATTLIST a b# CDATA \"#\">", "]><a/>",
			"attributes"},
		{"<html><script>", "if (i<n# && j>#) x = '<b ' ; ", "</script></html>", NULL},
		{"<html>", "<p a#=# b='c'>text</p>", "</html>", NULL},
		{"<html><!-- <b ", "a# # ", " --></html>", NULL},
		{"<html>", "a# < b# ", "</html>", NULL},
		{"<?xml version='1.0'?><a>", "<b xmlns:n='u#'>#</b>", "</a>", NULL},
		{"<?xml version='1.0'?><a>", "<b xmlns='u#' c='#'/>", "</a>", NULL},
		{"<?xml version='1.0'?><a><![CDATA[ <b ", "a# # ", "]]></a>", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = repeated(cases[i].before, cases[i].middle,
			cases[i].reason != NULL ? 100000 : 20000, cases[i].after);
		struct error error = {0};
		clock_t began = clock();
		xmlDocPtr tree = tree_parse(text, strlen(text), &error);

		free(text);
		if ((tree == NULL) != (cases[i].reason != NULL))
			fail_msg("case %zu: %s", i, tree == NULL ? error.text : "is read");
		if (tree == NULL && strstr(error.text, cases[i].reason) == NULL)
			fail_msg("case %zu: %s", i, error.text);
		tree_free(tree);
		assert_processor_time(began, 1);
	}
}

static void test_namespaces_that_nest_are_counted_together(void **state)
{
	static const char *const middles[] = {"<a xmlns:n#='u#'>", "<a xmlns:n#='u#'></a>"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = repeated("<?xml version='1.0'?><r>", middles[i], 220, "</r>");
		struct error error = {0};
		xmlDocPtr tree = tree_parse(text, strlen(text), &error);

		assert_int_equal(tree == NULL, i == 0);
		if (tree == NULL)
			assert_string_equal(
				error.text, "an element is in more than 200 namespaces");
		tree_free(tree);
		free(text);
	}
}

static void test_descriptions_name_what_a_document_is(void **state)
{
	static const struct {
		const char *text, *expected;
	} samples[] = {
		{"{}", "JSON"},
		{"<rss/>", "XML, <rss>"},
		{"<p>x", "HTML"},
		{"<title> Page\n Inactive </title>", "HTML titled \"Page Inactive\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		xmlDocPtr tree = tree_parse(samples[i].text, strlen(samples[i].text), NULL);
		char *described = tree_describe(tree);

		assert_string_equal(described, samples[i].expected);
		free(described);
		tree_free(tree);
	}
}

/* What libxml2 itself makes of it. Owned by the caller. */
static xmlDocPtr parse_with_libxml2(const char *text)
{
	htmlParserCtxtPtr parser = htmlNewParserCtxt();
	xmlDocPtr tree = htmlCtxtReadMemory(parser, text, (int)strlen(text), NULL, "UTF-8",
		HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);

	htmlFreeParserCtxt(parser);
	xmlXPathOrderDocElems(tree);
	return tree;
}

/* Their types, names, texts and attributes, and the numbers of elements. */
static void assert_same_nodes(xmlNodePtr ours, xmlNodePtr theirs)
{
	for (; ours != NULL && theirs != NULL; ours = ours->next, theirs = theirs->next) {
		assert_int_equal(ours->type, theirs->type);
		assert_true(xmlStrEqual(ours->name, theirs->name));
		assert_int_equal(ours->prev == NULL, theirs->prev == NULL);
		if (ours->type == XML_DTD_NODE)
			continue;
		if (ours->type != XML_ELEMENT_NODE) {
			assert_true(xmlStrEqual(ours->content, theirs->content));
			if (ours->type == XML_ATTRIBUTE_NODE)
				assert_same_nodes(ours->children, theirs->children);
			continue;
		}
		assert_int_equal((intptr_t)ours->content, (intptr_t)theirs->content);
		assert_same_nodes((xmlNodePtr)ours->properties, (xmlNodePtr)theirs->properties);
		assert_same_nodes(ours->children, theirs->children);
	}
	assert_ptr_equal(ours, theirs);
}

/* Any pieces in any order, from a seed that does not change. */
static void test_html_is_the_tree_that_libxml2_builds(void **state)
{
	static const char *const pieces[] = {"<!DOCTYPE html>", "<html a=b>", "<head>", "<body>",
		"<title>t", "<p>", "<div id=x class='a b'>", "<div", "</div>", "</p>", "</body>",
		"</html>", "<a name=x href>", "<option selected>", "<!-- c -->", "<!--", "<?pi x?>",
		"<script>if (a < b) \"</p>\"</script>", "<style>p {}</style>", "<svg><rect/></svg>",
		"<table><tr><td>", "</table>", "<br/>", " ", "\n", "text", "&amp;", "&#233;",
		"&#1;", "&lt", "\xc3\xa9", "<", ">", "\"", "=", "<frameset>", "<![CDATA[x]]>",
		"<select>",
		/* What tree_abridge.c leaves out, and what it must not. */
		"<div class=\"one two\" title='three <p>'>",
		"<a id=\"x\"\n href=\"\" id=\"yyyyyyyyyy\"/>",
		"<i title=\"one &amp; two\" class=\"three\">", "<i class=\"one two three\" hidden>",
		"<body class=\"one two three four\">", "<meta\rname=\"one\" content=\"two three\">",
		"<script src=\"one/two/three/four\">",
		"<style>i { color: \"</i>\" } /* <b> */</style>",
		"<SCRIPT>'<b class=\"one two three\" id=\"four\">'</Script>", "._.-_.-."};
	enum { DOCUMENTS = 3000, PIECES = 30, COUNT = sizeof pieces / sizeof pieces[0] };
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < DOCUMENTS; i++) {
		struct buffer text = {0};
		xmlDocPtr ours, theirs;

		for (int j = 0; j < PIECES; j++) {
			random = random * 1664525 + 1013904223;
			buffer_text(&text, pieces[(random >> 16) % COUNT]);
		}
		ours = tree_parse_html(buffer_string(&text), text.length, "UTF-8", NULL);
		theirs = parse_with_libxml2(buffer_string(&text));
		assert_int_equal(ours == NULL, xmlDocGetRootElement(theirs) == NULL);
		if (ours != NULL)
			assert_same_nodes(ours->children, theirs->children);
		tree_free(ours);
		xmlFreeDoc(theirs);
		buffer_release(&text);
	}
}

static void test_a_prefix_is_no_part_of_a_name_in_html(void **state)
{
	(void)state;
	ASSERT_TREE("<body><o:part>x</o:part>", "/html/body/part", "x");
}

static void test_html_finds_its_elements_by_their_ids(void **state)
{
	(void)state;
	ASSERT_TREE("<p id=a>x<a name=b>y</a><p id=a>z", "concat(id('a'), id('b'))", "xyy");
}

/* One text, and not after the square of their number. */
static void test_a_text_may_come_in_many_pieces(void **state)
{
	enum { PIECES = 200000 };
	char *text = repeated("<p>", "&amp;x", PIECES, "</p>");
	clock_t began = clock();
	xmlDocPtr tree = tree_parse(text, strlen(text), NULL);
	xmlNodePtr node;

	(void)state;
	assert_processor_time(began, 2);
	node = xmlDocGetRootElement(tree)->children->children->children;
	assert_int_equal(strlen((char *)node->content), 2 * PIECES);
	assert_null(node->next);
	tree_free(tree);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_keys_are_elements_and_members_are_items),
		cmocka_unit_test(test_keys_that_are_no_names_are_entries),
		cmocka_unit_test(test_characters_that_xml_forbids_are_replaced),
		cmocka_unit_test(test_jsonp_is_read_from_its_first_bracket_to_its_last),
		cmocka_unit_test(test_byte_order_marks_come_before_the_first_character),
		cmocka_unit_test(test_utf16_without_a_mark_is_told_by_its_zero_bytes),
		cmocka_unit_test(test_default_namespaces_are_no_part_of_names),
		cmocka_unit_test(test_xml_with_an_html_doctype_is_html),
		cmocka_unit_test(test_bytes_that_are_utf8_are_utf8_whatever_the_label_says),
		cmocka_unit_test(test_other_encodings_are_read_where_the_document_declares_them),
		cmocka_unit_test(test_entities_that_nothing_declares_are_refused),
		cmocka_unit_test(test_no_page_ends_at_a_byte_that_its_encoding_lacks),
		cmocka_unit_test(test_one_bad_byte_in_utf8_spoils_one_character),
		cmocka_unit_test(test_documents_without_anything_are_refused),
		cmocka_unit_test(test_broken_json_and_xml_are_refused_with_their_line),
		cmocka_unit_test(test_entities_of_a_document_are_never_expanded),
		cmocka_unit_test(test_deep_nesting_is_refused_in_bounded_time),
		cmocka_unit_test(
			test_attributes_and_namespaces_are_counted_before_they_cost_anything),
		cmocka_unit_test(test_namespaces_that_nest_are_counted_together),
		cmocka_unit_test(test_descriptions_name_what_a_document_is),
		cmocka_unit_test(test_html_is_the_tree_that_libxml2_builds),
		cmocka_unit_test(test_a_prefix_is_no_part_of_a_name_in_html),
		cmocka_unit_test(test_html_finds_its_elements_by_their_ids),
		cmocka_unit_test(test_a_text_may_come_in_many_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
