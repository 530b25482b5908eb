/* SPDX-License-Identifier: ISC
 *
 * ZIP (APPNOTE 6.3.3) with files as they are, not compressed (STORE), which is what WACZ wants.
 * Without Zip64: at most 4 GiB and 65,535 files.
 */
#ifndef LAMPWATCH_ZIP_H
#define LAMPWATCH_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

struct error;
struct zip;

/* Bytes of a whole file. */
#define ZIP_MAX ((int64_t)UINT32_MAX - 1)

/* A file of at most maximum bytes (ZIP_MAX at most). NULL with REMEDY_LOCAL. It appears with
 * zip_finish(). */
struct zip *zip_open(const char *path, int64_t maximum, struct error *error);

/* One file after the other: begun, fed (context is the struct zip: a gzip_put), ended. */
void zip_begin(struct zip *zip, const char *name);
bool zip_put(void *context, const void *bytes, size_t length);

/* Gives the file's length and SHA-256. */
void zip_end(struct zip *zip, int64_t *length, char sha256[static DIGEST_TEXT]);

/* False with REMEDY_LOCAL where it could not be written, and REMEDY_CONFIGURATION where it would be
 * longer than the maximum: then there is no file. Frees zip in any case. */
bool zip_finish(struct zip *zip, struct error *error);

/* Leaves no file. NULL is allowed. */
void zip_discard(struct zip *zip);

#endif
