/* SPDX-License-Identifier: ISC
 *
 * The launcher: a process that starts the programs that the configuration names (a `sendmail:`
 * route's, a `token_command:`, a webhook's `command:`), since those that talk to others start none.
 * It is forked by whoever
 * starts the courier, before it, and ends when nobody holds its socket any more and its programs
 * have ended; so it outlives the run with the courier.
 *
 * Who asks names a route or a webhook, and what varies: two addresses, or a few words of our own,
 * and the message as a sealed file in memory (memfd_create(2)), whose bytes the launcher hands on
 * without reading them. What is started, with which arguments, it takes from its own copy of the
 * configuration: a process that somebody else has taken over can have no other program started.
 * Several run at once, LAUNCHER_PROGRAMS at most; who asks beyond that waits.
 *
 * A program has its standard descriptors alone, and a session of its own (setsid), so that it is
 * ended with all that it began. It is ended at its limit, but not with us: it may have the mail
 * already. What a `command:` leaves running at its end, or at its limit, is ended, too, whatever
 * its session (child_guard()).
 * Only a `sendmail:` route's gains privileges; all others have no_new_privs.
 */
#ifndef LAMPWATCH_LAUNCHER_H
#define LAMPWATCH_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/child.h"
#include "config/config.h"

struct attempt;
struct buffer;

enum {
	LAUNCHER_PROGRAMS = 32,
	LAUNCH_NO_PROGRAM = 127, /* the exit status where the program could not be started */
};

/* One end of its socket: a child that is to ask inherits that (child_role.keeps). */
struct launcher {
	int socket;
	int reason; /* errno: why there is no process; 0: there is one */
};

/* NULL where the configuration names no program. The process wipes its own copy of the
 * configuration (config_wipe()). */
struct launcher *launcher_new(struct config *config);

/* Its row below those of confine_describe(), where there is one. */
void launcher_describe(const struct config *config, struct buffer *out);

/* Closes the socket here; launcher may be NULL. */
void launcher_free(struct launcher *launcher);

enum launch_type {
	LAUNCH_MAIL, /* `PROGRAM -i -f SENDER -- RECIPIENT`, the message on its standard input; PATH
		      * and LC_ALL are its environment */
	LAUNCH_TOKEN,   /* the token_command, without input, in our environment; what it writes to
			   standard error is nobody's */
	LAUNCH_COMMAND, /* the webhook's command, the body on its standard input; PATH, LC_ALL and
			 * LAMPWATCH_… are its environment */
};

struct launch {
	enum launch_type type;
	const char *name;               /* of the route or webhook */
	const char *sender, *recipient; /* of a mail */
	const char *id;                 /* of a command, like the next: the same at each repeat */
	const char *page;               /* name; "": the message is about none, or several */
	const char *event, *colour;     /* words of lower-case letters, or "" */
	int64_t attempt;                /* how often it was tried, with this time */
	const char *bytes;              /* of a mail or command: the message, lines ending in LF */
	size_t length;
};

enum launch_result {
	LAUNCH_IMPOSSIBLE, /* it was not started: number */
	LAUNCH_ENDED,      /* end says how */
	LAUNCH_UNFED,      /* writing to it failed while it read, and it was killed: what it had
			    * would count as the whole message for it: number */
	LAUNCH_TOO_LONG,   /* it printed more than a token can be, and was killed */
	LAUNCH_LOST,       /* the launcher has not answered; perhaps it was started */
};

/* What became of it. */
struct launched {
	enum launch_result result;
	int number; /* errno */
	struct child_end end;
	bool unread; /* it ended without having taken the whole message */
	char output[CONFIG_TOKEN_MAX +
		    1]; /* what it printed; but for a token the first bytes; a string */
};

/* Waits for its end, or its limit. */
void launcher_run(
	const struct launcher *launcher, const struct launch *launch, struct launched *launched);

/*
 * What that means for the message that it was to take, by sysexits.h (launched.c), with what it
 * printed. done says what exit status 0 means; of a mail it holds only for one that was read to its
 * end.
 */
void launched_conclude(const struct launched *launched, enum launch_type type, const char *program,
	const char *done, struct attempt *attempt);

#endif
