/* SPDX-License-Identifier: ISC
 *
 * What one fetch means: compare, confirm, decide what is kept and told, and commit all of it. Read
 * observation_process() first, at the end of this file.
 */
#include "run/observe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "model/change.h"
#include "model/indicator_state.h"
#include "model/validator.h"
#include "net/http.h"
#include "run/agree.h"
#include "run/event_source.h"
#include "run/detect.h"
#include "run/findings.h"
#include "run/local_fault.h"
#include "run/suppression.h"
#include "settings.h"
#include "tell/admin_notice.h"
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

void observer_say_plain(struct observer *observer, const char *page, const struct error *error)
{
	if (error->remedy != REMEDY_CONFIGURATION) {
		local_fault(observer, error);
		return;
	}
	observer_say(observer, page, error->text);
	observer->template_trouble = true;
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
	placing_release(&work->placing);
}

/* ---- archive before notify: the folder, the transaction, the chain, in this order ---- */

/* Step 1 of a commit without its syncs. */
static bool write_folder(struct work *work, struct error *error)
{
	const struct observation *seen = work->seen;
	const char *names[PAGE_DOCUMENTS_MAX];
	struct buffer changes = {0};
	struct snapshot snapshot = {
		.page = seen->page->name,
		.time = seen->now,
		.simulated = work->observer->simulated,
		.private = seen->page->publish == PUBLISH_NO,
		.responses = seen->responses,
		.count = seen->response_count,
		.documents = names,
		.sources = seen->sources,
		.url = seen->page->url,
		.kind = seen->page->kind,
		.kind_digest = kind_digest(seen->kind),
		.reason = work->reason,
		.reading = work->text,
		.previous = work->state->folder,
		.previous_confirmed = work->state->last_confirmed,
		.previous_fetches = work->state->confirmed,
	};
	bool good;

	for (size_t i = 0; i < seen->response_count; i++)
		names[i] = kind_document_name(seen->kind, i);
	changes_write(&work->changes, &changes);
	snapshot.changes = buffer_string(&changes);
	good = archive_write(work->observer->config->archive, &snapshot, &work->placing, error);
	buffer_release(&changes);
	return good;
}

/* It stands in its place, or has failed, with the reason in placing. */
static bool take_place(struct work *work)
{
	struct placing *placing = &work->placing;

	if (placing->failed)
		return false;
	work->folder = memory_string(placing->folder);
	memcpy(work->sums, placing->sums, sizeof work->sums);
	placing_release(placing);
	return true;
}

/* Steps 1 to 3. */
static bool keep_folder(struct work *work, struct error *error)
{
	struct placing *placing = &work->placing;
	bool done;

	if (!write_folder(work, error))
		return false;
	archive_place_all(work->observer->config->archive, &placing, 1, true);
	done = take_place(work);
	if (!done) {
		*error = placing->error;
		placing_release(placing);
	}
	return done;
}

/* A snapshot whose commit failed waits for its own: another one's intent would hide it. */
static bool is_unfinished(const struct work *work)
{
	const char *page = work->seen->page->name;
	char *folder = archive_unfinished(work->observer->config->archive, page);
	bool unfinished =
		text_list_has(&work->observer->unfinished, page) ||
		(folder != NULL && !store_has_folder(work->observer->database, page, folder));

	free(folder);
	return unfinished;
}

static bool may_keep(const struct work *work, struct error *error)
{
	return !is_unfinished(work) ||
	       error_set(error, REMEDY_LOCAL,
		       "nothing can be kept while its unfinished snapshot cannot be finished");
}

/* The folder of a snapshot, unless it stands there already from the try before. */
static bool have_folder(struct work *work, struct error *error)
{
	if (!work->keep || work->folder != NULL)
		return true;
	if (work->seen->kept == NULL)
		return may_keep(work, error) && keep_folder(work, error);
	work->folder = memory_string(work->seen->kept);
	snprintf(work->sums, sizeof work->sums, "%s", work->seen->kept_sums);
	return true;
}

