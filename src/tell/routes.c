/* SPDX-License-Identifier: ISC */
#include "tell/routes.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/memory.h"
#include "config/config.h"
#include "tell/dependence.h"

void routes_providers(
	const struct config *config, const struct text_list *pages, struct text_list *providers)
{
	struct text_list known = {0};

	for (size_t i = 0; i < pages->count; i++) {
		const struct page_config *page = config_page(config, pages->list[i]);

		if (page == NULL || text_list_search(&known, page->provider))
			continue;
		text_list_insert(&known, page->provider);
		text_list_add(providers, page->provider);
	}
	text_list_release(&known);
}

/* The lower the sooner. */
static unsigned class_of(enum dependency dependency, bool failed)
{
	return 2 * (unsigned)dependency + failed;
}

void routes_order(const struct dependences *dependences, const struct config *config,
	const struct text_list *troubled, const bool *failing, size_t *order)
{
	unsigned *classes = memory_zero(config->route_count, sizeof *classes);
	size_t count = 0;

	for (size_t i = 0; i < config->route_count; i++)
		classes[i] = class_of(route_dependency(dependences, config, i, troubled),
			failing != NULL && failing[i]);
	for (unsigned class = 0; class <= class_of(DEPENDENCY_CERTAIN, true); class ++)
		for (size_t i = 0; i < config->route_count; i++)
			if (classes[i] == class)
				order[count++] = i;
	free(classes);
}
