/* SPDX-License-Identifier: ISC */
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "keep/archive.h"
#include "keep/chain.h"
#include "news.h"
#include "settings.h"
#include "tell/attempt.h"
#include "tell/delivery.h"
#include "tell/outbox.h"
#include "tell/plan.h"
#include "tell/routes.h"
#include "watch/confirm.h"
#include "watch/diff.h"

enum { RESERVE_BYTES = 8 * 1024 * 1024, EMERGENCY_SECONDS = 3600, EMERGENCY_MARK = 777777777 };

/* What one observation works with on its way. */
struct work {
	struct observer *observer;
	struct observation *seen;
	struct page_state *state;
	struct reading before, after; /* the watched parts; before is empty at first sight */
	bool first, keep;
	bool unwatched;          /* the changes are of what is kept, but not watched */
	const char *reason;      /* why a snapshot is kept */
	const char *text;        /* the canonical reading; NULL: none was had */
	struct changes changes, anew;
	struct turns turns;
	struct events events;
	char *folder;            /* of the snapshot, once it is kept */
	char sums[DIGEST_TEXT];
	char *line;              /* of the chain */
	bool owes;               /* somebody is owed something */
};

static void say_of(const struct observer *observer, const char *page, const char *text)
{
	char *visible = text_visible_copy(text);

	if (!observer->quiet)
		fprintf(stderr, "lampwatch: %s: %s\n", page, visible);
	free(visible);
}

static void say(const struct work *work, const char *text)
{
	say_of(work->observer, work->seen->page->name, text);
}

/* ---- the reserve ---- */

static char *reserve_path(const char *archive)
{
	return file_join(archive, ARCHIVE_STATE "/reserve");
}

void reserve_fill(const char *archive)
{
	char *path = reserve_path(archive);
	struct stat status;
	int descriptor;

	if (stat(path, &status) != 0 || status.st_size < RESERVE_BYTES) {
		descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (descriptor >= 0 && posix_fallocate(descriptor, 0, RESERVE_BYTES) != 0)
			unlink(path);
		if (descriptor >= 0)
			close(descriptor);
	}
	free(path);
}

void reserve_free(const char *archive)
{
	char *path = reserve_path(archive);

	unlink(path);
	free(path);
}

/* ---- what is shared ---- */

static bool refuse_simulation(const struct observer *observer, struct error *error)
{
	char *mark = store_fact(observer->database, "simulated");
	bool good = mark[0] == '\0' || text_equal(mark, observer->simulated ? "yes" : "no");

	free(mark);
	return good || error_set(error, REMEDY_CONFIGURATION, observer->simulated
		? "%s: holds real observations: --clock would mix invented times with them; use another archive"
		: "%s: is a simulated archive (made with --clock); use another archive", observer->config->archive);
}

bool observer_open(struct observer *observer, struct error *error)
{
	unsigned char random[DIGEST_BYTES];
	char key[DIGEST_TEXT];

	if (!refuse_simulation(observer, error))
		return false;
	observer->key = store_fact(observer->database, "key");
	if (observer->key[0] != '\0')
		return true;
	digest_random(random, sizeof random);
	text_hexadecimal(random, sizeof random, key);
	memory_set(&observer->key, key);
	database_begin(observer->database);
	store_set_fact(observer->database, "key", key);
	store_set_fact(observer->database, "simulated", observer->simulated ? "yes" : "no");
	return database_commit(observer->database, error);
}

void observer_close(struct observer *observer)
{
	free(observer->key);
	observer->key = NULL;
}

/* ---- keeping ---- */

static void changes_text(const struct work *work, struct buffer *out)
{
	changes_write(&work->changes, out);
}

static bool keep_folder(struct work *work, struct error *error)
{
	const struct observation *seen = work->seen;
	const char *names[KIND_DOCUMENTS_MAX];
	struct buffer changes = {0};
	struct snapshot snapshot = {
		.page = seen->page->name, .time = seen->now, .simulated = work->observer->simulated,
		.responses = seen->responses, .count = seen->response_count, .documents = names,
		.url = seen->page->url, .kind = seen->page->kind, .kind_digest = kind_digest(seen->kind),
		.reason = work->reason, .reading = work->text,
		.previous = work->state->folder, .previous_confirmed = work->state->last_confirmed,
		.previous_fetches = work->state->confirmed,
	};
	bool good;

	for (size_t i = 0; i < seen->response_count; i++)
		names[i] = kind_document_name(seen->kind, i);
	changes_text(work, &changes);
	snapshot.changes = buffer_string(&changes);
	good = archive_keep(work->observer->config->archive, &snapshot, &work->folder, work->sums, error);
	buffer_release(&changes);
	return good;
}

