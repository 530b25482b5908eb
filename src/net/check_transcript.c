/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check_p.h"

/* JSON makes at most six bytes of one; the rest is small. */
_Static_assert(6 * (CHECK_KEPT_MAX + CHECK_HEADERS_KEPT + CHECK_REDIRECTS_KEPT +
			   2 * CHECK_LINES_KEPT + CHECK_RECORDS_KEPT) +
			       64 * 1024 <
		       CHECK_TRANSCRIPT_MAX,
	"a transcript has room for what is kept");

/* Fields that carry credentials, or an address that may. Location is kept, without its secrets. */
static const char *const secret_fields[] = {"Set-Cookie", "Set-Cookie2", "Cookie", "Authorization",
	"Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info",
	"Proxy-Authentication-Info", "Content-Location", "Refresh", "Link"};

static const char location[] = "Location";

/* ---- pieces ---- */

/* UTF-8 without NUL, for JSON. */
static void add_text(struct buffer *text, const char *bytes, size_t length)
{
	for (size_t part; length > 0; bytes += part, length -= part) {
		part = strnlen(bytes, length);
		text_repair(text, bytes, part);
		if (part < length) {
			text_add_character(text, 0xfffd);
			part++;
		}
	}
}

static struct value *text_value(const char *bytes, size_t length)
{
	struct buffer text = {0};
	struct value *value;

	add_text(&text, bytes, length);
	value = value_text(buffer_string(&text));
	buffer_release(&text);
	return value;
}

static void put_time(struct value *map, const char *key, int64_t milliseconds)
{
	char date[DATE_TEXT_MAX], *text;

	date_write(milliseconds / 1000, date);
	text = memory_format("%.19s.%03dZ", date, (int)(milliseconds % 1000));
	value_put_text(map, key, text);
	free(text);
}

static void put_elapsed(struct value *map, const char *key, int64_t milliseconds)
{
	if (milliseconds != CHECK_NOT_REACHED)
		value_put_number(map, key, milliseconds);
}

static void put_found(struct value *map, const char *key, const char *text)
{
	if (!text_empty(text))
		value_put(map, key, text_value(text, strlen(text)));
}

/* The text's lines as a list; nothing where there are none. */
static void put_lines(struct value *map, const char *key, const char *text, size_t length)
{
	const char *end = text + length;
	struct value *list;

	if (length == 0)
		return;
	list = value_put(map, key, value_list());
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((stop != NULL ? stop : end) - text);
		bool carriage = line > 0 && text[line - 1] == '\r';

		if (line > carriage)
			value_append(list, text_value(text, line - carriage));
		text += line + (stop != NULL);
	}
}

/* ---- header fields ---- */

static bool is_field(const char *line, const char *name)
{
	return strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':';
}

static bool is_secret(const char *line)
{
	for (size_t i = 0; i < sizeof secret_fields / sizeof *secret_fields; i++)
		if (is_field(line, secret_fields[i]))
			return true;
	return false;
}

/* Where a redirect leads; a reference without a scheme loses its query all the same. */
static void add_location(struct buffer *out, const char *line)
{
	const char *value = line + sizeof location;
	char *text, *public;

	value += strspn(value, " \t");
	text = memory_bytes(value, strcspn(value, "\r\n"));
	if (strstr(text, "//") != NULL) {
		public = http_url_public(text);
	} else {
		text[strcspn(text, "?#")] = '\0';
		public = memory_string(text);
	}
	buffer_format(out, "%s: %s\n", location, public);
	free(public);
	free(text);
}

/* A folded line belongs to the one before it. */
static void put_headers(struct value *map, const char *headers)
{
	struct buffer kept = {.maximum = CHECK_HEADERS_KEPT};
	bool secret = false;
	size_t length;

	for (const char *line = headers; line != NULL && *line != '\0'; line += length) {
		length = strcspn(line, "\n");
		length += line[length] == '\n';
		if (line[0] != ' ' && line[0] != '\t')
			secret = is_secret(line);
		if (secret)
			continue;
		if (is_field(line, location)) {
			add_location(&kept, line);
			secret = true; /* what is folded below it */
		} else {
			buffer_add(&kept, line, length);
		}
	}
	put_lines(map, "headers", buffer_string(&kept), kept.length);
	buffer_release(&kept);
}

