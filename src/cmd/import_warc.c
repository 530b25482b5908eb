/* SPDX-License-Identifier: ISC */
#include "cmd/import_warc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "keep/warc_http.h"
#include "watch/reader.h"

enum {
	READ_BLOCK = 65536,
	HEAD_MAX = 64 * 1024,     /* of a response, looked at for its status */
	ENCODED_MAX = 512 * 1024, /* more than a body that a record may hold beyond the limit */
};

/* ---- what there is ---- */

static void web_record_release(struct web_record *record)
{
	warc_head_release(&record->head);
	free(record->location);
	free(record->key);
}

void web_records_release(struct web_records *records)
{
	for (size_t i = 0; i < records->count; i++)
		web_record_release(&records->list[i]);
	for (size_t i = 0; i < records->file_count; i++) {
		free(records->files[i].path);
		free(records->files[i].name);
	}
	free(records->by_id);
	free(records->by_digest);
	free(records->list);
	free(records->files);
	warc_reader_close(records->reader);
	*records = (struct web_records){0};
}

/* The address without what may be secret; a fragment, which names a document of ours, stays. */
static char *key_of(const char *url)
{
	char *public = http_url_public(url), *key;
	const char *fragment = strchr(url, '#');

	if (fragment == NULL)
		return public;
	key = memory_format("%s%s", public, fragment);
	free(public);
	return key;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* The status of a response, and where it leads. */
static bool take_status(struct warc_reader *reader, struct web_record *record, struct error *error)
{
	struct buffer block = {.maximum = HEAD_MAX};
	struct message_head head = {0};
	const char *location;
	bool good = warc_reader_block(reader, HEAD_MAX, &block, error);

	if (good) {
		message_head_parse(buffer_string(&block), block.length, &head);
		location = message_head_find(&head, "Location");
		record->status = message_status(&head);
		if (is_redirect(record->status) && location != NULL)
			record->location = memory_string(location);
	}
	message_head_release(&head);
	buffer_release(&block);
	return good;
}

static bool take_record(struct web_records *records, struct warc_reader *reader,
	struct warc_head *head, struct error *error)
{
	struct web_record record = {.head = *head, .file = records->file_count - 1};
	bool http = head->type != WARC_RESOURCE;

	*head = (struct warc_head){0};
	if (http && !take_status(reader, &record, error)) {
		web_record_release(&record);
		return false;
	}
	if (!http || (record.head.type == WARC_REVISIT && record.status == 0))
		record.status = 200;
	if (records->count >= WEB_RECORDS_MAX) {
		web_record_release(&record);
		return error_set(error, REMEDY_PAGE, "more than %d records", WEB_RECORDS_MAX);
	}
	if (record.head.url != NULL && record.head.date != 0 && record.status != 0) {
		record.key = key_of(record.head.url);
		*(struct web_record *)memory_append(
			&records->list, &records->count, sizeof record) = record;
	} else {
		web_record_release(&record);
	}
	return true;
}

/* A file of our own, made of an archive of invented times. */
static bool take_info(struct web_records *records, struct warc_reader *reader, struct error *error)
{
	struct buffer block = {.maximum = HEAD_MAX};
	bool good = warc_reader_block(reader, HEAD_MAX, &block, error);

	if (good && text_starts(buffer_string(&block), "software: lampwatch/") &&
		strstr(buffer_string(&block), "\nsimulated: yes") != NULL)
		records->simulated = true;
	buffer_release(&block);
	return good;
}

static bool digest_file(const char *path, char sha256[static DIGEST_TEXT], struct error *error)
{
	struct digest_stream *stream;
	FILE *file = fopen(path, "rbe");
	char bytes[READ_BLOCK];
	size_t got;
	bool good;

	if (file == NULL)
		return error_set(
			error, REMEDY_LOCAL, "%s: cannot be opened: %s", path, strerror(errno));
	stream = digest_begin();
	while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
		digest_add(stream, bytes, got);
	digest_end(stream, sha256);
	good = !ferror(file) ||
	       error_set(error, REMEDY_LOCAL, "%s: cannot be read: %s", path, strerror(errno));
	fclose(file);
	return good;
}

static bool read_records(
	struct web_records *records, struct warc_reader *reader, struct error *error)
{
	bool good = true;

	while (good) {
		struct warc_head head = {0};
		enum warc_next next = warc_reader_next(reader, &head, error);

		if (next == WARC_RECORD && head.type == WARC_INFO)
			good = take_info(records, reader, error);
		else if (next == WARC_RECORD && head.type != WARC_OTHER)
			good = take_record(records, reader, &head, error);
		warc_head_release(&head);
		if (next != WARC_RECORD)
			return next == WARC_END;
	}
	return false;
}

bool web_records_read(struct web_records *records, const char *path, struct error *error)
{
	struct web_file file = {.path = memory_string(path)};
	const char *slash = strrchr(path, '/');
	struct warc_reader *reader;
	bool good;

	file.name = memory_string(slash != NULL ? slash + 1 : path);
	*(struct web_file *)memory_append(&records->files, &records->file_count, sizeof file) =
		file;
	if (!digest_file(path, records->files[records->file_count - 1].sha256, error))
		return false;
	reader = warc_reader_open(path, error);
	good = reader != NULL && read_records(records, reader, error);
	warc_reader_close(reader);
	return good;
}

static int by_key(const void *a, const void *b)
{
	const struct web_record *left = a, *right = b;
	int order = strcmp(left->key, right->key);

	if (order != 0)
		return order;
	return left->head.date < right->head.date ? -1 : left->head.date > right->head.date;
}

static const char *id_of(const struct web_record *record)
{
	return record->head.id;
}

/* A revisit has no payload of its own, whatever digest it carries. */
static const char *digest_of(const struct web_record *record)
{
	return record->head.type != WARC_REVISIT ? record->head.payload_digest : NULL;
}

static int by_id(const void *a, const void *b)
{
	return text_compare(id_of(*(const struct web_record *const *)a),
		id_of(*(const struct web_record *const *)b));
}

static int by_digest(const void *a, const void *b)
{
	return text_compare(digest_of(*(const struct web_record *const *)a),
		digest_of(*(const struct web_record *const *)b));
}

static const struct web_record **list_by(
	const struct web_records *records, int (*order)(const void *a, const void *b))
{
	const struct web_record **list = memory_zero(records->count, sizeof *list);

	for (size_t i = 0; i < records->count; i++)
		list[i] = &records->list[i];
	qsort(list, records->count, sizeof *list, order);
	return list;
}

void web_records_sort(struct web_records *records)
{
	if (records->count == 0)
		return;
	qsort(records->list, records->count, sizeof *records->list, by_key);
	records->by_id = list_by(records, by_id);
	records->by_digest = list_by(records, by_digest);
}

/* ---- which record it is ---- */

/* The first record whose key is not less. */
static size_t first_of(const struct web_records *records, const char *key)
{
	size_t low = 0, high = records->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(records->list[middle].key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of two addresses that are the same without query: an archive of ours has none. */
static bool same_query(const char *of_record, const char *wanted)
{
	const char *query = strchr(of_record, '?'), *other = strchr(wanted, '?');

	return query == NULL || (other != NULL && strcmp(query, other) == 0);
}

/* The record of the address that lies nearest to the time, at most a minute away; NULL for none. */
static const struct web_record *nearest(
	const struct web_records *records, const char *url, int64_t time)
{
	const struct web_record *best = NULL;
	char *key = key_of(url);
	int64_t distance = WEB_TOGETHER_SECONDS + 1;

	for (size_t i = first_of(records, key);
		i < records->count && text_equal(records->list[i].key, key); i++) {
		const struct web_record *record = &records->list[i];
		int64_t away = llabs(record->head.date - time);

		if (away < distance && same_query(record->head.url, url)) {
			best = record;
			distance = away;
		}
	}
	free(key);
	return best;
}

static size_t add_matches(const struct web_records *records, const struct page_config *page,
	const char *url, struct captures *captures)
{
	char *key = key_of(url);
	size_t before = captures->count;

	for (size_t i = first_of(records, key);
		i < records->count && text_equal(records->list[i].key, key) &&
		captures->count < CAPTURES_MAX;
		i++)
		if (same_query(records->list[i].head.url, url))
			*(struct capture *)memory_append(&captures->list, &captures->count,
				sizeof *captures->list) = (struct capture){
				.page = page, .time = records->list[i].head.date, .record = i};
	free(key);
	return captures->count - before;
}

static void match_page(const struct web_records *records, const struct context *context,
	const struct page_config *page, const char *url, struct captures *captures)
{
	const struct kind *kind = kind_set_of(context->kinds, page);
	const struct document none[KIND_DOCUMENTS_MAX] = {{0}};
	char *address = NULL;

	if (url != NULL) {
		add_matches(records, page, url, captures);
		return;
	}
	if (!kind_document_address(kind, 0, page->url, none, &address, NULL) ||
		add_matches(records, page, address, captures) == 0)
		add_matches(records, page, page->url, captures);
	free(address);
}

void web_records_match(const struct web_records *records, const struct context *context,
	const struct page_config *page, const char *url, struct captures *captures)
{
	const struct config *config = context->config;

	for (size_t i = 0; i < config->page_count; i++)
		if (page == NULL || page == &config->pages[i])
			match_page(records, context, &config->pages[i], url, captures);
}

/* ---- what it says ---- */

static bool missing(const struct web_records *records, const struct web_record *record,
	const char *what, struct error *error)
{
	return error_set(error, REMEDY_PAGE, "%s: record %s: %s", records->files[record->file].name,
		record->head.id != NULL ? record->head.id : "without WARC-Record-ID", what);
}

/* What a redirect leads to, within the minute; the record itself where it is none. */
static const struct web_record *follow(
	const struct web_records *records, const struct web_record *record)
{
	for (int i = 0; i < WEB_REDIRECTS_MAX && record->location != NULL; i++) {
		char *origin = http_url_origin(record->head.url);
		char *url = record->location[0] == '/'
				    ? memory_format("%s%s", origin, record->location)
				    : memory_string(record->location);
		const struct web_record *target = nearest(records, url, record->head.date);

		free(url);
		free(origin);
		if (target == NULL)
			break;
		record = target;
	}
	return record;
}

/* The record whose text (its id, its payload's digest) is this one; NULL for none. */
static const struct web_record *lookup(const struct web_records *records,
	const struct web_record *const *list, const char *text,
	const char *(*text_of)(const struct web_record *record))
{
	size_t low = 0, high = records->count;

	while (text != NULL && low < high) {
		size_t middle = low + (high - low) / 2;
		int order = text_compare(text_of(list[middle]), text);

		if (order == 0)
			return list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* What a revisit repeats: by its id, else by its digest, else by address and time. NULL where the
 * files do not have it. */
static const struct web_record *original(
	const struct web_records *records, const struct web_record *revisit)
{
	const struct warc_head *head = &revisit->head;
	const struct web_record *found = lookup(records, records->by_id, head->refers_to, id_of);

	if (found == NULL)
		found = lookup(records, records->by_digest, head->payload_digest, digest_of);
	if (found == NULL && head->refers_to_url != NULL)
		found = nearest(records, head->refers_to_url, head->refers_to_date);
	return found != NULL && found->head.type != WARC_REVISIT ? found : NULL;
}

/* The block of a record, out of its file. */
static bool read_block(struct web_records *records, const struct web_record *record,
	struct buffer *block, struct error *error)
{
	struct warc_head head = {0};
	bool good;

	if (records->reader == NULL || records->reader_file != record->file) {
		warc_reader_close(records->reader);
		records->reader = warc_reader_open(records->files[record->file].path, error);
		records->reader_file = record->file;
	}
	good = records->reader != NULL &&
	       warc_reader_seek(records->reader, &record->head.position, error) &&
	       warc_reader_next(records->reader, &head, error) == WARC_RECORD &&
	       warc_reader_block(records->reader, SIZE_MAX, block, error);
	warc_head_release(&head);
	return good;
}

/* Body and, where it is HTTP, headers of a record. */
static bool read_payload(struct web_records *records, const struct web_record *record,
	struct http_response *response, struct error *error)
{
	struct buffer block = {.maximum = response->body.maximum + ENCODED_MAX};
	struct message_head head = {0};
	bool good = read_block(records, record, &block, error);

	if (good && record->head.type == WARC_RESOURCE) {
		good = buffer_add(&response->body, buffer_string(&block), block.length) ||
		       missing(records, record, "is longer than the page's limit", error);
	} else if (good) {
		message_head_parse(buffer_string(&block), block.length, &head);
		response->headers = memory_bytes(buffer_string(&block), head.length);
		if (!message_body(&head, buffer_string(&block) + head.length,
			    block.length - head.length, &response->body, error)) {
			char *what = memory_string(error->text);

			good = missing(records, record, what, error);
			free(what);
		}
	}
	message_head_release(&head);
	buffer_release(&block);
	return good;
}

/* A revisit may have headers of its own, newer than those of what it repeats. */
static bool take_headers(struct web_records *records, const struct web_record *revisit,
	struct http_response *response, struct error *error)
{
	struct buffer block = {.maximum = HTTP_HEADERS_MAX};
	struct message_head head = {0};
	bool good = read_block(records, revisit, &block, error);

	if (good) {
		message_head_parse(buffer_string(&block), block.length, &head);
		if (message_status(&head) == 200) {
			free(response->headers);
			response->headers = memory_bytes(buffer_string(&block), head.length);
		}
	}
	message_head_release(&head);
	buffer_release(&block);
	return good;
}

/* One document, out of the record that stands for it. A status that is no page's is the page's
 * failure. */
static bool load_document(struct web_records *records, const struct web_record *record, size_t i,
	struct captured *captured, struct error *error)
{
	const struct web_record *answer = follow(records, record);
	const struct web_record *payload =
		answer->head.type == WARC_REVISIT ? original(records, answer) : answer;
	struct http_response *response = &captured->responses[i];

	if (payload == NULL)
		return missing(records, answer,
			"is a revisit, and what it refers to is not in the file", error);
	captured->sources[i] = (struct capture_source){records->files[answer->file].name,
		records->files[answer->file].sha256, answer->head.id};
	if (payload->status != 200)
		return error_set(&captured->failure, REMEDY_PAGE, "HTTP %d", payload->status) ||
		       true;
	if (payload->head.truncated)
		return missing(records, payload, "was cut off when it was made", error);
	if (!read_payload(records, payload, response, error))
		return false;
	if (answer != payload && !take_headers(records, answer, response, error))
		return false;
	response->status = 200;
	response->began = response->ended = answer->head.date * 1000;
	response->requested_url = memory_string(record->head.url);
	response->final_url = memory_string(answer->head.url);
	response->address = memory_string(answer->head.address);
	return true;
}

/* The documents behind the first, whose addresses may stand in those before them. */
static bool load_others(struct web_records *records, const struct capture *capture,
	const struct kind *kind, struct readers *readers, struct captured *captured,
	struct error *error)
{
	struct document documents[KIND_DOCUMENTS_MAX] = {{0}};
	bool good = true;

	for (size_t i = 1; good && i < kind_document_count(kind) && captured->failure.remedy == 0;
		i++) {
		const struct http_response *before = &captured->responses[i - 1];
		const struct web_record *record = NULL;
		char *address = NULL, *named;

		if (before->status != 0)
			documents[i - 1] = (struct document){
				buffer_string(&before->body), before->body.length};
		if (!readers_address(readers, kind, i, capture->page->url, documents, &address,
			    &captured->failure))
			break;
		named = memory_format("%s#%s", capture->page->url, kind_document_name(kind, i));
		if (!text_empty(address))
			record = nearest(records, address, capture->time);
		if (record == NULL)
			record = nearest(records, named, capture->time);
		if (record != NULL)
			good = load_document(records, record, i, captured, error);
		else if (!text_empty(address) && !kind_document_optional(kind, i))
			good = error_set(error, REMEDY_PAGE,
				"document %s of the page is not in the file, within a minute",
				kind_document_name(kind, i));
		free(named);
		free(address);
	}
	return good;
}

bool web_records_load(struct web_records *records, const struct capture *capture,
	const struct kind *kind, struct readers *readers, struct captured *captured,
	struct error *error)
{
	for (size_t i = 0; i < kind_document_count(kind); i++)
		captured->responses[i].body.maximum = (size_t)capture->page->settings.limits.body;
	return load_document(records, &records->list[capture->record], 0, captured, error) &&
	       load_others(records, capture, kind, readers, captured, error);
}
