/* SPDX-License-Identifier: ISC
 *
 * A page that can be fetched and read, and is all the same no longer the page that
 * it was: what it says is not believed until somebody has looked. Pure.
 */
#ifndef LAMPWATCH_DRIFT_H
#define LAMPWATCH_DRIFT_H

#include <stdbool.h>

#include "model/reading.h"

struct error;

/*
 * True where half or more of the indicators of before, and at least two, stand in after no
 * longer; never where either of the two lists only what is in trouble. error gets what was
 * expected and what was found.
 */
bool drift_vanished(const struct reading *before, const struct reading *after, struct error *error);

/*
 * True where the final address is on another host than the requested one, and on another than
 * usual, the host that the page came from when all was well ("" or NULL: not known, so whatever
 * there is counts as usual). A leading "www." makes no difference. Any of the addresses may be
 * NULL: false.
 */
bool drift_moved(const char *usual, const char *requested, const char *final, struct error *error);

#endif
