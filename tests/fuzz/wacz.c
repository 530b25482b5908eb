/* SPDX-License-Identifier: ISC
 *
 * WACZ files of any data, addresses and titles: their lists are JSON and say of each file in them
 * what is true. The first line is the data; of the others each is a page's address, a tab, and its
 * title.
 */
#include "publish/wacz.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "fuzz.h"
#include "publish/warc.h"
#include "zip.h"

enum { FILES_MAX = 8 };

struct files {
	struct zip_file list[FILES_MAX];
	size_t count;
};

static void take(void *context, const struct zip_file *file)
{
	struct files *files = context;

	MUST(files->count < FILES_MAX);
	files->list[files->count++] = *file;
}

static const struct zip_file *find(const struct files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->list[i].name_length == strlen(name) &&
			memcmp(files->list[i].name, name, strlen(name)) == 0)
			return &files->list[i];
	MUST(false);
}

static struct value *parse(const uint8_t *bytes, size_t length)
{
	struct error error = {0};
	struct value *value = json_parse((const char *)bytes, length, &error);

	MUST(value != NULL);
	return value;
}

/* What a list says of a file: its path and its digest. */
static void check_hash(const struct files *files, const struct value *said)
{
	const struct zip_file *file = find(files, value_get_text(said, "path"));
	char sha256[DIGEST_TEXT], hash[WARC_DIGEST_TEXT];

	digest_sha256(file->bytes, file->length, sha256);
	warc_digest(sha256, hash);
	MUST(text_equal(value_get_text(said, "hash"), hash));
}

static void check_package(const struct files *files)
{
	const struct zip_file *file = find(files, "datapackage.json");
	struct value *package = parse(file->bytes, file->length), *digest;
	const struct value *resources = value_get(package, "resources");

	MUST(resources != NULL && resources->count == 3 && files->count == 5);
	for (size_t i = 0; i < resources->count; i++)
		check_hash(files, resources->members[i]);
	file = find(files, "datapackage-digest.json");
	digest = parse(file->bytes, file->length);
	check_hash(files, digest);
	value_free(digest);
	value_free(package);
}

static void check_pages(const struct files *files, size_t count)
{
	const struct zip_file *pages = find(files, "pages/pages.jsonl");
	const uint8_t *at = pages->bytes, *end = at + pages->length, *newline;
	size_t lines = 0;

	for (; (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1, lines++)
		value_free(parse(at, (size_t)(newline - at)));
	MUST(at == end && lines == count + 1); /* the head line */
}

static char *repaired(const char *text)
{
	struct buffer out = {0};

	text_repair(&out, text, strlen(text));
	return buffer_take(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = memory_format("%s/wacz", fuzz_folder()), *text = fuzz_string(data, size);
	char *rest = text, *line = strsep(&rest, "\n");
	struct error error = {0};
	struct wacz *wacz = wacz_open(path, &error);
	struct cdxj *cdxj = cdxj_new(WACZ_DATA);
	struct files files = {0};
	size_t pages = 0, written;
	uint8_t *bytes;

	MUST(wacz != NULL && wacz_put(wacz, line, strlen(line)));
	for (; (line = strsep(&rest, "\n")) != NULL; pages++) {
		char *page = repaired(line), *title = page, *url = strsep(&title, "\t");

		wacz_page(wacz, url, (int64_t)pages, title != NULL ? title : "");
		cdxj_add(cdxj, &(struct cdxj_entry){
				       url, (int64_t)pages, "text/html", 200, "sha256:", {0}});
		free(page);
	}
	MUST(wacz_finish(wacz, cdxj, "a description", 0, &error));
	cdxj_free(cdxj);
	bytes = fuzz_read(path, &written);
	zip_walk(bytes, written, take, &files);
	check_package(&files);
	check_pages(&files, pages);
	free(bytes);
	free(text);
	free(path);
	return 0;
}
