/* SPDX-License-Identifier: ISC */
#include "watch/page_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "model/reading.h"
#include "model/validator.h"
#include "base/text.h"
#include "net/http.h"
#include "watch/kind/read.h"
#include "watch/kind/sketch.h"
#include "watch/kind/trace.h"

/* The parts of each job: its page's address, a number, its documents, its kinds. */
enum { PART_URL, PART_NUMBER, PART_DOCUMENTS, PART_KINDS = PART_DOCUMENTS + PAGE_DOCUMENTS_MAX };

enum { ADDRESS_MAX = 64 * 1024, DETECT_MAX = 64 * 1024 /* kinds */ };

/* ---- in a reader ---- */

static void *keep_kind(const char *bytes, size_t length)
{
	return kind_of_source(bytes, length);
}

/* NULL with error where it was not understood here, though it was where the job comes from. */
static const struct kind *kind_of(const struct reader_part *part, struct error *error)
{
	if (part->kept == NULL)
		error_set(error, REMEDY_LOCAL, "a kind cannot be loaded in a reader; try again");
	return part->kept;
}

static void documents_of(
	const struct reader_part *parts, struct document documents[static PAGE_DOCUMENTS_MAX])
{
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		documents[i] = (struct document){
			parts[PART_DOCUMENTS + i].bytes, parts[PART_DOCUMENTS + i].length};
}

static struct page_counts counts_of(const struct read_report *report)
{
	return (struct page_counts){report->merged_rows, report->unknown_words, report->evaluations,
		report->operations};
}

/* The counts, the text, a NUL, the notes. */
static bool answer_reading(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	const struct kind *kind = kind_of(&parts[PART_KINDS], error);
	struct document documents[PAGE_DOCUMENTS_MAX];
	struct read_report report = {0};
	struct reading reading = {0};
	struct page_counts counts;
	bool good;

	(void)count;
	documents_of(parts, documents);
	good = kind != NULL &&
	       read_page(kind, parts[PART_URL].bytes, documents, &reading, &report, error);
	if (good) {
		counts = counts_of(&report);
		buffer_add(out, &counts, sizeof counts);
		reading_write(&reading, out);
		good = (!out->overflowed && out->length - sizeof counts <= READING_TEXT_MAX) ||
		       error_set(error, REMEDY_PAGE, "the reading is longer than %d bytes",
			       READING_TEXT_MAX);
		buffer_byte(out, '\0');
		read_report_notes(&report, out);
	}
	read_report_release(&report);
	reading_release(&reading);
	return good;
}

static bool answer_address(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	const struct kind *kind = kind_of(&parts[PART_KINDS], error);
	struct document documents[PAGE_DOCUMENTS_MAX];
	char *address = NULL;
	size_t i;

	(void)count;
	memcpy(&i, parts[PART_NUMBER].bytes, sizeof i);
	documents_of(parts, documents);
	if (kind == NULL ||
		!kind_document_address(kind, i, parts[PART_URL].bytes, documents, &address, error))
		return false;
	buffer_text(out, address);
	free(address);
	return true;
}

/* All kinds of a job, owned by the caller; NULL with error. */
static const struct kind **kinds_of(
	const struct reader_part *parts, size_t count, struct error *error)
{
	const struct kind **kinds = memory_zero(count + 1, sizeof(struct kind *));

	for (size_t i = 0; i < count; i++) {
		kinds[i] = kind_of(&parts[PART_KINDS + i], error);
		if (kinds[i] == NULL) {
			free(kinds);
			return NULL;
		}
	}
	return kinds;
}

/* A byte for each kind, and one for the form. */
static bool answer_detection(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	size_t all = count - PART_KINDS;
	const struct kind **kinds = kinds_of(parts, all, error);
	bool *fits = memory_zero(all + 1, sizeof *fits), good;
	struct document documents[PAGE_DOCUMENTS_MAX];

	documents_of(parts, documents);
	good = kinds != NULL &&
	       read_detect(kinds, all, parts[PART_URL].bytes, documents, fits, error);
	for (size_t i = 0; i < all && good; i++)
		buffer_byte(out, fits[i] ? 1 : 0);
	buffer_byte(out, (char)read_form(documents));
	free(kinds);
	free(fits);
	return good;
}

static bool answer_sketch(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	const struct kind **kinds = kinds_of(parts, count - PART_KINDS, error);
	struct document documents[PAGE_DOCUMENTS_MAX];
	bool good;

	documents_of(parts, documents);
	good = kinds != NULL && sketch_kind(kinds, count - PART_KINDS, documents, out, error);
	free(kinds);
	return good;
}

