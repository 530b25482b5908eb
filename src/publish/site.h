/* SPDX-License-Identifier: ISC
 *
 * publish/: what others can look at: the site, feeds, reports, web archives, evidence
 * bundles.
 *
 * The archive as pages to read in a browser, from a file manager, without a server, a
 * network or a script (lampwatch-archive(5)). All of it can be made again from the
 * database and the snapshots: its files appear whole, and are not synced.
 *
 *   index.html, index.json, feed.xml, calendar.ics, style.css, ledger-PROVIDER-DIGITS.html
 *   PAGE/index.html, availability.html, index.json, feed.xml, calendar.ics, badge….svg
 *   PAGE/2014/index.html, PAGE/2014/01/index.html, PAGE/2014/01/2014-01-24.html
 *   PAGE/2014/01/2014-01-24T192000Z.html, beside the snapshot's folder
 *
 * Days, months and years are those of the configured zone; the names of snapshots are UTC.
 */
#ifndef LAMPWATCH_SITE_H
#define LAMPWATCH_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct config;
struct database;
struct error;
struct value;

/* What is needed to write the site. All borrowed. */
struct site {
	const char *archive;   /* folder */
	const char *templates; /* folder; ours are in its site/ */
	const struct config *config;
	struct database *database; /* writable: it records what is written already */
	int64_t now;               /* seconds since 1970 */
	void (*progress)(
		size_t done, size_t all); /* counts snapshots; NULL: no progress is shown */
};

/* The maximum of snapshot pages that one site_update() writes; the next calls write the rest. */
enum { SITE_SNAPSHOTS_MAX = 200 };

/*
 * Writes what has changed since the last time, however often the program was cut in between: for
 * each page that changed its own pages and those of the days concerned, and the index. Without a
 * change it writes nothing but, once a day, the index. Errors: REMEDY_LOCAL; REMEDY_CONFIGURATION
 * where a template is at fault.
 */
bool site_update(const struct site *site, struct error *error);

/* Writes all of it from scratch. */
bool site_build(const struct site *site, struct error *error);

/*
 * Adds the index's script, search.txt in the templates' site/, and the source by which a policy
 * lets it run: 'sha256-…' (Content Security Policy Level 3, section 2.3.1). Errors:
 * REMEDY_CONFIGURATION.
 */
bool site_script(
	const char *templates, struct buffer *text, struct buffer *source, struct error *error);

/* What style.txt is filled with: shape, a map from the colours to their shapes. Owned by the
 * caller. */
struct value *site_style(void);

#endif
