/* SPDX-License-Identifier: ISC
 *
 * What is altered, missing or added in a snapshot is not handed out, in its folder and in a pack.
 */
#include "archive/snapshot_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "archive/pack.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "unit/keep.h"

enum { T = 1390591200 }; /* 2014-01-24T19:20:00Z */

struct kept_snapshot {
	char archive[64], *folder, sums[DIGEST_TEXT];
};

static int keep(void **state)
{
	static const char *const names[] = {"page"};
	struct kept_snapshot *kept = memory_zero(1, sizeof *kept);
	struct http_response response = {.status = 200};
	struct snapshot snapshot = {.page = "one",
		.time = T,
		.responses = &response,
		.count = 1,
		.documents = names,
		.reading = "reading 1\n",
		.changes = ""};
	struct error error;
	bool done;

	*state = kept;
	strcpy(kept->archive, "/tmp/lampwatch-unit-XXXXXX");
	buffer_text(&response.body, "<html>");
	done = mkdtemp(kept->archive) != NULL && archive_prepare(kept->archive, NULL) &&
	       keep_snapshot(kept->archive, &snapshot, &kept->folder, kept->sums, &error);
	buffer_release(&response.body);
	return !done;
}

static int keep_packed(void **state)
{
	struct kept_snapshot *kept;

	if (keep(state) != 0)
		return 1;
	kept = *state;
	return !pack_snapshot(kept->archive, "one", kept->folder, kept->sums, NULL);
}

static int throw_away(void **state)
{
	struct kept_snapshot *kept = *state;
	bool done = file_remove_tree(kept->archive, NULL);

	free(kept->folder);
	free(kept);
	return !done;
}

static char *path_of(const struct kept_snapshot *kept, const char *name)
{
	return archive_path(kept->archive, "one", kept->folder, name);
}

static void write_over(const struct kept_snapshot *kept, const char *name, const char *text)
{
	char *path = path_of(kept, name);

	assert_true(file_write(path, text, strlen(text), 0644, NULL));
	free(path);
}

/* All of it is refused, and the error names the file and says what is wrong with it. */
static void assert_refused(const struct kept_snapshot *kept, const char *name, const char *what)
{
	struct error error = {0};
	struct snapshot_files files;
	char *path = path_of(kept, name);

	assert_false(snapshot_read(kept->archive, "one", kept->folder, kept->sums, &files, &error));
	assert_int_equal(files.count, 0);
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, what));
	free(path);
}

static bool reads(const struct kept_snapshot *kept, const char *name, struct error *error)
{
	struct buffer out = {0};
	bool good;

	buffer_text(&out, "before ");
	good = archive_read(kept->archive, "one", kept->folder, name, &out, error);
	assert_true(good == (out.length > strlen("before "))); /* nothing of what is refused */
	assert_memory_equal(out.data, "before ", strlen("before "));
	buffer_release(&out);
	return good;
}

static void test_all_files_are_read_and_the_list_is_the_last(void **state)
{
	static const char *const names[] = {
		"body", "headers", "capture", "reading", "changes", ARCHIVE_SUMS};
	const struct kept_snapshot *kept = *state;
	struct snapshot_files files;
	struct buffer body = {0};

	assert_true(snapshot_read(kept->archive, "one", kept->folder, kept->sums, &files, NULL));
	assert_int_equal(files.count, sizeof names / sizeof *names);
	for (size_t i = 0; i < files.count; i++)
		assert_non_null(snapshot_files_find(&files, names[i]));
	assert_string_equal(files.list[files.count - 1].name, ARCHIVE_SUMS);
	assert_string_equal(files.list[files.count - 1].sha256, kept->sums);
	assert_string_equal(
		buffer_string(&snapshot_files_find(&files, "reading")->bytes), "reading 1\n");
	assert_null(snapshot_files_find(&files, "other"));
	assert_true(snapshot_nothing_added(kept->archive, "one", kept->folder, &files, NULL));
	assert_true(archive_read(kept->archive, "one", kept->folder, "body", &body, NULL));
	assert_string_equal(buffer_string(&body), "<html>");
	buffer_release(&body);
	snapshot_files_release(&files);
}

static void test_a_file_that_is_not_in_the_list_is_not_read(void **state)
{
	struct error error = {0};

	assert_false(reads(*state, "other", &error));
	assert_non_null(strstr(error.text, "Z/other: is not among the files"));
}

static void test_other_sums_than_those_that_were_entered_are_refused(void **state)
{
	struct kept_snapshot other = *(struct kept_snapshot *)*state;

	other.sums[0] = other.sums[0] == '0' ? '1' : '0';
	assert_refused(&other, ARCHIVE_SUMS, "has been altered");
}

