/* SPDX-License-Identifier: ISC
 *
 * Private to verify*.c: the parts of one verification. Each returns false at the first
 * thing that is wrong, with the error set.
 */
#ifndef LAMPWATCH_VERIFY_P_H
#define LAMPWATCH_VERIFY_P_H

#include "archive/archive.h"
#include "archive/chain.h"
#include "archive/verify.h"
#include "base/digest.h"
#include "store/store.h"

/* Sequences from one to another, both included. */
struct chain_range {
	int64_t first, last;
};

/* What a page's chain says, for everything else to be held against. Owned. */
struct chain_seen {
	char *page;
	char (*digests)[DIGEST_TEXT]; /* of line i + 1 */
	size_t count;
	struct chain_range *pruned;
	size_t pruned_count;
	struct text_list folders; /* that must be there; sorted once the chain is walked */
};

struct check {
	const struct verification *with;
	struct verified *verified;
	void (*progress)(const struct verified *verified);
	struct error *error;
	struct page_states states;
	struct archive_intents intents;
	struct chain_seen *chains;
	size_t chain_count;
	bool *found;     /* of with->digests, each */
	bool packing;    /* a crash left a pack half written */
	bool unfinished; /* the next run writes heads again */

	/* the page being looked at */
	const struct page_state *page; /* NULL without a database */
	struct chain_seen *seen;
	struct chain_line last; /* the last snapshot's; its type is "" while there is none */
};

/* Sets the error to "path: what". */
bool verify_wrong(const struct check *check, const char *path, const char *what);

/* Takes note of a digest that is in the archive. */
void verify_seen(const struct check *check, const char *digest);

/* Whether a crash left this folder of the page (NULL: any) for the next run. */
bool verify_intended(const struct check *check, const char *page, const char *folder);

/* NULL where no chain of that page was seen. */
const struct chain_seen *verify_chain_of(const struct check *check, const char *page);

/* A folder with SHA256SUMS, whose own SHA-256 must be sums where that is not NULL: every file is as
 * listed, nothing is missing and nothing added. */
bool verify_folder(const struct check *check, const char *folder, const char *sums);

/* One page, from its chain on; fills in check->seen. */
bool verify_page(struct check *check, const char *name);

/* heads, its signature, and each stamp, against the chains that were seen. */
bool verify_heads(struct check *check);
bool verify_stamps(struct check *check);

#endif
