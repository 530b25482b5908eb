/* SPDX-License-Identifier: ISC
 *
 * The outer form of a mail: header fields (RFC 5322, RFC 2047) and bodies in
 * quoted-printable (RFC 2045). What comes out is 7-bit, its lines end in CRLF,
 * and no bare CR or LF is in it, whatever the text was. And back: the text of a mail. Pure.
 */
#ifndef LAMPWATCH_MIME_H
#define LAMPWATCH_MIME_H

#include <stdbool.h>
#include <stddef.h>

struct buffer;
struct error;
struct readers;

enum {
	MIME_FIELDS = 6,       /* the bytes 1 to MIME_FIELDS of a text are places left open */
	MIME_LINE_MAX = 78,    /* of a header, where it can be folded (RFC 5322 section 2.1.1) */
	MIME_ENCODED_MAX = 76, /* of a header with encoded words (RFC 2047 section 2) or a body */
	MIME_VALUE_MAX = 900,  /* bytes of a structured value: its line stays below 998 */
	MIME_TEXT_MAX = 8192,  /* bytes of an unstructured value */
};

/*
 * Adds a field of free text, such as Subject. What is not plain printable
 * ASCII, or could be taken for an encoded word, becomes encoded words (UTF-8,
 * B), each whole characters. REMEDY_LOCAL, and nothing added, where the text has a
 * control character (CR and LF are what an injection needs), is not UTF-8 or too long.
 */
bool mime_text_field(struct buffer *out, const char *name, const char *text, struct error *error);

/*
 * Adds a structured field as it stands, such as Message-ID: printable ASCII,
 * folded at blanks only. REMEDY_LOCAL, and nothing added, where it is anything else or too long.
 */
bool mime_field(struct buffer *out, const char *name, const char *value, struct error *error);

/*
 * Adds text (UTF-8, lines ending in LF or CRLF) as quoted-printable. No line
 * of it begins with "From " or a dot, which old software treats as its own.
 */
void mime_quoted_printable(struct buffer *out, const char *text);

/*
 * Adds what came of mime_part() or mime_alternative(), each place left open filled with its value
 * as quoted-printable: values[n - 1] is that of byte n, NULL for none.
 */
void mime_fill(
	struct buffer *out, const char *encoded, const char *const values[static MIME_FIELDS]);

/*
 * Adds the fields and the body of a part of type, such as "text/plain", in UTF-8.
 *
 * A byte of the text from 1 to MIME_FIELDS is a place left open for what is another in each copy:
 * it is kept as it is, on an encoded line of its own, so that mime_fill() need not know where a
 * line began.
 */
void mime_part(struct buffer *out, const char *type, const char *text);

/*
 * Adds a multipart/alternative of text and HTML, the best last (RFC 2046
 * section 5.1.4). seed is text that is this mail's alone: the same seed gives the same boundary.
 */
void mime_alternative(struct buffer *out, const char *seed, const char *text, const char *html);

enum {
	MIME_DEPTH_MAX = 5,               /* of parts within parts */
	MIME_PARTS_MAX = 100,             /* looked at */
	MIME_MAIL_MAX = 16 * 1024 * 1024, /* bytes of a mail that is read */
};

/*
 * Adds the text of a mail, decoded: of its first part that is text/plain, be it in
 * quoted-printable, base64 or neither. Lines end in LF. False where there is no such part.
 */
bool mime_read_text(const char *mail, size_t length, struct buffer *out);

/* The same, in a reader; waits. Nothing is added where there is no such part. Errors as in
 * base/readers.h: REMEDY_PAGE is about the mail. */
bool mime_text(struct readers *readers, const char *mail, size_t length, struct buffer *out,
	struct error *error);

#endif
