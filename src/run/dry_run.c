/* SPDX-License-Identifier: ISC
 *
 * What run --dry-run prints.
 */
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/json.h"
#include "run/run.h"
#include "run/terminal.h"
#include "tell/message.h"
#include "tell/outbox.h"

static void print_delivery(
	const struct run *run, const struct delivery *delivery, const char *subject)
{
	terminal_text(delivery->receiver, 0);
	fputs(": ", stdout);
	terminal_text(subject, 0);
	if (delivery->held_until > run->now) {
		fputs(" (held until ", stdout);
		terminal_time(delivery->held_until, run->config->timezone);
		putchar(')');
	}
	putchar('\n');
}

static void add_delivery(const struct run *run, const struct delivery *delivery,
	const char *subject, struct value *list)
{
	struct value *map = value_append(list, value_map());
	char until[DATE_TEXT_MAX] = "";

	if (delivery->held_until > run->now)
		date_write(delivery->held_until, until);
	value_put_text(map, "receiver", delivery->receiver);
	value_put_text(map, "page", delivery->page);
	value_put_text(map, "subject", subject);
	value_put_text(map, "held_until", until);
}

void run_show(const struct run *run, int64_t last)
{
	const struct invocation *invocation = run->context->invocation;
	struct deliveries deliveries = {0};
	struct value *root = value_map(), *list = value_put(root, "deliveries", value_list());
	struct value *message = NULL; /* made once for deliveries of it that follow each other */
	int64_t content = 0;
	size_t count = 0;

	value_put_number(root, "format", 1);
	outbox_list(run->database, false, &deliveries);
	for (size_t i = 0; i < deliveries.count; i++) {
		const struct delivery *delivery = &deliveries.list[i];

		if (delivery->id <= last)
			continue;
		if (content != delivery->content) {
			struct value *data = outbox_data(run->database, delivery->content);

			value_free(message);
			content = delivery->content;
			message = data != NULL ? message_data(run->config, run->context->templates,
							 data, NULL)
					       : NULL;
			value_free(data);
		}
		count++;
		if (invocation->json)
			add_delivery(run, delivery, value_get_text(message, "subject"), list);
		else
			print_delivery(run, delivery, value_get_text(message, "subject"));
	}
	value_free(message);
	if (invocation->json)
		terminal_json(root);
	else if (count == 0 && invocation->verbosity >= 0)
		puts("no message would be sent");
	deliveries_release(&deliveries);
	value_free(root);
}