static void test_an_altered_file_is_refused_and_named(void **state)
{
	static const char *const names[] = {"body", "capture", "reading"};
	struct kept_snapshot *kept = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct error error = {0};
		struct buffer before = {0};

		assert_true(
			archive_read(kept->archive, "one", kept->folder, names[i], &before, NULL));
		write_over(kept, names[i], "altered");
		assert_refused(kept, names[i], "has been altered");
		assert_false(reads(kept, names[i], &error));
		assert_non_null(strstr(error.text, "has been altered"));
		write_over(kept, names[i], buffer_string(&before));
		assert_true(reads(kept, names[i], NULL));
		buffer_release(&before);
	}
}

static void test_a_missing_file_is_refused_and_named(void **state)
{
	struct kept_snapshot *kept = *state;
	char *path = path_of(kept, "headers");

	assert_int_equal(unlink(path), 0);
	assert_refused(kept, "headers", "cannot be opened");
	assert_true(reads(kept, "body", NULL));
	free(path);
}

static void test_an_added_file_is_named_and_not_read(void **state)
{
	struct kept_snapshot *kept = *state;
	struct error error = {0};
	struct snapshot_files files;

	write_over(kept, "extra", "x");
	assert_true(snapshot_read(kept->archive, "one", kept->folder, kept->sums, &files, NULL));
	assert_false(snapshot_nothing_added(kept->archive, "one", kept->folder, &files, &error));
	assert_non_null(strstr(error.text, "Z/extra: has been added"));
	assert_false(reads(kept, "extra", NULL));
	snapshot_files_release(&files);
}

static void test_a_list_that_is_cut_or_foreign_is_refused(void **state)
{
	static const struct {
		const char *list, *what;
	} cases[] = {
		{"", "has been cut off"},
		{"0123", "has been cut off"},
		{"0123\n", "lampwatch did not write"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  ../../chain\n",
			"lampwatch did not write"},
		{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 *headers\n",
			"lampwatch did not write"},
		{"\n", "lampwatch did not write"},
	};
	struct kept_snapshot *kept = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error error = {0};
		struct snapshot_files files;

		write_over(kept, ARCHIVE_SUMS, cases[i].list);
		assert_refused(kept, ARCHIVE_SUMS, "has been altered");
		assert_false(
			snapshot_read(kept->archive, "one", kept->folder, NULL, &files, &error));
		assert_non_null(strstr(error.text, cases[i].what));
		assert_false(reads(kept, "body", NULL));
	}
}

static void test_any_folder_with_a_list_is_read_by_its_path(void **state)
{
	const struct kept_snapshot *kept = *state;
	char *path = path_of(kept, NULL);
	struct snapshot_files files;

	assert_true(snapshot_read(NULL, NULL, path, kept->sums, &files, NULL));
	assert_true(snapshot_nothing_added(NULL, NULL, path, &files, NULL));
	assert_int_equal(files.count, 6);
	snapshot_files_release(&files);
	write_over(kept, "body", "altered");
	assert_false(snapshot_read(NULL, NULL, path, kept->sums, &files, NULL));
	free(path);
}

static void test_a_damaged_pack_is_refused(void **state)
{
	const struct kept_snapshot *kept = *state;
	char *frames = archive_path(kept->archive, "one", "2014/01", PACK_FILE);
	struct buffer bytes = {0};

	assert_true(file_read(frames, &bytes, NULL));
	bytes.data[bytes.length / 2] ^= 1;
	assert_true(file_write(frames, bytes.data, bytes.length, 0644, NULL));
	assert_false(reads(kept, "body", NULL));
	assert_false(snapshot_read(
		kept->archive, "one", kept->folder, kept->sums, &(struct snapshot_files){0}, NULL));
	buffer_release(&bytes);
	free(frames);
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, keep, throw_away)
#define test_packed(test)                                                                          \
	{                                                                                          \
#test "_packed", test, keep_packed, throw_away, NULL                               \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_all_files_are_read_and_the_list_is_the_last),
		test_packed(test_all_files_are_read_and_the_list_is_the_last),
		test_here(test_a_file_that_is_not_in_the_list_is_not_read),
		test_packed(test_a_file_that_is_not_in_the_list_is_not_read),
		test_here(test_other_sums_than_those_that_were_entered_are_refused),
		test_packed(test_other_sums_than_those_that_were_entered_are_refused),
		test_here(test_an_altered_file_is_refused_and_named),
		test_here(test_a_missing_file_is_refused_and_named),
		test_here(test_an_added_file_is_named_and_not_read),
		test_here(test_a_list_that_is_cut_or_foreign_is_refused),
		test_here(test_any_folder_with_a_list_is_read_by_its_path),
		test_packed(test_a_damaged_pack_is_refused),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
