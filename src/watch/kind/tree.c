/* SPDX-License-Identifier: ISC
 *
 * From the bytes of a document to a tree. Its first characters decide what it
 * is: content types are wrong too often.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/decode.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "watch/kind/xml_p.h"

enum {
	TITLE_MAX = 80, /* bytes of a title in an error */
	DOCUMENT_MAX = 256 * 1024 *
		       1024, /* what libxml2 can count with an int, and far beyond any body limit */
};

static void silent(void *context, const char *message, ...)
{
	(void)context;
	(void)message;
}

static void silent_structured(void *context, reported_error error)
{
	(void)context;
	(void)error;
}

static void *resize(void *block, size_t size)
{
	return memory_resize(block, size, 1);
}

/* Without memory libxml2 would stop in the middle and return half of a tree as a whole one. */
void tree_silence(void)
{
	xmlMemSetup(free, memory_new, resize, memory_string);
	xmlSetGenericErrorFunc(NULL, silent);
	xmlSetStructuredErrorFunc(NULL, silent_structured);
}

/* Where bytes are none of the encoding that the page declares, libxml2 ends the page. */
static bool is_undecoded(const xmlParserCtxt *parser)
{
	return parser->input != NULL && parser->input->buf != NULL &&
	       parser->input->buf->error != 0;
}

/* abridged NULL: text is the whole. */
static xmlDocPtr parse_html(const char *text, size_t length, const char *encoding,
	struct html_abridged *abridged, struct error *error)
{
	struct html_place place = {.abridged = abridged};
	htmlParserCtxtPtr parser = htmlNewParserCtxt();
	xmlDocPtr tree;

	tree_html_building(parser, &place);
	tree = htmlCtxtReadMemory(parser, text, (int)length, NULL, encoding,
		HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
	if (is_undecoded(parser) || parser->disableSAX != 0 || tree == NULL ||
		xmlDocGetRootElement(tree) == NULL) {
		error_set(error, REMEDY_PAGE, "%s",
			is_undecoded(parser)
				? "HTML with bytes that are none of the encoding that it declares"
			: parser->disableSAX != 0
				? "HTML that is nested too deeply"
				: "the document is neither JSON nor XML nor HTML");
		tree_free(tree);
		tree = NULL;
	}
	htmlFreeParserCtxt(parser);
	return tree;
}

/* NULL where a mark has not come back. */
static xmlDocPtr parse_abridged(const char *text, size_t length, const char *encoding)
{
	struct html_abridged abridged = {0};
	xmlDocPtr tree = NULL;

	if (html_abridge(text, length, &abridged))
		tree = parse_html(
			abridged.text.data, abridged.text.length, encoding, &abridged, NULL);
	if (abridged.used != abridged.count) {
		tree_free(tree);
		tree = NULL;
	}
	html_abridged_release(&abridged);
	return tree;
}

/*
 * Errors in HTML are tolerated, a part of it is not: where libxml2 gives up in the middle, as
 * with elements nested beyond its limit, it returns what it has so far.
 */
xmlDocPtr tree_parse_html(
	const char *text, size_t length, const char *encoding, struct error *error)
{
	xmlDocPtr tree = NULL;

	if (!tree_count(text, length, true, error))
		return NULL;
	tree_silence();
	if (encoding != NULL)
		tree = parse_abridged(text, length, encoding);
	return tree != NULL ? tree : parse_html(text, length, encoding, NULL, error);
}

/* Marks the parser and stops it: no entity of a document's own is ever defined, let alone expanded.
 */
static void refuse_entity(void *context, const xmlChar *name, int type, const xmlChar *public_id,
	const xmlChar *system_id, xmlChar *content)
{
	xmlParserCtxtPtr parser = context;

	(void)name;
	(void)type;
	(void)public_id;
	(void)system_id;
	(void)content;
	parser->_private = parser;
	xmlStopParser(parser);
}

/* The node after this one in document order, without recursion. */
static xmlNodePtr following(xmlNodePtr node)
{
	if (node->children != NULL && node->type == XML_ELEMENT_NODE)
		return node->children;
	while (node != NULL && node->next == NULL)
		node = node->parent;
	return node != NULL ? node->next : NULL;
}

static void xml_error(xmlParserCtxtPtr parser, struct error *error)
{
	const char *said =
		parser->lastError.message != NULL ? parser->lastError.message : "no document";
	char *message = text_collapse(said, strlen(said), ERROR_TEXT_MAX);

	if (parser->_private != NULL)
		error_set(error, REMEDY_PAGE, "XML that declares entities of its own is not read");
	else
		error_set(error, REMEDY_PAGE, "not XML: line %d: %s", parser->lastError.line,
			message);
	free(message);
}

xmlDocPtr tree_parse_xml(const char *text, size_t length, const char *encoding, struct error *error)
{
	xmlParserCtxtPtr parser;
	xmlDocPtr tree;

	if (!tree_count(text, length, false, error))
		return NULL;
	tree_silence();
	parser = xmlNewParserCtxt();
	parser->sax->entityDecl = refuse_entity;
	tree = xmlCtxtReadMemory(parser, text, (int)length, NULL, encoding,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA |
			XML_PARSE_COMPACT | (encoding != NULL ? XML_PARSE_IGNORE_ENC : 0));
	if (tree == NULL || parser->_private != NULL) {
		xml_error(parser, error);
		xmlFreeDoc(tree);
		tree = NULL;
	}
	xmlFreeParserCtxt(parser);
	if (tree == NULL)
		return NULL;
	for (xmlNodePtr node = xmlDocGetRootElement(tree); node != NULL; node = following(node)) {
		/* A path has no name for the default namespace. */
		if (node->type == XML_ELEMENT_NODE && node->ns != NULL && node->ns->prefix == NULL)
			node->ns = NULL;
		/* A text would lack what it stands for. */
		if (node->type == XML_ENTITY_REF_NODE) {
			error_set(error, REMEDY_PAGE,
				"XML with an entity that nothing there declares, \"&%.40s;\"",
				node->name);
			xmlFreeDoc(tree);
			return NULL;
		}
	}
	xmlXPathOrderDocElems(tree); /* without it sorting is slow */
	return tree;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n\f\v");
}

/* An XML declaration may stand before an HTML doctype; comments may stand between. */
static bool is_xml(const char *text)
{
	if (text_starts(text, "<rss") || text_starts(text, "<feed"))
		return true;
	if (!text_starts(text, "<?xml"))
		return false;
	while (text_starts(text, "<?") || text_starts(text, "<!--")) {
		bool comment = text_starts(text, "<!--");
		const char *end = strstr(text, comment ? "-->" : "?>");

		if (end == NULL)
			return true;
		text = skip_blanks(end + (comment ? 3 : 2));
	}
	return strncasecmp(text, "<!doctype html", strlen("<!doctype html")) != 0;
}

/* JSONP: the text between the first bracket and the last one of name(…). NULL where there is no
 * call.
 */
static const char *call_argument(const char *text, size_t length, size_t *argument_length)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$.";
	size_t name = strspn(text, letters);
	const char *open = skip_blanks(text + name), *argument, *end = text + length;

