/* SPDX-License-Identifier: ISC
 *
 * From events to the outbox.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/snapshot_page.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/indicator_state.h"
#include "run/agree.h"
#include "run/causes.h"
#include "run/event_source.h"
#include "run/hosting_lookup.h"
#include "run/mementos.h"
#include "run/observe.h"
#include "store/alarm.h"
#include "tell/admin_notice.h"
#include "tell/message.h"

enum { LOST_NAMED = 5 /* receivers that no route reaches, in a mail */ };

/* An alarm that got worse is the one that is open; that of a baseline nobody was told of. */
static int64_t alarm_of(const struct work *work, const struct event *event)
{
	struct database *database = work->observer->database;
	const struct event_type_row *row = &event_types[event->type];
	const char *page = work->seen->page->name, *kind = event_type_name(row->episode);
	const char *indicator = event->indicator != NULL ? event->indicator : "";
	int64_t alarm = 0;

	if (row->part == PART_NONE)
		return 0;
	if (row->part != PART_BEGIN || event->risen || work->observer->rebuilding)
		alarm = store_find_alarm(database, page, kind, indicator);
	if (alarm == 0 && row->part == PART_BEGIN) {
		char *origin = store_origin(database, event->source != NULL ? event->source : page,
			row->about == ABOUT_PAGE ? work->state->failing_since : event->seen);

		alarm = store_open_alarm(database, page, kind, indicator, event->seen, origin);
		free(origin);
		if (event->early != 0)
			alarm_take_over(database, alarm, event->early);
	}
	return alarm;
}

/* What its Message-IDs are made from: fixed when its alarm opens. */
static char *origin_of(const struct work *work, const struct event *event)
{
	struct database *database = work->observer->database;

	return event->alarm != 0 ? store_alarm_origin(database, event->alarm)
				 : store_origin(database, work->seen->page->name, work->seen->now);
}

static int64_t open_alarm(const struct work *work, const struct event *event, enum event_type kind)
{
	return store_find_alarm(work->observer->database, work->seen->page->name,
		event_type_name(kind), event->indicator);
}

/* The incident that is open and was told while the lamp was green: of the indicator, or of the
 * page. */
static int64_t open_incident(const struct work *work, const struct event *event)
{
	struct database *database = work->observer->database;
	const char *page = work->seen->page->name, *incident = event_type_name(EVENT_INCIDENT);
	int64_t alarm = open_alarm(work, event, EVENT_INCIDENT);

	if (alarm == 0)
		alarm = store_find_alarm(database, page, incident, INDICATOR_OVERALL);
	if (alarm == 0 && event->indicator[0] == '\0')
		alarm = store_first_alarm(database, page, incident);
	return alarm;
}

/* The red that came after that alarm (0: the newest). */
static int64_t red_after(const struct work *work, const struct event *event, int64_t alarm)
{
	return store_later_alarm(work->observer->database, work->seen->page->name,
		event_type_name(EVENT_RED), event->indicator, alarm);
}

/*
 * Of what begins: what was told of the same trouble before, and is answered. Of what ends: the red
 * whose green says so too, or has said so.
 */
static int64_t related_alarm(const struct work *work, const struct event *event)
{
	switch (event->type) {
	case EVENT_RED:
		if (event->risen)
			return 0;
		return event->early != 0 ? event->early : open_incident(work, event);
	case EVENT_EARLY:
		return open_incident(work, event);
	case EVENT_INCIDENT:
		return open_alarm(work, event, EVENT_EARLY);
	case EVENT_LATE:
	case EVENT_RECOVERED:
		return open_alarm(work, event, EVENT_RED);
	case EVENT_OVER:
		return red_after(work, event, event->alarm);
	case EVENT_AGREED:
		return event->after_colour == COLOUR_GREEN ? red_after(work, event, 0) : 0;
	default:
		return 0;
	}
}

/* Episodes begin and end; what ends or continues one asks who was owed its beginning. */
static void number_alarms(struct work *work, struct owed_list *owed)
{
	struct database *database = work->observer->database;

	for (size_t i = 0; i < work->events.count; i++) {
		struct event *event = &work->events.list[i];
		int part = event_types[event->type].part;

		event->alarm = alarm_of(work, event);
		free(event->origin); /* of a transaction that failed */
		event->origin = origin_of(work, event);
		if (event->alarm == 0)
			continue;
		if (part == PART_END)
			store_close_alarm(database, event->alarm, event->seen);
		if (part != PART_BEGIN)
			outbox_pending(database, event->alarm, owed);
		event->related = related_alarm(work, event);
		if (event->related != 0)
			outbox_pending(database, event->related, owed);
	}
}

