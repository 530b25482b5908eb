/* SPDX-License-Identifier: ISC
 *
 * All that the database of an archive holds: each module brings the tables that it reads, and
 * whoever opens the database hands in this list of them.
 */
#ifndef LAMPWATCH_SCHEMA_H
#define LAMPWATCH_SCHEMA_H

#include "base/database.h"

/* For database_open(). */
extern const struct schema_step *const schema[];

#endif
