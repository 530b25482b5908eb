/* SPDX-License-Identifier: ISC
 *
 * A service's description put to use: requests and answers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config.h"
#include "tell/service.h"
#include "tell/service_p.h"

/* ---- values filled in ---- */

/* RFC 3986 section 3.3: what may stand in a segment of a path as it is. */
static void add_segment(struct buffer *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~!$&'()*+,;=:@";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buffer_byte(out, *text);
		else
			buffer_format(out, "%%%02X", (unsigned char)*text);
	}
}

/* The text with each {NAME} replaced; NULL where a value is not given. Owned by the caller. */
static char *filled(
	const struct webhook_config *webhook, const char *delivery, const char *text, bool encoded)
{
	struct buffer out = {0};
	const char *open, *after, *value = "";
	char *name;

	while (value != NULL && (open = service_next_name(text, &name, &after)) != NULL) {
		const struct parameter *given = config_parameter(webhook, name);

		value = text_equal(name, SERVICE_DELIVERY) ? delivery
			: given != NULL                    ? given->value
							   : NULL;
		buffer_add(&out, text, (size_t)(open - text));
		if (value != NULL && encoded)
			add_segment(&out, value);
		else if (value != NULL)
			buffer_text(&out, value);
		free(name);
		text = after;
	}
	buffer_text(&out, text);
	if (value != NULL)
		return buffer_take(&out);
	buffer_release(&out);
	return NULL;
}

char *service_url(
	const struct service *service, const struct webhook_config *webhook, const char *delivery)
{
	const char *given = webhook->url != NULL ? webhook->url : service->url;
	const char *base = given != NULL ? given : "";
	char *path = service->path != NULL ? filled(webhook, delivery, service->path, true) : NULL;
	size_t length = strlen(base);
	char *url;

	if (path == NULL)
		return memory_string(base);
	if (length > 0 && base[length - 1] == '/' && path[0] == '/')
		length--;
	url = memory_format("%.*s%s", (int)length, base, path);
	free(path);
	return url;
}

void service_headers(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, struct text_list *lines)
{
	char *line = memory_format("Content-Type: %s", service->content_type);

	text_list_add(lines, line);
	free(line);
	for (size_t i = 0; i < node_count(service->headers); i++) {
		char *value = filled(
			webhook, delivery, node_text(node_value(service->headers, i)), false);

		if (value == NULL)
			continue;
		line = memory_format("%s: %s", node_text(node_key(service->headers, i)), value);
		text_list_add(lines, line);
		free(line);
		free(value);
	}
}

void service_fill(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, const char *body, size_t length, struct buffer *out)
{
	struct value *map = node_count(service->fields) > 0 ? json_parse(body, length, NULL) : NULL;

	if (map == NULL || map->type != VALUE_MAP)
		buffer_add(out, body, length);
	for (size_t i = 0; map != NULL && map->type == VALUE_MAP && i < node_count(service->fields);
		i++) {
		char *value =
			filled(webhook, delivery, node_text(node_value(service->fields, i)), false);

		if (value != NULL)
			value_put_text(map, node_text(node_key(service->fields, i)), value);
		free(value);
	}
	if (map != NULL && map->type == VALUE_MAP)
		json_write(map, 0, out);
	value_free(map);
}

/* ---- limits ---- */

static const struct {
	const char *name;
	enum service_unit unit;
} units[] = {{"bytes", UNIT_BYTES}, {"characters", UNIT_CHARACTERS}, {"utf16", UNIT_UTF16}};

bool service_limit_parse(const char *text, struct service_limit *limit)
{
	char *end;
	long most = text[0] >= '1' && text[0] <= '9' ? strtol(text, &end, 10) : 0;

	if (most < 1 || most > SERVICE_LIMIT_MAX || *end != ' ')
		return false;
	limit->most = (size_t)most;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		limit->unit = units[i].unit;
		if (strcmp(end + 1, units[i].name) == 0)
			return true;
	}
	return false;
}

