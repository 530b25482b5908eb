/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"

enum { PATIENCE = 60000 /* milliseconds that a test waits for what must come */ };

static const struct child_role unlimited = {.milliseconds = PATIENCE};

/* All that the child writes until it ends. */
static struct child_end hear(struct child *child, char *said, size_t size)
{
	struct child_end end;
	size_t length = 0;
	ssize_t got = -1;

	while (length + 1 < size && got != 0) {
		assert_int_equal(poll(&(struct pollfd){child->from, POLLIN, 0}, 1, PATIENCE), 1);
		got = read(child->from, said + length, size - 1 - length);
		length += got > 0 ? (size_t)got : 0;
	}
	said[length] = '\0';
	child_finish(child, &end);
	assert_int_equal(child->process, 0);
	return end;
}

static struct child_end run_child(const struct child_role *role, child_work *work,
	const void *context, char *said, size_t size)
{
	struct child child;

	assert_true(child_start(&child, role, work, context));
	return hear(&child, said, size);
}

static struct child_end end_of(const struct child_role *role, child_work *work, const void *context)
{
	char said[1024];

	return run_child(role, work, context, said, sizeof said);
}

/* ---- what it may do ---- */

static void echo(const void *context, int in, int out)
{
	char block[64];
	ssize_t got;

	(void)context;
	while ((got = read(in, block, sizeof block)) > 0)
		file_write_all(out, block, (size_t)got);
}

static void test_what_one_writes_the_other_reads(void **state)
{
	struct child_end end;
	struct child child;
	char block[16] = "";

	(void)state;
	assert_true(child_start(&child, &unlimited, echo, NULL));
	assert_int_equal(read(child.from, block, sizeof block), -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(file_write_all(child.to, "hello", 5));
	assert_int_equal(poll(&(struct pollfd){child.from, POLLIN, 0}, 1, PATIENCE), 1);
	assert_int_equal(read(child.from, block, sizeof block), 5);
	assert_string_equal(block, "hello");
	assert_false(child_ended(&child));
	close(child.to);
	child.to = -1;
	child_finish(&child, &end);
	assert_int_equal(end.fate, CHILD_EXITED);
	assert_int_equal(end.code, 0);
}

static void list_descriptors(const void *context, int in, int out)
{
	char line[64];

	(void)context;
	for (int descriptor = STDERR_FILENO + 1; descriptor < 1024; descriptor++) {
		if (fcntl(descriptor, F_GETFD) < 0)
			continue;
		snprintf(line, sizeof line, "%s ",
			descriptor == in    ? "in"
			: descriptor == out ? "out"
					    : "other");
		file_write_all(out, line, strlen(line));
	}
}

static void test_only_its_own_descriptors_are_open(void **state)
{
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 500), gap = dup(low);
	char said[256];

	(void)state;
	assert_true(low > STDERR_FILENO && high >= 500 && gap > low);
	close(low); /* the pipes lie around what stays open */
	run_child(&unlimited, list_descriptors, NULL, said, sizeof said);
	assert_true(strcmp(said, "in out ") == 0 || strcmp(said, "out in ") == 0);
	close(high);
	close(gap);
}

/* Wherever it lies: below the pipes, or above. */
static void test_one_more_is_open_where_the_role_names_it(void **state)
{
	int low = open("/dev/null", O_RDONLY), high = fcntl(low, F_DUPFD, 500), gap = dup(low);
	int kept[] = {low, gap, high};

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		struct child_role role = {.milliseconds = PATIENCE, .keeps = kept[i]};
		char said[256];

		run_child(&role, list_descriptors, NULL, said, sizeof said);
		assert_int_equal(strlen(said), strlen("in out other "));
		assert_non_null(strstr(said, "other"));
	}
	close(low);
	close(high);
	close(gap);
}

static void handled(int number)
{
	(void)number;
}

static void list_signals(const void *context, int in, int out)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGALRM, SIGPROF, SIGPIPE};
	struct sigaction action;

	(void)context;
	(void)in;
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		sigaction(signals[i], NULL, &action);
		file_write_all(out,
			action.sa_handler == SIG_DFL   ? "d"
			: action.sa_handler == SIG_IGN ? "i"
						       : "h",
			1);
	}
}

static void test_signals_have_their_default_meaning(void **state)
{
	char said[16];

	(void)state;
	signal(SIGTERM, SIG_IGN);
	signal(SIGPROF, handled);
	signal(SIGPIPE, SIG_IGN);
	run_child(&unlimited, list_signals, NULL, said, sizeof said);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPROF, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	assert_string_equal(said, "ddddi");
}

static void describe(const void *context, int in, int out)
{
	struct rlimit core;
	char line[64];

	(void)context;
	(void)in;
	getrlimit(RLIMIT_CORE, &core);
	snprintf(line, sizeof line, "%s, core %d",
		getsid(0) == getpid() ? "its own" : "its parent's", (int)core.rlim_max);
	file_write_all(out, line, strlen(line));
}