/* Patterns that have come to mean an event's indicator, or one that its incident names. */
static void name_meant(struct work *work)
{
	const struct meanings *meanings = &work->observer->meanings;
	const char *page = work->seen->page->name;

	for (size_t i = 0; i < work->events.count; i++) {
		struct event *event = &work->events.list[i];
		size_t affected = event->affects.count;

		if (event_types[event->type].about != ABOUT_INCIDENT)
			meanings_of(meanings, page, event->indicator, &event->meant);
		for (size_t j = 0; j < event->elsewhere_count; j++)
			meanings_of(meanings, event->elsewhere[j].page,
				event->elsewhere[j].indicator, &event->elsewhere[j].meant);
		for (size_t j = 0; j < affected; j++)
			meanings_of(meanings, page, event->affects.list[j], &event->affects);
	}
}

/* What the event's line in the log says of levels: an incident's are not its lamp's. */
static void levels_of(const struct event *event, const char **before, const char **after)
{
	const struct event_type_row *row = &event_types[event->type];
	bool incident = row->episode == EVENT_INCIDENT || row->episode == EVENT_EARLY;
	const char *impact = level_name(event->impact);

	*before = *after = "";
	if (row->part == PART_NONE || event->indicator == NULL || row->episode == EVENT_LATE ||
		event->type == EVENT_RECOVERED)
		return;
	if (!incident || row->part == PART_END)
		*before = incident ? impact : level_name(event->before);
	if (!incident || row->part == PART_BEGIN)
		*after = incident ? impact : level_name(event->after);
}

static void save_events(const struct work *work)
{
	for (size_t i = 0; i < work->events.count; i++) {
		const struct event *event = &work->events.list[i];
		char *label = event_label(event);
		const char *text = text_empty(event->reason) ? event->word : event->reason;
		const char *before, *after;

		levels_of(event, &before, &after);
		store_add_event(work->observer->database, work->seen->page->name, work->seen->now,
			event_type_name(event->type), event->indicator, label, before, after, text);
		free(label);
	}
}

static bool has_opened(const struct work *work, int64_t alarm)
{
	for (size_t i = 0; i < work->events.count; i++)
		if (work->events.list[i].alarm == alarm && !work->events.list[i].risen)
			return true;
	return false;
}

/* The first red of this page, or the page itself lost while nothing of it was red. */
static bool begins_trouble(const struct work *work)
{
	struct alarms open = {0};
	bool begins = false;

	for (size_t i = 0; i < work->events.count; i++)
		begins = begins || event_types[work->events.list[i].type].trouble;
	alarms_load(work->observer->database, work->seen->page->name, &open);
	for (size_t i = 0; i < open.count; i++)
		begins = begins && has_opened(work, open.list[i].id);
	alarms_release(&open);
	return begins;
}

/* To whoever looks after this machine, by cron's mail, and to the operator. */
static void tell_lost(struct work *work, const struct text_list *lost)
{
	const struct observer *observer = work->observer;
	const char *provider = work->seen->page->provider;
	char *count = memory_format("%zu receiver%s", lost->count, lost->count == 1 ? "" : "s");
	char *text = memory_format("%s is in trouble, and no route reaches %s until it recovers; "
				   "`lampwatch status` names them",
		provider, count);
	char *id = memory_format("n.%s.%lld", work->seen->page->name, (long long)work->seen->now);
	struct buffer reason = {0};
	struct admin_notice note = {.type = EVENT_UNREACHABLE,
		.page = work->seen->page->name,
		.label = provider,
		.what = count,
		.seen = work->seen->now,
		.id = id};

	for (size_t i = 0; i < lost->count && i < LOST_NAMED; i++)
		buffer_format(&reason, "%s%s", i > 0 ? "; " : "", lost->list[i]);
	if (lost->count > LOST_NAMED)
		buffer_format(&reason, "; and %zu more", lost->count - LOST_NAMED);
	note.reason = buffer_string(&reason);
	work_say(work, text);
	admin_notice_send(
		observer->database, observer->config, observer->templates, &note, work->seen->now);
	buffer_release(&reason);
	free(id);
	free(text);
	free(count);
}

