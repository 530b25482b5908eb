/* SPDX-License-Identifier: ISC
 *
 * The only header that includes libxml2, for the files of this wing that make
 * a reading: trees, expressions and their evaluation.
 *
 * All trees are built and read here; none leaves this wing.
 */
#ifndef LAMPWATCH_XML_P_H
#define LAMPWATCH_XML_P_H

#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/SAX2.h>
#include <libxml/hash.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/uri.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "watch/kind/kind.h"

struct regex_cache;
struct text_list;

/* What an error function gets; a newer compiler takes no function that lacks the const. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *reported_error;
#else
typedef xmlErrorPtr reported_error;
#endif

enum {
	TREE_PARSED_MAX =
		32 * 1024 * 1024, /* bytes that parse functions may parse in one reading */
	XPATH_OPERATIONS_MAX =
		80000000,         /* of one reading: a few seconds, as READER_MILLISECONDS allows;
				     a join of 2,000 components with 1,000 groups fits */
	XPATH_TEXT_MAX = 8192,    /* bytes of one expression */
	BYTES_PER_OPERATION = 16, /* parsing this many costs as much as one step */
	TABLE_FIRST = 16, /* places of a new hash table, which grows: libxml2's own first 256 cost a
			   * small page more than what is in them */
};

/* --- tree.c, tree_count.c, tree_html.c, tree_json.c, nextjs.c: from text to trees. All are owned
 * by the caller.
 * --- */

/*
 * One document's tree, by what its bytes are: JSON, JSONP, XML or HTML. NULL
 * with REMEDY_PAGE where there is none in them.
 */
xmlDocPtr tree_parse(const char *bytes, size_t length, struct error *error);

/* What the document's first characters make it. */
enum document_form tree_form(const char *bytes, size_t length);

/* UTF-8 text of a known format. encoding NULL: what the text declares. */
xmlDocPtr tree_parse_html(
	const char *text, size_t length, const char *encoding, struct error *error);
xmlDocPtr tree_parse_xml(
	const char *text, size_t length, const char *encoding, struct error *error);
xmlDocPtr tree_parse_json(const char *text, size_t length, bool prefix, struct error *error);

/* --- tree_abridge.c: HTML that is quicker to parse --- */

/* Stands for what is left out: a name that HTML may have and no page has. */
#define HTML_MARK "._.-_.-."

/* Attributes of a tag, or the text of a script or a style. */
struct html_cut {
	const char *text; /* borrowed from the whole */
	size_t length;
};

struct html_abridged {
	struct html_cut *cuts; /* owned; in their order */
	size_t count;
	size_t used;        /* that have been asked for */
	struct buffer text; /* owned */
};

/* False where nothing is left out. abridged is all zero; text has to outlive it. */
bool html_abridge(const char *text, size_t length, struct html_abridged *abridged);
void html_abridged_release(struct html_abridged *abridged);

/* What the next mark stands for; nothing beyond the last. */
struct html_cut html_cut_next(struct html_abridged *abridged);

enum { HTML_NAME_MAX = 64 /* bytes; libxml2 cuts names of 100 in two */ };

/* Both are borrowed from the text. name_length is at most HTML_NAME_MAX. */
struct html_attribute {
	const char *name, *value;
	size_t name_length, value_length;
};

/* The attribute from *at on, blanks before it; false where there is none that can be left out. */
bool html_attribute_next(const char **at, const char *end, struct html_attribute *attribute);

/* --- tree_html.c --- */

/* Where a parser of HTML is. */
struct html_place {
	xmlNodePtr open;                /* the innermost open element; NULL: none is */
	int depth;                      /* of open elements */
	struct html_abridged *abridged; /* borrowed: what it parses; NULL: the whole */
};

/* Has the parser build a tree of tree_build.c. place, at no element, lives as long as the parser.
 */
void tree_html_building(htmlParserCtxtPtr parser, struct html_place *place);

/* --- */

/* tree_count.c: false with REMEDY_PAGE where an element of the markup has more attributes or
 * namespaces than any page needs: libxml2 takes the square of their number. */
