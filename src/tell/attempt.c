/* SPDX-License-Identifier: ISC */
#include "tell/attempt.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

enum {
	UNCUT_TEXT_MAX = 8192,
	CONCEALED_MIN = 3,    /* bytes: a shorter word would be found everywhere */
	CONCEALED_PIECE = 16, /* bytes: what is longer does not stand in a secret by chance */
};

static const char *const names[] = {
	[OUTCOME_DELIVERED] = "delivered",
	[OUTCOME_TEMPORARY] = "temporary",
	[OUTCOME_ROUTE] = "route",
	[OUTCOME_RECEIVER] = "receiver",
	[OUTCOME_UNKNOWN] = "unknown",
};

const char *outcome_name(enum outcome outcome)
{
	return names[outcome];
}

enum { ANY_SUBJECT = -2, NO_SUBJECT = -1 };

/*
 * The first row that fits decides. The recipient's reply stands before the
 * transfer's: after a refused recipient the transfer fails as well, and BDAT
 * makes a temporary refusal look final (551). A relay that does not know a command in the
 * middle of BDAT has not got all that was written.
 *
 * A final refusal is laid on the receiver only where the code says that the
 * address or the mailbox is meant. Everything else (policy, relaying denied,
 * size, content) may be this relay's own opinion, and another route may think better.
 */
static const struct {
	enum smtp_stage stage;
	int first, last; /* code */
	int subject;
	bool only_chunked;
	enum outcome outcome;
} rows[] = {
	{STAGE_SESSION, 400, 599, ANY_SUBJECT, false, OUTCOME_TEMPORARY},
	{STAGE_AUTH, 400, 499, ANY_SUBJECT, false, OUTCOME_TEMPORARY},
	{STAGE_AUTH, 500, 599, ANY_SUBJECT, false, OUTCOME_ROUTE},
	{STAGE_MAIL, 400, 499, ANY_SUBJECT, false, OUTCOME_TEMPORARY},
	{STAGE_MAIL, 500, 599, ANY_SUBJECT, false, OUTCOME_ROUTE},
	{STAGE_RECIPIENT, 400, 499, ANY_SUBJECT, false, OUTCOME_TEMPORARY},
	{STAGE_RECIPIENT, 500, 549, NO_SUBJECT, false, OUTCOME_ROUTE},
	{STAGE_RECIPIENT, 550, 559, NO_SUBJECT, false, OUTCOME_RECEIVER},
	{STAGE_RECIPIENT, 550, 559, 0, false, OUTCOME_RECEIVER},
	{STAGE_RECIPIENT, 500, 599, 1, false, OUTCOME_RECEIVER},
	{STAGE_RECIPIENT, 500, 599, 2, false, OUTCOME_RECEIVER},
	{STAGE_RECIPIENT, 500, 599, ANY_SUBJECT, false, OUTCOME_ROUTE},
	{STAGE_TRANSFER, 200, 299, ANY_SUBJECT, false, OUTCOME_DELIVERED},
	{STAGE_TRANSFER, 400, 499, ANY_SUBJECT, false, OUTCOME_TEMPORARY},
	{STAGE_TRANSFER, 500, 503, ANY_SUBJECT, true, OUTCOME_TEMPORARY},
	{STAGE_TRANSFER, 551, 551, ANY_SUBJECT, true, OUTCOME_TEMPORARY},
	{STAGE_TRANSFER, 500, 599, 1, false, OUTCOME_RECEIVER},
	{STAGE_TRANSFER, 500, 599, ANY_SUBJECT, false, OUTCOME_ROUTE},
};

static bool accepted(int code)
{
	return code >= 200 && code <= 299;
}

/* A good last reply counts only after everything that leads to it. */
static bool complete(const struct smtp_codes *codes)
{
	return codes->sent && accepted(codes->replies[STAGE_MAIL].code) &&
	       accepted(codes->replies[STAGE_RECIPIENT].code);
}

enum outcome smtp_outcome(const struct smtp_codes *codes, enum smtp_stage *stage)
{
	enum smtp_stage ignored;

	if (stage == NULL)
		stage = &ignored;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int code = codes->replies[rows[i].stage].code;
		int subject = codes->replies[rows[i].stage].subject;

		if (code < rows[i].first || code > rows[i].last)
			continue;
		if (rows[i].subject != ANY_SUBJECT && rows[i].subject != subject)
			continue;
		if (rows[i].only_chunked && !codes->chunked)
			continue;
		if (rows[i].outcome == OUTCOME_DELIVERED && !complete(codes))
			continue;
		*stage = rows[i].stage;
		return rows[i].outcome;
	}
	*stage = STAGE_COUNT;
	return codes->sent ? OUTCOME_UNKNOWN : OUTCOME_TEMPORARY;
}

void attempt_set(struct attempt *attempt, enum outcome outcome, int code, const char *format, ...)
{
	char text[UNCUT_TEXT_MAX];
	struct buffer repaired = {0}, visible = {.maximum = sizeof attempt->text - 1};
	char *line;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	text_repair(&repaired, text, strlen(text));
	line = text_collapse(buffer_string(&repaired), repaired.length, sizeof attempt->text - 1);
	text_visible(&visible, line);
	*attempt = (struct attempt){.outcome = outcome, .code = code};
	memcpy(attempt->text, buffer_string(&visible), visible.length);
	buffer_release(&visible);
	buffer_release(&repaired);
	free(line);
}

