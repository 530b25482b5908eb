/* SPDX-License-Identifier: ISC */
#include "tell/smtp_transcript.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"

static const struct {
	const char *word;
	enum phase phase;
} verbs[] = {
	{"EHLO", PHASE_HELLO},
	{"HELO", PHASE_HELLO},
	{"STARTTLS", PHASE_STARTTLS},
	{"AUTH", PHASE_AUTH},
	{"MAIL", PHASE_MAIL},
	{"RCPT", PHASE_RECIPIENT},
	{"DATA", PHASE_DATA},
	{"QUIT", PHASE_QUIT},
};

static const char *const words[] = {
	[PHASE_CONNECT] = "while connecting",
	[PHASE_GREETING] = "while waiting for the greeting",
	[PHASE_HELLO] = "after EHLO",
	[PHASE_STARTTLS] = "while starting TLS",
	[PHASE_AUTH] = "while authenticating",
	[PHASE_MAIL] = "after MAIL",
	[PHASE_RECIPIENT] = "after RCPT",
	[PHASE_DATA] = "after DATA",
	[PHASE_CONTENT] = "after the message",
	[PHASE_QUIT] = "after QUIT", /* of which no failure is told */
};

const char *phase_words(enum phase phase)
{
	return words[phase];
}

static void expect(struct dialogue *dialogue, enum phase phase)
{
	if (phase != PHASE_QUIT)
		dialogue->last = phase;
	if (dialogue->waiting < DIALOGUE_PENDING_MAX)
		dialogue->pending[dialogue->waiting++] = phase;
	else
		dialogue->fault = "the server leaves too many commands unanswered";
}

void dialogue_begin(struct dialogue *dialogue)
{
	*dialogue = (struct dialogue){0};
	expect(dialogue, PHASE_GREETING);
}

void dialogue_next(struct dialogue *dialogue)
{
	for (int phase = PHASE_MAIL; phase <= PHASE_CONTENT; phase++)
		dialogue->replies[phase] = (struct reply){0};
	dialogue->received = 0;
}

/* The verb must be a whole word: base64 may begin with anything. */
static bool line_has_verb(const char *line, size_t length, const char *verb)
{
	size_t size = strlen(verb);

	return length > size && strncasecmp(line, verb, size) == 0 &&
	       (line[size] == ' ' || line[size] == '\r');
}

/* The last word of what AUTH sends: the mechanism's first response, or the line of a later one. */
static void remember_secret(struct dialogue *dialogue, const char *bytes, size_t length)
{
	size_t from;

	while (length > 0 && (bytes[length - 1] == '\r' || bytes[length - 1] == '\n'))
		length--;
	from = length;
	while (from > 0 && bytes[from - 1] != ' ' && length - from < SECRET_MAX - 1)
		from--;
	/* The name of a mechanism, with nothing behind it. */
	if (from == strlen("AUTH "))
		return;
	memcpy(dialogue->secret, bytes + from, length - from);
	dialogue->secret[length - from] = '\0';
}

void dialogue_wrote(struct dialogue *dialogue, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	if (dialogue->challenged || line_has_verb(bytes, length, "AUTH"))
		remember_secret(dialogue, bytes, length);
	if (dialogue->challenged)
		return;
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t size = newline != NULL ? (size_t)(newline - bytes) : (size_t)(end - bytes);

		for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
			if (line_has_verb(bytes, size, verbs[i].word))
				expect(dialogue, verbs[i].phase);
		bytes += size + (newline != NULL ? 1 : 0);
	}
	dialogue->surplus = false;
}

enum { SUBJECT_POLICY = 7 /* RFC 3463 section 3.8 */ };

static int reply_code(const char *text)
{
	for (int i = 0; i < 3; i++)
		if (!isdigit((unsigned char)text[i]))
			return 0;
	return atoi((char[]){text[0], text[1], text[2], '\0'});
}

/*
 * The subject of "5.1.1": class, subject and detail are one to three digits. X.1.7 and X.1.8 are
 * about the sender's address (RFC 3463 section 3.2): what a relay thinks of us is policy.
 */
static int enhanced_subject(const char *text)
{
	unsigned int kind, subject, detail;

	if (sscanf(text, "%1u.%3u.%3u", &kind, &subject, &detail) != 3)
		return -1;
	if (subject == 1 && (detail == 7 || detail == 8))
		subject = SUBJECT_POLICY;
	return kind == 2 || kind == 4 || kind == 5 ? (int)subject : -1;
}

void reply_set(struct reply *reply, const char *text)
{
	snprintf(reply->text, sizeof reply->text, "%s", text);
	reply->code = reply_code(text);
	reply->subject = reply->code > 0 && text[3] != '\0' ? enhanced_subject(text + 4) : -1;
}

