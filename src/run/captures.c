/* SPDX-License-Identifier: ISC */
#include "run/captures.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "model/validator.h"
#include "run/local_fault.h"
#include "run/print.h"
#include "run/schema.h"
#include "run/sign_heads.h"
#include "watch/page_reader.h"

/* ---- captures in folders ---- */

/* The time that a file's name holds: its digits, whatever stands between them. */
static bool time_of(const char *name, int64_t *time)
{
	char digits[15] = "";
	size_t count = 0;
	struct tm parts = {0};

	for (; *name != '\0' && count < 14; name++) {
		if (*name >= '0' && *name <= '9')
			digits[count++] = *name;
		else if (count == 12 && strchr("-T:_", *name) == NULL)
			break; /* to the minute */
		else if (count > 0 && strchr("-T:_.", *name) == NULL)
			count = 0; /* a number that belonged to something else */
	}
	if (count != 12 && count != 14)
		return false;
	if (count == 12)
		digits[12] = digits[13] = '0'; /* no seconds */
	digits[14] = '\0';
	if (strptime(digits, "%Y%m%d%H%M%S", &parts) == NULL)
		return false;
	*time = timegm(&parts);
	return true;
}

/* A page of the site about the snapshot that lies beside it: for people, and no capture. */
static bool is_about_neighbour(const char *folder, const char *name)
{
	char *path = file_join(folder, name);
	bool about = text_ends(name, ".html");

	if (about) {
		path[strlen(path) - strlen(".html")] = '\0';
		about = !file_absent(path);
	}
	free(path);
	return about;
}

static bool add_captures(struct captures *captures, const char *folder,
	const struct page_config *page, struct error *error)
{
	DIR *stream = opendir(folder);
	struct dirent *entry;
	bool good = stream != NULL || system_error_absent(errno) ||
		    system_error_set(error, folder, "cannot be opened");

	while (stream != NULL && (errno = 0, entry = readdir(stream)) != NULL &&
		captures->count < CAPTURES_MAX) {
		struct capture *capture;
		int64_t time;

		if (entry->d_name[0] == '.' || !time_of(entry->d_name, &time) ||
			is_about_neighbour(folder, entry->d_name))
			continue;
		capture = memory_append(&captures->list, &captures->count, sizeof *capture);
		*capture = (struct capture){
			.path = file_join(folder, entry->d_name), .page = page, .time = time};
	}
	if (stream != NULL && entry == NULL && errno != 0)
		good = system_error_set(error, folder, "cannot be read");
	if (stream != NULL)
		closedir(stream);
	return good;
}

int captures_find(struct captures *captures, const struct config *config,
	const struct page_config *page, const char *folder)
{
	size_t before = captures->count;
	struct error error;
	bool good = true;

	for (size_t i = 0; i < config->page_count && good; i++) {
		char *own = file_join(folder, config->pages[i].name);

		if (page == NULL || page == &config->pages[i])
			good = add_captures(captures, own, &config->pages[i], &error);
		free(own);
	}
	if (captures->count == before && page == NULL && config->page_count == 1)
		page = &config->pages[0];
	if (good && captures->count == before && page != NULL)
		good = add_captures(captures, folder, page, &error);
	if (!good)
		return error_print(&error);
	if (captures->count > before)
		return EXIT_DONE;
	fprintf(stderr,
		"lampwatch: %s: no capture found: files must be named after their time, in a "
		"folder "
		"named after their page\n",
		folder);
	return EXIT_USAGE;
}

static int by_time(const void *a, const void *b)
{
	const struct capture *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	if (left->page != right->page)
		return config_cause_order(left->page, right->page);
	if ((left->path == NULL) != (right->path == NULL))
		return left->path == NULL ? -1 : 1;
	if (left->path == NULL)
		return left->record < right->record ? -1 : left->record > right->record;
	return strcmp(left->path, right->path);
}

void captures_sort(struct captures *captures)
{
	if (captures->count > 0)
		qsort(captures->list, captures->count, sizeof *captures->list, by_time);
}

void captures_release(struct captures *captures)
{
	for (size_t i = 0; i < captures->count; i++) {
		free(captures->list[i].path);
		free(captures->list[i].source);
	}
	free(captures->list);
	*captures = (struct captures){0};
}

void captured_release(struct captured *captured)
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++) {
		http_response_release(&captured->responses[i]);
		free(captured->texts[i][0]);
		free(captured->texts[i][1]);
	}
	*captured = (struct captured){0};
}

