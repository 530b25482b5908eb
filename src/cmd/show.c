/* SPDX-License-Identifier: ISC
 *
 * lampwatch show PAGE [TIME]: one snapshot: what the page said, how it was fetched,
 * where it lies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/private_body.h"
#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "cmd/snapshots.h"
#include "run/print.h"
#include "run/terminal.h"

struct show {
	const struct context *context;
	const char *page;
	struct snapshot_row row;
	struct snapshot_files files;
	char *memento; /* its address; "": none is noted */
};

/* A file of the snapshot; "" where it has none. */
static const char *text_of(const struct show *show, const char *name)
{
	const struct snapshot_file *file = snapshot_files_find(&show->files, name);

	return file != NULL ? buffer_string(&file->bytes) : "";
}

static void print_lines(const char *title, const char *text)
{
	if (text[0] == '\0')
		return;
	printf("\n%s\n", title);
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char *line = memory_bytes(text, length);

		terminal_fields(line, 2);
		free(line);
		text += length + (text[length] == '\n');
	}
}

/* Where the bodies lie that are not published. */
static void print_private(const struct show *show)
{
	char *path =
		private_body_path(show->context->config->archive, show->page, show->row.folder);
	struct capture_text capture;

	capture_parse(text_of(show, "capture"), &capture);
	if (private_body_any(&capture))
		printf("\nWhat the checks got is not published: %s%s\n", path,
			file_absent(path) ? ", which is not there" : "");
	capture_release(&capture);
	free(path);
}

static void print_snapshot(const struct show *show)
{
	char time[DATE_TEXT_MAX], *snapshot, *sums;
	char *path =
		archive_path(show->context->config->archive, show->page, show->row.folder, NULL);

	date_write_short(show->row.time, show->context->config->timezone, time);
	snapshot = memory_format(", snapshot %lld, %s", (long long)show->row.sequence, time);
	terminal_parts((const struct terminal_part[]){{show->page, TERMINAL_NAME},
			       {snapshot, TERMINAL_WORDS}},
		2, 0, 2);
	free(snapshot);
	puts(path);
	sums = memory_format("SHA-256 of %s: %s", ARCHIVE_SUMS, show->row.sums);
	terminal_wrap(sums, 0);
	free(sums);
	if (show->memento[0] != '\0')
		printf("Memento: %s\n", show->memento);
	print_lines("The page said:", text_of(show, "reading"));
	print_lines("What differs from the previous snapshot:", text_of(show, "changes"));
	print_lines("How it was fetched:", text_of(show, "capture"));
	print_private(show);
	free(path);
}

static void print_json(const struct show *show)
{
	struct value *root = value_map();
	char *path =
		archive_path(show->context->config->archive, show->page, show->row.folder, NULL);
	const char *const files[] = {"reading", "changes", "capture"};
	char time[DATE_TEXT_MAX];

	date_write(show->row.time, time);
	value_put_number(root, "format", 1);
	value_put_text(root, "page", show->page);
	value_put_number(root, "sequence", show->row.sequence);
	value_put_text(root, "time", time);
	value_put_text(root, "path", path);
	value_put_text(root, "sums_sha256", show->row.sums);
	if (show->memento[0] != '\0')
		value_put_text(root, "memento", show->memento);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		value_put_text(root, files[i], text_of(show, files[i]));
	terminal_json(root);
	value_free(root);
	free(path);
}

static int print(struct show *show)
{
	const struct context *context = show->context;
	struct error error;

	show->memento = store_memento(context->database, show->page, show->row.sums);
	if (!snapshot_read(context->config->archive, show->page, show->row.folder, show->row.sums,
		    &show->files, &error))
		return error_print(&error);
	if (context->invocation->json)
		print_json(show);
	else
		print_snapshot(show);
	return EXIT_DONE;
}

int command_show(struct context *context, const struct options *options, char **words)
{
	struct show show = {.context = context, .page = words[0]};
	int result = EXIT_USAGE;

	(void)options;
	if (snapshot_find(context, words[0], words[1], &show.row))
		result = print(&show);
	snapshot_files_release(&show.files);
	snapshot_row_release(&show.row);
	free(show.memento);
	return result;
}
