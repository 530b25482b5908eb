/* SPDX-License-Identifier: ISC
 *
 * The index of a packed month, what is read out of it, and how a snapshot gets into it and out of
 * it.
 */
#include "archive/pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/snapshot_reader.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/step.h"
#include "base/tar.h"
#include "base/text.h"
#include "base/zstandard.h"

enum { INDEX_MAX = 64 * 1024 * 1024, LINE_MAX_BYTES = 512 };

/* ---- the index ---- */

static void split(const char *folder, char **month, char **name)
{
	const char *slash = strrchr(folder, '/');

	*month = slash != NULL ? memory_bytes(folder, (size_t)(slash - folder)) : memory_string("");
	*name = memory_string(file_name(folder));
}

static void line_write(const struct pack_line *line, struct buffer *out)
{
	buffer_format(out, "%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\t%s\n", line->name,
		line->offset, line->length, line->size, line->base, line->digest);
}

static void head_write(const char *file, struct buffer *out)
{
	buffer_format(out, PACK_HEAD "\t%s\n", file);
}

int64_t pack_index_end(const struct pack_index *index)
{
	const struct pack_line *last = index->count > 0 ? &index->list[index->count - 1] : NULL;

	return last != NULL ? last->offset + last->length : 0;
}

static const struct pack_line *find(const struct pack_index *index, const char *name)
{
	for (size_t i = 0; i < index->count; i++)
		if (strcmp(index->list[i].name, name) == 0)
			return &index->list[i];
	return NULL;
}

/* Each frame begins where the one before ends, and is compressed against that one or against none.
 */
static bool fits(const struct pack_index *index, const struct pack_line *line)
{
	const struct pack_line *last = index->count > 0 ? &index->list[index->count - 1] : NULL;

	return line->offset == pack_index_end(index) && line->length > 0 && line->size > 0 &&
	       line->size <= (int64_t)BUFFER_MAX && line->length <= (int64_t)BUFFER_MAX &&
	       strlen(line->digest) == DIGEST_TEXT - 1 &&
	       (text_equal(line->base, "-") ||
		       (last != NULL && text_equal(line->base, last->name)));
}

/* Written again it must be the same, so that nothing can hide in it. */
static bool line_parse(const char *text, struct pack_index *index)
{
	struct pack_line line = {0}, *slot;
	struct buffer again = {.maximum = LINE_MAX_BYTES};
	bool good =
		sscanf(text,
			"%63[^\t]\t%" SCNd64 "\t%" SCNd64 "\t%" SCNd64 "\t%63[^\t]\t%64[0-9a-f]",
			line.name, &line.offset, &line.length, &line.size, line.base,
			line.digest) == 6 &&
		fits(index, &line);

	if (good) {
		line_write(&line, &again);
		good = again.length == strlen(text) + 1 &&
		       strncmp(again.data, text, again.length - 1) == 0;
	}
	if (good) {
		slot = memory_append(&index->list, &index->count, sizeof *slot);
		*slot = line;
	}
	buffer_release(&again);
	return good;
}

static bool head_parse(const char *text, struct pack_index *index)
{
	const char *file = text + strlen(PACK_HEAD) + 1;

	if (!text_starts(text, PACK_HEAD "\t") || !text_starts(file, PACK_FILE) ||
		strlen(file) >= sizeof index->file ||
		strspn(file + strlen(PACK_FILE), "-0123456789") != strlen(file) - strlen(PACK_FILE))
		return false;
	snprintf(index->file, sizeof index->file, "%s", file);
	return true;
}

static bool index_parse(
	const char *path, struct buffer *text, struct pack_index *index, struct error *error)
{
	char *rest = text->data, *line;
	bool good = true;

	for (size_t number = 1; good && rest != NULL && *rest != '\0'; number++) {
		line = strsep(&rest, "\n");
		index->torn = rest == NULL;
		if (index->torn)
			break;
		good = number == 1 ? head_parse(line, index) : line_parse(line, index);
		if (!good)
			error_set(error, REMEDY_LOCAL, "%s: line %zu was not written by lampwatch",
				path, number);
	}
	return good;
}

bool pack_index_read(const char *archive, const char *page, const char *month,
	struct pack_index *index, struct error *error)
{
	char *path = archive_path(archive, page, month, PACK_INDEX);
	struct buffer text = {.maximum = INDEX_MAX};
	bool good = true;

