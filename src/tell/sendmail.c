/* SPDX-License-Identifier: ISC
 *
 * Mail by a sendmail program of this machine: exit status 0 means that the mail
 * is in its queue for good.
 */
#include "tell/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/smtp.h"

enum {
	SENDMAIL_MILLISECONDS = 60000,
	SENDMAIL_OUTPUT_MAX = 4096, /* bytes kept of what it prints */
	LOOK_MILLISECONDS = 20,     /* between looks whether it has ended */
	DESCRIPTORS_MAX = 4096,     /* closed in the child, where the system sets no lower limit */
	EXIT_NO_PROGRAM = 127,
};

/* sysexits.h; what is not in the table is OUTCOME_ROUTE. */
static const struct {
	int status;
	enum outcome outcome;
	const char *words;
} meanings[] = {
	{0, OUTCOME_DELIVERED, "queued"},
	{EX_USAGE, OUTCOME_ROUTE, "wrong usage"},
	{EX_DATAERR, OUTCOME_ROUTE, "it does not like the message"},
	{EX_NOINPUT, OUTCOME_ROUTE, "no input"},
	{EX_NOUSER, OUTCOME_RECEIVER, "no such user"},
	{EX_NOHOST, OUTCOME_RECEIVER, "no such host"},
	{EX_UNAVAILABLE, OUTCOME_TEMPORARY, "service unavailable"},
	{EX_SOFTWARE, OUTCOME_TEMPORARY, "internal error"},
	{EX_OSERR, OUTCOME_TEMPORARY, "system error"},
	{EX_OSFILE, OUTCOME_ROUTE, "a system file is missing"},
	{EX_CANTCREAT, OUTCOME_TEMPORARY, "it cannot write its files"},
	{EX_IOERR, OUTCOME_TEMPORARY, "input or output failed"},
	{EX_TEMPFAIL, OUTCOME_TEMPORARY, "try again later"},
	{EX_PROTOCOL, OUTCOME_TEMPORARY, "remote error"},
	{EX_NOPERM, OUTCOME_ROUTE, "permission denied"},
	{EX_CONFIG, OUTCOME_ROUTE, "its configuration is wrong"},
	{EXIT_NO_PROGRAM, OUTCOME_ROUTE, "it cannot be started"},
};

struct program {
	pid_t child;
	int input, output; /* our ends; -1 when closed */
	const char *bytes; /* still to be written */
	size_t length;
	struct buffer said;
	int64_t deadline;
};

/* sendmail programs read local mail, whose lines end in LF. */
static char *with_local_line_ends(const struct mail *mail, size_t *length)
{
	char *bytes = memory_new(mail->length);

	*length = 0;
	for (size_t i = 0; i < mail->length; i++)
		if (mail->bytes[i] != '\r')
			bytes[(*length)++] = mail->bytes[i];
	return bytes;
}

static void close_others(void)
{
	long limit = sysconf(_SC_OPEN_MAX);

	if (limit < 0 || limit > DESCRIPTORS_MAX)
		limit = DESCRIPTORS_MAX;
	for (int descriptor = 3; descriptor < limit; descriptor++)
		close(descriptor);
}

/* In the child. A group of its own, so that all of it can be ended. */
static _Noreturn void become(const char *path, const char *const arguments[], int input, int output)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C",
		NULL,
	};

	setpgid(0, 0);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close_others();
	signal(SIGPIPE, SIG_DFL);
	execve(path, (char *const *)arguments, (char *const *)environment);
	_exit(EXIT_NO_PROGRAM);
}

static bool program_start(struct program *program, const char *path, const char *const arguments[])
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	program->child = -1;
	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) == 0)
		program->child = fork();
	if (program->child == 0)
		become(path, arguments, in[0], out[1]);
	close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	program->input = in[1];
	program->output = out[0];
	if (program->child > 0) {
		fcntl(program->input, F_SETFL, O_NONBLOCK);
		fcntl(program->output, F_SETFL, O_NONBLOCK);
		return true;
	}
	close(program->input);
	if (program->output >= 0)
		close(program->output);
	return false;
}

