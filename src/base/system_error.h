/* SPDX-License-Identifier: ISC
 *
 * Who owns a failed system call. The same errno may be a disk's here and the other end's there:
 * EIO of a file is this machine's trouble, EIO of a connection is the peer's. What is this
 * machine's is said in one line, makes the exit status 3, and is never blamed on a page, a
 * receiver, or whoever wrote a file.
 */
#ifndef LAMPWATCH_SYSTEM_ERROR_H
#define LAMPWATCH_SYSTEM_ERROR_H

#include <stdbool.h>

struct error;

/* Nothing has that name: ENOENT, ENOTDIR. With any other errno nobody knows. */
bool system_error_absent(int number);

/* This machine's trouble: of a call about a file, a process or a pipe. Not so where the name
 * itself is wrong (ENOENT, EISDIR, ELOOP …). */
bool system_error_local(int number);

/* The same of a call about a connection, where an errno that is not known is the peer's. */
bool system_error_local_connection(int number);

/* Sets error to "what: Too many open files; …", of what this machine does not give: REMEDY_LOCAL,
 * with that number. Returns false. */
bool system_error_lack(struct error *error, const char *what, int number);
/* The same, always in the same words, so that one shortage is one fault, whatever it was for. */
bool system_error_connection(struct error *error, int number);

/* "No space left on device; make room": what the system says, and where there is one, the remedy.
 * Borrowed until the next call. */
const char *system_error_text(int number);

/* Sets error to "path: what: No space left on device; make room", of errno, which stays:
 * REMEDY_LOCAL, with its number. A denial also says who is denied what by whom (user.h). Returns
 * false. */
bool system_error_set(struct error *error, const char *path, const char *what);

#endif
