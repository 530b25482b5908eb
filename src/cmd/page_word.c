/* SPDX-License-Identifier: ISC */
#include "cmd/page_word.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system_error.h"
#include "base/text.h"
#include "cmd/command.h"
#include "config/config.h"

enum { FILE_MAX_BYTES = 64 * 1024 * 1024 };

bool page_word_is_address(const char *word)
{
	return text_starts(word, "http://") || text_starts(word, "https://");
}

char *page_word_guess(const char *word)
{
	size_t length = strcspn(word, ":/?#");
	char *host = memory_bytes(word, length), *address = NULL;

	if (strchr(host, '.') != NULL && config_host_valid(host))
		address = memory_format("https://%s", word);
	free(host);
	return address;
}

bool page_word_read(const char *word, struct buffer *body, struct error *error)
{
	body->maximum = FILE_MAX_BYTES;
	if (strcmp(word, "-") == 0)
		return file_read_descriptor(STDIN_FILENO, "standard input", body, error);
	return file_read_named(word, body, error);
}

int page_word_complain(const char *command, const char *word, const struct error *error)
{
	char *visible = text_visible_copy(word);
	/* The texts of files begin with the path already. */
	bool named = text_starts(error->text, word);

	bool address = page_word_is_address(word) || strchr(word, '.') != NULL;

	fprintf(stderr, "lampwatch %s: %s%s%s%s\n", command, named ? "" : visible,
		named ? "" : ": ", error->text,
		error->remedy != REMEDY_LOCAL && address ? config_host_advice(word) : "");
	free(visible);
	return error->remedy == REMEDY_LOCAL &&
			       (error->number == 0 || system_error_local(error->number))
		       ? EXIT_LOCAL
		       : EXIT_PENDING;
}
