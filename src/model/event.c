/* SPDX-License-Identifier: ISC */
#include "model/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/date_value.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"

const struct event_type_row event_types[EVENT_TYPES] = {
	[EVENT_RED] = {"red", .on = 1 << EVENT_RED, .part = PART_BEGIN, .episode = EVENT_RED,
		.floor = FLOOR_AFTER, .trouble = true, .rank = 0, .colour = "red", .word = "red"},
	[EVENT_REMINDER] = {"reminder", .on = 1 << EVENT_RED, .part = PART_MIDDLE,
		.episode = EVENT_RED, .rank = 2, .colour = "red", .word = "still red"},
	[EVENT_GREEN] = {"green", .on = 1 << EVENT_GREEN, .part = PART_END, .episode = EVENT_RED,
		.unsent = EVENT_BOTH, .covers = 1 << EVENT_UNEXPLAINED, .rank = 5,
		.colour = "green", .word = "green"},
	[EVENT_BOTH] = {"both", .on = 1 << EVENT_GREEN, .part = PART_WHOLE, .episode = EVENT_RED,
		.covers = 1 << EVENT_UNEXPLAINED, .rank = 4, .colour = "green",
		.word = "red and green again"},
	[EVENT_FLAPPING] = {"flapping", .on = 1 << EVENT_FLAPPING, .part = PART_BEGIN,
		.episode = EVENT_FLAPPING, .floor = FLOOR_WORSE, .rank = 3, .colour = "yellow",
		.word = "flapping"},
	[EVENT_SETTLED] = {"settled", .on = 1 << EVENT_FLAPPING, .part = PART_END,
		.episode = EVENT_FLAPPING, .unsent = EVENT_SETTLED,
		.covers = 1 << EVENT_RED | 1 << EVENT_GREEN, .rank = 4, .colour = NULL,
		.word = "settled"},
	[EVENT_LOST] = {"lost", .on = 1 << EVENT_LOST, .to_operator = true, .about = ABOUT_PAGE,
		.part = PART_BEGIN, .episode = EVENT_LOST, .trouble = true, .rank = 3,
		.colour = "grey", .word = "page lost"},
	[EVENT_BACK] = {"back", .on = 1 << EVENT_LOST, .to_operator = true, .about = ABOUT_PAGE,
		.part = PART_END, .episode = EVENT_LOST, .unsent = EVENT_BACK, .rank = 6,
		.colour = "green", .word = "page back"},
	[EVENT_INCIDENT] = {"incident", .on = 1 << EVENT_INCIDENT, .with = 1 << EVENT_RED,
		.part = PART_BEGIN, .episode = EVENT_INCIDENT, .floor = FLOOR_IMPACT, .rank = 3,
		.colour = "yellow", .word = "incident"},
	[EVENT_OVER] = {"over", .on = 1 << EVENT_INCIDENT, .part = PART_END,
		.episode = EVENT_INCIDENT, .unsent = EVENT_OVER, .rank = 5, .colour = "green",
		.word = "incident over"},
	[EVENT_EARLY] = {"early", .on = 1 << EVENT_EARLY, .with = 1 << EVENT_RED,
		.part = PART_BEGIN, .episode = EVENT_EARLY, .floor = FLOOR_IMPACT, .trouble = true,
		.rank = 1, .colour = "red", .word = "fails here"},
	[EVENT_FAILING] = {"failing", .on = 1 << EVENT_EARLY, .part = PART_MIDDLE,
		.episode = EVENT_EARLY, .rank = 2, .colour = "red", .word = "still fails here"},
	[EVENT_RECOVERED] = {"recovered", .on = 1 << EVENT_EARLY | 1 << EVENT_GREEN,
		.part = PART_END, .episode = EVENT_EARLY, .unsent = EVENT_RECOVERED,
		.covers = 1 << EVENT_PREMATURE, .rank = 5, .colour = "green",
		.word = "works again here"},
	[EVENT_PREMATURE] = {"premature", .on = 1 << EVENT_GREEN, .part = PART_END,
		.episode = EVENT_RED, .unsent = EVENT_PREMATURE, .rank = 3, .colour = "yellow",
		.word = "green, but fails here"},
	[EVENT_LATE] = {"late", .on = 1 << EVENT_LATE, .part = PART_BEGIN, .episode = EVENT_LATE,
		.floor = FLOOR_AFTER, .rank = 4, .colour = "yellow", .word = "works here"},
	[EVENT_AGREED] = {"agreed", .on = 1 << EVENT_LATE, .part = PART_END, .episode = EVENT_LATE,
		.unsent = EVENT_AGREED, .rank = 6, .word = "the page agrees"},
	[EVENT_FOLLOWS] = {"follows", .on = 1 << EVENT_RED, .part = PART_BEGIN,
		.episode = EVENT_FOLLOWS, .rank = 0, .colour = "red", .word = "red"},
	[EVENT_UNEXPLAINED] = {"unexplained", .on = 1 << EVENT_RED, .part = PART_END,
		.episode = EVENT_FOLLOWS, .unsent = EVENT_UNEXPLAINED, .rank = 3, .colour = "red",
		.word = "still red, no longer explained"},
	[EVENT_GONE] = {"gone", .to_operator = true, .rank = 7, .colour = "grey", .word = "gone"},
	[EVENT_UPDATE] = {"update", .on = 1 << EVENT_UPDATE, .about = ABOUT_INCIDENT, .rank = 9,
		.colour = "yellow", .word = "update"},
	[EVENT_UNDELIVERED] = {"undelivered", .about = ABOUT_WATCHING, .rank = 8,
		.colour = "yellow", .word = "undelivered"},
	[EVENT_UNREACHABLE] = {"unreachable", .about = ABOUT_WATCHING, .rank = 8,
		.colour = "yellow", .word = "unreachable"},
	[EVENT_SUSPENDED] = {"suspended", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "suspended"},
	[EVENT_LETTERS] = {"letters", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "letters unanswered"},
	[EVENT_FORMS] = {"forms", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "forms refused"},
	[EVENT_MISSED] = {"missed", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "runs missed"},
	[EVENT_FAULT] = {"fault", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "trouble here"},
	[EVENT_MISTAKE] = {"mistake", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "configuration"},
	[EVENT_UNKEPT] = {"unkept", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "nothing is kept"},
	[EVENT_FINDING] = {"finding", .about = ABOUT_WATCHING, .rank = 8, .colour = "yellow",
		.word = "please look"},
};

