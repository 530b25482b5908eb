/* SPDX-License-Identifier: ISC
 *
 * Kinds from text, for the tests of the engine: the text goes to a file of its
 * own, because a kind's name is its file's.
 */
#ifndef LAMPWATCH_TEST_KIND_TEXT_H
#define LAMPWATCH_TEST_KIND_TEXT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "watch/kind/kind.h"

/* The kind `sample` of this text, with these parameters (NULL: none). */
static inline struct kind *kind_of(const char *text, const char *with, struct problems *problems)
{
	char folder[] = "/tmp/lampwatch-kind-XXXXXX";
	struct yaml *parameters = NULL;
	struct kind *kind;
	char *path;
	FILE *file;

	if (mkdtemp(folder) == NULL)
		abort();
	path = memory_format("%s/sample.yaml", folder);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
	if (with != NULL)
		parameters = yaml_parse("with", with, strlen(with), problems);
	kind = kind_load(
		path, parameters != NULL ? yaml_root(parameters) : (struct node){0}, problems);
	yaml_close(parameters);
	unlink(path);
	rmdir(folder);
	free(path);
	return kind;
}

#endif
