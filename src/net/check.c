/* SPDX-License-Identifier: ISC */
#include "net/check.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/regex.h"
#include "base/text.h"
#include "net/check_p.h"

enum {
	SUCCESS_FIRST = 200,
	SUCCESS_LAST = 299,
	DAY = 24 * 3600,
	SEARCH_MILLISECONDS = 200, /* of the processor, for a pattern: others wait meanwhile */
};

const char *const check_type_names[] = {
	[CHECK_HTTP] = "http",
	[CHECK_IMAP] = "imap",
	[CHECK_POP3] = "pop3",
	[CHECK_SMTP] = "smtp",
	[CHECK_TCP] = "tcp",
	[CHECK_TLS] = "tls",
	[CHECK_DNS] = "dns",
	[CHECK_TYPES] = NULL,
};

const char *const check_state_names[] = {
	[CHECK_GOOD] = "good",
	[CHECK_SLOW] = "slow",
	[CHECK_FAILED] = "failed",
	[CHECK_ABSENT] = "absent",
	NULL,
};

void check_answer_release(struct check_answer *answer)
{
	free(answer->word);
	buffer_release(&answer->transcript);
	buffer_release(&answer->body);
	*answer = (struct check_answer){0};
}

void check_measure_release(struct check_measure *measure)
{
	char *const strings[] = {measure->address, measure->failure, measure->detail,
		measure->headers, measure->redirects, measure->certificate_fault};

	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	buffer_release(&measure->body);
	buffer_release(&measure->greeting);
	buffer_release(&measure->capabilities);
	text_list_release(&measure->records);
	*measure = (struct check_measure){0};
}

/* ---- judging ---- */

/* Each returns the word for what is wrong, owned by the caller; NULL: nothing is. */
typedef char *judge(const struct check *check, const struct check_measure *measure);

static char *judge_end(const struct check *check, const struct check_measure *measure)
{
	(void)check;
	return memory_string(measure->failure);
}

/* What came before an answer. */
static char *judge_beginning(const struct check *check, const struct check_measure *measure)
{
	return measure->status == 0 ? judge_end(check, measure) : NULL;
}

static bool is_listed(const char *list, int status)
{
	if (list[0] == '\0')
		return true;
	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (atoi(at) == status)
			return true;
	}
	return false;
}

static char *judge_status(const struct check *check, const struct check_measure *measure)
{
	int status = measure->status;

	if (check->status == NULL ? status >= SUCCESS_FIRST && status <= SUCCESS_LAST
				  : is_listed(check->status, status))
		return NULL;
	return memory_format("HTTP %d", status);
}

static bool has_text(const char *bytes, size_t length, const char *text)
{
	return memmem(bytes, length, text, strlen(text)) != NULL;
}

static char *judge_header(const struct check *check, const struct check_measure *measure)
{
	const char *rule = check->header, *line = measure->headers;
	size_t name, length;

	if (rule == NULL)
		return NULL;
	name = strcspn(rule, ":");
	rule += name + (rule[name] == ':');
	rule += strspn(rule, " \t");
	for (; line != NULL && *line != '\0'; line += length + (line[length] == '\n')) {
		length = strcspn(line, "\n");
		if (length > name && line[name] == ':' &&
			strncasecmp(line, check->header, name) == 0 &&
			has_text(line + name + 1, length - name - 1, rule))
			return NULL;
	}
	return memory_format("the header lacks \"%s\"", check->header);
}

static char *judge_contains(const struct check *check, const struct check_measure *measure)
{
	if (check->contains == NULL ||
		has_text(buffer_string(&measure->body), measure->body.length, check->contains))
		return NULL;
	return memory_format("the body lacks \"%s\"", check->contains);
}

/* The body as the pattern wants it: UTF-8 without NUL. */
static char *body_text(const struct buffer *body)
{
	struct buffer text = {0};

	text_repair(&text, buffer_string(body), body->length);
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] == '\0')
			text.data[i] = ' ';
	return buffer_take(&text);
}

