/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "net/http_p.h"

enum {
	ANY = UINT32_MAX - 1, /* the maximum of a text that is believed */
	NONE = UINT32_MAX,    /* in place of a text's length */
	STATUS_MAX = 999,
	BLOCK = 256 * 1024,    /* bytes read at a time */
	READ_MAX = 512 * 1024, /* bytes read before something is done with them */
	ADDRESS_MAX = 256,
	VERSION_MAX = 8,
};

/* A text of a struct. */
struct text_row {
	size_t offset, maximum;          /* bytes */
	bool (*sound)(const char *text); /* NULL: it may say anything */
};

/* A number of a struct. */
struct number_row {
	size_t offset, size; /* bytes */
};

#define NUMBER(type, member)                                                                       \
	{                                                                                          \
		offsetof(struct type, member), sizeof(((struct type *)0)->member)                  \
	}

/* ---- writing ---- */

static size_t begin(struct buffer *out, enum wire_type type, uint64_t id)
{
	const struct wire_head head = {(uint32_t)type, 0, id};

	buffer_add(out, &head, sizeof head);
	return out->length;
}

/* Now that its length is known. */
static void end(struct buffer *out, size_t from)
{
	const uint32_t length = (uint32_t)(out->length - from);

	memcpy(out->data + from - sizeof(struct wire_head) + offsetof(struct wire_head, length),
		&length, sizeof length);
}

void wire_signal(struct buffer *out, enum wire_type type, uint64_t id)
{
	begin(out, type, id);
}

/* Member by member: between them lies what nobody has set. */
static void add_numbers(
	struct buffer *out, const void *base, const struct number_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_add(out, (const char *)base + rows[i].offset, rows[i].size);
}

/* With its NUL, so that it can be used where it stands. */
static void add_texts(
	struct buffer *out, const void *base, const struct text_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *text = *(const char *const *)((const char *)base + rows[i].offset);
		const size_t size = text != NULL ? strlen(text) : 0;
		const uint32_t length = text != NULL ? (uint32_t)size : NONE;

		buffer_add(out, &length, sizeof length);
		if (text != NULL)
			buffer_add(out, text, size + 1);
	}
}

/* ---- reading ---- */

struct rest {
	const char *at, *end;
};

static bool take(struct rest *rest, void *bytes, size_t length)
{
	if ((size_t)(rest->end - rest->at) < length)
		return false;
	memcpy(bytes, rest->at, length);
	rest->at += length;
	return true;
}

static bool take_numbers(struct rest *rest, void *base, const struct number_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!take(rest, (char *)base + rows[i].offset, rows[i].size))
			return false;
	return true;
}

static bool take_text(struct rest *rest, const struct text_row *row, const char **text)
{
	uint32_t length;

	*text = NULL;
	if (!take(rest, &length, sizeof length))
		return false;
	if (length == NONE)
		return true;
	if (length > row->maximum || (size_t)(rest->end - rest->at) <= length ||
		memchr(rest->at, '\0', length + 1) != rest->at + length)
		return false;
	*text = rest->at;
	rest->at += length + 1;
	return row->sound == NULL || row->sound(*text);
}

/* owned: as copies. */
static bool take_texts(
	struct rest *rest, void *base, const struct text_row *rows, size_t count, bool owned)
{
	for (size_t i = 0; i < count; i++) {
		const char *text;

		if (!take_text(rest, &rows[i], &text))
			return false;
		if (owned)
			*(char **)((char *)base + rows[i].offset) = memory_string(text);
		else
			*(const char **)((char *)base + rows[i].offset) = text;
	}
	return true;
}

/* ---- to the fetcher ---- */

#define ROWS(table) (table), sizeof(table) / sizeof(table)[0]

static const struct text_row settings_texts[] = {
	{offsetof(struct http_settings, user_agent), ANY, NULL},
	{offsetof(struct http_settings, ca_file), ANY, NULL},
	{offsetof(struct http_settings, check_ca_files), ANY, NULL},
};

static const struct text_row request_texts[] = {
	{offsetof(struct http_request, url), ANY, NULL},
	{offsetof(struct http_request, etag), ANY, NULL},
	{offsetof(struct http_request, last_modified), ANY, NULL},
	{offsetof(struct http_request, body_digest), ANY, NULL},
	{offsetof(struct http_request, guard), ANY, NULL},
};

static const struct number_row settings_numbers[] = {
	NUMBER(http_settings, in_flight),
	NUMBER(http_settings, per_host),
};

static const struct number_row request_numbers[] = {
	NUMBER(http_request, connect_timeout),
	NUMBER(http_request, total_timeout),
	NUMBER(http_request, body_maximum),
	NUMBER(http_request, redirects),
	NUMBER(http_request, wants_sha1),
};

void wire_settings(struct buffer *out, const struct http_settings *settings)
{
	size_t from = begin(out, WIRE_SETTINGS, 0);

	add_numbers(out, settings, ROWS(settings_numbers));
	add_texts(out, settings, ROWS(settings_texts));
	end(out, from);
}

