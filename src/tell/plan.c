/* SPDX-License-Identifier: ISC */
#include "tell/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/config.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "settings.h"

enum { DAY_SECONDS = 86400 };

char *receiver_mail(const char *address)
{
	return memory_format("mail:%s", address);
}

char *receiver_webhook(const char *name)
{
	return memory_format("webhook:%s", name);
}

const char *receiver_address(const char *receiver)
{
	return text_starts(receiver, "mail:") ? receiver + strlen("mail:") : NULL;
}

const char *receiver_webhook_name(const char *receiver)
{
	return text_starts(receiver, "webhook:") ? receiver + strlen("webhook:") : NULL;
}

/* What each type of event asks of a receiver's `on:`; 0: the operator's alone. */
static const int wanted_for[EVENT_TYPES] = {
	[EVENT_RED] = WANTED_RED,
	[EVENT_GREEN] = WANTED_GREEN,
	[EVENT_BOTH] = WANTED_GREEN,
	[EVENT_UPDATE] = WANTED_UPDATE,
	[EVENT_LOST] = WANTED_LOST,
	[EVENT_BACK] = WANTED_LOST,
	[EVENT_GONE] = 0,
	[EVENT_UNDELIVERED] = 0,
};

static bool for_operator(enum event_type type)
{
	return type == EVENT_LOST || type == EVENT_BACK || type == EVENT_GONE;
}

/* Worst first, as the list of a message shows them. */
static const int rank[EVENT_TYPES] = {
	[EVENT_RED] = 0,
	[EVENT_LOST] = 1,
	[EVENT_BOTH] = 2,
	[EVENT_GREEN] = 3,
	[EVENT_BACK] = 4,
	[EVENT_GONE] = 5,
	[EVENT_UNDELIVERED] = 6,
	[EVENT_UPDATE] = 7,
};

static struct delivery_plan *delivery_for(struct plan *plan, const char *receiver)
{
	struct delivery_plan *delivery;

	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->list[i].receiver, receiver) == 0)
			return &plan->list[i];
	delivery = memory_append(&plan->list, &plan->count, sizeof *delivery);
	delivery->receiver = memory_string(receiver);
	return delivery;
}

static bool has_alarm(const struct delivery_plan *delivery, int64_t alarm, enum event_type type)
{
	for (size_t i = 0; i < delivery->alarm_count; i++)
		if (delivery->alarms[i].alarm == alarm && delivery->alarms[i].type == type)
			return true;
	return false;
}

static void append_alarm(struct delivery_plan *delivery, int64_t alarm, enum event_type type)
{
	if (alarm != 0)
		*(struct owed_alarm *)memory_append(&delivery->alarms, &delivery->alarm_count,
			sizeof *delivery->alarms) = (struct owed_alarm){alarm, type};
}

static void add_alarm(struct delivery_plan *delivery, int64_t alarm, enum event_type type)
{
	if (!has_alarm(delivery, alarm, type))
		append_alarm(delivery, alarm, type);
}

/* The list of events, while the delivery is being made. */
static struct value *events_of(struct delivery_plan *delivery)
{
	if (delivery->data == NULL)
		delivery->data = value_list();
	return delivery->data;
}

static bool is_event(const struct value *value, const struct event *event)
{
	return text_equal(value_get_text(value, "type"), event_type_name(event->type)) &&
	       text_equal(value_get_text(value, "id"), event->indicator);
}

static void add_event(
	struct plan *plan, const char *receiver, const struct event *event, const char *zone)
{
	struct delivery_plan *delivery = delivery_for(plan, receiver);
	struct value *events = events_of(delivery);
	const struct value *last = events->count > 0 ? events->members[events->count - 1] : NULL;

	if (is_event(last, event)) /* the operator may be a subscriber too */
		return;
	if (events->count < PLAN_EVENTS_MAX)
		value_append(events, event_value(event, zone));
	else
		delivery->left_out++;
	append_alarm(delivery, event->alarm, event->type);
}

static bool wants_page(const struct text_list *pages, const char *page)
{
	return pages->count == 0 || text_list_has(pages, page);
}

