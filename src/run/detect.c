/* SPDX-License-Identifier: ISC */
#include "run/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"
#include "model/validator.h"
#include "net/http.h"
#include "run/context.h"
#include "run/read_fetch.h"
#include "watch/page_reader.h"

/* The addresses that are asked, each once, the page's own first. */
struct search {
	const struct context *context;
	const struct kind_list *kinds;
	char *addresses[DETECT_ADDRESSES_MAX]; /* owned */
	struct fetched fetched[DETECT_ADDRESSES_MAX];
	size_t count;
	bool (*looks)[DETECT_ADDRESSES_MAX]; /* owned: which of them each kind looks at */
};

/* The address's place, DETECT_ADDRESSES_MAX where there is no room for it; it is taken over. */
static size_t address_place(struct search *search, char *address)
{
	size_t i = 0;

	while (i < search->count && strcmp(search->addresses[i], address) != 0)
		i++;
	if (i == search->count && i < DETECT_ADDRESSES_MAX)
		search->addresses[search->count++] = address;
	else
		free(address);
	return i;
}

/* Address i of the kind's page, its first or one that it falls back on; NULL: none, or one that
 * cannot be computed from this page's. Owned by the caller. */
static char *page_address_of(const struct kind *kind, size_t i, const char *url)
{
	char *address = NULL;
	bool good = i == 0 ? kind_document_address(kind, 0, url, NULL, &address, NULL)
			   : kind_fallback_address(kind, i - 1, url, &address, NULL);

	if (good && address[0] != '\0')
		return address;
	free(address);
	return NULL;
}

static void find_addresses(struct search *search)
{
	search->looks = memory_zero(search->kinds->count, sizeof *search->looks);
	for (size_t i = 0; i < search->kinds->count; i++) {
		const struct kind *kind = search->kinds->list[i];

		for (size_t j = 0; j <= kind_fallback_count(kind); j++) {
			char *address = page_address_of(kind, j, search->addresses[0]);
			size_t place = address != NULL ? address_place(search, address)
						       : DETECT_ADDRESSES_MAX;

			if (place < DETECT_ADDRESSES_MAX)
				search->looks[i][place] = true;
		}
	}
}

static void search_release(struct search *search)
{
	for (size_t i = 0; i < search->count; i++) {
		free(search->addresses[i]);
		fetched_release(&search->fetched[i]);
	}
	free(search->looks);
}

/* A kind is there once, though several of its addresses may fit. */
static void add_fitting(struct detection *detection, const struct kind *kind, const char *address,
	enum document_form form)
{
	for (size_t i = 0; i < detection->count; i++)
		if (detection->list[i].kind == kind)
			return;
	*(struct fitting *)memory_append(
		&detection->list, &detection->count, sizeof *detection->list) =
		(struct fitting){.kind = kind, .address = memory_string(address), .form = form};
}

static struct document document_of(const struct buffer *body)
{
	return (struct document){buffer_string(body), body->length};
}

/* Which of the kinds that look at this address fit what stands there. */
static void tell_kinds(
	struct search *search, size_t place, struct detection *detection, struct error *error)
{
	size_t all = search->kinds->count, count = 0;
	const struct kind **kinds = memory_zero(all, sizeof(struct kind *));
	bool *fits = memory_zero(all, sizeof *fits);
	struct document document = document_of(&search->fetched[place].body);
	enum document_form form = DOCUMENT_JSON;

	for (size_t i = 0; i < all; i++)
		if (search->looks[i][place])
			kinds[count++] = search->kinds->list[i];
	page_detect(search->context->readers, kinds, count, detection->url, &document,
		READER_MILLISECONDS, fits, &form, error);
	for (size_t i = 0; i < count; i++)
		if (fits[i])
			add_fitting(detection, kinds[i], search->addresses[place], form);
	free(kinds);
	free(fits);
}

static int by_form(const void *left, const void *right)
{
	const struct fitting *a = left, *b = right;

	if (a->form != b->form)
		return a->form < b->form ? -1 : 1;
	return strcmp(kind_name(a->kind), kind_name(b->kind));
}

