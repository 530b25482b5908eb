/* SPDX-License-Identifier: ISC
 *
 * The forms of `lampwatch serve`: /subscribe, /confirm, /manage, /unsubscribe. A GET shows a form
 * and changes nothing; a POST leaves what it asks for in the spool (tell/form_spool.h), which is
 * all that this process may write. Whether an address is subscribed and whether a token is good
 * only the next run knows: the answer is always the same.
 */
#ifndef LAMPWATCH_SERVE_FORM_H
#define LAMPWATCH_SERVE_FORM_H

#include <stdbool.h>

#include "net/http_server.h"

struct client_counts;
struct config;

enum {
	SERVE_FORM_ASKED = 20,   /* mails that one client may ask for in a day */
	SERVE_FORM_TOKENS = 500, /* tokens that one may send: providers of mail send many */
	SERVE_FORM_PAGES = 200,  /* that a form names, besides those that are chosen */
};

/* Borrowed. */
struct serve_forms {
	const struct config *config; /* with subscribe */
	const char *templates;
	const char *spool;            /* the folder */
	struct client_counts *counts; /* who asked how often */
	bool failing;                 /* the last request could not be kept, and a line said so */
};

/* Whether path, beginning with '/', is that of a form. */
bool serve_form_is(const char *path);

/* Fills the answer to a query with such a path. */
void serve_form_answer(
	struct serve_forms *forms, const struct http_query *query, struct http_answer *answer);

#endif
