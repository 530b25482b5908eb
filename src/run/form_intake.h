/* SPDX-License-Identifier: ISC
 *
 * What people asked for by the forms of `lampwatch serve` since the last run.
 */
#ifndef LAMPWATCH_FORM_INTAKE_H
#define LAMPWATCH_FORM_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

struct observer;

/*
 * Takes in the oldest of what lies in the spool (tell/form_spool.h), each read by a reader, and
 * removes it; what is no request is removed, what cannot be read stays, with all that came after
 * it. The operator hears once a day that the spool was so full that forms were refused. Faults:
 * local_fault(). True where a mail is owed.
 */
bool forms_take_in(struct observer *observer, int64_t now);

#endif
