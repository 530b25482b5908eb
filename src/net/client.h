/* SPDX-License-Identifier: ISC
 *
 * Who asks over HTTP, behind proxies, and how often one of them may.
 */
#ifndef LAMPWATCH_CLIENT_H
#define LAMPWATCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct text_list;

enum {
	CLIENT_TEXT = 64,       /* bytes of a client with its NUL */
	CLIENT_TAG = 9,         /* of its tag with its NUL */
	CLIENTS_MAX = 4096,     /* that are counted at a time */
	CLIENT_SECONDS = 86400, /* of one count */
};

/* Whether text is an address, or a network as "192.0.2.0/24" or "2001:db8::/32". */
bool client_network_valid(const char *text);

/*
 * The client of a request that came from the address peer: peer itself, unless that lies in one of
 * the trusted networks. Then it is the last address in forwarded, what the X-Forwarded-For lines
 * say in their order, that does not: what stands before it anybody can have written. Where none is
 * an address, it is the last one that is. Of IPv6 it is the /64, which one household has whole.
 */
void client_of(const struct text_list *trusted, const char *peer, const struct text_list *forwarded,
	char out[static CLIENT_TEXT]);

/* The network around such a client that one may have whole, too: of IPv4 the /24, of IPv6 the /48.
 */
void client_network(const char *client, char out[static CLIENT_TEXT]);

/* Counts, in memory that does not grow. Where there are more clients than it has room for, those
 * with the lowest counts are forgotten. */
struct client_counts;

struct client_counts *client_counts_new(void);
void client_counts_free(struct client_counts *counts);

/* Counts one more of this client, at a time in milliseconds by any clock: false where that is more
 * than limit within CLIENT_SECONDS. */
bool client_counted(struct client_counts *counts, const char *client, int limit, int64_t now);

/* Hexadecimal digits that stand for a text as long as these counts live, and tell nobody what it
 * is. */
void client_tag(const struct client_counts *counts, const char *text, char out[static CLIENT_TAG]);

#endif
