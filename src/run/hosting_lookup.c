/* SPDX-License-Identifier: ISC */
#include "run/hosting_lookup.h"

#include <stdlib.h>
#include <string.h>

#include "base/database.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "store/store.h"
#include "tell/dns_lookup.h"
#include "tell/hosts.h"
#include "tell/outbox.h"
#include "tell/providers.h"
#include "tell/reachability.h"
#include "tell/receivers.h"
#include "tell/routes.h"

/* ---- which names ---- */

struct names {
	struct host *list; /* whose names are owned */
	size_t count;
};

static void names_add(struct names *names, enum host_role role, const char *text)
{
	char *name = host_needs_lookup(text) ? dns_name(text) : NULL;

	if (name != NULL)
		*(struct host *)memory_append(&names->list, &names->count, sizeof *names->list) =
			(struct host){.role = role, .name = name};
}

static bool sends_directly(const struct config *config)
{
	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].type == ROUTE_MX)
			return true;
	return false;
}

/* Where mail goes to the exchangers themselves, these are needed of every domain. */
static void add_domain(
	struct names *names, const struct hosting_lookup_input *input, const char *address)
{
	const char *at = address != NULL ? strrchr(address, '@') : NULL;

	if (at != NULL && (sends_directly(input->config) ||
				  providers_of_domain(input->providers, at + 1) == NULL))
		names_add(names, HOST_DOMAIN, at + 1);
}

static int by_name(const void *left, const void *right)
{
	const struct host *a = left, *b = right;

	return a->role != b->role ? (int)a->role - (int)b->role : strcmp(a->name, b->name);
}

static int by_tried(const void *left, const void *right)
{
	const struct host *a = left, *b = right;

	return a->tried != b->tried ? (a->tried > b->tried) - (a->tried < b->tried)
				    : by_name(left, right);
}

static void names_collect(const struct hosting_lookup_input *input, struct names *names)
{
	const struct config *config = input->config;

	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].host != NULL)
			names_add(names, HOST_MACHINE, config->routes[i].host);
	for (size_t i = 0; i < config->webhook_count; i++)
		if (config->webhooks[i].host != NULL)
			names_add(names, HOST_MACHINE, config->webhooks[i].host);
	add_domain(names, input, config->admin);
	for (size_t i = 0; i < input->receivers->count; i++) {
		const struct receiver *receiver = &input->receivers->list[i];

		add_domain(names, input, receiver_address(receiver->name));
		if (receiver->otherwise != NULL)
			add_domain(names, input, receiver_address(receiver->otherwise));
	}
}

/* Each once, only those that are due, the longest waiting first, no more than a run may ask. */
static void names_choose(
	const struct hosting_lookup_input *input, const struct hosts *hosts, struct names *names)
{
	size_t kept = 0;

	if (names->count > 0)
		qsort(names->list, names->count, sizeof *names->list, by_name);
	for (size_t i = 0; i < names->count; i++) {
		struct host *name = &names->list[i];
		const struct host *host = hosts_find(hosts, name->role, name->name);
		bool due =
			host_due(host, input->now) || (input->eager && !text_empty(host->failure));

		if (!due || (kept > 0 && by_name(name, &names->list[kept - 1]) == 0)) {
			free(name->name);
			continue;
		}
		name->tried = host != NULL ? host->tried : 0;
		names->list[kept++] = *name;
	}
	if (kept > 0)
		qsort(names->list, kept, sizeof *names->list, by_tried);
	while (kept > HOSTING_LOOKUP_NAMES_MAX)
		free(names->list[--kept].name);
	names->count = kept;
}

/* ---- all together ---- */

bool hosting_lookup_ask(const struct hosting_lookup_input *input, struct hosts *hosts)
{
	struct names names = {0};
	bool any;

	names_collect(input, &names);
	names_choose(input, hosts, &names);
	any = names.count > 0;
	for (size_t i = 0; i < names.count; i++)
		names.list[i].tried = input->now;
	if (any)
		dns_lookup_apart(input->attempts, input->config, HOSTING_LOOKUP_MILLISECONDS,
			sends_directly(input->config) ? NULL : input->providers, names.list,
			names.count);
	for (size_t i = 0; i < names.count; i++)
		hosts_put(hosts, &names.list[i]);
	hosts_sort(hosts);
	free(names.list);
	return any;
}

void hosting_lookup_save(struct database *database, const struct hosts *hosts, int64_t now)
{
	database_begin(database);
	for (size_t i = 0; i < hosts->count; i++)
		if (hosts->list[i].tried == now)
			host_save(database, &hosts->list[i]);
	hosts_forget(database, now - HOST_FORGET_SECONDS);
	database_commit(database, NULL);
}

void hosting_lookup(struct database *database, const struct hosting_lookup_input *input)
{
	struct text_list pages = {0};
	struct hosts hosts = {0};

	store_troubled(database, &pages);
	if (pages.count == 0) {
		hosts_load(database, &hosts);
		if (hosting_lookup_ask(input, &hosts))
			hosting_lookup_save(database, &hosts, input->now);
		hosts_release(&hosts);
	}
	text_list_release(&pages);
}

void hosting_lookup_troubled(struct database *database, const struct config *config,
	const char *page, struct text_list *providers)
{
	struct text_list pages = {0};

	if (page != NULL)
		text_list_add(&pages, page);
	store_troubled(database, &pages);
	routes_providers(config, &pages, providers);
	text_list_release(&pages);
}

void hosting_lookup_receivers(const struct dependences *dependences, const struct config *config,
	const struct text_list *troubled, struct receivers *receivers, struct text_list *lost)
{
	struct reachability reach = reachability_make(dependences, config, troubled);

	if (reachability_receivers(&reach, receivers) > 0)
		for (size_t i = 0; i < receivers->count; i++) {
			char *why, *line;

			if (!reachability_lost(&reach, &receivers->list[i], &why))
				continue;
			line = memory_format(
				"%s: %s", receiver_shown(receivers->list[i].name), why);
			text_list_add(lost, line);
			free(line);
			free(why);
		}
	reachability_release(&reach);
}

bool hosting_lookup_unhold(struct database *database, const struct config *config, int64_t now)
{
	struct text_list held = {0}, troubled = {0};
	bool any = false;

	outbox_held(database, &held);
	if (held.count > 0) {
		hosting_lookup_troubled(database, config, NULL, &troubled);
		database_begin(database);
		for (size_t i = 0; i < held.count; i++) {
			bool down = text_list_has(&troubled, held.list[i]);

			any = outbox_unhold(database, held.list[i],
				      down ? now - OUTBOX_HELD_SECONDS : now, now) ||
			      any;
		}
		any = database_commit(database, NULL) && any;
	}
	text_list_release(&held);
	text_list_release(&troubled);
	return any;
}
