/* SPDX-License-Identifier: ISC
 *
 * From what DNS said to what depends on which provider, and from that to who can be reached. All of
 * it is made of records in memory.
 */
#include "tell/dependence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/hosts.h"
#include "tell/providers.h"
#include "tell/reachability.h"
#include "unit/providers_text.h"

static const char table[] =
	"- {name: google, domains: [gmail.com], hosts: [google.com, gmail.com]}\n"
	"- {name: microsoft, hosts: [outlook.com]}\n"
	"- {name: slack, hosts: [slack.com]}\n"
	"- {name: mimecast, hides: gateway, hosts: [mimecast.com]}\n"
	"- {name: improvmx, hides: forwarder, hosts: [improvmx.com]}\n"
	"- {name: relaying, hides: forwarder, domains: [alias.example]}\n";

/* Structs of the configuration own their strings, so these are writable. */
static char google_name[] = "google", microsoft_name[] = "microsoft", declared[] = "declared",
	    gmail_relay[] = "gmail", alias_relay[] = "alias", own_relay[] = "own", chat[] = "chat",
	    smtp_gmail[] = "smtp.gmail.com", smtp_alias[] = "relay.example.net",
	    loopback[] = "127.0.0.1", hook[] = "hooks.slack.com", second[] = "webhook:chat",
	    relaying_name[] = "relaying";
static char *google_list[] = {google_name}, *microsoft_list[] = {microsoft_name},
	    *both_list[] = {microsoft_name, google_name}, *relaying_list[] = {relaying_name};
static const struct text_list google = {google_list, 1}, microsoft = {microsoft_list, 1},
			      both = {both_list, 2}, relaying = {relaying_list, 1},
			      nobody = {NULL, 0};

static struct route_config routes[] = {
	{.name = declared, .host = loopback, .depends = {google_list, 1}},
	{.name = gmail_relay, .host = smtp_gmail},
	{.name = alias_relay, .host = smtp_alias},
	{.name = own_relay, .host = loopback},
};
static struct webhook_config webhooks[] = {{.name = chat, .host = hook}};
static const struct config config = {
	.routes = routes, .route_count = 4, .webhooks = webhooks, .webhook_count = 1};
static const struct config through_google = {
	.routes = routes, .route_count = 3, .webhooks = webhooks, .webhook_count = 1};

/* What DNS said of a name: records as "MX mx.example", separated by blanks, owner the name. */
static const struct {
	enum host_role role;
	const char *name;
	enum dns_status status;
	const char *records;
} answers[] = {
	{HOST_DOMAIN, "corp.example", DNS_FOUND, "MX aspmx.l.google.com"},
	{HOST_DOMAIN, "vanity.example", DNS_FOUND, "MX mx.vanity.example CNAME mail.google.com"},
	{HOST_DOMAIN, "mixed.example", DNS_FOUND, "MX x.mail.outlook.com MX aspmx.google.com"},
	{HOST_DOMAIN, "own.example", DNS_FOUND, "MX mx.own.example A 192.0.2.1"},
	{HOST_DOMAIN, "lookalike.example", DNS_FOUND, "MX mx.notgoogle.com"},
	{HOST_DOMAIN, "gateway.example", DNS_FOUND, "MX eu.mimecast.com"},
	{HOST_DOMAIN, "forwarder.example", DNS_FOUND, "MX mx1.improvmx.com"},
	{HOST_DOMAIN, "null.example", DNS_FOUND, "MX ."},
	{HOST_DOMAIN, "half.example", DNS_FOUND, "MX . MX mx.half.example"},
	{HOST_DOMAIN, "absent.example", DNS_ABSENT, ""},
	{HOST_DOMAIN, "empty.example", DNS_EMPTY, ""},
	{HOST_DOMAIN, "silent.example", DNS_SILENT, ""},
	{HOST_DOMAIN, "implicit.outlook.com", DNS_FOUND, "A 192.0.2.3"},
	{HOST_MACHINE, "relay.example.net", DNS_FOUND, "CNAME smtp.gmail.com A 192.0.2.2"},
	{HOST_MACHINE, "smtp.gmail.com", DNS_FOUND, "A 192.0.2.2"},
	{HOST_MACHINE, "hooks.slack.com", DNS_FOUND, "CNAME edge.google.com"},
};

