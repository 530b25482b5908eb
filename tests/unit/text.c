/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void test_null_counts_as_empty(void **state)
{
	(void)state;
	assert_true(text_equal(NULL, ""));
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal(NULL, "a"));
	assert_true(text_empty(NULL));
	assert_true(text_empty(""));
	assert_false(text_empty(" "));
}

static void test_starts_and_ends(void **state)
{
	(void)state;
	assert_true(text_starts("abc", "ab"));
	assert_true(text_starts("abc", ""));
	assert_false(text_starts("a", "ab"));
	assert_true(text_ends("abc", "bc"));
	assert_true(text_ends("abc", ""));
	assert_false(text_ends("bc", "abc"));
}

static void test_star_stands_for_any_text_and_nothing_else_is_special(void **state)
{
	static const struct {
		const char *text, *pattern;
		bool fold, expected;
	} cases[] = {
		{"Gmail", "Gmail", false, true}, {"Gmail", "gmail", false, false},
		{"Gmail", "gmail", true, true}, {"Gmail", "*", false, true}, {"", "*", false, true},
		{"", "", false, true}, {"a", "", false, false},
		{"Google Drive", "Google*", false, true}, {"Google Drive", "*Drive", false, true},
		{"Google Drive", "*le*ri*", false, true}, {"Google Drive", "*le*ri", false, false},
		{"Google Drive", "Goo*Drive*", false, true}, {"aab", "*ab", false, true},
		{"abab", "ab*ab", false, true}, {"ab", "ab*ab", false, false},
		{"a.c", "a.c", false, true}, {"abc", "a.c", false, false},
		{"a?c", "a?c", false, true}, {"abc", "a?c", false, false},
		{"[ab]", "[ab]", false, true}, {"a", "[ab]", false, false},
		{"**", "*", false, true},
		{"\xc3\x84rger", "\xc3\xa4rger", true, false}, /* ASCII alone is folded */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (text_matches(cases[i].text, cases[i].pattern, cases[i].fold) !=
			cases[i].expected)
			fail_msg("\"%s\" against \"%s\"", cases[i].text, cases[i].pattern);
}

/* A pattern with many stars must not take exponential time; this would not end. */
static void test_many_stars_take_no_exponential_time(void **state)
{
	char text[2001], pattern[201];

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < sizeof pattern - 1; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[sizeof pattern - 2] = 'b';
	pattern[sizeof pattern - 1] = '\0';
	assert_false(text_matches(text, pattern, false));
}

static void test_characters_of_each_size(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		uint32_t character;
	} cases[] = {
		{"A", 1, 'A'},
		{"\x7f", 1, 0x7f},
		{"\xc2\x80", 2, 0x80},
		{"\xdf\xbf", 2, 0x7ff},
		{"\xe0\xa0\x80", 3, 0x800},
		{"\xed\x9f\xbf", 3, 0xd7ff},
		{"\xee\x80\x80", 3, 0xe000},
		{"\xef\xbf\xbf", 3, 0xffff},
		{"\xf0\x90\x80\x80", 4, 0x10000},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t character = 0;

		assert_int_equal(text_character(cases[i].bytes, strlen(cases[i].bytes), &character),
			cases[i].size);
		assert_int_equal(character, cases[i].character);
		assert_int_equal(
			text_character(cases[i].bytes, cases[i].size, NULL), cases[i].size);
		if (cases[i].size > 1)
			assert_int_equal(
				text_character(cases[i].bytes, cases[i].size - 1, NULL), 0);
	}
	assert_int_equal(text_character("", 0, NULL), 0);
	assert_int_equal(text_character("\0", 1, NULL), 1);
}

static void test_what_is_not_utf8_is_not_valid(void **state)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xc3(",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xe2\x28\xa1",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xff",
		"\xfe",
		"ok\xe9",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (text_valid(bad[i], strlen(bad[i])))
			fail_msg("case %zu is taken for UTF-8", i);
	assert_true(text_valid("", 0));
	assert_true(text_valid("Stra\xc3\x9f"
			       "e \xf0\x9f\x92\xa1",
		12));
}

