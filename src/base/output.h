/* SPDX-License-Identifier: ISC
 *
 * A long file that appears atomically: written piece by piece under a temporary name
 * in its folder, then synced and renamed.
 */
#ifndef LAMPWATCH_OUTPUT_H
#define LAMPWATCH_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct output;

/* NULL with REMEDY_LOCAL if the file cannot be created. */
struct output *output_open(const char *path, mode_t mode, struct error *error);

/* Adds bytes. After the first failure nothing more is written, and output_finish() reports it. */
bool output_put(struct output *output, const void *bytes, size_t length);

/* The number of bytes so far. */
int64_t output_offset(const struct output *output);

/* Overwrites bytes that are already written. */
bool output_replace(struct output *output, int64_t offset, const void *bytes, size_t length);

/* Syncs and renames; always frees output. Errors: REMEDY_LOCAL, and no file is left. */
bool output_finish(struct output *output, struct error *error);

/* Drops what was written; an older file under the name stays. NULL does nothing. */
void output_discard(struct output *output);

#endif
