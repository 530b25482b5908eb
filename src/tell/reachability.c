/* SPDX-License-Identifier: ISC */
#include "tell/reachability.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/routes.h"

/* What stands between us and a receiver. */
struct obstacle {
	enum dependency dependency; /* DEPENDENCY_NONE: nothing */
	bool hosted;        /* the receiver itself is hosted there; else it is every route to it */
	bool undeliverable; /* its domain takes no mail, whoever is in trouble */
	const char *provider; /* in trouble: borrowed from troubled; NULL with DEPENDENCY_NONE */
};

struct reachability reachability_make(const struct dependences *dependences,
	const struct config *config, const struct text_list *troubled)
{
	struct reachability reach = {dependences, troubled, {0}};
	size_t *order = memory_zero(config->route_count, sizeof *order);

	routes_order(dependences, config, troubled, NULL, order);
	if (config->route_count > 0)
		reach.route = dependence_of_route(dependences, order[0]);
	free(order);
	return reach;
}

void reachability_release(struct reachability *reach)
{
	dependence_release(&reach->route);
}

/* The provider in trouble that it depends on; where that is only possible, the first of them. */
static const char *culprit(const struct dependence *dependence, const struct text_list *troubled)
{
	for (size_t i = 0; i < troubled->count; i++)
		for (size_t j = 0; j < dependence->count; j++)
			if (strcmp(dependence->reasons[j].provider, troubled->list[i]) == 0)
				return troubled->list[i];
	return troubled->count > 0 ? troubled->list[0] : NULL;
}

/* Of "mail:ADDRESS" or "webhook:NAME". */
static struct obstacle obstacle_of(const struct reachability *reach, const char *receiver)
{
	struct dependence own = dependence_of_receiver(reach->dependences, receiver);
	enum dependency routes = receiver_address(receiver) != NULL
					 ? dependence_on(&reach->route, reach->troubled)
					 : DEPENDENCY_NONE;
	struct obstacle obstacle = {
		.dependency = dependence_on(&own, reach->troubled),
		.hosted = true,
		.undeliverable = own.undeliverable,
	};

	if (routes > obstacle.dependency) {
		obstacle.dependency = routes;
		obstacle.hosted = false;
	}
	if (obstacle.dependency != DEPENDENCY_NONE)
		obstacle.provider =
			culprit(obstacle.hosted ? &own : &reach->route, reach->troubled);
	dependence_release(&own);
	return obstacle;
}

static bool blocked(const struct obstacle *obstacle)
{
	return obstacle->undeliverable || obstacle->dependency == DEPENDENCY_CERTAIN;
}

static char *obstacle_words(const struct obstacle *obstacle)
{
	if (obstacle->undeliverable)
		return memory_string("its domain takes no mail (null MX)");
	return obstacle->hosted ? memory_format("hosted at %s", obstacle->provider)
				: memory_format("every route depends on %s", obstacle->provider);
}

bool reachability_lost(
	const struct reachability *reach, const struct receiver *receiver, char **why)
{
	struct obstacle first = obstacle_of(reach, receiver->name), second = {0};
	char *words, *rest;

	if (why != NULL)
		*why = NULL;
	if (receiver->otherwise != NULL)
		second = obstacle_of(reach, receiver->otherwise);
	if (!blocked(&first) || (receiver->otherwise != NULL && !blocked(&second)))
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

bool reachability_unfound(
	const struct reachability *reach, const struct receiver *receiver, char **why)
{
	struct dependence first = dependence_of_receiver(reach->dependences, receiver->name),
			  second = {0};
	bool unfound;

	if (receiver->otherwise != NULL)
		second = dependence_of_receiver(reach->dependences, receiver->otherwise);
	unfound = first.unfound && (receiver->otherwise == NULL || second.unfound);
	*why = unfound ? memory_string(first.why) : NULL;
	dependence_release(&first);
	dependence_release(&second);
	return unfound;
}

size_t reachability_receivers(const struct reachability *reach, struct receivers *receivers)
{
	size_t lost = 0;

	for (size_t i = 0; i < receivers->count; i++) {
		struct receiver *receiver = &receivers->list[i];
		struct obstacle first = obstacle_of(reach, receiver->name), second = {0};

		if (receiver->otherwise != NULL)
			second = obstacle_of(reach, receiver->otherwise);
		receiver->endangered = first.dependency == DEPENDENCY_CERTAIN && !blocked(&second);
		receiver->doubtful = first.dependency == DEPENDENCY_POSSIBLE;
		memory_set(&receiver->provider, first.provider);
		lost += first.dependency == DEPENDENCY_CERTAIN &&
			(receiver->otherwise == NULL || blocked(&second));
	}
	return lost;
}
