/* SPDX-License-Identifier: ISC
 *
 * Reads the files that lampwatch.yaml names: folders, programs, secrets, time zones. No complaint
 * ever repeats what may be a secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/yaml.h"
#include "config/config_parts.h"
#include "config/secret.h"

enum { CERTIFICATE_WITHIN = 64 * 1024 /* bytes of a file, in which its first one begins */ };

bool config_read_path(const struct node_walk *walk, struct node node, void *target)
{
	const struct config *config = walk->context;
	char **path = target;
	char *text = NULL;
	bool good = node_read_text(walk, node, &text);

	if (good && text_starts(text, "~")) /* a shell knows whose home that is */
		good = node_problem(walk->problems, node,
			"a path is written out: \"~\" is no folder here, as in \"%s\"", text);
	if (good) {
		free(*path);
		*path = file_join(config->folder, text);
	}
	free(text);
	return good;
}

/* What is wrong with a file that the configuration names. The copy of a configuration that was good
 * once goes on without it. */
__attribute__((format(printf, 3, 4))) static bool file_problem(
	const struct node_walk *walk, struct node node, const char *format, ...)
{
	const struct config *config = walk->context;
	char text[ERROR_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (!config->copy)
		return node_problem(walk->problems, node, "%s", text);
	problems_warn(walk->problems, node_file(node), node_line(node), "%s", text);
	return true;
}

char *config_trouble(const struct config *config, const struct problems *problems, size_t since)
{
	return config->copy && problems->count > since ? memory_string(problems->list[since].text)
						       : NULL;
}

/* It may be this machine's trouble. */
static bool file_error(const struct node_walk *walk, struct node node, const struct error *error)
{
	return file_problem(walk, node, "\"%s\": %s", walk->rule->key, error->text) ||
	       problems_own(walk->problems, error->number);
}

/* The reason is errno. */
static bool unreadable(const struct node_walk *walk, struct node node, const char *path)
{
	struct error error;

	system_error_set(&error, path, "cannot be read");
	return file_error(walk, node, &error);
}

static bool read_file(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct stat status = {0};

	if (!config_read_path(walk, node, target))
		return false;
	if (access(*path, R_OK) != 0 || stat(*path, &status) != 0)
		return unreadable(walk, node, *path);
	return S_ISREG(status.st_mode) ||
	       file_problem(walk, node, "\"%s\": %s is not a file", walk->rule->key, *path);
}

/* -1, with errno: it cannot be read. */
static ssize_t read_beginning(const char *path, char *bytes, size_t room)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = descriptor >= 0 ? read(descriptor, bytes, room) : -1;
	const int number = errno;

	if (descriptor >= 0)
		close(descriptor);
	errno = number;
	return length;
}

bool config_read_ca_file(const struct node_walk *walk, struct node node, void *target)
{
	static const char mark[] = "-----BEGIN "; /* RFC 7468; texts may stand before it */
	char *const *path = target;
	char beginning[CERTIFICATE_WITHIN];
	ssize_t length;

	if (!config_read_path(walk, node, target))
		return false;
	length = read_beginning(*path, beginning, sizeof beginning);
	if (length < 0)
		return unreadable(walk, node, *path);
	return memmem(beginning, (size_t)length, mark, strlen(mark)) != NULL ||
	       file_problem(walk, node,
		       "\"%s\": there is no certificate in %s: it takes a file with lines such as "
		       "-----BEGIN CERTIFICATE-----",
		       walk->rule->key, *path);
}

/* What stands there is replaced. */
bool config_read_written_file(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct stat status;

	return config_read_path(walk, node, target) &&
	       (stat(*path, &status) != 0 || !S_ISDIR(status.st_mode) ||
		       file_problem(walk, node, "\"%s\": %s is a folder, not a file",
			       walk->rule->key, *path));
}

bool config_read_copied_file(const struct node_walk *walk, struct node node, void *target)
{
	const struct config *config = walk->context;

	return config->copy ? config_read_path(walk, node, target) : read_file(walk, node, target);
}

bool config_read_folder(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct stat status = {0};

	if (!config_read_path(walk, node, target))
		return false;
	if (stat(*path, &status) != 0 && system_error_local(errno))
		return unreadable(walk, node, *path);
	return S_ISDIR(status.st_mode) ||
	       file_problem(walk, node, "\"%s\": %s is not a folder", walk->rule->key, *path);
}

