/* SPDX-License-Identifier: ISC
 *
 * Who is affected by a provider's trouble: for each mail route, address and webhook, the providers
 * that it needs, and how we know. What the configuration
 * says, what the table of providers (tell/providers.h) says of names, and what DNS
 * said of them while all was well (tell/hosts.h): never a look-up at the time of need.
 */
#ifndef LAMPWATCH_DEPENDENCE_H
#define LAMPWATCH_DEPENDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct config;
struct database;
struct dependences;
struct host;
struct hosts;
struct providers;

/* How sure it is that something fails when a provider does; in the order in which ways are taken.
 */
enum dependency {
	DEPENDENCY_NONE,
	DEPENDENCY_POSSIBLE, /* what lies behind cannot be seen: a gateway, or a name nobody has
				looked up yet */
	DEPENDENCY_CERTAIN,
};

/* How we know that a provider is needed. */
enum evidence {
	EVIDENCE_CONFIGURED, /* `depends` says so */
	EVIDENCE_DOMAIN,     /* the table: addresses of this domain */
	EVIDENCE_NAME,       /* the host's own name */
	EVIDENCE_MX,         /* the mail exchanger's name (RFC 5321 section 5.1) */
	EVIDENCE_CNAME,      /* an alias on the way to the host */
};

struct dependence_reason {
	char *provider; /* as pages and `depends` name it */
	enum evidence evidence;
	char *name; /* of the host or domain that says so; "" where configured */
};

/* What one route, address or webhook needs. All owned; dependence_release() frees. */
struct dependence {
	struct dependence_reason *reasons; /* each provider once, the best evidence first */
	size_t count;
	bool hidden;        /* a gateway or forwarder: the mailbox behind it may be anybody's */
	bool unknown;       /* it needs a look-up, and none has been answered yet */
	bool undeliverable; /* no mail can arrive there: null MX (RFC 7505) */
	bool unfound;       /* DNS knows no such name, or no mail server of it: only who has names
			     * of his own, as an internal relay, can reach it */
	char *why;          /* of these, or what else DNS lacks: for people; else NULL */
	int64_t checked;    /* when DNS answered last, seconds since 1970; 0: never asked */
};

void dependence_release(struct dependence *dependence);

/* How much it depends on any of these providers. Undeliverable, hidden and unknown count as
 * possible, as long as there is any provider in the list. */
enum dependency dependence_on(
	const struct dependence *dependence, const struct text_list *providers);

/* "an MX", "the configuration" …: for people. */
const char *evidence_words(enum evidence evidence);
/* "configured", "domain", "name", "mx", "cname": for --json. */
const char *evidence_name(enum evidence evidence);

/*
 * Everything that was found out, in memory: one query, no look-up. database may be NULL (nothing
 * was ever looked up); config and providers are borrowed, and must outlive it. Answers below
 * are owned by the caller.
 */
struct dependences *dependences_load(
	struct database *database, const struct config *config, const struct providers *providers);
/* The same of what is in memory already; takes what hosts holds. */
struct dependences *dependences_new(
	struct hosts *hosts, const struct config *config, const struct providers *providers);
void dependences_free(struct dependences *dependences);

/* Of the route at that place in the configuration: `depends`, and its relay. */
struct dependence dependence_of_route(const struct dependences *dependences, size_t route);
/* Of an address: the host of its domain's mail, whatever route the mail goes by. */
struct dependence dependence_of_address(const struct dependences *dependences, const char *address);
/* Of a webhook: `depends`, and its host. Its name must be a configured one. */
struct dependence dependence_of_webhook(const struct dependences *dependences, const char *name);

/* What DNS said of the address's domain; borrowed; NULL: nothing is remembered. */
const struct host *dependences_domain(const struct dependences *dependences, const char *address);

/* Of a receiver: "mail:ADDRESS" or "webhook:NAME". */
struct dependence dependence_of_receiver(
	const struct dependences *dependences, const char *receiver);

/* How much the route at that place depends on providers in trouble. dependences may be NULL: then
 * only what is configured counts. */
enum dependency route_dependency(const struct dependences *dependences, const struct config *config,
	size_t route, const struct text_list *troubled);

#endif
