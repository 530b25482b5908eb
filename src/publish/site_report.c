/* SPDX-License-Identifier: ISC
 *
 * How available a page was in the days that its strips show.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "publish/report.h"
#include "publish/report_value.h"
#include "publish/site_p.h"

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
		data = report_page_value(&report, site->config);
		value_put_text(data, "page", page->name);
		done = site_render(site, "availability.html", data, name, error);
		value_free(data);
	}
	report_page_release(&report);
	free(name);
	return done;
}
