/* SPDX-License-Identifier: ISC */
#include "cmd/webhooks.h"

#include <stdio.h>

#include "base/date.h"
#include "base/json.h"
#include "run/context.h"
#include "run/terminal.h"
#include "tell/disabled_webhook.h"

size_t webhooks_disabled(const struct context *context, struct value *list)
{
	size_t count = 0;

	for (size_t i = 0; context->database != NULL && i < context->config->webhook_count; i++) {
		const struct webhook_config *webhook = &context->config->webhooks[i];
		struct disabled disabled;
		struct value *map;
		char since[DATE_TEXT_MAX];

		if (!disabled_find(context->database, webhook, &disabled))
			continue;
		count++;
		if (list != NULL) {
			map = value_append(list, value_map());
			date_write(disabled.since, since);
			value_put_text(map, "webhook", webhook->name);
			value_put_text(map, "since", since);
			value_put_text(map, "reason", disabled.reason);
		} else {
			printf("webhook:%s  disabled since ", webhook->name);
			terminal_time(disabled.since, context->config->timezone);
			puts("; `lampwatch outbox retry` or a new URL or command enables it again");
			terminal_wrap(disabled.reason, 3);
		}
		disabled_release(&disabled);
	}
	return count;
}
