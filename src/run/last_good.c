/* SPDX-License-Identifier: ISC */
#include "run/last_good.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/archive_owner.h"
#include "base/buffer.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "base/user.h"
#include "base/yaml.h"
#include "config/config.h"
#include "run/kinds.h"
#include "store/store.h"
#include "tell/mail_templates.h"
#include "watch/kind/kind.h"

#define ARCHIVE_NOTE "archive"
#define CURRENT "current"
#define CONFIGURATION "lampwatch.yaml"
#define KINDS "kinds"
#define TEMPLATES "templates"
#define MAIL "mail"

enum {
	PLACES = 3,
	CURRENT_MAX = 200, /* bytes */
};

/* ---- where it lies ---- */

/* Without empty steps and "."; ".." stays, for it may lead through a link. Owned by the caller. */
static char *absolute(const char *path)
{
	char *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
	char *whole = memory_format("%s/%s", here != NULL ? here : "", path), *rest = NULL;
	struct buffer out = {0};

	for (char *step = strtok_r(whole, "/", &rest); step != NULL;
		step = strtok_r(NULL, "/", &rest))
		if (strcmp(step, ".") != 0)
			buffer_format(&out, "/%s", step);
	free(here);
	free(whole);
	return buffer_take(&out);
}

/* Where copies for the configuration at path may lie; freed by places_release(). */
struct places {
	char *above[PLACES]; /* what a place lies in; NULL: there is none */
	char *place[PLACES];
	char *folder[PLACES]; /* PLACE/PATH */
};

static void places_find(const char *path, struct places *places)
{
	const char *state = getenv("STATE_DIRECTORY"); /* folders, with colons between them */
	char *whole = absolute(path), digest[DIGEST_TEXT];

	*places = (struct places){0};
	digest_sha256(whole, strlen(whole), digest);
	if (!text_empty(state))
		places->above[0] = memory_bytes(state, strcspn(state, ":"));
	places->above[1] = memory_string(ARCHIVE_HOME);
	places->above[2] = file_folder(whole);
	for (int i = 0; i < PLACES; i++) {
		if (places->above[i] == NULL)
			continue;
		places->place[i] = memory_format("%s/%s", places->above[i],
			i == PLACES - 1 ? ".lampwatch-last-good" : "last-good");
		places->folder[i] = memory_format("%s/%s", places->place[i], digest);
	}
	free(whole);
}

static void places_release(struct places *places)
{
	for (int i = 0; i < PLACES; i++) {
		free(places->above[i]);
		free(places->place[i]);
		free(places->folder[i]);
	}
}

/* No link, and nobody else could have put anything there. */
static bool is_ours(const char *folder)
{
	struct stat status;

	return lstat(folder, &status) == 0 && S_ISDIR(status.st_mode) &&
	       status.st_uid == geteuid() && (status.st_mode & 077) == 0;
}

/* Makes the place where it is missing. What root would make in another's folder shuts that one out
 * later. */
static bool may_keep(const char *above, const char *place)
{
	struct stat status;

	return stat(above, &status) == 0 && (geteuid() != 0 || status.st_uid == 0) &&
	       (mkdir(place, PRIVATE_FOLDER_MODE) == 0 || errno == EEXIST) && is_ours(place) &&
	       access(place, W_OK) == 0;
}

/* ---- what is there ---- */

/* Of PLACE/PATH/current. */
static bool read_current(const char *folder, struct last_good *found)
{
	char *path = file_join(folder, CURRENT), *sum = NULL, *since = NULL, *rest;
	struct buffer text = {.maximum = CURRENT_MAX};
	bool good = file_read(path, &text, NULL) && text.length > 0;

	if (good)
		since = strtok_r(text.data, " \n", &rest);
	if (since != NULL)
		sum = strtok_r(NULL, " \n", &rest);
	good = sum != NULL && text_is_name(sum) && date_parse(since, &found->since);
	found->folder = good ? file_join(folder, sum) : NULL;
	buffer_release(&text);
	free(path);
	return good;
}

bool last_good_find(const char *path, struct last_good *found, struct error *error)
{
	struct places places;
	bool good = false;

	if (error != NULL)
		*error = (struct error){0};
	places_find(path, &places);
	for (int i = 0; !good && i < PLACES; i++) {
		const char *place = places.place[i];
		char *denied;

		if (place == NULL || file_absent(place))
			continue;
		if (is_ours(place)) {
			good = read_current(places.folder[i], found);
			continue;
		}
		denied = user_denied(place);
		error_set(error, REMEDY_LOCAL, "%s", denied);
		free(denied);
	}
	places_release(&places);
	return good;
}

