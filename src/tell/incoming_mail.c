/* SPDX-License-Identifier: ISC */
#include "tell/incoming_mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"
#include "config/config.h"

enum { MESSAGE_ID_MAX = 900 /* bytes */ };

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

/* What stands in the angle brackets, else the only word with an "@" in it; nothing where mail
 * cannot go there. The first field that gives an address counts. */
static void take_address(char **target, const char *value)
{
	const char *open = strrchr(value, '<'), *close = open != NULL ? strchr(open, '>') : NULL;
	char *address = close != NULL ? memory_bytes(open + 1, (size_t)(close - open - 1))
				      : text_collapse(value, strlen(value), 1024);

	if (text_empty(*target) && config_address_valid(address))
		memory_set(target, address);
	free(address);
}

/* "subscribe." and what stands in quotation marks are meant as the word alone. */
static void add_words(struct text_list *words, const char *text, size_t length)
{
	char *collapsed = text_collapse(text, length, 4096);
	char *copy = text_lower(collapsed), *rest = copy, *word;

	while ((word = strsep(&rest, " ")) != NULL && words->count < INCOMING_WORDS_MAX) {
		size_t size = strlen(word);

		if (size > 0 && word[size - 1] == ':' && words->count == 0)
			continue; /* "Re:", in whatever language */
		word += strspn(word, "\"'");
		size = strlen(word);
		while (size > 0 && strchr("\"'.,;:!?", word[size - 1]) != NULL)
			word[--size] = '\0';
		if (size > 0)
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

/* What is not printable would have no place in the header of an answer (RFC 5322 section 3.6.4). */
static bool is_message_id(const char *id)
{
	size_t length = strlen(id), i = 0;

	while (i < length && id[i] > ' ' && id[i] <= '~' && id[i] != '"' && id[i] != '\\')
		i++;
	return length > 0 && length <= MESSAGE_ID_MAX && i == length && id[0] == '<' &&
	       id[length - 1] == '>';
}

static void take_message_id(struct incoming_mail *incoming, const char *value)
{
	char *id = text_collapse(value, strlen(value), MESSAGE_ID_MAX);

	if (is_message_id(id))
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

/* ---- the text ---- */

/* The first line that says something; what stands before the parts, a part's own header and
 * boundary do not. */
static void take_text(struct incoming_mail *incoming, struct lines lines)
{
	const char *line;
	size_t length;
	bool header = false, preamble = incoming->in_parts;

	for (int i = 0; i < INCOMING_REPORT_LINES_MAX && next_line(&lines, &line, &length); i++) {
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

/* The first recipient's status in a report, "5.1.1" of a line "Status: 5.1.1 (…)" (RFC 3464 section
 * 2.3.4): we write to one at a time. */
static void take_status(struct incoming_mail *incoming, struct lines lines)
{
	static const char name[] = "Status:";
	const char *line;
	size_t length, size = sizeof name - 1;
	bool found = false;

	for (int i = 0;
		!found && i < INCOMING_REPORT_LINES_MAX && next_line(&lines, &line, &length); i++) {
		char *text, *number;
		size_t digits;

		if (length <= size || strncasecmp(line, name, size) != 0)
			continue;
		text = memory_bytes(line + size, length - size);
		number = text + strspn(text, " \t");
		digits = strspn(number, "0123456789.");
		number[digits < 12 ? digits : 0] = '\0';
		found = number[0] == '4' || number[0] == '5';
		if (found)
			memory_set(&incoming->status, number);
		free(text);
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
	while (next_field(&lines, &field)) {
		const char *name = buffer_string(&field), *colon = strchr(name, ':');
		size_t size = colon != NULL ? (size_t)(colon - name) : 0;

		for (size_t i = 0; size > 0 && i < sizeof fields / sizeof fields[0]; i++)
			if (strlen(fields[i].name) == size &&
				strncasecmp(fields[i].name, name, size) == 0)
				fields[i].take(incoming, colon + 1 + strspn(colon + 1, " \t"));
	}
	take_text(incoming, lines);
	take_status(incoming, lines);
	buffer_release(&field);
}

/* ---- in a reader ---- */

enum { ANSWER_MAX = 1024 * 1024, ANSWER_TEXTS = 8 };

static bool answer(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	struct incoming_mail incoming;
	char *words, *line, flags[4];

	(void)count, (void)error;
	incoming_mail_parse(parts[0].bytes, parts[0].length, &incoming);
	words = text_list_words(&incoming.words);
	line = text_list_words(&incoming.line);
	snprintf(flags, sizeof flags, "%d%d%d", incoming.has_sender, incoming.in_parts,
		incoming.automatic);
	for (size_t i = 0; i < ANSWER_TEXTS; i++) {
		const char *text =
			(const char *const[]){incoming.from, incoming.sender, incoming.recipient,
				incoming.message_id, incoming.status, flags, words, line}[i];

		buffer_add(out, text, strlen(text) + 1);
	}
	free(words);
	free(line);
	incoming_mail_release(&incoming);
	return true;
}

static bool is_address(const char *text)
{
	return text_empty(text) || config_address_valid(text);
}

/* What a mail may say, and no more: whoever wrote the answer may have been taken over. Release
 * incoming in both cases. */
static bool take_answer(const char *bytes, size_t length, struct incoming_mail *incoming)
{
	const char *texts[ANSWER_TEXTS], *end = bytes + length, *flags;

	*incoming = (struct incoming_mail){0};
	for (size_t i = 0; i < ANSWER_TEXTS; i++) {
		texts[i] = bytes;
		bytes = bytes < end ? memchr(bytes, '\0', (size_t)(end - bytes)) : NULL;
		if (bytes++ == NULL)
			return false;
	}
	flags = texts[5];
	if (bytes != end || strlen(flags) != 3)
		return false;
	*incoming = (struct incoming_mail){.from = memory_string(texts[0]),
		.sender = memory_string(texts[1]),
		.recipient = memory_string(texts[2]),
		.message_id = memory_string(texts[3]),
		.status = memory_string(texts[4]),
		.has_sender = flags[0] == '1',
		.in_parts = flags[1] == '1',
		.automatic = flags[2] == '1'};
	text_list_add_words(&incoming->words, texts[6]);
	text_list_add_words(&incoming->line, texts[7]);
	return is_address(texts[0]) && is_address(texts[1]) && is_address(texts[2]) &&
	       (text_empty(texts[3]) || is_message_id(texts[3])) &&
	       strspn(texts[4], "0123456789.") == strlen(texts[4]) &&
	       incoming->words.count <= INCOMING_WORDS_MAX &&
	       incoming->line.count <= INCOMING_WORDS_MAX;
}

static bool sound(const char *bytes, size_t length)
{
	struct incoming_mail incoming;
	bool good = take_answer(bytes, length, &incoming);

	incoming_mail_release(&incoming);
	return good;
}

bool incoming_mail_read(struct readers *readers, const char *text, size_t length,
	struct incoming_mail *incoming, struct error *error)
{
	static const struct reader_work work = {NULL, answer, sound, ANSWER_MAX};
	const struct reader_part mail = {.bytes = text, .length = length};
	const struct reader_job job = {&work, &mail, 1, READER_MILLISECONDS, NULL, NULL};
	char *bytes = readers_ask(readers, &job, &length, error);

	*incoming = (struct incoming_mail){0};
	if (bytes != NULL)
		take_answer(bytes, length, incoming);
	free(bytes);
	return bytes != NULL;
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
