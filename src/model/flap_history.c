/* SPDX-License-Identifier: ISC */
#include "model/flap_history.h"

#include <string.h>

enum {
	PAIRS = FLAP_HISTORY_SLOTS - 1,
	DUE_EARLY = 30, /* seconds: a run that comes a little early counts */
};

static const double weight_oldest = 0.8, weight_newest = 1.2;

static char state(bool red)
{
	return red ? '1' : '0';
}

static void push(struct flap_history *flaps, char new, int64_t time)
{
	size_t length = strlen(flaps->states);

	if (length == FLAP_HISTORY_SLOTS)
		memmove(flaps->states, flaps->states + 1, length--);
	flaps->states[length] = new;
	flaps->states[length + 1] = '\0';
	flaps->time = time;
}

/* Time that passed until then without a change, seen or not, has its slots too. */
static void pass_time(struct flap_history *flaps, int64_t slot, int64_t until)
{
	size_t length = strlen(flaps->states);

	for (int i = 0; i < FLAP_HISTORY_SLOTS && length > 0 && until - flaps->time >= slot; i++)
		push(flaps, flaps->states[strlen(flaps->states) - 1], flaps->time + slot);
}

void flap_history_take(struct flap_history *flaps, bool red, int64_t slot, int64_t now)
{
	size_t length;
	bool changes;

	pass_time(flaps, slot, now - slot + DUE_EARLY); /* the last slot is this fetch's own */
	length = strlen(flaps->states);
	changes = length > 0 && flaps->states[length - 1] != state(red);
	if (length == 0 || changes) {
		push(flaps, state(red), now);
		flaps->changed = now;
	} else if (now - flaps->time >= slot - DUE_EARLY || now < flaps->time) {
		push(flaps, state(red), now);
	}
}

void flap_history_correct(struct flap_history *flaps, bool red, int64_t now)
{
	size_t length = strlen(flaps->states);

	if (length == 0 || flaps->states[length - 1] != state(red))
		flaps->changed = now;
	if (length > 0)
		flaps->states[length - 1] = state(red);
	else
		push(flaps, state(red), now);
}

double flap_history_percent(const struct flap_history *flaps)
{
	size_t length = strlen(flaps->states);
	double sum = 0;

	for (size_t age = 0; age + 1 < length; age++)
		if (flaps->states[length - 1 - age] != flaps->states[length - 2 - age])
			sum += weight_newest -
			       (weight_newest - weight_oldest) * (double)age / (PAIRS - 1);
	return 100 * sum / PAIRS;
}

int64_t flap_history_changes(const struct flap_history *flaps)
{
	size_t length = strlen(flaps->states);
	int64_t count = 0;

	for (size_t i = 1; i < length; i++)
		count += flaps->states[i] != flaps->states[i - 1];
	return count;
}

void flap_history_parse(struct flap_history *flaps, const char *states)
{
	size_t length = 0;

	for (; *states != '\0' && length < FLAP_HISTORY_SLOTS; states++)
		if (*states == '0' || *states == '1')
			flaps->states[length++] = *states;
	flaps->states[length] = '\0';
}
