/* SPDX-License-Identifier: ISC
 *
 * What a reader is sent, the other way round to reader.c. Where the first byte is even, the rest
 * are jobs as the run sends them, one after the other: each is answered, with what was sent where
 * it is to be repeated, else with what the run takes for sound. Where it is odd, the rest are the
 * bytes of jobs, of which the reader makes something or ends.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/text.h"
#include "fuzz.h"
#include "watch/kind/kind.h"

/* A reader of this process, which is not confined, reads from a buffer and answers into another. */
static void begin_job(int milliseconds);
static ssize_t take(void *to, size_t length);
static bool answered(const void *bytes, size_t length);
static struct kind *kind_kept(const char *source, size_t length);

#define confine_enter(role, paths) ((void)(role))
#define child_limit_time(milliseconds) begin_job(milliseconds)
#define read(in, to, length) ((void)(in), take(to, length))
#define file_write_all(out, bytes, length) ((void)(out), answered(bytes, length))
#define kind_of_source kind_kept
#include "base/readers.c"
#include "watch/page_reader.c"
#undef read
#undef kind_of_source

enum { JOBS_MAX = 8, PARTS = 7, KEPT_MAX = 64 };

static struct buffer sent, answers;
static size_t sent_at;
static bool at_head; /* the next bytes are a job's first */
static uint8_t chosen;

static struct kind *kinds[3], *own[3]; /* the run's, and what the reader makes of them */

/* ---- a work that repeats what it was sent ---- */

static char *copies[KEPT_MAX * JOBS_MAX];
static size_t copy_count;

static void *keep_copy(const char *bytes, size_t length)
{
	if (copy_count == sizeof copies / sizeof *copies)
		return NULL;
	copies[copy_count] = fuzz_string((const uint8_t *)bytes, length);
	return copies[copy_count++];
}

static bool repeat(
	const struct reader_part *parts, size_t count, struct buffer *out, struct error *error)
{
	(void)error;
	for (size_t i = 0; i < count; i++) {
		if (parts[i].kept != NULL)
			buffer_text(out, parts[i].kept);
		else if (parts[i].bytes != NULL)
			buffer_add(out, parts[i].bytes, parts[i].length);
		buffer_byte(out, '|');
	}
	return true;
}

static const struct reader_work repeating = {keep_copy, repeat, NULL, 1 << 20};
static const struct reader_work *const works[] = {
	&repeating, &reading_work, &address_work, &detection_work, &trace_work};

/* ---- the reader's ends ---- */

static void begin_job(int milliseconds)
{
	at_head = milliseconds == READER_MILLISECONDS;
}

/* The address of the work is no matter of chance: the raw bytes choose one that repeats. */
static ssize_t take(void *to, size_t length)
{
	size_t left = sent.length - sent_at, taken = length < left ? length : left;

	if (taken > 0)
		memcpy(to, sent.data + sent_at, taken);
	sent_at += taken;
	if (at_head && chosen % 2 == 1 && taken == sizeof(struct job_head))
		((struct job_head *)to)->work = &repeating;
	at_head = false;
	return (ssize_t)taken;
}

static bool answered(const void *bytes, size_t length)
{
	return buffer_add(&answers, bytes, length);
}

static struct kind *kind_kept(const char *source, size_t length)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t have;
		const char *mine = kind_source(kinds[i], &have);

		if (have == length && memcmp(mine, source, length) == 0)
			return own[i];
	}
	return NULL;
}

static void load_kinds(void)
{
	static const char *const names[] = {"statuspage", "google-workspace", "aws-rss"};
	char *templates = file_templates();

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char *name = memory_format("pages/%s.yaml", names[i]);
		char *path = file_join(templates, name);
		struct problems problems = {0};
		const char *source;
		size_t length;

		kinds[i] = kind_load(path, (struct node){0}, &problems);
		MUST(kinds[i] != NULL);
		source = kind_source(kinds[i], &length);
		own[i] = kind_of_source(source, length);
		MUST(own[i] != NULL);
		free(path);
		free(name);
	}
	free(templates);
}

/* ---- what the run sends ---- */

struct input {
	const uint8_t *at;
	size_t left;
};

static uint8_t byte_of(struct input *input)
{
	input->left -= input->left > 0;
	return input->left > 0 ? *input->at++ : 0;
}

/* As long as the next byte says; a string of its own, freed by the caller. */
static char *text_of(struct input *input, size_t *length)
{
	size_t wanted = byte_of(input) * (size_t)4;
	char *text;

	*length = wanted < input->left ? wanted : input->left;
	text = fuzz_text(input->at, *length);
	input->at += *length;
	input->left -= *length;
	return text;
}

