/* SPDX-License-Identifier: ISC
 *
 * lampwatch complete -- WORD...: for shells; in no list of commands. Which words may stand in place
 * of the last one (which may be empty) behind the ones before it, as main.c, options.c and
 * placeholder.c read them.
 */
#ifndef LAMPWATCH_COMPLETE_H
#define LAMPWATCH_COMPLETE_H

#include <stddef.h>

struct context;

/* What main.c's tables have. */
struct complete_option {
	const char *letter, *name; /* "-c", "--config"; either may be NULL */
	const char *value;         /* its placeholder; NULL: it takes none */
	const char *about;
};

struct complete_command {
	const char *name, *usage, *about;
};

struct complete_tables {
	const struct complete_option *options; /* of every command */
	size_t option_count;
	const struct complete_command *commands;
	size_t command_count;
};

/*
 * Prints on standard output one word a line, perhaps with a tab and what it is for; ":files" and
 * ":folders" stand for the shell's own. words ends with NULL. Returns EXIT_DONE.
 */
int complete(const struct context *context, const struct complete_tables *tables, char **words);

#endif
