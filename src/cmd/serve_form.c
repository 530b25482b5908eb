/* SPDX-License-Identifier: ISC */
#include "cmd/serve_form.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "config/config.h"
#include "model/event.h"
#include "model/level.h"
#include "net/client.h"
#include "tell/form_request.h"
#include "tell/form_spool.h"
#include "tell/page_set.h"

/* Style comes from beside it; it runs no script, and is shown in nobody's frame. */
#define FORM_POLICY                                                                                \
	"default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action "       \
	"'self'; frame-ancestors 'none'"

enum { RETRY_SECONDS = 60 /* until a run has emptied the spool */ };

/* What a form's page says; what comes after DONE is why nothing was done. */
enum { SHOWN, DONE, OUTDATED, WRONG, NOTHING, FOREIGN, OTHER_TYPE, TOO_OFTEN, FULL, UNKEPT };

static const struct outcome {
	int status;
	const char *name; /* in the template */
} outcomes[] = {
	[SHOWN] = {200, NULL},
	[DONE] = {200, "done"},
	[OUTDATED] = {200, "is_outdated"},
	[WRONG] = {422, "is_wrong"},
	[NOTHING] = {422, "is_nothing"},
	[FOREIGN] = {403, "is_foreign"},
	[OTHER_TYPE] = {415, "is_other_type"},
	[TOO_OFTEN] = {429, "is_too_often"},
	[FULL] = {503, "is_full"},
	[UNKEPT] = {500, "is_unkept"},
};

bool serve_form_is(const char *path)
{
	enum form form;

	return path[0] == '/' && form_find(path + 1, &form);
}

/* ---- what is asked for ---- */

/* Browsers say whose page sends a form; who says nothing is none, or an old one. Our own pages send
 * no referrer, so that an Origin of theirs says nothing either. */
static bool is_foreign(const struct http_query *query)
{
	const char *site = query->header(query, "Sec-Fetch-Site");

	return site != NULL && !text_equal(site, "same-origin") && !text_equal(site, "none");
}

static bool is_encoded(const struct http_query *query)
{
	static const char type[] = "application/x-www-form-urlencoded";
	const char *said = query->header(query, "Content-Type");
	size_t length = sizeof type - 1;

	return said != NULL && strncasecmp(said, type, length) == 0 &&
	       (said[length] == '\0' || strchr("; \t", said[length]) != NULL);
}

/* The text of the request (tell/form_request.h). Owned by the caller. */
static char *text_of(const struct http_query *query, bool with_body)
{
	return memory_format("%s?%s%s%s", query->path + 1, query->search, with_body ? "&" : "",
		with_body ? query->body : "");
}

static bool says_enough(const struct form_request *request)
{
	return request->token[0] != '\0' ||
	       (request->mail[0] != '\0' && request->form != FORM_CONFIRM);
}

static void find_client(const struct serve_forms *forms, const struct http_query *query,
	char client[static CLIENT_TEXT])
{
	struct text_list forwarded = {0};

	query->headers(query, "X-Forwarded-For", &forwarded);
	client_of(&forms->config->trusted_proxies, query->peer, &forwarded, client);
	text_list_release(&forwarded);
}

/* Whoever sends tokens makes us send no mail to strangers. */
static bool is_too_often(struct serve_forms *forms, const char *client, bool asks)
{
	char *counted = memory_format("%s %s", asks ? "asks" : "sends", client);
	bool often = !client_counted(forms->counts, counted,
		asks ? SERVE_FORM_ASKED : SERVE_FORM_TOKENS, clock_milliseconds());

	free(counted);
	return often;
}

static_assert((int)CLIENT_TAG == FORM_SPOOL_TAG + 1, "a client's tag is a sender's word");

static int keep(struct serve_forms *forms, const char *client, const char *text, bool asks)
{
	char network[CLIENT_TEXT];
	struct form_sender sender;
	struct error error;
	bool full, kept;

	client_network(client, network);
	client_tag(forms->counts, client, sender.client);
	client_tag(forms->counts, network, sender.network);
	kept = form_spool_add(forms->spool, &sender, text, strlen(text),
		asks ? FORM_SPOOL_MAILED : FORM_SPOOL_MAX, &full, &error);
	if (!kept && !full && !forms->failing)
		fprintf(stderr, "lampwatch: %s\n", error.text);
	forms->failing = !kept && !full;
	return kept ? DONE : full ? FULL : UNKEPT;
}

/*
 * A link that a provider of mail opens for its reader (RFC 8058) says all in its address; what
 * comes with it is multipart/form-data, and of no use to us.
 */
