/* SPDX-License-Identifier: ISC
 *
 * The file `chain` of a page: its end, and what is appended.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/chain.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/list.h"
#include "base/system_error.h"
#include "base/text.h"
#include "store/store.h"

enum { CHAIN_TAIL = 2048 };

/* The chain's last bytes, as many as fit: how many there are, 0 where there is no chain; -1 with
 * error. */
static ssize_t read_tail(const char *path, char tail[static CHAIN_TAIL + 1], struct error *error)
{
	int file = file_open(path, NULL);
	struct stat status = {0};
	ssize_t got = -1;

	tail[0] = '\0';
	if (file < 0 && system_error_absent(errno))
		return 0;
	if (file >= 0 && fstat(file, &status) == 0)
		got = pread(file, tail, CHAIN_TAIL,
			status.st_size > CHAIN_TAIL ? status.st_size - CHAIN_TAIL : 0);
	if (got < 0)
		system_error_set(error, path, "cannot be read");
	if (file >= 0)
		close(file);
	tail[got > 0 ? got : 0] = '\0';
	return got;
}

/* A crash in the middle of an append leaves a line without an end: it is taken off again. */
static bool cut_torn_line(const char *path, struct error *error)
{
	struct buffer text = {0};
	bool done = file_read(path, &text, error);

	if (done) {
		const char *last = memrchr(buffer_string(&text), '\n', text.length);
		off_t whole = last != NULL ? last + 1 - text.data : 0;

		done = truncate(path, whole) == 0 ||
		       system_error_set(error, path, "cannot be repaired");
	}
	buffer_release(&text);
	return done;
}

/* Behind such a tail, unless it stands there already; paths takes what is to be synced. */
static bool append_line(const char *path, char tail[static CHAIN_TAIL + 1], ssize_t got,
	const char *line, struct text_list *paths, struct error *error)
{
	struct buffer text = {0};
	bool done;

	if (got > 0 && tail[got - 1] != '\n')
		got = cut_torn_line(path, error) ? read_tail(path, tail, error) : -1;
	done = got >= 0;
	buffer_format(&text, "\n%s\n", line);
	if (done && !text_ends(tail, buffer_string(&text))) {
		buffer_clear(&text);
		if (got == 0)
			buffer_text(&text, CHAIN_HEAD "\n");
		buffer_format(&text, "%s\n", line);
		done = file_extend(path, buffer_string(&text), text.length, FILE_MODE, error);
		text_list_add(paths, path);
		if (got == 0) { /* the file is new */
			char *own = file_folder(path);

			text_list_add(paths, own);
			free(own);
		}
	}
	buffer_release(&text);
	return done;
}

bool archive_sync(const struct text_list *paths, struct error *error)
{
	bool done = true;

	for (size_t i = 0; done && i < paths->count; i++)
		done = file_sync(paths->list[i], error);
	return done;
}

/* The last whole line; NULL where there is none behind the head. What stands behind is torn. */
static const char *last_line(char tail[static CHAIN_TAIL + 1])
{
	char *end = strrchr(tail, '\n'), *start;

	if (end == NULL)
		return NULL;
	*end = '\0';
	start = strrchr(tail, '\n');
	return start != NULL ? start + 1 : NULL;
}

/* Of the last line of such a tail; 0 where it has none. */
static int64_t last_sequence(const char tail[static CHAIN_TAIL + 1])
{
	char copy[CHAIN_TAIL + 1];
	struct chain_line line = {0};
	const char *last;

	memcpy(copy, tail, sizeof copy);
	last = last_line(copy);
	return last != NULL && chain_line_parse(last, &line) ? line.sequence : 0;
}

int64_t archive_chain_end(const char *archive, const char *page, struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL), tail[CHAIN_TAIL + 1];
	ssize_t got = read_tail(path, tail, error);

	free(path);
	return got < 0 ? -1 : last_sequence(tail);
}

bool archive_chain_tail(const char *archive, const char *page, int64_t *sequence,
	char digest[static DIGEST_TEXT], struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL), tail[CHAIN_TAIL + 1];
	struct chain_line line = {0};
	bool good = read_tail(path, tail, error) >= 0;
	const char *last = last_line(tail);

	*sequence = 0;
	if (last != NULL && !chain_line_parse(last, &line))
		good = error_set(error, REMEDY_LOCAL,
			"%s: does not end with a line of a chain; `lampwatch verify` says more",
			path);
	if (good && last != NULL) {
		*sequence = line.sequence;
		chain_line_digest(last, digest);
	}
	free(path);
	return good;
}

bool archive_chain_extend(const char *archive, struct database *database, const char *page,
	int64_t last, struct text_list *paths, struct error *error)
{
	char *path = archive_path(archive, page, "chain", NULL), tail[CHAIN_TAIL + 1];
	ssize_t got = read_tail(path, tail, error);
	int64_t next = got < 0 ? 0 : last_sequence(tail) + 1;
	bool done = got >= 0;

	for (int64_t i = next; done && i <= last; i++) {
		char *line = store_line(database, page, i);

		if (i > next)
			got = read_tail(path, tail, error);
		if (line == NULL && database_good(database, error))
			error_set(error, REMEDY_LOCAL, "the database has lost line %" PRId64, i);
		done = line != NULL && append_line(path, tail, got, line, paths, error);
		free(line);
	}
	free(path);
	return done;
}

bool archive_chain_up_to(const char *archive, struct database *database, const char *page,
	int64_t last, struct error *error)
{
	struct text_list paths = {0};
	bool done = archive_chain_extend(archive, database, page, last, &paths, error) &&
		    archive_sync(&paths, error);

	text_list_release(&paths);
	return done;
}
