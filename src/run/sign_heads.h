/* SPDX-License-Identifier: ISC
 *
 * What outsiders can hold the archive to, at the end of a run: `heads`, signed, and
 * an authority's time stamp over it. A fault here is one line when it begins and sets
 * evidence_trouble; it loses nothing, and the next run tries again.
 */
#ifndef LAMPWATCH_SIGN_HEADS_H
#define LAMPWATCH_SIGN_HEADS_H

#include "run/observe.h"

struct fork_server;

/*
 * Writes `heads` as the chains end now, and signs it where there is a signing_key. before
 * is what was known of the pages before the first observation: without a new line in any chain it
 * still holds, and a crash may have left heads behind it.
 */
void sign_heads(struct observer *observer, const struct page_states *before);

/*
 * Has heads stamped by the authority of the configuration, where it has not stamped
 * these heads yet and its last answer is old enough. Asks, and proves the reply, in a process that
 * is confined as an attempt and wipes its copy of the configuration; attempts, which holds config
 * and user_agent, forks it. Takes at most some fifteen seconds; now is in seconds since 1970.
 */
void timestamp_heads(struct observer *observer, struct fork_server *attempts, struct config *config,
	const char *user_agent, int64_t now);

#endif
