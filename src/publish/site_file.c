/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/template.h"
#include "publish/site_p.h"

/* Whether the file has that content; of another length it is not read. */
static bool has_content(const char *path, const void *bytes, size_t length)
{
	struct buffer text = {0};
	struct stat status;
	bool has = stat(path, &status) == 0 && (size_t)status.st_size == length &&
		   file_read(path, &text, NULL) && text.length == length &&
		   memcmp(buffer_string(&text), bytes, length) == 0;

	buffer_release(&text);
	return has;
}

/* Writes the bytes to archive/name, unless the file has that content already. */
static bool write_file(const struct site *site, const char *name, const void *bytes, size_t length,
	struct error *error)
{
	char *path = file_join(site->archive, name), *folder = file_folder(path);
	bool done = has_content(path, bytes, length) ||
		    file_replace(path, bytes, length, FILE_MODE, NULL) ||
		    (file_make_folders(folder, FOLDER_MODE, error) &&
			    file_replace(path, bytes, length, FILE_MODE, error));

	free(folder);
	free(path);
	return done;
}

/* Adds the filled template to out. */
static bool render(const struct site *site, const char *template, struct value *data,
	const char *name, struct buffer *out, struct error *error)
{
	struct buffer root = {0};
	char *folder = file_join(site->templates, "site");
	bool done;

	/* "../../" for a file two folders down */
	for (const char *at = name; (at = strchr(at, '/')) != NULL; at++)
		buffer_text(&root, "../");
	value_put_text(data, "root", buffer_string(&root));
	value_put_text(data, "zone", site->config->timezone);
	value_put(data, "written", site_time(site, site->now));
	done = database_good(site->database, error) &&
	       template_render_file(folder, template, data, out, error);
	buffer_release(&root);
	free(folder);
	return done;
}

bool site_render(const struct site *site, const char *template, struct value *data,
	const char *name, struct error *error)
{
	struct buffer text = {.maximum = TEMPLATE_OUTPUT_MAX};
	bool done = render(site, template, data, name, &text, error) &&
		    write_file(site, name, buffer_string(&text), text.length, error);

	buffer_release(&text);
	return done;
}

bool site_render_folded(const struct site *site, const char *template, struct value *data,
	const char *name, struct error *error)
{
	struct buffer text = {.maximum = TEMPLATE_OUTPUT_MAX}, folded = {0};
	bool done = render(site, template, data, name, &text, error);

	site_fold(buffer_string(&text), &folded);
	done = done && write_file(site, name, buffer_string(&folded), folded.length, error);
	buffer_release(&folded);
	buffer_release(&text);
	return done;
}

bool site_write_json(
	const struct site *site, const struct value *root, const char *name, struct error *error)
{
	struct buffer text = {0};
	bool done;

	json_write(root, 1, &text);
	done = database_good(site->database, error) &&
	       write_file(site, name, buffer_string(&text), text.length, error);
	buffer_release(&text);
	return done;
}
