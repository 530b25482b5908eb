/* SPDX-License-Identifier: ISC
 *
 * One snapshot, kept as a run keeps those of a batch.
 */
#ifndef LAMPWATCH_TESTS_KEEP_H
#define LAMPWATCH_TESTS_KEEP_H

#include <string.h>

#include "archive/archive.h"
#include "base/error.h"
#include "base/memory.h"

/* *folder, relative to the page's own, is owned by the caller. False with error (never NULL). */
static inline bool keep_snapshot(const char *archive, const struct snapshot *snapshot,
	char **folder, char sums[static DIGEST_TEXT], struct error *error)
{
	struct placing placing, *list[] = {&placing};
	bool done;

	if (!archive_write(archive, snapshot, &placing, error))
		return false;
	archive_place_all(archive, list, 1, true);
	done = !placing.failed;
	if (done) {
		*folder = memory_string(placing.folder);
		memcpy(sums, placing.sums, DIGEST_TEXT);
	} else {
		*error = placing.error;
	}
	placing_release(&placing);
	return done;
}

#endif