bool tree_count(const char *text, size_t length, bool html, struct error *error);

/* The rows of a Next.js payload: <flight><row id="1a">…; never NULL. */
xmlDocPtr tree_parse_nextjs(const char *payload, size_t length);

/* Adds what the self.__next_f.push() calls in a script carry. */
void nextjs_join(const char *script, struct buffer *out);

/* Fills element, which is new, with a JSON value; false where text is none. */
bool tree_fill_json(
	xmlNodePtr element, const char *text, size_t length, bool prefix, struct error *error);

/* "HTML titled \"…\"": for errors; owned by the caller. */
char *tree_describe(xmlDocPtr tree);

/* Frees any tree of these files; NULL is none. */
void tree_free(xmlDocPtr tree);

/* --- tree_build.c: trees that are made in document order --- */

/*
 * A new document with this root element. Its nodes are not libxml2's own: they
 * are added by these functions alone, never changed, and freed by tree_free().
 */
xmlDocPtr tree_new(const char *root);

/* A new last child; a name that XML forbids becomes the attribute key of an <entry>. */
xmlNodePtr tree_add_element(xmlNodePtr parent, const char *name);

/* Text of length bytes as the last child of element; what XML forbids becomes U+FFFD. */
void tree_add_text(xmlNodePtr element, const char *text, size_t length);

/* name is borrowed for as long as the tree lives. */
void tree_add_attribute(xmlNodePtr element, const char *name, const char *value);

/* The same for a parser that makes the document itself, which is empty so far. What it hands over
 * is copied as it is. Comments and processing instructions are tree_take_node(). */
void tree_hold(xmlDocPtr tree);
xmlNodePtr tree_take_element(xmlNodePtr parent, const char *name);
void tree_take_node(xmlNodePtr parent, xmlElementType type, const char *name, const char *content);

/* value, of length bytes, NULL: it has none. */
xmlAttrPtr tree_take_attribute(
	xmlNodePtr element, const char *name, const char *value, size_t length);

/* Whether the text is one that XML allows as it is. */
bool tree_allows(const char *text, size_t length);

/* Continues the last child where that is of the same type, XML_TEXT_NODE or XML_CDATA_SECTION_NODE.
 */
void tree_take_text(xmlNodePtr element, xmlElementType type, const char *text, size_t length);

/* --- */

/* Sets libxml2 up: it writes nothing to standard error, and ends the process where memory runs out.
 */
void tree_silence(void);

/* --- xpath.c: expressions --- */

struct xpath {
	xmlXPathCompExprPtr compiled;
	char *text; /* owned; as the kind has it */
};

/*
 * Compiles text; its functions, prefixes and axes must be known and its
 * variables among those given. NULL with REMEDY_CONFIGURATION and what would be right.
 */
struct xpath *xpath_compile(
	const char *text, const struct text_list *variables, struct error *error);
void xpath_free(struct xpath *xpath);

/* --- xpath_check.c --- */

/* Whether each name in the text is known; libxml2 would report it only when it evaluates it. */
bool xpath_check(const char *text, const struct text_list *variables, struct error *error);

/* --- evaluation.c: one reading's evaluations --- */

struct variable {
	const char *name;        /* borrowed */
	xmlXPathObjectPtr value; /* owned */
};

/*
 * The context, the variables, and the trees that functions have made. Its readers set item, regexes
 * and seen; the rest belongs to the functions below. The expressions that it is given live longer
 * than itself.
 */
struct evaluation {
	xmlXPathContextPtr context;
	xmlDocPtr page;   /* one of trees: for tree_describe() */
	xmlDocPtr *trees; /* of documents and of functions: nodes of them live as long as the
			     reading */
	size_t tree_count;
	xmlHashTablePtr made; /* text, function and parameter to one of trees */
	struct variable *variables;
	size_t variable_count;
	xmlNodePtr item;             /* $item: the row of the block that is being read, or NULL */
	xmlNodePtr this;             /* $this: where the expression began */
	struct regex_cache *regexes; /* borrowed: the next reading has what is compiled into it */
	struct regex_cache *own_regexes; /* owned, where none were given */
	size_t parsed;                   /* bytes by functions */
	size_t count;                    /* expressions evaluated */
	bool failed;
	struct error failure;
	/* Gets the value of each expression that has one; NULL: nobody. */
	void (*seen)(void *context, const struct xpath *xpath, xmlXPathObjectPtr value);
	void *seen_context;
};

