/* SPDX-License-Identifier: ISC
 *
 * What is due, and the beginning of a session. Read scheduler_next() first.
 */
#include "tell/scheduler_p.h"

#include <stdlib.h>
#include <string.h>

#include "base/hourly.h"
#include "base/list.h"
#include "base/memory.h"
#include "tell/attempt.h"
#include "tell/disabled_webhook.h"
#include "tell/routes.h"

struct scheduler *scheduler_new(const struct scheduler_settings *settings)
{
	const struct config *config = settings->config;
	struct scheduler *scheduler = memory_zero(1, sizeof *scheduler);

	scheduler->settings = *settings;
	scheduler->way_count = config->route_count + config->webhook_count;
	scheduler->ways = memory_zero(scheduler->way_count, sizeof *scheduler->ways);
	scheduler->order = memory_zero(config->route_count, sizeof *scheduler->order);
	for (size_t i = 0; i < scheduler->way_count; i++) {
		bool route = i < config->route_count;

		scheduler->ways[i].name = route ? config->routes[i].name
						: config->webhooks[i - config->route_count].name;
		scheduler->ways[i].limit =
			route ? SCHEDULER_ROUTE_SESSIONS : SCHEDULER_WEBHOOK_SESSIONS;
	}
	scheduler->woken = true;
	return scheduler;
}

static void entry_release(struct queue_entry *entry)
{
	free(entry->receiver);
	free(entry->refusal);
}

void scheduler_free(struct scheduler *scheduler)
{
	for (size_t i = 0; i < scheduler->count; i++)
		entry_release(&scheduler->list[i]);
	free(scheduler->list);
	free(scheduler->order);
	free(scheduler->ways);
	free(scheduler);
}

void batch_release(struct batch *batch)
{
	free(batch->answered);
	deliveries_release(&batch->deliveries);
	contents_release(&batch->contents);
	*batch = (struct batch){0};
}

void scheduler_wake(struct scheduler *scheduler)
{
	scheduler->woken = true;
}

/* ---- what is due ---- */

struct queue_entry *scheduler_entry(const struct scheduler *scheduler, int64_t id)
{
	size_t low = 0, high = scheduler->count;

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (scheduler->list[middle].id <= id)
			low = middle;
		else
			high = middle;
	}
	return &scheduler->list[low];
}

/* A known one is due: of interest only where it goes to another receiver now. */
static void begin_again(struct queue_entry *entry, const struct due *due)
{
	bool readdressed = strcmp(entry->receiver, due->receiver) != 0;

	if (entry->state != ENTRY_READDRESSED)
		return;
	entry_release(entry);
	*entry = (struct queue_entry){.id = due->id,
		.receiver = memory_string(due->receiver),
		.state = readdressed ? ENTRY_WAITING : ENTRY_DONE};
}

/* Both lists are in the order of their ids; what is due for the first time begins its round. */
static void merge(struct scheduler *scheduler, const struct due *due, size_t due_count)
{
	struct queue_entry *merged = memory_zero(scheduler->count + due_count, sizeof *merged);
	size_t count = 0, i = 0, j = 0;

	while (i < scheduler->count || j < due_count) {
		if (j == due_count ||
			(i < scheduler->count && scheduler->list[i].id <= due[j].id)) {
			if (j < due_count && scheduler->list[i].id == due[j].id)
				begin_again(&scheduler->list[i], &due[j++]);
			merged[count++] = scheduler->list[i++];
		} else {
			merged[count++] = (struct queue_entry){
				.id = due[j].id, .receiver = memory_string(due[j].receiver)};
			j++;
		}
	}
	free(scheduler->list);
	scheduler->list = merged;
	scheduler->count = count;
}

