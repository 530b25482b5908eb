/* SPDX-License-Identifier: ISC */
#include "archive/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/chain.h"
#include "archive/private_body.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/system_error.h"
#include "base/text.h"
#include "net/http.h"
#include "store/store.h"

enum { SAME_SECOND_MAX = 1000, SECRET_MAX = 4096 };

static char *state_path(const char *archive, const char *kind, const char *page)
{
	return memory_format("%s/" ARCHIVE_STATE "/%s/%s", archive, kind, page);
}

bool archive_prepare(const char *archive, struct error *error)
{
	static const char *const folders[] = {
		ARCHIVE_STATE, ARCHIVE_STATE "/incoming", ARCHIVE_STATE "/intent", ARCHIVE_SPOOL};
	bool done = file_make_folders(archive, FOLDER_MODE, error);

	for (size_t i = 0; done && i < sizeof folders / sizeof folders[0]; i++) {
		char *path = file_join(archive, folders[i]);

		done = mkdir(path, PRIVATE_FOLDER_MODE) == 0 || errno == EEXIST ||
		       system_error_set(error, path, "cannot be made");
		free(path);
	}
	return done;
}

char *archive_secret(const char *archive, const char *known)
{
	char *path = file_join(archive, ARCHIVE_STATE "/secret"), *secret;
	struct buffer text = {.maximum = SECRET_MAX};

	if (file_read(path, &text, NULL) && text.length > 0) {
		secret = memory_bytes(text.data, strcspn(buffer_string(&text), "\n"));
	} else {
		secret =
			text_empty(known) ? digest_random_word(DIGEST_BYTES) : memory_string(known);
		buffer_clear(&text);
		buffer_format(&text, "%s\n", secret);
		if (file_absent(path))
			file_write(path, text.data, text.length, PRIVATE_FILE_MODE, NULL);
	}
	buffer_release(&text);
	free(path);
	return secret;
}

char *archive_path(const char *archive, const char *page, const char *folder, const char *name)
{
	return memory_format("%s/%s/%s%s%s", archive, page, folder, name != NULL ? "/" : "",
		name != NULL ? name : "");
}

/* ---- the files of a snapshot ---- */

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
			folder_put_known(folder, body, buffer_string(&response->body),
				response->body.length, response->sha256);
			folder_put(folder, name, buffer_string(&headers), headers.length);
		}
		buffer_release(&headers);
		free(name);
		free(body);
	}
}

static bool write_folder(const char *path, const struct snapshot *snapshot,
	char sums[static DIGEST_TEXT], struct text_list *names, struct error *error)
{
	struct folder folder;
	struct buffer capture = {0};

	folder_begin(&folder, path, error);
	if (!snapshot->private)
		put_documents(&folder, snapshot);
	capture_write(snapshot, &capture);
	folder_put(&folder, "capture", buffer_string(&capture), capture.length);
	if (snapshot->reading != NULL)
		folder_put(&folder, "reading", snapshot->reading, strlen(snapshot->reading));
	folder_put(&folder, "changes", snapshot->changes, strlen(snapshot->changes));
	buffer_release(&capture);
	return folder_close(&folder, sums, names);
}

/* The bodies alone: headers are of whoever answered. */
static bool write_private(
	const struct snapshot *snapshot, struct placing *placing, struct error *error)
{
	const char *own = placing->private_incoming;
	bool done = own == NULL || (file_remove_tree(own, error) &&
					   file_make_folders(own, PRIVATE_FOLDER_MODE, error));

	for (size_t i = 0; done && own != NULL && i < snapshot->count; i++) {
		const struct buffer *body = &snapshot->responses[i].body;
		char *name = archive_document("body", i), *path = file_join(own, name);
		int descriptor = -1;

		if (snapshot->responses[i].status != 0) {
			descriptor = file_begin(
				path, buffer_string(body), body->length, PRIVATE_FILE_MODE, error);
			done = descriptor >= 0;
			text_list_add(&placing->private_names, name);
		}
		if (descriptor >= 0 && close(descriptor) != 0)
			done = system_error_set(error, path, "cannot be written");
		free(path);
		free(name);
	}
	return done;
}

char *archive_free_name(const char *above, int64_t time, int most)
{
	char compact[DATE_TEXT_MAX];

	date_write_compact(time, compact);
	for (int n = 1; n <= most; n++) {
		char *name =
			n == 1 ? memory_format("%.4s/%.2s/%s", compact, compact + 5, compact)
			       : memory_format("%.4s/%.2s/%s-%d", compact, compact + 5, compact, n);
		char *path = file_join(above, name);
		bool taken = file_presence(path, NULL) == FILE_PRESENT;

		free(path);
		if (!taken)
			return name;
		free(name);
	}
	return NULL;
}