/* Reads the documents in a reader. */
static void try_documents(struct readers *readers, const char *url,
	const struct document *documents, int milliseconds, struct fitting *fitting)
{
	struct page_answer answer;
	char *bytes;

	fitting->readable = page_read(readers, fitting->kind, url, documents, milliseconds, &bytes,
		&answer, &fitting->error);
	if (!fitting->readable)
		return;
	fitting->readable =
		reading_parse(answer.text, answer.length, &fitting->reading, &fitting->error);
	free(bytes);
}

/* Fetches all documents of the kind, and reads them. */
static void try_address(const struct context *context, const char *url, struct fitting *fitting)
{
	struct document documents[PAGE_DOCUMENTS_MAX] = {{0}};
	struct buffer bodies[PAGE_DOCUMENTS_MAX] = {{0}};
	bool there[PAGE_DOCUMENTS_MAX] = {false};

	fitting->tried = true;
	if (fetch_documents(context, url, fitting->kind, bodies, there, &fitting->error)) {
		for (size_t i = 0; i < kind_document_count(fitting->kind); i++)
			if (there[i])
				documents[i] = document_of(&bodies[i]);
		try_documents(context->readers, url, documents, READER_MILLISECONDS, fitting);
	}
	for (size_t i = 0; i < PAGE_DOCUMENTS_MAX; i++)
		buffer_release(&bodies[i]);
}

/* Notes which fitting kinds come after one that can read the page. */
static void note_behind(const struct kind_list *kinds, struct detection *detection)
{
	for (size_t i = 0; i < detection->count; i++)
		for (size_t j = 0; j < detection->count && !detection->list[i].behind; j++)
			detection->list[i].behind = detection->list[j].readable &&
						    kind_comes_after(kinds, detection->list[i].kind,
							    detection->list[j].kind);
}

/* Tries also the kinds from end on that see more than one of those before which can read the page:
 * their form is one that is otherwise left for later. */
static void try_better(const struct context *context, const struct kind_list *kinds,
	struct detection *detection, size_t first, size_t end)
{
	for (size_t i = end; i < detection->count; i++)
		for (size_t j = first; j < end && !detection->list[i].tried; j++)
			if (detection->list[j].readable &&
				kind_comes_after(
					kinds, detection->list[j].kind, detection->list[i].kind))
				try_address(context, detection->url, &detection->list[i]);
}

/* Of the kinds from first on that have the same form, the only one that can read the page, or of
 * one family the one that sees most. */
static size_t choose_form(const struct context *context, const struct kind_list *kinds,
	struct detection *detection, size_t first)
{
	size_t i = first, readable = 0;

	for (; i < detection->count && detection->list[i].form == detection->list[first].form;
		i++) {
		struct fitting *fitting = &detection->list[i];

		if (!fitting->tried)
			try_address(context, detection->url, fitting);
	}
	try_better(context, kinds, detection, first, i);
	note_behind(kinds, detection);
	for (size_t j = first; j < i; j++) {
		struct fitting *fitting = &detection->list[j];

		if (!fitting->readable || fitting->behind)
			continue;
		readable++;
		detection->chosen = fitting;
	}
	detection->ambiguous = readable > 1;
	if (detection->ambiguous)
		detection->chosen = NULL;
	return i;
}

static bool choose(const struct context *context, const struct kind_list *kinds,
	struct detection *detection, struct error *error)
{
	size_t next = 0;

	qsort(detection->list, detection->count, sizeof *detection->list, by_form);
	while (next < detection->count && detection->chosen == NULL && !detection->ambiguous)
		next = choose_form(context, kinds, detection, next);
	if (detection->chosen != NULL || detection->ambiguous)
		return true;
	*error = detection->list[0].error;
	return false;
}

