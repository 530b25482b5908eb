/* SPDX-License-Identifier: ISC
 *
 * A mistake in the configuration, while runs go on with the last good one: printed once, and mailed
 * once to that one's operator; and mailed once when the file is good again.
 */
#ifndef LAMPWATCH_MISTAKE_H
#define LAMPWATCH_MISTAKE_H

#include <stdbool.h>
#include <stdint.h>

struct context;
struct database;
struct error;

/*
 * Prints each mistake of the context that has not been printed since the file was last good; on a
 * terminal, all of them. The rest is one transaction; false with REMEDY_LOCAL where it fails, and
 * then it is said again.
 */
bool mistake_tell(
	struct database *database, const struct context *context, int64_t now, struct error *error);

#endif
