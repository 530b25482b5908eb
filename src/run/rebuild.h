/* SPDX-License-Identifier: ISC
 *
 * The database from the archive's folders: every snapshot that the chains name is observed again,
 * in their order and told to nobody, as if it came now from its page; causes before the pages that
 * depend on them.
 */
#ifndef LAMPWATCH_REBUILD_H
#define LAMPWATCH_REBUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

struct context;
struct error;

/* What does not follow from the folders, and is taken from a database however old it is. */
extern const struct database_part rebuild_people[];

/*
 * Fills the states of the configuration's pages from their last snapshots, at most so many of each.
 * What the folders do not say is unknown: who was told what. So each alarm that is open is owed to
 * everybody who wants it, under the Message-ID that it had: those that one run found, on a page or
 * on pages that depend on each other (`depends_on:`), in one message. Of a message that told of
 * what is over by now, too, the Message-ID is another. What cannot be read is left out.
 */
void rebuild_states(const struct context *context, struct database *database, int64_t most);

/* What came of it. */
struct rebuilt {
	size_t lines;  /* of chains */
	size_t unread; /* snapshots whose files are not there, or cannot be read */
	size_t alarms; /* that are open */
	bool people;   /* it is known who subscribed and who left */
};

/*
 * The same from all snapshots, with their rows, changes and events, in one transaction. Calls
 * progress (may be NULL) with how many lines are done. Errors: REMEDY_LOCAL, also where a chain or
 * what people asked for is there and cannot be read; the database is of no use then.
 */
bool rebuild_all(const struct context *context, struct database *database,
	void (*progress)(size_t done), struct rebuilt *rebuilt, struct error *error);

#endif
