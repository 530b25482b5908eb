/* SPDX-License-Identifier: ISC
 *
 * A packed month of which somebody has altered the index (the first byte is even) or the frames: a
 * snapshot is read as it was kept, or it is said to be damaged. The rest of the input are the
 * edits.
 */
#include "archive/pack.h"

#include "archive/archive.h"
#include "archive/snapshot_reader.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "fuzz.h"

#define PAGE "one"
#define MONTH "2014/01"

/* The last lies in another month, which nobody alters: reading it makes the process forget the
 * others. */
static const char *const names[] = {MONTH "/2014-01-24T192000Z", MONTH "/2014-01-24T192000Z-2",
	MONTH "/2014-01-24T195200Z", "2014/02/2014-02-01T000000Z"};
enum { SNAPSHOTS = sizeof names / sizeof *names };

static char sums[SNAPSHOTS][DIGEST_TEXT];

/* The two files, as they were packed. */
static struct {
	char *path;
	uint8_t *bytes;
	size_t size;
} kept[2];

static char *text_of(size_t snapshot)
{
	return memory_format("reading 1\npage\tTest\toperational\t%zu\n", snapshot);
}

static void keep(const char *archive, size_t i)
{
	char *path = archive_path(archive, PAGE, names[i], NULL), *text = text_of(i);
	struct error error = {0};
	struct folder folder;

	folder_begin(&folder, path, &error);
	folder_put(&folder, "body", "<html>", strlen("<html>"));
	folder_put(&folder, "reading", text, strlen(text));
	MUST(folder_end(&folder, sums[i]) &&
		pack_snapshot(archive, PAGE, names[i], sums[i], &error));
	free(text);
	free(path);
}

static void make_archive(const char *archive)
{
	const char *const files[] = {PACK_INDEX, PACK_FILE};
	struct error error = {0};

	MUST(archive_prepare(archive, &error));
	for (size_t i = 0; i < SNAPSHOTS; i++)
		keep(archive, i);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		kept[i].path = archive_path(archive, PAGE, MONTH, files[i]);
		kept[i].bytes = fuzz_read(kept[i].path, &kept[i].size);
	}
}

static void check(const char *archive, size_t i)
{
	struct snapshot_files files = {0};
	struct error error = {0};
	char *text = text_of(i);

	if (snapshot_read(archive, PAGE, names[i], sums[i], &files, &error)) {
		const struct snapshot_file *reading = snapshot_files_find(&files, "reading");

		MUST(reading != NULL && text_equal(buffer_string(&reading->bytes), text));
		MUST(files.count == 3);
		snapshot_nothing_added(archive, PAGE, names[i], &files, &error);
		snapshot_files_release(&files);
	} else {
		MUST(error.remedy == REMEDY_LOCAL && error.text[0] != '\0' && i < SNAPSHOTS - 1);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *archive = fuzz_folder();
	struct error error = {0};
	uint8_t *edited;
	size_t altered, length;

	if (kept[0].path == NULL)
		make_archive(archive);
	if (size == 0)
		return 0;
	altered = data[0] % 2;
	edited = fuzz_edited(kept[altered].bytes, kept[altered].size, data + 1, size - 1, &length);
	fuzz_write(kept[altered].path, edited, length);
	for (size_t i = 0; i < SNAPSHOTS; i++)
		check(archive, i);
	if (!pack_mend(archive, PAGE, MONTH, &error))
		MUST(error.remedy == REMEDY_LOCAL);
	for (size_t i = 0; i < SNAPSHOTS; i++)
		check(archive, i);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		fuzz_write(kept[i].path, kept[i].bytes, kept[i].size);
	free(edited);
	return 0;
}
