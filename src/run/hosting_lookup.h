/* SPDX-License-Identifier: ISC
 *
 * Finding out who hosts what, while all is well: what DNS says of every relay, webhook and mail
 * domain that is configured or subscribed, asked again once a day and remembered in the
 * database. It steers deliveries and never stops one: silence leaves what was known before.
 */
#ifndef LAMPWATCH_HOSTING_LOOKUP_H
#define LAMPWATCH_HOSTING_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct database;
struct dependences;
struct fork_server;
struct hosts;
struct providers;
struct receivers;
struct text_list;

enum {
	HOSTING_LOOKUP_NAMES_MAX = 500,    /* asked about in one run; the others in the next */
	HOSTING_LOOKUP_MILLISECONDS = 2000 /* for all of them together */
};

/* All borrowed. */
struct hosting_lookup_input {
	struct fork_server *attempts;      /* forks the process that asks */
	struct config *config;             /* of which that wipes its own copy */
	const struct providers *providers; /* whose domains need no look-up */
	const struct receivers *receivers;
	int64_t now; /* seconds since 1970 */
	bool eager;  /* also what was silent a moment ago: somebody sits there and waits */
};

/*
 * Asks about every name that is due, all at once, and puts what came into hosts. No database,
 * no lock. Returns false where there was nothing to ask.
 */
bool hosting_lookup_ask(const struct hosting_lookup_input *input, struct hosts *hosts);

/* Writes down what was tried at now, in one transaction; where that fails it is asked again. */
void hosting_lookup_save(struct database *database, const struct hosts *hosts, int64_t now);

/* All of it, for a run: nothing while any page is red or lost. */
void hosting_lookup(struct database *database, const struct hosting_lookup_input *input);

/* Adds the providers in trouble: those of the pages that the database says are red or lost, and of
 * one more (NULL: none). */
void hosting_lookup_troubled(struct database *database, const struct config *config,
	const char *page, struct text_list *providers);

/*
 * Marks the receivers that the first route does not reach while these providers are in trouble.
 * Where some cannot be reached by any route for that reason, adds all that are not reached to lost:
 * "ops@example.com: hosted at …".
 */
void hosting_lookup_receivers(const struct dependences *dependences, const struct config *config,
	const struct text_list *troubled, struct receivers *receivers, struct text_list *lost);

/*
 * Releases the deliveries that wait for a provider which is back, and those that have waited so
 * long that the route through it is the last resort. True where there were any.
 */
bool hosting_lookup_unhold(struct database *database, const struct config *config, int64_t now);

#endif
