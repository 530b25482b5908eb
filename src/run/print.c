/* SPDX-License-Identifier: ISC */
#include "run/print.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/confine.h"
#include "base/error.h"
#include "run/invocation.h"
#include "tell/launcher.h"

void problem_write(const struct problem *problem, struct buffer *out)
{
	buffer_format(out, "%s:", problem->file);
	if (problem->line > 0)
		buffer_format(out, "%d:", problem->line);
	buffer_format(out, " %s%s", problem->warning ? "warning: " : "", problem->text);
}

void problems_print(const struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		struct buffer line = {0};

		problem_write(&problems->list[i], &line);
		fprintf(stderr, "%s\n", buffer_string(&line));
		buffer_release(&line);
	}
}

int problems_status(const struct problems *problems)
{
	return problems->local > 0 ? EXIT_LOCAL : problems->errors > 0 ? EXIT_USAGE : EXIT_DONE;
}

void confinement_print(const struct config *config, FILE *out)
{
	struct buffer table = {0};

	confine_describe(&table);
	launcher_describe(config, &table);
	fputs(buffer_string(&table), out);
	buffer_release(&table);
}

int error_print(const struct error *error)
{
	fprintf(stderr, "lampwatch: %s\n", error->text);
	return error->remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
}

static bool reader_gone(void)
{
	struct pollfd output = {STDOUT_FILENO, POLLOUT, 0};

	return poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

int print_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (reader_gone()) {
		signal(SIGPIPE, SIG_DFL); /* ignored until now, for the sake of connections */
		raise(SIGPIPE);
	}
	fputs("lampwatch: standard output cannot be written\n", stderr);
	return exit_status_worse(status, EXIT_LOCAL);
}
