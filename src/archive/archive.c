/* SPDX-License-Identifier: ISC */
#include "archive/archive.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/capture.h"
#include "archive/chain.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "store/store.h"

enum {
	FOLDER_MODE = 0755,
	FILE_MODE = 0644,
	STATE_MODE = 0700,
	SAME_SECOND_MAX = 1000,
	CHAIN_TAIL = 2048
};

static char *state_path(const char *archive, const char *kind, const char *page)
{
	return memory_format("%s/" ARCHIVE_STATE "/%s/%s", archive, kind, page);
}

bool archive_prepare(const char *archive, struct error *error)
{
	static const char *const folders[] = {
		ARCHIVE_STATE, ARCHIVE_STATE "/incoming", ARCHIVE_STATE "/intent"};
	bool done = file_make_folders(archive, FOLDER_MODE, error);

	for (size_t i = 0; done && i < sizeof folders / sizeof folders[0]; i++) {
		char *path = file_join(archive, folders[i]);

		done = mkdir(path, STATE_MODE) == 0 || errno == EEXIST ||
		       error_set(error, REMEDY_LOCAL, "%s: cannot be made: %s", path,
			       strerror(errno));
		free(path);
	}
	return done;
}

char *archive_path(const char *archive, const char *page, const char *folder, const char *name)
{
	return memory_format("%s/%s/%s%s%s", archive, page, folder, name != NULL ? "/" : "",
		name != NULL ? name : "");
}

/* Cookies identify whoever fetched, and are no part of what the page said. */
static void headers_write(const char *headers, struct buffer *out)
{
	const char *line = headers != NULL ? headers : "";

	while (*line != '\0') {
		size_t length = strcspn(line, "\n");

		length += line[length] == '\n';
		if (strncasecmp(line, "set-cookie:", 11) == 0)
			buffer_text(out, "Set-Cookie: (left out)\r\n");
		else
			buffer_add(out, line, length);
		line += length;
	}
}

char *archive_document(const char *name, size_t i)
{
	return i == 0 ? memory_string(name) : memory_format("%s-%zu", name, i + 1);
}

static void put_documents(struct folder *folder, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct http_response *response = &snapshot->responses[i];
		char *body = archive_document("body", i), *name = archive_document("headers", i);
		struct buffer headers = {0};

		if (response->status != 0) {
			headers_write(response->headers, &headers);
			folder_put(folder, body, buffer_string(&response->body),
				response->body.length);
			folder_put(folder, name, buffer_string(&headers), headers.length);
		}
		buffer_release(&headers);
		free(name);
		free(body);
	}
}

/* Step 1. */
static bool write_folder(const char *path, const struct snapshot *snapshot,
	char sums[static DIGEST_TEXT], struct error *error)
{
	struct folder folder;
	struct buffer capture = {0};

	folder_begin(&folder, path, error);
	put_documents(&folder, snapshot);
	capture_write(snapshot, &capture);
	folder_put(&folder, "capture", buffer_string(&capture), capture.length);
	if (snapshot->reading != NULL)
		folder_put(&folder, "reading", snapshot->reading, strlen(snapshot->reading));
	folder_put(&folder, "changes", snapshot->changes, strlen(snapshot->changes));
	buffer_release(&capture);
	return folder_end(&folder, sums);
}

/* "2014/01/2014-01-24T192000Z", or with -2 … where that is taken. */
static char *free_name(const char *archive, const struct snapshot *snapshot)
{
	char compact[DATE_TEXT_MAX];

	date_write_compact(snapshot->time, compact);
	for (int n = 1; n <= SAME_SECOND_MAX; n++) {
		char *name =
			n == 1 ? memory_format("%.4s/%.2s/%s", compact, compact + 5, compact)
			       : memory_format("%.4s/%.2s/%s-%d", compact, compact + 5, compact, n);
		char *path = archive_path(archive, snapshot->page, name, NULL);
		bool taken = file_exists(path);

		free(path);
		if (!taken)
			return name;
		free(name);
	}
	return NULL;
}

/* Step 3, and the folders above, each made durable. */
static bool move_into_place(const char *archive, const char *page, const char *from,
	const char *name, struct error *error)
{
	char *target = archive_path(archive, page, name, NULL);
	char *month = file_folder(target), *year = file_folder(month), *own = file_folder(year);
	bool new = !file_exists(month);
	bool done = file_make_folders(month, FOLDER_MODE, error);

	if (done && rename(from, target) != 0)
		done = error_set(error, REMEDY_LOCAL, "%s: cannot be renamed into place: %s",
			target, strerror(errno));
	done = done && file_sync_folder(month, error);
	if (new)
		done = done && file_sync_folder(year, error) && file_sync_folder(own, error) &&
		       file_sync_folder(archive, error);
	free(own);
	free(year);
	free(month);
	free(target);
	return done;
}

bool archive_keep(const char *archive, const struct snapshot *snapshot, char **folder,
	char sums[static DIGEST_TEXT], struct error *error)
{
	char *incoming = state_path(archive, "incoming", snapshot->page);
	char *intent = state_path(archive, "intent", snapshot->page);
	char *name = free_name(archive, snapshot);
	bool done = false;

	if (name == NULL) {
		error_set(error, REMEDY_LOCAL, "%s: more than %d snapshots in one second",
			snapshot->page, SAME_SECOND_MAX);
		goto out;
	}
	if (!write_folder(incoming, snapshot, sums, error))
		goto out;
	STEP("folder written");
	if (!file_write(intent, name, strlen(name), 0600, error))
		goto out;
	STEP("intent written");
	if (!move_into_place(archive, snapshot->page, incoming, name, error)) {
		char *target = archive_path(archive, snapshot->page, name, NULL);

		file_remove_tree(target, NULL); /* nobody would know what it is */
		free(target);
		goto out;
	}
	STEP("folder renamed");
	*folder = name;
	name = NULL;
	done = true;
out:
	if (!done)
		file_remove_tree(incoming, NULL);
	free(name);
	free(intent);
	free(incoming);
	return done;
}

