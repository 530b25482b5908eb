/* SPDX-License-Identifier: ISC
 *
 * The functions of kinds that XPath 1.0 does not have. Those that XPath 3.1 has too have its
 * names.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/text.h"
#include "base/yaml.h"
#include "model/reading.h"
#include "base/regex.h"
#include "watch/kind/xml_p.h"

enum { ARGUMENTS_MAX = 4 };

/* The arguments of a call as strings, the missing ones "". */
struct arguments {
	char *list[ARGUMENTS_MAX]; /* owned */
	size_t length;             /* of the first one, bytes */
};

static bool take_arguments(xmlXPathParserContextPtr parser, int given, int least, int most,
	struct arguments *arguments)
{
	*arguments = (struct arguments){0};
	if (given < least || given > most) {
		xmlXPathSetError(parser, XPATH_INVALID_ARITY);
		return false;
	}
	for (int i = given; i < ARGUMENTS_MAX; i++)
		arguments->list[i] = (char *)xmlStrdup(BAD_CAST "");
	for (int i = given - 1; i >= 0; i--)
		arguments->list[i] = (char *)xmlXPathPopString(parser);
	if (parser->error != XPATH_EXPRESSION_OK)
		return false;
	arguments->length = strlen(arguments->list[0]);
	return true;
}

static void release_arguments(struct arguments *arguments)
{
	for (int i = 0; i < ARGUMENTS_MAX; i++)
		xmlFree(arguments->list[i]);
}

/* The argument's nodes in document order, owned by the caller; NULL, and the expression fails,
 * where it is no set of nodes. */
static xmlXPathObjectPtr take_nodes(xmlXPathParserContextPtr parser)
{
	xmlXPathObjectPtr nodes;

	if (!xmlXPathStackIsNodeSet(parser)) {
		xmlXPathSetError(parser, XPATH_INVALID_TYPE);
		return NULL;
	}
	nodes = valuePop(parser);
	if (nodes->nodesetval != NULL)
		xmlXPathNodeSetSort(nodes->nodesetval);
	return nodes;
}

/* The result of a function that may have failed: text as a string, or the error. */
static void return_text(
	xmlXPathParserContextPtr parser, bool good, struct buffer *text, const struct error *error)
{
	if (good)
		valuePush(parser, xmlXPathNewCString(buffer_string(text)));
	else
		evaluation_fail(parser, error);
	buffer_release(text);
}

static void change_case(xmlXPathParserContextPtr parser, int given, bool upper)
{
	struct evaluation *evaluation = parser->context->userData;
	struct arguments arguments;
	struct buffer text = {0};
	struct error error;

	if (take_arguments(parser, given, 1, 1, &arguments) &&
		evaluation_charge(parser, arguments.length / BYTES_PER_OPERATION))
		return_text(parser,
			regex_case(evaluation->regexes, arguments.list[0], upper, &text, &error),
			&text, &error);
	release_arguments(&arguments);
}

static void lower_case(xmlXPathParserContextPtr parser, int given)
{
	change_case(parser, given, false);
}

static void upper_case(xmlXPathParserContextPtr parser, int given)
{
	change_case(parser, given, true);
}

static void matches(xmlXPathParserContextPtr parser, int given)
{
	struct evaluation *evaluation = parser->context->userData;
	struct arguments arguments;
	struct error error;
	bool found;

	if (take_arguments(parser, given, 2, 3, &arguments) &&
		evaluation_charge(parser, arguments.length / BYTES_PER_OPERATION)) {
		if (regex_matches(evaluation->regexes, arguments.list[0], arguments.list[1],
			    arguments.list[2], &found, &error))
			valuePush(parser, xmlXPathNewBoolean(found));
		else
			evaluation_fail(parser, &error);
	}
	release_arguments(&arguments);
}

/* Whether token stands in text between white space, as XML has it. */
static bool has_token(const char *text, const char *token, size_t length)
{
	static const char blanks[] = " \t\r\n";

	for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
		size_t span = strcspn(text, blanks);

		if (span == length && memcmp(text, token, length) == 0)
			return true;
		text += span;
	}
	return false;
}