/* The chain goes on by one line; state carries its new head. */
static void chain_on(struct work *work)
{
	struct page_state *state = work->state;
	struct chain_line line = {.sequence = state->snapshot + 1};
	char head[DIGEST_TEXT];

	if (text_empty(state->head)) {
		chain_line_digest(CHAIN_HEAD, head);
		memory_set(&state->head, head);
	}
	snprintf(line.type, sizeof line.type, "snapshot");
	date_write(work->seen->now, line.time);
	snprintf(line.folder, sizeof line.folder, "%s", work->folder);
	snprintf(line.sums, sizeof line.sums, "%s", work->sums);
	snprintf(line.before, sizeof line.before, "%s", state->head);
	work->line = work->seen->kept_line != NULL ? memory_string(work->seen->kept_line)
						   : chain_line_write(&line);
	chain_line_digest(work->line, head);
	memory_set(&state->head, head);
	memory_set(&state->folder, work->folder);
	memory_set(&state->sums, work->sums);
	state->snapshot = line.sequence;
	state->confirmed = 1;
	state->last_confirmed = work->seen->now;
}

/* Within a transaction. */
static void write_rows(struct work *work)
{
	struct database *database = work->observer->database;
	const char *page = work->seen->page->name;
	const struct changes *changes =
		work->seen->kept_changes != NULL ? work->seen->kept_changes : &work->changes;
	struct snapshot_row row;

	if (work->keep && work->line == NULL)
		chain_on(work);
	row = (struct snapshot_row){
		work->state->snapshot, work->seen->now, work->folder, work->sums, work->line};
	if (work->keep) {
		store_add_snapshot(database, page, &row);
		store_set_fact(database, "heads", ""); /* until they are written again */
	}
	for (size_t i = 0; i < work->reread.count; i++)
		store_add_change(database, page, work->seen->now, 0, &work->reread.list[i], true);
	for (size_t i = 0; i < changes->count; i++)
		store_add_change(database, page, work->seen->now, work->keep ? row.sequence : 0,
			&changes->list[i], work->seen->silent);
	store_save(database, work->state);
	work->pending = work_enqueue(work);
	findings_enqueue(work);
}

static bool try_commit(struct work *work, struct error *error)
{
	struct database *database = work->observer->database;

	if (!have_folder(work, error))
		return false;
	database_begin(database);
	write_rows(work);
	if (!database_commit(database, error))
		return false;
	STEP("transaction committed");
	return true;
}

static bool commit_entry(struct work *work, struct error *error)
{
	struct database *database = work->observer->database;
	const struct observation *seen = work->seen;

	chain_on(work);
	database_begin(database);
	store_add_snapshot(database, seen->page->name,
		&(struct snapshot_row){
			work->state->snapshot, seen->now, work->folder, work->sums, work->line});
	for (size_t i = 0; i < seen->kept_changes->count; i++)
		store_add_change(database, seen->page->name, seen->now, work->state->snapshot,
			&seen->kept_changes->list[i], true);
	store_set_chain(database, work->state);
	store_set_fact(database, "heads", "");
	return database_commit(database, error);
}

/* A snapshot that is older than what is known of its page by now is evidence all the same. */
static void enter(struct observer *observer, struct observation *seen)
{
	struct work work = {.observer = observer,
		.seen = seen,
		.state = seen->state,
		.folder = memory_string(seen->kept)};
	struct error error;

	snprintf(work.sums, sizeof work.sums, "%s", seen->kept_sums);
	if (commit_entry(&work, &error)) {
		commit_finish(observer, seen->state);
	} else {
		store_load_chain(observer->database, seen->state);
		work_say(&work, error.text);
		observer->local_trouble = true;
	}
	work_release(&work);
}

/* After the transaction nothing more can be lost: what fails here, the next run does again. */
void commit_finish(struct observer *observer, const struct page_state *state)
{
	struct error error;

	if (!archive_chain_up_to(observer->config->archive, observer->database, state->name,
		    state->snapshot, &error)) {
		observer_say(observer, state->name, error.text);
		observer->local_trouble = true;
		return;
	}
	STEP("chain appended");
	archive_settle(observer->config->archive, state->name);
	STEP("intent removed");
	observer->chained = true;
}

/* What is known of the page goes on without its snapshot, which is kept once that is possible. */
static void leave_unkept(struct work *work)
{
	work->keep = false;
	work->state->unkept = true;
	if (work->line == NULL) /* the chain has not gone on */
		return;
	free(work->line);
	work->line = NULL;
	store_load_chain(work->observer->database, work->state);
}

static bool commit_unkept(struct work *work, struct error *error)
{
	leave_unkept(work);
	return try_commit(work, error);
}

