/* SPDX-License-Identifier: ISC
 *
 * Descriptors that one process hands to another over a local socket (unix(7), SCM_RIGHTS).
 */
#ifndef LAMPWATCH_DESCRIPTORS_H
#define LAMPWATCH_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { DESCRIPTORS_MAX = 4 /* of one message */ };

/* Sends all bytes, of which there are some, in one message, with count descriptors, which stay the
 * sender's. False with errno. */
bool descriptors_send(
	int socket, const void *bytes, size_t length, const int *descriptors, size_t count);

/*
 * Receives what one such call has sent; flags as of recvmsg(2). Returns the bytes that came, and
 * *count descriptors, which are the caller's and close on exec: none, where more came than that or
 * the message was longer. 0 at the end of the connection, -1 with errno.
 */
ssize_t descriptors_receive(int socket, int flags, void *bytes, size_t length,
	int descriptors[static DESCRIPTORS_MAX], size_t *count);

#endif
