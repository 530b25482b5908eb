/* SPDX-License-Identifier: ISC
 *
 * The command is a shell script, which counts how often it runs.
 */
#include "tell/route_token.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/launcher.h"

enum { SESSIONS = 4 };

static struct {
	char folder[64];
	char *program, *runs, *token;
	char *arguments[2];
	char *other_arguments[1];
	struct route_config routes[2];
	struct config config;
	struct launcher *launcher;
	struct route_tokens *tokens; /* the last, which sessions hold, too */
} fixture;

static void write_program(const char *body)
{
	char *text = memory_format("#!/bin/sh\necho run >> %s\n%s\n", fixture.runs, body);

	assert_true(file_write(fixture.program, text, strlen(text), 0755, NULL));
	free(text);
	unlink(fixture.runs);
}

static size_t count_runs(void)
{
	struct buffer text = {0};
	size_t length;

	if (!file_absent(fixture.runs))
		assert_true(file_read(fixture.runs, &text, NULL));
	length = text.length;
	buffer_release(&text);
	return length / strlen("run\n");
}

/* The token, or "! " and why there is none. Owned by the caller. */
static struct route_tokens *begin(void)
{
	fixture.launcher = launcher_new(&fixture.config);
	fixture.tokens = route_tokens_new(&fixture.config, fixture.launcher);
	return fixture.tokens;
}

static void end(struct route_tokens *tokens)
{
	route_tokens_free(tokens);
	launcher_free(fixture.launcher);
	fixture.launcher = NULL;
}

static char *take(struct route_tokens *tokens)
{
	struct route_config route = fixture.routes[0];
	struct error error;

	if (route_token_take(tokens, &route, &error))
		return route.token;
	assert_null(route.token);
	return memory_format("! %s", error.text);
}

/* What a session does: its exit status says whether that is what it took. */
_Noreturn static void take_and_end(struct route_tokens *tokens, const char *expected)
{
	char *text = take(tokens);
	bool right = strcmp(text, expected) == 0;

	free(text);
	_exit(!right);
}

static void assert_taken(struct route_tokens *tokens, const char *expected)
{
	char *text = take(tokens);

	if (expected[0] == '!' && strstr(text, expected + 2) != NULL && text[0] == '!')
		text[0] = '!';
	else
		assert_string_equal(text, expected);
	free(text);
}

static void assert_command(const char *body, const char *expected)
{
	struct route_tokens *tokens = begin();

	write_program(body);
	assert_taken(tokens, expected);
	assert_taken(tokens, expected);
	assert_int_equal(count_runs(), 1);
	end(tokens);
}

static void test_command_prints_the_token(void **state)
{
	(void)state;
	assert_command("echo \"$1-token\"", "first-token");
	assert_command("printf 'no newline'; exit 0", "! prints no token");
	assert_command("printf no-newline", "no-newline");
	assert_command("printf 'with-cr\\r\\n'", "with-cr");
	assert_command("echo '{\"access_token\": \"from.json\", \"token_type\": \"Bearer\"}'",
		"from.json");
	assert_command(
		"echo '{\"access_token\": \"from.json\", \"expires_in\": 3600}'", "from.json");
}

static void test_failure_of_the_command_is_one_line_that_names_it(void **state)
{
	(void)state;
	assert_command("echo hunter2; echo hunter3 >&2; exit 3", "! exit status 3");
	assert_command("true", "! prints no token");
	assert_command("echo one; echo two", "! prints no token");
	assert_command("echo '{\"error\": \"invalid_grant\"}'", "! prints no token");
	assert_command("echo '{\"access_token\": \"two words\"}'", "! prints no token");
	assert_command("head -c 16384 /dev/zero | tr '\\0' x; echo", "! more than 16384 bytes");
	assert_command("kill -9 $$", "! ended by signal 9");
}

static void test_failure_repeats_nothing_that_the_command_says(void **state)
{
	struct route_tokens *tokens = begin();
	char *text;

	(void)state;
	write_program("echo hunter2; echo hunter3 >&2; exit 3");
	text = take(tokens);
	assert_null(strstr(text, "hunter"));
	assert_non_null(strstr(text, fixture.program));
	assert_null(strchr(text, '\n'));
	free(text);
	end(tokens);
}

static void test_command_that_hangs_ends_after_its_time_with_all_that_it_began(void **state)
{
	time_t began = time(NULL);
	struct route_tokens *tokens = begin();
	char *mark = file_join(fixture.folder, "still-there");

	(void)state;
	write_program("(sleep 13; echo > still-there) & sleep 600");
	assert_int_equal(chdir(fixture.folder), 0);
	assert_taken(tokens, "! did not end within 10 s");
	assert_in_range(time(NULL) - began, 9, 25);
	sleep(4);
	assert_true(file_absent(mark));
	end(tokens);
	free(mark);
}