/* The snapshot that proves what is told: what was kept now of the page, or last, which says the
 * same unless the page has changed since and nothing could be kept; of what our own checks see
 * beside it, that of their probe. Its strings are owned by proof. */
static void find_proof(const struct work *work, struct page_state *proof)
{
	const struct page_state *own = work->state;
	bool kept = (!work->keep || work->line != NULL) && !own->unkept;

	for (size_t i = 0; i < work->events.count; i++) {
		const char *probe = work->events.list[i].source;

		if (probe != NULL && store_page(work->observer->database, probe, proof)) {
			if (proof->unkept)
				memory_set(&proof->folder, NULL);
			return;
		}
	}
	*proof = (struct page_state){.name = memory_string(own->name),
		.folder = memory_string(kept ? own->folder : NULL),
		.sums = memory_string(own->sums),
		.head = memory_string(own->head)};
}

static void make_plan(struct work *work, const struct owed_list *owed, struct plan *plan)
{
	struct text_list lost = {0};
	struct observer *observer = work->observer;
	struct value *others = events_others_red(&work->state->indicators, &work->events);
	struct page_state proof = {0};
	char *path, *url;
	struct plan_input input = {
		.config = observer->config,
		.receivers = &observer->receivers,
		.page = work->seen->page,
		.title = work->after.title,
		.events = &work->events,
		.owed = owed->list,
		.owed_count = owed->count,
		.others_red = others,
		.now = work->seen->now,
		.simulated = observer->simulated,
		.key = observer->key,
	};

	find_proof(work, &proof);
	path = text_empty(proof.folder) ? NULL : memory_format("%s/%s", proof.name, proof.folder);
	url = snapshot_page_url(observer->config, proof.name, proof.folder);
	input.snapshot_path = path;
	input.snapshot_url = url;
	input.snapshot_digest = proof.sums;
	input.head = proof.head;
	trouble_load(&observer->trouble, observer->database, observer->config);
	hosting_lookup_receivers(observer->dependences, observer->config,
		&observer->trouble.providers, &observer->receivers, &lost);
	if (lost.count > 0 && work->seen->page->provider != NULL && begins_trouble(work))
		tell_lost(work, &lost);
	plan_make(&input, plan);
	page_state_release(&proof);
	text_list_release(&lost);
	free(path);
	free(url);
	value_free(others);
}

/* A content in the outbox. */
struct kept_content {
	int64_t id; /* 0: not yet */
	bool rendered;
};

/* Keeps what the delivery says, rendered, unless it waits to be joined: then it mostly never is. */
static void keep_content(struct work *work, const struct delivery_plan *delivery,
	const struct content_plan *says, struct kept_content *kept)
{
	const struct observer *observer = work->observer;
	struct content_copy copy = {delivery->receiver, delivery->message_id, delivery->in_reply_to,
		delivery->unsubscribe, NULL};
	bool joins = delivery->for_digest;
	struct content content = {0};
	struct error error;

	if (kept->id != 0 && (joins || kept->rendered))
		return;
	if (!joins && !content_render(observer->config, observer->templates, &copy, says->data,
			      work->seen->now, &content, &error))
		observer_own_fault(work->observer, work->seen->page->name, &error);
	if (kept->id == 0)
		kept->id = outbox_keep(observer->database, says, joins ? NULL : &content);
	else
		outbox_complete(observer->database, kept->id, &content);
	kept->rendered = !joins;
	content_release(&content);
}

/*
 * The first message of a run goes at once; what else happens in it is one second message. A content
 * is made and kept once for all mails that have it, as mail that does not and that does say how to
 * end it; each webhook has words of its own.
 */
static bool save_deliveries(struct work *work, const struct plan *plan)
{
	struct database *database = work->observer->database;
	struct kept_content(*mails)[2] = memory_zero(plan->content_count, sizeof *mails);

	for (size_t i = 0; i < plan->count; i++) {
		struct delivery_plan *delivery = &plan->list[i];
		const struct content_plan *says = &plan->contents[delivery->content];
		struct kept_content own = {0};
		struct kept_content *kept =
			receiver_address(delivery->receiver) != NULL
				? &mails[delivery->content][delivery->unsubscribe != NULL]
				: &own;

		delivery->for_digest =
			work->observer->joining ||
			(!work->observer->rebuilding && /* where many runs come at once */
				outbox_told(database, delivery->receiver, work->seen->now));
		keep_content(work, delivery, says, kept);
		outbox_add(database, says->digest_message ? "" : work->seen->page->name, delivery,
			kept->id, work->seen->now);
	}
	free(mails);
	return plan->count > 0;
}