static void test_a_bad_byte_is_found_wherever_it_stands_in_long_text(void **state)
{
	char text[40];

	(void)state;
	memset(text, 'a', sizeof text);
	for (size_t i = 0; i < sizeof text; i++) {
		text[i] = '\xff';
		assert_false(text_valid(text, sizeof text));
		assert_int_equal(text_plain_span(text, sizeof text), i);
		assert_true(text_valid(text, i));
		text[i] = 'a';
	}
	assert_true(text_valid(text, sizeof text));
}

static void assert_repaired(const char *bytes, size_t length, const char *expected)
{
	struct buffer out = {0};

	text_repair(&out, bytes, length);
	assert_string_equal(buffer_string(&out), expected);
	assert_true(text_valid(out.data, out.length));
	buffer_release(&out);
}

static void test_each_bad_byte_becomes_one_replacement(void **state)
{
	(void)state;
	assert_repaired("caf\xe9 au", 7, "caf" REPLACEMENT " au");
	assert_repaired("\xff\xfe", 2, REPLACEMENT REPLACEMENT);
	assert_repaired("a\xe2\x82", 3, "a" REPLACEMENT REPLACEMENT);
	assert_repaired("\xe2\x82\xac", 3, "\xe2\x82\xac");
}

static void assert_collapsed(const char *text, size_t length, size_t maximum, const char *expected)
{
	char *collapsed = text_collapse(text, length, maximum);

	assert_string_equal(collapsed, expected);
	free(collapsed);
}

static void test_white_space_is_trimmed_and_collapsed(void **state)
{
	(void)state;
	assert_collapsed("", 0, 100, "");
	assert_collapsed(" \t\r\n ", 5, 100, "");
	assert_collapsed("  a \n\t b  ", 10, 100, "a b");
	assert_collapsed("\xc2\xa0"
			 "a\xc2\xa0 b\xc2\xa0",
		9, 100, "a b");
	assert_collapsed("a\vb\fc", 5, 100, "a b c");
}

static void test_collapsed_text_is_cut_at_a_character(void **state)
{
	(void)state;
	assert_collapsed("abcdef", 6, 3, "abc");
	assert_collapsed("ab  cd", 6, 3, "ab");
	assert_collapsed("a\xe2\x82\xac"
			 "b",
		5, 3, "a");
	assert_collapsed("a\xe2\x82\xac"
			 "b",
		5, 4, "a\xe2\x82\xac");
	assert_collapsed("abc", 3, 0, "");
	assert_collapsed("ab\xff", 3, 4, "ab");
	assert_collapsed("ab cd", 5, 3, "ab");
	assert_collapsed("ab cd", 5, 4, "ab c");
	assert_collapsed("\xe2\x82\xac cd", 6, 4, "\xe2\x82\xac");
	assert_collapsed("\xe2\x82\xac cd", 6, 3, "\xe2\x82\xac");
	assert_collapsed("\xe2\x82\xac cd", 6, 5, "\xe2\x82\xac c");
}

static void test_collapsed_text_is_valid_and_has_no_nul_within(void **state)
{
	(void)state;
	assert_collapsed("a\xff"
			 "b",
		3, 100, "a" REPLACEMENT "b");
	assert_collapsed("a\0b", 3, 100, "a" REPLACEMENT "b");
}

static void test_deceptive_characters_are_shown_as_numbers(void **state)
{
	char *visible = text_visible_copy(
		"a\x1b[31m\r\n\x7f\xc2\x9b \xe2\x80\xae \xe2\x81\xa6 \xd8\x9c\xff\xe2\x82\xac");

	(void)state;
	assert_string_equal(visible,
		"a\\u{1B}[31m\\u{D}\\u{A}\\u{7F}\\u{9B} \\u{202E} \\u{2066} \\u{61C}" REPLACEMENT
		"\xe2\x82\xac");
	free(visible);
	visible = text_visible_copy(NULL);
	assert_string_equal(visible, "");
	free(visible);
}

