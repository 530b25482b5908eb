/* SPDX-License-Identifier: ISC */
#include "tell/bounce.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/admin_notice.h"
#include "tell/message.h"
#include "tell/outbox.h"

/* For one held for a provider, otherwise names the way that was used instead. */
bool bounce_has_second(const struct delivery *delivery)
{
	return !delivery->second && !text_empty(delivery->otherwise) &&
	       text_empty(delivery->held_for);
}

bool bounce_use_second(struct database *database, const struct config *config,
	const char *templates, const struct delivery *delivery, int64_t now)
{
	struct content_copy copy = {.receiver = delivery->otherwise,
		.message_id = delivery->message_id,
		.unsubscribe = delivery->unsubscribe};
	struct content content = {0};
	struct error error;
	struct value *data;
	bool good;

	if (!bounce_has_second(delivery))
		return false;
	data = outbox_data(database, delivery->content);
	if (data != NULL)
		content_render(config, templates, &copy, data, now, &content, &error);
	good = content.length > 0; /* also where a template is broken */
	if (good)
		outbox_readdress(database, delivery, delivery->otherwise, &content);
	content_release(&content);
	value_free(data);
	return good;
}

void bounce_tell_admin(struct database *database, const struct config *config,
	const char *templates, const struct delivery *delivery, const struct attempt *attempt,
	int64_t now)
{
	struct value *data = outbox_data(database, delivery->content);
	char *id = memory_format("u.%lld.%lld", (long long)delivery->id, (long long)now);
	char *what = memory_format("%s: %s", value_get_text(value_get(data, "headline"), "word"),
		value_get_text(value_get(data, "first"), "label"));
	struct admin_notice note = {.type = EVENT_UNDELIVERED,
		.page = delivery->page,
		.label = receiver_shown(delivery->receiver),
		.what = data != NULL ? what : NULL,
		.reason = attempt->text,
		.since = delivery->created,
		.id = id};

	if ((data == NULL || value_get(data, "first") != NULL) &&
		!text_equal(receiver_address(delivery->receiver), config->admin))
		admin_notice_send(database, config, templates, &note, now);
	value_free(data);
	free(what);
	free(id);
}