static struct providers *providers;

static void put_records(struct host *host, const char *text)
{
	static const struct {
		const char *word;
		enum dns_type type;
	} types[] = {{"MX", DNS_MX}, {"CNAME", DNS_CNAME}, {"A", DNS_A}};
	char *copy = memory_string(text), *place = NULL;

	for (char *word = strtok_r(copy, " ", &place); word != NULL;
		word = strtok_r(NULL, " ", &place)) {
		char *value = strtok_r(NULL, " ", &place);
		struct dns_record record = {
			.owner = host->name, .value = strcmp(value, ".") == 0 ? value + 1 : value};

		for (size_t i = 0; i < sizeof types / sizeof *types; i++)
			if (strcmp(types[i].word, word) == 0)
				record.type = types[i].type;
		host_add(host, &record);
	}
	free(copy);
}

static struct dependences *make(const struct config *of)
{
	struct hosts hosts = {0};

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct host host = {.role = answers[i].role,
			.name = memory_string(answers[i].name),
			.status = answers[i].status,
			.failure = memory_string(
				answers[i].status == DNS_SILENT ? "no answer within the time" : ""),
			.tried = 1000};

		put_records(&host, answers[i].records);
		hosts_put(&hosts, &host);
	}
	hosts_sort(&hosts);
	return dependences_new(&hosts, of, providers);
}

static int start(void **state)
{
	struct problems problems = {0};

	providers = providers_of(table, &problems);
	assert_non_null(providers);
	*state = make(&config);
	return 0;
}

static int stop(void **state)
{
	dependences_free(*state);
	providers_free(providers);
	return 0;
}

/* "google (MX aspmx.google.com), …; why": takes the dependence. */
static void assert_dependence(struct dependence dependence, const char *expected)
{
	struct buffer text = {0};

	for (size_t i = 0; i < dependence.count; i++)
		buffer_format(&text, "%s%s (%s%s%s)", i > 0 ? ", " : "",
			dependence.reasons[i].provider,
			evidence_words(dependence.reasons[i].evidence),
			dependence.reasons[i].name[0] != '\0' ? " " : "",
			dependence.reasons[i].name);
	if (dependence.why != NULL)
		buffer_format(&text, "%s%s", dependence.count > 0 ? "; " : "", dependence.why);
	assert_string_equal(buffer_string(&text), expected);
	buffer_release(&text);
	dependence_release(&dependence);
}

