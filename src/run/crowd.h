/* SPDX-License-Identifier: ISC
 *
 * A page of kind crowd: what the reader read are the entries of a feed; here they become the
 * reading of one indicator, by what was counted before (model/crowd.h).
 */
#ifndef LAMPWATCH_RUN_CROWD_H
#define LAMPWATCH_RUN_CROWD_H

struct work;

/* At the start of deciding, once the page's state is loaded: puts the indicator in place of the
 * entries. Of other pages, and of what was counted before (a snapshot that is taken up again),
 * nothing changes. */
void crowd_take(struct work *work);

/* Within the transaction: keeps what was counted, where it is time for it. */
void crowd_save(struct work *work);

#endif
