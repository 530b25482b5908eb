/* SPDX-License-Identifier: ISC
 *
 * Announced maintenances as a calendar (iCalendar, RFC 5545). No library writes it: it is a
 * template as the feed is, whose lines are folded.
 */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
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
static int64_t revised(const struct site_page *page, const struct reading *reading,
	const struct maintenance *maintenance, int64_t last)
{
	int64_t latest = last, time;

	if (date_parse(maintenance->updated, &time) && time > latest)
		latest = time;
	for (size_t i = 0; i < reading->update_count; i++)
		if (text_equal(reading->updates[i].id, maintenance->id) &&
			date_parse(reading->updates[i].time, &time) && time > latest)
			latest = time;
	return latest != 0 ? latest : first_sight(page);
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
	char *host = http_url_host(url != NULL ? url : "");

	if (host != NULL && text_plain_span(url, strlen(url)) == strlen(url) &&
		strpbrk(url, " \"<>\\^`{|}") == NULL)
		value_put_text(map, "url", url);
	free(host);
}

/* Puts the names of what it affects; false where the page's patterns choose none of it. */
static bool put_affected(const struct site_page *page, const struct reading *reading,
	const struct maintenance *maintenance, struct value *map)
{
	static const struct text_list all = {0};
	const struct text_list *patterns = page->config != NULL ? &page->config->indicators : &all;
	struct buffer names = {0};
	bool chosen = patterns->count == 0;

	for (size_t i = 0; i < reading->affects_count; i++) {
		const struct affects *row = &reading->affects[i];
		const struct indicator *indicator = reading_indicator(reading, row->indicator);
		const char *group = indicator != NULL ? indicator->group : "",
			   *name = indicator != NULL ? indicator->name : row->indicator;
		char *label;

		if (!text_equal(row->id, maintenance->id))
			continue;
		chosen = chosen || patterns_choose(patterns, row->indicator, group, name);
		label = text_label(group, name);
		buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", label);
		free(label);
	}
	site_put(map, "affected", buffer_string(&names));
	buffer_release(&names);
	return chosen;
}

/* What was written of it last. */
static void put_said(const struct reading *reading, const char *id, struct value *map)
{
	const struct update *last = NULL;

	for (size_t i = 0; i < reading->update_count; i++) {
		const struct update *update = &reading->updates[i];

		if (text_equal(update->id, id) &&
			(last == NULL || text_compare(update->time, last->time) > 0))
			last = update;
	}
	site_put(map, "said", last != NULL ? last->text : "");
}

/* withdrawn: when it left the page; 0: it is announced. An event needs a beginning. */
static void add_event(const struct site_page *page, const struct reading *reading,
	const struct maintenance *maintenance, int64_t withdrawn, struct value *list)
{
	struct revisions revisions = revisions_of(page, maintenance->id);
	struct value *map;
	char *identity;
	int64_t begin, end;

	if (list->count == PAGE_MAINTENANCES_MAX || !date_parse(maintenance->starts, &begin) ||
		(withdrawn != 0 && begin <= withdrawn))
		return;
	map = value_map();
	if (!put_affected(page, reading, maintenance, map)) {
		value_free(map);
		return;
	}
	identity = memory_format("%s\tmaintenance\t%s", page->name, maintenance->id);
	site_put_identity(page->site, map, identity);
	free(identity);
	value_put_text(map, "page", page->name);
	site_put(map, "provider",
		page->config != NULL && !text_equal(page->config->provider, page->name)
			? page->config->provider
			: "");
	site_put(map, "title", maintenance->title);
	site_put(map, "state", maintenance->state);
	put_said(reading, maintenance->id, map);
	put_url(map, maintenance->url);
	put_moment(map, "begin", begin);
	if (date_parse(maintenance->ends, &end) && end > begin)
		put_moment(map, "end", end);
	put_moment(map, "revised",
		withdrawn != 0 ? withdrawn : revised(page, reading, maintenance, revisions.last));
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
	struct reading reading = {0};
	char *text;

	if (!store_snapshot_at(page->site->database, page->name, time - 1, &row))
		return;
	text = site_file(page->site, page->name, row.folder, "reading");
	if (text[0] != '\0' && reading_parse(text, strlen(text), &reading, NULL))
		for (size_t i = 0; i < reading.maintenance_count; i++)
			if (text_equal(reading.maintenances[i].id, id))
				add_event(page, &reading, &reading.maintenances[i], time, list);
	reading_release(&reading);
	free(text);
	snapshot_row_release(&row);
}

static bool is_announced(const struct reading *reading, const char *id)
{
	for (size_t i = 0; i < reading->maintenance_count; i++)
		if (text_equal(reading->maintenances[i].id, id))
			return true;
	return false;
}

/* What a reading of ours made anew no longer has, the page may still announce. That one has begun
 * is known from the change that announced it, mostly: then no snapshot is read. How far back is
 * counted from the page's last change, and by no clock: the file depends on what was said alone. */
static void add_all_withdrawn(
	const struct site_page *page, const struct reading *now, struct value *list)
{
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

		if (!is_announced(now, id) &&
			(!date_parse(statement_text(row, 2), &begin) || begin > time))
			add_withdrawn(page, id, time, list);
	}
	statement_end(row);
}

struct value *site_maintenances(const struct site_page *page)
{
	const char *text = page->state->reading != NULL ? page->state->reading : "";
	struct value *list = value_list();
	struct reading reading = {0};

	if (text[0] == '\0' || reading_parse(text, strlen(text), &reading, NULL)) {
		for (size_t i = 0; i < reading.maintenance_count; i++)
			add_event(page, &reading, &reading.maintenances[i], 0, list);
		add_all_withdrawn(page, &reading, list);
	}
	reading_release(&reading);
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
