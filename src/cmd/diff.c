/* SPDX-License-Identifier: ISC
 *
 * lampwatch diff PAGE TIME [TIME]: what differs between two snapshots.
 */
#include <stdio.h>

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/snapshots.h"
#include "model/change.h"
#include "run/terminal.h"
#include "watch/diff.h"

enum { TYPE_COLUMNS = 19 };

/* States are the provider's own words. */
static void print_transition(const struct change *change)
{
	fputs(": ", stdout);
	terminal_text(change->before, 0);
	fputs(change->before[0] != '\0' && change->after[0] != '\0' ? " -> " : "", stdout);
	terminal_text(change->after, 0);
}

static void print_change(const struct change *change)
{
	terminal_text(change_type_name(change->type), TYPE_COLUMNS);
	putchar(' ');
	terminal_text(change->name, 0);
	if (change->before[0] != '\0' || change->after[0] != '\0')
		print_transition(change);
	if (change->text[0] != '\0') {
		fputs(" (", stdout);
		terminal_text(change->text, 0);
		putchar(')');
	}
	putchar('\n');
}

static void print_json(const struct changes *changes)
{
	struct value *root = value_map(), *list;

	value_put_number(root, "format", 1);
	list = value_put(root, "changes", value_list());
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->list[i];
		struct value *map = value_append(list, value_map());

		value_put_text(map, "type", change_type_name(change->type));
		value_put_text(map, "id", change->id);
		value_put_text(map, "name", change->name);
		value_put_text(map, "before", change->before);
		value_put_text(map, "after", change->after);
		value_put_text(map, "text", change->text);
	}
	terminal_json(root);
	value_free(root);
}

int command_diff(struct context *context, const struct options *options, char **words)
{
	struct snapshot_row rows[2] = {{0}};
	struct reading readings[2] = {{0}};
	struct changes changes = {0};
	int result = EXIT_USAGE;

	(void)options;
	for (int i = 0; i < 2; i++)
		if (!snapshot_find(context, words[0], words[i + 1], &rows[i]) ||
			!snapshot_reading(context, words[0], &rows[i], &readings[i]))
			goto out;
	diff(&readings[0], &readings[1], &changes);
	if (context->invocation->json)
		print_json(&changes);
	for (size_t i = 0; i < changes.count && !context->invocation->json; i++)
		print_change(&changes.list[i]);
	result = EXIT_DONE;
out:
	for (int i = 0; i < 2; i++) {
		snapshot_row_release(&rows[i]);
		reading_release(&readings[i]);
	}
	changes_release(&changes);
	return result;
}