	if (name == 0 || *open != '(')
		return NULL;
	argument = skip_blanks(open + 1);
	while (end > argument && *end != ')')
		end--;
	if (end == argument || (*argument != '{' && *argument != '['))
		return NULL;
	*argument_length = (size_t)(end - argument);
	return argument;
}

/* The JSON in a text that begins with a bracket or is a call; NULL where it is neither. */
static const char *json_in(const char *first, size_t length, size_t *json_length)
{
	*json_length = length;
	return *first == '{' || *first == '[' ? first : call_argument(first, length, json_length);
}

enum document_form tree_form(const char *bytes, size_t length)
{
	struct buffer text = {.maximum = DOCUMENT_MAX};
	enum document_form form = DOCUMENT_HTML;
	const char *first;
	size_t json_length;

	decode_document(bytes, length, &text);
	first = skip_blanks(buffer_string(&text));
	if (json_in(first, strlen(first), &json_length) != NULL)
		form = DOCUMENT_JSON;
	else if (is_xml(first))
		form = DOCUMENT_XML;
	buffer_release(&text);
	return form;
}

xmlDocPtr tree_parse(const char *bytes, size_t length, struct error *error)
{
	struct buffer text = {.maximum = DOCUMENT_MAX};
	bool utf8 = decode_document(bytes, length, &text);
	const char *first = skip_blanks(buffer_string(&text)), *json;
	const char *encoding = utf8 ? "UTF-8" : NULL;
	size_t left = text.length - (size_t)(first - buffer_string(&text)), json_length;
	xmlDocPtr tree = NULL;

	if (text.overflowed)
		error_set(error, REMEDY_PAGE, "the document is longer than %d bytes", DOCUMENT_MAX);
	else if (left == 0)
		error_set(error, REMEDY_PAGE, "the document is empty");
	else if ((json = json_in(first, left, &json_length)) != NULL)
		tree = tree_parse_json(json, json_length, false, error);
	else if (is_xml(first))
		tree = tree_parse_xml(first, left, encoding, error);
	else
		tree = tree_parse_html(first, left, encoding, error);
	buffer_release(&text);
	return tree;
}

char *tree_describe(xmlDocPtr tree)
{
	xmlNodePtr root = tree != NULL ? xmlDocGetRootElement(tree) : NULL, title = root;
	xmlChar *content;
	char *name, *described;

	if (root == NULL)
		return memory_string("empty");
	if (tree->type != XML_HTML_DOCUMENT_NODE)
		return xmlStrEqual(root->name, BAD_CAST "json")
			       ? memory_string("JSON")
			       : memory_format("XML, <%.40s>", root->name);
	while (title != NULL &&
		(title->type != XML_ELEMENT_NODE || !xmlStrEqual(title->name, BAD_CAST "title")))
		title = following(title);
	content = title != NULL ? xmlNodeGetContent(title) : NULL;
	name = text_collapse(content != NULL ? (char *)content : "",
		content != NULL ? strlen((char *)content) : 0, TITLE_MAX);
	described =
		name[0] != '\0' ? memory_format("HTML titled \"%s\"", name) : memory_string("HTML");
	xmlFree(content);
	free(name);
	return described;
}
