/* SPDX-License-Identifier: ISC
 *
 * The table of providers: whose name it is, and what a table may not say.
 */
#include "tell/providers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cmd/catalogue.h"
#include "settings.h"
#include "unit/providers_text.h"

static struct providers *providers;

static int load(void **state)
{
	struct problems problems = {0};

	(void)state;
	providers = providers_load(LAMPWATCH_TEMPLATES_SOURCE, &problems);
	assert_non_null(providers);
	assert_int_equal(problems.count, 0);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	providers_free(providers);
	return 0;
}

static const char *name_of(const struct provider *provider)
{
	return provider != NULL ? provider->name : "-";
}

static void test_a_host_belongs_to_whom_its_name_ends_with_at_a_label(void **state)
{
	static const struct {
		const char *host, *provider;
	} rows[] = {
		{"aspmx.l.google.com", "google"},
		{"alt4.aspmx.l.google.com", "google"},
		{"ASPMX.L.Google.COM.", "google"},
		{"smtp.google.com", "google"},
		{"gmail-smtp-in.l.google.com", "google"},
		{"aspmx2.googlemail.com", "google"},
		{"smtp-relay.gmail.com", "google"},
		{"notgoogle.com", "-"},
		{"google.com.example.net", "-"},
		{"com", "-"},
		{"", "-"},
		{".", "-"},
		{"contoso-com.mail.protection.outlook.com", "microsoft"},
		{"contoso-com.p-v1.mx.microsoft", "microsoft"},
		{"hotmail-com.olc.protection.outlook.com", "microsoft"},
		{"smtp.office365.com", "microsoft"},
		{"inbound-smtp.eu-west-1.amazonaws.com", "aws"},
		{"email-smtp.us-east-1.amazonaws.com", "aws"},
		{"mx01.mail.icloud.com", "apple"},
		{"mta5.am0.yahoodns.net", "yahoo"},
		{"in1-smtp.messagingengine.com", "fastmail"},
		{"mail.protonmail.ch", "proton"},
		{"mx.zoho.eu", "zoho"},
		{"eu-smtp-inbound-2.mimecast.com", "mimecast"},
		{"mxa-00123.gslb.pphosted.com", "proofpoint"},
		{"route1.mx.cloudflare.net", "cloudflare"},
		{"mx1.improvmx.com", "improvmx"},
		{"hooks.slack.com", "slack"},
		{"chat.googleapis.com", "google"},
		{"mail.example.org", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
			name_of(providers_of_host(providers, rows[i].host)), rows[i].provider);
}

static void test_a_domain_of_mailboxes_is_known_without_a_look_up(void **state)
{
	static const struct {
		const char *domain, *provider;
	} rows[] = {
		{"gmail.com", "google"},
		{"GoogleMail.com", "google"},
		{"outlook.com", "microsoft"},
		{"tenant.onmicrosoft.com", "microsoft"},
		{"icloud.com", "apple"},
		{"yahoo.co.jp", "yahoo-japan"},
		{"proton.me", "proton"},
		{"fastmail.com", "fastmail"},
		{"example.org", "-"},
		{"mygmail.com", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
			name_of(providers_of_domain(providers, rows[i].domain)), rows[i].provider);
}

static void test_gateways_and_forwarders_hide_what_lies_behind(void **state)
{
	(void)state;
	assert_int_equal(providers_of_host(providers, "us-smtp-inbound-1.mimecast.com")->hides,
		HIDES_GATEWAY);
	assert_int_equal(
		providers_of_host(providers, "mx1.forwardemail.net")->hides, HIDES_FORWARDER);
	assert_int_equal(providers_of_host(providers, "smtp.google.com")->hides, HIDES_NOTHING);
}

static void test_the_catalogue_and_the_table_agree_on_mailboxes(void **state)
{
	struct catalogue catalogue = {0};
	struct problems problems = {0};
	size_t compared = 0;

	(void)state;
	assert_true(
		catalogue_load(LAMPWATCH_TEMPLATES_SOURCE, CATALOGUE_PAGES, &catalogue, &problems));
	for (size_t i = 0; i < catalogue.count; i++) {
		const struct catalogue_entry *service = &catalogue.list[i];

		for (size_t j = 0; j < service->mail.count; j++, compared++) {
			const struct provider *provider =
				providers_of_domain(providers, service->mail.list[j]);

			assert_non_null(provider);
			if (service->provider != NULL)
				assert_string_equal(provider->name, service->provider);
		}
	}
	assert_true(compared > 10);
	catalogue_release(&catalogue);
}

static void assert_problem(const char *text, int line, const char *expected)
{
	struct problems problems = {0};

	assert_null(providers_of(text, &problems));
	assert_int_equal(problems.errors, 1);
	assert_int_equal(problems.list[0].line, line);
	assert_non_null(strstr(problems.list[0].text, expected));
	problems_release(&problems);
}

static void test_a_table_that_is_wrong_is_complained_about(void **state)
{
	(void)state;
	assert_problem("name: google\n", 1, "list of providers");
	assert_problem("- hosts: [a.example]\n", 1, "name");
	assert_problem("- {name: a, hides: wall}\n", 1, "hides");
	assert_problem("- {name: a, hosts: [x.example]}\n- {name: b, hosts: [X.example]}\n", 0,
		"is listed twice");
}

static void test_a_table_of_nothing_knows_nobody(void **state)
{
	struct problems problems = {0};
	struct providers *empty = providers_of("[]", &problems);

	(void)state;
	assert_non_null(empty);
	assert_null(providers_of_host(empty, "smtp.google.com"));
	assert_null(providers_of_host(NULL, "smtp.google.com"));
	providers_free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_host_belongs_to_whom_its_name_ends_with_at_a_label),
		cmocka_unit_test(test_a_domain_of_mailboxes_is_known_without_a_look_up),
		cmocka_unit_test(test_gateways_and_forwarders_hide_what_lies_behind),
		cmocka_unit_test(test_the_catalogue_and_the_table_agree_on_mailboxes),
		cmocka_unit_test(test_a_table_that_is_wrong_is_complained_about),
		cmocka_unit_test(test_a_table_of_nothing_knows_nobody),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
