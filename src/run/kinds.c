/* SPDX-License-Identifier: ISC */
#include "run/kinds.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config.h"
#include "net/http.h"
#include "run/kind_choice.h"
#include "tell/mail_templates.h"
#include "tell/service.h"
#include "watch/kind/kind.h"

struct kind_set {
	const struct config *config;
	struct kind **by_page; /* as many as pages; shared ones occur several times */
	struct kind **loaded;  /* each once: owned */
	size_t loaded_count;
};

/* The nearest of the names, or all of them; owned by the caller. */
static char *advice(const struct text_list *names, const char *word, const char *lists_them)
{
	const char *nearest = text_nearest(word, (const char *const *)names->list, names->count);
	struct buffer text = {0};

	if (nearest != NULL)
		buffer_format(&text, "; did you mean \"%s\"?", nearest);
	else if (names->count == 0)
		buffer_text(&text, "; there is none at all");
	else if (lists_them != NULL)
		buffer_format(&text, "; `%s` lists them", lists_them);
	for (size_t i = 0; nearest == NULL && lists_them == NULL && i < names->count; i++)
		buffer_format(&text, "%s %s", i == 0 ? "; there are" : ",", names->list[i]);
	return buffer_take(&text);
}

/* The node of a key of member i of a section, for its line. */
static struct node place(
	const struct config *config, const char *section, size_t i, const char *key)
{
	struct node member = node_member(node_find(yaml_root(config->yaml), section), i);
	struct node value = node_find(member, key);

	return node_type(value) != NODE_NONE ? value : member;
}

static void unknown_kind(
	const struct config *config, size_t i, const char *templates, struct problems *problems)
{
	const char *name = config->pages[i].kind;
	struct text_list names = {0};
	struct error error;
	char *text;

	if (kind_names(templates, config->kinds, &names, &error)) {
		text = advice(&names, name, "lampwatch kinds");
		node_problem(problems, place(config, "pages", i, "kind"), "no kind \"%s\"%s", name,
			text);
		free(text);
	} else {
		problems_add_error(problems, config->path, &error);
	}
	text_list_release(&names);
}

/* Pages that give no parameters share a kind; a broken one is complained about once. */
static void load_kind(
	struct kind_set *set, size_t i, const char *templates, struct problems *problems)
{
	const struct page_config *pages = set->config->pages, *page = &pages[i];
	size_t same = node_type(page->with) == NODE_NONE ? 0 : i;
	char *path;

	while (same < i && (node_type(pages[same].with) != NODE_NONE ||
				   !text_equal(pages[same].kind, page->kind)))
		same++;
	if (same < i && set->by_page[same] != NULL) {
		set->by_page[i] = set->by_page[same];
		return;
	}
	path = kind_find(templates, set->config->kinds, page->kind);
	if (path == NULL)
		unknown_kind(set->config, i, templates, problems);
	else if (same == i)
		set->by_page[i] = kind_load(path, page->with, problems);
	free(path);
	if (set->by_page[i] != NULL)
		*(struct kind **)memory_append(
			&set->loaded, &set->loaded_count, sizeof *set->loaded) = set->by_page[i];
}

static void unknown_template(
	const struct config *config, size_t i, const char *folder, struct problems *problems)
{
	const char *name = config->webhooks[i].template;
	struct text_list files = {0}, names = {0};
	char *text;

	if (name == NULL) /* it is none, and has been complained of */
		return;
	file_names(folder, ".json", &files, NULL);
	file_names(folder, ".txt", &files, NULL);
	text_list_sort(&files);
	for (size_t j = 0; j < files.count; j++)
		if (strchr(files.list[j], '.') == NULL) /* else a part of others */
			text_list_add(&names, files.list[j]);
	text = advice(&names, name, NULL);
	node_problem(problems, place(config, "webhooks", i, "template"), "no template \"%s\"%s",
		name, text);
	free(text);
	text_list_release(&files);
	text_list_release(&names);
}

/* The webhooks' templates, and what each gives to its own. */
static void check_webhooks(
	const struct config *config, const char *templates, struct problems *problems)
{
	struct node webhooks = node_find(yaml_root(config->yaml), "webhooks");
	char *folder = file_join(templates, "webhook");

	for (size_t i = 0; i < config->webhook_count; i++) {
		const struct webhook_config *webhook = &config->webhooks[i];
		struct node node = node_member(webhooks, i);
		char *file = service_template_path(templates, webhook->template);
		struct service *service = NULL;

		if (webhook->template_file == NULL && file_absent(file))
			unknown_template(config, i, folder, problems);
		else if (webhook->template_file == NULL || !file_absent(webhook->template_file))
			service = service_load(templates, webhook, problems);
		if (service != NULL) {
			if (service->url == NULL &&
				node_type(node_find(node, "url")) == NODE_NONE &&
				node_type(node_find(node, "url_file")) == NODE_NONE &&
				node_type(node_find(node, "command")) == NODE_NONE)
				node_problem(problems, node,
					"a webhook has one of \"url\", \"url_file\" and "
					"\"command\"");
			service_check(service, webhook, config->path, webhook->line, problems);
		}
		service_free(service);
		free(file);
	}
	free(folder);
}

void webhook_urls_complete(struct config *config, const char *templates)
{
	for (size_t i = 0; i < config->webhook_count; i++) {
		struct webhook_config *webhook = &config->webhooks[i];
		struct problems problems = {0};
		bool own = webhook->url != NULL || webhook->url_file != NULL ||
			   webhook->command.count > 0;
		struct service *service = own ? NULL : service_load(templates, webhook, &problems);

		if (service != NULL && service->url != NULL) {
			memory_set(&webhook->url, service->url);
			webhook->host = http_url_host(service->url);
		}
		service_free(service);
		problems_release(&problems);
	}
}

struct kind_set *kind_set_load(
	const struct config *config, const char *templates, struct problems *problems)
{
	struct kind_set *set = memory_zero(1, sizeof *set);
	size_t errors = problems->errors;

	set->config = config;
	set->by_page = memory_zero(config->page_count, sizeof(struct kind *));
	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].kind != NULL)
			load_kind(set, i, templates, problems);
	check_webhooks(config, templates, problems);
	mail_templates_check(config, templates, problems);
	if (problems->errors == errors)
		return set;
	kind_set_free(set);
	return NULL;
}

void kind_set_free(struct kind_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->loaded_count; i++)
		kind_free(set->loaded[i]);
	free(set->loaded);
	free(set->by_page);
	free(set);
}

const struct kind *kind_set_of(const struct kind_set *set, const struct page_config *page)
{
	return set->by_page[page - set->config->pages];
}