static void test_the_edges_of_what_is_deceptive(void **state)
{
	static const uint32_t harmless[] = {0x20, 0x7e, 0xa0, 0x61b, 0x61d, 0x200d, 0x2010, 0x2027,
		0x202f, 0x2065, 0x206a, 0x20ac};
	static const uint32_t deceptive[] = {0, 0x1f, 0x7f, 0x80, 0x9f, 0x61c, 0x200e, 0x200f,
		0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069};

	(void)state;
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		assert_false(text_deceptive(harmless[i]));
	for (size_t i = 0; i < sizeof deceptive / sizeof *deceptive; i++)
		assert_true(text_deceptive(deceptive[i]));
}

static void test_the_nearest_word_is_what_was_probably_meant(void **state)
{
	static const char *const words[] = {
		"provider", "indicators", "every", "url", "red", "keep"};
	static const struct {
		const char *word, *expected;
	} cases[] = {
		{"indicator", "indicators"},
		{"Indicators", "indicators"},
		{"evry", "every"},
		{"everry", "every"},
		{"privider", "provider"},
		{"uri", "url"},
		{"read", "red"},
		{"keep", "keep"},
		{"providre", "provider"},
		{"indi", "indicators"},
		{"ind", NULL},
		{"interval", NULL},
		{"x", NULL},
		{"", NULL},
		{"selector", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *nearest =
			text_nearest(cases[i].word, words, sizeof words / sizeof *words);

		if (!text_equal(nearest, cases[i].expected))
			fail_msg("\"%s\" gives %s", cases[i].word,
				nearest != NULL ? nearest : "nothing");
	}
}

static void test_the_nearest_of_nothing_or_to_something_endless_is_none(void **state)
{
	char endless[1001];
	const char *const word = endless;

	(void)state;
	memset(endless, 'a', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	assert_null(text_nearest("abc", NULL, 0));
	assert_null(text_nearest(endless, &word, 1));
	assert_null(text_nearest("aaa", &word, 1));
}

static void test_wide_lines_are_broken_at_blanks(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", ""},
		{"-- \n", "-- \n"},
		{"0123456789 123456789\n", "0123456789 123456789\n"},
		{"0123456789 123456789 1\n\nx", "0123456789 123456789\n    1\n\nx"},
		{"0123456789012345678901234", "0123456789012345678901234"},
		{"a 0123456789012345678901234 b", "a\n    0123456789012345678901234\n    b"},
		{"  Said:  one two three four", "  Said:  one two\n         three four"},
		{"  Said:  0123456789012345678901234", "  Said:  0123456789012345678901234"},
		{"  a: b c d e f g h i j", "  a: b c d e f g h i\n    j"},
		{"      five six seven eight", "      five six seven\n      eight"},
		{"RED: abcdefghijkl Digest: 1", "RED: abcdefghijkl\n    Digest: 1"},
		{"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4 0123456789 12",
			"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4 \xc3\xa4\xc3\xa4 0123456789\n    12"},
		{"配信サービスに遅延が発生しています。原因",
			"配信サービスに遅延が\n    発生しています。\n    原因"},
		{"  Said:  配信（東京リージョン）",
			"  Said:  配信（東京\n         リージョ\n         ン）"},
		{"mx1.example.comの配信", "mx1.example.comの配\n    信"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = {0};

		text_wrap(&out, cases[i].text, 20);
		assert_string_equal(buffer_string(&out), cases[i].expected);
		buffer_release(&out);
	}
}

static void test_what_is_seen_as_one_is_not_cut(void **state)
{
	static const struct {
		const char *text;
		size_t length, whole;
	} cases[] = {
		{"abc", 2, 2},
		{"abc", 3, 3},
		{"e\u0301\u0323x", 1, 0},
		{"e\u0301\u0323x", 3, 0},
		{"e\u0301\u0323x", 5, 5},
		{"x👩🏽‍🚒y", 5, 1},   /* before the colour of her skin */
		{"x👩🏽‍🚒y", 9, 1},   /* before what joins */
		{"x👩🏽‍🚒y", 12, 1},  /* before what is joined */
		{"x👩🏽‍🚒y", 16, 16}, /* behind all of it */
		{"🇩🇪🇫🇷", 4, 0},
		{"🇩🇪🇫🇷", 8, 8},
		{"🇩🇪🇫🇷", 12, 8},
		{"東京", 3, 3},
	};
	struct buffer marks = {0};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(text_whole(cases[i].text, cases[i].length), cases[i].whole);
	for (int i = 0; i < 100; i++)
		buffer_text(&marks, "\u0301");
	assert_int_equal(text_whole(buffer_string(&marks), 150), 150);
	buffer_release(&marks);
}

static void test_bytes_as_hexadecimal(void **state)
{
	char out[7];

	(void)state;
	text_hexadecimal("\x00\x9f\xff", 3, out);
	assert_string_equal(out, "009fff");
	text_hexadecimal("", 0, out);
	assert_string_equal(out, "");
}

static void test_names_are_safe_as_names_of_folders(void **state)
{
	static const char *const good[] = {"a", "0", "google", "status.example.org", "a_b-c.d",
		"0123456789012345678901234567890123456789012345678901234567890123"};
	static const char *const bad[] = {"", ".", "..", ".state", "-c", "_a", "Google", "a/b",
		"a b", "a\n", "\xc3\xa4", "../a",
		"01234567890123456789012345678901234567890123456789012345678901234"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!text_is_name(good[i]))
			fail_msg("\"%s\" is refused", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (text_is_name(bad[i]))
			fail_msg("\"%s\" passes", bad[i]);
}

static void test_plain_span_ends_at_each_byte_that_is_not_plain_wherever_it_stands(void **state)
{
	enum { LENGTH = 17 };

	(void)state;
	for (int byte = 0; byte <= UCHAR_MAX; byte++)
		for (size_t at = 0; at < LENGTH; at++) {
			char text[LENGTH];

			memset(text, '~', sizeof text);
			text[at] = (char)byte;
			assert_int_equal(text_plain_span(text, LENGTH),
				byte >= ' ' && byte <= '~' ? LENGTH : at);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_plain_span_ends_at_each_byte_that_is_not_plain_wherever_it_stands),
		cmocka_unit_test(test_null_counts_as_empty),
		cmocka_unit_test(test_starts_and_ends),
		cmocka_unit_test(test_star_stands_for_any_text_and_nothing_else_is_special),
		cmocka_unit_test(test_many_stars_take_no_exponential_time),
		cmocka_unit_test(test_characters_of_each_size),
		cmocka_unit_test(test_what_is_not_utf8_is_not_valid),
		cmocka_unit_test(test_a_bad_byte_is_found_wherever_it_stands_in_long_text),
		cmocka_unit_test(test_each_bad_byte_becomes_one_replacement),
		cmocka_unit_test(test_white_space_is_trimmed_and_collapsed),
		cmocka_unit_test(test_collapsed_text_is_cut_at_a_character),
		cmocka_unit_test(test_collapsed_text_is_valid_and_has_no_nul_within),
		cmocka_unit_test(test_deceptive_characters_are_shown_as_numbers),
		cmocka_unit_test(test_the_edges_of_what_is_deceptive),
		cmocka_unit_test(test_the_nearest_word_is_what_was_probably_meant),
		cmocka_unit_test(test_the_nearest_of_nothing_or_to_something_endless_is_none),
		cmocka_unit_test(test_wide_lines_are_broken_at_blanks),
		cmocka_unit_test(test_what_is_seen_as_one_is_not_cut),
		cmocka_unit_test(test_bytes_as_hexadecimal),
		cmocka_unit_test(test_names_are_safe_as_names_of_folders),
	};

	setlocale(LC_CTYPE, "C.UTF-8"); /* as main() has it: the width of characters */
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