static char *judge_matches(const struct check *check, const struct check_measure *measure)
{
	struct error error;
	char *text, *word = NULL;
	bool found;

	if (check->matches == NULL)
		return NULL;
	text = body_text(&measure->body);
	if (!regex_searches(text, check->matches, SEARCH_MILLISECONDS, &found, &error))
		word = memory_string(error.text);
	else if (!found)
		word = memory_format("the body does not match \"%s\"", check->matches);
	free(text);
	return word;
}

/* Of an MX, the name alone will do. */
static bool is_record(const char *record, const char *answer, size_t length, bool preferred)
{
	const char *name = strchr(record, ' ');

	length -= length > 0 && answer[length - 1] == '.';
	return (strlen(record) == length && strncasecmp(record, answer, length) == 0) ||
	       (preferred && name != NULL && strlen(name + 1) == length &&
		       strncasecmp(name + 1, answer, length) == 0);
}

static char *judge_answers(const struct check *check, const struct check_measure *measure)
{
	const bool preferred = text_equal(check->record, "MX");
	const char *answer = check->answers;
	size_t length;

	if (answer == NULL)
		return NULL;
	for (; *answer != '\0'; answer += length + (answer[length] == '\n')) {
		length = strcspn(answer, "\n");
		for (size_t i = 0; i < measure->records.count; i++)
			if (is_record(measure->records.list[i], answer, length, preferred))
				return NULL;
	}
	return strchr(check->answers, '\n') == NULL
		       ? memory_format("the records lack \"%s\"", check->answers)
		       : memory_string("the records lack every answer");
}

static char *judge_time(const struct check *check, const struct check_measure *measure)
{
	char *limit, *word;

	if (check->within == 0 || measure->total <= check->within)
		return NULL;
	limit = check_seconds(check->within);
	word = memory_format("slower than %s", limit);
	free(limit);
	return word;
}

static char *judge_days(const struct check *check, const struct check_measure *measure)
{
	char date[DATE_TEXT_MAX];

	if (check->days == 0 || measure->certificate_ends == 0 ||
		measure->certificate_ends - measure->began / 1000 >= check->days * DAY)
		return NULL;
	date_write(measure->certificate_ends, date);
	return memory_format("certificate expires %.10s", date);
}

char *check_seconds(int64_t milliseconds)
{
	return memory_format("%g s", (double)milliseconds / 1000);
}

/* What happens first comes first. */
static const struct rule {
	int types; /* of checks, as bits */
	enum check_state state;
	judge *judge;
} rules[] = {
	{~0, CHECK_FAILED, judge_beginning},
	{1 << CHECK_HTTP, CHECK_FAILED, judge_status},
	{1 << CHECK_HTTP, CHECK_FAILED, judge_header},
	{~0, CHECK_FAILED, judge_end},
	{1 << CHECK_HTTP, CHECK_FAILED, judge_contains},
	{1 << CHECK_HTTP, CHECK_FAILED, judge_matches},
	{1 << CHECK_DNS, CHECK_FAILED, judge_answers},
	{~0, CHECK_SLOW, judge_time},
	{~0, CHECK_SLOW, judge_days},
};

void check_judge(
	const struct check *check, const struct check_measure *measure, struct check_answer *answer)
{
	char *word = NULL;
	size_t i = 0;

	for (; i < sizeof rules / sizeof *rules && word == NULL; i++)
		if ((rules[i].types & 1 << check->type) != 0)
			word = rules[i].judge(check, measure);
	answer->state = measure->absent ? CHECK_ABSENT
			: word != NULL  ? rules[i - 1].state
					: CHECK_GOOD;
	answer->word = word != NULL ? text_collapse(word, strlen(word), CHECK_WORD_MAX)
				    : memory_string("");
	answer->network = measure->network;
	answer->answered = measure->answered;
	free(word);
}