static int take(
	struct serve_forms *forms, const struct http_query *query, struct form_request *request)
{
	bool encoded = is_encoded(query), parsed, asks, one_click;
	char client[CLIENT_TEXT], *text = text_of(query, encoded);
	int outcome;

	find_client(forms, query, client);
	parsed = form_request_parse(text, strlen(text), request);
	asks = parsed && request->token[0] == '\0';
	one_click = parsed && request->form == FORM_UNSUBSCRIBE && !asks;
	if (parsed && !one_click && is_foreign(query))
		outcome = FOREIGN;
	else if (!encoded && !one_click)
		outcome = OTHER_TYPE;
	else if (!parsed || !says_enough(request))
		outcome = WRONG;
	else if (request->boxes && request->on == 0)
		outcome = NOTHING;
	else if (is_too_often(forms, client, asks))
		outcome = TOO_OFTEN;
	else
		outcome = keep(forms, client, text, asks);
	free(text);
	return outcome;
}

/* ---- what is shown ---- */

/* All that are chosen, or they would be lost. */
static void put_pages(
	struct value *data, const struct config *config, const struct text_list *chosen)
{
	struct value *list = value_put(data, "pages", value_list());

	for (size_t i = 0; i < config->page_count; i++) {
		bool has = text_list_has(chosen, config->pages[i].name);
		struct value *page;

		if (i >= SERVE_FORM_PAGES && !has)
			continue;
		page = value_append(list, value_map());
		value_put_text(page, "name", config->pages[i].name);
		value_put_boolean(page, "chosen", has);
	}
	if (config->page_count > list->count)
		value_put_number(data, "pages_left", (int64_t)(config->page_count - list->count));
}

static void put_flag(struct value *data, const char *before, const char *name)
{
	char *key = memory_format("%s_%s", before, name);

	value_put_boolean(data, key, true);
	free(key);
}

static void put_choice(struct value *data, const struct form_request *request)
{
	int on = request->on != 0 || request->boxes ? request->on : subscription_default.on;

	for (int i = 0; i < EVENT_TYPES; i++)
		if ((on & 1 << i) != 0)
			put_flag(data, "on", event_types[i].name);
	put_flag(data, "floor", level_name((enum level)request->floor));
}

static struct value *shown(
	const struct serve_forms *forms, const struct form_request *request, int outcome)
{
	struct value *data = value_map();

	value_put_boolean(data, "form", true);
	value_put_text(data, "root", "");
	value_put_text(data, "action", form_name(request->form));
	put_flag(data, "is", form_name(request->form));
	if (outcomes[outcome].name != NULL)
		value_put_boolean(data, outcomes[outcome].name, true);
	value_put_boolean(data, "refused", outcome > DONE);
	value_put_boolean(data, "measured", config_probe_count(forms->config) > 0);
	value_put_text(data, "mail_in", forms->config->mail_in);
	value_put_text(data, "mail", request->mail);
	value_put_text(data, "token", request->token);
	put_pages(data, forms->config, &request->pages);
	put_choice(data, request);
	return data;
}

static void render(
	const struct serve_forms *forms, const struct value *data, struct http_answer *answer)
{
	char *folder = file_join(forms->templates, "site");
	struct buffer page = {0};
	struct error error;

	if (template_render_file(folder, "form.html", data, &page, &error)) {
		answer->made = buffer_take(&page);
	} else {
		answer->status = 500;
		answer->text = "the template of this form is broken\n";
		fprintf(stderr, "lampwatch: %s\n", error.text);
	}
	buffer_release(&page);
	free(folder);
}

/* Nothing of it is to lie anywhere: tokens stand in addresses. */
static void put_headers(struct http_answer *answer, int outcome)
{
	http_answer_header(answer, "Content-Type", "text/html; charset=utf-8");
	http_answer_header(answer, "Cache-Control", "no-store");
	http_answer_header(answer, "Content-Security-Policy", "%s", FORM_POLICY);
	if (outcome == FULL)
		http_answer_header(answer, "Retry-After", "%d", RETRY_SECONDS);
}

void serve_form_answer(
	struct serve_forms *forms, const struct http_query *query, struct http_answer *answer)
{
	struct form_request request;
	int outcome = SHOWN;
	struct value *data;
	char *text;

	if (query->body != NULL) {
		outcome = take(forms, query, &request);
	} else {
		text = text_of(query, false);
		form_request_parse(text, strlen(text), &request);
		free(text);
		if (request.set[0] != '\0' &&
			!page_set_read(forms->config, request.set, &request.pages))
			outcome = OUTDATED;
	}
	data = shown(forms, &request, outcome);
	answer->status = outcomes[outcome].status;
	put_headers(answer, outcome);
	render(forms, data, answer);
	value_free(data);
	form_request_release(&request);
}
