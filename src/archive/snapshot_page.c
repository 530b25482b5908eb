/* SPDX-License-Identifier: ISC */
#include "archive/snapshot_page.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"

char *snapshot_page_path(const char *page, const char *folder)
{
	return memory_format("%s/%s.html", page, folder);
}

char *snapshot_page_url(const struct config *config, const char *page, const char *folder)
{
	char *path, *url;

	if (config->site_url == NULL || config->site == SITE_OFF || text_empty(folder))
		return NULL;
	path = snapshot_page_path(page, folder);
	url = memory_format("%s/%s", config->site_url, path);
	free(path);
	return url;
}
