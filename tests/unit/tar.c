/* SPDX-License-Identifier: ISC
 *
 * What goes into a tar comes out again; what is not a tar is refused.
 */
#include "base/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/zstandard.h"

static void make(struct buffer *tar)
{
	assert_true(tar_add(tar, "folder/body", "hello", 5));
	assert_true(tar_add(tar, "folder/empty", "", 0));
	assert_true(tar_end(tar));
}

static void test_files_come_out_as_they_went_in(void **state)
{
	const char *name, *bytes;
	struct buffer tar = {0};
	size_t at = 0, length;

	(void)state;
	make(&tar);
	assert_int_equal(tar.length % 512, 0);
	assert_true(tar_next(&tar, &at, &name, &bytes, &length));
	assert_string_equal(name, "folder/body");
	assert_int_equal(length, 5);
	assert_memory_equal(bytes, "hello", 5);
	assert_true(tar_next(&tar, &at, &name, &bytes, &length));
	assert_string_equal(name, "folder/empty");
	assert_int_equal(length, 0);
	assert_false(tar_next(&tar, &at, &name, &bytes, &length));
	buffer_release(&tar);
}

static void test_an_altered_header_or_a_cut_file_ends_it(void **state)
{
	const char *name, *bytes;
	struct buffer tar = {0};
	size_t at = 0, length;

	(void)state;
	make(&tar);
	tar.data[1] ^= 1;
	assert_false(tar_next(&tar, &at, &name, &bytes, &length));
	tar.data[1] ^= 1;
	tar.length = 512 + 4;
	assert_false(tar_next(&tar, &at, &name, &bytes, &length));
	buffer_release(&tar);
}

static void test_a_name_that_does_not_fit_is_refused(void **state)
{
	char name[TAR_NAME_MAX + 2];
	struct buffer tar = {0};

	(void)state;
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_false(tar_add(&tar, name, "x", 1));
	assert_true(tar_add(&tar, name + 1, "x", 1));
	buffer_release(&tar);
}

static void test_a_frame_leans_on_its_prefix_and_on_no_other(void **state)
{
	struct buffer before = {0}, after = {0}, alone = {0}, frame = {0}, out = {0};

	(void)state;
	for (uint32_t i = 0, x = 1; i < 20000; i++) {
		x = x * 1664525 + 1013904223;
		buffer_byte(&before, (char)(x >> 24));
	}
	buffer_text(&after, "new");
	buffer_add(&after, before.data, before.length);
	assert_true(zstandard_compress(after.data, after.length, NULL, 0, &alone));
	assert_true(
		zstandard_compress(after.data, after.length, before.data, before.length, &frame));
	assert_true(frame.length * 100 < alone.length);
	assert_true(zstandard_expand(
		frame.data, frame.length, before.data, before.length, after.length, &out));
	assert_int_equal(out.length, after.length);
	assert_memory_equal(out.data, after.data, after.length);
	before.data[100] ^= 1;
	assert_false(zstandard_expand(
		frame.data, frame.length, before.data, before.length, after.length, &out));
	assert_false(zstandard_expand(alone.data, alone.length, NULL, 0, after.length + 1, &out));
	assert_false(zstandard_expand(alone.data, alone.length / 2, NULL, 0, after.length, &out));
	buffer_release(&before);
	buffer_release(&after);
	buffer_release(&alone);
	buffer_release(&frame);
	buffer_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_come_out_as_they_went_in),
		cmocka_unit_test(test_an_altered_header_or_a_cut_file_ends_it),
		cmocka_unit_test(test_a_name_that_does_not_fit_is_refused),
		cmocka_unit_test(test_a_frame_leans_on_its_prefix_and_on_no_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
