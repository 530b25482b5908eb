/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch_paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
	CLASSES_MAX = 4,    /* of one element that a path may go by */
	DEPTH_MAX = 24,     /* steps of a path */
	SISTERS_MAX = 1000, /* that are counted, of one element */
	ALIKE_MAX = 50,     /* members of an object that are compared, and keys of each */
};

bool sketch_is_html(const xmlNode *node)
{
	return node->doc->type == XML_HTML_DOCUMENT_NODE;
}

bool sketch_is_json(const xmlNode *node)
{
	return xmlStrEqual(xmlDocGetRootElement(node->doc)->name, BAD_CAST "json");
}

/* Whether it can be a step of a path as it is called: not a key that is no name, nor what has a
 * prefix or sets text. */
static bool is_step(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
	       !xmlStrEqual(node->name, BAD_CAST "entry") &&
	       strlen((const char *)node->name) <= SKETCH_NAME_MAX;
}

/* An Atom feed has an element of the name that stands for a key elsewhere. */
static bool is_atom_entry(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && node->ns == NULL && node->parent != NULL &&
	       xmlStrEqual(node->name, BAD_CAST "entry") &&
	       xmlStrEqual(node->parent->name, BAD_CAST "feed");
}

/* The attribute's words that are names, and say nothing about the state of a service. */
static void add_names(xmlNodePtr node, const char *attribute, const struct known_words *known,
	struct text_list *to)
{
	xmlChar *value = xmlGetNoNsProp(node, BAD_CAST attribute);
	struct text_list words = {0};

	text_list_add_words(&words, value != NULL ? (const char *)value : "");
	for (size_t i = 0; i < words.count && to->count < CLASSES_MAX; i++) {
		const char *word = words.list[i];

		if (strlen(word) <= SKETCH_NAME_MAX &&
			word[strspn(word, SKETCH_NAME_CHARACTERS)] == '\0' &&
			!known_words_within(known, word))
			text_list_add(to, word);
	}
	text_list_release(&words);
	xmlFree(value);
}

/* "div[2]" where it has sisters of its name in HTML; the name alone elsewhere. NULL: it is too far
 * behind. */
static char *step_of(const xmlNode *node)
{
	size_t place = 0, all = 0;

	if (!sketch_is_html(node))
		return memory_string((const char *)node->name);
	for (const xmlNode *sister = node->parent->children; sister != NULL && all < SISTERS_MAX;
		sister = sister->next) {
		all += sister->type == XML_ELEMENT_NODE && xmlStrEqual(sister->name, node->name);
		place = sister == node ? all : place;
	}
	if (place == 0)
		return NULL;
	return all > 1 ? memory_format("%s[%zu]", node->name, place)
		       : memory_string((const char *)node->name);
}

/* The steps from top, which is not among them, to the node: "." for top itself. NULL: there is no
 * such path. Owned by the caller. */
static char *path_between(xmlNodePtr top, xmlNodePtr node)
{
	char *path = memory_string(node == top ? "." : "");

	for (size_t depth = 0; node != top; node = node->parent, depth++) {
		char *step = depth < DEPTH_MAX && is_step(node) ? step_of(node) : NULL;
		char *longer;

		if (step == NULL) {
			free(path);
			return NULL;
		}
		longer = path[0] == '\0' ? memory_string(step) : memory_format("%s/%s", step, path);
		free(step);
		free(path);
		path = longer;
	}
	return path;
}

void sketch_by_class(
	xmlNodePtr node, const char *axis, const struct known_words *known, struct text_list *to)
{
	struct text_list classes = {0};

	if (sketch_is_html(node))
		add_names(node, "class", known, &classes);
	for (size_t i = 0; i < classes.count; i++) {
		char *xpath = memory_format(
			"%s%s[contains-token(@class, \"%s\")]", axis, node->name, classes.list[i]);

		text_list_add(to, xpath);
		free(xpath);
	}
	text_list_release(&classes);
}

void sketch_ways(
	xmlNodePtr row, xmlNodePtr node, const struct text_list *by_class, struct text_list *ways)
{
	char *path = path_between(row, node);

	for (size_t i = 0; node != row && i < by_class->count; i++)
		text_list_add(ways, by_class->list[i]);
	if (path != NULL)
		text_list_add(ways, path);
	free(path);
}

/* An object of nothing but texts: {"Mail": "up", "Web": "down"}. */
static bool is_map(const xmlNode *object)
{
	size_t count = 0;

	for (const xmlNode *child = object->children; child != NULL && count < ALIKE_MAX;
		child = child->next, count++)
		if (child->type != XML_ELEMENT_NODE || child->children == NULL ||
			child->children->type != XML_TEXT_NODE ||
			xmlStrEqual(child->name, BAD_CAST "item"))
			return false;
	return count > 1;
}

