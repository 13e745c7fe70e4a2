/* SPDX-License-Identifier: Apache-2.0 */
/* address.h: host:port as people write it, and whether an address is this machine. */
#ifndef ADDRESS_H
#define ADDRESS_H
#include <netdb.h>
#include <stdbool.h>
#include "base/err.h"

/* To listen on; [::1]:80 too. *ret goes to freeaddrinfo(). Malformed: code "option". */
bool address_read(struct addrinfo **ret, const char *listen, struct err *err);
bool address_is_loopback(const struct sockaddr *address);
#endif
