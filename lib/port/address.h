/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h: host:port as people write it, what kind of address one is, and networks.
 *
 * A public address is one that anybody on the Internet could reach: not loopback, private,
 * link-local, shared, multicast, reserved or for documentation (IANA's special-purpose
 * registries), nor an IPv6 address that carries such an IPv4 one, nor one of this machine's own.
 */
#ifndef ADDRESS_H
#define ADDRESS_H
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* To listen on; [::1]:80 too. *ret goes to freeaddrinfo(). Malformed: code "option". */
bool address_read(struct addrinfo **ret, const char *listen, struct err *err);
bool address_is_loopback(const struct sockaddr *address);
/* An IPv4 address as ::ffff:0:0/96 has it, of an IPv6 one its /64. False: neither. */
bool address_network(uint8_t ret[16], const struct sockaddr *address);
bool address_is_public(const struct sockaddr *address);

/* IPv4 lies in ::ffff:0:0/96. */
struct network { uint8_t bytes[16]; int bits; };
enum { NETWORKS_MAX = 16 };
struct networks { struct network list[NETWORKS_MAX]; size_t n; };

/* "10.0.0.0/8,fd00::/8"; "" is none. Malformed: code "option". */
bool networks_read(struct networks *ret, const char *text, struct err *err);
bool networks_have(const struct networks *networks, const struct sockaddr *address);
/* For http_options: state is the struct networks of the operator's own, which may be called by any
 * scheme; others by TLS, at public addresses alone. */
bool networks_may_call(void *state, const struct sockaddr *address, bool is_plain);
#endif
