/* SPDX-License-Identifier: ISC
 *
 * An SMTP session as it is overheard: which replies answered which commands,
 * and what stood in them. Both mail libraries show the bytes that pass, and
 * neither tells all that the outcome depends on. Pure.
 */
#ifndef LAMPWATCH_SMTP_TRANSCRIPT_H
#define LAMPWATCH_SMTP_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "tell/attempt.h"

enum {
	REPLY_TEXT_MAX = 1024,       /* bytes kept of a reply of several lines */
	REPLY_LINE_MAX = 1000,       /* bytes of one line; RFC 5321 section 4.5.3.1.5 says 512 */
	DIALOGUE_BYTES_MAX = 262144, /* of all that the server says about one mail */
	SECRET_MAX = 24576,          /* bytes of one line of AUTH: a token of 16 kB in base64 */
	DIALOGUE_PENDING_MAX = 8, /* commands without a reply: more than the libraries pipeline */
};

enum phase {
	PHASE_CONNECT,
	PHASE_GREETING,
	PHASE_HELLO, /* EHLO or HELO */
	PHASE_STARTTLS,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RECIPIENT,
	PHASE_DATA,
	PHASE_CONTENT, /* after the final dot */
	PHASE_QUIT,
	PHASE_COUNT,
};

struct reply {
	int code;                  /* 0: none came, or not to its end */
	int subject;               /* of the enhanced code; -1: none */
	char text[REPLY_TEXT_MAX]; /* begins with the code; lines joined by blanks */
};

struct smtp_transcript {
	struct reply replies[PHASE_COUNT];
	enum phase pending[DIALOGUE_PENDING_MAX]; /* whose replies are still to come, in order */
	size_t waiting;                           /* of pending */
	enum phase last;                          /* the phase of the last command but QUIT */
	bool challenged;   /* an AUTH challenge is open: what is written next is no command */
	bool offers_auth;  /* the last reply to EHLO has a line "AUTH " */
	bool surplus;      /* bytes came that no command had asked for */
	const char *fault; /* why the server's words are not to be trusted; NULL: no reason */
	char line[REPLY_LINE_MAX];
	size_t length;           /* of line */
	size_t received;         /* bytes, since the mail began */
	char secret[SECRET_MAX]; /* what AUTH sent last, so that an echo can be concealed */
};

/* Connected: the greeting is what comes next. */
void smtp_transcript_begin(struct smtp_transcript *transcript);

/* The next mail of the same session: what was said about the one before is forgotten. */
void smtp_transcript_next(struct smtp_transcript *transcript);

/* What was sent: nothing of it is kept but which commands it holds, and the secret. */
void smtp_transcript_wrote(struct smtp_transcript *transcript, const char *bytes, size_t length);

/* What came. False, with fault set, where the server passes a limit: end the session. */
bool smtp_transcript_read(struct smtp_transcript *transcript, const char *bytes, size_t length);

/* What the client waits for, or did last where it waits for nothing; QUIT does not count. */
enum phase smtp_transcript_phase(const struct smtp_transcript *transcript);

/* "while waiting for the greeting" …: for messages. */
const char *phase_words(enum phase phase);

/* A reply from its text, whose code and enhanced code (RFC 2034) are taken from it. */
void reply_set(struct reply *reply, const char *text);

/* Fills in the replies of codes; what was sent is the caller's to know. */
void smtp_transcript_codes(const struct smtp_transcript *transcript, struct smtp_codes *codes);

/*
 * Takes addresses, user, password and what AUTH sent out of the attempt's text,
 * which the server may have repeated.
 */
void smtp_transcript_conceal(const struct smtp_transcript *transcript,
	const struct route_config *route, const struct mail *mail, struct attempt *attempt);

/* Forgets what AUTH sent: at the session's end. */
void smtp_transcript_forget(struct smtp_transcript *transcript);

/* The reply behind a stage of the codes; its code is 0 where there is none. */
const struct reply *smtp_transcript_reply(
	const struct smtp_transcript *transcript, enum smtp_stage stage);

#endif
