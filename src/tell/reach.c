/* SPDX-License-Identifier: ISC */
#include "tell/reach.h"

#include <stdlib.h>

#include "base/config.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "tell/routes.h"

struct reach reach_make(const struct dependences *dependences, const struct config *config,
	const struct text_list *troubled)
{
	struct reach reach = {dependences, config, troubled, 0, DEPENDENCY_NONE};
	size_t *order = memory_zero(config->route_count, sizeof *order);

	routes_order(dependences, config, troubled, NULL, order);
	if (config->route_count > 0) {
		reach.route = order[0];
		reach.routes = route_dependency(dependences, config, order[0], troubled);
	}
	free(order);
	return reach;
}

/* The first of the providers in trouble on which it depends so much. */
static const char *culprit(const struct reach *reach, const char *receiver, enum dependency much)
{
	for (size_t i = 0; i < reach->troubled->count; i++) {
		const struct text_list one = {&reach->troubled->list[i], 1};
		enum dependency dependency = receiver != NULL
						     ? receiver_dependency(reach->dependences,
							       reach->config, receiver, &one)
						     : route_dependency(reach->dependences,
							       reach->config, reach->route, &one);

		if (dependency == much)
			return one.list[0];
	}
	return NULL;
}

struct obstacle reach_obstacle(const struct reach *reach, const char *receiver)
{
	struct obstacle obstacle = {
		receiver_dependency(reach->dependences, reach->config, receiver, reach->troubled),
		true, NULL};

	if (receiver_address(receiver) != NULL && reach->routes > obstacle.dependency) {
		obstacle.dependency = reach->routes;
		obstacle.hosted = false;
	}
	if (obstacle.dependency != DEPENDENCY_NONE)
		obstacle.provider =
			culprit(reach, obstacle.hosted ? receiver : NULL, obstacle.dependency);
	return obstacle;
}

static char *obstacle_words(const struct obstacle *obstacle)
{
	return memory_format(obstacle->hosted ? "hosted at %s" : "no route that does without %s",
		obstacle->provider);
}

bool reach_lost(const struct reach *reach, const struct receiver *receiver, char **why)
{
	struct obstacle first = reach_obstacle(reach, receiver->name), second = {0};
	char *words, *rest;

	if (why != NULL)
		*why = NULL;
	if (receiver->otherwise != NULL)
		second = reach_obstacle(reach, receiver->otherwise);
	if (first.dependency != DEPENDENCY_CERTAIN ||
		(receiver->otherwise != NULL && second.dependency != DEPENDENCY_CERTAIN))
		return false;
	if (why == NULL)
		return true;
	words = obstacle_words(&first);
	rest = receiver->otherwise != NULL ? obstacle_words(&second) : NULL;
	*why = rest == NULL ? memory_format("%s; no second way", words)
			    : memory_format("%s; the second way: %s", words, rest);
	free(words);
	free(rest);
	return true;
}

void reach_receivers(const struct reach *reach, struct receivers *receivers)
{
	for (size_t i = 0; i < receivers->count; i++) {
		struct receiver *receiver = &receivers->list[i];
		struct obstacle first = reach_obstacle(reach, receiver->name), second = {0};

		if (receiver->otherwise != NULL)
			second = reach_obstacle(reach, receiver->otherwise);
		receiver->endangered = first.dependency == DEPENDENCY_CERTAIN &&
				       second.dependency != DEPENDENCY_CERTAIN;
		receiver->doubtful = first.dependency == DEPENDENCY_POSSIBLE;
		memory_set(&receiver->provider, first.provider);
	}
}
