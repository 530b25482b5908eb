/* SPDX-License-Identifier: ISC */
#include "publish/warc_export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/capture.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/reading.h"
#include "publish/warc_http.h"
#include "settings.h"
#include "store/store.h"

enum { SLOTS_FIRST = 1024, DOCUMENTS_MAX = 64 };

/* A payload that was written: what a revisit of it refers to. All owned. */
struct payload {
	char sha256[DIGEST_TEXT];
	char id[WARC_ID_TEXT];
	char *url;
	int64_t date;
};

struct warc_export {
	struct warc_writer *writer;
	struct cdxj *cdxj;
	struct payload **slots; /* by their digests: open addressing, at most half full */
	size_t size, count;
};

struct warc_export *warc_export_new(struct warc_writer *writer, struct cdxj *cdxj)
{
	struct warc_export *warc_export = memory_zero(1, sizeof *warc_export);

	*warc_export = (struct warc_export){.writer = writer,
		.cdxj = cdxj,
		.slots = memory_zero(SLOTS_FIRST, sizeof *warc_export->slots),
		.size = SLOTS_FIRST};
	return warc_export;
}

void warc_export_free(struct warc_export *warc_export)
{
	if (warc_export == NULL)
		return;
	for (size_t i = 0; i < warc_export->size; i++)
		if (warc_export->slots[i] != NULL) {
			free(warc_export->slots[i]->url);
			free(warc_export->slots[i]);
		}
	free(warc_export->slots);
	free(warc_export);
}

/* ---- payloads that were written before ---- */

/* The digest's slot, or the free one where it belongs. */
static struct payload **slot_of(struct payload **slots, size_t size, const char *sha256)
{
	size_t i;
	char first[17] = "";

	memcpy(first, sha256, sizeof first - 1);
	i = strtoull(first, NULL, 16) % size;
	while (slots[i] != NULL && !text_equal(slots[i]->sha256, sha256))
		i = (i + 1) % size;
	return &slots[i];
}

static void remember(struct warc_export *warc_export, const char *sha256, const char *id,
	const char *url, int64_t date)
{
	struct payload *payload = memory_zero(1, sizeof *payload);

	if (warc_export->count * 2 >= warc_export->size) {
		size_t size = warc_export->size * 2;
		struct payload **slots = memory_zero(size, sizeof *slots), *old;

		for (size_t i = 0; i < warc_export->size; i++)
			if ((old = warc_export->slots[i]) != NULL)
				*slot_of(slots, size, old->sha256) = old;
		free(warc_export->slots);
		warc_export->slots = slots;
		warc_export->size = size;
	}
	memcpy(payload->sha256, sha256, sizeof payload->sha256);
	memcpy(payload->id, id, sizeof payload->id);
	payload->url = memory_string(url);
	payload->date = date;
	*slot_of(warc_export->slots, warc_export->size, sha256) = payload;
	warc_export->count++;
}

/* ---- records ---- */

/* The same record has the same id in every export. */
static void record_id(const char *type, const char *page, const struct snapshot_row *row, size_t i,
	char out[static WARC_ID_TEXT])
{
	char *text = memory_format(
		"lampwatch %s %s %" PRId64 " %s %zu", type, page, row->sequence, row->sums, i);

	warc_id(text, out);
	free(text);
}

bool warc_export_begin(struct warc_export *warc_export, const char *filename,
	const char *description, bool simulated, int64_t now)
{
	const struct warc_field fields[] = {
		{"Content-Type", "application/warc-fields"}, {"WARC-Filename", filename}};
	char id[WARC_ID_TEXT], *random = digest_random_word(DIGEST_BYTES);
	struct buffer block = {0};
	bool good;

	warc_id(random, id);
	free(random);
	buffer_text(&block, "software: lampwatch/" LAMPWATCH_VERSION "\r\n"
			    "format: WARC File Format 1.1\r\n"
			    "conformsTo: https://iipc.github.io/warc-specifications/"
			    "specifications/warc-format/warc-1.1/\r\n");
	buffer_format(&block, "description: %s\r\n", description);
	if (simulated)
		buffer_text(&block, "simulated: yes: the times are of --clock, not of a clock\r\n");
	good = warc_write(warc_export->writer,
		&(struct warc_record){"warcinfo", id, now, fields, 2,
			{buffer_string(&block), block.length}, {NULL, 0}},
		NULL);
	buffer_release(&block);
	return good;
}

/* A document being exported. */
struct outgoing {
	struct warc_export *warc_export;
	const struct buffer *body;
	const char *url, *request_id, *id;
	int status; /* as the capture has it; 0: not said */
	int64_t date;
	char *address;         /* without the port; owned */
	struct buffer request; /* line and headers; empty: not kept */
	char digest[WARC_DIGEST_TEXT];
	struct message_head head; /* of the response; without a start where none is kept */
};

static char *without_port(const char *address)
{
	const char *colon = address != NULL ? strrchr(address, ':') : NULL;
	bool bracket = address != NULL && address[0] == '[';
	char *copy;

	if (colon == NULL)
		return memory_string(address);
	copy = memory_bytes(address + bracket, (size_t)(colon - address) - bracket);
	copy[strcspn(copy, "]")] = '\0';
	return copy;
}

