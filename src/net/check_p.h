/* SPDX-License-Identifier: ISC
 *
 * Private to the files of checks. In the fetcher: check_transfer.c (what libcurl is told, and what
 * it says of mail protocols), check_certificate.c (TLS), check_dns.c, check_failure.c (what an
 * error is called), check_work.c (an attempt from its request to its answer), all of them driven by
 * http_engine.c. What came of it is judged by check.c and written down by check_transcript.c, and
 * goes from process to process by check_answer.c, which see no network.
 */
#ifndef LAMPWATCH_CHECK_P_H
#define LAMPWATCH_CHECK_P_H

#include "base/digest.h"
#include "base/list.h"
#include "net/check.h"
#include "net/http_p.h"

struct dns_answer;
struct resolver;

enum {
	CHECK_HEADERS_KEPT = 32 * 1024, /* bytes that stand in a transcript, as the next three */
	CHECK_REDIRECTS_KEPT = 16 * 1024,
	CHECK_LINES_KEPT = 8 * 1024, /* of a greeting; and of capabilities */
	CHECK_RECORDS_KEPT = 16 * 1024,
	CHECK_LINES_MAX = 64 * 1024, /* bytes of lines that a mail server may say at all */
	CHECK_NOT_REACHED = -1,
};

/* What an attempt got, as far as it came. Strings are owned. */
struct check_measure {
	int family;    /* enum check_family */
	int64_t began; /* milliseconds since 1970 */
	/* Milliseconds since then, without waiting in queues; or CHECK_NOT_REACHED. */
	int64_t lookup, connect, tls, first_byte, total;
	char *address; /* "192.0.2.1:443"; NULL: none */
	char *failure; /* a word: what ended it, NULL where nothing did; with a status, its body */
	char *detail;  /* and what the library says of it; NULL: nothing */
	bool absent;   /* no address of that family: failure says so */

	int status;             /* of http; 0: no final answer */
	char *headers;          /* status line and fields, CRLF as served */
	struct buffer body;     /* after transfer and content decoding */
	char *redirects;        /* as in struct http_response */
	struct buffer greeting; /* lines of mail protocols */
	struct buffer capabilities;
	struct text_list records; /* of dns: "192.0.2.1", "10 mx.example.org", … */

	char certificate[DIGEST_TEXT]; /* "": none was shown */
	int64_t certificate_ends;      /* seconds since 1970; 0: not known */
	char *certificate_fault;       /* a word: why it is not good; NULL: it is */

	enum http_network network;
	bool answered;
};

void check_measure_release(struct check_measure *measure);

/* check.c */

/* Sets the answer's state and word: what happened first. Pure. */
void check_judge(const struct check *check, const struct check_measure *measure,
	struct check_answer *answer);

/* "10 s", of milliseconds; owned by the caller. */
char *check_seconds(int64_t milliseconds);

/* check_transcript.c: makes the transcript of struct check_answer, whose state and word are there;
 * its body is the measure's. */
void check_transcribe(struct check_measure *measure, struct check_answer *answer);

/* ---- in the fetcher ---- */

/* What the server of a mail protocol answers to. */
enum check_phase { PHASE_GREETING, PHASE_CAPABILITIES, PHASE_STARTTLS, PHASE_LOGIN };

/* An attempt that is under way, part of its transfer. */
struct check_work {
	struct check_request request;
	char *url;      /* for libcurl; owned */
	char *password; /* owned, wiped; NULL: no login */
	struct check_measure measure;
	enum check_phase phase;
	size_t heard;      /* bytes of lines */
	int64_t connected; /* milliseconds into this hop, plus one, without TLS; 0: not known */
	struct resolver *resolver; /* of dns, while it runs */
};

/* check_work.c */

struct check_work *check_work_new(const struct check_request *request, const char *password);
void check_work_free(struct check_work *work);

/* In whose queue it waits, where that is not its URL's host. Owned by the caller. */
char *check_work_key(const struct check_work *work);

/* Judges, writes down, and calls done(). */
void check_work_done(struct check_work *work, const struct error *error);

/* check_transfer.c: what the engine asks of any transfer, a page's too. */

/* Tells the transfer's handle what is special about a check. */
void check_prepare(struct transfer *transfer);

/* To a mail server whose connection is still there, without waiting. */
void check_say_goodbye(const struct transfer *transfer);

/* Whether HTTP is spoken, as for each page; and whether names are looked up, without libcurl. */
bool check_asks_http(const struct transfer *transfer);
bool check_is_lookup(const struct transfer *transfer);

/* The bundle of certificates: the check's own, or that of all. */
const char *check_ca_file(const struct transfer *transfer, const char *of_all);

/* Whether a check's hop that has ended had a connection. */
bool check_reached(const struct transfer *transfer);

/* Whether a redirect is followed, and not judged. */
bool check_goes_on(const struct transfer *transfer);

/* Fills in the measure from a finished handle; false with error (REMEDY_LOCAL) where nobody could
 * ask. */
bool check_collect(struct transfer *transfer, CURLcode code, struct error *error);

/* check_failure.c: the measure's word for what ended it; after the rest of it is there. */
void check_explain(struct transfer *transfer, CURLcode code);

/* check_certificate.c: notes what the peer shows, good or not. */
void check_certificate_watch(CURL *easy, struct check_measure *measure);

/* check_dns.c */

/* False with error (REMEDY_LOCAL) where nobody can ask. */
bool check_dns_begin(struct check_work *work, struct error *error);

/* Continues without waiting; false where it has ended. */
bool check_dns_turn(struct check_work *work);

/* As check_collect(), after it has ended. */
bool check_dns_collect(struct transfer *transfer, struct error *error);

#endif
