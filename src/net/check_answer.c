/* SPDX-License-Identifier: ISC
 *
 * A check's answer on its way from the process that has met the service to the one that keeps it.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/check.h"

enum {
	MEMBERS_MAX = 64,      /* of a transcript */
	LINES_MAX = 32 * 1024, /* of a list in it */
};

/* Goes before the word, or the error's text, the transcript and the body. */
struct numbers {
	int32_t state, network, answered, remedy, number;
	uint32_t text, transcript, body; /* bytes */
};

void check_answer_write(
	struct buffer *out, const struct check_answer *answer, const struct error *error)
{
	const bool lacks = error != NULL && error->remedy != 0;
	const char *text = lacks ? error->text : answer->word;
	const struct numbers numbers = {(int32_t)answer->state, (int32_t)answer->network,
		answer->answered, lacks ? (int32_t)error->remedy : 0, lacks ? error->number : 0,
		(uint32_t)strlen(text), lacks ? 0 : (uint32_t)answer->transcript.length,
		lacks ? 0 : (uint32_t)answer->body.length};

	buffer_add(out, &numbers, sizeof numbers);
	buffer_add(out, text, numbers.text);
	buffer_add(out, buffer_string(&answer->transcript), numbers.transcript);
	buffer_add(out, buffer_string(&answer->body), numbers.body);
}

/* ---- the transcript: exactly what json_write() makes of texts, integers and lists of texts ----
 */

struct scan {
	const char *at, *end;
};

static bool take(struct scan *scan, char byte)
{
	if (scan->at == scan->end || *scan->at != byte)
		return false;
	scan->at++;
	return true;
}

static bool take_any(struct scan *scan, const char *bytes)
{
	if (scan->at == scan->end || *scan->at == '\0' || strchr(bytes, *scan->at) == NULL)
		return false;
	scan->at++;
	return true;
}

/* Behind the backslash. Of characters only those are numbers that json_escape() hides, and NUL,
 * which no text has, is none of them. */
static bool take_escape(struct scan *scan)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t character = 0;

	if (take_any(scan, "\"\\bfnrt"))
		return true;
	if (!take(scan, 'u'))
		return false;
	for (int i = 0; i < 4; i++) {
		if (!take_any(scan, digits))
			return false;
		character = character << 4 | (uint32_t)(strchr(digits, scan->at[-1]) - digits);
	}
	return character != 0 && text_deceptive(character);
}

static bool take_text(struct scan *scan)
{
	bool good = take(scan, '"');

	while (good && scan->at < scan->end && *scan->at != '"') {
		const char *at = scan->at;

		while (at < scan->end && *at != '"' && *at != '\\')
			at++;
		scan->at = at;
		good = !take(scan, '\\') || take_escape(scan);
	}
	return good && take(scan, '"');
}

static bool take_integer(struct scan *scan)
{
	enum { DIGITS_MAX = 18 /* always fit into 64 bits */ };
	int digits = 1;

	take(scan, '-');
	if (take(scan, '0'))
		return true;
	if (!take_any(scan, "123456789"))
		return false;
	while (take_any(scan, "0123456789"))
		digits++;
	return digits <= DIGITS_MAX;
}

/* One after the other, at most so many, and the end. */
static bool take_all(struct scan *scan, bool (*take_one)(struct scan *scan), int maximum, char end)
{
	if (take(scan, end))
		return true;
	do
		if (maximum-- == 0 || !take_one(scan))
			return false;
	while (take(scan, ','));
	return take(scan, end);
}

static bool take_member(struct scan *scan)
{
	if (!take_text(scan) || !take(scan, ':'))
		return false;
	if (take(scan, '['))
		return take_all(scan, take_text, LINES_MAX, ']');
	return take_text(scan) || take_integer(scan);
}

/* ---- what is believed ---- */

/* One line, as it may stand in a log, a header and a text of JSON. */
static bool is_line(const char *bytes, size_t length)
{
	unsigned char controls = 0; /* without a branch, many bytes are looked at together */

	for (size_t i = 0; i < length; i++) {
		const unsigned char byte = (unsigned char)bytes[i];

		controls |= byte < ' ' || byte == 0x7f;
	}
	return controls == 0 && text_valid(bytes, length);
}

/* It will stand in one document with what others say, and nothing in it ends it early. A body is
 * appended to its members. */
static bool is_transcript(const char *bytes, size_t length)
{
	struct scan scan = {bytes, bytes + length};

	return length > strlen("{}") && length <= CHECK_TRANSCRIPT_MAX && is_line(bytes, length) &&
	       take(&scan, '{') && take_all(&scan, take_member, MEMBERS_MAX, '}') &&
	       scan.at == scan.end;
}

static bool is_lack(const struct numbers *numbers)
{
	return (numbers->remedy == REMEDY_LOCAL || numbers->remedy == REMEDY_CONFIGURATION) &&
	       numbers->number >= 0 && numbers->text > 0 && numbers->text < ERROR_TEXT_MAX &&
	       numbers->transcript == 0 && numbers->body == 0;
}

static bool is_answer(const struct numbers *numbers, const char *transcript)
{
	return numbers->remedy == 0 && numbers->text <= CHECK_WORD_MAX &&
	       numbers->state >= CHECK_GOOD && numbers->state <= CHECK_ABSENT &&
	       (numbers->text == 0) == (numbers->state == CHECK_GOOD) &&
	       numbers->network >= HTTP_NETWORK_UNKNOWN &&
	       numbers->network <= HTTP_NETWORK_PRIVATE && numbers->body <= CHECK_KEPT_MAX &&
	       is_transcript(transcript, numbers->transcript);
}

bool check_answer_take(
	const char *bytes, size_t length, struct check_answer *answer, struct error *error)
{
	const char *text = bytes + sizeof(struct numbers), *transcript;
	struct numbers numbers;

	*answer = (struct check_answer){0};
	*error = (struct error){0};
	if (length < sizeof numbers)
		return false;
	memcpy(&numbers, bytes, sizeof numbers);
	if (length != sizeof numbers + (uint64_t)numbers.text + numbers.transcript + numbers.body)
		return false;
	transcript = text + numbers.text;
	if (!is_line(text, numbers.text) || !(is_lack(&numbers) || is_answer(&numbers, transcript)))
		return false;
	if (numbers.remedy != 0) {
		error_set(error, (enum remedy)numbers.remedy, "%.*s", (int)numbers.text, text);
		error->number = numbers.number;
		return true;
	}
	answer->state = (enum check_state)numbers.state;
	answer->word = memory_bytes(text, numbers.text);
	answer->network = (enum http_network)numbers.network;
	answer->answered = numbers.answered != 0;
	answer->transcript.maximum = CHECK_TRANSCRIPT_MAX;
	buffer_expect(&answer->transcript, numbers.transcript);
	buffer_add(&answer->transcript, transcript, numbers.transcript);
	buffer_expect(&answer->body, numbers.body);
	buffer_add(&answer->body, transcript + numbers.transcript, numbers.body);
	return true;
}