/* Of several nodes any may have it: their texts are not copied. */
static bool any_has_token(
	xmlXPathParserContextPtr parser, const xmlXPathObject *nodes, const char *token)
{
	size_t length = strlen(token);
	bool found = false;

	for (size_t i = 0; !found && i < node_set_count(nodes); i++) {
		xmlChar *owned = NULL;
		const char *text = node_string(node_set_member(nodes, i), &owned);

		found = has_token(text, token, length);
		evaluation_charge(parser, strlen(text) / BYTES_PER_OPERATION);
		xmlFree(owned);
	}
	return found;
}

/* Kinds look with it at each element of a page, so that no text is copied and no value made anew.
 */
static void contains_token(xmlXPathParserContextPtr parser, int given)
{
	xmlXPathObjectPtr text, token;
	bool found;

	if (given != 2) {
		xmlXPathSetError(parser, XPATH_INVALID_ARITY);
		return;
	}
	token = xmlXPathConvertString(valuePop(parser));
	text = valuePop(parser);
	if (text == NULL) {
		xmlXPathSetError(parser, XPATH_INVALID_OPERAND);
		xmlXPathFreeObject(token);
		return;
	}
	if (text->type == XPATH_NODESET) {
		found = any_has_token(parser, text, (const char *)token->stringval);
	} else {
		text = xmlXPathConvertString(text);
		found = has_token((const char *)text->stringval, (const char *)token->stringval,
			strlen((const char *)token->stringval));
	}
	xmlXPathFreeObject(text);
	xmlFree(token->stringval);
	token->stringval = NULL;
	token->type = XPATH_BOOLEAN;
	token->boolval = found;
	valuePush(parser, token);
}

/* What `[. = …]` finds, without an evaluation for each node: a page may have many rows, each of
 * which names one of many groups. */
static void with_text(xmlXPathParserContextPtr parser, int given)
{
	xmlXPathObjectPtr nodes, found;
	char *text;

	if (given != 2) {
		xmlXPathSetError(parser, XPATH_INVALID_ARITY);
		return;
	}
	text = (char *)xmlXPathPopString(parser);
	if (!xmlXPathStackIsNodeSet(parser)) {
		xmlXPathSetError(parser, XPATH_INVALID_TYPE);
		xmlFree(text);
		return;
	}
	nodes = valuePop(parser);
	found = xmlXPathNewNodeSet(NULL);
	evaluation_charge(parser, node_set_count(nodes));
	for (size_t i = 0; !text_empty(text) && i < node_set_count(nodes); i++) {
		xmlChar *owned = NULL;

		if (strcmp(node_string(node_set_member(nodes, i), &owned), text) == 0)
			xmlXPathNodeSetAddUnique(found->nodesetval, node_set_member(nodes, i));
		xmlFree(owned);
	}
	valuePush(parser, found);
	xmlXPathFreeObject(nodes);
	xmlFree(text);
}

static void replace(xmlXPathParserContextPtr parser, int given)
{
	struct evaluation *evaluation = parser->context->userData;
	struct buffer text = {.maximum = TREE_PARSED_MAX};
	struct arguments arguments;
	struct error error;
	size_t count;
	bool good;

	if (take_arguments(parser, given, 3, 4, &arguments) &&
		evaluation_charge(parser, arguments.length / BYTES_PER_OPERATION)) {
		good = regex_replace(evaluation->regexes, arguments.list[0], arguments.list[1],
			arguments.list[3], arguments.list[2], &text, &count, &error);
		if (good && text.overflowed)
			good = error_set(&error, REMEDY_PAGE, "replace() gives more than %d bytes",
				TREE_PARSED_MAX);
		if (!good || evaluation_charge(parser, count))
			return_text(parser, good, &text, &error);
	}
	buffer_release(&text);
	release_arguments(&arguments);
}

static void add_token(void *context, const char *text, size_t length)
{
	xmlNodePtr tokens = context;

	tree_add_text(tree_add_element(tokens, "token"), text, length);
}

