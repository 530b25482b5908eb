/* SPDX-License-Identifier: ISC
 *
 * A kind as it is compiled: for kind.c, which makes it, and read.c, which reads by it.
 */
#ifndef LAMPWATCH_KIND_P_H
#define LAMPWATCH_KIND_P_H

#include <stdint.h>

#include "base/buffer.h"
#include "watch/kind/kind.h"
#include "watch/kind/level_words.h"
#include "watch/kind/xml_p.h"

/* Alternatives: for a text, the first that is not empty; for a condition, all hold. */
struct xpath_list {
	struct xpath **list; /* owned */
	size_t count;
};

/* Many nodes, and what is taken of each (NULL: its text). */
struct each {
	struct xpath *nodes, *take; /* owned */
};

struct updates {
	struct xpath *nodes; /* owned; NULL: none */
	struct xpath_list time, state, text;
};

enum same {
	SAME_UNSAID /* as worst, of what is called the same */,
	SAME_WORST,
	SAME_FIRST,
	SAME_LAST,
	SAME_LATEST, /* by its times, the worst where they do not tell */
	SAME_ERROR,  /* the page is unreadable */
};

/* One block of indicators, incidents or maintenances; keys that it cannot have stay empty. */
struct block {
	struct node node;   /* for complaints while loading */
	struct xpath *each; /* NULL where names are fixed */
	xmlDocPtr names;    /* a fixed list, as elements */
	struct xpath_list id, group, name, title, word, state, started, updated, starts, ends, url;
	struct each words, affected;
	struct updates updates;
	struct level_words levels;
	struct xpath *counts; /* owned; true: the row counts in the page's level. NULL: it does */
	int64_t most;         /* rows that its server gives; 0: any number */
	int same;             /* enum same */
	int others;           /* enum level; -1: none */
};

struct blocks {
	struct block *list;
	size_t count;
};

struct named {
	char *name;          /* owned */
	struct xpath *xpath; /* owned; NULL: the watched address itself */
	bool optional;       /* of a document: its server may not have it */
};

struct named_list {
	struct named *list;
	size_t count;
};

struct kind {
	char *name, *about;
	char *after, *lacks; /* of the kind's family; NULL: not said */
	enum kind_seen seen;
	char *path;           /* of its file */
	int levels_line;      /* of its `levels`; 0: it has none of its own */
	struct buffer source; /* its path, a NUL, its parameters as YAML, a NUL, its file's text */
	char digest[DIGEST_TEXT];
	struct regex_cache *regexes; /* owned; filled by what is read */
	struct named_list documents, lets;
	struct xpath_list fallbacks; /* addresses of the page after its first */
	struct xpath_list detect, require;
	struct xpath_list title, word; /* of the page */
	struct xpath *derive; /* owned; true: this shape of the page has no word of its own. NULL:
				 never */
	struct blocks indicators, incidents, maintenances;
	struct level_words levels,
		given_levels; /* the file's, and those of `with`, which come first */
};

#endif
