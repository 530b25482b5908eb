/* SPDX-License-Identifier: ISC
 *
 * The page about a snapshot: what the status page said, until when, how it was fetched, and how
 * anybody can check it.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/private_body.h"
#include "archive/snapshot_page.h"
#include "archive/snapshot_reader.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/validator.h"
#include "publish/site_p.h"

enum {
	COPY_MAX = 512 * 1024,       /* bytes of the copy that is shown */
	SOURCE_MAX = 256 * 1024,     /* of the source */
	DOCUMENTS_MAX = 1024 * 1024, /* of both, for all documents of a snapshot */
	WORDS_MAX = 1024 * 1024,     /* of a text that is compared */
	AROUND_BEFORE = 3            /* snapshots that are named before this one */
};

/* A snapshot whose page is being written. */
struct subject {
	const struct site *site;
	const char *page;
	const struct page_state *state;
	struct site_states *said;
	const struct snapshot_row *row, *previous, *next; /* the last two may be NULL */
	struct snapshot_files files, before;              /* what row and previous list; owned */
	bool packed; /* its folder is gone: showing the bodies would undo the saving of space */
	struct value *data;
	char *sums;  /* SHA256SUMS; owned */
	size_t room; /* bytes for documents */
};

/* row: of the snapshot itself, or the previous one. */
static const struct snapshot_files *files_of(
	const struct subject *subject, const struct snapshot_row *row)
{
	return row == subject->row ? &subject->files : &subject->before;
}

static char *load_text(
	const struct subject *subject, const struct snapshot_row *row, const char *name)
{
	return site_file_listed(
		subject->site, subject->page, row->folder, files_of(subject, row), name);
}

/* ---- how it was fetched ---- */

/* The lines of part i of the capture, one map each; those of the request as it was sent. */
static void put_lines(
	struct value *map, const char *key, const struct capture_text *capture, size_t i)
{
	struct value *list = value_put(map, key, value_list());
	struct buffer request = {0};

	for (size_t j = 0; j < capture->parts[i].count; j++) {
		const struct capture_line *line = &capture->parts[i].lines[j];
		struct value *one;

		if (text_equal(line->key, CAPTURE_REQUEST) || text_equal(line->key, "document"))
			continue;
		one = value_append(list, value_map());
		site_put(one, "key", line->key);
		site_put(one, "value", line->value);
	}
	capture_request(capture, i, &request);
	value_put_text(map, "request", buffer_string(&request));
	buffer_release(&request);
}

/* Puts what the capture says about each document into that document's map. */
static void put_capture(const struct subject *subject)
{
	const struct value *documents = value_get(subject->data, "documents");
	char *text = load_text(subject, subject->row, "capture");
	struct capture_text capture;

	capture_parse(text, &capture);
	value_put_boolean(
		subject->data, "simulated", capture_value(&capture, 0, "simulated") != NULL);
	value_put_boolean(subject->data, "private", private_body_any(&capture));
	if (private_body_any(&capture))
		put_lines(subject->data, "elsewhere", &capture, 1);
	put_lines(subject->data, "capture", &capture, 0);
	for (size_t i = 0; i < documents->count && i + 1 < capture.count; i++) {
		site_put(documents->members[i], "name", capture_value(&capture, i + 1, "document"));
		put_lines(documents->members[i], "exchange", &capture, i + 1);
	}
	capture_release(&capture);
	free(text);
}

/* ---- what was said before and after ---- */

static void put_around(const struct subject *subject)
{
	struct value *list = value_put(subject->data, "around", value_list());
	int64_t sequence = subject->row->sequence;

	for (int64_t i = sequence - AROUND_BEFORE; i <= sequence + 1; i++) {
		struct snapshot_row row = {0};
		struct value *map;

		if (!store_snapshot(subject->site->database, subject->page, i, &row))
			continue;
		map = value_append(list, value_map());
		site_put_path(map, subject->page, row.folder);
		value_put(map, "time", site_time(subject->site, row.time));
		value_put_boolean(map, "this", i == sequence);
		site_put_state(subject->said, subject->site, subject->state, &row, map);
		snapshot_row_release(&row);
	}
}

