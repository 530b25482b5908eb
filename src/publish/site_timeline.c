/* SPDX-License-Identifier: ISC
 *
 * What happened on one page at one time: the transitions of its indicators, what was written about
 * it, and the snapshot that proves it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "publish/site_p.h"

enum { ROWS_A_MOMENT = 64 }; /* that are looked at, on average */

/* The words for a change that is not an indicator's transition; the name of its subject follows. */
static const struct {
	const char *type, *words;
	bool named, quoted; /* which of its fields are shown */
} notes[] = {
	{"incident-new", "Incident appears", true, true},
	{"incident", "Incident", true, true},
	{"incident-closed", "Incident leaves the page", true, false},
	{"maintenance-new", "Maintenance is announced", true, false},
	{"maintenance", "Maintenance", true, false},
	{"maintenance-closed", "Maintenance leaves the page", true, false},
	{"other", "The page says something else", true, true},
	{"unreadable", "The page cannot be read", false, true},
	{"readable", "The page can be read again", false, false},
	{"event lost", "The page is lost: it could not be read several times in a row", false,
		true},
	{"event back", "The page is back", false, false},
	{"event incident", "An incident of red impact is open, while the lamp is still green", true,
		true},
	{"event over", "No incident of red impact is open any longer", true, true},
	{"event early", "It fails here, while the lamp is green", true, true},
	{"event recovered", "It works here again", true, false},
	{"event late", "It works here, while the lamp is red", true, false},
	{"event agreed", "The lamp and what we see are no longer apart", true, false},
};

enum { NOTE_COUNT = sizeof notes / sizeof notes[0] };

/* Rows of the same time and page, to be collected in one map. */
struct timeline_entry {
	const struct site *site;
	size_t turns_max;
	enum level red;
	int64_t time, snapshot;
	char *page;
	struct value *map, *transitions, *said, *notes;
	struct value *overall; /* shown where no indicator explains it */
	size_t left;
};

/* One row of the database. Borrowed. */
struct line {
	const char *type, *item, *name, *before, *after, *text;
	bool reread;
};

static void begin(struct timeline_entry *moment, const char *page, int64_t time)
{
	char day[16], *path;

	moment->time = time;
	moment->page = memory_string(page);
	moment->red = report_red(moment->site->config, page);
	moment->map = value_map();
	value_put_text(moment->map, "page", page);
	value_put(moment->map, "time", site_time(moment->site, time));
	site_day_name(site_day(moment->site, time), day);
	path = memory_format("%.4s/%.2s/%s.html", day, day + 5, day);
	value_put_text(moment->map, "day_path", path);
	free(path);
	moment->transitions = value_put(moment->map, "turns", value_list());
	moment->said = value_put(moment->map, "said", value_list());
	moment->notes = value_put(moment->map, "notes", value_list());
}

static void put_level(
	const struct timeline_entry *moment, struct value *map, const char *key, const char *name)
{
	enum level level;

	if (level_parse(name, &level))
		value_put(
			map, key, site_lamp(level_colour(level, moment->red), level_label(level)));
}

static struct value *transition_value(const struct timeline_entry *moment, const struct line *line)
{
	struct value *map = value_map();
	enum level after;

	site_put(map, "name", line->name);
	site_put_word(map, line->text, level_parse(line->after, &after) ? level_label(after) : "");
	put_level(moment, map, "before", line->before);
	put_level(moment, map, "after", line->after);
	value_put_boolean(map, "gone", text_equal(line->type, "indicator-gone"));
	value_put_boolean(map, "new", text_equal(line->type, "indicator-new"));
	value_put_boolean(map, "same", text_equal(line->before, line->after));
	value_put_boolean(map, "anew", line->reread);
	if (line->before[0] != '\0') {
		struct sight sight = history_before(
			moment->site->database, moment->page, line->item, moment->time);

		site_put_sight(moment->site, map, &sight, moment->time);
	}
	return map;
}

/* A level in words; what is none, as it is. */
static const char *words_of(const char *text)
{
	enum level level;

	return level_parse(text, &level) ? level_label(level) : text;
}

