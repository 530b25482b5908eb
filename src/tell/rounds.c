/* SPDX-License-Identifier: ISC */
#include "tell/rounds.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/hourly.h"
#include "base/memory.h"
#include "tell/attempt.h"
#include "tell/disabled.h"
#include "tell/refusal.h"
#include "tell/routes.h"

enum { HTTP_GONE = 410 /* the status by which a webhook asks for no more */ };

static const size_t NO_WAY = SIZE_MAX;

/* A route, or behind the routes a webhook. */
struct way {
	const char *name;
	size_t sessions, limit; /* open now; how many may be */
	size_t working;         /* of those open, in how many somebody has answered */
	size_t broken;          /* in a row, in which nobody has */
	int64_t rests_until;    /* left alone before that */
};

/* One delivery on its round. */
struct round {
	int64_t id;
	char *receiver;
	int64_t tries; /* when the round began */
	enum {
		ROUND_WAITING,
		ROUND_UNDERWAY,
		ROUND_OVER, /* owed again, in a later run */
		ROUND_DONE, /* no longer owed: also where a full disk kept that from being written
			     */
		ROUND_ANEW, /* readdressed: another round begins when its turn comes */
	} state;
	bool begun;
	unsigned char tried[(CONFIG_ROUTES_MAX + CHAR_BIT - 1) / CHAR_BIT]; /* routes */
};

struct rounds {
	struct rounds_settings settings;
	struct way *ways;
	size_t way_count, sessions;
	size_t *order; /* of the routes, as things stand */
	struct round *list;
	size_t count;
	bool woken;   /* the outbox may hold more that is due */
	bool stale;   /* likewise, but nothing that comes before what waits here */
	int64_t vain; /* nothing could begin at that time, and nothing has changed since; -1: no */
	enum { UNRECORDED_UNKNOWN, UNRECORDED_YES, UNRECORDED_NO } unrecorded; /* in this run */
};

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

