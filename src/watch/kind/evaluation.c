/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "model/reading.h"
#include "base/regex.h"
#include "watch/kind/xml_p.h"

static const char *error_text(int code)
{
	static const char *const texts[] = {
		[XPATH_UNDEF_VARIABLE_ERROR] = "no such variable",
		[XPATH_UNKNOWN_FUNC_ERROR] = "no such function",
		[XPATH_INVALID_OPERAND] = "an operand of the wrong type",
		[XPATH_INVALID_TYPE] = "an argument of the wrong type: nodes are expected",
		[XPATH_INVALID_ARITY] = "a function has too many or too few arguments",
		[XPATH_MEMORY_ERROR] = "a set of nodes is too large",
		[XPATH_UNDEF_PREFIX_ERROR] = "no such prefix",
		[XPATH_STACK_ERROR] = "too many values at a time",
		[XPATH_OP_LIMIT_EXCEEDED] = "the page takes more work than a reading may",
		[XPATH_RECURSION_LIMIT_EXCEEDED] = "the expression is nested too deeply",
	};

	if (code < 0 || (size_t)code >= sizeof texts / sizeof texts[0] || texts[code] == NULL)
		return "the expression fails";
	return texts[code];
}

/* The first error counts: libxml2 may report more as its consequence. */
static void keep_error(void *context, reported_error error)
{
	struct evaluation *evaluation = context;
	int code = error->code - XML_XPATH_EXPRESSION_OK;

	if (!evaluation->failed)
		error_set(&evaluation->failure, REMEDY_PAGE, "%s", error_text(code));
	evaluation->failed = true;
}

static xmlXPathObjectPtr look_up(void *context, const xmlChar *name, const xmlChar *namespace)
{
	struct evaluation *evaluation = context;

	(void)namespace;
	if (strcmp((const char *)name, "item") == 0)
		return xmlXPathNewNodeSet(evaluation->item);
	if (strcmp((const char *)name, "this") == 0)
		return xmlXPathNewNodeSet(evaluation->this);
	for (size_t i = 0; i < evaluation->variable_count; i++)
		if (strcmp(evaluation->variables[i].name, (const char *)name) == 0)
			return xmlXPathObjectCopy(evaluation->variables[i].value);
	return NULL;
}

struct evaluation *evaluation_new(const char *url, struct regex_cache *regexes)
{
	struct evaluation *evaluation = memory_zero(1, sizeof *evaluation);

	tree_silence();
	evaluation->context = xmlXPathNewContext(NULL);
	evaluation->context->userData = evaluation;
	evaluation->context->error = keep_error;
	evaluation->context->opLimit = XPATH_OPERATIONS_MAX;
	/* A tenth of the time of a page with many rows goes into making and freeing values. */
	xmlXPathContextSetCache(evaluation->context, 1, -1, 0);
	evaluation->made = xmlHashCreate(TABLE_FIRST);
	evaluation->own_regexes = regexes == NULL ? regex_cache_new() : NULL;
	evaluation->regexes = regexes == NULL ? evaluation->own_regexes : regexes;
	xmlXPathRegisterVariableLookup(evaluation->context, look_up, evaluation);
	prefixes_register(evaluation->context);
	functions_register(evaluation->context);
	evaluation_define(evaluation, "url", xmlXPathNewCString(url));
	return evaluation;
}

/* Values may hold nodes of the trees, so they go first. */
void evaluation_free(struct evaluation *evaluation)
{
	if (evaluation == NULL)
		return;
	for (size_t i = 0; i < evaluation->variable_count; i++)
		xmlXPathFreeObject(evaluation->variables[i].value);
	free(evaluation->variables);
	xmlXPathFreeContext(evaluation->context);
	xmlHashFree(evaluation->made, NULL);
	for (size_t i = 0; i < evaluation->tree_count; i++)
		tree_free(evaluation->trees[i]);
	free(evaluation->trees);
	regex_cache_free(evaluation->own_regexes);
	free(evaluation);
}

