/* SPDX-License-Identifier: ISC
 *
 * How a snapshot gets into its month's pack, and out of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/pack_p.h"
#include "archive/snapshot_reader.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/tar.h"
#include "base/text.h"
#include "base/zstandard.h"

enum {
	FILE_MODE = 0644,
};

/* ---- packing ---- */

/* How many frames in a row lean on the one before, at the end. */
static size_t run_length(const struct pack_index *index)
{
	size_t count = 0;

	while (count < index->count && !text_equal(index->list[index->count - 1 - count].base, "-"))
		count++;
	return count + 1;
}

bool pack_compress(const struct pack_index *index, const char *name, const struct buffer *tar,
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

/* Where the next one is to lean on the last, that one's tar. */
static bool read_base(const char *archive, const char *page, const char *month,
	const struct pack_index *index, struct buffer *base, struct error *error)
{
	return index->count == 0 || run_length(index) >= PACK_RUN_MAX ||
	       pack_expand(
		       archive, page, month, index, &index->list[index->count - 1], base, error);
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
		pack_head_write(index->file, &text);
	pack_line_write(line, &text);
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

/* Step 3: through everything that will be read again one day. */
static bool reads_back(const char *archive, const char *page, const char *month, const char *name,
	const struct buffer *tar, struct error *error)
{
	struct pack_index index;
	const struct pack_line *line;
	struct buffer again = {0};
	bool good = pack_index_read(archive, page, month, &index, error);

	line = good ? pack_find(&index, name) : NULL;
	good = good && line != NULL &&
	       pack_expand(archive, page, month, &index, line, &again, error);
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

/* Step 4: at no moment does half a folder stand there. */
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

	if (done && pack_find(&index, name) == NULL)
		done = read_base(archive, page, month, &index, &base, error) &&
		       (pack_compress(&index, name, tar, &base, &line, &frame) ||
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

	pack_split(folder, &month, &name);
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

	pack_head_write(index->file, &text);
	for (size_t i = 0; i < index->count; i++)
		pack_line_write(&index->list[i], &text);
	done = file_write(path, buffer_string(&text), text.length, FILE_MODE, error);
	buffer_release(&text);
	return done;
}

/* Files of frames that the index does not name: of a month that was being written anew. */
static bool remove_others(const char *archive, const char *page, const char *month,
	const char *file, struct error *error)
{
	char *path = archive_path(archive, page, month, NULL);
	struct text_list names = {0};
	bool done = true;

	file_names(path, "", &names);
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
		if (done && stat(frames, &status) == 0 && status.st_size > pack_index_end(&index))
			done = truncate(frames, pack_index_end(&index)) == 0 ||
			       error_set(error, REMEDY_LOCAL, "%s: cannot be mended: %s", frames,
				       strerror(errno));
		done = done && remove_others(archive, page, month,
				       file_exists(list) ? index.file : NULL, error);
		pack_index_release(&index);
		free(frames);
	}
	free(list);
	free(aside);
	return done;
}

/* ---- writing a month anew ---- */

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
	done = pack_compress(&new->index, line->name, tar, &new->base, &fresh, &frame) &&
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
			STEP("pack written anew");
		done = done && write_index(list, &new->index, error);
	}
	if (done)
		STEP("pack index written anew");
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
			done = pack_expand(
				       archive, page, month, &index, &index.list[i], &tar, error) &&
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
