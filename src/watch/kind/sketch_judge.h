/* SPDX-License-Identifier: ISC
 *
 * Claims held against the page: how many of the rows have a word, and whether they have names.
 */
#ifndef LAMPWATCH_SKETCH_JUDGE_H
#define LAMPWATCH_SKETCH_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "watch/kind/sketch_claims.h"
#include "watch/kind/sketch_page.h"

enum { RANKED_MAX = 4 /* claims that are kept: the best, and those that come next */ };

/* A claim as the page bears it out. */
struct judged {
	const struct claim *claim; /* borrowed */
	char *name;                /* XPath; owned */
	size_t rows;
	xmlNodePtr first; /* of the rows */
	double score;     /* 0: it does not hold */
	bool story;       /* what happened rather than what there is: incidents */
};

struct ranking {
	struct judged list[RANKED_MAX]; /* the best first; without a claim: no more */
	const struct claim *nameless; /* the first whose rows have words and no names; NULL: none */
};

/* Puts the claim, which must outlive the ranking, in its place, or drops it: of claims to the same
 * rows the best alone is kept. */
void ranking_add(struct ranking *ranking, struct sketch_page *page, const struct claim *claim);
void ranking_release(struct ranking *ranking);

#endif
