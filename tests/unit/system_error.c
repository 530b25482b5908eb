/* SPDX-License-Identifier: ISC */
#include "base/system_error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void test_only_two_numbers_say_that_nothing_is_there(void **state)
{
	static const int unknown[] = {EACCES, EPERM, EIO, ELOOP, ENAMETOOLONG, ENOMEM, EMFILE, 0};

	(void)state;
	assert_true(system_error_absent(ENOENT));
	assert_true(system_error_absent(ENOTDIR));
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		assert_false(system_error_absent(unknown[i]));
}

static void test_a_failure_has_one_owner(void **state)
{
	static const struct {
		int number;
		bool file, connection;
	} rows[] = {
		{EMFILE, true, true},
		{ENFILE, true, true},
		{ENOMEM, true, true},
		{ENOBUFS, true, true},
		{EACCES, true, true},
		{EPERM, true, true},
		{ENOSPC, true, false},
		{EAGAIN, true, false},
		{EROFS, true, false},
		{EIO, true, false}, /* of a disk; of a connection it is the peer's */
		{ENOLCK, true, false},
		{ECONNREFUSED, true, false},
		{ECONNRESET, true, false},
		{ETIMEDOUT, true, false},
		{ENETUNREACH, true, false},
		{ENOENT, false, false},
		{ENOTDIR, false, false},
		{EISDIR, false, false},
		{0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(system_error_local(rows[i].number), rows[i].file);
		assert_int_equal(system_error_local_connection(rows[i].number), rows[i].connection);
	}
}

static void test_the_error_names_path_reason_and_remedy(void **state)
{
	struct error error;

	(void)state;
	errno = EMFILE;
	assert_false(system_error_set(&error, "/a/file", "cannot be opened"));
	assert_string_equal(error.text,
		"/a/file: cannot be opened: Too many open files; raise this "
		"process's limit (ulimit -n)");
	assert_int_equal(error.remedy, REMEDY_LOCAL);
	assert_int_equal(error.number, EMFILE);
	error_prefix(&error, "before");
	assert_int_equal(error.number, EMFILE);
	error_set(&error, REMEDY_LATER, "another");
	assert_int_equal(error.number, 0);
	assert_string_equal(system_error_text(ENOENT), "No such file or directory");
}

static void test_problems_know_which_are_this_machines(void **state)
{
	struct problems problems = {0};
	struct error error;

	(void)state;
	errno = ENOENT;
	system_error_set(&error, "a.yaml", "cannot be opened");
	problems_add_error(&problems, "a.yaml", &error);
	assert_int_equal(problems.errors, 1);
	assert_int_equal(problems.local, 0);
	assert_string_equal(problems.list[0].text, "cannot be opened: No such file or directory");
	errno = EIO;
	system_error_set(&error, "b.yaml", "cannot be read");
	problems_add_error(&problems, "a.yaml", &error);
	assert_int_equal(problems.errors, 2);
	assert_int_equal(problems.local, 1);
	assert_string_equal(problems.list[1].text,
		"b.yaml: cannot be read: Input/output error; look at the disk (dmesg)");
	problems_release(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_two_numbers_say_that_nothing_is_there),
		cmocka_unit_test(test_a_failure_has_one_owner),
		cmocka_unit_test(test_the_error_names_path_reason_and_remedy),
		cmocka_unit_test(test_problems_know_which_are_this_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
