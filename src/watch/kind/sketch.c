/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "watch/kind/kind.h"
#include "watch/kind/read.h"
#include "watch/kind/sketch_claims.h"
#include "watch/kind/sketch_judge.h"
#include "watch/kind/sketch_lists.h"
#include "watch/kind/sketch_page.h"
#include "watch/kind/sketch_write.h"

enum { JUDGED_MAX = 48 /* claims, those of most words, that are held against the page */ };

/* Reads the page by what was written, and says what came of it. */
static bool try_kind(const struct document *document, const struct buffer *written,
	struct buffer *out, struct error *error)
{
	struct buffer source = {0};
	struct reading reading = {0};
	struct read_report report = {0};
	struct kind *kind;
	bool good;

	buffer_add(&source, "sketch.yaml\0", sizeof "sketch.yaml\0");
	buffer_add(&source, buffer_string(written), written->length);
	kind = kind_of_source(buffer_string(&source), source.length);
	good = kind != NULL ? read_page(kind, "", document, &reading, &report, error)
			    : error_set(error, REMEDY_PAGE, "it cannot be loaded");
	if (good)
		buffer_format(out,
			"# Sketched from one page: %zu indicators, %zu incidents; words not "
			"known: %zu.\n# Each line is a guess; the comments say what is least "
			"sure.\n",
			reading.indicator_count, reading.incident_count, report.unknown_words);
	else
		error_prefix(error, "the sketch does not read the page");
	read_report_release(&report);
	reading_release(&reading);
	kind_free(kind);
	buffer_release(&source);
	return good;
}

/* Why there is no sketch, and what to do about it. */
static bool complain(const struct sketch_page *page, const struct ranking *ranking, bool claimed,
	struct error *error)
{
	char *lists;

	if (ranking->nameless != NULL)
		return error_set(error, REMEDY_PAGE,
			"there are rows with words (%.200s), but nothing in them looks like a "
			"name; write the kind by hand",
			ranking->nameless->each);
	if (page->error.text[0] != '\0')
		return error_set(error, REMEDY_PAGE,
			"%.300s; that is more rows than a reading has: sketch a copy of the page "
			"with a hundred of them, and leave out in `each` what you do not watch",
			page->error.text);
	lists = lists_describe(page->tree);
	error_set(error, REMEDY_PAGE,
		"no rows with a word found; %s; %s%.600s: write the kind by hand, see Indicators "
		"in lampwatch-kind(5)",
		claimed ? "such words are there, but never in two rows alike"
			: "no text is a word that another kind knows, or stands under a "
			  "key such as \"status\"",
		lists[0] != '\0' ? "what repeats is " : "nothing repeats", lists);
	free(lists);
	return false;
}

/* The kind that the page's rows give. */
static bool write_kind(struct sketch_page *page, struct buffer *out, struct error *error)
{
	struct claims claims = {0};
	struct ranking ranking = {0};
	bool found;

	claims_find(page->tree, page->known, &claims);
	for (size_t i = 0; i < claims.count && i < JUDGED_MAX; i++)
		ranking_add(&ranking, page, &claims.list[i]);
	found = ranking.list[0].claim != NULL || complain(page, &ranking, claims.count > 0, error);
	if (found)
		sketch_write(page, &ranking, out);
	ranking_release(&ranking);
	claims_release(&claims);
	return found;
}

bool sketch_kind(const struct kind *const *kinds, size_t count, const struct document *document,
	struct buffer *out, struct error *error)
{
	struct known_words *known = known_words_new(kinds, count);
	struct sketch_page page;
	struct buffer written = {.maximum = SKETCH_MAX};
	bool good = sketch_page_open(&page, document, known, error) &&
		    write_kind(&page, &written, error) &&
		    try_kind(document, &written, out, error) &&
		    buffer_text(out, buffer_string(&written));

	buffer_release(&written);
	sketch_page_release(&page);
	known_words_free(known);
	return good;
}