static_assert(EVENT_TYPES < 31, "a set of types fits into an int");

const char *event_type_name(enum event_type type)
{
	return event_types[type].name;
}

bool event_type_parse(const char *name, enum event_type *type)
{
	for (int i = 0; i < EVENT_TYPES; i++)
		if (strcmp(event_types[i].name, name) == 0) {
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

static void event_release(struct event *event);

void event_release_elsewhere(struct event *event)
{
	for (size_t i = 0; i < event->elsewhere_count; i++)
		event_release(&event->elsewhere[i]);
	free(event->elsewhere);
	event->elsewhere = NULL;
	event->elsewhere_count = 0;
}

static void event_release(struct event *event)
{
	free(event->indicator);
	free(event->group);
	free(event->name);
	free(event->word);
	free(event->said_at);
	free(event->reason);
	free(event->origin);
	free(event->source);
	free(event->page);
	free(event->cause);
	free(event->cause_words);
	event_release_elsewhere(event);
	value_free(event->incidents);
	text_list_release(&event->affects);
	text_list_release(&event->meant);
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
	value_put_text(inner, "words", level_label(level));
	value_put_text(inner, "colour", colour_name(colour));
}

void event_put_type(struct value *map, enum event_type type)
{
	char *flag = memory_format("is_%s", event_type_name(type));

	value_put_text(map, "type", event_type_name(type));
	value_put_boolean(map, flag, true);
	if (event_types[type].about == ABOUT_WATCHING)
		value_put_boolean(map, "is_watching", true);
	if (event_types[type].episode == EVENT_EARLY || event_types[type].episode == EVENT_LATE)
		value_put_boolean(map, "is_measured", true);
	free(flag);
}

static void put_cause(struct value *map, const struct event *event)
{
	struct value *cause;

	if (event->cause == NULL)
		return;
	cause = value_put(map, "cause", value_map());
	value_put_text(cause, "label", event->cause);
	value_put_text(cause, "words", event->cause_words);
	value_put_number(cause, "depth", event->depth);
}

struct value *event_value(const struct event *event, const char *zone)
{
	struct value *map = value_map();
	char *label = event_label(event);
	char duration[DATE_TEXT_MAX] = "";
	int64_t said = 0;

	event_put_type(map, event->type);
	value_put_text(map, "id", event->indicator != NULL ? event->indicator : "");
	value_put_text(map, "indicator", event->name != NULL ? event->name : "");
	value_put_text(map, "group", event->group != NULL ? event->group : "");
	value_put_text(map, "label", label);
	value_put_boolean(map, "overall", text_empty(event->name));
	put_level(map, "before", event->before, event->before_colour);
	put_level(map, "after", event->after, event->after_colour);
	if (event->impact != LEVEL_OPERATIONAL)
		put_level(map, "impact", event->impact, COLOUR_RED);
	value_put_text(map, "word", event->word != NULL ? event->word : "");
	if (!text_empty(event->said_at))
		date_parse(event->said_at, &said);
	value_put_time(map, "said_at", said, zone);
	value_put_time(map, "seen_at", event->seen, zone);
	value_put_time(map, "since", event->since, zone);
	if (event->since != 0)
		date_write_duration(event->seen - event->since, duration);
	value_put_text(map, "duration", duration);
	value_put_time(map, "last_read", event->last_read, zone);
	value_put_number(map, "fetches", event->fetches);
	value_put_number(map, "needed", event->needed);
	value_put_number(map, "changes", event->changes);
	value_put_boolean(map, "red_now", event->after_colour == COLOUR_RED);
	value_put_boolean(map, "green_now", event->after_colour == COLOUR_GREEN);
	value_put_boolean(map, "risen", event->risen);
	value_put_text(map, "reason", event->reason != NULL ? event->reason : "");
	duration[0] = '\0';
	if (event->failing_since != 0 && event->failing_since < event->seen)
		date_write_duration(event->seen - event->failing_since, duration);
	value_put_text(map, "ahead", duration);
	value_put_number(map, "alarm", event->alarm);
	if (event->early != 0)
		value_put_number(map, "early", event->early);
	if (event->follows != 0)
		value_put_number(map, "follows", event->follows);
	put_cause(map, event);
	value_put_text(map, "origin", event->origin != NULL ? event->origin : "");
	value_put(map, "incidents",
		event->incidents != NULL ? value_copy(event->incidents) : value_list());
	free(label);
	return map;
}

enum event_type event_value_type(const struct value *event)
{
	enum event_type type = EVENT_UPDATE;

	event_type_parse(value_get_text(event, "type"), &type);
	return type;
}
