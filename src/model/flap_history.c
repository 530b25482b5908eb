/* SPDX-License-Identifier: ISC */
#include "model/flap_history.h"

#include <string.h>

enum {
	PAIRS = RING_SLOTS - 1,
	DUE_EARLY = 30, /* seconds: a run that comes a little early is a run all the same */
};

static const double weight_oldest = 0.8, weight_newest = 1.2;

static char state(bool red)
{
	return red ? '1' : '0';
}

static void push(struct ring *ring, char new, int64_t time)
{
	size_t length = strlen(ring->states);

	if (length == RING_SLOTS)
		memmove(ring->states, ring->states + 1, length--);
	ring->states[length] = new;
	ring->states[length + 1] = '\0';
	ring->time = time;
}

void ring_take(struct ring *ring, bool red, int64_t slot, int64_t now)
{
	size_t length = strlen(ring->states);
	bool changes = length > 0 && ring->states[length - 1] != state(red);

	if (length == 0 || changes) {
		push(ring, state(red), now);
		ring->changed = now;
	} else if (now - ring->time >= slot - DUE_EARLY || now < ring->time) {
		push(ring, state(red), now);
	}
}

void ring_hold(struct ring *ring, int64_t slot, int64_t until)
{
	size_t length = strlen(ring->states);

	for (int i = 0; i < RING_SLOTS && length > 0 && until - ring->time >= slot; i++)
		push(ring, ring->states[strlen(ring->states) - 1], ring->time + slot);
}

void ring_correct(struct ring *ring, bool red, int64_t now)
{
	size_t length = strlen(ring->states);

	if (length == 0 || ring->states[length - 1] != state(red))
		ring->changed = now;
	if (length > 0)
		ring->states[length - 1] = state(red);
	else
		push(ring, state(red), now);
}

double ring_percent(const struct ring *ring)
{
	size_t length = strlen(ring->states);
	double sum = 0;

	for (size_t age = 0; age + 1 < length; age++)
		if (ring->states[length - 1 - age] != ring->states[length - 2 - age])
			sum += weight_newest -
			       (weight_newest - weight_oldest) * (double)age / (PAIRS - 1);
	return 100 * sum / PAIRS;
}

int64_t ring_changes(const struct ring *ring)
{
	size_t length = strlen(ring->states);
	int64_t count = 0;

	for (size_t i = 1; i < length; i++)
		count += ring->states[i] != ring->states[i - 1];
	return count;
}

void ring_parse(struct ring *ring, const char *states)
{
	size_t length = 0;

	for (; *states != '\0' && length < RING_SLOTS; states++)
		if (*states == '0' || *states == '1')
			ring->states[length++] = *states;
	ring->states[length] = '\0';
}
