/* SPDX-License-Identifier: ISC */
#include "cmd/routes_json.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/json.h"
#include "base/list.h"
#include "run/route_survey.h"
#include "run/terminal.h"

static void put_dependence(struct value *map, const struct dependence *dependence)
{
	struct value *depends = value_put(map, "depends", value_list());
	char checked[DATE_TEXT_MAX] = "";

	for (size_t i = 0; i < dependence->count; i++) {
		struct value *reason = value_append(depends, value_map());

		value_put_text(reason, "provider", dependence->reasons[i].provider);
		value_put_text(reason, "evidence", evidence_name(dependence->reasons[i].evidence));
		value_put_text(reason, "name", dependence->reasons[i].name);
	}
	value_put_boolean(map, "hidden", dependence->hidden);
	value_put_boolean(map, "unknown", dependence->unknown);
	value_put_boolean(map, "undeliverable", dependence->undeliverable);
	value_put_text(map, "why", dependence->why != NULL ? dependence->why : "");
	if (dependence->checked != 0)
		date_write(dependence->checked, checked);
	value_put_text(map, "checked", checked);
}

static struct value *routes_value(const struct route_survey *survey)
{
	struct value *list = value_list();

	for (size_t i = 0; i < survey->config->route_count; i++) {
		const struct route_config *route = &survey->config->routes[i];
		struct dependence dependence = dependence_of_route(survey->dependences, i);
		struct value *map = value_append(list, value_map());
		char *way = route_way(route);

		value_put_text(map, "name", route->name);
		value_put_text(map, "way", way);
		put_dependence(map, &dependence);
		dependence_release(&dependence);
		free(way);
	}
	return list;
}

static void add_receiver(const struct route_survey *survey, struct value *list, const char *name,
	const char *otherwise)
{
	struct dependence dependence = dependence_of_receiver(survey->dependences, name);
	struct value *map = value_append(list, value_map());

	value_put_text(map, "receiver", name);
	value_put_text(map, "second", otherwise != NULL ? otherwise : "");
	put_dependence(map, &dependence);
	dependence_release(&dependence);
}

static struct value *receivers_value(const struct route_survey *survey)
{
	struct value *list = value_list();

	for (size_t i = 0; i < survey->receivers.count; i++)
		add_receiver(survey, list, survey->receivers.list[i].name,
			survey->receivers.list[i].otherwise);
	return list;
}

static struct value *independent_value(
	const struct route_survey *survey, const struct text_list *troubled)
{
	struct value *list = value_list();

	for (size_t i = 0; i < survey->config->route_count; i++)
		if (route_dependency(survey->dependences, survey->config, i, troubled) !=
			DEPENDENCY_CERTAIN)
			value_append(list, value_text(survey->config->routes[i].name));
	return list;
}

size_t routes_print_json(const struct route_survey *survey)
{
	const struct text_list nobody = {0};
	struct value *root = value_map(), *providers;
	size_t lost;

	value_put_number(root, "format", 1);
	value_put(root, "routes", routes_value(survey));
	value_put(root, "receivers", receivers_value(survey));
	lost = value_put(root, "never_reached", route_survey_lost(survey, &nobody))->count;
	providers = value_put(root, "providers", value_list());
	for (size_t i = 0; i < survey->watched.count; i++) {
		const struct text_list one = {&survey->watched.list[i], 1};
		struct value *map = value_append(providers, value_map());

		value_put_text(map, "provider", one.list[0]);
		value_put(map, "independent", independent_value(survey, &one));
		lost += value_put(map, "not_reached", route_survey_lost(survey, &one))->count;
	}
	terminal_json(root);
	value_free(root);
	return lost;
}
