/* SPDX-License-Identifier: ISC */
#include "watch/probe.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "model/validator.h"
#include "watch/fetch.h"
#include "watch/login.h"

enum {
	FAMILIES_MAX = 2,
	REFERENCE_MILLISECONDS = 10 * 1000,
	PROBE_BODY_MAX = 2 * (CONFIG_CHECKS_MAX + CONFIG_REFERENCES_MAX) * CHECK_TRANSCRIPT_MAX,
};

/* A reference answers where it says anything in HTTP. */
static char reference_name[] = "reference", any_status[] = "";

/* An attempt under way. */
struct pending {
	struct probe *probe;
	const struct check *check;
	struct probe_attempt attempt;
	struct login *login; /* NULL: the client makes it, or it is over */
};

struct probe {
	struct http_client *client;
	struct fork_server *attempts;
	struct config *config; /* of passwords */
	struct fetch *fetch;
	void (*done)(void *context, struct probe *probe);
	void *context;
	struct check *references;     /* one for each; they borrow their strings */
	struct pending *list;         /* of checks, then of references; each by each family */
	size_t count, checked, ended; /* checked: those of checks */
	size_t families;
	struct text_list networks; /* known of its hosts, as network_before() takes them */
};

const char *const probe_state_names[] = {
	[PROBE_GOOD] = "good",
	[PROBE_SLOW] = "slow",
	[PROBE_PARTLY] = "partly",
	[PROBE_FAILED] = "failed",
	[PROBE_UNASKED] = "unasked",
	NULL,
};

static const char *const family_names[] = {
	[CHECK_ANY] = "", [CHECK_IPV4] = "IPv4", [CHECK_IPV6] = "IPv6"};

/* ---- what it says ---- */

/* What answers needs no reference. */
static bool is_counted(const struct probe_attempt *attempt, const bool *is_heard)
{
	const enum check_state state = attempt->answer.state;

	return !attempt->unasked && state != CHECK_ABSENT &&
	       (is_heard[attempt->family] || state == CHECK_GOOD || state == CHECK_SLOW);
}

/* The worst of those that count, the first of several; NULL: none does. */
static const struct probe_attempt *worst_of(
	const struct probe_attempt *attempts, size_t count, const bool *is_heard)
{
	const struct probe_attempt *worst = NULL;

	for (size_t i = 0; i < count; i++)
		if (is_counted(&attempts[i], is_heard) &&
			(worst == NULL || attempts[i].answer.state > worst->answer.state))
			worst = &attempts[i];
	return worst;
}

/* Of attempts none of which counts: what has failed by a family that no reference answered by may
 * be our own failure. */
static enum probe_state judge_none(const struct probe_attempt *attempts, size_t count, char **word)
{
	for (size_t i = 0; i < count; i++)
		if (attempts[i].unasked || attempts[i].answer.state != CHECK_ABSENT) {
			*word = attempts[i].unasked ? memory_string("not asked")
						    : memory_format("no reference answers by %s",
							      family_names[attempts[i].family]);
			return PROBE_UNASKED;
		}
	*word = memory_string("no such host");
	return PROBE_FAILED;
}

enum probe_state probe_judge(const struct probe_attempt *attempts, size_t count,
	const bool is_heard[static 3], char **word)
{
	static const enum probe_state states[] = {[CHECK_GOOD] = PROBE_GOOD,
		[CHECK_SLOW] = PROBE_SLOW,
		[CHECK_FAILED] = PROBE_FAILED};
	const struct probe_attempt *worst = worst_of(attempts, count, is_heard);
	enum probe_state state;
	bool all = true; /* are as bad */

	if (worst == NULL)
		return judge_none(attempts, count, word);
	for (size_t i = 0; i < count; i++)
		all = all && (!is_counted(&attempts[i], is_heard) ||
				     attempts[i].answer.state == worst->answer.state);
	state = states[worst->answer.state];
	if (!all && state == PROBE_FAILED)
		state = PROBE_PARTLY;
	*word = all ? memory_string(worst->answer.word)
		    : memory_format("%s: %s", family_names[worst->family], worst->answer.word);
	return state;
}

/* The word behind NAME TAB STATE TAB in the lines, of *length bytes; NULL: there is no such line.
 */
static const char *word_before(
	const char *lines, const char *name, enum probe_state state, size_t *length)
{
	char *begin = memory_format("%s\t%s\t", name, probe_state_names[state]);
	const char *found = NULL;

	for (const char *line = lines; line != NULL && *line != '\0' && found == NULL;) {
		size_t all = strcspn(line, "\n");

		if (text_starts(line, begin)) {
			found = line + strlen(begin);
			*length = all - strlen(begin);
		}
		line += all + (line[all] == '\n');
	}
	free(begin);
	return found;
}

