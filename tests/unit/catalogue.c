/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "cmd/add_name.h"
#include "cmd/catalogue.h"
#include "config/config.h"
#include "net/http.h"
#include "watch/kind/kind.h"

static const char templates[] = "templates"; /* tests run in the root of the source */

enum { SERVICES_MIN = 1200, PROBES_MIN = 30 };

static int load_type(void **state, enum catalogue_type type)
{
	struct catalogue *catalogue = memory_zero(1, sizeof *catalogue);
	struct problems problems = {0};
	bool good = catalogue_load(templates, type, catalogue, &problems);

	for (size_t i = 0; i < problems.count; i++)
		print_error("%s:%d: %s\n", problems.list[i].file, problems.list[i].line,
			problems.list[i].text);
	problems_release(&problems);
	*state = catalogue;
	return good ? 0 : -1;
}

static int load(void **state)
{
	return load_type(state, CATALOGUE_PAGES);
}

static int load_probes(void **state)
{
	return load_type(state, CATALOGUE_PROBES);
}

static int release(void **state)
{
	catalogue_release(*state);
	free(*state);
	return 0;
}

static void test_it_holds_many_services(void **state)
{
	const struct catalogue *catalogue = *state;

	assert_true(catalogue->count >= SERVICES_MIN);
}

static void test_it_is_loaded_at_once(void **state)
{
	clock_t start = clock();
	void *catalogue = NULL;

	(void)state;
	assert_int_equal(load(&catalogue), 0);
	release(&catalogue);
	assert_true(clock() - start < CLOCKS_PER_SEC);
}

static void test_they_stand_in_the_order_of_their_names(void **state)
{
	const struct catalogue *catalogue = *state;

	for (size_t i = 1; i < catalogue->count; i++)
		if (strcasecmp(catalogue->list[i - 1].name, catalogue->list[i].name) >= 0)
			fail_msg("%s stands before %s", catalogue->list[i - 1].name,
				catalogue->list[i].name);
}

static void test_each_name_and_alias_leads_to_its_service_alone(void **state)
{
	const struct catalogue *catalogue = *state;

	for (size_t i = 0; i < catalogue->count; i++) {
		const struct catalogue_entry *service = &catalogue->list[i];

		if (catalogue_find(catalogue, service->name) != service)
			fail_msg("%s is another one's name too", service->name);
		for (size_t j = 0; j < service->aliases.count; j++)
			if (catalogue_find(catalogue, service->aliases.list[j]) != service)
				fail_msg("%s is another one's name too", service->aliases.list[j]);
	}
}

static void test_each_kind_is_there_and_needs_no_parameters(void **state)
{
	const struct catalogue *catalogue = *state;

	for (size_t i = 0; i < catalogue->count; i++) {
		const struct catalogue_entry *service = &catalogue->list[i];
		struct problems problems = {0};
		struct kind *kind;
		char *path;

		if (service->kind == NULL)
			continue;
		path = kind_find(templates, NULL, service->kind);
		kind = path != NULL ? kind_load(path, (struct node){0}, &problems) : NULL;
		if (kind == NULL)
			fail_msg("%s: no such kind: %s", service->name, service->kind);
		kind_free(kind);
		problems_release(&problems);
		free(path);
	}
}

static void test_each_address_is_https_and_stands_there_once(void **state)
{
	const struct catalogue *catalogue = *state;

	for (size_t i = 0; i < catalogue->count; i++) {
		const struct catalogue_entry *service = &catalogue->list[i];

		if (!text_starts(service->url, "https://") || strlen(service->url) > CONFIG_URL_MAX)
			fail_msg("%s: %s", service->name, service->url);
		if (catalogue_at(catalogue, service->url) != service)
			fail_msg("%s is another one's page too", service->url);
	}
}

/* Here two boards lie on one host, of which each has its kind (google-cloud.yaml says how their
 * addresses are told apart). */
static const char two_boards[] = "status.cloud.google.com";

static void test_no_host_has_two_kinds(void **state)
{
	const struct catalogue *catalogue = *state;

	for (size_t i = 0; i < catalogue->count; i++) {
		char *host = http_url_host(catalogue->list[i].url);

		assert_non_null(host);
		for (size_t j = 0; j < i; j++) {
			char *other = http_url_host(catalogue->list[j].url);

			if (strcmp(host, other) == 0 && strcmp(host, two_boards) != 0 &&
				catalogue->list[i].kind != NULL &&
				catalogue->list[j].kind != NULL &&
				!text_equal(catalogue->list[i].kind, catalogue->list[j].kind))
				fail_msg("%s has two kinds", host);
			free(other);
		}
		free(host);
	}
}