void last_good_release(struct last_good *found)
{
	free(found->folder);
	*found = (struct last_good){0};
}

char *last_good_folder(const char *path)
{
	struct places places;
	char *folder = NULL;

	places_find(path, &places);
	for (int i = 0; folder == NULL && i < PLACES; i++)
		if (places.folder[i] != NULL && !file_absent(places.folder[i]))
			folder = memory_string(places.folder[i]);
	places_release(&places);
	return folder;
}

struct config *last_good_load(
	const char *path, const struct last_good *found, struct problems *problems)
{
	char *file = file_join(found->folder, CONFIGURATION);
	struct buffer text = {.maximum = YAML_FILE_MAX};
	struct config *config = NULL;
	struct error error;

	if (file_read(file, &text, &error))
		config = config_parse_copy(path, buffer_string(&text), text.length, problems);
	else
		problems_add(problems, file, 0, "%s", error.text);
	if (config != NULL) {
		free(config->kinds);
		config->kinds = file_join(found->folder, KINDS);
		if (config->mail_templates != NULL) {
			free(config->mail_templates);
			config->mail_templates = file_join(found->folder, MAIL);
		}
	}
	for (size_t i = 0; config != NULL && i < config->webhook_count; i++) {
		struct webhook_config *webhook = &config->webhooks[i];
		char *copy = webhook->template_file != NULL
				     ? memory_format("%s/" TEMPLATES "/%s/%s", found->folder,
					       webhook->name, file_name(webhook->template_file))
				     : NULL;

		memory_set(&webhook->template_file, copy);
		free(copy);
	}
	buffer_wipe(&text);
	free(file);
	return config;
}

/* ---- what is to be kept ---- */

struct copy {
	char *name; /* in the folder; owned */
	struct buffer bytes;
};

struct copies {
	struct copy *list;
	size_t count;
};

static void copies_release(struct copies *copies)
{
	for (size_t i = 0; i < copies->count; i++) {
		free(copies->list[i].name);
		buffer_wipe(&copies->list[i].bytes);
	}
	free(copies->list);
}

static bool copies_have(const struct copies *copies, const char *name)
{
	for (size_t i = 0; i < copies->count; i++)
		if (text_equal(copies->list[i].name, name))
			return true;
	return false;
}

/* Takes over the name. */
static struct buffer *copies_add(struct copies *copies, char *name, size_t maximum)
{
	struct copy *copy = memory_append(&copies->list, &copies->count, sizeof *copy);

	copy->name = name;
	copy->bytes.maximum = maximum;
	return &copy->bytes;
}

/* Pages may share a kind. */
static bool copy_kind(struct copies *copies, const struct config *config, size_t page,
	const char *templates, struct error *error)
{
	const char *kind = config->pages[page].kind;
	char *name = memory_format(KINDS "/%s.yaml", kind), *path;
	bool good;

	if (copies_have(copies, name)) {
		free(name);
		return true;
	}
	path = kind_find(templates, config->kinds, kind);
	good = file_read(
		path != NULL ? path : name, copies_add(copies, name, YAML_FILE_MAX), error);
	free(path);
	return good;
}

/* The template, its parts, and its description, which all lie in one folder. */
static bool copy_template(
	struct copies *copies, const struct webhook_config *webhook, struct error *error)
{
	char *folder = file_folder(webhook->template_file);
	const char *file = file_name(webhook->template_file), *dot = strrchr(file, '.');
	char *description = memory_format(
		"%.*s.yaml", (int)(dot != NULL ? dot - file : (long)strlen(file)), file);
	struct text_list names = {0};
	bool good = template_files(NULL, folder, file, &names, error);

	text_list_add(&names, description);
	for (size_t i = 0; good && i < names.count; i++) {
		char *path = memory_format("%s/%s", folder, names.list[i]);

		if (!file_absent(path))
			good = file_read(path,
				copies_add(copies,
					memory_format(
						TEMPLATES "/%s/%s", webhook->name, names.list[i]),
					YAML_FILE_MAX),
				error);
		free(path);
	}
	text_list_release(&names);
	free(description);
	free(folder);
	return good;
}

/* Of the mails' templates those that are one's own. */
static bool copy_mail_templates(struct copies *copies, const struct config *config,
	const char *templates, struct error *error)
{
	struct text_list names = {0};
	bool good = mail_template_names(config->mail_templates, templates, &names, error);

	for (size_t i = 0; good && i < names.count; i++) {
		char *path = file_join(config->mail_templates, names.list[i]);
		char *name = memory_format(MAIL "/%s", names.list[i]);

		if (file_absent(path) || copies_have(copies, name))
			free(name);
		else
			good = file_read(path, copies_add(copies, name, YAML_FILE_MAX), error);
		free(path);
	}
	text_list_release(&names);
	return good;
}

