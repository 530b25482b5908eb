/* SPDX-License-Identifier: ISC
 *
 * What templates show of a message. Pure.
 *
 * Templates get a copy of the data (its shape: plan.h), changed as follows:
 *
 * - Control and bidirectional characters in every text appear as \u{HEX}, as in
 *   the canonical reading, so that no name can fake a line, wherever it is displayed.
 * - Long lists are cut, and the map that holds a list NAME gets NAME_left: how many members were
 *   left out, 0 for none.
 * - Each map in a list gets is_first and is_last.
 * - Each map with level and words (before, after) gets is_LEVEL and is_COLOUR: true.
 * - Each event gets shape: that of its colour (model/level.h).
 * - What an incident says stands once: where an event before has it, it has no updates and is
 *   repeated: true. Its address gets link: the same where a reader may be led there, absent else.
 * - page_names lists the first pages of several, {name}, for a subject; where pages is cut,
 *   more_pages lists those that are left: {title, url, snapshot_url: of its snapshot; first: its
 *   first event, without incidents; more: how many more of its like}.
 * - first gets short_label: its label with a shorter group, or none, where it has more than
 *   MESSAGE_LABEL_MAX characters: so that a subject says in its first 40 what turned.
 */
#ifndef LAMPWATCH_MESSAGE_DATA_H
#define LAMPWATCH_MESSAGE_DATA_H

struct value;

enum {
	MESSAGE_SUBJECT_PAGES = 3,      /* named in a subject */
	MESSAGE_LABEL_MAX = 32,         /* characters of what turned, in it */
	MESSAGE_JSON_MAX = 1024 * 1024, /* bytes; where it is more, lists are cut */
};

/* What templates get from data (a map), as described above. Owned by the caller. */
struct value *message_shown(const struct value *data);

/* A copy of data in which no text can fake a line, for other uses than templates; its lists are cut
 * as for machines. Owned by the caller. */
struct value *message_visible(const struct value *data);

/* The same as JSON, its lists cut as for people where it is too long otherwise. Owned by the
 * caller. */
char *message_json(const struct value *data);

/* At most maximum characters of the text, as {{%cut}} has it. Owned by the caller. */
char *message_cut(const char *text, int maximum);

#endif