void probe_verdict_add(struct buffer *out, const char *before, const char *name,
	enum probe_state state, const char *word)
{
	size_t length = strlen(word);
	const char *kept = word_before(before, name, state, &length);

	buffer_format(out, "%s\t%s\t", name, probe_state_names[state]);
	buffer_add(out, kept != NULL ? kept : word, length);
	buffer_text(out, "\n");
}

/* ---- the transcript ---- */

static void put_text(struct buffer *out, const char *name, const char *text)
{
	buffer_format(out, "\"%s\": \"", name);
	json_escape(text, out);
	buffer_text(out, "\"");
}

static void put_target(struct buffer *out, const struct check *check)
{
	char *target = check->type == CHECK_HTTP ? http_url_public(check->target)
						 : memory_string(check->target);

	put_text(out, "target", target);
	free(target);
}

static void put_attempts(struct buffer *out, const struct pending *list, size_t count)
{
	const char *between = "";

	buffer_text(out, "\"attempts\": [");
	for (size_t i = 0; i < count; i++) {
		if (list[i].attempt.unasked)
			continue;
		buffer_text(out, between);
		between = ", ";
		check_answer_json(&list[i].attempt.answer, out);
	}
	buffer_text(out, "]");
}

/* The verdict's words, which stay as long as the state does, and not those of today. */
static void put_check(struct buffer *out, const struct probe *probe, size_t first,
	const char *verdict, enum probe_state state)
{
	const struct pending *list = &probe->list[first];
	const struct check *check = list->check;
	size_t length = 0;
	const char *kept = word_before(verdict, check->name, state, &length);
	char *word = memory_bytes(kept, length);

	buffer_text(out, first > 0 ? ",\n  {" : "\n  {");
	put_text(out, "name", check->name);
	buffer_text(out, ", ");
	put_text(out, "type", check_type_names[check->type]);
	buffer_text(out, ", ");
	put_target(out, check);
	buffer_text(out, ", ");
	put_text(out, "state", probe_state_names[state]);
	buffer_text(out, ", ");
	put_text(out, "word", word);
	buffer_text(out, ",\n   ");
	put_attempts(out, list, probe->families);
	buffer_text(out, "}");
	free(word);
}

static void put_references(struct buffer *out, const struct probe *probe)
{
	buffer_text(out, ",\n \"references\": [");
	for (size_t i = probe->checked; i < probe->count; i += probe->families) {
		buffer_text(out, i > probe->checked ? ",\n  {" : "\n  {");
		put_target(out, probe->list[i].check);
		buffer_text(out, ", ");
		put_attempts(out, &probe->list[i], probe->families);
		buffer_text(out, "}");
	}
	buffer_text(out, "]");
}

/* ---- hosts ---- */

/* A name that is only looked up is none that is reached. Owned by the caller. */
static char *host_of(const struct check *check)
{
	return check->type == CHECK_DNS ? memory_format("dns:%s", check->target)
					: config_host_part(check->target);
}

/* What is known of a host's network: "public", "private"; NULL: nothing yet. */
static const char *network_before(const struct text_list *networks, const char *host)
{
	const size_t length = strlen(host);

	for (size_t i = 0; i < networks->count; i++)
		if (text_starts(networks->list[i], host) && networks->list[i][length] == '=')
			return networks->list[i] + length + 1;
	return NULL;
}

/* ---- its end ---- */

/* By which families a reference answered; where there is none, all count. */
static bool hear(const struct probe *probe, bool is_heard[static 3])
{
	bool any = probe->checked == probe->count;

	is_heard[CHECK_ANY] = is_heard[CHECK_IPV4] = is_heard[CHECK_IPV6] = any;
	for (size_t i = probe->checked; i < probe->count; i++)
		if (probe->list[i].attempt.answer.state <= CHECK_SLOW)
			any = is_heard[probe->list[i].attempt.family] = true;
	return any;
}

/* Of each check: its line of the verdict, and its state, of checked / families of them. Both are
 * owned by the caller. */
static enum probe_state *judge_all(
	const struct probe *probe, const bool *is_heard, struct buffer *verdict)
{
	enum probe_state *states = memory_zero(probe->checked / probe->families, sizeof *states);

	for (size_t i = 0; i < probe->checked; i += probe->families) {
		struct probe_attempt attempts[FAMILIES_MAX];
		enum probe_state *state = &states[i / probe->families];
		char *word;

		for (size_t j = 0; j < probe->families; j++)
			attempts[j] = probe->list[i + j].attempt;
		*state = probe_judge(attempts, probe->families, is_heard, &word);
		probe_verdict_add(
			verdict, probe->fetch->before, probe->list[i].check->name, *state, word);
		free(word);
	}
	return states;
}