/* ---- the documents ---- */

/* The beginning of a text, as far as room and maximum allow; sets cut if something is left out. */
static char *take_part(struct subject *subject, struct value *map, const char *cut,
	const struct buffer *text, size_t maximum)
{
	size_t length = text->length < maximum ? text->length : maximum;
	struct buffer part = {0};

	if (length > subject->room)
		length = subject->room;
	subject->room -= length;
	value_put_boolean(map, cut, length < text->length);
	text_repair(&part, buffer_string(text), length);
	return buffer_take(&part);
}

/* The document as text, and its headers; false if the snapshot does not have it. */
static bool document_text(const struct subject *subject, const struct snapshot_row *row, size_t i,
	char **headers, struct buffer *text)
{
	char *name = archive_document("body", i), *headers_name = archive_document("headers", i);
	struct buffer body = {0};
	bool found = snapshot_file_read(subject->site->archive, subject->page, row->folder,
		files_of(subject, row), name, &body, NULL);

	if (found) {
		*headers = load_text(subject, row, headers_name);
		site_copy_text(&body, *headers, text);
	}
	buffer_release(&body);
	free(headers_name);
	free(name);
	return found;
}

static char *words_of(const struct buffer *text, bool markup)
{
	size_t length = text->length < WORDS_MAX ? text->length : WORDS_MAX;
	struct buffer words = {0}, repaired = {0};

	if (markup)
		site_copy_words(buffer_string(text), length, &words);
	else
		buffer_add(&words, buffer_string(text), length);
	text_repair(&repaired, buffer_string(&words), words.length);
	buffer_release(&words);
	return buffer_take(&repaired);
}

/* Marks the words that differ from the previous snapshot. */
static void put_difference(
	const struct subject *subject, struct value *map, size_t i, const struct buffer *text)
{
	struct buffer before = {0};
	char *headers = NULL;
	struct value *words = NULL;

	if (subject->previous != NULL &&
		document_text(subject, subject->previous, i, &headers, &before)) {
		bool markup = buffer_string(text)[strspn(buffer_string(text), " \t\r\n")] == '<';
		char *old = words_of(&before, markup), *new = words_of(text, markup);

		words = site_words(old, new);
		free(old);
		free(new);
	}
	value_put_boolean(map, "marked", words != NULL && words->count > 0);
	value_put(map, "words", words != NULL ? words : value_list());
	free(headers);
	buffer_release(&before);
}

static bool has_file(const struct subject *subject, const char *name)
{
	char *end_of_line = memory_format("  %s\n", name);
	bool has = strstr(subject->sums, end_of_line) != NULL;

	free(end_of_line);
	return has;
}

static void put_document(struct subject *subject, struct value *list, size_t i)
{
	struct buffer text = {0}, copy = {0};
	char *headers = NULL, *name = archive_document("body", i), *part;
	struct value *map;
	bool html;

	if (!has_file(subject, name) || !document_text(subject, subject->row, i, &headers, &text))
		goto out;
	html = !subject->packed && site_copy_is_html(&text, headers);
	map = value_append(list, value_map());
	value_put_text(map, "file", name);
	value_put_number(map, "number", (int64_t)i + 1);
	value_put_boolean(map, "html", html);
	put_difference(subject, map, i, &text);
	if (html) { /* as it is: the template puts it into a frame */
		site_copy_html(buffer_string(&text), text.length, &copy);
		part = take_part(subject, map, "copy_cut", &copy, COPY_MAX);
		value_put_text(map, "copy", part);
		free(part);
	}
	if (!subject->packed) {
		part = take_part(subject, map, "source_cut", &text, SOURCE_MAX);
		site_put_lines(map, "source", part);
		free(part);
	}
	site_put_lines(map, "headers", headers);
out:
	free(name);
	free(headers);
	buffer_release(&copy);
	buffer_release(&text);
}

