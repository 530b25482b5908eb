/* SPDX-License-Identifier: ISC */
#include "publish/wacz.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "publish/zip.h"
#include "settings.h"

enum { INDENT = 2, PAGES_MAX = 256 * 1024 * 1024 /* bytes of the list */ };

struct wacz {
	struct zip *zip;
	struct buffer pages;
	struct value *resources; /* of datapackage.json, as the files are written */
	char *main_url;          /* of the page listed last, and its time */
	int64_t main_time;
};

struct wacz *wacz_open(const char *path, struct error *error)
{
	struct zip *zip = zip_open(path, ZIP_MAX, error);
	struct wacz *wacz = zip != NULL ? memory_zero(1, sizeof *wacz) : NULL;

	if (wacz == NULL)
		return NULL;
	wacz->zip = zip;
	wacz->resources = value_list();
	wacz->pages.maximum = PAGES_MAX;
	buffer_text(&wacz->pages,
		"{\"format\": \"json-pages-1.0\", \"id\": \"pages\", \"title\": \"Snapshots\"}\n");
	zip_begin(zip, "archive/" WACZ_DATA);
	return wacz;
}

bool wacz_put(void *context, const void *bytes, size_t length)
{
	struct wacz *wacz = context;

	return zip_put(wacz->zip, bytes, length);
}

void wacz_page(struct wacz *wacz, const char *url, int64_t time, const char *title)
{
	struct value *page = value_map();
	char date[DATE_TEXT_MAX], id[DIGEST_TEXT], *seed;

	date_write(time, date);
	seed = memory_format("%s %s", date, url);
	digest_sha256(seed, strlen(seed), id);
	id[DIGEST_TEXT / 2] = '\0';
	value_put_text(page, "id", id);
	value_put_text(page, "url", url);
	value_put_text(page, "ts", date);
	value_put_text(page, "title", title);
	json_write(page, 0, &wacz->pages);
	buffer_byte(&wacz->pages, '\n');
	memory_set(&wacz->main_url, url);
	wacz->main_time = time;
	value_free(page);
	free(seed);
}

/* Ends the current file and lists it among the resources. */
static void end_resource(struct wacz *wacz, const char *path)
{
	struct value *resource = value_append(wacz->resources, value_map());
	char sha256[DIGEST_TEXT], hash[WARC_DIGEST_TEXT];
	int64_t length;

	zip_end(wacz->zip, &length, sha256);
	warc_digest(sha256, hash);
	value_put_text(resource, "name", strrchr(path, '/') + 1);
	value_put_text(resource, "path", path);
	value_put_text(resource, "hash", hash);
	value_put_number(resource, "bytes", length);
}

/* A file at the top level, which is not a resource. */
static void put_json(
	struct wacz *wacz, const char *name, const struct value *value, char sha256[DIGEST_TEXT])
{
	struct buffer text = {0};
	int64_t length;

	json_write(value, INDENT, &text);
	zip_begin(wacz->zip, name);
	zip_put(wacz->zip, buffer_string(&text), text.length);
	zip_end(wacz->zip, &length, sha256);
	buffer_release(&text);
}

static void put_package(struct wacz *wacz, const char *description, int64_t now)
{
	struct value *package = value_map(), *digest = value_map();
	char date[DATE_TEXT_MAX], sha256[DIGEST_TEXT], hash[WARC_DIGEST_TEXT];

	value_put_text(package, "profile", "data-package");
	value_put_text(package, "wacz_version", "1.1.1");
	value_put_text(package, "title", "What status pages said");
	value_put_text(package, "description", description);
	value_put_text(package, "software", "lampwatch/" LAMPWATCH_VERSION);
	date_write(now, date);
	value_put_text(package, "created", date);
	if (wacz->main_url != NULL) {
		value_put_text(package, "mainPageUrl", wacz->main_url);
		date_write(wacz->main_time, date);
		value_put_text(package, "mainPageDate", date);
	}
	value_put(package, "resources", wacz->resources);
	wacz->resources = NULL;
	put_json(wacz, "datapackage.json", package, sha256);
	warc_digest(sha256, hash);
	value_put_text(digest, "path", "datapackage.json");
	value_put_text(digest, "hash", hash);
	put_json(wacz, "datapackage-digest.json", digest, sha256);
	value_free(digest);
	value_free(package);
}

static void wacz_free(struct wacz *wacz)
{
	value_free(wacz->resources);
	buffer_release(&wacz->pages);
	free(wacz->main_url);
	free(wacz);
}

bool wacz_finish(struct wacz *wacz, struct cdxj *cdxj, const char *description, int64_t now,
	struct error *error)
{
	bool good;

	end_resource(wacz, "archive/" WACZ_DATA);
	zip_begin(wacz->zip, "indexes/index.cdx");
	cdxj_write(cdxj, zip_put, wacz->zip);
	end_resource(wacz, "indexes/index.cdx");
	zip_begin(wacz->zip, "pages/pages.jsonl");
	zip_put(wacz->zip, buffer_string(&wacz->pages), wacz->pages.length);
	end_resource(wacz, "pages/pages.jsonl");
	put_package(wacz, description, now);
	good = zip_finish(wacz->zip, error);
	wacz_free(wacz);
	return good;
}