static void say(const struct probe *probe, const char *verdict, const enum probe_state *states)
{
	struct fetch *fetch = probe->fetch;
	struct buffer *body = &fetch->responses[0].body;
	char began[DATE_TEXT_MAX];

	date_write(fetch->began / 1000, began);
	*body = (struct buffer){.maximum = PROBE_BODY_MAX};
	buffer_text(body, "{\"format\": 1, ");
	put_text(body, "probe", fetch->probe->name);
	buffer_text(body, ", ");
	put_text(body, "began", began);
	buffer_text(body, ",\n \"checks\": [");
	for (size_t i = 0; i < probe->checked; i += probe->families)
		put_check(body, probe, i, verdict, states[i / probe->families]);
	buffer_text(body, "]");
	if (probe->checked < probe->count)
		put_references(body, probe);
	buffer_text(body, "}\n");
}

/* The body is only there where it is new. */
static void remember(struct probe *probe, const bool *is_heard)
{
	struct fetch *fetch = probe->fetch;
	struct http_response *response = &fetch->responses[0];
	struct validator *validator = &fetch->validators[0];
	struct buffer verdict = {0};
	enum probe_state *states = judge_all(probe, is_heard, &verdict);
	char digest[DIGEST_TEXT];

	digest_sha256(buffer_string(&verdict), verdict.length, digest);
	fetch->outcome = validator->url != NULL && text_equal(validator->body, digest)
				 ? FETCH_UNCHANGED
				 : FETCH_CHANGED;
	if (fetch->outcome == FETCH_CHANGED)
		say(probe, buffer_string(&verdict), states);
	free(states);
	response->etag = buffer_take(&verdict);
	memory_set(&validator->url, fetch->url);
	memory_set(&validator->etag, response->etag);
	memcpy(validator->body, digest, sizeof validator->body);
	response->status = 200; /* there is a body */
	response->requested_url = memory_string(fetch->url);
	response->headers = memory_string("");
	response->began = fetch->began;
	response->ended = fetch->ended;
}

/* What a host was at first; a name of which anything led inside stays inside. */
static const char *network_of(const struct pending *pending, const char *before)
{
	static const char *const words[] = {
		[HTTP_NETWORK_PUBLIC] = "public", [HTTP_NETWORK_PRIVATE] = "private"};
	const enum http_network now = pending->attempt.answer.network;

	if (before != NULL && !(pending->check->type == CHECK_DNS && now == HTTP_NETWORK_PRIVATE))
		return before;
	return words[now];
}

/* The host of each check and reference that was ever reached, and what it was then: "HOST=public",
 * with blanks between. */
static void note_networks(struct probe *probe)
{
	struct text_list networks = {0};

	for (size_t i = 0; i < probe->count; i++) {
		const struct pending *pending = &probe->list[i];
		char *host = host_of(pending->check);
		const char *word = network_of(pending, network_before(&probe->networks, host));
		char *entry = memory_format("%s=%s", host, word != NULL ? word : "");

		if (word != NULL && !text_list_has(&networks, entry))
			text_list_add(&networks, entry);
		free(entry);
		free(host);
	}
	probe->fetch->networks_now = text_list_words(&networks);
	text_list_release(&networks);
}

bool probe_led_inside(const char *networks)
{
	return networks != NULL && strstr(networks, "=private") != NULL;
}

/* Whether what was asked says nothing, because nobody asked any check, or not all references. */
static bool is_unasked(const struct probe *probe)
{
	size_t checks = 0, references = 0;

	for (size_t i = 0; i < probe->count; i++)
		*(i < probe->checked ? &checks : &references) += probe->list[i].attempt.unasked;
	return checks == probe->checked || references > 0;
}

static void end(struct probe *probe)
{
	struct fetch *fetch = probe->fetch;
	bool is_heard[3];

	fetch->ended = clock_date_milliseconds();
	for (size_t i = 0; i < probe->count; i++)
		fetch->answered = fetch->answered || probe->list[i].attempt.answer.answered;
	fetch->outcome = FETCH_FAILED;
	if (is_unasked(probe)) {
		fetch->error = fetch->lack;
		fetch->lack = (struct error){0};
	} else if (!hear(probe, is_heard)) {
		error_set(&fetch->error, REMEDY_LATER,
			"no reference answers (%s): whether the checks fail is not known",
			probe->references[0].target);
	} else {
		note_networks(probe);
		remember(probe, is_heard);
	}
	probe->done(probe->context, probe);
}

