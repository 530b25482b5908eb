/* SPDX-License-Identifier: ISC
 *
 * The form of lampwatch.yaml as JSON Schema (draft-07, which editors know best), made from the
 * tables by which it is read. What holds between keys, and whether files and zones are there, a
 * schema cannot say.
 */
#ifndef LAMPWATCH_CONFIG_SCHEMA_H
#define LAMPWATCH_CONFIG_SCHEMA_H

struct value;

/* Owned by the caller. */
struct value *config_schema(void);

#endif
