/* SPDX-License-Identifier: ISC
 *
 * The hosts that take the mail of a domain, in the order in which they are tried (RFC 5321
 * section 5.1). Pure.
 */
#ifndef LAMPWATCH_MX_H
#define LAMPWATCH_MX_H

#include <stddef.h>

struct host;

enum { MX_HOSTS_TRIED = 8 /* addresses, for one mail */ };

struct mx_host {
	int preference;
	const char *name;    /* of the MX; the domain itself where it has none */
	const char *address; /* IPv4 or IPv6 */
};

/*
 * Those of the domain that have an address, the best first, at most MX_HOSTS_TRIED, into
 * mx_host_list; one that has both, by IPv4 and then by IPv6. Borrowed from host. Returns how many.
 */
size_t mx_hosts(const struct host *host, struct mx_host *mx_host_list);

#endif