static void add_line(struct timeline_entry *moment, const struct line *line)
{
	struct value *map;
	size_t i = 0;

	if (text_equal(line->type, "overall")) {
		value_free(moment->overall);
		moment->overall = transition_value(moment, line);
	} else if (text_starts(line->type, "indicator")) {
		if (moment->transitions->count < moment->turns_max)
			value_append(moment->transitions, transition_value(moment, line));
		else
			moment->left++;
	} else if (text_equal(line->type, "update")) {
		if (moment->said->count >= moment->turns_max)
			return;
		map = value_append(moment->said, value_map());
		site_put(map, "title", line->name);
		site_put(map, "state", line->after);
		site_put(map, "text", line->text);
	} else {
		while (i < NOTE_COUNT && !text_equal(notes[i].type, line->type))
			i++;
		if (i == NOTE_COUNT || moment->notes->count >= moment->turns_max)
			return;
		map = value_append(moment->notes, value_map());
		value_put_text(map, "words", notes[i].words);
		site_put(map, "name", notes[i].named ? line->name : "");
		site_put(map, "text", notes[i].quoted ? line->text : "");
		site_put(map, "before", notes[i].named ? words_of(line->before) : "");
		site_put(map, "after", notes[i].named ? words_of(line->after) : "");
	}
}

/* ---- the end of a moment ---- */

static struct value *end(struct timeline_entry *moment)
{
	struct database *database = moment->site->database;
	struct value *map = moment->map;
	struct snapshot_row row = {0};
	struct buffer title = {0};
	char *identity;
	bool kept;

	if (moment->overall != NULL && moment->transitions->count == 0)
		value_append(moment->transitions, moment->overall);
	else
		value_free(moment->overall);
	value_put_boolean(map, "first",
		moment->snapshot == 1 && moment->transitions->count + moment->notes->count == 0);
	value_put_number(map, "left", (int64_t)moment->left);
	value_put_number(map, "sequence", moment->snapshot);
	kept = moment->snapshot != 0 &&
	       store_snapshot(database, moment->page, moment->snapshot, &row) &&
	       !store_is_pruned(database, moment->page, moment->snapshot);
	site_put_path(map, moment->page, kept ? row.folder : NULL);
	snapshot_row_release(&row);
	for (size_t i = 0; i < moment->transitions->count && i < 3; i++) { /* one line, for lists */
		const struct value *transition = moment->transitions->members[i],
				   *after = value_get(transition, "after");

		buffer_format(
			&title, "%s%s ", i > 0 ? ", " : "", value_get_text(transition, "name"));
		if (value_get(transition, "gone")->type == VALUE_TRUE)
			buffer_text(&title, "is no longer listed");
		else if (after != NULL)
			buffer_format(&title, "%s (%s)", value_get_text(after, "colour"),
				value_get_text(after, "level"));
	}
	if (moment->transitions->count + moment->left > 3)
		buffer_format(
			&title, " and %zu more", moment->transitions->count + moment->left - 3);
	if (title.length == 0 && moment->notes->count > 0)
		buffer_format(&title, "%s %s", value_get_text(moment->notes->members[0], "words"),
			value_get_text(moment->notes->members[0], "name"));
	if (title.length == 0 && moment->said->count > 0)
		buffer_format(
			&title, "%s: an update", value_get_text(moment->said->members[0], "title"));
	if (title.length == 0)
		buffer_text(&title, "first reading");
	value_put_text(map, "title", buffer_string(&title));
	buffer_release(&title);
	identity = memory_format("%s\t%" PRId64, moment->page, moment->time);
	site_put_identity(moment->site, map, identity);
	free(identity);
	free(moment->page);
	*moment = (struct timeline_entry){.site = moment->site, .turns_max = moment->turns_max};
	return map;
}

/* ---- rows into moments ---- */

