/* SPDX-License-Identifier: ISC
 *
 * Patterns of `indicators:` that fit nothing: nobody watches a name that is not there.
 */
#ifndef LAMPWATCH_SURVEY_H
#define LAMPWATCH_SURVEY_H

#include "store/finding.h"

struct config;
struct database;
struct kind_set;
struct meanings;
struct observer;
struct page_states;
struct receivers;

/* Borrowed. */
struct survey {
	const struct config *config;
	const struct kind_set *kinds;
	struct database *database;
	struct page_states *states; /* of the database */
	const struct receivers *receivers;
	const struct meanings *meanings;
};

/*
 * Adds those of the pages and of the receivers, by each page's last reading. Where a page was
 * never read, or lists only what is in trouble, nobody can tell.
 */
void survey_patterns(const struct survey *survey, struct findings *findings);

/* Adds the words that the kinds' tables do not have, by the same readings. */
void survey_words(const struct survey *survey, struct findings *findings);

/*
 * The same in a run, where pages list other indicators than before or the configuration has
 * changed: remembers them, tells the operator and prints a line for each that is new.
 */
void survey_run(struct observer *observer, const struct kind_set *kinds, int64_t now);

#endif
