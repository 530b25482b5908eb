/* SPDX-License-Identifier: ISC
 *
 * The index of a packed month, and what is read out of it.
 */
#include "archive/pack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/pack_p.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/tar.h"
#include "base/text.h"
#include "base/zstandard.h"

enum { INDEX_MAX = 64 * 1024 * 1024, LINE_MAX_BYTES = 512 };

/* ---- the index ---- */

void pack_split(const char *folder, char **month, char **name)
{
	const char *slash = strrchr(folder, '/');

	*month = slash != NULL ? memory_bytes(folder, (size_t)(slash - folder)) : memory_string("");
	*name = memory_string(slash != NULL ? slash + 1 : folder);
}

void pack_line_write(const struct pack_line *line, struct buffer *out)
{
	buffer_format(out, "%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%s\t%s\n", line->name,
		line->offset, line->length, line->size, line->base, line->digest);
}

void pack_head_write(const char *file, struct buffer *out)
{
	buffer_format(out, PACK_HEAD "\t%s\n", file);
}

int64_t pack_index_end(const struct pack_index *index)
{
	const struct pack_line *last = index->count > 0 ? &index->list[index->count - 1] : NULL;

	return last != NULL ? last->offset + last->length : 0;
}

const struct pack_line *pack_find(const struct pack_index *index, const char *name)
{
	for (size_t i = 0; i < index->count; i++)
		if (strcmp(index->list[i].name, name) == 0)
			return &index->list[i];
	return NULL;
}

/* Each stands right behind the one before, and leans on that or on none. */
static bool fits(const struct pack_index *index, const struct pack_line *line)
{
	const struct pack_line *last = index->count > 0 ? &index->list[index->count - 1] : NULL;

	return line->offset == pack_index_end(index) && line->length > 0 && line->size > 0 &&
	       line->size <= (int64_t)BUFFER_MAX && line->length <= (int64_t)BUFFER_MAX &&
	       strlen(line->digest) == DIGEST_TEXT - 1 &&
	       (text_equal(line->base, "-") ||
		       (last != NULL && text_equal(line->base, last->name)));
}

/* Written again it must be the same: nothing may hide in it. */
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
		pack_line_write(&line, &again);
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
			error_set(error, REMEDY_LOCAL, "%s: line %zu is none of lampwatch's", path,
				number);
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
	if (file_exists(path))
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
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	bool good = descriptor >= 0 &&
		    pread(descriptor, frame, (size_t)line->length, line->offset) == line->length;

	if (descriptor >= 0)
		close(descriptor);
	return good ||
	       error_set(error, REMEDY_LOCAL, "%s: %s cannot be read from it", path, line->name);
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

/* From the frame that leans on none, one after the other. start: whose tar stands in tar already;
 * NULL: none. */
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

bool pack_expand(const char *archive, const char *page, const char *month,
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

	pack_split(folder, &month, &name);
	path = archive_path(archive, page, month, PACK_INDEX);
	same_month = text_equal(last.index, path);
	if (same_month && text_equal(last.name, name))
		goto out;
	good = pack_index_read(archive, page, month, &index, error);
	line = good ? pack_find(&index, name) : NULL;
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

	pack_split(folder, &month, &name);
	has = pack_index_read(archive, page, month, &index, NULL) &&
	      pack_find(&index, name) != NULL;
	pack_index_release(&index);
	free(name);
	free(month);
	return has;
}

bool pack_read(const char *archive, const char *page, const char *folder, const char *name,
	struct buffer *out, struct error *error)
{
	const struct buffer *tar = tar_of(archive, page, folder, error);
	const char *found, *bytes, *slash;
	size_t at = 0, length;

	if (tar == NULL)
		return false;
	while (tar_next(tar, &at, &found, &bytes, &length)) {
		slash = strrchr(found, '/');
		if (text_equal(slash != NULL ? slash + 1 : found, name))
			return buffer_add(out, bytes, length) ||
			       error_set(error, REMEDY_LOCAL, "%s/%s/%s/%s: longer than %zu bytes",
				       archive, page, folder, name, out->maximum);
	}
	return error_set(error, REMEDY_LOCAL,
		"%s/%s/%s/%s: cannot be opened: no such file is packed", archive, page, folder,
		name);
}

bool pack_files(const char *archive, const char *page, const char *folder, struct text_list *names,
	struct error *error)
{
	const struct buffer *tar = tar_of(archive, page, folder, error);
	const char *found, *bytes, *slash;
	size_t at = 0, length;

	if (tar == NULL)
		return false;
	while (tar_next(tar, &at, &found, &bytes, &length)) {
		slash = strrchr(found, '/');
		text_list_add(names, slash != NULL ? slash + 1 : found);
	}
	return true;
}
