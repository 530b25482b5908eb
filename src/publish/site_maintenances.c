/* SPDX-License-Identifier: ISC
 *
 * Announced maintenances as a calendar (iCalendar, RFC 5545). No library writes it: it is a
 * template as the feed is, whose lines are folded.
 */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/index.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/reading.h"
#include "net/http.h"
#include "publish/site_p.h"

enum {
	PAGE_MAINTENANCES_MAX = 100, /* of a page, in its calendar */
	ALL_MAINTENANCES_MAX = 1000, /* in the calendar of all pages */
	WITHDRAWN_MAX = 20,          /* that have left the page, the last ones */
	WITHDRAWN_SECONDS = 90 * 86400,
	LINE_OCTETS = 75 /* RFC 5545 section 3.1, without the line break */
};

/* What was read, and where in it things are: it may have twenty thousand rows of each type. */
struct source {
	const struct site_page *page;
	struct reading reading;
	struct index indicators, maintenances, affects, updates;
};

static void source_release(struct source *source)
{
	index_release(&source->indicators);
	index_release(&source->maintenances);
	index_release(&source->affects);
	index_release(&source->updates);
	reading_release(&source->reading);
}

/* False where nothing was read (""), or what was kept of it is no reading. */
static bool source_load(struct source *source, const struct site_page *page, const char *text)
{
	struct reading *reading = &source->reading;

	*source = (struct source){.page = page};
	if (text[0] == '\0' || !reading_parse(text, strlen(text), reading, NULL))
		return false;
	source->indicators = index_by_id(
		reading->indicators, reading->indicator_count, sizeof *reading->indicators);
	source->maintenances = index_by_id(
		reading->maintenances, reading->maintenance_count, sizeof *reading->maintenances);
	source->affects =
		index_by_id(reading->affects, reading->affects_count, sizeof *reading->affects);
	source->updates =
		index_by_id(reading->updates, reading->update_count, sizeof *reading->updates);
	return true;
}

/* ---- what the history knows of one ---- */

struct revisions {
	int64_t count; /* since it was first seen */
	int64_t last;  /* when the last was seen, or it was first; 0: it was there at first sight */
};

static struct revisions revisions_of(const struct site_page *page, const char *id)
{
	struct revisions revisions = {0};
	bool first = true;
	struct statement *row = database_query(page->site->database,
		"SELECT time, type FROM change WHERE page = ? AND item = ? AND type IN"
		" ('maintenance-new', 'maintenance', 'maintenance-closed') ORDER BY time, id",
		"tt", page->name, id);

	while (statement_row(row)) {
		bool announced = text_equal(statement_text(row, 1), "maintenance-new");

		revisions.last = statement_integer(row, 0);
		revisions.count += first && announced ? 0 : 1;
		first = false;
	}
	statement_end(row);
	return revisions;
}

static int64_t first_sight(const struct site_page *page)
{
	struct snapshot_row row = {0};
	int64_t time = store_snapshot(page->site->database, page->name, 1, &row) ? row.time : 0;

	snapshot_row_release(&row);
	return time;
}

/* When what is said of it was last revised: never the time of the run, so that a file stays the
 * same as long as nothing is said. */
static int64_t revised(
	const struct source *source, const struct maintenance *maintenance, int64_t last)
{
	int64_t latest = last, time;
	size_t count, first = index_range(&source->updates, maintenance, &count);

	if (date_parse(maintenance->updated, &time) && time > latest)
		latest = time;
	for (size_t i = first; i < first + count; i++) {
		const struct update *update = source->updates.rows[i];

		if (date_parse(update->time, &time) && time > latest)
			latest = time;
	}
	return latest != 0 ? latest : first_sight(source->page);
}

/* ---- one event ---- */

