/* SPDX-License-Identifier: ISC
 *
 * Whether TCP was given what a library meant to write, for one that does not look at the result of
 * its writes: after a failed one it waits for an answer to what was never said, or goes on and
 * leaves a hole in a mail. TCP counts what it was given: what has been acknowledged and what waits.
 * One connection at a time; takes SIGIO for itself.
 */
#ifndef LAMPWATCH_WRITE_WATCH_H
#define LAMPWATCH_WRITE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

enum { WRITE_WATCH_MILLISECONDS = 250 /* between two looks: a lost write is seen after two */ };

/* The socket is connected, and nothing has been written. */
void write_watch_begin(int socket);

/* So many bytes are written now. Where they do not arrive, the connection is shut down. */
void write_watch_add(size_t bytes);

/* What has been written without a word to write_watch_add() was meant. */
void write_watch_resume(void);

/* An answer has come: a system whose TCP does not count is known by that, and is not watched. */
void write_watch_answered(void);

/* Whether a write was lost, apart from up to so many bytes that have not been written yet. */
bool write_watch_lost(size_t unwritten);

/* Somebody else knows that a write was lost. */
void write_watch_fail(void);

/* What is written from here on is not watched: TLS adds to it, or the connection is over. What was
 * lost stays known. A signal handler may call it. */
void write_watch_end(void);

#endif