	*index = (struct pack_index){.file = PACK_FILE};
	if (!file_absent(path))
		good = file_read(path, &text, error) && index_parse(path, &text, index, error);
	if (!good)
		pack_index_release(index);
	buffer_release(&text);
	free(path);
	return good;
}

void pack_index_release(struct pack_index *index)
{
	free(index->list);
	*index = (struct pack_index){0};
}

/* ---- frames ---- */

static bool read_frame(
	const char *path, const struct pack_line *line, char *frame, struct error *error)
{
	int descriptor = file_open(path, error);
	ssize_t got;

	if (descriptor < 0)
		return false;
	got = pread(descriptor, frame, (size_t)line->length, line->offset);
	if (got < 0)
		system_error_set(error, path, "cannot be read");
	else if (got != line->length)
		error_set(error, REMEDY_LOCAL, "%s: %s cannot be read from it: it has been cut off",
			path, line->name);
	close(descriptor);
	return got == line->length;
}

/* The content of one frame in place of what stands in tar, which it was compressed against. */
static bool expand_one(
	const char *path, const struct pack_line *line, struct buffer *tar, struct error *error)
{
	char *frame = memory_new((size_t)line->length), digest[DIGEST_TEXT];
	bool alone = text_equal(line->base, "-");
	struct buffer next = {0};
	bool good = read_frame(path, line, frame, error);

	if (good && zstandard_expand(frame, (size_t)line->length, buffer_string(tar),
			    alone ? 0 : tar->length, (size_t)line->size, &next))
		digest_sha256(buffer_string(&next), next.length, digest);
	else
		digest[0] = '\0';
	if (good && !text_equal(digest, line->digest))
		good = error_set(error, REMEDY_LOCAL, "%s: %s is damaged", path, line->name);
	buffer_release(tar);
	*tar = next;
	free(frame);
	return good;
}

/* From the last frame that stands alone, one after the other. start: the snapshot whose tar is in
 * tar already; NULL: none. */
static bool expand_from(const char *path, const struct pack_index *index, const char *start,
	const struct pack_line *line, struct buffer *tar, struct error *error)
{
	size_t end = (size_t)(line - index->list), first = end;
	bool good = true;

	while (first > 0 && !text_equal(index->list[first].base, "-") &&
		!text_equal(index->list[first].base, start))
		first--;
	for (size_t i = first; good && i <= end; i++)
		good = expand_one(path, &index->list[i], tar, error);
	return good;
}

static bool expand(const char *archive, const char *page, const char *month,
	const struct pack_index *index, const struct pack_line *line, struct buffer *out,
	struct error *error)
{
	char *path = archive_path(archive, page, month, index->file);
	bool good = expand_from(path, index, NULL, line, out, error);

	free(path);
	return good;
}

/* ---- one snapshot ---- */

/* The one that was read last: of a snapshot six files are read, and then often the next one. */
static struct {
	char *index; /* path */
	char *name;
	struct buffer tar;
} last;

/* The snapshot's tar, valid until the next call; NULL with error. */
static const struct buffer *tar_of(
	const char *archive, const char *page, const char *folder, struct error *error)
{
	struct pack_index index = {0};
	const struct pack_line *line;
	char *month, *name, *path, *frames;
	bool good = true, same_month;

	split(folder, &month, &name);
	path = archive_path(archive, page, month, PACK_INDEX);
	same_month = text_equal(last.index, path);
	if (same_month && text_equal(last.name, name))
		goto out;
	good = pack_index_read(archive, page, month, &index, error);
	line = good ? find(&index, name) : NULL;
	if (good && line == NULL) {
		good = error_set(error, REMEDY_LOCAL,
			"%s/%s/%s: is there neither as a folder nor packed", archive, page, folder);
	} else if (good) {
		frames = archive_path(archive, page, month, index.file);
		good = expand_from(
			frames, &index, same_month ? last.name : NULL, line, &last.tar, error);
		memory_set(&last.index, good ? path : NULL);
		memory_set(&last.name, good ? name : NULL);
		if (!good)
			buffer_release(&last.tar);
		free(frames);
	}
out:
	pack_index_release(&index);
	free(path);
	free(name);
	free(month);
	return good ? &last.tar : NULL;
}

