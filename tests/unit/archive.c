/* SPDX-License-Identifier: ISC */
#include "archive/archive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/chain.h"
#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/store.h"
#include "unit/keep.h"

enum { T = 1390591200 }; /* 2014-01-24T19:20:00Z */

static char archive[64];
static struct database *database;

static int open_archive(void **state)
{
	static const struct schema_step *const schema[] = {store_schema, NULL};
	char *path;

	(void)state;
	strcpy(archive, "/tmp/lampwatch-unit-XXXXXX");
	if (mkdtemp(archive) == NULL || !archive_prepare(archive, NULL))
		return 1;
	path = file_join(archive, ARCHIVE_STATE "/lampwatch.db");
	database = database_open(path, schema, false, NULL);
	free(path);
	return database == NULL;
}

static int close_archive(void **state)
{
	(void)state;
	database_close(database);
	return !file_remove_tree(archive, NULL);
}

/* Keeps one fetch; the folder's name is owned by the caller. */
static char *keep(struct snapshot *snapshot, struct http_response *response)
{
	static const char *const names[] = {"page"};
	char sums[DIGEST_TEXT], *folder = NULL;
	struct error error;

	snapshot->page = "one";
	snapshot->time = T;
	snapshot->responses = response;
	snapshot->count = 1;
	snapshot->documents = names;
	snapshot->changes = "";
	assert_true(keep_snapshot(archive, snapshot, &folder, sums, &error));
	return folder;
}

static struct http_response *answer(const char *body)
{
	static struct http_response response;

	response = (struct http_response){
		.status = 200, .began = T * 1000LL, .ended = T * 1000LL + 250};
	buffer_text(&response.body, body);
	return &response;
}

static char *read_kept(const char *folder, const char *name)
{
	struct buffer text = {0};

	assert_true(archive_read(archive, "one", folder, name, &text, NULL));
	return buffer_take(&text);
}

static void test_a_folder_holds_what_was_served_and_sha256sum_agrees(void **state)
{
	struct snapshot snapshot = {.reading = "reading 1\n", .reason = "first sight"};
	struct http_response *response = answer("<html>");
	char *folder = keep(&snapshot, response), *body, *command;

	(void)state;
	assert_string_equal(folder, "2014/01/2014-01-24T192000Z");
	body = read_kept(folder, "body");
	assert_string_equal(body, "<html>");
	command = memory_format("cd %s/one/%s && sha256sum -c --quiet --strict SHA256SUMS && test "
				"$(wc -l <SHA256SUMS) = 5",
		archive, folder);
	assert_int_equal(system(command), 0);
	free(command);
	free(body);
	free(folder);
	buffer_release(&response->body);
}

static void test_a_second_one_in_the_same_second_has_a_name_of_its_own(void **state)
{
	struct snapshot snapshot = {.reason = "change"};
	struct http_response *response = answer("x");
	char *first = keep(&snapshot, response), *second = keep(&snapshot, response);
	int64_t time;

	(void)state;
	assert_string_equal(second, "2014/01/2014-01-24T192000Z-2");
	assert_true(archive_folder_time(second, &time));
	assert_int_equal(time, T);
	assert_false(archive_folder_time("2014/01", &time));
	assert_false(archive_folder_time("", &time));
	free(first);
	free(second);
	buffer_release(&response->body);
}

static void test_secrets_and_cookies_are_left_out_of_what_is_kept(void **state)
{
	struct snapshot snapshot = {.url = "https://user:secret@status.example.com/x?token=secret"};
	struct http_response *response = answer("x");
	char *folder, *capture, *headers;
	char received[] = "HTTP/1.1 200 OK\r\nSet-Cookie: session=secret\r\nETag: \"1\"\r\n";
	char url[] = "https://user:secret@status.example.com/x?token=secret";

	(void)state;
	response->headers = received;
	response->requested_url = response->final_url = url;
	folder = keep(&snapshot, response);
	capture = read_kept(folder, "capture");
	headers = read_kept(folder, "headers");
	assert_null(strstr(capture, "secret"));
	assert_non_null(strstr(capture, "status.example.com"));
	assert_null(strstr(headers, "secret"));
	assert_non_null(strstr(headers, "ETag: \"1\"\r\n"));
	free(capture);
	free(headers);
	free(folder);
	buffer_release(&response->body);
}

