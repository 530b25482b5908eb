/* SPDX-License-Identifier: ISC
 *
 * lampwatch import: builds the history of pages from what others have saved: WARC files, folders of
 * captures named after their time, and the Wayback Machine. Subscribers are not told about it, and
 * each snapshot says where it comes from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/import_warc.h"
#include "cmd/import_wayback.h"
#include "run/captures.h"

enum { RUN_WAIT_MILLISECONDS = 300000 };

struct import {
	struct context *context;
	const struct page_config *page; /* of --page; NULL: all */
	const char *url;                /* of --url; NULL: those of the configuration */
	int64_t since, until;           /* of these options */
	struct captures captures;
	struct web_records records;
	struct wayback wayback; /* of --wayback; no url: nothing comes from there */
	struct feeder feeder;
	size_t left_out; /* captures that could not be used, and files that are damaged */
};

static void complain(struct import *import, const char *what, const struct error *error)
{
	fprintf(stderr, "lampwatch: %s%s%s\n", what, what[0] != '\0' ? ": " : "", error->text);
	import->left_out++;
}

/* ---- what there is ---- */

static int find_captures(struct import *import, char **paths)
{
	struct error error;
	int status = EXIT_DONE;
	bool files = false;

	for (; *paths != NULL; paths++) {
		struct stat about;
		bool folder = stat(*paths, &about) == 0 && S_ISDIR(about.st_mode);

		if (!folder) {
			size_t before = import->records.count;

			files = true;
			if (web_records_read(&import->records, *paths, &error))
				continue;
			/* What can be read of a damaged file is taken; if that is nothing, it is
			 * an error. */
			complain(import, "", &error);
			if (import->records.count == before)
				return system_error_local(error.number) ? EXIT_LOCAL : EXIT_USAGE;
		}
		if (folder)
			status = captures_find(
				&import->captures, import->context->config, import->page, *paths);
		if (status != EXIT_DONE)
			return status;
	}
	if (!files)
		return EXIT_DONE;
	web_records_sort(&import->records);
	import_match(
		&import->records, import->context, import->page, import->url, &import->captures);
	if (import->captures.count > 0)
		return EXIT_DONE;
	fprintf(stderr,
		"lampwatch: none of the %zu response%s belongs to %s; --page NAME --url ADDRESS "
		"says which address belongs to which page\n",
		import->records.count, import->records.count == 1 ? "" : "s",
		import->url != NULL    ? import->url
		: import->page != NULL ? import->page->name
				       : "a page of the configuration");
	return EXIT_USAGE;
}

/* Those from --since until --until, in the order of their times. */
static void order_captures(struct import *import)
{
	struct captures *captures = &import->captures;
	size_t kept = 0;

	for (size_t i = 0; i < captures->count; i++)
		if (captures->list[i].time >= import->since &&
			captures->list[i].time <= import->until)
			captures->list[kept++] = captures->list[i];
		else
			free(captures->list[i].path); /* of a file: no source */
	captures->count = kept;
	captures_sort(captures);
}

/* ---- whether it may be ---- */

/* The chain grows in the order of time: nothing can be inserted before what it already holds. */
static bool refuse(const struct page_config *page, int64_t known, int64_t captured)
{
	char last[DATE_TEXT_MAX], next[DATE_TEXT_MAX], time[DATE_TEXT_MAX];

	date_write(known, last);
	date_write(known + 1, next);
	date_write(captured, time);
	fprintf(stderr,
		"lampwatch: %s: its history already reaches %s and only grows at its end, so "
		"nothing from %s can be added: import into a separate archive (`archive:` of "
		"another configuration), or only what is later, with --since %s\n",
		page->name, last, time, next);
	return false;
}

static bool may_be_added(const struct import *import)
{
	char time[DATE_TEXT_MAX];

	for (size_t i = 0; i < import->captures.count; i++) {
		const struct capture *capture = &import->captures.list[i];
		const struct page_state *state =
			page_states_find(&import->feeder.states, capture->page->name);

		if (state != NULL && state->last_fetch >= capture->time)
			return refuse(capture->page, state->last_fetch, capture->time);
		date_write(capture->time, time);
		if (capture->time > import->context->invocation->clock) {
			fprintf(stderr,
				"lampwatch: %s: a capture is dated %s, which is in the future\n",
				capture->page->name, time);
			return false;
		}
	}
	return true;
}

/* ---- the Wayback Machine ---- */

/* The page whose address it is; NULL after a line. */
static const struct page_config *page_of(const struct import *import, const char *url)
{
	const struct document none[PAGE_DOCUMENTS_MAX] = {{0}};
	const struct config *config = import->context->config;
	const struct page_config *found = import->page;

	for (size_t i = 0; found == NULL && i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		char *address = NULL;

		kind_document_address(kind_set_of(import->context->kinds, page), 0, page->url, none,
			&address, NULL);
		if (text_equal(page->url, url) || text_equal(address, url))
			found = page;
		free(address);
	}
	if (found == NULL)
		fprintf(stderr,
			"lampwatch: no page of the configuration has the address %s; --page NAME "
			"says whose it is\n",
			url);
	return found;
}