bool wire_settings_take(const char *bytes, size_t length, struct http_settings *settings)
{
	struct rest rest = {bytes, bytes + length};

	*settings = (struct http_settings){0};
	return take_numbers(&rest, settings, ROWS(settings_numbers)) &&
	       take_texts(&rest, settings, ROWS(settings_texts), false);
}

void wire_request(struct buffer *out, uint64_t id, const struct http_request *request)
{
	size_t from = begin(out, WIRE_GET, id);

	add_numbers(out, request, ROWS(request_numbers));
	add_texts(out, request, ROWS(request_texts));
	end(out, from);
}

bool wire_request_take(const char *bytes, size_t length, struct http_request *request)
{
	struct rest rest = {bytes, bytes + length};

	*request = (struct http_request){0};
	return take_numbers(&rest, request, ROWS(request_numbers)) &&
	       take_texts(&rest, request, ROWS(request_texts), false) && request->url != NULL;
}

static const struct text_row check_texts[] = {
	{offsetof(struct check, name), ANY, NULL},
	{offsetof(struct check, target), ANY, NULL},
	{offsetof(struct check, status), ANY, NULL},
	{offsetof(struct check, contains), ANY, NULL},
	{offsetof(struct check, matches), ANY, NULL},
	{offsetof(struct check, header), ANY, NULL},
	{offsetof(struct check, record), ANY, NULL},
	{offsetof(struct check, answers), ANY, NULL},
	{offsetof(struct check, server), ANY, NULL},
	{offsetof(struct check, ca_file), ANY, NULL},
};

static const struct number_row check_numbers[] = {
	NUMBER(check, type),
	NUMBER(check, redirects),
	NUMBER(check, within),
	NUMBER(check, total),
	NUMBER(check, days),
};

static const struct number_row check_request_numbers[] = {
	NUMBER(check_request, family),
	NUMBER(check_request, connect_timeout),
	NUMBER(check_request, body_maximum),
};

static const struct text_row guard_text = {offsetof(struct check_request, guard), ANY, NULL};

void wire_check(struct buffer *out, uint64_t id, const struct check_request *request)
{
	size_t from = begin(out, WIRE_CHECK, id);

	add_numbers(out, request->check, ROWS(check_numbers));
	add_numbers(out, request, ROWS(check_request_numbers));
	add_texts(out, request->check, ROWS(check_texts));
	add_texts(out, request, &guard_text, 1);
	end(out, from);
}

bool wire_check_take(
	const char *bytes, size_t length, struct check *check, struct check_request *request)
{
	struct rest rest = {bytes, bytes + length};

	*check = (struct check){0};
	*request = (struct check_request){0};
	if (!take_numbers(&rest, check, ROWS(check_numbers)) ||
		!take_numbers(&rest, request, ROWS(check_request_numbers)) ||
		!take_texts(&rest, check, ROWS(check_texts), false) ||
		!take_texts(&rest, request, &guard_text, 1, false) || check->target == NULL)
		return false;
	request->check = check;
	return true;
}

/* ---- from the fetcher ---- */

/* As it may stand in a header. */
static bool is_value(const char *text)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
			return false;
	return true;
}

static bool is_digest(const char *text)
{
	return strlen(text) == DIGEST_TEXT - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_TEXT - 1;
}

static bool is_base32(const char *text)
{
	return strlen(text) == DIGEST_BASE32 - 1 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == DIGEST_BASE32 - 1;
}

/* All but requested_url, which the client knows better. What a page or its server may have
 * written is anything. */
static const struct text_row response_texts[] = {
	{offsetof(struct http_response, headers), HTTP_HEADERS_MAX, NULL},
	{offsetof(struct http_response, etag), HTTP_HEADER_VALUE_MAX, is_value},
	{offsetof(struct http_response, last_modified), HTTP_HEADER_VALUE_MAX, is_value},
	{offsetof(struct http_response, final_url), HTTP_URL_MAX, NULL},
	{offsetof(struct http_response, redirects), HTTP_PASSED_MAX, NULL},
	{offsetof(struct http_response, request_headers), HTTP_REQUEST_HEADERS_MAX, NULL},
	{offsetof(struct http_response, address), ADDRESS_MAX, is_value},
	{offsetof(struct http_response, http_version), VERSION_MAX, is_value},
	{offsetof(struct http_response, certificate), DIGEST_TEXT, is_digest},
	{offsetof(struct http_response, sha1), DIGEST_BASE32, is_base32},
	{offsetof(struct http_response, mislabelled), HTTP_HEADER_VALUE_MAX, NULL},
};

static const struct text_row error_text = {0, ERROR_TEXT_MAX - 1, NULL};

/* What of a response is no text, and of its error. The text of the error and the body follow. */
struct numbers {
	int64_t retry_after, began, ended;
	int32_t status, network, sent, same, remedy, number;
	uint32_t body;   /* bytes */
	uint32_t unused; /* no byte that nobody has set crosses */
};

