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

#include "archive/capture.h"
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
#include "config/config.h"
#include "net/http.h"
#include "settings.h"
#include "store/store.h"

enum {
	FOLDER_MODE = 0755,
	FILE_MODE = 0644,
	STATE_MODE = 0700,
	SAME_SECOND_MAX = 1000,
	CHAIN_TAIL = 2048,
	SECRET_MAX = 4096
};

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

		done = mkdir(path, STATE_MODE) == 0 || errno == EEXIST ||
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
			file_write(path, text.data, text.length, 0600, NULL);
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

/* ---- a folder of files ---- */

void folder_begin(struct folder *folder, const char *path, struct error *error)
{
	*folder = (struct folder){.path = path, .error = error};
	folder->failed =
		!file_remove_tree(path, error) || !file_make_folders(path, FOLDER_MODE, error);
}

void folder_put(struct folder *folder, const char *name, const void *bytes, size_t length)
{
	char digest[DIGEST_TEXT];
	char *path;
	int descriptor;

	if (folder->failed)
		return;
	path = file_join(folder->path, name);
	descriptor = file_begin(path, bytes, length, FILE_MODE, folder->error);
	folder->failed = descriptor < 0;
	if (descriptor >= 0 && close(descriptor) != 0)
		folder->failed = !system_error_set(folder->error, path, "cannot be written");
	text_list_add(&folder->names, name);
	digest_sha256(bytes, length, digest);
	buffer_format(&folder->sums, "%s  %s\n", digest, name);
	free(path);
}

bool folder_close(struct folder *folder, char sums[static DIGEST_TEXT], struct text_list *names)
{
	struct buffer list = folder->sums;

	folder->sums = (struct buffer){0};
	digest_sha256(buffer_string(&list), list.length, sums);
	folder_put(folder, ARCHIVE_SUMS, buffer_string(&list), list.length);
	*names = folder->names;
	folder->names = (struct text_list){0};
	buffer_release(&folder->sums);
	buffer_release(&list);
	return !folder->failed;
}

bool folder_sync(const char *path, const struct text_list *names, struct error *error)
{
	bool done = true;

	for (size_t i = 0; done && i < names->count; i++) {
		char *file = file_join(path, names->list[i]);

		done = file_sync(file, error);
		free(file);
	}
	return done && file_sync_folder(path, error);
}

bool folder_end(struct folder *folder, char sums[static DIGEST_TEXT])
{
	struct text_list names = {0};
	bool done = folder_close(folder, sums, &names) &&
		    folder_sync(folder->path, &names, folder->error);

	text_list_release(&names);
	return done;
}