/* What one character of size bytes counts. */
static size_t weight(enum service_unit unit, uint32_t character, size_t size)
{
	if (unit == UNIT_BYTES)
		return size;
	return unit == UNIT_UTF16 && character > 0xffff ? 2 : 1;
}

/* The text's beginning and "…" (where that fits at all), at most as the limit says; NULL where the
 * text keeps to it. */
static char *shortened(const char *text, const struct service_limit *limit)
{
	static const char ellipsis[] = "…";
	size_t length = strlen(text), at = 0, used = 0, keep = 0;
	size_t mark = weight(limit->unit, 0x2026, strlen(ellipsis));
	bool fits = mark <= limit->most;

	while (at < length && used <= limit->most) {
		uint32_t character = 0;
		size_t size = text_character(text + at, length - at, &character);

		used += weight(limit->unit, character, size);
		at += size > 0 ? size : 1;
		if (used + (fits ? mark : 0) <= limit->most)
			keep = at;
	}
	if (used <= limit->most)
		return NULL;
	return memory_format("%.*s%s", (int)keep, text, fits ? ellipsis : "");
}

/* The member that a PATH leads to; NULL where there is none. */
static const struct value *value_at(const struct value *value, const char *path)
{
	while (value != NULL && *path != '\0' && strcmp(path, ".") != 0) {
		size_t length = strcspn(path, ".");
		char *key = memory_bytes(path, length);

		value = value_get(value, key);
		free(key);
		path += length + (path[length] == '.');
	}
	return value;
}

bool service_cut(const struct service *service, struct value *body)
{
	bool cut = false;

	for (size_t i = 0; i < node_count(service->limits); i++) {
		const struct value *found = value_at(body, node_text(node_key(service->limits, i)));
		struct service_limit limit;
		char *text = NULL;

		if (found != NULL && found->type == VALUE_TEXT &&
			service_limit_parse(node_text(node_value(service->limits, i)), &limit))
			text = shortened(found->text, &limit);
		if (text == NULL)
			continue;
		memory_set(&((struct value *)found)->text, text); /* it is in body, which is ours */
		free(text);
		cut = true;
	}
	return cut;
}

/* ---- answers ---- */

static const char *words_of(const struct value *value)
{
	if (value == NULL || value->type == VALUE_NULL)
		return "";
	if (value->type == VALUE_TRUE || value->type == VALUE_FALSE)
		return value->type == VALUE_TRUE ? "true" : "false";
	return value->text != NULL ? value->text : "";
}

static bool holds(const struct value *answer, struct node pairs, size_t i)
{
	const char *words = words_of(value_at(answer, node_text(node_key(pairs, i))));
	const char *expected = node_text(node_value(pairs, i));

	return text_equal(expected, "*") ? words[0] != '\0' : text_equal(words, expected);
}

bool service_accepts(const struct service *service, const struct value *answer)
{
	for (size_t i = 0; i < node_count(service->accepted); i++)
		if (!holds(answer, service->accepted, i))
			return false;
	for (size_t i = 0; i < node_count(service->refused); i++)
		if (holds(answer, service->refused, i))
			return false;
	return true;
}

const char *service_reason(const struct service *service, const struct value *answer)
{
	return service->reason != NULL ? words_of(value_at(answer, service->reason)) : "";
}

int64_t service_retry_after(const struct service *service, const struct value *answer)
{
	bool seconds = service->retry_seconds != NULL;
	const char *path = seconds ? service->retry_seconds : service->retry_milliseconds;
	double pause = path != NULL ? strtod(words_of(value_at(answer, path)), NULL) : 0;

	if (!seconds)
		pause /= 1000;
	if (!(pause > 0))
		return 0;
	if (pause >= SERVICE_RETRY_MAX)
		return SERVICE_RETRY_MAX;
	return (int64_t)pause + ((double)(int64_t)pause < pause);
}
