/* SPDX-License-Identifier: ISC
 *
 * Whether a page is to be told of now: our own maintenance, from the configuration, and silences,
 * from the database. What begins and ends meanwhile is kept and logged, but nobody is told.
 * Pure.
 */
#ifndef LAMPWATCH_SUPPRESSION_H
#define LAMPWATCH_SUPPRESSION_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct silences;

struct suppression {
	int64_t until;      /* the first second that is told of again, as far as is known now */
	const char *reason; /* borrowed; "" where none is given */
	bool silence;       /* of somebody on the command line; else maintenance */
};

/* True while the page is muted at now; then *mute (may be NULL) says by what. Of several, the one
 * that ends last. */
bool suppression_holds(const struct config *config, const struct silences *silences,
	const char *page, int64_t now, struct suppression *suppression);

#endif
