/* SPDX-License-Identifier: ISC
 *
 * The standby: a database outside of the archive, with which runs go on while the archive's own
 * cannot be written, or is not the one that the archive was written with. In it is what the runs
 * need to go on: states, alarms, what is owed and to whom, and what was said. Nothing is kept in
 * the archive meanwhile. Once the archive can be written again the standby is taken back into it.
 *
 * It lies in the first of these folders that is usable, in a folder named after the archive (0700):
 *   $RUNTIME_DIRECTORY (systemd), /run/lampwatch (tmpfiles.d), $XDG_RUNTIME_DIR/lampwatch,
 *   lampwatch-UID in $TMPDIR or /tmp, in /var/tmp and in /dev/shm.
 * One that is somebody else's is not used.
 */
#ifndef LAMPWATCH_STANDBY_H
#define LAMPWATCH_STANDBY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/database.h"

struct context;
struct error;
struct text_list;

/*
 * Makes the standby, unless it is there, and lets context name its database and lock in place of
 * the archive's. why: what is wrong with the archive. lost: its database is not the one that the
 * archive was written with, so that what is known comes from its folders, as it does where the
 * database cannot be read; whatever is red then is told as at first sight. A new one owes the
 * operator a message that says why. lines: adds what is to be said, once for each reason. *lock
 * becomes the descriptor of the standby's lock. REMEDY_LOCAL: no folder can be used; REMEDY_LATER:
 * another run holds the lock.
 */
bool standby_open(struct context *context, const struct error *why, bool lost, int *lock,
	struct text_list *lines, struct error *error);

/* Puts the message for the operator into the outbox: why nothing is kept, and from where what is
 * known comes. A transaction of its own. */
void standby_tell_operator(const struct context *context, struct database *database,
	const struct error *why, const char *from);

/* The database of the standby that runs go on with, as far as this user may see it: owned by the
 * caller, NULL where all is well. */
char *standby_in_use(const struct context *context);

/* What a standby takes from the archive's database. */
extern const struct database_part standby_parts[];

/* Adds the folders that the standby lies in, or may be made in, and that of the database which
 * context names. */
void standby_folders(const struct context *context, struct text_list *folders);

/* What was accepted and cannot be recorded: the next run does, wherever it can. */
void standby_remember(const struct context *context, const struct text_list *message_ids);

/* All is well: what was said, and to whom, is forgotten. */
void standby_forget(const struct context *context);

/*
 * The archive can be written: what happened meanwhile becomes part of its database, and the standby
 * is removed; what was said is remembered until standby_forget(). True where there is none. Each
 * page that changed meanwhile is kept at its next fetch. Errors: REMEDY_LOCAL, and the standby
 * stays.
 */
bool standby_return(const struct context *context, struct database *database, struct error *error);

/*
 * The database (NULL: there is none) is the one that the chains in the archive's folders were
 * written with: each ends where it says, or earlier, where a crash came before the append. False
 * with REMEDY_LOCAL, naming the first that does not.
 */
bool standby_needless(
	const struct context *context, struct database *database, struct error *error);

#endif
