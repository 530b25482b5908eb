/* SPDX-License-Identifier: ISC
 *
 * The hosts that take the mail of a domain, in the order in which they are tried (RFC 5321
 * section 5.1). Pure.
 */
#ifndef LAMPWATCH_MX_H
#define LAMPWATCH_MX_H

#include <stddef.h>

struct host;

enum { EXCHANGERS_TRIED = 4 /* for one mail */ };

struct exchanger {
	int preference;
	const char *name;    /* of the MX; the domain itself where it has none */
	const char *address; /* IPv4: libesmtp knows no other */
};

/*
 * Those of the domain that have an address, the best first, at most EXCHANGERS_TRIED, into
 * exchangers. Borrowed from host. Returns how many.
 */
size_t exchangers_of(const struct host *host, struct exchanger *exchangers);

#endif
