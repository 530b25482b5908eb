/* SPDX-License-Identifier: ISC
 *
 * An archive in a folder of its own, with a configuration and a clock, in which
 * fetches are played. What they lead to is looked up in the real database.
 */
#ifndef LAMPWATCH_TESTS_SCENE_H
#define LAMPWATCH_TESTS_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "config/config.h"
#include "run/observe.h"
#include "run/schema.h"
#include "store/store.h"
#include "tell/dependence.h"
#include "tell/outbox.h"

/* Pieces of a reading. */
#define PAGE(level) "reading 1\npage\tTest\t" level "\t" level "\n"
#define ROW(id, level) "indicator\t" id "\t\tName " id "\t" level "\t" level "\n"
#define OTHERS "indicator\t*\t\t*\toperational\t\n"
#define INCIDENT(id, state)                                                                        \
	"incident\t" id "\tTitle " id "\tmajor_outage\tmajor\t" state                              \
	"\t2014-01-24T19:12:00Z\t2014-01-24T19:12:00Z\t\n"
#define AFFECTS(incident, indicator) "affects\t" incident "\t" indicator "\n"
#define UPDATE(incident, text)                                                                     \
	"update\t" incident "\t2014-01-24T19:20:00Z\tinvestigating\t" text "\n"

#define SCENE_ROUTES "routes: [{name: relay, smtp: 'smtp://127.0.0.9:2525', tls: 'off'}]\n"

struct scene {
	char folder[64];
	char *archive, *path; /* of the archive and of the database */
	struct config *config;
	struct kind *kind;
	struct observer observer;
	struct database *database;
	int64_t now;
};

static inline struct config *scene_config(const struct scene *scene, const char *yaml)
{
	char *path = file_join(scene->folder, "lampwatch.yaml");
	struct problems problems = {0};
	struct config *config;
	struct error error;

	assert_true(file_write(path, yaml, strlen(yaml), 0600, &error));
	config = config_load(path, NULL, &problems);
	if (config == NULL)
		print_error("%s\n", problems.list[0].text);
	assert_non_null(config);
	problems_release(&problems);
	free(path);
	return config;
}

/* yaml: the configuration without archive, from and timezone. */
static inline void scene_open(struct scene *scene, const char *yaml)
{
	char *whole = memory_format("archive: archive\nfrom: lampwatch@example.org\n%s", yaml);
	struct problems problems = {0};
	struct node none = {0};
	struct error error = {0};

	*scene = (struct scene){.folder = "/tmp/lampwatch-unit-XXXXXX",
		.now = 1390590000}; /* 2014-01-24T19:00:00Z */
	assert_non_null(mkdtemp(scene->folder));
	scene->config = scene_config(scene, whole);
	scene->kind = kind_load("templates/pages/statuspage.yaml", none, &problems);
	assert_non_null(scene->kind);
	scene->archive = memory_string(scene->config->archive);
	scene->path = file_join(scene->archive, ARCHIVE_STATE "/lampwatch.db");
	assert_true(archive_prepare(scene->archive, &error));
	scene->database = database_open(scene->path, schema, false, &error);
	assert_non_null(scene->database);
	scene->observer = (struct observer){.config = scene->config,
		.templates = "templates",
		.database = scene->database,
		.quiet = true};
	assert_true(observer_open(&scene->observer, &error));
	problems_release(&problems);
	free(whole);
}

/* From here on another configuration holds. */
static inline void scene_configure(struct scene *scene, const char *yaml)
{
	char *whole = memory_format("archive: archive\nfrom: lampwatch@example.org\n%s", yaml);

	config_free(scene->config);
	scene->config = scene_config(scene, whole);
	scene->observer.config = scene->config;
	receivers_release(&scene->observer.receivers);
	receivers_of_config(scene->config, &scene->observer.receivers);
	dependences_free(scene->observer.dependences);
	scene->observer.dependences =
		dependences_load(scene->observer.database, scene->config, NULL);
	free(whole);
}

static inline void scene_close(struct scene *scene)
{
	observer_close(&scene->observer);
	database_close(scene->database);
	kind_free(scene->kind);
	config_free(scene->config);
	assert_true(file_remove_tree(scene->folder, NULL));
	free(scene->archive);
	free(scene->path);
}

