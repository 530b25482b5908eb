/* SPDX-License-Identifier: ISC
 *
 * Private to pack*.c.
 */
#ifndef LAMPWATCH_PACK_P_H
#define LAMPWATCH_PACK_P_H

#include "archive/pack.h"
#include "base/buffer.h"

/* "2014/01/2014-01-24T192000Z" in its parts: both owned by the caller. */
void pack_split(const char *folder, char **month, char **name);

/* NULL where the name is not packed there. */
const struct pack_line *pack_find(const struct pack_index *index, const char *name);

/* Adds the line's text, with its newline; and that of the head line. */
void pack_line_write(const struct pack_line *line, struct buffer *out);
void pack_head_write(const char *file, struct buffer *out);

/* The tar of one snapshot, added to out. */
bool pack_expand(const char *archive, const char *page, const char *month,
	const struct pack_index *index, const struct pack_line *line, struct buffer *out,
	struct error *error);

/* A frame for the tar of a snapshot, behind those of index, of which base is the tar of the last
 * (empty: there is none). Fills in line. */
bool pack_compress(const struct pack_index *index, const char *name, const struct buffer *tar,
	const struct buffer *base, struct pack_line *line, struct buffer *frame);

#endif
