/* SPDX-License-Identifier: ISC
 *
 * What is asked about a name, and because of the answer: the addresses of a machine; of a mail
 * domain its exchangers (RFC 5321 section 5.1), and their addresses.
 */
#ifndef LAMPWATCH_DNS_LOOKUP_H
#define LAMPWATCH_DNS_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

struct host;
struct providers;

/*
 * Asks about all of them at once, within that time, by that server (resolver.h). Of each, role,
 * name and tried are given; status, failure and records are filled in. The addresses of exchangers
 * whose names the table knows are not asked for; NULL: all are.
 */
void dns_lookup(const char *server, int64_t milliseconds, const struct providers *providers,
	struct host *hosts, size_t count);

#endif
