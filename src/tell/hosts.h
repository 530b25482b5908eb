/* SPDX-License-Identifier: ISC
 *
 * What DNS said of relays, webhooks' hosts and mail domains, as it is remembered
 * in the database: asked for while all is well, and used when it is not.
 */
#ifndef LAMPWATCH_HOSTS_H
#define LAMPWATCH_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/database.h"
#include "net/resolver.h"

extern const struct schema_step hosts_schema[];

/* What is asked about a name. */
enum host_role {
	HOST_MACHINE, /* a relay or a webhook's: its aliases and addresses */
	HOST_DOMAIN   /* of addresses: its mail exchangers, their aliases and addresses */
};

enum {
	HOST_EXCHANGERS_MAX = 10, /* of a domain that are looked at, the best first */
	HOST_REFRESH_SECONDS = 86400,
	HOST_RETRY_SECONDS = 3600,        /* after silence */
	HOST_FORGET_SECONDS = 90 * 86400, /* a name that nobody has asked for since */
};

/* All owned. Times are seconds since 1970, 0 for never. */
struct host {
	enum host_role role;
	char *name;             /* as dns_name() */
	enum dns_status status; /* of the last good answer; DNS_SILENT where there never was one */
	char *failure;          /* why the last try failed, wholly or in part; "": it did not */
	int64_t checked;        /* when the last good answer came */
	int64_t tried;          /* when it was asked for last */
	struct dns_record *records; /* of the last good answer */
	size_t count;
};

struct hosts {
	struct host *list; /* by role and name, up to sorted */
	size_t count, sorted;
};

/* All that is remembered. */
void hosts_load(struct database *database, struct hosts *hosts);
void hosts_release(struct hosts *hosts);

/*
 * What a try at host->tried has brought; takes what host holds. Where host->failure says that it
 * failed and an earlier answer is there, that is kept, and only the try is noted. hosts_sort() is
 * due before the next hosts_find().
 */
void hosts_put(struct hosts *hosts, struct host *host);
void hosts_sort(struct hosts *hosts);

/* NULL where nothing is remembered of it. */
const struct host *hosts_find(const struct hosts *hosts, enum host_role role, const char *name);

/* True where it is time to ask: never asked, silent for HOST_RETRY_SECONDS, a day old, or the
 * clock went back. host may be NULL. */
bool host_due(const struct host *host, int64_t now);

/* Within a transaction: writes it down, in place of what stood there. */
void host_save(struct database *database, const struct host *host);

/* Within a transaction: forgets names that were last tried before time. */
void hosts_forget(struct database *database, int64_t time);

void host_release(struct host *host);

/* One more record; the texts are copied. */
void host_add(struct host *host, const struct dns_record *record);
void host_forget_records(struct host *host);

/*
 * False for a name that says by itself all that can be known: an IP address (with or without
 * brackets), localhost and what lies beneath it (RFC 6761 section 6.3), and beneath "invalid".
 */
bool host_needs_lookup(const char *name);

#endif
