/* SPDX-License-Identifier: ISC
 *
 * A page of kind crowd: what counts, and when it is many.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"

enum { WITHIN = 30 * 60 * 1000 /* milliseconds */, TIMES = 4, LEAST = 5 };

static const char *const keys[] = {"match", "within", "times", "least"};

/* The variable of the kind is a string of XPath, in a YAML of its own: in both a quote that ends
 * the text must not stand in it as it is. */
static struct node parameters(struct page_config *page, struct problems *problems)
{
	char quote = strchr(page->match, '"') != NULL ? '\'' : '"';
	struct buffer text = {0};

	buffer_format(&text, "let: {match: '%s", quote == '\'' ? "''" : "\"");
	for (const char *c = page->match; *c != '\0'; c++)
		buffer_format(&text, "%s%c", *c == '\'' ? "'" : "", *c);
	buffer_format(&text, "%s'}", quote == '\'' ? "''" : "\"");
	page->match_with = yaml_parse("match", buffer_string(&text), text.length, problems);
	buffer_release(&text);
	return page->match_with != NULL ? yaml_root(page->match_with) : (struct node){0};
}

static void refuse_red(struct node node, struct page_config *page, struct problems *problems)
{
	if (page->settings.red != LEVEL_DEGRADED)
		return;
	page->settings.red = LEVEL_PARTIAL_OUTAGE; /* what the file says is for pages that say it */
	if (node_type(node_find(node, "red")) != NODE_NONE)
		node_problem(problems, node_find(node, "red"),
			"a page of kind crowd is never red by itself: leave out \"red\", and name "
			"\"%s/%s\" in the \"facts\" of the page whose service people write of",
			page->name != NULL ? page->name : "", CROWD_INDICATOR);
}

void config_read_crowd(struct node node, struct page_config *page, struct problems *problems)
{
	if (!text_equal(page->kind, CROWD_KIND)) {
		for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
			if (node_type(node_find(node, keys[i])) != NODE_NONE)
				node_problem(problems, node_find(node, keys[i]),
					"\"%s\" has no meaning for a page of another kind than "
					"crowd",
					keys[i]);
		return;
	}
	if (node_type(node_find(node, "match")) == NODE_NONE)
		node_problem(problems, node,
			"a page of kind crowd needs \"match\", a regular expression of what "
			"people write when the service fails, such as '\\b(down|outage)\\b'");
	if (node_type(page->with) != NODE_NONE)
		node_problem(problems, node_find(node, "with"),
			"\"with\" has no meaning for a page of kind crowd: \"match\" says what "
			"counts");
	refuse_red(node, page, problems);
	if (page->crowd.within == 0)
		page->crowd.within = WITHIN;
	if (page->crowd.times == 0)
		page->crowd.times = TIMES;
	if (page->crowd.least == 0)
		page->crowd.least = LEAST;
	if (page->match == NULL)
		return;
	if (strchr(page->match, '"') != NULL && strchr(page->match, '\'') != NULL)
		node_problem(problems, node_find(node, "match"),
			"\"match\" has both kinds of quotes; write one of them as \\x22 or \\x27");
	else
		page->with = parameters(page, problems);
}

void config_crowd_release(struct page_config *page)
{
	free(page->match);
	yaml_close(page->match_with);
}
