/* SPDX-License-Identifier: ISC
 *
 * HTML as a tree of tree_build.c: what libxml2's parser of HTML calls in place of its own functions
 * (SAX2.c there), which allocate four times for each attribute. Where elements stand and
 * what they are called is as in libxml2 2.9, whatever the version: kinds are written for that.
 *
 * The parser is not told which element is open (its "node"): it would look at what is in there for
 * each text of blanks, and act on it only for such as are dropped, which we have it keep.
 */
#include <string.h>

#include "watch/kind/xml_p.h"

enum { DEPTH_MAX = 256 /* of elements: libxml2's own limit */ };

static void start_document(void *context)
{
	htmlParserCtxtPtr parser = context;

	xmlSAX2StartDocument(parser);
	tree_hold(parser->myDoc);
}

/* What is added next goes there. After the root's end, elements go on in the root; libxml2 2.14
 * would make another. */
static xmlNodePtr open_element(htmlParserCtxtPtr parser)
{
	const struct html_place *place = parser->_private;
	xmlNodePtr first = parser->myDoc->children;

	if (place->open != NULL)
		return place->open;
	return first != NULL && first->type == XML_ELEMENT_NODE ? first : (xmlNodePtr)parser->myDoc;
}

static void add_attribute(htmlParserCtxtPtr parser, xmlNodePtr element, const xmlChar *name,
	const char *value, size_t length)
{
	xmlAttrPtr attribute = tree_take_attribute(element, (const char *)name, value, length);

	if (value != NULL && xmlIsID(parser->myDoc, element, attribute))
		xmlAddID(NULL, parser->myDoc, attribute->children->content, attribute);
}

static bool has_attribute(const xmlNode *element, const char *name)
{
	for (const xmlAttr *attribute = element->properties; attribute != NULL;
		attribute = attribute->next)
		if (strcmp((const char *)attribute->name, name) == 0)
			return true;
	return false;
}

/* What a mark stands for. Of several attributes of one name the first counts. */
static void restore_attributes(htmlParserCtxtPtr parser, xmlNodePtr element)
{
	const struct html_place *place = parser->_private;
	struct html_cut cut = html_cut_next(place->abridged);
	struct html_attribute attribute;
	const char *at = cut.text, *end = cut.text + cut.length;

	while (html_attribute_next(&at, end, &attribute)) {
		char name[HTML_NAME_MAX + 1];

		memcpy(name, attribute.name, attribute.name_length);
		name[attribute.name_length] = '\0';
		if (!has_attribute(element, name))
			add_attribute(parser, element, BAD_CAST name, attribute.value,
				attribute.value_length);
	}
}

static bool is_mark(const struct html_place *place, const xmlChar *text, size_t length)
{
	return place->abridged != NULL && length == strlen(HTML_MARK) &&
	       memcmp(text, HTML_MARK, length) == 0;
}

/* An attribute without a value has its name for one where HTML knows it as such. */
static void add_attributes(htmlParserCtxtPtr parser, xmlNodePtr element, const xmlChar **attributes)
{
	for (; attributes != NULL && attributes[0] != NULL; attributes += 2) {
		const xmlChar *name = attributes[0], *value = attributes[1];

		if (value == NULL && is_mark(parser->_private, name, strlen((const char *)name))) {
			restore_attributes(parser, element);
			continue;
		}
		if (value == NULL && htmlIsBooleanAttr(name))
			value = name;
		add_attribute(parser, element, name, (const char *)value,
			value != NULL ? strlen((const char *)value) : 0);
	}
}

/* The name is what follows its prefix; libxml2 2.14 would keep that. */
static xmlNodePtr add_element(htmlParserCtxtPtr parser, const xmlChar *name)
{
	xmlChar *prefix = NULL, *local = NULL;
	xmlNodePtr element;

	if (strchr((const char *)name, ':') != NULL)
		local = xmlSplitQName(parser, name, &prefix);
	element = tree_take_element(
		open_element(parser), (const char *)(local != NULL ? local : name));
	xmlFree(prefix);
	xmlFree(local);
	return element;
}

static void start_element(void *context, const xmlChar *name, const xmlChar **attributes)
{
	htmlParserCtxtPtr parser = context;
	struct html_place *place = parser->_private;

	if (place->depth > DEPTH_MAX) {
		xmlStopParser(parser);
		return;
	}
	place->open = add_element(parser, name);
	place->depth++;
	add_attributes(parser, place->open, attributes);
}

/* After the root's end none is open, though the next one's parent is the root. */
static void end_element(void *context, const xmlChar *name)
{
	htmlParserCtxtPtr parser = context;
	struct html_place *place = parser->_private;

	(void)name;
	if (place->depth > 0)
		place->depth--;
	place->open = place->depth > 0 ? place->open->parent : NULL;
}

static void add_text(htmlParserCtxtPtr parser, xmlElementType type, const xmlChar *text, int length)
{
	const struct html_place *place = parser->_private;

	if (place->open != NULL)
		tree_take_text(place->open, type, (const char *)text, (size_t)length);
}

static void characters(void *context, const xmlChar *text, int length)
{
	add_text(context, XML_TEXT_NODE, text, length);
}

static void cdata_block(void *context, const xmlChar *text, int length)
{
	htmlParserCtxtPtr parser = context;
	const struct html_place *place = parser->_private;

	if (is_mark(place, text, (size_t)length)) {
		struct html_cut cut = html_cut_next(place->abridged);

		add_text(parser, XML_CDATA_SECTION_NODE, BAD_CAST cut.text, (int)cut.length);
	} else {
		add_text(parser, XML_CDATA_SECTION_NODE, text, length);
	}
}

static void add_node(
	htmlParserCtxtPtr parser, xmlElementType type, const char *name, const xmlChar *content)
{
	const struct html_place *place = parser->_private;
	xmlNodePtr parent = place->open != NULL ? place->open : (xmlNodePtr)parser->myDoc;

	tree_take_node(parent, type, name, (const char *)content);
}

static void comment(void *context, const xmlChar *text)
{
	add_node(context, XML_COMMENT_NODE, "comment", text);
}

static void processing_instruction(void *context, const xmlChar *target, const xmlChar *text)
{
	add_node(context, XML_PI_NODE, (const char *)target, text);
}

void tree_html_building(htmlParserCtxtPtr parser, struct html_place *place)
{
	parser->_private = place;
	parser->sax->startDocument = start_document;
	parser->sax->startElement = start_element;
	parser->sax->endElement = end_element;
	parser->sax->characters = characters;
	parser->sax->cdataBlock = cdata_block;
	parser->sax->comment = comment;
	parser->sax->processingInstruction = processing_instruction;
}