static bool adopt_folder(struct work *work, struct error *error)
{
	struct buffer sums = {.maximum = 65536};
	bool good = archive_read(work->observer->config->archive, work->seen->page->name, work->seen->kept,
		ARCHIVE_SUMS, &sums, error);

	digest_sha256(buffer_string(&sums), sums.length, work->sums);
	work->folder = memory_string(work->seen->kept);
	buffer_release(&sums);
	return good;
}

/* The folder of a snapshot, unless it stands there already from the try before. */
static bool have_folder(struct work *work, struct error *error)
{
	if (!work->keep || work->folder != NULL)
		return true;
	return work->seen->kept != NULL ? adopt_folder(work, error) : keep_folder(work, error);
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
	work->line = chain_line_write(&line);
	chain_line_digest(work->line, head);
	memory_set(&state->head, head);
	memory_set(&state->folder, work->folder);
	memory_set(&state->sums, work->sums);
	state->snapshot = line.sequence;
	state->confirmed = 1;
	state->last_confirmed = work->seen->now;
}

static void save_snapshot(struct work *work)
{
	struct snapshot_row row = {work->state->snapshot, work->seen->now, work->folder, work->sums, work->line};

	store_add_snapshot(work->observer->database, work->seen->page->name, &row);
}

static void save_changes(const struct work *work)
{
	struct database *database = work->observer->database;
	int64_t snapshot = work->keep ? work->state->snapshot : 0;

	for (size_t i = 0; i < work->anew.count; i++)
		store_add_change(database, work->seen->page->name, work->seen->now, 0, &work->anew.list[i], true);
	for (size_t i = 0; i < work->changes.count; i++)
		store_add_change(database, work->seen->page->name, work->seen->now, snapshot, &work->changes.list[i],
			work->seen->silent);
}

/* ---- telling ---- */

static const char *const alarm_kinds[EVENT_TYPES] = {
	[EVENT_RED] = "red", [EVENT_GREEN] = "red", [EVENT_LOST] = "lost", [EVENT_BACK] = "lost",
};

/* An alarm is found by its indicator's id, which the provider may have changed meanwhile. */
static void rename_alarms(const struct work *work)
{
	const struct lamps *lamps = &work->state->lamps;

	for (size_t i = 0; i < lamps->count; i++)
		if (lamps->list[i].former != NULL)
			store_rename_alarm(work->observer->database, work->seen->page->name, lamps->list[i].former,
				lamps->list[i].id);
}

/* Episodes begin and end; what ends one asks who was owed its beginning. */
static void number_alarms(struct work *work, struct owed_list *owed)
{
	struct database *database = work->observer->database;
	const char *page = work->seen->page->name;

	for (size_t i = 0; i < work->events.count; i++) {
		struct event *event = &work->events.list[i];
		const char *kind = alarm_kinds[event->type];
		const char *indicator = event->indicator != NULL ? event->indicator : "";

		if (event->type == EVENT_RED || event->type == EVENT_LOST) {
			event->alarm = store_open_alarm(database, page, kind, indicator, event->seen);
		} else if (kind != NULL) {
			event->alarm = store_find_alarm(database, page, kind, indicator);
			if (event->alarm != 0) {
				store_close_alarm(database, event->alarm, event->seen);
				outbox_owed(database, event->alarm, owed);
			}
		}
	}
}

static void save_events(const struct work *work)
{
	for (size_t i = 0; i < work->events.count; i++) {
		const struct event *event = &work->events.list[i];
		char *label = event_label(event);
		const char *text = text_empty(event->reason) ? event->word : event->reason;
		bool levels = event->type == EVENT_RED || event->type == EVENT_GREEN;

		store_add_event(work->observer->database, work->seen->page->name, work->seen->now,
			event_type_name(event->type), event->indicator, label, levels ? level_name(event->before) : "",
			levels ? level_name(event->after) : "", text);
		free(label);
	}
}