static void test_an_address_depends_on_whoever_its_domain_leads_to(void **state)
{
	static const struct {
		const char *address, *expected;
		enum dependency google, microsoft;
	} rows[] = {
		{"ops@gmail.com", "google (domain gmail.com)", DEPENDENCY_CERTAIN, DEPENDENCY_NONE},
		{"ops@GMail.com", "google (domain gmail.com)", DEPENDENCY_CERTAIN, DEPENDENCY_NONE},
		{"a@corp.example", "google (MX aspmx.l.google.com)", DEPENDENCY_CERTAIN,
			DEPENDENCY_NONE},
		{"a@Corp.Example", "google (MX aspmx.l.google.com)", DEPENDENCY_CERTAIN,
			DEPENDENCY_NONE},
		{"a@vanity.example", "google (CNAME mail.google.com)", DEPENDENCY_CERTAIN,
			DEPENDENCY_NONE},
		{"a@mixed.example",
			"microsoft (MX x.mail.outlook.com), google (MX aspmx.google.com)",
			DEPENDENCY_CERTAIN, DEPENDENCY_CERTAIN},
		{"a@own.example", "", DEPENDENCY_NONE, DEPENDENCY_NONE},
		{"a@lookalike.example", "", DEPENDENCY_NONE, DEPENDENCY_NONE},
		{"a@implicit.outlook.com", "microsoft (name implicit.outlook.com)", DEPENDENCY_NONE,
			DEPENDENCY_CERTAIN},
		{"a@gateway.example",
			"mimecast (MX eu.mimecast.com); behind the gateway mimecast, "
			"which hides the mailbox",
			DEPENDENCY_POSSIBLE, DEPENDENCY_POSSIBLE},
		{"a@forwarder.example",
			"improvmx (MX mx1.improvmx.com); behind the forwarder improvmx, "
			"which hides the mailbox",
			DEPENDENCY_POSSIBLE, DEPENDENCY_POSSIBLE},
		{"a@null.example", "the domain takes no mail (null MX)", DEPENDENCY_POSSIBLE,
			DEPENDENCY_POSSIBLE},
		{"a@half.example", "", DEPENDENCY_NONE, DEPENDENCY_NONE},
		{"a@absent.example", "DNS knows no such domain", DEPENDENCY_NONE, DEPENDENCY_NONE},
		{"a@empty.example", "DNS knows no mail server of it", DEPENDENCY_NONE,
			DEPENDENCY_NONE},
		{"a@silent.example", "not known: no answer within the time", DEPENDENCY_POSSIBLE,
			DEPENDENCY_POSSIBLE},
		{"a@never.example", "not looked up yet", DEPENDENCY_POSSIBLE, DEPENDENCY_POSSIBLE},
		{"root@localhost", "", DEPENDENCY_NONE, DEPENDENCY_NONE},
		{"a@[192.0.2.1]", "", DEPENDENCY_NONE, DEPENDENCY_NONE},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dependence dependence = dependence_of_address(*state, rows[i].address);

		assert_int_equal(dependence_on(&dependence, &google), rows[i].google);
		assert_int_equal(dependence_on(&dependence, &microsoft), rows[i].microsoft);
		assert_int_equal(dependence_on(&dependence, &nobody), DEPENDENCY_NONE);
		assert_dependence(dependence, rows[i].expected);
	}
}

static void test_an_address_of_a_forwarders_own_domain_may_be_anybodys_mailbox(void **state)
{
	struct dependence dependence = dependence_of_address(*state, "a@alias.example");

	assert_int_equal(dependence_on(&dependence, &relaying), DEPENDENCY_CERTAIN);
	assert_int_equal(dependence_on(&dependence, &google), DEPENDENCY_POSSIBLE);
	assert_int_equal(dependence_on(&dependence, &nobody), DEPENDENCY_NONE);
	assert_dependence(dependence, "relaying (domain alias.example); behind the forwarder "
				      "relaying, which hides the mailbox");
}

static void test_a_route_depends_on_what_is_configured_and_on_what_its_relay_is_called(void **state)
{
	assert_dependence(dependence_of_route(*state, 0), "google (configured)");
	assert_dependence(dependence_of_route(*state, 1), "google (name smtp.gmail.com)");
	assert_dependence(dependence_of_route(*state, 2), "google (CNAME smtp.gmail.com)");
	assert_dependence(dependence_of_route(*state, 3), "");
}

static void test_a_webhook_depends_on_its_host_and_the_aliases_of_that(void **state)
{
	assert_dependence(dependence_of_receiver(*state, "webhook:chat"),
		"slack (name hooks.slack.com), google (CNAME edge.google.com)");
	assert_dependence(dependence_of_receiver(*state, "webhook:removed"), "");
}

static void test_without_anything_found_out_what_is_configured_counts(void **state)
{
	(void)state;
	assert_int_equal(route_dependency(NULL, &config, 0, &google), DEPENDENCY_CERTAIN);
	assert_int_equal(route_dependency(NULL, &config, 0, &microsoft), DEPENDENCY_NONE);
	assert_int_equal(route_dependency(NULL, &config, 1, &google), DEPENDENCY_NONE);
}

