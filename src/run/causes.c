/* SPDX-License-Identifier: ISC */
#include "run/causes.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/pattern.h"
#include "model/cause.h"
#include "model/event.h"
#include "model/indicator_state.h"
#include "run/facts.h"
#include "run/observe.h"
#include "run/suppression.h"
#include "store/alarm.h"

#define FOLLOWS event_type_name(EVENT_FOLLOWS)

/* ---- what may explain ---- */

/* Alarms that may explain that an indicator is red, in the order of the configuration. */
struct candidates {
	struct known_states *known; /* borrowed */
	struct cause *causes;       /* owned */
	struct candidate {
		char *page, *indicator, *label; /* owned */
		int64_t alarm, opened, ended;
		bool early;
	} * list; /* at the same place; owned */
	size_t count;
	int depth; /* of what they may explain: config_causes() */
};

static void candidates_release(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++) {
		free(candidates->list[i].page);
		free(candidates->list[i].indicator);
		free(candidates->list[i].label);
	}
	free(candidates->list);
	free(candidates->causes);
}

static const struct indicator_state *indicator_of(
	struct known_states *known, const char *page, const char *indicator)
{
	const struct page_state *state = known_states_find(known, page, true);

	return state != NULL ? indicator_states_find(&state->indicators, indicator) : NULL;
}

/* "group / name", its id where it was never listed, or the page where it is all of that. Owned by
 * the caller. */
static char *label_of(const struct alarm *alarm, const struct indicator_state *indicator)
{
	if (alarm->indicator[0] == '\0')
		return memory_string(alarm->page);
	return indicator != NULL ? text_label(indicator->group, indicator->name)
				 : memory_string(alarm->indicator);
}

static void add_candidate(struct candidates *candidates, const struct alarm *alarm,
	const struct indicator_state *indicator, bool unknown)
{
	size_t count = candidates->count;
	struct cause *cause = memory_append(&candidates->causes, &count, sizeof *cause);
	struct candidate *candidate =
		memory_append(&candidates->list, &candidates->count, sizeof *candidate);

	*cause = (struct cause){unknown, alarm->closed == 0, alarm->closed};
	*candidate = (struct candidate){.page = memory_string(alarm->page),
		.indicator = memory_string(alarm->indicator),
		.label = label_of(alarm, indicator),
		.alarm = alarm->id,
		.opened = alarm->opened,
		.ended = alarm->closed,
		.early = alarm->early};
}

/* name: "PAGE/INDICATOR"; but: what is to be explained. */
static void add_candidates(struct candidates *candidates, const struct config *config,
	const char *name, const struct alarm *but, int64_t join)
{
	struct known_states *known = candidates->known;
	const char *pattern;
	const struct page_config *page = config_cause_page(config, name, &pattern);
	const struct page_state *state =
		page != NULL ? known_states_find(known, page->name, true) : NULL;
	bool fresh = state != NULL && known_states_fresh(known, page, state);
	struct alarms alarms = {0};

	if (state != NULL)
		alarms_load_recent(known->database, page->name, known->now - join, &alarms);
	for (size_t i = 0; i < alarms.count; i++) {
		const struct alarm *alarm = &alarms.list[i];
		const struct indicator_state *indicator =
			indicator_of(known, alarm->page, alarm->indicator);
		const char *id = alarm->indicator;

		if (alarm->opened > known->now || /* of a history that is read page by page */
			(text_equal(alarm->page, but->page) && text_equal(id, but->indicator)))
			continue;
		if (pattern_fits(pattern, id, indicator != NULL ? indicator->group : "",
			    indicator != NULL ? indicator->name : id))
			add_candidate(candidates, alarm, indicator,
				!fresh || (indicator != NULL && indicator->gone));
	}
	alarms_release(&alarms);
}

/* What explains that the indicator is red: false where nothing does. dependant: its alarm. */
static bool find_cause(struct candidates *candidates, const struct config *config,
	const struct alarm *dependant, size_t *found)
{
	const struct page_config *page = config_page(config, dependant->page);
	const char *id = dependant->indicator;
	const struct indicator_state *indicator =
		indicator_of(candidates->known, dependant->page, id);
	struct text_list names = {0};
	int64_t join = page->join / 1000;

	candidates->depth = config_causes(page, id, indicator != NULL ? indicator->group : "",
		indicator != NULL ? indicator->name : id, &names);
	for (size_t i = 0; i < names.count; i++)
		add_candidates(candidates, config, names.list[i], dependant, join);
	text_list_release(&names);
	*found = cause_first(candidates->causes, candidates->count, candidates->known->now, join);
	return *found < candidates->count;
}