/* False also where the folder cannot be read. */
static bool has_names(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry = NULL;

	while (folder != NULL && (entry = readdir(folder)) != NULL && entry->d_name[0] == '.')
		;
	if (folder != NULL)
		closedir(folder);
	return entry != NULL;
}

static bool make_month(const char *target, struct error *error)
{
	char *month = file_folder(target);
	bool done = file_make_folders(month, FOLDER_MODE, error);

	free(month);
	return done;
}

/* Before the month's first name: where it has one, a crash came after the sync of all above it. */
static bool sync_above(const char *archive, const char *target, struct error *error)
{
	char *month = file_folder(target), *year = file_folder(month), *own = file_folder(year);
	bool done = has_names(month) ||
		    (file_sync_folder(year, error) && file_sync_folder(own, error) &&
			    file_sync_folder(archive, error));

	free(own);
	free(year);
	free(month);
	return done;
}

static bool rename_folder(const char *from, const char *target, struct error *error)
{
	return rename(from, target) == 0 ||
	       system_error_set(error, target, "cannot be renamed into place");
}

static bool sync_folder_of(const char *target, struct error *error)
{
	char *month = file_folder(target);
	bool done = file_sync_folder(month, error);

	free(month);
	return done;
}

bool archive_place(const char *archive, const char *from, const char *target, struct error *error)
{
	return make_month(target, error) && sync_above(archive, target, error) &&
	       rename_folder(from, target, error) && sync_folder_of(target, error);
}

/* ---- snapshots, all that arrive together ---- */

void placing_release(struct placing *placing)
{
	free(placing->folder);
	free(placing->incoming);
	free(placing->intent);
	free(placing->target);
	text_list_release(&placing->names);
	free(placing->private_incoming);
	free(placing->private_target);
	text_list_release(&placing->private_names);
	*placing = (struct placing){0};
}

/* Nobody would know what it is. */
static void remove_written(const struct placing *placing)
{
	const char *const paths[] = {placing->target, placing->incoming, placing->private_incoming,
		placing->private_placed ? placing->private_target : NULL};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (paths[i] != NULL)
			file_remove_tree(paths[i], NULL);
}

bool archive_write(const char *archive, const struct snapshot *snapshot, struct placing *placing,
	struct error *error)
{
	char *own = file_join(archive, snapshot->page);
	bool done;

	*placing = (struct placing){.incoming = state_path(archive, "incoming", snapshot->page),
		.intent = state_path(archive, "intent", snapshot->page),
		.folder = archive_free_name(own, snapshot->time, SAME_SECOND_MAX)};
	done = placing->folder != NULL ||
	       error_set(error, REMEDY_LOCAL, "%s: more than %d snapshots in one second",
		       snapshot->page, SAME_SECOND_MAX);
	if (done) {
		placing->target = file_join(own, placing->folder);
		if (snapshot->private) {
			placing->private_incoming =
				private_body_path(archive, snapshot->page, NULL);
			placing->private_target =
				private_body_path(archive, snapshot->page, placing->folder);
		}
		done = write_private(snapshot, placing, error) &&
		       write_folder(
			       placing->incoming, snapshot, placing->sums, &placing->names, error);
	}
	if (done) {
		STEP("folder written");
	} else {
		remove_written(placing);
		placing_release(placing);
	}
	free(own);
	return done;
}

/* One step for all that have not failed. */
static void each(const char *archive, struct placing *const *list, size_t count,
	bool (*step)(const char *archive, struct placing *placing))
{
	for (size_t i = 0; i < count; i++)
		if (!list[i]->failed)
			list[i]->failed = !step(archive, list[i]);
}

/* The folders above what is private, up to .state. */
static bool sync_private_above(
	const char *archive, const struct placing *placing, struct error *error)
{
	char *state = file_join(archive, ARCHIVE_STATE),
	     *path = memory_string(placing->private_target);
	bool done = true;

	while (done && !text_equal(path, state)) {
		char *above = file_folder(path);

		free(path);
		path = above;
		done = file_sync_folder(path, error);
	}
	free(path);
	free(state);
	return done;
}

/* Step 2 without its syncs. */
static bool prepare(const char *archive, struct placing *placing)
{
	bool done = true;
	char *month;

	(void)archive;
	if (placing->private_target != NULL) {
		month = file_folder(placing->private_target);
		done = file_make_folders(month, PRIVATE_FOLDER_MODE, &placing->error);
		free(month);
	}
	return done && make_month(placing->target, &placing->error) &&
	       file_replace(placing->intent, placing->folder, strlen(placing->folder),
		       PRIVATE_FILE_MODE, &placing->error);
}