bool pack_has(const char *archive, const char *page, const char *folder)
{
	struct pack_index index;
	char *month, *name;
	bool has;

	split(folder, &month, &name);
	has = pack_index_read(archive, page, month, &index, NULL) && find(&index, name) != NULL;
	pack_index_release(&index);
	free(name);
	free(month);
	return has;
}

bool pack_read(const char *archive, const char *page, const char *folder, const char *name,
	struct buffer *out, struct error *error)
{
	const struct buffer *tar = tar_of(archive, page, folder, error);
	const char *found, *bytes;
	size_t at = 0, length;

	if (tar == NULL)
		return false;
	while (tar_next(tar, &at, &found, &bytes, &length))
		if (text_equal(file_name(found), name))
			return buffer_add(out, bytes, length) ||
			       error_set(error, REMEDY_LOCAL, "%s/%s/%s/%s: longer than %zu bytes",
				       archive, page, folder, name, out->maximum);
	return error_set(error, REMEDY_LOCAL,
		"%s/%s/%s/%s: cannot be opened: no such file is packed", archive, page, folder,
		name);
}

bool pack_files(const char *archive, const char *page, const char *folder, struct text_list *names,
	struct error *error)
{
	const struct buffer *tar = tar_of(archive, page, folder, error);
	const char *found, *bytes;
	size_t at = 0, length;

	if (tar == NULL)
		return false;
	while (tar_next(tar, &at, &found, &bytes, &length))
		text_list_add(names, file_name(found));
	return true;
}

/* ---- packing ---- */

/* How many frames at the end are compressed against the one before each. */
static size_t run_length(const struct pack_index *index)
{
	size_t count = 0;

	while (count < index->count && !text_equal(index->list[index->count - 1 - count].base, "-"))
		count++;
	return count + 1;
}

static bool compress(const struct pack_index *index, const char *name, const struct buffer *tar,
	const struct buffer *base, struct pack_line *line, struct buffer *frame)
{
	bool alone = base->length == 0;

	*line = (struct pack_line){.offset = pack_index_end(index), .size = (int64_t)tar->length};
	snprintf(line->name, sizeof line->name, "%s", name);
	snprintf(line->base, sizeof line->base, "%s",
		alone ? "-" : index->list[index->count - 1].name);
	digest_sha256(buffer_string(tar), tar->length, line->digest);
	if (!zstandard_compress(
		    buffer_string(tar), tar->length, buffer_string(base), base->length, frame))
		return false;
	line->length = (int64_t)frame->length;
	return true;
}

/* The tar of the last frame, where the next one is to be compressed against it. */
static bool read_base(const char *archive, const char *page, const char *month,
	const struct pack_index *index, struct buffer *base, struct error *error)
{
	return index->count == 0 || run_length(index) >= PACK_RUN_MAX ||
	       expand(archive, page, month, index, &index->list[index->count - 1], base, error);
}

/* Steps 1 and 2. */
static bool append(const char *archive, const char *page, const char *month,
	const struct pack_index *index, const struct pack_line *line, const struct buffer *frame,
	struct error *error)
{
	char *frames = archive_path(archive, page, month, index->file);
	char *list = archive_path(archive, page, month, PACK_INDEX);
	struct buffer text = {0};
	bool done = file_append(frames, buffer_string(frame), frame->length, FILE_MODE, error);

	if (done)
		STEP("frame appended");
	if (index->count == 0)
		head_write(index->file, &text);
	line_write(line, &text);
	done = done && (index->count == 0 ? file_write(list, buffer_string(&text), text.length,
						    FILE_MODE, error)
					  : file_append(list, buffer_string(&text), text.length,
						    FILE_MODE, error));
	if (done)
		STEP("pack line appended");
	buffer_release(&text);
	free(list);
	free(frames);
	return done;
}

/* Step 3: in the way that a reader will use later. */
static bool reads_back(const char *archive, const char *page, const char *month, const char *name,
	const struct buffer *tar, struct error *error)
{
	struct pack_index index;
	const struct pack_line *line;
	struct buffer again = {0};
	bool good = pack_index_read(archive, page, month, &index, error);

	line = good ? find(&index, name) : NULL;
	good = good && line != NULL && expand(archive, page, month, &index, line, &again, error);
	if (good &&
		(again.length != tar->length || memcmp(again.data, tar->data, tar->length) != 0))
		good = false;
	if (!good && (line == NULL || again.length > 0))
		error_set(error, REMEDY_LOCAL, "%s/%s/%s/%s: what was packed is not what was there",
			archive, page, month, name);
	buffer_release(&again);
	pack_index_release(&index);
	return good;
}

