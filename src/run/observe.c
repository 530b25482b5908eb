/* SPDX-License-Identifier: ISC
 *
 * What one fetch means: compare, confirm, decide what is kept and told; commit.c and batch.c commit
 * it. Read observation_process() first, at the end of this file.
 */
#include "run/observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "model/validator.h"
#include "net/http.h"
#include "run/batch.h"
#include "run/commit.h"
#include "run/crowd.h"
#include "run/detect.h"
#include "run/event_source.h"
#include "run/findings.h"
#include "run/kind_choice.h"
#include "run/local_fault.h"
#include "run/suppression.h"
#include "settings.h"
#include "tell/dependence.h"
#include "watch/drift.h"

void observer_say(const struct observer *observer, const char *page, const char *text)
{
	char *visible = text_visible_copy(text);

	if (!observer->quiet)
		fprintf(stderr, "lampwatch: %s%s%s%s%s\n", page != NULL ? page : "",
			page != NULL ? ": " : "", observer->moment != NULL ? observer->moment : "",
			observer->moment != NULL ? ": " : "", visible);
	free(visible);
}

void observer_own_fault(struct observer *observer, const char *page, const struct error *error)
{
	if (error->remedy != REMEDY_CONFIGURATION) {
		local_fault(observer, error);
		return;
	}
	observer_say(observer, page, error->text);
	observer->file_trouble = true;
}

void work_say(const struct work *work, const char *text)
{
	observer_say(work->observer, work->seen->page->name, text);
}

void documents_of(const struct kind *kind, const struct http_response *responses,
	struct document documents[static PAGE_DOCUMENTS_MAX])
{
	for (size_t i = 0; i < kind_document_count(kind); i++)
		if (responses[i].status != 0)
			documents[i] = (struct document){
				buffer_string(&responses[i].body), responses[i].body.length};
}

static bool refuse_simulation(const struct observer *observer, struct error *error)
{
	char *mark = store_fact(observer->database, "simulated");
	bool good = mark[0] == '\0' || text_equal(mark, observer->simulated ? "yes" : "no");

	free(mark);
	return good ||
	       error_set(error, REMEDY_CONFIGURATION,
		       observer->simulated ? "%s: holds real observations: --clock would mix "
					     "invented times with them; use another archive"
					   : "%s: is a simulated archive (made with --clock); use "
					     "another archive",
		       observer->config->archive);
}

bool observer_open(struct observer *observer, struct error *error)
{
	char *known;
	bool same;

	if (!refuse_simulation(observer, error))
		return false;
	receivers_of_config(observer->config, &observer->receivers);
	silences_load(observer->database, 0, &observer->silences);
	meanings_load(observer->database, &observer->meanings);
	subscribers_load(observer->database, &observer->subscribers);
	subscribers_apply(&observer->subscribers, &observer->receivers);
	observer->dependences =
		dependences_load(observer->database, observer->config, observer->providers);
	local_faults_load(observer);
	known = store_fact(observer->database, "key");
	if (!database_good(observer->database, error)) {
		free(known);
		return false;
	}
	observer->key = observer->dry && known[0] != '\0'
				? memory_string(known)
				: archive_secret(observer->config->archive, known);
	same = strcmp(observer->key, known) == 0;
	free(known);
	if (same)
		return true;
	database_begin(observer->database);
	store_set_fact(observer->database, "key", observer->key);
	store_set_fact(observer->database, "simulated", observer->simulated ? "yes" : "no");
	return database_commit(observer->database, error);
}

void observer_close(struct observer *observer)
{
	free(observer->key);
	observer->key = NULL;
	text_list_release(&observer->unfinished);
	text_list_release(&observer->faults);
	text_list_release(&observer->faults_known);
	receivers_release(&observer->receivers);
	silences_release(&observer->silences);
	meanings_release(&observer->meanings);
	subscribers_release(&observer->subscribers);
	trouble_release(&observer->trouble);
	dependences_free(observer->dependences);
	observer->dependences = NULL;
}

void work_release(struct work *work)
{
	reading_release(&work->before);
	reading_release(&work->after);
	changes_release(&work->changes);
	changes_release(&work->reread);
	free(work->transitions.list);
	impact_turns_release(&work->impact_turns);
	events_release(&work->events);
	text_list_release(&work->patterns);
	findings_release(&work->findings);
	findings_release(&work->fresh);
	free(work->folder);
	free(work->line);
	free(work->crowd_text);
	placing_release(&work->placing);
}

void work_end(struct work *work)
{
	if (work->seen->end != NULL)
		work->seen->end(work->seen->context);
	work_release(work);
	free(work);
}

/* ---- what a reading or a failure means ---- */