/* How many bytes of text, from its beginning, stand somewhere in the word: at least piece, else 0.
 */
static size_t common_length(const char *text, const char *word, size_t piece)
{
	const char *last = word + strlen(word) - piece;
	size_t longest = 0;

	for (; word <= last; word++) {
		size_t length = 0;

		while (text[length] != '\0' && tolower((unsigned char)text[length]) ==
						       tolower((unsigned char)word[length]))
			length++;
		if (length >= piece && length > longest)
			longest = length;
	}
	return longest;
}

static void conceal(struct attempt *attempt, const char *word, size_t piece, const char *instead)
{
	struct buffer out = {.maximum = sizeof attempt->text - 1};
	const char *from = attempt->text;

	while (*from != '\0') {
		size_t found = common_length(from, word, piece);

		if (found > 0)
			buffer_text(&out, instead);
		else
			buffer_byte(&out, *from);
		from += found > 0 ? found : 1;
	}
	memset(attempt->text, 0, sizeof attempt->text);
	memcpy(attempt->text, buffer_string(&out), out.length);
	buffer_release(&out);
}

void attempt_conceal(struct attempt *attempt, const char *word, const char *instead)
{
	size_t length = word != NULL ? strlen(word) : 0;

	if (length >= CONCEALED_MIN)
		conceal(attempt, word, length, instead);
}

void attempt_conceal_pieces(struct attempt *attempt, const char *word, const char *instead)
{
	size_t length = word != NULL ? strlen(word) : 0;

	if (length >= CONCEALED_MIN)
		conceal(attempt, word, length < CONCEALED_PIECE ? length : CONCEALED_PIECE,
			instead);
}

/* What is wrong with the line of length bytes, its LF among them; NULL where nothing is. */
static const char *line_fault(const char *line, size_t length)
{
	const char *end = memchr(line, '\r', length);

	if (length < 2 || line[length - 2] != '\r')
		return "the message has a bare LF";
	if (end != line + length - 2)
		return "the message has a bare CR";
	return length - 2 > MAIL_LINE_MAX ? "the message has a line over 998 bytes" : NULL;
}

/* Neither a NUL nor a byte over 127. */
static bool is_7_bit(const char *bytes, size_t length)
{
	unsigned char all = 0;

	for (size_t i = 0; i < length; i++)
		all |= (unsigned char)bytes[i];
	return all <= 0x7f && memchr(bytes, '\0', length) == NULL;
}

const char *route_helo(const struct route_config *route, const struct mail *mail)
{
	return route->helo != NULL ? route->helo : strrchr(mail->sender, '@') + 1;
}

static bool is_host_name(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789.-_[]:");

	return length > 0 && length <= HELO_MAX && name[length] == '\0';
}

/* Neither tokens nor IPv6 addresses: it cuts host and port at the first colon. */
static bool libesmtp_can(const struct route_config *route)
{
	return route->token == NULL && strchr(route->host, ':') == NULL;
}

mail_transport *route_transport(const struct route_config *route)
{
	static const struct {
		int type;
		bool (*can)(const struct route_config *route); /* NULL: all */
		mail_transport *send;
	} transports[] = {
		{ROUTE_SMTP, libesmtp_can, smtp_send},
		{ROUTE_SMTP, NULL, smtp_curl_send},
		{ROUTE_SMTPS, NULL, smtp_curl_send},
		{ROUTE_SENDMAIL, NULL, sendmail_send},
		{ROUTE_MX, NULL, mx_send},
	};
	size_t row = 0;

	while (transports[row].type != route->type ||
		(transports[row].can != NULL && !transports[row].can(route)))
		row++;
	return transports[row].send;
}

static const char *message_fault(const struct mail *mail)
{
	const char *at = mail->bytes, *end = at + mail->length, *fault = NULL;

	if (mail->length == 0 || mail->length > MAIL_BYTES_MAX)
		return "the message is empty or too long";
	if (!is_7_bit(at, mail->length))
		return "the message is not 7-bit text";
	while (fault == NULL && at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		if (line_end == NULL)
			return "the message does not end in CRLF";
		fault = line_fault(at, (size_t)(line_end + 1 - at));
		at = line_end + 1;
	}
	return fault;
}

bool mail_check(const struct route_config *route, const struct mail *mail, struct attempt *attempt)
{
	const char *fault;

	if (!config_address_valid(mail->sender)) {
		attempt_set(attempt, OUTCOME_ROUTE, 0,
			"the sender's address cannot stand in MAIL FROM");
		return false;
	}
	if (!config_address_valid(mail->recipient)) {
		attempt_set(attempt, OUTCOME_RECEIVER, 0, "the address cannot stand in RCPT TO");
		return false;
	}
	if (is_host_name(route_helo(route, mail)))
		fault = message_fault(mail);
	else
		fault = "helo is not a host name";
	if (fault != NULL)
		attempt_set(attempt, OUTCOME_ROUTE, 0, "%s", fault);
	return fault == NULL;
}

size_t mails_check(const struct route_config *route, const struct mail *mails, size_t count,
	const struct mail_report *report, size_t *turns)
{
	struct attempt attempt;
	size_t good = 0;

	for (size_t i = 0; i < count; i++) {
		if (mail_check(route, &mails[i], &attempt))
			turns[good++] = i;
		else
			report->each(report->context, i, &attempt);
	}
	return good;
}
