/* SPDX-License-Identifier: ISC
 *
 * lampwatch export --evidence PAGE TIME FILE.zip|FOLDER: one snapshot with everything that proves
 * it, and instructions for a reader who does not know lampwatch.
 */
#ifndef LAMPWATCH_EXPORT_EVIDENCE_H
#define LAMPWATCH_EXPORT_EVIDENCE_H

struct context;

/* words: PAGE, TIME and where to write. Returns the exit status; prints a line where it fails. */
int export_evidence(const struct context *context, char **words);

#endif
