/* SPDX-License-Identifier: ISC */
#include "tell/message_data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "model/event.h"
#include "model/level.h"

enum { GROUP_MIN = 4 }; /* characters of a group that still say anything */

/* How many members of a list a message shows, by the list's name in plan.h. */
static const struct list_limit {
	const char *name;
	size_t people, machines;
} list_limits[] = {
	{"events", 20, 1000},
	{"incidents", 3, 20},
	{"updates", 3, 20},
	{"others_red", 20, 1000},
	{"pages", 20, 1000},
	{"page_names", 3, 1000},
};

static size_t list_maximum(const char *name, bool machines)
{
	for (size_t i = 0; name != NULL && i < sizeof list_limits / sizeof list_limits[0]; i++)
		if (text_equal(list_limits[i].name, name))
			return machines ? list_limits[i].machines : list_limits[i].people;
	return SIZE_MAX;
}

/* Under NAME_left how many of the list's members are not shown. */
static void put_left(struct value *map, const char *name, size_t count, bool machines)
{
	size_t maximum = list_maximum(name, machines);
	char *left = memory_format("%s_left", name);

	value_put_number(map, left, count > maximum ? (int64_t)(count - maximum) : 0);
	free(left);
}

/* A copy for people or machines to read: see message_data.h. name is the key of the value, or NULL.
 */
static struct value *presented(const struct value *value, const char *name, bool machines)
{
	struct value *copy;

	if (value->type == VALUE_TEXT) {
		char *text = text_visible_copy(value->text);

		copy = value_text(text);
		free(text);
	} else if (value->type == VALUE_LIST) {
		size_t maximum = list_maximum(name, machines);

		copy = value_list();
		for (size_t i = 0; i < value->count && i < maximum; i++)
			value_append(copy, presented(value->members[i], NULL, machines));
	} else if (value->type == VALUE_MAP) {
		copy = value_map();
		for (size_t i = 0; i < value->count; i++) {
			const struct value *member = value->members[i];
			const char *key = value->keys[i];

			value_put(copy, key, presented(member, key, machines));
			if (member->type == VALUE_LIST)
				put_left(copy, key, member->count, machines);
		}
	} else {
		copy = value_copy(value);
	}
	return copy;
}

/* The sign of the event's colour, which stands for those who do not see it. */
static void put_shape(struct value *event)
{
	enum event_type type;
	enum colour colour;
	const char *name;

	if (!event_type_parse(value_get_text(event, "type"), &type))
		return;
	name = event_types[type].colour;
	if (name == NULL)
		name = value_get_text(value_get(event, "after"), "colour");
	if (colour_parse(name, &colour))
		value_put_text(event, "shape", colour_shape(colour));
}

/* A page that is only named, with the worst of its news. */
static void add_brief(const struct value *page, struct value *list)
{
	const struct value *events = value_get(page, "events");
	struct value *map = value_map();
	int64_t more = 0;

	value_put_text(map, "title", value_get_text(page, "title"));
	value_put_text(map, "url", value_get_text(page, "url"));
	value_put_text(map, "snapshot_url", value_get_text(value_get(page, "snapshot"), "url"));
	value_put(map, "first", value_text(NULL)); /* not that of the message */
	if (events != NULL && events->count > 0) {
		struct value *first = value_put(map, "first", value_copy(events->members[0]));
		enum event_type type = event_value_type(first);

		value_put(first, "incidents", value_list());
		for (size_t i = 1; i < events->count; i++)
			more += event_types[type].about == ABOUT_INCIDENT ||
				event_types[event_value_type(events->members[i])].about !=
					ABOUT_INCIDENT;
	}
	value_put_number(map, "more", more);
	value_append(list, presented(map, NULL, false));
	value_free(map);
}

static void name_pages(const struct value *data, struct value *shown)
{
	const struct value *pages = value_get(data, "pages");
	size_t count = pages != NULL && pages->type == VALUE_LIST ? pages->count : 0;
	struct value *names = value_put(shown, "page_names", value_list());
	struct value *more = value_put(shown, "more_pages", value_list());

	for (size_t i = 0; i < count && i < MESSAGE_SUBJECT_PAGES; i++)
		value_put_text(value_append(names, value_map()), "name",
			value_get_text(pages->members[i], "name"));
	value_put_number(shown, "page_names_left", (int64_t)(count - names->count));
	for (size_t i = list_maximum("pages", false); i < count; i++)
		add_brief(pages->members[i], more);
}

/* Levels and the members of lists say of themselves what a template asks, for templates compare
 * nothing: {level: "major_outage"} gets is_major_outage. */
