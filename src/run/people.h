/* SPDX-License-Identifier: ISC
 *
 * .state/people: what people asked for, which no page ever says: who subscribed and who left,
 * silences, acknowledgements. The database has it too; this is what is left where that is lost. One
 * line of JSON for each row as it became, only ever appended to (0600).
 *
 *   {"subscriber":"ops@example.org","state":"active",…}
 *   {"silence":7,"page":"example","begins":…,"ends":…,"reason":…}
 *   {"acknowledged":1390590000,"page":"example","kind":"red","indicator":"mail","opened":…}
 */
#ifndef LAMPWATCH_PEOPLE_H
#define LAMPWATCH_PEOPLE_H

#include <stdbool.h>

#include "base/file.h"

struct database;
struct error;

/*
 * Appends, and syncs, each row that does not stand there as it is now. To be called after whoever
 * asked was committed, and before they are answered. Errors: REMEDY_LOCAL.
 */
bool people_write(const char *archive, struct database *database, struct error *error);

/*
 * Takes over what stands there and is newer than the database: a leaving outweighs an older
 * subscription. Within a transaction. FILE_UNKNOWN with error (REMEDY_LOCAL) where the file is
 * there and cannot be read.
 */
enum file_presence people_read(const char *archive, struct database *database, struct error *error);

/*
 * The same, where the file is not what it was when the database was last compared with it: an older
 * database may have been put back. Where there is no file yet, it is written. A transaction of its
 * own. Errors: REMEDY_LOCAL.
 */
bool people_compare(const char *archive, struct database *database, struct error *error);

#endif
