/* SPDX-License-Identifier: ISC
 *
 * The TCP connection that libesmtp makes and does not show: its socket, how long it may last, and
 * its end, which is how a session is given up. One at a time; takes SIGPIPE, SIGALRM and
 * ITIMER_REAL for itself while it is guarded, and SIGIO (write_watch.h).
 */
#ifndef LAMPWATCH_SMTP_CONNECTION_H
#define LAMPWATCH_SMTP_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

/* From here on a server that hangs up does not end the process, a signal ends what waits too long,
 * and the next socket that is connected is libesmtp's. */
void smtp_connection_guard(void);

/* What the process did with signals before; no connection is known any more. */
void smtp_connection_unguard(void);

/* Whatever is waited for, it all ends after so many milliseconds from now. */
void smtp_connection_set_deadline(int64_t milliseconds);

/* Whether that time has come. */
bool smtp_connection_late(void);

/* What comes next is ended after so many milliseconds, or at the deadline, and so is what begins
 * after that. */
void smtp_connection_wait(int64_t milliseconds);

/* libesmtp has connected: finds its socket. */
void smtp_connection_begin(void);

/* This is the socket, where it was not found. */
void smtp_connection_known(int socket);

/* libesmtp has closed it, and may go on with the relay's next address. */
void smtp_connection_closed(void);

/* Shuts it down: what follows fails at once, and libesmtp takes it for a dropped connection. What
 * is written to it afterwards does not count as lost. */
void smtp_connection_end(void);

/* Whether it is gone in both directions. */
bool smtp_connection_broken(void);

/* Whether what is written is held until it fills packets, or is let go. */
void smtp_connection_cork(bool held);

#endif
