/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h: who asks, by an API key, a session or from this machine alone, and what he may. */
#ifndef GUARD_H
#define GUARD_H
#include <stdbool.h>
#include "base/hash.h"
#include "base/own.h"
#include "port/db.h"

struct call;
struct guard;

/* any: everybody who is known. */
enum scope { SCOPE_NONE, SCOPE_READ, SCOPE_SUBMIT, SCOPE_OPERATE, SCOPE_ANY };
enum { SCOPES = 3 };
extern const char *const scope_names[SCOPES];	/* from SCOPE_READ on */

struct caller {
	char name[128];			/* of the key; "gateway" without keys */
	unsigned scopes;		/* bits, 1 << enum scope */
	bool is_limited;		/* to some customers */
	bool is_session;		/* signed in, by a cookie */
	struct db_rows *key;		/* a row a customer; NULL without keys */
	uint8_t shown[SHA256_SIZE];	/* the hash of the key or of the session's token; zeros: neither */
	struct db_array customers;	/* the same customers, as an argument */
};

/* ---- guard.c ---- */

bool guard_new(struct guard **ret);
void guard_free(struct guard *guard);
/* May this request be here at all, and who is it? needs: what the route wants. */
bool guard_admit(struct call *call, enum scope needs, bool changes);
/* The key that Authorization shows; NULL: none. */
const char *guard_bearer(const struct call *call);
/* Who has this key asks. False: 401. */
bool guard_key(struct call *call, const char *key);
/* The request names no other origin than ours. False: 403. */
bool guard_is_own_page(struct call *call);
/* Who asks is whom rows tell, of key.sql or session.sql; they are the call's then. False: 401. */
bool caller_take(struct call *call, const char *what, struct db_rows *rows);
const char *caller_word(const struct caller *caller);	/* its name, "-" for nobody that is known */
/* Of the i-th row of its key: one that it is limited to, or NULL. */
const char *caller_customer(const struct caller *caller, int i);
struct db_arg caller_customers(struct call *call);	/* text[]: null when not limited */
void guard_forget(struct guard *guard);	/* a key was made: there may have been none */
bool caller_may(const struct call *call, const char *customer_prefix);	/* NULL: not told */
/* False: 403; what: "Targets are". */
bool caller_is_of_all(struct call *call, const char *what);
/* Pure: is host (a Host header) this machine by a name of loopback? */
bool guard_host_is_local(const char *host);
/* Pure: origin (NULL: none) names the same place as host. */
bool guard_origin_is_own(const char *origin, const char *host);

/* ---- session.c ---- */

/* By its cookie. False: 401, or 403 for a request that changes something and is another site's. */
bool session_admit(struct call *call, bool changes);

OWN_FREEP(struct guard, guard_free)
#endif
