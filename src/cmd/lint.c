/* SPDX-License-Identifier: ISC */
#include "cmd/lint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cmd/catalogue.h"
#include "config/config.h"
#include "tell/providers.h"

static bool watched(const struct config *config, const char *provider)
{
	for (size_t i = 0; i < config->page_count; i++)
		if (text_equal(config->pages[i].provider, provider))
			return true;
	return false;
}

/* The key's node of member i of a section, or the member itself: for its line. */
static struct node place(
	const struct config *config, const char *section, size_t i, const char *key)
{
	struct node member = node_member(node_find(yaml_root(config->yaml), section), i);
	struct node value = node_find(member, key);

	return node_type(value) != NODE_NONE ? value : member;
}

/* The name of the provider, where there is one and a page of it is watched; else NULL. */
static const char *watched_name(const struct config *config, const struct provider *provider)
{
	return provider != NULL && watched(config, provider->name) ? provider->name : NULL;
}

static void lint_routes(
	const struct config *config, const struct providers *providers, struct problems *problems)
{
	for (size_t i = 0; i < config->route_count; i++) {
		const struct route_config *route = &config->routes[i];
		const char *name =
			route->host == NULL
				? NULL
				: watched_name(config, providers_of_host(providers, route->host));

		if (name != NULL && !text_list_has(&route->depends, name))
			problems_warn(problems, config->path,
				node_line(place(config, "routes", i, "smtp")),
				"the relay %s belongs to the provider \"%s\", which is watched: "
				"add "
				"\"depends: [%s]\"",
				route->host, name, name);
	}
}

static void lint_settings(
	const struct config *config, const struct providers *providers, struct problems *problems)
{
	struct node root = yaml_root(config->yaml);
	const char *at = config->from != NULL ? strchr(config->from, '@') : NULL, *name;

	name = at == NULL ? NULL : watched_name(config, providers_of_domain(providers, at + 1));
	if (name != NULL)
		problems_warn(problems, config->path, node_line(node_find(root, "from")),
			"\"from\" is an address at \"%s\", which is watched: other relays may not "
			"send for its domain (DMARC), and bounces go there; use a domain of your "
			"own",
			name);
	name = config->resolver == NULL
		       ? NULL
		       : watched_name(config, providers_of_resolver(providers, config->resolver));
	if (name != NULL)
		problems_warn(problems, config->path, node_line(node_find(root, "resolver")),
			"the resolver %s belongs to the provider \"%s\", which is watched: use one "
			"that works without it",
			config->resolver, name);
}

/* ---- names of providers ---- */

/* All known names of providers. The list is owned by the caller, the names are borrowed. */
static const char **names_of(const struct providers *providers, const struct catalogue *catalogue,
	struct text_list *table, size_t *count)
{
	const char **names = NULL;

	*count = 0;
	providers_names(providers, table);
	for (size_t i = 0; i < table->count; i++)
		*(const char **)memory_append(&names, count, sizeof *names) = table->list[i];
	for (size_t i = 0; i < catalogue->count; i++)
		if (catalogue->list[i].provider != NULL)
			*(const char **)memory_append(&names, count, sizeof *names) =
				catalogue->list[i].provider;
	return names;
}

/* Users may name providers of their own; a name that is close to a known one is a typo. */
static void lint_name(
	struct node node, const char *const *names, size_t count, struct problems *problems)
{
	const char *name = node_text(node), *nearest;

	if (text_empty(name))
		return;
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return;
	nearest = text_nearest(name, names, count);
	if (nearest != NULL)
		problems_warn(problems, node_file(node), node_line(node),
			"unknown provider \"%s\"; did you mean \"%s\"?", name, nearest);
}

/* config_check() has already reported what resembles the provider of a page. */
static void lint_dependence(const struct config *config, struct node node, const char *const *names,
	size_t count, struct problems *problems)
{
	const char *nearest = text_nearest(node_text(node), names, count);

	if (!watched(config, node_text(node)) && (nearest == NULL || !watched(config, nearest)))
		lint_name(node, names, count, problems);
}

static void lint_depends(const struct config *config, const char *section, const char *const *names,
	size_t count, struct problems *problems)
{
	struct node list = node_find(yaml_root(config->yaml), section);

	for (size_t i = 0; i < node_count(list); i++) {
		struct node depends = node_find(node_member(list, i), "depends");

		lint_dependence(config, depends, names, count, problems);
		for (size_t j = 0; node_type(depends) == NODE_LIST && j < node_count(depends); j++)
			lint_dependence(config, node_member(depends, j), names, count, problems);
	}
}

/* Pages that the catalogue assigns to another provider: a route that depends on that provider would
 * not be seen to depend on this page. */
static void lint_pages(
	const struct config *config, const struct catalogue *catalogue, struct problems *problems)
{
	for (size_t i = 0; i < config->page_count; i++) {
		const struct page_config *page = &config->pages[i];
		const struct catalogue_entry *service =
			page->url != NULL ? catalogue_at(catalogue, page->url) : NULL;

		if (service != NULL && service->provider != NULL && page->provider != NULL &&
			!text_equal(service->provider, page->provider))
			problems_warn(problems, config->path,
				node_line(place(config, "pages", i, "provider")),
				"%s belongs to the provider \"%s\", not \"%s\": write \"provider: "
				"%s\", or routes that depend on it are not recognised",
				service->name, service->provider, page->provider,
				service->provider);
	}
}

/* ---- what was left as in the example ---- */

static bool is_example(const char *host)
{
	static const char *const domains[] = {"example.com", "example.net", "example.org",
		"*.example.com", "*.example.net", "*.example.org", "*.example", "*.invalid"};

	for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
		if (text_matches(host, domains[i], true))
			return true;
	return false;
}

/* The first is kept, the others are counted. */
static void find_example(struct node node, struct node *first, size_t *count)
{
	char *host = config_host_part(node_text(node));

	if (is_example(host) && (*count)++ == 0)
		*first = node;
	free(host);
}

static void lint_examples(const struct config *config, struct problems *problems)
{
	static const char *const members[][2] = {
		{"pages", "url"}, {"routes", "smtp"}, {"subscribers", "mail"}};
	struct node root = yaml_root(config->yaml), first = {0};
	size_t count = 0;
	char *host;

	find_example(node_find(root, "from"), &first, &count);
	find_example(node_find(root, "operator"), &first, &count);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct node list = node_find(root, members[i][0]);

		for (size_t j = 0; j < node_count(list); j++)
			find_example(
				node_find(node_member(list, j), members[i][1]), &first, &count);
	}
	if (count == 0)
		return;
	host = config_host_part(node_text(first));
	problems_warn(problems, node_file(first), node_line(first),
		"%s is a name for examples (RFC 2606), where nothing and nobody is; %zu address%s "
		"in this file %s like that",
		host, count, count == 1 ? "" : "es", count == 1 ? "is" : "are");
	free(host);
}

void lint(const struct config *config, const struct providers *providers,
	const struct catalogue *catalogue, struct problems *problems)
{
	struct text_list table = {0};
	size_t count;
	const char **names = names_of(providers, catalogue, &table, &count);
	struct node pages = node_find(yaml_root(config->yaml), "pages");

	lint_settings(config, providers, problems);
	lint_routes(config, providers, problems);
	for (size_t i = 0; i < node_count(pages); i++)
		lint_name(node_find(node_member(pages, i), "provider"), names, count, problems);
	lint_pages(config, catalogue, problems);
	lint_depends(config, "routes", names, count, problems);
	lint_depends(config, "webhooks", names, count, problems);
	lint_examples(config, problems);
	free(names);
	text_list_release(&table);
}
