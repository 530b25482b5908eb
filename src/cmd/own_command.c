/* SPDX-License-Identifier: ISC */
#include "cmd/own_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/error.h"
#include "run/invocation.h"

#define OWN_PROGRAM "/proc/self/exe" /* proc(5): whatever has its name by now */

enum { EXIT_NOT_STARTED = 127 };

struct command {
	const struct invocation *invocation;
	const char *const *words;
};

static void become(const void *context, int in, int out)
{
	const struct command *command = context;
	const char *arguments[OWN_COMMAND_WORDS_MAX + 2] = {command->invocation->program};
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)in;
	(void)out;
	for (size_t i = 0; i < OWN_COMMAND_WORDS_MAX && command->words[i] != NULL; i++)
		arguments[i + 1] = command->words[i];
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	execv(OWN_PROGRAM, (char *const *)arguments);
	_exit(EXIT_NOT_STARTED);
}

int own_command(const struct invocation *invocation, const char *const *words)
{
	static const struct child_role role = {0};
	const struct command command = {invocation, words};
	struct child_end end;
	struct child child;
	struct error error;

	fflush(NULL); /* what we have said stands before what it says */
	if (!child_start(&child, &role, become, &command)) {
		child_unavailable(&error, errno);
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return EXIT_LOCAL;
	}
	child_finish(&child, &end);
	if (end.fate == CHILD_EXITED && end.code <= EXIT_LOCAL)
		return end.code;
	if (end.fate != CHILD_SIGNALLED || end.code != SIGINT) /* who stopped it knows */
		fprintf(stderr, "lampwatch: a command of our own: %s\n", end.reason);
	return EXIT_LOCAL;
}
