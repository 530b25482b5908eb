/* SPDX-License-Identifier: ISC
 *
 * Which kind a page is: what stands at its address and at the addresses where the
 * kinds would look for it, against what each kind demands. What stands there is parsed in readers.
 */
#ifndef LAMPWATCH_DETECT_H
#define LAMPWATCH_DETECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "model/reading.h"
#include "run/kind_choice.h"
#include "watch/kind/kind.h"

struct context;
struct readers;

enum { DETECT_ADDRESSES_MAX = 128 };

/* A kind whose conditions hold for a document. */
struct fitting {
	const struct kind *kind;
	char *address; /* owned: of the document */
	enum document_form form;
	bool tried, readable;   /* it was read as a whole, and could be */
	bool behind;            /* another one of its family, which can read the page, sees more */
	struct error error;     /* why it could not */
	struct reading reading; /* owned */
};

struct detection {
	char *url;            /* owned: what is to be watched: as given, or where that redirects */
	bool moved;           /* it redirects to another host */
	struct fitting *list; /* owned: JSON before HTML before feeds, then by name */
	size_t count;
	struct error page_error; /* what is wrong with the address itself; "" where nothing is */
	bool named;              /* the kind was given, not found */
	const struct fitting *chosen; /* the one kind that is right; NULL: none, or several */
	bool ambiguous;               /* several of the same form and of different families can */
};

/*
 * Fetches the address and each kind's, tells the kinds, and reads the page with those of the
 * best form that has any, and of their families with those that see more, whatever their form;
 * where all of them fail, with those of the next. False with error where the page is not there, or
 * no kind fits it at all. The kinds are borrowed. context: of a command with a fork server.
 */
bool detect_address(const struct context *context, const char *url, const struct kind_list *kinds,
	struct detection *detection, struct error *error);

/* The same for one document that is at hand, and is looked at for so many milliseconds of processor
 * time; kinds that need further ones are not read. */
bool detect_document(struct readers *readers, const char *url, const struct document *document,
	const struct kind_list *kinds, int milliseconds, struct detection *detection,
	struct error *error);

/* Reads the page with this kind and no other. False with error where that fails. */
bool detect_kind(const struct context *context, const char *url, const struct kind *kind,
	struct detection *detection, struct error *error);

void detection_release(struct detection *detection);

/*
 * The name of the only kind but the named one that the document fits, and can be read with; owned
 * by the caller. NULL with error where there is none: REMEDY_LOCAL where nobody could look. All
 * kinds are loaded: this costs some milliseconds, and looking is waited for a few seconds at most.
 */
char *suggest_kind(struct readers *readers, const char *templates, const char *user_folder,
	const char *but, const char *url, const struct document *document, struct error *error);

#endif
