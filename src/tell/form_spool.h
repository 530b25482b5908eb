/* SPDX-License-Identifier: ISC
 *
 * What forms ask for, on its way from `lampwatch serve`, which has no database, to the next run:
 * .state/spool, a file for each request (tell/form_request.h) named after the moment it came and
 * who sent it. It is bounded in number and so, with FORM_REQUEST_MAX, in bytes; and nobody has more
 * than a small part of it: to whom sends more, it is full before it is to others.
 */
#ifndef LAMPWATCH_FORM_SPOOL_H
#define LAMPWATCH_FORM_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "base/list.h"

struct buffer;
struct error;

enum {
	FORM_SPOOL_MAX = 1000,    /* files */
	FORM_SPOOL_MAILED = 500,  /* of which those that ask for a mail: there is always room to
				   * confirm and to leave */
	FORM_SPOOL_CLIENT = 50,   /* of which one client's */
	FORM_SPOOL_NETWORK = 200, /* and those of the network around it */
	FORM_SPOOL_RUN = 200,     /* that a run takes in */
	FORM_SPOOL_TAG = 8,       /* letters of a sender's word */
	FORM_SPOOL_STALE = 600,   /* seconds after which what is not whole is given up */
};

/* The folder of an archive; archive_prepare() makes it. Owned by the caller. */
char *form_spool_folder(const char *archive);

/* Who sent a request: words of FORM_SPOOL_TAG lower-case letters or digits. */
struct form_sender {
	char client[FORM_SPOOL_TAG + 1], network[FORM_SPOOL_TAG + 1];
};

/*
 * Adds a request, whole and synced, where there are less than maximum files, and less of this
 * sender's than may be. False with *full where there are as many, else with error
 * (REMEDY_LOCAL).
 */
bool form_spool_add(const char *folder, const struct form_sender *sender, const char *text,
	size_t length, size_t maximum, bool *full, struct error *error);

/*
 * The names of what lies there, oldest first, whatever it is: at most FORM_SPOOL_MAX. Removes what
 * was begun and never ended, before stale, in seconds since 1970 by the system's clock. An absent
 * folder has none; false with error (REMEDY_LOCAL) where it cannot be read.
 */
bool form_spool_names(
	const char *folder, int64_t stale, struct text_list *names, struct error *error);

/* Reads one. FILE_ABSENT: it is no regular file of at most FORM_REQUEST_MAX bytes; a link is none:
 * nothing leads out. FILE_UNKNOWN with error (REMEDY_LOCAL): something here keeps it from being
 * read. */
enum file_presence form_spool_read(
	const char *folder, const char *name, struct buffer *out, struct error *error);

/* Removes one, whatever it is. Errors: REMEDY_LOCAL. */
bool form_spool_remove(const char *folder, const char *name, struct error *error);

#endif
