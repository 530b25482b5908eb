/* SPDX-License-Identifier: ISC
 *
 * What a join has to look up: nodes by the texts that they are joined by. An
 * index is made when the first row asks for it, and lives as long as the reading.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "watch/kind/xml_p.h"

struct join_index {
	const struct join *join;
	xmlHashTablePtr nodes; /* texts to xmlNodeSetPtr */
};

struct join_indexes {
	struct join_index *list;
	size_t count;
};

struct join_indexes *join_indexes_new(void)
{
	return memory_zero(1, sizeof(struct join_indexes));
}

static void free_nodes(void *nodes, const xmlChar *name)
{
	(void)name;
	xmlXPathFreeNodeSet(nodes);
}

void join_indexes_clear(struct join_indexes *indexes)
{
	for (size_t i = 0; i < indexes->count; i++)
		xmlHashFree(indexes->list[i].nodes, free_nodes);
	free(indexes->list);
	*indexes = (struct join_indexes){0};
}

void join_indexes_free(struct join_indexes *indexes)
{
	if (indexes != NULL)
		join_indexes_clear(indexes);
	free(indexes);
}

/* Fields of one kind have the same join often: its text tells. */
static xmlHashTablePtr find(const struct join_indexes *indexes, const struct join *join)
{
	for (size_t i = 0; i < indexes->count; i++) {
		const struct join *other = indexes->list[i].join;

		if (other == join || (strcmp(other->nodes_text, join->nodes_text) == 0 &&
					     strcmp(other->by_text, join->by_text) == 0))
			return indexes->list[i].nodes;
	}
	return NULL;
}

/* One node that is being indexed. */
struct indexing {
	xmlHashTablePtr nodes;
	xmlNodePtr node;
	size_t bytes; /* of all texts */
};

/* A node has one text twice at most times in a row: the set's last member tells. */
static void add_text(struct indexing *indexing, const xmlChar *text)
{
	xmlNodeSetPtr set = xmlHashLookup(indexing->nodes, text);

	indexing->bytes += strlen((const char *)text);
	if (set == NULL) {
		set = xmlXPathNodeSetCreate(NULL);
		xmlHashAddEntry(indexing->nodes, text, set);
	}
	if (set->nodeNr == 0 || set->nodeTab[set->nodeNr - 1] != indexing->node)
		xmlXPathNodeSetAddUnique(set, indexing->node);
}

static bool add_found(void *context, xmlNodePtr found)
{
	xmlChar *owned = NULL;

	add_text(context, BAD_CAST node_string(found, &owned));
	xmlFree(owned);
	return true;
}

/* Returns how many steps that was. */
static size_t add_node(const struct join *join, struct indexing *indexing)
{
	size_t visited = 1;
	xmlChar *key;

	indexing->bytes = 0;
	if (join->by != NULL) {
		visited = path_walk(join->by, indexing->node, add_found, indexing);
	} else {
		key = node_json_key(indexing->node);
		add_text(indexing, key);
		xmlFree(key);
	}
	return visited / NODES_PER_OPERATION + indexing->bytes / BYTES_PER_OPERATION + 1;
}

static bool make(struct evaluation *evaluation, struct join_indexes *indexes,
	const struct join *join, struct error *error)
{
	xmlXPathObjectPtr nodes = evaluation_nodes(evaluation, join->nodes, error);
	struct indexing indexing = {.nodes = NULL};
	bool good = nodes != NULL;

	if (!good)
		return false;
	indexing.nodes = xmlHashCreate((int)(node_set_count(nodes) / 2));
	*(struct join_index *)memory_append(&indexes->list, &indexes->count,
		sizeof *indexes->list) = (struct join_index){join, indexing.nodes};
	for (size_t i = 0; good && i < node_set_count(nodes); i++) {
		indexing.node = node_set_member(nodes, i);
		good = evaluation_spend(
			evaluation, add_node(join, &indexing), join->nodes_text, error);
	}
	xmlXPathFreeObject(nodes);
	return good;
}

bool joins_prepare(struct evaluation *evaluation, const struct joins *joins, struct error *error)
{
	struct join_indexes *indexes = evaluation_indexes(evaluation);

	for (size_t i = 0; i < joins->count; i++)
		if (find(indexes, &joins->list[i]) == NULL &&
			!make(evaluation, indexes, &joins->list[i], error))
			return false;
	return true;
}

/* Several texts may have led to one node. */
static void drop_repeated(xmlNodeSetPtr set)
{
	int kept = 0;

	xmlXPathNodeSetSort(set);
	for (int i = 0; i < set->nodeNr; i++)
		if (kept == 0 || set->nodeTab[kept - 1] != set->nodeTab[i])
			set->nodeTab[kept++] = set->nodeTab[i];
	set->nodeNr = kept;
}

static bool add_matches(xmlXPathParserContextPtr parser, xmlHashTablePtr nodes, xmlNodePtr value,
	xmlNodeSetPtr matches)
{
	xmlChar *owned = NULL;
	const char *text = node_string(value, &owned);
	xmlNodeSetPtr set = xmlHashLookup(nodes, BAD_CAST text);
	size_t operations = strlen(text) / BYTES_PER_OPERATION + 1;

	xmlFree(owned);
	for (int i = 0; set != NULL && i < set->nodeNr; i++, operations++)
		xmlXPathNodeSetAddUnique(matches, set->nodeTab[i]);
	return evaluation_charge(parser, operations);
}

void join_function(xmlXPathParserContextPtr parser, int given)
{
	struct evaluation *evaluation = evaluation_of(parser);
	xmlXPathObjectPtr values = given == 2 ? valuePop(parser) : NULL, matches;
	double place = xmlXPathPopNumber(parser);
	xmlHashTablePtr nodes = find(evaluation_indexes(evaluation),
		&evaluation_running(evaluation)->joins.list[(size_t)place]);
	bool good = true;

	matches = xmlXPathNewNodeSet(NULL);
	for (size_t i = 0; good && i < node_set_count(values); i++)
		good = add_matches(parser, nodes, node_set_member(values, i), matches->nodesetval);
	if (node_set_count(values) > 1)
		drop_repeated(matches->nodesetval);
	xmlXPathFreeObject(values);
	valuePush(parser, matches);
}
