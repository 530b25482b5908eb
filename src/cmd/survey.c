/* SPDX-License-Identifier: ISC */
#include "cmd/survey.h"

#include "classify.h"
#include "keep/store.h"
#include "tell/hosts.h"
#include "tell/routes.h"

static void find_providers(struct survey *survey, struct database *database)
{
	struct text_list pages = {0}, troubled = {0};

	for (size_t i = 0; i < survey->config->page_count; i++)
		text_list_add(&pages, survey->config->pages[i].name);
	if (database != NULL)
		store_troubled(database, &troubled);
	routes_providers(survey->config, &pages, &survey->watched);
	routes_providers(survey->config, &troubled, &survey->troubled);
	text_list_release(&pages);
	text_list_release(&troubled);
}

static void ask_now(const struct survey *survey, const struct context *context,
	struct database *database, struct hosts *hosts)
{
	const struct classify_input input = {survey->config, context->providers, &survey->receivers,
		context->invocation->clock, true};

	if (survey->troubled.count == 0 && classify_ask(&input, hosts) && database != NULL)
		classify_save(database, hosts, input.now);
}

void survey_open(
	struct survey *survey, const struct context *context, struct database *database, bool ask)
{
	struct hosts hosts = {0};

	*survey = (struct survey){.config = context->config};
	receivers_of_config(survey->config, &survey->receivers);
	find_providers(survey, database);
	if (database != NULL) {
		subscribers_load(database, &survey->subscribers);
		subscribers_apply(&survey->subscribers, &survey->receivers);
		hosts_load(database, &hosts);
	}
	if (ask)
		ask_now(survey, context, database, &hosts);
	survey->dependences = dependences_new(&hosts, survey->config, context->providers);
}

void survey_close(struct survey *survey)
{
	dependences_free(survey->dependences);
	receivers_release(&survey->receivers);
	subscribers_release(&survey->subscribers);
	text_list_release(&survey->watched);
	text_list_release(&survey->troubled);
	*survey = (struct survey){0};
}
