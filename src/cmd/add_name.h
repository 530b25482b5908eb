/* SPDX-License-Identifier: ISC
 *
 * The name of a page where the user gives none. A page's name is its folder in the archive
 * for ever, so it is short and says whose page it is. Pure.
 */
#ifndef LAMPWATCH_ADD_NAME_H
#define LAMPWATCH_ADD_NAME_H

#include <stdbool.h>

struct config;

/*
 * A name made of a text: lower case, each run of what a name cannot have (text_is_name()) one
 * "-", at most 64 bytes; "page" where nothing is left. Owned by the caller.
 */
char *name_of_text(const char *text);

/*
 * A name made of the address's host: the first label that says more than "www", "status" or
 * "api", without "status" at its end: "example" of status.example.com, example.page.io and
 * www.examplestatus.com. An address in digits stays as it is. Owned by the caller.
 */
char *name_of_address(const char *url);

/* The name, or the first of name-2, name-3 … that no page has; config may be NULL. Owns name. */
char *name_unique(const struct config *config, char *name);

#endif
