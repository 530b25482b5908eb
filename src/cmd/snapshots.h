/* SPDX-License-Identifier: ISC
 *
 * What `show` and `diff` share: which snapshot a TIME means, and what it holds.
 */
#ifndef LAMPWATCH_SNAPSHOTS_H
#define LAMPWATCH_SNAPSHOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/reading.h"
#include "run/context.h"
#include "store/store.h"

/*
 * The last snapshot that is not after the time (any prefix of RFC 3339; NULL:
 * now). False after a line. Release row afterwards.
 */
bool snapshot_find(const struct context *context, const char *page, const char *time,
	struct snapshot_row *row);

/* The reading that the snapshot holds, into reading (zeroed by the caller). False after a line. */
bool snapshot_reading(const struct context *context, const char *page,
	const struct snapshot_row *row, struct reading *reading);

#endif
