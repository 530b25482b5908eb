/* SPDX-License-Identifier: ISC
 *
 * What is due and the beginning of a session (read scheduler_next() first), by which route or
 * webhook, and how many together, and what came of it: who has it, who has it later or by another
 * way, and who never will.
 */
#include "tell/scheduler.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/attempt.h"
#include "tell/bounce.h"
#include "tell/disabled_webhook.h"
#include "tell/routes.h"

enum {
	HTTP_GONE = 410, /* the status by which a webhook asks for no more */
	REFUSED_SECONDS =
		3600, /* for the other routes to take what one says that nobody will have */
};

#define NO_NEXT_HOP SIZE_MAX

/* A route, or behind the routes a webhook. */
struct next_hop {
	const char *name;
	size_t sessions, limit; /* open now; how many may be */
	size_t working;         /* of those open, in how many somebody has answered */
	size_t broken;          /* in a row, in which nobody has */
	int64_t rests_until;    /* left alone before that */
};

/* One delivery and its attempts in this run. */
struct queue_entry {
	int64_t id;
	char *receiver;
	int64_t tries; /* when it was first loaded in this run */
	enum {
		ENTRY_WAITING,
		ENTRY_UNDERWAY,
		ENTRY_OVER, /* owed again, in a later run */
		ENTRY_DONE, /* no longer owed: also where a full disk kept that from being written
			     */
		ENTRY_READDRESSED, /* it is tried again, at its new receiver, when it is due */
	} state;
	bool begun;
	unsigned char tried[(CONFIG_ROUTES_MAX + CHAR_BIT - 1) / CHAR_BIT]; /* routes */
	size_t refusals;         /* of these, that said that the receiver will not have it */
	struct attempt *refusal; /* the first of them; owned; NULL: none */
};

struct scheduler {
	struct scheduler_settings settings;
	struct next_hop *next_hops;
	size_t next_hop_count, sessions;
	size_t *order; /* of the routes, as things stand */
	struct queue_entry *list;
	size_t count;
	bool woken;   /* the outbox may hold more that is due */
	bool stale;   /* the outbox may hold more, but nothing that comes before what waits here */
	int64_t vain; /* nothing could begin at that time, and nothing has changed since; -1: no */
	struct error unwritten; /* why the intent to send something could not be recorded */
};

struct scheduler *scheduler_new(const struct scheduler_settings *settings)
{
	const struct config *config = settings->config;
	struct scheduler *scheduler = memory_zero(1, sizeof *scheduler);