void rounds_free(struct rounds *rounds)
{
	for (size_t i = 0; i < rounds->count; i++)
		free(rounds->list[i].receiver);
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

static struct round *round_of(const struct rounds *rounds, int64_t id)
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
	free(round->receiver);
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

/* ---- which way ---- */

static bool was_tried(const struct round *round, size_t route)
{
	return (round->tried[route / CHAR_BIT] >> route % CHAR_BIT & 1) != 0;
}

static size_t webhook_way(const struct rounds *rounds, const char *name)
{
	for (size_t i = rounds->settings.config->route_count; i < rounds->way_count; i++)
		if (strcmp(rounds->ways[i].name, name) == 0)
			return i;
	return NO_WAY;
}

/* The next way of a round that is not left alone; NO_WAY where there is none (now). */
static size_t way_of(const struct rounds *rounds, const struct round *round, int64_t now)
{
	const char *name = receiver_webhook_name(round->receiver);

	if (name != NULL) {
		size_t way = webhook_way(rounds, name);

		return way != NO_WAY && rounds->ways[way].rests_until <= now ? way : NO_WAY;
	}
	for (size_t i = 0; i < rounds->settings.config->route_count; i++) {
		size_t way = rounds->order[i];

		if (!was_tried(round, way) && rounds->ways[way].rests_until <= now)
			return way;
	}
	return NO_WAY;
}

static size_t way_room(const struct rounds *rounds, size_t way)
{
	const struct way *chosen = &rounds->ways[way];

	return chosen->sessions < chosen->limit ? chosen->limit - chosen->sessions : 0;
}

/*
 * How many of those that wait for a way go in its next session. Few go side by side; many one after
 * the other, but none of its sessions gets more than its part of what is left, so that none is at
 * work alone in the end; and the fewer are open the fewer it gets, so that they do not all end, and
 * others have to be begun, at once.
 */
static size_t share(const struct way *way, size_t room, size_t waiting)
{
	size_t even = (waiting + room - 1) / room;
	size_t part = (waiting + way->limit - 1) / way->limit;
	size_t most = BATCH_MAX * (way->sessions + 1) / way->limit;

	if (part < BATCH_SMALL)
		part = BATCH_SMALL;
	if (part > most)
		part = most;
	return even < part ? even : part;
}

/* The places in the list of those that go next, all by one way. Returns how many. */
static size_t choose(const struct rounds *rounds, int64_t now, size_t *places, size_t *way)
{
	size_t count = 0, room = 0, enough = 1;

	*way = NO_WAY;
	for (size_t i = 0; i < rounds->count && count < enough; i++) {
		size_t here;

		if (rounds->list[i].state != ROUND_WAITING)
			continue;
		here = way_of(rounds, &rounds->list[i], now);
		if (*way == NO_WAY && here != NO_WAY && way_room(rounds, here) > 0) {
			*way = here;
			room = way_room(rounds, here);
			enough = rounds->ways[here].limit * BATCH_MAX;
		}
		if (here == NO_WAY || here != *way)
			continue;
		if (count < BATCH_MAX)
			places[count] = i;
		count++;
	}
	if (*way >= rounds->settings.config->route_count)
		return count > 0;
	return count > 0 ? share(&rounds->ways[*way], room, count) : 0;
}

/* ---- who will not have it ---- */

/* Nothing more goes to a webhook that is gone, until the operator says so; the attempt says that
 * too from here on. */
static void disable(struct rounds *rounds, const struct webhook_config *webhook,
	struct attempt *attempt, int64_t now)
{
	struct attempt answer = *attempt;

	disabled_add(rounds->settings.database, webhook, answer.text, now);
	attempt_set(attempt, answer.outcome, answer.code,
		"%s; it is disabled now, `lampwatch outbox retry` lifts that", answer.text);
}

static void give_up(struct rounds *rounds, const struct delivery *delivery, const char *way,
	const struct attempt *attempt, int64_t now)
{
	const struct rounds_settings *settings = &rounds->settings;

	refusal_tell_operator(
		settings->database, settings->config, settings->templates, delivery, attempt, now);
	outbox_dead(settings->database, delivery, way, attempt, now);
}

/* A receiver who will not have it: by the second way, else given up aloud. */
static void refused(struct rounds *rounds, const struct delivery *delivery, const char *way,
	const struct attempt *attempt, int64_t now)
{
	const struct rounds_settings *settings = &rounds->settings;

	if (refusal_use_second(
		    settings->database, settings->config, settings->templates, delivery, now))
		round_of(rounds, delivery->id)->state = ROUND_ANEW;
	else
		give_up(rounds, delivery, way, attempt, now);
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

/* What the delivery says, read once for all of the batch that say it; its length. */
static size_t load_content(
	struct rounds *rounds, const struct delivery *delivery, struct batch *batch)
{
	struct contents *contents = &batch->contents;
	const struct content *known = contents_find(contents, delivery->content);
	struct content *content;

	if (known != NULL)
		return known->length;
	content = memory_append(&contents->list, &contents->count, sizeof *content);
	outbox_content(rounds->settings.database, delivery->content, content);
	return content->length;
}

static void load(struct rounds *rounds, const size_t *places, size_t count, struct batch *batch)
{
	struct database *database = rounds->settings.database;
	size_t bytes = 0;

	database_read_begin(database);
	for (size_t i = 0; i < count && bytes < BATCH_BYTES_MAX; i++) {
		struct round *round = &rounds->list[places[i]];
		struct delivery delivery;

		round->state = ROUND_DONE;
		if (!outbox_get(database, round->id, &delivery))
			continue;
		round->state = ROUND_UNDERWAY;
		if (!round->begun)
			round->tries = delivery.tries;
		round->begun = true;
		bytes += load_content(rounds, &delivery, batch);
		*(struct delivery *)memory_append(&batch->deliveries.list, &batch->deliveries.count,
			sizeof delivery) = delivery;
	}
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
	refused(rounds, delivery, name, &attempt, now);
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
		count = choose(rounds, now, places, &batch->way);
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

/* ---- what came of it ---- */

static void refused_after(struct rounds *rounds, const struct delivery *delivery, const char *way,
	const struct attempt *attempt, int64_t now)
{
	const char *name = receiver_webhook_name(delivery->receiver);
	struct attempt told = *attempt;

	if (name != NULL && attempt->code == HTTP_GONE)
		disable(rounds, config_webhook(rounds->settings.config, name), &told, now);
	refused(rounds, delivery, way, &told, now);
}

/* By the next way, if there is one; else again in a later run. */
static void failed(struct rounds *rounds, struct round *round, const struct delivery *delivery,
	const char *way, const struct attempt *attempt, int64_t now)
{
	struct database *database = rounds->settings.database;
	struct delivery before = *delivery;

	before.tries = round->tries; /* it is rounds that make the pauses longer, not ways */
	if (receiver_address(round->receiver) != NULL && way_of(rounds, round, now) != NO_WAY) {
		outbox_note(database, delivery->id, way, attempt);
		round->state = ROUND_WAITING;
		rounds->vain = -1;
	} else if (outbox_expired(delivery, attempt, now)) {
		give_up(rounds, delivery, way, attempt, now);
		round->state = ROUND_DONE;
	} else {
		outbox_failed(database, &before, way, attempt, now);
		round->state = ROUND_OVER;
	}
}

static void conclude(struct rounds *rounds, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now)
{
	const struct delivery *delivery = &batch->deliveries.list[index];
	struct round *round = round_of(rounds, delivery->id);
	const char *way = rounds->ways[batch->way].name;

	batch->answered[index] = true;
	batch->unanswered--;
	if (batch->route != NULL)
		round->tried[batch->way / CHAR_BIT] |= (unsigned char)(1U << batch->way % CHAR_BIT);
	round->state = ROUND_DONE;
	if (attempt->outcome == OUTCOME_DELIVERED)
		outbox_delivered(rounds->settings.database, delivery->id, way, attempt, now);
	else if (attempt->outcome == OUTCOME_RECEIVER)
		refused_after(rounds, delivery, way, attempt, now);
	else
		failed(rounds, round, delivery, way, attempt, now);
	if (round->state == ROUND_DONE || round->state == ROUND_ANEW)
		rounds->stale = true; /* what had to wait for it may be due */
}

/*
 * The way itself has failed, and whatever else would go by it: all of the batch has had its
 * attempt. But where others are being served, it is that the relay takes no more at a time.
 */
static void session_failed(
	struct rounds *rounds, struct batch *batch, const struct attempt *attempt, int64_t now)
{
	struct way *way = &rounds->ways[batch->way];

	if (way->working > 0) {
		way->limit = way->sessions - 1;
		return;
	}
	way->rests_until = now + ROUNDS_PAUSE;
	for (size_t i = 0; i < batch->deliveries.count; i++)
		if (!batch->answered[i])
			conclude(rounds, batch, i, attempt, now);
}

void rounds_answer(struct rounds *rounds, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now)
{
	struct way *way = &rounds->ways[batch->way];

	batch->heard = true;
	if (attempt->of_session) {
		session_failed(rounds, batch, attempt, now);
		return;
	}
	if (attempt->code != 0 && !batch->working) {
		batch->working = true;
		way->working++;
	}
	if (attempt->retry_after > 0)
		way->rests_until = now + attempt->retry_after;
	conclude(rounds, batch, index, attempt, now);
}

static void note_session(struct rounds *rounds, const struct batch *batch, int64_t now)
{
	struct way *way = &rounds->ways[batch->way];

	rounds->vain = -1;
	way->sessions--;
	rounds->sessions--;
	way->working -= batch->working;
	way->broken = batch->working ? 0 : way->broken + 1;
	if (way->broken >= ROUNDS_BROKEN_MAX)
		way->rests_until = now + ROUNDS_PAUSE;
}

void rounds_close(struct rounds *rounds, struct batch *batch, const char *crash, int64_t now)
{
	bool lost = crash != NULL || !batch->heard;
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_UNKNOWN, 0, "%s",
		crash != NULL ? crash : "the attempt ended without a word");
	note_session(rounds, batch, now);
	for (size_t i = 0; i < batch->deliveries.count; i++) {
		int64_t id = batch->deliveries.list[i].id;

		if (batch->answered[i])
			continue;
		if (lost) {
			conclude(rounds, batch, i, &attempt, now);
			lost = false;
			continue;
		}
		outbox_untried(rounds->settings.database, id);
		round_of(rounds, id)->state = ROUND_WAITING;
	}
	batch_release(batch);
}