static bool write_request(const struct outgoing *out)
{
	const struct warc_field fields[] = {{"WARC-Target-URI", out->url},
		{"WARC-Concurrent-To", out->id}, {"WARC-IP-Address", out->address},
		{"Content-Type", "application/http;msgtype=request"}};
	struct message_head head = {0};
	struct buffer block = {0};
	bool good;

	if (out->request.length == 0)
		return true;
	message_head_parse(buffer_string(&out->request), out->request.length, &head);
	message_write_request(&head, &block);
	good = warc_write(out->warc_export->writer,
		&(struct warc_record){"request", out->request_id, out->date, fields,
			sizeof fields / sizeof *fields, {buffer_string(&block), block.length},
			{NULL, 0}},
		NULL);
	message_head_release(&head);
	buffer_release(&block);
	return good;
}

/* The media type of a body that has no headers. */
static const char *type_of(const struct buffer *body)
{
	static const struct {
		const char *begins, *type;
	} types[] = {
		{"{", "application/json"},
		{"[", "application/json"},
		{"<?xml", "application/xml"},
		{"<rss", "application/xml"},
		{"<feed", "application/xml"},
		{"<", "text/html"},
	};
	const char *text = buffer_string(body);

	text += strspn(text, "\xef\xbb\xbf \t\r\n");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (text_starts(text, types[i].begins))
			return types[i].type;
	return "application/octet-stream";
}

/* The response, or, where its payload was written before, a revisit of that; the body as a resource
 * where no headers are kept. Each with its line of the index. */
static bool write_response(const struct outgoing *out, const struct payload *before)
{
	bool kept = out->head.start != NULL, revisit = kept && before != NULL;
	const char *mime =
		kept ? message_head_find(&out->head, "Content-Type") : type_of(out->body);
	char date[DATE_TEXT_MAX] = "", *plain;
	const struct warc_field fields[] = {{"WARC-Target-URI", out->url},
		{"WARC-Concurrent-To", kept && out->request.length > 0 ? out->request_id : NULL},
		{"WARC-IP-Address", kept ? out->address : NULL},
		{"WARC-Profile", revisit ? WARC_PROFILE_IDENTICAL : NULL},
		{"WARC-Refers-To", revisit ? before->id : NULL},
		{"WARC-Refers-To-Target-URI", revisit ? before->url : NULL},
		{"WARC-Refers-To-Date", date}, {"WARC-Truncated", revisit ? "length" : NULL},
		{"WARC-Payload-Digest", out->digest},
		{"Content-Type", kept ? "application/http;msgtype=response" : mime}};
	struct warc_bytes body = {buffer_string(out->body), out->body->length};
	struct buffer head = {0};
	struct warc_place place;
	bool good;

	if (revisit)
		date_write(before->date, date);
	if (kept)
		message_write_response(&out->head, out->status, body.length, &head);
	good = warc_write(out->warc_export->writer,
		&(struct warc_record){revisit ? "revisit"
				      : kept  ? "response"
					      : "resource",
			out->id, out->date, fields, sizeof fields / sizeof *fields,
			{head.data, head.length}, revisit ? (struct warc_bytes){NULL, 0} : body},
		&place);
	plain = memory_string(revisit ? "warc/revisit" : mime != NULL ? mime : "");
	plain[strcspn(plain, "; ")] = '\0';
	cdxj_add(out->warc_export->cdxj, &(struct cdxj_entry){out->url, out->date, plain,
						 kept ? out->status : 0, out->digest, place});
	free(plain);
	buffer_release(&head);
	return good;
}

/* A snapshot being exported. */
struct exported {
	const char *page;
	const struct snapshot_row *row;
	const struct snapshot_files *files;
	struct capture_text capture;
	const struct snapshot_file *bodies[DOCUMENTS_MAX]; /* of part i + 1 of the capture */
	size_t count;
};

static const char *value_of(const struct exported *exported, size_t i, const char *key)
{
	const char *value = capture_value(&exported->capture, i, key);

	return value != NULL ? value : "";
}

/* The address that answered; if none is known, the page's address with the document's name as
 * fragment.
 */
static char *url_of(const struct exported *exported, size_t i)
{
	const char *configured = value_of(exported, 0, "url");
	const char *known = value_of(exported, i + 1, "final");
	char *name, *url;

	if (known[0] == '\0')
		known = value_of(exported, i + 1, "requested");
	if (text_starts(known, "http"))
		return warc_uri(known);
	if (i == 0)
		return warc_uri(configured);
	name = memory_format("%s#%s", configured, value_of(exported, i + 1, "document"));
	url = warc_uri(name);
	free(name);
	return url;
}

/* When the document was fetched: by its capture, or by the snapshot if times are simulated. */
static int64_t date_of(const struct exported *exported, size_t i)
{
	int64_t began;

	return capture_value(&exported->capture, 0, "simulated") == NULL &&
			       date_parse(value_of(exported, i + 1, "began"), &began)
		       ? began
		       : exported->row->time;
}