/* What a receiver wants to hear of the page, by all that the configuration says of it; 0: nothing
 * (any more). */
static int wanted_by(const struct plan_input *input, const char *receiver)
{
	const struct config *config = input->config;
	const char *address = receiver_address(receiver), *name = receiver_webhook_name(receiver);
	int wanted = 0;

	for (size_t i = 0; i < config->subscriber_count; i++) {
		const struct subscriber_config *subscriber = &config->subscribers[i];
		bool meant = text_equal(subscriber->mail,
				     address) || /* or the second way, which a red may have taken */
			     text_equal(subscriber->second, address != NULL ? address : receiver);

		if (meant && wants_page(&subscriber->pages, input->page->name))
			wanted |= subscriber->on;
	}
	for (size_t i = 0; name != NULL && i < config->webhook_count; i++)
		if (strcmp(config->webhooks[i].name, name) == 0 &&
			wants_page(&config->webhooks[i].pages, input->page->name))
			wanted |= config->webhooks[i].on;
	return wanted;
}

/* Everybody whose pages and `on:` want the event. */
static void tell_all(const struct plan_input *input, const struct event *event, struct plan *plan)
{
	const struct config *config = input->config;
	int wanted = wanted_for[event->type];
	char *receiver;

	for (size_t i = 0; i < config->subscriber_count; i++) {
		const struct subscriber_config *subscriber = &config->subscribers[i];

		if ((subscriber->on & wanted) == 0 ||
			!wants_page(&subscriber->pages, input->page->name))
			continue;
		receiver = receiver_mail(subscriber->mail);
		add_event(plan, receiver, event, config->timezone);
		free(receiver);
	}
	for (size_t i = 0; i < config->webhook_count; i++) {
		const struct webhook_config *webhook = &config->webhooks[i];

		if ((webhook->on & wanted) == 0 || !wants_page(&webhook->pages, input->page->name))
			continue;
		receiver = receiver_webhook(webhook->name);
		add_event(plan, receiver, event, config->timezone);
		free(receiver);
	}
	if (for_operator(event->type) && config->operator!= NULL) {
		receiver = receiver_mail(config->operator);
		add_event(plan, receiver, event, config->timezone);
		free(receiver);
	}
}

/* Takes over what a red's message that never got out would have said beside this alarm. */
static void merge_rest(struct delivery_plan *delivery, const struct owed *owed)
{
	const struct value *events = value_get(owed->data, "events");

	for (size_t i = 0; i < delivery->merged_count; i++)
		if (delivery->merged[i] == owed->delivery)
			return;
	*(int64_t *)memory_append(&delivery->merged, &delivery->merged_count,
		sizeof *delivery->merged) = owed->delivery;
	for (size_t i = 0; events != NULL && i < events->count; i++) {
		const struct value *event = events->members[i];
		enum event_type type = EVENT_RED;

		value_append(events_of(delivery), value_copy(event));
		if (event_type_parse(value_get_text(event, "type"), &type))
			add_alarm(delivery, value_get_number(event, "alarm"),
				type == EVENT_BOTH ? EVENT_RED : type);
	}
}

/* The red of this alarm, taken over, becomes "was red, is green". */
static void replace_by_both(
	struct delivery_plan *delivery, const struct event *event, const char *zone)
{
	struct value *events = events_of(delivery);
	struct event both = *event;
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++) {
		if (value_get_number(events->members[i], "alarm") == event->alarm)
			value_free(events->members[i]);
		else
			events->members[kept++] = events->members[i];
	}
	events->count = kept;
	both.type = event->type == EVENT_GREEN ? EVENT_BOTH : event->type;
	value_append(events, event_value(&both, zone));
	add_alarm(delivery, event->alarm, EVENT_RED);
	add_alarm(delivery, event->alarm, event->type);
}

/*
 * True where the end of an episode is still wanted by who was owed its beginning.
 * A beginning that never got out would only mislead once it is over: it says both
 * also to those who want only the red.
 */
