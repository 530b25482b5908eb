/* SPDX-License-Identifier: ISC
 *
 * JSON as a tree: elements named by their keys, members of arrays as <item>,
 * and a type attribute on everything except strings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "watch/kind/xml_p.h"

/* The element that is being filled, and whether it is open for members. */
struct filling {
	xmlNodePtr root, open;
};

static void fill_begin(
	void *context, enum value_type type, const char *key, const char *text, size_t length)
{
	static const struct {
		const char *name, *text;
	} types[] = {
		[VALUE_NULL] = {"null", ""},
		[VALUE_FALSE] = {"boolean", "false"},
		[VALUE_TRUE] = {"boolean", "true"},
		[VALUE_NUMBER] = {"number", NULL},
		[VALUE_TEXT] = {NULL, NULL},
		[VALUE_LIST] = {"array", ""},
		[VALUE_MAP] = {"object", ""},
	};
	struct filling *filling = context;
	xmlNodePtr node = filling->root;

	if (filling->open != NULL)
		node = tree_add_element(filling->open, key != NULL ? key : "item");
	if (types[type].name != NULL)
		tree_add_attribute(node, "type", types[type].name);
	if (types[type].text != NULL) {
		text = types[type].text;
		length = strlen(text);
	}
	tree_add_text(node, text, length);
	if (type == VALUE_LIST || type == VALUE_MAP)
		filling->open = node;
}

static void fill_end(void *context)
{
	struct filling *filling = context;

	filling->open = filling->open->parent;
}

bool tree_fill_json(
	xmlNodePtr element, const char *text, size_t length, bool prefix, struct error *error)
{
	struct filling filling = {.root = element};
	struct json_visitor visitor = {fill_begin, fill_end, &filling};

	return json_visit(text, length, prefix, &visitor, error);
}

xmlDocPtr tree_parse_json(const char *text, size_t length, bool prefix, struct error *error)
{
	xmlDocPtr tree = tree_new("json");

	if (tree_fill_json(xmlDocGetRootElement(tree), text, length, prefix, error))
		return tree;
	tree_free(tree);
	return NULL;
}
