/* SPDX-License-Identifier: ISC */
#include "base/content_coding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/gzip.h"
#include "base/memory.h"
#include "base/zstandard.h"

static const char text[] = "{\"status\": \"all systems operational\", \"incidents\": []}";

static bool take(void *context, const void *bytes, size_t length)
{
	return buffer_add(context, bytes, length);
}

static void compress_gzip(const char *bytes, size_t length, struct buffer *out)
{
	struct gzip_writer *writer = gzip_begin(take, out);

	assert_true(gzip_add(writer, bytes, length));
	assert_true(gzip_end(writer));
}

/* RFC 1951 is what stands between a gzip member's ten bytes of header and its eight of trailer. */
static void compress_raw(const char *bytes, size_t length, struct buffer *out)
{
	struct buffer member = {0};

	compress_gzip(bytes, length, &member);
	buffer_add(out, member.data + 10, member.length - 18);
	buffer_release(&member);
}

static void compress_zstd(const char *bytes, size_t length, struct buffer *out)
{
	assert_true(zstandard_compress(bytes, length, NULL, 0, out));
}

static const struct {
	const char *coding;
	void (*compress)(const char *bytes, size_t length, struct buffer *out);
} codings[] = {
	{"gzip", compress_gzip},
	{"x-gzip", compress_gzip},
	{"deflate", compress_raw},
	{"zstd", compress_zstd},
};

enum { CODINGS = sizeof codings / sizeof *codings };

static struct buffer encoded(size_t coding)
{
	struct buffer body = {0};

	codings[coding].compress(text, sizeof text - 1, &body);
	return body;
}

static void assert_decoded(const char *field, struct buffer *body, const char *wrong)
{
	struct error error = {0};
	char *mislabelled;

	if (!content_decode(field, body, &mislabelled, &error))
		fail_msg("%s: %s", field, error.text);
	assert_string_equal(buffer_string(body), text);
	if (wrong == NULL)
		assert_null(mislabelled);
	else
		assert_string_equal(mislabelled, wrong);
	free(mislabelled);
	buffer_release(body);
}

static void test_each_coding_is_undone(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODINGS; i++) {
		struct buffer body = encoded(i);

		assert_decoded(codings[i].coding, &body, NULL);
	}
}

static void test_a_body_that_is_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODINGS; i++) {
		struct buffer whole = encoded(i);

		for (size_t length = 1; length < whole.length; length++) {
			struct buffer body = {0};
			struct error error = {0};
			char *mislabelled;

			buffer_add(&body, whole.data, length);
			if (content_decode(codings[i].coding, &body, &mislabelled, &error)) {
				/* so little of it that it may as well be text */
				assert_true(length < 8);
				assert_non_null(mislabelled);
			} else {
				assert_int_equal(error.remedy, REMEDY_LATER);
			}
			free(mislabelled);
			buffer_release(&body);
		}
		buffer_release(&whole);
	}
}

static void test_what_follows_the_end_is_none_of_the_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODINGS; i++) {
		struct buffer body = encoded(i);

		buffer_text(&body, "\r\n<!-- served by -->");
		assert_decoded(codings[i].coding, &body, NULL);
	}
}

static void test_several_members_are_one_body(void **state)
{
	size_t half = sizeof text / 2;

	(void)state;
	for (size_t i = 0; i < CODINGS; i++) {
		struct buffer body = {0};

		if (codings[i].compress == compress_raw)
			continue;
		codings[i].compress(text, half, &body);
		codings[i].compress(text + half, sizeof text - 1 - half, &body);
		assert_decoded(codings[i].coding, &body, NULL);
	}
}

static void test_labels_that_are_none_change_nothing(void **state)
{
	static const struct {
		const char *field, *wrong;
	} cases[] = {
		{"utf-8", "utf-8"},
		{"UTF-8", "utf-8"},
		{"aws-chunked", "aws-chunked"},
		{"none", "none"},
		{"identity", NULL},
		{"", NULL},
		{NULL, NULL},
		{" , identity,", NULL},
		{"gzip", "gzip"},
		{"deflate", "deflate"},
		{"zstd", "zstd"},
		{"br", "br"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer body = {0};

		buffer_text(&body, text);
		assert_decoded(cases[i].field, &body, cases[i].wrong);
	}
}

static void test_codings_are_undone_from_the_last_to_the_first(void **state)
{
	struct buffer inner = encoded(0), outer = {0};

	(void)state;
	compress_zstd(inner.data, inner.length, &outer);
	buffer_release(&inner);
	assert_decoded("utf-8, GZIP ,zstd", &outer, "utf-8");
}

static void test_bytes_in_a_coding_that_is_not_undone_are_refused(void **state)
{
	/* "Hello" as RFC 7932 has it, uncompressed; and what any compressed bytes may be. */
	static const char bytes[] = "\x0b\x02\x80Hello\x03";
	struct buffer body = {0};
	struct error error = {0};
	char *mislabelled;

	(void)state;
	buffer_add(&body, bytes, sizeof bytes - 1);
	assert_false(content_decode("br", &body, &mislabelled, &error));
	assert_string_equal(error.text, "is in a coding that is not known, \"br\"");
	assert_null(mislabelled);
	assert_false(content_decode("gzip,gzip,gzip,gzip,gzip,gzip", &body, &mislabelled, &error));
	assert_string_equal(error.text, "is in more than 5 codings");
	buffer_release(&body);
}

static void test_a_bomb_is_refused_for_good(void **state)
{
	char *zeros = memory_zero(1, 1000000);

	(void)state;
	for (size_t i = 0; i < CODINGS; i++) {
		struct buffer body = {.maximum = 50000};
		struct error error = {0};
		char *mislabelled;

		codings[i].compress(zeros, 1000000, &body);
		assert_false(content_decode(codings[i].coding, &body, &mislabelled, &error));
		assert_non_null(strstr(error.text, "is longer than 50000 bytes"));
		assert_int_equal(error.remedy, REMEDY_PAGE);
		buffer_release(&body);
	}
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_coding_is_undone),
		cmocka_unit_test(test_a_body_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(test_what_follows_the_end_is_none_of_the_body),
		cmocka_unit_test(test_several_members_are_one_body),
		cmocka_unit_test(test_labels_that_are_none_change_nothing),
		cmocka_unit_test(test_codings_are_undone_from_the_last_to_the_first),
		cmocka_unit_test(test_bytes_in_a_coding_that_is_not_undone_are_refused),
		cmocka_unit_test(test_a_bomb_is_refused_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
