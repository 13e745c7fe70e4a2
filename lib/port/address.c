/* SPDX-License-Identifier: Apache-2.0 */
/* address.c: getaddrinfo, and which networks an address is in. All are compared as IPv6. */
#include "port/address.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- networks ---- */

enum { NETWORK_TEXT_SIZE = 64, V4_BITS = 96 };

/* False: neither IPv4 nor IPv6. */
static bool
widen(uint8_t ret[16], const struct sockaddr *address)
{
	const struct sockaddr_in6 *six = (const void *)address;
	const struct sockaddr_in *four = (const void *)address;
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (address->sa_family == AF_INET6) {
		memcpy(ret, &six->sin6_addr, 16);
	} else {
		memcpy(ret, mapped, sizeof(mapped));
		memcpy(ret + sizeof(mapped), &four->sin_addr, 4);
	}
	return address->sa_family == AF_INET || address->sa_family == AF_INET6;
}

bool
address_network(uint8_t ret[16], const struct sockaddr *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!widen(ret, address))
		return false;
	if (memcmp(ret, mapped, sizeof(mapped)))
		memset(ret + 8, 0, 8);
	return true;
}

static bool
is_within(const uint8_t address[16], const struct network *network)
{
	int whole = network->bits / 8, rest = network->bits % 8;

	return !memcmp(address, network->bytes, (size_t)whole)
	    && (!rest || (address[whole] ^ network->bytes[whole]) >> (8 - rest) == 0);
}

static bool
network_read(struct network *ret, const char *text)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	char host[NETWORK_TEXT_SIZE], *slash, *end;
	long bits, least = 0;

	snprintf(host, sizeof(host), "%s", text);
	slash = strchr(host, '/');
	if (!slash || strspn(slash + 1, "0123456789") == 0)
		return false;
	*slash = '\0';
	bits = strtol(slash + 1, &end, 10);
	if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
		widen(ret->bytes, (const void *)&four);
		least = V4_BITS;
	} else if (inet_pton(AF_INET6, host, ret->bytes) != 1) {
		return false;
	}
	ret->bits = (int)(bits + least);
	return !*end && bits <= 128 - least;
}

bool
networks_read(struct networks *ret, const char *text, struct err *err)
{
	char one[NETWORK_TEXT_SIZE];

	ret->n = 0;
	while (*text) {
		size_t size = strcspn(text, ",");

		snprintf(one, sizeof(one), "%.*s", (int)size, text);
		if (ret->n == NETWORKS_MAX)
			return err_code(err, ERR_FATAL, "option", "more than %d networks", NETWORKS_MAX);
		if (size >= sizeof(one) || !network_read(&ret->list[ret->n++], one))
			return err_code(err, ERR_FATAL, "option", "\"%s\" is no network like 10.0.0.0/8",
			    one);
		text += size + (text[size] == ',');
	}
	return true;
}

bool
networks_have(const struct networks *networks, const struct sockaddr *address)
{
	uint8_t bytes[16];

	if (!widen(bytes, address))
		return false;
	for (size_t i = 0; i < networks->n; i++)
		if (is_within(bytes, &networks->list[i]))
			return true;
	return false;
}

static bool
is_ours(const struct sockaddr *address)
{
	uint8_t bytes[16], own_bytes[16];
	struct ifaddrs *list;
	bool found = false;

	if (!widen(bytes, address) || getifaddrs(&list))
		return true;
	for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next)
		found = i->ifa_addr && widen(own_bytes, i->ifa_addr) && !memcmp(bytes, own_bytes, 16);
	freeifaddrs(list);
	return found;
}

bool
address_is_public(const struct sockaddr *address)
{
	static const char special[] = "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,"
	    "172.16.0.0/12,192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,"
	    "198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4";
	static const char six[] = "2001::/23,2001:db8::/32,2002::/16,3fff::/20";
	struct networks common, rare, open;
	struct err err = {0};

	if (!networks_read(&common, special, &err) || !networks_read(&rare, six, &err)
	    || !networks_read(&open, "0.0.0.0/0,2000::/3", &err))
		return false;
	return networks_have(&open, address) && !networks_have(&common, address)
	    && !networks_have(&rare, address) && !is_ours(address);
}

bool
networks_may_call(void *state, const struct sockaddr *address, bool is_plain)
{
	const struct networks *allowed = state;

	return networks_have(allowed, address) || (!is_plain && address_is_public(address));
}
