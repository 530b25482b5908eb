/* SPDX-License-Identifier: ISC */
#include "tell/digest_pages.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "tell/plan.h"

static const char *const page_words[] = {"name", "title", "url", "provider", "provider_or_name"};

static void copy_words(const struct value *from, struct value *to)
{
	for (size_t i = 0; i < sizeof page_words / sizeof *page_words; i++)
		value_put_text(to, page_words[i], value_get_text(from, page_words[i]));
}

/* A list under the key, also where there is none yet. */
static struct value *list_of(struct value *map, const char *key)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->keys[i], key) == 0)
			return map->members[i];
	return value_put(map, key, value_list());
}

/* A thousand events that are copied at each step are most of what joining them costs. */
static struct value *take(struct value **place)
{
	struct value *taken = *place;

	*place = NULL;
	return taken;
}

static void move_member(struct value *from, struct value *to, const char *key)
{
	for (size_t i = 0; i < from->count; i++)
		if (from->members[i] != NULL && strcmp(from->keys[i], key) == 0)
			value_put(to, key, take(&from->members[i]));
}

void digest_pages_add(struct value *data, struct value *parts)
{
	const struct value *pages = value_get(data, "pages");
	struct value *part;

	if (pages != NULL && pages->type == VALUE_LIST) {
		for (size_t i = 0; i < pages->count; i++)
			value_append(parts, take(&pages->members[i]));
		return;
	}
	part = value_append(parts, value_map());
	copy_words(value_get(data, "page"), part);
	move_member(data, part, "snapshot");
	move_member(data, part, "others_red");
	move_member(data, part, "events");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(value_get_text(a, "name"), value_get_text(b, "name"));
}

/* The page of that name in a tsearch() tree of pages; NULL: it is not there. */
static struct value *page_in(void *const *pages, const struct value *named)
{
	struct value *const *found = tfind(named, pages, by_name);

	return found != NULL ? *found : NULL;
}

static void keep_nothing(void *page)
{
	(void)page; /* its list owns it */
}

/* The later of two that say the same of one alarm stands. */
static void put_event(struct value *events, struct value *event)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct value *other = events->members[i];

		if (value_get_number(event, "alarm") != 0 &&
			value_get_number(event, "alarm") == value_get_number(other, "alarm") &&
			text_equal(value_get_text(event, "type"), value_get_text(other, "type"))) {
			value_free(events->members[i]);
			events->members[i] = event;
			return;
		}
	}
	value_append(events, event);
}

/* A new page, with the words of one that has its name, in the list and in the tree. */
static struct value *page_add(struct value *list, void **pages, const struct value *named)
{
	struct value *page = value_append(list, value_map());

	copy_words(named, page);
	if (tsearch(page, pages, by_name) == NULL)
		error_fatal("out of memory");
	return page;
}

/* Parts of one page become one, in the order in which they came; *tree gets them by their names. */
static struct value *pages_of(const struct value *parts, void **tree)
{
	struct value *pages = value_list();

	for (size_t i = 0; i < parts->count; i++) {
		struct value *part = parts->members[i], *page = page_in(tree, part);
		const struct value *events = value_get(part, "events");

		if (page == NULL)
			page = page_add(pages, tree, part);
		move_member(part, page, "snapshot");
		move_member(part, page, "others_red");
		for (size_t j = 0; events != NULL && j < events->count; j++)
			put_event(list_of(page, "events"), take(&events->members[j]));
	}
	return pages;
}

/* All events, each with its page; beyond the maximum they are counted only. Of each page one has
 * its place as long as there are places. */
static struct value *all_events(const struct value *pages, size_t *left_out)
{
	struct value *all = value_list();

	for (size_t i = 0; i < pages->count; i++) {
		const struct value *events = value_get(pages->members[i], "events");
		const char *url = value_get_text(value_get(pages->members[i], "snapshot"), "url");

		for (size_t j = 0; events != NULL && j < events->count; j++) {
			struct value *event, *its;

			if (all->count + (j > 0 ? pages->count - i - 1 : 0) >= PLAN_EVENTS_MAX) {
				(*left_out)++;
				continue;
			}
			event = value_append(all, take(&events->members[j]));
			its = value_put(event, "page", value_map());
			copy_words(pages->members[i], its);
			value_put_text(its, "snapshot_url", url);
		}
	}
	return all;
}

/* The pages in the order in which they occur in the events, which stand worst first; at the end
 * those of which no event found a place. */
static void put_several(struct value *data, const struct value *pages, void *const *tree)
{
	const struct value *events = value_get(data, "events");
	struct value *list = value_list();
	void *listed = NULL;

	for (size_t i = 0; i < events->count; i++) {
		const struct value *event = events->members[i], *its = value_get(event, "page");
		struct value *page = page_in(&listed, its);

		if (page == NULL) {
			page = page_add(list, &listed, its);
			move_member(page_in(tree, its), page, "snapshot");
			move_member(page_in(tree, its), page, "others_red");
		}
		value_append(list_of(page, "events"), value_copy(event));
	}
	for (size_t i = 0; i < pages->count; i++)
		if (page_in(&listed, pages->members[i]) == NULL)
			page_add(list, &listed, pages->members[i]);
	tdestroy(listed, keep_nothing);
	value_put(data, "others_red", value_list());
	value_put(data, "snapshot", value_text(NULL));
	if (list->count > 0)
		copy_words(list->members[0], value_put(data, "page", value_map()));
	value_put_boolean(data, "several_pages", true);
	value_put_number(data, "page_count", (int64_t)list->count);
	value_put(data, "pages", list);
}

void digest_pages_put(struct value *data, const struct value *parts, size_t left_out)
{
	void *tree = NULL; /* of the pages, by their names */
	struct value *pages = pages_of(parts, &tree), *events = all_events(pages, &left_out);

	plan_put_events(data, events, left_out);
	if (pages->count == 1) {
		struct value *page = pages->members[0];

		value_put_boolean(data, "several_pages", false);
		value_put(data, "pages", value_text(NULL));
		copy_words(page, value_put(data, "page", value_map()));
		move_member(page, data, "snapshot");
		move_member(page, data, "others_red");
	} else {
		put_several(data, pages, &tree);
	}
	tdestroy(tree, keep_nothing);
	value_free(pages);
}
