/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.h: the gateway, asked by a program of the line: one question, and what it says when it will not
 * answer. picks.h says which files are submitted, submit.h submits them.
 */
#ifndef PEER_H
#define PEER_H
#include <stdbool.h>
#include <stdint.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "port/http.h"

struct peer {			/* one for each thread */
	struct http *http;
	const char *url, *key;
	char bearer[300];
	struct buf address;
	struct http_answer answer;	/* the last one */
	struct buf details;		/* of the last problem: a line a field */
};

bool peer_open(struct peer *ret, const char *url, const char *key, struct err *err);
void peer_close(struct peer *peer);
/* A request to this path, "/api/batches"; the next one takes its place. */
struct http_request peer_request(struct peer *peer, const char *method, const char *path);
/* True: a 2xx. A problem becomes an error with its slug as code ("not-found"). */
bool peer_ask(struct peer *peer, const struct http_request *request, struct err *err);
/* The same, again and again for a while when it may help. */
bool peer_ask_patiently(struct peer *peer, const struct http_request *request, struct err *err);
/* GET, and its body as JSON. */
bool peer_read(struct peer *peer, const char *path, struct doc **ret, struct err *err);
bool peer_answer_json(struct peer *peer, struct doc **ret, struct err *err);
/* Sends this JSON, and reads the one that comes. */
bool peer_send(struct peer *peer, const char *method, const char *path, struct buf *json,
    struct doc **ret, struct err *err);

/* ---- what stands in JSON ---- */

const char *text_in(const struct doc_value *object, const char *name);	/* "" when not there */
int64_t int_in(const struct doc_value *object, const char *name);	/* 0 when not there */
bool is_in(const struct doc_value *object, const char *name);		/* there, and not null */
#endif
