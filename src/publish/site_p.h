/* SPDX-License-Identifier: ISC
 *
 * Shared by the files of the site and included by them alone. Times are seconds since 1970;
 * days are numbers of days since 1970 in the configured zone.
 */
#ifndef LAMPWATCH_SITE_P_H
#define LAMPWATCH_SITE_P_H

#include "base/buffer.h"
#include "base/json.h"
#include "config/config.h"
#include "publish/ledger_load.h"
#include "publish/report.h"
#include "publish/site.h"
#include "store/history.h"
#include "store/store.h"

struct snapshot_files;

enum {
	SITE_DAYS = 90,          /* that a strip shows */
	SITE_CELLS_MAX = 400,    /* of a strip */
	SITE_DAY_CELL = 300,     /* seconds of one on a day's page */
	SITE_MONTH_CELL = 7200,  /* on a month's */
	SITE_LAMPS_MAX = 200,    /* strips on a page */
	SITE_NAMES_MAX = 8,      /* indicators named in a row of the index */
	SITE_TIMELINE_MAX = 300, /* on a day's page */
	SITE_RECENT_MAX = 25,    /* where the last ones are listed */
	SITE_TURNS_MAX = 12,     /* changes of one moment, where many moments are listed */
	SITE_LEDGER_DAYS = 365,  /* that a provider's ledger shows */
	SITE_STATES_KEPT = 64,   /* snapshots whose state is kept, while their page is written */
	SITE_BADGES_MAX = 256
};

#define SITE_DAY_SECONDS ((int64_t)86400)

/* ---- site_value.c: what templates are filled with ---- */

/* A map: utc, local ("2014-01-24 20:20 CET"), clock ("20:20"), full (with seconds and weekday). */
struct value *site_time(const struct site *site, int64_t time);

/* A map: colour, level. level NULL: the colour alone. */
struct value *site_lamp(enum colour colour, const char *level);

/* Puts under path where the site has its page about the snapshot in that folder, relative to the
 * archive; "" where folder is NULL. */
void site_put_path(struct value *map, const char *page, const char *folder);

/* Puts under uuid a permanent identity (RFC 9562 section 5.8) for this name in this archive; name
 * NULL: for the whole archive. */
void site_put_identity(const struct site *site, struct value *map, const char *name);

/* Puts what was seen of the time: lasted, unseen and blind (struct sight) in words where they are
 * not 0, and blind_since. */
void site_put_sight(
	const struct site *site, struct value *map, const struct sight *sight, int64_t end);

/* Text that others wrote, with what could deceive made visible. */
void site_put(struct value *map, const char *key, const char *text);

/* Puts under word the provider's own word, unless it says the same as the level. */
void site_put_word(struct value *map, const char *word, const char *level);

/* As site_put(), of several lines and columns, which stay apart. */
void site_put_lines(struct value *map, const char *key, const char *text);

/* The day of a time in the configured zone, and its first second. */
int64_t site_day(const struct site *site, int64_t time);
int64_t site_day_begin(const struct site *site, int64_t day);

/* "2014-01-24" of a day's number; its year is the first four, its month the next two after '-'. */
void site_day_name(int64_t day, char out[static 16]);

/* The number of the first day of a month (1 to 12; 13 is the next year's first). */
int64_t site_month_day(int year, int month);

/* The first day of the month, and of the year, that the day is in. */
int64_t site_month_begin(int64_t day);
int64_t site_year_begin(int64_t day);

/* ---- site_file.c ---- */

/*
 * Fills the template with the data and writes archive/name, unless the file has that content
 * already. Adds root (the relative path to the archive), zone and written to the data.
 */
bool site_render(const struct site *site, const char *template, struct value *data,
	const char *name, struct error *error);

/* The same with its lines as iCalendar has them: site_fold(). */
bool site_render_folded(const struct site *site, const char *template, struct value *data,
	const char *name, struct error *error);

/* Writes the value as JSON to archive/name, in the same manner. */
bool site_write_json(
	const struct site *site, const struct value *root, const char *name, struct error *error);

/* What snapshots of one page said, and until when: each is named in several files. Zero-initialised
 * means empty. */
struct site_states {
	struct site_state {
		int64_t sequence;
		struct value *map; /* owned; NULL: none */
	} list[SITE_STATES_KEPT];
};

/* ---- site_page.c: a page and its past ---- */

/* All owned but site, config, state, states and said. */
struct site_page {
	const struct site *site;
	const char *name;
	const struct page_config *config; /* NULL: no longer configured */
	struct page_state *state;
	enum level red; /* the floor */
	bool fresh;
	struct page_history history;
	size_t lamp_count; /* the first ones of the history's indicators: those with a current state
			    */
	const struct page_states *states; /* of all pages; NULL where it has no facts */
	struct ledger_page ledger;        /* what our own checks measured, over the same time */
	struct value *maintenances;       /* site_maintenances() */
	struct site_states *said;
};

