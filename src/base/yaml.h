/* SPDX-License-Identifier: ISC
 *
 * YAML that people write: libyaml parses it into its document tree, in which
 * every node knows its line, and tables of keys say how it is read. The same
 * walker reads the configuration and the kinds.
 *
 * A node is a small value that borrows from its document, which must outlive it.
 * A zero-initialised node is "nothing": its type is NODE_NONE, its text "".
 * libyaml resolves aliases and anchors; merge keys and tags have no meaning, and are problems.
 */
#ifndef LAMPWATCH_YAML_H
#define LAMPWATCH_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct problems;
struct text_list;
struct yaml;

enum node_type { NODE_NONE, NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	const struct yaml *document;
	int index; /* of the node in the document, from 1; 0: no node */
};

enum {
	YAML_FILE_MAX = 4 * 1024 * 1024, /* bytes */
	YAML_DEPTH_MAX = 200,            /* lists and maps in one another */
};

/*
 * Parses the file, or length bytes of text, which errors call name. NULL, with
 * the reason and its line in problems, if that is not YAML, is longer than
 * YAML_FILE_MAX with its aliases written out, is nested deeper than YAML_DEPTH_MAX, or has a second
 * document, a tag, or a NUL in a text.
 * An empty file is a document whose root is NODE_NONE.
 */
struct yaml *yaml_load(const char *path, struct problems *problems);
/* As yaml_load(), of a file that yaml_load() has parsed before: where it still has the same bytes
 * that is the answer, else it is freed. before may be NULL. */
struct yaml *yaml_load_again(const char *path, struct yaml *before, struct problems *problems);
struct yaml *yaml_parse(
	const char *name, const char *text, size_t length, struct problems *problems);

/* Frees it. (libyaml exports a function called yaml_free, which ours would replace.) */
void yaml_close(struct yaml *yaml);

struct node yaml_root(const struct yaml *yaml);
/* The bytes that were parsed; borrowed. */
const char *yaml_text(const struct yaml *yaml, size_t *length);

enum node_type node_type(struct node node);
int node_line(struct node node);         /* 1 is the first */
const char *node_file(struct node node); /* for messages */
const char *node_text(struct node node); /* a scalar's text, else "" */
bool node_is_nothing(struct node node);  /* YAML's spellings of null; in quotes they are texts */
size_t node_count(struct node node);     /* members of a list or pairs of a map, else 0 */
struct node node_member(struct node node, size_t i); /* of a list */
struct node node_key(struct node node, size_t i);    /* of a map, in the file's order */
struct node node_value(struct node node, size_t i);  /* of a map */
struct node node_find(struct node map, const char *key);

/* Adds the node as YAML on one line, from which yaml_parse() makes the same again, but for lines
 * and styles. A plain word stays without quotes, anything else gets them. */
void node_write(struct node node, struct buffer *out);

/* Adds a problem with the node's file and line. Returns false. */
bool node_problem(struct problems *problems, struct node node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct node_rule;

/* The arguments of a reader besides the node. */
struct node_walk {
	struct problems *problems;
	const struct node_rule *rule;
	void *context; /* as given to node_walk_map() */
};

/* Stores the value of node in target; adds a problem and returns false if it cannot. */
typedef bool node_reader(const struct node_walk *walk, struct node node, void *target);

struct node_rule {
	const char *key; /* a row with NULL ends the table */
	node_reader *read;
	size_t offset; /* of the target in the struct */
	bool required;
	const void *detail; /* for the reader: words of an enum, bounds, a table */
};

/*
 * Reads every pair of map into base according to the table. Unknown keys (with the
 * nearest known one), duplicate keys and missing required keys are
 * problems. False if anything was wrong.
 */
bool node_walk_map(struct problems *problems, struct node map, const struct node_rule *rules,
	void *base, void *context);

/* Readers for the usual types; the comment gives the type of the target. */
node_reader node_read_text;     /* char *, owned by the struct; not empty, nor YAML's null */
node_reader node_read_boolean;  /* bool */
node_reader node_read_duration; /* int64_t milliseconds: "30s", "5m", "2h", "1d", "250ms", "0s";
				   detail as of a number */
node_reader node_read_size;     /* int64_t bytes: "8MiB", "64KiB", "4096"; detail as of a number */
node_reader node_read_number;   /* int64_t; detail: const struct node_range *, may be NULL */
node_reader node_read_word;     /* int; detail: const struct node_word[], ended by a NULL name */
node_reader node_read_texts;    /* struct text_list; a single scalar is a list of one */
node_reader node_read_node;     /* struct node: kept for later */
node_reader node_read_map;      /* a struct; detail: const struct node_rule[] of its members */

/* Parses a duration as node_read_duration() does. False if it is not one. */
bool duration_parse(const char *text, int64_t *milliseconds);

struct node_range {
	long long minimum, maximum;
};

struct node_word {
	const char *name;
	int value;
};

#endif