/* ---- the whole ---- */

static void put_body(struct value *map, const struct check_measure *measure)
{
	const size_t length = measure->body.length;
	char digest[DIGEST_TEXT];

	if (measure->status == 0)
		return;
	digest_sha256(buffer_string(&measure->body), length, digest);
	value_put_number(map, "body_length", (int64_t)length);
	value_put_text(map, "body_sha256", digest);
}

static void put_records(struct value *map, const struct text_list *records)
{
	struct buffer lines = {.maximum = CHECK_RECORDS_KEPT};

	for (size_t i = 0; i < records->count; i++)
		buffer_format(&lines, "%s\n", records->list[i]);
	put_lines(map, "records", buffer_string(&lines), lines.length);
	buffer_release(&lines);
}

static void put_certificate(struct value *map, const struct check_measure *measure)
{
	char date[DATE_TEXT_MAX];

	put_found(map, "certificate", measure->certificate);
	if (measure->certificate_ends == 0)
		return;
	date_write(measure->certificate_ends, date);
	value_put_text(map, "certificate_ends", date);
}

/* Of the address that was reached, else the one that was asked for. */
static const char *family_name(const struct check_measure *measure)
{
	if (!text_empty(measure->address))
		return measure->address[0] == '[' ? "IPv6" : "IPv4";
	return measure->family == CHECK_IPV6 ? "IPv6" : measure->family == CHECK_IPV4 ? "IPv4" : "";
}

void check_transcribe(struct check_measure *measure, struct check_answer *answer)
{
	struct value *map = value_map();
	const struct {
		const char *key;
		int64_t milliseconds;
	} times[] = {{"lookup_ms", measure->lookup}, {"connect_ms", measure->connect},
		{"tls_ms", measure->tls}, {"first_byte_ms", measure->first_byte},
		{"total_ms", measure->total}};

	put_found(map, "family", family_name(measure));
	put_found(map, "address", measure->address);
	put_time(map, "began", measure->began);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		put_elapsed(map, times[i].key, times[i].milliseconds);
	if (measure->status != 0)
		value_put_number(map, "status", measure->status);
	put_headers(map, measure->headers);
	put_certificate(map, measure);
	put_body(map, measure);
	if (measure->redirects != NULL)
		put_lines(map, "redirects", measure->redirects,
			strnlen(measure->redirects, CHECK_REDIRECTS_KEPT));
	put_lines(map, "greeting", buffer_string(&measure->greeting), measure->greeting.length);
	put_lines(map, "capabilities", buffer_string(&measure->capabilities),
		measure->capabilities.length);
	put_records(map, &measure->records);
	put_found(map, "detail", measure->detail);
	value_put_text(map, "state", check_state_names[answer->state]);
	value_put_text(map, "word", answer->word);
	answer->transcript.maximum = CHECK_TRANSCRIPT_MAX;
	json_write(map, 0, &answer->transcript);
	value_free(map);
	answer->body = measure->body;
	measure->body = (struct buffer){0};
	if (answer->body.length > CHECK_KEPT_MAX)
		buffer_cut(&answer->body, CHECK_KEPT_MAX);
}

void check_answer_json(const struct check_answer *answer, struct buffer *out)
{
	const struct buffer *transcript = &answer->transcript;
	struct buffer text = {0};

	if (answer->body.length == 0) {
		buffer_add(out, buffer_string(transcript), transcript->length);
		return;
	}
	add_text(&text, buffer_string(&answer->body), answer->body.length);
	buffer_add(out, buffer_string(transcript), transcript->length - 1);
	buffer_text(out, ",\"body\":\"");
	json_escape(buffer_string(&text), out);
	buffer_text(out, "\"}");
	buffer_release(&text);
}