	scheduler->settings = *settings;
	scheduler->next_hop_count = config->route_count + config->webhook_count;
	scheduler->next_hops = memory_zero(scheduler->next_hop_count, sizeof *scheduler->next_hops);
	scheduler->order = memory_zero(config->route_count, sizeof *scheduler->order);
	for (size_t i = 0; i < scheduler->next_hop_count; i++) {
		bool route = i < config->route_count;

		scheduler->next_hops[i].name =
			route ? config->routes[i].name
			      : config->webhooks[i - config->route_count].name;
		scheduler->next_hops[i].limit =
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
	free(scheduler->next_hops);
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

/* The entry of a delivery that is in the list. */
static struct queue_entry *entry_of(const struct scheduler *scheduler, int64_t id)
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

/*
 * Both lists are in the order of their ids; what is due for the first time gets an entry.
 * A known one that is due counts only if it was readdressed.
 */
static void merge(struct scheduler *scheduler, const struct due *due, size_t due_count)
{
	struct queue_entry *merged = memory_zero(scheduler->count + due_count, sizeof *merged);
	size_t count = 0, i = 0;

	for (size_t j = 0; j < due_count; j++) {
		struct queue_entry *known = NULL;
		bool moved;

		while (i < scheduler->count && scheduler->list[i].id < due[j].id)
			merged[count++] = scheduler->list[i++];
		if (i < scheduler->count && scheduler->list[i].id == due[j].id)
			known = &scheduler->list[i++];
		if (known != NULL && known->state != ENTRY_READDRESSED) {
			merged[count++] = *known;
			continue;
		}
		moved = known == NULL || strcmp(known->receiver, due[j].receiver) != 0;
		if (known != NULL)
			entry_release(known);
		merged[count++] = (struct queue_entry){.id = due[j].id,
			.receiver = memory_string(due[j].receiver),
			.state = moved ? ENTRY_WAITING : ENTRY_DONE};
	}
	while (i < scheduler->count)
		merged[count++] = scheduler->list[i++];
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

/* ---- by which route, and how many together ---- */

/* The next route that was not tried in this run and does not rest; NO_NEXT_HOP if there is none
 * (now).
 */
static size_t next_hop_of(
	const struct scheduler *scheduler, const struct queue_entry *entry, int64_t now)
{
	size_t routes = scheduler->settings.config->route_count;
	const char *webhook = receiver_webhook_name(entry->receiver);

	for (size_t i = 0; webhook == NULL && i < routes; i++) {
		size_t next_hop = scheduler->order[i];
		bool tried = (entry->tried[next_hop / CHAR_BIT] >> next_hop % CHAR_BIT & 1) != 0;

		if (!tried && scheduler->next_hops[next_hop].rests_until <= now)
			return next_hop;
	}
	for (size_t i = routes; webhook != NULL && i < scheduler->next_hop_count; i++)
		if (strcmp(scheduler->next_hops[i].name, webhook) == 0)
			return scheduler->next_hops[i].rests_until <= now ? i : NO_NEXT_HOP;
	return NO_NEXT_HOP;
}

/*
 * How many of those that wait for a next hop go in its next session. Few go side by side; many one
 * after the other, but none of its sessions gets more than its part of what is left, so that none
 * is at work alone in the end; and the fewer are open the fewer it gets, so that they do not all
 * end, and others have to be begun, at once.
 */
static size_t share(const struct next_hop *next_hop, size_t room, size_t waiting)
{
	size_t even = (waiting + room - 1) / room;
	size_t part = (waiting + next_hop->limit - 1) / next_hop->limit;
	size_t most = BATCH_MAX * (next_hop->sessions + 1) / next_hop->limit;

	if (part < BATCH_SMALL)
		part = BATCH_SMALL;
	if (part > most)
		part = most;
	return even < part ? even : part;
}

/* The places in the list of those that go next, all to one next hop: at most BATCH_MAX. Returns how
 * many. */
static size_t choose(
	const struct scheduler *scheduler, int64_t now, size_t *places, size_t *next_hop)
{
	size_t count = 0, room = 0, enough = 1;

	*next_hop = NO_NEXT_HOP;
	for (size_t i = 0; i < scheduler->count && count < enough; i++) {
		size_t here;

		if (scheduler->list[i].state != ENTRY_WAITING)
			continue;
		here = next_hop_of(scheduler, &scheduler->list[i], now);
		if (*next_hop == NO_NEXT_HOP && here != NO_NEXT_HOP &&
			scheduler->next_hops[here].sessions < scheduler->next_hops[here].limit) {
			*next_hop = here;
			room = scheduler->next_hops[here].limit -
			       scheduler->next_hops[here].sessions;
			enough = scheduler->next_hops[here].limit * BATCH_MAX;
		}
		if (here == NO_NEXT_HOP || here != *next_hop)
			continue;
		if (count < BATCH_MAX)
			places[count] = i;
		count++;
	}
	if (*next_hop >= scheduler->settings.config->route_count)
		return count > 0;
	return count > 0 ? share(&scheduler->next_hops[*next_hop], room, count) : 0;
}

/* ---- refused or given up ---- */

static void give_up(struct scheduler *scheduler, const struct delivery *delivery,
	const char *next_hop, const struct attempt *attempt, int64_t now)
{
	const struct scheduler_settings *settings = &scheduler->settings;

	bounce_tell_admin(
		settings->database, settings->config, settings->templates, delivery, attempt, now);
	outbox_dead(settings->database, delivery, next_hop, attempt, now);
}

/* A refused delivery goes by the second way, else it is given up and the operator is told. Within a
 * transaction. */
static void refused(struct scheduler *scheduler, const struct delivery *delivery,
	const char *next_hop, const struct attempt *attempt, int64_t now)
{
	const struct scheduler_settings *settings = &scheduler->settings;

	if (bounce_use_second(
		    settings->database, settings->config, settings->templates, delivery, now))
		entry_of(scheduler, delivery->id)->state = ENTRY_READDRESSED;
	else
		give_up(scheduler, delivery, next_hop, attempt, now);
}

/* ---- the beginning of a batch ---- */

/* The deliveries, and what they say, read once for all of the batch that say it. */
static void load(
	struct scheduler *scheduler, const size_t *places, size_t count, struct batch *batch)
{
	struct database *database = scheduler->settings.database;
	struct contents *contents = &batch->contents;
	struct deliveries unreadable = {0};
	size_t bytes = 0;

	database_read_begin(database);
	for (size_t i = 0; i < count && bytes < BATCH_BYTES_MAX; i++) {
		struct queue_entry *entry = &scheduler->list[places[i]];
		struct delivery delivery = {0};
		const struct content *content;
		struct deliveries *to;

		entry->state = ENTRY_DONE;
		if (!outbox_get(database, entry->id, &delivery))
			continue;
		content = contents_find(contents, delivery.content);
		if (content == NULL) {
			outbox_content(database, delivery.content,
				memory_append(
					&contents->list, &contents->count, sizeof *contents->list));
			content = &contents->list[contents->count - 1];
		}
		to = content->bytes != NULL ? &batch->deliveries : &unreadable;
		*(struct delivery *)memory_append(&to->list, &to->count, sizeof delivery) =
			delivery;
		entry->state = content->bytes != NULL ? ENTRY_UNDERWAY : ENTRY_OVER;
		if (content->bytes == NULL)
			continue;
		if (!entry->begun)
			entry->tries = delivery.tries;
		entry->begun = true;
		bytes += content->length;
	}
	database_read_end(database);
	deliveries_release(&unreadable);
}

/*
 * All the intents in one transaction; false where none may go. Those that were merged or dropped
 * in the meantime do not.
 */
static bool intend(struct scheduler *scheduler, struct batch *batch, int64_t now)
{
	struct database *database = scheduler->settings.database;
	struct deliveries all = batch->deliveries, kept = {0}, left = {0};
	bool *intended = memory_zero(all.count, sizeof *intended);
	bool written;

	database_begin(database);
	for (size_t i = 0; i < all.count; i++)
		intended[i] = outbox_sending(
			database, all.list[i].id, scheduler->next_hops[batch->next_hop].name, now);
	written = database_commit(database, &scheduler->unwritten);
	for (size_t i = 0; written && i < all.count; i++) {
		struct deliveries *to = intended[i] ? &kept : &left;

		if (!intended[i])
			entry_of(scheduler, all.list[i].id)->state = ENTRY_DONE;
		*(struct delivery *)memory_append(&to->list, &to->count, sizeof *all.list) =
			all.list[i];
	}
	if (written) {
		free(all.list);
		batch->deliveries = kept;
		deliveries_release(&left);
	}
	free(intended);
	return written;
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
		"disabled until `lampwatch outbox retry`: %s", disabled.reason);
	disabled_release(&disabled);
	entry_of(scheduler, delivery->id)->state = ENTRY_DONE;
	scheduler->stale = true;
	database_begin(database);
	refused(scheduler, delivery, name, &attempt, now);
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
		for (size_t i = 0; i < batch->deliveries.count; i++)
			entry_of(scheduler, batch->deliveries.list[i].id)->state = ENTRY_OVER;
		deliveries_release(&batch->deliveries);
	}
	if (batch->deliveries.count == 0) {
		batch_release(batch);
		return false;
	}
	batch->route =
		batch->next_hop < config->route_count ? &config->routes[batch->next_hop] : NULL;
	batch->answered = memory_zero(batch->deliveries.count, sizeof *batch->answered);
	batch->unanswered = batch->deliveries.count;
	scheduler->next_hops[batch->next_hop].sessions++;
	scheduler->sessions++;
	return true;
}

/* Begins the first batch that can be begun. */
static bool begin_any(struct scheduler *scheduler, int64_t now, struct batch *batch)
{
	size_t places[BATCH_MAX];
	size_t count;

	do {
		count = choose(scheduler, now, places, &batch->next_hop);
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

/* ---- what came of it ---- */

/* Nothing more goes to a webhook that is gone, until the operator says so; the attempt says that
 * too from here on. */
static void refused_by_webhook(struct scheduler *scheduler, const struct delivery *delivery,
	const struct attempt *attempt, int64_t now)
{
	const struct scheduler_settings *settings = &scheduler->settings;
	const char *name = receiver_webhook_name(delivery->receiver);
	struct attempt told = *attempt;

	disabled_add(
		settings->database, config_webhook(settings->config, name), attempt->text, now);
	attempt_set(&told, attempt->outcome, attempt->code,
		"%s; it is disabled until `lampwatch outbox retry`", attempt->text);
	refused(scheduler, delivery, name, &told, now);
}

/*
 * One relay's word that there is no such mailbox may be that relay's own mistake: it counts where
 * all say so, where the others had an hour to take it, or where there is a second way to go.
 */
static bool is_refused(const struct scheduler *scheduler, const struct queue_entry *entry,
	const struct delivery *delivery, int64_t now)
{
	if (entry->refusals == 0)
		return false;
	return entry->refusals == scheduler->settings.config->route_count ||
	       bounce_has_second(delivery) || now - delivery->created > REFUSED_SECONDS;
}

/* What a relay says of the receiver is remembered while the others are asked. By the next way, if
 * there is one; else refused, given up, or tried again in a later run. */
static void failed(struct scheduler *scheduler, struct queue_entry *entry,
	const struct delivery *delivery, const char *next_hop, const struct attempt *attempt,
	int64_t now)
{
	struct database *database = scheduler->settings.database;
	struct delivery before = *delivery;

	if (attempt->outcome == OUTCOME_RECEIVER && entry->refusals++ == 0) {
		entry->refusal = memory_new(sizeof *entry->refusal);
		*entry->refusal = *attempt;
	}
	before.tries = entry->tries; /* pauses grow with runs, not with routes */
	if (receiver_address(entry->receiver) != NULL &&
		next_hop_of(scheduler, entry, now) != NO_NEXT_HOP) {
		outbox_note(database, delivery->id, next_hop, attempt);
		entry->state = ENTRY_WAITING;
		scheduler->vain = -1;
	} else if (is_refused(scheduler, entry, delivery, now)) {
		refused(scheduler, delivery, next_hop, entry->refusal, now);
	} else if (outbox_expired(delivery, attempt, now)) {
		give_up(scheduler, delivery, next_hop, attempt, now);
		entry->state = ENTRY_DONE;
	} else {
		outbox_failed(database, &before, next_hop, attempt, now);
		entry->state = ENTRY_OVER;
	}
}

static void conclude(struct scheduler *scheduler, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now)
{
	const struct delivery *delivery = &batch->deliveries.list[index];
	struct queue_entry *entry = entry_of(scheduler, delivery->id);
	const char *next_hop = scheduler->next_hops[batch->next_hop].name;

	batch->answered[index] = true;
	batch->unanswered--;
	if (batch->route != NULL)
		entry->tried[batch->next_hop / CHAR_BIT] |=
			(unsigned char)(1U << batch->next_hop % CHAR_BIT);
	entry->state = ENTRY_DONE;
	if (attempt->outcome == OUTCOME_DELIVERED)
		outbox_delivered(
			scheduler->settings.database, delivery->id, next_hop, attempt, now);
	else if (attempt->outcome == OUTCOME_RECEIVER && batch->route == NULL)
		refused_by_webhook(scheduler, delivery, attempt, now);
	else
		failed(scheduler, entry, delivery, next_hop, attempt, now);
	if (entry->state == ENTRY_DONE || entry->state == ENTRY_READDRESSED)
		scheduler->stale = true; /* what had to wait for it may be due */
}

/*
 * If the session failed, so did its route, and with it the whole batch. But if other sessions of
 * the route work, the relay only takes no more sessions at a time.
 */
void scheduler_answer(struct scheduler *scheduler, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now)
{
	struct next_hop *next_hop = &scheduler->next_hops[batch->next_hop];

	batch->heard = true;
	if (attempt->of_session && next_hop->working > 0) {
		next_hop->limit = next_hop->sessions - 1;
		return;
	}
	if (attempt->of_session) {
		next_hop->rests_until = now + SCHEDULER_PAUSE;
		for (size_t i = 0; i < batch->deliveries.count; i++)
			if (!batch->answered[i])
				conclude(scheduler, batch, i, attempt, now);
		return;
	}
	if (attempt->code != 0 && !batch->working) {
		batch->working = true;
		next_hop->working++;
	}
	if (attempt->retry_after > 0)
		next_hop->rests_until = now + attempt->retry_after;
	conclude(scheduler, batch, index, attempt, now);
}

bool scheduler_unwritten(const struct scheduler *scheduler, struct error *error)
{
	if (scheduler->unwritten.remedy == 0)
		return false;
	*error = scheduler->unwritten;
	return true;
}

void scheduler_close(
	struct scheduler *scheduler, struct batch *batch, const char *crash, int64_t now)
{
	struct next_hop *next_hop = &scheduler->next_hops[batch->next_hop];
	bool lost = crash != NULL || !batch->heard;
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_UNKNOWN, 0, "%s",
		crash != NULL ? crash : "the attempt ended without an answer");
	scheduler->vain = -1;
	scheduler->sessions--;
	next_hop->sessions--;
	next_hop->working -= batch->working;
	next_hop->broken = batch->working ? 0 : next_hop->broken + 1;
	if (next_hop->broken >= SCHEDULER_BROKEN_MAX)
		next_hop->rests_until = now + SCHEDULER_PAUSE;
	for (size_t i = 0; i < batch->deliveries.count; i++) {
		int64_t id = batch->deliveries.list[i].id;

		if (batch->answered[i])
			continue;
		if (lost) {
			conclude(scheduler, batch, i, &attempt, now);
			lost = false;
			continue;
		}
		outbox_untried(scheduler->settings.database, id);
		entry_of(scheduler, id)->state = ENTRY_WAITING;
	}
	batch_release(batch);
}
