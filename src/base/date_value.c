/* SPDX-License-Identifier: ISC */
#include "base/date_value.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/json.h"
#include "base/memory.h"

void value_put_time(struct value *map, const char *name, int64_t time, const char *zone)
{
	char text[DATE_TEXT_MAX] = "", local[DATE_TEXT_MAX] = "";
	char *local_name = memory_format("%s_local", name);

	if (time != 0) {
		date_write(time, text);
		date_write_local(time, zone, local);
	}
	value_put_text(map, name, text);
	value_put_text(map, local_name, local);
	free(local_name);
}
