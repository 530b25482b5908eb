/* SPDX-License-Identifier: ISC */
#include "cmd/placeholder.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "cmd/add_name.h"
#include "cmd/catalogue.h"
#include "cmd/init_next.h"
#include "config/config.h"
#include "model/level.h"
#include "run/context.h"
#include "run/kind_choice.h"

static struct config *read_config(const struct context *context)
{
	char *path = config_find(context->invocation->config_path);
	struct problems problems = {0};
	struct config *config = path != NULL ? config_load(path, NULL, &problems) : NULL;

	problems_release(&problems);
	free(path);
	return config;
}

static void add_pages(const struct context *context, struct text_list *out)
{
	struct config *config = read_config(context);

	for (size_t i = 0; config != NULL && i < config->page_count; i++)
		text_list_add(out, config->pages[i].name);
	config_free(config);
}

static void add_probes(const struct context *context, struct text_list *out)
{
	struct config *config = read_config(context);

	for (size_t i = 0; config != NULL && i < config->page_count; i++)
		if (config->pages[i].check_count > 0)
			text_list_add(out, config->pages[i].name);
	config_free(config);
}

static void add_routes(const struct context *context, struct text_list *out)
{
	struct config *config = read_config(context);

	for (size_t i = 0; config != NULL && i < config->route_count; i++)
		text_list_add(out, config->routes[i].name);
	config_free(config);
}

static void add_webhooks(const struct context *context, struct text_list *out)
{
	struct config *config = read_config(context);

	for (size_t i = 0; config != NULL && i < config->webhook_count; i++)
		text_list_add(out, config->webhooks[i].name);
	config_free(config);
}

static void add_kinds(const struct context *context, struct text_list *out)
{
	struct config *config = read_config(context);

	kind_names(context->templates, config != NULL ? config->kinds : NULL, out, NULL);
	config_free(config);
}

/* As a shell has them as one word: without blanks, case and signs, which do not count. */
static void add_services(const struct context *context, struct text_list *out)
{
	struct catalogue catalogue = {0};
	struct problems problems = {0};

	catalogue_load(context->templates, CATALOGUE_PAGES, &catalogue, &problems);
	for (size_t i = 0; i < catalogue.count; i++) {
		char *word = name_of_text(catalogue.list[i].name);

		text_list_add(out, word);
		free(word);
	}
	catalogue_release(&catalogue);
	problems_release(&problems);
}

static void add_levels(const struct context *context, struct text_list *out)
{
	(void)context;
	for (int level = LEVEL_DEGRADED; level <= LEVEL_MAJOR_OUTAGE; level++)
		text_list_add(out, level_name((enum level)level));
}

static void add_events(const struct context *context, struct text_list *out)
{
	struct buffer words = {0};

	(void)context;
	config_wanted_words(&words);
	for (char *word = strtok(words.data, ", "); word != NULL; word = strtok(NULL, ", "))
		text_list_add(out, word);
	buffer_release(&words);
}

static void add_schedules(const struct context *context, struct text_list *out)
{
	(void)context;
	for (size_t i = 0; init_schedules[i] != NULL; i++)
		text_list_add(out, init_schedules[i]);
}

static const struct placeholder {
	const char *name;
	enum placeholder_type type;
	void (*add)(const struct context *context, struct text_list *out);
} placeholders[] = {
	{"DIR", PLACEHOLDER_FOLDERS, NULL},
	{"EVENT", PLACEHOLDER_WORDS, add_events},
	{"FILE", PLACEHOLDER_FILES, NULL},
	{"FILE.zip", PLACEHOLDER_FILES, NULL},
	{"FOLDER", PLACEHOLDER_FOLDERS, NULL},
	{"KIND", PLACEHOLDER_NAMES, add_kinds},
	{"LEVEL", PLACEHOLDER_WORDS, add_levels},
	{"PAGE", PLACEHOLDER_NAMES, add_pages},
	{"PROBE", PLACEHOLDER_NAMES, add_probes},
	{"ROUTE", PLACEHOLDER_NAMES, add_routes},
	{"SCHEDULE", PLACEHOLDER_WORDS, add_schedules},
	{"SERVICE", PLACEHOLDER_NAMES, add_services},
	{"WEBHOOK", PLACEHOLDER_NAMES, add_webhooks},
};

static const struct placeholder *find(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
		if (strlen(placeholders[i].name) == length &&
			memcmp(placeholders[i].name, name, length) == 0)
			return &placeholders[i];
	return NULL;
}

enum placeholder_type placeholder_type(const char *name, size_t length)
{
	const struct placeholder *placeholder = find(name, length);

	return placeholder != NULL ? placeholder->type : PLACEHOLDER_FREE;
}

void placeholder_add(
	const struct context *context, const char *name, size_t length, struct text_list *out)
{
	const struct placeholder *placeholder = find(name, length);

	if (placeholder != NULL && placeholder->add != NULL)
		placeholder->add(context, out);
}
