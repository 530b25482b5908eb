/* SPDX-License-Identifier: ISC
 *
 * lampwatch routes: every way out, what it depends on, and what is left of
 * them when a provider is down.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/context.h"
#include "cmd/terminal.h"
#include "tell/dependence.h"
#include "tell/routes.h"

enum { NAME_COLUMNS = 16, WAY_COLUMNS = 36 };

static char *way_of(const struct route_config *route)
{
	static const char *const schemes[] = {[ROUTE_SMTP] = "smtp", [ROUTE_SMTPS] = "smtps"};

	if (route->type == ROUTE_SENDMAIL)
		return memory_format("sendmail %s", route->program);
	return memory_format("%s://%s:%d%s", schemes[route->type], route->host, route->port,
		route->tls == TLS_OFF ? " (no TLS)" : "");
}

static void print_route(const struct route_config *route)
{
	char *way = way_of(route);

	terminal_text(route->name, NAME_COLUMNS);
	putchar(' ');
	terminal_text(way, WAY_COLUMNS);
	fputs(" depends on ", stdout);
	for (size_t i = 0; i < route->depends.count; i++)
		printf("%s%s", i > 0 ? ", " : "", route->depends.list[i]);
	puts(route->depends.count == 0 ? "nothing that is named" : "");
	free(way);
}

/* The routes that are left, in their order; true where there is at least one. */
static bool independent(const struct config *config, const char *provider, struct text_list *names)
{
	struct text_list providers = {0};

	text_list_add(&providers, provider);
	for (size_t i = 0; i < config->route_count; i++)
		if (route_dependency(NULL, config, i, &providers) == DEPENDENCY_NONE)
			text_list_add(names, config->routes[i].name);
	text_list_release(&providers);
	return names->count > 0;
}

static bool print_provider(const struct config *config, const char *provider)
{
	struct text_list names = {0};
	bool left = independent(config, provider, &names);

	printf("if %s is down: ", provider);
	for (size_t i = 0; i < names.count; i++)
		printf("%s%s", i > 0 ? ", then " : "by ", names.list[i]);
	puts(left ? "" : "no independent route: mail goes by one that depends on it, at last");
	text_list_release(&names);
	return left;
}

static struct value *texts_value(const struct text_list *texts)
{
	struct value *list = value_list();

	for (size_t i = 0; i < texts->count; i++)
		value_append(list, value_text(texts->list[i]));
	return list;
}

static void add_route(struct value *routes, const struct route_config *route)
{
	struct value *map = value_append(routes, value_map());
	char *way = way_of(route);

	value_put_text(map, "name", route->name);
	value_put_text(map, "way", way);
	value_put(map, "depends", texts_value(&route->depends));
	free(way);
}

static bool add_provider(const struct config *config, struct value *providers, const char *provider)
{
	struct text_list names = {0};
	bool left = independent(config, provider, &names);
	struct value *map = value_append(providers, value_map());

	value_put_text(map, "provider", provider);
	value_put(map, "independent", texts_value(&names));
	text_list_release(&names);
	return left;
}

static bool show(const struct config *config, const struct text_list *providers, bool json)
{
	struct value *root = value_map(), *list;
	bool reached = true;

	value_put_number(root, "format", 1);
	list = value_put(root, "routes", value_list());
	for (size_t i = 0; i < config->route_count; i++) {
		if (json)
			add_route(list, &config->routes[i]);
		else
			print_route(&config->routes[i]);
	}
	list = value_put(root, "providers", value_list());
	for (size_t i = 0; i < providers->count; i++)
		reached = (json ? add_provider(config, list, providers->list[i])
				: print_provider(config, providers->list[i])) &&
			  reached;
	if (json)
		terminal_json(root);
	value_free(root);
	return reached;
}

int command_routes(struct invocation *invocation, int argc, char **argv)
{
	struct context context = {0};
	struct text_list pages = {0}, providers = {0};
	int result = context_open(&context, invocation);

	(void)argv;
	if (result == EXIT_DONE && argc > 1)
		result = usage_error(invocation);
	if (result != EXIT_DONE)
		goto out;
	for (size_t i = 0; i < context.config->page_count; i++)
		text_list_add(&pages, context.config->pages[i].name);
	routes_providers(context.config, &pages, &providers);
	if (!show(context.config, &providers, invocation->json) &&
		context.config->subscriber_count > 0)
		result = EXIT_OWED;
out:
	text_list_release(&pages);
	text_list_release(&providers);
	context_close(&context);
	return result;
}
