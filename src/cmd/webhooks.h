/* SPDX-License-Identifier: ISC
 *
 * What `outbox`, `routes`, `status` and `try` say of webhooks that are disabled.
 */
#ifndef LAMPWATCH_WEBHOOKS_H
#define LAMPWATCH_WEBHOOKS_H

#include <stddef.h>

struct context;
struct value;

/* One line for each. Returns how many. */
size_t webhooks_print_disabled(const struct context *context);

/* The same as a list of {webhook, since, reason}. Owned by the caller. */
struct value *webhooks_disabled(const struct context *context);

#endif
