/* SPDX-License-Identifier: ISC */
#include "tell/dns_lookup.h"

#include <stdlib.h>

#include "base/memory.h"
#include "net/resolver.h"
#include "tell/hosts.h"
#include "tell/providers.h"

/* One name, and all that is asked because of it. */
struct inquiry {
	struct resolver *resolver;
	const struct providers *providers;
	struct host *host;
};

static void take_records(struct host *host, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count && host->count < DNS_RECORDS_MAX; i++)
		host_add(host, &answer->records[i]);
}

static void fail(struct inquiry *inquiry, const struct dns_answer *answer)
{
	memory_set(&inquiry->host->failure, answer->failure);
}

/* Of a relay, a webhook's host, or a mail domain without an MX, which is its own exchanger (RFC
 * 5321 section 5.1). */
static void machine_answered(void *context, const struct dns_answer *answer)
{
	struct inquiry *inquiry = context;

	if (answer->status == DNS_SILENT)
		fail(inquiry, answer);
	inquiry->host->status = answer->status;
	take_records(inquiry->host, answer);
}

static void exchanger_answered(void *context, const struct dns_answer *answer)
{
	struct inquiry *inquiry = context;

	if (answer->status == DNS_SILENT)
		fail(inquiry, answer);
	take_records(inquiry->host, answer);
}

/* What the table knows by its name needs no look-up of its aliases. */
static void ask_exchangers(struct inquiry *inquiry, const struct dns_answer *answer)
{
	size_t asked = 0;

	for (size_t i = 0; i < answer->count && asked < HOST_EXCHANGERS_MAX; i++) {
		const struct dns_record *record = &answer->records[i];

		if (record->type != DNS_MX || record->value[0] == '\0' ||
			providers_of_host(inquiry->providers, record->value) != NULL)
			continue;
		resolver_ask(inquiry->resolver, record->value, DNS_A, exchanger_answered, inquiry);
		asked++;
	}
}

static void exchangers_answered(void *context, const struct dns_answer *answer)
{
	struct inquiry *inquiry = context;

	if (answer->status == DNS_EMPTY) {
		resolver_ask(inquiry->resolver, answer->name, DNS_A, machine_answered, inquiry);
		return;
	}
	if (answer->status == DNS_SILENT)
		fail(inquiry, answer);
	inquiry->host->status = answer->status;
	take_records(inquiry->host, answer);
	ask_exchangers(inquiry, answer);
}

void inquire(const char *server, int64_t milliseconds, const struct providers *providers,
	struct host *hosts, size_t count)
{
	struct resolver *resolver = resolver_new(server, milliseconds, NULL);
	struct inquiry *inquiries = memory_zero(count, sizeof *inquiries);

	for (size_t i = 0; i < count; i++) {
		bool machine = hosts[i].role == HOST_MACHINE;

		inquiries[i] = (struct inquiry){resolver, providers, &hosts[i]};
		hosts[i].status = DNS_SILENT;
		memory_set(&hosts[i].failure, resolver != NULL ? "" : "there is no resolver");
		if (resolver != NULL)
			resolver_ask(resolver, hosts[i].name, machine ? DNS_A : DNS_MX,
				machine ? machine_answered : exchangers_answered, &inquiries[i]);
	}
	if (resolver != NULL)
		resolver_run(resolver);
	resolver_free(resolver);
	free(inquiries);
}
