/* SPDX-License-Identifier: ISC
 *
 * `heads`: where each page's chain ends, in one file, which is what is signed and
 * stamped (lampwatch-archive(5)). Beside it lie heads.sig, the signature, and heads.pub, the key to
 * check it with.
 *
 *   lampwatch heads 1 sha256
 *   <page> <sequence> <SHA-256 of the chain's last line>
 *
 * The order of writing, of which a crash may leave any beginning; the fact `heads` in the
 * database is empty from a chain's new line on until all of it is done, and then the file's
 * SHA-256:
 *   1  heads.sig is removed, where there will be none
 *   2  heads
 *   3  heads.pub, then heads.sig
 */
#ifndef LAMPWATCH_CHAIN_HEADS_H
#define LAMPWATCH_CHAIN_HEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct buffer;
struct database;
struct error;
struct signature_key;

#define CHAIN_HEADS_FILE "heads"
#define CHAIN_HEADS_SIGNATURE "heads.sig"
#define CHAIN_HEADS_PUBLIC "heads.pub"
enum { CHAIN_HEADS_MAX = 4 * 1024 * 1024 }; /* bytes: ten thousand pages with the longest names */

struct chain_head {
	char page[65];
	int64_t sequence;
	char digest[DIGEST_TEXT];
};

struct chain_heads {
	struct chain_head *list; /* owned; sorted by name, bytewise */
	size_t count;
};

/* Adds a page's, behind those whose names come before it. */
void chain_heads_add(
	struct chain_heads *heads, const char *page, int64_t sequence, const char *digest);

/* Adds those of all pages, as the database knows them. False where they could not be read. */
bool chain_heads_known(struct chain_heads *heads, struct database *database);

/* NULL where the page is not listed. */
const struct chain_head *chain_heads_find(const struct chain_heads *heads, const char *page);
void chain_heads_release(struct chain_heads *heads);

/* Adds the file's text. */
void chain_heads_write(const struct chain_heads *heads, struct buffer *out);

/* The reverse, strictly: REMEDY_LOCAL names the first line that lampwatch did not write. */
bool chain_heads_parse(
	const char *text, size_t length, struct chain_heads *heads, struct error *error);

/*
 * Steps 1 to 3; a file that says already what it should is not written again. key NULL: without
 * a signature. Errors: REMEDY_LOCAL.
 */
bool chain_heads_publish(const char *archive, const struct buffer *text,
	const struct signature_key *key, struct error *error);

/* True where heads holds this text, and the signature and its key are there or, without a key,
 * are not. */
bool chain_heads_published(const char *archive, const struct buffer *text, bool signature);

#endif