/* A stored reading is our own text: where it does not parse, the archive is damaged. */
static bool parse(struct work *work, const char *text, struct reading *reading)
{
	struct error error;

	if (text == NULL || reading_parse(text, strlen(text), reading, &error))
		return true;
	work_say(work, error.text);
	work->observer->local_trouble = true;
	return false;
}

static struct confirm_rules rules_of(const struct work *work)
{
	const struct observation *seen = work->seen;
	const struct page_settings *settings = &seen->page->settings;

	return (struct confirm_rules){
		.worse = work->observer->forgetful ? 1 : settings->confirm.worse,
		.better = settings->confirm.better,
		.red = (enum level)settings->red,
		.alert_on_first_sight = settings->first_sight == FIRST_SIGHT_ALERT ||
					work->observer->rebuilding || work->observer->lost,
		.patterns = &work->patterns,
		.high = settings->flapping.high,
		.low = settings->flapping.low,
		.suppressed = work->suppressed};
}

/* The lamps, and then the incidents beside them; watched: reading_watched(). */
static void take_reading(struct work *work, const struct reading *reading,
	const struct reading *watched, bool first, bool silent)
{
	struct page_state *state = work->state;
	struct confirm_rules rules = rules_of(work);

	confirm(&state->indicators, reading, &rules, first, silent, work->seen->now,
		&work->transitions);
	impacts_confirm(&state->impacts, &state->indicators, watched, &rules, first, silent,
		work->seen->now, &work->impact_turns);
}

/* What our own change of kind or program makes of the old bytes is logged, and told to nobody. */
static void take_reread(struct work *work, struct reading *before)
{
	struct reading reread = {0}, watched = {0};

	if (work->seen->reread_text == NULL || !parse(work, work->seen->reread_text, &reread))
		return;
	diff(before, &reread, &work->reread);
	reading_watched(&reread, &work->patterns, &watched);
	take_reading(work, &reread, &watched, false, true);
	reading_release(&watched);
	reading_release(before);
	*before = reread;
}

static void take_difference(
	struct work *work, const struct reading *before, const struct reading *after)
{
	const struct text_list *patterns = &work->patterns;

	reading_watched(before, patterns, &work->before);
	reading_watched(after, patterns, &work->after);
	if (work->first)
		return;
	diff(&work->before, &work->after, &work->changes);
	work->keep = work->changes.count > 0;
	if (work->seen->page->keep == KEEP_ALL && !work->keep) {
		diff(before, after, &work->changes);
		work->keep = work->unwatched = work->changes.count > 0;
	}
}

static void work_commit(struct work *work)
{
	work->unkept_before = work->state->unkept;
	work->gathered = batch_add(work);
	if (!work->gathered)
		commit_alone(work);
}

static void add_events(struct work *work)
{
	const struct page_settings *settings = &work->seen->page->settings;
	struct page_state *state = work->state;
	struct event_source input = {&work->after, &state->indicators, &work->patterns,
		(enum level)settings->red, settings->confirm.worse, settings->confirm.better,
		work->seen->now, work->observer->config->timezone, &work->before};

	events_of_transitions(&input, &work->transitions, &work->events);
	events_of_impacts(&input, &work->impact_turns, &work->events);
	if (!work->seen->silent && !work->unwatched && !work->suppressed)
		events_of_incidents(&input, &work->changes, &work->events);
	if (state->lost && !work->suppressed) {
		struct event *event = events_add(&work->events, EVENT_BACK);

		event->before = event->after = LEVEL_UNKNOWN;
		event->before_colour = COLOUR_GREY;
		event->after_colour = COLOUR_GREEN;
		event->seen = work->seen->now;
		event->since = state->failing_since;
		event->fetches = event->needed = 1;
		event->reason = memory_string(state->failure);
		state->lost = false;
	}
	for (size_t i = 0; i < work->events.count; i++)
		if (work->events.list[i].type == EVENT_GONE)
			work_say(work,
				"an indicator is no longer listed (`lampwatch log` names it)");
}

/* Those of a new reading; after a fetch that failed, those that it was made with. */
static void take_validators(struct work *work)
{
	struct validator *validators = work->seen->validators;

	for (size_t i = 0; validators != NULL && i < PAGE_DOCUMENTS_MAX; i++) {
		validator_release(&work->state->validators[i]);
		work->state->validators[i] = validators[i];
		validators[i] = (struct validator){0};
	}
}