static void test_only_a_detached_child_has_a_session_of_its_own(void **state)
{
	static const struct child_role detached = {.milliseconds = PATIENCE, .detached = true};
	char said[64];

	(void)state;
	run_child(&unlimited, describe, NULL, said, sizeof said);
	assert_string_equal(said, "its parent's, core 0");
	run_child(&detached, describe, NULL, said, sizeof said);
	assert_string_equal(said, "its own, core 0");
}

/* ---- what it may take ---- */

static void spin(const void *context, int in, int out)
{
	volatile int transitions = 0;

	(void)context;
	(void)in;
	(void)out;
	for (;;)
		transitions = transitions == 0;
}

static void test_processor_time_is_limited(void **state)
{
	static const struct child_role role = {.milliseconds = PATIENCE, .seconds = 1};
	struct child_end end = end_of(&role, spin, NULL);

	(void)state;
	assert_int_equal(end.fate, CHILD_SIGNALLED);
	assert_int_equal(end.code, SIGPROF);
	assert_string_equal(end.reason, "ended by signal 27");
}

/* What it says on standard error is its answer. */
static void map(const void *context, int in, int out)
{
	(void)in;
	dup2(out, STDERR_FILENO);
	for (size_t left = *(const size_t *)context; left > 0; left -= 1 << 20)
		memset(memory_new(1 << 20), 1, 1 << 20);
}

static void test_memory_is_limited(void **state)
{
	static const struct child_role role = {.milliseconds = PATIENCE, .memory = 64 << 20};
	static const size_t little = 16 << 20, much = 256 << 20;
	struct child_end end;
	char said[256];

	(void)state;
	end = run_child(&role, map, &little, said, sizeof said);
	assert_int_equal(end.fate, CHILD_EXITED);
	assert_int_equal(end.code, 0);
	end = run_child(&role, map, &much, said, sizeof said);
	assert_false(end.fate == CHILD_EXITED && end.code == 0);
	assert_null(strstr(said, "lampwatch")); /* a sanitizer may have something to say */
	end = end_of(&unlimited, map, &much);
	assert_int_equal(end.code, 0);
}