/* ---- the proof ---- */

/* Takes sums apart: has_file() comes before. */
static void put_digests(const struct subject *subject)
{
	struct value *list = value_put(subject->data, "digests", value_list());
	char *rest = subject->sums, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		char *blank = strstr(line, "  ");
		struct value *map;

		if (blank == NULL)
			continue;
		*blank = '\0';
		map = value_append(list, value_map());
		site_put(map, "digest", line);
		site_put(map, "file", blank + 2);
	}
	value_put_text(subject->data, "sums", subject->row->sums);
	site_put_lines(subject->data, "line", subject->row->line);
	value_put_number(subject->data, "sequence", subject->row->sequence);
	value_put_number(subject->data, "chain_line", subject->row->sequence + 1);
}

/* ---- the page ---- */

static void put_head(const struct subject *subject)
{
	const struct page_config *config = config_page(subject->site->config, subject->page);
	const struct {
		const char *key;
		const struct snapshot_row *row;
	} links[] = {{"previous", subject->previous}, {"next", subject->next}};
	char *name = strrchr(subject->row->folder, '/'), *month;
	char day[16];

	site_day_name(site_day(subject->site, subject->row->time), day);
	month = memory_format("%.4s/%.2s", day, day + 5);
	value_put_text(subject->data, "page", subject->page);
	site_put_address(config, subject->state, subject->data);
	value_put(subject->data, "time", site_time(subject->site, subject->row->time));
	value_put_text(subject->data, "folder", subject->row->folder);
	value_put_text(subject->data, "name", name != NULL ? name + 1 : subject->row->folder);
	value_put_text(subject->data, "day", day);
	value_put_text(subject->data, "month", month);
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		struct value *map = value_put(subject->data, links[i].key,
			links[i].row != NULL ? value_map() : value_boolean(false));

		if (links[i].row == NULL)
			continue;
		site_put_path(map, subject->page, links[i].row->folder);
		value_put(map, "time", site_time(subject->site, links[i].row->time));
	}
	free(month);
}

bool site_write_snapshot(const struct site *site, const char *page, const struct page_state *state,
	struct site_states *said, const struct snapshot_row *row, struct error *error)
{
	struct snapshot_row previous = {0}, next = {0};
	bool has_previous = store_snapshot(site->database, page, row->sequence - 1, &previous),
	     has_next = store_snapshot(site->database, page, row->sequence + 1, &next);
	struct subject subject = {.site = site,
		.page = page,
		.state = state,
		.said = said,
		.row = row,
		.previous = has_previous ? &previous : NULL,
		.next = has_next ? &next : NULL,
		.data = value_map(),
		.room = DOCUMENTS_MAX};
	char *path = archive_path(site->archive, page, row->folder, ARCHIVE_SUMS),
	     *name = snapshot_page_path(page, row->folder), *reading;
	struct value *documents;
	bool done;

	snapshot_list(site->archive, page, row->folder, &subject.files, NULL);
	if (has_previous)
		snapshot_list(site->archive, page, previous.folder, &subject.before, NULL);
	reading = load_text(&subject, row, "reading");
	subject.sums = load_text(&subject, row, ARCHIVE_SUMS);
	subject.packed = file_absent(path);
	value_put_boolean(subject.data, "packed", subject.packed);
	put_head(&subject);
	site_put_reading(site, report_red(site->config, page), reading, subject.data);
	put_around(&subject);
	documents = value_put(subject.data, "documents", value_list());
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		put_document(&subject, documents, i);
	put_capture(&subject);
	put_digests(&subject);
	value_put(subject.data, "moment", site_snapshot_entry(site, page, row));
	done = site_render(site, "snapshot.html", subject.data, name, error);
	value_free(subject.data);
	snapshot_files_release(&subject.files);
	snapshot_files_release(&subject.before);
	free(subject.sums);
	free(reading);
	free(name);
	free(path);
	snapshot_row_release(&previous);
	snapshot_row_release(&next);
	return done;
}
