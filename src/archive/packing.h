/* SPDX-License-Identifier: ISC
 *
 * Which snapshots are packed and which are pruned, and in what order (archive/pack.h says how one
 * is). The caller holds the run's lock; who packs may let a run have it between two snapshots.
 * While any of this is under way, .state/packing is there: what a crash leaves then is no damage,
 * and the next call mends it.
 */
#ifndef LAMPWATCH_PACKING_H
#define LAMPWATCH_PACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

struct error;
struct page_state;

/* True where a crash, or somebody at work, left it half done. */
bool packing_left(const char *archive);

/* Sets the mark of that, and takes it away after all was done. Errors: REMEDY_LOCAL. */
bool packing_begin(const char *archive, struct error *error);
void packing_end(const char *archive);

/*
 * Packs every snapshot of a page but the last that is older than before (seconds since 1970), in
 * the chain's order; those that are packed already cost nothing. Adds their number to *done, and
 * after each calls goes_on with it: where that is false, it stops, and a later call has the rest.
 * Stops at the first that cannot be packed, with error (REMEDY_LOCAL).
 */
bool packing_pack(const char *archive, struct database *database, const char *page, int64_t before,
	size_t *done, bool (*goes_on)(void *context, size_t done), void *context,
	struct error *error);

/* What is kept of a page. 0: no bound. */
struct retention {
	int64_t since; /* seconds since 1970: older ones go */
	int64_t count; /* the newest so many stay */
};

/*
 * Prunes a page: what goes beyond either bound, oldest first, but never the last snapshot. Adds how
 * many to *done. The order, of which a crash may leave any beginning:
 *   1  .state/intent/PAGE names the last snapshot, so that the next run appends what is missing
 *   2  a transaction marks the rows as pruned, and holds the chain's new line, which names them
 *   3  the line is appended to the chain
 *   4  the folders are removed, and the months that hold packed ones are rewritten
 *   5  the intent is removed
 * What a crash left of 3 and 4 is done too. The caller calls packing_end() once all pages are done.
 * Errors: REMEDY_LOCAL.
 */
bool packing_prune(const char *archive, struct database *database, const struct page_state *state,
	const struct retention *retention, int64_t now, size_t *done, struct error *error);

#endif
