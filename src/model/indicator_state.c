/* SPDX-License-Identifier: ISC */
#include "model/indicator_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct indicator_state *indicator_states_find(
	const struct indicator_states *indicators, const char *id)
{
	for (size_t i = 0; i < indicators->count; i++)
		if (strcmp(indicators->list[i].id, id) == 0)
			return &indicators->list[i];
	return NULL;
}

struct indicator_state *indicator_states_add(
	struct indicator_states *indicators, const char *id, const char *group, const char *name)
{
	struct indicator_state *indicator =
		memory_append(&indicators->list, &indicators->count, sizeof *indicator);

	indicator->id = memory_string(id);
	indicator->group = memory_string(group != NULL ? group : "");
	indicator->name = memory_string(name != NULL ? name : "");
	indicator->word = memory_string("");
	return indicator;
}

void indicator_state_release(struct indicator_state *indicator)
{
	free(indicator->id);
	free(indicator->group);
	free(indicator->name);
	free(indicator->word);
	free(indicator->former);
}

void indicator_states_settle(struct indicator_states *indicators)
{
	for (size_t i = 0; i < indicators->count; i++)
		memory_set(&indicators->list[i].former, NULL);
}

void indicator_states_release(struct indicator_states *indicators)
{
	for (size_t i = 0; i < indicators->count; i++)
		indicator_state_release(&indicators->list[i]);
	free(indicators->list);
	*indicators = (struct indicator_states){0};
}

bool indicator_states_unconfirmed(const struct indicator_states *indicators)
{
	for (size_t i = 0; i < indicators->count; i++)
		if (indicators->list[i].count > 0 || indicators->list[i].rising > 0 ||
			(indicators->list[i].flapping && !indicators->list[i].gone))
			return true;
	return false;
}

bool indicator_states_red(const struct indicator_states *indicators)
{
	for (size_t i = 0; i < indicators->count; i++)
		if (indicators->list[i].red || indicators->list[i].alarm)
			return true;
	return false;
}
