/* SPDX-License-Identifier: ISC */
#include "tell/incoming_mail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"

/* ---- the header ---- */

/* One line after the other, without its CR LF. */
struct lines {
	const char *rest, *end;
};

static bool next_line(struct lines *lines, const char **line, size_t *length)
{
	const char *newline;

	if (lines->rest >= lines->end)
		return false;
	newline = memchr(lines->rest, '\n', (size_t)(lines->end - lines->rest));
	*line = lines->rest;
	*length = (size_t)((newline != NULL ? newline : lines->end) - lines->rest);
	lines->rest = newline != NULL ? newline + 1 : lines->end;
	if (*length > 0 && (*line)[*length - 1] == '\r')
		(*length)--;
	return true;
}

/* A field with its continuation lines (RFC 5322 section 2.2.3); false at the header's end. */
static bool next_field(struct lines *lines, struct buffer *field)
{
	const char *line;
	size_t length;

	buffer_clear(field);
	if (!next_line(lines, &line, &length) || length == 0)
		return false;
	buffer_add(field, line, length);
	while (lines->rest < lines->end && (*lines->rest == ' ' || *lines->rest == '\t') &&
		next_line(lines, &line, &length))
		buffer_add(field, line, length);
	return true;
}

/* What stands in the angle brackets, else the only word with an "@" in it; "" where mail cannot
 * go there. */
static char *address_of(const char *value)
{
	const char *open = strrchr(value, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
	char *address;

	if (close != NULL)
		address = memory_bytes(open + 1, (size_t)(close - open - 1));
	else
		address = text_collapse(value, strlen(value), 1024);
	if (!config_address_valid(address))
		memory_set(&address, "");
	return address;
}

static void take_address(char **target, const char *value)
{
	char *address = address_of(value);

	if (text_empty(*target))
		memory_set(target, address);
	free(address);
}

/* "subscribe." and what stands in quotation marks are meant as the word alone. */
static char *trim_marks(char *word)
{
	static const char marks[] = "\"'.,;:!?";
	size_t length;

	word += strspn(word, "\"'");
	length = strlen(word);
	while (length > 0 && strchr(marks, word[length - 1]) != NULL)
		word[--length] = '\0';
	return word;
}

static void add_words(struct text_list *words, const char *text, size_t length)
{
	char *collapsed = text_collapse(text, length, 4096);
	char *copy = text_lower(collapsed), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL && words->count < LETTER_WORDS_MAX) {
		bool reply = word[0] != '\0' && word[strlen(word) - 1] == ':';

		if (reply && words->count == 0) /* "Re:", in whatever language */
			continue;
		word = trim_marks(word);
		if (word[0] != '\0')
			text_list_add(words, word);
	}
	free(copy);
	free(collapsed);
}

static void take_from(struct incoming_mail *incoming, const char *value)
{
	take_address(&incoming->from, value);
}

static void take_sender(struct incoming_mail *incoming, const char *value)
{
	incoming->has_sender = true;
	take_address(&incoming->sender, value);
	if (text_empty(incoming->sender))
		incoming->automatic = true; /* <>: a report, or a reply that wants none */
}

static void take_recipient(struct incoming_mail *incoming, const char *value)
{
	take_address(&incoming->recipient, value);
}

/* All else would have no place in the header of an answer (RFC 5322 section 3.6.4). */
static bool is_printable(const char *text)
{
	while (*text >= ' ' && *text <= '~')
		text++;
	return *text == '\0';
}

static void take_message_id(struct incoming_mail *incoming, const char *value)
{
	char *id = text_collapse(value, strlen(value), 900);

	if (id[0] == '<' && id[strlen(id) - 1] == '>' && is_printable(id) &&
		strpbrk(id, " \"\\") == NULL)
		memory_set(&incoming->message_id, id);
	free(id);
}

static void take_subject(struct incoming_mail *incoming, const char *value)
{
	add_words(&incoming->words, value, strlen(value));
}

static void take_auto_submitted(struct incoming_mail *incoming, const char *value)
{
	incoming->automatic = incoming->automatic || strncasecmp(value, "no", strlen("no")) != 0;
}