void evaluation_define(struct evaluation *evaluation, const char *name, xmlXPathObjectPtr value)
{
	*(struct variable *)memory_append(&evaluation->variables, &evaluation->variable_count,
		sizeof(struct variable)) = (struct variable){name, value};
}

static void own_tree(struct evaluation *evaluation, xmlDocPtr tree)
{
	*(xmlDocPtr *)memory_append(
		&evaluation->trees, &evaluation->tree_count, sizeof(xmlDocPtr)) = tree;
}

void evaluation_add_document(struct evaluation *evaluation, const char *name, xmlDocPtr tree)
{
	evaluation_define(evaluation, name, xmlXPathNewNodeSet((xmlNodePtr)tree));
	if (tree == NULL && evaluation->page != NULL)
		return;
	if (tree == NULL)
		tree = xmlNewDoc(BAD_CAST "1.0");
	own_tree(evaluation, tree);
	if (evaluation->page == NULL)
		evaluation->page = tree;
}

void evaluation_rewind(struct evaluation *evaluation, size_t count)
{
	while (evaluation->variable_count > count)
		xmlXPathFreeObject(evaluation->variables[--evaluation->variable_count].value);
	evaluation->context->opCount = 0;
	evaluation->parsed = 0;
}

/* The context is set by hand: a row may belong to another document than the page, whose root `/`
 * is. */
xmlXPathObjectPtr evaluate(struct evaluation *evaluation, const struct xpath *xpath,
	xmlNodePtr node, struct error *error)
{
	xmlXPathObjectPtr value;

	evaluation->context->doc = evaluation->page;
	evaluation->context->node = node != NULL ? node : (xmlNodePtr)evaluation->page;
	evaluation->this = evaluation->context->node;
	evaluation->failed = false;
	evaluation->count++;
	value = xmlXPathCompiledEval(xpath->compiled, evaluation->context);
	if (value != NULL && !evaluation->failed) {
		if (evaluation->seen != NULL)
			evaluation->seen(evaluation->seen_context, xpath, value);
		return value;
	}
	xmlXPathFreeObject(value);
	/* Where a simple path spends what is left, libxml2 gives no value and no error. */
	if (!evaluation->failed)
		error_set(&evaluation->failure, REMEDY_PAGE, "%s",
			error_text(XPATH_OP_LIMIT_EXCEEDED));
	error_set(error, REMEDY_PAGE, "%s: %.300s", evaluation->failure.text, xpath->text);
	return NULL;
}

xmlXPathObjectPtr evaluate_nodes(struct evaluation *evaluation, const struct xpath *xpath,
	xmlNodePtr node, struct error *error)
{
	xmlXPathObjectPtr value = evaluate(evaluation, xpath, node, error);
	bool nodes = value != NULL && value->type == XPATH_NODESET;

	if (nodes && node_set_count(value) <= READING_ROWS_MAX) {
		if (value->nodesetval != NULL)
			xmlXPathNodeSetSort(value->nodesetval);
		return value;
	}
	if (nodes)
		error_set(error, REMEDY_PAGE, "more than %d nodes: %.300s", READING_ROWS_MAX,
			xpath->text);
	else if (value != NULL)
		error_set(error, REMEDY_PAGE, "this gives no nodes: %.300s", xpath->text);
	xmlXPathFreeObject(value);
	return NULL;
}

char *evaluate_text(struct evaluation *evaluation, const struct xpath *xpath, xmlNodePtr node,
	bool *there, struct error *error)
{
	xmlXPathObjectPtr value = evaluate(evaluation, xpath, node, error);
	xmlChar *text;
	char *field;

	if (value == NULL)
		return NULL;
	if (there != NULL && (value->type != XPATH_NODESET || node_set_count(value) > 0))
		*there = true;
	text = xmlXPathCastToString(value);
	field = text_collapse((const char *)text, strlen((const char *)text), READING_FIELD_MAX);
	xmlFree(text);
	xmlXPathFreeObject(value);
	return field;
}

