/* SPDX-License-Identifier: ISC */
#include "run/agree.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/agreement.h"
#include "model/event.h"
#include "model/indicator_state.h"
#include "model/reading.h"
#include "run/facts.h"
#include "run/observe.h"
#include "run/suppression.h"
#include "store/alarm.h"

/* One indicator that has facts, and all that is known of it. */
struct view {
	const struct page_config *page;
	const struct indicator_state *indicator;
	struct known_fact fact; /* owned */
	enum colour colour;     /* of the lamp */
	enum agreement agreement;
	int64_t since;       /* when they parted; 0: they have not */
	int64_t early, late; /* the open alarms; 0: none */
};

static const char *kind_of(enum event_type episode)
{
	return event_type_name(episode);
}

static void view_take(struct known_states *known, const struct config *config,
	const struct page_config *page, const struct page_state *state,
	const struct indicator_state *indicator, const struct fact_config *facts, struct view *view)
{
	struct lamp lamp = {.colour = COLOUR_GREY,
		.fresh = known_states_fresh(known, page, state),
		.red = indicator->alarm,
		.since = indicator->alarm_since};

	if (!indicator->gone)
		lamp.colour = level_colour(indicator->level, (enum level)page->settings.red);
	*view = (struct view){.page = page, .indicator = indicator, .colour = lamp.colour};
	fact_look_up(known, config, page, facts, &view->fact);
	view->agreement = agreement_of(&lamp, &view->fact.is, &view->since);
	view->early =
		store_find_alarm(known->database, page->name, kind_of(EVENT_EARLY), indicator->id);
	view->late =
		store_find_alarm(known->database, page->name, kind_of(EVENT_LATE), indicator->id);
}

/* ---- each indicator with facts ---- */

typedef void take_view(void *context, const struct view *view);

/* Where a page lists only what is in trouble, an indicator that it has never listed stands as all
 * the others do, by the name that its facts have. */
static void each_unlisted(struct known_states *known, const struct config *config,
	const struct page_config *page, const struct page_state *state, take_view *take,
	void *context)
{
	struct reading reading = {0};
	const struct indicator *others = NULL;

	if (state->reading != NULL &&
		reading_parse(state->reading, strlen(state->reading), &reading, NULL))
		others = reading_indicator(&reading, READING_OTHERS);
	for (size_t i = 0; others != NULL && i < page->fact_count; i++) {
		const struct fact_config *facts = &page->facts[i];
		struct indicator_state unlisted = {.id = facts->indicator,
			.group = others->group,
			.name = facts->indicator,
			.level = others->level,
			.word = others->word};
		bool listed = false;
		struct view view;

		for (size_t j = 0; j < state->indicators.count; j++) {
			const struct indicator_state *indicator = &state->indicators.list[j];

			listed = listed || config_facts(page, indicator->id, indicator->group,
						   indicator->name) == facts;
		}
		if (listed)
			continue;
		view_take(known, config, page, state, &unlisted, facts, &view);
		take(context, &view);
		known_fact_release(&view.fact);
	}
	reading_release(&reading);
}

static void each_view(struct known_states *known, const struct config *config,
	const struct page_config *page, const struct page_state *state, take_view *take,
	void *context)
{
	for (size_t i = 0; i < state->indicators.count; i++) {
		const struct indicator_state *indicator = &state->indicators.list[i];
		const struct fact_config *facts =
			config_facts(page, indicator->id, indicator->group, indicator->name);
		struct view view;

		if (facts == NULL || indicator->id[0] == '\0')
			continue;
		view_take(known, config, page, state, indicator, facts, &view);
		take(context, &view);
		known_fact_release(&view.fact);
	}
	each_unlisted(known, config, page, state, take, context);
}

static bool names_probe(const struct page_config *page, const char *probe)
{
	size_t length = strlen(probe);

	for (size_t i = 0; i < page->fact_count; i++)
		for (size_t j = 0; j < page->facts[i].checks.count; j++) {
			const char *check = page->facts[i].checks.list[j];

			if (strncmp(check, probe, length) == 0 && check[length] == '/')
				return true;
		}
	return false;
}

