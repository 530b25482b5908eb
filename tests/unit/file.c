/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

/* Each test has an empty folder of its own and stands in it. */
static int enter_folder(void **state)
{
	char name[] = "/tmp/lampwatch-file-XXXXXX";

	if (mkdtemp(name) == NULL || chdir(name) != 0)
		return -1;
	*state = memory_string(name);
	return 0;
}

static int leave_folder(void **state)
{
	int result =
		chdir("/") == 0 && file_remove_tree(*state, NULL) && file_absent(*state) ? 0 : -1;

	free(*state);
	return result;
}

static void assert_holds(const char *path, const char *expected)
{
	struct buffer text = {0};

	assert_true(file_read(path, &text, NULL));
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&text);
}

static size_t entries_here(void)
{
	struct text_list names = {0};
	size_t count;

	file_names(".", "", &names, NULL);
	count = names.count;
	text_list_release(&names);
	return count;
}

static void test_what_is_written_is_read_back_with_its_mode(void **state)
{
	struct stat status;

	(void)state;
	umask(022);
	assert_true(file_write("secret", "one\n", 4, 0600, NULL));
	assert_holds("secret", "one\n");
	assert_int_equal(stat("secret", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_true(file_write("secret", "two\n", 4, 0644, NULL));
	assert_holds("secret", "two\n");
	assert_int_equal(stat("secret", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(entries_here(), 1);
}

static void test_reading_stops_at_the_maximum_and_says_so(void **state)
{
	struct buffer text = {.maximum = 3};
	struct error error;

	(void)state;
	assert_true(file_write("four", "1234", 4, 0644, NULL));
	assert_false(file_read("four", &text, &error));
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_non_null(strstr(error.text, "four: longer than 3 bytes"));
	buffer_release(&text);
}

static void test_what_cannot_be_read_is_named(void **state)
{
	struct buffer text = {0};
	struct error error;

	(void)state;
	assert_false(file_read("nothing", &text, &error));
	assert_true(text_starts(error.text, "nothing: "));
	assert_false(file_read(".", &text, &error));
	assert_true(text_starts(error.text, ".: "));
	buffer_release(&text);
}

static void test_a_left_over_temporary_file_is_no_hindrance(void **state)
{
	(void)state;
	assert_true(file_write("page", "old", 3, 0644, NULL));
	/* As a crash leaves it, and as somebody who wants us to write elsewhere makes it. */
	assert_int_equal(symlink("/nonexistent/elsewhere", ".page.new"), 0);
	assert_true(file_write("page", "new", 3, 0644, NULL));
	assert_holds("page", "new");
	assert_true(file_absent(".page.new"));
}

static void test_a_failed_write_leaves_the_old_file_and_no_temporary_one(void **state)
{
	struct error error;

	(void)state;
	assert_true(file_make_folders("taken/inside", 0755, NULL));
	assert_false(file_write("taken", "x", 1, 0644, &error));
	assert_false(file_absent("taken/inside"));
	assert_true(file_absent(".taken.new"));
	assert_false(file_write("missing/page", "x", 1, 0644, &error));
}

static void test_creating_refuses_what_is_there(void **state)
{
	(void)state;
	assert_true(file_create("body", "a", 1, 0644, NULL));
	assert_false(file_create("body", "b", 1, 0644, NULL));
	assert_holds("body", "a");
}

static void test_appending_creates_and_then_adds(void **state)
{
	(void)state;
	assert_true(file_append("chain", "one\n", 4, 0644, NULL));
	assert_true(file_append("chain", "two\n", 4, 0644, NULL));
	assert_holds("chain", "one\ntwo\n");
}

/* RLIMIT_FSIZE stops a write halfway, as a full disk does. */
static void test_a_failed_append_leaves_no_half_line(void **state)
{
	struct rlimit old, small;
	struct error error;
	bool done;

	(void)state;
	assert_true(file_append("chain", "one\n", 4, 0644, NULL));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){6, old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	done = file_append("chain", "two\n", 4, 0644, &error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_false(done);
	assert_holds("chain", "one\n");
}

static void test_folders_are_made_with_their_parents(void **state)
{
	struct error error;

	(void)state;
	assert_true(file_make_folders("a/b//c/", 0755, NULL));
	assert_true(file_make_folders("a/b/c", 0755, NULL));
	assert_true(file_make_folders("", 0755, NULL));
	assert_true(file_make_folders("/", 0755, NULL));
	assert_false(file_absent("a/b/c"));
	assert_true(file_write("a/file", "", 0, 0644, NULL));
	assert_false(file_make_folders("a/file", 0755, &error));
	assert_false(file_make_folders("a/file/b", 0755, &error));
}

static void test_removing_a_tree_does_not_follow_links(void **state)
{
	(void)state;
	assert_true(file_make_folders("keep", 0755, NULL));
	assert_true(file_write("keep/file", "x", 1, 0644, NULL));
	assert_true(file_make_folders("tree/deep", 0755, NULL));
	assert_int_equal(symlink("../../keep", "tree/deep/link"), 0);
	assert_true(file_remove_tree("tree", NULL));
	assert_true(file_absent("tree"));
	assert_holds("keep/file", "x");
	assert_true(file_remove_tree("tree", NULL));
}

static void assert_taken(char *text, const char *expected)
{
	assert_string_equal(text, expected);
	free(text);
}

static void test_paths_are_joined_and_taken_apart(void **state)
{
	(void)state;
	assert_taken(file_join("a", "b"), "a/b");
	assert_taken(file_join("a/", "b"), "a/b");
	assert_taken(file_join("/", "b"), "/b");
	assert_taken(file_join("a", "/b"), "/b");
	assert_taken(file_join(".", "b"), "b");
	assert_taken(file_join("", "b"), "b");
	assert_taken(file_folder("a/b"), "a");
	assert_taken(file_folder("/b"), "/");
	assert_taken(file_folder("b"), ".");
	assert_taken(file_folder("/a/b/c"), "/a/b");
}

static void test_names_of_a_folder_are_sorted_and_without_their_ending(void **state)
{
	struct text_list names = {0};

	(void)state;
	assert_true(file_write("b.yaml", "", 0, 0644, NULL));
	assert_true(file_write("a.yaml", "", 0, 0644, NULL));
	assert_true(file_write("c.txt", "", 0, 0644, NULL));
	assert_true(file_write(".yaml", "", 0, 0644, NULL));
	file_names(".", ".yaml", &names, NULL);
	file_names("nowhere", ".yaml", &names, NULL);
	file_names(".", ".yaml", &names, NULL);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.list[0], "a");
	assert_string_equal(names.list[1], "b");
	text_list_release(&names);
}

static void test_what_cannot_be_looked_at_is_not_absent(void **state)
{
	struct text_list names = {0};
	struct error error;

	(void)state;
	assert_true(file_write("file", "", 0, 0644, NULL));
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(file_presence("file", &error), FILE_PRESENT);
	assert_int_equal(file_presence("link", &error), FILE_PRESENT);
	assert_int_equal(file_presence("nothing", &error), FILE_ABSENT);
	assert_int_equal(file_presence("nothing/below", &error), FILE_ABSENT);
	assert_int_equal(file_presence("file/below", &error), FILE_ABSENT);
	assert_int_equal(file_presence("loop/below", &error), FILE_UNKNOWN);
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_int_equal(error.number, ELOOP);
	assert_true(text_starts(error.text, "loop/below: cannot be looked at: "));
	assert_true(file_absent("nothing"));
	assert_false(file_absent("file"));
	assert_false(file_absent("loop/below"));
	assert_true(file_names("nothing", "", &names, &error));
	assert_false(file_names("loop", "", &names, &error));
	assert_true(text_starts(error.text, "loop: cannot be opened: "));
	assert_int_equal(names.count, 0);
}

static void test_a_program_in_its_build_folder_finds_the_templates_of_the_source(void **state)
{
	char *templates;

	(void)state;
	unsetenv("LAMPWATCH_TEMPLATES");
	templates = file_templates();
	assert_true(text_ends(templates, "/templates"));
	assert_false(file_absent(templates));
	free(templates);
	setenv("LAMPWATCH_TEMPLATES", "/elsewhere", 1);
	assert_taken(file_templates(), "/elsewhere");
	unsetenv("LAMPWATCH_TEMPLATES");
}

static void test_what_waits_to_be_written_is_what_the_kernel_says(void **state)
{
	(void)state;
	assert_int_equal(file_unwritten("MemTotal: 100 kB\nDirty:   70000 kB\nWriteback:  5 kB\n"
					"WritebackTmp: 900 kB\n"),
		70005);
	assert_int_equal(file_unwritten("MemTotal: 100 kB\n"), 0);
	assert_int_equal(file_unwritten(""), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_what_is_written_is_read_back_with_its_mode),
		IN_FOLDER(test_reading_stops_at_the_maximum_and_says_so),
		IN_FOLDER(test_what_cannot_be_read_is_named),
		IN_FOLDER(test_a_left_over_temporary_file_is_no_hindrance),
		IN_FOLDER(test_a_failed_write_leaves_the_old_file_and_no_temporary_one),
		IN_FOLDER(test_creating_refuses_what_is_there),
		IN_FOLDER(test_appending_creates_and_then_adds),
		IN_FOLDER(test_a_failed_append_leaves_no_half_line),
		IN_FOLDER(test_folders_are_made_with_their_parents),
		IN_FOLDER(test_removing_a_tree_does_not_follow_links),
		IN_FOLDER(test_paths_are_joined_and_taken_apart),
		IN_FOLDER(test_names_of_a_folder_are_sorted_and_without_their_ending),
		IN_FOLDER(test_what_cannot_be_looked_at_is_not_absent),
		cmocka_unit_test(test_what_waits_to_be_written_is_what_the_kernel_says),
		IN_FOLDER(test_a_program_in_its_build_folder_finds_the_templates_of_the_source),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
