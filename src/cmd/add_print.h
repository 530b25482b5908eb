/* SPDX-License-Identifier: ISC
 *
 * What `lampwatch add` prints: the kind of a page, why it is that kind, and what the page says.
 */
#ifndef LAMPWATCH_ADD_PRINT_H
#define LAMPWATCH_ADD_PRINT_H

#include <stdbool.h>

struct catalogue;
struct detection;
struct catalogue_entry;

/*
 * Of the word that the user gave: the chosen kind, the reason, what else fits, and the reading,
 * with all indicators or those not green.
 */
void print_detection(const char *word, const struct detection *detection, bool all);

/* Begins the line that says what became of the word; as a comment, where the rest is YAML. */
void print_entry(const char *word, bool comment);

/* On standard error: the kinds that fit, for the user to choose from. */
void print_ambiguous(const char *word, const struct detection *detection);

/* On standard error: the word is not what it should be, and the nearest that the catalogue has. */
void print_unknown(const struct catalogue *catalogue, const char *word, const char *what);

/* One line for each service that the word occurs in, in the order of service_match(), the best
 * first. False where there is none. */
bool print_services(const struct catalogue *catalogue, const char *word);

/* The same of probes, with the names of their checks. */
bool print_probes(const struct catalogue *probes, const char *word);

#endif
