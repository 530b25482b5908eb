/* SPDX-License-Identifier: ISC
 *
 * Tables of keys, and what their values are read into.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"

enum { KEYS_MAX = 64 };

/* What is meant is taken for seen: it is not missing as well. */
static bool unknown_key(
	struct problems *problems, struct node key, const struct node_rule *rules, bool *seen)
{
	const char *names[KEYS_MAX], *nearest, *text = node_text(key);
	struct buffer known = {0};
	size_t count = 0;

	while (count < KEYS_MAX && rules[count].key != NULL) {
		names[count] = rules[count].key;
		buffer_format(&known, "%s%s", count > 0 ? ", " : "", names[count]);
		count++;
	}
	nearest = text_nearest(text, names, count);
	for (size_t i = 0; i < count; i++)
		seen[i] = seen[i] || names[i] == nearest;
	if (strcmp(text, "<<") == 0)
		node_problem(problems, key,
			"merge keys (\"<<\") have no meaning here; write out what they bring");
	else if (nearest != NULL)
		node_problem(
			problems, key, "unknown key \"%s\"; did you mean \"%s\"?", text, nearest);
	else
		node_problem(problems, key, "unknown key \"%s\"; the keys here are %s", text,
			buffer_string(&known));
	buffer_release(&known);
	return false;
}

bool node_walk_map(struct problems *problems, struct node map, const struct node_rule *rules,
	void *base, void *context)
{
	bool seen[KEYS_MAX] = {false}, good = true;

	if (node_type(map) != NODE_MAP)
		return node_problem(problems, map,
			"keys and values are expected here, as in \"%s: …\"",
			rules[0].key != NULL ? rules[0].key : "key");
	for (size_t i = 0; i < node_count(map); i++) {
		struct node key = node_key(map, i);
		struct node_walk walk = {problems, rules, context};

		while (walk.rule->key != NULL && strcmp(walk.rule->key, node_text(key)) != 0)
			walk.rule++;
		if (walk.rule->key == NULL) {
			good = unknown_key(problems, key, rules, seen);
		} else if (seen[walk.rule - rules]) {
			good = node_problem(
				problems, key, "\"%s\" stands here a second time", walk.rule->key);
		} else {
			seen[walk.rule - rules] = true;
			good = walk.rule->read(&walk, node_value(map, i),
				       (char *)base + walk.rule->offset) &&
			       good;
		}
	}
	for (size_t i = 0; rules[i].key != NULL; i++)
		if (rules[i].required && !seen[i])
			good = node_problem(problems, map, "\"%s\" is missing", rules[i].key);
	return good;
}

static bool scalar(const struct node_walk *walk, struct node node)
{
	if (node_is_nothing(node))
		return node_problem(walk->problems, node, "\"%s\" is empty", walk->rule->key);
	return node_type(node) == NODE_SCALAR ||
	       node_problem(walk->problems, node,
		       "\"%s\" takes a single value, not a list or a map", walk->rule->key);
}

bool node_read_text(const struct node_walk *walk, struct node node, void *target)
{
	if (!scalar(walk, node))
		return false;
	if (text_empty(node_text(node)))
		return node_problem(walk->problems, node, "\"%s\" is empty", walk->rule->key);
	memory_set(target, node_text(node));
	return true;
}

bool node_read_boolean(const struct node_walk *walk, struct node node, void *target)
{
	if (!scalar(walk, node))
		return false;
	*(bool *)target = text_equal(node_text(node), "true");
	if (!*(bool *)target && !text_equal(node_text(node), "false"))
		return node_problem(walk->problems, node, "\"%s\" is true or false, not \"%s\"",
			walk->rule->key, node_text(node));
	return true;
}

struct unit {
	const char *name;
	int64_t factor;
};

static bool number_with_unit(const char *text, const struct unit *units, int64_t *value)
{
	char *end;
	long long number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0)
		return false;
	for (; units->name != NULL; units++)
		if (strcmp(units->name, end) == 0)
			return !__builtin_mul_overflow(number, units->factor, value);
	return false;
}