/* A part with a digest is the same wherever that is the same, as in the run. */
static struct job *repeated_job(struct input *input, struct buffer *expected)
{
	static const char known[][DIGEST_TEXT] = {"a", "b", "c", "d"};
	struct reader_part parts[PARTS] = {{0}};
	char *texts[PARTS];
	struct reader_job job = {
		&repeating, parts, byte_of(input) % (PARTS + 1), READER_MILLISECONDS, NULL, NULL};
	struct job *made;

	for (size_t i = 0; i < job.count; i++) {
		uint8_t form = byte_of(input);

		texts[i] = text_of(input, &parts[i].length);
		parts[i].bytes = form % 3 == 0 ? NULL : texts[i];
		if (form % 3 == 2) {
			parts[i].digest = known[form / 3 % 4];
			parts[i].bytes = parts[i].digest;
			parts[i].length = 1;
		}
	}
	for (size_t i = 0; i < job.count; i++) {
		if (parts[i].bytes != NULL)
			buffer_add(expected, parts[i].bytes, parts[i].length);
		buffer_byte(expected, '|');
	}
	made = job_new(&job);
	for (size_t i = 0; i < job.count; i++)
		free(texts[i]);
	return made;
}

static struct job *page_job(struct input *input, const struct reader_work *work)
{
	const struct kind *kind = kinds[byte_of(input) % 3];
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	size_t number = 0, length;
	char *url_bytes = text_of(input, &length),
	     *url = fuzz_string((const uint8_t *)url_bytes, length), *text;
	struct reader_part *parts;
	struct reader_job job = {work, NULL, PART_KINDS + 1, READER_MILLISECONDS, NULL, NULL};
	struct job *made;

	text = fuzz_text(input->at, input->left);
	documents[0] = (struct document){text, input->left};
	input->left = 0;
	parts = parts_new(&kind, 1, url, &number, documents, kind_document_count(kind));
	job.parts = parts;
	made = job_new(&job);
	free(parts);
	free(text);
	free(url);
	free(url_bytes);
	return made;
}

static void send_job(struct reader *reader, struct job *job)
{
	reader->job = job;
	write_head(reader);
	buffer_add(&sent, buffer_string(&job->head), job->head.length);
	buffer_add(&sent, buffer_string(&job->copies), job->copies.length);
	job_free(job);
}

/* ---- what came of it ---- */

/* The answer at that place; returns the next one's. */
static size_t check_answer(size_t at, const struct reader_work *work, const struct buffer *expected)
{
	struct answer_head head;
	const char *bytes;
	char *copy;

	MUST(answers.length - at >= sizeof head);
	memcpy(&head, answers.data + at, sizeof head);
	bytes = answers.data + at + sizeof head;
	MUST(head.length <= answers.length - at - sizeof head);
	copy = fuzz_text((const uint8_t *)bytes, head.length);
	if (head.remedy != 0)
		MUST(head.remedy == REMEDY_PAGE || head.remedy == REMEDY_LOCAL);
	else if (expected != NULL)
		MUST(head.length == expected->length &&
			memcmp(copy, buffer_string(expected), head.length) == 0);
	else
		MUST(head.length <= work->answer_maximum &&
			(work->sound == NULL || work->sound(copy, head.length)));
	free(copy);
	return at + sizeof head + head.length;
}

static void serve_here(void)
{
	char **kept = environ;

	environ = NULL; /* a reader forgets it */
	serve(NULL, -1, -1);
	environ = kept;
}

static void send_jobs(struct input input)
{
	const struct reader_work *asked[JOBS_MAX];
	struct buffer expected[JOBS_MAX] = {{0}};
	struct reader reader = {0};
	size_t count = 0, at = 0;

	while (input.left > 0 && count < JOBS_MAX) {
		asked[count] = works[byte_of(&input) % (sizeof works / sizeof *works)];
		send_job(&reader, asked[count] == &repeating
					  ? repeated_job(&input, &expected[count])
					  : page_job(&input, asked[count]));
		count++;
	}
	tdestroy(reader.known, free);
	serve_here();
	MUST(sent_at == sent.length);
	for (size_t i = 0; i < count; i++) {
		at = check_answer(at, asked[i], asked[i] == &repeating ? &expected[i] : NULL);
		buffer_release(&expected[i]);
	}
	MUST(at == answers.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (kinds[0] == NULL)
		load_kinds();
	if (size == 0)
		return 0;
	chosen = data[0];
	sent_at = 0;
	sent.maximum = answers.maximum = BUFFER_MAX;
	if (chosen % 2 == 0) {
		send_jobs((struct input){data + 1, size - 1});
	} else {
		buffer_add(&sent, data + 1, size - 1);
		serve_here();
	}
	while (copy_count > 0)
		free(copies[--copy_count]);
	buffer_release(&sent);
	buffer_release(&answers);
	return 0;
}
