/* SPDX-License-Identifier: ISC */
#include "model/indicator_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct lamp *lamps_find(const struct lamps *lamps, const char *id)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (strcmp(lamps->list[i].id, id) == 0)
			return &lamps->list[i];
	return NULL;
}

struct lamp *lamps_add(struct lamps *lamps, const char *id, const char *group, const char *name)
{
	struct lamp *lamp = memory_append(&lamps->list, &lamps->count, sizeof *lamp);

	lamp->id = memory_string(id);
	lamp->group = memory_string(group != NULL ? group : "");
	lamp->name = memory_string(name != NULL ? name : "");
	lamp->word = memory_string("");
	return lamp;
}

void lamp_release(struct lamp *lamp)
{
	free(lamp->id);
	free(lamp->group);
	free(lamp->name);
	free(lamp->word);
	free(lamp->former);
}

void lamps_settle(struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		memory_set(&lamps->list[i].former, NULL);
}

void lamps_release(struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		lamp_release(&lamps->list[i]);
	free(lamps->list);
	*lamps = (struct lamps){0};
}

bool lamps_unconfirmed(const struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (lamps->list[i].count > 0 || lamps->list[i].rising > 0 ||
			(lamps->list[i].flapping && !lamps->list[i].gone))
			return true;
	return false;
}

bool lamps_red(const struct lamps *lamps)
{
	for (size_t i = 0; i < lamps->count; i++)
		if (lamps->list[i].red || lamps->list[i].alarm)
			return true;
	return false;
}