static void mark_all(struct value *value)
{
	static const char *const marked[] = {"level", "colour"};

	for (size_t i = 0; i < value->count; i++) {
		mark_all(value->members[i]);
		if (value->type == VALUE_LIST && value->members[i]->type == VALUE_MAP) {
			value_put_boolean(value->members[i], "is_first", i == 0);
			value_put_boolean(value->members[i], "is_last", i + 1 == value->count);
		}
	}
	if (value->type != VALUE_MAP)
		return;
	put_shape(value);
	if (value_get(value, "words") == NULL)
		return;
	for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
		char *flag = memory_format("is_%s", value_get_text(value, marked[i]));

		if (strcmp(flag, "is_") != 0)
			value_put_boolean(value, flag, true);
		free(flag);
	}
}

/*
 * A reader who follows it comes to where the text says: plain characters only, so that none looks
 * like another, and no name before the host that could be taken for it.
 */
static bool may_link(const char *url)
{
	const char *host = text_starts(url, "https://")  ? url + strlen("https://")
			   : text_starts(url, "http://") ? url + strlen("http://")
							 : "";

	for (const char *at = url; *at != '\0'; at++)
		if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}", *at) != NULL)
			return false;
	return host[strcspn(host, "@/?#")] != '@' && host[0] != '\0' &&
	       strchr("/?#", host[0]) == NULL;
}

/* NULL where there is none. */
static struct value *member_of(struct value *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->type == VALUE_MAP && strcmp(map->keys[i], key) == 0)
			return map->members[i];
	return NULL;
}

/* What an incident says, unless it has been said. */
static void tell_incident(struct value *incident, struct text_list *said)
{
	const char *url = value_get_text(incident, "url");
	struct buffer text = {0};

	json_write(incident, 0, &text);
	if (text_list_has(said, buffer_string(&text))) {
		value_put_boolean(incident, "repeated", true);
		value_put(incident, "updates", value_list());
		value_put_number(incident, "updates_left", 0);
	} else {
		text_list_add(said, buffer_string(&text));
		if (may_link(url))
			value_put_text(incident, "link", url);
	}
	buffer_release(&text);
}

static void tell_incidents(struct value *events, struct text_list *said)
{
	for (size_t i = 0; events != NULL && i < events->count; i++) {
		struct value *incidents = member_of(events->members[i], "incidents");

		for (size_t j = 0; incidents != NULL && j < incidents->count; j++)
			tell_incident(incidents->members[j], said);
	}
}

/* Within all events, and within the pages: a template shows either. */
static void tell_once(struct value *shown)
{
	struct value *pages = member_of(shown, "pages");
	struct text_list said = {0};

	tell_incidents(member_of(shown, "events"), &said);
	text_list_release(&said);
	for (size_t i = 0; pages != NULL && i < pages->count; i++)
		tell_incidents(member_of(pages->members[i], "events"), &said);
	text_list_release(&said);
}

struct value *message_visible(const struct value *data)
{
	return presented(data, NULL, true);
}

char *message_cut(const char *text, int maximum)
{
	char *template = memory_format("{{%%cut %d}}{{.}}", maximum);
	struct value *value = value_text(text);
	struct buffer out = {0};

	template_render(template, TEMPLATE_TEXT, value, NULL, &out, NULL);
	value_free(value);
	free(template);
	return buffer_take(&out);
}

/* The label where the name in it would come too late for a narrow list of subjects: the group gives
 * way. */
static void put_short_label(struct value *event)
{
	const char *label = value_get_text(event, "label"), *group = value_get_text(event, "group"),
		   *name = value_get_text(event, "indicator");
	int room = MESSAGE_LABEL_MAX - (int)(text_columns(name) + strlen(" / "));
	char *shorter, *rest;

	if (text_empty(group) || text_columns(label) <= MESSAGE_LABEL_MAX) {
		shorter = message_cut(label, MESSAGE_LABEL_MAX);
	} else if (room < GROUP_MIN) {
		shorter = message_cut(name, MESSAGE_LABEL_MAX);
	} else {
		rest = message_cut(group, room);
		shorter = text_label(rest, name);
		free(rest);
	}
	value_put_text(event, "short_label", shorter);
	free(shorter);
}

struct value *message_shown(const struct value *data)
{
	struct value *shown = presented(data, NULL, false);

	tell_once(shown);
	name_pages(data, shown);
	mark_all(shown);
	if (member_of(shown, "first") != NULL)
		put_short_label(member_of(shown, "first"));
	return shown;
}

char *message_json(const struct value *data)
{
	struct buffer json = {0};

	for (int machines = 1; machines >= 0; machines--) {
		struct value *shown = presented(data, NULL, machines == 1);

		buffer_clear(&json);
		json_write(shown, 0, &json);
		value_free(shown);
		if (json.length <= MESSAGE_JSON_MAX)
			break;
	}
	return buffer_take(&json);
}
