/* SPDX-License-Identifier: ISC */
#include "tell/dns_lookup.h"

#include <stdlib.h>

#include "base/memory.h"
#include "net/resolver.h"
#include "tell/hosts.h"
#include "tell/providers.h"

/* One name, and all that is asked because of it. */
struct dns_query {
	struct resolver *resolver;
	const struct providers *providers;
	struct host *host;
};

static void take_records(struct host *host, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count && host->count < DNS_RECORDS_MAX; i++)
		host_add(host, &answer->records[i]);
}

static void fail(struct dns_query *dns_query, const struct dns_answer *answer)
{
	memory_set(&dns_query->host->failure, answer->failure);
}

/* IPv6 addresses come on top: that there are none, or no answer, changes nothing. */
static void address6_answered(void *context, const struct dns_answer *answer)
{
	struct dns_query *dns_query = context;

	for (size_t i = 0; i < answer->count && dns_query->host->count < DNS_RECORDS_MAX; i++)
		if (answer->records[i].type == DNS_AAAA)
			host_add(dns_query->host, &answer->records[i]);
}

/* Of a relay, a webhook's host, or a mail domain without an MX, which is its own exchanger (RFC
 * 5321 section 5.1). */
static void machine_answered(void *context, const struct dns_answer *answer)
{
	struct dns_query *dns_query = context;

	if (answer->status == DNS_SILENT)
		fail(dns_query, answer);
	if (dns_query->host->status != DNS_FOUND)
		dns_query->host->status = answer->status;
	take_records(dns_query->host, answer);
}

/* A mail domain without an MX may have nothing but an IPv6 address. */
static void domain6_answered(void *context, const struct dns_answer *answer)
{
	struct dns_query *dns_query = context;

	address6_answered(context, answer);
	if (answer->status == DNS_FOUND)
		dns_query->host->status = DNS_FOUND;
}

static void mx_host_answered(void *context, const struct dns_answer *answer)
{
	struct dns_query *dns_query = context;

	if (answer->status == DNS_SILENT)
		fail(dns_query, answer);
	take_records(dns_query->host, answer);
}

/* What the table knows by its name needs no look-up of its aliases. */
static void ask_mx_hosts(struct dns_query *dns_query, const struct dns_answer *answer)
{
	size_t asked = 0;

	for (size_t i = 0; i < answer->count && asked < HOST_EXCHANGERS_MAX; i++) {
		const struct dns_record *record = &answer->records[i];

		if (record->type != DNS_MX || record->value[0] == '\0' ||
			providers_of_host(dns_query->providers, record->value) != NULL)
			continue;
		resolver_ask(
			dns_query->resolver, record->value, DNS_A, mx_host_answered, dns_query);
		resolver_ask(
			dns_query->resolver, record->value, DNS_AAAA, address6_answered, dns_query);
		asked++;
	}
}

static void mx_hosts_answered(void *context, const struct dns_answer *answer)
{
	struct dns_query *dns_query = context;

	if (answer->status == DNS_EMPTY) {
		resolver_ask(dns_query->resolver, answer->name, DNS_A, machine_answered, dns_query);
		resolver_ask(
			dns_query->resolver, answer->name, DNS_AAAA, domain6_answered, dns_query);
		return;
	}
	if (answer->status == DNS_SILENT)
		fail(dns_query, answer);
	dns_query->host->status = answer->status;
	take_records(dns_query->host, answer);
	ask_mx_hosts(dns_query, answer);
}

void dns_lookup(const char *server, int64_t milliseconds, const struct providers *providers,
	struct host *hosts, size_t count)
{
	struct resolver *resolver = resolver_new(server, milliseconds, NULL);
	struct dns_query *dns_queries = memory_zero(count, sizeof *dns_queries);

	for (size_t i = 0; i < count; i++) {
		bool machine = hosts[i].role == HOST_MACHINE;

		dns_queries[i] = (struct dns_query){resolver, providers, &hosts[i]};
		hosts[i].status = DNS_SILENT;
		memory_set(&hosts[i].failure, resolver != NULL ? "" : "there is no resolver");
		if (resolver != NULL)
			resolver_ask(resolver, hosts[i].name, machine ? DNS_A : DNS_MX,
				machine ? machine_answered : mx_hosts_answered, &dns_queries[i]);
	}
	if (resolver != NULL)
		resolver_run(resolver);
	resolver_free(resolver);
	free(dns_queries);
}
