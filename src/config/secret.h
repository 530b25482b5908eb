/* SPDX-License-Identifier: ISC
 *
 * Secret files: a password, a token or a URL in a file of its own that others cannot read. Every
 * secret that the configuration names is read here; nothing of one stays in memory but what
 * the caller is given, who wipes that.
 */
#ifndef LAMPWATCH_SECRET_H
#define LAMPWATCH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct text_list;

/* Who else may have a secret file open. */
enum secret_rule {
	SECRET_OURS,        /* nobody; the group of this process may read it */
	SECRET_NOT_CHANGED, /* readers, but nobody who can change it: it passed the rule above once
			     */
};

/*
 * Adds the lines of the file. Only what ends a line, LF or CRLF, is not part of the secret: blanks
 * are. Empty lines are none. False, with error (one line that names the file and what to do, and
 * repeats nothing of it), where it cannot be read, is longer than maximum bytes, can be read or
 * changed by others than the rule allows, is no text, begins with a byte order mark, or has no
 * line.
 */
bool secret_read(const char *path, size_t maximum, enum secret_rule rule, struct text_list *lines,
	struct error *error);

/* Overwrites what is there, frees it, and leaves none. */
void secret_wipe(char **text); /* *text may be NULL */
void secret_wipe_lines(struct text_list *lines);

#endif
