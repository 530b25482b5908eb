/* SPDX-License-Identifier: ISC
 *
 * verifier ARCHIVE PUBLIC-KEY CA-FILE [copy]: verifies the archive, as it is then, each time that
 * it reads a line, and answers with "whole", or "wrong" and what. With `copy`, without its
 * database. A thousand alterations are verified in the time in which the command would start fifty
 * times.
 */
#include "archive/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "run/schema.h"
#include "store/store.h"

static bool examine(struct verification *with, const char *path, bool copy, struct error *error)
{
	struct verified verified = {0};
	bool good;

	with->database = copy ? NULL : database_open(path, schema, true, error);
	good = (copy || with->database != NULL) && verify(with, &verified, NULL, error);
	database_close(with->database);
	return good;
}

int main(int argc, char **argv)
{
	struct buffer public = {0};
	struct verification with = {
		.archive = argv[1], .public = &public, .ca_file = argc > 3 ? argv[3] : NULL};
	char line[16], *path;

	if (argc < 4 || !file_read(argv[2], &public, NULL))
		return 2;
	path = file_join(argv[1], ARCHIVE_STATE "/lampwatch.db");
	while (fgets(line, sizeof line, stdin) != NULL) {
		struct error error = {0};

		if (examine(&with, path, argc > 4, &error))
			puts("whole");
		else
			printf("wrong %s\n", error.text);
		fflush(stdout);
	}
	free(path);
	buffer_release(&public);
	return 0;
}
