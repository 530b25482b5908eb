/* SPDX-License-Identifier: ISC */
#include "tell/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config.h"

#define SERVICE_DELIVERY "delivery"

enum service_unit { UNIT_BYTES, UNIT_CHARACTERS, UNIT_UTF16 };

struct service_limit {
	size_t most;
	enum service_unit unit;
};

/* ---- reading a description ---- */

/* The next {NAME} of text: where it begins, NULL for none; its name, owned by the caller. */
static const char *next_name(const char *text, char **name, const char **after)
{
	const char *open = strchr(text, '{'), *close = open != NULL ? strchr(open, '}') : NULL;

	*name = NULL;
	if (close == NULL)
		return NULL;
	*name = memory_bytes(open + 1, (size_t)(close - open - 1));
	*after = close + 1;
	return open;
}

static bool is_declared(const struct service *service, const char *name)
{
	return text_equal(name, SERVICE_DELIVERY) || text_list_has(&service->needs, name) ||
	       text_list_has(&service->takes, name);
}

/* own: a name that may stand there besides; NULL: none. */
static void check_names(const struct service *service, struct node node, const char *own,
	const char *text, struct problems *problems)
{
	char *name;

	while (next_name(text, &name, &text) != NULL) {
		if (!is_declared(service, name) && (own == NULL || !text_equal(name, own)))
			node_problem(problems, node,
				"{%s} is neither {" SERVICE_DELIVERY
				"} nor a name in \"needs\" or \"takes\"",
				name);
		free(name);
	}
}

/* Each value of a map, or each of its list. */
static void check_pairs(const struct service *service, struct node pairs, struct problems *problems)
{
	for (size_t i = 0; i < node_count(pairs); i++) {
		struct node value = node_value(pairs, i);

		check_names(service, node_key(pairs, i), NULL, node_text(value), problems);
		for (size_t j = 0; node_type(value) == NODE_LIST && j < node_count(value); j++)
			check_names(service, node_key(pairs, i), NULL,
				node_text(node_member(value, j)), problems);
	}
}

/* A map of names to plain values. */
static bool read_pairs(const struct node_walk *walk, struct node node, void *target)
{
	*(struct node *)target = node;
	if (node_type(node) != NODE_MAP)
		return node_problem(
			walk->problems, node, "\"%s\" takes names and values", walk->rule->key);
	for (size_t i = 0; i < node_count(node); i++)
		if (node_type(node_value(node, i)) != NODE_SCALAR ||
			text_empty(node_text(node_key(node, i))))
			return node_problem(walk->problems, node_key(node, i),
				"\"%s\" takes one plain value for each name", walk->rule->key);
	return true;
}

static const struct {
	const char *name;
	enum service_unit unit;
} units[] = {{"bytes", UNIT_BYTES}, {"characters", UNIT_CHARACTERS}, {"utf16", UNIT_UTF16}};

/* "4096 bytes"; false where the text is not such. */
static bool limit_parse(const char *text, struct service_limit *limit)
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

static bool is_plain(struct node value)
{
	bool plain = node_type(value) == NODE_SCALAR ||
		     (node_type(value) == NODE_LIST && node_count(value) > 0);

	for (size_t i = 0; node_type(value) == NODE_LIST && i < node_count(value); i++)
		plain = plain && node_type(node_member(value, i)) == NODE_SCALAR;
	return plain;
}

/* Likewise, or lists of them. */
static bool read_fields(const struct node_walk *walk, struct node node, void *target)
{
	*(struct node *)target = node;
	if (node_type(node) != NODE_MAP)
		return node_problem(
			walk->problems, node, "\"%s\" takes names and values", walk->rule->key);
	for (size_t i = 0; i < node_count(node); i++)
		if (!is_plain(node_value(node, i)) || text_empty(node_text(node_key(node, i))))
			return node_problem(walk->problems, node_key(node, i),
				"\"%s\" takes plain values, or lists of them", walk->rule->key);
	return true;
}

static bool read_limits(const struct node_walk *walk, struct node node, void *target)
{
	struct service_limit limit;

	if (!read_pairs(walk, node, target))
		return false;
	for (size_t i = 0; i < node_count(node); i++)
		if (!limit_parse(node_text(node_value(node, i)), &limit))
			return node_problem(walk->problems, node_key(node, i),
				"a limit is such as \"4096 bytes\", \"250 characters\" or \"4096 "
				"utf16\", at most %d",
				SERVICE_LIMIT_MAX);
	return true;
}