void capture_load(const struct capture *capture, size_t count, struct captured *captured)
{
	const char *last = file_name(capture->path);
	struct stat status;
	bool folder = stat(capture->path, &status) == 0 && S_ISDIR(status.st_mode);
	struct error error;

	for (size_t i = 0; i < count && (folder || i == 0); i++) {
		struct http_response *response = &captured->responses[i];
		struct buffer *body = &response->body, headers = {.maximum = HTTP_HEADERS_MAX};
		char *name = archive_document("body", i), *beside = archive_document("headers", i);
		char *path = folder ? file_join(capture->path, name) : memory_string(capture->path);
		char *lines = file_join(capture->path, beside), sha256[DIGEST_TEXT];

		body->maximum = (size_t)capture->page->settings.limits.body;
		if (!file_read(path, body, &error)) {
			if (system_error_local(error.number))
				captured->failure = error;
		} else {
			response->status = 200;
			response->began = response->ended = capture->time * 1000;
			digest_sha256(buffer_string(body), body->length, sha256);
			/* The file's name, with its folder's where that has the time. */
			captured->texts[i][0] = capture->source != NULL
							? memory_string(capture->source)
						: folder ? memory_format("%s/%s", last, name)
							 : memory_string(last);
			captured->texts[i][1] = memory_string(sha256);
			captured->sources[i] = (struct capture_source){
				captured->texts[i][0], captured->texts[i][1], NULL};
		}
		if (response->status != 0 && folder && file_read(lines, &headers, NULL) &&
			headers.length > 0)
			response->headers = buffer_take(&headers);
		buffer_release(&headers);
		free(lines);
		free(path);
		free(beside);
		free(name);
	}
}

/* ---- the pipeline ---- */

int feeder_open(struct feeder *feeder, struct context *context, const struct observer *how)
{
	struct error error;

	feeder->context = context;
	feeder->observer = *how;
	feeder->observer.readers = context->readers;
	feeder->database = database_open(context->database_path, schema, false, &error);
	feeder->observer.database = feeder->database;
	if (feeder->database == NULL || !observer_open(&feeder->observer, &error)) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
	}
	if (!store_pages(feeder->database, &feeder->states)) {
		database_good(feeder->database, &error);
		return error_print(&error);
	}
	return EXIT_DONE;
}

void feeder_feed(struct feeder *feeder, const struct capture *capture,
	const struct captured *captured, bool imported)
{
	const struct kind *kind = kind_set_of(feeder->context->kinds, capture->page);
	struct page_state fresh = {.name = memory_string(capture->page->name), .loaded = true};
	struct page_state *state = page_states_find(&feeder->states, capture->page->name);
	struct error error = captured->failure;
	bool failed = error.remedy != 0;
	char date[DATE_TEXT_MAX];
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	struct page_answer answer = {0};
	char *bytes = NULL;
	struct observation seen = {.page = capture->page,
		.kind = kind,
		.state = state != NULL ? state : &fresh,
		.error = &error,
		.responses = failed ? NULL : captured->responses,
		.response_count = kind_document_count(kind),
		.sources = imported ? captured->sources : NULL,
		.now = capture->time,
		.full = true};

	documents_of(kind, captured->responses, documents);
	if (!failed)
		page_read(feeder->context->readers, kind, capture->page->url, documents,
			READER_MILLISECONDS, &bytes, &answer, &error);
	seen.text = answer.text;
	seen.notes = answer.notes;
	seen.what = failed          ? OBSERVED_FAILED
		    : bytes != NULL ? OBSERVED_READING
				    : OBSERVED_UNREADABLE;
	date_write(capture->time, date);
	feeder->observer.moment = imported ? date : NULL;
	if (bytes == NULL && error.remedy == REMEDY_LOCAL)
		local_fault(&feeder->observer, &error);
	else
		observation_process(&feeder->observer, &seen);
	feeder->observer.moment = NULL;
	if (state == NULL || feeder->observer.local_trouble) {
		page_states_release(&feeder->states);
		store_pages(feeder->database, &feeder->states);
	} else {
		store_unload(state);
	}
	free(bytes);
	page_state_release(&fresh);
}

int feeder_finish(struct feeder *feeder)
{
	struct error error;

	sign_heads(&feeder->observer, &feeder->states);
	if (!database_good(feeder->database, &error))
		local_fault(&feeder->observer, &error);
	if (feeder->context->config->site != SITE_OFF && isatty(STDERR_FILENO))
		fputs("the pages with which the archive is browsed follow with the next run, or "
		      "with `lampwatch site`\n",
			stderr);
	return feeder->observer.local_trouble  ? EXIT_LOCAL
	       : feeder->observer.page_trouble ? EXIT_PENDING
					       : EXIT_DONE;
}

void feeder_close(struct feeder *feeder)
{
	observer_close(&feeder->observer);
	database_close(feeder->database);
	page_states_release(&feeder->states);
}