static bool copies_take(struct copies *copies, const struct config *config, const char *templates,
	struct error *error)
{
	size_t length;
	const char *text = yaml_text(config->yaml, &length);
	bool good = true;

	buffer_add(copies_add(copies, memory_string(CONFIGURATION), YAML_FILE_MAX), text, length);
	for (size_t i = 0; good && i < config->page_count; i++)
		good = copy_kind(copies, config, i, templates, error);
	for (size_t i = 0; good && i < config->webhook_count; i++)
		good = config->webhooks[i].template_file == NULL ||
		       copy_template(copies, &config->webhooks[i], error);
	return good && (config->mail_templates == NULL ||
			       copy_mail_templates(copies, config, templates, error));
}

static void copies_sum(const struct copies *copies, char sum[static DIGEST_TEXT])
{
	struct digest_stream *stream = digest_begin();

	for (size_t i = 0; i < copies->count; i++) {
		const struct copy *copy = &copies->list[i];
		char *line = memory_format("%s %zu\n", copy->name, copy->bytes.length);

		digest_add(stream, line, strlen(line));
		digest_add(stream, buffer_string(&copy->bytes), copy->bytes.length);
		free(line);
	}
	digest_end(stream, sum);
}

bool last_good_is(const struct last_good *found, const struct config *config, const char *templates)
{
	struct copies copies = {0};
	char sum[DIGEST_TEXT];
	bool same = copies_take(&copies, config, templates, NULL);

	copies_sum(&copies, sum);
	copies_release(&copies);
	return same && text_equal(sum, file_name(found->folder));
}

/* ---- keeping it ---- */

/* Whether the folder holds them as they are: a disk may have damaged them. */
static bool are_in(const struct copies *copies, const char *folder)
{
	bool same = true;

	for (size_t i = 0; same && i < copies->count; i++) {
		const struct buffer *bytes = &copies->list[i].bytes;
		char *path = file_join(folder, copies->list[i].name);
		struct buffer kept = {.maximum = YAML_FILE_MAX};

		same = file_read(path, &kept, NULL) && kept.length == bytes->length &&
		       memcmp(buffer_string(&kept), buffer_string(bytes), kept.length) == 0;
		buffer_wipe(&kept);
		free(path);
	}
	return same;
}

static bool write_copies(const struct copies *copies, const char *folder, struct error *error)
{
	char *kinds = file_join(folder, KINDS);
	bool good = file_remove_tree(folder, error) &&
		    file_make_folders(kinds, PRIVATE_FOLDER_MODE, error);

	for (size_t i = 0; good && i < copies->count; i++) {
		const struct copy *copy = &copies->list[i];
		char *path = file_join(folder, copy->name), *above = file_folder(path);

		good = file_make_folders(above, PRIVATE_FOLDER_MODE, error) &&
		       file_create(path, buffer_string(&copy->bytes), copy->bytes.length,
			       PRIVATE_FILE_MODE, error) &&
		       file_sync_folder(above, error);
		free(above);
		free(path);
	}
	free(kinds);
	return good && file_sync_folder(folder, error);
}

/* A file that was edited while it was copied may not be what was read. */
static bool is_usable(
	const char *path, const char *folder, const char *templates, struct error *error)
{
	struct last_good copy = {.folder = memory_string(folder)};
	struct problems problems = {0};
	struct config *config = last_good_load(path, &copy, &problems);
	struct kind_set *kinds =
		config != NULL ? kind_set_load(config, templates, &problems) : NULL;
	bool good = kinds != NULL;

	if (!good)
		error_set(error, REMEDY_CONFIGURATION, "%s: was changed while it was read", path);
	kind_set_free(kinds);
	config_free(config);
	problems_release(&problems);
	last_good_release(&copy);
	return good;
}

static bool point_to(const char *folder, const char *sum, int64_t now, struct error *error)
{
	char *current = file_join(folder, CURRENT), date[DATE_TEXT_MAX], *text;
	bool good;

	date_write(now, date);
	text = memory_format("%s %s\n", date, sum);
	good = file_write(current, text, strlen(text), PRIVATE_FILE_MODE, error);
	free(text);
	free(current);
	return good;
}

