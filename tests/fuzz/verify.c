/* SPDX-License-Identifier: ISC
 *
 * An archive of which somebody has altered one file, SHA256SUMS, heads and signature among them: it
 * is never taken for whole. The first byte says which file, the rest are the edits.
 */
#include "archive/verify.h"

#include <ftw.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "archive/chain_heads.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/signature.h"
#include "base/text.h"
#include "fuzz.h"

#define PAGE "one"

static const struct {
	const char *folder, *time, *reading;
} snapshots[] = {{"2014/01/2014-01-24T192000Z", "2014-01-24T19:20:00Z",
			 "reading 1\npage\tTest\tmajor_outage\t\n"},
	{"2014/01/2014-01-24T195200Z", "2014-01-24T19:52:00Z",
		"reading 1\npage\tTest\toperational\t\n"}};

static struct buffer chain, public;
static struct text_list paths;

static void keep(const char *archive, size_t i, char before[static DIGEST_TEXT])
{
	char *path = archive_path(archive, PAGE, snapshots[i].folder, NULL), *text;
	struct chain_line line = {.type = "snapshot", .sequence = (int64_t)i + 1};
	struct error error = {0};
	struct folder folder;

	folder_begin(&folder, path, &error);
	folder_put(&folder, "body", "<html>", strlen("<html>"));
	folder_put(&folder, "capture", "page: one\n", strlen("page: one\n"));
	folder_put(&folder, "reading", snapshots[i].reading, strlen(snapshots[i].reading));
	MUST(folder_end(&folder, line.sums));
	snprintf(line.time, sizeof line.time, "%s", snapshots[i].time);
	snprintf(line.folder, sizeof line.folder, "%s", snapshots[i].folder);
	memcpy(line.before, before, DIGEST_TEXT);
	text = chain_line_write(&line);
	chain_line_digest(text, before);
	buffer_format(&chain, "%s\n", text);
	free(text);
	free(path);
}

static int list_file(const char *path, const struct stat *status, int type)
{
	(void)status;
	if (type == FTW_F)
		text_list_add(&paths, path);
	return 0;
}

static void make_archive(const char *archive)
{
	char *path = archive_path(archive, PAGE, "chain", NULL), before[DIGEST_TEXT];
	struct signature_key *key = signature_key_new();
	struct chain_heads heads = {0};
	struct buffer text = {0};
	struct error error = {0};

	buffer_text(&chain, CHAIN_HEAD "\n");
	chain_line_digest(CHAIN_HEAD, before);
	for (size_t i = 0; i < sizeof snapshots / sizeof *snapshots; i++)
		keep(archive, i, before);
	MUST(file_write(path, chain.data, chain.length, 0644, &error));
	chain_heads_add(&heads, PAGE, sizeof snapshots / sizeof *snapshots, before);
	chain_heads_write(&heads, &text);
	MUST(chain_heads_publish(archive, &text, key, &error));
	signature_public(key, &public);
	MUST(ftw(archive, list_file, 8) == 0);
	text_list_sort(&paths);
	chain_heads_release(&heads);
	signature_key_free(key);
	buffer_release(&text);
	free(path);
}

static bool is_whole(const char *archive)
{
	const struct verification with = {.archive = archive, .public = &public};
	struct verified verified = {0};
	struct error error = {0};
	bool whole = verify(&with, &verified, NULL, &error);

	MUST(whole || (error.remedy == REMEDY_LOCAL && error.text[0] != '\0'));
	MUST(!whole || (verified.by_known_key && verified.snapshots == 2));
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char *archive;
	uint8_t *bytes, *edited;
	size_t length, edited_length;
	const char *path;

	if (archive == NULL) {
		archive = memory_format("%s/archive", fuzz_folder());
		make_archive(archive);
		MUST(is_whole(archive));
	}
	if (size == 0)
		return 0;
	path = paths.list[data[0] % paths.count];
	bytes = fuzz_read(path, &length);
	edited = fuzz_edited(bytes, length, data + 1, size - 1, &edited_length);
	fuzz_write(path, edited, edited_length);
	MUST(is_whole(archive) == (edited_length == length && memcmp(edited, bytes, length) == 0));
	fuzz_write(path, bytes, length);
	free(edited);
	free(bytes);
	return 0;
}