/* A page with facts, by its own observation or by that of a probe which they name. */
static bool concerns(const struct page_config *page, const char *name)
{
	return page->fact_count > 0 && (text_equal(page->name, name) || names_probe(page, name));
}

static struct known_states known_open(const struct observer *observer, int64_t now)
{
	return (struct known_states){
		.database = observer->database, .holds = observer->rebuilding, .now = now};
}

/* ---- events ---- */

/* Of our own checks it says what they are now. */
static struct event *add_event(struct work *work, const struct view *view, enum event_type type)
{
	const struct indicator_state *indicator = view->indicator;
	struct event *event = events_add(&work->events, type);

	event->indicator = memory_string(indicator->id);
	event->group = memory_string(indicator->group);
	event->name = memory_string(indicator->name);
	event->before = event->after = indicator->level;
	event->before_colour = event->after_colour = view->colour;
	event->impact = known_fact_level(&view->fact);
	event->seen = work->seen->now;
	event->source = known_fact_probe(&view->fact);
	return event;
}

static char *words_of(const struct work *work, const struct view *view)
{
	return known_fact_words(&view->fact, work->seen->now, work->observer->config->timezone);
}

/* Something begins, when the two parted. */
static void add_begin(struct work *work, const struct view *view, enum event_type type)
{
	struct event *event = add_event(work, view, type);

	event->seen = view->since;
	event->reason = words_of(work, view);
}

static struct event *add_end(
	struct work *work, const struct view *view, enum event_type type, int64_t alarm)
{
	struct event *event = add_event(work, view, type);

	event->since = store_alarm_opened(work->observer->database, alarm);
	return event;
}

/* The lamp has been as it is since before it failed here, and nothing was written of it. */
static bool never_said(const struct work *work, const struct view *view, int64_t begun)
{
	return view->colour == COLOUR_GREEN && !view->indicator->alarm &&
	       view->indicator->since <= begun &&
	       !store_alarm_since(
		       work->observer->database, view->page->name, kind_of(EVENT_INCIDENT), begun);
}

static void add_recovered(struct work *work, const struct view *view)
{
	struct event *event = add_end(work, view, EVENT_RECOVERED, view->early);

	if (view->fact.is.since > event->since)
		event->seen = view->fact.is.since;
	if (never_said(work, view, event->since))
		event->reason = memory_string("the page never said so");
}

static void add_agreed(struct work *work, const struct view *view)
{
	struct event *event = add_end(work, view, EVENT_AGREED, view->late);

	if (view->fact.is.state == FACT_BAD)
		event->reason = words_of(work, view);
}

static void take_changes(void *context, const struct view *view)
{
	struct work *work = context;

	if (view->agreement == AGREEMENT_EARLY && view->early == 0)
		add_begin(work, view, EVENT_EARLY);
	if (view->fact.is.state == FACT_GOOD && view->early != 0)
		add_recovered(work, view);
	if (view->agreement == AGREEMENT_LATE && view->late == 0)
		add_begin(work, view, EVENT_LATE);
	if ((view->agreement == AGREEMENT_AGREE || view->agreement == AGREEMENT_EARLY) &&
		view->late != 0)
		add_agreed(work, view);
}

/* ---- a page ---- */

/* True where nothing can be apart: the page is not red, nor is a probe of its facts, none of which
 * is a crowd, and no alarm is open that could end. */
static bool is_calm(const struct config *config, struct known_states *known,
	const struct text_list *apart, const struct page_config *page,
	const struct page_state *state)
{
	bool calm = !state->red && !text_list_search(apart, page->name);

	for (size_t i = 0; i < page->fact_count && calm; i++)
		for (size_t j = 0; j < page->facts[i].checks.count && calm; j++) {
			const char *check = page->facts[i].checks.list[j];
			char *probe = memory_bytes(check, strcspn(check, "/"));
			const struct page_config *of = config_page(config, probe);
			const struct page_state *its = known_states_find(known, probe, false);

			calm = (of == NULL || of->match == NULL) && (its == NULL || !its->red);
			free(probe);
		}
	return calm;
}

