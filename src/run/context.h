/* SPDX-License-Identifier: ISC
 *
 * What commands work with: the configuration, its kinds, where things lie, the database.
 */
#ifndef LAMPWATCH_CONTEXT_H
#define LAMPWATCH_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/database.h"
#include "base/error.h"
#include "config/config.h"
#include "run/invocation.h"
#include "run/kinds.h"

struct error;
struct providers;
struct readers;
struct yaml;

/* What a command needs before it can begin; each includes the ones before it. */
enum needs {
	NEEDS_NOTHING,
	NEEDS_LAST_GOOD,     /* a configuration; while the file has a mistake, the last good one */
	NEEDS_CONFIGURATION, /* and its kinds */
	NEEDS_DATABASE,      /* as it stands: it is neither made nor migrated */
	NEEDS_TO_BE_ALONE,   /* the database, while no run is at work */
};

/* As whom it acts where root calls it. */
enum identity {
	AS_CALLER,
	AS_READER, /* the archive's owner, who makes nothing: what fails, fails as in a run */
	AS_OWNER,  /* the same, and what is made is the owner's */
};

/* Whether other processes do for a command what is dangerous. */
enum forking {
	ALONE,            /* it neither fetches nor reads what is foreign */
	WITH_FORK_SERVER, /* which makes a fetcher (net/http.h) and readers (base/readers.h); and
			   * one that makes attempts (base/confine.h) */
};

struct context {
	const struct invocation *invocation;
	enum identity identity;
	char *templates; /* folder; there even where nothing is needed */
	struct config *config;
	struct problems mistakes; /* of the file, while the last good configuration goes on */
	int64_t good_since;       /* when runs began with that one */
	struct kind_set *kinds;
	struct providers *providers; /* the table of who hosts what */
	char *user_agent;            /* "lampwatch/0.1.0 (+https://…)" */
	char *database_path, *courier_lock;
	struct database *database; /* NULL: there is no archive yet, or it was not asked for */
	int run_lock;              /* descriptor; less than 0: not held */
	int64_t locked;            /* since when, by clock_milliseconds() */
	struct fork_server *fork_server; /* ALONE: NULL. Owned */
	/* The same of attempts (base/confine.h): it holds config, kinds, providers and user_agent,
	 * and nothing that this process comes to hold later. NULL without a configuration. Owned.
	 */
	struct fork_server *attempts;
	struct readers *readers; /* ALONE: NULL. Owned */
};

/* With what is there for every command; context_close() is due. The fork server is made now, before
 * anything is known that what it forks must not know. */
struct context context_new(
	const struct invocation *invocation, enum identity identity, enum forking forking);

/*
 * Becomes whom the command acts as, by the configuration at path, or by its last good copy where it
 * is not YAML: EXIT_DONE, or EXIT_LOCAL after a line. context_open() does so first; for a command
 * that reads the configuration itself. *parsed: with EXIT_DONE the file, where it was parsed for
 * that, else NULL; owned by the caller, who gives it to config_load().
 */
int context_identify(const struct context *context, const char *path, struct yaml **parsed);

/*
 * Gets what is needed and prints every problem with it. A run that is at work is waited for, at
 * most five minutes. EXIT_DONE; EXIT_USAGE where the configuration is wrong, EXIT_PENDING where a
 * run is still at work, EXIT_LOCAL where the configuration or the database cannot be opened. Where
 * the last good configuration goes on, its problems are the caller's to tell.
 */
int context_open(struct context *context, enum needs needs);

/*
 * Of a database that is missing: a page that has a chain says that there was one. What it knew is
 * not "nothing". False with REMEDY_LOCAL, also where a chain cannot be read.
 */
bool context_not_lost(const struct config *config, const char *database_path, struct error *error);

/* For a command that needs the database only sometimes: as NEEDS_DATABASE, with the configuration
 * already there. One that is lost, while the archive has its chains, is not an archive that is yet
 * to be made: EXIT_LOCAL. */
int context_open_database(struct context *context);

/*
 * Opens the database for writing, for a command whose arguments are right: so nothing is made for a
 * mistake. Where there is no archive yet, makes it, or without make leaves the database NULL.
 * EXIT_DONE, or EXIT_LOCAL after a line.
 */
int context_open_to_write(struct context *context, bool make);

/* Makes the archive's folders. Errors: REMEDY_LOCAL. */
bool context_make(const struct context *context, struct error *error);

/* The same: EXIT_DONE, or EXIT_LOCAL after a line, also where this user may not write to the
 * archive. */
int context_prepare(const struct context *context);

/* For struct courier_settings, whose context is a struct context: opens the database for writing,
 * if need be alone (database_open_alone()); NULL with error. */
struct database *context_outbox(void *context, struct error *error);

/* Of a command that holds the run's lock for long: lets a run that waits for it go first, now and
 * then, and takes it again. EXIT_DONE: it holds it; else, after a line, it does not. */
int context_give_way(struct context *context);

void context_close(struct context *context);

/* The page of this name; NULL after a line that says which name is nearest. */
const struct page_config *context_page(const struct context *context, const char *name);

/* The same of a command that is about probes; what it returns may be a page. */
const struct page_config *context_probe(const struct context *context, const char *name);

/* Says that there is no archive yet. Returns EXIT_LOCAL. */
int context_no_archive(const struct context *context);

/* Says that there is no configuration, and how there will be one; EXIT_USAGE. */
int context_no_configuration(void);

#endif