/* An object of nothing but such. */
static bool is_map_of_maps(const xmlNode *object)
{
	size_t count = 0;

	for (const xmlNode *child = object->children; child != NULL && count < ALIKE_MAX;
		child = child->next, count++)
		if (child->type != XML_ELEMENT_NODE || xmlStrEqual(child->name, BAD_CAST "item") ||
			!is_map(child))
			return false;
	return count > 0;
}

/* An object whose members are alike has keys that are names of things. */
static bool has_like_members(const xmlNode *object)
{
	const xmlNode *first = object->children;
	size_t count = 0;

	for (const xmlNode *child = first; child != NULL && count < ALIKE_MAX;
		child = child->next, count++) {
		const xmlNode *a = first->children, *b = child->children;
		size_t keys = 0;

		if (child->type != XML_ELEMENT_NODE || a == NULL || a->type != XML_ELEMENT_NODE ||
			xmlStrEqual(child->name, BAD_CAST "item"))
			return false;
		for (; a != NULL && b != NULL && keys < ALIKE_MAX; a = a->next, b = b->next, keys++)
			if (b->type != XML_ELEMENT_NODE || !xmlStrEqual(a->name, b->name))
				return false;
		if (keys < ALIKE_MAX && a != b &&
			!xmlStrEqual((a != NULL ? a : b)->name, BAD_CAST "item"))
			return false;
	}
	return count > 1;
}

/* The one member of an item of a list, a text; NULL: there are more, or none. */
static const xmlNode *lone_member(const xmlNode *item)
{
	const xmlNode *member = item != NULL ? item->children : NULL;

	return member != NULL && member->next == NULL && member->type == XML_ELEMENT_NODE &&
			       xmlStrEqual(item->name, BAD_CAST "item") &&
			       member->children != NULL && member->children->type == XML_TEXT_NODE
		       ? member
		       : NULL;
}

/* A key that is not the key of the item beside it: [{"Mail": "up"}, {"Web": "down"}]. */
static bool is_map_of_one(const xmlNode *item)
{
	const xmlNode *member = lone_member(item);
	const xmlNode *other = lone_member(item->next != NULL ? item->next : item->prev);

	return member != NULL && other != NULL &&
	       (!xmlStrEqual(member->name, other->name) ||
		       xmlStrEqual(member->name, BAD_CAST "entry"));
}

bool sketch_is_catalogue(const xmlNode *object)
{
	return has_like_members(object) ||
	       (sketch_is_json(object) &&
		       (is_map(object) || is_map_of_maps(object) || is_map_of_one(object)));
}

/* The path of all rows like this one in XML and JSON, from the root. */
static char *plain_rows(xmlNodePtr row)
{
	char *path = memory_string("");
	size_t depth = 0;

	for (xmlNodePtr node = row; node->type == XML_ELEMENT_NODE; node = node->parent) {
		bool any =
			node->parent->type == XML_ELEMENT_NODE && sketch_is_catalogue(node->parent);
		char *longer;

		if (depth++ == DEPTH_MAX || (!any && !is_step(node) && !is_atom_entry(node))) {
			free(path);
			return NULL;
		}
		longer = memory_format("/%s%s", any ? "*" : (const char *)node->name, path);
		free(path);
		path = longer;
	}
	return path;
}

/* "//table[@id = "board"]" for an element that can be told from others; NULL where it cannot. */
static char *anchor_of(xmlNodePtr node, const struct known_words *known)
{
	struct text_list ids = {0}, by_class = {0};
	char *anchor = NULL;

	add_names(node, "id", known, &ids);
	if (ids.count > 0)
		anchor = memory_format("//%s[@id = \"%s\"]", node->name, ids.list[0]);
	else
		sketch_by_class(node, "//", known, &by_class);
	if (by_class.count > 0)
		anchor = memory_string(by_class.list[0]);
	text_list_release(&ids);
	text_list_release(&by_class);
	return anchor;
}

/* Rows of HTML without a class: by the nearest element above that can be told from others. */
static char *anchored_rows(xmlNodePtr row, const struct known_words *known)
{
	char *path = memory_format("/%s", row->name);
	size_t depth = 0;

	for (xmlNodePtr node = row->parent; node->type == XML_ELEMENT_NODE; node = node->parent) {
		char *anchor = anchor_of(node, known);
		char *longer = anchor != NULL ? memory_format("%s%s", anchor, path)
					      : memory_format("/%s%s", node->name, path);

		free(path);
		path = longer;
		free(anchor);
		if (path[1] == '/' || depth++ == DEPTH_MAX)
			break;
	}
	return path;
}

void sketch_rows(xmlNodePtr row, const struct known_words *known, struct text_list *rows)
{
	char *path = sketch_is_html(row) ? anchored_rows(row, known) : plain_rows(row);

	sketch_by_class(row, "//", known, rows);
	if (path != NULL)
		text_list_add(rows, path);
	free(path);
}

const char *sketch_last_step(const char *path)
{
	const char *slash = strrchr(path, '/');

	path = slash != NULL ? slash + 1 : path;
	return path[0] == '@' ? path + 1 : path;
}
