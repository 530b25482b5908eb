/* SPDX-License-Identifier: ISC */
#include "cmd/lint_templates.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/template.h"
#include "config/config.h"
#include "model/event.h"
#include "tell/mail_templates.h"
#include "tell/message.h"
#include "tell/plan.h"
#include "tell/service.h"

/* An alert as there may be one. Owned by the caller. */
static struct value *example(const struct config *config)
{
	char id[] = "example", name[] = "Example";
	struct event red = {.type = EVENT_RED,
		.indicator = id,
		.name = name,
		.before = LEVEL_OPERATIONAL,
		.after = LEVEL_MAJOR_OUTAGE,
		.before_colour = COLOUR_GREEN,
		.after_colour = COLOUR_RED};
	struct plan_input input = {.config = config, .title = ""};
	struct value *data = plan_data(&input), *events = value_list();

	value_append(events, event_value(&red, config->timezone));
	plan_put_events(data, events, 0);
	return data;
}

static void lint_webhook(const struct config *config, const char *templates,
	const struct webhook_config *webhook, const struct value *data, struct problems *problems)
{
	struct problems known = {0}; /* said by the check of the configuration itself */
	struct service *service = service_load(templates, webhook, &known);
	struct buffer out = {0};
	struct error error = {0};

	if (service != NULL) {
		char *folder = file_folder(service->template);

		if (!template_check_file(folder, file_name(service->template), &error) ||
			!message_webhook(config, templates, service, data, &out, &error))
			template_problem(problems, &error);
		free(folder);
	}
	service_free(service);
	buffer_release(&out);
	problems_release(&known);
}

/* That parts name each other without end is seen only when they are filled. */
static void lint_mail(const struct config *config, const char *templates, const struct value *data,
	struct problems *problems)
{
	const struct mail_header header = {.from = config->from};
	struct buffer out = {0};
	struct error error = {0};

	if (config->from != NULL &&
		!message_mail(config, templates, &header, data, true, &out, &error))
		template_problem(problems, &error);
	buffer_release(&out);
}

void lint_templates(const struct config *config, const char *templates, struct problems *problems)
{
	struct value *data = example(config);
	char *folder = file_join(templates, "mail");
	size_t before = problems->errors;
	struct error error = {0};

	for (size_t i = 0; mail_template_files[i] != NULL; i++)
		if (!template_check_file(folder, mail_template_files[i], &error))
			template_problem(problems, &error);
	free(folder);
	if (problems->errors == 0)
		lint_mail(config, templates, data, problems);
	for (size_t i = 0; i < config->webhook_count && problems->errors == before; i++)
		lint_webhook(config, templates, &config->webhooks[i], data, problems);
	value_free(data);
}
