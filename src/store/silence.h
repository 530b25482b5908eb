/* SPDX-License-Identifier: ISC
 *
 * Silences: stretches of time during which nobody is told of a page, as somebody asked for on the
 * command line. They live in the database of store/store.h.
 */
#ifndef LAMPWATCH_SILENCE_H
#define LAMPWATCH_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

extern const struct schema_step silence_schema[];

enum {
	SILENCE_REASON_MAX = 256, /* bytes */
	SILENCE_SECONDS_MAX =
		366 * 86400, /* longer is a mistake: a page that nobody wants can go */
};

struct silence {
	char *page, *reason;  /* owned; reason "" where none was given */
	int64_t begins, ends; /* seconds since 1970; ends is the first that is silent no more */
};

struct silences {
	struct silence *list;
	size_t count;
};

/* Adds those that have not ended at now, the one that ends first coming first. */
void silences_load(struct database *database, int64_t now, struct silences *silences);
void silences_release(struct silences *silences);

/* The one that keeps the page silent at now and ends last; NULL: none does. */
const struct silence *silences_find(const struct silences *silences, const char *page, int64_t now);

/* From now to ends. One that the page has already is replaced. Within a transaction. */
void silence_begin(
	struct database *database, const char *page, int64_t now, int64_t ends, const char *reason);
/* Ends what is under way. False where nothing was. Within a transaction. */
bool silence_end(struct database *database, const char *page, int64_t now);

#endif