static void test_process_left_behind_does_not_hold_us(void **state)
{
	time_t began = time(NULL);

	(void)state;
	assert_command("sleep 60 & echo token", "token");
	assert_in_range(time(NULL) - began, 0, 8);
}

static void test_command_runs_once_for_all_sessions(void **state)
{
	struct route_tokens *tokens = begin();

	(void)state;
	write_program("sleep 0.3; echo shared-token");
	for (int i = 0; i < SESSIONS; i++)
		if (fork() == 0)
			take_and_end(tokens, "shared-token");
	for (int i = 0; i < SESSIONS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_taken(tokens, "shared-token");
	assert_int_equal(count_runs(), 1);
	end(tokens);
}

/* A session that is killed while it waits for the command leaves that to the next. */
static void test_session_that_dies_holds_nobody(void **state)
{
	struct route_tokens *tokens = begin();
	pid_t session;

	(void)state;
	write_program("[ -e again ] || sleep 3; echo token");
	assert_int_equal(chdir(fixture.folder), 0);
	session = fork();
	if (session == 0)
		take_and_end(tokens, "token");
	while (count_runs() == 0)
		usleep(10000);
	kill(session, SIGKILL);
	waitpid(session, NULL, 0);
	assert_true(file_write("again", "", 0, 0600, NULL));
	assert_taken(tokens, "token");
	unlink("again");
	end(tokens);
}

static void test_token_that_has_expired_is_asked_for_again(void **state)
{
	struct route_tokens *tokens = begin();

	(void)state;
	write_program("echo '{\"access_token\": \"short\", \"expires_in\": 30}'");
	assert_taken(tokens, "short");
	assert_taken(tokens, "short");
	assert_int_equal(count_runs(), 2);
	end(tokens);
}

static void test_file_is_read_at_each_attempt(void **state)
{
	struct route_tokens *tokens = begin();
	struct route_config route = fixture.routes[0];

	(void)state;
	fixture.routes[0].token_command.count = 0;
	fixture.routes[0].token_file = fixture.token;
	assert_taken(tokens, "! No such file");
	assert_true(file_write(fixture.token, "one\n", 4, 0600, NULL));
	assert_taken(tokens, "one");
	assert_true(file_write(fixture.token, "two\r\n", 5, 0600, NULL));
	assert_taken(tokens, "two");
	assert_true(file_write(fixture.token, "a b\n", 4, 0600, NULL));
	assert_taken(tokens, "! holds no token");
	assert_int_equal(chmod(fixture.token, 0644), 0);
	assert_taken(tokens, "! chmod 600");
	fixture.routes[0] = route;
	end(tokens);
}

static void test_route_without_a_token_needs_none(void **state)
{
	struct route_tokens *tokens = begin();
	struct route_config route = {.name = (char[]){"plain"}};
	struct error error;

	(void)state;
	assert_true(route_token_take(tokens, &route, &error));
	assert_null(route.token);
	end(tokens);
}

static int make_folder(void **state)
{
	static char name[] = "office", other_name[] = "other", user[] = "alerts", word[] = "first";
	static char true_program[] = "/bin/true";

	(void)state;
	snprintf(fixture.folder, sizeof fixture.folder, "/tmp/lampwatch-token-XXXXXX");
	if (mkdtemp(fixture.folder) == NULL)
		return -1;
	fixture.program = file_join(fixture.folder, "issue");
	fixture.runs = file_join(fixture.folder, "runs");
	fixture.token = file_join(fixture.folder, "token");
	fixture.arguments[0] = fixture.program;
	fixture.arguments[1] = word;
	fixture.other_arguments[0] = true_program;
	fixture.routes[0] = (struct route_config){
		.name = name, .user = user, .token_command = {fixture.arguments, 2}};
	fixture.routes[1] = (struct route_config){
		.name = other_name, .user = user, .token_command = {fixture.other_arguments, 1}};
	fixture.config = (struct config){.routes = fixture.routes, .route_count = 2};
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	file_remove_tree(fixture.folder, NULL);
	free(fixture.program);
	free(fixture.runs);
	free(fixture.token);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command_prints_the_token),
		cmocka_unit_test(test_failure_of_the_command_is_one_line_that_names_it),
		cmocka_unit_test(test_failure_repeats_nothing_that_the_command_says),
		cmocka_unit_test(
			test_command_that_hangs_ends_after_its_time_with_all_that_it_began),
		cmocka_unit_test(test_process_left_behind_does_not_hold_us),
		cmocka_unit_test(test_command_runs_once_for_all_sessions),
		cmocka_unit_test(test_session_that_dies_holds_nobody),
		cmocka_unit_test(test_token_that_has_expired_is_asked_for_again),
		cmocka_unit_test(test_file_is_read_at_each_attempt),
		cmocka_unit_test(test_route_without_a_token_needs_none),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
