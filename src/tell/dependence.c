/* SPDX-License-Identifier: ISC */
#include "tell/dependence.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "tell/hosts.h"
#include "tell/providers.h"
#include "tell/receivers.h"

struct dependences {
	const struct config *config;
	const struct providers *providers;
	struct hosts hosts;
};

/* ---- reasons ---- */

static const struct {
	const char *name, *words;
} evidences[] = {
	[EVIDENCE_CONFIGURED] = {"configured", "configured"},
	[EVIDENCE_DOMAIN] = {"domain", "domain"},
	[EVIDENCE_NAME] = {"name", "name"},
	[EVIDENCE_MX] = {"mx", "MX"},
	[EVIDENCE_CNAME] = {"cname", "CNAME"},
};

const char *evidence_words(enum evidence evidence)
{
	return evidences[evidence].words;
}

const char *evidence_name(enum evidence evidence)
{
	return evidences[evidence].name;
}

/* The first reason for a provider stands: they come in the order of how good they are. */
static void add_reason(struct dependence *dependence, const char *provider, enum evidence evidence,
	const char *name)
{
	struct dependence_reason *reason;

	for (size_t i = 0; i < dependence->count; i++)
		if (strcmp(dependence->reasons[i].provider, provider) == 0)
			return;
	reason = memory_append(
		&dependence->reasons, &dependence->count, sizeof *dependence->reasons);
	*reason =
		(struct dependence_reason){memory_string(provider), evidence, memory_string(name)};
}

static void set_why(struct dependence *dependence, char *why)
{
	free(dependence->why);
	dependence->why = why;
}

static void hide(struct dependence *dependence, const struct provider *provider)
{
	if (provider->hides == HIDES_NOTHING || dependence->hidden)
		return;
	dependence->hidden = true;
	set_why(dependence, memory_format("behind the %s %s, which hides the mailbox",
				    provider->hides == HIDES_GATEWAY ? "gateway" : "forwarder",
				    provider->name));
}

static void add_configured(struct dependence *dependence, const struct text_list *depends)
{
	for (size_t i = 0; i < depends->count; i++)
		add_reason(dependence, depends->list[i], EVIDENCE_CONFIGURED, "");
}

void dependence_release(struct dependence *dependence)
{
	for (size_t i = 0; i < dependence->count; i++) {
		free(dependence->reasons[i].provider);
		free(dependence->reasons[i].name);
	}
	free(dependence->reasons);
	free(dependence->why);
	*dependence = (struct dependence){0};
}

enum dependency dependence_on(
	const struct dependence *dependence, const struct text_list *providers)
{
	if (providers->count == 0)
		return DEPENDENCY_NONE;
	for (size_t i = 0; i < dependence->count; i++)
		if (text_list_has(providers, dependence->reasons[i].provider))
			return DEPENDENCY_CERTAIN;
	return dependence->hidden || dependence->unknown || dependence->undeliverable
		       ? DEPENDENCY_POSSIBLE
		       : DEPENDENCY_NONE;
}

/* ---- what the names say ---- */

static void judge_records(struct dependence *dependence, const struct providers *providers,
	const struct host *host, enum dns_type type, enum evidence evidence)
{
	for (size_t i = 0; i < host->count; i++) {
		const struct dns_record *record = &host->records[i];
		const struct provider *provider;

		if (record->type != type)
			continue;
		provider = providers_of_host(providers, record->value);
		if (provider == NULL)
			continue;
		add_reason(dependence, provider->name, evidence, record->value);
		if (host->role == HOST_DOMAIN)
			hide(dependence, provider);
	}
}

static void judge_name(
	struct dependence *dependence, const struct providers *providers, const char *name)
{
	const struct provider *provider = providers_of_host(providers, name);

	if (provider != NULL)
		add_reason(dependence, provider->name, EVIDENCE_NAME, name);
}

static void never_answered(struct dependence *dependence, const struct host *host)
{
	dependence->unknown = dependence->count == 0;
	set_why(dependence, host != NULL && !text_empty(host->failure)
				    ? memory_format("not known: %s", host->failure)
				    : memory_string("not looked up yet"));
}

/* A relay's or a webhook's host. One that DNS does not know may still stand in a hosts file. */
static void judge_machine(
	const struct dependences *dependences, const char *text, struct dependence *dependence)
{
	char *name = host_needs_lookup(text) ? dns_name(text) : NULL;
	const struct host *host;

	if (name == NULL)
		return;
	host = hosts_find(&dependences->hosts, HOST_MACHINE, name);
	judge_name(dependence, dependences->providers, name);
	if (host == NULL || host->checked == 0) {
		never_answered(dependence, host);
	} else {
		dependence->checked = host->checked;
		judge_records(dependence, dependences->providers, host, DNS_CNAME, EVIDENCE_CNAME);
		dependence->unfound = host->status == DNS_ABSENT;
		if (dependence->unfound)
			set_why(dependence, memory_string("DNS knows no such name"));
	}
	free(name);
}