static void look(struct scheduler *scheduler, int64_t now)
{
	const struct scheduler_settings *settings = &scheduler->settings;
	struct text_list pages = {0}, providers = {0};
	struct due *due;
	size_t count;

	settings->troubled(settings->database, &pages);
	routes_providers(settings->config, &pages, &providers);
	routes_order(settings->dependences, settings->config, &providers, NULL, scheduler->order);
	outbox_due(settings->database, now, &due, &count);
	merge(scheduler, due, count);
	outbox_due_release(due, count);
	text_list_release(&pages);
	text_list_release(&providers);
	scheduler->woken = scheduler->stale = false;
}

/* ---- the beginning of a batch ---- */

/*
 * What a full disk keeps us from writing down goes out all the same, but not with each run: at
 * most hourly.
 */
static bool may_go_unrecorded(struct scheduler *scheduler, int64_t now)
{
	if (!database_full(scheduler->settings.database))
		return false;
	if (scheduler->unrecorded == UNRECORDED_UNKNOWN)
		scheduler->unrecorded =
			hourly(scheduler->settings.lock, now) ? UNRECORDED_YES : UNRECORDED_NO;
	return scheduler->unrecorded == UNRECORDED_YES;
}

/* What the delivery says, read once for all of the batch that say it; NULL where it cannot be read.
 */
static const struct content *load_content(
	struct scheduler *scheduler, const struct delivery *delivery, struct batch *batch)
{
	struct contents *contents = &batch->contents;
	const struct content *known = contents_find(contents, delivery->content);
	struct content *content;

	if (known != NULL)
		return known->bytes != NULL ? known : NULL;
	content = memory_append(&contents->list, &contents->count, sizeof *content);
	outbox_content(scheduler->settings.database, delivery->content, content);
	return content->bytes != NULL ? content : NULL;
}

/* One more delivery for the batch, and its length; 0 where it cannot go now. */
static size_t load_one(struct scheduler *scheduler, struct queue_entry *entry, struct batch *batch)
{
	struct deliveries one = {memory_zero(1, sizeof *one.list), 1};
	struct deliveries *all = &batch->deliveries;
	const struct content *content;

	entry->state = ENTRY_DONE;
	if (!outbox_get(scheduler->settings.database, entry->id, one.list)) {
		free(one.list);
		return 0;
	}
	content = load_content(scheduler, one.list, batch);
	entry->state = content != NULL ? ENTRY_UNDERWAY : ENTRY_OVER;
	if (content == NULL) {
		deliveries_release(&one);
		return 0;
	}
	if (!entry->begun)
		entry->tries = one.list->tries;
	entry->begun = true;
	*(struct delivery *)memory_append(&all->list, &all->count, sizeof *all->list) = *one.list;
	free(one.list);
	return content->length;
}

static void load(
	struct scheduler *scheduler, const size_t *places, size_t count, struct batch *batch)
{
	struct database *database = scheduler->settings.database;
	size_t bytes = 0;

	database_read_begin(database);
	for (size_t i = 0; i < count && bytes < BATCH_BYTES_MAX; i++)
		bytes += load_one(scheduler, &scheduler->list[places[i]], batch);
	database_read_end(database);
}

/* Those that were merged or dropped in this moment do not go. */
static void keep_intended(struct scheduler *scheduler, struct batch *batch, const bool *intended)
{
	struct deliveries kept = {0}, left = {0};

	for (size_t i = 0; i < batch->deliveries.count; i++) {
		struct delivery *delivery = &batch->deliveries.list[i];
		struct deliveries *to = intended[i] ? &kept : &left;

		if (!intended[i])
			scheduler_entry(scheduler, delivery->id)->state = ENTRY_DONE;
		*(struct delivery *)memory_append(&to->list, &to->count, sizeof *delivery) =
			*delivery;
	}
	free(batch->deliveries.list);
	batch->deliveries = kept;
	deliveries_release(&left);
}

