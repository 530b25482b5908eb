/* SPDX-License-Identifier: ISC
 *
 * A long file that appears whole: written piece by piece under a temporary name
 * in the folder where it is to stand, then synced and renamed.
 */
#ifndef LAMPWATCH_OUTPUT_H
#define LAMPWATCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct output;

/* NULL with REMEDY_LOCAL where no file can be made there. */
struct output *output_open(const char *path, mode_t mode, struct error *error);

/* Adds bytes. After the first failure nothing more is written; output_finish() tells. */
bool output_put(struct output *output, const void *bytes, size_t length);

/* Bytes so far. */
int64_t output_offset(const struct output *output);

/* Writes bytes over some that are there already. */
bool output_replace(struct output *output, int64_t offset, const void *bytes, size_t length);

/* Syncs and renames; frees output in any case. Errors: REMEDY_LOCAL, and no file is left. */
bool output_finish(struct output *output, struct error *error);

/* Leaves nothing; what stood under the name before still does. NULL is nothing. */
void output_discard(struct output *output);

#endif
