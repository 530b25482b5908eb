/* SPDX-License-Identifier: ISC
 *
 * How well a page is known: a second axis, never folded into its level.
 */
#ifndef LAMPWATCH_FRESHNESS_H
#define LAMPWATCH_FRESHNESS_H

#include <stdint.h>

struct page_config;
struct page_state;

/* "fresh", "stale", "unreachable", "unreadable" or "never read"; state NULL: never seen. Pure. */
const char *page_freshness(
	const struct page_config *page, const struct page_state *state, int64_t now);

#endif
