/* SPDX-License-Identifier: ISC
 *
 * Proves that an archive is whole: every digest of every snapshot, every line
 * of every chain, heads against the chains, the signature over heads, every time stamp,
 * every row of the database against what lies there, nothing missing and nothing added. A
 * symbolic link is no file: what it leads to is not in the archive.
 */
#ifndef LAMPWATCH_VERIFY_H
#define LAMPWATCH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/database.h"

struct buffer;
struct error;
struct text_list;

/* What there is to verify with. Borrowed. */
struct verification {
	const char *archive;
	struct database *database;   /* NULL: a copy without one */
	const struct buffer *public; /* PEM of the key that heads must be signed with; NULL: the one
					that lies there, if any, is taken as it is */
	const struct text_list *digests; /* of what else must be in the archive, as alerts carry
					    them: of lines of chains, of a SHA256SUMS that a line
					    names, of heads; NULL: none */
	const char *ca_file; /* certificates that stamps must lead to; NULL: the one that a
				stamp carries is taken as it is */
};

struct verified {
	size_t pages, snapshots, files, pruned, stamps;
	bool is_signed, by_known_key; /* the one to be verified with, or that the database has */
	bool unfinished;              /* the next run writes and signs heads: nothing is known */
};

/*
 * Stops at the first thing that is wrong, which error then names (path and
 * what; REMEDY_LOCAL). What a crash left between two steps of a commit, for the next run
 * to finish, is not wrong. progress may be NULL.
 */
bool verify(const struct verification *with, struct verified *verified,
	void (*progress)(const struct verified *verified), struct error *error);

#endif