/* The operator hears of it once, whatever the page is told of later. */
static void tell_unkept(const struct work *work, const struct error *why)
{
	const struct observer *observer = work->observer;
	char *id = memory_format("u.%s.%lld", work->seen->page->name, (long long)work->seen->now);
	struct admin_notice note = {.type = EVENT_UNKEPT,
		.page = work->seen->page->name,
		.label = observer->config->archive,
		.reason = why->text,
		.seen = work->seen->now,
		.id = id};

	work_say(work, why->text);
	database_begin(observer->database);
	admin_notice_send(
		observer->database, observer->config, observer->templates, &note, work->seen->now);
	database_commit(observer->database, NULL);
	free(id);
}

static bool commit_somehow(struct work *work, struct error *error)
{
	struct observer *observer = work->observer;
	bool keep = work->keep;
	struct error why;

	if (keep)
		work->state->unkept = false;
	if (try_commit(work, error))
		return true;
	if (observer->dry || error->remedy != REMEDY_LOCAL)
		return false;
	reserve_free(observer->config->archive);
	if (try_commit(work, error))
		return true;
	observer->local_trouble = true;
	why = *error;
	if (keep && commit_unkept(work, error)) {
		if (!work->unkept_before)
			tell_unkept(work, &why);
		return true;
	}
	return observer->fall_back != NULL && observer->fall_back(observer->context, error) &&
	       (keep ? commit_unkept(work, error) : try_commit(work, error));
}

/* What follows the transaction, except the chain. */
static void settle_committed(struct work *work)
{
	indicator_states_settle(&work->state->indicators);
	for (size_t i = 0; i < work->fresh.count; i++)
		work_say(work, work->fresh.list[i].text);
	if (work->pending)
		courier_wake(work->observer->courier);
	if (work->events.count > 0 || work->changes.count > 0)
		agreements_follow(work->observer, work->seen->page->name, work->seen->now);
}

/* Steps 1 to 6 of a commit (archive/archive.h), all or nothing. */
static void commit_alone(struct work *work)
{
	struct observer *observer = work->observer;
	struct error error = {0};

	if (observer->rebuilding) {
		work->folder = memory_string(work->seen->kept);
		snprintf(work->sums, sizeof work->sums, "%s",
			work->seen->kept_sums != NULL ? work->seen->kept_sums : "");
		write_rows(work);
		indicator_states_settle(&work->state->indicators);
		return;
	}
	if (observer->aside && work->keep)
		leave_unkept(work);
	if (observer->dry)
		work->keep = false;
	if (!commit_somehow(work, &error)) {
		work_say(work, error.text);
		observer->local_trouble = true;
		return;
	}
	settle_committed(work);
	if (work->keep)
		commit_finish(observer, work->state);
}

/* ---- the same for all that arrive together ---- */

enum {
	GATHERED_MILLISECONDS = 50,
	GATHERED_PAGES = 200,
	GATHERED_BYTES = 4 * 1024 * 1024,
	SYNCED_ONE_BY_ONE = 4 /* so few that the whole file system is no gain */
};

/* Takes it up among those that are committed together; false where it is to be committed alone. */
static bool gather(struct work *work)
{
	struct observer *observer = work->observer;
	struct gathered *gathered = &observer->gathered;
	struct error error;

	if (work->seen->end == NULL || observer->rebuilding || observer->dry || observer->aside)
		return false;
	if (work->keep && !(may_keep(work, &error) && write_folder(work, &error)))
		return false;
	if (gathered->count == 0)
		gathered->since = clock_milliseconds();
	*(struct work **)memory_append(&gathered->list, &gathered->count, sizeof *gathered->list) =
		work;
	for (size_t i = 0; i < work->seen->response_count && work->seen->responses != NULL; i++)
		gathered->bytes += work->seen->responses[i].body.length;
	gathered->owed = gathered->owed || work->events.count > 0;
	return true;
}

static void work_commit(struct work *work)
{
	work->unkept_before = work->state->unkept;
	work->gathered = gather(work);
	if (!work->gathered)
		commit_alone(work);
}

