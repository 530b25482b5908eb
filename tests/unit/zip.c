/* SPDX-License-Identifier: ISC
 *
 * What is in the files, Python's zipfile says: tests/warc/examine.py.
 */
#include "publish/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

static char folder[] = "/tmp/lampwatch-zip-XXXXXX";
static char *path;

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	path = file_join(folder, "x.zip");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(path);
	file_remove_tree(folder, NULL);
	return 0;
}

/* Writes one file of so many bytes, piece by piece. */
static bool write_bytes(int64_t maximum, int bytes, struct error *error)
{
	struct zip *zip = zip_open(path, maximum, error);
	char sha256[DIGEST_TEXT];
	int64_t length;

	assert_non_null(zip);
	zip_begin(zip, "a");
	for (int i = 0; i < bytes; i++)
		zip_put(zip, "x", 1);
	zip_end(zip, &length, sha256);
	return zip_finish(zip, error);
}

static void test_what_would_be_too_long_is_refused_and_leaves_nothing(void **state)
{
	struct error error = {0};

	(void)state;
	for (int bytes = 0; bytes < 400; bytes++) {
		bool good = write_bytes(300, bytes, &error);

		assert_int_equal(good, bytes + 30 + 46 + 22 + 2 <= 300); /* headers and names */
		assert_int_equal(!file_absent(path), good);
		if (good)
			unlink(path);
	}
	assert_int_equal(error.remedy, REMEDY_CONFIGURATION);
	assert_non_null(strstr(error.text, "longer than 300 bytes"));
	rmdir(folder);
	assert_true(file_absent(folder)); /* no temporary file either */
	assert_int_equal(file_make_folders(folder, 0700, NULL), true);
}

static void test_what_is_discarded_leaves_what_was_there(void **state)
{
	struct error error;
	struct zip *zip;

	(void)state;
	assert_true(file_write(path, "before", 6, 0644, &error));
	zip = zip_open(path, ZIP_MAX, &error);
	zip_begin(zip, "a");
	zip_put(zip, "after", 5);
	zip_discard(zip);
	assert_false(file_absent(path));
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(file_make_folders(folder, 0700, NULL), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_would_be_too_long_is_refused_and_leaves_nothing),
		cmocka_unit_test(test_what_is_discarded_leaves_what_was_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
