/* SPDX-License-Identifier: ISC */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static bool mode_good(const struct stat *status, enum secret_rule rule)
{
	mode_t others = status->st_mode & 077;

	return others == 0 || (others == 040 && status->st_gid == getegid()) ||
	       (rule == SECRET_NOT_CHANGED && (others & 022) == 0);
}

/* Into no other memory. The bytes end with a NUL that *length does not count. */
static bool read_all(int descriptor, const char *path, char *bytes, size_t maximum, size_t *length,
	struct error *error)
{
	ssize_t got = 1;

	*length = 0;
	while (got != 0 && *length <= maximum) {
		got = read(descriptor, bytes + *length, maximum + 1 - *length);
		if (got < 0 && errno != EINTR)
			return system_error_set(error, path, "cannot be read");
		*length += got > 0 ? (size_t)got : 0;
	}
	if (*length > maximum)
		return error_set(error, REMEDY_LOCAL, "%s: longer than %zu bytes", path, maximum);
	bytes[*length] = '\0';
	return true;
}

static bool read_bytes(const char *path, enum secret_rule rule, char *bytes, size_t maximum,
	size_t *length, struct error *error)
{
	/* O_NONBLOCK: do not wait for ever where it is a FIFO. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	bool good;

	if (descriptor < 0)
		return system_error_set(error, path, "cannot be read");
	if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
		good = error_set(error, REMEDY_CONFIGURATION, "%s is not a file", path);
	else if (!mode_good(&status, rule))
		good = error_set(error, REMEDY_CONFIGURATION,
			"%s has mode %04o, so others can read or change it; make it 0600, or 0640 "
			"with the group that lampwatch runs as (chmod 600 %s)",
			path, (unsigned)status.st_mode & 07777, path);
	else
		good = read_all(descriptor, path, bytes, maximum, length, error);
	close(descriptor);
	return good;
}

/* What is wrong with the bytes; NULL where nothing is. */
static const char *text_fault(const char *text, size_t length)
{
	const char *at = text;

	if (strlen(text) != length)
		return "holds a NUL byte: save it as plain text, in UTF-8";
	if (text_starts(text, BYTE_ORDER_MARK))
		return "begins with a byte order mark, which would count as part of the secret: "
		       "save it without one";
	while ((at = strchr(at, '\r')) != NULL)
		if (*++at != '\n')
			return "has a carriage return that ends no line";
	return text[strspn(text, "\r\n")] == '\0' ? "is empty" : NULL;
}

bool secret_read(const char *path, size_t maximum, enum secret_rule rule, struct text_list *lines,
	struct error *error)
{
	char *bytes = memory_zero(maximum + 1, 1);
	size_t length = 0;
	bool good = read_bytes(path, rule, bytes, maximum, &length, error);
	const char *at = bytes, *fault = good ? text_fault(bytes, length) : NULL;

	if (fault != NULL)
		good = error_set(error, REMEDY_CONFIGURATION, "%s %s", path, fault);
	while (good && *at != '\0') {
		size_t line = strcspn(at, "\r\n");

		if (line > 0)
			*(char **)memory_append(&lines->list, &lines->count, sizeof *lines->list) =
				memory_bytes(at, line);
		at += line + (at[line] != '\0');
	}
	explicit_bzero(bytes, maximum + 1);
	free(bytes);
	return good;
}

void secret_wipe(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	memory_set(text, NULL);
}

void secret_wipe_lines(struct text_list *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		secret_wipe(&lines->list[i]);
	text_list_release(lines);
}
