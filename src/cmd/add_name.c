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
	NUMBER_BYTES = 8, /* what "-2" and its kin may take of them */
};

static char folded(char incoming)
{
	return incoming >= 'A' && incoming <= 'Z' ? (char)(incoming - 'A' + 'a') : incoming;
}

char *name_of_text(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct buffer name = {.maximum = NAME_MAX_BYTES - NUMBER_BYTES};
	bool gap = false;

	for (; *text != '\0' && !name.overflowed; text++) {
		char incoming = folded(*text);
		bool dot = incoming == '.' || incoming == '_';

		if (strchr(letters, incoming) == NULL && !(dot && name.length > 0 && !gap)) {
			gap = name.length > 0;
			continue;
		}
		if (gap)
			buffer_byte(&name, '-');
		buffer_byte(&name, incoming);
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

/* "examplestatus" and "example-status" are the status page of "example". */
static void cut_status(char *label)
{
	size_t length = strlen(label), tail = strlen("status");

	if (length > tail && text_ends(label, "status")) {
		label[length - tail] = '\0';
		if (label[length - tail - 1] == '-' && length - tail > 1)
			label[length - tail - 1] = '\0';
	}
}

char *name_of_address(const char *url)
{
	char *host = http_url_host(url), *rest = NULL, *label, *name;
	const char *best = NULL;

	if (host == NULL)
		return name_of_text("");
	if (strspn(host, "0123456789.:[]abcdef") == strlen(host) &&
		strpbrk(host, "0123456789") != NULL) {
		name = name_of_text(host);
		free(host);
		return name;
	}
	label = memory_string(host);
	name = label;
	for (best = strtok_r(label, ".", &rest); best != NULL && says_nothing(best);)
		best = strtok_r(NULL, ".", &rest);
	/* The last label is no name: www.status is "www.status". */
	if (best == NULL || rest == NULL || *rest == '\0')
		best = host;
	label = memory_string(best);
	cut_status(label);
	free(name);
	name = name_of_text(label);
	free(label);
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