/* A success: the page's state as it is from here on. */
static void settle_state(struct work *work)
{
	struct page_state *state = work->state;
	const struct observation *seen = work->seen;
	char *host = seen->final_url != NULL ? http_url_host(seen->final_url) : NULL;

	take_validators(work);
	memory_set(&state->url, seen->page->url);
	if (host != NULL)
		memory_set(&state->host, host);
	free(host);
	memory_set(&state->kind_digest, kind_digest(seen->kind));
	memory_set(&state->program, LAMPWATCH_VERSION);
	state->failures = state->retry_at = 0;
	if (!state->lost) { /* else its end is still to be told, with when it began and why */
		memory_set(&state->failure, "");
		state->failing_since = 0;
	}
	state->unreadable = false;
	state->known = true;
	page_state_seen(state, seen->page->settings.every, seen->now);
	if (seen->full)
		state->last_full = seen->now;
	state->red = indicator_states_red(&state->indicators);
	state->unconfirmed = indicator_states_unconfirmed(&state->indicators) ||
			     impacts_unconfirmed(&state->impacts);
	if (!work->keep) {
		state->confirmed++;
		state->last_confirmed = seen->now;
	}
}

/* What our own change of kind or program makes of the old bytes is what must still be there. */
static bool vanished(struct work *work, const struct reading *before, const struct reading *after,
	struct error *error)
{
	const struct observation *seen = work->seen;
	struct reading reread = {0};
	bool gone;

	if (seen->text == NULL || work->first || seen->accepted || seen->silent)
		return false;
	if (seen->reread_text != NULL && parse(work, seen->reread_text, &reread))
		before = &reread;
	gone = drift_vanished(before, after, error);
	reading_release(&reread);
	if (gone)
		error_prefix(error, "kind %s", kind_name(seen->kind));
	return gone;
}

/* False where the page has rotted: then nothing is taken from it. */
static bool observe_reading(struct work *work, struct error *rot)
{
	struct page_state *state = work->state;
	struct reading before = {0}, after = {0};
	bool readable_again = state->unreadable, whole = true;

	work->text = work->seen->text != NULL ? work->seen->text : state->reading;
	if (!parse(work, state->reading, &before) || !parse(work, work->text, &after))
		goto out;
	work->first = !state->known || state->reading == NULL || work->seen->new_baseline;
	whole = !vanished(work, &before, &after, rot);
	if (!whole) {
		work->text = NULL;
		goto out;
	}
	take_reread(work, &before);
	names_follow(work, &before, &after);
	take_difference(work, &before, &after);
	if (readable_again && !work->first)
		changes_add(&work->changes, CHANGE_READABLE, "", "", "", "", state->failure);
	work->keep = (work->keep || work->first || readable_again || state->unkept ||
			     work->seen->kept != NULL) &&
		     (work->seen->responses != NULL || work->seen->kept != NULL);
	work->reason = work->first ? "first sight" : "change";
	take_reading(work, &after, &work->after, work->first, false);
	add_events(work);
	findings_of_page(work);
	if (work->seen->text != NULL)
		memory_set(&state->reading, work->seen->text);
	work->text = state->reading;
	settle_state(work);
	work_commit(work);
out:
	reading_release(&before);
	reading_release(&after);
	return whole;
}

/* One that would read the page; owned by the caller, NULL where there is none. */
static char *other_kind(struct work *work)
{
	const struct observation *seen = work->seen;
	const struct observer *observer = work->observer;
	const struct buffer *body;
	struct document document;
	struct error error = {0};
	char *kind;

	if (observer->readers == NULL || seen->what != OBSERVED_UNREADABLE ||
		seen->responses == NULL || seen->response_count == 0 ||
		seen->responses[0].body.length == 0)
		return NULL;
	body = &seen->responses[0].body;
	document = (struct document){buffer_string(body), body->length};
	kind = suggest_kind(observer->readers, observer->templates, observer->config->kinds,
		seen->page->kind, seen->page->url, &document, &error);
	if (kind == NULL && error.remedy == REMEDY_LOCAL)
		local_fault(work->observer, &error);
	return kind;
}

/* The next one of its family, where the page's server answers and the page is not what it was;
 * owned by the caller. Nothing is known of its addresses: whoever looks after the page may try. */
static char *next_kind(struct work *work)
{
	const struct observation *seen = work->seen;
	const struct observer *observer = work->observer;

	if (seen->page->kind == NULL || seen->error->remedy != REMEDY_PAGE)
		return NULL;
	return kind_next(observer->templates, observer->config->kinds, seen->page->kind);
}

static void add_lost(struct work *work)
{
	struct page_state *state = work->state;
	struct event *event;
	char *kind, *next;

	if (state->lost || work->suppressed ||
		state->failures < work->seen->page->settings.confirm.lost)
		return;
	state->lost = true;
	event = events_add(&work->events, EVENT_LOST);
	event->before = event->after = LEVEL_UNKNOWN;
	event->before_colour = event->after_colour = COLOUR_GREY;
	event->seen = work->seen->now;
	event->last_read = state->last_success;
	event->fetches = state->failures;
	event->needed = work->seen->page->settings.confirm.lost;
	kind = other_kind(work);
	next = kind == NULL ? next_kind(work) : NULL;
	if (kind != NULL)
		event->reason = memory_format("%s; kind %s would read it", state->failure, kind);
	else if (next != NULL)
		event->reason = memory_format(
			"%s; kind %s reads pages of the same family", state->failure, next);
	else
		event->reason = memory_string(state->failure);
	free(kind);
	free(next);
}

