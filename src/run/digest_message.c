/* SPDX-License-Identifier: ISC */
#include "run/digest_message.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/date_value.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/step.h"
#include "run/hosting_lookup.h"
#include "run/work.h"
#include "tell/content.h"
#include "tell/digest_pages.h"
#include "tell/outbox.h"

/* What the same contents are when they are joined: made once for all who wait for them. */
struct joined {
	int64_t *of; /* their numbers, in order */
	size_t count;
	struct content_plan says; /* data NULL: they cannot be joined */
	bool several;             /* it is about several pages */
	int64_t content;          /* the number under which it is kept; 0: not yet */
};

struct joinings {
	struct joined *list;
	size_t count;
};

static struct joined *joined_find(const struct joinings *joinings, const struct deliveries *rows)
{
	for (size_t i = 0; i < joinings->count; i++) {
		struct joined *joined = &joinings->list[i];
		size_t same = 0;

		while (same < rows->count && joined->count == rows->count &&
			joined->of[same] == rows->list[same].content)
			same++;
		if (same == rows->count)
			return joined;
	}
	return NULL;
}

/* The data of all rows as one, made at now; NULL where some row's cannot be read. */
static struct value *join_rows(
	const struct observer *observer, const struct deliveries *rows, int64_t now)
{
	struct value *parts = value_list(), *joined = NULL;
	const struct value *events;
	size_t left_out = 0;
	int64_t count;

	for (size_t i = 0; i < rows->count; i++) {
		struct value *data = outbox_data(observer->database, rows->list[i].content);

		if (data == NULL)
			goto out;
		join_parts(data, parts);
		events = value_get(data, "events");
		count = value_get_number(value_get(data, "headline"), "count");
		if (events != NULL && count > (int64_t)events->count)
			left_out += (size_t)count - events->count;
		value_free(joined);
		joined = data;
	}
	join_put(joined, parts, left_out);
	value_put_time(
		value_put(joined, "sent", value_map()), "created", now, observer->config->timezone);
	value_free(parts);
	return joined;
out:
	value_free(joined);
	value_free(parts);
	return NULL;
}

static struct joined *join(const struct observer *observer, const struct deliveries *rows,
	int64_t now, struct joinings *joinings)
{
	struct joined *joined = memory_append(&joinings->list, &joinings->count, sizeof *joined);
	const struct value *pages;

	joined->of = memory_zero(rows->count, sizeof *joined->of);
	joined->count = rows->count;
	for (size_t i = 0; i < rows->count; i++) {
		joined->of[i] = rows->list[i].content;
		outbox_alarms(observer->database, joined->of[i], &joined->says);
	}
	joined->says.data = join_rows(observer, rows, now);
	pages = value_get(joined->says.data, "pages");
	joined->several = pages != NULL && pages->type == VALUE_LIST;
	return joined;
}

/*
 * One delivery of what is joined, in the stead of those that it was joined of. Its identity follows
 * from theirs: a repeat of the same joining is the same message.
 */
static void save_joined(struct observer *observer, const struct deliveries *rows,
	struct joined *joined, int64_t now)
{
	const struct delivery *first = &rows->list[0];
	struct delivery_plan plan = {.receiver = memory_string(first->receiver),
		.unsubscribe = memory_string(first->unsubscribe),
		.sender = memory_string(first->sender),
		.otherwise = memory_string(first->otherwise)};
	struct content content = {0};
	struct buffer text = {0};
	struct error error;

	for (size_t i = 0; i < rows->count; i++) {
		buffer_format(&text, "%s|", rows->list[i].message_id);
		*(int64_t *)memory_append(&plan.merged, &plan.merged_count, sizeof *plan.merged) =
			rows->list[i].id;
	}
	plan.message_id = plan_message_id(observer->config, observer->key, &joined->says, &text);
	if (joined->content == 0) {
		struct content_copy copy = {plan.receiver, plan.message_id, NULL, plan.unsubscribe};

		if (!content_render(observer->config, observer->templates, &copy, joined->says.data,
			    now, &content, &error))
			observer_say_plain(observer, "outbox", &error);
		joined->content = outbox_keep(observer->database, &joined->says, &content);
	}
	outbox_add(observer->database, joined->several ? "" : first->page, &plan, joined->content,
		now);
	content_release(&content);
	delivery_plan_release(&plan);
	buffer_release(&text);
}

static void gather_receiver(
	struct observer *observer, const char *receiver, int64_t now, struct joinings *joinings)
{
	struct deliveries rows = {0};
	struct joined *joined;

	outbox_gathered(observer->database, receiver, now, &rows);
	if (rows.count > 1) {
		joined = joined_find(joinings, &rows);
		if (joined == NULL)
			joined = join(observer, &rows, now, joinings);
		if (joined->says.data != NULL)
			save_joined(observer, &rows, joined, now);
	}
	deliveries_release(&rows);
}

bool gather(struct observer *observer, int64_t now)
{
	struct text_list receivers = {0};
	struct joinings joinings = {0};
	struct error error;
	bool any, back = classify_unhold(observer->database, observer->config, now);

	outbox_gathering(observer->database, now, &receivers);
	any = receivers.count > 0;
	if (any) {
		database_begin(observer->database);
		for (size_t i = 0; i < receivers.count; i++)
			gather_receiver(observer, receivers.list[i], now, &joinings);
		outbox_release(observer->database, now);
		if (!database_commit(observer->database, &error)) {
			observer_say(observer, "outbox", error.text);
			observer->local_trouble = true;
		}
		STEP("messages joined");
	}
	for (size_t i = 0; i < joinings.count; i++) {
		free(joinings.list[i].of);
		content_plan_release(&joinings.list[i].says);
	}
	free(joinings.list);
	text_list_release(&receivers);
	return any || back;
}
