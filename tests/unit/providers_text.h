/* SPDX-License-Identifier: ISC
 *
 * Tables of providers from text.
 */
#ifndef LAMPWATCH_TESTS_PROVIDERS_TEXT_H
#define LAMPWATCH_TESTS_PROVIDERS_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "tell/providers.h"

/* NULL with every error in problems. */
static inline struct providers *providers_of(const char *text, struct problems *problems)
{
	char folder[] = "/tmp/lampwatch-unit-XXXXXX", *path;
	struct providers *providers;

	assert_non_null(mkdtemp(folder));
	path = file_join(folder, "providers.yaml");
	assert_true(file_write(path, text, strlen(text), 0600, NULL));
	providers = providers_load(folder, problems);
	assert_true(file_remove_tree(folder, NULL));
	free(path);
	return providers;
}

#endif
