/* SPDX-License-Identifier: ISC
 *
 * The launcher, asked as it is meant to be, and by one who means no good.
 */
#include "tell/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "tell/attempt.h"

enum { PATIENCE = 10000 /* milliseconds */ };

static char program[96];
static char relay[] = "relay", local[] = "local", other[] = "other";
static struct route_config routes[] = {
	{.name = relay, .type = ROUTE_SMTP},
	{.name = local, .type = ROUTE_SENDMAIL, .program = program},
	{.name = other, .type = ROUTE_SENDMAIL, .program = program},
};
static char chat[] = "chat", modem[] = "modem", option[] = "-n", shell[] = "$(id)";
static char *words[] = {program, option, shell};
static struct webhook_config webhooks[] = {
	{.name = chat},
	{.name = modem, .command = {words, 3}},
};
static struct config config = {
	.routes = routes, .route_count = 3, .webhooks = webhooks, .webhook_count = 2};
static char folder[64];

static void write_program(const char *body)
{
	char *text = memory_format("#!/bin/sh\ncd %s\n%s\n", folder, body);

	assert_true(file_write(program, text, strlen(text), 0755, NULL));
	free(text);
}

static bool is_there(const char *name)
{
	char *path = file_join(folder, name);
	bool there = !file_absent(path);

	free(path);
	return there;
}

static const struct launch mail = {.type = LAUNCH_MAIL,
	.name = local,
	.sender = "lampwatch@example.org",
	.recipient = "ops@example.com",
	.bytes = "Subject: x\n",
	.length = 11};

static const struct launch command = {.type = LAUNCH_COMMAND,
	.name = modem,
	.id = "r.1-2",
	.page = "example",
	.event = "red",
	.colour = "red",
	.attempt = 7,
	.bytes = "{\"a\": 1}\n",
	.length = 9};

static struct launched run(const struct launcher *launcher, const struct launch *launch)
{
	static struct launched launched;

	launcher_run(launcher, launch, &launched);
	return launched;
}

/* ---- as it is meant to be ---- */

static void test_there_is_none_where_nothing_is_to_be_started(void **state)
{
	struct config plain = {.routes = routes, .route_count = 1};

	(void)state;
	assert_null(launcher_new(&plain));
	launcher_free(NULL);
}

static void test_it_says_how_a_program_ended_and_what_it_printed(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	struct launched launched;

	(void)state;
	write_program("cat > got; echo said; echo and >&2; exit 3");
	launched = run(launcher, &mail);
	assert_int_equal(launched.result, LAUNCH_ENDED);
	assert_int_equal(launched.end.fate, CHILD_EXITED);
	assert_int_equal(launched.end.code, 3);
	assert_string_equal(launched.output, "said\nand\n");
	assert_false(launched.unread);
	launcher_free(launcher);
}

static void test_a_program_has_its_own_session_and_no_core(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	struct launched launched;
	int leader, session, self;

	(void)state;
	write_program("cat > /dev/null; cut -d ' ' -f 1,6 < /proc/$$/stat; echo $$; ulimit -c");
	launched = run(launcher, &mail);
	assert_int_equal(sscanf(launched.output, "%d %d %d 0", &leader, &session, &self), 3);
	assert_int_equal(leader, self);
	assert_int_equal(session, self);
	launcher_free(launcher);
}

/* A sendmail program has to gain the group of its queue; what prints a token need not. */
static void test_privileges_are_gained_only_beside_a_sendmail_route(void **state)
{
	char *list[] = {program};
	struct route_config route = {.name = local, .type = ROUTE_SMTP, .token_command = {list, 1}};
	struct config tokens = {.routes = &route, .route_count = 1};
	const struct launch token = {.type = LAUNCH_TOKEN, .name = local};
	struct launcher *launcher = launcher_new(&config);

	(void)state;
	write_program("grep NoNewPrivs /proc/self/status");
	assert_string_equal(run(launcher, &mail).output, "NoNewPrivs:\t0\n");
	launcher_free(launcher);
	launcher = launcher_new(&tokens);
	assert_string_equal(run(launcher, &token).output, "NoNewPrivs:\t1\n");
	launcher_free(launcher);
}

