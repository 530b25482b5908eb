/* SPDX-License-Identifier: ISC
 *
 * Checks: what a service does when it is used. One check is made once, by a fetcher
 * (http_client.c), or, where it logs in, by a process that knows that one password and makes it
 * itself. What comes back is measured, judged by what the check asks for, and written down as one
 * JSON object, the transcript of the attempt. It is never tried again within the same check.
 *
 * Its answers are as hostile as a page: each is bounded in bytes and in time.
 */
#ifndef LAMPWATCH_CHECK_H
#define LAMPWATCH_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "net/http.h"

struct http_client;

enum check_type {
	CHECK_HTTP, /* one GET */
	CHECK_IMAP, /* greeting, capabilities and, with a user, a login (RFC 9051) */
	CHECK_POP3, /* the same (RFC 1939, RFC 2449) */
	CHECK_SMTP, /* the same (RFC 5321, RFC 4954); nothing is sent */
	CHECK_TCP,  /* a connection */
	CHECK_TLS,  /* and a handshake: chain, host name, and how long the certificate is good */
	CHECK_DNS,  /* records of a name */
	CHECK_TYPES,
};

/* "http", "imap" …: the key that names a check's target; NULL ends them. */
extern const char *const check_type_names[];

enum check_family { CHECK_ANY, CHECK_IPV4, CHECK_IPV6 };

enum {
	CHECK_WORD_MAX = 160,       /* bytes */
	CHECK_KEPT_MAX = 64 * 1024, /* bytes of an answer's body that stand in a transcript */
	CHECK_TRANSCRIPT_MAX = 1024 * 1024, /* bytes of one attempt's */
	CHECK_ANSWER_MAX =                  /* between processes */
	CHECK_TRANSCRIPT_MAX + CHECK_KEPT_MAX + ERROR_TEXT_MAX + 64,
	CHECK_STATUSES_MAX = 32,
	CHECK_ANSWERS_MAX = 32,
};

/* What is asked, and what a good answer is. Strings are owned by whoever has made it; NULL and 0:
 * not asked for. */
struct check {
	char *name; /* as text_is_name() */
	int type;   /* enum check_type */
	/* http: a URL. imap, pop3, smtp: imap://HOST[:PORT] with STARTTLS, which is required, or
	 * imaps:// with TLS from the start, and so on. tcp, tls: HOST:PORT. dns: a name. */
	char *target;
	char *status;      /* of http: "200,302"; "": any; NULL: 200 to 299 */
	char *contains;    /* of http: a text that the body contains */
	char *matches;     /* of http: a PCRE2 pattern that it matches */
	char *header;      /* of http: "Name: text": a field that contains that text; "Name": one
			    * that is there */
	int64_t redirects; /* of http: followed at most; what the last one leads to is judged */
	int64_t within;    /* milliseconds: a good answer that takes longer is slow */
	int64_t total;     /* milliseconds: its own limit */
	int64_t days;      /* of all with TLS: that the certificate must still be good for */
	char *record;      /* of dns: "A", "AAAA", "CNAME", "MX", "TXT" */
	char *answers;     /* of dns: one of these must be among the records; one a line */
	char *server;      /* of dns: as of resolver_new(); NULL: the system's */
	char *ca_file;     /* of all with TLS; NULL: the system's bundle */
	char *user;        /* of imap, pop3, smtp: who logs in */
	char *password_file;
};

enum check_state {
	CHECK_GOOD,
	CHECK_SLOW,   /* good, but later than `within`, or its certificate ends within `days` */
	CHECK_FAILED, /* word says what happened first */
	CHECK_ABSENT, /* its host has no address of that family, as far as can be known: of a host
		       * that does not exist, that is true of both */
};

/* "good", "slow", "failed", "absent": as in transcripts; NULL ends them. */
extern const char *const check_state_names[];

/* What came of one attempt. */
struct check_answer {
	enum check_state state;
	/* Short and without what changes each time: "HTTP 500", "no answer in 10 s", "connection
	 * refused", "no such host", "certificate expired 2014-01-23", "the body lacks \"Gmail\"",
	 * "slower than 10 s"; "" where it is good. */
	char *word;
	/* One JSON object, but for the body (check_answer_json()): family, address, began (RFC 3339
	 * with milliseconds), lookup_ms, connect_ms, tls_ms, first_byte_ms, total_ms, status,
	 * headers (without Set-Cookie, Authorization and their kin), certificate (SHA-256 of the
	 * leaf), certificate_ends, body_length, body_sha256, redirects, greeting and capabilities
	 * of mail protocols, records of DNS, detail (what a library says), state, word: what there
	 * is of them. Headers, redirects, greeting, capabilities and records are lists of lines;
	 * times count from the beginning. */
	struct buffer transcript;
	struct buffer body;        /* of http: its first CHECK_KEPT_MAX bytes, as they came */
	enum http_network network; /* where it led; of dns: whether an address of the records is in
				    * a private network */
	bool answered;             /* some host took a connection: our network is up */
};

void check_answer_release(struct check_answer *answer);

/* Adds the transcript, in which the body is UTF-8. Most answers say what the last one said, and
 * nobody wants theirs. */
void check_answer_json(const struct check_answer *answer, struct buffer *out);

/*
 * An answer on its way between two processes of one program. error: NULL, or why nobody could ask
 * (remedy 0: somebody did).
 *
 * Who takes it believes nothing of it: false where it is not all that an honest process writes, of
 * at most CHECK_ANSWER_MAX bytes. A transcript is proved to be one JSON object, whole, of texts,
 * integers and lists of texts, so that it can stand in a document beside those of others. It cannot
 * be proved to be true. With error->remedy (REMEDY_LOCAL, REMEDY_CONFIGURATION) there is no answer;
 * else check_answer_release() is due.
 */
void check_answer_write(
	struct buffer *out, const struct check_answer *answer, const struct error *error);
bool check_answer_take(
	const char *bytes, size_t length, struct check_answer *answer, struct error *error);

/* One attempt. Strings are borrowed until done() has been called. */
struct check_request {
	const struct check *check;
	int family;              /* enum check_family; of dns without meaning */
	int64_t connect_timeout; /* milliseconds, with TLS; the whole has the check's total, and of
				  * mail protocols there is only that */
	int64_t body_maximum;    /* bytes */
	const char *guard;       /* as in struct http_request; of dns without meaning, for nothing
				  * is reached but the name server */
	/* error: NULL, or why nobody could ask (REMEDY_LOCAL); answer may be taken apart, and is
	 * released after the call. */
	void (*done)(void *context, struct check_answer *answer, const struct error *error);
	void *context;
};

/* Queues it beside the client's requests; it never waits for another check of another host. It
 * logs nobody in. Its ca_file is among the client's check_ca_files (http.h). */
void http_client_check(struct http_client *client, const struct check_request *request);

/* Makes it here and now, in a process that is confined to it, with that password: user logs in. The
 * copy that is made of it is wiped; libcurl has others, which end with the process. It begins HTTP
 * (http_start()). False with error as done() gets it; else check_answer_release() is due. */
bool check_perform(const struct check_request *request, const char *password,
	struct check_answer *answer, struct error *error);

#endif
