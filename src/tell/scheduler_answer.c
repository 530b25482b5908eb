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

void rounds_refused(struct rounds *rounds, const struct delivery *delivery, const char *way,
	const struct attempt *attempt, int64_t now)
{
	const struct rounds_settings *settings = &rounds->settings;

	if (refusal_use_second(
		    settings->database, settings->config, settings->templates, delivery, now))
		round_of(rounds, delivery->id)->state = ROUND_ANEW;
	else
		give_up(rounds, delivery, way, attempt, now);
}

static void refused_after(struct rounds *rounds, const struct delivery *delivery, const char *way,
	const struct attempt *attempt, int64_t now)
{
	const char *name = receiver_webhook_name(delivery->receiver);
	struct attempt told = *attempt;

	if (name != NULL && attempt->code == HTTP_GONE)
		disable(rounds, config_webhook(rounds->settings.config, name), &told, now);
	rounds_refused(rounds, delivery, way, &told, now);
}

/*
 * One relay's word that there is no such mailbox may be that relay's own mistake: it counts where
 * all say so, where the others had an hour to take it, or where there is a second way to go.
 */
static bool is_refused(const struct rounds *rounds, const struct round *round,
	const struct delivery *delivery, int64_t now)
{
	if (round->refusals == 0)
		return false;
	return round->refusals == rounds->settings.config->route_count ||
	       refusal_has_second(delivery) || now - delivery->created > REFUSED_SECONDS;
}

/* What a relay says of the receiver is remembered while the others are asked. */
static void note_refusal(struct round *round, const struct attempt *attempt)
{
	if (attempt->outcome != OUTCOME_RECEIVER)
		return;
	round->refusals++;
	if (round->refusal == NULL) {
		round->refusal = memory_new(sizeof *round->refusal);
		*round->refusal = *attempt;
	}
}

/* By the next way, if there is one; else refused, given up, or tried again in a later run. */
static void failed(struct rounds *rounds, struct round *round, const struct delivery *delivery,
	const char *way, const struct attempt *attempt, int64_t now)
{
	struct database *database = rounds->settings.database;
	struct delivery before = *delivery;

	note_refusal(round, attempt);
	before.tries = round->tries; /* it is rounds that make the pauses longer, not ways */
	if (receiver_address(round->receiver) != NULL && way_of(rounds, round, now) != NO_WAY) {
		outbox_note(database, delivery->id, way, attempt);
		round->state = ROUND_WAITING;
		rounds->vain = -1;
	} else if (is_refused(rounds, round, delivery, now)) {
		rounds_refused(rounds, delivery, way, round->refusal, now);
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
	else if (attempt->outcome == OUTCOME_RECEIVER && batch->route == NULL)
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
