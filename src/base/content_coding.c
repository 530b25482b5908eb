/* SPDX-License-Identifier: ISC */
#include "base/content_coding.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/gzip.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/zstandard.h"

enum {
	LABEL_MAX = 40,    /* bytes of a label in an error */
	SNIFFED_MAX = 1445 /* bytes: the "resource header" of WHATWG MIME Sniffing section 5.2 */
};

/* A zlib stream (RFC 1950) has its check in the first two bytes, a gzip member its own mark. */
static bool begins_deflated(const unsigned char *bytes, size_t length)
{
	return length >= 2 &&
	       ((bytes[0] == 0x1f && bytes[1] == 0x8b) ||
		       ((bytes[0] & 0x0f) == 8 && (bytes[0] << 8 | bytes[1]) % 31 == 0));
}

static bool begins_zstandard(const unsigned char *bytes, size_t length)
{
	static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd};

	return length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

static const struct coding {
	const char *name;
	/* NULL: nothing marks its beginning */
	bool (*begins)(const unsigned char *bytes, size_t length);
	bool may_lack; /* the mark */
	/* NULL: not asked for, and not undone */
	bool (*decode)(const void *bytes, size_t length, struct buffer *out, struct error *error);
} codings[] = {
	{"gzip", begins_deflated, false, gzip_decode},
	{"x-gzip", begins_deflated, false, gzip_decode},
	{"deflate", begins_deflated, true, gzip_decode},
	{"zstd", begins_zstandard, false, zstandard_decode},
	{"br", NULL, true, NULL},
	{"compress", NULL, true, NULL},
	{"x-compress", NULL, true, NULL},
};

static const struct coding *coding_find(const char *name)
{
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
		if (strcmp(codings[i].name, name) == 0)
			return &codings[i];
	return NULL;
}

/* Text has none of the bytes that WHATWG MIME Sniffing calls binary data, and is mostly UTF-8; what
 * is compressed has some, the sooner the longer it is. */
static bool is_text(const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length && i < SNIFFED_MAX; i++)
		if (bytes[i] < ' ' && memchr("\t\n\f\r\x1b", bytes[i], 5) == NULL)
			return false;
	return true;
}

/* Undoes one coding; *plain: the body is in no coding, and stays as it is. */
static bool undo(const struct coding *coding, struct buffer *body, bool *plain, struct error *error)
{
	struct buffer out = {.maximum = body->maximum};
	const unsigned char *bytes = (const unsigned char *)buffer_string(body);
	bool good = coding->decode != NULL
			    ? coding->decode(bytes, body->length, &out, error)
			    : error_set(error, REMEDY_LATER,
				      "is in a coding that is not known, \"%s\"", coding->name),
	     overflowed = out.overflowed;

	*plain = !good && !overflowed &&
		 (coding->begins == NULL || !coding->begins(bytes, body->length)) &&
		 is_text(bytes, body->length) &&
		 (!coding->may_lack || text_valid(buffer_string(body), body->length));
	if (good) {
		buffer_release(body);
		*body = out;
	} else {
		buffer_release(&out);
		if (error != NULL)
			error->remedy = overflowed ? REMEDY_PAGE : REMEDY_LATER;
	}
	return good || *plain;
}

/* The labels of the field, in lower case; false where there are too many. */
static bool read_labels(const char *field, struct text_list *labels)
{
	char *lower = text_lower(field), *rest = lower, *part;

	while ((part = strsep(&rest, ",")) != NULL) {
		char *label = text_collapse(part, strlen(part), LABEL_MAX);

		if (label[0] != '\0' && strcmp(label, "identity") != 0)
			text_list_add(labels, label);
		free(label);
	}
	free(lower);
	return labels->count <= CONTENT_CODINGS_MAX;
}

bool content_decode(const char *field, struct buffer *body, char **mislabelled, struct error *error)
{
	struct text_list labels = {0};
	bool good;

	*mislabelled = NULL;
	if (text_empty(field) || body->length == 0)
		return true;
	good = read_labels(field, &labels) ||
	       error_set(error, REMEDY_LATER, "is in more than %d codings", CONTENT_CODINGS_MAX);
	/* The last that was applied is undone first. */
	for (size_t i = labels.count; good && i > 0; i--) {
		const struct coding *coding = coding_find(labels.list[i - 1]);
		bool plain = coding == NULL;

		if (coding != NULL)
			good = undo(coding, body, &plain, error);
		if (plain)
			memory_set(mislabelled, labels.list[i - 1]);
	}
	text_list_release(&labels);
	return good;
}