/* Without an expression, white space around the whole separates nothing. */
static void tokenize(xmlXPathParserContextPtr parser, int given)
{
	struct evaluation *evaluation = parser->context->userData;
	bool blanks = given == 1;
	const char *function = blanks ? "tokenize-blanks" : "tokenize";
	struct arguments arguments;
	struct error error;
	xmlDocPtr tree = NULL;

	if (!take_arguments(parser, given, 1, 2, &arguments)) {
		release_arguments(&arguments);
		return;
	}
	tree = evaluation_made(evaluation, function, arguments.list[1], arguments.list[0]);
	if (tree == NULL && evaluation_parse(parser, arguments.length)) {
		char *trimmed = blanks ? text_collapse(arguments.list[0], arguments.length,
						 arguments.length)
				       : NULL;

		tree = tree_new("tokens");
		if (regex_split(evaluation->regexes, blanks ? trimmed : arguments.list[0],
			    blanks ? "\\s+" : arguments.list[1], add_token,
			    xmlDocGetRootElement(tree), &error)) {
			evaluation_keep(
				evaluation, function, arguments.list[1], arguments.list[0], tree);
		} else {
			evaluation_fail(parser, &error);
			tree_free(tree);
			tree = NULL;
		}
		free(trimmed);
	}
	if (tree != NULL)
		valuePush(parser, node_children(xmlDocGetRootElement(tree)));
	release_arguments(&arguments);
}

/* Without a base, as for a page read from a file, the address stays as it is. */
static void resolve_uri(xmlXPathParserContextPtr parser, int given)
{
	struct arguments arguments;
	xmlChar *absolute;

	if (take_arguments(parser, given, 2, 2, &arguments)) {
		absolute = arguments.list[1][0] != '\0' ? xmlBuildURI(BAD_CAST arguments.list[0],
								  BAD_CAST arguments.list[1])
							: xmlStrdup(BAD_CAST arguments.list[0]);
		valuePush(parser, xmlXPathNewString(absolute));
		xmlFree(absolute);
	}
	release_arguments(&arguments);
}

/* Since 1970, as the page says it; not a number where it says no time. */
static void seconds(xmlXPathParserContextPtr parser, int given)
{
	struct arguments arguments;
	int64_t time;

	if (take_arguments(parser, given, 1, 1, &arguments)) {
		char *text = text_collapse(arguments.list[0], arguments.length, READING_FIELD_MAX);

		valuePush(parser,
			xmlXPathNewFloat(date_parse(text, &time) ? (double)time : xmlXPathNAN));
		free(text);
	}
	release_arguments(&arguments);
}

static void key(xmlXPathParserContextPtr parser, int given)
{
	xmlNodePtr node = parser->context->node;
	xmlXPathObjectPtr nodes = NULL;
	const xmlChar *name = BAD_CAST "";
	xmlChar *key = NULL;

	if (given > 1) {
		xmlXPathSetError(parser, XPATH_INVALID_ARITY);
		return;
	}
	if (given == 1) {
		nodes = take_nodes(parser);
		if (nodes == NULL)
			return;
		node = node_set_count(nodes) > 0 ? node_set_member(nodes, 0) : NULL;
	}
	if (node != NULL && node->type == XML_ELEMENT_NODE)
		name = node->name;
	if (xmlStrEqual(name, BAD_CAST "entry"))
		key = xmlGetNoNsProp(node, BAD_CAST "key");
	valuePush(parser, xmlXPathWrapString(key != NULL ? key : xmlStrdup(name)));
	xmlXPathFreeObject(nodes);
}

static xmlDocPtr make_html(const char *text, size_t length)
{
	xmlNodePtr body;
	xmlDocPtr tree;

	if (text[0] == ' ' || text_plain_span(text, length) != length ||
		strpbrk(text, "<&") != NULL)
		return tree_parse_html(text, length, "UTF-8", NULL);
	/* Text without any markup, as names mostly are: what the parser would make of it. */
	tree = tree_new("html");
	body = tree_add_element(xmlDocGetRootElement(tree), "body");
	tree_add_text(tree_add_element(body, "p"), text, length);
	return tree;
}

static xmlDocPtr make_xml(const char *text, size_t length)
{
	return tree_parse_xml(text, length, "UTF-8", NULL);
}

static xmlDocPtr make_json(const char *text, size_t length)
{
	return tree_parse_json(text, length, true, NULL);
}

