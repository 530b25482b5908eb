/* SPDX-License-Identifier: ISC */
#include "publish/cdx.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/date.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/readers.h"
#include "base/text.h"

enum { LINES_MAX = CDX_ROWS_MAX * (CDX_URL_MAX + 64) };

static const char *const fields[] = {"timestamp", "original", "mimetype", "statuscode", "digest"};
enum { STAMP, ORIGINAL, MIMETYPE, STATUS, DIGEST, FIELDS };

static bool is_digest(const char *text)
{
	return strlen(text) == DIGEST_BASE32 - 1 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == DIGEST_BASE32 - 1;
}

static bool is_address(const char *text)
{
	size_t length = strlen(text);

	return (text_starts(text, "http://") || text_starts(text, "https://")) &&
	       length <= CDX_URL_MAX && text_plain_span(text, length) == length &&
	       strchr(text, ' ') == NULL;
}

/* The documentation has it percent-encoded already. */
static bool is_key(const char *text)
{
	return text[0] != '\0' && strlen(text) <= CDX_KEY_MAX &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			    "-._~%+!*'(),:;@/=") == strlen(text);
}

/* ---- in a reader ---- */

struct row {
	const char *text[FIELDS]; /* "" where it has none */
};

static const char *member(const struct value *row, size_t place)
{
	const struct value *value = place < row->count ? row->members[place] : NULL;

	return value != NULL && value->text != NULL ? value->text : "";
}

/* Where each field stands, by the row that names them. */
static bool find_fields(
	const struct value *names, size_t places[static FIELDS], struct error *error)
{
	for (size_t i = 0; i < FIELDS; i++) {
		places[i] = 0;
		while (places[i] < names->count && !text_equal(member(names, places[i]), fields[i]))
			places[i]++;
		if (names->type != VALUE_LIST || places[i] == names->count)
			return error_set(
				error, REMEDY_PAGE, "the list has no field \"%s\"", fields[i]);
	}
	return true;
}

/* What was read of the rows. */
struct tally {
	size_t others, odd;
	struct text_list digests; /* of redirects and errors: a revisit does not say that it is one;
				   * owned */
};

/* A server that was asked for the answers of one address lists more besides: that of http:// is
 * mostly a redirect to that of https://, and both are one address to it. */
static bool is_wanted(const struct row *row, struct tally *tally)
{
	if (text_equal(row->text[MIMETYPE], "warc/revisit"))
		return is_digest(row->text[DIGEST]) &&
		       !text_list_has(&tally->digests, row->text[DIGEST]);
	if (!text_equal(row->text[STATUS], "200") && is_digest(row->text[DIGEST]) &&
		!text_list_has(&tally->digests, row->text[DIGEST]))
		text_list_add(&tally->digests, row->text[DIGEST]);
	return text_equal(row->text[STATUS], "200");
}

static void put_row(const struct value *list, const size_t places[static FIELDS],
	struct tally *tally, struct buffer *out)
{
	struct row row;
	int64_t time;

	for (size_t i = 0; i < FIELDS; i++)
		row.text[i] = list->type == VALUE_LIST ? member(list, places[i]) : "";
	if (!date_stamp(row.text[STAMP], &time) || !is_address(row.text[ORIGINAL]))
		tally->odd++;
	else if (!is_wanted(&row, tally))
		tally->others++;
	else if (!is_digest(row.text[DIGEST]))
		tally->odd++;
	else
		buffer_format(out, "capture\t%s\t%s\t%s\n", row.text[STAMP], row.text[DIGEST],
			row.text[ORIGINAL]);
}

/* The key behind an empty row, at the end; NULL: there is none. */
static const char *resume_of(const struct value *root)
{
	const struct value *before = root->count > 2 ? root->members[root->count - 2] : NULL;
	const struct value *last = root->count > 2 ? root->members[root->count - 1] : NULL;

	return before != NULL && before->type == VALUE_LIST && before->count == 0 &&
			       last->type == VALUE_LIST && last->count == 1
		       ? member(last, 0)
		       : NULL;
}

