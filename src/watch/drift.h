/* SPDX-License-Identifier: ISC
 *
 * A page that can be fetched and read but is probably no longer the same page: its
 * reading is not believed until somebody has looked at it. Pure.
 */
#ifndef LAMPWATCH_DRIFT_H
#define LAMPWATCH_DRIFT_H

#include <stdbool.h>

#include "model/reading.h"

struct error;

/*
 * True where half or more of the indicators of before, and at least two, are missing in after,
 * or all of them are missing or called differently and so is the page (an address that now
 * leads to somebody else's); never where either of the two lists only what is in trouble.
 * error gets what was expected and what was found.
 */
bool drift_vanished(const struct reading *before, const struct reading *after, struct error *error);

/*
 * True where the final address is neither on the requested host nor on usual, the host that the
 * page came from when it was last in order ("" or NULL: not known, so any host is usual). A leading
 * "www." makes no difference. Any of the addresses may be NULL: false.
 */
bool drift_moved(const char *usual, const char *requested, const char *final, struct error *error);

#endif