/* "google/Gmail". Owned by the caller. */
static char *path_of(const char *page, const char *indicator, const char *label)
{
	return memory_format("%s/%s", page, indicator[0] != '\0' ? label : "overall");
}

/* first: what it was told to follow from. */
static bool first_is_over(struct known_states *known, const struct config *config,
	const struct alarm *follower, const struct alarm *first)
{
	const struct page_config *page = config_page(config, follower->page);
	struct cause its = {0};

	its.standing = alarm_stands(known->database, first->page, first->indicator, 0, &its.ended);
	return cause_is_over(&its, known->now, page->join / 1000);
}

char *cause_followed(struct known_states *known, const struct config *config, const char *page,
	const char *indicator)
{
	struct alarm follower = {.page = (char *)page, .indicator = (char *)indicator};
	struct candidates others = {.known = known};
	struct alarms first = {0};
	char *text = NULL;
	size_t found;

	if (!alarm_cause(known->database,
		    store_find_alarm(known->database, page, FOLLOWS, indicator), &first))
		return NULL;
	if (!first_is_over(known, config, &follower, &first.list[0])) {
		const struct alarm *cause = &first.list[0];
		char *label = label_of(cause, indicator_of(known, cause->page, cause->indicator));

		text = path_of(cause->page, cause->indicator, label);
		free(label);
	} else if (find_cause(&others, config, &follower, &found)) {
		const struct candidate *cause = &others.list[found];

		text = path_of(cause->page, cause->indicator, cause->label);
	}
	candidates_release(&others);
	alarms_release(&first);
	return text;
}

static struct known_states known_open(const struct observer *observer, int64_t now)
{
	return (struct known_states){
		.database = observer->database, .holds = observer->rebuilding, .now = now};
}

/* ---- what begins ---- */

/* "google/Gmail, red since 19:20 UTC". Owned by the caller. */
static char *words_of(const struct candidate *cause, int64_t now, const char *zone)
{
	char *path = path_of(cause->page, cause->indicator, cause->label);
	struct buffer words = {0};

	buffer_format(&words, "%s, %s", path, cause->early ? "failing here" : "red");
	known_time_add(cause->ended != 0 ? "until" : "since",
		cause->ended != 0 ? cause->ended : cause->opened, now, zone, &words);
	free(path);
	return buffer_take(&words);
}

/* What it is told by: the cause, and the other alarm of the same indicator. */
static void take_cause(struct event *event, const struct candidates *candidates, size_t found)
{
	const struct candidate *cause = &candidates->list[found];
	size_t count = 0;

	event->causes[count++] = cause->alarm;
	for (size_t i = 0; i < candidates->count && count < EVENT_CAUSES; i++)
		if (candidates->list[i].early != cause->early &&
			text_equal(candidates->list[i].page, cause->page) &&
			text_equal(candidates->list[i].indicator, cause->indicator))
			event->causes[count++] = candidates->list[i].alarm;
}

/* The alarm of "follows" that is open for this trouble; one of an earlier is closed. */
static int64_t open_one(struct database *database, const char *page, const struct event *event)
{
	int64_t follows = store_find_alarm(database, page, FOLLOWS, event->indicator);

	if (follows == 0 || alarm_stands(database, page, event->indicator, event->alarm, NULL))
		return follows;
	store_close_alarm(database, follows, event->seen);
	return 0;
}

static int64_t begin_one(
	struct database *database, const char *page, const struct event *event, int64_t cause)
{
	char *origin = store_origin(database, page, event->seen);
	int64_t follows =
		store_open_alarm(database, page, FOLLOWS, event->indicator, event->seen, origin);

	alarm_set_cause(database, follows, cause);
	free(origin);
	return follows;
}

static void load_owed(struct database *database, int64_t alarm, struct owed_list *owed)
{
	for (size_t i = 0; i < owed->count; i++)
		if (owed->list[i].alarm == alarm)
			return;
	outbox_pending(database, alarm, owed);
}

static void note_event(
	struct work *work, struct known_states *known, struct event *event, struct owed_list *owed)
{
	struct database *database = work->observer->database;
	const struct config *config = work->observer->config;
	const char *page = work->seen->page->name;
	struct candidates candidates = {.known = known};
	struct alarm dependant = {.page = work->seen->page->name, .indicator = event->indicator};
	int64_t follows = open_one(database, page, event);
	size_t found;

