/* SPDX-License-Identifier: ISC
 *
 * Whatever is altered in an archive, verify names it.
 */
#include "archive/verify.h"

#include "unit/keep.h"
#include "unit/scene.h"

#include <sys/stat.h>

#define GREEN PAGE("operational") ROW("a", "operational")
#define RED PAGE("major_outage") ROW("a", "major_outage")

static int open_archive(void **state)
{
	struct scene *scene = memory_zero(1, sizeof *scene);

	scene_open(scene,
		"pages: [{name: one, url: 'https://status.example.com/', kind: statuspage}]\n");
	scene_read(scene, "one", GREEN);
	scene_read(scene, "one", RED);
	*state = scene;
	return 0;
}

static int close_archive(void **state)
{
	scene_close(*state);
	free(*state);
	return 0;
}

static void assert_verified(struct scene *scene, const char *place, const char *what)
{
	struct verified verified = {0};
	struct error error = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	bool good = verify(&with, &verified, NULL, &error);

	assert_int_equal(good, place == NULL);
	if (place == NULL)
		return;
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	if (strstr(error.text, place) == NULL || strstr(error.text, what) == NULL)
		print_error("%s\n", error.text);
	assert_non_null(strstr(error.text, place));
	assert_non_null(strstr(error.text, what));
}

/* The path of a file in the last snapshot. */
static char *last_file(struct scene *scene, const char *name)
{
	struct page_state state = scene_state(scene, "one");
	char *path = archive_path(scene->archive, "one", state.folder, name);

	page_state_release(&state);
	return path;
}

static void write_over(const char *path, const char *text)
{
	assert_true(file_write(path, text, strlen(text), 0644, NULL));
}

static void test_a_whole_archive_is_whole(void **state)
{
	struct scene *scene = *state;
	struct verified verified = {0};
	struct verification with = {.archive = scene->archive, .database = scene->database};
	struct error error;

	assert_true(verify(&with, &verified, NULL, &error));
	assert_int_equal(verified.pages, 1);
	assert_int_equal(verified.snapshots, 2);
	assert_int_equal(verified.files, 10); /* body, headers, capture, reading, changes of each */
}

static void test_an_altered_file_is_named(void **state)
{
	static const char *const names[] = {
		"body", "headers", "capture", "reading", "changes", "SHA256SUMS"};
	struct scene *scene = *state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *path = last_file(scene, names[i]), *place = memory_format("Z/%s", names[i]);
		struct buffer before = {0};

		assert_true(file_read(path, &before, NULL));
		write_over(path, "altered");
		assert_verified(scene, place, "has been altered");
		assert_true(file_write(path, buffer_string(&before), before.length, 0644, NULL));
		assert_verified(scene, NULL, NULL);
		buffer_release(&before);
		free(place);
		free(path);
	}
}

static void test_a_missing_file_is_named(void **state)
{
	char *path = last_file(*state, "body");

	assert_int_equal(unlink(path), 0);
	assert_verified(*state, "Z/body", "");
	free(path);
}

static void test_an_added_file_is_named(void **state)
{
	char *path = last_file(*state, "extra");

	write_over(path, "x");
	assert_verified(*state, "Z/extra", "has been added");
	free(path);
}

static void test_an_added_folder_is_named(void **state)
{
	struct scene *scene = *state;
	char *path = archive_path(scene->archive, "one", "2014/01/2014-01-24T000000Z", NULL);

	assert_true(file_make_folders(path, 0755, NULL));
	assert_verified(scene, "2014-01-24T000000Z", "no snapshot is recorded there");
	free(path);
}

static void test_a_missing_folder_is_named(void **state)
{
	char *path = last_file(*state, "");

	assert_true(file_remove_tree(path, NULL));
	assert_verified(*state, "Z", "is there neither as a folder nor packed");
	free(path);
}

static void test_an_altered_file_with_new_sums_is_found_by_the_chain(void **state)
{
	char *body = last_file(*state, "body"), *sums = last_file(*state, "SHA256SUMS"),
	     *folder = last_file(*state, "");
	char *command = memory_format(
		"cd %s && rm SHA256SUMS && sha256sum * >../sums && mv ../sums SHA256SUMS", folder);

	write_over(body, "altered");
	assert_int_equal(system(command), 0);
	assert_verified(*state, "SHA256SUMS",
		"has been altered: its SHA-256 is not the one that was entered");
	free(command);
	free(folder);
	free(sums);
	free(body);
}

static char *chain_path(struct scene *scene)
{
	return archive_path(scene->archive, "one", "chain", NULL);
}

static void test_a_chain_that_was_cut_altered_or_removed_is_named(void **state)
{
	char *path = chain_path(*state);
	struct buffer before = {0};
	char *text, *last;

	assert_true(file_read(path, &before, NULL));
	text = memory_string(buffer_string(&before));
	last = memrchr(text, '\n', strlen(text) - 1);
	last[1] = '\0';
	write_over(path, text);
	assert_verified(*state, "/one/chain", "does not end with the line that the database holds");
	strcpy(text, buffer_string(&before));
	*strstr(text, "2014-01-24T") = '3';
	write_over(path, text);
	assert_verified(*state, "/one/chain", "line 2");
	assert_int_equal(unlink(path), 0);
	assert_verified(*state, "/one/chain", "");
	free(text);
	buffer_release(&before);
	free(path);
}

static void test_a_row_that_was_removed_from_the_database_is_missed(void **state)
{
	struct scene *scene = *state;

	database_do(scene->database, "DELETE FROM snapshot WHERE sequence = 1", "");
	assert_verified(scene, "/one/chain", "line 2 is not in the database");
}

static void test_a_chain_of_no_page_is_named(void **state)
{
	struct scene *scene = *state;
	char *folder = file_join(scene->archive, "two"), *chain = file_join(folder, "chain");

	assert_true(file_make_folders(folder, 0755, NULL));
	write_over(chain, "lampwatch chain 1 sha256\n");
	assert_verified(scene, "/two/chain", "belongs to no page");
	free(chain);
	free(folder);
}

static void test_what_a_crash_left_for_the_next_run_is_not_wrong(void **state)
{
	static const char *const names[] = {"page"};
	struct scene *scene = *state;
	struct http_response response = {.status = 200};
	struct snapshot snapshot = {.page = "one",
		.time = scene->now,
		.responses = &response,
		.count = 1,
		.documents = names,
		.reason = "change",
		.changes = ""};
	char sums[DIGEST_TEXT], *folder = NULL;
	struct error error;

	assert_true(keep_snapshot(scene->archive, &snapshot, &folder, sums, &error));
	assert_verified(scene, NULL, NULL);
	archive_settle(scene->archive, "one");
	assert_verified(scene, folder, "has been added");
	free(folder);
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_archive, close_archive)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_a_whole_archive_is_whole),
		test_here(test_an_altered_file_is_named),
		test_here(test_a_missing_file_is_named),
		test_here(test_an_added_file_is_named),
		test_here(test_an_added_folder_is_named),
		test_here(test_a_missing_folder_is_named),
		test_here(test_an_altered_file_with_new_sums_is_found_by_the_chain),
		test_here(test_a_chain_that_was_cut_altered_or_removed_is_named),
		test_here(test_a_row_that_was_removed_from_the_database_is_missed),
		test_here(test_a_chain_of_no_page_is_named),
		test_here(test_what_a_crash_left_for_the_next_run_is_not_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
