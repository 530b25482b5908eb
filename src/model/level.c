/* SPDX-License-Identifier: ISC */
#include "model/level.h"

#include <string.h>

const char *const level_names[LEVEL_COUNT + 1] = {
	[LEVEL_OPERATIONAL] = "operational",
	[LEVEL_NOTICE] = "notice",
	[LEVEL_MAINTENANCE] = "maintenance",
	[LEVEL_UNKNOWN] = "unknown",
	[LEVEL_DEGRADED] = "degraded",
	[LEVEL_PARTIAL_OUTAGE] = "partial_outage",
	[LEVEL_MAJOR_OUTAGE] = "major_outage",
};

static const struct {
	const char *words;
	enum colour colour;
} levels[LEVEL_COUNT] = {
	[LEVEL_OPERATIONAL] = {"operational", COLOUR_GREEN},
	[LEVEL_NOTICE] = {"notice", COLOUR_GREEN},
	[LEVEL_MAINTENANCE] = {"maintenance", COLOUR_BLUE},
	[LEVEL_UNKNOWN] = {"unknown", COLOUR_GREY},
	[LEVEL_DEGRADED] = {"degraded", COLOUR_YELLOW},
	[LEVEL_PARTIAL_OUTAGE] = {"partial outage", COLOUR_YELLOW},
	[LEVEL_MAJOR_OUTAGE] = {"major outage", COLOUR_YELLOW},
};

const char *level_name(enum level level)
{
	return level_names[level];
}

const char *level_label(enum level level)
{
	return levels[level].words;
}

bool level_parse(const char *word, enum level *level)
{
	for (int i = 0; i < LEVEL_COUNT; i++)
		if (strcmp(level_names[i], word) == 0) {
			*level = (enum level)i;
			return true;
		}
	return false;
}

enum colour level_colour(enum level level, enum level red_floor)
{
	return level >= LEVEL_DEGRADED && level >= red_floor ? COLOUR_RED : levels[level].colour;
}

static const struct {
	const char *name, *shape;
} colours[COLOURS] = {
	[COLOUR_GREEN] = {"green", "●"},
	[COLOUR_BLUE] = {"blue", "◆"},
	[COLOUR_YELLOW] = {"yellow", "▲"},
	[COLOUR_RED] = {"red", "■"},
	[COLOUR_GREY] = {"grey", "○"},
};

const char *colour_name(enum colour colour)
{
	return colours[colour].name;
}

const char *colour_shape(enum colour colour)
{
	return colours[colour].shape;
}

bool colour_parse(const char *word, enum colour *colour)
{
	for (int i = 0; i < COLOURS; i++)
		if (strcmp(colours[i].name, word) == 0) {
			*colour = (enum colour)i;
			return true;
		}
	return false;
}
