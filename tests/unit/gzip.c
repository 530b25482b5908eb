/* SPDX-License-Identifier: ISC */
#include "base/gzip.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum { LARGE = 1000000 };

static bool take(void *context, const void *bytes, size_t length)
{
	return buffer_add(context, bytes, length);
}

static void compress(const char *text, size_t length, struct buffer *out)
{
	struct gzip_writer *writer = gzip_begin(take, out);

	assert_true(gzip_add(writer, text, length / 2));
	assert_true(gzip_add(writer, text + length / 2, length - length / 2));
	assert_true(gzip_end(writer));
}

static const char *file_with(const struct buffer *bytes)
{
	static char path[] = "/tmp/lampwatch-gzip-XXXXXX";
	int descriptor;

	strcpy(strrchr(path, '-') + 1, "XXXXXX");
	descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	assert_true(
		write(descriptor, buffer_string(bytes), bytes->length) == (ssize_t)bytes->length);
	close(descriptor);
	return path;
}

/* All that the file holds from where the reader stands; NULL with error where it is damaged. */
static char *rest_of(struct gzip_reader *reader, struct error *error)
{
	struct buffer all = {0};
	char bytes[7];
	ssize_t got;

	while ((got = gzip_read(reader, bytes, sizeof bytes, error)) > 0)
		buffer_add(&all, bytes, (size_t)got);
	if (got < 0)
		buffer_release(&all);
	return got < 0 ? NULL : buffer_take(&all);
}

static void test_members_are_read_one_behind_the_other(void **state)
{
	struct buffer file = {0};
	struct gzip_reader *reader;
	const char *path;
	char *all;

	(void)state;
	compress("first,", 6, &file);
	compress("", 0, &file);
	compress("second", 6, &file);
	path = file_with(&file);
	reader = gzip_reader_new(open(path, O_RDONLY));
	assert_true(gzip_reader_compressed(reader));
	all = rest_of(reader, NULL);
	assert_string_equal(all, "first,second");
	gzip_reader_free(reader);
	unlink(path);
	free(all);
	buffer_release(&file);
}

static void test_a_place_is_found_again(void **state)
{
	struct buffer file = {0};
	struct gzip_position place;
	struct gzip_reader *reader;
	const char *path;
	char bytes[3], *all;

	(void)state;
	compress("0123456789", 10, &file);
	compress("abcdefghij", 10, &file);
	path = file_with(&file);
	reader = gzip_reader_new(open(path, O_RDONLY));
	for (int i = 0; i < 4; i++) /* to the second member */
		assert_true(gzip_read(reader, bytes, sizeof bytes, NULL) > 0);
	assert_int_equal(gzip_read(reader, bytes, 2, NULL), 2);
	assert_memory_equal(bytes, "ab", 2);
	place = gzip_reader_position(reader);
	assert_int_equal(place.within, 2);
	all = rest_of(reader, NULL);
	assert_string_equal(all, "cdefghij");
	free(all);
	assert_true(gzip_reader_seek(reader, &place, NULL));
	all = rest_of(reader, NULL);
	assert_string_equal(all, "cdefghij");
	free(all);
	gzip_reader_free(reader);
	unlink(path);
	buffer_release(&file);
}

static void test_a_file_that_is_not_compressed_is_read_as_it_is(void **state)
{
	struct buffer file = {0};
	struct gzip_reader *reader;
	const char *path;
	char *all;

	(void)state;
	buffer_text(&file, "plain");
	path = file_with(&file);
	reader = gzip_reader_new(open(path, O_RDONLY));
	assert_false(gzip_reader_compressed(reader));
	assert_true(gzip_reader_seek(reader, &(struct gzip_position){2, 0}, NULL));
	all = rest_of(reader, NULL);
	assert_string_equal(all, "ain");
	gzip_reader_free(reader);
	unlink(path);
	free(all);
	buffer_release(&file);
}

static void test_every_cut_and_every_changed_byte_is_seen(void **state)
{
	struct buffer file = {0};

	(void)state;
	compress("a text that is long enough to be worth it", 41, &file);
	for (size_t i = 10; i < file.length; i++) { /* behind the header, of which little matters */
		struct buffer changed = {0};

		for (int cut = 0; cut < 2; cut++) {
			struct error error = {0};
			struct gzip_reader *reader;
			const char *path;

			buffer_clear(&changed);
			buffer_add(&changed, file.data, cut ? i : file.length);
			if (!cut)
				changed.data[i] = (char)(changed.data[i] ^ 0x55);
			path = file_with(&changed);
			reader = gzip_reader_new(open(path, O_RDONLY));
			assert_null(rest_of(reader, &error));
			assert_int_equal(error.remedy, REMEDY_PAGE);
			gzip_reader_free(reader);
			unlink(path);
		}
		buffer_release(&changed);
	}
	buffer_release(&file);
}

static void test_a_bomb_fills_what_there_is_room_for_and_no_more(void **state)
{
	struct buffer bomb = {0}, out = {.maximum = 1000};
	char *zeros = memory_zero(LARGE, 1);
	struct error error;

	(void)state;
	compress(zeros, LARGE, &bomb);
	assert_true(bomb.length < 2000);
	assert_false(gzip_decode(bomb.data, bomb.length, &out, &error));
	assert_non_null(strstr(error.text, "longer than 1000 bytes"));
	assert_true(out.length <= 1000);
	buffer_release(&bomb);
	buffer_release(&out);
	free(zeros);
}

static void test_the_crc_is_that_of_rfc_1952(void **state)
{
	(void)state;
	assert_int_equal(gzip_crc32(0, "123456789", 9), 0xcbf43926); /* its check value */
	assert_int_equal(gzip_crc32(gzip_crc32(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members_are_read_one_behind_the_other),
		cmocka_unit_test(test_a_place_is_found_again),
		cmocka_unit_test(test_a_file_that_is_not_compressed_is_read_as_it_is),
		cmocka_unit_test(test_every_cut_and_every_changed_byte_is_seen),
		cmocka_unit_test(test_a_bomb_fills_what_there_is_room_for_and_no_more),
		cmocka_unit_test(test_the_crc_is_that_of_rfc_1952),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
