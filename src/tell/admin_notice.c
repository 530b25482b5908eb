/* SPDX-License-Identifier: ISC */
#include "tell/admin_notice.h"

#include <stdlib.h>
#include <string.h>

#include "base/date_value.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/message.h"
#include "tell/outbox.h"
#include "tell/plan.h"

static struct value *note_data(struct database *database, const struct config *config,
	const struct admin_notice *note, int64_t now)
{
	struct plan_input input = {.config = config, .now = now, .title = ""};
	struct value *events = value_list(), *event = value_append(events, value_map()), *data;

	input.simulated =
		statement_number(database_query(database, /* the archive says so */
			"SELECT count(*) FROM fact WHERE name = 'simulated' AND value = 'yes'",
			"")) > 0;
	if (note->page != NULL)
		input.page = config_page(config, note->page);
	data = plan_data(&input);
	event_put_type(event, note->type);
	value_put_text(event, "label", note->label);
	value_put_text(event, "what", note->what);
	value_put_text(event, "reason", note->reason);
	value_put_text(event, "duration", note->duration);
	value_put_time(event, "since", note->since, config->timezone);
	value_put_time(event, "seen_at", note->seen, config->timezone);
	plan_put_events(data, events, 0);
	return data;
}

void admin_notice_send(struct database *database, const struct config *config,
	const char *templates, const struct admin_notice *note, int64_t now)
{
	const char *at = config->from != NULL ? strchr(config->from, '@') : NULL;
	struct delivery_plan plan = {0};
	struct content_plan says = {0};
	struct content content = {0};
	struct content_copy copy;
	struct error error;

	if (config->admin == NULL)
		return;
	says.data = note_data(database, config, note, now);
	plan.receiver = receiver_mail(config->admin);
	plan.message_id =
		memory_format("<%s@%s>", note->id, at != NULL ? at + 1 : "lampwatch.invalid");
	copy = (struct content_copy){.receiver = plan.receiver, .message_id = plan.message_id};
	content_render(config, templates, &copy, says.data, now, &content, &error);
	if (content.length > 0) /* also where a template is broken */
		outbox_add(database, "", &plan, outbox_keep(database, &says, &content), now);
	content_release(&content);
	content_plan_release(&says);
	delivery_plan_release(&plan);
}
