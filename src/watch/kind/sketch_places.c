/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/sketch_p.h"

enum {
	CLASSES_MAX = 4, /* of one element that a path may go by */
	NAME_MAX_BYTES = 64,
	SISTERS_MAX = 1000, /* that are counted, of one element */
	ALIKE_MAX = 50,     /* members of an object that are compared, and keys of each */
};

/* What needs no quoting, in an XPath or in a regular expression. */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* A word may be a part of a text: what stands between start and end, either NULL for its own. */
static const struct part {
	const char *start, *end;
	const char *xpath; /* with the place for %s */
} parts[] = {
	{NULL, NULL, "%s"},
	{": ", NULL, "substring-after(%s, \": \")"},
	{NULL, ": ", "substring-before(%s, \": \")"},
	{" - ", NULL, "substring-after(%s, \" - \")"},
	{NULL, " - ", "substring-before(%s, \" - \")"},
	{"[", "]", "substring-before(substring-after(%s, \"[\"), \"]\")"},
	{"] ", NULL, "substring-after(%s, \"] \")"},
	{"<b>Status: ", "</b>", "substring-after(parse-html(%s)//b, \"Status: \")"},
	{"<strong>", "</strong>", "parse-html(%s)//*[self::strong or self::b]"},
	{"<b>", "</b>", "parse-html(%s)//*[self::strong or self::b]"},
};

enum { PART_COUNT = sizeof parts / sizeof parts[0], MARKUP = 7 /* the first part in markup */ };

xmlNodePtr sketch_following(xmlNodePtr node, xmlNodePtr top)
{
	if (node->children != NULL && node->type == XML_ELEMENT_NODE)
		return node->children;
	while (node != top && node->next == NULL)
		node = node->parent;
	return node != top ? node->next : NULL;
}

/* The part of the text; NULL where it has none. Owned by the caller. */
static char *part_of(const char *text, size_t place)
{
	const struct part *part = &parts[place];
	const char *start = part->start != NULL ? strstr(text, part->start) : text, *end;

	if (start == NULL)
		return NULL;
	start += part->start != NULL ? strlen(part->start) : 0;
	end = part->end != NULL ? strstr(start, part->end) : start + strlen(start);
	return end != NULL && (place >= MARKUP || end - start <= SKETCH_SAY_MAX)
		       ? text_collapse(start, (size_t)(end - start), SKETCH_SAY_MAX)
		       : NULL;
}

static bool is_html(const xmlNode *node)
{
	return node->doc->type == XML_HTML_DOCUMENT_NODE;
}

static bool is_json(const xmlNode *node)
{
	return xmlStrEqual(xmlDocGetRootElement(node->doc)->name, BAD_CAST "json");
}

/* Whether it can be a step of a path as it is called: not a key that is no name, nor what has a
 * prefix or sets text. */
