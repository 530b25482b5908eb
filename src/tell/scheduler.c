/* SPDX-License-Identifier: ISC
 *
 * What is due, and the beginning of a session. Read rounds_next() first.
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

struct rounds *rounds_new(const struct rounds_settings *settings)
{
	const struct config *config = settings->config;
	struct rounds *rounds = memory_zero(1, sizeof *rounds);

	rounds->settings = *settings;
	rounds->way_count = config->route_count + config->webhook_count;
	rounds->ways = memory_zero(rounds->way_count, sizeof *rounds->ways);
	rounds->order = memory_zero(config->route_count, sizeof *rounds->order);
	for (size_t i = 0; i < rounds->way_count; i++) {
		bool route = i < config->route_count;

		rounds->ways[i].name = route ? config->routes[i].name
					     : config->webhooks[i - config->route_count].name;
		rounds->ways[i].limit = route ? ROUNDS_ROUTE_SESSIONS : ROUNDS_WEBHOOK_SESSIONS;
	}
	rounds->woken = true;
	return rounds;
}

static void round_release(struct round *round)
{
	free(round->receiver);
	free(round->refusal);
}

void rounds_free(struct rounds *rounds)
{
	for (size_t i = 0; i < rounds->count; i++)
		round_release(&rounds->list[i]);
	free(rounds->list);
	free(rounds->order);
	free(rounds->ways);
	free(rounds);
}

void batch_release(struct batch *batch)
{
	free(batch->answered);
	deliveries_release(&batch->deliveries);
	contents_release(&batch->contents);
	*batch = (struct batch){0};
}

void rounds_wake(struct rounds *rounds)
{
	rounds->woken = true;
}

/* ---- what is due ---- */

struct round *round_of(const struct rounds *rounds, int64_t id)
{
	size_t low = 0, high = rounds->count;

	while (low + 1 < high) {
		size_t middle = low + (high - low) / 2;

		if (rounds->list[middle].id <= id)
			low = middle;
		else
			high = middle;
	}
	return &rounds->list[low];
}

/* A known one is due: of interest only where it goes to another receiver now. */
static void begin_anew(struct round *round, const struct due *due)
{
	bool readdressed = strcmp(round->receiver, due->receiver) != 0;

	if (round->state != ROUND_ANEW)
		return;
	round_release(round);
	*round = (struct round){.id = due->id,
		.receiver = memory_string(due->receiver),
		.state = readdressed ? ROUND_WAITING : ROUND_DONE};
}

/* Both lists are in the order of their ids; what is due for the first time begins its round. */
static void merge(struct rounds *rounds, const struct due *due, size_t due_count)
{
	struct round *merged = memory_zero(rounds->count + due_count, sizeof *merged);
	size_t count = 0, i = 0, j = 0;

	while (i < rounds->count || j < due_count) {
		if (j == due_count || (i < rounds->count && rounds->list[i].id <= due[j].id)) {
			if (j < due_count && rounds->list[i].id == due[j].id)
				begin_anew(&rounds->list[i], &due[j++]);
			merged[count++] = rounds->list[i++];
		} else {
			merged[count++] = (struct round){
				.id = due[j].id, .receiver = memory_string(due[j].receiver)};
			j++;
		}
	}
	free(rounds->list);
	rounds->list = merged;
	rounds->count = count;
}

static void look(struct rounds *rounds, int64_t now)
{
	const struct rounds_settings *settings = &rounds->settings;
	struct text_list pages = {0}, providers = {0};
	struct due *due;
	size_t count;

	settings->troubled(settings->database, &pages);
	routes_providers(settings->config, &pages, &providers);
	routes_order(settings->dependences, settings->config, &providers, NULL, rounds->order);
	outbox_due(settings->database, now, &due, &count);
	merge(rounds, due, count);
	outbox_due_release(due, count);
	text_list_release(&pages);
	text_list_release(&providers);
	rounds->woken = rounds->stale = false;
}

/* ---- the beginning of a batch ---- */

/*
 * What a full disk keeps us from writing down goes out all the same, but not with each run: at
 * most hourly.
 */
static bool may_go_unrecorded(struct rounds *rounds, int64_t now)
{
	if (!database_full(rounds->settings.database))
		return false;
	if (rounds->unrecorded == UNRECORDED_UNKNOWN)
		rounds->unrecorded =
			hourly(rounds->settings.lock, now) ? UNRECORDED_YES : UNRECORDED_NO;
	return rounds->unrecorded == UNRECORDED_YES;
}

/* What the delivery says, read once for all of the batch that say it; NULL where it cannot be read.
 */
static const struct content *load_content(
	struct rounds *rounds, const struct delivery *delivery, struct batch *batch)
{
	struct contents *contents = &batch->contents;
	const struct content *known = contents_find(contents, delivery->content);
	struct content *content;

	if (known != NULL)
		return known->bytes != NULL ? known : NULL;
	content = memory_append(&contents->list, &contents->count, sizeof *content);
	outbox_content(rounds->settings.database, delivery->content, content);
	return content->bytes != NULL ? content : NULL;
}

