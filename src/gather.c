/* SPDX-License-Identifier: ISC */
#include "gather.h"

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date_value.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/step.h"
#include "classify.h"
#include "tell/delivery.h"
#include "tell/join.h"
#include "tell/outbox.h"
#include "work.h"

static int64_t left_out_of(const struct value *data)
{
	const struct value *events = value_get(data, "events");
	int64_t count = value_get_number(value_get(data, "headline"), "count");

	return events != NULL && count > (int64_t)events->count ? count - (int64_t)events->count
								: 0;
}

/* The data of all rows as one, made at now; NULL where some row's cannot be read. */
static struct value *join_rows(
	const struct observer *observer, const struct deliveries *rows, int64_t now)
{
	struct value *parts = value_list(), *joined = NULL;
	size_t left_out = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const char *text = rows->list[i].data;
		struct value *data = json_parse(text, strlen(text), NULL);

		if (data == NULL)
			goto out;
		join_parts(data, parts);
		left_out += (size_t)left_out_of(data);
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

/* Its identity follows from theirs: a repeat of the same joining is the same message. */
static char *joined_id(
	const struct observer *observer, const struct deliveries *rows, struct delivery_plan *plan)
{
	const struct owed_alarm *first = plan->alarm_count > 0 ? &plan->alarms[0] : NULL;
	struct buffer text = {0};
	char *id;

	for (size_t i = 0; i < rows->count; i++)
		buffer_format(&text, "%s|", rows->list[i].message_id);
	id = plan_put_message_id(observer->config, observer->key, first != NULL ? first->alarm : 0,
		first != NULL ? event_type_name(first->type) : "note", buffer_string(&text),
		text.length, plan->data);
	buffer_release(&text);
	return id;
}

static void save_joined(struct observer *observer, const struct deliveries *rows,
	struct delivery_plan *plan, int64_t now)
{
	const struct value *pages = value_get(plan->data, "pages");
	bool several = pages != NULL && pages->type == VALUE_LIST;
	struct buffer bytes = {0};
	struct error error;

	for (size_t i = 0; i < rows->count; i++) {
		outbox_alarms(observer->database, rows->list[i].id, plan);
		*(int64_t *)memory_append(&plan->merged, &plan->merged_count,
			sizeof *plan->merged) = rows->list[i].id;
	}
	plan->receiver = memory_string(rows->list[0].receiver);
	plan->otherwise = memory_string(rows->list[0].otherwise);
	plan->sender = memory_string(rows->list[0].sender);
	plan->message_id = joined_id(observer, rows, plan);
	if (!delivery_render(observer->config, observer->templates, plan->receiver,
		    plan->message_id, NULL, plan->data, now, &bytes, &error)) {
		observer_say(observer, "outbox", error.text);
		observer->local_trouble = true;
	}
	outbox_add(observer->database, several ? "" : rows->list[0].page, plan,
		buffer_string(&bytes), bytes.length, now);
	buffer_release(&bytes);
}

static void gather_receiver(struct observer *observer, const char *receiver, int64_t now)
{
	struct deliveries rows = {0};
	struct plan joined = {0};
	struct value *data;

	outbox_gathered(observer->database, receiver, now, &rows);
	data = rows.count > 1 ? join_rows(observer, &rows, now) : NULL;
	if (data != NULL) {
		struct delivery_plan *plan =
			memory_append(&joined.list, &joined.count, sizeof *joined.list);

		plan->data = data;
		save_joined(observer, &rows, plan, now);
	}
	plan_release(&joined);
	deliveries_release(&rows);
}

bool gather(struct observer *observer, int64_t now)
{
	struct text_list receivers = {0};
	struct error error;
	bool any, back = classify_unhold(observer->database, observer->config, now);

	outbox_gathering(observer->database, now, &receivers);
	any = receivers.count > 0;
	if (any) {
		database_begin(observer->database);
		for (size_t i = 0; i < receivers.count; i++)
			gather_receiver(observer, receivers.list[i], now);
		outbox_release(observer->database, now);
		if (!database_commit(observer->database, &error)) {
			observer_say(observer, "outbox", error.text);
			observer->local_trouble = true;
		}
		STEP("messages joined");
	}
	text_list_release(&receivers);
	return any || back;
}
