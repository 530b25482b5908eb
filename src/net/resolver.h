/* SPDX-License-Identifier: ISC
 *
 * DNS (RFC 1035), asynchronous and with a deadline: many
 * questions at once, each answered exactly once, at the latest at the deadline. Answers
 * are validated: names that are not host names are never handed on.
 */
#ifndef LAMPWATCH_RESOLVER_H
#define LAMPWATCH_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct pollfd;
struct resolver;

enum dns_type { DNS_MX, DNS_A, DNS_AAAA, DNS_CNAME, DNS_TXT };

enum dns_status {
	DNS_FOUND,  /* there are such records */
	DNS_EMPTY,  /* the name exists, without such records */
	DNS_ABSENT, /* there is no such name (NXDOMAIN) */
	DNS_SILENT, /* no usable answer: nothing is known */
};

enum {
	DNS_NAME_MAX = 253,      /* bytes of a name in text form, without its final dot */
	DNS_RECORDS_MAX = 100,   /* kept of one answer */
	DNS_TEXT_MAX = 4096,     /* bytes kept of a TXT */
	RESOLVER_IN_FLIGHT = 50, /* concurrent questions: dnsmasq forwards 150 */
	RESOLVER_SOCKETS_MAX = 64,
};

struct dns_record {
	enum dns_type type;
	int preference; /* of an MX; the lowest is the best */
	char *owner;    /* lower case, without the final dot */
	char *value;    /* of MX and CNAME: a name in the same form; "" of an MX is the root, a null
			   MX (RFC 7505). Of A and AAAA: the address in text form. Of TXT: its
			   strings as one (RFC 7208 section 3.3), as text_collapse() */
};

/* Borrowed by the callback while it runs. */
struct dns_answer {
	const char *name; /* of the question, lower case, without the final dot */
	enum dns_type type;
	enum dns_status status;
	const struct dns_record *records; /* the chain of CNAMEs, then the records asked for */
	size_t count;
	const char *failure; /* why it is DNS_SILENT: "no answer within the time" …; else "" */
};

typedef void dns_callback(void *context, const struct dns_answer *answer);

/*
 * server is "127.0.0.1:5353", an IP address with or without a port (IPv6 in brackets if
 * there is a port); NULL asks the system's servers. milliseconds is the time limit for all
 * questions. NULL with REMEDY_LOCAL if c-ares cannot be set up.
 */
struct resolver *resolver_new(const char *server, int64_t milliseconds, struct error *error);
void resolver_free(struct resolver *resolver);

/*
 * Asks for records of a name, without search domains or the hosts file. Questions beyond
 * RESOLVER_IN_FLIGHT wait for their turn. resolver_run() calls the callback, which may ask
 * more. A text that is not a host name is DNS_ABSENT.
 */
void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
	dns_callback *callback, void *context);

/* Runs until everything is answered; at the deadline the rest is DNS_SILENT. */
void resolver_run(struct resolver *resolver);

/* The same for who waits for other things, too: goes on as far as it can without waiting. False
 * where everything is answered. */
bool resolver_turn(struct resolver *resolver);

/* What is to be waited for before the next turn: adds sockets to polls, which has room for
 * RESOLVER_SOCKETS_MAX, and lowers *milliseconds. Returns how many sockets. */
size_t resolver_polls(const struct resolver *resolver, struct pollfd *polls, int64_t *milliseconds);

/* A host name in the form that is compared: lower case, without the final dot. NULL if the text is
 * not a host name: longer than DNS_NAME_MAX, a label that is empty or longer than 63 bytes,
 * characters other than a-z, 0-9, '-' and '_'. Owned by the caller. */
char *dns_name(const char *text);

/* "MX", "A", "AAAA", "CNAME", "TXT", by enum dns_type; ended by NULL. */
extern const char *const dns_type_names[];

/* "found", "empty", "absent", "silent", by enum dns_status; ended by NULL. */
extern const char *const dns_status_names[];

#endif