static void test_a_capture_tells_how_and_when_and_that_it_is_simulated(void **state)
{
	struct snapshot snapshot = {.simulated = true,
		.kind = "statuspage",
		.kind_digest = "abc",
		.reason = "change",
		.previous = "2014/01/2014-01-24T190000Z",
		.previous_confirmed = T - 60,
		.previous_fetches = 19};
	struct http_response *response = answer("x");
	char *folder = keep(&snapshot, response), *capture = read_kept(folder, "capture");
	static const char *const lines[] = {"page: one\n", "time: 2014-01-24T19:20:00Z\n",
		"\nsimulated: yes", "kind: statuspage\n", "kind-sha256: abc\n", "reason: change\n",
		"status: 200\n", "ended: 2014-01-24T19:20:00.250Z\n",
		"previous-last-confirmed: 2014-01-24T19:19:00Z\n", "previous-fetches: 19\n"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_non_null(strstr(capture, lines[i]));
	free(capture);
	free(folder);
	buffer_release(&response->body);
}

static void test_a_foreign_line_cannot_break_out_of_its_line(void **state)
{
	struct snapshot snapshot = {.reason = "change"};
	struct http_response *response = answer("x");
	char version[] = "1.1\nstatus: 500", *folder, *capture;

	(void)state;
	response->http_version = version;
	folder = keep(&snapshot, response);
	capture = read_kept(folder, "capture");
	assert_null(strstr(capture, "\nstatus: 500"));
	free(capture);
	free(folder);
	buffer_release(&response->body);
}

static void test_an_intent_names_the_folder_until_the_commit_is_settled(void **state)
{
	struct snapshot snapshot = {.reason = "change"};
	struct http_response *response = answer("x");
	struct archive_intents intents = {0};
	char *folder = keep(&snapshot, response);

	(void)state;
	assert_true(archive_intents(archive, &intents, NULL));
	assert_int_equal(intents.count, 1);
	assert_string_equal(intents.list[0].page, "one");
	assert_string_equal(intents.list[0].folder, folder);
	archive_intents_release(&intents);
	archive_settle(archive, "one");
	assert_true(archive_intents(archive, &intents, NULL));
	assert_int_equal(intents.count, 0);
	archive_intents_release(&intents);
	free(folder);
	buffer_release(&response->body);
}

static void test_what_cannot_be_kept_leaves_nothing_behind(void **state)
{
	static const char *const names[] = {"page"};
	struct http_response *response = answer("x");
	struct snapshot snapshot = {.page = "one",
		.time = T,
		.responses = response,
		.count = 1,
		.documents = names,
		.changes = ""};
	char sums[DIGEST_TEXT], *folder = NULL, *page = file_join(archive, "one");
	char *incoming = file_join(archive, ARCHIVE_STATE "/incoming/one");
	struct error error = {0};

	(void)state;
	assert_true(
		file_write(page, "", 0, 0600, NULL)); /* a file where the page's folder should be */
	assert_false(keep_snapshot(archive, &snapshot, &folder, sums, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_true(file_absent(incoming));
	free(page);
	free(incoming);
	buffer_release(&response->body);
}

static void assert_chain(const char *expected)
{
	char *path = archive_path(archive, "one", "chain", NULL);
	struct buffer text = {0};

	assert_true(file_read(path, &text, NULL));
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&text);
	free(path);
}

/* Appends the lines that the database holds, as far as this one. */
static bool chain(const char *line, int64_t sequence, struct error *error)
{
	store_add_note(database, "one", sequence, line, "");
	return archive_chain_up_to(archive, database, "one", sequence, error);
}

#define LINE(n) "snapshot\t" n "\ttime\tfolder\tsums\tbefore"

static void test_a_line_is_appended_once(void **state)
{
	char *folder = file_join(archive, "one");

	(void)state;
	assert_true(file_make_folders(folder, 0755, NULL));
	assert_int_equal(archive_chain_end(archive, "one", NULL), 0);
	assert_true(chain(LINE("1"), 1, NULL));
	assert_true(archive_chain_up_to(archive, database, "one", 1, NULL));
	assert_int_equal(archive_chain_end(archive, "one", NULL), 1);
	assert_true(chain(LINE("2"), 2, NULL));
	assert_int_equal(archive_chain_end(archive, "one", NULL), 2);
	assert_chain(CHAIN_HEAD "\n" LINE("1") "\n" LINE("2") "\n");
	free(folder);
}

static void test_a_torn_line_is_taken_off_before_it_is_appended_again(void **state)
{
	static const struct {
		const char *before;
		int64_t end;
	} cases[] = {
		{"lampwatch cha", 0},
		{CHAIN_HEAD "\nsnapshot\t1\tti", 0},
		{CHAIN_HEAD "\n" LINE("1"), 0},
	};
	char *folder = file_join(archive, "one"), *path = file_join(folder, "chain");

	(void)state;
	assert_true(file_make_folders(folder, 0755, NULL));
	store_add_note(database, "one", 1, LINE("1"), "");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(file_write(path, cases[i].before, strlen(cases[i].before), 0644, NULL));
		assert_int_equal(archive_chain_end(archive, "one", NULL), cases[i].end);
		assert_true(archive_chain_up_to(archive, database, "one", 1, NULL));
		assert_chain(CHAIN_HEAD "\n" LINE("1") "\n");
	}
	free(path);
	free(folder);
}

static void test_the_end_of_a_long_chain_is_found_from_its_end(void **state)
{
	char *folder = file_join(archive, "one"), line[512];

	(void)state;
	assert_true(file_make_folders(folder, 0755, NULL));
	for (int i = 1; i <= 40; i++) {
		snprintf(line, sizeof line, "snapshot\t%d\ttime\tfolder\t%064d\t%064d", i, i, i);
		assert_true(chain(line, i, NULL));
	}
	assert_int_equal(archive_chain_end(archive, "one", NULL), 40);
	free(folder);
}

static void test_a_chain_that_cannot_be_read_is_not_empty(void **state)
{
	char *path = archive_path(archive, "one", "chain", NULL);
	struct error error;

	(void)state;
	assert_true(file_make_folders(path, 0755, NULL)); /* nobody can read a folder as a file */
	assert_int_equal(archive_chain_end(archive, "one", &error), -1);
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "/one/chain: cannot be read: "));
	assert_false(chain(LINE("1"), 1, &error));
	assert_non_null(strstr(error.text, "/one/chain: cannot be read: "));
	free(path);
}