/* Step 4: renamed first, so that half a folder never stands in its place. */
static bool remove_folder(const char *archive, const char *path, struct error *error)
{
	char *aside = file_join(archive, ARCHIVE_STATE "/incoming/.packed");
	char *above = file_folder(path);
	bool done = file_remove_tree(aside, error) &&
		    (rename(path, aside) == 0 ||
			    error_set(error, REMEDY_LOCAL, "%s: cannot be moved away: %s", path,
				    strerror(errno))) &&
		    file_sync_folder(above, error);

	if (done)
		STEP("folder moved away");
	done = done && file_remove_tree(aside, error);
	if (done)
		STEP("folder removed");
	free(above);
	free(aside);
	return done;
}

/* Steps 1 to 3. */
static bool add(const char *archive, const char *page, const char *month, const char *name,
	const struct buffer *tar, struct error *error)
{
	struct buffer base = {0}, frame = {0};
	struct pack_index index;
	struct pack_line line;
	bool done = pack_index_read(archive, page, month, &index, error);

	if (done && find(&index, name) == NULL)
		done = read_base(archive, page, month, &index, &base, error) &&
		       (compress(&index, name, tar, &base, &line, &frame) ||
			       error_set(error, REMEDY_LOCAL, "%s/%s: cannot be compressed", page,
				       name)) &&
		       append(archive, page, month, &index, &line, &frame, error);
	buffer_release(&base);
	buffer_release(&frame);
	pack_index_release(&index);
	return done && reads_back(archive, page, month, name, tar, error);
}

bool pack_snapshot(const char *archive, const char *page, const char *folder, const char *sums,
	struct error *error)
{
	char *path = archive_path(archive, page, folder, NULL), *month, *name;
	struct snapshot_files files;
	struct buffer tar = {0};
	bool done = (snapshot_read(archive, page, folder, sums, &files, error) &&
			    snapshot_nothing_added(archive, page, folder, &files, error)) ||
		    error_prefix(error, "not packed"),
	     fits;

	split(folder, &month, &name);
	fits = strlen(name) < PACK_NAME_MAX;
	for (size_t i = 0; fits && i < files.count; i++) {
		const struct buffer *bytes = &files.list[i].bytes;
		char *inside = memory_format("%s/%s", name, files.list[i].name);

		fits = tar_add(&tar, inside, buffer_string(bytes), bytes->length);
		free(inside);
	}
	if (done && !(fits && tar_end(&tar)))
		done = error_set(error, REMEDY_LOCAL, "%s: too long to be packed", path);
	done = done && add(archive, page, month, name, &tar, error);
	if (done)
		STEP("packed read back");
	done = done && remove_folder(archive, path, error);
	snapshot_files_release(&files);
	buffer_release(&tar);
	free(name);
	free(month);
	free(path);
	return done;
}

/* ---- what a crash left ---- */

static bool write_index(const char *path, const struct pack_index *index, struct error *error)
{
	struct buffer text = {0};
	bool done;

	head_write(index->file, &text);
	for (size_t i = 0; i < index->count; i++)
		line_write(&index->list[i], &text);
	done = file_write(path, buffer_string(&text), text.length, FILE_MODE, error);
	buffer_release(&text);
	return done;
}

/* Files of frames that the index does not name: of a month that was being rewritten. */
static bool remove_others(const char *archive, const char *page, const char *month,
	const char *file, struct error *error)
{
	char *path = archive_path(archive, page, month, NULL);
	struct text_list names = {0};
	bool done = file_names(path, "", &names, error);

	for (size_t i = 0; done && i < names.count; i++) {
		char *other = file_join(path, names.list[i]);

		if (text_starts(names.list[i], PACK_FILE) && !text_equal(names.list[i], file) &&
			!text_equal(names.list[i], PACK_INDEX))
			done = file_remove_tree(other, error);
		free(other);
	}
	text_list_release(&names);
	free(path);
	return done;
}

