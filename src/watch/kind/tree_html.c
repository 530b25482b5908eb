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

/* An attribute without a value has its name for one where HTML knows it as such. */
static void add_attribute(
	htmlParserCtxtPtr parser, xmlNodePtr element, const xmlChar *name, const xmlChar *value)
{
	xmlAttrPtr attribute;

	if (value == NULL && htmlIsBooleanAttr(name))
		value = name;
	attribute = tree_take_attribute(element, (const char *)name, (const char *)value);
	if (xmlIsID(parser->myDoc, element, attribute))
		xmlAddID(NULL, parser->myDoc, value, attribute);
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
	for (; attributes != NULL && attributes[0] != NULL; attributes += 2)
		add_attribute(parser, place->open, attributes[0], attributes[1]);
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
	add_text(context, XML_CDATA_SECTION_NODE, text, length);
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
