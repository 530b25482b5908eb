/* SPDX-License-Identifier: ISC
 *
 * Tar archives of any bytes: no file reaches beyond them, and what is found is found again in an
 * archive that is made of it.
 */
#include "base/tar.h"

#include "base/buffer.h"
#include "fuzz.h"

struct file {
	const char *name, *bytes;
	size_t length;
};

static void check_again(const struct buffer *tar, const struct file *files, size_t count)
{
	const char *name, *bytes;
	size_t at = 0, length;

	for (size_t i = 0; i < count; i++)
		MUST(tar_next(tar, &at, &name, &bytes, &length) && length == files[i].length &&
			strcmp(name, files[i].name) == 0 &&
			memcmp(bytes, files[i].bytes, length) == 0);
	MUST(!tar_next(tar, &at, &name, &bytes, &length));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { FILES_MAX = 65536 / 512 };
	struct buffer tar = {0}, made = {0};
	struct file files[FILES_MAX], *file = files;
	size_t at = 0;

	buffer_add(&tar, data, size);
	while (file < files + FILES_MAX &&
		tar_next(&tar, &at, &file->name, &file->bytes, &file->length)) {
		MUST(file->name >= tar.data && strlen(file->name) <= TAR_NAME_MAX);
		MUST(file->bytes + file->length <= tar.data + tar.length);
		MUST(tar_add(&made, file->name, file->bytes, file->length));
		file++;
	}
	MUST(tar_end(&made));
	check_again(&made, files, (size_t)(file - files));
	buffer_release(&tar);
	buffer_release(&made);
	return 0;
}