/* Also beside one. */
static void test_a_command_gains_none(void **state)
{
	struct launcher *launcher = launcher_new(&config);

	(void)state;
	write_program("grep NoNewPrivs /proc/self/status");
	assert_string_equal(run(launcher, &command).output, "NoNewPrivs:\t1\n");
	launcher_free(launcher);
}

static void test_a_command_gets_its_arguments_and_our_words(void **state)
{
	struct launcher *launcher = launcher_new(&config);

	(void)state;
	setenv("SECRET_OF_OURS", "sesame", 1);
	write_program("env -u PWD -u OLDPWD -u SHLVL -u _ env | sort; cat; printf '<%s>' \"$@\"");
	assert_string_equal(run(launcher, &command).output,
		"LAMPWATCH_ATTEMPT=7\nLAMPWATCH_COLOUR=red\nLAMPWATCH_EVENT=red\n"
		"LAMPWATCH_ID=r.1-2\nLAMPWATCH_PAGE=example\nLC_ALL=C\n"
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin\n{\"a\": 1}\n<-n><$(id)>");
	launcher_free(launcher);
}

static void test_a_command_need_not_read(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	struct launch launch = command;
	char *bytes = memory_zero(1, 1 << 20);

	(void)state;
	launch.bytes = bytes;
	launch.length = 1 << 20;
	write_program("exec <&-; sleep 0.1; exit 4");
	for (int i = 0; i < 20; i++) {
		struct launched launched = run(launcher, &launch);

		assert_int_equal(launched.result, LAUNCH_ENDED);
		assert_int_equal(launched.end.code, 4);
	}
	free(bytes);
	launcher_free(launcher);
}

/* A zombie does not, which stays one where no init(8) waits for it. */
static bool goes_on(int process)
{
	char *path = memory_format("/proc/%d/stat", process), state = 'Z';
	FILE *file = fopen(path, "re");

	if (file != NULL) {
		if (fscanf(file, "%*d %*s %c", &state) != 1)
			state = 'Z';
		fclose(file);
	}
	free(path);
	return state != 'Z';
}

static bool ends(int process)
{
	for (int i = 0; i < 200 && goes_on(process); i++)
		usleep(20000);
	return !goes_on(process);
}

/* What it leaves running would hold our pipes, and be nobody's. */
static void test_what_a_command_leaves_running_ends_with_it(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	int left;

	(void)state;
	write_program("cat > /dev/null; sleep 60 & echo $!");
	assert_int_equal(sscanf(run(launcher, &command).output, "%d", &left), 1);
	assert_true(ends(left));
	launcher_free(launcher);
}

/* As daemons are made: two forks, and a session of its own. */
static void test_also_what_has_begun_a_session_of_its_own(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	struct launched launched;
	int left;

	(void)state;
	write_program("cat > /dev/null; (setsid sh -c 'echo $$ > left; exec sleep 60' "
		      "> /dev/null 2>&1 < /dev/null &); until test -s left; do sleep 0.01; done; "
		      "cat left; exit 5");
	launched = run(launcher, &command);
	assert_int_equal(launched.end.fate, CHILD_EXITED);
	assert_int_equal(launched.end.code, 5);
	assert_int_equal(sscanf(launched.output, "%d", &left), 1);
	assert_true(ends(left));
	launcher_free(launcher);
}

/* A script's usual way to end what it began, which reaches all of its process group. */
static void test_a_command_may_signal_its_own_group(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	struct launched launched;

	(void)state;
	write_program("cat > /dev/null; trap '' TERM; sleep 60 & kill 0; exit 7");
	launched = run(launcher, &command);
	assert_int_equal(launched.end.fate, CHILD_EXITED);
	assert_int_equal(launched.end.code, 7);
	launcher_free(launcher);
}

/* Two that wait for each other: neither would end if they ran one after the other. */
static void test_several_run_at_once(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	pid_t first;
	int status;

	(void)state;
	write_program(
		"cat > /dev/null; echo > $5; for i in $(seq 100); do\n"
		"[ -e a@example.com ] && [ -e b@example.com ] && exit 0; sleep 0.05; done; exit 1");
	first = fork();
	if (first == 0) {
		struct launch launch = mail;

		launch.recipient = "a@example.com";
		_exit(run(launcher, &launch).end.code);
	}
	{
		struct launch launch = mail;

		launch.name = other;
		launch.recipient = "b@example.com";
		assert_int_equal(run(launcher, &launch).end.code, 0);
	}
	assert_int_equal(waitpid(first, &status, 0), first);
	assert_int_equal(status, 0);
	launcher_free(launcher);
}

/* More than run at once: the others' turn comes. */
static void test_who_asks_beyond_its_limit_waits(void **state)
{
	enum { ASKERS = LAUNCHER_PROGRAMS + 8 };
	static struct launcher *launcher; /* which an asker still holds at its end */
	pid_t askers[ASKERS];
	int status;

	(void)state;
	launcher = launcher_new(&config);
	write_program("cat > /dev/null; sleep 0.2");
	for (int i = 0; i < ASKERS; i++)
		if ((askers[i] = fork()) == 0) {
			struct launched launched = run(launcher, &mail);

			_exit(launched.result != LAUNCH_ENDED || launched.end.code != 0);
		}
	for (int i = 0; i < ASKERS; i++) {
		assert_int_equal(waitpid(askers[i], &status, 0), askers[i]);
		assert_int_equal(status, 0);
	}
	launcher_free(launcher);
}

/* The mail may be in its queue already. */
static void test_a_program_goes_on_when_nobody_is_left(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	pid_t asker;

	(void)state;
	write_program("cat > /dev/null; echo > begun; sleep 1; echo > finished");
	asker = fork();
	if (asker == 0) {
		run(launcher, &mail);
		_exit(0);
	}
	for (int i = 0; i < 200 && !is_there("begun"); i++)
		usleep(20000);
	kill(asker, SIGKILL);
	waitpid(asker, NULL, 0);
	launcher_free(launcher);
	assert_false(is_there("finished"));
	for (int i = 0; i < 200 && !is_there("finished"); i++)
		usleep(20000);
	assert_true(is_there("finished"));
}

static void test_it_ends_with_the_last_who_could_ask(void **state)
{
	struct launcher *launcher, last;
	pid_t ended = 0;

	(void)state;
	while (waitpid(-1, NULL, WNOHANG) > 0) /* those of the tests before */
		;
	launcher = launcher_new(&config);
	last = (struct launcher){.socket = dup(launcher->socket)};
	launcher_free(launcher);
	write_program("cat > /dev/null; exit 7");
	assert_int_equal(run(&last, &mail).end.code, 7);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	close(last.socket);
	for (int64_t until = clock_milliseconds() + PATIENCE;
		ended == 0 && clock_milliseconds() < until;)
		ended = waitpid(-1, NULL, WNOHANG);
	assert_true(ended > 0);
}

/* ---- what its end means ---- */

static struct attempt conclude(enum launch_result result, enum child_fate fate, int code)
{
	static struct launched launched;
	struct attempt attempt = {0};

	launched = (struct launched){.result = result,
		.number = ENOMEM,
		.end = {.fate = fate, .code = code, .reason = "it ended"},
		.output = "no\nsignal",
		.unread = true};
	launched_conclude(&launched, LAUNCH_COMMAND, "/bin/sms", "accepted", &attempt);
	return attempt;
}

static void test_the_exit_statuses_of_a_command(void **state)
{
	static const struct {
		int status;
		enum outcome outcome;
		const char *text;
	} rows[] = {
		{0, OUTCOME_DELIVERED, "/bin/sms: it ended: accepted: no signal"},
		{1, OUTCOME_ROUTE, "/bin/sms: it ended: no signal"},
		{64, OUTCOME_ROUTE, "/bin/sms: it ended: wrong usage: no signal"},
		{67, OUTCOME_RECEIVER, "/bin/sms: it ended: no such user: no signal"},
		{68, OUTCOME_TEMPORARY, "/bin/sms: it ended: no such host: no signal"},
		{69, OUTCOME_TEMPORARY, "/bin/sms: it ended: service unavailable: no signal"},
		{75, OUTCOME_TEMPORARY, "/bin/sms: it ended: try again later: no signal"},
		{78, OUTCOME_ROUTE, "/bin/sms: it ended: its configuration is wrong: no signal"},
		{127, OUTCOME_ROUTE, "/bin/sms: it ended: it cannot be started: no signal"},
		{255, OUTCOME_ROUTE, "/bin/sms: it ended: no signal"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct attempt attempt = conclude(LAUNCH_ENDED, CHILD_EXITED, rows[i].status);

		assert_string_equal(attempt.text, rows[i].text);
		assert_int_equal(attempt.outcome, rows[i].outcome);
		assert_int_equal(attempt.code, rows[i].status);
	}
}

static void test_what_no_exit_status_says_is_for_later(void **state)
{
	struct attempt impossible = conclude(LAUNCH_IMPOSSIBLE, CHILD_EXITED, 0);

	(void)state;
	assert_int_equal(conclude(LAUNCH_ENDED, CHILD_LATE, 0).outcome, OUTCOME_TEMPORARY);
	assert_int_equal(conclude(LAUNCH_ENDED, CHILD_SIGNALLED, 9).outcome, OUTCOME_TEMPORARY);
	assert_int_equal(conclude(LAUNCH_UNFED, CHILD_EXITED, 0).outcome, OUTCOME_TEMPORARY);
	assert_int_equal(conclude(LAUNCH_LOST, CHILD_EXITED, 0).outcome, OUTCOME_UNKNOWN);
	assert_int_equal(impossible.outcome, OUTCOME_TEMPORARY);
	assert_int_equal(impossible.local, ENOMEM);
}

/* ---- as it is not ---- */

/* The launcher's message, as launcher.c has it. */
struct request {
	int type;
	char name[65], sender[255], recipient[255], id[255], page[65], event[32], colour[32];
	int64_t attempt;
};

static int sealed(const char *text)
{
	int file = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	return file;
}

/* What comes back, in bytes; 0: nothing, and nobody will answer. */
static ssize_t ask(const struct launcher *launcher, const void *bytes, size_t length,
	const int *descriptors, size_t count)
{
	int ends[2], sent[8];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof sent)] = {0};
	struct iovec place = {(void *)bytes, length};
	struct msghdr message = {.msg_iov = &place,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE((count + 1) * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	static struct launched launched;
	struct pollfd look;
	ssize_t got;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	sent[0] = ends[1];
	if (count > 0)
		memcpy(sent + 1, descriptors, count * sizeof(int));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN((count + 1) * sizeof(int));
	memcpy(CMSG_DATA(header), sent, (count + 1) * sizeof(int));
	assert_int_equal(sendmsg(launcher->socket, &message, 0), length);
	close(ends[1]);
	look = (struct pollfd){ends[0], POLLIN, 0};
	assert_int_equal(poll(&look, 1, PATIENCE), 1);
	got = recv(ends[0], &launched, sizeof launched, MSG_DONTWAIT);
	close(ends[0]);
	return got;
}

static void test_only_what_the_configuration_names_is_started(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	const struct request good = {.type = LAUNCH_MAIL,
		.name = "local",
		.sender = "lampwatch@example.org",
		.recipient = "ops@example.com"};
	struct request bad[9];
	int message = sealed("Subject: x\n"), plain = memfd_create("plain", MFD_CLOEXEC);
	int many[] = {message, message, message, message};

	(void)state;
	write_program("cat > /dev/null; echo run >> runs");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		bad[i] = good;
	bad[0].type = 3;
	bad[1].type = -1;
	bad[2].type = LAUNCH_TOKEN; /* which that route does not have */
	strcpy(bad[3].name, "relay");
	strcpy(bad[4].name, "/bin/sh");
	memset(bad[5].name, 'a', sizeof bad[5].name); /* no end */
	strcpy(bad[6].sender, "-bd");
	strcpy(bad[7].recipient, "a@example.com\n-X/tmp/x");
	memset(bad[8].recipient, 'a', sizeof bad[8].recipient);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ask(launcher, &bad[i], sizeof bad[i], &message, 1), 0);
	assert_int_equal(ask(launcher, &good, sizeof good - 1, &message, 1), 0);
	assert_int_equal(ask(launcher, "", 0, &message, 1), 0);
	assert_int_equal(ask(launcher, &good, sizeof good, NULL, 0), 0);
	assert_int_equal(ask(launcher, &good, sizeof good, many, 4), 0);
	assert_int_equal(ask(launcher, &good, sizeof good, &plain, 1), 0); /* not sealed */
	assert_false(is_there("runs"));
	assert_true(ask(launcher, &good, sizeof good, &message, 1) > 0);
	assert_true(is_there("runs"));
	close(message);
	close(plain);
	launcher_free(launcher);
}

/* Who asks for a command has a few words, which can be no text of a page and no other variable. */
static void test_a_command_is_told_nothing_but_words(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	const struct request good = {.type = LAUNCH_COMMAND,
		.name = "modem",
		.id = "r.1",
		.page = "example",
		.event = "red",
		.colour = "red"};
	struct request bad[8];
	int message = sealed("{}");

	(void)state;
	write_program("cat > /dev/null; echo run >> runs");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		bad[i] = good;
	strcpy(bad[0].name, "chat"); /* which has a URL */
	strcpy(bad[1].name, "local");
	strcpy(bad[2].event, "red\nA=b");
	strcpy(bad[3].event, "`id`");
	strcpy(bad[4].colour, "Red alert");
	strcpy(bad[5].page, "Mail is down");
	strcpy(bad[6].id, "a b");
	memset(bad[7].colour, 'a', sizeof bad[7].colour);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ask(launcher, &bad[i], sizeof bad[i], &message, 1), 0);
	assert_int_equal(ask(launcher, &good, sizeof good, NULL, 0), 0);
	assert_false(is_there("runs"));
	assert_true(ask(launcher, &good, sizeof good, &message, 1) > 0);
	assert_true(is_there("runs"));
	close(message);
	launcher_free(launcher);
}