static const struct node_word method_words[] = {{"POST", 0}, {"PUT", 1}, {NULL, 0}};
static const struct node_word encoding_words[] = {{"json", 0}, {"form", 1}, {NULL, 0}};
static const struct node_word each_words[] = {{"event", 1}, {NULL, 0}};
static const struct node_rule retry_rules[] = {
	{"seconds", node_read_text, offsetof(struct service, retry_seconds), false, NULL},
	{"milliseconds", node_read_text, offsetof(struct service, retry_milliseconds), false, NULL},
	{0},
};
static const struct node_rule rules[] = {
	{"url", node_read_text, offsetof(struct service, url), false, NULL},
	{"path", node_read_text, offsetof(struct service, path), false, NULL},
	{"paths", read_pairs, offsetof(struct service, paths), false, NULL},
	{"method", node_read_word, offsetof(struct service, put), false, method_words},
	{"encoding", node_read_word, offsetof(struct service, form), false, encoding_words},
	{"content_type", node_read_text, offsetof(struct service, content_type), false, NULL},
	{"headers", read_pairs, offsetof(struct service, headers), false, NULL},
	{"basic", node_read_text, offsetof(struct service, basic), false, NULL},
	{"fields", read_fields, offsetof(struct service, fields), false, NULL},
	{"needs", node_read_texts, offsetof(struct service, needs), false, NULL},
	{"takes", node_read_texts, offsetof(struct service, takes), false, NULL},
	{"secrets", node_read_texts, offsetof(struct service, secrets), false, NULL},
	{"each", node_read_word, offsetof(struct service, each), false, each_words},
	{"limits", read_limits, offsetof(struct service, limits), false, NULL},
	{"accepted", read_pairs, offsetof(struct service, accepted), false, NULL},
	{"refused", read_pairs, offsetof(struct service, refused), false, NULL},
	{"reason", node_read_text, offsetof(struct service, reason), false, NULL},
	{"retry_after", node_read_map, 0, false, retry_rules},
	{0},
};

char *service_template_path(const char *templates, const char *name)
{
	char *text = memory_format("%s/webhook/%s.txt", templates, name);

	if (!file_absent(text))
		return text;
	free(text);
	return memory_format("%s/webhook/%s.json", templates, name);
}

char *service_description_path(const char *template)
{
	const char *slash = strrchr(template, '/'), *dot = strrchr(template, '.');
	size_t length = dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - template)
								      : strlen(template);

	return memory_format("%.*s.yaml", (int)length, template);
}

/* Reads the description, where there is one. */
static void read_description(struct service *service, struct problems *problems)
{
	char *path = service_description_path(service->template);

	if (!file_absent(path))
		service->description = yaml_load(path, problems);
	if (service->description != NULL) {
		struct node root = yaml_root(service->description);

		node_walk_map(problems, root, rules, service, NULL);
		if (service->path != NULL)
			check_names(
				service, node_find(root, "path"), NULL, service->path, problems);
		for (size_t i = 0; i < node_count(service->paths); i++)
			check_names(service, node_key(service->paths, i),
				node_text(node_key(service->paths, i)),
				node_text(node_value(service->paths, i)), problems);
		if (service->basic != NULL)
			check_names(
				service, node_find(root, "basic"), NULL, service->basic, problems);
		check_pairs(service, service->headers, problems);
		check_pairs(service, service->fields, problems);
		for (size_t i = 0; i < service->secrets.count; i++)
			if (!is_declared(service, service->secrets.list[i]))
				node_problem(problems, node_find(root, "secrets"),
					"\"%s\" is not in \"needs\" or \"takes\"",
					service->secrets.list[i]);
	}
	free(path);
}

struct service *service_load(
	const char *templates, const struct webhook_config *webhook, struct problems *problems)
{
	struct service *service = memory_zero(1, sizeof *service);
	size_t errors = problems->errors;
	bool json;

	service->template = webhook->template_file != NULL
				    ? memory_string(webhook->template_file)
				    : service_template_path(templates, webhook->template);
	json = text_ends(service->template, ".json");
	if (file_absent(service->template))
		problems_add(problems, service->template, 0, "no such template");
	else if (!json && !text_ends(service->template, ".txt"))
		problems_add(problems, service->template, 0,
			"a template for a webhook ends in .json or .txt");
	else
		read_description(service, problems);
	if (service->content_type == NULL)
		service->content_type =
			memory_string(service->form ? "application/x-www-form-urlencoded"
				      : json        ? "application/json"
						    : "text/plain; charset=utf-8");
	if (problems->errors == errors)
		return service;
	service_free(service);
	return NULL;
}

