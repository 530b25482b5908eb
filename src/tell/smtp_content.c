/* SPDX-License-Identifier: ISC
 *
 * Whether a mail went out whole: libesmtp does not notice failed writes, so what it has to write is
 * counted, as it makes it of the mail (RFC 5321 section 4.5.2, RFC 3030), and compared with what
 * TCP was given.
 */
#include "tell/smtp_p.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tell/smtp_connection.h"
#include "tell/write_watch.h"

enum { LIBESMTP_BUFFER = 2048 /* bytes that libesmtp collects before it writes */ };

/* Lines that begin with a dot, which gets another one. */
static size_t count_dots(const struct mail *mail)
{
	const char *at = mail->bytes, *end = mail->bytes + mail->length;
	size_t dots = 0;

	for (; at != NULL && at < end; at = memchr(at, '\n', (size_t)(end - at))) {
		at += at != mail->bytes;
		dots += at < end && *at == '.';
	}
	return dots;
}

/*
 * What libesmtp has collected and not written once it has added a command's bytes to those of the
 * commands before: it writes where it has 2,048, first the commands that are whole.
 */
static size_t collected(size_t before, size_t command)
{
	return before + command < LIBESMTP_BUFFER ? before + command : command % LIBESMTP_BUFFER;
}

/*
 * The mail goes in two chunks (RFC 3030), its header and its body, behind a RCPT, with a DSN's
 * words or without, that nobody has counted: libesmtp no longer calls the monitor. The end is a
 * command of its own, which a server takes for the end of what has arrived. A relay without
 * PIPELINING has got all before; where it has it, no more may be missing than libesmtp still
 * collects.
 */
static bool chunks_written(const struct smtp_client *client)
{
	static const char end[] = "BDAT 0 LAST\r\n";
	const struct smtp_transaction *now = &client->now;
	const struct mail *mail = smtp_mail_in_turn(client);
	const char *text = memmem(mail->bytes, mail->length, "\r\n\r\n", 4);
	size_t rest = text != NULL && text + 4 < mail->bytes + mail->length ? now->piece : 0;
	size_t head = now->content - rest + strlen("\r\n"); /* which stands after it */
	size_t header = (size_t)snprintf(NULL, 0, "BDAT %zu\r\n", head) + head;
	size_t body = rest > 0 ? (size_t)snprintf(NULL, 0, "BDAT %zu\r\n", rest) + rest : 0;
	size_t recipient = strlen("RCPT TO:<>\r\n") + strlen(mail->recipient);
	size_t plain = collected(collected(recipient, header), body);
	size_t dsn = collected(collected(recipient + strlen(" NOTIFY=FAILURE"), header), body);
	size_t most = plain > dsn ? plain : dsn;

	write_watch_add(header + body + strlen(end));
	return !write_watch_lost((most > recipient ? most - recipient : 0) + strlen(end));
}

/*
 * libesmtp has written the mail but for what it still collects, and writes that with the mail's
 * end. True where all of it has gone out; a mail with a hole must not be ended.
 */
static bool content_written(const struct smtp_client *client)
{
	size_t content = client->now.content + strlen("\r\n"); /* after the header */

	if (client->now.chunked)
		return chunks_written(client);
	content += count_dots(smtp_mail_in_turn(client));
	write_watch_add(content + strlen(".\r\n"));
	return !write_watch_lost(content % LIBESMTP_BUFFER + strlen(".\r\n"));
}

/*
 * The mail as it is. Where a write fails before the last, the server never sees the end and must
 * forget the mail (RFC 5321 section 4.1.1.4). errno is how libesmtp is told to stop.
 */
const char *smtp_hand_out(void **ignored, int *length, void *context)
{
	struct smtp_client *client = context;
	struct smtp_transaction *now = &client->now;
	const struct mail *mail;
	const char *from;

	(void)ignored;
	if (client->turn == client->turn_count) { /* the rest of a mail refused halfway is asked */
		errno = ECONNRESET;
		if (length != NULL)
			*length = 0;
		return NULL;
	}
	mail = smtp_mail_in_turn(client);
	from = mail->bytes + now->offset;
	if (length == NULL) {
		now->offset = now->content = now->piece = 0;
		now->chunked = client->transcript.last != PHASE_CONTENT;
		if (now->chunked) /* since an earlier mail's, nobody has counted */
			write_watch_resume();
		return NULL;
	}
	*length = (int)(mail->length - now->offset);
	now->offset = mail->length;
	smtp_connection_cork(*length > 0 && !now->chunked); /* a BDAT's reply is waited for */
	if (*length > 0)
		return from;
	now->sent = content_written(client) && !smtp_connection_broken();
	errno = now->sent ? 0 : ECONNRESET;
	return NULL;
}
