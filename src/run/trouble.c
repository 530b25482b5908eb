/* SPDX-License-Identifier: ISC */
#include "run/trouble.h"

#include "config/config.h"
#include "store/store.h"

void trouble_load(struct trouble *trouble, struct database *database, const struct config *config)
{
	struct text_list pages = {0};

	if (trouble->loaded)
		return;
	trouble->loaded = true;
	store_troubled(database, &pages);
	for (size_t i = 0; i < pages.count; i++) {
		const struct page_config *page = config_page(config, pages.list[i]);

		if (page != NULL)
			trouble_set(trouble, page, true);
	}
	text_list_release(&pages);
}

void trouble_set(struct trouble *trouble, const struct page_config *page, bool troubled)
{
	if (text_list_search(&trouble->pages, page->name) == troubled)
		return;
	if (troubled) {
		text_list_insert(&trouble->pages, page->name);
		text_list_insert(&trouble->providers, page->provider);
	} else {
		text_list_remove(&trouble->pages, page->name);
		text_list_remove(&trouble->providers, page->provider);
	}
}

void trouble_release(struct trouble *trouble)
{
	text_list_release(&trouble->pages);
	text_list_release(&trouble->providers);
	*trouble = (struct trouble){0};
}
