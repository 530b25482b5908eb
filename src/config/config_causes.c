/* SPDX-License-Identifier: ISC
 *
 * What pages and indicators fall with: `depends_on:`.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/pattern.h"

/* ---- values ---- */

/* indicator: whose causes they are; NULL: all of the page's. */
static bool read_one(const struct node_walk *walk, struct node node, const char *indicator,
	struct page_config *page)
{
	struct cause_config *cause =
		memory_append(&page->causes, &page->cause_count, sizeof *cause);

	*cause = (struct cause_config){.line = node_line(node)};
	cause->indicator = indicator != NULL ? memory_string(indicator) : NULL;
	return node_read_texts(walk, node, &cause->causes) &&
	       ((cause->causes.count > 0 && cause->causes.count <= CONFIG_CAUSES_EACH_MAX) ||
		       node_problem(walk->problems, node,
			       "\"%s\" takes one to %d indicators such as google/Gmail",
			       walk->rule->key, CONFIG_CAUSES_EACH_MAX));
}

bool config_read_causes(const struct node_walk *walk, struct node node, void *target)
{
	bool good = true;

	if (node_type(node) != NODE_MAP)
		return read_one(walk, node, NULL, target);
	if (node_count(node) == 0 || node_count(node) > CONFIG_CAUSES_MAX)
		return node_problem(walk->problems, node,
			"\"%s\" takes indicators such as google/Gmail, or a map of at most %d "
			"indicators of this page, each with its own",
			walk->rule->key, CONFIG_CAUSES_MAX);
	for (size_t i = 0; i < node_count(node); i++)
		good = read_one(walk, node_value(node, i), node_text(node_key(node, i)), target) &&
		       good;
	return good;
}

void config_causes_release(struct page_config *page)
{
	for (size_t i = 0; i < page->cause_count; i++) {
		free(page->causes[i].indicator);
		text_list_release(&page->causes[i].causes);
	}
	free(page->causes);
}

/* ---- what they name ---- */

int config_causes(const struct page_config *page, const char *id, const char *group,
	const char *name, struct text_list *causes)
{
	int depth = 0;

	for (size_t i = 0; i < page->cause_count; i++) {
		const struct cause_config *cause = &page->causes[i];

		if (cause->indicator != NULL && !pattern_fits(cause->indicator, id, group, name))
			continue;
		for (size_t j = 0; j < cause->causes.count; j++)
			if (!text_list_has(causes, cause->causes.list[j]))
				text_list_add(causes, cause->causes.list[j]);
		depth = cause->depth > depth ? cause->depth : depth;
	}
	return depth;
}

const char *config_dependants(const struct cause_config *cause)
{
	return cause->indicator != NULL ? cause->indicator : "*";
}

int config_cause_order(const struct page_config *one, const struct page_config *other)
{
	return one->depth != other->depth ? one->depth - other->depth
					  : (one > other) - (one < other);
}

const struct page_config *config_cause_page(
	const struct config *config, const char *cause, const char **indicator)
{
	const char *slash = strchr(cause, '/');
	char *name = slash != NULL ? memory_bytes(cause, (size_t)(slash - cause)) : NULL;
	const struct page_config *page = name != NULL ? config_page(config, name) : NULL;

	free(name);
	*indicator = slash != NULL ? slash + 1 : "";
	return page;
}

/* "; did you mean "google"?", or nothing. Owned by the caller. */
static char *advice(const char *word, const char *const *names, size_t count)
{
	const char *nearest = count > 0 ? text_nearest(word, names, count) : NULL;

	return nearest != NULL ? memory_format("; did you mean \"%s\"?", nearest)
			       : memory_string("");
}

static void complain_of_page(
	const struct config *config, int line, const char *cause, struct problems *problems)
{
	const char **names = memory_zero(config->page_count, sizeof *names);
	char *name = memory_bytes(cause, strcspn(cause, "/")), *hint;
	size_t count = 0;

	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].name != NULL)
			names[count++] = config->pages[i].name;
	hint = advice(name, names, count);
	problems_add(problems, config->path, line, "\"depends_on\": no page or probe \"%s\"%s",
		name, hint);
	free(hint);
	free(name);
	free(names);
}

/* Of a probe it is known which indicators there are; of a page only it itself knows. */
static void check_indicator(const struct config *config, const struct page_config *page,
	const char *indicator, int line, struct problems *problems)
{
	const char *names[CONFIG_CHECKS_MAX];
	size_t count = 0;
	char *hint;

	for (size_t i = 0; i < page->check_count; i++) {
		if (page->checks[i].name == NULL)
			continue;
		if (pattern_fits(indicator, page->checks[i].name, "", page->checks[i].name))
			return;
		names[count++] = page->checks[i].name;
	}
	if (page->check_count == 0)
		return;
	hint = advice(indicator, names, count);
	problems_add(problems, config->path, line,
		"\"depends_on\": the probe \"%s\" has no check \"%s\"%s", page->name, indicator,
		hint);
	free(hint);
}

static void check_names(
	const struct config *config, const struct cause_config *its, struct problems *problems)
{
	for (size_t i = 0; i < its->causes.count; i++) {
		const char *cause = its->causes.list[i], *indicator;
		const struct page_config *page = config_cause_page(config, cause, &indicator);

		if (indicator[0] == '\0')
			problems_add(problems, config->path, its->line,
				"\"depends_on\" takes PAGE/INDICATOR such as google/Gmail, or "
				"google/* for any of a page, not \"%s\"",
				cause);
		else if (page == NULL)
			complain_of_page(config, its->line, cause, problems);
		else
			check_indicator(config, page, indicator, its->line, problems);
	}
}

