/* SPDX-License-Identifier: ISC
 *
 * The system's users: what one may not do to a file, and why; and how root becomes another.
 */
#ifndef LAMPWATCH_USER_H
#define LAMPWATCH_USER_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

/* "root"; the number where the system has no name for it. Owned by the caller. */
char *user_name(uid_t user);

/*
 * Whose the path is that this user was denied, with its mode; or the folder on the way to it that
 * is closed, or in which it cannot be made: "/etc/key belongs to root, mode 0600, and this is
 * lampwatch". Owned by the caller.
 */
char *user_denied(const char *path);

/*
 * Root becomes that user for good, with its groups; with group alone where the system does not know
 * the user. Does nothing where this is the user already. REMEDY_LOCAL.
 */
bool user_become(uid_t user, gid_t group, struct error *error);

#endif