	memory_set(&event->cause, NULL);
	if (find_cause(&candidates, config, &dependant, &found)) {
		take_cause(event, &candidates, found);
		memory_set(&event->cause, candidates.list[found].label);
		event->depth = candidates.depth;
		free(event->cause_words);
		event->cause_words =
			words_of(&candidates.list[found], work->seen->now, config->timezone);
		event->follows =
			follows != 0 ? follows : begin_one(database, page, event, event->causes[0]);
		for (size_t i = 0; i < EVENT_CAUSES && event->causes[i] != 0; i++)
			load_owed(database, event->causes[i], owed);
	}
	candidates_release(&candidates);
}

void causes_note(struct work *work, struct owed_list *owed)
{
	struct known_states known = known_open(work->observer, work->seen->now);

	for (size_t i = 0; i < work->events.count && work->seen->page->cause_count > 0; i++) {
		struct event *event = &work->events.list[i];

		event->follows = event->causes[0] = event->causes[1] = 0; /* of one that failed */
		if ((event->type == EVENT_RED || event->type == EVENT_EARLY) && event->alarm != 0 &&
			!event->risen && event->indicator != NULL)
			note_event(work, &known, event, owed);
	}
	known_states_release(&known);
}

/* ---- what is explained no longer ---- */

static void add_unexplained(struct work *work, const struct indicator_state *indicator,
	const struct alarm *cause, struct known_states *known)
{
	const struct page_config *page = work->seen->page;
	struct event *event = events_add(&work->events, EVENT_UNEXPLAINED);
	const struct indicator_state *its = indicator_of(known, cause->page, cause->indicator);

	event->indicator = memory_string(indicator->id);
	event->group = memory_string(indicator->group);
	event->name = memory_string(indicator->id[0] == '\0' ? "" : indicator->name);
	event->before = event->after = indicator->level;
	event->before_colour = event->after_colour =
		level_colour(indicator->level, (enum level)page->settings.red);
	event->word = memory_string(indicator->word);
	event->seen = work->seen->now;
	event->since = indicator->alarm_since;
	event->cause = label_of(cause, its);
}

/* Whatever explains it now. */
static bool is_over(struct known_states *known, const struct config *config,
	const struct alarm *follows, const struct alarm *cause)
{
	struct candidates others = {.known = known};
	size_t found;
	bool over = first_is_over(known, config, follows, cause) &&
		    !find_cause(&others, config, follows, &found);

	candidates_release(&others);
	return over;
}

/* What is not red any more ends untold, since its green is told; so does what nobody watches, on
 * either side: that is no news of a page. */
static bool has_ended(
	struct observer *observer, const struct alarm *follows, const struct alarms *cause)
{
	return cause->count == 0 || config_page(observer->config, cause->list[0].page) == NULL ||
	       config_page(observer->config, follows->page) == NULL ||
	       !alarm_stands(observer->database, follows->page, follows->indicator, 0, NULL);
}

static void settle_one(struct work *work, struct known_states *known, const struct alarm *follows)
{
	struct observer *observer = work->observer;
	const struct indicator_state *indicator =
		indicator_of(known, follows->page, follows->indicator);
	struct alarms cause = {0};
	bool ended, over;

	alarm_cause(observer->database, follows->id, &cause);
	ended = has_ended(observer, follows, &cause);
	over = !ended &&
	       indicator != NULL && /* while nobody knows, it is not said to be red still */
	       known_states_fresh(known, work->seen->page, work->state) &&
	       !suppression_holds(
		       observer->config, &observer->silences, follows->page, known->now, NULL) &&
	       is_over(known, observer->config, follows, &cause.list[0]);
	/* what a rebuilt archive knows to be over was told while it lasted */
	if (ended || (over && observer->rebuilding))
		store_close_alarm(observer->database, follows->id, known->now);
	else if (over)
		add_unexplained(work, indicator, &cause.list[0], known);
	alarms_release(&cause);
}

/* All of the page of the first, as one message; how many there are. */
static size_t settle_page(struct observer *observer, struct known_states *known,
	const struct alarm *list, size_t most)
{
	struct observation seen = {.page = config_page(observer->config, list[0].page),
		.state = known_states_find(known, list[0].page, true),
		.now = known->now};
	struct work work = {.observer = observer, .seen = &seen, .state = seen.state};
	size_t count = 0;

	while (count < most && text_equal(list[count].page, list[0].page))
		settle_one(&work, known, &list[count++]);
	if (work.events.count > 0)
		events_keep(&work);
	known->database = observer->database; /* which may be a standby's by now */
	work_release(&work);
	return count;
}

void causes_settle(struct observer *observer, int64_t now)
{
	struct known_states known = known_open(observer, now);
	struct alarms open = {0};

	alarms_load_of(observer->database, FOLLOWS, &open);
	for (size_t i = 0; i < open.count;)
		i += settle_page(observer, &known, &open.list[i], open.count - i);
	alarms_release(&open);
	known_states_release(&known);
}
