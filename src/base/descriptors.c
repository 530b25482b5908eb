/* SPDX-License-Identifier: ISC */
#include "base/descriptors.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int[DESCRIPTORS_MAX]))];
};

bool descriptors_send(
	int socket, const void *bytes, size_t length, const int *descriptors, size_t count)
{
	union control control = {0};
	struct iovec place = {(void *)(uintptr_t)bytes, length};
	struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1};

	if (count > 0) {
		control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(count * sizeof(int))};
		memcpy(CMSG_DATA(&control.header), descriptors, count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL) == (ssize_t)length;
}

ssize_t descriptors_receive(int socket, int flags, void *bytes, size_t length,
	int descriptors[static DESCRIPTORS_MAX], size_t *count)
{
	union control control;
	struct iovec place = {bytes, length};
	struct msghdr message = {.msg_iov = &place,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	ssize_t got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = got >= 0 ? CMSG_FIRSTHDR(&message) : NULL;

	*count = 0;
	if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		*count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (*count > 0)
		memcpy(descriptors, CMSG_DATA(header), *count * sizeof(int));
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		while (*count > 0)
			close(descriptors[--*count]);
	return got;
}
