/* SPDX-License-Identifier: ISC */
#include "publish/record_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/system_error.h"
#include "base/text.h"
#include "config/config.h"
#include "net/http.h"
#include "publish/warc_http.h"

/* The parts of each job: the file, which is kept, and what is asked. */
enum { PART_FILE, PART_REQUEST, PARTS };

enum {
	LIST_MILLISECONDS =
		READER_FILE_MILLISECONDS, /* of the processor: a block may have many gigabytes */
	PAYLOAD_MILLISECONDS = 60000,     /* likewise: a member may begin as far before */
	HEAD_MAX = 64 * 1024,             /* of a response, looked at for its status */
	LIST_RECORDS = 10000,             /* seen for one answer at most */
	LIST_BYTES = 512 * 1024,  /* an answer that has so many takes up no further record */
	LISTS_MAX = 2000000,      /* answers about one file */
	ENCODED_MAX = 512 * 1024, /* bytes that a record may hold beyond the body's maximum */
};

/* Seconds since 1970, between the years 0 and 9999. */
#define DATE_LEAST INT64_C(-62167219200)
#define DATE_MOST INT64_C(253402300799)

/* What a list begins with; then come its records, and where it is damaged why. */
struct list_head {
	int64_t next; /* enum warc_next; WARC_RECORD: there may be more */
	struct gzip_position last;
	size_t count;
	int64_t simulated, remedy;
};

/* A record begins with that; then come its texts, each with its NUL, "" where there is none. */
struct record_head {
	int64_t type, date, refers_to_date, length, truncated, status;
	struct gzip_position position;
};

enum { RECORD_TEXTS = 8 };

enum {
	LIST_MAX = LIST_BYTES + (int)sizeof(struct list_head) + (int)sizeof(struct record_head) +
		   MESSAGE_HEAD_MAX + HEAD_MAX + RECORD_TEXTS + ERROR_TEXT_MAX,
};

struct payload_request {
	struct gzip_position position;
	int64_t type, headers_only;
	size_t maximum; /* of the body */
};

/* Comes behind the body and the headers. */
struct payload_tail {
	int64_t status;
	size_t headers; /* bytes */
};

enum { PAYLOAD_MAX = CONFIG_BODY_MAX + MESSAGE_HEAD_MAX + (int)sizeof(struct payload_tail) };

static bool later(const struct gzip_position *a, const struct gzip_position *b)
{
	return a->offset > b->offset || (a->offset == b->offset && a->within > b->within);
}

/* ---- in a reader ---- */

/* The file, and the position of the record that was read last. */
struct held {
	struct warc_reader *reader;
	struct gzip_position last;
};

static const struct gzip_position before_all = {-1, 0};

static void *hold(const char *bytes, size_t length)
{
	struct held *held = memory_zero(1, sizeof *held);

	(void)bytes, (void)length;
	*held = (struct held){warc_reader_new(STDIN_FILENO), before_all};
	return held;
}

static bool go_to(struct held *held, const struct gzip_position *position, struct error *error)
{
	struct warc_head head = {0};
	bool good = warc_reader_seek(held->reader, position, error) &&
		    warc_reader_next(held->reader, &head, error) == WARC_RECORD;

	held->last = *position;
	warc_head_release(&head);
	return good;
}

