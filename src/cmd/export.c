/* SPDX-License-Identifier: ISC
 *
 * lampwatch export: the snapshots of some pages, or of all, as a WARC file with
 * its index beside it, or as a WACZ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/capture.h"
#include "archive/private_body.h"
#include "archive/snapshot_reader.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/text.h"
#include "cmd/command.h"
#include "cmd/export_evidence.h"
#include "publish/wacz.h"
#include "publish/warc_export.h"
#include "run/context.h"
#include "store/store.h"

enum { PROGRESS_EVERY = 50, EVIDENCE_WORDS = 3 };

struct web_archive {
	struct context *context;
	struct database *database;
	const char *path;      /* of the file to write */
	struct output *output; /* of --warc; NULL with --wacz */
	struct wacz *wacz;     /* of --wacz */
	struct cdxj *cdxj;
	struct warc_writer *writer;
	struct warc_export *records;
	const char *page; /* whose snapshots are being written */
	size_t done, damaged, private;
	bool full; /* nothing more can be written */
};

static void progress(const struct web_archive *web, bool end)
{
	if (!isatty(STDERR_FILENO) || web->context->invocation->verbosity < 0)
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else if (web->done % PROGRESS_EVERY == 0)
		fprintf(stderr, "\r\033[K%zu snapshots", web->done);
}

static bool put(void *context, const void *bytes, size_t length)
{
	struct web_archive *web = context;

	return web->wacz != NULL ? wacz_put(web->wacz, bytes, length)
				 : output_put(web->output, bytes, length);
}

/* Only the bodies that lie in the snapshot are exported. */
static bool has_private(const struct snapshot_files *files)
{
	const struct snapshot_file *file = snapshot_files_find(files, "capture");
	struct capture_text capture;
	bool found;

	capture_parse(file != NULL ? buffer_string(&file->bytes) : NULL, &capture);
	found = private_body_any(&capture);
	capture_release(&capture);
	return found;
}

static bool each_snapshot(void *context, const struct snapshot_row *row)
{
	struct web_archive *web = context;
	struct warc_page page = {0};
	struct snapshot_files files;
	struct error error;

	if (!snapshot_read(web->context->config->archive, web->page, row->folder, row->sums, &files,
		    &error)) {
		progress(web, true);
		fprintf(stderr, "lampwatch: %s; the snapshot is left out\n", error.text);
		web->damaged++;
		return true;
	}
	web->full = !warc_export_snapshot(web->records, web->page, row, &files, &page);
	if (web->wacz != NULL && !web->full)
		wacz_page(web->wacz, page.url, page.time, page.title);
	web->done++;
	web->private += has_private(&files);
	progress(web, false);
	free(page.url);
	free(page.title);
	snapshot_files_release(&files);
	return !web->full;
}

static bool output_put_index(void *context, const void *bytes, size_t length)
{
	return output_put(context, bytes, length);
}

static bool finish_warc(struct web_archive *web, struct error *error)
{
	char *path = memory_format("%s.cdxj", web->path);
	struct output *index = output_open(path, FILE_MODE, error);
	bool good = index != NULL;

	free(path);
	if (good)
		cdxj_write(web->cdxj, output_put_index, index);
	good = output_finish(web->output, good ? error : NULL) && good;
	if (good)
		return output_finish(index, error);
	output_discard(index);
	return false;
}

static char *describe(const struct text_list *pages)
{
	struct buffer text = {.maximum = 4096};

	buffer_text(&text, "Snapshots of status pages, kept by lampwatch:");
	for (size_t i = 0; i < pages->count; i++)
		buffer_format(&text, "%s %s", i > 0 ? "," : "", pages->list[i]);
	return buffer_take(&text);
}

static int write_file(struct web_archive *web, const struct text_list *pages, bool wacz)
{
	const char *filename = wacz ? WACZ_DATA : file_name(web->path);
	char *mark = store_fact(web->database, "simulated"), *description = describe(pages);
	int64_t now = web->context->invocation->clock;
	struct error error;
	bool good;

	if (wacz)
		web->wacz = wacz_open(web->path, &error);
	else
		web->output = output_open(web->path, FILE_MODE, &error);
	good = web->wacz != NULL || web->output != NULL;
	web->cdxj = cdxj_new(filename);
	web->writer = warc_writer_new(wacz || text_ends(web->path, ".gz"), put, web);
	web->records = warc_export_new(web->writer, web->cdxj);
	if (good) {
		warc_export_begin(
			web->records, filename, description, text_equal(mark, "yes"), now);
		for (size_t i = 0; i < pages->count && !web->full; i++) {
			web->page = pages->list[i];
			store_snapshots(web->database, web->page, each_snapshot, web);
		}
		progress(web, true);
		good = wacz ? wacz_finish(web->wacz, web->cdxj, description, now, &error)
			    : finish_warc(web, &error);
	}
	if (!good)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	else if (web->context->invocation->verbosity > 0)
		printf("%zu snapshots\n", web->done);
	if (good && web->private > 0 && web->context->invocation->verbosity >= 0)
		printf("of %zu snapshot%s only the reading: the bodies are not published\n",
			web->private, web->private == 1 ? "" : "s");
	warc_export_free(web->records);
	warc_writer_free(web->writer);
	cdxj_free(web->cdxj);
	free(description);
	free(mark);
	if (!good)
		return error.remedy == REMEDY_CONFIGURATION ? EXIT_USAGE : EXIT_LOCAL;
	return web->damaged > 0 ? EXIT_LOCAL : EXIT_DONE;
}

/* Those that are named, else all in the archive, including pages that are no longer configured. */
static bool choose_pages(const struct web_archive *web, char **names, struct text_list *pages)
{
	struct page_states states = {0};
	bool good = true;

	store_pages(web->database, &states);
	for (size_t i = 0; names[0] == NULL && i < states.count; i++)
		text_list_add(pages, states.list[i].name);
	for (; good && *names != NULL; names++) {
		good = page_states_find(&states, *names) != NULL ||
		       context_page(web->context, *names) != NULL;
		if (!text_list_has(pages, *names))
			text_list_add(pages, *names);
	}
	page_states_release(&states);
	return good;
}

int command_export(struct context *context, const struct options *options, char **words)
{
	struct web_archive web = {
		.context = context, .database = context->database, .path = options->form_value};
	struct text_list pages = {0};
	int result = EXIT_USAGE;
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	if (text_equal(options->form, "evidence") && count == EVIDENCE_WORDS)
		return export_evidence(context, words);
	if (web.path == NULL)
		return usage_error(context->invocation);
	if (context->database == NULL)
		return context_no_archive(context);
	if (choose_pages(&web, words, &pages))
		result = write_file(&web, &pages, text_equal(options->form, "wacz"));
	text_list_release(&pages);
	return result;
}