void service_free(struct service *service)
{
	if (service == NULL)
		return;
	free(service->template);
	free(service->url);
	free(service->path);
	free(service->content_type);
	free(service->basic);
	free(service->reason);
	free(service->retry_seconds);
	free(service->retry_milliseconds);
	text_list_release(&service->needs);
	text_list_release(&service->takes);
	text_list_release(&service->secrets);
	yaml_close(service->description);
	free(service);
}

/* ---- what a webhook gives to it ---- */

bool service_check(const struct service *service, const struct webhook_config *webhook,
	const char *file, int line, struct problems *problems)
{
	size_t errors = problems->errors;

	for (size_t i = 0; i < webhook->with_count; i++) {
		const struct parameter *given = &webhook->with[i];

		if (!is_declared(service, given->name))
			problems_add(problems, file, given->line, "the template takes no \"%s\"",
				given->name);
		else if (text_list_has(&service->secrets, given->name) && given->file == NULL)
			problems_add(problems, file, given->line,
				"\"%s\" is a secret: write it into a file of its own, and name "
				"that as \"%s_file\"",
				given->name, given->name);
	}
	for (size_t i = 0; i < service->needs.count; i++) {
		const char *name = service->needs.list[i];
		bool secret = text_list_has(&service->secrets, name);

		if (config_parameter(webhook, name) == NULL)
			problems_add(problems, file, line,
				"the template needs \"%s%s\" in the webhook's \"with\"", name,
				secret ? "_file" : "");
	}
	return problems->errors == errors;
}

/* ---- values filled in ---- */

#define UNRESERVED                                                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" /* RFC 3986, 2.3 */

/* RFC 3986 section 3.3: what may stand in a segment of a path as it is. */
static const char segment[] = UNRESERVED "!$&'()*+,;=:@";

static void add_encoded(struct buffer *out, const char *text, const char *plain)
{
	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buffer_byte(out, *text);
		else
			buffer_format(out, "%%%02X", (unsigned char)*text);
	}
}

/* The text with each {NAME} replaced, where encoded as in a path, and also from the body, if there
 * is one; NULL where a value is not given. Owned by the caller. */
