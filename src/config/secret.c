/* SPDX-License-Identifier: ISC */
#include "config/secret.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
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

static bool read_bytes(
	const char *path, enum secret_rule rule, struct buffer *out, struct error *error)
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
		good = file_read_descriptor(descriptor, path, out, error);
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
	struct buffer bytes = {.maximum = maximum};
	bool good = read_bytes(path, rule, &bytes, error);
	const char *at = buffer_string(&bytes), *fault = good ? text_fault(at, bytes.length) : NULL;

	if (fault != NULL)
		good = error_set(error, REMEDY_CONFIGURATION, "%s %s", path, fault);
	while (good && *at != '\0') {
		size_t length = strcspn(at, "\r\n");
		char *line = memory_bytes(at, length);

		if (length > 0)
			text_list_add(lines, line);
		memory_set(&line, NULL);
		at += length + (at[length] != '\0');
	}
	buffer_release(&bytes);
	return good;
}
