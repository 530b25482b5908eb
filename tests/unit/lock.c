/* SPDX-License-Identifier: ISC */
#include "base/lock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

/* In place of the system's: fails with these, one after the other, before it does its work. */
static int failures[8];
static size_t failure_count, calls;

int flock(int descriptor, int operation)
{
	calls++;
	if (failure_count > 0) {
		errno = failures[0];
		memmove(failures, failures + 1, sizeof failures - sizeof *failures);
		failure_count--;
		return -1;
	}
	return (int)syscall(SYS_flock, descriptor, operation);
}

static char path[64];

static int begin(void **state)
{
	int descriptor;

	(void)state;
	strcpy(path, "/tmp/lampwatch-unit-XXXXXX");
	descriptor = mkstemp(path);
	failure_count = calls = 0;
	return descriptor < 0 || close(descriptor) != 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path) != 0;
}

static void test_only_who_holds_it_keeps_others_out(void **state)
{
	struct error error;
	int one = lock_take(path, false, 0, &error), other;

	(void)state;
	assert_true(one >= 0);
	assert_int_equal(lock_take(path, false, 0, &error), LOCK_HELD);
	assert_int_equal(lock_take(path, true, 0, &error), LOCK_HELD);
	lock_release(one);
	one = lock_take(path, true, 0, &error);
	other = lock_take(path, true, 0, &error);
	assert_true(one >= 0 && other >= 0);
	lock_release(one);
	lock_release(other);
}

static void test_what_the_file_system_cannot_do_is_a_failure_and_not_a_holder(void **state)
{
	static const int numbers[] = {ENOLCK, EIO, ENOMEM};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		failures[0] = numbers[i];
		failure_count = 1;
		assert_int_equal(lock_take(path, false, 10000, &error), LOCK_FAILED);
		assert_int_equal(error.remedy, REMEDY_LOCAL);
		assert_int_equal(error.number, numbers[i]);
		assert_non_null(strstr(error.text, ": cannot be locked: "));
	}
	assert_int_equal(calls, 3);
}

static void test_an_interruption_is_no_answer(void **state)
{
	struct error error;
	int lock;

	(void)state;
	failures[0] = failures[1] = EINTR;
	failure_count = 2;
	lock = lock_take(path, false, 0, &error);
	assert_true(lock >= 0);
	assert_int_equal(calls, 3);
	lock_release(lock);
}

static void test_a_file_that_cannot_be_opened_is_named(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(lock_take("/nowhere/lock", false, 0, &error), LOCK_FAILED);
	assert_string_equal(
		error.text, "/nowhere/lock: cannot be opened: No such file or directory");
	assert_int_equal(lock_age("/nowhere/lock", &error), -1);
	assert_string_equal(
		error.text, "/nowhere/lock: cannot be looked at: No such file or directory");
}

static void test_its_age_is_that_of_its_stamp(void **state)
{
	struct error error;
	int lock = lock_take(path, false, 0, &error);

	(void)state;
	lock_stamp(lock);
	assert_in_range(lock_age(path, &error), 0, 2);
	lock_release(lock);
}

static void test_a_shared_lock_needs_no_right_to_write(void **state)
{
	struct error error;
	int lock;

	(void)state;
	assert_int_equal(chmod(path, 0444), 0);
	if (geteuid() == 0 && seteuid(65534) != 0)
		fail_msg("cannot become nobody");
	lock = lock_take(path, true, 0, &error);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_true(lock >= 0);
	lock_release(lock);
}

#define test_here(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_here(test_only_who_holds_it_keeps_others_out),
		test_here(test_what_the_file_system_cannot_do_is_a_failure_and_not_a_holder),
		test_here(test_an_interruption_is_no_answer),
		test_here(test_a_file_that_cannot_be_opened_is_named),
		test_here(test_its_age_is_that_of_its_stamp),
		test_here(test_a_shared_lock_needs_no_right_to_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