static void on_answer(void *context, struct check_answer *answer, const struct error *error)
{
	struct pending *pending = context;
	struct probe *probe = pending->probe;

	if (error != NULL) {
		probe->fetch->lack = *error;
		pending->attempt.unasked = true;
	}
	pending->attempt.answer = *answer;
	*answer = (struct check_answer){0};
	pending->login = NULL;
	if (++probe->ended == probe->count)
		end(probe);
}

/* ---- its beginning ---- */

static void ask(struct pending *pending)
{
	struct probe *probe = pending->probe;
	const struct fetch *fetch = probe->fetch;
	char *host = host_of(pending->check);
	const struct check_request request = {
		.check = pending->check,
		.family = pending->attempt.family,
		.connect_timeout = fetch->connect_timeout,
		.body_maximum = fetch->body_maximum,
		.guard = text_equal(network_before(&probe->networks, host), "public")
				 ? "its host leads into a private network, and was public at "
				   "first: refused"
				 : NULL,
		.done = on_answer,
		.context = pending,
	};

	free(host);
	if (pending->check->user == NULL)
		http_client_check(probe->client, &request);
	else
		pending->login =
			login_begin(probe->attempts, probe->config, &request, &probe->fetch->lack);
	if (pending->check->user != NULL && pending->login == NULL) {
		pending->attempt.unasked = true;
		probe->ended++;
	}
}

static void add(struct probe *probe, const struct check *check)
{
	for (size_t i = 0; i < probe->families; i++) {
		const int family = probe->families == 1 ? CHECK_ANY
				   : i == 0             ? CHECK_IPV4
							: CHECK_IPV6;

		probe->list[probe->count++] = (struct pending){
			.probe = probe, .check = check, .attempt = {.family = family}};
	}
}

struct probe *probe_begin(struct http_client *client, struct fork_server *attempts,
	struct config *config, struct fetch *fetch,
	void (*done)(void *context, struct probe *probe), void *context)
{
	const struct page_config *page = fetch->probe;
	const size_t references = page->references.count;
	struct probe *probe = memory_zero(1, sizeof *probe);

	*probe = (struct probe){client, attempts, config, fetch, done, context,
		.references = memory_zero(references, sizeof *probe->references),
		.list = memory_zero(
			(page->check_count + references) * FAMILIES_MAX, sizeof *probe->list),
		.families = references > 0 ? FAMILIES_MAX : 1};
	text_list_add_words(&probe->networks, fetch->networks);
	for (size_t i = 0; i < page->check_count; i++)
		add(probe, &page->checks[i]);
	probe->checked = probe->count;
	for (size_t i = 0; i < references; i++) {
		probe->references[i] = (struct check){.name = reference_name,
			.type = CHECK_HTTP,
			.target = page->references.list[i],
			.status = any_status,
			.total = REFERENCE_MILLISECONDS};
		add(probe, &probe->references[i]);
	}
	for (size_t i = 0; i < probe->count; i++)
		ask(&probe->list[i]);
	return probe;
}

struct fetch *probe_fetch(const struct probe *probe)
{
	return probe->fetch;
}

void probe_free(struct probe *probe)
{
	if (probe == NULL)
		return;
	for (size_t i = 0; i < probe->count; i++) {
		if (probe->list[i].login != NULL)
			login_free(probe->list[i].login);
		check_answer_release(&probe->list[i].attempt.answer);
	}
	text_list_release(&probe->networks);
	free(probe->references);
	free(probe->list);
	free(probe);
}

size_t probe_polls(const struct probe *probe, struct pollfd *polls, size_t maximum)
{
	size_t count = 0;

	for (size_t i = 0; i < probe->checked && count < maximum; i++)
		if (probe->list[i].login != NULL)
			polls[count++] =
				(struct pollfd){login_descriptor(probe->list[i].login), POLLIN, 0};
	return count;
}

/* The last answer ends the probe: it is not looked at any more. There may be none to come, where no
 * login could begin. */
size_t probe_take(struct probe *probe)
{
	const size_t checked = probe->checked;
	size_t under_way = 0, left = probe->count - probe->ended;

	if (left == 0)
		end(probe);
	for (size_t i = 0; i < checked && left > 0; i++) {
		if (probe->list[i].login == NULL)
			continue;
		if (login_take(probe->list[i].login))
			left--;
		else
			under_way++;
	}
	return under_way;
}