/* Behind the record at that position: usually it stands there. */
static bool go_behind(struct held *held, const struct gzip_position *last, struct error *error)
{
	static const struct gzip_position begin = {0, 0};

	if (last->offset == held->last.offset && last->within == held->last.within)
		return true;
	return last->offset < 0 ? warc_reader_seek(held->reader, &begin, error)
				: go_to(held, last, error);
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void add_record(const struct warc_head *from, const struct buffer *block,
	struct list_head *list, struct buffer *out)
{
	struct record_head record = {from->type, from->date, from->refers_to_date, from->length,
		from->truncated, 200, from->position};
	struct message_head head = {0};
	const char *texts[RECORD_TEXTS] = {from->id, from->url, from->content_type, from->address,
		from->refers_to, from->refers_to_url, from->payload_digest};

	if (from->type != WARC_RESOURCE) {
		message_head_parse(buffer_string(block), block->length, &head);
		record.status = message_status(&head);
		if (is_redirect((int)record.status))
			texts[RECORD_TEXTS - 1] = message_head_find(&head, "Location");
	}
	if (from->type == WARC_REVISIT && record.status == 0)
		record.status = 200;
	if (!text_empty(from->url) && from->date != 0 && record.status != 0) {
		list->count++;
		buffer_add(out, &record, sizeof record);
		for (size_t i = 0; i < RECORD_TEXTS; i++) {
			buffer_text(out, texts[i]);
			buffer_byte(out, '\0');
		}
	}
	message_head_release(&head);
}

/* The next record, with the beginning of its block, added where it is of interest. */
static enum warc_next list_one(
	struct held *held, struct list_head *list, struct buffer *out, struct error *error)
{
	struct warc_head head = {0};
	struct buffer block = {.maximum = HEAD_MAX};
	enum warc_next next = warc_reader_next(held->reader, &head, error);
	bool found = next == WARC_RECORD && head.type != WARC_OTHER;

	if (next == WARC_RECORD)
		held->last = head.position;
	if (found && head.type != WARC_RESOURCE &&
		!warc_reader_block(held->reader, HEAD_MAX, &block, error))
		next = WARC_DAMAGED;
	else if (found && head.type == WARC_INFO)
		list->simulated =
			list->simulated != 0 ||
			(text_starts(buffer_string(&block), "software: lampwatch/") &&
				strstr(buffer_string(&block), "\nsimulated: yes") != NULL);
	else if (found)
		add_record(&head, &block, list, out);
	buffer_release(&block);
	warc_head_release(&head);
	return next;
}

static bool answer_list(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	struct held *held = parts[PART_FILE].kept;
	struct list_head list = {.next = WARC_RECORD};
	struct error damage = {0};

	(void)count;
	memcpy(&list.last, parts[PART_REQUEST].bytes, sizeof list.last);
	if (!go_behind(held, &list.last, error))
		return false;
	buffer_add(out, &list, sizeof list);
	for (int i = 0; i < LIST_RECORDS && out->length < LIST_BYTES && list.next == WARC_RECORD;
		i++)
		list.next = list_one(held, &list, out, &damage);
	list.last = held->last;
	list.remedy = damage.remedy;
	buffer_text(out, damage.text);
	memcpy(out->data, &list, sizeof list);
	return true;
}

/* The body of a block, into out, whose maximum is the body's. */
static bool add_body(const struct payload_request *request, const struct message_head *head,
	const struct buffer *block, struct buffer *out, struct error *error)
{
	if (request->headers_only)
		return true;
	if (request->type == WARC_RESOURCE)
		return buffer_add(out, buffer_string(block), block->length) ||
		       error_set(error, REMEDY_PAGE, "is longer than the page's limit");
	return message_body(head, buffer_string(block) + head->length, block->length - head->length,
		out, error);
}

static bool answer_payload(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	struct held *held = parts[PART_FILE].kept;
	struct payload_request request;
	struct payload_tail tail = {0};
	struct message_head head = {0};
	struct buffer block = {0};
	size_t whole = out->maximum;
	bool good;

	(void)count;
	memcpy(&request, parts[PART_REQUEST].bytes, sizeof request);
	block.maximum = request.headers_only ? HTTP_HEADERS_MAX : request.maximum + ENCODED_MAX;
	out->maximum = request.maximum;
	good = go_to(held, &request.position, error) &&
	       warc_reader_block(held->reader, SIZE_MAX, &block, error);
	if (good && request.type != WARC_RESOURCE) {
		message_head_parse(buffer_string(&block), block.length, &head);
		tail.status = message_status(&head);
		tail.headers = strnlen(buffer_string(&block), head.length);
	}
	good = good && add_body(&request, &head, &block, out, error);
	out->maximum = whole;
	buffer_add(out, buffer_string(&block), tail.headers);
	buffer_add(out, &tail, sizeof tail);
	message_head_release(&head);
	buffer_release(&block);
	return good;
}

/* ---- where the answer is used ---- */

struct cursor {
	const char *at, *end;
};

static bool take_bytes(struct cursor *cursor, void *bytes, size_t length)
{
	if ((size_t)(cursor->end - cursor->at) < length)
		return false;
	memcpy(bytes, cursor->at, length);
	cursor->at += length;
	return true;
}

/* A text that is one line: it comes to stand in files of lines. */
static bool take_line(struct cursor *cursor, const char **text)
{
	size_t left = (size_t)(cursor->end - cursor->at), length = 0;

	*text = cursor->at;
	while (length < left && (unsigned char)cursor->at[length] >= ' ' &&
		cursor->at[length] != '\x7f')
		length++;
	if (length == left || cursor->at[length] != '\0')
		return false;
	cursor->at += length + 1;
	return true;
}

static bool is_date(int64_t date)
{
	return date >= DATE_LEAST && date <= DATE_MOST;
}

/* Borrows its texts. It must lie behind *last, which it becomes. */
static bool take_record(struct cursor *cursor, struct gzip_position *last,
	struct record_head *record, const char *texts[static RECORD_TEXTS])
{
	if (!take_bytes(cursor, record, sizeof *record) || !later(&record->position, last))
		return false;
	for (size_t i = 0; i < RECORD_TEXTS; i++)
		if (!take_line(cursor, &texts[i]))
			return false;
	*last = record->position;
	return (record->type == WARC_RESPONSE || record->type == WARC_RESOURCE ||
		       record->type == WARC_REVISIT) &&
	       record->position.offset >= 0 && record->position.within >= 0 &&
	       record->length >= 0 && record->status > 0 && record->status < 1000 &&
	       is_date(record->date) && is_date(record->refers_to_date) && !text_empty(texts[1]);
}

static bool sound_list(const char *answer, size_t length)
{
	struct cursor cursor = {answer, answer + length};
	struct gzip_position last = before_all;
	const char *texts[RECORD_TEXTS];
	struct record_head record;
	struct list_head list;

	if (!take_bytes(&cursor, &list, sizeof list) || list.next < WARC_RECORD ||
		list.next > WARC_DAMAGED)
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!take_record(&cursor, &last, &record, texts))
			return false;
	return !later(&last, &list.last) &&
	       memchr(cursor.at, '\0', (size_t)(cursor.end - cursor.at)) == NULL;
}

