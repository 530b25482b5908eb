/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch_lists.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

enum {
	LISTS_MAX = 1000,  /* different paths that are counted */
	LISTS_SHOWN = 3,   /* those of most elements */
	MEMBERS_SHOWN = 6, /* of the first element of each */
	PATH_SHOWN = 100,  /* bytes */
};

/* The elements of one path. */
struct repeated {
	char *path; /* owned */
	xmlNodePtr first;
	size_t count;
};

struct repeats {
	struct repeated *list;
	size_t count;
	xmlHashTablePtr places; /* from path to the place in the list, from 1 */
};

static int by_count(const void *left, const void *right)
{
	const struct repeated *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* Those of the page: in a tree that is made of JSON there are none. */
static const xmlAttr *attributes(const xmlNode *node)
{
	return xmlStrEqual(xmlDocGetRootElement(node->doc)->name, BAD_CAST "json")
		       ? NULL
		       : node->properties;
}

/* "/json/item (13 of: id, name)", of an attribute "@id". */
static void describe(const struct repeated *repeated, struct buffer *out)
{
	const xmlNode *top = repeated->first;
	size_t shown = 0;

	buffer_format(out, "%s (%zu", repeated->path, repeated->count);
	for (const xmlAttr *at = attributes(top); at != NULL && shown < MEMBERS_SHOWN;
		at = at->next)
		buffer_format(out, "%s@%.40s", shown++ == 0 ? " of: " : ", ", at->name);
	for (const xmlNode *at = top->children; at != NULL && shown < MEMBERS_SHOWN; at = at->next)
		if (at->type == XML_ELEMENT_NODE)
			buffer_format(out, "%s%.40s", shown++ == 0 ? " of: " : ", ", at->name);
	buffer_byte(out, ')');
}

static void count_element(struct repeats *repeats, xmlNodePtr node, const char *path)
{
	uintptr_t place = (uintptr_t)xmlHashLookup(repeats->places, BAD_CAST path);

	if (place != 0) {
		repeats->list[place - 1].count++;
	} else if (repeats->count < LISTS_MAX) {
		*(struct repeated *)memory_append(&repeats->list, &repeats->count,
			sizeof *repeats->list) = (struct repeated){memory_string(path), node, 1};
		xmlHashAddEntry(repeats->places, BAD_CAST path, (void *)(uintptr_t)repeats->count);
	}
}

/* The first and its sisters, which stand below path, and what is in them, as deep as what is shown
 * of a path. */
static void count_elements(struct repeats *repeats, xmlNodePtr first, struct buffer *path)
{
	size_t length = path->length;

	for (xmlNodePtr node = first; node != NULL; node = node->next) {
		if (node->type != XML_ELEMENT_NODE)
			continue;
		buffer_format(path, "/%s", node->name);
		if (path->length <= PATH_SHOWN) {
			if (attributes(node) != NULL || xmlFirstElementChild(node) != NULL)
				count_element(repeats, node, buffer_string(path));
			count_elements(repeats, node->children, path);
		}
		buffer_cut(path, length);
	}
}

char *lists_describe(xmlDocPtr tree)
{
	struct repeats repeats = {.places = xmlHashCreate(0)};
	struct buffer out = {0}, path = {0};

	count_elements(&repeats, xmlDocGetRootElement(tree), &path);
	buffer_release(&path);
	if (repeats.count > 0)
		qsort(repeats.list, repeats.count, sizeof *repeats.list, by_count);
	for (size_t i = 0; i < repeats.count; i++) {
		if (i < LISTS_SHOWN && repeats.list[i].count > 1) {
			buffer_text(&out, i > 0 ? ", " : "");
			describe(&repeats.list[i], &out);
		}
		free(repeats.list[i].path);
	}
	xmlHashFree(repeats.places, NULL);
	free(repeats.list);
	return buffer_take(&out);
}
