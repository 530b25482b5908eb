/* SPDX-License-Identifier: ISC */
#include "cmd/init_next.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

#define PLAIN                                                                                      \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"                           \
	"+,-./:=@_"

const char *const init_schedules[] = {"timer", "cron", "none", NULL};

char *init_shell_word(const char *text)
{
	struct buffer word = {0};

	if (text[0] != '\0' && text[strspn(text, PLAIN)] == '\0')
		return memory_string(text);
	buffer_byte(&word, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			buffer_text(&word, "'\\''");
		else
			buffer_byte(&word, *text);
	buffer_byte(&word, '\'');
	return buffer_take(&word);
}

/* A word for a shell, as a word for cron's. cron would end the line at a %, and takes the backslash
 * from \% (crontab(5)); a cron that does neither leaves that to the shell, so no quote stands
 * around it. Owned by the caller. */
static char *cron_word(const char *word)
{
	struct buffer out = {0};

	for (; *word != '\0'; word++)
		if (*word == '%')
			buffer_text(&out, "'\\%'");
		else
			buffer_byte(&out, *word);
	return buffer_take(&out);
}

static void write_timer(const struct init_next *next, struct buffer *out)
{
	if (!next->unit) {
		buffer_format(out,
			"  systemd-run %s--on-calendar=minutely %s -c %s run\n"
			"      # a run each minute, until the machine starts anew: the installed "
			"unit reads another file\n",
			next->user == NULL ? "--user " : "", next->program, next->path);
		return;
	}
	if (next->sendmail)
		buffer_format(out,
			"  install -D -m 0644 -t /etc/systemd/system/lampwatch.service.d \\\n"
			"      %s/systemd/lampwatch-sendmail.conf    # for a sendmail program\n",
			next->data);
	if (next->archive != NULL)
		buffer_format(out,
			"  systemctl edit lampwatch.service           # two lines, [Service] and "
			"ReadWritePaths=%s:\n"
			"                                             # else it cannot write "
			"there\n",
			next->archive);
	buffer_text(out, "  systemctl enable --now lampwatch.timer     # a run each minute\n");
}

static void write_cron(const struct init_next *next, struct buffer *out)
{
	char *path = cron_word(next->path), *program = cron_word(next->program);

	if (next->cron_line)
		buffer_text(out, "  " INIT_CRON_LINE " starts a run each minute from now on\n");
	else if (next->user != NULL)
		buffer_format(out,
			"  In /etc/cron.d/lampwatch-own, this line:\n"
			"* * * * *  %s  %s -c %s run\n",
			next->user, program, path);
	else
		buffer_format(out, "  crontab -e, and this line:\n* * * * *  %s -c %s run\n",
			program, path);
	free(path);
	free(program);
}

static void write_none(const struct init_next *next, struct buffer *out)
{
	buffer_format(out, "  %s -c %s run      # once a minute, by whatever starts it\n",
		next->program, next->path);
	if (next->cron_line)
		buffer_text(out,
			"  " INIT_CRON_LINE " does so already: remove it where that is not "
			"wanted\n");
}

void init_next_write(const struct init_next *next, struct buffer *out)
{
	char *path = init_shell_word(next->path), *program = init_shell_word(next->program);
	struct init_next words = *next;

	words.path = path;
	words.program = program;
	if (text_equal(next->schedule, "timer"))
		write_timer(&words, out);
	else if (text_equal(next->schedule, "cron"))
		write_cron(&words, out);
	else
		write_none(&words, out);
	free(path);
	free(program);
	buffer_text(out,
		"  lampwatch key                # once: what is kept is signed (signing_key:)\n"
		"  lampwatch add NAME           # another page; --search WORD looks for it\n"
		"  lampwatch subscribe ADDRESS  # another reader; or they write (mail_in:)\n"
		"  man lampwatch.yaml           # everything else\n");
}
