/* SPDX-License-Identifier: ISC
 *
 * By which way, and how many together.
 */
#include "tell/scheduler_p.h"

#include <string.h>

static bool was_tried(const struct round *round, size_t route)
{
	return (round->tried[route / CHAR_BIT] >> route % CHAR_BIT & 1) != 0;
}

static size_t webhook_way(const struct rounds *rounds, const char *name)
{
	for (size_t i = rounds->settings.config->route_count; i < rounds->way_count; i++)
		if (strcmp(rounds->ways[i].name, name) == 0)
			return i;
	return NO_WAY;
}

size_t way_of(const struct rounds *rounds, const struct round *round, int64_t now)
{
	const char *name = receiver_webhook_name(round->receiver);

	if (name != NULL) {
		size_t way = webhook_way(rounds, name);

		return way != NO_WAY && rounds->ways[way].rests_until <= now ? way : NO_WAY;
	}
	for (size_t i = 0; i < rounds->settings.config->route_count; i++) {
		size_t way = rounds->order[i];

		if (!was_tried(round, way) && rounds->ways[way].rests_until <= now)
			return way;
	}
	return NO_WAY;
}

static size_t way_room(const struct rounds *rounds, size_t way)
{
	const struct way *chosen = &rounds->ways[way];

	return chosen->sessions < chosen->limit ? chosen->limit - chosen->sessions : 0;
}

/*
 * How many of those that wait for a way go in its next session. Few go side by side; many one after
 * the other, but none of its sessions gets more than its part of what is left, so that none is at
 * work alone in the end; and the fewer are open the fewer it gets, so that they do not all end, and
 * others have to be begun, at once.
 */
static size_t share(const struct way *way, size_t room, size_t waiting)
{
	size_t even = (waiting + room - 1) / room;
	size_t part = (waiting + way->limit - 1) / way->limit;
	size_t most = BATCH_MAX * (way->sessions + 1) / way->limit;

	if (part < BATCH_SMALL)
		part = BATCH_SMALL;
	if (part > most)
		part = most;
	return even < part ? even : part;
}

size_t rounds_choose(const struct rounds *rounds, int64_t now, size_t *places, size_t *way)
{
	size_t count = 0, room = 0, enough = 1;

	*way = NO_WAY;
	for (size_t i = 0; i < rounds->count && count < enough; i++) {
		size_t here;

		if (rounds->list[i].state != ROUND_WAITING)
			continue;
		here = way_of(rounds, &rounds->list[i], now);
		if (*way == NO_WAY && here != NO_WAY && way_room(rounds, here) > 0) {
			*way = here;
			room = way_room(rounds, here);
			enough = rounds->ways[here].limit * BATCH_MAX;
		}
		if (here == NO_WAY || here != *way)
			continue;
		if (count < BATCH_MAX)
			places[count] = i;
		count++;
	}
	if (*way >= rounds->settings.config->route_count)
		return count > 0;
	return count > 0 ? share(&rounds->ways[*way], room, count) : 0;
}
