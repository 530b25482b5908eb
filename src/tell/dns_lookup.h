/* SPDX-License-Identifier: ISC
 *
 * What is asked about a name, and because of the answer: the addresses of a machine; of a mail
 * domain its exchangers (RFC 5321 section 5.1), and their addresses.
 */
#ifndef LAMPWATCH_DNS_LOOKUP_H
#define LAMPWATCH_DNS_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

struct config;
struct fork_server;
struct host;
struct providers;

/*
 * Asks about all of them at once, within that time, by that server (resolver.h). Of each, role,
 * name and tried are given; status, failure and records are filled in. The addresses of exchangers
 * whose names the table knows are not asked for; NULL: all are.
 */
void dns_lookup(const char *server, int64_t milliseconds, const struct providers *providers,
	struct host *hosts, size_t count);

/*
 * The same, by the configuration's server, in a process of its own that is confined as an attempt
 * (base/confine.h) and wipes its copy of the configuration: for one who holds more than a name
 * server's answers may reach. attempts, which holds config and providers, forks it. What comes back
 * is checked as an answer is; where nothing does, all are silent.
 */
void dns_lookup_apart(struct fork_server *attempts, struct config *config, int64_t milliseconds,
	const struct providers *providers, struct host *hosts, size_t count);

#endif
