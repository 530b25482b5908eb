/* SPDX-License-Identifier: ISC
 *
 * By which route a mail is sent. Pure.
 */
#ifndef LAMPWATCH_ROUTES_H
#define LAMPWATCH_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct config;
struct dependences;

/* Adds the providers of these pages to an empty list, each once. Pages that are no longer
 * configured are ignored. */
void routes_providers(
	const struct config *config, const struct text_list *pages, struct text_list *providers);

/*
 * The order in which routes are tried while these providers are in trouble:
 * first those that depend on none of them, in the configuration's order, then those that
 * perhaps do, then the others; so that a dependent one comes only after every independent one has
 * failed. Among equals, those that failed already in this run come last. dependences may be NULL:
 * then only what is configured counts. order has room for config->route_count numbers;
 * failing as many flags, or NULL.
 */
void routes_order(const struct dependences *dependences, const struct config *config,
	const struct text_list *troubled, const bool *failing, size_t *order);

#endif
