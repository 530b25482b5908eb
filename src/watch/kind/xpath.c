/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "watch/kind/xml_p.h"

static const struct {
	const char *name, *address;
} prefixes[] = {
	{"atom", "http://www.w3.org/2005/Atom"},
	{"content", "http://purl.org/rss/1.0/modules/content/"},
	{"dc", "http://purl.org/dc/elements/1.1/"},
	{"media", "http://search.yahoo.com/mrss/"},
};

enum { PREFIX_COUNT = sizeof prefixes / sizeof prefixes[0] };

void prefixes_register(xmlXPathContextPtr context)
{
	for (size_t i = 0; i < PREFIX_COUNT; i++)
		xmlXPathRegisterNs(
			context, BAD_CAST prefixes[i].name, BAD_CAST prefixes[i].address);
}

bool prefix_known(const char *prefix)
{
	for (size_t i = 0; i < PREFIX_COUNT; i++)
		if (strcmp(prefixes[i].name, prefix) == 0)
			return true;
	return false;
}

/* libxml2 hands a code and a position, no text. */
static void keep_error(void *context, reported_error error)
{
	*(int *)context = error->int1 + 1;
}

struct xpath *xpath_compile(
	const char *text, const struct text_list *variables, struct error *error)
{
	xmlXPathContextPtr context;
	xmlXPathCompExprPtr compiled;
	struct xpath *xpath;
	int position = 0;

	if (strlen(text) > XPATH_TEXT_MAX) {
		error_set(error, REMEDY_CONFIGURATION, "an XPath has at most %d bytes",
			XPATH_TEXT_MAX);
		return NULL;
	}
	tree_silence();
	context = xmlXPathNewContext(NULL);
	context->userData = &position;
	context->error = keep_error;
	prefixes_register(context);
	compiled = xmlXPathCtxtCompile(context, BAD_CAST text);
	xmlXPathFreeContext(context);
	if (compiled == NULL || position > 0)
		error_set(error, REMEDY_CONFIGURATION, "not XPath 1.0 at character %d: %.200s",
			position, text);
	if (compiled == NULL || position > 0 || !xpath_check(text, variables, error)) {
		xmlXPathFreeCompExpr(compiled);
		return NULL;
	}
	xpath = memory_zero(1, sizeof *xpath);
	xpath->compiled = compiled;
	xpath->text = memory_string(text);
	return xpath;
}

void xpath_free(struct xpath *xpath)
{
	if (xpath == NULL)
		return;
	xmlXPathFreeCompExpr(xpath->compiled);
	free(xpath->text);
	free(xpath);
}