bool evaluate_truth(struct evaluation *evaluation, const struct xpath *xpath, xmlNodePtr node,
	bool *truth, struct error *error)
{
	xmlXPathObjectPtr value = evaluate(evaluation, xpath, node, error);

	if (value == NULL)
		return false;
	*truth = xmlXPathCastToBoolean(value);
	xmlXPathFreeObject(value);
	return true;
}

const char *node_string(xmlNodePtr node, xmlChar **owned)
{
	const xmlNode *child = node->children;
	bool holder = node->type == XML_ELEMENT_NODE || node->type == XML_ATTRIBUTE_NODE;

	if (holder && child == NULL)
		return "";
	if (holder && (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
		child->next == NULL && child->content != NULL)
		return (const char *)child->content;
	*owned = xmlXPathCastNodeToString(node);
	return *owned != NULL ? (const char *)*owned : "";
}

char *node_field(xmlNodePtr node)
{
	xmlChar *owned = NULL;
	const char *text = node_string(node, &owned);
	char *collapsed = text_collapse(text, strlen(text), READING_FIELD_MAX);

	xmlFree(owned);
	return collapsed;
}

xmlXPathObjectPtr node_children(xmlNodePtr parent)
{
	xmlXPathObjectPtr nodes = xmlXPathNewNodeSet(NULL);

	for (xmlNodePtr child = parent->children; child != NULL; child = child->next)
		xmlXPathNodeSetAddUnique(nodes->nodesetval, child);
	return nodes;
}

size_t node_set_count(const xmlXPathObject *nodes)
{
	return nodes->nodesetval != NULL ? (size_t)nodes->nodesetval->nodeNr : 0;
}

xmlNodePtr node_set_member(const xmlXPathObject *nodes, size_t i)
{
	return nodes->nodesetval->nodeTab[i];
}

void evaluation_fail(xmlXPathParserContextPtr parser, const struct error *error)
{
	struct evaluation *evaluation = parser->context->userData;

	if (!evaluation->failed)
		evaluation->failure = *error;
	evaluation->failed = true;
	xmlXPathSetError(parser, XPATH_EXPR_ERROR);
}

bool evaluation_charge(xmlXPathParserContextPtr parser, size_t operations)
{
	xmlXPathContextPtr context = parser->context;

	if (operations <= context->opLimit - context->opCount) {
		context->opCount += operations;
		return true;
	}
	context->opCount = context->opLimit;
	xmlXPathSetError(parser, XPATH_OP_LIMIT_EXCEEDED);
	return false;
}

bool evaluation_parse(xmlXPathParserContextPtr parser, size_t bytes)
{
	struct evaluation *evaluation = parser->context->userData;
	struct error error;

	if (!evaluation_charge(parser, bytes / BYTES_PER_OPERATION + 1))
		return false;
	if (bytes <= TREE_PARSED_MAX - evaluation->parsed) {
		evaluation->parsed += bytes;
		return true;
	}
	error_set(&error, REMEDY_PAGE, "more than %d bytes inside of other text", TREE_PARSED_MAX);
	evaluation_fail(parser, &error);
	return false;
}

xmlDocPtr evaluation_made(struct evaluation *evaluation, const char *function,
	const char *parameter, const char *text)
{
	return xmlHashLookup3(
		evaluation->made, BAD_CAST text, BAD_CAST function, BAD_CAST parameter);
}

void evaluation_keep(struct evaluation *evaluation, const char *function, const char *parameter,
	const char *text, xmlDocPtr tree)
{
	own_tree(evaluation, tree);
	xmlHashAddEntry3(
		evaluation->made, BAD_CAST text, BAD_CAST function, BAD_CAST parameter, tree);
}