/* regexes NULL: its own. */
struct evaluation *evaluation_new(const char *url, struct regex_cache *regexes);
void evaluation_free(struct evaluation *evaluation);

/* Gives $name a value, which is owned by the evaluation from here on. name is borrowed. */
void evaluation_define(struct evaluation *evaluation, const char *name, xmlXPathObjectPtr value);

/* Takes over a document (NULL: it was not fetched) as $name; the first one is the page. */
void evaluation_add_document(struct evaluation *evaluation, const char *name, xmlDocPtr tree);

/*
 * Variables that were defined after the first count are forgotten, and the work
 * done so far with them: the next kind may be tried on the same document.
 */
void evaluation_rewind(struct evaluation *evaluation, size_t count);

/*
 * The expression's value at node (NULL: the page's root), owned by the caller.
 * NULL with REMEDY_PAGE where it fails or the reading's work is spent.
 */
xmlXPathObjectPtr evaluate(struct evaluation *evaluation, const struct xpath *xpath,
	xmlNodePtr node, struct error *error);

/* As evaluate(); a value that is not a node-set is an error too. In document order, at most
 * READING_ROWS_MAX. */
xmlXPathObjectPtr evaluate_nodes(struct evaluation *evaluation, const struct xpath *xpath,
	xmlNodePtr node, struct error *error);

/*
 * The value as text, collapsed and cut to READING_FIELD_MAX; NULL as evaluate(). *there becomes
 * true unless the value is a set without nodes; there may be NULL.
 */
char *evaluate_text(struct evaluation *evaluation, const struct xpath *xpath, xmlNodePtr node,
	bool *there, struct error *error);

/* Sets *truth; false where the evaluation fails. */
bool evaluate_truth(struct evaluation *evaluation, const struct xpath *xpath, xmlNodePtr node,
	bool *truth, struct error *error);

/* The node's text, collapsed and cut; owned by the caller. */
char *node_field(xmlNodePtr node);

/* The node's text: borrowed from the tree where it is in one piece there, otherwise *owned (NULL
 * before the call), which the caller frees. */
const char *node_string(xmlNodePtr node, xmlChar **owned);

/* A node-set of the children, owned by the caller. */
xmlXPathObjectPtr node_children(xmlNodePtr parent);

size_t node_set_count(const xmlXPathObject *nodes);
xmlNodePtr node_set_member(const xmlXPathObject *nodes, size_t i);

/* --- for functions.c, from evaluation.c --- */

/* Ends the expression with what error says. */
void evaluation_fail(xmlXPathParserContextPtr parser, const struct error *error);

/* Charges operations for work that libxml2 does not count; false where they are spent. */
bool evaluation_charge(xmlXPathParserContextPtr parser, size_t operations);

/* The tree that function has made of text before (and parameter, ""), or NULL. */
xmlDocPtr evaluation_made(struct evaluation *evaluation, const char *function,
	const char *parameter, const char *text);

/* Keeps a tree for evaluation_made(), owned by the evaluation. */
void evaluation_keep(struct evaluation *evaluation, const char *function, const char *parameter,
	const char *text, xmlDocPtr tree);

/* Counts bytes that are about to be parsed; false, and the expression fails, beyond
 * TREE_PARSED_MAX. */
bool evaluation_parse(xmlXPathParserContextPtr parser, size_t bytes);

/* --- functions.c: the functions beside XPath 1.0 --- */

void functions_register(xmlXPathContextPtr context);

/* Whether there is such a function, of XPath 1.0 or ours; NULL-ended names for a near miss. */
const char *const *function_names(void);

/* Adds the prefixes that expressions may use to the context. */
void prefixes_register(xmlXPathContextPtr context);
bool prefix_known(const char *prefix);

#endif
