/* SPDX-License-Identifier: ISC
 *
 * Reads windows of time in lampwatch.yaml: quiet hours and our own maintenance.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "config/config_parts.h"

enum { MINUTES_NONE = -1 };

static bool read_minutes(const struct node_walk *walk, struct node node, void *target)
{
	return window_minutes_parse(node_text(node), target) ||
	       node_problem(walk->problems, node,
		       "\"%s\" takes a time of day from 00:00 to 24:00, not \"%s\"",
		       walk->rule->key, node_text(node));
}

/* Without a zone, every reader of the file would understand a different moment. */
static bool read_time(const struct node_walk *walk, struct node node, void *target)
{
	return window_time_parse(node_text(node), NULL, 0, target) ||
	       node_problem(walk->problems, node,
		       "\"%s\" takes a time with its zone, such as 2026-11-24T22:00:00+01:00 or "
		       "2026-11-24T21:00:00Z, not \"%s\"",
		       walk->rule->key, node_text(node));
}

static bool read_days(const struct node_walk *walk, struct node node, void *target)
{
	static const struct node_word words[] = {{"sun", 1 << 0}, {"mon", 1 << 1}, {"tue", 1 << 2},
		{"wed", 1 << 3}, {"thu", 1 << 4}, {"fri", 1 << 5}, {"sat", 1 << 6}, {NULL, 0}};

	return config_read_flags(walk, node, words,
		"a list of days such as [mon, tue]; leave it out to mean every day", target);
}

#define WINDOW_RULES(owner, window)                                                                \
	{"from", read_minutes, offsetof(owner, window from), false, NULL},                         \
		{"to", read_minutes, offsetof(owner, window to), false, NULL},                     \
		{"days", read_days, offsetof(owner, window days), false, NULL},                    \
		{"timezone", config_read_zone, offsetof(owner, window zone), false, NULL},         \
		{"begins", read_time, offsetof(owner, window begins), false, NULL},                \
	{                                                                                          \
		"ends", read_time, offsetof(owner, window ends), false, NULL                       \
	}

static const struct node_rule window_rules[] = {WINDOW_RULES(struct window, ), {0}};

static const struct node_rule maintenance_rules[] = {
	{"pages", config_read_labels, offsetof(struct maintenance_config, pages), false, NULL},
	{"reason", config_read_label, offsetof(struct maintenance_config, reason), false, NULL},
	WINDOW_RULES(struct maintenance_config, window.),
	{0},
};

/* Whether it has exactly one pair of ends, and both of it. */
static bool check_window(const struct window *window, struct node node, struct problems *problems)
{
	bool daily = window->from != MINUTES_NONE || window->to != MINUTES_NONE;
	bool once = window->begins != 0 || window->ends != 0;

	if (daily == once)
		return node_problem(problems, node,
			"a window of time has either \"from\" and \"to\" or \"begins\" and "
			"\"ends\"%s",
			daily ? ", not both" : "");
	if (daily ? window->from == MINUTES_NONE || window->to == MINUTES_NONE
		  : window->begins == 0 || window->ends == 0)
		return node_problem(problems, node, "a window of time needs its other end, \"%s\"",
			daily ? (window->from == MINUTES_NONE ? "from" : "to")
			      : (window->begins == 0 ? "begins" : "ends"));
	if (daily ? window->from == window->to : window->ends <= window->begins)
		return node_problem(problems, node,
			daily ? "this window of time ends when it begins; a whole day is from "
				"\"00:00\" to \"24:00\""
			      : "this window of time ends before it begins");
	return true;
}

static void window_begin(struct window *window)
{
	*window =
		(struct window){.days = WINDOW_ALL_DAYS, .from = MINUTES_NONE, .to = MINUTES_NONE};
}

bool config_read_windows(const struct node_walk *walk, struct node node, void *target)
{
	struct windows *windows = target;
	bool list = node_type(node) == NODE_LIST, good = true;
	size_t count = list ? node_count(node) : 1;

	if (count == 0 || count > WINDOWS_MAX)
		return node_problem(walk->problems, node,
			"\"%s\" takes one to %d windows of time such as "
			"{from: \"22:00\", to: \"07:00\"}",
			walk->rule->key, WINDOWS_MAX);
	for (size_t i = 0; i < count; i++) {
		struct node member = list ? node_member(node, i) : node;
		struct window *window =
			memory_append(&windows->list, &windows->count, sizeof *window);

		window_begin(window);
		good = node_walk_map(walk->problems, member, window_rules, window, walk->context) &&
		       check_window(window, member, walk->problems) && good;
	}
	return good;
}

void config_read_maintenance(struct config *config, struct node list, struct problems *problems)
{
	for (size_t i = 0; i < node_count(list) && i < WINDOWS_MAX; i++) {
		struct node node = node_member(list, i);
		struct maintenance_config *maintenance = memory_append(
			&config->maintenance, &config->maintenance_count, sizeof *maintenance);

		maintenance->line = node_line(node);
		window_begin(&maintenance->window);
		if (node_walk_map(problems, node, maintenance_rules, maintenance, config))
			check_window(&maintenance->window, node, problems);
	}
}

void config_maintenance_free(struct config *config)
{
	for (size_t i = 0; i < config->maintenance_count; i++) {
		text_list_release(&config->maintenance[i].pages);
		free(config->maintenance[i].reason);
		free(config->maintenance[i].window.zone);
	}
	free(config->maintenance);
}

const struct node_rule *const config_maintenance_rules = maintenance_rules;
const struct node_rule *const config_window_rules = window_rules;

#define DAY "{\"enum\": [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]}"

const struct config_shape config_window_shapes[] = {
	{read_minutes, SHAPE_ONLY,
		"{\"type\": \"string\", \"pattern\": \"^[0-2][0-9]:[0-5][0-9]$\", "
		"\"description\": \"a time of day from 00:00 to 24:00\"}"},
	{read_time, SHAPE_ONLY,
		"{\"type\": \"string\", \"description\": \"a time with its zone, such as "
		"2026-11-24T22:00:00+01:00\"}"},
	{read_days, SHAPE_ONLY,
		"{\"anyOf\": [" DAY ", {\"type\": \"array\", \"minItems\": 1, \"items\": " DAY
		"}]}"},
	{NULL, SHAPE_ONLY, NULL},
};