/* Unreachable and unreadable fetches in a row are one episode. */
static void observe_failure(struct work *work)
{
	const struct observation *seen = work->seen;
	struct page_state *state = work->state;
	bool begins = state->failures == 0;
	bool newly_unreadable = seen->what == OBSERVED_UNREADABLE && !state->unreadable;

	work->observer->page_trouble = true;
	state->failures++;
	if (begins && !state->lost)
		state->failing_since = seen->now;
	if (begins && !work->suppressed)
		work_say(work, seen->error->text);
	if (seen->what == OBSERVED_FAILED && !seen->full)
		take_validators(work);
	memory_set(&state->failure, seen->error->text);
	state->last_fetch = seen->now;
	state->retry_at = seen->retry_after > 0 ? seen->now + seen->retry_after : 0;
	state->unreadable = state->unreadable || seen->what == OBSERVED_UNREADABLE;
	if (newly_unreadable && (seen->responses != NULL || seen->kept != NULL)) {
		changes_add(&work->changes, CHANGE_UNREADABLE, "", "", "", "", seen->error->text);
		work->keep = true;
		work->reason = "unreadable";
	}
	add_lost(work);
	work_commit(work);
}

/* ---- rot ---- */

/* From here on the page does not fit its kind. One whose bytes are known needs no new snapshot. */
static void refuse(struct observation *seen, const struct error *rot)
{
	seen->what = seen->what == OBSERVED_UNCHANGED ? OBSERVED_FAILED : OBSERVED_UNREADABLE;
	seen->error = rot;
}

/* Where the page does not fit its kind either, both stand in the reason. */
static void refuse_moved(struct observation *seen, struct error *rot)
{
	struct error moved;

	if (seen->what == OBSERVED_FAILED || seen->accepted ||
		!drift_moved(seen->state->host, seen->requested_url, seen->final_url, &moved))
		return;
	if (seen->what == OBSERVED_UNREADABLE)
		error_set(rot, REMEDY_PAGE, "%s; %s", moved.text, seen->error->text);
	else
		*rot = moved;
	refuse(seen, rot);
}

static struct work *work_new(struct observer *observer, struct observation *observation)
{
	struct work *work = memory_zero(1, sizeof *work);

	work->observer = observer;
	work->seen = observation;
	work->state = observation->state;
	return work;
}

/* What it was decided by lasts no longer than the call. */
static void outlast(struct work *work)
{
	work->own = *work->seen;
	work->own.text = work->own.reread_text = NULL;
	work->own.notes = work->own.notes != NULL ? "" : NULL;
	work->own.error = NULL;
	work->seen = &work->own;
}

static void decide(struct work *work)
{
	struct observer *observer = work->observer;
	struct observation *observation = work->seen;
	struct error rot;

	work->suppressed = suppression_holds(observer->config, &observer->silences,
		observation->page->name, observation->now, NULL);
	/* Deciding without it would forget what was told. */
	if (!store_load(observer->database, work->state)) {
		database_good(observer->database, &rot);
		local_fault(observer, &rot);
		return;
	}
	meanings_expand(&observer->meanings, observation->page->name,
		&observation->page->indicators, &work->patterns);
	crowd_take(work);
	refuse_moved(observation, &rot);
	if (observation->what == OBSERVED_UNCHANGED || observation->what == OBSERVED_READING)
		if (!observe_reading(work, &rot))
			refuse(observation, &rot);
	if (observation->what == OBSERVED_UNREADABLE || observation->what == OBSERVED_FAILED)
		observe_failure(work);
}

/* A page that is named twice is one after the other: its state is what the first one leaves. */
static bool waits_already(const struct observer *observer, const struct page_config *page)
{
	for (size_t i = 0; i < observer->gathered.count; i++)
		if (observer->gathered.list[i]->seen->page == page)
			return true;
	for (size_t i = 0; i < observer->related.count; i++)
		if (observer->related.list[i]->seen->page == page)
			return true;
	return false;
}

void observation_process(struct observer *observer, struct observation *observation)
{
	struct work *work;

	if (waits_already(observer, observation->page))
		observer_commit(observer);
	if (observation->kept != NULL && !observer->rebuilding && observation->state->known &&
		observation->state->last_success >= observation->now) {
		commit_older(observer, observation);
		return;
	}
	work = work_new(observer, observation);
	decide(work);
	if (work->gathered)
		outlast(work);
	else
		work_end(work);
}
