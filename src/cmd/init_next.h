/* SPDX-License-Identifier: ISC
 *
 * What is still to be done by hand after `lampwatch init`. Pure.
 */
#ifndef LAMPWATCH_INIT_NEXT_H
#define LAMPWATCH_INIT_NEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;

#define INIT_CRON_LINE "/etc/cron.d/lampwatch" /* as it is installed */

/* What starts a run each minute; the words end with NULL. */
extern const char *const init_schedules[];

struct init_next {
	const char *schedule; /* a word of init_schedules */
	const char *path;     /* of the configuration */
	const char *program;  /* that is to be started: an absolute path */
	const char *user;     /* that root's line in /etc/cron.d names; NULL: this is not root */
	bool unit;            /* the path is the one that the installed timer's unit reads */
	bool cron_line;       /* INIT_CRON_LINE is there, and reads it */
	bool sendmail;        /* mail goes out by a program */
	const char *data;     /* the folder with the program's data, and drop-ins for the unit */
	const char *archive;  /* where the unit may not write to it; NULL: it may */
};

/* The text as one word for a shell. Owned by the caller. */
char *init_shell_word(const char *text);

/* Adds lines for people: commands, each with what it is for. */
void init_next_write(const struct init_next *next, struct buffer *out);

#endif
