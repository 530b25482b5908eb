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
#include <sysexits.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/smtp.h"

enum {
	SENDMAIL_MILLISECONDS = 60000,
	SENDMAIL_OUTPUT_MAX = 4096, /* bytes kept of what it prints */
	LOOK_MILLISECONDS = 20,     /* between looks whether it has ended */
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
	{EX_DATAERR, OUTCOME_ROUTE, "it rejects the format of the message"},
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
	struct child child; /* an end of ours is -1 when closed */
	const char *bytes;  /* still to be written */
	size_t length;
	int reason; /* errno of a write that failed while there was a reader, else 0 */
	struct buffer said;
};

static void become(const void *context, int in, int out)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	static char *const environment[] = {path, locale, NULL};
	char *const *arguments = context;

	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	execve(arguments[0], arguments, environment);
	_exit(EXIT_NO_PROGRAM);
}

static void close_end(int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
}

/* What it says beyond the maximum is read and forgotten, so that the program does not block. */
static void listen_to(struct program *program)
{
	char block[SENDMAIL_OUTPUT_MAX];
	ssize_t got = read(program->child.from, block, sizeof block);

	if (got > 0)
		buffer_add(&program->said, block, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		close_end(&program->child.from);
}

static void exchange(struct program *program)
{
	struct pollfd ends[] = {
		{.fd = program->child.to, .events = POLLOUT},
		{.fd = program->child.from, .events = POLLIN},
	};

	if (poll(ends, 2, LOOK_MILLISECONDS) <= 0)
		return;
	if (ends[0].revents != 0) {
		ssize_t put = write(program->child.to, program->bytes, program->length);

		if (put > 0) {
			program->bytes += put;
			program->length -= (size_t)put;
		}
		if (put < 0 && errno != EAGAIN && errno != EINTR)
			program->reason = (ends[0].revents & POLLERR) != 0 ? 0 : errno;
		if (program->length == 0 || (ends[0].revents & POLLERR) != 0)
			close_end(&program->child.to);
	}
	if (ends[1].revents != 0)
		listen_to(program);
}

static void conclude(const char *path, const struct child_end *end, const struct program *program,
	struct attempt *attempt)
{
	const char *said = buffer_string(&program->said);
	const char *colon = said[0] != '\0' ? ": " : "";

	if (end->fate == CHILD_LATE) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s", path, end->reason);
		return;
	}
	if (end->fate == CHILD_SIGNALLED) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: %s: %s", path, end->reason, said);
		return;
	}
	if (end->code == 0 && program->length > 0) {
		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: it has not read the whole message",
			path);
		return;
	}
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].status != end->code)
			continue;
		attempt_set(attempt, meanings[i].outcome, end->code, "%s: %s: %s%s%s", path,
			end->reason, meanings[i].words, colon, said);
		return;
	}
	attempt_set(attempt, OUTCOME_ROUTE, end->code, "%s: %s: %s", path, end->reason, said);
}

/*
 * Its end counts, not the end of its output: a process that it leaves behind
 * may hold that open. Where a write to it fails it is ended at once: what it has so far would
 * count as the whole message for it.
 */
static void send_one(
	const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	/* In a process group of its own, so that all of it can be ended; not ended with us, since
	 * it may have the mail already. */
	static const struct child_role role = {
		.milliseconds = SENDMAIL_MILLISECONDS, .detached = true};
	const char *arguments[] = {
		route->program, "-i", "-f", mail->sender, "--", mail->recipient, NULL};
	struct program program = {.said = {.maximum = SENDMAIL_OUTPUT_MAX}};
	char *bytes = memory_new(mail->length);
	struct child *child = &program.child;
	struct child_end end;

	/* sendmail programs read local mail, whose lines end in LF. */
	for (size_t i = 0; i < mail->length; i++)
		if (mail->bytes[i] != '\r')
			bytes[program.length++] = mail->bytes[i];
	program.bytes = bytes;
	if (child_start(child, &role, become, arguments)) {
		fcntl(child->to, F_SETFL, O_NONBLOCK);
		while (!child_ended(child) && !child_late(child) && program.reason == 0)
			exchange(&program);
		if (child->from >= 0)
			listen_to(&program);
		if (program.reason == 0) {
			child_finish(child, &end);
			conclude(route->program, &end, &program, attempt);
		} else {
			child_stop(child);
			attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: writing to it failed: %s",
				route->program, strerror(program.reason));
		}
	} else {
		int number = errno;

		attempt_set(attempt, OUTCOME_TEMPORARY, 0, "%s: no process: %s", route->program,
			strerror(number));
		attempt->local = number;
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