/* What stands inside of text becomes a tree; text that cannot be parsed gives no node. */
static void push_made(xmlXPathParserContextPtr parser, const char *function, const char *text,
	size_t length, xmlDocPtr (*make)(const char *text, size_t length))
{
	struct evaluation *evaluation = parser->context->userData;
	const char *blanks = text + strspn(text, " \t\r\n");
	xmlDocPtr tree = evaluation_made(evaluation, function, "", text);

	if (tree == NULL && *blanks != '\0') {
		if (!evaluation_parse(parser, length))
			return;
		tree = make(text, length);
		if (tree != NULL)
			evaluation_keep(evaluation, function, "", text, tree);
	}
	valuePush(parser, xmlXPathNewNodeSet((xmlNodePtr)tree));
}

static void parse_with(xmlXPathParserContextPtr parser, int given, const char *function,
	xmlDocPtr (*make)(const char *text, size_t length))
{
	struct arguments arguments;

	if (take_arguments(parser, given, 1, 1, &arguments))
		push_made(parser, function, arguments.list[0], arguments.length, make);
	release_arguments(&arguments);
}

static void parse_html(xmlXPathParserContextPtr parser, int given)
{
	parse_with(parser, given, "parse-html", make_html);
}

static void parse_xml(xmlXPathParserContextPtr parser, int given)
{
	parse_with(parser, given, "parse-xml", make_xml);
}

static void parse_json(xmlXPathParserContextPtr parser, int given)
{
	parse_with(parser, given, "parse-json", make_json);
}

static void parse_nextjs(xmlXPathParserContextPtr parser, int given)
{
	struct buffer payload = {.maximum = TREE_PARSED_MAX};
	xmlXPathObjectPtr nodes;

	if (given != 1) {
		xmlXPathSetError(parser, XPATH_INVALID_ARITY);
		return;
	}
	nodes = take_nodes(parser);
	if (nodes == NULL)
		return;
	for (size_t i = 0; i < node_set_count(nodes); i++) {
		xmlChar *script = xmlXPathCastNodeToString(node_set_member(nodes, i));

		nextjs_join((char *)script, &payload);
		xmlFree(script);
	}
	xmlXPathFreeObject(nodes);
	push_made(
		parser, "parse-flight", buffer_string(&payload), payload.length, tree_parse_nextjs);
	buffer_release(&payload);
}

static const struct {
	const char *name;
	xmlXPathFunction function; /* NULL: XPath 1.0's own */
} functions[] = {
	{"boolean", NULL},
	{"ceiling", NULL},
	{"concat", NULL},
	{"contains", NULL},
	{"contains-token", contains_token},
	{"count", NULL},
	{"false", NULL},
	{"floor", NULL},
	{"id", NULL},
	{"key", key},
	{"lang", NULL},
	{"last", NULL},
	{"local-name", NULL},
	{"lower-case", lower_case},
	{"matches", matches},
	{"name", NULL},
	{"namespace-uri", NULL},
	{"normalize-space", NULL},
	{"not", NULL},
	{"number", NULL},
	{"parse-flight", parse_nextjs},
	{"parse-html", parse_html},
	{"parse-json", parse_json},
	{"parse-xml", parse_xml},
	{"position", NULL},
	{"replace", replace},
	{"resolve-uri", resolve_uri},
	{"round", NULL},
	{"seconds", seconds},
	{"starts-with", NULL},
	{"string", NULL},
	{"string-length", NULL},
	{"substring", NULL},
	{"substring-after", NULL},
	{"substring-before", NULL},
	{"sum", NULL},
	{"tokenize", tokenize},
	{"translate", NULL},
	{"true", NULL},
	{"upper-case", upper_case},
	{"with-text", with_text},
};

enum { FUNCTION_COUNT = sizeof functions / sizeof functions[0] };

/* NULL: the library has it. */
static xmlXPathFunction find_function(void *context, const xmlChar *name, const xmlChar *namespace)
{
	(void)context;
	(void)namespace;
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		if (strcmp(functions[i].name, (const char *)name) == 0)
			return functions[i].function;
	return NULL;
}

/* Each is looked up once for an expression. Sixteen entries of a hash table for each page would be
 * a sixth of the time of a small one. */
void functions_register(xmlXPathContextPtr context)
{
	xmlXPathRegisterFuncLookup(context, find_function, NULL);
}

const char *const *function_names(void)
{
	static const char *names[FUNCTION_COUNT + 1];

	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		names[i] = functions[i].name;
	return names;
}