static void make_plan(struct work *work, const struct owed_list *owed, struct plan *plan)
{
	const struct observer *observer = work->observer;
	struct value *others = news_others_red(&work->state->lamps, &work->events);
	const struct page_state *state = work->state; /* what was kept now, or last: it says the same */
	bool kept = !text_empty(state->folder) && (!work->keep || work->line != NULL);
	char *path = kept
		? archive_path(observer->config->archive, work->seen->page->name, state->folder, NULL) : NULL;
	char *absolute = path != NULL ? realpath(path, NULL) : NULL;
	struct plan_input input = {
		.config = observer->config, .page = work->seen->page, .title = work->after.title,
		.events = &work->events, .owed = owed->list, .owed_count = owed->count, .others_red = others,
		.snapshot_path = absolute != NULL ? absolute : path, .snapshot_digest = state->sums,
		.head = state->head, .now = work->seen->now, .simulated = observer->simulated,
		.key = observer->key,
	};

	plan_make(&input, plan);
	free(absolute);
	free(path);
	value_free(others);
}

static void render(struct work *work, const struct delivery_plan *delivery, struct buffer *bytes)
{
	const struct observer *observer = work->observer;
	struct error error;

	if (!delivery_render(observer->config, observer->templates, delivery->receiver, delivery->message_id,
		delivery->in_reply_to, delivery->data, work->seen->now, bytes, &error)) {
		say(work, error.text);
		work->observer->local_trouble = true;
	}
}

static void save_deliveries(struct work *work, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct buffer bytes = {0};

		render(work, &plan->list[i], &bytes);
		outbox_add(work->observer->database, work->seen->page->name, &plan->list[i], buffer_string(&bytes),
			bytes.length, work->seen->now);
		work->owes = true;
		buffer_release(&bytes);
	}
}

/* ---- when nothing can be written ---- */

/* At most hourly for each page, remembered where it takes no space: in the chain's own time of change. */
static bool emergency_due(const struct work *work)
{
	char *chain = archive_path(work->observer->config->archive, work->seen->page->name, "chain", NULL);
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {work->seen->now, EMERGENCY_MARK}};
	struct stat status;
	bool due = stat(chain, &status) != 0 || status.st_mtim.tv_nsec != EMERGENCY_MARK ||
		   work->seen->now < status.st_mtim.tv_sec || work->seen->now - status.st_mtim.tv_sec >= EMERGENCY_SECONDS;

	if (due)
		utimensat(AT_FDCWD, chain, times, 0);
	free(chain);
	return due;
}

static bool emergency_send(struct work *work, const struct delivery_plan *delivery, const struct buffer *bytes)
{
	const struct config *config = work->observer->config;
	size_t ways = receiver_address(delivery->receiver) != NULL ? config->route_count : 1;
	size_t *order = memory_zero(config->route_count, sizeof *order);
	struct text_list pages = {0}, providers = {0};
	struct attempt attempt = {.outcome = OUTCOME_TEMPORARY};

	text_list_add(&pages, work->seen->page->name);
	store_troubled(work->observer->database, &pages);
	routes_providers(config, &pages, &providers);
	routes_order(config, &providers, NULL, order);
	for (size_t i = 0; i < ways && attempt.outcome != OUTCOME_DELIVERED; i++)
		courier_attempt(config, delivery->receiver, config->route_count > 0 ? order[i] : 0,
			delivery->message_id, bytes->data, bytes->length, work->seen->now, &attempt);
	text_list_release(&pages);
	text_list_release(&providers);
	free(order);
	return attempt.outcome == OUTCOME_DELIVERED;
}

/*
 * The alert that no outbox could take goes out all the same. Nothing remembers
 * it, so the next run finds the same news again: hence the hour, and a
 * Message-ID that is the same within it.
 */
static void emergency(struct work *work, const struct error *error)
{
	struct owed_list owed = {0};
	struct plan plan = {0};

	work->observer->local_trouble = true;
	say(work, error->text);
	if (work->events.count == 0 || !emergency_due(work))
		return;
	for (size_t i = 0; i < work->events.count; i++) {
		struct event *event = &work->events.list[i];

		event->alarm = event->type == EVENT_GREEN || event->type == EVENT_BACK
			? store_find_alarm(work->observer->database, work->seen->page->name,
				alarm_kinds[event->type], event->indicator != NULL ? event->indicator : "") : 0;
		if (event->alarm != 0)
			outbox_owed(work->observer->database, event->alarm, &owed);
	}
	make_plan(work, &owed, &plan);
	for (size_t i = 0; i < plan.count; i++) {
		struct buffer bytes = {0};

		render(work, &plan.list[i], &bytes);
		if (bytes.length > 0 && !emergency_send(work, &plan.list[i], &bytes))
			say(work, "an alert could neither be kept nor sent");
		buffer_release(&bytes);
	}
	plan_release(&plan);
	outbox_owed_release(&owed);
}

