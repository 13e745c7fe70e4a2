/* SPDX-License-Identifier: Apache-2.0 */
/* address.c: getaddrinfo, and what loopback looks like in either family. */
#include "port/address.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { HOST_MAX = 256 };

bool
address_read(struct addrinfo **ret, const char *listen, struct err *err)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	const char *colon = strrchr(listen, ':');
	char host[HOST_MAX];
	size_t size = colon ? (size_t)(colon - listen) : 0;

	if (!colon || size == 0 || size >= sizeof(host))
		return err_code(err, ERR_FATAL, "option", "\"%s\" is not host:port", listen);
	if (listen[0] == '[' && listen[size - 1] == ']')
		snprintf(host, sizeof(host), "%.*s", (int)size - 2, listen + 1);
	else
		snprintf(host, sizeof(host), "%.*s", (int)size, listen);
	if (getaddrinfo(host, colon + 1, &hints, ret))
		return err_code(err, ERR_FATAL, "option", "\"%s\" is no address to listen on", listen);
	return true;
}

bool
address_is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const void *)address;
	const struct sockaddr_in *four = (const void *)address;

	if (address->sa_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	if (address->sa_family != AF_INET6)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr)
	    || (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr) && six->sin6_addr.s6_addr[12] == 127);
}
