/* SPDX-License-Identifier: ISC
 *
 * JSON as a tree: elements named by their keys, members of arrays as <item>,
 * a type attribute on what is no string.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "watch/xml_p.h"

static const char replacement[] = "\xef\xbf\xbd";

/* XML 1.0 section 2.2. */
static bool allowed(uint32_t c)
{
	return c >= 0x20 ? c != 0xfffe && c != 0xffff : c == '\t' || c == '\n' || c == '\r';
}

/* How many bytes at the beginning of text may stand in a tree as they are. */
static size_t allowed_span(const char *text, size_t length)
{
	size_t span = 0;

	while (span < length) {
		uint32_t character;
		size_t size = text_character(text + span, length - span, &character);

		if (size == 0 || !allowed(character))
			break;
		span += size;
	}
	return span;
}

static void add_allowed(struct buffer *out, const char *text, size_t length)
{
	while (length > 0) {
		size_t span = allowed_span(text, length), bad = 0;

		buffer_add(out, text, span);
		if (span < length) {
			bad = text_character(text + span, length - span, NULL);
			bad = bad > 0 ? bad : 1;
			buffer_text(out, replacement);
		}
		text += span + bad;
		length -= span + bad;
	}
}

void tree_add_text(xmlNodePtr element, const char *text, size_t length)
{
	struct buffer clean = {0};

	if (length == 0)
		return;
	if (allowed_span(text, length) < length) {
		add_allowed(&clean, text, length);
		text = clean.data;
		length = clean.length;
	}
	xmlAddChild(element, xmlNewDocTextLen(element->doc, BAD_CAST text, (int)length));
	buffer_release(&clean);
}

/* The element that is being filled, and whether it is open for members. */
struct filling {
	xmlNodePtr root, open;
};

static bool is_plain_name(const char *key)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t length =
		strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");

	return key[0] != '\0' && strchr(letters, key[0]) != NULL && key[length] == '\0';
}

static xmlNodePtr new_member(struct filling *filling, const char *key)
{
	struct buffer clean = {0};
	xmlNodePtr node;

	if (filling->open == NULL)
		return filling->root;
	if (key == NULL || is_plain_name(key) || xmlValidateNCName(BAD_CAST key, 0) == 0) {
		node = xmlNewDocNode(
			filling->root->doc, NULL, BAD_CAST(key != NULL ? key : "item"), NULL);
	} else {
		node = xmlNewDocNode(filling->root->doc, NULL, BAD_CAST "entry", NULL);
		add_allowed(&clean, key, strlen(key));
		xmlNewProp(node, BAD_CAST "key", BAD_CAST buffer_string(&clean));
		buffer_release(&clean);
	}
	return xmlAddChild(filling->open, node);
}

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
	xmlNodePtr node = new_member(filling, key);

	if (types[type].name != NULL)
		xmlNewProp(node, BAD_CAST "type", BAD_CAST types[type].name);
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
		return tree_finish(tree);
	xmlFreeDoc(tree);
	return NULL;
}