/* A trace begins with that; then come why it could not be read, a NUL, and its text. */
struct trace_head {
	int64_t fits, level;
	size_t indicators, incidents, maintenances;
	struct page_counts counts;
};

static bool answer_trace(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	const struct kind *kind = kind_of(&parts[PART_KINDS], error);
	struct document documents[PAGE_DOCUMENTS_MAX];
	struct reading reading = {0};
	struct read_report report = {0};
	struct error failure = {0};
	struct trace_head head;
	bool fits = false;

	(void)count;
	if (kind == NULL)
		return false;
	documents_of(parts, documents);
	report.trace = trace_new(kind);
	read_page(kind, parts[PART_URL].bytes, documents, &reading, &report, &failure);
	read_detect(&kind, 1, parts[PART_URL].bytes, documents, &fits, NULL);
	head = (struct trace_head){fits, reading.level, reading.indicator_count,
		reading.incident_count, reading.maintenance_count, counts_of(&report)};
	buffer_add(out, &head, sizeof head);
	buffer_add(out, failure.text, strlen(failure.text) + 1);
	trace_write(report.trace, out);
	if (failure.text[0] == '\0')
		trace_write_unexplained(report.trace, &reading, out);
	trace_free(report.trace);
	read_report_release(&report);
	reading_release(&reading);
	return true;
}

/* ---- where the answer is used ---- */

static bool sound_reading(const char *answer, size_t length)
{
	const char *text = answer + sizeof(struct page_counts);
	size_t rest = length - sizeof(struct page_counts);
	const char *end = length >= sizeof(struct page_counts) ? memchr(text, '\0', rest) : NULL;

	return end != NULL && strlen(end + 1) == rest - (size_t)(end - text) - 1;
}

static bool sound_address(const char *answer, size_t length)
{
	return strlen(answer) == length;
}

/* Lines that show on a terminal as what they are. */
static bool sound_sketch(const char *answer, size_t length)
{
	uint32_t character;

	for (size_t at = 0, size; at < length; at += size) {
		size = text_character(answer + at, length - at, &character);
		if (size == 0 || (text_deceptive(character) && character != '\n'))
			return false;
	}
	return true;
}

static bool sound_trace(const char *answer, size_t length)
{
	struct trace_head head;

	if (length <= sizeof head)
		return false;
	memcpy(&head, answer, sizeof head);
	return head.level >= 0 && head.level < LEVEL_COUNT &&
	       memchr(answer + sizeof head, '\0', length - sizeof head) != NULL;
}

static const struct reader_work
	reading_work = {keep_kind, answer_reading, sound_reading,
		sizeof(struct page_counts) + READING_TEXT_MAX + 1 + PAGE_NOTES_MAX},
	address_work = {keep_kind, answer_address, sound_address, ADDRESS_MAX},
	detection_work = {keep_kind, answer_detection, NULL, DETECT_MAX},
	sketch_work = {keep_kind, answer_sketch, sound_sketch, SKETCH_MAX + ERROR_TEXT_MAX},
	trace_work = {keep_kind, answer_trace, sound_trace,
		sizeof(struct trace_head) + ERROR_TEXT_MAX + PAGE_TRACE_MAX};

/* ---- asking ---- */

/* The parts of a job; owned by the caller, what they point to is borrowed. */
static struct reader_part *parts_new(const struct kind *const *kinds, size_t count, const char *url,
	const size_t *number, const struct document *documents, size_t there)
{
	struct reader_part *parts = memory_zero(PART_KINDS + count, sizeof *parts);

	parts[PART_URL] = (struct reader_part){.bytes = url, .length = strlen(url)};
	parts[PART_NUMBER] =
		(struct reader_part){.bytes = (const char *)number, .length = sizeof *number};
	for (size_t i = 0; i < there; i++)
		parts[PART_DOCUMENTS + i] = (struct reader_part){
			.bytes = documents[i].bytes, .length = documents[i].length};
	for (size_t i = 0; i < count; i++) {
		struct reader_part *part = &parts[PART_KINDS + i];

		part->bytes = kind_source(kinds[i], &part->length);
		part->digest = kind_digest(kinds[i]);
	}
	return parts;
}