static char *filled_path(const struct webhook_config *webhook, const char *delivery,
	const struct value *body, const char *text, bool encoded)
{
	struct buffer out = {0};
	const char *open, *after, *value = "";
	char *name;

	while (value != NULL && (open = next_name(text, &name, &after)) != NULL) {
		const struct parameter *given = config_parameter(webhook, name);

		value = text_equal(name, SERVICE_DELIVERY) ? delivery
			: given != NULL                    ? given->value
			: value_get(body, name) != NULL    ? value_get_text(body, name)
							   : NULL;
		buffer_add(&out, text, (size_t)(open - text));
		if (value != NULL && encoded)
			add_encoded(&out, value, segment);
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

static char *filled(const struct webhook_config *webhook, const char *delivery, const char *text)
{
	return filled_path(webhook, delivery, NULL, text, false);
}

/* The path of a request with this body; NULL: none. Borrowed. */
static const char *path_of(const struct service *service, const struct value *body)
{
	for (size_t i = 0; i < node_count(service->paths); i++)
		if (value_get_text(body, node_text(node_key(service->paths, i)))[0] != '\0')
			return node_text(node_value(service->paths, i));
	return service->path;
}

/* The whole URL of a request with this body, NULL where no value of it stands in a path. Owned by
 * the caller. */
static char *url_of(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, const struct value *body)
{
	const char *given = webhook->url != NULL ? webhook->url : service->url;
	const char *base = given != NULL ? given : "";
	const char *template = path_of(service, body);
	char *path = template != NULL ? filled_path(webhook, delivery, body, template, true) : NULL;
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

char *service_basic(
	const struct service *service, const struct webhook_config *webhook, const char *delivery)
{
	char *pair = service->basic != NULL ? filled(webhook, delivery, service->basic) : NULL;
	struct buffer out = {0};

	if (pair == NULL)
		return NULL;
	digest_base64(pair, strlen(pair), &out);
	free(pair);
	return buffer_take(&out);
}

static void add_line(struct text_list *lines, const char *before, const char *between, char *value)
{
	char *line = value != NULL ? memory_format("%s%s%s", before, between, value) : NULL;

	if (line != NULL)
		text_list_add(lines, line);
	free(line);
	free(value);
}

void service_headers(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, struct text_list *lines)
{
	add_line(lines, "Content-Type", ": ", memory_string(service->content_type));
	add_line(lines, "Authorization", ": Basic ", service_basic(service, webhook, delivery));
	for (size_t i = 0; i < node_count(service->headers); i++)
		add_line(lines, node_text(node_key(service->headers, i)), ": ",
			filled(webhook, delivery, node_text(node_value(service->headers, i))));
}

static const char *words_of(const struct value *value)
{
	if (value == NULL || value->type == VALUE_NULL)
		return "";
	if (value->type == VALUE_TRUE || value->type == VALUE_FALSE)
		return value->type == VALUE_TRUE ? "true" : "false";
	return value->text != NULL ? value->text : "";
}

/* The value of a field; NULL where what it names is not given. */
static struct value *field_value(
	const struct webhook_config *webhook, const char *delivery, struct node node)
{
	struct value *value;
	char *text;

	if (node_type(node) == NODE_LIST) {
		value = value_list();
		for (size_t i = 0; i < node_count(node); i++) {
			struct value *member = field_value(webhook, delivery, node_member(node, i));

			if (member != NULL)
				value_append(value, member);
		}
		return value;
	}
	text = filled(webhook, delivery, node_text(node));
	value = text != NULL ? value_text(text) : NULL;
	free(text);
	return value;
}

/* The URL standard's application/x-www-form-urlencoded. */
static void write_form(const struct value *map, struct buffer *out)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct value *member = map->members[i];
		struct buffer json = {0};

		if (member->type == VALUE_LIST || member->type == VALUE_MAP)
			json_write(member, 0, &json);
		buffer_text(out, i > 0 ? "&" : "");
		add_encoded(out, map->keys[i], UNRESERVED);
		buffer_byte(out, '=');
		add_encoded(
			out, json.length > 0 ? buffer_string(&json) : words_of(member), UNRESERVED);
		buffer_release(&json);
	}
}

/* Puts the service's fields into the outermost object, and takes out what stands in the path. */
static void fill(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, struct value *map)
{
	for (size_t i = 0; i < node_count(service->fields); i++) {
		struct value *value =
			field_value(webhook, delivery, node_value(service->fields, i));

		if (value != NULL)
			value_put(map, node_text(node_key(service->fields, i)), value);
	}
	for (size_t i = 0; i < node_count(service->paths); i++)
		value_remove(map, node_text(node_key(service->paths, i)));
}

void service_request(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, const char *bytes, size_t length, char **url, struct buffer *body)
{
	size_t fields = node_count(service->fields), paths = node_count(service->paths);
	bool opened = fields + paths > 0 || service->form;
	struct value *value = opened ? json_parse(bytes, length, NULL) : NULL;
	bool map = value != NULL && value->type == VALUE_MAP;

	*url = url_of(service, webhook, delivery, paths > 0 ? value : NULL);
	if (map)
		fill(service, webhook, delivery, value);
	if (map && service->form)
		write_form(value, body);
	else if (map)
		json_write(value, 0, body);
	else
		buffer_add(body, bytes, length);
	value_free(value);
}

/* ---- limits ---- */

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

/* The member that the first step of a PATH leads to, and the rest of the path; NULL where there is
 * none. */
static struct value *member_of(const struct value *map, const char **path)
{
	const char *name = *path;
	size_t length = strcspn(name, "."), place = strtoul(name, NULL, 10);

	*path += length + (name[length] == '.');
	if (map->type == VALUE_LIST && length > 0 && strspn(name, "0123456789") == length)
		return place < map->count ? map->members[place] : NULL;
	for (size_t i = 0; map->type == VALUE_MAP && i < map->count; i++)
		if (strlen(map->keys[i]) == length && memcmp(map->keys[i], name, length) == 0)
			return map->members[i];
	return NULL;
}

static bool path_ends(const char *path)
{
	return path[0] == '\0' || strcmp(path, ".") == 0;
}

/* The member that a PATH leads to; NULL where there is none. */
static const struct value *value_at(const struct value *value, const char *path)
{
	while (value != NULL && !path_ends(path))
		value = member_of(value, &path);
	return value;
}

bool service_cut(const struct service *service, struct value *body)
{
	bool cut = false;

	for (size_t i = 0; i < node_count(service->limits); i++) {
		const char *path = node_text(node_key(service->limits, i));
		struct value *found = body;
		struct service_limit limit;
		char *text = NULL;

		while (found != NULL && !path_ends(path))
			found = member_of(found, &path);
		if (found != NULL && found->type == VALUE_TEXT &&
			limit_parse(node_text(node_value(service->limits, i)), &limit))
			text = shortened(found->text, &limit);
		if (text == NULL)
			continue;
		value_set_text(found, text);
		free(text);
		cut = true;
	}
	return cut;
}

/* ---- answers ---- */

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
