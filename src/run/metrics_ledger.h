/* SPDX-License-Identifier: ISC
 *
 * The metrics of pages with facts: how a lamp follows what our own checks measure.
 */
#ifndef LAMPWATCH_METRICS_LEDGER_H
#define LAMPWATCH_METRICS_LEDGER_H

struct buffer;
struct metrics;
struct page_states;

/* Adds them; nothing where no page has facts. */
void metrics_add_ledger(
	const struct metrics *metrics, const struct page_states *states, struct buffer *out);

#endif