/* Loads the indicators, and the history since that time. */
void site_page_load(struct site_page *page, const struct site *site, struct page_state *state,
	struct site_states *said, int64_t since);
void site_page_release(struct site_page *page);

/* What a person looks at first. */
extern const enum colour site_order[COLOURS];

enum colour site_page_colour(const struct site_page *page);
enum colour site_lamp_colour(const struct site_page *page, const struct indicator_state *indicator);
/* "unreadable", "unreachable", "stale", "never read", "fresh". */
const char *site_page_observation(const struct site_page *page);

/* ---- site_held.c: what a snapshot said, and until when ---- */

/* The content of a snapshot's file as valid UTF-8; "" if there is no such file. Owned by the
 * caller. */
char *site_file(const struct site *site, const char *page, const char *folder, const char *name);

/* The same of a snapshot whose list is at hand: snapshot_list(). */
char *site_file_listed(const struct site *site, const char *page, const char *folder,
	const struct snapshot_files *files, const char *name);

/*
 * Puts held (a time), fetches, once: until when the page was seen unchanged. The next snapshot
 * records that; for the last one it is in the state.
 */
void site_put_held(const struct site *site, const struct page_state *state,
	const struct snapshot_row *row, struct value *map);

/* Puts overall: the page's overall level in that snapshot. */
void site_put_said(
	const struct site *site, const char *page, const char *folder, struct value *map);

/* Both, as they were found before. */
void site_put_state(struct site_states *states, const struct site *site,
	const struct page_state *state, const struct snapshot_row *row, struct value *map);
void site_states_release(struct site_states *states);

/* ---- site_strip.c ---- */

/* A strip's cells are letters: g b y r, x for grey, - for nothing known. edges: count + 1 times. */
struct site_strip {
	const int64_t *edges;
	size_t count;
	const char *unit; /* what a cell is: "days" */
	bool now;         /* with what each lamp says by now, and since when */
};

char site_cell(enum colour colour);

/* Fills count cells, and ends them: the worst colour that was seen in each; grey if more than half
 * of it was unseen, unless yellow or red was seen: unseen time does not hide trouble. */
void site_cells(const struct stretches *stretches, enum level red, const struct site_strip *strip,
	char cells[static SITE_CELLS_MAX + 1]);
const char *site_strip_colour(char cell); /* "green" …; "" where nothing is known */

/* A map: cells, paths (cell, d), words. */
struct value *site_strip_value(const char *cells, const char *unit);

/* The days' edges: count + 1 times from the first day on. */
void site_edges_days(const struct site *site, int64_t first, size_t count, int64_t *edges);
/* Edges that are step seconds apart; returns the number of cells. */
size_t site_edges_even(int64_t begin, int64_t end, int64_t step, int64_t *edges);

/* whole gets the worst of all the page's indicators, cell by cell. */
void site_strip_whole(const struct site_page *page, const struct site_strip *strip,
	char whole[static SITE_CELLS_MAX + 1]);

/* The same, and a list with one map for each indicator, the troubled first: name, overall, worst,
 * strip, and where now is asked for lamp, word, gone, since; at most SITE_LAMPS_MAX, with the
 * number of the others in *left. */
struct value *site_strips(const struct site_page *page, const struct site_strip *strip,
	char whole[static SITE_CELLS_MAX + 1], size_t *left);

/* ---- site_ledger.c: what our own checks measured, beside the lamps; all of it does nothing where
 * the configuration has no facts ---- */

/* Loads what site_page has of facts, since that time. */
void site_ledger_load(struct site_page *page, const struct page_states *states, int64_t since);

/* Puts under fact, for an indicator that has facts: checks (their names), strip, and where the two
 * sides differ: early and late, each a list of maps with left and width in percent, early_words and
 * late_words: for how long. */
void site_put_fact(const struct site_page *page, const char *id, const struct site_strip *strip,
	struct value *map);

/* Adds to a list of site_strips() the indicators with facts that the page has never listed. */
void site_add_unlisted(
	const struct site_page *page, const struct site_strip *strip, struct value *lamps);

/* Adds to the moments of a page those of its facts, newest first like them. */
void site_add_measured(
	const struct site_page *page, int64_t from, int64_t to, struct value *moments);

/* Puts sides: for each indicator with facts, from when to when the page said and the service did
 * what. */
void site_put_sides(const struct site_page *page, int64_t from, int64_t to, struct value *data);