/* The page itself: what stands there, and where it is if it has moved to another host. */
static bool fetch_page(
	const char *url, struct search *search, struct detection *detection, struct error *error)
{
	struct fetched *page = &search->fetched[0];
	char *from = http_url_origin(url), *to;

	page->url = url;
	fetch_all(search->context, page, 1);
	to = http_url_origin(page->final_url != NULL ? page->final_url : url);
	detection->moved = page->good && strcmp(from, to) != 0;
	detection->url = memory_string(detection->moved ? page->final_url : url);
	search->addresses[search->count++] = memory_string(detection->url);
	if (!page->good)
		detection->page_error = page->error;
	*error = page->error;
	free(from);
	free(to);
	return page->answered;
}

bool detect_address(const struct context *context, const char *url, const struct kind_list *kinds,
	struct detection *detection, struct error *error)
{
	struct search search = {.context = context, .kinds = kinds};
	bool good = fetch_page(url, &search, detection, error);

	if (good) {
		find_addresses(&search);
		for (size_t i = 1; i < search.count; i++)
			search.fetched[i].url = search.addresses[i];
		fetch_all(context, search.fetched + 1, search.count - 1);
	}
	for (size_t i = search.count; good && i-- > 0;)
		if (search.fetched[i].good)
			tell_kinds(&search, i, detection, error);
	search_release(&search);
	return good && detection->count > 0 && choose(context, kinds, detection, error);
}

bool detect_document(struct readers *readers, const char *url, const struct document *document,
	const struct kind_list *kinds, int milliseconds, struct detection *detection,
	struct error *error)
{
	bool *fits = memory_zero(kinds->count, sizeof *fits);
	enum document_form form;
	bool good = page_detect(readers, (const struct kind *const *)kinds->list, kinds->count, url,
		document, milliseconds, fits, &form, error);

	detection->url = memory_string(url);
	for (size_t i = 0; good && i < kinds->count; i++)
		if (fits[i])
			add_fitting(detection, kinds->list[i], url, form);
	for (size_t i = 0; i < detection->count; i++) {
		struct fitting *fitting = &detection->list[i];
		struct document documents[PAGE_DOCUMENTS_MAX] = {*document};

		fitting->tried = true;
		if (kind_document_count(fitting->kind) > 1)
			fitting->readable = true;
		else
			try_documents(readers, url, documents, milliseconds, fitting);
	}
	free(fits);
	return good && choose(NULL, kinds, detection, error); /* all of them have been tried */
}

bool detect_kind(const struct context *context, const char *url, const struct kind *kind,
	struct detection *detection, struct error *error)
{
	const struct kind_list kinds = {0};
	char *address = NULL;

	detection->named = true;
	detection->url = memory_string(url);
	if (!kind_document_address(kind, 0, url, NULL, &address, error))
		return false;
	add_fitting(detection, kind, address, DOCUMENT_JSON);
	free(address);
	return choose(context, &kinds, detection, error);
}

void detection_release(struct detection *detection)
{
	for (size_t i = 0; i < detection->count; i++) {
		free(detection->list[i].address);
		reading_release(&detection->list[i].reading);
	}
	free(detection->list);
	free(detection->url);
	*detection = (struct detection){0};
}

/* ---- a kind for a page that its own can no longer read ---- */

char *suggest_kind(struct readers *readers, const char *templates, const char *user_folder,
	const char *but, const char *url, const struct document *document, struct error *error)
{
	struct detection detection = {0};
	struct kind_list all = {0}, kinds = {0};
	char *name = NULL;

	kind_list_load(templates, user_folder, &all);
	for (size_t i = 0; i < all.count; i++)
		if (!text_equal(kind_name(all.list[i]), but))
			*(struct kind **)memory_append(
				&kinds.list, &kinds.count, sizeof *kinds.list) = all.list[i];
	if (detect_document(
		    readers, url, document, &kinds, PAGE_SLICE_MILLISECONDS, &detection, error) &&
		detection.chosen != NULL)
		name = memory_string(kind_name(detection.chosen->kind));
	detection_release(&detection);
	free(kinds.list);
	kind_list_release(&all);
	return name;
}
