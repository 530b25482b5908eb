/* SPDX-License-Identifier: ISC */
#include "cmd/export_evidence.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/template.h"
#include "base/text.h"
#include "cmd/snapshots.h"
#include "publish/evidence_bundle.h"
#include "publish/zip.h"
#include "run/print.h"

enum { AUTHORITY_MAX = 1024 * 1024, STAMP_TIME_MAX = 64 };

/* ---- the instructions ---- */

/* As `openssl ts -reply -text` prints it: "Nov  3 11:09:42 2026 GMT". */
static void put_stamp(struct value *data, int64_t stamped)
{
	struct value *stamp = value_map();
	char time[DATE_TEXT_MAX], text[STAMP_TIME_MAX];
	time_t seconds = (time_t)stamped;
	struct tm parts;

	date_write_local(stamped, NULL, time);
	gmtime_r(&seconds, &parts);
	strftime(text, sizeof text, "%b %e %H:%M:%S %Y GMT", &parts);
	value_put_text(stamp, "time", time);
	value_put_text(stamp, "text", text);
	value_put_number(stamp, "seconds", stamped);
	value_put(data, "stamp", stamp);
}

static bool add_instructions(const struct context *context, const char *page,
	struct evidence_bundle *proof, struct error *error)
{
	char *folder = file_join(context->templates, "evidence");
	struct value *data = value_map();
	struct buffer text = {.maximum = TEMPLATE_OUTPUT_MAX};
	char time[DATE_TEXT_MAX];
	bool good;

	date_write_local(proof->time, NULL, time);
	value_put_text(data, "page", page);
	value_put_text(data, "time", time);
	value_put_text(data, "url", proof->url);
	value_put_number(data, "sequence", proof->sequence);
	value_put_number(data, "line", proof->sequence + 1); /* behind the head line */
	value_put_text(data, "sums", proof->sums);
	value_put_text(data, "head", proof->head);
	value_put_text(data, "public", proof->public);
	value_put_boolean(data, "is_signed", proof->public[0] != '\0');
	value_put_boolean(data, "simulated", proof->simulated);
	value_put_boolean(data, "private", proof->private);
	if (proof->stamped != 0)
		put_stamp(data, proof->stamped);
	good = template_render_file(folder, "instructions.txt", data, &text, error);
	if (good)
		evidence_bundle_add(proof, "INSTRUCTIONS.txt", &text);
	buffer_release(&text);
	value_free(data);
	free(folder);
	return good;
}

/* For convenience: to check the time stamp, get the certificate from the authority itself. */
static bool add_authority(
	const struct context *context, struct evidence_bundle *proof, struct error *error)
{
	const char *path = context->config->timestamp.ca_file;
	struct buffer bytes = {.maximum = AUTHORITY_MAX};
	bool good = true;

	if (proof->stamped != 0 && path != NULL) {
		good = file_read(path, &bytes, error);
		if (good)
			evidence_bundle_add(proof, "authority.pem", &bytes);
	}
	buffer_release(&bytes);
	return good;
}

/* ---- where it goes ---- */

static bool write_zip(const struct evidence_bundle *proof, const char *path, struct error *error)
{
	struct zip *zip = zip_open(path, ZIP_MAX, error);
	const char *file = file_name(path);
	char *root = memory_bytes(file, strlen(file) - strlen(".zip"));

	for (size_t i = 0; zip != NULL && i < proof->count; i++) {
		char *name = file_join(root, proof->files[i].name), digest[DIGEST_TEXT];
		int64_t length;

		zip_begin(zip, name);
		zip_put(zip, buffer_string(&proof->files[i].bytes), proof->files[i].bytes.length);
		zip_end(zip, &length, digest);
		free(name);
	}
	free(root);
	return zip != NULL && zip_finish(zip, error);
}

/* Under a temporary name until it is complete. */
static bool write_folder(const struct evidence_bundle *proof, const char *path, struct error *error)
{
	char *unfinished = memory_format("%s.new", path);
	enum file_presence presence = file_presence(path, error);
	bool done = presence == FILE_ABSENT;

	if (presence == FILE_PRESENT)
		error_set(error, REMEDY_CONFIGURATION, "%s: exists already", path);
	done = done && file_remove_tree(unfinished, error);
	for (size_t i = 0; done && i < proof->count; i++) {
		const struct evidence_file *file = &proof->files[i];
		char *inner = file_join(unfinished, file->name), *above = file_folder(inner);

		done = file_make_folders(above, FOLDER_MODE, error) &&
		       file_create(inner, buffer_string(&file->bytes), file->bytes.length,
			       FILE_MODE, error);
		free(above);
		free(inner);
	}
	if (done && rename(unfinished, path) != 0)
		done = error_set(
			error, REMEDY_LOCAL, "%s: cannot be made: %s", path, strerror(errno));
	if (!done)
		file_remove_tree(unfinished, NULL);
	free(unfinished);
	return done;
}

int export_evidence(const struct context *context, char **words)
{
	const char *page = words[0], *path = words[2];
	struct evidence_bundle proof = {0};
	struct snapshot_row row = {0};
	struct error error;
	int result = EXIT_USAGE;

	if (snapshot_find(context, page, words[1], &row)) {
		bool good = evidence_bundle_gather(
				    context->config->archive, page, &row, &proof, &error) &&
			    add_authority(context, &proof, &error) &&
			    add_instructions(context, page, &proof, &error) &&
			    (text_ends(path, ".zip") ? write_zip(&proof, path, &error)
						     : write_folder(&proof, path, &error));

		result = good ? EXIT_DONE : error_print(&error);
		if (good && context->config->signing_key != NULL && proof.public[0] == '\0')
			fprintf(stderr,
				"lampwatch export: %s: NOT SIGNED: no run has signed the archive "
				"since the key was made; export again after the next run\n",
				path);
		evidence_bundle_release(&proof);
	}
	snapshot_row_release(&row);
	return result;
}