static bool check_program(const struct node_walk *walk, struct node node, const char *program)
{
	struct stat status = {0};

	if (program[0] != '/')
		return node_problem(walk->problems, node,
			"\"%s\" is an absolute path such as /usr/sbin/sendmail, not \"%s\"",
			walk->rule->key, program);
	if (stat(program, &status) != 0 && system_error_local(errno))
		return unreadable(walk, node, program);
	if (S_ISREG(status.st_mode) && access(program, X_OK) == 0)
		return true;
	return file_problem(walk, node,
		S_ISREG(status.st_mode)
			? "\"%s\": %s may not be run by this user; chmod 755 makes it a program"
			: "\"%s\": %s is not a program that can be run",
		walk->rule->key, program);
}

bool config_read_program(const struct node_walk *walk, struct node node, void *target)
{
	char *const *program = target;

	return node_read_text(walk, node, target) && check_program(walk, node, *program);
}

bool config_read_command(const struct node_walk *walk, struct node node, void *target)
{
	const struct text_list *command = target;

	if (!node_read_texts(walk, node, target))
		return false;
	if (command->count == 0 || command->count > CONFIG_ARGUMENTS_MAX)
		return node_problem(walk->problems, node,
			"\"%s\" takes a program and its arguments, %d words at most",
			walk->rule->key, CONFIG_ARGUMENTS_MAX);
	return check_program(walk, node, command->list[0]);
}

/* Whether the file is as it should be; it is read again by whoever needs it. */
bool config_read_secret(const struct node_walk *walk, struct node node, secret_reader *read,
	char **path, char **text)
{
	struct error error;

	return config_read_path(walk, node, path) &&
	       (read(walk->context, *path, text, &error) || file_error(walk, node, &error));
}

static bool check_secret(
	const struct node_walk *walk, struct node node, secret_reader *read, char **path)
{
	char *text = NULL;
	bool good = config_read_secret(walk, node, read, path, &text);

	secret_wipe(&text);
	return good;
}

bool config_read_secret_file(const struct node_walk *walk, struct node node, void *target)
{
	return check_secret(walk, node, config_secret_line, target);
}

bool config_read_url_file(const struct node_walk *walk, struct node node, void *target)
{
	return check_secret(walk, node, config_secret_url, target);
}

bool config_read_secrets_file(const struct node_walk *walk, struct node node, void *target)
{
	char *const *path = target;
	struct text_list lines = {0};
	struct error error;
	bool good =
		config_read_path(walk, node, target) &&
		(config_secret_lines(walk->context, *path, CONFIG_SECRETS_MAX, &lines, &error) ||
			file_error(walk, node, &error));

	secret_wipe_lines(&lines);
	return good;
}

/* Another program writes it, again and again: what is wrong with it now is the route's alone. */
bool config_read_token_file(const struct node_walk *walk, struct node node, void *target)
{
	struct text_list lines = {0};
	char *const *path = target;
	struct error error;

	if (!config_read_path(walk, node, target))
		return false;
	if (!secret_read(*path, CONFIG_TOKEN_MAX, SECRET_OURS, &lines, &error))
		problems_warn(walk->problems, node_file(node), node_line(node),
			"\"%s\": %s; until then this route takes no mail", walk->rule->key,
			error.text);
	secret_wipe_lines(&lines);
	return true;
}

/* Zones are files Area/Place in the system's folder: suggests the nearest in the same area. Owned
 * by the caller. */
static char *zone_advice(const char *zone)
{
	const char *top = getenv("TZDIR"), *slash = strrchr(zone, '/'), *nearest;
	char *area = memory_bytes(zone, slash != NULL ? (size_t)(slash - zone) + 1 : 0);
	char *folder = memory_format("%s/%s", text_empty(top) ? "/usr/share/zoneinfo" : top, area);
	char *advice;
	struct text_list names = {0};

	if (zone[0] != '/' && strstr(zone, "..") == NULL)
		file_names(folder, "", &names, NULL);
	nearest = text_nearest(file_name(zone), (const char *const *)names.list, names.count);
	advice = nearest != NULL ? memory_format("; did you mean \"%s%s\"?", area, nearest)
				 : memory_string("");
	text_list_release(&names);
	free(folder);
	free(area);
	return advice;
}

bool config_read_zone(const struct node_walk *walk, struct node node, void *target)
{
	char *zone = NULL, *advice;
	bool good = node_read_text(walk, node, &zone), known;

	known = !good || date_zone_known(zone);
	if (!known && system_error_local(errno)) {
		good = unreadable(walk, node, zone);
	} else if (!known) {
		advice = zone_advice(zone);
		good = node_problem(walk->problems, node,
			"\"%s\" is a time zone such as UTC or Europe/Berlin; this system has no "
			"\"%s\"%s",
			walk->rule->key, zone, advice);
		free(advice);
	}
	if (good)
		memory_set(target, zone);
	free(zone);
	return good;
}
