/* SPDX-License-Identifier: ISC */
#include "run/digest_message.h"

#include <limits.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/date_value.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "base/text.h"
#include "model/event.h"
#include "run/hosting_lookup.h"
#include "run/observe.h"
#include "tell/digest_pages.h"
#include "tell/message.h"
#include "tell/outbox.h"

/* The same contents joined: made once for all receivers that wait for them. */
struct digest_message {
	int64_t *of; /* their numbers, in order */
	int *ranks;  /* of each the rank of its first event */
	size_t count;
	struct content_plan says; /* data NULL: they cannot be joined */
	bool several;             /* it is about several pages */
	int64_t content;          /* the number under which it is kept; 0: not yet */
};

struct digests {
	struct digest_message *list;
	size_t count;
};

static struct digest_message *digest_find(
	const struct digests *digests, const struct deliveries *rows)
{
	for (size_t i = 0; i < digests->count; i++) {
		struct digest_message *digest_message = &digests->list[i];
		size_t same = 0;

		while (same < rows->count && digest_message->count == rows->count &&
			digest_message->of[same] == rows->list[same].content)
			same++;
		if (same == rows->count)
			return digest_message;
	}
	return NULL;
}

/* The data of all rows as one, made at now, and their ranks; NULL where some row's cannot be read.
 */
static struct value *join_rows(
	const struct observer *observer, const struct deliveries *rows, int64_t now, int *ranks)
{
	struct value *parts = value_list(), *digest_message = NULL;
	const struct value *events;
	size_t left_out = 0;
	int64_t count;

	for (size_t i = 0; i < rows->count; i++) {
		struct value *data = outbox_data(observer->database, rows->list[i].content);

		if (data == NULL)
			goto out;
		ranks[i] = event_types[event_value_type(value_get(data, "first"))].rank;
		events = value_get(data, "events");
		count = value_get_number(value_get(data, "headline"), "count");
		if (events != NULL && count > (int64_t)events->count)
			left_out += (size_t)count - events->count;
		digest_pages_add(data, parts);
		value_free(digest_message);
		digest_message = data;
	}
	digest_pages_put(digest_message, parts, left_out);
	value_put_time(value_put(digest_message, "sent", value_map()), "created", now,
		observer->config->timezone);
	value_free(parts);
	return digest_message;
out:
	value_free(digest_message);
	value_free(parts);
	return NULL;
}

static struct digest_message *join(const struct observer *observer, const struct deliveries *rows,
	int64_t now, struct digests *digests)
{
	struct digest_message *digest_message =
		memory_append(&digests->list, &digests->count, sizeof *digest_message);
	const struct value *pages;

	digest_message->of = memory_zero(rows->count, sizeof *digest_message->of);
	digest_message->ranks = memory_zero(rows->count, sizeof *digest_message->ranks);
	digest_message->count = rows->count;
	for (size_t i = 0; i < rows->count; i++) {
		digest_message->of[i] = rows->list[i].content;
		outbox_alarms(observer->database, digest_message->of[i], &digest_message->says);
	}
	digest_message->says.data = join_rows(observer, rows, now, digest_message->ranks);
	pages = value_get(digest_message->says.data, "pages");
	digest_message->several = pages != NULL && pages->type == VALUE_LIST;
	return digest_message;
}

/* What the one that is most important answers outside of the joined message: a message has one
 * parent (RFC 5322, section 3.6.4). */
static const char *answered(
	const struct deliveries *rows, const struct digest_message *digest_message)
{
	const char *best = NULL;
	int rank = INT_MAX;

	for (size_t i = 0; i < rows->count; i++) {
		const char *to = rows->list[i].in_reply_to;
		bool passed = to == NULL || digest_message->ranks[i] >= rank;

		for (size_t j = 0; j < rows->count && !passed; j++)
			passed = text_equal(rows->list[j].message_id, to);
		if (!passed) {
			best = to;
			rank = digest_message->ranks[i];
		}
	}
	return best;
}

/*
 * One delivery of the joined message, which replaces those that it was made of. Its Message-ID
 * follows from theirs: joining the same ones again gives the same message.
 */
static void save_digest(struct observer *observer, const struct deliveries *rows,
	struct digest_message *digest_message, int64_t now)
{
	const struct delivery *first = &rows->list[0];
	struct delivery_plan plan = {.receiver = memory_string(first->receiver),
		.unsubscribe = memory_string(first->unsubscribe),
		.sender = memory_string(first->sender),
		.otherwise = memory_string(first->otherwise),
		.in_reply_to = memory_string(answered(rows, digest_message))};
	struct content content = {0};
	struct buffer text = {0};
	struct error error;

