/* SPDX-License-Identifier: ISC
 *
 * What patterns of `indicators:` have come to mean: an indicator that a provider renames is still
 * the one that a pattern meant.
 */
#ifndef LAMPWATCH_MEANING_H
#define LAMPWATCH_MEANING_H

#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

struct text_list;

extern const struct schema_step meaning_schema[];

/* Strings owned. */
struct meaning {
	char *page;
	char *pattern; /* as the configuration has it, without "!" */
	char *id;      /* of the indicator that it means besides what it fits */
};

struct meanings {
	struct meaning *list;
	size_t count;
};

void meanings_load(struct database *database, struct meanings *meanings);
void meanings_release(struct meanings *meanings);

void meanings_add(struct meanings *meanings, const char *page, const char *pattern, const char *id);
/* The provider has changed the indicator's id. */
void meanings_follow(
	struct meanings *meanings, const char *page, const char *former, const char *id);

/* Writes those of a page, in place of what was there. The transaction is the caller's. */
void meanings_save(struct database *database, const struct meanings *meanings, const char *page);

/* Drops the one at that place, here and in the database. */
void meaning_drop(struct database *database, struct meanings *meanings, size_t place);

/* Adds the patterns of a page, and the ids that they have come to mean, "!" before those that are
 * left out. */
void meanings_expand(const struct meanings *meanings, const char *page,
	const struct text_list *patterns, struct text_list *out);

/* Adds the patterns that mean this indicator. */
void meanings_of(const struct meanings *meanings, const char *page, const char *id,
	struct text_list *patterns);

#endif
