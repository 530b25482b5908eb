/* SPDX-License-Identifier: ISC */
#include "run/event_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/date_value.h"
#include "base/index.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/change.h"

static void put_said(struct value *map, const char *name, const char *said, const char *zone)
{
	int64_t time = 0;

	if (!text_empty(said))
		date_parse(said, &time);
	value_put_time(map, name, time, zone);
}

/* What one event tells of incidents. */
struct account {
	struct value *incidents;                          /* a list */
	const struct incident *told[EVENT_INCIDENTS_MAX]; /* those in it */
	const char *said_at; /* when the first of them began; "" where the page does not say */
};

/* One reading, to be asked many times. */
struct source {
	const struct event_source *input;
	struct index affects, updates, incidents; /* by the incident's id */
	struct index before;                      /* the affects of the reading before, likewise */
	struct affects
		*turned; /* the rows of affects with their two fields exchanged; strings borrowed */
	struct index by_indicator; /* over turned */
	struct account whole;      /* all incidents */
	struct account general;    /* those that name no indicator */
};

/* The newest first; without times, in the page's order. */
static int newest_first(const void *a, const void *b)
{
	const struct update *left = *(const struct update *const *)a,
			    *right = *(const struct update *const *)b;
	int order = text_compare(right->time, left->time);

	return order != 0 ? order : (left > right) - (left < right);
}

static void append_incident(
	const struct source *source, const struct incident *row, struct value *list)
{
	const char *const like[] = {row->id}, *zone = source->input->zone;
	size_t count, first = index_range(&source->updates, like, &count);
	const struct update **updates = memory_zero(count, sizeof *updates);
	struct value *map = value_append(list, value_map());

	value_put_text(map, "title", row->title);
	value_put_text(map, "state", row->state);
	value_put_text(map, "word", row->word);
	value_put_text(map, "level", level_label(row->level));
	put_said(map, "started", row->started, zone);
	put_said(map, "updated", row->updated, zone);
	value_put_text(map, "url", row->url);
	list = value_put(map, "updates", value_list());
	for (size_t i = 0; i < count; i++)
		updates[i] = source->updates.rows[first + i];
	qsort(updates, count, sizeof *updates, newest_first);
	for (size_t i = 0; i < count && i < EVENT_UPDATES_MAX; i++) {
		map = value_append(list, value_map());
		put_said(map, "time", updates[i]->time, zone);
		value_put_text(map, "state", updates[i]->state);
		value_put_text(map, "text", updates[i]->text);
	}
	free(updates);
}

static struct account account_new(void)
{
	return (struct account){.incidents = value_list(), .said_at = ""};
}

static void account_add(
	const struct source *source, const struct incident *row, struct account *account)
{
	const char *began = text_empty(row->started) ? row->updated : row->started;
	size_t count = account->incidents->count;

	for (size_t i = 0; i < count; i++)
		if (account->told[i] == row)
			return;
	if (!text_empty(began) &&
		(text_empty(account->said_at) || strcmp(began, account->said_at) < 0))
		account->said_at = began;
	if (count == EVENT_INCIDENTS_MAX)
		return;
	account->told[count] = row;
	append_incident(source, row, account->incidents);
}

static void source_open(struct source *source, const struct event_source *input)
{
	const struct reading *reading = input->reading;

	*source = (struct source){input,
		index_by_id(reading->affects, reading->affects_count, sizeof *reading->affects),
		index_by_id(reading->updates, reading->update_count, sizeof *reading->updates),
		index_by_id(
			reading->incidents, reading->incident_count, sizeof *reading->incidents),
		{0}, memory_zero(reading->affects_count, sizeof *source->turned), {0},
		account_new(), account_new()};
	if (input->before != NULL)
		source->before = index_by_id(input->before->affects, input->before->affects_count,
			sizeof *input->before->affects);
	for (size_t i = 0; i < reading->affects_count; i++)
		source->turned[i] =
			(struct affects){reading->affects[i].indicator, reading->affects[i].id};
	source->by_indicator =
		index_by_id(source->turned, reading->affects_count, sizeof *source->turned);
	for (size_t i = 0; i < reading->incident_count; i++) {
		const struct incident *row = &reading->incidents[i];

		account_add(source, row, &source->whole);
		if (index_find(&source->affects, row->id) == NULL)
			account_add(source, row, &source->general);
	}
}