/* One more delivery for the batch, and its length; 0 where it cannot go now. */
static size_t load_one(struct rounds *rounds, struct round *round, struct batch *batch)
{
	struct deliveries one = {memory_zero(1, sizeof *one.list), 1};
	struct deliveries *all = &batch->deliveries;
	const struct content *content;

	round->state = ROUND_DONE;
	if (!outbox_get(rounds->settings.database, round->id, one.list)) {
		free(one.list);
		return 0;
	}
	content = load_content(rounds, one.list, batch);
	round->state = content != NULL ? ROUND_UNDERWAY : ROUND_OVER;
	if (content == NULL) {
		deliveries_release(&one);
		return 0;
	}
	if (!round->begun)
		round->tries = one.list->tries;
	round->begun = true;
	*(struct delivery *)memory_append(&all->list, &all->count, sizeof *all->list) = *one.list;
	free(one.list);
	return content->length;
}

static void load(struct rounds *rounds, const size_t *places, size_t count, struct batch *batch)
{
	struct database *database = rounds->settings.database;
	size_t bytes = 0;

	database_read_begin(database);
	for (size_t i = 0; i < count && bytes < BATCH_BYTES_MAX; i++)
		bytes += load_one(rounds, &rounds->list[places[i]], batch);
	database_read_end(database);
}

/* Those that were merged or dropped in this moment do not go. */
static void keep_intended(struct rounds *rounds, struct batch *batch, const bool *intended)
{
	struct deliveries kept = {0}, left = {0};

	for (size_t i = 0; i < batch->deliveries.count; i++) {
		struct delivery *delivery = &batch->deliveries.list[i];
		struct deliveries *to = intended[i] ? &kept : &left;

		if (!intended[i])
			round_of(rounds, delivery->id)->state = ROUND_DONE;
		*(struct delivery *)memory_append(&to->list, &to->count, sizeof *delivery) =
			*delivery;
	}
	free(batch->deliveries.list);
	batch->deliveries = kept;
	deliveries_release(&left);
}

/* All the intents in one transaction; false where none may go. */
static bool intend(struct rounds *rounds, struct batch *batch, int64_t now)
{
	struct database *database = rounds->settings.database;
	size_t count = batch->deliveries.count;
	bool *intended = memory_zero(count, sizeof *intended);
	bool written;

	database_begin(database);
	for (size_t i = 0; i < count; i++)
		intended[i] = outbox_sending(
			database, batch->deliveries.list[i].id, rounds->ways[batch->way].name, now);
	written = database_commit(database, NULL);
	if (written)
		keep_intended(rounds, batch, intended);
	free(intended);
	return written || may_go_unrecorded(rounds, now);
}

static void set_states(struct rounds *rounds, const struct batch *batch, int state)
{
	for (size_t i = 0; i < batch->deliveries.count; i++)
		round_of(rounds, batch->deliveries.list[i].id)->state = state;
}

/* What is for a webhook that is disabled is refused without any contact. */
static void refuse_disabled(struct rounds *rounds, struct batch *batch, int64_t now)
{
	struct database *database = rounds->settings.database;
	const struct delivery *delivery = batch->deliveries.list;
	const char *name =
		batch->deliveries.count > 0 ? receiver_webhook_name(delivery->receiver) : NULL;
	struct disabled disabled = {0};
	struct attempt attempt;

	if (name == NULL ||
		!disabled_find(database, config_webhook(rounds->settings.config, name), &disabled))
		return;
	attempt_set(&attempt, OUTCOME_RECEIVER, HTTP_GONE,
		"disabled, `lampwatch outbox retry` lifts that: %s", disabled.reason);
	disabled_release(&disabled);
	round_of(rounds, delivery->id)->state = ROUND_DONE;
	rounds->stale = true;
	database_begin(database);
	rounds_refused(rounds, delivery, name, &attempt, now);
	database_commit(database, NULL);
	deliveries_release(&batch->deliveries);
}

static bool begin(
	struct rounds *rounds, const size_t *places, size_t count, int64_t now, struct batch *batch)
{
	const struct config *config = rounds->settings.config;

	load(rounds, places, count, batch);
	refuse_disabled(rounds, batch, now);
	if (batch->deliveries.count > 0 && !intend(rounds, batch, now)) {
		set_states(rounds, batch, ROUND_OVER);
		deliveries_release(&batch->deliveries);
	}
	if (batch->deliveries.count == 0) {
		batch_release(batch);
		return false;
	}
	batch->route = batch->way < config->route_count ? &config->routes[batch->way] : NULL;
	batch->answered = memory_zero(batch->deliveries.count, sizeof *batch->answered);
	batch->unanswered = batch->deliveries.count;
	rounds->ways[batch->way].sessions++;
	rounds->sessions++;
	return true;
}

/* Begins the first batch that can be begun. */
static bool begin_any(struct rounds *rounds, int64_t now, struct batch *batch)
{
	size_t places[BATCH_MAX];
	size_t count;

	do {
		count = rounds_choose(rounds, now, places, &batch->way);
		if (count > 0 && begin(rounds, places, count, now, batch))
			return true;
	} while (count > 0);
	return false;
}

static bool any_waits(const struct rounds *rounds)
{
	for (size_t i = 0; i < rounds->count; i++)
		if (rounds->list[i].state == ROUND_WAITING)
			return true;
	return false;
}

bool rounds_next(struct rounds *rounds, int64_t now, struct batch *batch)
{
	bool found;

	*batch = (struct batch){0};
	if (rounds->sessions == ROUNDS_SESSIONS || (rounds->vain == now && !rounds->woken))
		return false;
	if (rounds->woken)
		look(rounds, now);
	found = begin_any(rounds, now, batch);
	if (!found && rounds->stale && (rounds->sessions == 0 || !any_waits(rounds))) {
		look(rounds, now);
		found = begin_any(rounds, now, batch);
	}
	rounds->vain = found ? -1 : now;
	return found;
}