/* Written in the largest unit that gives a whole number. */
static char *written_with_unit(long long value, const struct unit *units)
{
	const struct unit *best = units;

	for (; units->name != NULL; units++)
		if (value % units->factor == 0 && units->factor > best->factor)
			best = units;
	return memory_format("%lld%s", value / best->factor, value != 0 ? best->name : "");
}

static bool read_with_unit(const struct node_walk *walk, struct node node, int64_t *target,
	const struct unit *units, const char *what)
{
	const struct node_range *range = walk->rule->detail;
	char *minimum, *maximum;
	int64_t value;

	if (!scalar(walk, node))
		return false;
	if (number_with_unit(node_text(node), units, &value) &&
		(range == NULL || (value >= range->minimum && value <= range->maximum))) {
		*target = value;
		return true;
	}
	if (range == NULL)
		return node_problem(walk->problems, node, "\"%s\" is %s, not \"%s\"",
			walk->rule->key, what, node_text(node));
	minimum = written_with_unit(range->minimum, units);
	maximum = written_with_unit(range->maximum, units);
	node_problem(walk->problems, node, "\"%s\" is %s from %s to %s, not \"%s\"",
		walk->rule->key, what, minimum, maximum, node_text(node));
	free(minimum);
	free(maximum);
	return false;
}

static const struct unit durations[] = {
	{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

bool node_read_duration(const struct node_walk *walk, struct node node, void *target)
{
	return read_with_unit(
		walk, node, target, durations, "a time (such as 250ms, 30s, 5m, 2h or 1d)");
}

bool duration_parse(const char *text, int64_t *milliseconds)
{
	return number_with_unit(text, durations, milliseconds);
}

bool node_read_size(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1048576},
		{"GiB", 1073741824}, {"kB", 1000}, {"MB", 1000000}, {NULL, 0}};

	return read_with_unit(walk, node, target, units, "a size (such as 4096, 64KiB or 8MiB)");
}

bool node_read_number(const struct node_walk *walk, struct node node, void *target)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};

	return read_with_unit(walk, node, target, units, "a whole number");
}

bool node_read_word(const struct node_walk *walk, struct node node, void *target)
{
	const struct node_word *words = walk->rule->detail;
	struct buffer choice = {0};

	if (!scalar(walk, node))
		return false;
	for (const struct node_word *word = words; word->name != NULL; word++) {
		if (strcmp(word->name, node_text(node)) == 0) {
			*(int *)target = word->value;
			buffer_release(&choice);
			return true;
		}
		buffer_format(&choice, "%s%s",
			word == words          ? ""
			: word[1].name != NULL ? ", "
					       : " or ",
			word->name);
	}
	node_problem(walk->problems, node, "\"%s\" is %s, not \"%s\"", walk->rule->key,
		buffer_string(&choice), node_text(node));
	buffer_release(&choice);
	return false;
}

bool node_read_texts(const struct node_walk *walk, struct node node, void *target)
{
	bool list = node_type(node) == NODE_LIST, good = true;

	for (size_t i = 0; i < (list ? node_count(node) : 1); i++) {
		struct node member = list ? node_member(node, i) : node;

		if (node_type(member) != NODE_SCALAR || node_is_nothing(member) ||
			text_empty(node_text(member)))
			good = node_problem(walk->problems, member,
				"\"%s\" takes a single value or a list of them, such as [one, two]",
				walk->rule->key);
		else
			text_list_add(target, node_text(member));
	}
	return good;
}

bool node_read_map(const struct node_walk *walk, struct node node, void *target)
{
	return node_walk_map(walk->problems, node, walk->rule->detail, target, walk->context);
}

bool node_read_node(const struct node_walk *walk, struct node node, void *target)
{
	(void)walk;
	*(struct node *)target = node;
	return true;
}