/* ---- circles ---- */

/* The way from one dependant on, over what each depends on. */
struct way {
	struct config *config;
	struct problems *problems;
	struct step {
		const struct page_config *page;
		struct cause_config *its;
		const char *cause; /* of its, that is followed; borrowed */
	} steps[CONFIG_CAUSE_DEPTH_MAX];
	size_t count;
	bool wrong;
};

/* Where nobody can tell what a page lists, two patterns may choose the same unless they are plain
 * names that differ. */
static bool may_be_same(const char *pattern, const char *indicator)
{
	return pattern == NULL || (pattern_is_wild(pattern) && pattern_is_wild(indicator)) ||
	       text_matches(indicator, pattern, true) || text_matches(pattern, indicator, true);
}

static void say_circle(const struct way *way, size_t first)
{
	const struct step *begin = &way->steps[first];
	struct buffer path = {0};

	for (size_t i = first; i < way->count; i++)
		buffer_format(
			&path, "%s depends on %s", i > first ? ", which" : "", way->steps[i].cause);
	problems_add(way->problems, way->config->path, begin->its->line,
		"\"depends_on\" goes in a circle: %s%s%s%s; leave one of them out",
		begin->page->name, begin->its->indicator != NULL ? "/" : "",
		begin->its->indicator != NULL ? begin->its->indicator : "", buffer_string(&path));
	buffer_release(&path);
}

static int depth_of(struct way *way, struct page_config *page, struct cause_config *its);

/* The greatest depth of what the cause itself depends on. */
static int depth_above(struct way *way, const char *cause)
{
	const char *indicator;
	const struct page_config *found = config_cause_page(way->config, cause, &indicator);
	struct page_config *page =
		found != NULL ? &way->config->pages[found - way->config->pages] : NULL;
	int most = 0;

	for (size_t i = 0; page != NULL && i < page->cause_count; i++) {
		int depth = may_be_same(page->causes[i].indicator, indicator)
				    ? depth_of(way, page, &page->causes[i])
				    : 0;

		most = depth > most ? depth : most;
	}
	return most;
}

/* Of what is looked at just now, or wrong, 0. */
static int depth_of(struct way *way, struct page_config *page, struct cause_config *its)
{
	struct step *step = &way->steps[way->count];
	int most = 0;

	for (size_t i = 0; i < way->count; i++)
		if (way->steps[i].its == its) {
			say_circle(way, i);
			way->wrong = true;
			return 0;
		}
	if (its->depth == 0 && way->count == CONFIG_CAUSE_DEPTH_MAX) {
		problems_add(way->problems, way->config->path, its->line,
			"\"depends_on\": more than %d indicators depend on each other one after "
			"the other",
			CONFIG_CAUSE_DEPTH_MAX);
		way->wrong = true;
	}
	if (its->depth > 0 || way->wrong)
		return its->depth;
	*step = (struct step){page, its, NULL};
	way->count++;
	for (size_t i = 0; i < its->causes.count && !way->wrong; i++) {
		int depth;

		step->cause = its->causes.list[i];
		depth = depth_above(way, step->cause);
		most = depth > most ? depth : most;
	}
	way->count--;
	its->depth = most + 1;
	return its->depth;
}

/* ---- trees ---- */

/* The page at that place stands for its tree. Who asks makes the way there half as long, for a
 * tree may be of all pages. */
static int root_of(struct config *config, int place)
{
	while (config->pages[place].tree != place + 1) {
		config->pages[place].tree = config->pages[config->pages[place].tree - 1].tree;
		place = config->pages[place].tree - 1;
	}
	return place;
}

static void unite(
	struct config *config, const struct page_config *one, const struct page_config *other)
{
	int places[2] = {(int)(one - config->pages), (int)(other - config->pages)};

	for (int i = 0; i < 2; i++) {
		if (config->pages[places[i]].tree == 0)
			config->pages[places[i]].tree = places[i] + 1;
		places[i] = root_of(config, places[i]);
	}
	config->pages[places[1]].tree = places[0] + 1;
}

static void unite_all(
	struct config *config, const struct page_config *page, const struct text_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *indicator;
		const struct page_config *other =
			config_cause_page(config, names->list[i], &indicator);

		if (other != NULL)
			unite(config, page, other);
	}
}

/* What our own checks see of a cause comes before what follows from it, too. */
static void find_trees(struct config *config)
{
	for (size_t i = 0; i < config->page_count; i++)
		for (size_t j = 0; j < config->pages[i].cause_count; j++)
			unite_all(config, &config->pages[i], &config->pages[i].causes[j].causes);
	for (size_t i = 0; i < config->page_count; i++)
		for (size_t j = 0; j < config->pages[i].fact_count && config->pages[i].tree > 0;
			j++)
			unite_all(config, &config->pages[i], &config->pages[i].facts[j].checks);
	for (size_t i = 0; i < config->page_count; i++)
		if (config->pages[i].tree > 0)
			config->pages[i].tree = root_of(config, (int)i) + 1;
}

void config_check_causes(struct config *config, struct problems *problems)
{
	struct way way = {.config = config, .problems = problems};

	for (size_t i = 0; i < config->page_count; i++) {
		struct page_config *page = &config->pages[i];

		for (size_t j = 0; j < page->cause_count; j++) {
			check_names(config, &page->causes[j], problems);
			if (!way.wrong && page->name != NULL) /* of several circles the first */
				depth_of(&way, page, &page->causes[j]);
			if (page->causes[j].depth > page->depth)
				page->depth = page->causes[j].depth;
		}
	}
	find_trees(config);
}
