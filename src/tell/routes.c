/* SPDX-License-Identifier: ISC */
#include "tell/routes.h"

#include "base/config.h"

void routes_providers(
	const struct config *config, const struct text_list *pages, struct text_list *providers)
{
	for (size_t i = 0; i < pages->count; i++) {
		const struct page_config *page = config_page(config, pages->list[i]);

		if (page != NULL && !text_list_has(providers, page->provider))
			text_list_add(providers, page->provider);
	}
}

bool route_depends(const struct route_config *route, const struct text_list *providers)
{
	for (size_t i = 0; i < route->depends.count; i++)
		if (text_list_has(providers, route->depends.list[i]))
			return true;
	return false;
}

void routes_order(const struct config *config, const struct text_list *troubled,
	const bool *failing, size_t *order)
{
	size_t count = 0;

	for (int class = 0; class < 4; class ++)
		for (size_t i = 0; i < config->route_count; i++) {
			bool dependent = route_depends(&config->routes[i], troubled);
			bool failed = failing != NULL && failing[i];

			if (class == 2 * dependent + failed)
				order[count++] = i;
		}
}
