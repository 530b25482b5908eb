/* SPDX-License-Identifier: ISC
 *
 * Answers of a fetcher, or of a login, that was taken over: what is taken of one keeps to its
 * maxima, and what stands beside it in one document reads the same.
 */
#include "base/json.h"
#include "fuzz.h"
#include "net/http_p.h"

enum { BODY_MAX = 100 };

/* As watch/probe.c puts it between others. */
static void stand_in_a_document(const struct check_answer *answer)
{
	struct buffer document = {0};
	struct value *value;
	struct error error;

	buffer_text(&document, "[");
	check_answer_json(answer, &document);
	buffer_text(&document, ",\"next\"]");
	value = json_parse(buffer_string(&document), document.length, &error);
	MUST(value != NULL && value->count == 2 && value->members[0]->type == VALUE_MAP);
	MUST(strcmp(value->members[1]->text, "next") == 0);
	value_free(value);
	buffer_release(&document);
}

static void take_checked(const char *bytes, size_t size)
{
	struct check_answer answer;
	struct error error;

	if (!check_answer_take(bytes, size, &answer, &error))
		return;
	MUST((error.remedy == 0) == (answer.word != NULL));
	MUST(error.remedy == 0 || error.remedy == REMEDY_LOCAL ||
		error.remedy == REMEDY_CONFIGURATION);
	if (answer.word != NULL) {
		MUST(answer.state <= CHECK_ABSENT && answer.network <= HTTP_NETWORK_PRIVATE);
		MUST(strlen(answer.word) <= CHECK_WORD_MAX);
		MUST(strpbrk(answer.word, "\r\n") == NULL);
		MUST((answer.word[0] == '\0') == (answer.state == CHECK_GOOD));
		MUST(answer.transcript.length <= CHECK_TRANSCRIPT_MAX);
		MUST(memchr(answer.transcript.data, '\n', answer.transcript.length) == NULL);
		MUST(answer.body.length <= CHECK_KEPT_MAX);
		stand_in_a_document(&answer);
	}
	check_answer_release(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct http_request request = {
		.url = "https://example.org/", .body_maximum = BODY_MAX};
	char *bytes = fuzz_text(data, size);
	struct http_response response;
	struct error error;

	if (wire_response_take(bytes, size, &request, &response, &error)) {
		MUST(response.status >= 0 && response.status < 1000);
		MUST(response.body.length <= BODY_MAX);
		MUST(response.headers == NULL || strlen(response.headers) <= HTTP_HEADERS_MAX);
		MUST(response.etag == NULL || strpbrk(response.etag, "\r\n") == NULL);
		MUST(error.remedy == 0 || strlen(error.text) < ERROR_TEXT_MAX);
		http_response_release(&response);
	}
	take_checked(bytes, size);
	free(bytes);
	return 0;
}