static void source_close(struct source *source)
{
	index_release(&source->affects);
	index_release(&source->before);
	index_release(&source->updates);
	index_release(&source->incidents);
	index_release(&source->by_indicator);
	free(source->turned);
	value_free(source->whole.incidents);
	value_free(source->general.incidents);
}

/*
 * What the page says about an indicator: incidents that name it; where none does, those that name
 * nothing, since many pages never say what an incident affects. The overall level is about all of
 * them.
 */
static struct account account_of(
	const struct source *source, const struct indicator_state *indicator)
{
	const struct account *shared = indicator->id[0] == '\0' ? &source->whole : &source->general;
	struct account account = account_new();

	for (size_t name = 0; name < 2 && shared != &source->whole; name++) {
		const char *const like[] = {name == 0 ? indicator->id : indicator->name};
		size_t count, first = index_range(&source->by_indicator, like, &count);

		for (size_t i = 0; i < count && i < EVENT_AFFECTS_MAX; i++) {
			const struct affects *row = source->by_indicator.rows[first + i];
			const struct incident *incident =
				index_find(&source->incidents, row->indicator);

			if (incident != NULL)
				account_add(source, incident, &account);
		}
	}
	if (account.incidents->count > 0)
		return account;
	value_free(account.incidents);
	account = *shared;
	account.incidents = value_copy(shared->incidents);
	return account;
}

static const enum event_type transition_events[] = {
	[TRANSITION_RED] = EVENT_RED,
	[TRANSITION_GREEN] = EVENT_GREEN,
	[TRANSITION_GONE] = EVENT_GONE,
	[TRANSITION_WORSE] = EVENT_RED,
	[TRANSITION_FLAPPING] = EVENT_FLAPPING,
	[TRANSITION_SETTLED] = EVENT_SETTLED,
	[TRANSITION_REMINDER] = EVENT_REMINDER,
};

/* A page on which everything changes at once says the same of each: the first ones carry it. */
static struct value *detail(const struct events *events, struct value *incidents)
{
	if (events->count <= EVENT_DETAILED_MAX)
		return incidents;
	value_free(incidents);
	return value_list();
}

static void add_transition(
	const struct source *source, const struct transition *transition, struct events *events)
{
	const struct event_source *input = source->input;
	const struct indicator_state *indicator = &input->indicators->list[transition->indicator];
	struct event *event = events_add(events, transition_events[transition->type]);
	struct account account = account_of(source, indicator);

	event->indicator = memory_string(indicator->id);
	event->group = memory_string(indicator->group);
	event->name = memory_string(indicator->id[0] == '\0' ? "" : indicator->name);
	event->before = transition->before;
	event->after = transition->after;
	event->before_colour = level_colour(transition->before, input->red);
	event->after_colour = transition->type == TRANSITION_GONE
				      ? COLOUR_GREY
				      : level_colour(transition->after, input->red);
	event->word = memory_string(indicator->word);
	event->seen = transition->seen;
	event->since = transition->since;
	event->risen = transition->type == TRANSITION_WORSE;
	event->changes = transition->type == TRANSITION_FLAPPING ? transition->fetches : 0;
	event->fetches = transition->type == TRANSITION_RED ||
					 transition->type == TRANSITION_GREEN ||
					 transition->type == TRANSITION_WORSE
				 ? transition->fetches
				 : 0;
	event->needed = transition->type == TRANSITION_GREEN ? input->better : input->worse;
	event->said_at = memory_string(transition->type == TRANSITION_RED ? account.said_at : "");
	event->incidents = detail(events, account.incidents);
}

void events_of_transitions(const struct event_source *input, const struct transitions *transitions,
	struct events *events)
{
	struct source source;

	if (transitions->count == 0)
		return;
	source_open(&source, input);
	for (size_t i = 0; i < transitions->count; i++)
		add_transition(&source, &transitions->list[i], events);
	source_close(&source);
}

/* An indicator that is no longer watched has no event. */
static void add_impact(
	const struct source *source, const struct impact_turn *turn, struct events *events)
{
	const struct event_source *input = source->input;
	const struct indicator_state page = {.id = turn->indicator},
				     *indicator = turn->indicator[0] != '\0'
							  ? indicator_states_find(input->indicators,
								    turn->indicator)
							  : &page;
	struct event *event;
	struct account account;

	if (indicator == NULL)
		return;
	event = events_add(events, turn->over ? EVENT_OVER : EVENT_INCIDENT);
	account = account_of(source, indicator);
	event->indicator = memory_string(indicator->id);
	event->group = memory_string(indicator->group != NULL ? indicator->group : "");
	event->name = memory_string(indicator->name != NULL ? indicator->name : "");
	event->before = event->after = turn->lamp;
	event->before_colour = event->after_colour = level_colour(turn->lamp, input->red);
	event->impact = turn->level;
	event->seen = turn->seen;
	event->since = turn->since;
	event->fetches = turn->fetches;
	event->needed = turn->over ? input->better : input->worse;
	event->said_at = memory_string(turn->over ? "" : account.said_at);
	event->word = memory_string(turn->over ? "" : turn->title);
	event->reason = memory_string(turn->over ? turn->title : "");
	event->incidents = detail(events, account.incidents);
}

