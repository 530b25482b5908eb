/* SPDX-License-Identifier: ISC */
#include "base/system_error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/user.h"

enum owner {
	ASKED,   /* the name that was asked for, or whoever asked */
	MACHINE, /* this machine */
	PEER,    /* the other end of the connection */
};

static const struct row {
	int number;
	enum owner file, connection;
	const char *remedy; /* NULL: the system's word says enough */
} rows[] = {
	{ENOENT, ASKED, PEER, NULL},
	{ENOTDIR, ASKED, PEER, NULL},
	{EISDIR, ASKED, PEER, NULL},
	{ELOOP, ASKED, PEER, NULL},
	{ENAMETOOLONG, ASKED, PEER, NULL},
	{EEXIST, ASKED, PEER, NULL},
	{ENOEXEC, ASKED, PEER, NULL},
	{ESPIPE, ASKED, PEER, "a pipe or a device is in the place of a file"},
	{EACCES, MACHINE, MACHINE, "use the account that owns it, or let this one use it"},
	{EPERM, MACHINE, MACHINE, "use the account that owns it"},
	{EMFILE, MACHINE, MACHINE, "raise this process's limit (ulimit -n)"},
	{ENFILE, MACHINE, MACHINE, "raise the system's limit (fs.file-max)"},
	{ENOMEM, MACHINE, MACHINE, "free some memory"},
	{ENOBUFS, MACHINE, MACHINE, "free some memory"},
	{EAGAIN, MACHINE, PEER, "raise the limit of processes (ulimit -u)"},
	{EADDRNOTAVAIL, MACHINE, MACHINE, "this machine has no free port or no such address"},
	{ENOSPC, MACHINE, PEER, "make room"},
	{EDQUOT, MACHINE, PEER, "make room"},
	{EFBIG, MACHINE, PEER, "raise the limit of a file's length (ulimit -f)"},
	{EROFS, MACHINE, PEER, "mount it for writing"},
	{EIO, MACHINE, PEER, "look at the disk (dmesg)"},
	{ESTALE, MACHINE, PEER, "mount it again"},
	{ENOLCK, MACHINE, PEER, "the file system must support flock (NFS: version 4)"},
};

static const struct row *row_find(int number)
{
	static const struct row other = {0, MACHINE, PEER, NULL};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].number == number)
			return &rows[i];
	return &other;
}

bool system_error_absent(int number)
{
	return number == ENOENT || number == ENOTDIR;
}

bool system_error_local(int number)
{
	return number != 0 && row_find(number)->file == MACHINE;
}

bool system_error_local_connection(int number)
{
	return number != 0 && row_find(number)->connection == MACHINE;
}

const char *system_error_text(int number)
{
	static _Thread_local char text[256];
	const char *remedy = row_find(number)->remedy;

	snprintf(text, sizeof text, "%s%s%s", strerror(number), remedy != NULL ? "; " : "",
		remedy != NULL ? remedy : "");
	return text;
}

bool system_error_lack(struct error *error, const char *what, int number)
{
	error_set(error, REMEDY_LOCAL, "%s: %s", what, system_error_text(number));
	if (error != NULL)
		error->number = number;
	return false;
}

bool system_error_connection(struct error *error, int number)
{
	return system_error_lack(error, "no connection can be made", number);
}

bool system_error_set(struct error *error, const char *path, const char *what)
{
	int number = errno;
	char *denied = number == EACCES ? user_denied(path) : NULL;

	error_set(error, REMEDY_LOCAL, "%s: %s: %s%s%s", path, what, system_error_text(number),
		denied != NULL ? ": " : "", denied != NULL ? denied : "");
	if (error != NULL)
		error->number = number;
	free(denied);
	errno = number;
	return false;
}
