/* SPDX-License-Identifier: ISC
 *
 * watch/kind/: the engine of kinds: from the bytes of a page to its reading, by a YAML
 * file and XPath.
 *
 * How a family of pages is read: a YAML file (lampwatch-kind(5)), loaded,
 * checked and compiled. A kind borrows nothing after loading and is never
 * changed; reading with it touches no clock, file or network.
 */
#ifndef LAMPWATCH_KIND_H
#define LAMPWATCH_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/yaml.h"

struct error;
struct problems;
struct kind;

/*
 * The file of the kind with this name: user_folder/name.yaml where it exists
 * (user_folder may be NULL), else templates/pages/name.yaml. NULL where there
 * is none. Owned by the caller.
 */
char *kind_find(const char *templates, const char *user_folder, const char *name);

/*
 * Loads and compiles. with (may be nothing) holds the page's own parameters:
 * its keys are put over those of the file, block by block. NULL with every
 * error (file, line and what would be right) in problems.
 */
struct kind *kind_load(const char *path, struct node with, struct problems *problems);
void kind_free(struct kind *kind);

/*
 * What it was loaded from, for a process that has no files: kind_of_source() makes the same kind of
 * it, without complaints; NULL where it cannot be loaded. Borrowed from the kind.
 */
const char *kind_source(const struct kind *kind, size_t *length);
struct kind *kind_of_source(const char *source, size_t length);

const char *kind_name(const struct kind *kind);
const char *kind_about(const struct kind *kind);

/* What the file was written from, as it says itself. */
enum kind_seen {
	KIND_SEEN_UNSAID,
	KIND_SEEN_LIVE,   /* a real answer */
	KIND_SEEN_QUOTED, /* the code of a client that reads it, or a real answer that somebody
			     quotes */
	KIND_SEEN_NEVER,  /* documentation alone */
};
enum kind_seen kind_seen(const struct kind *kind);

/* SHA-256 over the file's bytes and the parameters: it changes when pages may be read differently.
 */
const char *kind_digest(const struct kind *kind);

/* The kind of the same family that sees more of its pages, and what this one does not see; "" where
 * the file says nothing. */
const char *kind_after(const struct kind *kind);
const char *kind_lacks(const struct kind *kind);

/* True where the page lists only what is in trouble (some block has `others`). */
bool kind_lists_troubles_only(const struct kind *kind);

/* True where its incidents name what they affect. */
bool kind_names_affected(const struct kind *kind);

/* True where one of its tables says what the word means, be it unknown. */
bool kind_knows_word(const struct kind *kind, const char *word);

/* "FILE:LINE" of its `levels`, or "FILE" where it has none. Owned by the caller. */
char *kind_levels_place(const struct kind *kind);

/* Documents, the first of which is `page`. At least 1. */
size_t kind_document_count(const struct kind *kind);
const char *kind_document_name(const struct kind *kind, size_t i);

/* Whether the page can be read without the document, where its server answers 404 or 410. */
bool kind_document_optional(const struct kind *kind, size_t i);

/*
 * Where the page is if its server says (404, 410) that it is not at the address of document 0, nor
 * at those before: address i, as kind_document_address().
 */
size_t kind_fallback_count(const struct kind *kind);
bool kind_fallback_address(
	const struct kind *kind, size_t i, const char *url, char **address, struct error *error);

/* One fetched document; the bytes are borrowed. A document that was not fetched has bytes NULL. */
struct document {
	const char *bytes;
	size_t length;
};

enum document_form { DOCUMENT_JSON, DOCUMENT_HTML, DOCUMENT_XML }; /* JSON: JSONP too */

/*
 * The address of document i, owned by the caller: an absolute URL, or "" where
 * it is not to be fetched. documents holds those before i (none for i = 0).
 * Errors: REMEDY_PAGE.
 */
bool kind_document_address(const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error);

#endif
