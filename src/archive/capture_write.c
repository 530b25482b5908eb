/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/capture.h"
#include "archive/private_body.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "settings.h"

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
