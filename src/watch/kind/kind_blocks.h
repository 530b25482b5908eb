/* SPDX-License-Identifier: ISC
 *
 * The blocks of a kind's file: read, laid over one another, checked.
 */
#ifndef LAMPWATCH_KIND_BLOCKS_H
#define LAMPWATCH_KIND_BLOCKS_H

#include "watch/kind/kind_p.h"

enum block_type { BLOCK_INDICATORS, BLOCK_INCIDENTS, BLOCK_MAINTENANCES };

/* What the readers of values need besides the node. */
struct loading {
	struct problems *problems;
	struct text_list *variables; /* known where the expression stands */
};

/* A single XPath into a struct xpath *, and one or a list of them into a struct xpath_list. */
node_reader read_xpath;
node_reader read_xpaths;
void xpath_list_release(struct xpath_list *xpaths);

/*
 * Reads the blocks under one key. given is what the page's parameters have
 * under it: a map is laid over the file's single block, key by key; a list
 * replaces the file's. Reports problems and returns false where anything is wrong.
 */
bool blocks_read(enum block_type type, struct node file, struct node given, struct blocks *blocks,
	struct loading *loading);
void blocks_release(struct blocks *blocks);

#endif
