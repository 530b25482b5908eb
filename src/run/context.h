/* SPDX-License-Identifier: ISC
 *
 * What most commands begin with: the configuration, its kinds, and where things lie.
 */
#ifndef LAMPWATCH_CONTEXT_H
#define LAMPWATCH_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/database.h"
#include "config/config.h"
#include "run/invocation.h"
#include "run/kinds.h"

struct providers;

struct context {
	const struct invocation *invocation;
	struct config *config;
	struct kind_set *kinds;
	struct providers *providers; /* the table of who hosts what */
	char *templates;             /* folder */
	char *user_agent;            /* "lampwatch/0.1.0 (+https://…)" */
	char *database_path, *courier_lock;
};

/*
 * Loads configuration and kinds and prints every problem. Returns EXIT_DONE or EXIT_USAGE;
 * context_close() is due in both cases.
 */
int context_open(struct context *context, const struct invocation *invocation);

/* Makes the archive's folders: EXIT_DONE, or EXIT_LOCAL after a line. */
int context_prepare(const struct context *context);

/* The database, for reading; NULL after a line. Where there is none yet, *missing is set and
 * nothing said. */
struct database *context_database(const struct context *context, bool *missing);

/* For struct courier_settings, whose context is a struct context: opens the database for writing;
 * NULL where it cannot, which the run itself has told already. */
struct database *context_outbox(void *context);

/*
 * Calls work with the database open for writing while no run is under way: a run that is at work is
 * waited for, at most five minutes. EXIT_DONE where there is no archive yet; else what work
 * returns, or after a line EXIT_OWED (a run is still at work) or EXIT_LOCAL.
 */
int context_alone(const struct context *context,
	int (*work)(const struct context *context, struct database *database));

void context_close(struct context *context);

/* Says that no page has this name, and which is nearest. Returns false. */
bool context_unknown_page(const struct context *context, const char *name);

#endif
