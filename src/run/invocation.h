/* SPDX-License-Identifier: ISC
 *
 * What the program was called with, and what it answers with.
 */
#ifndef LAMPWATCH_INVOCATION_H
#define LAMPWATCH_INVOCATION_H

#include <stdbool.h>
#include <stdint.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_PENDING = 1, /* a page could not be read, or a delivery is still owed */
	EXIT_USAGE = 2,   /* usage or configuration */
	EXIT_LOCAL = 3,   /* this machine's trouble: the archive or the database is damaged, or what
			   * is needed cannot be read, written or made */
};

/* Of two exit statuses the one that counts: 3 before 2 before 1. */
int exit_status_worse(int one, int other);

/* What the global options say. */
struct invocation {
	const char *program; /* argv[0] of main */
	const char *command,
		*words;          /* the command's name and the words it takes, for a complaint */
	const char *config_path; /* of -c; NULL: find it */
	int verbosity;           /* -1 with -q, 0, 1 with -v, 2 with -v -v */
	bool json;
	bool simulated; /* --clock was given */
	int64_t clock;  /* seconds since 1970: of --clock, else the system's at start */
};

/* Says how the command is used, on standard error. Returns EXIT_USAGE. */
int usage_error(const struct invocation *invocation);

#endif