static char *ask(struct readers *readers, const struct reader_work *work, const struct kind *kind,
	size_t number, const char *url, const struct document *documents, int milliseconds,
	size_t *length, struct error *error)
{
	struct reader_part *parts =
		parts_new(&kind, 1, url, &number, documents, kind_document_count(kind));
	struct reader_job job = {work, parts, PART_KINDS + 1, milliseconds, NULL, NULL};
	char *answer = readers_ask(readers, &job, length, error);

	free(parts);
	return answer;
}

/* A reading needs no more of the address, and no reader learns more. Owned by the caller. */
static char *public_of(const char *url)
{
	return text_empty(url) ? memory_string("") : http_url_public(url);
}

void page_submit(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, int milliseconds, reader_done *done, void *context)
{
	size_t none = 0;
	char *public = public_of(url);
	struct reader_part *parts =
		parts_new(&kind, 1, public, &none, documents, kind_document_count(kind));
	struct reader_job job = {&reading_work, parts, PART_KINDS + 1, milliseconds, done, context};

	readers_submit(readers, &job);
	free(parts);
	free(public);
}

struct page_answer page_answer_of(const char *answer, size_t length)
{
	struct page_answer page;

	(void)length; /* sound_reading() has seen to it */
	memcpy(&page.counts, answer, sizeof page.counts);
	page.text = answer + sizeof page.counts;
	page.length = strlen(page.text);
	page.notes = page.text + page.length + 1;
	return page;
}

bool page_read(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, int milliseconds, char **bytes,
	struct page_answer *answer, struct error *error)
{
	char *public = public_of(url);
	size_t length;

	*bytes = ask(
		readers, &reading_work, kind, 0, public, documents, milliseconds, &length, error);
	if (*bytes != NULL)
		*answer = page_answer_of(*bytes, length);
	free(public);
	return *bytes != NULL;
}

bool page_address(struct readers *readers, const struct kind *kind, size_t i, const char *url,
	const struct document *documents, char **address, struct error *error)
{
	*address = ask(
		readers, &address_work, kind, i, url, documents, READER_MILLISECONDS, NULL, error);
	return *address != NULL;
}

bool page_detect(struct readers *readers, const struct kind *const *kinds, size_t count,
	const char *url, const struct document *document, int milliseconds, bool *fits,
	enum document_form *form, struct error *error)
{
	size_t none = 0, length;
	char *public = public_of(url);
	struct reader_part *parts = parts_new(kinds, count, public, &none, document, 1);
	struct reader_job job = {
		&detection_work, parts, PART_KINDS + count, milliseconds, NULL, NULL};
	char *answer = readers_ask(readers, &job, &length, error);
	bool good = answer != NULL;

	if (good && (length != count + 1 || answer[count] < 0 || answer[count] > DOCUMENT_XML))
		good = error_set(error, REMEDY_PAGE, "reading it broke the parser");
	for (size_t i = 0; i < count && good; i++)
		fits[i] = answer[i] == 1;
	if (good)
		*form = (enum document_form)answer[count];
	free(answer);
	free(parts);
	free(public);
	return good;
}

char *page_sketch(struct readers *readers, const struct kind *const *kinds, size_t count,
	const struct document *document, struct error *error)
{
	size_t none = 0;
	struct reader_part *parts = parts_new(kinds, count, "", &none, document, 1);
	struct reader_job job = {
		&sketch_work, parts, PART_KINDS + count, READER_MILLISECONDS, NULL, NULL};
	char *answer = readers_ask(readers, &job, NULL, error);

	free(parts);
	return answer;
}

bool page_trace(struct readers *readers, const struct kind *kind, const char *url,
	const struct document *documents, struct page_trace *trace, struct error *error)
{
	size_t length;
	char *public = public_of(url);
	char *answer = ask(readers, &trace_work, kind, 0, public, documents, READER_MILLISECONDS,
		&length, error);
	struct trace_head head;

	free(public);
	if (answer == NULL)
		return false;
	memcpy(&head, answer, sizeof head);
	*trace = (struct page_trace){.failure = memory_string(answer + sizeof head),
		.fits = head.fits != 0,
		.level = (enum level)head.level,
		.indicators = head.indicators,
		.incidents = head.incidents,
		.maintenances = head.maintenances,
		.counts = head.counts};
	trace->text = memory_string(answer + sizeof head + strlen(trace->failure) + 1);
	free(answer);
	return true;
}

void page_trace_release(struct page_trace *trace)
{
	free(trace->text);
	free(trace->failure);
	*trace = (struct page_trace){0};
}