static bool end_is_wanted(
	const struct plan_input *input, const struct event *event, const struct owed *owed)
{
	const char *address = receiver_address(owed->receiver);
	enum event_type begun = event->type == EVENT_GREEN ? EVENT_RED : EVENT_LOST;
	int wanted = wanted_by(input, owed->receiver);

	if (for_operator(event->type) && address != NULL &&
		text_equal(address, input->config->operator))
		return true;
	return (wanted & wanted_for[event->type]) != 0 ||
	       (!owed->out && (wanted & wanted_for[begun]) != 0);
}

/* Green, and page back: to whoever was owed the beginning, and to nobody else. */
static void tell_owed(const struct plan_input *input, const struct event *event, struct plan *plan)
{
	for (size_t i = 0; i < input->owed_count; i++) {
		const struct owed *owed = &input->owed[i];
		struct delivery_plan *delivery;

		if (owed->alarm != event->alarm || owed->dropped ||
			!end_is_wanted(input, event, owed))
			continue;
		if (owed->out) {
			add_event(plan, owed->receiver, event, input->config->timezone);
			delivery = delivery_for(plan, owed->receiver);
			if (delivery->in_reply_to == NULL)
				delivery->in_reply_to = memory_string(owed->message_id);
		} else {
			delivery = delivery_for(plan, owed->receiver);
			merge_rest(delivery, owed);
			replace_by_both(delivery, event, input->config->timezone);
		}
	}
}

static int event_rank(const struct value *event)
{
	enum event_type type = EVENT_UPDATE;

	event_type_parse(value_get_text(event, "type"), &type);
	return rank[type];
}

static int by_rank(const void *a, const void *b)
{
	const struct value *left = *(struct value *const *)a, *right = *(struct value *const *)b;
	int order = event_rank(left) - event_rank(right);

	return order != 0 ? order
			  : strcmp(value_get_text(left, "label"), value_get_text(right, "label"));
}

static void put_headline(struct value *data, const struct value *events, size_t left_out)
{
	static const struct {
		const char *colour, *word;
	} words[EVENT_TYPES] = {
		[EVENT_RED] = {"red", "red"},
		[EVENT_GREEN] = {"green", "green"},
		[EVENT_BOTH] = {"green", "red and green again"},
		[EVENT_UPDATE] = {"yellow", "update"},
		[EVENT_LOST] = {"grey", "page lost"},
		[EVENT_BACK] = {"green", "page back"},
		[EVENT_GONE] = {"grey", "gone"},
		[EVENT_UNDELIVERED] = {"yellow", "undelivered"},
	};
	struct value *headline = value_put(data, "headline", value_map());
	enum event_type first = EVENT_RED;

	for (size_t i = events->count; i-- > 0;) {
		value_put_boolean(headline, value_get_text(events->members[i], "type"), true);
		event_type_parse(value_get_text(events->members[i], "type"), &first);
	}
	value_put_text(headline, "colour", words[first].colour);
	value_put_text(headline, "word", words[first].word);
	value_put_number(headline, "count", (int64_t)(events->count + left_out));
	value_put_number(headline, "more", (int64_t)(events->count + left_out) - 1);
	value_put_boolean(headline, "several", events->count > 1);
}

void plan_put_events(struct value *data, struct value *events, size_t left_out)
{
	qsort(events->members, events->count, sizeof *events->members, by_rank);
	put_headline(data, events, left_out);
	if (events->count > 0)
		value_put(data, "first", value_copy(events->members[0]));
	value_put(data, "events", events);
}

struct value *plan_data(const struct plan_input *input)
{
	const struct page_config *page = input->page;
	struct value *data = value_map(), *map = value_put(data, "page", value_map());

	if (page != NULL) {
		value_put_text(map, "name", page->name);
		value_put_text(map, "title", text_empty(input->title) ? page->name : input->title);
		value_put_text(map, "url", page->url);
		value_put_text(map, "provider", page->provider);
		value_put_text(map, "provider_or_name",
			page->provider != NULL ? page->provider : page->name);
	}
	if (input->snapshot_path != NULL) {
		map = value_put(data, "snapshot", value_map());
		value_put_text(map, "path", input->snapshot_path);
		value_put_text(map, "digest", input->snapshot_digest);
		value_put_text(map, "head", input->head);
	}
	map = value_put(data, "sent", value_map());
	event_put_time(map, "created", input->now, input->config->timezone);
	value_put(data, "others_red",
		input->others_red != NULL ? value_copy(input->others_red) : value_list());
	value_put_text(data, "version", LAMPWATCH_VERSION);
	value_put_boolean(data, "simulated", input->simulated);
	value_put_boolean(data, "test", false);
	return data;
}