static bool sync_prepared(const char *archive, struct placing *placing)
{
	return folder_sync(placing->incoming, &placing->names, &placing->error) &&
	       file_sync(placing->intent, &placing->error) &&
	       sync_above(archive, placing->target, &placing->error) &&
	       (placing->private_target == NULL ||
		       (folder_sync(placing->private_incoming, &placing->private_names,
				&placing->error) &&
			       sync_private_above(archive, placing, &placing->error)));
}

/* The folder in which all of them lie; without it none is durable. */
static void sync_intents(const char *archive, struct placing *const *list, size_t count)
{
	char *folder = file_join(archive, ARCHIVE_STATE "/intent");
	struct error error;

	if (!file_sync_folder(folder, &error))
		for (size_t i = 0; i < count; i++) {
			if (!list[i]->failed)
				list[i]->error = error;
			list[i]->failed = true;
		}
	free(folder);
}

/* Step 3. */
static bool place(const char *archive, struct placing *placing)
{
	(void)archive;
	STEP("intent written");
	if (placing->private_target != NULL) {
		if (!rename_folder(
			    placing->private_incoming, placing->private_target, &placing->error))
			return false;
		placing->private_placed = true;
		STEP("private bodies renamed");
	}
	if (!rename_folder(placing->incoming, placing->target, &placing->error))
		return false;
	STEP("folder renamed");
	return true;
}

static bool sync_placed(const char *archive, struct placing *placing)
{
	(void)archive;
	return sync_folder_of(placing->target, &placing->error) &&
	       (placing->private_target == NULL ||
		       (sync_folder_of(placing->private_target, &placing->error) &&
			       sync_folder_of(placing->private_incoming, &placing->error)));
}

void archive_place_all(const char *archive, struct placing *const *list, size_t count, bool quick)
{
	each(archive, list, count, prepare);
	/* Where the file system cannot be synced as a whole, it is to be seen whose files cannot.
	 */
	quick = quick || !file_sync_system(archive, NULL);
	if (quick) {
		each(archive, list, count, sync_prepared);
		sync_intents(archive, list, count);
	}
	each(archive, list, count, place);
	quick = quick || !file_sync_system(archive, NULL);
	if (quick)
		each(archive, list, count, sync_placed);
	for (size_t i = 0; i < count; i++)
		if (list[i]->failed)
			remove_written(list[i]);
}

/* ---- what is under way ---- */

char *archive_chain_note(const char *archive, const struct page_state *state,
	struct chain_line *line, char head[static DIGEST_TEXT], struct error *error)
{
	char *intent = state_path(archive, "intent", state->name), *text = NULL;

	line->sequence = state->snapshot + 1;
	snprintf(line->before, sizeof line->before, "%s", state->head);
	if (file_write(intent, state->folder, strlen(state->folder), PRIVATE_FILE_MODE, error)) {
		text = chain_line_write(line);
		chain_line_digest(text, head);
	}
	free(intent);
	return text;
}

char *archive_unfinished(const char *archive, const char *page)
{
	char *intent = state_path(archive, "intent", page), *folder = NULL, *path;
	struct buffer text = {.maximum = 4096};
	int64_t time;

	if (file_read(intent, &text, NULL) && archive_folder_time(buffer_string(&text), &time)) {
		path = archive_path(archive, page, buffer_string(&text), NULL);
		if (!file_absent(path))
			folder = buffer_take(&text);
		free(path);
	}
	buffer_release(&text);
	free(intent);
	return folder;
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
		system_error_set(error, path, "cannot be opened");
	while (folder != NULL && (errno = 0, entry = readdir(folder)) != NULL) {
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
	if (folder != NULL && errno != 0)
		done = system_error_set(error, path, "cannot be read");
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

/* ---- the reserve ---- */

static char *reserve_path(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/reserve");
}

void reserve_fill(const char *archive)
{
	char *path = reserve_path(archive);
	struct stat status;
	int descriptor;

	if (stat(path, &status) != 0 || status.st_size < RESERVE_BYTES) {
		descriptor =
			open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		if (descriptor >= 0 && posix_fallocate(descriptor, 0, RESERVE_BYTES) != 0)
			unlink(path);
		if (descriptor >= 0)
			close(descriptor);
	}
	free(path);
}

void reserve_free(const char *archive)
{
	char *path = reserve_path(archive);

	unlink(path);
	free(path);
}