bool folder_names(const char *path, struct text_list *names, struct error *error)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	bool done;

	if (stream == NULL)
		return system_error_set(error, path, "cannot be opened");
	while ((errno = 0, entry = readdir(stream)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			text_list_add(names, entry->d_name);
	done = errno == 0 || system_error_set(error, path, "cannot be read");
	closedir(stream);
	return done;
}

/* ---- the files of a snapshot ---- */

/* One line of the capture file; what is foreign cannot break out of its line. */
static void put_line(struct buffer *out, const char *key, const char *value)
{
	if (text_empty(value))
		return;
	buffer_format(out, "%s: ", key);
	text_visible(out, value);
	buffer_byte(out, '\n');
}

static void put_lines(struct buffer *out, const char *key, const char *lines)
{
	char *copy = memory_string(lines != NULL ? lines : ""), *rest = copy, *line;

	while ((line = strsep(&rest, "\r\n")) != NULL)
		put_line(out, key, line);
	free(copy);
}

/* A probe's is no secret. */
static void put_url(struct buffer *out, const char *key, const char *url)
{
	const bool is_probe = url != NULL && text_starts(url, PROBE_SCHEME);
	char *public = url == NULL ? NULL : is_probe ? memory_string(url) : http_url_public(url);

	put_line(out, key, public);
	free(public);
}

static void put_milliseconds(struct buffer *out, const char *key, int64_t time)
{
	char seconds[DATE_TEXT_MAX];

	date_write(time / 1000, seconds);
	seconds[strlen(seconds) - 1] = '\0'; /* the Z goes behind the fraction */
	buffer_format(out, "%s: %s.%03dZ\n", key, seconds, (int)(time % 1000));
}

/* Where it came from, and how. */
static void put_exchange(struct buffer *out, const struct http_response *response)
{
	char *redirects = memory_string(response->redirects != NULL ? response->redirects : "");
	char *rest = redirects, *line;

	put_url(out, "requested", response->requested_url);
	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			put_url(out, "redirect", line);
	free(redirects);
	put_url(out, "final", response->final_url);
	buffer_format(out, "status: %d\n", response->status);
	put_line(out, "address", response->address);
	put_line(out, "http-version", response->http_version);
	put_line(out, "certificate-sha256", response->certificate);
}

/* What proves a body that lies elsewhere. */
static void put_private(struct buffer *out, const struct buffer *body)
{
	char digest[DIGEST_TEXT];

	digest_sha256(buffer_string(body), body->length, digest);
	put_line(out, PRIVATE_BODY_SHA256, digest);
	buffer_format(out, PRIVATE_BODY_LENGTH ": %zu\n", body->length);
}

static void put_document(struct buffer *out, const char *name, const struct http_response *response,
	const struct capture_source *source, bool private)
{
	put_line(out, "document", name);
	if (source != NULL) {
		buffer_text(out, CAPTURE_IMPORTED ": ");
		text_visible(out, source->file);
		buffer_byte(out, '\n');
		put_line(out, "imported-sha256", source->sha256);
		put_line(out, "imported-record", source->record);
	}
	if (private)
		put_private(out, &response->body);
	else
		put_exchange(out, response);
	put_milliseconds(out, "began", response->began);
	put_milliseconds(out, "ended", response->ended);
	if (!private)
		put_lines(out, CAPTURE_REQUEST, response->request_headers);
}

void capture_write(const struct snapshot *snapshot, struct buffer *out)
{
	char time[DATE_TEXT_MAX];

	date_write(snapshot->time, time);
	put_line(out, "lampwatch", LAMPWATCH_VERSION);
	put_line(out, "page", snapshot->page);
	put_line(out, "time", time);
	put_line(out, "simulated",
		snapshot->simulated ? "yes: `time` is of --clock, not of a clock" : "");
	put_line(out, "reason", snapshot->reason);
	put_url(out, "url", snapshot->url);
	put_line(out, "kind", snapshot->kind);
	put_line(out, "kind-sha256", snapshot->kind_digest);
	if (!text_empty(snapshot->previous)) {
		put_line(out, "previous", snapshot->previous);
		date_write(snapshot->previous_confirmed, time);
		put_line(out, "previous-last-confirmed", time);
		buffer_format(out, "previous-fetches: %" PRId64 "\n", snapshot->previous_fetches);
	}
	for (size_t i = 0; i < snapshot->count; i++)
		if (snapshot->responses[i].status != 0)
			put_document(out, snapshot->documents[i], &snapshot->responses[i],
				snapshot->sources != NULL ? &snapshot->sources[i] : NULL,
				snapshot->private);
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
	       file_replace(placing->intent, placing->folder, strlen(placing->folder), 0600,
		       &placing->error);
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

bool archive_keep(const char *archive, const struct snapshot *snapshot, char **folder,
	char sums[static DIGEST_TEXT], struct error *error)
{
	struct placing placing, *list[] = {&placing};
	bool done;

	if (!archive_write(archive, snapshot, &placing, error))
		return false;
	archive_place_all(archive, list, 1, true);
	done = !placing.failed;
	if (done) {
		*folder = memory_string(placing.folder);
		memcpy(sums, placing.sums, DIGEST_TEXT);
	} else if (error != NULL) {
		*error = placing.error;
	}
	placing_release(&placing);
	return done;
}

/* ---- the chain ---- */

/* The chain's last bytes, as many as fit: how many there are, 0 where there is no chain; -1 with
 * error. */
static ssize_t read_tail(const char *path, char tail[static CHAIN_TAIL + 1], struct error *error)
{
	int file = file_open(path, error);
	struct stat status = {0};
	ssize_t got = -1;

	tail[0] = '\0';
	if (file < 0)
		return file_absent(path) ? 0 : -1;
	if (fstat(file, &status) == 0)
		got = pread(file, tail, CHAIN_TAIL,
			status.st_size > CHAIN_TAIL ? status.st_size - CHAIN_TAIL : 0);
	if (got < 0)
		system_error_set(error, path, "cannot be read");
	close(file);
	tail[got > 0 ? got : 0] = '\0';
	return got;
}

/* A crash in the middle of an append leaves a line without an end: it is taken off again. */
static bool cut_torn_line(const char *path, struct error *error)
{
	struct buffer text = {0};
	bool done = file_read(path, &text, error);

	if (done) {
		const char *last = memrchr(buffer_string(&text), '\n', text.length);
		off_t whole = last != NULL ? last + 1 - text.data : 0;

		done = truncate(path, whole) == 0 ||
		       system_error_set(error, path, "cannot be repaired");
	}
	buffer_release(&text);
	return done;
}

/* paths takes what is to be synced. */
static bool append_line(const char *archive, const char *page, const char *line,
	struct text_list *paths, struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL), tail[CHAIN_TAIL + 1];
	ssize_t got = read_tail(path, tail, error);
	struct buffer text = {0};
	bool done, made;

	if (got > 0 && tail[got - 1] != '\n')
		got = cut_torn_line(path, error) ? read_tail(path, tail, error) : -1;
	done = got >= 0;
	buffer_format(&text, "\n%s\n", line);
	if (done && !text_ends(tail, buffer_string(&text))) {
		buffer_clear(&text);
		if (got == 0)
			buffer_text(&text, CHAIN_HEAD "\n");
		buffer_format(&text, "%s\n", line);
		done = file_extend(
			path, buffer_string(&text), text.length, FILE_MODE, &made, error);
		text_list_add(paths, path);
		if (made) {
			char *own = file_folder(path);

			text_list_add(paths, own);
			free(own);
		}
	}
	buffer_release(&text);
	free(path);
	return done;
}

bool archive_sync(const struct text_list *paths, struct error *error)
{
	bool done = true;

	for (size_t i = 0; done && i < paths->count; i++)
		done = file_sync(paths->list[i], error);
	return done;
}

bool archive_chain(const char *archive, const char *page, const char *line, struct error *error)
{
	struct text_list paths = {0};
	bool done = append_line(archive, page, line, &paths, error) && archive_sync(&paths, error);

	text_list_release(&paths);
	return done;
}

/* The last whole line; NULL where there is none behind the head. What stands behind is torn. */
static const char *last_line(char tail[static CHAIN_TAIL + 1])
{
	char *end = strrchr(tail, '\n'), *start;

	if (end == NULL)
		return NULL;
	*end = '\0';
	start = strrchr(tail, '\n');
	return start != NULL ? start + 1 : NULL;
}

int64_t archive_chain_end(const char *archive, const char *page, struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL), tail[CHAIN_TAIL + 1];
	struct chain_line line = {0};
	ssize_t got = read_tail(path, tail, error);
	const char *last = last_line(tail);

	free(path);
	if (got < 0)
		return -1;
	return last != NULL && chain_line_parse(last, &line) ? line.sequence : 0;
}

