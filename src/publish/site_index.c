/* SPDX-License-Identifier: ISC
 *
 * The first page, its JSON, and the feeds. A page's row is stored when that page is written, so
 * that one change does not load a thousand pages.
 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "publish/site_p.h"

enum {
	FEED_MAX = 50,
	INDEX_SECONDS = 90 * 86400, /* how far back Recent changes goes */
	NAME_COLUMNS = 40           /* of an indicator, in a row */
};

/* Adds a map with the strip as of today: the colour when the row was stored has held since then. */
static void add_row(const struct site *site, struct statement *row, struct value *list)
{
	const char *stored = statement_text(row, 2), *indicators = statement_text(row, 3);
	struct value *map = json_parse(indicators, strlen(indicators), NULL);
	int64_t days = site_day(site, site->now) - statement_integer(row, 1);
	size_t length = strlen(stored);
	char cells[SITE_DAYS + 1], held = '-';
	enum colour colour;

	if (map == NULL)
		return;
	if (length > 0 && colour_parse(value_get_text(map, "colour"), &colour))
		held = site_cell(colour);
	for (size_t i = 0; i < SITE_DAYS; i++) {
		int64_t at = (int64_t)(i + length) - SITE_DAYS + (days > 0 ? days : 0);

		cells[i] = at < 0 ? '-' : at < (int64_t)length ? stored[at] : held;
	}
	cells[SITE_DAYS] = '\0';
	value_put_text(map, "page", statement_text(row, 0));
	value_put(map, "strip", site_strip_value(cells, "days"));
	value_append(list, map);
}

/* The troubled first, else by name. */
static int by_trouble(const void *a, const void *b)
{
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int64_t worse = value_get_number(right, "badness") - value_get_number(left, "badness");

	if (worse != 0)
		return worse < 0 ? -1 : 1;
	return strcmp(value_get_text(left, "page"), value_get_text(right, "page"));
}

/* Whatever colour their pages have: the same maintenances are the same bytes. */
static int by_begin(const void *a, const void *b)
{
	static const char *const keys[] = {"begin", "page", "uuid"};
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int order = 0;

	for (size_t i = 0; order == 0 && i < sizeof keys / sizeof keys[0]; i++)
		order = strcmp(value_get_text(left, keys[i]), value_get_text(right, keys[i]));
	return order;
}

/* From the rows, as all of the index is. */
static bool write_calendar(const struct site *site, const struct value *pages, struct error *error)
{
	struct value *all = value_list();
	bool done;

	for (size_t i = 0; i < pages->count; i++) {
		const struct value *page = pages->members[i],
				   *maintenances = value_get(page, "maintenances");

		for (size_t j = 0; maintenances != NULL && j < maintenances->count; j++)
			if (config_page(site->config, value_get_text(page, "page")) != NULL)
				value_append(all, value_copy(maintenances->members[j]));
	}
	if (all->count > 0)
		qsort(all->members, all->count, sizeof *all->members, by_begin);
	done = site_write_calendar(site, NULL, all, error);
	value_free(all);
	return done;
}

bool site_script(
	const char *templates, struct buffer *text, struct buffer *source, struct error *error)
{
	char *folder = file_join(templates, "site");
	bool done = template_render_file(folder, "search.txt", NULL, text, error);

	buffer_text(source, "'sha256-");
	digest_sha256_base64(buffer_string(text), text->length, source);
	buffer_byte(source, '\'');
	free(folder);
	return done;
}

/* Where there is more than one page to find. */
static bool put_script(
	const struct site *site, size_t pages, struct value *data, struct error *error)
{
	struct buffer text = {0}, source = {0};
	bool done = pages <= 1 || site_script(site->templates, &text, &source, error);

	value_put_text(data, "script", buffer_string(&text));
	value_put_text(data, "script_source", buffer_string(&source));
	buffer_release(&text);
	buffer_release(&source);
	return done;
}

/* Absolute: who opens the folder's files is led there, too. */
static void put_forms(const struct config *config, struct value *data)
{
	char *form = memory_format("%s/subscribe", config->site_url);

	value_put_text(data, "subscribe", form);
	free(form);
}

bool site_write_index(const struct site *site, struct error *error)
{
	static const char *const texts[] = {"page", "address", "provider", "observation", "colour"};
	struct statement *row = database_query(
		site->database, "SELECT page, day, strip, lamps FROM site ORDER BY page", "");
	struct value *data = value_map(), *pages = value_put(data, "pages", value_list()),
		     *totals = value_put(data, "totals", value_list()), *style = site_style(),
		     *root = value_map(), *list, *moments;
	bool done;

	while (statement_row(row))
		add_row(site, row, pages);
	statement_end(row);
	if (pages->count > 0)
		qsort(pages->members, pages->count, sizeof *pages->members, by_trouble);
	value_put_number(root, "format", 1);
	list = value_put(root, "pages", value_list());
	for (size_t i = 0; i < pages->count; i++) {
		struct value *map = value_append(list, value_map());

		for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++)
			value_put_text(map, texts[j], value_get_text(pages->members[i], texts[j]));
	}
	for (size_t i = 0; i < COLOURS; i++) { /* "3 red, 1 yellow, 40 green" */
		int64_t count = 0;

		for (size_t j = 0; j < pages->count; j++)
			count += text_equal(value_get_text(pages->members[j], "colour"),
				colour_name(site_order[i]));
		if (count > 0)
			value_put_number(value_append(totals, site_lamp(site_order[i], NULL)),
				"count", count);
	}
	site_put_ledgers(site, data);
	value_put_number(data, "count", (int64_t)pages->count);
	value_put_boolean(data, "one", pages->count == 1);
	if (site->config->subscribe)
		put_forms(site->config, data);
	moments = value_put(data, "moments",
		site_timeline(site, NULL, site->now - INDEX_SECONDS, INT64_MAX, SITE_RECENT_MAX));
	value_put(root, "changes", site_timeline_json(moments));
	done = site_render(site, "style.txt", style, "style.css", error) &&
	       put_script(site, pages->count, data, error) &&
	       site_write_json(site, root, "index.json", error) &&
	       site_render(site, "index.html", data, "index.html", error) &&
	       site_write_feed(site, NULL, error) && write_calendar(site, pages, error);
	value_free(root);
	value_free(style);
	value_free(data);
	return done;
}

/*
 * Its times are those of the changes, so the file stays the same while nothing changes. Readers
 * keep feeds where a relative address leads nowhere: it is absolute (RFC 4287 section 4.2.7) where
 * it is known.
 */
bool site_write_feed(const struct site *site, const char *page, struct error *error)
{
	struct value *data = value_map(), *entries;
	const char *url = site->config->site_url;
	char *name = page != NULL ? memory_format("%s/feed.xml", page) : memory_string("feed.xml");
	char *base =
		url != NULL ? memory_format("%s/", url) : memory_string(page != NULL ? "../" : "");
	char *self = url != NULL ? memory_format("%s%s", base, name) : memory_string("feed.xml");
	bool done;

	entries = value_put(data, "moments", site_timeline(site, page, 0, INT64_MAX, FEED_MAX));
	value_put_text(data, "page", page != NULL ? page : "");
	value_put_text(data, "updated",
		entries->count > 0 ? value_get_text(value_get(entries->members[0], "time"), "utc")
				   : "1970-01-01T00:00:00Z");
	value_put_text(data, "base", base);
	value_put_text(data, "self", self);
	site_put_identity(site, data, page);
	done = site_render(site, "feed.xml", data, name, error);
	free(self);
	free(base);
	free(name);
	value_free(data);
	return done;
}
