/* SPDX-License-Identifier: ISC */
#include "cmd/import_warc.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/validator.h"
#include "watch/page_reader.h"

/* ---- which captures there are ---- */

static size_t add_matches(const struct web_records *records, const struct page_config *page,
	const char *url, struct captures *captures)
{
	const struct web_record *record = NULL;
	size_t before = captures->count;

	while (captures->count < CAPTURES_MAX &&
		(record = web_records_next(records, url, record)) != NULL)
		*(struct capture *)memory_append(&captures->list, &captures->count,
			sizeof *captures->list) = (struct capture){.page = page,
			.time = record->head.date,
			.record = (size_t)(record - records->list)};
	return captures->count - before;
}

void import_match(const struct web_records *records, const struct context *context,
	const struct page_config *page, const char *url, struct captures *captures)
{
	const struct document none[PAGE_DOCUMENTS_MAX] = {{0}};
	const struct config *config = context->config;

	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_config *each = &config->pages[i];
		char *address = NULL;

		if (page != NULL && page != each)
			continue;
		if (url != NULL)
			add_matches(records, each, url, captures);
		else if (!kind_document_address(kind_set_of(context->kinds, each), 0, each->url,
				 none, &address, NULL) ||
			 add_matches(records, each, address, captures) == 0)
			add_matches(records, each, each->url, captures);
		free(address);
	}
}

/* ---- what it says ---- */

/* Says which record the error is about. Returns false. */
static bool about(
	const struct web_records *records, const struct web_record *record, struct error *error)
{
	return error_prefix(error, "%s: record %s", records->files[record->file].name,
		record->head.id != NULL ? record->head.id : "without WARC-Record-ID");
}

static bool missing(const struct web_records *records, const struct web_record *record,
	const char *what, struct error *error)
{
	error_set(error, REMEDY_PAGE, "%s", what);
	return about(records, record, error);
}

/* A revisit may have headers of its own, newer than those of what it repeats. */
static bool take_headers(struct web_records *records, const struct web_record *revisit,
	struct http_response *response, struct error *error)
{
	char *headers;
	int status;

	if (!web_records_headers(records, revisit, &headers, &status, error))
		return about(records, revisit, error);
	if (status == 200)
		memory_set(&response->headers, headers);
	free(headers);
	return true;
}

/* One document, out of the record that stands for it. A status that is no page's is the page's
 * failure. */
static bool load_document(struct web_records *records, const struct web_record *record, size_t i,
	struct captured *captured, struct error *error)
{
	const struct web_record *answer = web_records_follow(records, record);
	const struct web_record *payload =
		answer->head.type == WARC_REVISIT ? web_records_original(records, answer) : answer;
	struct http_response *response = &captured->responses[i];

	if (payload == NULL)
		return missing(records, answer,
			"is a revisit, and the record it refers to is not in the file", error);
	captured->sources[i] = (struct capture_source){records->files[answer->file].name,
		records->files[answer->file].sha256, answer->head.id};
	if (payload->status != 200)
		return error_set(&captured->failure, REMEDY_PAGE, "HTTP %d", payload->status) ||
		       true;
	if (payload->head.truncated)
		return missing(records, payload, "was truncated when it was recorded", error);
	if (!web_records_payload(records, payload, response, error))
		return about(records, payload, error);
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
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	bool good = true;

	for (size_t i = 1; good && i < kind_document_count(kind) && captured->failure.remedy == 0;
		i++) {
		const struct http_response *before = &captured->responses[i - 1];
		const struct web_record *record = NULL;
		char *address = NULL, *named;

		if (before->status != 0)
			documents[i - 1] = (struct document){
				buffer_string(&before->body), before->body.length};
		if (!page_address(readers, kind, i, capture->page->url, documents, &address,
			    &captured->failure))
			break;
		named = memory_format("%s#%s", capture->page->url, kind_document_name(kind, i));
		if (!text_empty(address))
			record = web_records_nearest(records, address, capture->time);
		if (record == NULL)
			record = web_records_nearest(records, named, capture->time);
		if (record != NULL)
			good = load_document(records, record, i, captured, error);
		else if (!text_empty(address) && !kind_document_optional(kind, i))
			good = error_set(error, REMEDY_PAGE,
				"document %s of the page is not in the file within a minute of it",
				kind_document_name(kind, i));
		free(named);
		free(address);
	}
	return good;
}

bool import_load(struct web_records *records, const struct capture *capture,
	const struct kind *kind, struct readers *readers, struct captured *captured,
	struct error *error)
{
	for (size_t i = 0; i < kind_document_count(kind); i++)
		captured->responses[i].body.maximum = (size_t)capture->page->settings.limits.body;
	return load_document(records, &records->list[capture->record], 0, captured, error) &&
	       load_others(records, capture, kind, readers, captured, error);
}