bool archive_chain_tail(const char *archive, const char *page, int64_t *sequence,
	char digest[static DIGEST_TEXT], struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL), tail[CHAIN_TAIL + 1];
	struct chain_line line = {0};
	bool good = read_tail(path, tail, error) >= 0;
	const char *last = last_line(tail);

	*sequence = 0;
	if (last != NULL && !chain_line_parse(last, &line))
		good = error_set(error, REMEDY_LOCAL,
			"%s: does not end with a line of a chain; `lampwatch verify` says more",
			path);
	if (good && last != NULL) {
		*sequence = line.sequence;
		chain_line_digest(last, digest);
	}
	free(path);
	return good;
}

bool archive_chain_extend(const char *archive, struct database *database, const char *page,
	int64_t last, struct text_list *paths, struct error *error)
{
	int64_t end = archive_chain_end(archive, page, error);
	bool done = end >= 0;

	for (int64_t i = end + 1; done && i <= last; i++) {
		char *line = store_line(database, page, i);

		if (line == NULL && database_good(database, error))
			error_set(error, REMEDY_LOCAL, "the database has lost line %" PRId64, i);
		done = line != NULL && append_line(archive, page, line, paths, error);
		free(line);
	}
	return done;
}

char *archive_chain_note(const char *archive, const struct page_state *state,
	struct chain_line *line, char head[static DIGEST_TEXT], struct error *error)
{
	char *intent = state_path(archive, "intent", state->name), *text = NULL;

	line->sequence = state->snapshot + 1;
	snprintf(line->before, sizeof line->before, "%s", state->head);
	if (file_write(intent, state->folder, strlen(state->folder), 0600, error)) {
		text = chain_line_write(line);
		chain_line_digest(text, head);
	}
	free(intent);
	return text;
}

bool archive_chain_up_to(const char *archive, struct database *database, const char *page,
	int64_t last, struct error *error)
{
	struct text_list paths = {0};
	bool done = archive_chain_extend(archive, database, page, last, &paths, error) &&
		    archive_sync(&paths, error);

	text_list_release(&paths);
	return done;
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
