/* SPDX-License-Identifier: ISC
 *
 * What was counted of a page of kind crowd, window by window, for four weeks: what is usual there.
 */
#ifndef LAMPWATCH_STORE_CROWD_H
#define LAMPWATCH_STORE_CROWD_H

#include <stdint.h>

#include "base/database.h"
#include "model/crowd.h"

extern const struct schema_step crowd_schema[];

/* Adds what was counted of the page by the same rule. counted: a digest of the rule: what is
 * counted otherwise is something else. Free the list. */
void crowd_windows_load(struct database *database, const char *page, const char *counted,
	struct crowd_windows *windows);

/* Adds one, and forgets all that are too old. The transaction is the caller's. */
void crowd_window_save(struct database *database, const char *page, const char *counted,
	const struct crowd_window *window);

/* All that are older than four weeks, also of pages that nobody watches any more. */
void crowd_windows_forget(struct database *database, int64_t now);

#endif
