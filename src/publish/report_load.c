/* SPDX-License-Identifier: ISC
 *
 * Where the figures of a report come from: the levels from the page's history, and the provider's
 * own times from the readings in the archive.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "model/indicator_state.h"
#include "model/reading.h"
#include "publish/report.h"
#include "store/store.h"

enum level report_red(const struct config *config, const char *page)
{
	const struct page_config *known = config_page(config, page);

	return known != NULL ? (enum level)known->settings.red : LEVEL_PARTIAL_OUTAGE;
}

/* ---- what the provider says ---- */

static bool load_reading(struct database *database, const struct config *config, const char *page,
	int64_t time, struct reading *reading)
{
	struct snapshot_row row = {0};
	struct buffer text = {.maximum = READING_TEXT_MAX};
	bool good = store_snapshot_at(database, page, time, &row) &&
		    archive_read(config->archive, page, row.folder, "reading", &text, NULL) &&
		    reading_parse(buffer_string(&text), text.length, reading, NULL);

	snapshot_row_release(&row);
	buffer_release(&text);
	return good;
}

/* True if the incident affects the indicator or names no indicator at all. */
static bool concerns(const struct reading *reading, const char *incident, const char *id)
{
	bool names = false;

	for (size_t i = 0; i < reading->affects_count; i++) {
		if (!text_equal(reading->affects[i].id, incident))
			continue;
		if (text_equal(reading->affects[i].indicator, id))
			return true;
		names = true;
	}
	return !names || id[0] == '\0';
}

static int64_t said(const struct reading *reading, const char *id, bool end, int64_t begin)
{
	int64_t found = 0, time;

	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *incident = &reading->incidents[i];
		const char *text = end ? incident->updated : incident->started;

		if (!text_empty(text) && date_parse(text, &time) &&
			concerns(reading, incident->id, id) && time >= begin &&
			(found == 0 || (end ? time > found : time < found)))
			found = time;
	}
	return found;
}

int64_t report_said(struct database *database, const struct config *config, const char *page,
	const char *id, int64_t time, bool end, int64_t not_before)
{
	struct reading reading = {0};
	int64_t found = 0;

	if (load_reading(database, config, page, time, &reading))
		found = said(&reading, id, end, not_before);
	reading_release(&reading);
	return found;
}

static void ask_provider(struct database *database, const struct config *config, const char *page,
	struct report_row *row)
{
	for (size_t i = 0; i < row->measures.outage_count; i++) {
		struct outage *outage = &row->measures.outages[i];

		if (outage->begun)
			outage->said_begin = report_said(
				database, config, page, row->id, outage->begin, false, INT64_MIN);
		if (outage->ended)
			outage->said_end = report_said(
				database, config, page, row->id, outage->end, true, outage->begin);
	}
}

/* ---- the page ---- */

static int by_label(const void *left, const void *right)
{
	const struct report_row *a = left, *b = right;
	int order = (a->id[0] != '\0') - (b->id[0] != '\0');

	return order != 0 ? order : strcmp(a->label, b->label);
}

/* The part of an indicator's stretches within the requested time. Time in which it was not listed
 * is unknown. */
static void cut(
	const struct stretches *stretches, int64_t since, int64_t until, struct stretches *out)
{
	for (size_t i = 0; i < stretches->count; i++) {
		const struct stretch *stretch = &stretches->list[i];
		int64_t begin = stretch->begin > since ? stretch->begin : since,
			end = stretch->end < until ? stretch->end : until;

		if (begin < end) {
			stretches_add(out, out->count > 0 ? out->list[out->count - 1].end : since,
				begin, LEVEL_UNKNOWN);
			stretches_add(out, begin, end, stretch->level);
		}
	}
	stretches_add(
		out, out->count > 0 ? out->list[out->count - 1].end : since, until, LEVEL_UNKNOWN);
}

bool report_load(struct database *database, const struct config *config, const char *name,
	const struct page_history *history, int64_t since, int64_t until, struct report_page *page)
{

	page->name = memory_string(name);
	page->since = since > history->begin ? since : history->begin;
	page->until = until < history->end - 1 ? until : history->end - 1;
	if (page->since >= page->until)
		return false;
	for (size_t i = 0; i < history->count; i++) {
		const struct indicator_history *indicator = &history->list[i];
		struct report_row *row;

		if (indicator->indicator == NULL && indicator->changed < page->since)
			continue; /* no longer listed when this time began */
		row = memory_append(&page->rows, &page->row_count, sizeof *row);
		row->id = memory_string(indicator->id);
		row->label = memory_string(indicator->label);
		if (indicator->id[0] == '\0' && indicator->indicator != NULL)
			page->title = memory_string(indicator->indicator->name);
		cut(&indicator->stretches, page->since, page->until, &row->stretches);
		measures_take(&row->measures, &row->stretches, report_red(config, name));
		ask_provider(database, config, name, row);
	}
	if (page->row_count > 0)
		qsort(page->rows, page->row_count, sizeof *page->rows, by_label);
	return true;
}

void report_page_release(struct report_page *page)
{
	for (size_t i = 0; i < page->row_count; i++) {
		free(page->rows[i].id);
		free(page->rows[i].label);
		stretches_release(&page->rows[i].stretches);
		measures_release(&page->rows[i].measures);
	}
	free(page->rows);
	free(page->name);
	free(page->title);
	*page = (struct report_page){0};
}
