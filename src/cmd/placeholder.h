/* SPDX-License-Identifier: ISC
 *
 * The placeholders in the usages of commands and options, such as PAGE or LEVEL: what may stand in
 * their place. One table for what --help says and for what a shell completes.
 */
#ifndef LAMPWATCH_PLACEHOLDER_H
#define LAMPWATCH_PLACEHOLDER_H

#include <stddef.h>

struct context;
struct text_list;

enum placeholder_type {
	PLACEHOLDER_FREE,    /* anything */
	PLACEHOLDER_WORDS,   /* one of a few that are always the same */
	PLACEHOLDER_NAMES,   /* a name of the configuration, or of the program's data */
	PLACEHOLDER_FILES,   /* a file */
	PLACEHOLDER_FOLDERS, /* a folder */
};

/* What stands in place of the placeholder, which has length bytes. */
enum placeholder_type placeholder_type(const char *name, size_t length);

/* Adds the words or names that may; context: of a command, not needed for words. Nothing for those
 * of the other types, and where the configuration cannot be read. */
void placeholder_add(
	const struct context *context, const char *name, size_t length, struct text_list *out);

#endif
