/* SPDX-License-Identifier: ISC
 *
 * Replies of a time stamp authority, and certificates: one proves only the bytes that it was made
 * for, and none answers a request that it never saw.
 */
#include "base/timestamp.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fuzz.h"

/* What the seed's stamp is over. */
static const char stamped[] = "lampwatch heads 1 sha256\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buffer request;
	const char *path = fuzz_file(data, size);
	struct buffer reply = {0};
	struct error error = {0};
	int64_t time;

	if (request.length == 0)
		timestamp_request(stamped, sizeof stamped - 1, &request);
	buffer_add(&reply, data, size);
	if (!timestamp_proves(&reply, stamped, sizeof stamped - 1, NULL, &time, &error))
		MUST(error.remedy == REMEDY_LOCAL && error.text[0] != '\0');
	MUST(!timestamp_proves(&reply, stamped, sizeof stamped, NULL, &time, &error));
	MUST(!timestamp_proves(&reply, stamped, sizeof stamped - 1, path, &time, &error));
	MUST(!timestamp_granted(&request, &reply, path, &time, &error) &&
		error.remedy == REMEDY_LATER);
	buffer_release(&reply);
	return 0;
}