	for (size_t i = 0; i < rows->count; i++) {
		buffer_format(&text, "%s|", rows->list[i].message_id);
		*(int64_t *)memory_append(&plan.merged, &plan.merged_count, sizeof *plan.merged) =
			rows->list[i].id;
	}
	plan.message_id =
		plan_message_id(observer->config, observer->key, &digest_message->says, &text);
	if (digest_message->content == 0) {
		struct content_copy copy = {
			plan.receiver, plan.message_id, plan.in_reply_to, plan.unsubscribe, NULL};

		if (!content_render(observer->config, observer->templates, &copy,
			    digest_message->says.data, now, &content, &error))
			observer_own_fault(observer, "outbox", &error);
		digest_message->content =
			outbox_keep(observer->database, &digest_message->says, &content);
	}
	outbox_add(observer->database, digest_message->several ? "" : first->page, &plan,
		digest_message->content, now);
	content_release(&content);
	delivery_plan_release(&plan);
	buffer_release(&text);
}

static void digest_receiver(
	struct observer *observer, const char *receiver, int64_t now, struct digests *digests)
{
	struct deliveries rows = {0};
	struct digest_message *digest_message;

	outbox_digested(observer->database, receiver, now, &rows);
	if (rows.count > 1) {
		digest_message = digest_find(digests, &rows);
		if (digest_message == NULL)
			digest_message = join(observer, &rows, now, digests);
		if (digest_message->says.data != NULL)
			save_digest(observer, &rows, digest_message, now);
	}
	deliveries_release(&rows);
}

/* What is joined with nothing goes out as it is, and is rendered now, as of when it was made. */
static void render_alone(struct observer *observer, const char *receiver, int64_t now)
{
	struct deliveries rows = {0};
	struct error error;

	outbox_incomplete(observer->database, receiver, now, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		const struct delivery *row = &rows.list[i];
		struct content_copy copy = delivery_copy(observer->config, row);
		struct value *data = outbox_data(observer->database, row->content);
		struct content content = {0};

		if (data != NULL && !content_render(observer->config, observer->templates, &copy,
					    data, row->created, &content, &error))
			observer_own_fault(observer, row->page, &error);
		if (data != NULL)
			outbox_complete(observer->database, row->content, &content);
		content_release(&content);
		value_free(data);
	}
	deliveries_release(&rows);
}

static void join_waiting(struct observer *observer, const struct text_list *receivers, int64_t now)
{
	struct digests digests = {0};

	for (size_t i = 0; i < receivers->count; i++)
		digest_receiver(observer, receivers->list[i], now, &digests);
	for (size_t i = 0; i < receivers->count; i++) {
		render_alone(observer, receivers->list[i], now);
		outbox_release(observer->database, receivers->list[i], now);
	}
	for (size_t i = 0; i < digests.count; i++) {
		free(digests.list[i].of);
		free(digests.list[i].ranks);
		content_plan_release(&digests.list[i].says);
	}
	free(digests.list);
}

void digest_messages_join(struct observer *observer, int64_t now)
{
	struct text_list receivers = {0};

	outbox_digest_waiting(observer->database, now, 0, &receivers);
	join_waiting(observer, &receivers, now);
	text_list_release(&receivers);
}

/* run: 0, or those alone who have been told nothing in it yet. */
static bool enqueue(struct observer *observer, int64_t now, int64_t run)
{
	struct text_list receivers = {0};
	struct error error;
	bool any, back = hosting_lookup_unhold(observer->database, observer->config, now);

	outbox_digest_waiting(observer->database, now, run, &receivers);
	any = receivers.count > 0;
	if (any) {
		database_begin(observer->database);
		join_waiting(observer, &receivers, now);
		if (!database_commit(observer->database, &error)) {
			observer_say(observer, "outbox", error.text);
			observer->local_trouble = true;
		}
		STEP("messages joined");
	}
	text_list_release(&receivers);
	return any || back;
}

bool digest_messages_enqueue(struct observer *observer, int64_t now)
{
	return enqueue(observer, now, 0);
}

bool digest_messages_enqueue_first(struct observer *observer, int64_t now)
{
	return enqueue(observer, now, now);
}
