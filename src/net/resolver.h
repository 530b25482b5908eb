/* SPDX-License-Identifier: ISC
 *
 * DNS (RFC 1035), asynchronously and within a time that is known before: many
 * questions at once, each answered exactly once, at the latest at the deadline. What
 * comes back is checked: names that are no host names never leave this file.
 */
#ifndef LAMPWATCH_RESOLVER_H
#define LAMPWATCH_RESOLVER_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct resolver;

enum dns_type { DNS_MX, DNS_A, DNS_AAAA, DNS_CNAME };

enum dns_status {
	DNS_FOUND,  /* there are such records */
	DNS_EMPTY,  /* the name is there, such records are not */
	DNS_ABSENT, /* there is no such name (NXDOMAIN) */
	DNS_SILENT, /* no answer, or one that is of no use: nothing is known */
};

enum {
	DNS_NAME_MAX = 253,     /* bytes of a name in text form, without its last dot */
	DNS_RECORDS_MAX = 100,  /* kept of one answer */
	RESOLVER_IN_FLIGHT = 50 /* questions at a time: dnsmasq forwards 150 */
};

struct dns_record {
	enum dns_type type;
	int preference; /* of an MX; the lowest is the best */
	char *owner;    /* lower case, without the last dot */
	char *value;    /* of MX and CNAME: a name, likewise; "" is the root, a null MX (RFC 7505).
			   Of A and AAAA: the address in text form */
};

/* Borrowed by the callback, for as long as it runs. */
struct dns_answer {
	const char *name; /* as it was asked for, lower case, without the last dot */
	enum dns_type type;
	enum dns_status status;
	const struct dns_record *records; /* every CNAME passed on the way, then those asked for */
	size_t count;
	const char *failure; /* why it is silent: "no answer within the time" …; else "" */
};

typedef void dns_callback(void *context, const struct dns_answer *answer);

/*
 * server is "127.0.0.1:5353", an IP address with or without a port (IPv6 in brackets where
 * there is one); NULL asks those of the system. milliseconds bound all that is asked. NULL with
 * REMEDY_LOCAL where there is no resolver to be had.
 */
struct resolver *resolver_new(const char *server, int64_t milliseconds, struct error *error);
void resolver_free(struct resolver *resolver);

/*
 * Asks for records of a name, which is taken as it is: no search domains, no hosts file. More
 * than RESOLVER_IN_FLIGHT wait for their turn. The callback comes in resolver_run(), and may ask
 * more. A text that is no host name is DNS_ABSENT.
 */
void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
	dns_callback *callback, void *context);

/* Until everything is answered, or the deadline has made silence of the rest. */
void resolver_run(struct resolver *resolver);

/* A name of a host as DNS compares them: lower case, without the last dot. NULL where the text is
 * none: longer than DNS_NAME_MAX, an empty or too long label (63 bytes), other letters than
 * a-z, 0-9, '-' and '_'. Owned by the caller. */
char *dns_name(const char *text);

/* "found", "empty", "absent", "silent". */
/* "found", "empty" …; NULL ends them. */
extern const char *const dns_status_names[];

#endif