/* All the intents in one transaction; false where none may go. */
static bool intend(struct scheduler *scheduler, struct batch *batch, int64_t now)
{
	struct database *database = scheduler->settings.database;
	size_t count = batch->deliveries.count;
	bool *intended = memory_zero(count, sizeof *intended);
	bool written;

	database_begin(database);
	for (size_t i = 0; i < count; i++)
		intended[i] = outbox_sending(database, batch->deliveries.list[i].id,
			scheduler->ways[batch->way].name, now);
	written = database_commit(database, NULL);
	if (written)
		keep_intended(scheduler, batch, intended);
	free(intended);
	return written || may_go_unrecorded(scheduler, now);
}

static void set_states(struct scheduler *scheduler, const struct batch *batch, int state)
{
	for (size_t i = 0; i < batch->deliveries.count; i++)
		scheduler_entry(scheduler, batch->deliveries.list[i].id)->state = state;
}

/* What is for a webhook that is disabled is refused without any contact. */
static void refuse_disabled(struct scheduler *scheduler, struct batch *batch, int64_t now)
{
	struct database *database = scheduler->settings.database;
	const struct delivery *delivery = batch->deliveries.list;
	const char *name =
		batch->deliveries.count > 0 ? receiver_webhook_name(delivery->receiver) : NULL;
	struct disabled disabled = {0};
	struct attempt attempt;

	if (name == NULL || !disabled_find(database,
				    config_webhook(scheduler->settings.config, name), &disabled))
		return;
	attempt_set(&attempt, OUTCOME_RECEIVER, HTTP_GONE,
		"disabled, `lampwatch outbox retry` lifts that: %s", disabled.reason);
	disabled_release(&disabled);
	scheduler_entry(scheduler, delivery->id)->state = ENTRY_DONE;
	scheduler->stale = true;
	database_begin(database);
	scheduler_refused(scheduler, delivery, name, &attempt, now);
	database_commit(database, NULL);
	deliveries_release(&batch->deliveries);
}

static bool begin(struct scheduler *scheduler, const size_t *places, size_t count, int64_t now,
	struct batch *batch)
{
	const struct config *config = scheduler->settings.config;

	load(scheduler, places, count, batch);
	refuse_disabled(scheduler, batch, now);
	if (batch->deliveries.count > 0 && !intend(scheduler, batch, now)) {
		set_states(scheduler, batch, ENTRY_OVER);
		deliveries_release(&batch->deliveries);
	}
	if (batch->deliveries.count == 0) {
		batch_release(batch);
		return false;
	}
	batch->route = batch->way < config->route_count ? &config->routes[batch->way] : NULL;
	batch->answered = memory_zero(batch->deliveries.count, sizeof *batch->answered);
	batch->unanswered = batch->deliveries.count;
	scheduler->ways[batch->way].sessions++;
	scheduler->sessions++;
	return true;
}

/* Begins the first batch that can be begun. */
static bool begin_any(struct scheduler *scheduler, int64_t now, struct batch *batch)
{
	size_t places[BATCH_MAX];
	size_t count;

	do {
		count = scheduler_choose(scheduler, now, places, &batch->way);
		if (count > 0 && begin(scheduler, places, count, now, batch))
			return true;
	} while (count > 0);
	return false;
}

static bool any_waits(const struct scheduler *scheduler)
{
	for (size_t i = 0; i < scheduler->count; i++)
		if (scheduler->list[i].state == ENTRY_WAITING)
			return true;
	return false;
}

bool scheduler_next(struct scheduler *scheduler, int64_t now, struct batch *batch)
{
	bool found;

	*batch = (struct batch){0};
	if (scheduler->sessions == SCHEDULER_SESSIONS ||
		(scheduler->vain == now && !scheduler->woken))
		return false;
	if (scheduler->woken)
		look(scheduler, now);
	found = begin_any(scheduler, now, batch);
	if (!found && scheduler->stale && (scheduler->sessions == 0 || !any_waits(scheduler))) {
		look(scheduler, now);
		found = begin_any(scheduler, now, batch);
	}
	scheduler->vain = found ? -1 : now;
	return found;
}
