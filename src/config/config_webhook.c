/* SPDX-License-Identifier: ISC
 *
 * A webhook's own values (with:), and which of its keys belong together. What
 * its service asks for is known to the template alone: tell/service.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"

#define FILE_ENDING "_file"

const struct parameter *config_parameter(const struct webhook_config *webhook, const char *name)
{
	for (size_t i = 0; i < webhook->with_count; i++)
		if (text_equal(webhook->with[i].name, name))
			return &webhook->with[i];
	return NULL;
}

static bool is_parameter_name(const char *text)
{
	return text[0] != '\0' &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool read_parameter(const struct node_walk *walk, struct webhook_config *webhook,
	struct node key, struct node node)
{
	bool secret = text_ends(node_text(key), FILE_ENDING);
	const struct node_rule rule = {.key = node_text(key)};
	const struct node_walk own = {walk->problems, &rule, walk->context};
	char *name = memory_bytes(
		node_text(key), strlen(node_text(key)) - (secret ? strlen(FILE_ENDING) : 0));
	char *value = NULL;
	struct parameter *parameter;
	bool good;

	if (!is_parameter_name(name))
		good = node_problem(walk->problems, key,
			"\"with\" takes names of lower-case letters, digits and \"_\"");
	else if (config_parameter(webhook, name) != NULL)
		good = node_problem(walk->problems, key, "a second \"%s\" in \"with\"", name);
	else
		good = secret ? config_read_secret(&own, node, &value)
			      : config_read_label(&own, node, &value);
	if (good) {
		parameter = memory_append(&webhook->with, &webhook->with_count, sizeof *parameter);
		*parameter = (struct parameter){name, value, secret, node_line(key)};
		return true;
	}
	free(name);
	free(value);
	return false;
}

bool config_read_with(const struct node_walk *walk, struct node node, void *target)
{
	bool good = true;

	if (node_type(node) != NODE_MAP || node_count(node) > CONFIG_WITH_MAX)
		return node_problem(walk->problems, node,
			"\"with\" takes at most %d names and values", CONFIG_WITH_MAX);
	for (size_t i = 0; i < node_count(node); i++)
		good = read_parameter(walk, target, node_key(node, i), node_value(node, i)) && good;
	return good;
}

static bool has(struct node map, const char *key)
{
	return node_type(node_find(map, key)) != NODE_NONE;
}

void config_webhook_check(
	struct webhook_config *webhook, struct node node, struct problems *problems)
{
	if (has(node, "url") && has(node, "url_file"))
		node_problem(
			problems, node, "a webhook has either \"url\" or \"url_file\", not both");
	if (has(node, "template") && has(node, "template_file"))
		node_problem(problems, node_find(node, "template_file"),
			"either \"template\", one of lampwatch's own, or \"template_file\", one of "
			"yours, not both");
	if (!has(node, "template") && !has(node, "template_file"))
		webhook->template = memory_string("generic");
}

void config_webhook_release(struct webhook_config *webhook)
{
	free(webhook->name);
	free(webhook->url);
	text_list_release(&webhook->secrets);
	free(webhook->template);
	free(webhook->template_file);
	for (size_t i = 0; i < webhook->with_count; i++) {
		free(webhook->with[i].name);
		free(webhook->with[i].value);
	}
	free(webhook->with);
}