static void test_each_mail_domain_belongs_to_one_service(void **state)
{
	const struct catalogue *catalogue = *state;
	struct text_list domains = {0};

	for (size_t i = 0; i < catalogue->count; i++)
		for (size_t j = 0; j < catalogue->list[i].mail.count; j++) {
			const char *domain = catalogue->list[i].mail.list[j];

			assert_non_null(strchr(domain, '.'));
			assert_false(text_list_has(&domains, domain));
			text_list_add(&domains, domain);
		}
	assert_true(domains.count > 0);
	text_list_release(&domains);
}

static void test_it_is_no_kind_itself(void **state)
{
	(void)state;
	assert_null(kind_find(templates, NULL, "catalogue"));
}

static void test_services_are_found_by_letters_and_digits_alone(void **state)
{
	const struct catalogue *catalogue = *state;
	const struct catalogue_entry *workspace = catalogue_find(catalogue, "Google Workspace");

	assert_non_null(workspace);
	assert_ptr_equal(catalogue_find(catalogue, "google-workspace"), workspace);
	assert_ptr_equal(catalogue_find(catalogue, "GMail"), workspace);
	assert_null(catalogue_find(catalogue, "goo"));
	assert_null(catalogue_find(catalogue, ""));
	assert_null(catalogue_find(catalogue, "-- --"));
	assert_string_equal(catalogue_nearest(catalogue, "gihtub"), "GitHub");
	assert_null(catalogue_nearest(catalogue, "zzzzzzzz"));
}

static void test_a_word_is_looked_for_in_names_aliases_providers_and_addresses(void **state)
{
	const struct catalogue *catalogue = *state;
	const struct catalogue_entry *workspace = catalogue_find(catalogue, "Google Workspace");

	assert_int_equal(service_match(workspace, "WORKSPACE"), MATCH_WORD);
	assert_int_equal(service_match(workspace, "calendar"), MATCH_WORD);
	assert_int_equal(service_match(workspace, "appsstatus"), MATCH_WORD);
	assert_int_equal(service_match(workspace, "google-workspace"), MATCH_WORD);
	assert_int_equal(service_match(workspace, "google-work"), MATCH_BEGIN);
	assert_int_equal(service_match(workspace, "lework"), MATCH_PART);
	assert_int_equal(service_match(workspace, "--"), MATCH_NONE);
	assert_int_equal(service_match(workspace, "github"), MATCH_NONE);
}

static void test_addresses_are_the_same_but_for_last_slash_and_case_of_host(void **state)
{
	(void)state;
	assert_true(address_same("https://a.example", "https://A.example/"));
	assert_true(address_same("https://a.example/x/", "https://a.example/x"));
	assert_false(address_same("https://a.example/x", "https://a.example/X"));
	assert_false(address_same("https://a.example/x", "https://a.example/xy"));
	assert_false(address_same("https://a.example", "http://a.example"));
	assert_false(address_same("https://a.example/", "https://b.example/"));
}

static void test_names_are_made_of_hosts(void **state)
{
	static const struct {
		const char *url, *name;
	} cases[] = {
		{"https://status.example.com/", "example"},
		{"https://www.examplestatus.com/", "example"},
		{"https://www.example-status.com/", "example"},
		{"https://example.page.io/", "example"},
		{"https://API.Example.COM/x", "example"},
		{"https://desk.status.example.com", "desk"},
		{"https://status.com/", "status.com"},
		{"https://www.status.io/", "www.status.io"},
		{"http://127.0.0.1:8080/status/x", "127.0.0.1"},
		{"http://[::1]:8080/", "1"},
		{"http://localhost/", "localhost"},
		{"https://xn--bcher-kva.example/", "xn-bcher-kva"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *name = name_of_address(cases[i].url);

		assert_string_equal(name, cases[i].name);
		assert_true(text_is_name(name));
		free(name);
	}
}

static void test_names_are_made_of_any_text(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{"Google Workspace", "google-workspace"},
		{"Let's Encrypt", "let-s-encrypt"},
		{"Fly.io", "fly.io"},
		{"  (x)  ", "x"},
		{"..", "page"},
		{"\xd0\xaf\xd0\xbd\xd0\xb4\xd0\xb5\xd0\xba\xd1\x81", "page"},
		{"", "page"},
	};
	char longest[300];
	char *name;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		name = name_of_text(cases[i].text);
		assert_string_equal(name, cases[i].name);
		free(name);
	}
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	name = name_of_text(longest);
	assert_true(text_is_name(name));
	free(name);
}

static void test_a_name_that_is_taken_gets_a_number(void **state)
{
	static const char text[] =
		"pages:\n"
		"  - {name: desk, url: \"https://a.example/\", kind: statuspage}\n"
		"  - {name: desk-2, url: \"https://b.example/\", kind: statuspage}\n";
	struct problems problems = {0};
	struct config *config = config_parse("x/lampwatch.yaml", text, strlen(text), &problems);
	char *name;

	(void)state;
	assert_non_null(config);
	name = name_unique(config, memory_string("desk"));
	assert_string_equal(name, "desk-3");
	free(name);
	name = name_unique(config, memory_string("other"));
	assert_string_equal(name, "other");
	free(name);
	name = name_unique(NULL, memory_string("desk"));
	assert_string_equal(name, "desk");
	free(name);
	config_free(config);
	problems_release(&problems);
}

