/* SPDX-License-Identifier: ISC
 *
 * lampwatch replay DIR: saved captures, named by their time, through the same
 * pipeline as a run: what would have been kept, and who would have been told
 * what. DIR/PAGE/NAME for each page, or DIR/NAME where the configuration has one page; NAME holds a
 * time (2014-01-24T192000Z, 20140124T192000 …) and is a file, or a folder with body, body-2 ….
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/context.h"
#include "gather.h"
#include "evidence.h"
#include "keep/archive.h"
#include "keep/store.h"
#include "observe.h"
#include "tell/courier.h"
#include "watch/reader.h"

enum { DELIVER_SECONDS = 300, CAPTURES_MAX = 1000000 };

struct capture {
	char *path;
	const struct page_config *page;
	int64_t time;
};

struct replay {
	struct context *context;
	struct readers *readers;
	struct database *database;
	struct observer observer;
	struct capture *captures;
	size_t count;
};

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
	digits[count] = '\0';
	if (count != 12 && count != 14)
		return false;
	if (count == 12)
		strcat(digits, "00");
	if (strptime(digits, "%Y%m%d%H%M%S", &parts) == NULL)
		return false;
	*time = timegm(&parts);
	return true;
}

static void add_captures(struct replay *replay, const char *folder, const struct page_config *page)
{
	DIR *stream = opendir(folder);
	struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL &&
		replay->count < CAPTURES_MAX) {
		struct capture *capture;
		int64_t time;

		if (entry->d_name[0] == '.' || !time_of(entry->d_name, &time))
			continue;
		capture = memory_append(&replay->captures, &replay->count, sizeof *capture);
		*capture = (struct capture){file_join(folder, entry->d_name), page, time};
	}
	if (stream != NULL)
		closedir(stream);
}

static int by_time(const void *a, const void *b)
{
	const struct capture *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return strcmp(left->path, right->path);
}

static bool find_captures(struct replay *replay, const char *folder)
{
	const struct config *config = replay->context->config;

	for (size_t i = 0; i < config->page_count; i++) {
		char *own = file_join(folder, config->pages[i].name);

		add_captures(replay, own, &config->pages[i]);
		free(own);
	}
	if (replay->count == 0 && config->page_count == 1)
		add_captures(replay, folder, &config->pages[0]);
	if (replay->count == 0) {
		fprintf(stderr,
			"lampwatch: %s: no capture found: files are named by their time, in a "
			"folder named as their page\n",
			folder);
		return false;
	}
	qsort(replay->captures, replay->count, sizeof *replay->captures, by_time);
	return true;
}

/* The bodies of a capture, in the kind's order. */
static void load_bodies(
	const struct capture *capture, size_t count, struct http_response *responses)
{
	struct stat status;
	bool folder = stat(capture->path, &status) == 0 && S_ISDIR(status.st_mode);

	for (size_t i = 0; i < count && (folder || i == 0); i++) {
		char *name = archive_document("body", i);
		char *path = folder ? file_join(capture->path, name) : memory_string(capture->path);

		responses[i].body.maximum = (size_t)capture->page->settings.limits.body;
		if (file_read(path, &responses[i].body, NULL)) {
			responses[i].status = 200;
			responses[i].began = responses[i].ended = capture->time * 1000;
		}
		free(path);
		free(name);
	}
}

static void replay_one(
	struct replay *replay, struct page_states *states, const struct capture *capture)
{
	const struct kind *kind = kind_set_of(replay->context->kinds, capture->page);
	struct page_state fresh = {.name = memory_string(capture->page->name), .loaded = true};
	struct page_state *state = page_states_find(states, capture->page->name);
	struct http_response responses[KIND_DOCUMENTS_MAX] = {{0}};
	struct document documents[KIND_DOCUMENTS_MAX] = {{0}};
	struct error error;
	struct observation seen = {.page = capture->page,
		.kind = kind,
		.state = state != NULL ? state : &fresh,
		.error = &error,
		.responses = responses,
		.response_count = kind_document_count(kind),
		.now = capture->time,
		.full = true};
	char *text;

	load_bodies(capture, seen.response_count, responses);
	for (size_t i = 0; i < seen.response_count; i++)
		if (responses[i].status != 0)
			documents[i] = (struct document){
				buffer_string(&responses[i].body), responses[i].body.length};
	text = readers_read(replay->readers, kind, capture->page->url, documents, &error);
	seen.text = text;
	seen.what = text != NULL ? OBSERVED_READING : OBSERVED_UNREADABLE;
	observe(&replay->observer, &seen);
	free(text);
	for (size_t i = 0; i < KIND_DOCUMENTS_MAX; i++)
		http_response_release(&responses[i]);
	page_state_release(&fresh);
}

static void replay_all(struct replay *replay)
{
	struct page_states states = {0};

	for (size_t i = 0; i < replay->count; i++) {
		const struct capture *capture = &replay->captures[i];

		page_states_release(&states);
		store_pages(replay->database, &states);
		if (i == 0 || capture[-1].time != capture->time)
			gather(&replay->observer, capture->time);
		replay_one(replay, &states, capture);
		if (i + 1 == replay->count || capture[1].time != capture->time)
			gather(&replay->observer, capture->time);
	}
	evidence_heads(&replay->observer, &states);
	page_states_release(&states);
}

static struct courier *courier_of(struct replay *replay)
{
	static struct courier_settings settings;

	settings = (struct courier_settings){replay->context->config,
		replay->context->providers, replay->context->templates,
		replay->context->courier_lock, -1, replay->captures[replay->count - 1].time,
		context_outbox, store_troubled, replay->context};
	return courier_new(&settings);
}

static int pass(struct replay *replay, bool deliver)
{
	struct courier *courier;
	struct error error;
	int result = EXIT_LOCAL;

	replay->readers = readers_new(1);
	courier = deliver ? courier_of(replay) : NULL;
	replay->database = store_open(replay->context->database_path, false, &error);
	replay->observer = (struct observer){.config = replay->context->config,
		.providers = replay->context->providers,
		.courier = courier,
		.templates = replay->context->templates,
		.database = replay->database,
		.simulated = true,
		.quiet = replay->context->invocation->verbosity < 0};
	if (replay->database == NULL || !observer_open(&replay->observer, &error)) {
		fprintf(stderr, "lampwatch: %s\n", error.text);
		result = error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
	} else {
		replay_all(replay);
		result = replay->observer.local_trouble  ? EXIT_LOCAL
			 : replay->observer.page_trouble ? EXIT_OWED
							 : EXIT_DONE;
	}
	readers_free(replay->readers);
	courier_finish(courier, DELIVER_SECONDS);
	observer_close(&replay->observer);
	database_close(replay->database);
	return result;
}

int command_replay(struct invocation *invocation, int argc, char **argv)
{
	static const struct option options[] = {{"deliver", no_argument, NULL, 'd'}, {0}};
	struct context context = {0};
	struct replay replay = {.context = &context};
	bool deliver = false, good = true;
	int option, result;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		deliver = deliver || option == 'd';
		good = good && option == 'd';
	}
	if (!good || optind != argc - 1)
		return usage_error(invocation);
	result = context_open(&context, invocation);
	if (result == EXIT_DONE && !find_captures(&replay, argv[optind]))
		result = EXIT_USAGE;
	if (result == EXIT_DONE)
		result = context_prepare(&context);
	if (result == EXIT_DONE)
		result = pass(&replay, deliver);
	for (size_t i = 0; i < replay.count; i++)
		free(replay.captures[i].path);
	free(replay.captures);
	context_close(&context);
	return result;
}
