/* SPDX-License-Identifier: ISC
 *
 * WACZ 1.1.1: a ZIP with a WARC file, its index, a list of pages, and the
 * digests of all of them, which viewers open as it is.
 */
#ifndef LAMPWATCH_WACZ_H
#define LAMPWATCH_WACZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publish/cdxj.h"

struct error;
struct wacz;

/* The name of the WARC file in it, as the index gives it. */
#define WACZ_DATA "data.warc.gz"

/* NULL with REMEDY_LOCAL. The file appears with wacz_finish(). */
struct wacz *wacz_open(const char *path, struct error *error);

/* A piece of the WARC file, which comes first (a gzip_put; context is the struct wacz). */
bool wacz_put(void *context, const void *bytes, size_t length);

/* A page to be listed, and the time (seconds since 1970) at which it looked like that. Borrowed. */
void wacz_page(struct wacz *wacz, const char *url, int64_t time, const char *title);

/* Writes the rest and closes the file. description is one line about the content. Errors as for
 * zip_finish(); frees wacz in any case. */
bool wacz_finish(struct wacz *wacz, struct cdxj *cdxj, const char *description, int64_t now,
	struct error *error);

#endif
