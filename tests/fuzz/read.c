/* SPDX-License-Identifier: ISC
 *
 * Any bytes, read by any kind. The first byte chooses the kind; what is read is
 * a canonical text that reads back as itself and does not differ from itself.
 */
#include <glob.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "fuzz.h"
#include "watch/diff.h"
#include "watch/kind/kind.h"
#include "model/validator.h"
#include "watch/kind/read.h"

enum { KINDS_MAX = 64 };

static struct kind *kinds[KINDS_MAX];
static size_t count;

/* LAMPWATCH_TEMPLATES names the folder. Those that need parameters are left out. */
static void load(void)
{
	char pattern[4096];
	glob_t paths = {0};

	snprintf(pattern, sizeof pattern, "%s/pages/*.yaml", getenv("LAMPWATCH_TEMPLATES"));
	MUST(glob(pattern, 0, NULL, &paths) == 0);
	for (size_t i = 0; i < paths.gl_pathc && count < KINDS_MAX; i++) {
		struct problems problems = {0};

		kinds[count] = kind_load(paths.gl_pathv[i], (struct node){0}, &problems);
		count += kinds[count] != NULL;
		problems_release(&problems);
	}
	globfree(&paths);
	MUST(count > 0);
}

static void check(const struct reading *reading)
{
	struct buffer once = {0}, twice = {0};
	struct reading again = {0};
	struct changes changes = {0};
	struct error error = {0};

	reading_write(reading, &once);
	MUST(text_valid(buffer_string(&once), once.length));
	MUST(reading_parse(buffer_string(&once), once.length, &again, &error));
	reading_write(&again, &twice);
	MUST(once.length == twice.length &&
		memcmp(buffer_string(&once), buffer_string(&twice), once.length) == 0);
	diff(reading, &again, &changes);
	MUST(changes.count == 0);
	changes_release(&changes);
	reading_release(&again);
	buffer_release(&once);
	buffer_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	struct reading reading = {0};
	struct error error = {0};
	char *text, *address = NULL;

	if (count == 0)
		load();
	if (size == 0)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	/* A kind of several documents gets the same bytes for each. */
	for (size_t i = 0; i < kind_document_count(kinds[data[0] % count]); i++)
		documents[i] = (struct document){text, size - 1};
	if (read_page(kinds[data[0] % count], "https://status.example.com/", documents, &reading,
		    NULL, &error))
		check(&reading);
	else
		MUST(error.remedy == REMEDY_PAGE && text_valid(error.text, strlen(error.text)));
	reading_release(&reading);
	if (kind_document_address(kinds[data[0] % count],
		    kind_document_count(kinds[data[0] % count]) - 1, "https://status.example.com/",
		    documents, &address, &error))
		free(address);
	free(text);
	return 0;
}
