/* SPDX-License-Identifier: ISC
 *
 * What `lampwatch add` tells a person: which kind a page is and why, and what it says.
 */
#ifndef LAMPWATCH_ADD_PRINT_H
#define LAMPWATCH_ADD_PRINT_H

#include <stdbool.h>

struct catalogue;
struct detection;
struct service;

/*
 * Of the word that the user gave: the chosen kind, the reason, what else fits, and the reading,
 * with all indicators or those not green.
 */
void print_detection(const char *word, const struct detection *detection, bool all);

/* On standard error: the kinds that fit, of which the user is to choose one. */
void print_ambiguous(const char *word, const struct detection *detection);

/* One line for each service that the word occurs in. False where there is none. */
bool print_services(const struct catalogue *catalogue, const char *word);

#endif