static void close_end(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

static void feed(struct program *program)
{
	ssize_t put = write(program->input, program->bytes, program->length);

	if (put > 0) {
		program->bytes += put;
		program->length -= (size_t)put;
	}
	if (program->length == 0 || (put < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&program->input);
}

/* What is beyond the maximum is read and forgotten, so that the program does not block. */
static void listen_to(struct program *program)
{
	char block[SENDMAIL_OUTPUT_MAX];
	ssize_t got = read(program->output, block, sizeof block);

	if (got > 0)
		buffer_add(&program->said, block, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(&program->output);
}

static void exchange(struct program *program)
{
	struct pollfd ends[] = {
		{.fd = program->input, .events = POLLOUT},
		{.fd = program->output, .events = POLLIN},
	};

	if (poll(ends, 2, LOOK_MILLISECONDS) <= 0)
		return;
	if (ends[0].revents != 0)
		feed(program);
	if (ends[1].revents != 0)
		listen_to(program);
}

/*
 * Its end counts, not the end of its output: a process that it leaves behind
 * may hold that open. Returns waitpid()'s status, -1 where the time was up.
 */
static int program_finish(struct program *program)
{
	int status = -1;
	bool ended = false;

	while (!ended && clock_milliseconds() < program->deadline) {
		exchange(program);
		ended = waitpid(program->child, &status, WNOHANG) == program->child;
	}
	if (!ended) {
		kill(-program->child, SIGKILL);
		kill(program->child, SIGKILL);
		waitpid(program->child, NULL, 0);
		status = -1;
	}
	if (program->output >= 0)
		listen_to(program);
	close_end(&program->input);
	close_end(&program->output);
	return status;
}

static void conclude(const char *path, int status, const char *said, struct attempt *attempt)
{
	int code = status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (status == -1) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: did not end within %d s", path,
			SENDMAIL_MILLISECONDS / 1000);
		return;
	}
	if (code < 0) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: ended by signal %d: %s", path,
			WTERMSIG(status), said);
		return;
	}
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].status != code)
			continue;
		attempt_set(attempt, meanings[i].outcome, code, "%s: exit status %d: %s%s%s", path,
			code, meanings[i].words, said[0] != '\0' ? ": " : "", said);
		return;
	}
	attempt_set(attempt, OUTCOME_ROUTE, code, "%s: exit status %d: %s", path, code, said);
}

static void send_one(
	const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	const char *arguments[] = {
		route->program, "-i", "-f", mail->sender, "--", mail->recipient, NULL};
	struct program program = {.said = {.maximum = SENDMAIL_OUTPUT_MAX}};
	char *bytes = with_local_line_ends(mail, &program.length);

	program.bytes = bytes;
	program.deadline = clock_milliseconds() + SENDMAIL_MILLISECONDS;
	if (program_start(&program, route->program, arguments)) {
		int status = program_finish(&program);

		conclude(route->program, status, buffer_string(&program.said), attempt);
	} else {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: no process: %s", route->program,
			strerror(errno));
	}
	attempt_conceal(attempt, mail->recipient, "[recipient]");
	attempt_conceal(attempt, mail->sender, "[sender]");
	buffer_release(&program.said);
	free(bytes);
}

/* A program that ends without reading all must not end us. */
void sendmail_send(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report)
{
	int64_t last_turn = clock_milliseconds() + smtp_timeouts()->session;
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	size_t *turns = memory_zero(count, sizeof *turns);
	size_t left = mails_check(route, mails, count, report, turns);

	sigaction(SIGPIPE, &ignore, &before);
	for (size_t i = 0; i < left && (i == 0 || clock_milliseconds() < last_turn); i++) {
		struct attempt attempt = {0};

		send_one(route, &mails[turns[i]], &attempt);
		report->each(report->context, turns[i], &attempt);
	}
	sigaction(SIGPIPE, &before, NULL);
	free(turns);
}
