/* SPDX-License-Identifier: ISC
 *
 * What read.c, read_indicators.c and read_incidents.c share while they make one
 * reading.
 */
#ifndef LAMPWATCH_READ_P_H
#define LAMPWATCH_READ_P_H

#include <stdint.h>

#include "base/list.h"
#include "watch/kind/kind_p.h"
#include "watch/kind/read.h"

#define NAME_AMBIGUOUS UINTPTR_MAX
#define ID_SHARED UINTPTR_MAX

struct work {
	const struct kind *kind;
	struct evaluation *evaluation;
	struct reading *reading;
	struct read_report *report;
	struct error *error;
	size_t bytes;          /* of all fields so far */
	xmlHashTablePtr ids;   /* from an indicator's id to its place in the reading (id_place()) */
	xmlHashTablePtr names; /* the same for names; NAME_AMBIGUOUS where several share one */
	bool there;         /* the last text that was read: it stands somewhere, or is computed */
	bool *apart;        /* owned: which of the indicators do not count in the page's level */
	size_t apart_count; /* those after them count */
};

/* One text of a row: which expressions give it and where it goes. */
struct field {
	const char *key;
	size_t xpaths; /* offset of the struct xpath_list in struct block */
	size_t slot;   /* offset of the char * in the row's struct */
	bool date;
};

/* Fills the texts of a row by a table that ends with a NULL key. */
bool read_fields(struct work *work, const struct field *fields, const struct block *block,
	xmlNodePtr node, void *row);

/* The first text that is not empty, "" where all are; NULL with the error. Owned by the caller.
 * Sets work->there. */
char *read_text(struct work *work, const struct xpath_list *xpaths, xmlNodePtr node);

/* As read_text(), a date being normalised. */
char *read_date(struct work *work, const struct xpath_list *xpaths, xmlNodePtr node);

/* The provider's word for a row, and its level. block NULL: the page's own. */
bool read_level(struct work *work, const struct block *block, const struct xpath_list *word,
	xmlNodePtr node, char **text, enum level *level);

/* Calls row for each node of the block, $item being set; stops where it returns false. */
bool read_block_rows(struct work *work, const struct block *block,
	bool (*row)(struct work *work, const struct block *block, xmlNodePtr node, void *context),
	void *context);

/* Adds what is taken of each node to texts. */
bool read_each(
	struct work *work, const struct each *each, xmlNodePtr node, struct text_list *texts);

/*
 * The place of a row with this id, from 1, and 0 where there is none yet; ID_SHARED where several
 * rows have turned out to share it, and are known by their names.
 */
uintptr_t id_place(xmlHashTablePtr ids, const char *id);

/* The row at that place gives up an id that is not unique, and is known by its name from here on.
 */
void id_give_up(xmlHashTablePtr ids, char **id, const char *name, uintptr_t place);

/* Notes two rows that share an id, by their names. */
void repeat_note(
	struct repeat *repeat, bool apart, const char *id, const char *first, const char *second);

/* False with the error: the kind says that an id stands there once, and it stands there again. */
bool id_again(struct work *work, const char *id);

/* Whether a row replaces an earlier one with the same id. */
bool same_replaces(int same, enum level old, enum level fresh);

/* Whether a type with count rows may have one more; false, with the error, at READING_ROWS_MAX. */
bool read_room(struct work *work, size_t count);

/* For the trace: the value of an expression (evaluation.seen); a condition that does not hold; a
 * word with its level, block being NULL for the page's own; the id of a row that became one with an
 * earlier one. */
void trace_value(void *trace, const struct xpath *xpath, xmlXPathObjectPtr value);
void trace_failed(struct trace *trace, struct evaluation *evaluation, const struct xpath *xpath);
void trace_word(struct trace *trace, const struct block *block, const char *text, bool known,
	enum level level);
void trace_merged(struct trace *trace, const char *id);

/* One row has become one with an earlier one of this id. */
void count_merged(struct work *work, const char *id);

bool read_indicators(struct work *work);
bool read_incidents(struct work *work);
bool read_maintenances(struct work *work);

#endif
