/* SPDX-License-Identifier: ISC
 *
 * What somebody should look at, and has been told of once: names in the configuration that nothing
 * has, words that no table has, ids that are not unique, indicators that were renamed.
 */
#ifndef LAMPWATCH_FINDING_H
#define LAMPWATCH_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

extern const struct schema_step finding_schema[];

/* The most that is remembered, and so told, of one page and type: a page that says something new in
 * each fetch is not told of for ever. */
enum { FINDINGS_MAX = 20 };

#define FINDING_PATTERN "pattern" /* in the configuration, that fits nothing */
#define FINDING_WORD "word"       /* that no table has */
#define FINDING_ID "id"           /* that is not unique */
#define FINDING_RENAMED "renamed" /* an indicator that a pattern goes on to mean */

/* Strings owned. */
struct finding {
	char *page; /* its name; "" where it is about a receiver */
	char *type; /* FINDING_… */
	char *item; /* which of that type: it is told once */
	char *text; /* for people */
};

struct findings {
	struct finding *list;
	size_t count;
};

/* Adds one; the same of a page, type and item only once, and at most FINDINGS_MAX of a page and
 * type. */
void findings_add(struct findings *findings, const char *page, const char *type, const char *item,
	const char *text);
void findings_release(struct findings *findings);

/* Adds those that are remembered: of the page, where that is not NULL, and of the type. With past
 * also those that no longer hold. */
void findings_load(struct database *database, const char *page, const char *type, bool past,
	struct findings *findings);

/*
 * Of this page and type these are what holds now; what is new of them goes to fresh. What no longer
 * holds is remembered, so that it is not told again. The transaction is the caller's.
 */
void findings_save(struct database *database, const char *page, const char *type,
	const struct findings *now, int64_t time, struct findings *fresh);

/* Its episode is over: it is told again when it comes again. */
void finding_forget(struct database *database, const struct finding *finding);

#endif