/* One fetch of a page, of which seen says what came of it. The clock goes on by a minute. */
static inline void scene_observe(struct scene *scene, const char *page, struct observation *seen)
{
	struct page_states states = {0};
	struct page_state fresh = {.name = memory_string(page), .loaded = true}, *state;
	struct error error;

	error_set(&error, REMEDY_LATER, "cannot be reached");
	store_pages(scene->database, &states);
	state = page_states_find(&states, page);
	seen->page = config_page(scene->config, page);
	assert_non_null(seen->page);
	seen->kind = scene->kind;
	seen->state = state != NULL ? state : &fresh;
	if (seen->error == NULL)
		seen->error = &error;
	seen->now = scene->now;
	observation_process(&scene->observer, seen);
	scene->now += 60;
	page_state_release(&fresh);
	page_states_release(&states);
}

/* The page was fetched and read as text, with whatever else seen has. */
static inline void scene_read_as(
	struct scene *scene, const char *page, const char *text, struct observation seen)
{
	struct http_response response = {.status = 200};

	buffer_text(&response.body, text);
	seen.what = OBSERVED_READING;
	seen.text = text;
	seen.responses = &response;
	seen.response_count = 1;
	scene_observe(scene, page, &seen);
	buffer_release(&response.body);
}

static inline void scene_read(struct scene *scene, const char *page, const char *text)
{
	scene_read_as(scene, page, text, (struct observation){0});
}

static inline void scene_unchanged(struct scene *scene, const char *page)
{
	struct observation seen = {.what = OBSERVED_UNCHANGED};

	scene_observe(scene, page, &seen);
}

static inline void scene_unreachable(struct scene *scene, const char *page)
{
	struct observation seen = {.what = OBSERVED_FAILED};

	scene_observe(scene, page, &seen);
}

static inline void scene_unreadable(struct scene *scene, const char *page)
{
	struct http_response response = {.status = 200};
	struct observation seen = {
		.what = OBSERVED_UNREADABLE, .responses = &response, .response_count = 1};

	buffer_text(&response.body, "please log in");
	scene_observe(scene, page, &seen);
	buffer_release(&response.body);
}

/*
 * All messages that a receiver is or was owed, oldest first and without those that another
 * one stands for: "red:Name a, red:Name b | green:Name a". Owned by the caller.
 */
static inline char *scene_told(struct scene *scene, const char *receiver)
{
	struct deliveries all = {0};
	struct buffer text = {0};

	outbox_list(scene->database, true, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct delivery *delivery = &all.list[i];
		bool delivered = text_equal(delivery->state, "delivered");
		struct value *data =
			delivered ? NULL : outbox_data(scene->database, delivery->content);
		const struct value *events = value_get(data, "events");

		if (text_equal(delivery->receiver, receiver) &&
			!text_equal(delivery->state, "merged")) {
			buffer_text(&text, text.length > 0 ? " | " : "");
			if (delivered)
				buffer_text(&text, "delivered");
			for (size_t j = 0; events != NULL && j < events->count; j++)
				buffer_format(&text, "%s%s:%s", j > 0 ? ", " : "",
					value_get_text(events->members[j], "type"),
					value_get_text(events->members[j], "label"));
		}
		value_free(data);
	}
	deliveries_release(&all);
	return buffer_take(&text);
}

#define assert_told(scene, receiver, expected)                                                     \
	do {                                                                                       \
		char *told = scene_told(scene, receiver);                                          \
		assert_string_equal(told, expected);                                               \
		free(told);                                                                        \
	} while (0)

/* Whatever is pending was accepted by somebody. */
static inline void scene_deliver(struct scene *scene)
{
	struct deliveries all = {0};
	struct attempt attempt = {.outcome = OUTCOME_DELIVERED};

	outbox_list(scene->database, false, &all);
	for (size_t i = 0; i < all.count; i++) {
		assert_true(outbox_sending(scene->database, all.list[i].id, "relay", scene->now));
		outbox_delivered(scene->database, all.list[i].id, "relay", &attempt, scene->now);
	}
	deliveries_release(&all);
}

/* The page as the database holds it, with reading and lamps; release it afterwards. */
static inline struct page_state scene_state(struct scene *scene, const char *page)
{
	struct page_states states = {0};
	struct page_state *found, state;

	store_pages(scene->database, &states);
	found = page_states_find(&states, page);
	assert_non_null(found);
	state = *found;
	*found = (struct page_state){0};
	page_states_release(&states);
	store_load(scene->database, &state);
	return state;
}

static inline int64_t scene_snapshots(struct scene *scene, const char *page)
{
	struct page_state state = scene_state(scene, page);
	int64_t count = state.snapshot;

	page_state_release(&state);
	return count;
}

#endif
