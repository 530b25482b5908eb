/* SPDX-License-Identifier: ISC */
#include "tell/dns_lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
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

/* ---- in a process of its own ---- */

enum {
	END_MILLISECONDS = 2000, /* beyond the limit of the look-ups */
	LOOK_MILLISECONDS = 100,
	PREFERENCE_MAX = 65535, /* RFC 1035 section 3.3.9 */
};

/* What the process says of one host after the other: a record, or, once all of them are said, what
 * came of it. Shorter than what a pipe takes at once. */
struct finding {
	int last;   /* 0: a record */
	int status; /* enum dns_status, of the last */
	int type;   /* enum dns_type, of a record */
	int preference;
	char owner[DNS_NAME_MAX + 1];
	char value[DNS_NAME_MAX + 1]; /* of the last: why it failed */
};

struct asking {
	struct config *config;
	int64_t milliseconds;
	const struct providers *providers;
	size_t count;
	char hosts[]; /* of each its role, a byte, and its name, a string */
};

static bool tell(int out, const struct host *host)
{
	struct finding finding = {0};
	bool good = true;

	for (size_t i = 0; good && i < host->count; i++) {
		const struct dns_record *record = &host->records[i];

		finding.type = (int)record->type;
		finding.preference = record->preference;
		snprintf(finding.owner, sizeof finding.owner, "%s", record->owner);
		snprintf(finding.value, sizeof finding.value, "%s", record->value);
		good = file_write_all(out, &finding, sizeof finding);
	}
	finding = (struct finding){.last = 1, .status = (int)host->status};
	snprintf(finding.value, sizeof finding.value, "%s", host->failure);
	return good && file_write_all(out, &finding, sizeof finding);
}

static void ask_process(const void *context, int in, int out)
{
	const struct asking *asking = context;
	struct host *hosts = memory_zero(asking->count, sizeof *hosts);
	const char *at = asking->hosts;

	(void)in;
	for (size_t i = 0; i < asking->count; i++) {
		hosts[i].role = (enum host_role) * at++;
		hosts[i].name = memory_string(at);
		at += strlen(at) + 1;
	}
	config_wipe(asking->config);
	confine_enter(CONFINE_ATTEMPT, NULL);
	dns_lookup(asking->config->resolver, asking->milliseconds, asking->providers, hosts,
		asking->count);
	for (size_t i = 0; i < asking->count; i++)
		if (!tell(out, &hosts[i]))
			return;
}

/* A name that could stand in an answer: nothing else is handed on. */
static bool is_name(const char *text)
{
	char *name = dns_name(text);
	bool same = name != NULL && strcmp(name, text) == 0;

	free(name);
	return same;
}

static bool is_address(int family, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(family, text, address) == 1;
}

static bool record_good(const struct finding *finding)
{
	bool named = is_name(finding->value);

	if (!is_name(finding->owner) || finding->preference < 0 ||
		finding->preference > PREFERENCE_MAX)
		return false;
	switch (finding->type) {
	case DNS_MX:
		return named || finding->value[0] == '\0';
	case DNS_CNAME:
		return named;
	case DNS_A:
		return is_address(AF_INET, finding->value);
	case DNS_AAAA:
		return is_address(AF_INET6, finding->value);
	default:
		return false;
	}
}

/* False where it is none that the process can give. */
static bool take(struct host *host, struct finding *finding)
{
	struct buffer reason = {0};

	finding->owner[DNS_NAME_MAX] = finding->value[DNS_NAME_MAX] = '\0';
	if (!finding->last) {
		if (!record_good(finding) || host->count >= DNS_RECORDS_MAX)
			return false;
		host_add(host, &(struct dns_record){(enum dns_type)finding->type,
				       finding->preference, finding->owner, finding->value});
		return true;
	}
	if (finding->status < DNS_FOUND || finding->status > DNS_SILENT)
		return false;
	host->status = (enum dns_status)finding->status;
	text_visible(&reason, finding->value);
	memory_set(&host->failure, buffer_string(&reason));
	buffer_release(&reason);
	return true;
}

/* Until all is said, its end, its limit, or something that makes no sense; returns of how many
 * hosts all is said. */
static size_t hear(struct host *hosts, size_t count, struct child *child)
{
	struct pollfd look = {child->from, POLLIN, 0};
	struct finding finding;
	size_t told = 0;
	ssize_t got = -1;

	while (told < count && got != 0 && !child_late(child)) {
		poll(&look, 1, LOOK_MILLISECONDS);
		got = read(child->from, &finding, sizeof finding);
		if (got > 0 && (got != (ssize_t)sizeof finding || !take(&hosts[told], &finding)))
			break;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			break;
		told += got > 0 && finding.last;
	}
	return told;
}

/* A part of what was said of one is no answer. */
static void set_silent(struct host *host, const char *why)
{
	host_forget_records(host);
	host->status = DNS_SILENT;
	memory_set(&host->failure, why);
}

static void write_down(const struct asking *asking, const struct host *hosts, struct buffer *given)
{
	buffer_add(given, asking, sizeof *asking);
	for (size_t i = 0; i < asking->count; i++) {
		buffer_byte(given, (char)hosts[i].role);
		buffer_add(given, hosts[i].name, strlen(hosts[i].name) + 1);
	}
}

void dns_lookup_apart(struct fork_server *attempts, struct config *config, int64_t milliseconds,
	const struct providers *providers, struct host *hosts, size_t count)
{
	static const struct child_role role = {0};
	const struct asking asking = {config, milliseconds, providers, count};
	struct buffer given = {0};
	struct error error = {0};
	struct child child;
	bool started, ours;
	size_t told = 0;

	write_down(&asking, hosts, &given);
	started = fork_server_fork_given(attempts, &child, &role, ask_process, &given);
	if (started) {
		child_renew(&child, (int)milliseconds + END_MILLISECONDS);
		told = hear(hosts, count, &child);
	} else {
		child_unavailable(&error, errno);
	}
	ours = !started || !child_unrefused(&child, &error);
	for (size_t i = 0; i < count; i++)
		if (i >= told || (ours && hosts[i].status == DNS_SILENT))
			set_silent(&hosts[i],
				ours ? error.text : "the process that asks says nothing of it");
	child_stop(&child);
	buffer_release(&given);
}
