/* SPDX-License-Identifier: ISC
 *
 * How available a page was in the days that its strips show.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/report.h"
#include "publish/report_value.h"
#include "publish/site_p.h"

/* The page as a whole first, then what was red for longest. */
static int by_red(const void *a, const void *b)
{
	const struct report_row *left = a, *right = b;

	if ((left->id[0] == '\0') != (right->id[0] == '\0'))
		return left->id[0] == '\0' ? -1 : 1;
	if (left->measures.red != right->measures.red)
		return left->measures.red > right->measures.red ? -1 : 1;
	return strcmp(left->label, right->label);
}

/* Leaves out what is too much for one page; returns how many rows. */
static size_t cut_rows(struct report_page *report)
{
	size_t left = report->row_count > SITE_LAMPS_MAX ? report->row_count - SITE_LAMPS_MAX : 0;

	if (left > 0)
		qsort(report->rows, report->row_count, sizeof *report->rows, by_red);
	report->row_count -= left;
	return left;
}

bool site_write_report(const struct site_page *page, struct error *error)
{
	const struct site *site = page->site;
	int64_t since = site_day_begin(site, site_day(site, site->now) - SITE_DAYS + 1);
	struct report_page report = {0};
	char *name = memory_format("%s/availability.html", page->name);
	struct value *data;
	bool done = true;

	if (report_load(site->database, site->config, page->name, &page->history, since, site->now,
		    &report)) {
		size_t left = cut_rows(&report);

		data = report_page_value(&report, site->config);
		report.row_count += left; /* to be released */
		value_put_text(data, "page", page->name);
		value_put_number(data, "left", (int64_t)left);
		done = site_render(site, "availability.html", data, name, error);
		value_free(data);
	}
	report_page_release(&report);
	free(name);
	return done;
}
