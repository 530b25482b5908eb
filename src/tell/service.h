/* SPDX-License-Identifier: ISC
 *
 * How one kind of webhook is spoken to: data, in a file NAME.yaml beside the template NAME.json
 * or NAME.txt that makes the body. Where there is none, the body is posted as it is and any 2xx is
 * success.
 *
 *   url            where requests go, unless the configuration says otherwise
 *   path           what is put behind the URL; each {NAME} in it is percent-encoded (RFC 3986)
 *   paths          NAME: PATH in place of path, where the body's outermost object has a text
 *                  NAME: that stands in PATH as {NAME}, and is not sent
 *   method         POST (the default) or PUT
 *   encoding       json (the default), or form: the members of the body's outermost object are
 *                  sent as a form (application/x-www-form-urlencoded); a list or a map among
 *                  them as JSON
 *   content_type   what the encoding says where left out; for a template .txt text/plain
 *   headers        NAME: value
 *   basic          "USER:PASSWORD", for HTTP Basic authentication (RFC 7617)
 *   fields         NAME: value, or a list of values, put into the body's outermost object when it
 *                  is sent
 *   needs, takes   the names that `with:` of the webhook must and may give
 *   secrets        those of them that it gives in a file only
 *   each           event: one request for each event, in place of one for all of them
 *   limits         PATH: "4096 bytes", "250 characters" (code points) or "4096 utf16" (code units):
 *                  a longer text is cut at a character, and ends in "…"
 *   accepted       PATH: value; all of these stand in the answer to a request that was accepted;
 *                  "*" stands for any value that is not empty
 *   refused        PATH: value; one of these says that it was refused, whatever the status is
 *   reason         PATH of what the answer says in words, where it is longer than a line
 *   retry_after    seconds: PATH or milliseconds: PATH, in an answer that has no such header
 *
 * A PATH leads through maps and, by a number from 0 on, lists: "parameters.retry_after",
 * "embeds.0.description"; "." is the answer itself, which need not be
 * JSON. In path, headers, basic and fields {NAME} is a
 * value of `with:` and {delivery} the delivery's own identifier, which a repeat repeats; what
 * names a value that is not given is left out. Secrets and what is derived from them are filled
 * in when a request is sent, and are in nothing that is kept.
 */
#ifndef LAMPWATCH_SERVICE_H
#define LAMPWATCH_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/yaml.h"

struct buffer;
struct problems;
struct value;
struct webhook_config;

enum {
	SERVICE_LIMIT_MAX = 1024 * 1024, /* of a text, in any unit */
	SERVICE_RETRY_MAX = 86400,       /* seconds: no answer asks for more */
};

struct service {
	char *template;     /* path of the file that makes the body */
	char *url, *path;   /* NULL: none */
	char *content_type; /* "application/json" */
	char *basic;        /* NULL: none */
	char *reason, *retry_seconds, *retry_milliseconds; /* PATH; NULL: none */
	int put;                                           /* the method is PUT, and not POST */
	int form;                                          /* the body is sent as a form */
	int each;                                          /* one request for each event */
	struct text_list needs, takes, secrets;
	struct node paths, headers, fields, limits, accepted, refused;
	struct yaml *description; /* that the nodes stand in; NULL: none */
};

/*
 * The service of a webhook: its template_file, or service_template_path(), and the description
 * beside it. Free it with service_free(). NULL, with the reasons in problems,
 * where there is no such template or the description is wrong.
 */
struct service *service_load(
	const char *templates, const struct webhook_config *webhook, struct problems *problems);
void service_free(struct service *service);

/* The template of that name in the folder templates: webhook/NAME.txt, or, also where there is
 * none, NAME.json. Owned by the caller. */
char *service_template_path(const char *templates, const char *name);

/* The file that describes the service of a template: NAME.yaml beside it. Owned by the caller. */
char *service_description_path(const char *template);

/*
 * Complains where the webhook gives what its service does not take, leaves out what it needs, or
 * gives a secret otherwise than in a file. file and line are the webhook's own.
 */
bool service_check(const struct service *service, const struct webhook_config *webhook,
	const char *file, int line, struct problems *problems);

/*
 * One request with what the template gave. *url is the whole URL: a secret; "" where neither the
 * webhook nor the service has one; owned by the caller. To body goes what is sent: the bytes with
 * the service's fields put in, in its encoding; as they are, where there is nothing to do or they
 * are not a JSON object.
 */
void service_request(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, const char *bytes, size_t length, char **url, struct buffer *body);

/* What follows "Authorization: Basic ", a secret; NULL: nothing does. Owned by the caller. */
char *service_basic(
	const struct service *service, const struct webhook_config *webhook, const char *delivery);

/* Adds "Name: value" for each header, Content-Type first. */
void service_headers(const struct service *service, const struct webhook_config *webhook,
	const char *delivery, struct text_list *lines);

/* Cuts what is too long in the body. True where something was. */
bool service_cut(const struct service *service, struct value *body);

/* True where an answer with a good status is one to a request that was accepted. One that is not
 * JSON is a text. */
bool service_accepts(const struct service *service, const struct value *answer);

/* What the answer says in words, "" for nothing. Borrowed from it. */
const char *service_reason(const struct service *service, const struct value *answer);

/* Seconds that the answer asks to wait, 0 for none. */
int64_t service_retry_after(const struct service *service, const struct value *answer);

#endif
