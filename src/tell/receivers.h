/* SPDX-License-Identifier: ISC
 *
 * Who is told: subscribers and webhooks alike, from the configuration and from
 * the database, as the plan asks for them. Pure.
 */
#ifndef LAMPWATCH_RECEIVERS_H
#define LAMPWATCH_RECEIVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct subscription;
struct windows;

struct receiver {
	char *name;                              /* "mail:ADDRESS" or "webhook:NAME"; owned */
	char *otherwise;                         /* the second way, likewise; NULL: none; owned */
	const struct subscription *subscription; /* borrowed */
	const struct windows *quiet;             /* when nothing is delivered; borrowed */
	bool endangered; /* the first way is hosted at a provider in trouble, the second is not */
	bool doubtful;   /* it may be: what stands before it hides where it is hosted */
	char *provider;  /* that one; NULL while neither is true; owned */
};

struct receivers {
	struct receiver *list;
	size_t count;
};

/* Adds the configuration's subscribers and webhooks, which must outlive the list. */
void receivers_of_config(const struct config *config, struct receivers *receivers);

/* Adds one; the words are copied, the subscription, with its quiet hours, is borrowed. otherwise
 * may be NULL. */
struct receiver *receivers_add(struct receivers *receivers, const char *name, const char *otherwise,
	const struct subscription *subscription);

/* The first with this name, ignoring case; NULL where there is none. */
struct receiver *receivers_find(const struct receivers *receivers, const char *name);

/* Removes receivers with this name, ignoring case. */
void receivers_remove(struct receivers *receivers, const char *name);

/* Removes this name, both as a first and as a second way: a person who has unsubscribed gets
 * nothing, whatever a file says. */
void receivers_silence(struct receivers *receivers, const char *name);
void receivers_release(struct receivers *receivers);

/* The words of a receiver: "mail:ops@example.com". Owned by the caller. */
char *receiver_mail(const char *address);
char *receiver_webhook(const char *name);
/* Of what a configuration says: an address, or "webhook:NAME". Owned by the caller. */
char *receiver_parse(const char *text);

/* As people read it: the address, or "webhook:NAME". Borrowed. */
const char *receiver_shown(const char *receiver);

/* The address of "mail:…", else NULL. The name of "webhook:…", else NULL. */
const char *receiver_address(const char *receiver);
const char *receiver_webhook_name(const char *receiver);

#endif
