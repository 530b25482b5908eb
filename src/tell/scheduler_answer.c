/* SPDX-License-Identifier: ISC
 *
 * What came of a session: who has it, who has it later or by another way, and who never will.
 */
#include "tell/scheduler_p.h"

#include <stdlib.h>

#include "base/memory.h"
#include "tell/attempt.h"
#include "tell/bounce.h"
#include "tell/disabled_webhook.h"

/* Nothing more goes to a webhook that is gone, until the operator says so; the attempt says that
 * too from here on. */
static void disable(struct scheduler *scheduler, const struct webhook_config *webhook,
	struct attempt *attempt, int64_t now)
{
	struct attempt answer = *attempt;

	disabled_add(scheduler->settings.database, webhook, answer.text, now);
	attempt_set(attempt, answer.outcome, answer.code,
		"%s; it is disabled now, `lampwatch outbox retry` lifts that", answer.text);
}

static void give_up(struct scheduler *scheduler, const struct delivery *delivery, const char *way,
	const struct attempt *attempt, int64_t now)
{
	const struct scheduler_settings *settings = &scheduler->settings;

	bounce_tell_admin(
		settings->database, settings->config, settings->templates, delivery, attempt, now);
	outbox_dead(settings->database, delivery, way, attempt, now);
}

void scheduler_refused(struct scheduler *scheduler, const struct delivery *delivery,
	const char *way, const struct attempt *attempt, int64_t now)
{
	const struct scheduler_settings *settings = &scheduler->settings;

	if (bounce_use_second(
		    settings->database, settings->config, settings->templates, delivery, now))
		scheduler_entry(scheduler, delivery->id)->state = ENTRY_READDRESSED;
	else
		give_up(scheduler, delivery, way, attempt, now);
}

static void refused_after(struct scheduler *scheduler, const struct delivery *delivery,
	const char *way, const struct attempt *attempt, int64_t now)
{
	const char *name = receiver_webhook_name(delivery->receiver);
	struct attempt told = *attempt;

	if (name != NULL && attempt->code == HTTP_GONE)
		disable(scheduler, config_webhook(scheduler->settings.config, name), &told, now);
	scheduler_refused(scheduler, delivery, way, &told, now);
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

/* What a relay says of the receiver is remembered while the others are asked. */
static void note_bounce(struct queue_entry *entry, const struct attempt *attempt)
{
	if (attempt->outcome != OUTCOME_RECEIVER)
		return;
	entry->refusals++;
	if (entry->refusal == NULL) {
		entry->refusal = memory_new(sizeof *entry->refusal);
		*entry->refusal = *attempt;
	}
}

/* By the next way, if there is one; else refused, given up, or tried again in a later run. */
static void failed(struct scheduler *scheduler, struct queue_entry *entry,
	const struct delivery *delivery, const char *way, const struct attempt *attempt,
	int64_t now)
{
	struct database *database = scheduler->settings.database;
	struct delivery before = *delivery;

	note_bounce(entry, attempt);
	before.tries = entry->tries; /* it is rounds that make the pauses longer, not ways */
	if (receiver_address(entry->receiver) != NULL && way_of(scheduler, entry, now) != NO_WAY) {
		outbox_note(database, delivery->id, way, attempt);
		entry->state = ENTRY_WAITING;
		scheduler->vain = -1;
	} else if (is_refused(scheduler, entry, delivery, now)) {
		scheduler_refused(scheduler, delivery, way, entry->refusal, now);
	} else if (outbox_expired(delivery, attempt, now)) {
		give_up(scheduler, delivery, way, attempt, now);
		entry->state = ENTRY_DONE;
	} else {
		outbox_failed(database, &before, way, attempt, now);
		entry->state = ENTRY_OVER;
	}
}

static void conclude(struct scheduler *scheduler, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now)
{
	const struct delivery *delivery = &batch->deliveries.list[index];
	struct queue_entry *entry = scheduler_entry(scheduler, delivery->id);
	const char *way = scheduler->ways[batch->way].name;

	batch->answered[index] = true;
	batch->unanswered--;
	if (batch->route != NULL)
		entry->tried[batch->way / CHAR_BIT] |= (unsigned char)(1U << batch->way % CHAR_BIT);
	entry->state = ENTRY_DONE;
	if (attempt->outcome == OUTCOME_DELIVERED)
		outbox_delivered(scheduler->settings.database, delivery->id, way, attempt, now);
	else if (attempt->outcome == OUTCOME_RECEIVER && batch->route == NULL)
		refused_after(scheduler, delivery, way, attempt, now);
	else
		failed(scheduler, entry, delivery, way, attempt, now);
	if (entry->state == ENTRY_DONE || entry->state == ENTRY_READDRESSED)
		scheduler->stale = true; /* what had to wait for it may be due */
}

/*
 * The way itself has failed, and whatever else would go by it: all of the batch has had its
 * attempt. But where others are being served, it is that the relay takes no more at a time.
 */
static void session_failed(struct scheduler *scheduler, struct batch *batch,
	const struct attempt *attempt, int64_t now)
{
	struct way *way = &scheduler->ways[batch->way];

	if (way->working > 0) {
		way->limit = way->sessions - 1;
		return;
	}
	way->rests_until = now + SCHEDULER_PAUSE;
	for (size_t i = 0; i < batch->deliveries.count; i++)
		if (!batch->answered[i])
			conclude(scheduler, batch, i, attempt, now);
}

void scheduler_answer(struct scheduler *scheduler, struct batch *batch, size_t index,
	const struct attempt *attempt, int64_t now)
{
	struct way *way = &scheduler->ways[batch->way];

	batch->heard = true;
	if (attempt->of_session) {
		session_failed(scheduler, batch, attempt, now);
		return;
	}
	if (attempt->code != 0 && !batch->working) {
		batch->working = true;
		way->working++;
	}
	if (attempt->retry_after > 0)
		way->rests_until = now + attempt->retry_after;
	conclude(scheduler, batch, index, attempt, now);
}

static void note_session(struct scheduler *scheduler, const struct batch *batch, int64_t now)
{
	struct way *way = &scheduler->ways[batch->way];

	scheduler->vain = -1;
	way->sessions--;
	scheduler->sessions--;
	way->working -= batch->working;
	way->broken = batch->working ? 0 : way->broken + 1;
	if (way->broken >= SCHEDULER_BROKEN_MAX)
		way->rests_until = now + SCHEDULER_PAUSE;
}

void scheduler_close(
	struct scheduler *scheduler, struct batch *batch, const char *crash, int64_t now)
{
	bool lost = crash != NULL || !batch->heard;
	struct attempt attempt;

	attempt_set(&attempt, OUTCOME_UNKNOWN, 0, "%s",
		crash != NULL ? crash : "the attempt ended without a word");
	note_session(scheduler, batch, now);
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
		scheduler_entry(scheduler, id)->state = ENTRY_WAITING;
	}
	batch_release(batch);
}
