/* SPDX-License-Identifier: ISC
 *
 * The program is a shell script that writes down how it was called.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/config.h"
#include "servers/mail.h"
#include "tell/attempt.h"
#include "tell/launcher.h"

static const char message[] = "Subject: x\r\nTo: ops@example.com\r\n\r\n.\r\nbody\r\n";

static struct {
	char folder[64];
	char *program;
} fixture;

static void write_program(const char *body)
{
	char *text = memory_format("#!/bin/sh\ncd %s\n%s\n", fixture.folder, body);

	assert_true(file_write(fixture.program, text, strlen(text), 0755, NULL));
	free(text);
}

static char *read_file(const char *name)
{
	struct buffer text = {0};
	char *path = file_join(fixture.folder, name);

	if (!file_absent(path))
		assert_true(file_read(path, &text, NULL));
	free(path);
	return buffer_take(&text);
}

static struct attempt send_message(const char *recipient, const char *bytes, size_t length)
{
	struct route_config route = {
		.name = (char[]){"local"}, .type = ROUTE_SENDMAIL, .program = fixture.program};
	struct config config = {.routes = &route, .route_count = 1};
	struct mail mail = {"lampwatch@example.org", recipient, bytes, length, NULL};
	struct launcher *launcher = launcher_new(&config);
	struct attempt attempt = {0};

	route.launcher = launcher;
	mail_send(sendmail_send, &route, &mail, &attempt);
	launcher_free(launcher);
	return attempt;
}

static struct attempt send_simple(const char *program)
{
	write_program(program);
	return send_message("ops@example.com", message, sizeof message - 1);
}

static void assert_file(const char *name, const char *expected)
{
	char *text = read_file(name);

	assert_string_equal(text, expected);
	free(text);
}

static void test_program_gets_envelope_and_message_with_lf(void **state)
{
	struct attempt attempt = send_simple("printf '%s\\n' \"$@\" > arguments; cat > mail");

	(void)state;
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	assert_file("arguments", "-i\n-f\nlampwatch@example.org\n--\nops@example.com\n");
	assert_file("mail", "Subject: x\nTo: ops@example.com\n\n.\nbody\n");
}

static void test_recipient_is_neither_option_nor_shell(void **state)
{
	struct attempt attempt;

	(void)state;
	write_program("printf '%s\\n' \"$@\" > arguments; cat > mail");
	attempt = send_message("-oQ/tmp`id`$HOME*@example.com", message, sizeof message - 1);
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	assert_file(
		"arguments", "-i\n-f\nlampwatch@example.org\n--\n-oQ/tmp`id`$HOME*@example.com\n");
}

static void test_program_inherits_neither_descriptors_nor_environment(void **state)
{
	int open_file = open("/dev/null", O_RDONLY);
	char *environment;

	(void)state;
	setenv("SECRET_OF_OURS", "sesame", 1);
	send_simple("ls /proc/self/fd > descriptors; env > environment; cat > mail");
	/* The last is ls reading the folder. */
	assert_file("descriptors", "0\n1\n2\n3\n");
	environment = read_file("environment");
	assert_null(strstr(environment, "sesame"));
	assert_non_null(strstr(environment, "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
	free(environment);
	close(open_file);
}

static void test_exit_statuses_mean_what_sysexits_says(void **state)
{
	static const struct {
		const char *program;
		enum outcome outcome;
		int code;
		const char *words;
	} rows[] = {
		{"cat > /dev/null; exit 0", OUTCOME_DELIVERED, 0, "queued"},
		{"cat > /dev/null; exit 75", OUTCOME_TEMPORARY, 75, "try again later"},
		{"exit 75", OUTCOME_TEMPORARY, 75, "try again later"},
		{"exit 67", OUTCOME_RECEIVER, 67, "no such user"},
		{"exit 68", OUTCOME_RECEIVER, 68, "no such host"},
		{"exit 69", OUTCOME_TEMPORARY, 69, "unavailable"},
		{"exit 64", OUTCOME_ROUTE, 64, "usage"},
		{"exit 77", OUTCOME_ROUTE, 77, "permission denied"},
		{"exit 78", OUTCOME_ROUTE, 78, "configuration"},
		{"exit 1", OUTCOME_ROUTE, 1, "exit status 1"},
		{"kill -9 $$", OUTCOME_TEMPORARY, 0, "signal 9"},
		{"echo 'no <ops@example.com> here'; exit 67", OUTCOME_RECEIVER, 67,
			"no <[recipient]> here"},
		{"printf 'a\\033[31m\\nb\\377' >&2; exit 75", OUTCOME_TEMPORARY, 75,
			"a\\u{1B}[31m b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct attempt attempt = send_simple(rows[i].program);

		assert_string_equal(outcome_name(attempt.outcome), outcome_name(rows[i].outcome));
		assert_int_equal(attempt.code, rows[i].code);
		if (strstr(attempt.text, rows[i].words) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", rows[i].words, attempt.text);
	}
}

static void test_missing_program_is_the_route(void **state)
{
	struct attempt attempt;

	(void)state;
	unlink(fixture.program);
	attempt = send_message("ops@example.com", message, sizeof message - 1);
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	assert_non_null(strstr(attempt.text, "cannot be started"));
}

static void test_program_that_prints_without_end_does_not_block(void **state)
{
	struct attempt attempt =
		send_simple("head -c 1000000 /dev/zero | tr '\\0' x; cat > /dev/null; exit 75");

	(void)state;
	assert_int_equal(attempt.outcome, OUTCOME_TEMPORARY);
	assert_int_equal(attempt.code, 75);
}

static void test_process_left_behind_with_our_pipes_does_not_hold_us(void **state)
{
	time_t began = time(NULL);
	struct attempt attempt = send_simple("cat > /dev/null; sleep 20 & exit 0");

	(void)state;
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	assert_in_range(time(NULL) - began, 0, 5);
}

static void test_large_message_arrives_whole(void **state)
{
	struct buffer bytes = {0};
	struct attempt attempt;
	char *mail;

	(void)state;
	while (bytes.length < 1000000)
		buffer_text(&bytes, "a line of a large message, far beyond what a pipe holds\r\n");
	write_program("cat > mail; sleep 0.1");
	attempt = send_message("ops@example.com", bytes.data, bytes.length);
	assert_int_equal(attempt.outcome, OUTCOME_DELIVERED);
	mail = read_file("mail");
	assert_int_equal(strlen(mail), bytes.length / 57 * 56);
	free(mail);
	buffer_release(&bytes);
}

static void test_message_that_was_not_read_to_its_end_is_not_delivered(void **state)
{
	struct buffer bytes = {0};
	struct attempt attempt;

	(void)state;
	while (bytes.length < 1000000)
		buffer_text(&bytes, "a line of a large message, far beyond what a pipe holds\r\n");
	write_program("head -c 100 > mail; exit 0");
	attempt = send_message("ops@example.com", bytes.data, bytes.length);
	assert_string_equal(outcome_name(attempt.outcome), "temporary");
	assert_non_null(strstr(attempt.text, "has not read the whole message"));
	buffer_release(&bytes);
}

static void test_bad_message_is_not_handed_over(void **state)
{
	struct attempt attempt;

	(void)state;
	write_program("cat > bad");
	attempt = send_message("ops@example.com", "a\nb\r\n", 5);
	assert_int_equal(attempt.outcome, OUTCOME_ROUTE);
	attempt = send_message("ops@example.com\n", message, sizeof message - 1);
	assert_int_equal(attempt.outcome, OUTCOME_RECEIVER);
	assert_file("bad", "");
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(fixture.folder, sizeof fixture.folder, "/tmp/lampwatch-sendmail-XXXXXX");
	if (mkdtemp(fixture.folder) == NULL)
		return -1;
	fixture.program = file_join(fixture.folder, "sendmail");
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	file_remove_tree(fixture.folder, NULL);
	free(fixture.program);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program_gets_envelope_and_message_with_lf),
		cmocka_unit_test(test_recipient_is_neither_option_nor_shell),
		cmocka_unit_test(test_program_inherits_neither_descriptors_nor_environment),
		cmocka_unit_test(test_exit_statuses_mean_what_sysexits_says),
		cmocka_unit_test(test_missing_program_is_the_route),
		cmocka_unit_test(test_program_that_prints_without_end_does_not_block),
		cmocka_unit_test(test_process_left_behind_with_our_pipes_does_not_hold_us),
		cmocka_unit_test(test_large_message_arrives_whole),
		cmocka_unit_test(test_message_that_was_not_read_to_its_end_is_not_delivered),
		cmocka_unit_test(test_bad_message_is_not_handed_over),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
