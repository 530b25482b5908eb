/* SPDX-License-Identifier: ISC */
#include "run/direct.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/list.h"
#include "base/memory.h"
#include "run/context.h"
#include "run/hosting_lookup.h"
#include "run/rebuild.h"
#include "run/schema.h"
#include "run/standby.h"
#include "tell/attempt.h"
#include "tell/courier.h"
#include "tell/message.h"
#include "tell/outbox.h"
#include "tell/routes.h"

enum {
	HOUR_SECONDS = 3600,
	DONE_MAX = 4096, /* things that are remembered; the oldest give way */
	SNAPSHOTS = 64,  /* of each page, where it comes from folders */
};

struct database *direct_open(const struct context *context, bool lost)
{
	struct database *database = database_open(":memory:", schema, false, NULL);

	if (database != NULL && (lost || !database_take(database, context->database_path, NULL,
						 schema, standby_parts, NULL)))
		rebuild_states(context, database, SNAPSHOTS);
	return database;
}

/* ---- what was done ---- */

struct done {
	uint64_t what; /* of a digest */
	int64_t when;
};

static uint64_t number_of(const char *text, size_t bytes)
{
	char digest[DIGEST_TEXT];

	digest_sha256(text, strlen(text), digest);
	digest[2 * bytes] = '\0';
	return strtoull(digest, NULL, 16);
}

/* The segment of this archive, and of this user; NULL where there is none. */
static struct done *attach(const struct context *context)
{
	char *whole = realpath(context->config->archive, NULL);
	const char *archive = whole != NULL ? whole : context->config->archive;
	key_t key = (key_t)(number_of(archive, 4) | 1);
	int segment = shmget(key, DONE_MAX * sizeof(struct done), IPC_CREAT | 0600);
	void *at = segment >= 0 ? shmat(segment, NULL, 0) : NULL;

	free(whole);
	return at == (void *)-1 ? NULL : at;
}

bool direct_hourly(const struct context *context, const char *what, int64_t now)
{
	uint64_t number = number_of(what, sizeof number);
	struct done *list = attach(context), *oldest = list;
	bool due = true;

	for (size_t i = 0; list != NULL && i < DONE_MAX && oldest->what != number; i++)
		if (list[i].what == number || list[i].when < oldest->when)
			oldest = &list[i];
	if (list == NULL)
		return true;
	if (oldest->what == number)
		due = now < oldest->when || now - oldest->when >= HOUR_SECONDS;
	if (due)
		*oldest = (struct done){number, now};
	shmdt(list);
	return due;
}

/* ---- delivering ---- */

static void deliver(const struct context *context, struct database *database,
	const struct dependences *dependences, const struct courier_means *means,
	const struct delivery *delivery, int64_t now)
{
	struct config *config = context->config;
	bool mail = receiver_address(delivery->receiver) != NULL;
	size_t *order = memory_zero(config->route_count, sizeof *order);
	struct attempt attempt = {.outcome = OUTCOME_TEMPORARY};
	struct content_copy copy = delivery_copy(config, delivery);
	struct text_list providers = {0};
	struct content content = {0};
	struct buffer bytes = {0};

	hosting_lookup_troubled(database, config, delivery->page, &providers);
	routes_order(dependences, config, &providers, NULL, order);
	outbox_content(database, delivery->content, &content);
	if (content.bytes != NULL && content_address(&content, &copy, &bytes, NULL))
		for (size_t i = 0; i < (mail ? config->route_count : 1) &&
				   attempt.outcome != OUTCOME_DELIVERED;
			i++)
			courier_attempt(config, delivery->receiver, mail ? order[i] : 0,
				delivery->message_id, bytes.data, bytes.length, now, means,
				&attempt);
	database_begin(database);
	if (attempt.outcome == OUTCOME_DELIVERED)
		outbox_delivered(database, delivery->id, "", &attempt, now);
	database_commit(database, NULL);
	buffer_release(&bytes);
	content_release(&content);
	text_list_release(&providers);
	free(order);
}

void direct_deliver(const struct context *context, struct database *database,
	const struct dependences *dependences, int64_t now)
{
	struct courier_means means = {0};
	struct due *due = NULL;
	size_t count = 0;

	outbox_due(database, now, &due, &count);
	if (count > 0)
		courier_means_open(&means, context->config);
	for (size_t i = 0; i < count; i++) {
		struct delivery delivery = {0};
		struct deliveries one = {NULL, 0};

		if (!outbox_get(database, due[i].id, &delivery))
			continue;
		if (direct_hourly(context, delivery.message_id, now))
			deliver(context, database, dependences, &means, &delivery, now);
		*(struct delivery *)memory_append(&one.list, &one.count, sizeof delivery) =
			delivery;
		deliveries_release(&one);
	}
	courier_means_close(&means);
	outbox_due_release(due, count);
}