static bool sound_payload(const char *answer, size_t length)
{
	struct payload_tail tail;

	if (length < sizeof tail)
		return false;
	memcpy(&tail, answer + length - sizeof tail, sizeof tail);
	return tail.headers <= length - sizeof tail && tail.headers <= MESSAGE_HEAD_MAX &&
	       tail.status >= 0 && tail.status < 1000 &&
	       memchr(answer + length - sizeof tail - tail.headers, '\0', tail.headers) == NULL;
}

static const struct reader_work list_work = {hold, answer_list, sound_list, LIST_MAX},
				payload_work = {hold, answer_payload, sound_payload, PAYLOAD_MAX};

/* ---- asking ---- */

struct record_reader {
	struct readers *readers;
	int file;
};

struct record_reader *record_reader_open(
	struct fork_server *server, const char *path, struct error *error)
{
	struct record_reader *reader;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0) {
		system_error_set(error, path, "cannot be opened");
		return NULL;
	}
	reader = memory_zero(1, sizeof *reader);
	reader->readers = readers_of_file(server, file);
	reader->file = file;
	return reader;
}

void record_reader_close(struct record_reader *reader)
{
	if (reader == NULL)
		return;
	readers_free(reader->readers);
	close(reader->file);
	free(reader);
}

static char *ask(struct record_reader *reader, const struct reader_work *work, int milliseconds,
	const void *request, size_t size, size_t *length, struct error *error)
{
	static const char the_file[DIGEST_TEXT] = "file"; /* each reader has only one */
	const struct reader_part parts[PARTS] = {[PART_FILE] = {"", 0, the_file, NULL},
		[PART_REQUEST] = {request, size, NULL, NULL}};
	const struct reader_job job = {work, parts, PARTS, milliseconds, NULL, NULL};

	return readers_ask(reader->readers, &job, length, error);
}

