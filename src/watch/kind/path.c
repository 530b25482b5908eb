/* SPDX-License-Identifier: ISC
 *
 * Paths that are nothing but names. Nearly every expression of a kind is one,
 * and to follow it by hand takes a tenth of what a general evaluation does.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "watch/kind/xml_p.h"

enum step_type { STEP_CHILD, STEP_ATTRIBUTE, STEP_SELF, STEP_PARENT };

struct step {
	enum step_type type;
	char *name; /* owned; NULL for self and parent */
};

struct path {
	struct step *steps;
	size_t count;
};

static bool is_name(const char *text, size_t length)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char others[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	return length > 0 && strchr(first, text[0]) != NULL && strspn(text, others) >= length;
}

static bool parse_step(const char *text, size_t length, struct step *step)
{
	if (length == 1 && text[0] == '.') {
		*step = (struct step){STEP_SELF, NULL};
	} else if (length == 2 && memcmp(text, "..", 2) == 0) {
		*step = (struct step){STEP_PARENT, NULL};
	} else {
		bool attribute = text[0] == '@';

		text += attribute;
		length -= attribute;
		if (!is_name(text, length))
			return false;
		*step = (struct step){
			attribute ? STEP_ATTRIBUTE : STEP_CHILD, memory_bytes(text, length)};
	}
	return true;
}

struct path *path_parse(const char *text)
{
	struct path *path = memory_zero(1, sizeof *path);

	for (;;) {
		size_t length = strcspn(text, "/");
		struct step step;

		if (!parse_step(text, length, &step)) {
			path_free(path);
			return NULL;
		}
		*(struct step *)memory_append(&path->steps, &path->count, sizeof step) = step;
		if (text[length] == '\0')
			return path;
		text += length + 1;
	}
}

void path_free(struct path *path)
{
	if (path == NULL)
		return;
	for (size_t i = 0; i < path->count; i++)
		free(path->steps[i].name);
	free(path->steps);
	free(path);
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
	       strcmp((const char *)node->name, name) == 0;
}

/* A walk of the steps from one of them on. The recursion is as deep as the path is long. */
struct path_walk {
	const struct path *path;
	path_found *found;
	void *context;
	size_t visited;
};

static bool walk(struct path_walk *walking, size_t i, xmlNodePtr node);

static bool walk_children(struct path_walk *walking, size_t i, xmlNodePtr node)
{
	if (node->type != XML_ELEMENT_NODE && node->type != XML_DOCUMENT_NODE &&
		node->type != XML_HTML_DOCUMENT_NODE)
		return true;
	for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
		walking->visited++;
		if (is_element(child, walking->path->steps[i].name) && !walk(walking, i + 1, child))
			return false;
	}
	return true;
}

static bool walk_attributes(struct path_walk *walking, size_t i, xmlNodePtr node)
{
	if (node->type != XML_ELEMENT_NODE)
		return true;
	for (xmlAttrPtr attribute = node->properties; attribute != NULL;
		attribute = attribute->next) {
		walking->visited++;
		if (attribute->ns == NULL &&
			strcmp((const char *)attribute->name, walking->path->steps[i].name) == 0 &&
			!walk(walking, i + 1, (xmlNodePtr)attribute))
			return false;
	}
	return true;
}

static bool walk(struct path_walk *walking, size_t i, xmlNodePtr node)
{
	if (i == walking->path->count)
		return walking->found(walking->context, node);
	switch (walking->path->steps[i].type) {
	case STEP_CHILD:
		return walk_children(walking, i, node);
	case STEP_ATTRIBUTE:
		return walk_attributes(walking, i, node);
	case STEP_PARENT:
		return node->parent == NULL || walk(walking, i + 1, node->parent);
	default:
		return walk(walking, i + 1, node);
	}
}

size_t path_walk(const struct path *path, xmlNodePtr node, path_found *found, void *context)
{
	struct path_walk walking = {path, found, context, 0};

	walk(&walking, 0, node);
	return walking.visited;
}
