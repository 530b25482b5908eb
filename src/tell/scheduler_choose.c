/* SPDX-License-Identifier: ISC
 *
 * By which way, and how many together.
 */
#include "tell/scheduler_p.h"

#include <string.h>

static bool was_tried(const struct queue_entry *entry, size_t route)
{
	return (entry->tried[route / CHAR_BIT] >> route % CHAR_BIT & 1) != 0;
}

static size_t webhook_way(const struct scheduler *scheduler, const char *name)
{
	for (size_t i = scheduler->settings.config->route_count; i < scheduler->way_count; i++)
		if (strcmp(scheduler->ways[i].name, name) == 0)
			return i;
	return NO_WAY;
}

size_t way_of(const struct scheduler *scheduler, const struct queue_entry *entry, int64_t now)
{
	const char *name = receiver_webhook_name(entry->receiver);

	if (name != NULL) {
		size_t way = webhook_way(scheduler, name);

		return way != NO_WAY && scheduler->ways[way].rests_until <= now ? way : NO_WAY;
	}
	for (size_t i = 0; i < scheduler->settings.config->route_count; i++) {
		size_t way = scheduler->order[i];

		if (!was_tried(entry, way) && scheduler->ways[way].rests_until <= now)
			return way;
	}
	return NO_WAY;
}

static size_t way_room(const struct scheduler *scheduler, size_t way)
{
	const struct way *chosen = &scheduler->ways[way];

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

size_t scheduler_choose(const struct scheduler *scheduler, int64_t now, size_t *places, size_t *way)
{
	size_t count = 0, room = 0, enough = 1;

	*way = NO_WAY;
	for (size_t i = 0; i < scheduler->count && count < enough; i++) {
		size_t here;

		if (scheduler->list[i].state != ENTRY_WAITING)
			continue;
		here = way_of(scheduler, &scheduler->list[i], now);
		if (*way == NO_WAY && here != NO_WAY && way_room(scheduler, here) > 0) {
			*way = here;
			room = way_room(scheduler, here);
			enough = scheduler->ways[here].limit * BATCH_MAX;
		}
		if (here == NO_WAY || here != *way)
			continue;
		if (count < BATCH_MAX)
			places[count] = i;
		count++;
	}
	if (*way >= scheduler->settings.config->route_count)
		return count > 0;
	return count > 0 ? share(&scheduler->ways[*way], room, count) : 0;
}
