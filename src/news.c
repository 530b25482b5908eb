/* SPDX-License-Identifier: ISC */
#include "news.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

static void put_said(struct value *map, const char *name, const char *said, const char *zone)
{
	int64_t time = 0;

	if (!text_empty(said))
		date_parse(said, &time);
	event_put_time(map, name, time, zone);
}

/* The newest first; without times, in the page's order. */
static int newest_first(const void *a, const void *b)
{
	const struct update *left = *(const struct update *const *)a, *right = *(const struct update *const *)b;

	return strcmp(right->time, left->time);
}

static struct value *updates_value(const struct news_input *input, const char *id)
{
	const struct reading *reading = input->reading;
	const struct update **rows = memory_zero(reading->update_count, sizeof *rows);
	struct value *list = value_list();
	size_t count = 0;

	for (size_t i = 0; i < reading->update_count; i++)
		if (text_equal(reading->updates[i].id, id))
			rows[count++] = &reading->updates[i];
	qsort(rows, count, sizeof *rows, newest_first);
	for (size_t i = 0; i < count && i < NEWS_UPDATES_MAX; i++) {
		struct value *map = value_append(list, value_map());

		put_said(map, "time", rows[i]->time, input->zone);
		value_put_text(map, "state", rows[i]->state);
		value_put_text(map, "text", rows[i]->text);
	}
	free(rows);
	return list;
}

static void append_incident(const struct news_input *input, const struct incident *row, struct value *list)
{
	struct value *map;

	if (list->count >= NEWS_INCIDENTS_MAX)
		return;
	map = value_append(list, value_map());
	value_put_text(map, "title", row->title);
	value_put_text(map, "state", row->state);
	value_put_text(map, "word", row->word);
	value_put_text(map, "level", level_words(row->level));
	put_said(map, "started", row->started, input->zone);
	put_said(map, "updated", row->updated, input->zone);
	value_put_text(map, "url", row->url);
	value_put(map, "updates", updates_value(input, row->id));
}

static bool affects_something(const struct reading *reading, const char *id)
{
	for (size_t i = 0; i < reading->affects_count; i++)
		if (text_equal(reading->affects[i].id, id))
			return true;
	return false;
}

static bool affects_lamp(const struct reading *reading, const char *id, const struct lamp *lamp)
{
	for (size_t i = 0; i < reading->affects_count; i++)
		if (text_equal(reading->affects[i].id, id) &&
			(text_equal(reading->affects[i].indicator, lamp->id) ||
				text_equal(reading->affects[i].indicator, lamp->name)))
			return true;
	return false;
}

/*
 * What the page says about a lamp: incidents that name it; where none does,
 * those that name nothing, for many a page never says what an incident affects. The
 * overall level is about all of them.
 */
static struct value *incidents_of(const struct news_input *input, const struct lamp *lamp, const char **said_at)
{
	const struct reading *reading = input->reading;
	bool overall = lamp->id[0] == '\0';
	struct value *list = value_list();

	for (int named = 1; named >= 0 && list->count == 0; named--)
		for (size_t i = 0; i < reading->incident_count; i++) {
			const struct incident *row = &reading->incidents[i];
			const char *began;

			if (!overall && (named ? !affects_lamp(reading, row->id, lamp)
					       : affects_something(reading, row->id)))
				continue;
			append_incident(input, row, list);
			began = text_empty(row->started) ? row->updated : row->started;
			if (!text_empty(began) && (text_empty(*said_at) || strcmp(began, *said_at) < 0))
				*said_at = began;
		}
	return list;
}

static const enum event_type turn_events[] = {
	[TURN_RED] = EVENT_RED, [TURN_GREEN] = EVENT_GREEN, [TURN_GONE] = EVENT_GONE,
};

void news_of_turns(const struct news_input *input, const struct turns *turns, struct events *events)
{
	for (size_t i = 0; i < turns->count; i++) {
		const struct turn *turn = &turns->list[i];
		const struct lamp *lamp = &input->lamps->list[turn->lamp];
		struct event *event = events_add(events, turn_events[turn->type]);
		const char *said_at = "";

		event->indicator = memory_string(lamp->id);
		event->group = memory_string(lamp->group);
		event->name = memory_string(lamp->id[0] == '\0' ? "" : lamp->name);
		event->before = turn->before;
		event->after = turn->after;
		event->before_colour = level_colour(turn->before, input->red);
		event->after_colour = turn->type == TURN_GONE ? COLOUR_GREY : level_colour(turn->after, input->red);
		event->word = memory_string(lamp->word);
		event->seen = turn->seen;
		event->since = turn->type == TURN_GREEN ? turn->since : 0;
		event->fetches = turn->fetches;
		event->needed = turn->type == TURN_GREEN ? input->better : input->worse;
		event->incidents = incidents_of(input, lamp, &said_at);
		event->said_at = memory_string(turn->type == TURN_RED ? said_at : "");
	}
}

static bool told_already(const struct events *events, const char *id)
{
	for (size_t i = 0; i < events->count; i++)
		if (events->list[i].type == EVENT_UPDATE && text_equal(events->list[i].indicator, id))
			return true;
	return false;
}

static const struct incident *incident_with(const struct reading *reading, const char *id)
{
	for (size_t i = 0; i < reading->incident_count; i++)
		if (text_equal(reading->incidents[i].id, id))
			return &reading->incidents[i];
	return NULL;
}

void news_of_incidents(const struct news_input *input, const struct changes *changes, struct events *events)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->list[i];
		const struct incident *row = incident_with(input->reading, change->id);
		bool about = change->type == CHANGE_INCIDENT || change->type == CHANGE_INCIDENT_NEW ||
			     change->type == CHANGE_INCIDENT_CLOSED || (change->type == CHANGE_UPDATE && row != NULL);
		struct event *event;

		if (!about || told_already(events, change->id))
			continue;
		event = events_add(events, EVENT_UPDATE);
		event->indicator = memory_string(change->id);
		event->name = memory_string(change->name);
		event->before_colour = event->after_colour = COLOUR_YELLOW;
		event->word = memory_string(change->type == CHANGE_INCIDENT_CLOSED ? "closed" : change->after);
		event->seen = input->now;
		event->fetches = event->needed = 1;
		event->incidents = value_list();
		if (row == NULL)
			continue;
		event->before = event->after = row->level;
		append_incident(input, row, event->incidents);
		event->said_at = memory_string(row->updated);
	}
}

static bool in_events(const struct events *events, const struct lamp *lamp)
{
	for (size_t i = 0; i < events->count; i++)
		if (text_equal(events->list[i].indicator, lamp->id) && events->list[i].type != EVENT_UPDATE)
			return true;
	return false;
}

struct value *news_others_red(const struct lamps *lamps, const struct events *events)
{
	struct value *list = value_list();

	for (size_t i = 0; i < lamps->count; i++) {
		const struct lamp *lamp = &lamps->list[i];
		struct value *map;
		char *label;

		if (!lamp->red || lamp->id[0] == '\0' || in_events(events, lamp))
			continue;
		map = value_append(list, value_map());
		label = text_empty(lamp->group) ? memory_string(lamp->name)
						: memory_format("%s / %s", lamp->group, lamp->name);
		value_put_text(map, "label", label);
		value_put_text(map, "words", level_words(lamp->level));
		free(label);
	}
	return list;
}
