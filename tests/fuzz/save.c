/* SPDX-License-Identifier: ISC
 *
 * What Save Page Now answers: whatever it is, it is a time, a job, or one line that says what
 * failed.
 */
#include "tell/save_page_now.h"

#include "base/date.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct attempt attempt = {0};
	int64_t time;

	save_answer(text, size, 200, &attempt);
	MUST(memchr(attempt.text, '\0', sizeof attempt.text) != NULL);
	MUST(attempt.outcome == OUTCOME_DELIVERED || attempt.outcome == OUTCOME_TEMPORARY);
	MUST(attempt.outcome != OUTCOME_DELIVERED || date_stamp(attempt.text, &time));
	MUST(attempt.posted == 0 || save_job_valid(attempt.text));
	MUST(strpbrk(attempt.text, "\r\n\t") == NULL);
	attempt = (struct attempt){0};
	save_answer(text, size, 503, &attempt);
	MUST(attempt.outcome == OUTCOME_TEMPORARY && attempt.posted == 0);
	free(text);
	return 0;
}