int observer_waits(const struct observer *observer, bool idle)
{
	const struct gathered *gathered = &observer->gathered;
	int64_t left = gathered->since + GATHERED_MILLISECONDS - clock_milliseconds();

	if (gathered->count == 0)
		return -1;
	if (left <= 0 || gathered->count >= GATHERED_PAGES || gathered->bytes >= GATHERED_BYTES ||
		(gathered->owed && idle))
		return 0;
	return (int)left;
}

/* Steps 1 to 3. Whose folder cannot be placed goes on alone. */
static void place_gathered(struct observer *observer, const struct gathered *gathered)
{
	struct placing **list = memory_zero(gathered->count, sizeof *list);
	size_t count = 0;

	for (size_t i = 0; i < gathered->count; i++) {
		if (!gathered->list[i]->keep)
			continue;
		list[count] = &gathered->list[i]->placing;
		list[count++]->failed = observer->aside; /* by now */
	}
	archive_place_all(observer->config->archive, list, count,
		gathered->owed || count <= SYNCED_ONE_BY_ONE);
	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		work->alone = observer->aside || (work->keep && !take_place(work));
		placing_release(&work->placing);
	}
	free(list);
}

/* Step 4. Where it fails, each goes on alone. */
static void commit_gathered(struct observer *observer, const struct gathered *gathered)
{
	bool done;

	database_begin(observer->database);
	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		if (work->alone)
			continue;
		if (work->keep)
			work->state->unkept = false;
		write_rows(work);
	}
	done = database_commit(observer->database, NULL);
	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		work->alone = work->alone || !done;
		if (work->alone)
			continue;
		settle_committed(work);
	}
}

/* Steps 5 and 6. What fails here, the next run does again. */
static void chain_gathered(struct observer *observer, const struct gathered *gathered)
{
	const char *archive = observer->config->archive;
	struct text_list paths = {0};
	size_t count = 0;
	bool synced;
	struct error error;

	for (size_t i = 0; i < gathered->count; i++) {
		struct work *work = gathered->list[i];

		work->chained = false;
		if (work->alone)
			continue;
		STEP("transaction committed");
		if (!work->keep)
			continue;
		work->chained = archive_chain_extend(archive, observer->database, work->state->name,
			work->state->snapshot, &paths, &error);
		if (work->chained) {
			STEP("chain appended");
			count++;
		} else {
			work_say(work, error.text);
			observer->local_trouble = true;
		}
	}
	synced =
		(!gathered->owed && count > SYNCED_ONE_BY_ONE && file_sync_system(archive, NULL)) ||
		archive_sync(&paths, &error);
	if (!synced) {
		observer_say(observer, NULL, error.text);
		observer->local_trouble = true;
	}
	for (size_t i = 0; i < gathered->count; i++) {
		if (!synced || !gathered->list[i]->chained)
			continue;
		archive_settle(archive, gathered->list[i]->state->name);
		STEP("intent removed");
		observer->chained = true;
	}
	text_list_release(&paths);
}

static void work_end(struct work *work)
{
	if (work->seen->end != NULL)
		work->seen->end(work->seen->context);
	work_release(work);
	free(work);
}

void observer_commit(struct observer *observer)
{
	struct gathered gathered = observer->gathered;

	observer->gathered = (struct gathered){0};
	if (gathered.count == 0)
		return;
	place_gathered(observer, &gathered);
	commit_gathered(observer, &gathered);
	chain_gathered(observer, &gathered);
	for (size_t i = 0; i < gathered.count; i++) {
		if (gathered.list[i]->alone)
			commit_alone(gathered.list[i]);
		work_end(gathered.list[i]);
	}
	free(gathered.list);
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

	return (struct confirm_rules){.worse = settings->confirm.worse,
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

static void add_lost(struct work *work)
{
	struct page_state *state = work->state;
	struct event *event;
	char *kind;

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
	event->reason = kind != NULL
				? memory_format("%s; kind %s would read it", state->failure, kind)
				: memory_string(state->failure);
	free(kind);
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
	return false;
}

void observation_process(struct observer *observer, struct observation *observation)
{
	struct work *work;

	if (waits_already(observer, observation->page))
		observer_commit(observer);
	if (observation->kept != NULL && !observer->rebuilding && observation->state->known &&
		observation->state->last_success >= observation->now) {
		enter(observer, observation);
		return;
	}
	work = work_new(observer, observation);
	decide(work);
	if (work->gathered)
		outlast(work);
	else
		work_end(work);
}
