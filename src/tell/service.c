/* SPDX-License-Identifier: ISC */
#include "tell/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config.h"
#include "tell/service_p.h"

/* ---- reading a description ---- */

/* The next {NAME} of text: where it begins, NULL for none; its name, owned by the caller. */
const char *service_next_name(const char *text, char **name, const char **after)
{
	const char *open = strchr(text, '{'), *close = open != NULL ? strchr(open, '}') : NULL;

	*name = NULL;
	if (close == NULL)
		return NULL;
	*name = memory_bytes(open + 1, (size_t)(close - open - 1));
	*after = close + 1;
	return open;
}

static bool is_declared(const struct service *service, const char *name)
{
	return text_equal(name, SERVICE_DELIVERY) || text_list_has(&service->needs, name) ||
	       text_list_has(&service->takes, name);
}

static void check_names(const struct service *service, struct node node, const char *text,
	struct problems *problems)
{
	char *name;

	while (service_next_name(text, &name, &text) != NULL) {
		if (!is_declared(service, name))
			node_problem(problems, node,
				"{%s} is neither {" SERVICE_DELIVERY
				"} nor a name in \"needs\" or \"takes\"",
				name);
		free(name);
	}
}

/* A map of names to plain values. */
static bool read_pairs(const struct node_walk *walk, struct node node, void *target)
{
	*(struct node *)target = node;
	if (node_type(node) != NODE_MAP)
		return node_problem(
			walk->problems, node, "\"%s\" takes names and values", walk->rule->key);
	for (size_t i = 0; i < node_count(node); i++)
		if (node_type(node_value(node, i)) != NODE_SCALAR ||
			text_empty(node_text(node_key(node, i))))
			return node_problem(walk->problems, node_key(node, i),
				"\"%s\" takes one plain value for each name", walk->rule->key);
	return true;
}

static bool read_limits(const struct node_walk *walk, struct node node, void *target)
{
	struct service_limit limit;

	if (!read_pairs(walk, node, target))
		return false;
	for (size_t i = 0; i < node_count(node); i++)
		if (!service_limit_parse(node_text(node_value(node, i)), &limit))
			return node_problem(walk->problems, node_key(node, i),
				"a limit is such as \"4096 bytes\", \"250 characters\" or \"4096 "
				"utf16\", at most %d",
				SERVICE_LIMIT_MAX);
	return true;
}

static const struct node_word method_words[] = {{"POST", 0}, {"PUT", 1}, {NULL, 0}};
static const struct node_word each_words[] = {{"event", 1}, {NULL, 0}};
static const struct node_rule retry_rules[] = {
	{"seconds", node_read_text, offsetof(struct service, retry_seconds), false, NULL},
	{"milliseconds", node_read_text, offsetof(struct service, retry_milliseconds), false, NULL},
	{0},
};
static const struct node_rule rules[] = {
	{"url", node_read_text, offsetof(struct service, url), false, NULL},
	{"path", node_read_text, offsetof(struct service, path), false, NULL},
	{"method", node_read_word, offsetof(struct service, put), false, method_words},
	{"content_type", node_read_text, offsetof(struct service, content_type), false, NULL},
	{"headers", read_pairs, offsetof(struct service, headers), false, NULL},
	{"fields", read_pairs, offsetof(struct service, fields), false, NULL},
	{"needs", node_read_texts, offsetof(struct service, needs), false, NULL},
	{"takes", node_read_texts, offsetof(struct service, takes), false, NULL},
	{"secrets", node_read_texts, offsetof(struct service, secrets), false, NULL},
	{"each", node_read_word, offsetof(struct service, each), false, each_words},
	{"limits", read_limits, offsetof(struct service, limits), false, NULL},
	{"accepted", read_pairs, offsetof(struct service, accepted), false, NULL},
	{"refused", read_pairs, offsetof(struct service, refused), false, NULL},
	{"reason", node_read_text, offsetof(struct service, reason), false, NULL},
	{"retry_after", node_read_map, 0, false, retry_rules},
	{0},
};