/* Also what a crash has left; it does no harm. */
static void remove_others(const char *folder, const char *sum)
{
	struct text_list names = {0};

	folder_names(folder, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		char *path = file_join(folder, names.list[i]);

		if (!text_equal(names.list[i], sum) && !text_equal(names.list[i], CURRENT) &&
			!text_equal(names.list[i], ARCHIVE_NOTE))
			file_remove_tree(path, NULL);
		free(path);
	}
	text_list_release(&names);
}

static bool keep_in(const char *folder, const struct copies *copies, const char *sum,
	const struct config *config, const char *templates, int64_t now, struct error *error)
{
	char *own = file_join(folder, sum);
	bool good = write_copies(copies, own, error) &&
		    is_usable(config->path, own, templates, error) &&
		    file_sync_folder(folder, error) && point_to(folder, sum, now, error);

	if (good)
		remove_others(folder, sum);
	else
		file_remove_tree(own, NULL);
	free(own);
	return good;
}

bool last_good_keep(
	const struct config *config, const char *templates, int64_t now, struct error *error)
{
	struct copies copies = {0};
	struct places places;
	struct last_good found = {0};
	char sum[DIGEST_TEXT];
	bool good = copies_take(&copies, config, templates, error);
	int place = 0;

	copies_sum(&copies, sum);
	places_find(config->path, &places);
	while (place < PLACES && (places.place[place] == NULL ||
					 !may_keep(places.above[place], places.place[place])))
		place++;
	if (good && place < PLACES &&
		!(read_current(places.folder[place], &found) &&
			text_equal(file_name(found.folder), sum) && are_in(&copies, found.folder)))
		good = keep_in(places.folder[place], &copies, sum, config, templates, now, error);
	last_good_release(&found);
	places_release(&places);
	copies_release(&copies);
	return good;
}

/* ---- where the archive was ---- */

/* "NUMBER FOLDER", NUMBER that of the file system on which the archive, or the nearest folder above
 * it, is now. Owned by the caller; NULL: it cannot be seen. */
static char *archive_note(const struct config *config)
{
	char *folder = absolute(config->archive), *at = memory_string(folder), *note = NULL;
	struct stat status;

	while (stat(at, &status) != 0 && errno == ENOENT && strcmp(at, "/") != 0) {
		char *above = file_folder(at);

		free(at);
		at = above;
	}
	if (stat(at, &status) == 0)
		note = memory_format("%llu %s\n", (unsigned long long)status.st_dev, folder);
	free(at);
	free(folder);
	return note;
}

static char *note_path(const struct config *config)
{
	struct last_good found;
	char *folder, *path = NULL;
	struct error error;

	if (!last_good_find(config->path, &found, &error))
		return NULL;
	folder = file_folder(found.folder);
	path = file_join(folder, ARCHIVE_NOTE);
	free(folder);
	last_good_release(&found);
	return path;
}

/* No database, and no folder of a page. */
static bool nothing_stands(const struct config *config)
{
	char *path = file_join(config->archive, ARCHIVE_STATE "/" STORE_FILE);
	bool nothing = file_absent(path);

	free(path);
	for (size_t i = 0; nothing && i < config->page_count; i++) {
		path = file_join(config->archive, config->pages[i].name);
		nothing = file_absent(path);
		free(path);
	}
	return nothing;
}

bool last_good_unmounted(const struct config *config, struct error *error)
{
	char *path, *now;
	struct buffer before = {.maximum = PATH_MAX + 64};
	const char *folder, *known = NULL;
	bool unmounted;

	if (!nothing_stands(config)) /* one look, in nearly every run */
		return false;
	path = note_path(config);
	now = archive_note(config);
	folder = now != NULL ? strchr(now, ' ') : NULL;
	if (path != NULL && folder != NULL && file_read(path, &before, NULL))
		known = strchr(buffer_string(&before), ' ');
	/* The same folder, on another file system. */
	unmounted = known != NULL && strcmp(known, folder) == 0 &&
		    strcmp(buffer_string(&before), now) != 0;
	if (unmounted)
		error_set(error, REMEDY_LOCAL,
			"%s: the archive is not there, nor the file system that it was on; mount "
			"it, or begin a new archive with `lampwatch rebuild`",
			config->archive);
	buffer_release(&before);
	free(now);
	free(path);
	return unmounted;
}

void last_good_note_archive(const struct config *config)
{
	char *path = note_path(config), *now = archive_note(config);
	struct buffer before = {.maximum = PATH_MAX + 64};
	struct error error;

	if (path != NULL && now != NULL &&
		!(file_read(path, &before, NULL) && text_equal(buffer_string(&before), now)))
		file_write(path, now, strlen(now), PRIVATE_FILE_MODE, &error);
	buffer_release(&before);
	free(now);
	free(path);
}
