/* SPDX-License-Identifier: ISC
 *
 * The chain of a page: one line for each thing that was kept, each with the
 * SHA-256 of the line before, so that nothing can be altered, taken out or put
 * in without every later line disagreeing (lampwatch-archive(5)). Pure.
 *
 *   lampwatch chain 1 sha256
 *   snapshot <sequence> <time> <folder> <SHA-256 of SHA256SUMS> <SHA-256 of the line before>
 *
 * Fields are separated by tabs, lines end with a newline, which the digest of a line does not
 * include. The line before the first snapshot is the head line.
 */
#ifndef LAMPWATCH_CHAIN_H
#define LAMPWATCH_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct buffer;
struct error;

#define CHAIN_HEAD "lampwatch chain 1 sha256"

/* The type of a line that says where else a snapshot can be seen: its folder is the address of a
 * memento, its sums are those of the snapshot. */
#define CHAIN_NOTE "note"

struct chain_line {
	char type[16];    /* "snapshot"; others may come */
	int64_t sequence; /* from 1, without a gap */
	char time[64];    /* RFC 3339 */
	char folder[256]; /* relative to the page's own */
	char sums[DIGEST_TEXT];
	char before[DIGEST_TEXT];
};

/* The line as it stands in the chain, without the newline; owned by the caller. */
char *chain_line_write(const struct chain_line *line);

/* The reverse; false where it is not a line of a chain. */
bool chain_line_parse(const char *text, struct chain_line *line);

/* SHA-256 of a line without its newline. */
void chain_line_digest(const char *text, char out[static DIGEST_TEXT]);

/*
 * Walks a whole chain's text: calls each for every line (text without newline, its
 * number from 1 for the first after the head) and checks head, form, sequence
 * and digests, which cover each byte: a line without a NUL. Stops with REMEDY_LOCAL, naming the
 * line, at the first that is wrong or that each refuses (each has then set error).
 */
bool chain_walk(const char *text, size_t length,
	bool (*each)(void *context, const struct chain_line *line, const char *text,
		struct error *error),
	void *context, struct error *error);

#endif
