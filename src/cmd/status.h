/* SPDX-License-Identifier: ISC
 *
 * `lampwatch status`, which says the same in three ways: for people (status_print.c), as a
 * monitoring plugin (status_plugin.c) and as JSON (status_json.c). status.c reads what it says.
 */
#ifndef LAMPWATCH_STATUS_H
#define LAMPWATCH_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "model/level.h"
#include "run/context.h"
#include "run/facts.h"
#include "store/alarm.h"
#include "store/silence.h"
#include "store/store.h"

struct text_list;
struct value;

/* What monitoring plugins tell apart, the worst first. */
enum { STATUS_RED, STATUS_UNKNOWN, STATUS_YELLOW, STATUS_STATES };

struct status {
	const struct context *context;
	bool all; /* also indicators that are green */
	int64_t now;
	bool silent;           /* --nagios: nothing is printed of a page */
	struct value *pages;   /* --json */
	struct text_list *bad; /* --nagios and --fail: the names by state, STATUS_STATES of them */
	struct silences silences;
	struct alarms alarms;      /* of the page that is shown */
	struct known_states known; /* of the probes */
};

/* ---- of an indicator, or of what is like one ---- */

/* When its alarm was acknowledged; 0: it was not. */
int64_t status_acknowledged(const struct status *status, const struct indicator_state *indicator);

/* What our own checks say of it, for known_fact_release(); false where none are its facts. */
bool status_fact(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator, struct known_fact *fact);

/* True where our own checks are its facts and say that it fails. */
bool status_fails_here(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator);

/* What it follows from; NULL: nothing. Owned by the caller. */
char *status_cause(struct status *status, const struct page_config *page,
	const struct indicator_state *indicator);

/* fresh: so is the observation. What is not is grey. */
enum colour status_indicator_colour(
	const struct page_config *page, const struct indicator_state *indicator, bool fresh);

/*
 * What fails here and stands on a page that lists only what it takes to be in trouble: as all that
 * it does not list. False where the page lists it, or it does not fail here. Borrows of the alarm.
 */
bool status_unlisted(const struct page_state *state, const struct alarm *alarm,
	struct indicator_state *unlisted);

/* The colour of a page's worst indicator; grey where there is none. */
enum colour status_page_colour(
	const struct page_config *page, const struct page_state *state, bool fresh);

/* ---- of a page; state NULL: nothing is known of it; observation: page_freshness() ---- */

/* For people, on standard output. */
void status_print_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation);

/* Adds it to status->pages. */
void status_json_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation);

/* Adds what is not green on it to status->bad. */
void status_plugin_page(struct status *status, const struct page_config *page,
	const struct page_state *state, const char *observation);

/* Prints what is in status->bad as one line with its figures, as the Monitoring Plugins Development
 * Guidelines have them. Returns a plugin's exit status. */
int status_plugin_print(const struct status *status);

#endif
