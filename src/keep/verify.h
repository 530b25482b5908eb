/* SPDX-License-Identifier: ISC
 *
 * Proves that an archive is whole: every digest of every snapshot, every line
 * of every chain, every row of the database against its folder, nothing missing
 * and nothing added.
 */
#ifndef LAMPWATCH_VERIFY_H
#define LAMPWATCH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/database.h"

struct error;

struct verified {
	size_t pages, snapshots, files;
};

/*
 * Stops at the first thing that is wrong, which error then names (path and
 * what; REMEDY_LOCAL). What a crash left between two steps of a commit, for the next run
 * to finish, is not wrong. progress may be NULL.
 */
bool verify(const char *archive, struct database *database, struct verified *verified,
	void (*progress)(const struct verified *verified), struct error *error);

#endif