void wire_response(struct buffer *out, uint64_t id, const struct http_response *response,
	const struct error *error)
{
	const struct numbers numbers = {response->retry_after, response->began, response->ended,
		response->status, (int32_t)response->network, response->sent, response->same,
		error != NULL ? (int32_t)error->remedy : 0, error != NULL ? error->number : 0,
		(uint32_t)response->body.length, 0};
	const char *text = error != NULL ? error->text : NULL;
	size_t from = begin(out, WIRE_DONE, id);

	buffer_add(out, &numbers, sizeof numbers);
	add_texts(out, response, ROWS(response_texts));
	add_texts(out, &text, &error_text, 1);
	buffer_add(out, buffer_string(&response->body), response->body.length);
	end(out, from);
}

static bool are_sound(const struct numbers *numbers, const struct http_request *request)
{
	return numbers->status >= 0 && numbers->status <= (int32_t)STATUS_MAX &&
	       numbers->retry_after >= 0 && numbers->retry_after <= HTTP_RETRY_AFTER_MAX &&
	       numbers->began >= 0 && numbers->ended >= 0 &&
	       numbers->network >= HTTP_NETWORK_UNKNOWN &&
	       numbers->network <= HTTP_NETWORK_PRIVATE && numbers->number >= 0 &&
	       numbers->body <= request->body_maximum &&
	       (numbers->same == 0 || (request->body_digest != NULL && numbers->status == 200 &&
					      numbers->remedy == 0 && numbers->body == 0)) &&
	       (numbers->remedy == 0 || numbers->remedy == REMEDY_LATER ||
		       numbers->remedy == REMEDY_PAGE || numbers->remedy == REMEDY_LOCAL);
}

bool wire_response_take(const char *bytes, size_t length, const struct http_request *request,
	struct http_response *response, struct error *error)
{
	struct rest rest = {bytes, bytes + length};
	struct numbers numbers;
	const char *text = NULL;

	*response = (struct http_response){0};
	if (!take(&rest, &numbers, sizeof numbers) || !are_sound(&numbers, request) ||
		!take_texts(&rest, response, ROWS(response_texts), true) ||
		!take_text(&rest, &error_text, &text) || (text != NULL) != (numbers.remedy != 0) ||
		(size_t)(rest.end - rest.at) != numbers.body) {
		http_response_release(response);
		return false;
	}
	*error = (struct error){0};
	if (text != NULL)
		error_set(error, (enum remedy)numbers.remedy, "%s", text);
	error->number = numbers.number;
	response->retry_after = numbers.retry_after;
	response->began = numbers.began;
	response->ended = numbers.ended;
	response->status = numbers.status;
	response->network = (enum http_network)numbers.network;
	response->sent = numbers.sent != 0;
	response->same = numbers.same != 0;
	response->requested_url = memory_string(request->url);
	response->body.maximum = (size_t)request->body_maximum;
	buffer_expect(&response->body, numbers.body);
	buffer_add(&response->body, rest.at, numbers.body);
	return true;
}

void wire_checked(struct buffer *out, uint64_t id, const struct check_answer *answer,
	const struct error *error)
{
	size_t from = begin(out, WIRE_CHECKED, id);

	check_answer_write(out, answer, error);
	end(out, from);
}

/* ---- the socket ---- */

size_t wire_left(const struct wire *wire)
{
	return wire->bytes.length - wire->at;
}

/* Forgets what is done with, where that is little work. */
static void tidy(struct wire *wire)
{
	size_t left = wire_left(wire);

	if (left > wire->at)
		return;
	memmove(wire->bytes.data, wire->bytes.data + wire->at, left);
	buffer_cut(&wire->bytes, left);
	wire->at = 0;
}

bool wire_next(struct wire *in, struct wire_head *head, const char **bytes)
{
	const size_t left = wire_left(in);

	if (left < sizeof *head)
		return false;
	memcpy(head, in->bytes.data + in->at, sizeof *head);
	if (left - sizeof *head < head->length)
		return false;
	*bytes = in->bytes.data + in->at + sizeof *head;
	in->at += sizeof *head + head->length;
	return true;
}

bool wire_read(int descriptor, struct wire *in)
{
	struct buffer *bytes = &in->bytes;
	ssize_t got = 0;

	if (in->at > 0)
		tidy(in);
	for (size_t all = 0; all < READ_MAX; all += (size_t)got) {
		buffer_expect(bytes, BLOCK);
		do
			got = read(descriptor, bytes->data + bytes->length, BLOCK);
		while (got < 0 && errno == EINTR);
		if (got <= 0)
			return got < 0 && errno == EAGAIN;
		bytes->length += (size_t)got;
		if (got < BLOCK)
			return true;
	}
	return true;
}

bool wire_write(int descriptor, struct wire *out)
{
	while (wire_left(out) > 0) {
		ssize_t wrote = write(descriptor, out->bytes.data + out->at, wire_left(out));

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0 && errno != EAGAIN)
			return false;
		if (wrote < 0)
			break;
		out->at += (size_t)wrote;
	}
	if (out->at > 0)
		tidy(out);
	return true;
}
