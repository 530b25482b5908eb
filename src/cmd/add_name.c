/* SPDX-License-Identifier: ISC */
#include "cmd/add_name.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "net/http.h"

enum {
	NAME_MAX_BYTES = 64,
	NUMBER_BYTES = 8, /* of these, reserved for "-2", "-3" … */
};

char *name_of_text(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct buffer name = {.maximum = NAME_MAX_BYTES - NUMBER_BYTES};
	bool gap = false;

	for (; *text != '\0' && !name.overflowed; text++) {
		char letter = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
		bool dot = letter == '.' || letter == '_';

		if (strchr(letters, letter) == NULL && !(dot && name.length > 0 && !gap)) {
			gap = name.length > 0;
			continue;
		}
		if (gap)
			buffer_byte(&name, '-');
		buffer_byte(&name, letter);
		gap = false;
	}
	while (name.length > 0 && strchr("-._", name.data[name.length - 1]) != NULL)
		name.data[--name.length] = '\0';
	if (name.length == 0)
		buffer_text(&name, "page");
	return buffer_take(&name);
}

static bool says_nothing(const char *label)
{
	static const char *const labels[] = {"www", "status", "api", "health", "trust"};

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (strcmp(label, labels[i]) == 0)
			return true;
	return false;
}

char *name_of_address(const char *url)
{
	char *host = http_url_host(url), *labels, *rest = NULL, *best, *name;
	size_t length, tail = strlen("status");

	if (host == NULL)
		return name_of_text("");
	labels = memory_string(host);
	best = strtok_r(labels, ".", &rest);
	while (best != NULL && says_nothing(best))
		best = strtok_r(NULL, ".", &rest);
	/* The last label alone is no name, nor is a part of an IP address. */
	if (best == NULL || rest == NULL || *rest == '\0' ||
		(strspn(host, "0123456789.:[]abcdef") == strlen(host) &&
			strpbrk(host, "0123456789") != NULL))
		best = host;
	/* "examplestatus" and "example-status" are the status page of "example". */
	length = strlen(best);
	if (length > tail && text_ends(best, "status")) {
		length -= tail;
		length -= length > 1 && best[length - 1] == '-';
		best[length] = '\0';
	}
	name = name_of_text(best);
	free(labels);
	free(host);
	return name;
}

char *name_unique(const struct config *config, char *name)
{
	char *candidate = memory_string(name);

	for (int number = 2; config != NULL && config_page(config, candidate) != NULL; number++) {
		free(candidate);
		candidate = memory_format("%s-%d", name, number);
	}
	free(name);
	return candidate;
}