static bool is_step(const xmlNode *node)
{
	return node->type == XML_ELEMENT_NODE && node->ns == NULL &&
	       !xmlStrEqual(node->name, BAD_CAST "entry") &&
	       strlen((const char *)node->name) <= NAME_MAX_BYTES;
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

		if (strlen(word) <= NAME_MAX_BYTES && word[strspn(word, NAME_CHARACTERS)] == '\0' &&
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

	if (!is_html(node))
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
		char *step = depth < SKETCH_DEPTH && is_step(node) ? step_of(node) : NULL;
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

/* Adds the XPaths of what has a class of the node: axis is "//", or ".//" from a row. */
static void add_by_class(
	xmlNodePtr node, const char *axis, const struct known_words *known, struct text_list *to)
{
	struct text_list classes = {0};

	if (is_html(node))
		add_names(node, "class", known, &classes);
	for (size_t i = 0; i < classes.count; i++) {
		char *xpath = memory_format(
			"%s%s[contains-token(@class, \"%s\")]", axis, node->name, classes.list[i]);

		text_list_add(to, xpath);
		free(xpath);
	}
	text_list_release(&classes);
}

/* Adds the ways to the node from the row: by a class (by_class: those of the node), by its place.
 */
static void add_ways(
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

static bool is_catalogue(const xmlNode *object)
{
	return has_like_members(object) ||
	       (is_json(object) &&
		       (is_map(object) || is_map_of_maps(object) || is_map_of_one(object)));
}

/* The path of all rows like this one in XML and JSON, from the root. */
static char *plain_rows(xmlNodePtr row)
{
	char *path = memory_string("");
	size_t depth = 0;

	for (xmlNodePtr node = row; node->type == XML_ELEMENT_NODE; node = node->parent) {
		bool any = node->parent->type == XML_ELEMENT_NODE && is_catalogue(node->parent);
		char *longer;

		if (depth++ == SKETCH_DEPTH || (!any && !is_step(node) && !is_atom_entry(node))) {
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
		add_by_class(node, "//", known, &by_class);
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
		if (path[1] == '/' || depth++ == SKETCH_DEPTH)
			break;
	}
	return path;
}

/* Adds the XPaths of the rows that this one may be among. */
static void add_rows(xmlNodePtr row, const struct known_words *known, struct text_list *rows)
{
	char *path = is_html(row) ? anchored_rows(row, known) : plain_rows(row);

	add_by_class(row, "//", known, rows);
	if (path != NULL)
		text_list_add(rows, path);
	free(path);
}

static void claim_word(struct claims *claims, const char *each, const char *word, bool keyed)
{
	uintptr_t place = (uintptr_t)xmlHashLookup2(claims->places, BAD_CAST each, BAD_CAST word);

	if (place == 0 && claims->count < SKETCH_CLAIMS_MAX) {
		*(struct claim *)memory_append(
			&claims->list, &claims->count, sizeof *claims->list) = (struct claim){
			memory_string(each), memory_string(word), .place = claims->count};
		place = claims->count;
		xmlHashAddEntry2(claims->places, BAD_CAST each, BAD_CAST word, (void *)place);
	}
	if (place == 0)
		return;
	claims->list[place - 1].words++;
	claims->list[place - 1].keyed |= keyed;
}

/* In place of an attribute: what stands in the element beside its elements. */
static const char own_text[] = "text()[normalize-space()]";

/* The XPath with the place put in for its %s. Owned by the caller. */
static char *put_in(const char *xpath, const char *way, const char *attribute)
{
	const char *hole = strstr(xpath, "%s");
	bool here = strcmp(way, ".") == 0 && attribute != NULL;

	return memory_format("%.*s%s%s%s%s%s", (int)(hole - xpath), xpath, here ? "" : way,
		here || attribute == NULL ? "" : "/",
		attribute == NULL || attribute == own_text ? "" : "@",
		attribute != NULL ? attribute : "", hole + strlen("%s"));
}

/* A word stands in the node, or in its attribute: each element above may be its row. keyed: it is
 * one by its key. */
static void claim_rows(struct claims *claims, xmlNodePtr node, const char *attribute,
	const char *xpath, bool keyed, const struct known_words *known)
{
	struct text_list by_class = {0};
	xmlNodePtr row = node;

	add_by_class(node, ".//", known, &by_class);
	for (size_t climb = 0; climb < SKETCH_CLIMB && row->type == XML_ELEMENT_NODE;
		climb++, row = row->parent) {
		struct text_list rows = {0}, ways = {0};

		add_rows(row, known, &rows);
		add_ways(row, node, &by_class, &ways);
		for (size_t i = 0; i < rows.count * ways.count; i++) {
			const char *each = rows.list[i / ways.count];
			char *word = put_in(xpath, ways.list[i % ways.count], attribute);

			/* where any key will do, it is a name, and none for states */
			claim_word(claims, each, word,
				keyed && (row != node || !text_ends(each, "/*")));
			free(word);
		}
		text_list_release(&rows);
		text_list_release(&ways);
	}
	text_list_release(&by_class);
}

/* A text of the node: that of its attribute, own_text, or (NULL) all of it. False ends the walk. */
typedef bool visit_text(void *context, xmlNodePtr node, const char *attribute, const char *text);

/* The first text in the node that is not in an element there. */
static xmlNodePtr text_in(const xmlNode *node)
{
	for (xmlNodePtr child = node->children; child != NULL; child = child->next)
		if (child->type == XML_TEXT_NODE && !xmlIsBlankNode(child))
			return child;
	return NULL;
}

static bool visit_attributes(xmlNodePtr node, visit_text *visit, void *context)
{
	bool on = true;

	for (xmlAttrPtr at = node->properties; on && at != NULL; at = at->next) {
		const char *name = (const char *)at->name;
		xmlChar *owned = NULL;
		const char *text;

		/* Those of a tree that is made of JSON are none of the page's. */
		if (at->ns != NULL || is_json(node))
			continue;
		text = node_string((xmlNodePtr)at, &owned);
		if (strlen(text) <= SKETCH_SAY_MAX && strlen(name) <= NAME_MAX_BYTES)
			on = visit(context, node, name, text);
		xmlFree(owned);
	}
	return on;
}

/* All texts of and in top, in document order. */
static void visit_texts(xmlNodePtr top, visit_text *visit, void *context)
{
	bool on = true;

	for (xmlNodePtr node = top; on && node != NULL; node = sketch_following(node, top)) {
		xmlNodePtr text = node->type == XML_ELEMENT_NODE ? text_in(node) : NULL;
		xmlChar *owned = NULL;

		on = node->type != XML_ELEMENT_NODE || visit_attributes(node, visit, context);
		if (on && text != NULL)
			on = visit(context, node, NULL, node_string(node, &owned));
		if (on && text != NULL && (text->prev != NULL || text->next != NULL))
			on = visit(context, node, own_text, (const char *)text->content);
		xmlFree(owned);
	}
}

struct finding {
	struct claims *claims;
	const struct known_words *known;
	size_t words;
};

/* What style sheets call weights and widths. */
static bool is_style(const char *word)
{
	static const char *const words[] = {"medium", "normal", "limited", "open", "info", "none"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

/* "status-green": the state is what follows the last hyphen. */
static void find_in_class(struct finding *finding, xmlNodePtr node, const char *text)
{
	struct text_list classes = {0};

	text_list_add_words(&classes, text);
	for (size_t i = 0; i < classes.count; i++) {
		const char *name = classes.list[i], *end = strrchr(name, '-');
		char *xpath;

		if (end == NULL || is_style(end + 1) ||
			known_words_find(finding->known, end + 1, NULL) == WORD_NEW ||
			name[strspn(name, NAME_CHARACTERS)] != '\0')
			continue;
		xpath = memory_format(
			"replace(%%s, \"^(.* )?%.*s([A-Za-z_]+)( .*)?$|^.*$\", \"$2\")",
			(int)(end + 1 - name), name);
		claim_rows(finding->claims, node, "class", xpath, false, finding->known);
		finding->words++;
		free(xpath);
	}
	text_list_release(&classes);
}

/* A key under which a state stands, in whatever words. */
static bool is_state_key(const char *name)
{
	static const char *const keys[] = {"*status*", "*state", "*health*", "*severity*",
		"condition", "availability", "available", "ok", "up", "online", "is_up", "isUp",
		"is_online", "isOnline"};

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (text_matches(name, keys[i], true))
			return true;
	return false;
}

/* Whether a state stands there by its key: <status>up</status>, <mail status="up"/>, and of what is
 * called so the attribute in words, <Status ID="GS" Description="Good Service"/>. */
static bool is_keyed(const xmlNode *node, const char *attribute)
{
	static const char *const wording[] = {
		"*description", "*text", "*value", "*label", "name", "title"};
	const char *name = (const char *)node->name;

	if (attribute == own_text)
		return false;
	if (attribute == NULL || is_state_key(attribute))
		return is_state_key(attribute != NULL ? attribute : name);
	for (size_t i = 0; i < sizeof wording / sizeof wording[0]; i++)
		if (text_matches(attribute, wording[i], true))
			return is_state_key(name);
	return false;
}

static bool find_word(void *context, xmlNodePtr node, const char *attribute, const char *text)
{
	struct finding *finding = context;
	bool class = attribute != NULL && strcmp(attribute, "class") == 0 && is_html(node);
	bool keyed = is_keyed(node, attribute) && sketch_is_word(text);

	for (size_t i = 0; i < PART_COUNT && !class; i++) {
		char *word = part_of(text, i);

		if (word != NULL &&
			(known_words_find(finding->known, word, NULL) != WORD_NEW || keyed)) {
			claim_rows(finding->claims, node, attribute, parts[i].xpath, keyed,
				finding->known);
			finding->words++;
		}
		free(word);
		keyed = false; /* it is the whole text */
	}
	if (class)
		find_in_class(finding, node, text);
	return finding->words < SKETCH_WORDS_MAX;
}

static int by_words(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;

	if (a->words != b->words)
		return a->words > b->words ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

void claims_find(xmlDocPtr tree, const struct known_words *known, struct claims *claims)
{
	struct finding finding = {claims, known, 0};

	claims->places = xmlHashCreate(0);
	visit_texts(xmlDocGetRootElement(tree), find_word, &finding);
	xmlHashFree(claims->places, NULL);
	claims->places = NULL;
	if (claims->count > 0)
		qsort(claims->list, claims->count, sizeof *claims->list, by_words);
}

void claims_release(struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		free(claims->list[i].each);
		free(claims->list[i].word);
	}
	free(claims->list);
	*claims = (struct claims){0};
}

struct gathering {
	xmlNodePtr row;
	const struct known_words *known;
	struct text_list *places;
};

static bool gather_places(void *context, xmlNodePtr node, const char *attribute, const char *text)
{
	struct gathering *gathering = context;
	struct text_list by_class = {0}, ways = {0};

	add_by_class(node, ".//", gathering->known, &by_class);
	add_ways(gathering->row, node, &by_class, &ways);
	for (size_t i = 0; i < MARKUP; i++) {
		char *part = part_of(text, i);

		for (size_t j = 0; part != NULL && j < ways.count; j++) {
			char *place = put_in(parts[i].xpath, ways.list[j], attribute);

			if (gathering->places->count < SKETCH_NAMES_MAX &&
				!text_list_has(gathering->places, place))
				text_list_add(gathering->places, place);
			free(place);
		}
		free(part);
	}
	text_list_release(&by_class);
	text_list_release(&ways);
	return gathering->places->count < SKETCH_NAMES_MAX;
}

void row_places(xmlNodePtr row, const struct known_words *known, struct text_list *places)
{
	struct gathering gathering = {row, known, places};

	visit_texts(row, gather_places, &gathering);
	if (is_json(row) && row->parent->type == XML_ELEMENT_NODE && is_catalogue(row->parent))
		text_list_add(places, SKETCH_KEY);
}