static void test_everything_but_the_state_may_be_published(void **state)
{
	struct snapshot snapshot = {.reason = "change"};
	struct http_response *response = answer("x");
	char *folder = keep(&snapshot, response),
	     *path = archive_path(archive, "one", folder, NULL);
	char *hidden = file_join(archive, ARCHIVE_STATE);
	struct stat status;

	(void)state;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0755);
	assert_int_equal(stat(hidden, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	free(hidden);
	free(path);
	free(folder);
	buffer_release(&response->body);
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, open_archive, close_archive)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_a_folder_holds_what_was_served_and_sha256sum_agrees),
		test_here(test_a_second_one_in_the_same_second_has_a_name_of_its_own),
		test_here(test_secrets_and_cookies_are_left_out_of_what_is_kept),
		test_here(test_a_capture_tells_how_and_when_and_that_it_is_simulated),
		test_here(test_a_foreign_line_cannot_break_out_of_its_line),
		test_here(test_an_intent_names_the_folder_until_the_commit_is_settled),
		test_here(test_what_cannot_be_kept_leaves_nothing_behind),
		test_here(test_a_line_is_appended_once),
		test_here(test_a_torn_line_is_taken_off_before_it_is_appended_again),
		test_here(test_the_end_of_a_long_chain_is_found_from_its_end),
		test_here(test_a_chain_that_cannot_be_read_is_not_empty),
		test_here(test_everything_but_the_state_may_be_published),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