/* "20140124T192000Z" (RFC 5545 section 3.3.5, form 2). */
static void put_moment(struct value *map, const char *key, int64_t time)
{
	char text[DATE_TEXT_MAX], plain[DATE_TEXT_MAX];
	size_t length = 0;

	date_write(time, text);
	for (const char *at = text; *at != '\0'; at++)
		if (*at != '-' && *at != ':')
			plain[length++] = *at;
	plain[length] = '\0';
	value_put_text(map, key, plain);
}

/* Its value is no text, and nothing in it is escaped. */
static void put_url(struct value *map, const char *url)
{
	char *host = url != NULL ? http_url_host(url) : NULL;

	if (url != NULL && host != NULL && text_plain_span(url, strlen(url)) == strlen(url) &&
		strpbrk(url, " \"<>\\^`{|}") == NULL)
		value_put_text(map, "url", url);
	free(host);
}

/* Puts the names of what it affects; false where the page's patterns choose none of it. */
static bool put_affected(
	const struct source *source, const struct maintenance *maintenance, struct value *map)
{
	static const struct text_list all = {0};
	const struct page_config *config = source->page->config;
	const struct text_list *patterns = config != NULL ? &config->indicators : &all;
	size_t count, first = index_range(&source->affects, maintenance, &count);
	struct buffer names = {.maximum = READING_FIELD_MAX};
	bool chosen = patterns->count == 0;

	for (size_t i = first; i < first + count; i++) {
		const struct affects *row = source->affects.rows[i];
		const struct indicator *indicator = index_find(&source->indicators, row->indicator);
		const char *group = indicator != NULL ? indicator->group : "",
			   *name = indicator != NULL ? indicator->name : row->indicator;
		char *label = text_label(group, name);

		chosen = chosen || patterns_choose(patterns, row->indicator, group, name);
		buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", label);
		free(label);
	}
	site_put(map, "affected", buffer_string(&names));
	buffer_release(&names);
	return chosen;
}

/* What was written of it last. */
static void put_said(
	const struct source *source, const struct maintenance *maintenance, struct value *map)
{
	size_t count, first = index_range(&source->updates, maintenance, &count);
	const struct update *last = NULL;

	for (size_t i = first; i < first + count; i++) {
		const struct update *update = source->updates.rows[i];

		if (last == NULL || text_compare(update->time, last->time) > 0)
			last = update;
	}
	site_put(map, "said", last != NULL ? last->text : "");
}

static void put_identity(
	const struct site_page *page, const struct maintenance *maintenance, struct value *map)
{
	char *identity = memory_format("%s\tmaintenance\t%s", page->name, maintenance->id);

	site_put_identity(page->site, map, identity);
	free(identity);
	value_put_text(map, "page", page->name);
	site_put(map, "provider",
		page->config != NULL && !text_equal(page->config->provider, page->name)
			? page->config->provider
			: "");
}

/* withdrawn: when it left the page; 0: it is announced. An event needs a beginning. */
static void add_event(const struct source *source, const struct maintenance *maintenance,
	int64_t withdrawn, struct value *list)
{
	struct revisions revisions;
	struct value *map;
	int64_t begin, end;

	if (list->count == PAGE_MAINTENANCES_MAX || !date_parse(maintenance->starts, &begin) ||
		(withdrawn != 0 && begin <= withdrawn))
		return;
	map = value_map();
	if (!put_affected(source, maintenance, map)) {
		value_free(map);
		return;
	}
	revisions = revisions_of(source->page, maintenance->id);
	put_identity(source->page, maintenance, map);
	site_put(map, "title", maintenance->title);
	site_put(map, "state", maintenance->state);
	put_said(source, maintenance, map);
	put_url(map, maintenance->url);
	put_moment(map, "begin", begin);
	if (date_parse(maintenance->ends, &end) && end > begin)
		put_moment(map, "end", end);
	put_moment(map, "revised",
		withdrawn != 0 ? withdrawn : revised(source, maintenance, revisions.last));
	value_put_number(map, "sequence", revisions.count);
	value_put_boolean(map, "withdrawn", withdrawn != 0);
	value_append(list, map);
}

/* ---- those that vanished before they began ---- */

