/* SPDX-License-Identifier: ISC */
#include "watch/drift.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "net/http.h"
#include "watch/diff.h"

/* One that is missing is a service that was given up, not a page of another shape. */
enum { VANISHED_MIN = 2 };

static bool lists_troubles_only(const struct reading *reading)
{
	return reading_indicator(reading, READING_OTHERS) != NULL;
}

/* Whatever their ids: in some families these are numbers that begin at 1 on every page. */
static size_t called_differently(const struct reading *before, const struct reading *after)
{
	struct rename *renames;
	size_t all = diff_renamed(before, after, &renames), count = 0;

	for (size_t i = 0; i < all; i++)
		count += !text_equal(renames[i].was->name, renames[i].is->name);
	free(renames);
	return count;
}

static bool titled_differently(const struct reading *before, const struct reading *after)
{
	return !text_empty(before->title) && !text_empty(after->title) &&
	       !text_equal(before->title, after->title);
}

bool drift_vanished(const struct reading *before, const struct reading *after, struct error *error)
{
	const struct indicator *one;
	size_t all = before->indicator_count, gone;

	if (lists_troubles_only(before) || lists_troubles_only(after) || all == 0)
		return false;
	gone = diff_gone(before, after, &one);
	if (titled_differently(before, after) && gone + called_differently(before, after) == all) {
		error_set(error, REMEDY_PAGE,
			"this is another page: it is titled \"%s\", where \"%s\" was expected, and "
			"lists none of what was listed there",
			after->title, before->title);
		return true;
	}
	if (gone < VANISHED_MIN || gone < all - gone)
		return false;
	error_set(error, REMEDY_PAGE,
		"of %zu indicators that were expected, %zu are no longer listed; one of them is %s",
		all, gone, text_empty(one->name) ? one->id : one->name);
	return true;
}

static const char *bare(const char *host)
{
	return text_starts(host, "www.") ? host + strlen("www.") : host;
}

static bool same_host(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(bare(a), bare(b)) == 0;
}

bool drift_moved(const char *usual, const char *requested, const char *final, struct error *error)
{
	char *from, *to;
	bool moved;

	if (text_empty(usual) || requested == NULL || final == NULL ||
		strcmp(requested, final) == 0) /* no redirect, as mostly */
		return false;
	from = http_url_host(requested);
	to = http_url_host(final);
	moved = to != NULL && !same_host(to, from) && !same_host(to, usual);
	if (moved)
		error_set(error, REMEDY_PAGE,
			"redirects to another host: %s, where %s was expected", to, usual);
	free(from);
	free(to);
	return moved;
}
