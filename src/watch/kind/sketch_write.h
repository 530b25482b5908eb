/* SPDX-License-Identifier: ISC
 *
 * The file of a kind, as a sketch writes it.
 */
#ifndef LAMPWATCH_SKETCH_WRITE_H
#define LAMPWATCH_SKETCH_WRITE_H

#include "watch/kind/sketch_judge.h"

struct buffer;

/* Adds the YAML of a kind by the best of the claims, of which there is one. The next ones, and what
 * is not sure, stand there as comments. */
void sketch_write(struct sketch_page *page, const struct ranking *ranking, struct buffer *out);

#endif