static void test_when_dns_answered_is_told(void **state)
{
	struct dependence corp = dependence_of_address(*state, "a@corp.example"),
			  silent = dependence_of_address(*state, "a@silent.example");

	assert_int_equal(corp.checked, 1000);
	assert_int_equal(silent.checked, 0);
	assert_true(silent.unknown && !corp.unknown);
	dependence_release(&corp);
	dependence_release(&silent);
}

static char *lost(const struct reachability *reach, char *name, char *otherwise)
{
	const struct receiver receiver = {.name = name, .otherwise = otherwise};
	char *why;

	return reachability_lost(reach, &receiver, &why) ? why : memory_string("reached");
}

static void assert_lost(const struct reachability *reach, const char *name, const char *otherwise,
	const char *expected)
{
	char *first = memory_string(name), *rest = memory_string(otherwise);
	char *why = lost(reach, first, rest);

	assert_string_equal(why, expected);
	free(why);
	free(first);
	free(rest);
}

static void test_whoever_is_hosted_there_needs_a_second_way_that_is_not(void **state)
{
	struct reachability reach = reachability_make(*state, &config, &google);

	assert_lost(&reach, "mail:a@gmail.com", NULL, "hosted at google; no second way");
	assert_lost(&reach, "mail:a@gmail.com", "mail:a@own.example", "reached");
	assert_lost(&reach, "mail:a@gmail.com", "mail:a@corp.example",
		"hosted at google; the second way: hosted at google");
	assert_lost(&reach, "mail:a@own.example", NULL, "reached");
	assert_lost(&reach, "mail:a@gateway.example", NULL, "reached");
	reachability_release(&reach);
	reach = reachability_make(*state, &config, &both);
	assert_lost(&reach, "mail:a@gmail.com", NULL, "hosted at google; no second way");
	reachability_release(&reach);
}

static void test_where_every_route_needs_it_nobody_gets_mail(void **state)
{
	struct dependences *dependences = make(&through_google);
	struct reachability reach = reachability_make(dependences, &through_google, &google);

	(void)state;
	assert_lost(
		&reach, "mail:a@own.example", NULL, "every route depends on google; no second way");
	assert_lost(&reach, "mail:a@own.example", second,
		"every route depends on google; the second way: hosted at google");
	reachability_release(&reach);
	reach = reachability_make(dependences, &through_google, &microsoft);
	assert_lost(&reach, "mail:a@own.example", NULL, "reached");
	reachability_release(&reach);
	dependences_free(dependences);
}

static void test_a_domain_that_takes_no_mail_is_never_reached(void **state)
{
	struct reachability reach = reachability_make(*state, &config, &nobody);

	assert_lost(&reach, "mail:a@null.example", NULL,
		"its domain takes no mail (null MX); no second way");
	assert_lost(&reach, "mail:a@null.example", second, "reached");
	assert_lost(&reach, "mail:a@gmail.com", NULL, "reached");
	reachability_release(&reach);
}

static void test_receivers_learn_which_way_is_in_danger(void **state)
{
	struct reachability reach = reachability_make(*state, &config, &both), calm;
	struct receivers receivers = {0};
	struct receiver *list;

	receivers_add(&receivers, "mail:a@gmail.com", "mail:a@own.example", &subscription_default);
	receivers_add(&receivers, "mail:b@gmail.com", "mail:b@corp.example", &subscription_default);
	receivers_add(
		&receivers, "mail:c@gateway.example", "mail:c@own.example", &subscription_default);
	receivers_add(&receivers, "mail:d@own.example", NULL, &subscription_default);
	reachability_receivers(&reach, &receivers);
	list = receivers.list;
	assert_true(list[0].endangered && !list[0].doubtful);
	assert_string_equal(list[0].provider, "google");
	assert_false(list[1].endangered);
	assert_true(!list[2].endangered && list[2].doubtful);
	assert_true(!list[3].endangered && !list[3].doubtful && list[3].provider == NULL);
	calm = reachability_make(*state, &config, &nobody);
	reachability_receivers(&calm, &receivers);
	assert_true(!list[0].endangered && list[0].provider == NULL);
	reachability_release(&reach);
	reachability_release(&calm);
	receivers_release(&receivers);
}

