/* SPDX-License-Identifier: ISC
 *
 * Which provider a host or a mail domain belongs to, by its name alone: the table
 * templates/providers.yaml. Everything but the loading is pure.
 */
#ifndef LAMPWATCH_PROVIDERS_H
#define LAMPWATCH_PROVIDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct problems;
struct providers;

/* Whether mail that arrives there stays there. */
enum hides {
	HIDES_NOTHING,
	HIDES_GATEWAY,  /* filters mail for somebody else's mailboxes */
	HIDES_FORWARDER /* sends it on to somebody else's */
};

struct provider {
	char *name;                 /* as pages and `depends` name it */
	int hides;                  /* enum hides */
	struct text_list domains;   /* whose addresses have their mailboxes there */
	struct text_list hosts;     /* that belong to it, and all beneath them */
	struct text_list resolvers; /* IP addresses of its public name servers */
};

/* What providers.yaml in that folder holds. NULL with every error in problems. */
struct providers *providers_load(const char *templates, struct problems *problems);
void providers_free(struct providers *providers);

/*
 * Whose name it is: the longest entry that is the name or ends it at the beginning of a label
 * ("aspmx.l.google.com" is beneath "google.com", "notgoogle.com" is not). The case of letters and
 * a last dot do not count. NULL where the table has none. providers may be NULL.
 */
const struct provider *providers_of_domain(const struct providers *providers, const char *domain);
const struct provider *providers_of_host(const struct providers *providers, const char *host);

/* Whose name server it is: an IP address, perhaps with a port ("[::1]:53"). */
const struct provider *providers_of_resolver(
	const struct providers *providers, const char *resolver);

/* Adds the names of all. */
void providers_names(const struct providers *providers, struct text_list *names);

#endif
