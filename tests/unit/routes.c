/* SPDX-License-Identifier: ISC */
#include "tell/routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/index.h"
#include "base/list.h"
#include "config/config.h"

/* Structs of the configuration own their strings, so these are writable. */
static char google_name[] = "google", microsoft_name[] = "microsoft", courier[] = "office",
	    backup[] = "backup", last[] = "last", workspace[] = "workspace", cloud[] = "cloud",
	    azure[] = "azure", removed[] = "removed";
static char *google[] = {google_name}, *microsoft[] = {microsoft_name},
	    *both[] = {microsoft_name, google_name};

static struct route_config routes[] = {
	{.name = courier, .depends = {google, 1}},
	{.name = backup},
	{.name = last, .depends = {both, 2}},
};
static struct page_config pages[] = {
	{.name = workspace, .provider = google_name},
	{.name = cloud, .provider = google_name},
	{.name = azure, .provider = microsoft_name},
};
static struct config config = {.routes = routes, .route_count = 3, .pages = pages, .page_count = 3};

static void assert_order(
	struct text_list troubled, const bool *failing, size_t first, size_t second, size_t third)
{
	size_t order[3];

	routes_order(NULL, &config, &troubled, failing, order);
	assert_int_equal(order[0], first);
	assert_int_equal(order[1], second);
	assert_int_equal(order[2], third);
}

static void test_without_trouble_the_order_is_the_configurations(void **state)
{
	(void)state;
	assert_order((struct text_list){0}, NULL, 0, 1, 2);
}

static void test_routes_that_depend_on_a_provider_in_trouble_come_last(void **state)
{
	(void)state;
	assert_order((struct text_list){google, 1}, NULL, 1, 0, 2);
	assert_order((struct text_list){microsoft, 1}, NULL, 0, 1, 2);
	assert_order((struct text_list){both, 2}, NULL, 1, 0, 2);
}

static void test_among_equals_a_route_that_failed_in_this_run_comes_last(void **state)
{
	const bool first[] = {true, false, false}, second[] = {false, true, false};

	(void)state;
	assert_order((struct text_list){0}, first, 1, 2, 0);
	assert_order((struct text_list){google, 1}, first, 1, 2, 0);
	assert_order((struct text_list){google, 1}, second, 1, 0, 2); /* still independent */
}

static void test_providers_of_pages_each_once_and_none_of_pages_that_left(void **state)
{
	static char *names[] = {workspace, removed, cloud, azure};
	struct text_list providers = {0};

	(void)state;
	config.pages_by_name = index_by_id(pages, config.page_count, sizeof *pages);
	routes_providers(&config, &(struct text_list){names, 4}, &providers);
	assert_int_equal(providers.count, 2);
	assert_true(text_list_has(&providers, "google") && text_list_has(&providers, "microsoft"));
	text_list_release(&providers);
	index_release(&config.pages_by_name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_trouble_the_order_is_the_configurations),
		cmocka_unit_test(test_routes_that_depend_on_a_provider_in_trouble_come_last),
		cmocka_unit_test(test_among_equals_a_route_that_failed_in_this_run_comes_last),
		cmocka_unit_test(test_providers_of_pages_each_once_and_none_of_pages_that_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
