/* SPDX-License-Identifier: ISC
 *
 * Kinds that a user wrote: whatever stands in the file, it is a kind or there
 * is a problem with its line.
 */
#include "watch/kind/kind.h"

#include "base/error.h"
#include "fuzz.h"
#include "model/validator.h"
#include "watch/kind/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char page[] = "{\"page\":{\"id\":\"x\"},\"components\":[{\"id\":\"a\","
				   "\"name\":\"A\",\"status\":\"up\"}]}";
	struct document documents[PAGE_DOCUMENTS_MAX] = {{page, sizeof page - 1}};
	struct problems problems = {0};
	struct reading reading = {0};
	struct error error = {0};
	struct kind *kind = kind_load(fuzz_file(data, size), (struct node){0}, &problems);

	MUST((kind == NULL) == (problems.errors > 0));
	if (kind != NULL)
		read_page(kind, "https://status.example.com/", documents, &reading, NULL, &error);
	reading_release(&reading);
	kind_free(kind);
	problems_release(&problems);
	return 0;
}