/* True where the chain's last line is this one. */
static bool ends_with(const char *path, const char *line)
{
	char tail[CHAIN_TAIL];
	size_t length = strlen(line), got = 0;
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return false;
	if (fseek(file, -(long)(length + 2), SEEK_END) == 0 && length + 2 <= sizeof tail)
		got = fread(tail, 1, length + 2, file);
	fclose(file);
	return got == length + 2 && tail[0] == '\n' && memcmp(tail + 1, line, length) == 0 &&
	       tail[length + 1] == '\n';
}

/* A crash in the middle of an append leaves a line without an end: it is taken off again. */
static bool cut_torn_line(const char *path, struct error *error)
{
	struct buffer text = {0};
	bool done = true;

	if (!file_exists(path))
		return true;
	done = file_read(path, &text, error);
	if (done && text.length > 0 && text.data[text.length - 1] != '\n') {
		char *last = memrchr(text.data, '\n', text.length);
		off_t whole = last != NULL ? last + 1 - text.data : 0;

		done = truncate(path, whole) == 0 ||
		       error_set(error, REMEDY_LOCAL, "%s: cannot be mended: %s", path,
			       strerror(errno));
	}
	buffer_release(&text);
	return done;
}

static bool ends_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	int last = '\n';

	if (file == NULL)
		return true;
	if (fseek(file, -1, SEEK_END) == 0)
		last = fgetc(file);
	fclose(file);
	return last == '\n';
}

bool archive_chain(const char *archive, const char *page, const char *line, struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL);
	struct buffer text = {0};
	struct stat status;
	bool done = true;

	if (!ends_whole(path))
		done = cut_torn_line(path, error);
	if (done && !ends_with(path, line)) {
		if (stat(path, &status) != 0 || status.st_size == 0)
			buffer_text(&text, CHAIN_HEAD "\n");
		buffer_format(&text, "%s\n", line);
		done = file_append(path, buffer_string(&text), text.length, FILE_MODE, error);
	}
	buffer_release(&text);
	free(path);
	return done;
}

int64_t archive_chain_end(const char *archive, const char *page)
{
	char *path = archive_path(archive, page, "chain", NULL), *end, *start;
	char tail[CHAIN_TAIL + 1] = "";
	struct chain_line line = {0};
	FILE *file = fopen(path, "re");

	free(path);
	if (file == NULL)
		return 0;
	if (fseek(file, -CHAIN_TAIL, SEEK_END) != 0)
		rewind(file);
	tail[fread(tail, 1, CHAIN_TAIL, file)] = '\0';
	fclose(file);
	end = strrchr(tail, '\n'); /* what stands behind is torn */
	if (end == NULL)
		return 0;
	*end = '\0';
	start = strrchr(tail, '\n');
	return start != NULL && chain_line_parse(start + 1, &line) ? line.sequence : 0;
}

bool archive_chain_up_to(const char *archive, struct database *database, const char *page,
	int64_t last, struct error *error)
{
	bool done = true;

	for (int64_t i = archive_chain_end(archive, page) + 1; done && i <= last; i++) {
		char *line = store_line(database, page, i);

		done = line != NULL ? archive_chain(archive, page, line, error)
				    : error_set(error, REMEDY_LOCAL,
					      "the database has lost line %" PRId64, i);
		free(line);
	}
	return done;
}

void archive_settle(const char *archive, const char *page)
{
	char *intent = state_path(archive, "intent", page);

	unlink(intent);
	free(intent);
}

bool archive_intents(const char *archive, struct archive_intents *intents, struct error *error)
{
	char *path = file_join(archive, ARCHIVE_STATE "/intent");
	DIR *folder = opendir(path);
	struct dirent *entry;
	bool done = folder != NULL;

	if (!done)
		error_set(error, REMEDY_LOCAL, "%s: cannot be opened: %s", path, strerror(errno));
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		struct buffer text = {.maximum = 4096};
		struct archive_intent *intent;
		char *file;

		if (!text_is_name(entry->d_name))
			continue;
		file = file_join(path, entry->d_name);
		intent = memory_append(&intents->list, &intents->count, sizeof *intent);
		intent->page = memory_string(entry->d_name);
		if (file_read(file, &text, error))
			intent->folder = buffer_take(&text);
		else
			done = false;
		buffer_release(&text);
		free(file);
	}
	if (folder != NULL)
		closedir(folder);
	free(path);
	return done;
}

void archive_intents_release(struct archive_intents *intents)
{
	for (size_t i = 0; i < intents->count; i++) {
		free(intents->list[i].page);
		free(intents->list[i].folder);
	}
	free(intents->list);
	*intents = (struct archive_intents){0};
}

bool archive_folder_time(const char *folder, int64_t *time)
{
	const char *name = strrchr(folder, '/');
	struct tm parts = {0};
	const char *end;

	name = name != NULL ? name + 1 : folder;
	end = strptime(name, "%Y-%m-%dT%H%M%SZ", &parts);
	if (end == NULL || (*end != '\0' && *end != '-'))
		return false;
	*time = timegm(&parts);
	return true;
}
