/* SPDX-License-Identifier: ISC */
#include "watch/kind/sketch_claims.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/sketch_page.h"
#include "watch/kind/sketch_paths.h"

enum {
	WORDS_MAX = 5000,   /* known words of a page that are followed up */
	CLAIMS_MAX = 20000, /* different claims */
	CLIMB_MAX = 6,      /* levels from a word up to its row */
	TEXT_MAX = 200, /* bytes of a text in which a word is looked for; longer ones are prose */
};

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

/* The node after this one in document order within top. */
static xmlNodePtr following(xmlNodePtr node, xmlNodePtr top)
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
	return end != NULL && (place >= MARKUP || end - start <= TEXT_MAX)
		       ? text_collapse(start, (size_t)(end - start), TEXT_MAX)
		       : NULL;
}

static void claim_word(struct claims *claims, const char *each, const char *word, bool keyed)
{
	uintptr_t place = (uintptr_t)xmlHashLookup2(claims->places, BAD_CAST each, BAD_CAST word);

	if (place == 0 && claims->count < CLAIMS_MAX) {
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

	sketch_by_class(node, ".//", known, &by_class);
	for (size_t climb = 0; climb < CLIMB_MAX && row->type == XML_ELEMENT_NODE;
		climb++, row = row->parent) {
		struct text_list rows = {0}, ways = {0};

		sketch_rows(row, known, &rows);
		sketch_ways(row, node, &by_class, &ways);
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
		if (at->ns != NULL || sketch_is_json(node))
			continue;
		text = node_string((xmlNodePtr)at, &owned);
		if (strlen(text) <= TEXT_MAX && strlen(name) <= SKETCH_NAME_MAX)
			on = visit(context, node, name, text);
		xmlFree(owned);
	}
	return on;
}

/* All texts of and in top, in document order. */
static void visit_texts(xmlNodePtr top, visit_text *visit, void *context)
{
	bool on = true;

	for (xmlNodePtr node = top; on && node != NULL; node = following(node, top)) {
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
			name[strspn(name, SKETCH_NAME_CHARACTERS)] != '\0')
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
	bool class = attribute != NULL && strcmp(attribute, "class") == 0 && sketch_is_html(node);
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
	return finding->words < WORDS_MAX;
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

	sketch_by_class(node, ".//", gathering->known, &by_class);
	sketch_ways(gathering->row, node, &by_class, &ways);
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
	if (sketch_is_json(row) && row->parent->type == XML_ELEMENT_NODE &&
		sketch_is_catalogue(row->parent))
		text_list_add(places, SKETCH_KEY);
}