static void take_precedence(struct incoming_mail *incoming, const char *value)
{
	static const char *const words[] = {"bulk", "list", "junk", "auto_reply"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		incoming->automatic = incoming->automatic || strcasecmp(value, words[i]) == 0;
}

static void take_content_type(struct incoming_mail *incoming, const char *value)
{
	static const char multipart[] = "multipart/";

	incoming->in_parts = strncasecmp(value, multipart, strlen(multipart)) == 0;
}

static void take_list(struct incoming_mail *incoming, const char *value)
{
	(void)value;
	incoming->automatic = true;
}

static const struct {
	const char *name;
	void (*take)(struct incoming_mail *incoming, const char *value);
} fields[] = {
	{"From", take_from},
	{"Return-Path", take_sender},
	{"X-Original-To", take_recipient},
	{"Delivered-To", take_recipient},
	{"Message-ID", take_message_id},
	{"Subject", take_subject},
	{"Auto-Submitted", take_auto_submitted},
	{"Content-Type", take_content_type},
	{"Precedence", take_precedence},
	{"List-Id", take_list},
	{"List-Unsubscribe", take_list},
	{"X-Auto-Response-Suppress", take_list},
	{"X-Autoreply", take_list},
	{"X-Loop", take_list},
};

static void take_field(struct incoming_mail *incoming, const char *field)
{
	const char *colon = strchr(field, ':');
	size_t length = colon != NULL ? (size_t)(colon - field) : 0;

	for (size_t i = 0; colon != NULL && i < sizeof fields / sizeof fields[0]; i++)
		if (strlen(fields[i].name) == length &&
			strncasecmp(fields[i].name, field, length) == 0)
			fields[i].take(incoming, colon + 1 + strspn(colon + 1, " \t"));
}

/* ---- the text ---- */

/* The first line that says something; what stands before the parts, a part's own header and
 * boundary do not. */
static void take_text(struct incoming_mail *incoming, struct lines lines)
{
	const char *line;
	size_t length;
	bool header = false, preamble = incoming->in_parts;

	for (int i = 0; i < LETTER_LINES_MAX && next_line(&lines, &line, &length); i++) {
		if (length > 2 && strncmp(line, "--", 2) == 0)
			header = true, preamble = false;
		else if (length == 0)
			header = false;
		else if (!header && !preamble && line[0] != '>')
			add_words(&incoming->line, line, length);
		if (incoming->line.count > 0)
			return;
	}
}

/* "5.1.1" of a line "Status: 5.1.1 (…)"; "" where it is no such line. */
static char *status_of(const char *line, size_t length)
{
	static const char name[] = "Status:";
	char *text, *number;
	size_t digits;

	if (length < sizeof name || strncasecmp(line, name, sizeof name - 1) != 0)
		return memory_string("");
	text = memory_bytes(line + sizeof name - 1, length - (sizeof name - 1));
	number = text + strspn(text, " \t");
	digits = strspn(number, "0123456789.");
	number = memory_bytes(number, digits < 12 ? digits : 0);
	free(text);
	return number;
}

/* The first recipient's status in a report (RFC 3464 section 2.3.4): we write to one at a time. */
static void take_status(struct incoming_mail *incoming, struct lines lines)
{
	const char *line;
	size_t length;

	for (int i = 0; i < LETTER_LINES_MAX && next_line(&lines, &line, &length); i++) {
		char *status = status_of(line, length);

		if (status[0] == '4' || status[0] == '5') {
			memory_set(&incoming->status, status);
			free(status);
			return;
		}
		free(status);
	}
}

void incoming_mail_parse(const char *text, size_t length, struct incoming_mail *incoming)
{
	struct lines lines = {
		text, text + (length < INCOMING_MAIL_MAX ? length : INCOMING_MAIL_MAX)};
	struct buffer field = {.maximum = 65536};

	*incoming = (struct incoming_mail){.from = memory_string(""),
		.sender = memory_string(""),
		.recipient = memory_string(""),
		.message_id = memory_string(""),
		.status = memory_string("")};
	if (length > 5 && strncmp(text, "From ", 5) == 0) { /* of a mailbox: a pipe gets it too */
		const char *line;

		next_line(&lines, &line, &length);
	}
	while (next_field(&lines, &field))
		take_field(incoming, buffer_string(&field));
	take_text(incoming, lines);
	take_status(incoming, lines);
	buffer_release(&field);
}

void incoming_mail_release(struct incoming_mail *incoming)
{
	free(incoming->from);
	free(incoming->sender);
	free(incoming->recipient);
	free(incoming->message_id);
	free(incoming->status);
	text_list_release(&incoming->words);
	text_list_release(&incoming->line);
	*incoming = (struct incoming_mail){0};
}
