/* SPDX-License-Identifier: ISC */
#include "model/level.h"

#include <string.h>

static const struct {
	const char *name;
	const char *words;
	enum colour colour;
} levels[LEVEL_COUNT] = {
	[LEVEL_OPERATIONAL] = {"operational", "operational", COLOUR_GREEN},
	[LEVEL_NOTICE] = {"notice", "notice", COLOUR_GREEN},
	[LEVEL_MAINTENANCE] = {"maintenance", "maintenance", COLOUR_BLUE},
	[LEVEL_UNKNOWN] = {"unknown", "unknown", COLOUR_GREY},
	[LEVEL_DEGRADED] = {"degraded", "degraded", COLOUR_YELLOW},
	[LEVEL_PARTIAL_OUTAGE] = {"partial_outage", "partial outage", COLOUR_YELLOW},
	[LEVEL_MAJOR_OUTAGE] = {"major_outage", "major outage", COLOUR_YELLOW},
};

const char *level_name(enum level level)
{
	return levels[level].name;
}

const char *level_words(enum level level)
{
	return levels[level].words;
}

bool level_parse(const char *word, enum level *level)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(levels[i].name, word) == 0) {
			*level = (enum level)i;
			return true;
		}
	return false;
}

enum colour level_colour(enum level level, enum level red_floor)
{
	return level >= LEVEL_DEGRADED && level >= red_floor ? COLOUR_RED : levels[level].colour;
}

const char *colour_name(enum colour colour)
{
	static const char *const names[] = {
		[COLOUR_GREEN] = "green",
		[COLOUR_BLUE] = "blue",
		[COLOUR_YELLOW] = "yellow",
		[COLOUR_RED] = "red",
		[COLOUR_GREY] = "grey",
	};

	return names[colour];
}
