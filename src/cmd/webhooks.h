/* SPDX-License-Identifier: ISC
 *
 * What `outbox`, `routes`, `status` and `try` say of webhooks that are disabled.
 */
#ifndef LAMPWATCH_WEBHOOKS_H
#define LAMPWATCH_WEBHOOKS_H

#include <stddef.h>

struct context;
struct value;

/* Prints a line for each; with a list (of --json, else NULL) adds {webhook, since, reason} to that
 * instead. Returns how many there are. */
size_t webhooks_disabled(const struct context *context, struct value *list);

#endif