static void fill_file(const void *context, int in, int out)
{
	static const char block[4096];
	int file = open(context, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	(void)in;
	(void)out;
	file_write_all(file, block, sizeof block);
	file_write_all(file, block, 1);
}

static void test_files_are_limited(void **state)
{
	static const struct child_role role = {.milliseconds = PATIENCE, .file_length = 4096};
	char path[] = "/tmp/lampwatch-child-XXXXXX";
	struct child_end end;

	(void)state;
	close(mkstemp(path));
	end = end_of(&role, fill_file, path);
	assert_int_equal(end.fate, CHILD_SIGNALLED);
	assert_int_equal(end.code, SIGXFSZ);
	end = end_of(&unlimited, fill_file, path);
	assert_int_equal(end.fate, CHILD_EXITED);
	unlink(path);
}

/* ---- how it ends ---- */

static void exit_with(const void *context, int in, int out)
{
	(void)in;
	(void)out;
	_exit(*(const int *)context);
}

static void test_its_exit_status_is_told(void **state)
{
	static const int status = 75;
	struct child_end end = end_of(&unlimited, exit_with, &status);

	(void)state;
	assert_int_equal(end.fate, CHILD_EXITED);
	assert_int_equal(end.code, 75);
	assert_string_equal(end.reason, "exit status 75");
}

/* Whoever starts the program may have told the kernel not to keep any. */
static void test_its_exit_status_is_told_where_children_were_ignored(void **state)
{
	signal(SIGCHLD, SIG_IGN);
	test_its_exit_status_is_told(state);
}

static void linger(const void *context, int in, int out)
{
	(void)context;
	(void)in;
	(void)out;
	poll(NULL, 0, 2 * PATIENCE);
}

static void test_it_is_killed_at_its_deadline(void **state)
{
	struct child_end end;
	struct child child;

	(void)state;
	assert_true(child_start(&child, &(struct child_role){.milliseconds = 100}, linger, NULL));
	child_finish(&child, &end);
	assert_int_equal(end.fate, CHILD_LATE);
	assert_int_equal(end.code, 0);
}

static void test_its_time_may_begin_again(void **state)
{
	static const struct child_role role = {.milliseconds = 1000};
	int64_t began = clock_milliseconds();
	struct child_end end;
	struct child child;

	(void)state;
	assert_true(child_start(&child, &role, linger, NULL));
	assert_false(child_late(&child));
	poll(NULL, 0, 600);
	child_renew(&child, child.role->milliseconds);
	child_finish(&child, &end);
	assert_int_equal(end.fate, CHILD_LATE);
	assert_string_equal(end.reason, "did not end within 1 s");
	assert_in_range(clock_milliseconds() - began, 1600, PATIENCE);
}

/* Says who it is, and leaves a process behind that holds its pipe open. */
static void leave_another(const void *context, int in, int out)
{
	if (fork() == 0)
		linger(context, in, out);
	file_write_all(out, "x", 1);
	linger(context, in, out);
}

static void test_a_detached_child_is_stopped_with_its_group(void **state)
{
	static const struct child_role role = {.detached = true};
	struct child child;
	int from;
	char byte;

	(void)state;
	assert_true(child_start(&child, &role, leave_another, NULL));
	assert_int_equal(poll(&(struct pollfd){child.from, POLLIN, 0}, 1, PATIENCE), 1);
	assert_int_equal(read(child.from, &byte, 1), 1);
	from = dup(child.from);
	child_stop(&child);
	assert_int_equal(child.process, 0);
	assert_int_equal(poll(&(struct pollfd){from, POLLIN, 0}, 1, PATIENCE), 1);
	assert_int_equal(read(from, &byte, 1), 0); /* nobody has the other end */
	close(from);
	child_stop(&child); /* there is none: nothing happens */
}

static void outlive(const void *context, int in, int out)
{
	(void)context;
	signal(SIGPIPE, SIG_IGN); /* its parent may be gone already */
	file_write_all(out, "begun", 5);
	poll(&(struct pollfd){in, POLLIN, 0}, 1, PATIENCE); /* ends with its parent */
	poll(NULL, 0, 200);
	file_write_all(STDERR_FILENO, "alive", 5);
}

/* Starts a child of its own, which has the role, and ends when that has begun. */
static void be_parent(const void *context, int in, int out)
{
	struct child child;

	(void)in;
	dup2(out, STDERR_FILENO);
	child_start(&child, context, outlive, NULL);
	poll(&(struct pollfd){child.from, POLLIN, 0}, 1, PATIENCE);
}

static pid_t hasty_parent;

static void wait_for_its_end(void)
{
	while (getppid() == hasty_parent)
		poll(NULL, 0, 1);
}

/* Ends before its child has come to ask the kernel for anything. */
static void be_hasty_parent(const void *context, int in, int out)
{
	struct child child;

	(void)in;
	dup2(out, STDERR_FILENO);
	hasty_parent = getpid();
	pthread_atfork(NULL, NULL, wait_for_its_end);
	child_start(&child, context, outlive, NULL);
}

static void test_it_ends_with_its_parent_unless_it_is_detached(void **state)
{
	static const struct child_role detached = {.detached = true};
	char said[64];

	(void)state;
	run_child(&unlimited, be_parent, &unlimited, said, sizeof said);
	assert_string_equal(said, "");
	run_child(&unlimited, be_hasty_parent, &unlimited, said, sizeof said);
	assert_string_equal(said, "");
	run_child(&unlimited, be_parent, &detached, said, sizeof said);
	assert_string_equal(said, "alive");
}

static void test_without_a_process_there_is_an_error(void **state)
{
	struct rlimit before, none;
	struct child child;
	bool started;
	int reason;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){3, before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	started = child_start(&child, &unlimited, echo, NULL);
	reason = errno;
	setrlimit(RLIMIT_NOFILE, &before);
	assert_false(started);
	assert_int_equal(reason, EMFILE);
	assert_int_equal(child.process, 0);
}

/* ---- what a fork server forks ---- */

struct given {
	const char *place; /* which was there when the server was started */
	char text[];
};

static void say_given(const void *context, int in, int out)
{
	const struct given *given = context;

	(void)in;
	dprintf(out, "%s %zu", given->place, strlen(given->text));
}

/* More than a pipe takes at once. */
static void test_what_a_fork_server_forks_knows_what_was_there_and_what_it_is_given(void **state)
{
	enum { TEXT = 200000 };
	static char place[] = "before";
	struct buffer given = {0};
	struct fork_server server;
	struct child child;
	char said[64];

	(void)state;
	fork_server_start(&server);
	strcpy(place, "later");
	buffer_add(&given, &(struct given){place}, sizeof(struct given));
	for (size_t i = 0; i < TEXT; i++)
		buffer_byte(&given, 'x');
	buffer_byte(&given, '\0');
	assert_true(fork_server_fork_given(&server, &child, &unlimited, say_given, &given));
	assert_int_equal(hear(&child, said, sizeof said).fate, CHILD_EXITED);
	assert_string_equal(said, "before 200000");
	buffer_release(&given);
	fork_server_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_one_writes_the_other_reads),
		cmocka_unit_test(test_only_its_own_descriptors_are_open),
		cmocka_unit_test(test_one_more_is_open_where_the_role_names_it),
		cmocka_unit_test(test_signals_have_their_default_meaning),
		cmocka_unit_test(test_only_a_detached_child_has_a_session_of_its_own),
		cmocka_unit_test(test_processor_time_is_limited),
		cmocka_unit_test(test_memory_is_limited),
		cmocka_unit_test(test_files_are_limited),
		cmocka_unit_test(test_its_exit_status_is_told),
		cmocka_unit_test(test_its_exit_status_is_told_where_children_were_ignored),
		cmocka_unit_test(test_it_is_killed_at_its_deadline),
		cmocka_unit_test(test_its_time_may_begin_again),
		cmocka_unit_test(test_a_detached_child_is_stopped_with_its_group),
		cmocka_unit_test(test_it_ends_with_its_parent_unless_it_is_detached),
		cmocka_unit_test(test_without_a_process_there_is_an_error),
		cmocka_unit_test(
			test_what_a_fork_server_forks_knows_what_was_there_and_what_it_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
