/* SPDX-License-Identifier: ISC
 *
 * What the files of a sketch share: places on a page, as XPaths.
 */
#ifndef LAMPWATCH_SKETCH_P_H
#define LAMPWATCH_SKETCH_P_H

#include "base/list.h"
#include "watch/kind/known_words.h"
#include "watch/kind/xml_p.h"

enum {
	SKETCH_WORDS_MAX = 5000,   /* known words of a page that are followed up */
	SKETCH_CLAIMS_MAX = 20000, /* different claims */
	SKETCH_JUDGED_MAX = 48,    /* claims, those of most words, that are held against the page */
	SKETCH_NAMES_MAX = 96,     /* places of a row where its name may stand */
	SKETCH_CLIMB = 6,          /* levels from a word up to its row */
	SKETCH_DEPTH = 24,         /* steps of a path */
	SKETCH_SAY_MAX = 200,      /* bytes of a text in which a word is looked for; longer ones are
				    * prose */
};

/* Rows, and the place of the word in each. */
struct claim {
	char *each, *word; /* XPaths; owned */
	size_t words;      /* that speak for it */
	bool keyed;        /* one of them by its key */
	size_t place;      /* in the order in which they were found */
};

struct claims {
	struct claim *list;
	size_t count;
	xmlHashTablePtr places; /* from each and word to the place in the list, from 1 */
};

/* What stands around the known words of the page, and around the words under keys such as "status",
 * the claims of most words first. */
void claims_find(xmlDocPtr tree, const struct known_words *known, struct claims *claims);
void claims_release(struct claims *claims);

/* The key of a member of an object, where keys are names. */
#define SKETCH_KEY "key()"
#define SKETCH_KEY_ABOVE "key(..)"

/* Adds the XPaths of all texts in the row, from the row, as far as SKETCH_NAMES_MAX allows; and of
 * its key, where keys are names there. */
void row_places(xmlNodePtr row, const struct known_words *known, struct text_list *places);

/* Whether it may be a state: a short text that is not an address, a time or a number. */
bool sketch_is_word(const char *text);

/* What repeats on the page, as "/json/item (13 of: id, name), ...": the longest lists;
 * empty: nothing does. Owned by the caller. */
char *lists_describe(xmlDocPtr tree);

/* The node after this one in document order within top. */
xmlNodePtr sketch_following(xmlNodePtr node, xmlNodePtr top);

#endif
