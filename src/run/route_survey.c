/* SPDX-License-Identifier: ISC */
#include "run/route_survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "run/hosting_lookup.h"
#include "run/terminal.h"
#include "store/store.h"
#include "tell/hosts.h"
#include "tell/reachability.h"
#include "tell/routes.h"

enum { LOST_SHOWN = 10 }; /* without -v */

/* Who hears of lost pages and of what cannot be delivered is to be reached, too. */
static void add_admin(struct route_survey *survey)
{
	char *name;
	bool known = false;

	if (survey->config->admin == NULL)
		return;
	name = receiver_mail(survey->config->admin);
	for (size_t i = 0; i < survey->receivers.count; i++)
		known = known || strcasecmp(survey->receivers.list[i].name, name) == 0;
	if (!known)
		receivers_add(&survey->receivers, name, NULL, &subscription_default);
	free(name);
}

void route_survey_open(struct route_survey *survey, const struct context *context, bool ask)
{
	const struct config *config = context->config;
	struct database *database = context->database;
	struct text_list pages = {0}, troubled = {0};
	struct hosts hosts = {0};
	struct hosting_lookup_input input = {context->attempts, context->config, context->providers,
		&survey->receivers, context->invocation->clock, true};

	*survey = (struct route_survey){.config = config};
	receivers_of_config(config, &survey->receivers);
	for (size_t i = 0; i < config->page_count; i++)
		text_list_add(&pages, config->pages[i].name);
	if (database != NULL) {
		store_troubled(database, &troubled);
		subscribers_load(database, &survey->subscribers);
		subscribers_apply(&survey->subscribers, &survey->receivers);
		hosts_load(database, &hosts);
	}
	routes_providers(config, &pages, &survey->watched);
	routes_providers(config, &troubled, &survey->troubled);
	add_admin(survey);
	if (ask && survey->troubled.count == 0 && hosting_lookup_ask(&input, &hosts) &&
		database != NULL)
		hosting_lookup_save(database, &hosts, input.now);
	survey->dependences = dependences_new(&hosts, config, context->providers);
	text_list_release(&pages);
	text_list_release(&troubled);
}

struct value *route_survey_lost(const struct route_survey *survey, const struct text_list *troubled)
{
	struct reachability reach =
		reachability_make(survey->dependences, survey->config, troubled);
	struct value *list = value_list();
	char *why;

	for (size_t i = 0; i < survey->receivers.count; i++) {
		struct value *map;

		if (!reachability_lost(&reach, &survey->receivers.list[i], &why))
			continue;
		map = value_append(list, value_map());
		value_put_text(map, "receiver", survey->receivers.list[i].name);
		value_put_text(map, "why", why);
		free(why);
	}
	reachability_release(&reach);
	return list;
}

static void print_heading(const struct text_list *troubled)
{
	if (troubled->count == 0) {
		puts("Cannot be reached at all:");
		return;
	}
	for (size_t i = 0; i < troubled->count; i++)
		printf("%s%s", i > 0 ? ", " : "", troubled->list[i]);
	printf(" %s in trouble; cannot be reached until it recovers:\n",
		troubled->count == 1 ? "is" : "are");
}

void route_survey_print_lost(const struct route_survey *survey, bool all)
{
	struct value *lost = route_survey_lost(survey, &survey->troubled);

	if (lost->count > 0)
		print_heading(&survey->troubled);
	for (size_t i = 0; i < lost->count && (all || i < LOST_SHOWN); i++) {
		const char *receiver = receiver_shown(value_get_text(lost->members[i], "receiver"));

		terminal_parts((const struct terminal_part[]){{"  ", TERMINAL_WORDS},
				       {receiver, TERMINAL_NAME}, {": ", TERMINAL_WORDS},
				       {value_get_text(lost->members[i], "why"), TERMINAL_WORDS}},
			4, 0, 4);
	}
	if (!all && lost->count > LOST_SHOWN)
		printf("  and %zu more (-v: all)\n", lost->count - LOST_SHOWN);
	value_free(lost);
}

void route_survey_close(struct route_survey *survey)
{
	dependences_free(survey->dependences);
	receivers_release(&survey->receivers);
	subscribers_release(&survey->subscribers);
	text_list_release(&survey->watched);
	text_list_release(&survey->troubled);
	*survey = (struct route_survey){0};
}
