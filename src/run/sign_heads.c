/* SPDX-License-Identifier: ISC */
#include "run/sign_heads.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/chain_heads.h"
#include "archive/timestamps.h"
#include "base/buffer.h"
#include "base/child.h"
#include "base/confine.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/signature.h"
#include "base/step.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "config/config.h"
#include "config/secret.h"
#include "net/http.h"
#include "run/local_fault.h"
#include "run/observe.h"

enum {
	CONNECT_MILLISECONDS = 5000,
	TOTAL_MILLISECONDS = 10000,
	LOOK_MILLISECONDS = 100, /* between two looks at the clock */
	STATUS_OK = 200,
};

static bool has_fact(struct database *database, const char *name, const char *value)
{
	char *fact = store_fact(database, name);
	bool same = text_equal(fact, value);

	free(fact);
	return same;
}

/* One line when a fault begins, none while it lasts. what NULL: there is none. */
static void take_fault(struct observer *observer, const char *fact, const char *what)
{
	bool lasts = !has_fact(observer->database, fact, "");
	struct error error;

	if (what != NULL)
		observer->evidence_trouble = true;
	if (what != NULL && !lasts)
		observer_say(observer, "evidence", what);
	if (lasts == (what != NULL))
		return;
	database_begin(observer->database);
	store_set_fact(observer->database, fact, what != NULL ? what : "");
	if (!database_commit(observer->database, &error)) {
		observer_say(observer, "evidence", error.text);
		observer->local_trouble = true;
	}
}

/* ---- heads ---- */

static void chain_heads_text(
	struct observer *observer, const struct page_states *before, struct buffer *out)
{
	struct chain_heads heads = {0};

	if (observer->chained)
		chain_heads_known(&heads, observer->database);
	for (size_t i = 0; !observer->chained && i < before->count; i++)
		if (before->list[i].snapshot > 0)
			chain_heads_add(&heads, before->list[i].name, before->list[i].snapshot,
				before->list[i].head);
	chain_heads_write(&heads, out);
	chain_heads_release(&heads);
}

void sign_heads(struct observer *observer, const struct page_states *before)
{
	struct database *database = observer->database;
	const char *key_path = observer->config->signing_key;
	char digest[DIGEST_TEXT], key_sum[DIGEST_TEXT] = ""; /* of the public key; "": unsigned */
	struct signature_key *key = NULL;
	struct buffer text = {.maximum = CHAIN_HEADS_MAX}, public = {.maximum = SIGNATURE_PEM_MAX};
	struct error error;
	bool done;

	if (key_path != NULL) {
		key = signature_key_load(key_path, &error);
		take_fault(observer, "key_fault", key == NULL ? error.text : NULL);
	}
	if (key != NULL) {
		signature_public(key, &public);
		digest_sha256(buffer_string(&public), public.length, key_sum);
	}
	chain_heads_text(observer, before, &text);
	digest_sha256(buffer_string(&text), text.length, digest);
	done = has_fact(database, "heads", digest) && has_fact(database, "heads_key", key_sum) &&
	       chain_heads_published(observer->config->archive, &text, key != NULL);
	done = database_good(database, &error) && done; /* of all pages, or of none */
	if (!done && !database_failed(database) &&
		chain_heads_publish(observer->config->archive, &text, key, &error)) {
		database_begin(database);
		store_set_fact(database, "heads", digest);
		store_set_fact(database, "heads_key", key_sum);
		done = database_commit(database, &error);
	}
	if (!done) {
		error_prefix(&error, "heads");
		local_fault(observer, &error);
	}
	STEP("heads entered");
	buffer_release(&public);
	buffer_release(&text);
	signature_key_free(key);
}

/* ---- the time stamp ---- */

/* Only after the interval, whatever came of the last try; a clock that went back is no reason to
 * wait.
 */
static bool stamp_due(struct observer *observer, int64_t now)
{
	char *heads = store_fact(observer->database, "heads");
	char *tried = store_fact(observer->database, "stamp_tried");
	int64_t elapsed = now - strtoll(tried, NULL, 10);
	bool due = heads[0] != '\0' && !has_fact(observer->database, "stamped", heads) &&
		   (tried[0] == '\0' || elapsed < 0 ||
			   elapsed >= observer->config->timestamp.every / 1000);

	free(tried);
	free(heads);
	return due;
}

/* What comes of the exchange: the reply stands behind it, or why there is none. */
struct stamped {
	int64_t time;
	size_t length; /* of the reply; 0: error says why there is none */
	struct error error;
};

struct asking {
	struct config *config;
	const char *user_agent;
	size_t length;
	char heads[];
};

static bool ask(const struct asking *asking, const char *url, const char *ca_file,
	struct http_response *response, int64_t *time, struct error *error)
{
	static const char *const headers[] = {
		"Content-Type: " TIMESTAMP_QUERY_TYPE, "Accept: application/timestamp-reply", NULL};
	struct buffer request = {.maximum = TIMESTAMP_REPLY_MAX};
	struct http_post post = {.url = url,
		.headers = headers,
		.connect_timeout = CONNECT_MILLISECONDS,
		.total_timeout = TOTAL_MILLISECONDS,
		.user_agent = asking->user_agent};
	bool good;

	timestamp_request(asking->heads, asking->length, &request);
	post.body = buffer_string(&request);
	post.length = request.length;
	good = http_post(&post, response, error);
	if (good && response->status != STATUS_OK)
		good = error_set(error, REMEDY_LATER, "answered with status %d", response->status);
	good = good && timestamp_granted(&request, &response->body, ca_file, time, error);
	buffer_release(&request);
	return good;
}