/*
 * What has no alarm is told apart by what it says and when. A red or a lost page has
 * none only where nothing could be written, and then comes again each hour: the day is
 * enough, so that a repeat is seen to be one.
 */
static void add_identity(const struct value *event, int64_t now, struct buffer *text)
{
	enum event_type type = EVENT_UPDATE;
	bool repeats;

	event_type_parse(value_get_text(event, "type"), &type);
	repeats = type == EVENT_RED || type == EVENT_LOST;
	buffer_format(text, "|%s %s %s %" PRId64, event_type_name(type),
		value_get_text(event, "id"),
		repeats ? value_get_text(value_get(event, "after"), "level")
			: value_get_text(event, "reason"),
		repeats ? now / DAY_SECONDS : now);
}

/*
 * Alarms, types and the receiver make the id, so that a repeat of the same
 * news carries the same one, and the key keeps anybody else from guessing it.
 */
static char *message_id(const struct plan_input *input, const struct delivery_plan *delivery)
{
	const char *at = input->config->from != NULL ? strchr(input->config->from, '@') : NULL;
	const char *type =
		delivery->alarm_count > 0 ? event_type_name(delivery->alarms[0].type) : "note";
	const struct value *events = value_get(delivery->data, "events");
	unsigned char digest[DIGEST_BYTES];
	struct buffer text = {0};
	char hexadecimal[DIGEST_TEXT];

	buffer_format(&text, "%s|%s", input->page->name, delivery->receiver);
	for (size_t i = 0; i < delivery->alarm_count; i++)
		buffer_format(&text, "|%" PRId64 " %s", delivery->alarms[i].alarm,
			event_type_name(delivery->alarms[i].type));
	for (size_t i = 0; i < events->count; i++)
		if (value_get_number(events->members[i], "alarm") == 0)
			add_identity(events->members[i], input->now, &text);
	digest_hmac(input->key, strlen(input->key), text.data, text.length, digest);
	text_hexadecimal(digest, sizeof digest, hexadecimal);
	buffer_clear(&text);
	buffer_format(&text, "<e.%" PRId64 ".%s.%.16s@%s>",
		delivery->alarm_count > 0 ? delivery->alarms[0].alarm : 0, type, hexadecimal,
		at != NULL ? at + 1 : "lampwatch.invalid");
	return buffer_take(&text);
}

static void put_message_id(struct value *data, const char *message_id)
{
	char *bare = memory_bytes(message_id + 1, strlen(message_id) - 2);

	value_put_text(data, "message_id", bare);
	*strchr(bare, '@') = '\0';
	value_put_text(data, "webhook_id", bare);
	free(bare);
}

static void finish(const struct plan_input *input, struct delivery_plan *delivery)
{
	struct value *events = events_of(delivery);

	delivery->data = plan_data(input);
	plan_put_events(delivery->data, events, delivery->left_out);
	delivery->message_id = message_id(input, delivery);
	put_message_id(delivery->data, delivery->message_id);
}

void plan_make(const struct plan_input *input, struct plan *plan)
{
	for (size_t i = 0; i < input->events->count; i++) {
		const struct event *event = &input->events->list[i];

		if (event->type == EVENT_GREEN || event->type == EVENT_BACK)
			tell_owed(input, event, plan);
		else
			tell_all(input, event, plan);
	}
	for (size_t i = 0; i < plan->count; i++)
		finish(input, &plan->list[i]);
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->list[i].receiver);
		free(plan->list[i].message_id);
		free(plan->list[i].in_reply_to);
		value_free(plan->list[i].data);
		free(plan->list[i].alarms);
		free(plan->list[i].merged);
	}
	free(plan->list);
	*plan = (struct plan){0};
}
