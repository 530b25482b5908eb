/* SPDX-License-Identifier: ISC */
#include "model/validator.h"

#include <stdlib.h>

void validator_release(struct validator *validator)
{
	free(validator->url);
	free(validator->etag);
	free(validator->last_modified);
	*validator = (struct validator){0};
}