/* Adds what has begun and ended on the page. apart: the pages of which early or late is open; keep:
 * calls events_commit() for it. */
static void look_at(struct observer *observer, struct known_states *known,
	const struct text_list *apart, const struct page_config *page,
	void (*keep)(struct work *work))
{
	struct page_state *state = known_states_find(known, page->name, false);
	struct observation seen = {.page = page, .state = state, .now = known->now};
	struct work work = {.observer = observer, .seen = &seen, .state = state};

	if (state == NULL || !state->known ||
		is_calm(observer->config, known, apart, page, state) ||
		suppression_holds(
			observer->config, &observer->silences, page->name, known->now, NULL) ||
		known_states_find(known, page->name, true) == NULL)
		return;
	each_view(known, observer->config, page, state, take_changes, &work);
	if (work.events.count > 0)
		keep(&work);
	work_release(&work);
}

/* What cannot be written now is tried again at the end of the run. */
static void keep_if_possible(struct work *work)
{
	events_commit(work, NULL);
}

void agreements_follow(struct observer *observer, const char *name, int64_t now)
{
	struct known_states known = known_open(observer, now);
	const struct page_config *its = config_page(observer->config, name);
	struct text_list apart = {0};

	if (its == NULL || (its->fact_count == 0 && its->check_count == 0 && its->match == NULL))
		return;
	store_apart(observer->database, &apart);
	for (size_t i = 0; i < observer->config->page_count; i++)
		if (concerns(&observer->config->pages[i], name))
			look_at(observer, &known, &apart, &observer->config->pages[i],
				keep_if_possible);
	text_list_release(&apart);
	known_states_release(&known);
}

/* ---- all of them ---- */

/* Nobody sees any more whether it ended: it ends untold, as does an indicator that is no longer
 * watched. */
static void close_unconfigured(struct observer *observer, struct known_states *known, bool early)
{
	struct alarms open = {0};

	alarms_load_of(known->database, kind_of(early ? EVENT_EARLY : EVENT_LATE), &open);
	for (size_t i = 0; i < open.count; i++) {
		const struct alarm *alarm = &open.list[i];
		const struct page_config *page = config_page(observer->config, alarm->page);
		const struct page_state *state = known_states_find(known, alarm->page, true);
		const struct indicator_state *indicator =
			state != NULL ? indicator_states_find(&state->indicators, alarm->indicator)
				      : NULL;
		const char *id = alarm->indicator;

		if (page != NULL &&
			config_facts(page, id, indicator != NULL ? indicator->group : "",
				indicator != NULL ? indicator->name : id) == NULL)
			store_close_alarm(known->database, alarm->id, known->now);
	}
	alarms_release(&open);
}

static bool has_facts(const struct config *config)
{
	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].fact_count > 0)
			return true;
	return false;
}

void agreements_settle(struct observer *observer, int64_t now)
{
	struct known_states known = known_open(observer, now);
	struct text_list apart = {0};

	store_apart(observer->database, &apart);
	if (apart.count == 0 && !has_facts(observer->config))
		return;
	store_pages(observer->database, &known.all);
	for (size_t i = 0; i < observer->config->page_count; i++) {
		if (observer->config->pages[i].fact_count == 0)
			continue;
		look_at(observer, &known, &apart, &observer->config->pages[i], events_keep);
		known.database = observer->database; /* which may be a standby's by now */
	}
	if (apart.count > 0) {
		close_unconfigured(observer, &known, true);
		close_unconfigured(observer, &known, false);
	}
	text_list_release(&apart);
	known_states_release(&known);
}

/* ---- what an observation's own events say of it ---- */

static bool is_first_sight(const struct work *work)
{
	return work->first && work->seen->page->settings.first_sight != FIRST_SIGHT_ALERT &&
	       !work->observer->rebuilding && !work->observer->lost;
}

