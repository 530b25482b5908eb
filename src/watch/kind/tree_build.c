/* SPDX-License-Identifier: ISC
 *
 * Trees that are built node by node and never changed afterwards. Their nodes
 * and texts lie in a few blocks that are freed at once: allocating and freeing
 * each one would cost more than parsing JSON, and a fifth of parsing HTML.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/xml_p.h"

enum {
	BLOCK_BYTES = 32 * 1024,
	NAMES = 64, /* that are remembered; a power of two */
	ALIGNMENT = sizeof(void *),
};

struct memory_block {
	struct memory_block *next;
	max_align_t bytes[];
};

/* What hangs on a document that is built here. */
struct tree_memory {
	struct memory_block *blocks;
	char *at; /* what is free of the first block */
	size_t left;
	intptr_t elements;
	const char *names[NAMES]; /* by their hash */
	xmlNodePtr text;          /* the last that tree_take_text() has made */
	size_t text_length, text_size;
};

/* What is too large to share a block gets one of its own, and the rest of the block is lost. */
static void *take(struct tree_memory *memory, size_t size)
{
	char *taken;

	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > memory->left) {
		struct memory_block *block;

		memory->left = size > BLOCK_BYTES ? size : BLOCK_BYTES;
		block = memory_new(sizeof *block + memory->left);
		block->next = memory->blocks;
		memory->blocks = block;
		memory->at = (char *)block->bytes;
	}
	taken = memory->at;
	memory->at += size;
	memory->left -= size;
	return taken;
}

static void *take_zero(struct tree_memory *memory, size_t size)
{
	return memset(take(memory, size), 0, size);
}

static char *take_text(struct tree_memory *memory, const char *text, size_t length)
{
	char *copy = take(memory, length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

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
		size_t size = text_plain_span(text + span, length - span);

		if (size == 0) {
			size = text_character(text + span, length - span, &character);
			if (size == 0 || !allowed(character))
				break;
		}
		span += size;
	}
	return span;
}

bool tree_allows(const char *text, size_t length)
{
	return allowed_span(text, length) == length;
}

/* A copy of the text; what may not stand in a tree becomes U+FFFD. */
static char *take_allowed(struct tree_memory *memory, const char *text, size_t length)
{
	struct buffer clean = {0};
	char *copy;

	if (tree_allows(text, length))
		return take_text(memory, text, length);
	while (length > 0) {
		size_t span = allowed_span(text, length), bad = 0;

		buffer_add(&clean, text, span);
		if (span < length) {
			bad = text_character(text + span, length - span, NULL);
			bad = bad > 0 ? bad : 1;
			buffer_text(&clean, "\xef\xbf\xbd");
		}
		text += span + bad;
		length -= span + bad;
	}
	copy = take_text(memory, clean.data, clean.length);
	buffer_release(&clean);
	return copy;
}

/* The first letter tells many at once: a span of so many letters is slow to begin. */
static bool is_plain_name(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	if (name[0] == '\0' || strchr(first, name[0]) == NULL)
		return false;
	return name[strspn(name, letters)] == '\0';
}

/* The name in the tree's memory; NULL where it is not any name that will do, and no element may
 * have it. */
static const char *take_name(struct tree_memory *memory, const char *name, bool any)
{
	const char **known;
	size_t hash = 0;

	for (const char *at = name; *at != '\0'; at++)
		hash = hash * 31 + (unsigned char)*at;
	known = &memory->names[hash % NAMES];
	if (*known != NULL && strcmp(*known, name) == 0)
		return *known;
	if (!any && !is_plain_name(name) && xmlValidateNCName(BAD_CAST name, 0) != 0)
		return NULL;
	*known = take_text(memory, name, strlen(name));
	return *known;
}

static xmlNodePtr append(xmlNodePtr parent, xmlNodePtr node)
{
	node->doc = parent->doc;
	node->parent = parent;
	node->prev = parent->last;
	if (parent->last != NULL)
		parent->last->next = node;
	else
		parent->children = node;
	parent->last = node;
	return node;
}

/* Elements are numbered in their order, as xmlXPathOrderDocElems() does it. */
static xmlNodePtr add_element(struct tree_memory *memory, xmlNodePtr parent, const char *name)
{
	xmlNodePtr node = take_zero(memory, sizeof *node);

	node->type = XML_ELEMENT_NODE;
	node->name = BAD_CAST name;
	node->content = (xmlChar *)-++memory->elements;
	return append(parent, node);
}

/* node is new, all zero. */
static xmlNodePtr fill(
	xmlNodePtr node, xmlNodePtr parent, xmlElementType type, const char *name, char *content)
{
	node->type = type;
	node->name = BAD_CAST name;
	node->content = (xmlChar *)content;
	return append(parent, node);
}

