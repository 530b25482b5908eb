/* SPDX-License-Identifier: ISC */
#include "cmd/routes_json.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/json.h"
#include "base/list.h"
#include "run/route_survey.h"
#include "run/terminal.h"

/* Releases the dependence. */
static void put_dependence(struct value *map, struct dependence dependence)
{
	struct value *depends = value_put(map, "depends", value_list());
	char checked[DATE_TEXT_MAX] = "";

	for (size_t i = 0; i < dependence.count; i++) {
		struct value *reason = value_append(depends, value_map());

		value_put_text(reason, "provider", dependence.reasons[i].provider);
		value_put_text(reason, "evidence", evidence_name(dependence.reasons[i].evidence));
		value_put_text(reason, "name", dependence.reasons[i].name);
	}
	value_put_boolean(map, "hidden", dependence.hidden);
	value_put_boolean(map, "unknown", dependence.unknown);
	value_put_boolean(map, "undeliverable", dependence.undeliverable);
	value_put_text(map, "why", dependence.why != NULL ? dependence.why : "");
	if (dependence.checked != 0)
		date_write(dependence.checked, checked);
	value_put_text(map, "checked", checked);
	dependence_release(&dependence);
}

/* What falls with what, as depends_on: has it. */
static void put_causes(struct value *root, const struct config *config)
{
	struct value *dependants = value_put(root, "dependants", value_list());

	for (size_t i = 0; i < config->page_count; i++)
		for (size_t j = 0; j < config->pages[i].cause_count; j++) {
			const struct cause_config *its = &config->pages[i].causes[j];
			struct value *map = value_append(dependants, value_map()), *causes;

			value_put_text(map, "page", config->pages[i].name);
			value_put_text(map, "indicator", config_dependants(its));
			causes = value_put(map, "depends_on", value_list());
			for (size_t k = 0; k < its->causes.count; k++)
				value_append(causes, value_text(its->causes.list[k]));
		}
}

size_t routes_print_json(const struct route_survey *survey)
{
	const struct config *config = survey->config;
	const struct text_list nobody = {0};
	struct value *root = value_map(), *routes, *receivers, *providers;
	size_t lost;

	value_put_number(root, "format", 1);
	routes = value_put(root, "routes", value_list());
	for (size_t i = 0; i < config->route_count; i++) {
		struct value *map = value_append(routes, value_map());
		char *way = route_way(&config->routes[i]);

		value_put_text(map, "name", config->routes[i].name);
		value_put_text(map, "way", way);
		put_dependence(map, dependence_of_route(survey->dependences, i));
		free(way);
	}
	receivers = value_put(root, "receivers", value_list());
	for (size_t i = 0; i < survey->receivers.count; i++) {
		const struct receiver *receiver = &survey->receivers.list[i];
		struct value *map = value_append(receivers, value_map());

		value_put_text(map, "receiver", receiver->name);
		value_put_text(
			map, "second", receiver->otherwise != NULL ? receiver->otherwise : "");
		put_dependence(map, dependence_of_receiver(survey->dependences, receiver->name));
	}
	lost = value_put(root, "never_reached", route_survey_lost(survey, &nobody))->count;
	providers = value_put(root, "providers", value_list());
	for (size_t i = 0; i < survey->watched.count; i++) {
		const struct text_list one = {&survey->watched.list[i], 1};
		struct value *map = value_append(providers, value_map()), *independent;

		value_put_text(map, "provider", one.list[0]);
		independent = value_put(map, "independent", value_list());
		for (size_t j = 0; j < config->route_count; j++)
			if (route_dependency(survey->dependences, config, j, &one) !=
				DEPENDENCY_CERTAIN)
				value_append(independent, value_text(config->routes[j].name));
		lost += value_put(map, "not_reached", route_survey_lost(survey, &one))->count;
	}
	put_causes(root, config);
	terminal_json(root);
	value_free(root);
	return lost;
}