/* ---- the commit ---- */

static bool transaction(struct work *work, struct error *error)
{
	struct database *database = work->observer->database;
	struct owed_list owed = {0};
	struct plan plan = {0};
	bool good;

	database_begin(database);
	rename_alarms(work);
	number_alarms(work, &owed);
	if (work->keep)
		save_snapshot(work);
	save_changes(work);
	save_events(work);
	store_save(database, work->state);
	make_plan(work, &owed, &plan);
	save_deliveries(work, &plan);
	good = database_commit(database, error);
	plan_release(&plan);
	outbox_owed_release(&owed);
	return good;
}

static bool try_commit(struct work *work, struct error *error)
{
	if (!have_folder(work, error))
		return false;
	if (work->keep && work->line == NULL)
		chain_on(work);
	if (!transaction(work, error))
		return false;
	STEP("transaction committed");
	return true;
}

/* Whatever the database holds and the chain does not, also from runs that could not append. */
static bool append_chain(const struct observer *observer, const char *page, int64_t last, struct error *error)
{
	const char *archive = observer->config->archive;
	bool good = true;

	for (int64_t i = archive_chain_end(archive, page) + 1; good && i <= last; i++) {
		struct snapshot_row row = {0};

		good = store_snapshot(observer->database, page, i, &row)
			? archive_chain(archive, page, row.line, error)
			: error_set(error, REMEDY_LOCAL, "the database has lost snapshot %" PRId64, i);
		snapshot_row_release(&row);
	}
	return good;
}

/* After the transaction nothing more can be lost: what fails here, the next run does again. */
static void finish_commit(struct observer *observer, const struct page_state *state)
{
	struct error error;

	if (!append_chain(observer, state->name, state->snapshot, &error)) {
		say_of(observer, state->name, error.text);
		observer->local_trouble = true;
		return;
	}
	STEP("chain appended");
	archive_settle(observer->config->archive, state->name);
	STEP("intent removed");
	observer->chained = true;
}

static void after_commit(struct work *work)
{
	lamps_settle(&work->state->lamps);
	if (work->owes)
		courier_wake(work->observer->courier);
	if (work->keep)
		finish_commit(work->observer, work->state);
}

static void commit(struct work *work)
{
	struct error error = {0};
	bool good = try_commit(work, &error);

	if (!good && error.remedy == REMEDY_LOCAL) {
		reserve_free(work->observer->config->archive);
		good = try_commit(work, &error);
	}
	if (good)
		after_commit(work);
	else
		emergency(work, &error);
}

/* ---- what was seen ---- */

static void work_release(struct work *work)
{
	reading_release(&work->before);
	reading_release(&work->after);
	changes_release(&work->changes);
	changes_release(&work->anew);
	free(work->turns.list);
	events_release(&work->events);
	free(work->folder);
	free(work->line);
}

/* A stored reading is our own text: where it does not parse, the archive is damaged. */
static bool parse(struct work *work, const char *text, struct reading *reading)
{
	struct error error;

	if (text == NULL || reading_parse(text, strlen(text), reading, &error))
		return true;
	say(work, error.text);
	work->observer->local_trouble = true;
	return false;
}

static struct confirm_rules rules_of(const struct observation *seen)
{
	const struct page_settings *settings = &seen->page->settings;

	return (struct confirm_rules){settings->confirm.worse, settings->confirm.better,
		(enum level)settings->red, settings->first_sight == FIRST_SIGHT_ALERT, &seen->page->indicators};
}

/* What our own change of kind or program makes of the old bytes is logged, and told to nobody. */
static void take_anew(struct work *work, struct reading *before)
{
	struct confirm_rules rules = rules_of(work->seen);
	struct reading anew = {0};

	if (work->seen->read_anew == NULL || !parse(work, work->seen->read_anew, &anew))
		return;
	diff(before, &anew, &work->anew);
	confirm(&work->state->lamps, &anew, &rules, false, true, work->seen->now, &work->turns);
	reading_release(before);
	*before = anew;
}

