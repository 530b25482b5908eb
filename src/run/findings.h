/* SPDX-License-Identifier: ISC
 *
 * What an observed page says that somebody should look at, and the operator's mail about it.
 */
#ifndef LAMPWATCH_FINDINGS_H
#define LAMPWATCH_FINDINGS_H

#include <stdint.h>

#include "store/finding.h"

struct kind;
struct meaning;
struct observer;
struct reading;
struct work;

/* Words of indicators, incidents and the page itself that no table of the kind has. */
void findings_of_words(const struct kind *kind, const char *page, const struct reading *reading,
	struct findings *findings);

/* Where the provider has renamed an indicator that a pattern fits, the pattern goes on to mean it:
 * of the page's `indicators:` and of those who are told. */
void names_follow(struct work *work, const struct reading *before, const struct reading *after);

/* The pattern stands nowhere any more: nobody needs to change it. */
void finding_of_meaning_forget(struct database *database, const struct meaning *meaning);

/* Collects what there is to say of the new reading. */
void findings_of_page(struct work *work);

/* Within a transaction: remembers them, and tells the operator what is new. */
void findings_enqueue(struct work *work);

/* Within a transaction: one mail to the operator with all of them, and lines in the log. */
void findings_tell(const struct observer *observer, const char *page,
	const struct findings *findings, int64_t now);

#endif