/* Somebody answers for every open alarm that the update is about, and for one at least: each whose
 * indicator the incident names, or all where it names none. */
static bool is_answered(
	const struct work *work, const struct event *event, const struct alarms *alarms)
{
	size_t answered = 0;

	for (size_t i = 0; i < alarms->count; i++) {
		const struct alarm *alarm = &alarms->list[i];
		const struct indicator_state *indicator =
			indicator_states_find(&work->state->indicators, alarm->indicator);

		if (event->affects.count > 0 && !text_list_has(&event->affects, alarm->indicator) &&
			(indicator == NULL || !text_list_has(&event->affects, indicator->name)))
			continue;
		if (alarm->acknowledged == 0)
			return false;
		answered++;
	}
	return answered > 0;
}

static bool has_incident(const struct events *events)
{
	bool has = false;

	for (size_t i = 0; i < events->count; i++)
		has = has || event_types[events->list[i].type].about == ABOUT_INCIDENT;
	return has;
}

/* What is written about an alarm that somebody has acknowledged is logged only. */
static void drop_answered(struct work *work)
{
	struct alarms alarms = {0};

	if (!has_incident(&work->events))
		return;
	alarms_load(work->observer->database, work->seen->page->name, &alarms);
	for (size_t i = work->events.count; i-- > 0;)
		if (event_types[work->events.list[i].type].about == ABOUT_INCIDENT &&
			is_answered(work, &work->events.list[i], &alarms))
			events_drop(&work->events, i);
	alarms_release(&alarms);
}

bool work_enqueue(struct work *work)
{
	const struct indicator_states *indicators = &work->state->indicators;
	struct owed_list owed = {0};
	struct plan plan = {0};
	bool pending;

	trouble_set(
		&work->observer->trouble, work->seen->page, work->state->red || work->state->lost);
	/* An alarm is found by its indicator's id, which the provider may have changed meanwhile.
	 */
	for (size_t i = 0; i < indicators->count; i++)
		if (indicators->list[i].former != NULL)
			store_rename_alarm(work->observer->database, work->seen->page->name,
				indicators->list[i].former, indicators->list[i].id);
	agreements_note(work);
	number_alarms(work, &owed);
	causes_note(work, &owed);
	name_meant(work);
	if (!work->observer->rebuilding || work->observer->untold)
		save_events(work); /* else it was logged when it was found */
	drop_answered(work);
	if (!work->observer->untold)
		make_plan(work, &owed, &plan);
	pending = save_deliveries(work, &plan);
	memento_want(work);
	plan_release(&plan);
	outbox_pending_release(&owed);
	return pending;
}

bool indicator_is_told(const struct indicator_state *indicator)
{
	return indicator->alarm && indicator->red && !indicator->flapping;
}

void observer_tell_open(struct observer *observer, const struct page_config *page,
	struct page_state *state, int64_t seen, int64_t now)
{
	struct observation observation = {.page = page, .state = state, .now = now};
	struct work work = {.observer = observer, .seen = &observation, .state = state};
	struct event_source input = {&work.after, &state->indicators, &page->indicators,
		(enum level)page->settings.red, page->settings.confirm.worse,
		page->settings.confirm.better, now, observer->config->timezone, NULL};
	struct reading reading = {0};

	if (state->reading != NULL &&
		reading_parse(state->reading, strlen(state->reading), &reading, NULL))
		reading_watched(&reading, &page->indicators, &work.after);
	for (size_t i = 0; i < state->indicators.count; i++) {
		const struct indicator_state *indicator = &state->indicators.list[i];

		if (indicator_is_told(indicator) && indicator->alarm_since == seen)
			*(struct transition *)memory_append(&work.transitions.list,
				&work.transitions.count, sizeof *work.transitions.list) =
				(struct transition){.type = TRANSITION_RED,
					.indicator = i,
					.before = indicator->before,
					.after = indicator->level,
					.fetches = indicator->count,
					.seen = indicator->alarm_since,
					.since = indicator->alarm_since};
	}
	events_of_transitions(&input, &work.transitions, &work.events);
	if (work.events.count > 0)
		work_enqueue(&work);
	reading_release(&reading);
	work_release(&work);
}
