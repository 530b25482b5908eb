/* SPDX-License-Identifier: ISC
 *
 * A first kind for a page that none reads: written from the page itself. For authors of kinds.
 */
#ifndef LAMPWATCH_SKETCH_H
#define LAMPWATCH_SKETCH_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct document;
struct error;
struct kind;

enum { SKETCH_MAX = 64 * 1024 /* bytes of it */ };

/*
 * Adds to out the YAML of a kind (lampwatch-kind(5)), which has been loaded and has read the
 * page: the rows with a name, most of which have a word that the tables of the other kinds know, or
 * that stands under a key such as "status".
 * What is not sure stands there as comments, the next best rows too; a word that is in no table, or
 * in one alone, is under no level. False with REMEDY_PAGE where there are no such rows, or the page
 * cannot be parsed.
 */
bool sketch_kind(const struct kind *const *kinds, size_t count, const struct document *document,
	struct buffer *out, struct error *error);

#endif
