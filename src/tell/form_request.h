/* SPDX-License-Identifier: ISC
 *
 * What somebody asks for by a form of `lampwatch serve`: the form's path without its '/', a '?',
 * and what was sent, as application/x-www-form-urlencoded (WHATWG URL Standard section 5) has it:
 *
 *   subscribe?mail=ops%40example.org&page=google&on=red&on=green&floor=degraded
 *   unsubscribe?token=abcdefghijklmnopqrstuvwxyz&List-Unsubscribe=One-Click
 *   manage?token=abcdefghijklmnopqrstuvwxyz&set=0f1e2d3cff07&on=red&floor=degraded
 *
 * The same text is what a link with a form's first values says, and what lies in the spool
 * (tell/form_spool.h).
 */
#ifndef LAMPWATCH_FORM_REQUEST_H
#define LAMPWATCH_FORM_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"

struct buffer;
struct config;
struct error;
struct readers;

enum form {
	FORM_SUBSCRIBE,   /* mail, and what to be told of */
	FORM_CONFIRM,     /* token */
	FORM_MANAGE,      /* token, and what to be told of from now on; or mail: links are wanted */
	FORM_UNSUBSCRIBE, /* token; or mail: links are wanted */
	FORMS,
};

enum {
	FORM_REQUEST_MAX = 20 * 1024, /* bytes, of which what a link and a body say is most */
	FORM_FIELDS_MAX = 1000,
};

struct form_request {
	enum form form;
	char *mail;             /* "": none is given */
	char *token;            /* "": none is given; it may be anything */
	struct text_list pages; /* names; none: all */
	char *set;              /* pages, too (tell/page_set.h), of a link that has many; "": none.
				 * Only who shows a form reads it: a reader's answer has none */
	int on;                 /* bits of words of `on:`; 0: nothing is said */
	bool boxes;             /* there were boxes for these words: 0 is that none was ticked. Of
				 * a reader's answer false */
	int floor;              /* enum level */
};

/* "subscribe" and its like; and the reverse, false where it is none. */
const char *form_name(enum form form);
bool form_find(const char *name, enum form *form);

/* False where it is not such a text: *request then has what stood before that, and what was
 * refused. Fields that are not known are left out. form_request_release() is due in both cases.
 * Pure. */
bool form_request_parse(const char *text, size_t length, struct form_request *request);

/* The same, in a reader; waits. Errors as in base/readers.h: REMEDY_PAGE is about the text. */
bool form_request_read(struct readers *readers, const char *text, size_t length,
	struct form_request *request, struct error *error);

void form_request_release(struct form_request *request);

/* The address of a form with this token, where the archive is published at site_url; token NULL:
 * without one. Owned by the caller. */
char *form_link(const char *site_url, enum form form, const char *token);

/* Adds "&page=…&on=…&floor=…", so that a link shows a form with these filled in; of many pages
 * their set among those of the configuration in place of their names. */
void form_add_choice(const struct config *config, const struct text_list *pages, int on, int floor,
	struct buffer *link);

#endif
