/* SPDX-License-Identifier: ISC
 *
 * Rows, and places in them, as XPaths that lead to their like: by a class, by the nearest element
 * that can be told from others, or step by step.
 */
#ifndef LAMPWATCH_SKETCH_PATHS_H
#define LAMPWATCH_SKETCH_PATHS_H

#include <stdbool.h>

#include "base/list.h"
#include "watch/kind/known_words.h"
#include "watch/kind/xml_p.h"

enum {
	SKETCH_NAME_MAX = 64 /* bytes of an element's, an attribute's or a class's name in a path */
};

/* What needs no quoting, in an XPath or in a regular expression. */
#define SKETCH_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* Adds the XPaths of the rows that this one may be among. */
void sketch_rows(xmlNodePtr row, const struct known_words *known, struct text_list *rows);

/* Adds the XPaths of what has a class of the node: axis is "//", or ".//" from a row. A class that
 * holds a known word is left out. */
void sketch_by_class(
	xmlNodePtr node, const char *axis, const struct known_words *known, struct text_list *to);

/* Adds the ways to the node from the row: by a class (by_class: those of the node), by its place.
 */
void sketch_ways(
	xmlNodePtr row, xmlNodePtr node, const struct text_list *by_class, struct text_list *ways);

/* The last step of a path: "title" of "a/title", of "div/@title". Borrowed from it. */
const char *sketch_last_step(const char *path);

/* Whether the keys of the members of this object, or item of a list, are names of things. */
bool sketch_is_catalogue(const xmlNode *object);

bool sketch_is_html(const xmlNode *node);

/* Attributes in a tree that is made of JSON are none of the page's. */
bool sketch_is_json(const xmlNode *node);

#endif
