/* SPDX-License-Identifier: ISC
 *
 * Configurations.
 */
#include "config/config.h"

#include "base/error.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct problems problems = {0};
	struct config *config = config_load(fuzz_file(data, size), NULL, &problems);

	MUST((config == NULL) == (problems.errors > 0));
	config_free(config);
	problems_release(&problems);
	return 0;
}