/* Confined as an attempt, of which it is one. */
static void ask_in_child(const void *context, int in, int out)
{
	const struct asking *asking = context;
	char *url = memory_string(asking->config->timestamp.url),
	     *ca_file = memory_string(asking->config->timestamp.ca_file);
	struct http_response response = {0};
	struct text_list paths = {0};
	struct stamped stamped = {0};

	(void)in;
	config_wipe(asking->config);
	if (ca_file != NULL)
		text_list_add(&paths, ca_file);
	confine_enter(CONFINE_ATTEMPT, &paths);
	if (ask(asking, url, ca_file, &response, &stamped.time, &stamped.error))
		stamped.length = response.body.length;
	if (file_write_all(out, &stamped, sizeof stamped))
		(void)file_write_all(out, buffer_string(&response.body), stamped.length);
	secret_wipe(&url);
}

/* Whether it is what it can be: whoever wrote it may have been taken over. */
static bool take_answer(
	const struct buffer *answer, struct buffer *reply, int64_t *time, struct error *error)
{
	struct stamped stamped = {0};

	if (answer->length >= sizeof stamped)
		memcpy(&stamped, answer->data, sizeof stamped);
	if (answer->overflowed || answer->length < sizeof stamped ||
		stamped.length != answer->length - sizeof stamped)
		return error_set(error, REMEDY_LATER, "the exchange has ended early");
	if (stamped.length == 0)
		return error_set(error,
			stamped.error.remedy == REMEDY_LOCAL ? REMEDY_LOCAL : REMEDY_LATER, "%.*s",
			(int)strnlen(stamped.error.text, sizeof stamped.error.text - 1),
			stamped.error.text);
	*time = stamped.time;
	return buffer_add(reply, answer->data + sizeof stamped, stamped.length);
}

/* All that it writes until it ends, or its time does. */
static void read_all(const struct child *child, struct buffer *answer)
{
	char block[4096];
	ssize_t got = -1;

	while (got != 0 && !child_late(child)) {
		poll(&(struct pollfd){child->from, POLLIN, 0}, 1, LOOK_MILLISECONDS);
		got = read(child->from, block, sizeof block);
		if (got > 0)
			buffer_add(answer, block, (size_t)got);
	}
}

/* The reply is proved there, and only kept here. */
static bool exchange(struct fork_server *attempts, struct config *config, const char *user_agent,
	const struct buffer *heads, struct buffer *reply, int64_t *time, struct error *error)
{
	static const struct child_role role = {.milliseconds = TOTAL_MILLISECONDS + 1000};
	const struct asking asking = {config, user_agent, heads->length};
	struct buffer given = {0},
		      answer = {.maximum = sizeof(struct stamped) + TIMESTAMP_REPLY_MAX};
	char *origin = http_url_origin(config->timestamp.url);
	struct child_end end;
	struct child child;
	bool good;

	buffer_add(&given, &asking, sizeof asking);
	buffer_add(&given, buffer_string(heads), heads->length);
	good = fork_server_fork_given(attempts, &child, &role, ask_in_child, &given) ||
	       child_unavailable(error, errno);
	if (good) {
		read_all(&child, &answer);
		good = child_unrefused(&child, error);
		child_finish(&child, &end);
	}
	good = good && take_answer(&answer, reply, time, error);
	if (!good)
		error_prefix(error, "no time stamp from %s", origin);
	buffer_release(&given);
	buffer_release(&answer);
	free(origin);
	return good;
}

/* What stands in the archive at this moment, which the run's lock keeps as it is. */
static bool stamp(struct observer *observer, struct fork_server *attempts, struct config *config,
	const char *user_agent, struct error *error)
{
	struct buffer heads = {.maximum = CHAIN_HEADS_MAX},
		      signature = {.maximum = SIGNATURE_PEM_MAX};
	struct buffer public = {.maximum = SIGNATURE_PEM_MAX};
	struct buffer reply = {.maximum = TIMESTAMP_REPLY_MAX};
	bool is_signed = !has_fact(observer->database, "heads_key", ""), good = true;
	struct timestamp kept = {
		&heads, &reply, is_signed ? &signature : NULL, is_signed ? &public : NULL, 0};
	const struct {
		const char *name;
		struct buffer *bytes;
	} files[] = {{CHAIN_HEADS_FILE, &heads}, {CHAIN_HEADS_SIGNATURE, &signature},
		{CHAIN_HEADS_PUBLIC, &public}};

	for (size_t i = 0; good && i < (is_signed ? 3 : 1); i++) {
		char *path = file_join(observer->config->archive, files[i].name);

		good = file_read(path, files[i].bytes, error);
		free(path);
	}
	good = good && exchange(attempts, config, user_agent, &heads, &reply, &kept.time, error) &&
	       timestamps_keep(observer->config->archive, observer->database, &kept, error);
	buffer_release(&heads);
	buffer_release(&signature);
	buffer_release(&public);
	buffer_release(&reply);
	return good;
}

void timestamp_heads(struct observer *observer, struct fork_server *attempts, struct config *config,
	const char *user_agent, int64_t now)
{
	struct error error;
	char tried[32];

	if (!timestamps_settle(observer->config->archive, observer->database, &error)) {
		error_prefix(&error, TIMESTAMPS_FOLDER);
		local_fault(observer, &error);
		return;
	}
	if (observer->config->timestamp.url == NULL || !stamp_due(observer, now))
		return;
	snprintf(tried, sizeof tried, "%" PRId64, now);
	database_begin(observer->database);
	store_set_fact(observer->database, "stamp_tried", tried);
	if (!database_commit(observer->database, &error) ||
		!stamp(observer, attempts, config, user_agent, &error)) {
		observer->local_trouble = observer->local_trouble || error.remedy == REMEDY_LOCAL;
		take_fault(observer, "stamp_fault", error.text);
	} else {
		take_fault(observer, "stamp_fault", NULL);
	}
}