static void take_difference(struct work *work, const struct reading *before, const struct reading *after)
{
	const struct text_list *patterns = &work->seen->page->indicators;

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

static void add_back(struct work *work)
{
	struct page_state *state = work->state;
	struct event *event;

	if (!state->lost)
		return;
	event = events_add(&work->events, EVENT_BACK);
	event->before = event->after = LEVEL_UNKNOWN;
	event->before_colour = COLOUR_GREY;
	event->after_colour = COLOUR_GREEN;
	event->seen = work->seen->now;
	event->since = state->failing_since;
	event->fetches = event->needed = 1;
	event->reason = memory_string(state->failure);
	state->lost = false;
}

static void add_news(struct work *work)
{
	const struct page_settings *settings = &work->seen->page->settings;
	struct news_input input = {&work->after, &work->state->lamps, &work->seen->page->indicators,
		(enum level)settings->red, settings->confirm.worse, settings->confirm.better, work->seen->now,
		work->observer->config->timezone};

	news_of_turns(&input, &work->turns, &work->events);
	if (!work->seen->silent && !work->unwatched)
		news_of_incidents(&input, &work->changes, &work->events);
	add_back(work);
	for (size_t i = 0; i < work->events.count; i++)
		if (work->events.list[i].type == EVENT_GONE)
			say(work, "an indicator is listed no longer (`lampwatch log` names it)");
}

/* Those of a new reading; after a fetch that failed, those that it was made with. */
static void take_validators(struct work *work)
{
	struct validator *validators = work->seen->validators;

	for (size_t i = 0; validators != NULL && i < KIND_DOCUMENTS_MAX; i++) {
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

	take_validators(work);
	memory_set(&state->url, seen->page->url);
	memory_set(&state->kind_digest, kind_digest(seen->kind));
	memory_set(&state->program, LAMPWATCH_VERSION);
	memory_set(&state->failure, "");
	state->failures = state->failing_since = state->retry_at = 0;
	state->unreadable = false;
	state->known = true;
	state->last_fetch = state->last_success = seen->now;
	if (seen->full)
		state->last_full = seen->now;
	state->red = lamps_red(&state->lamps);
	state->unconfirmed = lamps_unconfirmed(&state->lamps);
	if (!work->keep) {
		state->confirmed++;
		state->last_confirmed = seen->now;
	}
}

static void observe_reading(struct work *work)
{
	struct page_state *state = work->state;
	struct confirm_rules rules = rules_of(work->seen);
	struct reading before = {0}, after = {0};
	bool readable_again = state->unreadable;

	work->text = work->seen->text != NULL ? work->seen->text : state->reading;
	if (!parse(work, state->reading, &before) || !parse(work, work->text, &after))
		goto out;
	work->first = !state->known || state->reading == NULL || work->seen->new_baseline;
	take_anew(work, &before);
	take_difference(work, &before, &after);
	if (readable_again && !work->first)
		changes_add(&work->changes, CHANGE_READABLE, "", "", "", "", state->failure);
	work->keep = (work->keep || work->first || readable_again || work->seen->kept != NULL) &&
		     (work->seen->responses != NULL || work->seen->kept != NULL);
	work->reason = work->first ? "first sight" : "change";
	confirm(&state->lamps, &after, &rules, work->first, false, work->seen->now, &work->turns);
	add_news(work);
	if (work->seen->text != NULL)
		memory_set(&state->reading, work->seen->text);
	work->text = state->reading;
	settle_state(work);
	commit(work);
out:
	reading_release(&before);
	reading_release(&after);
}

static void add_lost(struct work *work)
{
	struct page_state *state = work->state;
	struct event *event;

	if (state->lost || state->failures < work->seen->page->settings.confirm.lost)
		return;
	state->lost = true;
	event = events_add(&work->events, EVENT_LOST);
	event->before = event->after = LEVEL_UNKNOWN;
	event->before_colour = event->after_colour = COLOUR_GREY;
	event->seen = work->seen->now;
	event->fetches = state->failures;
	event->needed = work->seen->page->settings.confirm.lost;
	event->reason = memory_string(state->failure);
}

/* Unreachable and unreadable in turn are one episode. */
static void observe_failure(struct work *work)
{
	const struct observation *seen = work->seen;
	struct page_state *state = work->state;
	bool begins = state->failures == 0;
	bool newly_unreadable = seen->what == OBSERVED_UNREADABLE && !state->unreadable;

	work->observer->page_trouble = true;
	state->failures++;
	if (begins) {
		state->failing_since = seen->now;
		say(work, seen->error->text);
	}
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
	commit(work);
}

void observe(struct observer *observer, struct observation *observation)
{
	struct work work = {.observer = observer, .seen = observation, .state = observation->state};

	store_load(observer->database, work.state);
	if (!work.state->loaded) { /* deciding without it would forget what was told */
		say(&work, database_reason(observer->database));
		observer->local_trouble = true;
		return;
	}
	if (observation->what == OBSERVED_UNCHANGED || observation->what == OBSERVED_READING)
		observe_reading(&work);
	else
		observe_failure(&work);
	work_release(&work);
}

/* ---- after a crash ---- */

static void adopt(struct observer *observer, const struct page_config *page, const struct kind *kind,
	struct page_state *state, const char *folder)
{
	struct buffer text = {.maximum = READING_TEXT_MAX};
	struct error error;
	struct observation seen = {.page = page, .kind = kind, .state = state, .kept = folder, .error = &error,
		.what = OBSERVED_READING};

	error_set(&error, REMEDY_PAGE, "could not be read before a crash");
	if (archive_read(observer->config->archive, page->name, folder, "reading", &text, NULL))
		seen.text = buffer_string(&text);
	else
		seen.what = OBSERVED_UNREADABLE;
	if (archive_folder_time(folder, &seen.now))
		observe(observer, &seen);
	buffer_release(&text);
}

static void discard(const struct observer *observer, const struct archive_intent *intent)
{
	char *path = archive_path(observer->config->archive, intent->page, intent->folder, NULL);
	int64_t time;

	if (archive_folder_time(intent->folder, &time)) /* a torn intent must not name a whole page */
		file_remove_tree(path, NULL);
	archive_settle(observer->config->archive, intent->page);
	free(path);
}

/* True where what was kept can be read as it would have been: not by another kind, or for another address. */
static bool adoptable(const struct observer *observer, const struct archive_intent *intent,
	const struct page_config *page, const struct kind *kind, const struct page_state *state)
{
	char *path = archive_path(observer->config->archive, intent->page, intent->folder, NULL);
	bool there = file_exists(path);
	int64_t time;

	free(path);
	return there && archive_folder_time(intent->folder, &time) && page != NULL && state != NULL &&
	       (!state->known || (text_equal(state->url, page->url) &&
					 text_equal(state->kind_digest, kind_digest(kind)) &&
					 text_equal(state->program, LAMPWATCH_VERSION)));
}

void observe_recover(struct observer *observer, const struct kind *(*kind_of)(void *context,
	const struct page_config *page), void *context, struct page_states *states)
{
	struct archive_intents intents = {0};
	struct error error;

	if (!archive_intents(observer->config->archive, &intents, &error)) {
		say_of(observer, "archive", error.text);
		observer->local_trouble = true;
	}
	for (size_t i = 0; i < intents.count; i++) {
		const struct archive_intent *intent = &intents.list[i];
		const struct page_config *page = config_page(observer->config, intent->page);
		struct page_state *state = page_states_find(states, intent->page);
		const struct kind *kind = page != NULL ? kind_of(context, page) : NULL;

		if (store_has_folder(observer->database, intent->page, intent->folder) && state != NULL)
			finish_commit(observer, state);
		else if (adoptable(observer, intent, page, kind, state))
			adopt(observer, page, kind, state, intent->folder);
		else
			discard(observer, intent);
	}
	if (observer->local_trouble) { /* what could not be committed has not happened */
		page_states_release(states);
		store_pages(observer->database, states);
	}
	archive_intents_release(&intents);
}

void observe_heads(struct observer *observer, const struct page_states *before)
{
	struct page_states chained = {0};
	const struct page_states *states = observer->chained ? &chained : before;
	struct archive_head *heads;
	struct error error;
	size_t count = 0;

	if (observer->chained)
		store_pages(observer->database, &chained);
	heads = memory_zero(states->count, sizeof *heads);
	for (size_t i = 0; i < states->count; i++)
		if (states->list[i].snapshot > 0)
			heads[count++] = (struct archive_head){states->list[i].name, states->list[i].snapshot,
				states->list[i].head};
	if (!archive_write_heads(observer->config->archive, heads, count, &error)) {
		say_of(observer, "heads", error.text);
		observer->local_trouble = true;
	}
	STEP("heads written");
	free(heads);
	page_states_release(&chained);
}
