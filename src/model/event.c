/* SPDX-License-Identifier: ISC */
#include "model/event.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/date_value.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

static const char *const type_names[EVENT_TYPES] = {
	[EVENT_RED] = "red",
	[EVENT_GREEN] = "green",
	[EVENT_BOTH] = "both",
	[EVENT_UPDATE] = "update",
	[EVENT_LOST] = "lost",
	[EVENT_BACK] = "back",
	[EVENT_GONE] = "gone",
	[EVENT_UNDELIVERED] = "undelivered",
	[EVENT_UNREACHABLE] = "unreachable",
	[EVENT_SUSPENDED] = "suspended",
	[EVENT_MISSED] = "missed",
	[EVENT_FLAPPING] = "flapping",
	[EVENT_SETTLED] = "settled",
	[EVENT_REMINDER] = "reminder",
};

const char *event_type_name(enum event_type type)
{
	return type_names[type];
}

bool event_type_parse(const char *name, enum event_type *type)
{
	for (int i = 0; i < EVENT_TYPES; i++)
		if (strcmp(type_names[i], name) == 0) {
			*type = (enum event_type)i;
			return true;
		}
	return false;
}

struct event *events_add(struct events *events, enum event_type type)
{
	struct event *event = memory_append(&events->list, &events->count, sizeof *event);

	event->type = type;
	return event;
}

static void event_release(struct event *event)
{
	free(event->indicator);
	free(event->group);
	free(event->name);
	free(event->word);
	free(event->said_at);
	free(event->reason);
	value_free(event->incidents);
	text_list_release(&event->affects);
}

void events_drop(struct events *events, size_t place)
{
	event_release(&events->list[place]);
	events->count--;
	memmove(&events->list[place], &events->list[place + 1],
		(events->count - place) * sizeof *events->list);
}

void events_release(struct events *events)
{
	for (size_t i = 0; i < events->count; i++)
		event_release(&events->list[i]);
	free(events->list);
	*events = (struct events){0};
}

char *event_label(const struct event *event)
{
	if (text_empty(event->name))
		return memory_string("overall");
	return text_label(event->group, event->name);
}

static void put_level(struct value *map, const char *name, enum level level, enum colour colour)
{
	struct value *inner = value_put(map, name, value_map());

	value_put_text(inner, "level", level_name(level));
	value_put_text(inner, "words", level_words(level));
	value_put_text(inner, "colour", colour_name(colour));
}

static void put_duration(struct value *map, const struct event *event)
{
	char duration[DATE_TEXT_MAX] = "";

	if (event->since != 0)
		date_write_duration(event->seen - event->since, duration);
	value_put_text(map, "duration", duration);
}

struct value *event_value(const struct event *event, const char *zone)
{
	struct value *map = value_map();
	char *label = event_label(event), *flag = memory_format("is_%s", type_names[event->type]);
	int64_t said = 0;

	value_put_text(map, "type", type_names[event->type]);
	value_put_boolean(map, flag, true);
	value_put_text(map, "id", event->indicator != NULL ? event->indicator : "");
	value_put_text(map, "indicator", event->name != NULL ? event->name : "");
	value_put_text(map, "group", event->group != NULL ? event->group : "");
	value_put_text(map, "label", label);
	value_put_boolean(map, "overall", text_empty(event->name));
	put_level(map, "before", event->before, event->before_colour);
	put_level(map, "after", event->after, event->after_colour);
	value_put_text(map, "word", event->word != NULL ? event->word : "");
	if (!text_empty(event->said_at))
		date_parse(event->said_at, &said);
	value_put_time(map, "said_at", said, zone);
	value_put_time(map, "seen_at", event->seen, zone);
	value_put_time(map, "since", event->since, zone);
	put_duration(map, event);
	value_put_number(map, "fetches", event->fetches);
	value_put_number(map, "needed", event->needed);
	value_put_number(map, "changes", event->changes);
	value_put_boolean(map, "red_now", event->after_colour == COLOUR_RED);
	value_put_boolean(map, "green_now", event->after_colour == COLOUR_GREEN);
	value_put_boolean(map, "risen", event->risen);
	value_put_text(map, "reason", event->reason != NULL ? event->reason : "");
	value_put_number(map, "alarm", event->alarm);
	value_put(map, "incidents",
		event->incidents != NULL ? value_copy(event->incidents) : value_list());
	free(label);
	free(flag);
	return map;
}
