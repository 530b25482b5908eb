/* SPDX-License-Identifier: ISC
 *
 * Silences: periods without notifications about a page, as requested on the command line. Kept in
 * the database of store/store.h.
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
		366 *
		86400, /* anything longer is taken for a mistake: an unwanted page can be removed */
};

struct silence {
	char *page, *reason;  /* owned; reason "" where none was given */
	int64_t begins, ends; /* seconds since 1970; ends is exclusive */
};

struct silences {
	struct silence *list;
	size_t count;
};

/* Adds those that have not ended at now, sorted by their ends. */
void silences_load(struct database *database, int64_t now, struct silences *silences);
void silences_release(struct silences *silences);

/* The page's silence at now that ends last; NULL if there is none. */
const struct silence *silences_find(const struct silences *silences, const char *page, int64_t now);

/* Silences the page from now to ends, replacing an earlier silence. Within a transaction. */
void silence_begin(
	struct database *database, const char *page, int64_t now, int64_t ends, const char *reason);
/* Ends the page's silences. False if there were none. Within a transaction. */
bool silence_end(struct database *database, const char *page, int64_t now);

#endif
