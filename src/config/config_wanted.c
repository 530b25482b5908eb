/* SPDX-License-Identifier: ISC
 *
 * The events that somebody wants: `on:` of lampwatch.yaml, and of a subscription.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "model/event.h"

/* Whether the type of event can be named in `on:`. */
static bool is_word(int type)
{
	return event_types[type].on == 1 << type;
}

enum { LEFT_OUT = 16 /* the bit of "-NAME" stands so far above that of the word */ };

static_assert((int)EVENT_LATE < LEFT_OUT, "the words come first among the types");

static int left_out(int type)
{
	return 1 << (type + LEFT_OUT);
}

int config_wanted_parse(const char *word)
{
	enum event_type type;
	bool leaves_out = word[0] == '-';

	if (!event_type_parse(word + leaves_out, &type) || !is_word(type) ||
		(leaves_out && event_types[type].with == 0))
		return 0;
	return leaves_out ? left_out(type) : 1 << type;
}

int config_wanted_settle(int words)
{
	int wanted = words & ((1 << LEFT_OUT) - 1);

	if (wanted == 0)
		wanted = subscription_default.on;
	for (int i = 0; i < LEFT_OUT; i++) {
		if (event_types[i].with == 0)
			continue;
		if ((wanted & event_types[i].with) != 0)
			wanted |= 1 << i;
		if ((words & left_out(i)) != 0)
			wanted &= ~(1 << i);
	}
	return wanted;
}

int config_wanted_keep(int wanted, int before)
{
	for (int i = 0; i < LEFT_OUT; i++) {
		bool brought = (before & event_types[i].with) != 0, had = (before & 1 << i) != 0;

		if (event_types[i].with != 0 && had != brought)
			wanted = had ? wanted | 1 << i : wanted & ~(1 << i);
	}
	return wanted;
}

/* What another word brings is not written, but what it would bring and is left out. */
void config_wanted_write(int wanted, struct buffer *out)
{
	const char *before = "";

	for (int i = 0; i < EVENT_TYPES; i++) {
		bool brought = (wanted & event_types[i].with) != 0, has = (wanted & 1 << i) != 0;

		if (!is_word(i) || has == brought)
			continue;
		buffer_format(out, "%s%s%s", before, has ? "" : "-", event_types[i].name);
		before = ", ";
	}
}

void config_wanted_words(struct buffer *out)
{
	const char *before = "";

	for (int i = 0; i < EVENT_TYPES; i++) {
		if (!is_word(i))
			continue;
		buffer_format(out, "%s%s", before, event_types[i].name);
		before = ", ";
		if (event_types[i].with != 0)
			buffer_format(out, ", -%s", event_types[i].name);
	}
}

bool config_read_wanted(const struct node_walk *walk, struct node node, void *target)
{
	struct node_word words[2 * EVENT_TYPES + 1] = {{NULL, 0}};
	char *names[EVENT_TYPES] = {NULL};
	int count = 0, *wanted = target;
	bool good;

	for (int i = 0; i < EVENT_TYPES; i++) {
		if (!is_word(i))
			continue;
		words[count++] = (struct node_word){event_types[i].name, 1 << i};
		if (event_types[i].with == 0)
			continue;
		names[i] = memory_format("-%s", event_types[i].name);
		words[count++] = (struct node_word){names[i], left_out(i)};
	}
	good = config_read_flags(
		walk, node, words, "a list of events such as [red, green]", wanted);
	if (good)
		*wanted = config_wanted_settle(*wanted);
	for (int i = 0; i < EVENT_TYPES; i++)
		free(names[i]);
	return good;
}
