/* SPDX-License-Identifier: ISC
 *
 * Bodies that must not lie where the archive may be published (`publish: false`): they are in
 * .state/private/PAGE/FOLDER (0700), each under the name that it would have in the snapshot's
 * folder. The snapshot's capture has the SHA-256 and the length of each, so that they stay
 * provable, and the snapshot is whole without them. Packing leaves them where they are.
 */
#ifndef LAMPWATCH_PRIVATE_BODY_H
#define LAMPWATCH_PRIVATE_BODY_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct capture_text;
struct error;

/* The keys of a document's capture. */
#define PRIVATE_BODY_SHA256 "private-body-sha256"
#define PRIVATE_BODY_LENGTH "private-body-length"

/* The folder of a snapshot's private bodies; folder NULL: of the one that is being written. Owned
 * by the caller. */
char *private_body_path(const char *archive, const char *page, const char *folder);

/* True where the capture names some. */
bool private_body_any(const struct capture_text *capture);

/* Adds the body of document i (from 0), wherever it lies, if it is what it was. Errors as of
 * archive_read(). */
bool private_body_read(const char *archive, const char *page, const char *folder, size_t i,
	struct buffer *out, struct error *error);

/* False with error (REMEDY_LOCAL) where one lies there that is not what the capture says. One that
 * does not lie there is not missed. */
bool private_body_check(const char *archive, const char *page, const char *folder,
	const struct capture_text *capture, struct error *error);

/* Removes those of a snapshot; where there are none, that is no error. */
bool private_body_remove(
	const char *archive, const char *page, const char *folder, struct error *error);

#endif