static int64_t open_untold(
	struct database *database, const struct view *view, enum event_type episode, int64_t time)
{
	char *probe = known_fact_probe(&view->fact);
	char *origin = store_origin(database, probe, time);
	int64_t alarm = store_open_alarm(
		database, view->page->name, kind_of(episode), view->indicator->id, time, origin);

	free(origin);
	free(probe);
	return alarm;
}

/* A baseline tells nothing. */
static void take_baseline(void *context, const struct view *view)
{
	struct work *work = context;

	if (view->agreement == AGREEMENT_EARLY && view->early == 0)
		open_untold(work->observer->database, view, EVENT_EARLY, view->since);
	if (view->agreement == AGREEMENT_LATE && view->late == 0)
		open_untold(work->observer->database, view, EVENT_LATE, view->since);
}

/* The alarm of what was not listed when it began. */
static void follow_listed(const struct work *work)
{
	const struct page_config *page = work->seen->page;

	for (size_t i = 0; i < work->state->indicators.count && page->fact_count > 0; i++) {
		const struct indicator_state *indicator = &work->state->indicators.list[i];
		const struct fact_config *facts =
			config_facts(page, indicator->id, indicator->group, indicator->name);

		if (facts != NULL && indicator->id[0] != '\0' &&
			!text_equal(facts->indicator, indicator->id) &&
			indicator_states_find(&work->state->indicators, facts->indicator) == NULL)
			store_rename_alarm(work->observer->database, page->name, facts->indicator,
				indicator->id);
	}
}

/* Green, and it still fails here: the alarm goes on as one of early, which began when it failed. */
static void note_green(struct work *work, struct event *event, const struct view *view)
{
	struct database *database = work->observer->database;
	int64_t red = store_find_alarm(
		database, view->page->name, kind_of(EVENT_RED), view->indicator->id);
	bool fails = view->fact.is.state == FACT_BAD ||
		     (view->fact.is.state == FACT_UNKNOWN && view->early != 0);

	event->type = fails ? EVENT_PREMATURE : EVENT_GREEN;
	if (!fails)
		return;
	event->reason = words_of(work, view);
	event->early = view->early;
	if (event->early != 0)
		return;
	event->early = open_untold(database, view, EVENT_EARLY, view->fact.is.since);
	if (red != 0)
		alarm_take_over(database, event->early, red);
}

static void note_red(struct work *work, struct event *event, const struct view *view)
{
	event->early = view->early;
	if (view->fact.is.state != FACT_BAD)
		return;
	event->reason = words_of(work, view);
	event->failing_since = view->fact.is.since;
}

/* Of a page with facts. */
static void note_lamp(struct work *work, struct known_states *known, struct event *event)
{
	const struct page_config *page = work->seen->page;
	const struct indicator_state *indicator =
		event->indicator != NULL && event->indicator[0] != '\0'
			? indicator_states_find(&work->state->indicators, event->indicator)
			: NULL;
	const struct fact_config *facts =
		indicator != NULL
			? config_facts(page, indicator->id, indicator->group, indicator->name)
			: NULL;
	bool green = event->type == EVENT_GREEN || event->type == EVENT_PREMATURE,
	     red = event->type == EVENT_RED || event->type == EVENT_REMINDER;
	struct view view;

	if (facts == NULL || (!green && !red))
		return;
	memory_set(&event->reason, NULL); /* of a transaction that failed, as what follows */
	event->early = event->failing_since = 0;
	view_take(known, work->observer->config, page, work->state, indicator, facts, &view);
	(green ? note_green : note_red)(work, event, &view);
	known_fact_release(&view.fact);
}

/* Of a check: what is told of the indicators that it is a fact of. */
struct note {
	struct work *work;
	struct event *event;
	char *check; /* "PROBE/CHECK" */
};