/* As the last snapshot before that time has it; where that does not, it is not known. */
static void add_withdrawn(
	const struct site_page *page, const char *id, int64_t time, struct value *list)
{
	struct snapshot_row row = {0};
	const struct maintenance *maintenance;
	struct source source;
	char *text;

	if (!store_snapshot_at(page->site->database, page->name, time - 1, &row))
		return;
	text = site_file(page->site, page->name, row.folder, "reading");
	maintenance =
		source_load(&source, page, text) ? index_find(&source.maintenances, id) : NULL;
	if (maintenance != NULL)
		add_event(&source, maintenance, time, list);
	source_release(&source);
	free(text);
	snapshot_row_release(&row);
}

/* What a reading of ours made anew no longer has, the page may still announce. That one has begun
 * is known from the change that announced it, mostly: then no snapshot is read. How far back is
 * counted from the page's last change, and by no clock: the file depends on what was said alone. */
static void add_all_withdrawn(const struct source *now, struct value *list)
{
	const struct site_page *page = now->page;
	struct statement *row = database_query(page->site->database,
		"SELECT item, time, ifnull((SELECT text FROM change AS said WHERE"
		"  said.page = change.page AND said.item = change.item AND said.type IN"
		"  ('maintenance-new', 'maintenance') AND said.time <= change.time"
		"  ORDER BY said.time DESC, said.id DESC LIMIT 1), '')"
		" FROM change WHERE page = ?1 AND type = 'maintenance-closed' AND NOT anew"
		" AND time >= (SELECT max(time) FROM change WHERE page = ?1) - ?2"
		" AND NOT EXISTS (SELECT 1 FROM change AS later WHERE later.page = change.page"
		"  AND later.item = change.item AND later.type = 'maintenance-closed'"
		"  AND later.id > change.id) ORDER BY time DESC, item LIMIT ?3",
		"tii", page->name, (int64_t)WITHDRAWN_SECONDS, (int64_t)WITHDRAWN_MAX);

	while (statement_row(row)) {
		const char *id = statement_text(row, 0);
		int64_t time = statement_integer(row, 1), begin;

		if (index_find(&now->maintenances, id) == NULL &&
			(!date_parse(statement_text(row, 2), &begin) || begin > time))
			add_withdrawn(page, id, time, list);
	}
	statement_end(row);
}

struct value *site_maintenances(const struct site_page *page)
{
	struct value *list = value_list();
	struct source now;

	if (source_load(&now, page, page->state->reading != NULL ? page->state->reading : "")) {
		for (size_t i = 0; i < now.reading.maintenance_count; i++)
			add_event(&now, &now.reading.maintenances[i], 0, list);
		add_all_withdrawn(&now, list);
	}
	source_release(&now);
	return list;
}

/* ---- the files ---- */

void site_fold(const char *text, struct buffer *out)
{
	size_t length = strlen(text), column = 0;

	for (size_t at = 0, size; at < length; at += size) {
		size = text_character(text + at, length - at, NULL);
		size = size > 0 ? size : 1;
		if (text[at] == '\n') {
			buffer_text(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + size > LINE_OCTETS) {
			buffer_text(out, "\r\n ");
			column = 1;
		}
		buffer_add(out, text + at, size);
		column += size;
	}
}

bool site_write_calendar(const struct site *site, const char *page,
	const struct value *maintenances, struct error *error)
{
	struct value *data = value_map(), *list = value_put(data, "maintenances", value_list());
	char *name = page != NULL ? memory_format("%s/calendar.ics", page)
				  : memory_string("calendar.ics");
	bool done;

	for (size_t i = 0; i < maintenances->count && i < ALL_MAINTENANCES_MAX; i++)
		value_append(list, value_copy(maintenances->members[i]));
	value_put_text(data, "page", page != NULL ? page : "");
	value_put_text(data, "base", site->config->site_url);
	done = site_render_folded(site, "calendar.txt", data, name, error);
	free(name);
	value_free(data);
	return done;
}