static void check_description(
	const struct service *service, struct node root, struct problems *problems)
{
	const struct node pairs[] = {service->headers, service->fields};

	if (service->path != NULL)
		check_names(service, node_find(root, "path"), service->path, problems);
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		for (size_t j = 0; j < node_count(pairs[i]); j++)
			check_names(service, node_key(pairs[i], j),
				node_text(node_value(pairs[i], j)), problems);
	for (size_t i = 0; i < service->secrets.count; i++)
		if (!is_declared(service, service->secrets.list[i]))
			node_problem(problems, node_find(root, "secrets"),
				"\"%s\" is not in \"needs\" or \"takes\"",
				service->secrets.list[i]);
}

/* Reads the file beside the template whose name ends in .yaml, where there is one. */
static void read_description(struct service *service, struct problems *problems)
{
	const char *template = service->template, *slash = strrchr(template, '/'),
		   *dot = strrchr(template, '.');
	size_t length = dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - template)
								      : strlen(template);
	char *path = memory_format("%.*s.yaml", (int)length, template);

	if (file_exists(path))
		service->description = yaml_load(path, problems);
	if (service->description != NULL) {
		struct node root = yaml_root(service->description);

		node_walk_map(problems, root, rules, service, NULL);
		check_description(service, root, problems);
	}
	free(path);
}

struct service *service_load(
	const char *templates, const struct webhook_config *webhook, struct problems *problems)
{
	struct service *service = memory_zero(1, sizeof *service);
	size_t errors = problems->errors;
	bool json;

	service->template = webhook->template_file != NULL ? memory_string(webhook->template_file)
							   : memory_format("%s/webhook/%s.json",
								     templates, webhook->template);
	json = text_ends(service->template, ".json");
	if (!file_exists(service->template))
		problems_add(problems, service->template, 0, "no such template");
	else if (!json && !text_ends(service->template, ".txt"))
		problems_add(problems, service->template, 0,
			"a template for a webhook ends in .json or .txt");
	else
		read_description(service, problems);
	if (service->content_type == NULL)
		service->content_type =
			memory_string(json ? "application/json" : "text/plain; charset=utf-8");
	if (problems->errors == errors)
		return service;
	service_free(service);
	return NULL;
}

void service_free(struct service *service)
{
	if (service == NULL)
		return;
	free(service->template);
	free(service->url);
	free(service->path);
	free(service->content_type);
	free(service->reason);
	free(service->retry_seconds);
	free(service->retry_milliseconds);
	text_list_release(&service->needs);
	text_list_release(&service->takes);
	text_list_release(&service->secrets);
	yaml_close(service->description);
	free(service);
}

/* ---- what a webhook gives to it ---- */

bool service_check(const struct service *service, const struct webhook_config *webhook,
	const char *file, int line, struct problems *problems)
{
	size_t errors = problems->errors;

	for (size_t i = 0; i < webhook->with_count; i++) {
		const struct parameter *given = &webhook->with[i];

		if (!is_declared(service, given->name))
			problems_add(problems, file, given->line, "the template takes no \"%s\"",
				given->name);
		else if (text_list_has(&service->secrets, given->name) && !given->secret)
			problems_add(problems, file, given->line,
				"\"%s\" is a secret: write it into a file of its own, and name "
				"that as \"%s_file\"",
				given->name, given->name);
	}
	for (size_t i = 0; i < service->needs.count; i++) {
		const char *name = service->needs.list[i];
		bool secret = text_list_has(&service->secrets, name);

		if (config_parameter(webhook, name) == NULL)
			problems_add(problems, file, line,
				"the template needs \"%s%s\" in the webhook's \"with\"", name,
				secret ? "_file" : "");
	}
	return problems->errors == errors;
}
