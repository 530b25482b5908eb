/* SPDX-License-Identifier: ISC
 *
 * Dates: what is understood is written in a form that means the same.
 */
#include "base/date.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), out[DATE_TEXT_MAX];
	int64_t time, again, last;

	if (date_parse(text, &time)) {
		date_write(time, out);
		MUST(date_parse(out, &again) && again == time);
		date_write_mail(time, out);
		MUST(date_parse(out, &again) && again == time);
		date_write_local(time, "Europe/Berlin", out);
		date_write_duration(time, out);
	}
	date_normalise(text, out);
	if (date_prefix_begin(text, &time))
		MUST(date_prefix_end(text, &last) && time <= last);
	free(text);
	return 0;
}
