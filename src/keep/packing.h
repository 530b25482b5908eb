/* SPDX-License-Identifier: ISC
 *
 * Which snapshots are packed, and in what order (keep/pack.h says how one is). The caller holds the
 * run's lock alone. While any of this is under way, .state/packing is there: what a crash leaves
 * then is no damage, and the next call mends it.
 */
#ifndef LAMPWATCH_PACKING_H
#define LAMPWATCH_PACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"

struct error;

/* True where a crash, or somebody at work, left it half done. */
bool packing_left(const char *archive);

/*
 * Packs every snapshot of a page that is older than before (seconds since 1970), in the chain's
 * order; those that are packed already cost nothing. Adds their number to *done, of which progress
 * (may be NULL) hears. Stops at the first that cannot be, with error (REMEDY_LOCAL).
 */
bool packing_pack(const char *archive, struct database *database, const char *page, int64_t before,
	size_t *done, void (*progress)(size_t done), struct error *error);

#endif