/* ---- probes ---- */

static void test_there_are_thirty_probes(void **state)
{
	const struct catalogue *probes = *state;

	assert_true(probes->count >= PROBES_MIN);
}

/* What a page or probe without a provider has for one. Owned by the caller. */
static char *provider_of(const struct catalogue_entry *service)
{
	return service->provider != NULL ? memory_string(service->provider)
					 : name_of_text(service->name);
}

static void test_each_probe_has_the_provider_of_its_page(void **state)
{
	const struct catalogue *probes = *state;
	void *services = NULL;
	size_t pages = 0;

	assert_int_equal(load(&services), 0);
	for (size_t i = 0; i < probes->count; i++) {
		const struct catalogue_entry *probe = &probes->list[i], *service;
		char *own, *other;

		if (probe->page == NULL) {
			if (node_count(probe->facts) > 0)
				fail_msg("%s: facts of no page", probe->name);
			continue;
		}
		service = catalogue_find(services, probe->page);
		if (service == NULL)
			fail_msg("%s: no such page: %s", probe->name, probe->page);
		own = provider_of(probe);
		other = provider_of(service);
		if (strcmp(own, other) != 0)
			fail_msg("%s: provider %s, but %s of its page", probe->name, own, other);
		free(own);
		free(other);
		pages++;
	}
	assert_true(pages > 0);
	release(&services);
}

static bool has_check(const struct catalogue_entry *probe, const char *name)
{
	for (size_t i = 0; i < node_count(probe->checks); i++)
		if (strcmp(node_text(node_find(node_member(probe->checks, i), "name")), name) == 0)
			return true;
	return false;
}

static void test_facts_name_checks_of_their_probe(void **state)
{
	const struct catalogue *probes = *state;
	size_t facts = 0;

	for (size_t i = 0; i < probes->count; i++) {
		const struct catalogue_entry *probe = &probes->list[i];

		for (size_t j = 0; j < node_count(probe->facts); j++) {
			struct node checks = node_value(probe->facts, j);

			assert_true(node_count(checks) > 0);
			for (size_t k = 0; k < node_count(checks); k++)
				if (!has_check(probe, node_text(node_member(checks, k))))
					fail_msg("%s: no check \"%s\"", probe->name,
						node_text(node_member(checks, k)));
			facts++;
		}
	}
	assert_true(facts > 0);
}

static void test_a_probe_has_no_address_and_is_found_by_its_names(void **state)
{
	const struct catalogue *probes = *state;
	const struct catalogue_entry *gmail = catalogue_find(probes, "gmail");

	assert_non_null(gmail);
	assert_null(gmail->url);
	assert_ptr_equal(catalogue_find(probes, "Google Mail"), gmail);
	assert_int_equal(service_match(gmail, "google"), MATCH_WORD);
	assert_int_equal(service_match(gmail, "github"), MATCH_NONE);
	assert_string_equal(catalogue_nearest(probes, "gmial"), "Gmail");
}

#define probe_test(function) cmocka_unit_test_setup_teardown(function, load_probes, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_holds_many_services),
		cmocka_unit_test(test_it_is_loaded_at_once),
		cmocka_unit_test(test_they_stand_in_the_order_of_their_names),
		cmocka_unit_test(test_each_name_and_alias_leads_to_its_service_alone),
		cmocka_unit_test(test_each_kind_is_there_and_needs_no_parameters),
		cmocka_unit_test(test_each_address_is_https_and_stands_there_once),
		cmocka_unit_test(test_no_host_has_two_kinds),
		cmocka_unit_test(test_each_mail_domain_belongs_to_one_service),
		cmocka_unit_test(test_it_is_no_kind_itself),
		cmocka_unit_test(test_services_are_found_by_letters_and_digits_alone),
		cmocka_unit_test(
			test_a_word_is_looked_for_in_names_aliases_providers_and_addresses),
		cmocka_unit_test(test_addresses_are_the_same_but_for_last_slash_and_case_of_host),
		cmocka_unit_test(test_names_are_made_of_hosts),
		cmocka_unit_test(test_names_are_made_of_any_text),
		cmocka_unit_test(test_a_name_that_is_taken_gets_a_number),
		probe_test(test_there_are_thirty_probes),
		probe_test(test_each_name_and_alias_leads_to_its_service_alone),
		probe_test(test_each_probe_has_the_provider_of_its_page),
		probe_test(test_facts_name_checks_of_their_probe),
		probe_test(test_a_probe_has_no_address_and_is_found_by_its_names),
	};

	return cmocka_run_group_tests(tests, load, release);
}