static struct value *collect(
	const struct site *site, struct statement *row, size_t limit, size_t turns_max)
{
	struct timeline_entry moment = {.site = site, .turns_max = turns_max};
	struct value *list = value_list();

	while (statement_row(row)) {
		int64_t time = statement_integer(row, 0);
		const char *page = statement_text(row, 2);
		struct line line = {statement_text(row, 3), statement_text(row, 4),
			statement_text(row, 5), statement_text(row, 6), statement_text(row, 7),
			statement_text(row, 8), statement_integer(row, 9) != 0};

		if (moment.map != NULL && (time != moment.time || !text_equal(page, moment.page)))
			value_append(list, end(&moment));
		if (list->count == limit)
			break;
		if (moment.map == NULL)
			begin(&moment, page, time);
		if (statement_integer(row, 1) != 0)
			moment.snapshot = statement_integer(row, 1);
		add_line(&moment, &line);
	}
	if (moment.map != NULL)
		value_append(list, end(&moment));
	statement_end(row);
	return list;
}

struct value *site_timeline(
	const struct site *site, const char *page, int64_t from, int64_t to, size_t limit)
{
	int64_t rows = (int64_t)(limit * ROWS_A_MOMENT);

	if (page == NULL)
		return collect(site,
			database_query(site->database,
				"SELECT time, snapshot, page, type, item, name, before, after, "
				"text, anew, id"
				" FROM change WHERE time >= ? AND time < ?"
				" ORDER BY time DESC, page, id LIMIT ?",
				"iii", from, to, rows),
			limit, SITE_TURNS_MAX);
	return collect(site,
		database_query(site->database,
			"SELECT time, snapshot, page, type, item, name, before, after, text, anew,"
			" id FROM change WHERE page = ?1 AND time >= ?2 AND time < ?3"
			" UNION ALL SELECT time, 0, page, 'event ' || type, indicator, label,"
			" before, after, text, 0, id"
			" FROM event WHERE page = ?1 AND time >= ?2 AND time < ?3"
			" AND type IN ('lost', 'back', 'incident', 'over', 'early', 'recovered',"
			"  'late', 'agreed')"
			" UNION ALL SELECT time, sequence, page, 'snapshot', '', '', '', '', '', 0,"
			" 0 FROM snapshot WHERE page = ?1 AND time >= ?2 AND time < ?3"
			" AND NOT pruned ORDER BY 1 DESC, 11 LIMIT ?4",
			"tiii", page, from, to, rows),
		limit, SITE_TURNS_MAX);
}

struct value *site_page_timeline(
	const struct site_page *page, int64_t from, int64_t to, size_t limit)
{
	struct value *list = site_timeline(page->site, page->name, from, to, limit);

	for (size_t i = 0; i < list->count; i++) {
		struct value *map = list->members[i];
		struct snapshot_row row = {0};

		if (!store_snapshot(page->site->database, page->name,
			    value_get_number(map, "sequence"), &row))
			continue;
		site_put_state(page->said, page->site, page->state, &row, map);
		snapshot_row_release(&row);
	}
	return list;
}

struct value *site_snapshot_entry(
	const struct site *site, const char *page, const struct snapshot_row *row)
{
	struct value *list = collect(site,
		database_query(site->database,
			"SELECT time, ?3, page, type, item, name, before, after, text, anew, id"
			" FROM change WHERE page = ?1 AND time = ?2 AND snapshot IN (?3, 0)"
			" UNION ALL SELECT ?2, ?3, ?1, 'snapshot', '', '', '', '', '', 0, 0"
			" ORDER BY 11",
			"tii", page, row->time, row->sequence),
		1, SIZE_MAX);
	struct value *moment = list->count > 0 ? list->members[0] : value_map();

	list->count = 0;
	value_free(list);
	return moment;
}

struct value *site_timeline_json(const struct value *entries)
{
	struct value *list = value_list();

	for (size_t i = 0; i < entries->count; i++) {
		const struct value *moment = entries->members[i];
		struct value *map = value_append(list, value_map());

		value_put_text(map, "time", value_get_text(value_get(moment, "time"), "utc"));
		value_put_text(map, "page", value_get_text(moment, "page"));
		value_put_text(map, "title", value_get_text(moment, "title"));
		value_put_text(map, "path", value_get_text(moment, "path"));
		value_put_text(map, "uuid", value_get_text(moment, "uuid"));
		value_put(map, "turns", value_copy(value_get(moment, "turns")));
	}
	return list;
}
