/* SPDX-License-Identifier: ISC
 *
 * lampwatch export --evidence PAGE TIME FILE.zip|FOLDER: one snapshot with all that proves it, and
 * instructions for somebody who has never heard of lampwatch.
 */
#ifndef LAMPWATCH_EXPORT_EVIDENCE_H
#define LAMPWATCH_EXPORT_EVIDENCE_H

struct context;

/* words: the three of the command line. Returns the exit status, after a line where it failed. */
int export_evidence(const struct context *context, char **words);

#endif
