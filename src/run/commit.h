/* SPDX-License-Identifier: ISC
 *
 * How one observation is committed, alone or in a batch (run/batch.h); archive/archive.h has the
 * steps. Errors: REMEDY_LOCAL.
 */
#ifndef LAMPWATCH_COMMIT_H
#define LAMPWATCH_COMMIT_H

#include <stdbool.h>

struct error;
struct observation;
struct observer;
struct page_state;
struct work;

/* Steps 1 to 6, all or nothing: where no snapshot can be kept, without one; where nothing can be
 * written, with the observer's standby. What fails then is said, and local_trouble set. */
void commit_alone(struct work *work);

/* A snapshot that is older than what is known of its page by now is evidence all the same: it
 * becomes part of the chain. */
void commit_older(struct observer *observer, struct observation *seen);

/* The end of a commit: the chain's lines that the database holds, then the intent's removal. */
void commit_finish(struct observer *observer, const struct page_state *state);

/* ---- its steps, as a batch takes them ---- */

/* False while an earlier snapshot of the page waits for its commit: another one's intent would hide
 * it. */
bool commit_allowed(const struct work *work, struct error *error);

/* Step 1 without its syncs. */
bool commit_folder(struct work *work, struct error *error);

/* After archive_place_all(): the folder stands in its place; false where placing says why not. */
bool commit_place(struct work *work);

/* Step 4, within a transaction. */
void commit_rows(struct work *work);

/* What follows the transaction, except the chain. */
void commit_settle(struct work *work);

#endif