static void add_elsewhere(struct event *event, const struct view *view, enum event_type type)
{
	struct event *there =
		memory_append(&event->elsewhere, &event->elsewhere_count, sizeof *there);

	*there = (struct event){.type = type,
		.page = memory_string(view->page->name),
		.indicator = memory_string(view->indicator->id),
		.group = memory_string(view->indicator->group),
		.name = memory_string(view->indicator->name),
		.after = event->after,
		.impact = event->after};
}

static bool is_told(struct database *database, const struct view *view, enum event_type episode)
{
	int64_t alarm =
		store_find_alarm(database, view->page->name, kind_of(episode), view->indicator->id);

	return alarm != 0 && outbox_owed(database, alarm);
}

/*
 * Whoever is told there is not told of the check: early begins now, it or red is open and was told;
 * or the other checks still say that it works. Where nobody is told, since the lamp is yellow or
 * cannot be read, the check speaks for itself.
 */
static void note_elsewhere(void *context, const struct view *view)
{
	struct note *note = context;
	struct database *database = note->work->observer->database;
	bool named = false;

	for (size_t i = 0; i < view->fact.count; i++)
		named = named || text_equal(view->fact.checks[i].check, note->check);
	if (!named || (view->fact.is.state == FACT_BAD &&
			      !(view->agreement == AGREEMENT_EARLY && view->early == 0) &&
			      !is_told(database, view, EVENT_EARLY) &&
			      !is_told(database, view, EVENT_RED)))
		return;
	if (view->fact.is.state == FACT_UNKNOWN)
		return;
	add_elsewhere(note->event, view, EVENT_EARLY);
	add_elsewhere(note->event, view, EVENT_RED);
}

static void note_check(struct work *work, struct known_states *known, struct event *event)
{
	const struct config *config = work->observer->config;
	struct note note = {work, event, NULL};

	event_release_elsewhere(event);
	if (event->type != EVENT_RED || text_empty(event->indicator))
		return;
	note.check = memory_format("%s/%s", work->seen->page->name, event->indicator);
	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		struct page_state *state;

		if (!names_probe(page, work->seen->page->name) ||
			suppression_holds(
				config, &work->observer->silences, page->name, known->now, NULL))
			continue;
		state = known_states_find(known, page->name, true);
		if (state != NULL && state->known)
			each_view(known, config, page, state, note_elsewhere, &note);
	}
	free(note.check);
}

void agreements_note(struct work *work)
{
	const struct config *config = work->observer->config;
	const struct page_config *page = work->seen->page;
	struct known_states known = known_open(work->observer, work->seen->now);

	follow_listed(work);
	for (size_t i = 0; i < work->events.count; i++) {
		if (page->check_count > 0)
			note_check(work, &known, &work->events.list[i]);
		else if (page->fact_count > 0)
			note_lamp(work, &known, &work->events.list[i]);
	}
	for (size_t i = 0; i < config->page_count && is_first_sight(work); i++) {
		const struct page_config *its = &config->pages[i];
		const struct page_state *state =
			concerns(its, page->name) ? known_states_find(&known, its->name, true)
						  : NULL;

		if (state != NULL && state->known)
			each_view(&known, config, its, state, take_baseline, work);
	}
	known_states_release(&known);
}

void agreement_remind(struct work *work, const struct alarm *alarm)
{
	struct known_states known = known_open(work->observer, work->seen->now);
	const struct page_config *page = work->seen->page;
	const struct indicator_state *indicator =
		indicator_states_find(&work->state->indicators, alarm->indicator);
	const struct fact_config *facts =
		indicator != NULL
			? config_facts(page, indicator->id, indicator->group, indicator->name)
			: NULL;
	struct view view;

	if (facts != NULL && !indicator->alarm) {
		view_take(
			&known, work->observer->config, page, work->state, indicator, facts, &view);
		if (view.fact.is.state == FACT_BAD) {
			struct event *event = add_event(work, &view, EVENT_FAILING);

			event->since = alarm->opened;
			event->reason = words_of(work, &view);
		}
		known_fact_release(&view.fact);
	}
	known_states_release(&known);
}
