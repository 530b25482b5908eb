/* SPDX-License-Identifier: ISC */
#include "publish/cdxj.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

struct cdxj {
	const char *filename;
	char **lines; /* owned, each with its newline */
	size_t count;
};

struct cdxj *cdxj_new(const char *filename)
{
	struct cdxj *cdxj = memory_zero(1, sizeof *cdxj);

	cdxj->filename = filename;
	return cdxj;
}

void cdxj_free(struct cdxj *cdxj)
{
	if (cdxj == NULL)
		return;
	for (size_t i = 0; i < cdxj->count; i++)
		free(cdxj->lines[i]);
	free(cdxj->lines);
	free(cdxj);
}

/* Past "www.", "www2." …, which name no other site. */
static const char *without_www(const char *host)
{
	size_t digits;

	if (!text_starts(host, "www"))
		return host;
	digits = strspn(host + 3, "0123456789");
	return host[3 + digits] == '.' ? host + 3 + digits + 1 : host;
}

/* The labels of a host in reverse; an IPv6 address has none. */
static void add_host(struct buffer *out, const char *host, size_t length)
{
	size_t end = length;

	for (size_t i = host[0] != '[' ? length : 0; i-- > 0;)
		if (host[i] == '.') {
			buffer_add(out, host + i + 1, end - i - 1);
			buffer_byte(out, ',');
			end = i;
		}
	buffer_add(out, host, end);
}

char *cdxj_key(const char *url)
{
	char *lower = memory_string(url);
	struct buffer out = {0};
	const char *host, *colon, *usual;
	size_t authority, length;

	for (char *at = lower; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	if (!text_starts(lower, "http://") && !text_starts(lower, "https://")) {
		free(lower);
		return memory_string(url);
	}
	usual = text_starts(lower, "https:") ? ":443" : ":80";
	host = without_www(strstr(lower, "://") + 3);
	authority = strcspn(host, "/?#");
	colon = memrchr(host, ':', authority);
	if (colon != NULL && memchr(colon, ']', authority - (size_t)(colon - host)) != NULL)
		colon = NULL; /* inside of an IPv6 address */
	length = colon != NULL ? (size_t)(colon - host) : authority;
	add_host(&out, host, length);
	if (colon != NULL &&
		(authority - length != strlen(usual) || strncmp(colon, usual, strlen(usual)) != 0))
		buffer_add(&out, colon, authority - length);
	buffer_byte(&out, ')');
	buffer_text(&out, host[authority] == '/' ? "" : "/");
	buffer_add(&out, host + authority, strcspn(host + authority, "#"));
	free(lower);
	return buffer_take(&out);
}

static void add_text(struct buffer *out, const char *key, const char *text)
{
	buffer_format(out, "%s\"%s\": \"", out->data[out->length - 1] == '{' ? "" : ", ", key);
	json_escape(text, out);
	buffer_byte(out, '"');
}

void cdxj_add(struct cdxj *cdxj, const struct cdxj_entry *entry)
{
	struct buffer line = {0};
	char *key = cdxj_key(entry->url), date[DATE_TEXT_MAX];

	date_write(entry->time, date);
	buffer_format(&line, "%s ", key);
	for (const char *at = date; *at != '\0'; at++)
		if (isdigit((unsigned char)*at))
			buffer_byte(&line, *at);
	buffer_text(&line, " {");
	add_text(&line, "url", entry->url);
	if (!text_empty(entry->mime))
		add_text(&line, "mime", entry->mime);
	if (entry->status != 0)
		buffer_format(&line, ", \"status\": \"%d\"", entry->status);
	add_text(&line, "digest", entry->digest);
	buffer_format(&line, ", \"length\": \"%" PRId64 "\", \"offset\": \"%" PRId64 "\"",
		entry->place.length, entry->place.offset);
	add_text(&line, "filename", cdxj->filename);
	buffer_text(&line, "}\n");
	*(char **)memory_append(&cdxj->lines, &cdxj->count, sizeof *cdxj->lines) =
		memory_string(buffer_string(&line)); /* of just its size */
	buffer_release(&line);
	free(key);
}

static int bytewise(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool cdxj_write(struct cdxj *cdxj, gzip_put *put, void *context)
{
	bool good = true;

	if (cdxj->count > 0)
		qsort(cdxj->lines, cdxj->count, sizeof *cdxj->lines, bytewise);
	for (size_t i = 0; good && i < cdxj->count; i++)
		good = put(context, cdxj->lines[i], strlen(cdxj->lines[i]));
	return good;
}