/* A message without bytes looks like the end. */
static void test_nothing_ends_it_before_its_time(void **state)
{
	struct launcher *launcher = launcher_new(&config);

	(void)state;
	write_program("cat > /dev/null; exit 5");
	for (int i = 0; i < 100; i++)
		assert_int_equal(send(launcher->socket, "", 0, 0), 0);
	assert_int_equal(run(launcher, &mail).end.code, 5);
	launcher_free(launcher);
}

/* It is asked by so many in vain that their descriptors would be too many. */
static void test_what_is_refused_stays_open_nowhere(void **state)
{
	struct launcher *launcher = launcher_new(&config);
	const struct request bad = {.type = LAUNCH_MAIL,
		.name = "none",
		.sender = "a@example.org",
		.recipient = "b@example.org"};
	int message = sealed("x");

	(void)state;
	write_program("cat > /dev/null; exit 6");
	for (int i = 0; i < 2000; i++)
		assert_int_equal(ask(launcher, &bad, sizeof bad, &message, 1), 0);
	assert_int_equal(run(launcher, &mail).end.code, 6);
	close(message);
	launcher_free(launcher);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/lampwatch-launcher-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(program, sizeof program, "%s/program", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return file_remove_tree(folder, NULL) ? 0 : -1;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_there_is_none_where_nothing_is_to_be_started),
		IN_FOLDER(test_it_says_how_a_program_ended_and_what_it_printed),
		IN_FOLDER(test_a_program_has_its_own_session_and_no_core),
		IN_FOLDER(test_privileges_are_gained_only_beside_a_sendmail_route),
		IN_FOLDER(test_a_command_gains_none),
		IN_FOLDER(test_a_command_gets_its_arguments_and_our_words),
		IN_FOLDER(test_a_command_need_not_read),
		IN_FOLDER(test_what_a_command_leaves_running_ends_with_it),
		IN_FOLDER(test_also_what_has_begun_a_session_of_its_own),
		IN_FOLDER(test_a_command_may_signal_its_own_group),
		cmocka_unit_test(test_the_exit_statuses_of_a_command),
		cmocka_unit_test(test_what_no_exit_status_says_is_for_later),
		IN_FOLDER(test_several_run_at_once),
		IN_FOLDER(test_who_asks_beyond_its_limit_waits),
		IN_FOLDER(test_a_program_goes_on_when_nobody_is_left),
		IN_FOLDER(test_it_ends_with_the_last_who_could_ask),
		IN_FOLDER(test_only_what_the_configuration_names_is_started),
		IN_FOLDER(test_a_command_is_told_nothing_but_words),
		IN_FOLDER(test_nothing_ends_it_before_its_time),
		IN_FOLDER(test_what_is_refused_stays_open_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
