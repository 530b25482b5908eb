/* SPDX-License-Identifier: ISC
 *
 * The ledger of a page, from what is stored anyway: the alarms and the history of the page and of
 * the probes that its facts name.
 */
#ifndef LAMPWATCH_LEDGER_LOAD_H
#define LAMPWATCH_LEDGER_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publish/ledger.h"

struct config;
struct database;
struct fact_config;
struct page_config;
struct page_states;
struct text_list;

enum {
	/* An incident that a page has listed for longer than this when the outage begins is about
	 * something else. */
	LEDGER_SAID_SECONDS = 86400,
};

/* A check that some fact names. */
struct ledger_check {
	char *page, *id; /* owned: the probe and the check's name */
	bool crowd;      /* of a page of kind crowd */
	struct stretches phases;
};

/* An indicator for which there are facts. All owned but facts. */
struct ledger_row {
	char *id, *label;
	const struct fact_config *facts;
	bool heard; /* they name nobody but a crowd */
	struct stretches lamp, fact;
	struct ledger_incidents incidents; /* of the time that was asked for, whole */
};

/* A page with facts. All owned but config. */
struct ledger_page {
	const struct page_config *config;
	int64_t since, until;
	struct ledger_row *rows;
	size_t row_count;
	struct ledger_check *checks;
	size_t check_count;
};

/*
 * Loads the ledger of a page that has facts: its incidents that touch the time from since to until,
 * whole, and the phases of at least that time. states: of all pages; those that are loaded here are
 * unloaded again. An indicator that the page does not list, but a fact names without '*', has a row
 * too. page is zeroed by the caller.
 */
void ledger_load(struct database *database, const struct config *config,
	const struct page_states *states, const struct page_config *config_of, int64_t since,
	int64_t until, int64_t now, struct ledger_page *page);
void ledger_page_release(struct ledger_page *page);

/* The probe on whose check the fact turned at that time; NULL where none is known. Borrowed. */
const char *ledger_turned_by(
	const struct ledger_page *page, const struct ledger_row *row, int64_t time);

/* All pages of a provider that have facts. */
struct ledger {
	const char *provider; /* borrowed */
	struct ledger_page *pages;
	size_t count;
};

/* Adds the providers of pages with facts, in the configuration's order; borrowed from it. */
void ledger_providers(const struct config *config, struct text_list *providers);
bool ledger_has_provider(const struct config *config, const char *provider);

/* Loads what ledger_load() does of the provider's pages, of those that are named if any are (ended
 * by NULL). ledger is zeroed by the caller. */
void ledger_of_provider(struct database *database, const struct config *config,
	const struct page_states *states, const char *provider, char *const *names, int64_t since,
	int64_t until, int64_t now, struct ledger *ledger);
void ledger_release(struct ledger *ledger);

/* Adds the figures of each row. */
void ledger_take_figures(const struct ledger *ledger, struct ledger_figures *figures);

#endif
