/* SPDX-License-Identifier: ISC
 *
 * Well-known services and their status pages (templates/catalogue.yaml).
 */
#ifndef LAMPWATCH_CATALOGUE_H
#define LAMPWATCH_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct problems;

struct catalogue_entry {
	char *name; /* as people write it */
	struct text_list aliases;
	char *url; /* of its page */
	char *kind;
	char *provider;        /* as routes name it in `depends`; NULL: the page's name */
	struct text_list mail; /* domains whose mail it hosts */
};

struct catalogue {
	struct catalogue_entry *list; /* owned, in the file's order */
	size_t count;
};

/* Adds what the file of that folder holds. False with every error in problems. */
bool catalogue_load(const char *templates, struct catalogue *catalogue, struct problems *problems);
void catalogue_release(struct catalogue *catalogue);

/*
 * The service that has this name or alias, else NULL. Only letters and digits count, their case
 * (ASCII) does not: "google-workspace" is "Google Workspace".
 */
const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *name);

/* The service whose page has this address, as address_same() sees it; else NULL. */
const struct catalogue_entry *catalogue_at(const struct catalogue *catalogue, const char *url);

/* Whether the word occurs in a name, an alias, the provider or the address; case aside (ASCII). */
bool service_matches(const struct catalogue_entry *service, const char *word);

/* The name or alias nearest to a misspelt one; NULL where none is near. Borrowed. */
const char *catalogue_nearest(const struct catalogue *catalogue, const char *name);

/* True where both are the same address; a trailing slash and the case of scheme and host do not
 * count. */
bool address_same(const char *a, const char *b);

#endif
