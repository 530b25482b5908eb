/* SPDX-License-Identifier: ISC */
#include "publish/web_records.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "net/http.h"
#include "publish/record_reader.h"

enum { READ_BLOCK = 65536 };

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
	record_reader_close(records->reader);
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

static bool take_record(void *context, struct warc_head *head, int status, const char *location,
	struct error *error)
{
	struct web_records *records = context;
	struct web_record *record;

	if (records->count >= WEB_RECORDS_MAX)
		return error_set(error, REMEDY_PAGE, "more than %d records", WEB_RECORDS_MAX);
	record = memory_append(&records->list, &records->count, sizeof *record);
	*record = (struct web_record){
		*head, status, memory_string(location), key_of(head->url), records->file_count - 1};
	*head = (struct warc_head){0};
	return true;
}

static bool digest_file(const char *path, char sha256[static DIGEST_TEXT], struct error *error)
{
	struct digest_stream *stream;
	FILE *file = fopen(path, "rbe");
	char bytes[READ_BLOCK];
	size_t got;
	bool good;

	if (file == NULL)
		return system_error_set(error, path, "cannot be opened");
	stream = digest_begin();
	while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
		digest_add(stream, bytes, got);
	digest_end(stream, sha256);
	good = !ferror(file) || system_error_set(error, path, "cannot be read");
	fclose(file);
	return good;
}

bool web_records_read(struct web_records *records, const char *path, struct error *error)
{
	struct web_file *file =
		memory_append(&records->files, &records->file_count, sizeof *records->files);
	struct record_reader *reader;
	bool good;

	file->path = memory_string(path);
	file->name = memory_string(file_name(path));
	if (!digest_file(path, file->sha256, error))
		return false;
	reader = record_reader_open(records->server, path, error);
	if (reader == NULL)
		return false;
	good = record_reader_list(reader, take_record, records, &records->simulated, error) ||
	       error_prefix(error, "%s", path);
	record_reader_close(reader);
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

static int by_text(const void *a, const void *b)
{
	return text_compare(((const struct web_name *)a)->text, ((const struct web_name *)b)->text);
}

void web_records_sort(struct web_records *records)
{
	if (records->count == 0)
		return;
	qsort(records->list, records->count, sizeof *records->list, by_key);
	records->by_id = memory_zero(records->count, sizeof *records->by_id);
	records->by_digest = memory_zero(records->count, sizeof *records->by_digest);
	for (size_t i = 0; i < records->count; i++) {
		const struct web_record *record = &records->list[i];

		records->by_id[i] = (struct web_name){record->head.id, record};
		/* a revisit has no payload of its own, whatever digest it carries */
		records->by_digest[i] = (struct web_name){
			record->head.type != WARC_REVISIT ? record->head.payload_digest : NULL,
			record};
	}
	qsort(records->by_id, records->count, sizeof *records->by_id, by_text);
	qsort(records->by_digest, records->count, sizeof *records->by_digest, by_text);
}

/* ---- which record it is ---- */

/* The index of the first record with that key that is not earlier, or of its insertion point. */
static size_t first_of(const struct web_records *records, const char *key, int64_t date)
{
	size_t low = 0, high = records->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct web_record *record = &records->list[middle];
		int order = strcmp(record->key, key);

		if (order < 0 || (order == 0 && record->head.date < date))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first record from index i on that matches the address, whose key is given. A record without a
 * query matches every query: our own exports have none. */
static const struct web_record *from(
	const struct web_records *records, size_t i, const char *key, const char *url)
{
	const char *wanted = strchr(url, '?');

	for (; i < records->count && text_equal(records->list[i].key, key); i++) {
		const char *query = strchr(records->list[i].head.url, '?');

		if (query == NULL || (wanted != NULL && strcmp(query, wanted) == 0))
			return &records->list[i];
	}
	return NULL;
}

const struct web_record *web_records_next(
	const struct web_records *records, const char *url, const struct web_record *before)
{
	const struct web_record *found;
	char *key;

	if (before != NULL)
		return from(records, (size_t)(before - records->list) + 1, before->key, url);
	key = key_of(url);
	found = from(records, first_of(records, key, INT64_MIN), key, url);
	free(key);
	return found;
}

const struct web_record *web_records_nearest(
	const struct web_records *records, const char *url, int64_t time)
{
	char *key = key_of(url);
	size_t first = first_of(records, key, time - WEB_TOGETHER_SECONDS);
	const struct web_record *best = NULL, *record = from(records, first, key, url);

	for (; record != NULL && record->head.date <= time + WEB_TOGETHER_SECONDS;
		record = web_records_next(records, url, record))
		if (best == NULL || llabs(record->head.date - time) < llabs(best->head.date - time))
			best = record;
	free(key);
	return best;
}

const struct web_record *web_records_follow(
	const struct web_records *records, const struct web_record *record)
{
	for (int i = 0; i < WEB_REDIRECTS_MAX && record->location != NULL; i++) {
		char *origin = http_url_origin(record->head.url);
		char *url = record->location[0] == '/'
				    ? memory_format("%s%s", origin, record->location)
				    : memory_string(record->location);
		const struct web_record *target =
			web_records_nearest(records, url, record->head.date);

		free(url);
		free(origin);
		if (target == NULL)
			break;
		record = target;
	}
	return record;
}

/* The record with this text (its id, its payload's digest); NULL if there is none. */
static const struct web_record *lookup(
	const struct web_records *records, const struct web_name *list, const char *text)
{
	const struct web_name name = {text, NULL},
			      *found = text_empty(text) || records->count == 0
					       ? NULL
					       : bsearch(&name, list, records->count, sizeof *list,
							 by_text);

	return found != NULL ? found->record : NULL;
}

const struct web_record *web_records_original(
	const struct web_records *records, const struct web_record *revisit)
{
	const struct warc_head *head = &revisit->head;
	const struct web_record *found = lookup(records, records->by_id, head->refers_to);

	if (found == NULL)
		found = lookup(records, records->by_digest, head->payload_digest);
	if (found == NULL && head->refers_to_url != NULL)
		found = web_records_nearest(records, head->refers_to_url, head->refers_to_date);
	return found != NULL && found->head.type != WARC_REVISIT ? found : NULL;
}

/* NULL with error where its file cannot be opened any more. */
static struct record_reader *reader_of(
	struct web_records *records, const struct web_record *record, struct error *error)
{
	if (records->reader == NULL || records->reader_file != record->file) {
		record_reader_close(records->reader);
		records->reader = record_reader_open(
			records->server, records->files[record->file].path, error);
		records->reader_file = record->file;
	}
	return records->reader;
}

bool web_records_payload(struct web_records *records, const struct web_record *record,
	struct http_response *response, struct error *error)
{
	struct record_reader *reader = reader_of(records, record, error);

	return reader != NULL && record_reader_payload(reader, &record->head, response, error);
}

bool web_records_headers(struct web_records *records, const struct web_record *record,
	char **headers, int *status, struct error *error)
{
	struct record_reader *reader = reader_of(records, record, error);

	return reader != NULL &&
	       record_reader_headers(reader, &record->head, headers, status, error);
}