/* The records of document i. id gets that of its response. */
static bool write_document(struct warc_export *warc_export, const struct exported *exported,
	size_t i, char id[static WARC_ID_TEXT])
{
	const struct snapshot_file *body = exported->bodies[i], *headers;
	struct payload *before = *slot_of(warc_export->slots, warc_export->size, body->sha256);
	char request_id[WARC_ID_TEXT], *url = url_of(exported, i);
	char *headers_name = memory_format("headers%s", body->name + strlen("body"));
	struct outgoing out = {.warc_export = warc_export,
		.body = &body->bytes,
		.url = url,
		.request_id = request_id,
		.id = id,
		.status = atoi(value_of(exported, i + 1, "status")),
		.date = date_of(exported, i),
		.address = without_port(capture_value(&exported->capture, i + 1, "address"))};
	bool good;

	capture_request(&exported->capture, i + 1, &out.request);
	headers = snapshot_files_find(exported->files, headers_name);
	if (headers != NULL)
		message_head_parse(
			buffer_string(&headers->bytes), headers->bytes.length, &out.head);
	warc_digest(body->sha256, out.digest);
	record_id("request", exported->page, exported->row, i, request_id);
	record_id(before != NULL ? "revisit" : "response", exported->page, exported->row, i, id);
	good = (out.head.start == NULL || write_request(&out)) && write_response(&out, before);
	if (before == NULL && body->bytes.length > 0)
		remember(warc_export, body->sha256, id, url, out.date);
	message_head_release(&out.head);
	buffer_release(&out.request);
	free(headers_name);
	free(out.address);
	free(url);
	return good;
}

static bool write_metadata(struct warc_export *warc_export, const struct exported *exported,
	const struct warc_page *page, char (*ids)[WARC_ID_TEXT])
{
	static const struct {
		const char *file, *field;
	} files[] = {{"capture", "capture"}, {"reading", "reading"}, {"changes", "changes"},
		{ARCHIVE_SUMS, "sha256sums"}};
	struct warc_field fields[DOCUMENTS_MAX + 3] = {
		{"WARC-Target-URI", page->url}, {"Content-Type", "application/warc-fields"}};
	struct buffer block = {0};
	char id[WARC_ID_TEXT];
	bool good;

	fields[2] = (struct warc_field){"WARC-Refers-To", exported->count > 0 ? ids[0] : NULL};
	for (size_t i = 0; i < exported->count; i++)
		fields[i + 3] = (struct warc_field){"WARC-Concurrent-To", ids[i]};
	buffer_format(&block, "page: %s\r\nfolder: %s\r\nchain: %s\r\n", exported->page,
		exported->row->folder, exported->row->line);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const struct snapshot_file *file =
			snapshot_files_find(exported->files, files[i].file);

		/* each line is a field of its own, so that the file can be put together again */
		for (const char *at = file != NULL ? buffer_string(&file->bytes) : "", *end;
			*at != '\0'; at = end + (*end == '\n')) {
			end = strchrnul(at, '\n');
			buffer_format(&block, "%s: %.*s\r\n", files[i].field, (int)(end - at), at);
		}
	}
	record_id("metadata", exported->page, exported->row, 0, id);
	good = warc_write(warc_export->writer,
		&(struct warc_record){"metadata", id, page->time, fields, exported->count + 3,
			{buffer_string(&block), block.length}, {NULL, 0}},
		NULL);
	buffer_release(&block);
	return good;
}

bool warc_export_snapshot(struct warc_export *warc_export, const char *name,
	const struct snapshot_row *row, const struct snapshot_files *files, struct warc_page *page)
{
	const struct snapshot_file *capture = snapshot_files_find(files, "capture"),
				   *text = snapshot_files_find(files, "reading");
	struct reading reading = {0};
	struct exported exported = {.page = name, .row = row, .files = files};
	char ids[DOCUMENTS_MAX][WARC_ID_TEXT];
	bool good = true;

	capture_parse(capture != NULL ? buffer_string(&capture->bytes) : NULL, &exported.capture);
	for (size_t i = 0; i < files->count && exported.count < DOCUMENTS_MAX; i++)
		if (text_equal(files->list[i].name, "body") ||
			text_starts(files->list[i].name, "body-"))
			exported.bodies[exported.count++] = &files->list[i];
	*page = (struct warc_page){.url = exported.count > 0
						  ? url_of(&exported, 0)
						  : warc_uri(value_of(&exported, 0, "url")),
		.time = exported.count > 0 ? date_of(&exported, 0) : row->time};
	if (text != NULL &&
		reading_parse(buffer_string(&text->bytes), text->bytes.length, &reading, NULL))
		page->title = memory_format("%s: %s (%s)", name,
			text_empty(reading.title) ? value_of(&exported, 0, "url") : reading.title,
			level_name(reading.level));
	else
		page->title = memory_format("%s: could not be read", name);
	reading_release(&reading);
	for (size_t i = 0; good && i < exported.count; i++)
		good = write_document(warc_export, &exported, i, ids[i]);
	good = good && write_metadata(warc_export, &exported, page, ids);
	capture_release(&exported.capture);
	return good;
}
