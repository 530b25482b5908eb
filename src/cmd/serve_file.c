/* SPDX-License-Identifier: ISC */
#include "cmd/serve_file.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/serve_form.h"
#include "cmd/serve_opener.h"

enum { ETAG_MAX = 64, SNAPSHOT_DEPTH = 5 /* of /page/2014/01/folder/file */ };

/* A page of ours runs no script but the index's, whose source is filled in, and takes style and
 * pictures from beside it alone. */
#define PAGE_POLICY                                                                                \
	"default-src 'none'; script-src %s; style-src 'self' 'unsafe-inline'; img-src 'self' "     \
	"data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
#define OTHER_POLICY                                                                               \
	"default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"

static const struct {
	const char *ending, *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".xml", "application/atom+xml"},
	{".json", "application/json"},
	{".ics", "text/calendar; charset=utf-8"},
};

static size_t depth_of(const char *path)
{
	size_t depth = 0;

	for (; *path != '\0'; path++)
		depth += *path == '/';
	return depth;
}

const char *serve_type(const char *path)
{
	const char *name = strrchr(path, '/');

	if (depth_of(path) >= SNAPSHOT_DEPTH)
		return "text/plain";
	if (name == NULL || name[1] == '\0')
		return types[0].type;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (text_ends(name, types[i].ending))
			return types[i].type;
	return strchr(name, '.') == NULL ? "text/plain; charset=utf-8" : "application/octet-stream";
}

static bool take_number(const char **at, uint64_t *number)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*number = strtoull(*at, &end, 10);
	*at = end;
	return true;
}

enum serve_range serve_range(const char *header, uint64_t size, uint64_t *offset, uint64_t *length)
{
	uint64_t first = 0, last = size - 1, suffix = 0;
	bool has_first, has_last;

	*offset = 0;
	*length = size;
	if (header == NULL || !text_starts(header, "bytes="))
		return SERVE_WHOLE;
	header += strlen("bytes=");
	has_first = take_number(&header, &first);
	if (*header++ != '-')
		return SERVE_WHOLE;
	has_last = take_number(&header, has_first ? &last : &suffix);
	if (*header != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first))
		return SERVE_WHOLE;
	if (size == 0 || first >= size || (!has_first && suffix == 0))
		return SERVE_BEYOND;
	if (!has_first)
		first = suffix < size ? size - suffix : 0;
	if (last >= size)
		last = size - 1;
	*offset = first;
	*length = last - first + 1;
	return SERVE_PART;
}

bool serve_matches(const char *header, const char *etag)
{
	size_t length = strlen(etag);

	if (text_equal(header, "*"))
		return true;
	for (const char *at = header; at != NULL && *at != '\0';) {
		at += strspn(at, " \t,");
		if (strncmp(at, "W/", 2) == 0)
			at += 2;
		if (strncmp(at, etag, length) == 0 &&
			(at[length] == '\0' || strchr(" \t,", at[length]) != NULL))
			return true;
		at = strchr(at, ',');
	}
	return false;
}

/* IMF-fixdate (RFC 9110 section 5.6.7). */
static void write_date(int64_t time, char out[static DATE_TEXT_MAX])
{
	date_write_mail(time, out);
	if (text_ends(out, "+0000"))
		memcpy(out + strlen(out) - 5, "GMT", 4);
}

static bool is_known(const struct http_query *query, const char *etag, int64_t modified)
{
	const char *tags = query->header(query, "If-None-Match"),
		   *since = query->header(query, "If-Modified-Since");
	int64_t time;

	if (tags != NULL)
		return serve_matches(tags, etag);
	return since != NULL && date_parse(since, &time) && modified <= time;
}

/* A part is of use only to whoever has the rest of the same file (RFC 9110 section 13.1.5). */
static const char *range_header(const struct http_query *query, const char *etag)
{
	const char *condition = query->header(query, "If-Range");

	return condition == NULL || text_equal(condition, etag) ? query->header(query, "Range")
								: NULL;
}

/* The host of "host:port", "[::1]:port", either without a port, or "::1"; lower case, without
 * brackets. Owned by the caller. */
static char *host_of(const char *text)
{
	const char *colon = strchr(text, ':');
	const char *end = text[0] == '['                            ? strchr(text, ']')
			  : colon != NULL && strchr(colon + 1, ':') ? NULL
								    : colon;
	size_t skip = text[0] == '[';
	char *host = memory_bytes(
		     text + skip, (end != NULL ? (size_t)(end - text) : strlen(text)) - skip),
	     *lower = text_lower(host);

	free(host);
	return lower;
}