static bool put_page(const struct value *root, struct buffer *out, struct error *error)
{
	size_t places[FIELDS], end = root->count;
	struct tally tally = {0};
	const char *resume = resume_of(root);

	if (root->type != VALUE_LIST)
		return error_set(error, REMEDY_PAGE, "what comes is no list");
	if (root->count == 0)
		return true;
	if (resume != NULL && !is_key(resume))
		return error_set(error, REMEDY_PAGE, "the resumption key makes no sense");
	end -= resume != NULL ? 2 : 0;
	if (end - 1 > CDX_ROWS_MAX)
		return error_set(error, REMEDY_PAGE, "there are more than %d rows", CDX_ROWS_MAX);
	if (!find_fields(root->members[0], places, error))
		return false;
	for (size_t i = 1; i < end; i++)
		put_row(root->members[i], places, &tally, out);
	buffer_format(out, "others\t%zu\nodd\t%zu\n", tally.others, tally.odd);
	text_list_release(&tally.digests);
	if (resume != NULL)
		buffer_format(out, "resume\t%s\n", resume);
	return true;
}

bool cdx_read(const char *json, size_t length, struct buffer *out, struct error *error)
{
	struct value *root;
	bool good;

	if (strspn(json, " \t\r\n") == length)
		return true;
	root = json_parse(json, length, error);
	good = root != NULL && put_page(root, out, error);
	value_free(root);
	return good;
}

static bool answer(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)count;
	return cdx_read(parts[0].bytes, parts[0].length, out, error);
}

static bool sound(const char *lines, size_t length)
{
	return cdx_page_take(lines, length, NULL);
}

const struct reader_work cdx_reader = {
	.answer = answer, .sound = sound, .answer_maximum = LINES_MAX};

/* ---- what a reader has answered ---- */

static bool take_count(const char *text, size_t *count)
{
	char *end;

	*count = strtoul(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *count <= CDX_ROWS_MAX;
}

static bool take_capture(char *text, struct cdx_page *page)
{
	char *stamp = strsep(&text, "\t"), *digest = strsep(&text, "\t");
	struct cdx_capture *capture;
	int64_t time;

	if (text == NULL || page->count == CDX_ROWS_MAX || !date_stamp(stamp, &time) ||
		!is_digest(digest) || !is_address(text))
		return false;
	capture = memory_append(&page->list, &page->count, sizeof *capture);
	*capture = (struct cdx_capture){.time = time, .original = memory_string(text)};
	memcpy(capture->stamp, stamp, CDX_STAMP);
	memcpy(capture->digest, digest, DIGEST_BASE32);
	return true;
}

static bool take_line(char *line, struct cdx_page *page)
{
	const char *word = strsep(&line, "\t");

	if (line == NULL || page->resume != NULL)
		return false;
	if (text_equal(word, "capture"))
		return take_capture(line, page);
	if (text_equal(word, "others"))
		return take_count(line, &page->others);
	if (text_equal(word, "odd"))
		return take_count(line, &page->odd);
	if (!text_equal(word, "resume") || !is_key(line))
		return false;
	page->resume = memory_string(line);
	return true;
}

bool cdx_page_take(const char *lines, size_t length, struct cdx_page *page)
{
	struct cdx_page taken = {0};
	char *copy = memory_bytes(lines, length), *rest = copy, *line;
	bool good = strlen(copy) == length && (length == 0 || copy[length - 1] == '\n');

	while (good && (line = strsep(&rest, "\n")) != NULL && rest != NULL)
		good = take_line(line, &taken);
	free(copy);
	if (good && page != NULL)
		*page = taken;
	else
		cdx_page_release(&taken);
	return good;
}

void cdx_page_release(struct cdx_page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->list[i].original);
	free(page->list);
	free(page->resume);
	*page = (struct cdx_page){0};
}
