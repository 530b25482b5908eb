/* SPDX-License-Identifier: ISC
 *
 * Well-known services: their status pages (templates/catalogue.yaml), and the checks that show how
 * they really are (templates/probes.yaml).
 */
#ifndef LAMPWATCH_CATALOGUE_H
#define LAMPWATCH_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "base/yaml.h"

struct problems;

struct catalogue_entry {
	char *name; /* as people write it */
	struct text_list aliases;
	char *provider; /* as routes name it in `depends`; NULL: the page's name */
	/* Of its page. */
	char *url;             /* NULL of a probe */
	char *kind;            /* NULL: `add` finds it */
	struct text_list mail; /* domains whose mail it hosts */
	/* Of a probe. */
	char *page;         /* the name or an alias of its page among the services; NULL: none */
	struct node checks; /* a list, as in the configuration */
	struct node facts;  /* a map: indicators of that page, each with names of checks */
};

struct catalogue {
	struct catalogue_entry *list; /* owned, in the file's order */
	size_t count;
	struct yaml *yaml; /* what checks and facts are nodes of */
};

enum catalogue_type { CATALOGUE_PAGES, CATALOGUE_PROBES };

/* Loads the file of that folder. False with every error in problems. catalogue_release() is due in
 * both cases. */
bool catalogue_load(const char *templates, enum catalogue_type type, struct catalogue *catalogue,
	struct problems *problems);
void catalogue_release(struct catalogue *catalogue);

/*
 * The service that has this name or alias, else NULL. Only letters and digits count, their case
 * (ASCII) does not: "google-workspace" is "Google Workspace".
 */
const struct catalogue_entry *catalogue_find(const struct catalogue *catalogue, const char *name);

/* The service whose page has this address, as address_same() sees it; else NULL. */
const struct catalogue_entry *catalogue_at(const struct catalogue *catalogue, const char *url);

/*
 * How the word stands in what is best of the service's names, its provider and its address, as by
 * catalogue_find(); what is better is more.
 */
enum service_match {
	MATCH_NONE,
	MATCH_PART,  /* inside of a word: "one" in "component" */
	MATCH_BEGIN, /* a word begins with it */
	MATCH_WORD,  /* it is one, or several */
};
enum service_match service_match(const struct catalogue_entry *service, const char *word);

/* The name or alias nearest to a misspelt one; NULL where none is near. Borrowed. */
const char *catalogue_nearest(const struct catalogue *catalogue, const char *name);

/* True where both are the same address; a trailing slash and the case of scheme and host do not
 * count. */
bool address_same(const char *a, const char *b);

#endif
