/* SPDX-License-Identifier: ISC
 *
 * Which providers are in trouble, as a run knows it: those of the pages that are red or lost. Read
 * from the database once; from then on each page says what has become of it, so that a thousand
 * pages that turn red do not look through a thousand each.
 */
#ifndef LAMPWATCH_TROUBLE_H
#define LAMPWATCH_TROUBLE_H

#include <stdbool.h>

#include "base/list.h"

struct config;
struct database;
struct page_config;

/* Zeroed at first. */
struct trouble {
	bool loaded;
	struct text_list pages;     /* sorted */
	struct text_list providers; /* theirs: sorted, one for each of these pages */
};

/* What the database says, unless it is loaded. */
void trouble_load(struct trouble *trouble, struct database *database, const struct config *config);

/* What the page is from now on. */
void trouble_set(struct trouble *trouble, const struct page_config *page, bool troubled);

void trouble_release(struct trouble *trouble);

#endif
