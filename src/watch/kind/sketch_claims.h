/* SPDX-License-Identifier: ISC
 *
 * Claims: where the rows of a page, their words and their names may stand.
 */
#ifndef LAMPWATCH_SKETCH_CLAIMS_H
#define LAMPWATCH_SKETCH_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "watch/kind/known_words.h"
#include "watch/kind/xml_p.h"

enum { SKETCH_NAMES_MAX = 96 /* places of a row where its name may stand */ };

/* The key of a member of an object, where keys are names. */
#define SKETCH_KEY "key()"
#define SKETCH_KEY_ABOVE "key(..)"

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

/* Adds the XPaths of all texts in the row, from the row, as far as SKETCH_NAMES_MAX allows; and of
 * its key, where keys are names there. */
void row_places(xmlNodePtr row, const struct known_words *known, struct text_list *places);

#endif