static void test_a_failed_refresh_keeps_the_last_good_answer(void **state)
{
	struct hosts hosts = {0};
	struct host good = {HOST_DOMAIN, memory_string("a.example"), DNS_FOUND, memory_string(""),
		0, 1000, NULL, 0};
	struct host failed = {HOST_DOMAIN, memory_string("a.example"), DNS_SILENT,
		memory_string("no answer within the time"), 0, 2000, NULL, 0};
	const struct host *found;

	(void)state;
	host_add(&good, &(struct dns_record){DNS_MX, 1, good.name, google_name});
	hosts_put(&hosts, &good);
	hosts_sort(&hosts);
	hosts_put(&hosts, &failed);
	hosts_sort(&hosts);
	assert_int_equal(hosts.count, 1);
	found = hosts_find(&hosts, HOST_DOMAIN, "a.example");
	assert_int_equal(found->status, DNS_FOUND);
	assert_int_equal(found->checked, 1000);
	assert_int_equal(found->tried, 2000);
	assert_int_equal(found->count, 1);
	assert_null(hosts_find(&hosts, HOST_MACHINE, "a.example"));
	hosts_release(&hosts);
}

static void test_a_name_is_due_daily_and_after_silence_hourly(void **state)
{
	char none[] = "", why[] = "no answer within the time";
	const struct host good = {.failure = none, .checked = 1000, .tried = 1000},
			  silent = {.failure = why, .tried = 1000};

	(void)state;
	assert_true(host_due(NULL, 1000));
	assert_false(host_due(&good, 1000 + HOST_REFRESH_SECONDS - 1));
	assert_true(host_due(&good, 1000 + HOST_REFRESH_SECONDS));
	assert_false(host_due(&silent, 1000 + HOST_RETRY_SECONDS - 1));
	assert_true(host_due(&silent, 1000 + HOST_RETRY_SECONDS));
	assert_true(host_due(&good, 999)); /* the clock went back */
}

static void test_only_names_of_the_internet_are_looked_up(void **state)
{
	(void)state;
	assert_true(host_needs_lookup("mail.example.org"));
	assert_false(host_needs_lookup("127.0.0.1"));
	assert_false(host_needs_lookup("::1"));
	assert_false(host_needs_lookup("[192.0.2.1]"));
	assert_false(host_needs_lookup("LOCALHOST"));
	assert_false(host_needs_lookup("relay.localhost."));
	assert_false(host_needs_lookup("lampwatch.invalid"));
	assert_true(host_needs_lookup("notlocalhost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_address_depends_on_whoever_its_domain_leads_to),
		cmocka_unit_test(
			test_an_address_of_a_forwarders_own_domain_may_be_anybodys_mailbox),
		cmocka_unit_test(
			test_a_route_depends_on_what_is_configured_and_on_what_its_relay_is_called),
		cmocka_unit_test(test_a_webhook_depends_on_its_host_and_the_aliases_of_that),
		cmocka_unit_test(test_without_anything_found_out_what_is_configured_counts),
		cmocka_unit_test(test_when_dns_answered_is_told),
		cmocka_unit_test(test_whoever_is_hosted_there_needs_a_second_way_that_is_not),
		cmocka_unit_test(test_where_every_route_needs_it_nobody_gets_mail),
		cmocka_unit_test(test_a_domain_that_takes_no_mail_is_never_reached),
		cmocka_unit_test(test_receivers_learn_which_way_is_in_danger),
		cmocka_unit_test(test_a_failed_refresh_keeps_the_last_good_answer),
		cmocka_unit_test(test_a_name_is_due_daily_and_after_silence_hourly),
		cmocka_unit_test(test_only_names_of_the_internet_are_looked_up),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