bool pack_mend(const char *archive, const char *page, const char *month, struct error *error)
{
	char *aside = file_join(archive, ARCHIVE_STATE "/incoming/.packed");
	char *list = archive_path(archive, page, month, PACK_INDEX), *frames;
	struct pack_index index;
	struct stat status;
	bool done = file_remove_tree(aside, error) &&
		    pack_index_read(archive, page, month, &index, error);

	if (done) {
		frames = archive_path(archive, page, month, index.file);
		if (index.torn)
			done = write_index(list, &index, error);
		if (done && stat(frames, &status) != 0) {
			status.st_size = 0;
			done = system_error_absent(errno) ||
			       system_error_set(error, frames, "cannot be looked at");
		}
		if (done && status.st_size > pack_index_end(&index))
			done = truncate(frames, pack_index_end(&index)) == 0 ||
			       error_set(error, REMEDY_LOCAL, "%s: cannot be repaired: %s", frames,
				       strerror(errno));
		done = done && remove_others(archive, page, month,
				       file_absent(list) ? NULL : index.file, error);
		pack_index_release(&index);
		free(frames);
	}
	free(list);
	free(aside);
	return done;
}

/* ---- rewriting a month ---- */

/* packed, packed-2, packed-3 …: a name that is not taken. */
static void next_file(const char *before, char *out, size_t size)
{
	const char *dash = strchr(before, '-');
	long number = dash != NULL ? strtol(dash + 1, NULL, 10) : 1;

	snprintf(out, size, PACK_FILE "-%ld", number + 1);
}

struct rewriting {
	struct pack_index index; /* of the new file */
	struct buffer frames, base;
};

static bool copy(struct rewriting *new, const struct pack_line *line, const struct buffer *tar)
{
	struct buffer frame = {0};
	struct pack_line fresh, *slot;
	bool done;

	if (run_length(&new->index) >= PACK_RUN_MAX || new->index.count == 0)
		buffer_clear(&new->base);
	done = compress(&new->index, line->name, tar, &new->base, &fresh, &frame) &&
	       buffer_add(&new->frames, frame.data, frame.length);
	slot = memory_append(&new->index.list, &new->index.count, sizeof *slot);
	*slot = fresh;
	buffer_clear(&new->base);
	buffer_add(&new->base, tar->data, tar->length);
	buffer_release(&frame);
	return done;
}

static bool replace(const char *archive, const char *page, const char *month,
	const struct rewriting *new, struct error *error)
{
	char *list = archive_path(archive, page, month, PACK_INDEX);
	char *frames = archive_path(archive, page, month, new->index.file);
	bool done = true;

	if (new->index.count == 0) {
		done = file_remove_tree(list, error);
	} else {
		done = file_write(
			frames, buffer_string(&new->frames), new->frames.length, FILE_MODE, error);
		if (done)
			STEP("pack rewritten");
		done = done && write_index(list, &new->index, error);
	}
	if (done)
		STEP("pack index rewritten");
	done = done && remove_others(archive, page, month,
			       new->index.count > 0 ? new->index.file : NULL, error);
	free(frames);
	free(list);
	return done;
}

bool pack_rewrite(const char *archive, const char *page, const char *month,
	bool (*drop)(void *context, const char *folder), void *context, struct error *error)
{
	struct rewriting new = {0};
	struct pack_index index;
	bool done = pack_index_read(archive, page, month, &index, error), dropped = false;

	next_file(index.file, new.index.file, sizeof new.index.file);
	for (size_t i = 0; done && i < index.count; i++) {
		char *folder = memory_format("%s/%s", month, index.list[i].name);
		struct buffer tar = {0};

		if (drop(context, folder))
			dropped = true;
		else
			done = expand(archive, page, month, &index, &index.list[i], &tar, error) &&
			       (copy(&new, &index.list[i], &tar) ||
				       error_set(error, REMEDY_LOCAL,
					       "%s/%s: too long to be packed", page, folder));
		buffer_release(&tar);
		free(folder);
	}
	done = done && (!dropped || replace(archive, page, month, &new, error));
	buffer_release(&new.frames);
	buffer_release(&new.base);
	pack_index_release(&new.index);
	pack_index_release(&index);
	return done;
}