static xmlNodePtr add_node(struct tree_memory *memory, xmlNodePtr parent, xmlElementType type,
	const char *name, char *content)
{
	return fill(take_zero(memory, sizeof(xmlNode)), parent, type, name, content);
}

static struct tree_memory *memory_of(xmlNodePtr node)
{
	return node->doc->_private;
}

xmlNodePtr tree_add_element(xmlNodePtr parent, const char *name)
{
	struct tree_memory *memory = memory_of(parent);
	const char *taken = take_name(memory, name, false);
	xmlNodePtr node = add_element(memory, parent, taken != NULL ? taken : "entry");

	if (taken == NULL)
		tree_add_attribute(node, "key", name);
	return node;
}

void tree_add_text(xmlNodePtr element, const char *text, size_t length)
{
	struct tree_memory *memory = memory_of(element);

	if (length > 0)
		add_node(
			memory, element, XML_TEXT_NODE, "text", take_allowed(memory, text, length));
}

/* An attribute, and the text that is its value. */
struct attribute {
	xmlAttr attribute;
	xmlNode text;
};

/* text NULL: it has no value. */
static xmlAttrPtr add_attribute(
	struct tree_memory *memory, xmlNodePtr element, const char *name, char *text)
{
	struct attribute *both = take_zero(memory, sizeof *both);
	xmlAttrPtr attribute = &both->attribute, *last = &element->properties;

	attribute->type = XML_ATTRIBUTE_NODE;
	attribute->name = BAD_CAST name;
	attribute->doc = element->doc;
	attribute->parent = element;
	for (; *last != NULL; last = &(*last)->next)
		attribute->prev = *last;
	*last = attribute;
	if (text != NULL)
		fill(&both->text, (xmlNodePtr)attribute, XML_TEXT_NODE, "text", text);
	return attribute;
}

void tree_add_attribute(xmlNodePtr element, const char *name, const char *value)
{
	struct tree_memory *memory = memory_of(element);

	add_attribute(memory, element, name, take_allowed(memory, value, strlen(value)));
}

void tree_hold(xmlDocPtr tree)
{
	tree->_private = memory_zero(1, sizeof(struct tree_memory));
}

xmlNodePtr tree_take_element(xmlNodePtr parent, const char *name)
{
	struct tree_memory *memory = memory_of(parent);

	return add_element(memory, parent, take_name(memory, name, true));
}

xmlAttrPtr tree_take_attribute(
	xmlNodePtr element, const char *name, const char *value, size_t length)
{
	struct tree_memory *memory = memory_of(element);
	char *text = value != NULL ? take_text(memory, value, length) : NULL;

	return add_attribute(memory, element, take_name(memory, name, true), text);
}

void tree_take_node(xmlNodePtr parent, xmlElementType type, const char *name, const char *content)
{
	struct tree_memory *memory = memory_of(parent);
	char *text = content != NULL ? take_text(memory, content, strlen(content)) : NULL;

	add_node(memory, parent, type, take_name(memory, name, true), text);
}

/* A parser hands a long text, and one with character references, in many pieces. */
void tree_take_text(xmlNodePtr element, xmlElementType type, const char *text, size_t length)
{
	struct tree_memory *memory = memory_of(element);
	xmlNodePtr last = element->last;

	if (last == NULL || last != memory->text || last->type != type) {
		memory->text = add_node(memory, element, type,
			type == XML_TEXT_NODE ? "text" : NULL, take_text(memory, text, length));
		memory->text_length = length;
		memory->text_size = length + 1;
		return;
	}
	if (length >= memory->text_size - memory->text_length) {
		char *longer;

		memory->text_size = 2 * (memory->text_length + length + 1);
		longer = take(memory, memory->text_size);
		memcpy(longer, last->content, memory->text_length);
		last->content = (xmlChar *)longer;
	}
	memcpy(last->content + memory->text_length, text, length);
	memory->text_length += length;
	last->content[memory->text_length] = '\0';
}

xmlDocPtr tree_new(const char *root)
{
	xmlDocPtr tree = xmlNewDoc(BAD_CAST "1.0");

	tree_hold(tree);
	add_element(memory_of((xmlNodePtr)tree), (xmlNodePtr)tree, root);
	return tree;
}

/* A document type is libxml2's own, and its neighbours are ours. */
void tree_free(xmlDocPtr tree)
{
	struct tree_memory *memory = tree != NULL ? tree->_private : NULL;
	struct memory_block *block, *next;

	if (memory != NULL)
		tree->children = tree->last = NULL;
	xmlFreeDoc(tree);
	for (block = memory != NULL ? memory->blocks : NULL; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(memory);
}
