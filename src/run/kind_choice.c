/* SPDX-License-Identifier: ISC */
#include "run/kind_choice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/yaml.h"
#include "run/invocation.h"
#include "run/print.h"
#include "watch/kind/kind.h"

bool kind_names(const char *templates, const char *user_folder, struct text_list *names,
	struct error *error)
{
	char *folder = file_join(templates, "pages");
	bool good = file_names(folder, ".yaml", names, error) &&
		    (user_folder == NULL || file_names(user_folder, ".yaml", names, error));

	free(folder);
	return good;
}

void kind_list_load(const char *templates, const char *user_folder, struct kind_list *kinds)
{
	struct text_list names = {0};

	kind_names(templates, user_folder, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		struct problems problems = {0};
		char *path = kind_find(templates, user_folder, names.list[i]);
		struct kind *kind =
			path != NULL ? kind_load(path, (struct node){0}, &problems) : NULL;

		if (kind != NULL)
			*(struct kind **)memory_append(
				&kinds->list, &kinds->count, sizeof *kinds->list) = kind;
		problems_release(&problems);
		free(path);
	}
	text_list_release(&names);
}

void kind_list_add_generic(const char *templates, struct kind_list *kinds)
{
	static const char *const names[] = {"generic-html", "generic-json"};
	static const char with_text[] =
		"{require: '/', indicators: {each: '/', name: '.', word: '.'}}";
	struct problems problems = {0};
	struct yaml *with = yaml_parse("with", with_text, strlen(with_text), &problems);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char *path = kind_find(templates, NULL, names[i]);
		struct kind *kind =
			path != NULL ? kind_load(path, yaml_root(with), &problems) : NULL;

		if (kind != NULL)
			*(struct kind **)memory_append(
				&kinds->list, &kinds->count, sizeof *kinds->list) = kind;
		free(path);
	}
	yaml_close(with);
	problems_release(&problems);
}

void kind_list_release(struct kind_list *kinds)
{
	for (size_t i = 0; i < kinds->count; i++)
		kind_free(kinds->list[i]);
	free(kinds->list);
	*kinds = (struct kind_list){0};
}

static const struct kind *kind_named(const struct kind_list *kinds, const char *name)
{
	for (size_t i = 0; i < kinds->count; i++)
		if (strcmp(kind_name(kinds->list[i]), name) == 0)
			return kinds->list[i];
	return NULL;
}

bool kind_comes_after(
	const struct kind_list *kinds, const struct kind *kind, const struct kind *better)
{
	/* A family has no more members than there are kinds, even where a file closes a circle. */
	for (size_t i = 0; i < kinds->count && kind != NULL; i++) {
		if (strcmp(kind_after(kind), kind_name(better)) == 0)
			return kind != better;
		kind = kind_named(kinds, kind_after(kind));
	}
	return false;
}

void kind_list_prefer(const struct kind_list *kinds, bool *fits)
{
	bool *fitted = memory_zero(kinds->count, sizeof *fitted);

	memcpy(fitted, fits, kinds->count * sizeof *fitted);
	for (size_t i = 0; i < kinds->count; i++)
		for (size_t j = 0; fits[i] && j < kinds->count; j++)
			fits[i] = !fitted[j] ||
				  !kind_comes_after(kinds, kinds->list[i], kinds->list[j]);
	free(fitted);
}

char *kind_next(const char *templates, const char *user_folder, const char *name)
{
	struct kind_list kinds = {0};
	char *next = NULL;

	kind_list_load(templates, user_folder, &kinds);
	for (size_t i = 0; next == NULL && i < kinds.count; i++)
		if (strcmp(kind_after(kinds.list[i]), name) == 0)
			next = memory_string(kind_name(kinds.list[i]));
	kind_list_release(&kinds);
	return next;
}

static int complain_unknown(
	const char *command, const char *templates, const char *user_folder, const char *name)
{
	struct text_list names = {0};
	struct error error;
	char *visible;
	const char *nearest;

	if (!kind_names(templates, user_folder, &names, &error)) {
		text_list_release(&names);
		return error_print(&error);
	}
	visible = text_visible_copy(name);
	nearest = text_nearest(name, (const char *const *)names.list, names.count);
	fprintf(stderr, "lampwatch %s: no kind \"%s\"; ", command, visible);
	if (nearest != NULL)
		fprintf(stderr, "did you mean \"%s\"?\n", nearest);
	else
		fprintf(stderr,
			"a file is written ./%s or %s.yaml, \"lampwatch kinds\" lists all "
			"there are\n",
			visible, visible);
	free(visible);
	text_list_release(&names);
	return EXIT_USAGE;
}

static int load_path(const char *path, const char *with_path, struct kind **kind)
{
	struct problems problems = {0};
	struct yaml *with = with_path != NULL ? yaml_load(with_path, &problems) : NULL;
	int status;

	if (problems.errors == 0)
		*kind = kind_load(
			path, with != NULL ? yaml_root(with) : (struct node){0}, &problems);
	problems_print(&problems);
	status = problems_status(&problems);
	problems_release(&problems);
	yaml_close(with);
	return status;
}

int kind_choose(const char *command, const char *templates, const char *user_folder,
	const char *name, const char *with_path, struct kind **kind)
{
	/* That is how one writes a kind of one's own; no kind's name has either. */
	bool is_path = strchr(name, '/') != NULL || text_ends(name, ".yaml");
	char *path = is_path ? memory_string(name) : kind_find(templates, user_folder, name);
	int status;

	if (path != NULL)
		status = load_path(path, with_path, kind);
	else
		status = complain_unknown(command, templates, user_folder, name);
	free(path);
	return status;
}