/* The bytes of a numeric address; 0 where it is none. */
static size_t parse_numeric(const char *host, unsigned char bytes[static 16])
{
	return inet_pton(AF_INET, host, bytes) == 1    ? 4
	       : inet_pton(AF_INET6, host, bytes) == 1 ? 16
						       : 0;
}

static bool is_own_address(const char *own, const char *host)
{
	static const unsigned char any[16], loopback[16] = {[15] = 1};
	unsigned char mine[16], theirs[16];
	size_t size = parse_numeric(own, mine), other = parse_numeric(host, theirs);
	bool all = size > 0 && memcmp(mine, any, size) == 0;
	bool here = size == 4 ? mine[0] == 127 : size > 0 && memcmp(mine, loopback, size) == 0;

	if (other > 0)
		return all || (other == size && memcmp(mine, theirs, size) == 0);
	return (all || here) && text_equal(host, "localhost");
}

bool serve_host(const char *listen, const struct text_list *hosts, const char *header)
{
	char *own = host_of(listen), *host = host_of(header != NULL ? header : "");
	bool ours = is_own_address(own, host);

	for (size_t i = 0; i < hosts->count && !ours; i++) {
		char *allowed = host_of(hosts->list[i]);

		ours = host[0] != '\0' && text_equal(allowed, host);
		free(allowed);
	}
	free(own);
	free(host);
	return ours;
}

static void refuse(struct http_answer *answer, int status, const char *text)
{
	answer->status = status;
	answer->text = text;
	http_answer_header(answer, "Content-Type", "text/plain; charset=utf-8");
	http_answer_header(answer, "Content-Security-Policy", "%s", OTHER_POLICY);
}

static void send_file(const struct served *served, const struct http_query *query,
	const struct stat *status, struct http_answer *answer)
{
	uint64_t size = (uint64_t)status->st_size;
	const char *type = serve_type(query->path);
	char etag[ETAG_MAX], date[DATE_TEXT_MAX];
	enum serve_range range;

	snprintf(etag, sizeof etag, "\"%" PRIx64 "-%" PRIx64 "-%lx-%lx\"", (uint64_t)status->st_ino,
		size, (unsigned long)status->st_mtim.tv_sec,
		(unsigned long)status->st_mtim.tv_nsec);
	write_date(status->st_mtim.tv_sec, date);
	http_answer_header(answer, "Content-Type", "%s", type);
	http_answer_header(answer, "ETag", "%s", etag);
	http_answer_header(answer, "Last-Modified", "%s", date);
	http_answer_header(answer, "Accept-Ranges", "bytes");
	if (text_starts(type, "text/html"))
		http_answer_header(answer, "Content-Security-Policy", PAGE_POLICY, served->script);
	else
		http_answer_header(answer, "Content-Security-Policy", "%s", OTHER_POLICY);
	range = serve_range(range_header(query, etag), size, &answer->offset, &answer->length);
	answer->status = 200;
	if (is_known(query, etag, status->st_mtim.tv_sec)) {
		answer->status = 304;
		answer->length = 0;
	} else if (range == SERVE_PART) {
		answer->status = 206;
		http_answer_header(answer, "Content-Range",
			"bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, answer->offset,
			answer->offset + answer->length - 1, size);
	} else if (range == SERVE_BEYOND) {
		answer->status = 416;
		answer->length = 0;
		http_answer_header(answer, "Content-Range", "bytes */%" PRIu64, size);
	}
}

bool serve_takes(void *context, const char *path)
{
	const struct served *served = context;

	return served->forms != NULL && serve_form_is(path);
}

static void answer_file(
	const struct served *served, const struct http_query *query, struct http_answer *answer)
{
	struct stat status;
	bool folder = false;

	http_answer_header(answer, "Cache-Control", "no-cache");
	answer->file = serve_open(served->opener, query->path, &folder);
	if (answer->file >= 0 && fstat(answer->file, &status) == 0) {
		send_file(served, query, &status, answer);
	} else if (folder) {
		http_answer_header(answer, "Location", "%s/", strrchr(query->path, '/') + 1);
		refuse(answer, 301, "the folder's index\n");
	} else {
		refuse(answer, 404, "no such page\n");
	}
}

void serve_answer(void *context, const struct http_query *query, struct http_answer *answer)
{
	const struct served *served = context;

	http_answer_header(answer, "X-Content-Type-Options", "nosniff");
	http_answer_header(answer, "Referrer-Policy", "no-referrer");
	if (!serve_host(served->listen, served->hosts, query->header(query, "Host")))
		refuse(answer, 421, "this is not the address of that host (\"serve_hosts\")\n");
	else if (serve_takes(context, query->path))
		serve_form_answer(served->forms, query, answer);
	else
		answer_file(served, query, answer);
}