static bool give_record(struct cursor *cursor, struct gzip_position *last, record_take *take,
	void *context, struct error *error)
{
	const char *texts[RECORD_TEXTS];
	struct record_head record;
	struct warc_head head;
	char **strings[] = {&head.id, &head.url, &head.content_type, &head.address, &head.refers_to,
		&head.refers_to_url, &head.payload_digest};
	bool good;

	take_record(cursor, last, &record, texts);
	head = (struct warc_head){.type = (enum warc_type)record.type,
		.date = record.date,
		.refers_to_date = record.refers_to_date,
		.length = record.length,
		.truncated = record.truncated != 0,
		.position = record.position};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		*strings[i] = texts[i][0] != '\0' ? memory_string(texts[i]) : NULL;
	good = take(context, &head, (int)record.status,
		texts[RECORD_TEXTS - 1][0] != '\0' ? texts[RECORD_TEXTS - 1] : NULL, error);
	warc_head_release(&head);
	return good;
}

bool record_reader_list(struct record_reader *reader, record_take *take, void *context,
	bool *simulated, struct error *error)
{
	struct list_head list = {.next = WARC_RECORD, .last = before_all};
	bool good = true;

	for (int i = 0; good && list.next == WARC_RECORD; i++) {
		struct gzip_position last = list.last;
		size_t length;
		char *answer = ask(
			reader, &list_work, LIST_MILLISECONDS, &last, sizeof last, &length, error);
		struct cursor cursor;

		if (answer == NULL)
			return false;
		cursor = (struct cursor){answer, answer + length};
		take_bytes(&cursor, &list, sizeof list);
		/* sound_list() does not know what was asked. */
		if (i >= LISTS_MAX || (list.next == WARC_RECORD && !later(&list.last, &last)))
			good = error_set(error, REMEDY_PAGE, "reading it broke the parser");
		*simulated = *simulated || list.simulated != 0;
		last = before_all;
		for (size_t k = 0; good && k < list.count; k++)
			good = give_record(&cursor, &last, take, context, error);
		if (good && list.next == WARC_DAMAGED)
			good = error_set(error,
				list.remedy == REMEDY_LOCAL ? REMEDY_LOCAL : REMEDY_PAGE, "%s",
				cursor.at);
		free(answer);
	}
	return good;
}

bool record_reader_payload(struct record_reader *reader, const struct warc_head *head,
	struct http_response *response, struct error *error)
{
	const struct payload_request request = {
		head->position, head->type, false, response->body.maximum};
	struct payload_tail tail;
	size_t length, body;
	char *answer = ask(reader, &payload_work, PAYLOAD_MILLISECONDS, &request, sizeof request,
		&length, error);
	bool good;

	if (answer == NULL)
		return false;
	memcpy(&tail, answer + length - sizeof tail, sizeof tail);
	body = length - sizeof tail - tail.headers;
	good = buffer_add(&response->body, answer, body) ||
	       error_set(error, REMEDY_PAGE, "reading it broke the parser");
	if (good && head->type != WARC_RESOURCE)
		response->headers = memory_bytes(answer + body, tail.headers);
	free(answer);
	return good;
}

bool record_reader_headers(struct record_reader *reader, const struct warc_head *head,
	char **headers, int *status, struct error *error)
{
	const struct payload_request request = {head->position, head->type, true, 0};
	struct payload_tail tail;
	size_t length;
	char *answer = ask(reader, &payload_work, PAYLOAD_MILLISECONDS, &request, sizeof request,
		&length, error);

	if (answer == NULL)
		return false;
	memcpy(&tail, answer + length - sizeof tail, sizeof tail);
	*headers = memory_bytes(answer + length - sizeof tail - tail.headers, tail.headers);
	*status = (int)tail.status;
	free(answer);
	return true;
}