void events_of_impacts(
	const struct event_source *input, const struct impact_turns *turns, struct events *events)
{
	struct source source;

	if (turns->count == 0)
		return;
	source_open(&source, input);
	for (size_t i = 0; i < turns->count; i++)
		add_impact(&source, &turns->list[i], events);
	source_close(&source);
}

/* The indicators of an incident, by whatever name they have: id and name of those on the page.
 * affects: of the reading. */
static void name_affected(const struct index *affects, const struct reading *reading,
	const char *incident, struct event *event)
{
	const char *const like[] = {incident};
	size_t count, first = index_range(affects, like, &count);

	for (size_t i = 0; i < count && event->affects.count < EVENT_AFFECTS_MAX; i++) {
		const struct affects *row = affects->rows[first + i];
		const struct indicator *indicator;

		if (text_empty(row->indicator))
			continue;
		text_list_add(&event->affects, row->indicator);
		indicator = reading_indicator(reading, row->indicator);
		if (indicator != NULL && !text_empty(indicator->name))
			text_list_add(&event->affects, indicator->name);
	}
}

static void add_update(const struct source *source, const struct change *change,
	const struct incident *row, struct events *events)
{
	struct event *event = events_add(events, EVENT_UPDATE);
	struct account account = account_new();

	event->indicator = memory_string(change->id);
	event->name = memory_string(change->name);
	event->before_colour = event->after_colour = COLOUR_YELLOW;
	if (change->type == CHANGE_INCIDENT_CLOSED)
		event->reason = memory_string("the page no longer lists the incident");
	else
		event->word = memory_string(change->after);
	event->seen = source->input->now;
	event->fetches = event->needed = 1;
	if (row != NULL) {
		account_add(source, row, &account);
		event->before = event->after = row->level;
		event->said_at = memory_string(row->updated);
	}
	if (row != NULL)
		name_affected(&source->affects, source->input->reading, row->id, event);
	else if (source->input->before != NULL)
		name_affected(&source->before, source->input->before, change->id, event);
	event->incidents = detail(events, account.incidents);
}

void events_of_incidents(
	const struct event_source *input, const struct changes *changes, struct events *events)
{
	bool *told = memory_zero(input->reading->incident_count, sizeof *told);
	struct source source;

	source_open(&source, input);
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->list[i];
		const struct incident *row = index_find(&source.incidents, change->id);
		bool about = change->type == CHANGE_INCIDENT ||
			     change->type == CHANGE_INCIDENT_NEW ||
			     change->type == CHANGE_INCIDENT_CLOSED ||
			     (change->type == CHANGE_UPDATE && row != NULL);

		if (!about || (row != NULL && told[row - input->reading->incidents]))
			continue;
		if (row != NULL)
			told[row - input->reading->incidents] = true;
		add_update(&source, change, row, events);
	}
	source_close(&source);
	free(told);
}

struct value *events_others_red(
	const struct indicator_states *indicators, const struct events *events)
{
	char **ids = memory_zero(events->count, sizeof *ids);
	struct value *list = value_list();
	struct index told;
	size_t count = 0;

	for (size_t i = 0; i < events->count; i++)
		if (event_types[events->list[i].type].about != ABOUT_INCIDENT)
			ids[count++] = events->list[i].indicator;
	told = index_by_id(ids, count, sizeof *ids);
	for (size_t i = 0; i < indicators->count; i++) {
		const struct indicator_state *indicator = &indicators->list[i];
		struct value *map;
		char *label;

		if (!indicator->red || indicator->id[0] == '\0' ||
			index_find(&told, indicator->id) != NULL)
			continue;
		map = value_append(list, value_map());
		label = text_label(indicator->group, indicator->name);
		value_put_text(map, "label", label);
		value_put_text(map, "words", level_label(indicator->level));
		free(label);
	}
	index_release(&told);
	free(ids);
	return list;
}