/* Puts ledger, the name of the provider's file, if it has one. */
void site_put_ledger(const struct site *site, const char *provider, struct value *data);

/* Puts ledgers, a list of maps with provider and ledger, and any_ledger. */
void site_put_ledgers(const struct site *site, struct value *data);

/* Writes a provider's ledger. */
bool site_write_ledger(const struct site *site, const struct page_states *states,
	const char *provider, struct error *error);

/* Calls each with the probes that a page's facts name. */
void site_probes(const struct site *site, const struct page_config *page,
	void (*each)(void *context, const char *probe), void *context);

/* ---- site_calendar.c ---- */

/* Puts the days of a strip of so many from the first on that have a page of their own, by month:
 * months, each with its days: day, number (of the month), at and span, the cells
 * that lead there: up to the next such day. And of: the number of all cells. */
void site_put_days(const struct site_page *page, int64_t first, size_t count, struct value *data);

/* ---- site_timeline.c ---- */

/*
 * What happened, newest first: a list with one map for each moment at which something changed or
 * was kept. page NULL: of all pages, and without snapshots that changed nothing.
 */
struct value *site_timeline(
	const struct site *site, const char *page, int64_t from, int64_t to, size_t limit);

/* The same for one page, with what its snapshots at these times say and until when that held. */
struct value *site_page_timeline(
	const struct site_page *page, int64_t from, int64_t to, size_t limit);

/* The same list for programs: a list of maps with time, page, title, path and uuid. */
struct value *site_timeline_json(const struct value *entries);

/* The changes of one snapshot, as one moment. */
struct value *site_snapshot_entry(
	const struct site *site, const char *page, const struct snapshot_row *row);

/* ---- site_reading.c ---- */

/*
 * Puts the content of a canonical text: readable, title, word, lamp, indicators (the worst first),
 * incidents, maintenances among them. text "": the page could not be read.
 */
void site_put_reading(
	const struct site *site, enum level red, const char *text, struct value *data);

/* ---- site_maintenances.c ---- */

/*
 * A list with one map for each maintenance that the page announces, and that vanished from it
 * before it began: uuid, begin, end where one is told, revised (of iCalendar's form), sequence,
 * withdrawn, page, provider where it has another name, title, state, affected, said, url. Without
 * those that have no beginning, and where indicators: chooses, those that touch none of them.
 */
struct value *site_maintenances(const struct site_page *page);

/* Writes them to calendar.ics; page NULL: those of all pages. */
bool site_write_calendar(const struct site *site, const char *page,
	const struct value *maintenances, struct error *error);

/* Adds the lines ended by CRLF, those of more than 75 octets folded between two characters (RFC
 * 5545 section 3.1). */
void site_fold(const char *text, struct buffer *out);

/* ---- the files ---- */

/* Puts what stands at the head of each of the page's files. */
void site_put_page(const struct site_page *page, struct value *data);

/* Puts address: where the page is; "" of a probe, which is at none, and whose targets may be
 * private. config: NULL where it is watched no more. */
void site_put_address(
	const struct page_config *config, const struct page_state *state, struct value *data);

/* The page's row in the index, as JSON. Owned by the caller. */
char *site_row(const struct site_page *page);
bool site_write_page(
	const struct site_page *page, char whole[static SITE_CELLS_MAX + 1], struct error *error);
bool site_write_report(const struct site_page *page, struct error *error);
bool site_write_day(const struct site_page *page, int64_t day, struct error *error);
bool site_write_month(const struct site_page *page, int64_t day, struct error *error);
bool site_write_year(const struct site_page *page, int64_t day, struct error *error);
bool site_write_snapshot(const struct site *site, const char *page, const struct page_state *state,
	struct site_states *said, const struct snapshot_row *row, struct error *error);
bool site_write_index(const struct site *site, struct error *error);
bool site_write_feed(const struct site *site, const char *page, struct error *error);

/* ---- site_copy.c: foreign bytes for display ---- */

/* Converts to UTF-8: by the response's headers, the document's own declaration, or unchanged. */
void site_copy_text(const struct buffer *body, const char *headers, struct buffer *out);
bool site_copy_is_html(const struct buffer *text, const char *headers);
/* The document without the elements that load or link something by themselves. */
void site_copy_html(const char *text, size_t length, struct buffer *out);
/* The text that a person would read, a line for each block. */
void site_copy_words(const char *text, size_t length, struct buffer *out);

/* ---- word_diff.c ---- */

/* A list of maps, each with one of same, removed, added: which words differ; NULL where too many
 * do to be marked, or none. */
struct value *site_words(const char *before, const char *after);

#endif