/* Removes the phase that has been answered, and adds what its reply leads to. */
static void answered(struct dialogue *dialogue, int code)
{
	enum phase phase = dialogue->pending[0];

	dialogue->challenged = phase == PHASE_AUTH && code == 334;
	if (dialogue->challenged)
		return;
	if (phase == PHASE_DATA && code == 354) {
		dialogue->pending[0] = dialogue->last = PHASE_CONTENT;
		return;
	}
	dialogue->waiting--;
	memmove(dialogue->pending, dialogue->pending + 1,
		dialogue->waiting * sizeof dialogue->pending[0]);
}

/* One line of a reply, without its end. */
static void take_line(struct dialogue *dialogue)
{
	struct reply *reply = &dialogue->replies[dialogue->pending[0]];
	char *line = dialogue->line;
	size_t length = dialogue->length;
	size_t used;
	int code;

	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n'))
		length--;
	line[length] = '\0';
	code = length >= 3 ? reply_code(line) : 0;
	/* What stands there with a code is a reply that is over: EHLO, say, comes twice. */
	if (reply->code != 0)
		*reply = (struct reply){.subject = -1};
	used = strlen(reply->text);
	snprintf(reply->text + used, sizeof reply->text - used, used == 0 ? "%s" : " %s",
		used == 0 || length < 4 ? line : line + 4);
	if (code == 0 || (length > 3 && line[3] == '-'))
		return;
	reply->code = code;
	reply->subject = length > 4 ? enhanced_subject(line + 4) : -1;
	answered(dialogue, code);
}

bool dialogue_read(struct dialogue *dialogue, const char *bytes, size_t length)
{
	dialogue->received += length;
	if (dialogue->received > DIALOGUE_BYTES_MAX)
		dialogue->fault = "the server's replies do not end";
	for (size_t i = 0; i < length && dialogue->fault == NULL; i++) {
		if (dialogue->waiting == 0) {
			dialogue->surplus = true;
			break;
		}
		dialogue->line[dialogue->length++] = bytes[i];
		if (dialogue->length == sizeof dialogue->line)
			dialogue->fault = "the server's reply has a line that is too long";
		if (bytes[i] != '\n' || dialogue->fault != NULL)
			continue;
		take_line(dialogue);
		dialogue->length = 0;
	}
	return dialogue->fault == NULL;
}

enum phase dialogue_phase(const struct dialogue *dialogue)
{
	bool asked = dialogue->waiting > 0 && dialogue->pending[0] != PHASE_QUIT;

	return asked ? dialogue->pending[0] : dialogue->last;
}

/* The last word of the session before MAIL: only a refusal matters. */
static enum phase session_phase(const struct dialogue *dialogue)
{
	static const enum phase phases[] = {PHASE_STARTTLS, PHASE_HELLO};

	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		if (dialogue->replies[phases[i]].code >= 400)
			return phases[i];
	return PHASE_GREETING;
}

const struct reply *dialogue_reply(const struct dialogue *dialogue, enum smtp_stage stage)
{
	static const enum phase phases[] = {
		[STAGE_AUTH] = PHASE_AUTH,
		[STAGE_MAIL] = PHASE_MAIL,
		[STAGE_RECIPIENT] = PHASE_RECIPIENT,
	};

	if (stage == STAGE_SESSION)
		return &dialogue->replies[session_phase(dialogue)];
	if (stage == STAGE_TRANSFER && dialogue->replies[PHASE_DATA].code >= 400)
		return &dialogue->replies[PHASE_DATA];
	return &dialogue->replies[stage == STAGE_TRANSFER ? PHASE_CONTENT : phases[stage]];
}

void dialogue_conceal(const struct dialogue *dialogue, const struct route_config *route,
	const struct mail *mail, struct attempt *attempt)
{
	attempt_conceal(attempt, dialogue->secret, "[secret]");
	attempt_conceal(attempt, route->password, "[password]");
	attempt_conceal(attempt, mail->recipient, "[recipient]");
	attempt_conceal(attempt, mail->sender, "[sender]");
	attempt_conceal(attempt, route->user, "[user]");
}

void dialogue_forget(struct dialogue *dialogue)
{
	explicit_bzero(dialogue->secret, sizeof dialogue->secret);
}

void dialogue_codes(const struct dialogue *dialogue, struct smtp_codes *codes)
{
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		const struct reply *reply = dialogue_reply(dialogue, (enum smtp_stage)stage);

		codes->replies[stage].code = reply->code;
		codes->replies[stage].subject = reply->subject;
	}
}
