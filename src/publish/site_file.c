/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/template.h"
#include "publish/site_p.h"

enum { FOLDER_MODE = 0755, FILE_MODE = 0644 };

static bool says_already(const char *path, const void *bytes, size_t length)
{
	struct buffer text = {0};
	bool same = file_exists(path) && file_read(path, &text, NULL) && text.length == length &&
		    memcmp(buffer_string(&text), bytes, length) == 0;

	buffer_release(&text);
	return same;
}

bool site_write(const struct site *site, const char *name, const void *bytes, size_t length,
	struct error *error)
{
	char *path = file_join(site->archive, name), *folder = file_folder(path);
	bool done = says_already(path, bytes, length) ||
		    (file_make_folders(folder, FOLDER_MODE, error) &&
			    file_replace(path, bytes, length, FILE_MODE, error));

	free(folder);
	free(path);
	return done;
}

/* "../../" for a file two folders down. */
static void put_root(struct value *data, const char *name)
{
	struct buffer root = {0};

	for (; *name != '\0'; name++)
		if (*name == '/')
			buffer_text(&root, "../");
	value_put_text(data, "root", buffer_string(&root));
	buffer_release(&root);
}

bool site_render(const struct site *site, const char *template, struct value *data,
	const char *name, struct error *error)
{
	struct buffer text = {.maximum = TEMPLATE_OUTPUT_MAX};
	char *folder = file_join(site->templates, "site");
	bool done;

	put_root(data, name);
	value_put_text(data, "zone", site->config->timezone);
	value_put(data, "written", site_time(site, site->now));
	done = template_render_file(folder, template, data, &text, error) &&
	       site_write(site, name, buffer_string(&text), text.length, error);
	buffer_release(&text);
	free(folder);
	return done;
}
