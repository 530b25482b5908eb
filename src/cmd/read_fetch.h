/* SPDX-License-Identifier: ISC
 *
 * Fetching for the commands that have no configuration.
 */
#ifndef LAMPWATCH_READ_FETCH_H
#define LAMPWATCH_READ_FETCH_H

#include <stdbool.h>

#include "base/buffer.h"
#include "watch/kind.h"

struct error;

/*
 * Fetches the documents of a page of this kind; with kind NULL, the one document at url. Fills
 * bodies (owned by the caller, who zeroed them) and says in there which came.
 */
bool fetch_documents(const char *url, const struct kind *kind,
	struct buffer bodies[static KIND_DOCUMENTS_MAX], bool there[static KIND_DOCUMENTS_MAX],
	struct error *error);

#endif