/* What is there already is not fetched again; what cannot be added is not fetched at all. */
static int find_in_wayback(struct import *import, const char *url)
{
	struct wayback *wayback = &import->wayback;
	int64_t known = 0, after = INT64_MIN;
	int result;

	*wayback = (struct wayback){.context = import->context,
		.page = page_of(import, url),
		.url = url,
		.since = import->since,
		.until = import->until};
	if (wayback->page == NULL)
		return EXIT_USAGE;
	result = wayback_list(wayback);
	if (result == EXIT_DONE)
		result = wayback_known(wayback, &known, &after);
	for (size_t i = 0; result == EXIT_DONE && i < wayback->count; i++)
		if (wayback->list[i].time > after && wayback->list[i].time <= known)
			result = refuse(wayback->page, known, wayback->list[i].time) ? EXIT_DONE
										     : EXIT_USAGE;
	if (result == EXIT_DONE)
		result = context_prepare(import->context);
	return result == EXIT_DONE ? wayback_fetch(wayback, after, &import->captures) : result;
}

/* ---- how it is done ---- */

static const struct kind *kind_for(void *context, const struct page_config *page)
{
	return kind_set_of(context, page);
}

static void feed_one(struct import *import, const struct capture *capture)
{
	const struct kind *kind = kind_set_of(import->context->kinds, capture->page);
	struct captured captured = {0};
	struct error error;
	char date[DATE_TEXT_MAX], *what;

	if (capture->path != NULL)
		capture_load(capture, kind_document_count(kind), &captured);
	if (capture->path != NULL || import_load(&import->records, capture, kind,
					     import->context->readers, &captured, &error)) {
		feeder_feed(&import->feeder, capture, &captured, true);
	} else {
		date_write(capture->time, date);
		what = memory_format("%s: %s is left out", capture->page->name, date);
		complain(import, what, &error);
		free(what);
	}
	captured_release(&captured);
}

static int feed_all(struct import *import)
{
	int verbosity = import->context->invocation->verbosity, result;
	size_t left_out;

	observer_recover(
		&import->feeder.observer, kind_for, import->context->kinds, &import->feeder.states);
	if (!may_be_added(import))
		return EXIT_USAGE;
	if (import->wayback.url != NULL && import->captures.count > 0)
		wayback_begin(&import->wayback, import->feeder.database);
	for (size_t i = 0; i < import->captures.count; i++) {
		if (isatty(STDERR_FILENO) && verbosity >= 0)
			fprintf(stderr, "\r\033[K%zu of %zu captures", i, import->captures.count);
		feed_one(import, &import->captures.list[i]);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	result = feeder_finish(&import->feeder);
	left_out = import->left_out + import->wayback.left_out;
	if (verbosity > 0)
		printf("%zu captures, %zu left out\n", import->captures.count, left_out);
	if (verbosity > 0 && import->wayback.others > 0)
		printf("%zu more are redirects, errors or without a status, and are stepped over\n",
			import->wayback.others);
	if (import->wayback.url != NULL && result != EXIT_LOCAL)
		wayback_settle(&import->wayback);
	return exit_status_worse(result, left_out > 0 ? EXIT_PENDING : EXIT_DONE);
}

/* Waits for a run that is under way; no other starts in the meantime. */
static int take_lock(const struct import *import)
{
	char *path = file_join(import->context->config->archive, ARCHIVE_STATE "/run.lock");
	struct error error;
	int lock = lock_take(path, false, RUN_WAIT_MILLISECONDS, &error);

	if (lock == LOCK_HELD)
		fprintf(stderr,
			"lampwatch: %s: held by a run for five minutes; `fuser %s` names it\n",
			path, path);
	else if (lock < 0)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	else
		lock_stamp(lock);
	free(path);
	return lock;
}

static int import_all(struct import *import)
{
	const struct observer how = {.config = import->context->config,
		.providers = import->context->providers,
		.templates = import->context->templates,
		.simulated = import->records.simulated || import->context->invocation->simulated,
		.untold = true,
		.quiet = import->context->invocation->verbosity < 0};
	int lock, result = context_prepare(import->context);

	if (result != EXIT_DONE)
		return result;
	lock = take_lock(import);
	if (lock < 0)
		return EXIT_LOCAL;
	result = feeder_open(&import->feeder, import->context, &how);
	if (result == EXIT_DONE)
		result = feed_all(import);
	feeder_close(&import->feeder);
	lock_release(lock);
	return result;
}

static bool take_time(
	const char *text, bool (*parse)(const char *prefix, int64_t *time), int64_t *time)
{
	if (text == NULL || parse(text, time))
		return true;
	fprintf(stderr,
		"lampwatch: \"%s\" is not a time; write 2014-01-24T19:20 or only the beginning of "
		"that\n",
		text);
	return false;
}

int command_import(struct context *context, const struct options *options, char **words)
{
	struct import import = {.context = context,
		.url = options->url,
		.since = INT64_MIN,
		.until = INT64_MAX,
		.records.server = context->fork_server};
	size_t pages = options->pages.count;
	int result;

	if ((options->url != NULL && (pages == 0 || options->wayback != NULL)) ||
		(options->wayback != NULL) == (words[0] != NULL))
		return usage_error(context->invocation);
	if (!take_time(options->since, date_prefix_begin, &import.since) ||
		!take_time(options->until, date_prefix_end, &import.until))
		return usage_error(context->invocation);
	if (pages > 0) {
		import.page = context_page(context, options->pages.list[pages - 1]);
		if (import.page == NULL)
			return EXIT_USAGE;
	}
	result = options->wayback != NULL ? find_in_wayback(&import, options->wayback)
					  : find_captures(&import, words);
	if (result == EXIT_DONE) {
		order_captures(&import);
		result = import_all(&import);
	}
	captures_release(&import.captures);
	web_records_release(&import.records);
	wayback_release(&import.wayback);
	return result;
}
