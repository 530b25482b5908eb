/* SPDX-License-Identifier: ISC
 *
 * Matches the records of WARC files with the documents of the pages of the configuration.
 */
#ifndef LAMPWATCH_IMPORT_WARC_H
#define LAMPWATCH_IMPORT_WARC_H

#include <stdbool.h>
#include <stddef.h>

#include "publish/web_records.h"
#include "run/captures.h"

struct error;
struct readers;

/*
 * Adds a capture for each record of a page's main document; of the page's own
 * address where the file has none of those. page NULL: of all pages of the configuration. url (may
 * be NULL): the address that stands for the page's main document.
 */
void import_match(const struct web_records *records, const struct context *context,
	const struct page_config *page, const char *url, struct captures *captures);

/*
 * The documents of a capture: the record itself, and those of the kind's other
 * addresses that lie next to it in time. Redirects are followed, revisits resolved. What
 * went wrong with the page stands in captured->failure. False with error where the capture cannot
 * be used, for what is missing is missing in the file.
 */
bool import_load(struct web_records *records, const struct capture *capture,
	const struct kind *kind, struct readers *readers, struct captured *captured,
	struct error *error);

#endif
