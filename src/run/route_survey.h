/* SPDX-License-Identifier: ISC
 *
 * Who is told, by which routes, and what these depend on: what `routes` and `status` show.
 */
#ifndef LAMPWATCH_ROUTE_SURVEY_H
#define LAMPWATCH_ROUTE_SURVEY_H

#include <stdbool.h>

#include "base/list.h"
#include "run/context.h"
#include "tell/dependence.h"
#include "tell/receivers.h"
#include "tell/subscribers.h"

struct value;

struct route_survey {
	const struct config *config;
	struct subscribers subscribers;
	struct receivers receivers;
	struct dependences *dependences;
	struct text_list watched;  /* providers of all pages, each once */
	struct text_list troubled; /* those in trouble now */
};

/* With ask, what is not known yet is looked up now by one of the context's attempts, unless a
 * provider is in trouble, and written down; without, nothing is looked up. */
void route_survey_open(struct route_survey *survey, const struct context *context, bool ask);
/* A list of {receiver, why} of those who are not reached while these providers are in trouble;
 * owned by the caller. */
struct value *route_survey_lost(
	const struct route_survey *survey, const struct text_list *troubled);

/* Says who is not reached now, each on a line; all: however many they are. */
void route_survey_print_lost(const struct route_survey *survey, bool all);

void route_survey_close(struct route_survey *survey);

#endif
