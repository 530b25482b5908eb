/* SPDX-License-Identifier: ISC
 *
 * The reserve: space that is held while there is some, and given back when the
 * disk is full, so that the one commit that matters then finds room.
 */
#ifndef LAMPWATCH_RESERVE_H
#define LAMPWATCH_RESERVE_H

enum { RESERVE_BYTES = 8 * 1024 * 1024 };

/* Makes archive/.state/reserve of RESERVE_BYTES, unless it is there. What the disk cannot spare is
 * left out. */
void reserve_fill(const char *archive);

/* Gives the space back. */
void reserve_free(const char *archive);

#endif
