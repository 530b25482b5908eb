/* SPDX-License-Identifier: ISC */
#include "run/trouble.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "scene.h"
#include "store/store.h"

static const char yaml[] =
	"pages:\n"
	"  - {name: c, url: \"http://a.example/\", kind: statuspage, provider: two}\n"
	"  - {name: a, url: \"http://a.example/\", kind: statuspage, provider: two}\n"
	"  - {name: b, url: \"http://a.example/\", kind: statuspage, provider: one}\n";

static void assert_providers(const struct trouble *trouble, const char *expected)
{
	char *words = text_list_words(&trouble->providers);

	assert_string_equal(words, expected);
	free(words);
}

static void test_a_provider_is_in_trouble_while_any_of_its_pages_is(void **state)
{
	struct trouble trouble = {0};
	struct scene scene;

	(void)state;
	scene_open(&scene, yaml);
	trouble_set(&trouble, config_page(scene.config, "a"), true);
	trouble_set(&trouble, config_page(scene.config, "c"), true);
	trouble_set(&trouble, config_page(scene.config, "c"), true); /* of a commit tried twice */
	trouble_set(&trouble, config_page(scene.config, "b"), true);
	assert_providers(&trouble, "one two two");
	trouble_set(&trouble, config_page(scene.config, "a"), false);
	trouble_set(&trouble, config_page(scene.config, "a"), false);
	assert_providers(&trouble, "one two");
	trouble_set(&trouble, config_page(scene.config, "c"), false);
	trouble_set(&trouble, config_page(scene.config, "b"), false);
	assert_providers(&trouble, "");
	trouble_release(&trouble);
	scene_close(&scene);
}

static void test_what_the_database_says_is_read_once(void **state)
{
	static const char *const names[] = {"a", "b", "removed"};
	struct trouble trouble = {0};
	struct scene scene;

	(void)state;
	scene_open(&scene, yaml);
	for (size_t i = 0; i < 3; i++) {
		struct page_state page = {
			.name = memory_string(names[i]), .loaded = true, .red = true};

		store_save(scene.database, &page);
		page_state_release(&page);
	}
	trouble_load(&trouble, scene.database, scene.config);
	assert_providers(&trouble, "one two");
	trouble_set(&trouble, config_page(scene.config, "b"), false);
	trouble_load(&trouble, scene.database, scene.config);
	assert_providers(&trouble, "two");
	trouble_release(&trouble);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_provider_is_in_trouble_while_any_of_its_pages_is),
		cmocka_unit_test(test_what_the_database_says_is_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
