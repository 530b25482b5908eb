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

static void expect(struct smtp_transcript *transcript, enum phase phase)
{
	if (phase != PHASE_QUIT)
		transcript->last = phase;
	if (transcript->waiting < DIALOGUE_PENDING_MAX)
		transcript->pending[transcript->waiting++] = phase;
	else
		transcript->fault = "the server leaves too many commands unanswered";
}

void smtp_transcript_begin(struct smtp_transcript *transcript)
{
	*transcript = (struct smtp_transcript){0};
	expect(transcript, PHASE_GREETING);
}

void smtp_transcript_next(struct smtp_transcript *transcript)
{
	for (int phase = PHASE_MAIL; phase <= PHASE_CONTENT; phase++)
		transcript->replies[phase] = (struct reply){0};
	transcript->received = 0;
}

/* The verb must be a whole word: base64 may begin with anything. */
static bool line_has_verb(const char *line, size_t length, const char *verb)
{
	size_t size = strlen(verb);

	return length > size && strncasecmp(line, verb, size) == 0 &&
	       (line[size] == ' ' || line[size] == '\r');
}

/* The last word of what AUTH sends: the mechanism's first response, or the line of a later one. */
static void remember_secret(struct smtp_transcript *transcript, const char *bytes, size_t length)
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
	memcpy(transcript->secret, bytes + from, length - from);
	transcript->secret[length - from] = '\0';
}

void smtp_transcript_wrote(struct smtp_transcript *transcript, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	if (transcript->challenged || line_has_verb(bytes, length, "AUTH"))
		remember_secret(transcript, bytes, length);
	if (transcript->challenged)
		return;
	while (bytes < end) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t size = newline != NULL ? (size_t)(newline - bytes) : (size_t)(end - bytes);

		for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
			if (line_has_verb(bytes, size, verbs[i].word))
				expect(transcript, verbs[i].phase);
		bytes += size + (newline != NULL ? 1 : 0);
	}
	transcript->surplus = false;
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
static void answered(struct smtp_transcript *transcript, int code)
{
	enum phase phase = transcript->pending[0];

	transcript->challenged = phase == PHASE_AUTH && code == 334;
	if (transcript->challenged)
		return;
	if (phase == PHASE_DATA && code == 354) {
		transcript->pending[0] = transcript->last = PHASE_CONTENT;
		return;
	}
	transcript->waiting--;
	memmove(transcript->pending, transcript->pending + 1,
		transcript->waiting * sizeof transcript->pending[0]);
}

/* One line of a reply, without its end. */
static void take_line(struct smtp_transcript *transcript)
{
	struct reply *reply = &transcript->replies[transcript->pending[0]];
	char *line = transcript->line;
	size_t length = transcript->length;
	size_t used;
	int code;

	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == '\n'))
		length--;
	line[length] = '\0';
	code = length >= 3 ? reply_code(line) : 0;
	if (transcript->pending[0] == PHASE_HELLO)
		transcript->offers_auth = (transcript->offers_auth && reply->code == 0) ||
					  strncmp(length > 4 ? line + 4 : "", "AUTH ", 5) == 0;
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
	answered(transcript, code);
}

bool smtp_transcript_read(struct smtp_transcript *transcript, const char *bytes, size_t length)
{
	transcript->received += length;
	if (transcript->received > DIALOGUE_BYTES_MAX)
		transcript->fault = "the server's replies do not end";
	for (size_t i = 0; i < length && transcript->fault == NULL; i++) {
		if (transcript->waiting == 0) {
			transcript->surplus = true;
			break;
		}
		transcript->line[transcript->length++] = bytes[i];
		if (transcript->length == sizeof transcript->line)
			transcript->fault = "the server's reply has a line that is too long";
		if (bytes[i] != '\n' || transcript->fault != NULL)
			continue;
		take_line(transcript);
		transcript->length = 0;
	}
	return transcript->fault == NULL;
}

enum phase smtp_transcript_phase(const struct smtp_transcript *transcript)
{
	bool asked = transcript->waiting > 0 && transcript->pending[0] != PHASE_QUIT;

	return asked ? transcript->pending[0] : transcript->last;
}

/* The last word of the session before MAIL: only a refusal matters. */
static enum phase session_phase(const struct smtp_transcript *transcript)
{
	static const enum phase phases[] = {PHASE_STARTTLS, PHASE_HELLO};

	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		if (transcript->replies[phases[i]].code >= 400)
			return phases[i];
	return PHASE_GREETING;
}

const struct reply *smtp_transcript_reply(
	const struct smtp_transcript *transcript, enum smtp_stage stage)
{
	static const enum phase phases[] = {
		[STAGE_AUTH] = PHASE_AUTH,
		[STAGE_MAIL] = PHASE_MAIL,
		[STAGE_RECIPIENT] = PHASE_RECIPIENT,
	};

	if (stage == STAGE_SESSION)
		return &transcript->replies[session_phase(transcript)];
	if (stage == STAGE_TRANSFER && transcript->replies[PHASE_DATA].code >= 400)
		return &transcript->replies[PHASE_DATA];
	return &transcript->replies[stage == STAGE_TRANSFER ? PHASE_CONTENT : phases[stage]];
}

void smtp_transcript_conceal(const struct smtp_transcript *transcript,
	const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	attempt_conceal_pieces(attempt, transcript->secret, "[secret]");
	attempt_conceal(attempt, route->password, "[password]");
	attempt_conceal_pieces(attempt, route->token, "[token]");
	attempt_conceal(attempt, mail->recipient, "[recipient]");
	attempt_conceal(attempt, mail->sender, "[sender]");
	attempt_conceal(attempt, route->user, "[user]");
}

void smtp_transcript_forget(struct smtp_transcript *transcript)
{
	explicit_bzero(transcript->secret, sizeof transcript->secret);
}

void smtp_transcript_codes(const struct smtp_transcript *transcript, struct smtp_codes *codes)
{
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		const struct reply *reply =
			smtp_transcript_reply(transcript, (enum smtp_stage)stage);

		codes->replies[stage].code = reply->code;
		codes->replies[stage].subject = reply->subject;
	}
}
