/* SPDX-License-Identifier: ISC
 *
 * Everything needed to check one snapshot without lampwatch: its files, its
 * page's chain up to the line that heads name, those heads, their signature, a time stamp.
 */
#ifndef LAMPWATCH_EVIDENCE_BUNDLE_H
#define LAMPWATCH_EVIDENCE_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/digest.h"

struct error;
struct snapshot_row;

struct evidence_file {
	char *name; /* "snapshot/body", "chain", "heads" … */
	struct buffer bytes;
};

/* All owned. */
struct evidence_bundle {
	struct evidence_file *files;
	size_t count;
	char *url; /* of the page, from the capture; NULL if it has none */
	bool simulated;
	bool private;             /* its bodies are not published, and not in here */
	int64_t time, sequence;   /* of the snapshot */
	char sums[DIGEST_TEXT];   /* SHA-256 of its SHA256SUMS */
	char head[DIGEST_TEXT];   /* of the last line of the chain that is in here */
	char public[DIGEST_TEXT]; /* SHA-256 of the key that signed heads; "" where they are not
				     signed */
	int64_t stamped;          /* when heads existed; 0: not stamped */
};

/*
 * Gathers it. Of all the heads that cover the snapshot those with the earliest time stamp are
 * taken, signed ones before others; without a stamp today's. False with REMEDY_LOCAL where anything
 * does not fit together.
 */
bool evidence_bundle_gather(const char *archive, const char *page, const struct snapshot_row *row,
	struct evidence_bundle *proof, struct error *error);

/* Adds a file; the bytes are taken over, and bytes is empty afterwards. */
void evidence_bundle_add(struct evidence_bundle *proof, const char *name, struct buffer *bytes);

void evidence_bundle_release(struct evidence_bundle *proof);

#endif
