/* SPDX-License-Identifier: ISC
 *
 * A probe, made: all its checks at once, beside its references. What came of it takes the place of
 * a page's answer (watch/fetch.h): its body is the transcript of all attempts, as JSON, which the
 * kind PROBE_KIND reads as it reads any page; its validator is the verdict, so that a probe that
 * finds what it found last time is an unchanged page.
 *
 * The body, as templates/pages/probe.yaml reads it: {"format": 1, "probe": NAME, "began": TIME,
 * "checks":
 * [{"name", "type", "target", "state": "good", "slow", "partly", "failed" or "unasked", "word",
 * "attempts": […]}], "references": […]}, where an attempt is what net/check.h calls a transcript.
 * Who makes checks has met foreign bytes; what he says of an attempt stands in there as he says it,
 * is proved to be one object (check_answer_take()), and is parsed by a reader; the body of an
 * answer is written into it as a text (check_answer_json()).
 */
#ifndef LAMPWATCH_PROBE_H
#define LAMPWATCH_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/check.h"

struct buffer;
struct config;
struct fetch;
struct fork_server;
struct http_client;
struct pollfd;
struct probe;

/* Begins; fetch->probe says what, and fetch must stay where it is until done, after which
 * probe_free() is due. Progress is made by http_client_wait() and, for checks that log in, by
 * probe_take(). config: that of the passwords, which attempts (watch/login.h) holds; NULL: such
 * checks cannot be made. */
struct probe *probe_begin(struct http_client *client, struct fork_server *attempts,
	struct config *config, struct fetch *fetch,
	void (*done)(void *context, struct probe *probe), void *context);
struct fetch *probe_fetch(const struct probe *probe);
void probe_free(struct probe *probe);

/* Asks POLLIN of up to so many of its logins (watch/login.h); returns their number. */
size_t probe_polls(const struct probe *probe, struct pollfd *polls, size_t maximum);

/* Takes what logins answered, without waiting; done() may be called, and probe be gone. Returns how
 * many are under way. */
size_t probe_take(struct probe *probe);

/* Whether some host of it led into a private network when it was first reached, or a name has been
 * looked up that does: of fetch->networks_now. */
bool probe_led_inside(const char *networks);

/* ---- what a probe says, without a network; for tests, too ---- */

enum probe_state {
	PROBE_GOOD,
	PROBE_SLOW,   /* good, later than asked for */
	PROBE_PARTLY, /* good by one family of addresses, and not by the other */
	PROBE_FAILED,
	PROBE_UNASKED, /* nobody could ask, for a reason of this machine, or of its network: it is
			* not known */
};

/* "good", "slow", "partly", "failed", "unasked", by enum probe_state; ended by NULL. */
extern const char *const probe_state_names[];

/* One attempt at a check, by one family of addresses. */
struct probe_attempt {
	int family;   /* enum check_family */
	bool unasked; /* there is no answer */
	struct check_answer answer;
};

/*
 * What attempts at one check by different families come to. Those of a family that the host lacks
 * say nothing, nor does what failed by one by which no reference answered (is_heard: by enum
 * check_family), nor what nobody could ask; where nothing else is left, it is not known. *word is
 * owned by the caller; "" for good.
 */
enum probe_state probe_judge(const struct probe_attempt *attempts, size_t count,
	const bool is_heard[static 3], char **word);

/*
 * The verdict on a check, as a line "NAME TAB STATE TAB WORD": added to out. before: the lines of
 * the last verdict, NULL for none: while the state is the same, so is the word, which says what
 * happened first.
 */
void probe_verdict_add(struct buffer *out, const char *before, const char *name,
	enum probe_state state, const char *word);

#endif