/* RFC 7505: the only MX there is says that there is none. */
static bool takes_no_mail(const struct host *host)
{
	size_t exchangers = 0, roots = 0;

	for (size_t i = 0; i < host->count; i++) {
		exchangers += host->records[i].type == DNS_MX;
		roots += host->records[i].type == DNS_MX && host->records[i].value[0] == '\0';
	}
	return exchangers > 0 && exchangers == roots;
}

static void judge_domain(
	const struct dependences *dependences, const char *name, struct dependence *dependence)
{
	const struct provider *provider = providers_of_domain(dependences->providers, name);
	const struct host *host = hosts_find(&dependences->hosts, HOST_DOMAIN, name);

	if (provider != NULL) {
		add_reason(dependence, provider->name, EVIDENCE_DOMAIN, name);
		hide(dependence, provider);
		return;
	}
	if (host == NULL || host->checked == 0) {
		never_answered(dependence, host);
		return;
	}
	dependence->checked = host->checked;
	dependence->unfound = host->status != DNS_FOUND;
	if (dependence->unfound) {
		set_why(dependence, memory_string(host->status == DNS_ABSENT
							  ? "DNS knows no such domain"
							  : "DNS knows no mail server of it"));
		return;
	}
	dependence->undeliverable = takes_no_mail(host);
	if (dependence->undeliverable)
		set_why(dependence, memory_string("the domain takes no mail (null MX)"));
	judge_records(dependence, dependences->providers, host, DNS_MX, EVIDENCE_MX);
	judge_records(dependence, dependences->providers, host, DNS_CNAME, EVIDENCE_CNAME);
	judge_name(dependence, dependences->providers, name);
}

/* ---- what the configuration names ---- */

struct dependences *dependences_new(
	struct hosts *hosts, const struct config *config, const struct providers *providers)
{
	struct dependences *dependences = memory_zero(1, sizeof *dependences);

	*dependences = (struct dependences){config, providers, *hosts};
	*hosts = (struct hosts){0};
	return dependences;
}

struct dependences *dependences_load(
	struct database *database, const struct config *config, const struct providers *providers)
{
	struct hosts hosts = {0};

	if (database != NULL)
		hosts_load(database, &hosts);
	return dependences_new(&hosts, config, providers);
}

void dependences_free(struct dependences *dependences)
{
	if (dependences == NULL)
		return;
	hosts_release(&dependences->hosts);
	free(dependences);
}

struct dependence dependence_of_route(const struct dependences *dependences, size_t route)
{
	const struct route_config *config = &dependences->config->routes[route];
	struct dependence dependence = {0};

	add_configured(&dependence, &config->depends);
	if (config->host != NULL)
		judge_machine(dependences, config->host, &dependence);
	return dependence;
}

struct dependence dependence_of_address(const struct dependences *dependences, const char *address)
{
	const char *at = strrchr(address, '@');
	char *name = at != NULL && host_needs_lookup(at + 1) ? dns_name(at + 1) : NULL;
	struct dependence dependence = {0};

	if (name != NULL)
		judge_domain(dependences, name, &dependence);
	free(name);
	return dependence;
}

struct dependence dependence_of_webhook(const struct dependences *dependences, const char *name)
{
	const struct webhook_config *webhook = config_webhook(dependences->config, name);
	struct dependence dependence = {0};

	if (webhook != NULL)
		add_configured(&dependence, &webhook->depends);
	if (webhook != NULL && webhook->host != NULL)
		judge_machine(dependences, webhook->host, &dependence);
	return dependence;
}

const struct host *dependences_domain(const struct dependences *dependences, const char *address)
{
	const char *at = strrchr(address, '@');
	char *name = at != NULL ? dns_name(at + 1) : NULL;
	const struct host *host =
		name != NULL ? hosts_find(&dependences->hosts, HOST_DOMAIN, name) : NULL;

	free(name);
	return host;
}

struct dependence dependence_of_receiver(
	const struct dependences *dependences, const char *receiver)
{
	const char *address = receiver_address(receiver), *name = receiver_webhook_name(receiver);

	if (address != NULL)
		return dependence_of_address(dependences, address);
	return name != NULL ? dependence_of_webhook(dependences, name) : (struct dependence){0};
}

/* ---- which route fails ---- */

enum dependency route_dependency(const struct dependences *dependences, const struct config *config,
	size_t route, const struct text_list *troubled)
{
	struct dependence dependence = {0};
	enum dependency result;

	if (dependences == NULL)
		add_configured(&dependence, &config->routes[route].depends);
	else
		dependence = dependence_of_route(dependences, route);
	result = dependence_on(&dependence, troubled);
	dependence_release(&dependence);
	return result;
}
