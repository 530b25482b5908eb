/* SPDX-License-Identifier: ISC */
#include "publish/warc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/memory.h"
#include "base/text.h"

struct warc_writer {
	gzip_put *put;
	void *context;
	bool compressed, failed;
	int64_t offset; /* bytes that put() was given */
};

struct warc_writer *warc_writer_new(bool compressed, gzip_put *put, void *context)
{
	struct warc_writer *writer = memory_zero(1, sizeof *writer);

	*writer = (struct warc_writer){.put = put, .context = context, .compressed = compressed};
	return writer;
}

void warc_writer_free(struct warc_writer *writer)
{
	free(writer);
}

static bool counted_put(void *context, const void *bytes, size_t length)
{
	struct warc_writer *writer = context;

	writer->offset += (int64_t)length;
	writer->failed = writer->failed || !writer->put(writer->context, bytes, length);
	return !writer->failed;
}

static void add_field(struct buffer *out, const char *name, const char *value)
{
	if (text_empty(value))
		return;
	buffer_format(out, "%s: ", name);
	for (; *value != '\0'; value++)
		buffer_byte(out, (unsigned char)*value < ' ' || *value == 0x7f ? ' ' : *value);
	buffer_text(out, "\r\n");
}

bool warc_write(
	struct warc_writer *writer, const struct warc_record *record, struct warc_place *place)
{
	const struct warc_bytes end = {"\r\n\r\n", 4};
	int64_t begin = writer->offset;
	struct digest_stream *stream = digest_begin();
	char date[DATE_TEXT_MAX], sha256[DIGEST_TEXT], digest[WARC_DIGEST_TEXT];
	struct buffer head = {0};

	digest_add(stream, record->head.bytes, record->head.length);
	digest_add(stream, record->body.bytes, record->body.length);
	digest_end(stream, sha256);
	warc_digest(sha256, digest);
	date_write(record->date, date);
	buffer_text(&head, "WARC/1.1\r\n");
	add_field(&head, "WARC-Type", record->type);
	add_field(&head, "WARC-Record-ID", record->id);
	add_field(&head, "WARC-Date", date);
	for (size_t i = 0; i < record->field_count; i++)
		add_field(&head, record->fields[i].name, record->fields[i].value);
	add_field(&head, "WARC-Block-Digest", digest);
	buffer_format(
		&head, "Content-Length: %zu\r\n\r\n", record->head.length + record->body.length);
	const struct warc_bytes parts[] = {
		{head.data, head.length}, record->head, record->body, end};
	struct gzip_writer *member = writer->compressed ? gzip_begin(counted_put, writer) : NULL;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].length > 0)
			member != NULL ? gzip_add(member, parts[i].bytes, parts[i].length)
				       : counted_put(writer, parts[i].bytes, parts[i].length);
	if (member != NULL)
		gzip_end(member);
	if (place != NULL)
		*place = (struct warc_place){begin, writer->offset - begin};
	buffer_release(&head);
	return !writer->failed;
}

void warc_id(const char *text, char out[static WARC_ID_TEXT])
{
	static const char variants[] = "89ab"; /* the two bits of RFC 9562 section 4.1 */
	char hex[DIGEST_TEXT];

	digest_sha256(text, strlen(text), hex);
	hex[12] = '8'; /* the version */
	hex[16] = variants[hex[16] % 4];
	snprintf(out, WARC_ID_TEXT, "<urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s>", hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
}

void warc_digest(const char *sha256, char out[static WARC_DIGEST_TEXT])
{
	snprintf(out, WARC_DIGEST_TEXT, "sha256:%s", sha256);
}

char *warc_uri(const char *url)
{
	struct buffer out = {0};

	for (; *url != '\0'; url++)
		if ((unsigned char)*url <= ' ' || (unsigned char)*url >= 0x7f ||
			strchr("<>\"{}|\\^`", *url) != NULL)
			buffer_format(&out, "%%%02X", (unsigned char)*url);
		else
			buffer_byte(&out, *url);
	return buffer_take(&out);
}
