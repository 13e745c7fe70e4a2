/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway.h: the HTTP side of the line, its rooms and what they share.
 *
 *	main     options, life                    route    which handler answers, who may ask
 *	guard    Host, Origin, API keys           problem  what went wrong, as RFC 9457
 *	pool     connections to Postgres          query    the list's parameters and cursor
 *	list     lists and counts                 item     rows of batches and jobs as JSON
 *	form     a submission, from JSON          upload   .. and from multipart; raw blobs
 *	submit   publishing and waiting           command  delete, cancel, retry, pause, resume, priority
 *	file     archives, previews, outputs      page     the dashboard and the API's description
 *	body     what a request may bring         answer   what answers have in common
 *	jsonbody JSON while it comes in           data     pictures within JSON
 *	tally    .. and what it holds             budget   the memory of all bodies
 *	members  .. and what each member says     search   the batches that words are found in
 *	target   where batches are delivered to   delivery what became of it
 *	trial    a target tested by its service   pipeline what can be done with a picture
 *	order    deliveries again, or not at all  filter   which of them
 *	session  people's browsers, signed in
 *	key      who may ask, made and ended      audit    who did what, written and shown
 *	events   GET /api/events                  live     .. its clients and the topic
 *	stream   .. one of them                   position .. how far it has heard
 *	news     .. what a record tells           over     .. whose key or session ended
 *	telling  .. many of them, told at once
 *	kept     answers while nothing changes     moment   .. asked once for all who wait
 *	history  what happened to a batch
 *	letters  dead letters, found               look     .. a page of them
 *	letter   .. and told                       settle   .. and put back, or let be
 *	line     how all of it is
 *	fair     how much a client may ask         limit    .. as an address, and as a key
 *	cors     pages of other sites
 *
 * A request is a struct call from its headers to its answer; one thread works on it. A handler
 * fills the answer and returns true, or says what is wrong (problem.h) and returns false. What
 * threads share is read-only, or guarded where it lives: the pool, the bus, the keys' cache.
 */
#ifndef GATEWAY_H
#define GATEWAY_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/option.h"
#include "base/uuid.h"
#include "batch/name.h"
#include "batch/status.h"
#include "delivery/shown.h"
#include "event/codec.h"
#include "event/event.h"
#include "port/blob.h"
#include "port/bus.h"
#include "port/db.h"
#include "port/httpd.h"
#include "fair.h"
#include "guard.h"
#include "moment.h"
#include "tally.h"

enum {
	PATH_ARGUMENTS_MAX = 2,	/* variable parts of a path */
	ARGUMENT_SIZE = 260,
	CUSTOMERS_MAX = 64,		/* a target may be limited to */
	WAIT_MS = 2000,			/* for the projection, unless Prefer says otherwise */
	WAIT_MOST_MS = 30000,
	FORM_MEMORY = 64 << 20,		/* bytes of one submission's texts */
	PACKED_LEAST = 1024,		/* bytes of a text that is worth packing */
	DESCRIPTION_MAX = 4000,		/* bytes */
	FORM_FIELDS = 5,		/* of a multipart form, but for its files */
	ETAG_SIZE = SHA256_TEXT_SIZE + 2,
};

/* ---- what lives as long as the process ---- */

struct db_pool;		/* pool.c */
struct live;		/* live.c */
struct kept;		/* kept.c */
struct letters;		/* letters.c */

struct gateway {
	const struct options *options;
	struct db_pool *pool;
	struct guard *guard;
	struct bus *bus;
	struct live *live;
	struct kept *kept;
	struct letters *letters;
	struct codec *codec;
	struct blob_store *blobs;
	const char *cors_origins;	/* checked; NULL or empty: none */
	const char *source_hosts;	/* likewise */
	const char *time_zone;		/* the line's; NULL: UTC */
	struct fair *fair;		/* NULL: nobody is limited */
	struct fair_limits limits;
	size_t json_max, file_max, upload_max, files_max;	/* bytes; files a batch */
	size_t bodies_max;
	int64_t session_s, session_idle_s;
	unsigned calls_max;
	bool health_is_apart;	/* /readyz and /metrics have a port of their own */
	atomic_uint calls;	/* requests in work, but for those of health */
	atomic_size_t bodies;	/* bytes that bodies in work take */
	atomic_bool lost;	/* the producer is: end, be started again */
};

/* ---- one request ---- */

struct route;
struct upload;		/* upload.c: a body that is stored while it comes in */

struct call {
	struct gateway *gateway;
	const struct route *route;
	const struct httpd_request *request;	/* of the moment: begin's, then the handler's */
	struct httpd_answer *answer;
	char arguments[PATH_ARGUMENTS_MAX][ARGUMENT_SIZE];
	struct uuid id;				/* the first argument, where it is one */
	struct caller caller;
	struct buf body;			/* of a JSON request */
	bool is_counted;			/* in gateway.calls */
	struct fair_client *place[2];		/* of its address, and of its key */
	bool takes_json;
	bool is_packed;			/* the answer is already */
	char snapshot[MOMENT_SIZE];		/* an answer may be kept under it; "": it may not */
	struct buf question;			/* .. as the answer to this */
	struct tally tally;			/* of the body */
	size_t taken;				/* of the budget */
	struct upload *upload;
	struct { const struct problem_kind *kind; char detail[600]; struct buf fields; size_t n; } problem;
	char type[128];				/* Content-Type, when a row told it */
	int64_t begun_ms, begun_us;	/* of the monotonic clock; of the calendar's */
};

/* ---- problem.c ---- */

struct problem_kind { const char *slug; int status; const char *title; };

extern const struct problem_kind problem_bad_request, problem_malformed_json, problem_invalid,
    problem_unauthorized, problem_forbidden, problem_foreign_origin, problem_foreign_host,
    problem_not_found, problem_no_address, problem_no_method, problem_not_finished, problem_no_outputs,
    problem_not_possible, problem_deleted, problem_precondition, problem_too_large, problem_too_many,
    problem_media_type, problem_range, problem_unknown_pipeline, problem_conflict, problem_not_accepted,
    problem_taken, problem_internal, problem_unavailable, problem_busy, problem_archive_pending;

/* All return false. The first kind stays. */
bool problem(struct call *call, const struct problem_kind *kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One entry of errors[]; without a kind yet it is problem_invalid. */
bool problem_field(struct call *call, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A door's error: unwell is 503, ours is 500 (and logged). */
bool problem_err(struct call *call, const struct err *err);
bool problem_is_set(const struct call *call);
void problem_answer(struct call *call);		/* fills the answer */

/* ---- pool.c ---- */

bool db_pool_new(struct db_pool **ret, const char *conninfo, size_t size);
void db_pool_free(struct db_pool *pool);		/* NULL is fine */
/* It answers, and our role may read there. */
bool db_pool_is_well(struct db_pool *pool, struct err *err);
/* One statement on any connection. rows may be NULL. */
#define db_pool_run(pool, rows, err, sql, ...)                                       \
	db_pool_run_args(pool, rows, err, sql, (const struct db_arg[]){ __VA_ARGS__ }, \
	    sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg))
bool db_pool_run_args(struct db_pool *pool, struct db_rows **rows, struct err *err, const char *sql,
    const struct db_arg *args, size_t n_args);
/* .. for a call. Who only reads, waited for a connection and has gone meanwhile is let be: 503, and false. */
#define db_call_run(call, rows, err, sql, ...)                                       \
	db_call_run_args(call, rows, err, sql, (const struct db_arg[]){ __VA_ARGS__ }, \
	    sizeof((const struct db_arg[]){ __VA_ARGS__ }) / sizeof(struct db_arg))
bool db_call_run_args(struct call *call, struct db_rows **rows, struct err *err, const char *sql,
    const struct db_arg *args, size_t n_args);
bool db_call_read(struct call *call, struct db_rows **rows, struct err *err, const struct db_step *steps,
    size_t n);	/* .. several that only read, at once */

/* ---- route.c ---- */

bool call_begin(void *state, const struct httpd_request *request, void **intake,
    struct httpd_answer *answer);
bool call_piece(void *intake, const void *bytes, size_t size);
void call_serve(void *state, const struct httpd_request *request, struct httpd_answer *answer);
void call_end(void *intake);
void call_refuse(void *state, const struct httpd_request *request, int status, const char *why,
    struct httpd_answer *answer);

/* ---- answer.c ---- */

/* Begins a JSON answer; what is put goes to the answer's body. */
struct put answer_json(struct call *call, int status);
/* A name: the first n rows, as objects. */
void put_rows(struct put *put, const char *name, const struct shown *shown, int n);
/* 200 with all of them as "data", or with the first alone. */
bool answer_rows(struct call *call, const struct shown *shown);
bool answer_row(struct call *call, int status, const struct shown *shown);
/* The tag is of what is told, not of its bytes on the wire, which may be packed. */
void answer_weak_tag(struct call *call, const char *etag);
bool answer_may_be_packed(const struct call *call);	/* by gzip: the client takes it */
void answer_packed(struct call *call, const struct buf *packed);	/* a body that is */
/* The answer's bytes are its ETag, so it is never stale; who has them already gets 304. */
void answer_tag(struct call *call);
void answer_etag(struct call *call, const char *etag);	/* .. whose ETag is known */
void answer_location(struct call *call, struct uuid batch_id);
/* Who did what from where, and how it went (audit.c); a line in the log when it cannot be written. */
void audit(struct call *call, const char *action, const char *object, const char *outcome);
/* .. what anybody can ask for and is refused: one a minute from each address, ten from all. */
void audit_refused(struct call *call, const char *action, const char *object);
enum { AUDIT_SOURCE_SIZE = 160 };
char *audit_source(struct call *call, char ret[AUDIT_SOURCE_SIZE]);	/* from where; returns ret */
void answer_end(struct call *call);	/* says the problem, where there is one; counts and logs */
void answer_metrics_add(void);

/* ---- body.c, jsonbody.c ---- */

enum body { BODY_NONE, BODY_JSON, BODY_FORM, BODY_RAW };	/* form: JSON or multipart */
struct doc;
struct doc_value;

bool body_begin(struct call *call, enum body body);	/* by the headers */
bool body_take(struct call *call, const void *bytes, size_t size);	/* false: no more of it */

bool jsonbody_begin(struct call *call);
bool jsonbody_take(struct call *call, const void *bytes, size_t size);
bool jsonbody_read(struct call *call, struct doc **ret);	/* the bytes are gone then */
void jsonbody_clear(struct call *call);

/* ---- members.c ---- */

enum need { NEED_NOT, NEED_MAY, NEED_MUST };

/* A member of a body that makes a thing, or changes one. */
struct member {
	const char *name;
	enum need of_new, of_change;
	void (*read)(void *wish, const struct doc_value *value);
};

struct body_rules {
	const char *what;				/* "a target" */
	const struct member *members;
	int n;
	const char *not_of_new, *not_of_change;		/* said of a member that is NEED_NOT there */
};

/* Each member to its reader, which tells the defects of its value. False: there are some. */
bool members_read(struct call *call, const struct body_rules *rules, bool is_new,
    const struct doc_value *root, void *wish);

/* The value of "name", of a target or an API key; what is none is told. */
const char *members_name(struct call *call, const struct doc_value *value);

/* ---- limit.c ---- */

bool limit_open(struct gateway *g, const struct options *options);	/* false: out of memory */
void limit_metrics_add(void);
/* False: 429. What a request holds of its client's share is given back by limit_end(). */
bool limit_address(struct call *call);
bool limit_key(struct call *call, bool submits);
bool limit_all(struct call *call);	/* 503, and false: the gateway is full */
enum budget { BUDGET_BODIES, BUDGET_LISTENERS, BUDGET_SEARCHES };
bool limit_budget(struct call *call, enum budget budget, const char *why);	/* .. of these */
/* It only reads, and who asked has gone: nobody would hear the answer. True: 503, and counted. */
bool limit_gone(struct call *call);
void limit_end(struct call *call);

/* ---- cors.c ---- */

bool cors_check(const char *origins, struct err *err);	/* code "option" where one is none */
bool cors_has(const char *origins, const char *origin);	/* pure */
const char *cors_origin(const struct call *call);	/* whose page asks and may; NULL: nobody's */
void cors_answer(struct call *call);			/* on each answer */
void cors_preflight(struct call *call);			/* on one to OPTIONS */

/* ---- budget.c ---- */

/* So many bytes more for this request's body; false: 503. They are given back at its end. */
bool budget_take(struct call *call, size_t bytes);
void budget_give_back(struct call *call);

/* ---- search.c ---- */

/* The batches that the pattern is found in, added to ids. 400 when they are too many. */
bool search(struct call *call, const char *pattern, struct db_array *ids);

/* ---- item.c: what there is of a batch is delivery/shown.h's to put ---- */

/* The row of the batch, or of the job, that the path names; without one: 404. *ret is the caller's. */
bool item_batch_read(struct call *call, struct db_rows **ret);
bool item_job_read(struct call *call, struct db_rows **ret);

/* ---- handlers ---- */

bool serve_list(struct call *call);
bool serve_stats(struct call *call);
bool serve_hours(struct call *call);
bool serve_events(struct call *call);
bool serve_parked(struct call *call);
bool serve_working(struct call *call);
bool serve_pipelines(struct call *call);
bool serve_pipeline(struct call *call);
bool serve_pipeline_add(struct call *call);
bool serve_pipeline_change(struct call *call);
bool serve_batch(struct call *call);
bool serve_jobs(struct call *call);
bool serve_history(struct call *call);
bool serve_batch_deliveries(struct call *call);
bool serve_deliveries(struct call *call);
bool serve_delivery(struct call *call);
bool serve_delivery_order(struct call *call);	/* replay or skip: the last word of the path */
bool serve_delivery_orders(struct call *call);
bool serve_job(struct call *call);
bool serve_download(struct call *call);
bool serve_sheet(struct call *call);
bool serve_preview(struct call *call);
bool serve_input(struct call *call);
bool serve_output(struct call *call);
bool serve_submit_one(struct call *call);
bool serve_submit_batch(struct call *call);
bool serve_blob(struct call *call);
bool serve_delete(struct call *call);
bool serve_command(struct call *call);		/* the last word of the path */
bool serve_targets(struct call *call);
bool serve_target(struct call *call);
bool serve_target_add(struct call *call);
bool serve_target_change(struct call *call);
bool serve_target_remove(struct call *call);
bool serve_target_test(struct call *call);
bool serve_keys(struct call *call);
bool serve_key(struct call *call);
bool serve_key_add(struct call *call);
bool serve_key_revoke(struct call *call);
bool serve_key_rotate(struct call *call);
bool serve_session(struct call *call);
bool serve_session_add(struct call *call);
bool serve_session_remove(struct call *call);
bool serve_audit(struct call *call);
bool serve_letters(struct call *call);
bool serve_line(struct call *call);
bool serve_letter(struct call *call);
bool serve_letter_value(struct call *call);
bool serve_letter_order(struct call *call);	/* replay or discard: the last word of the path */
bool serve_live(struct call *call);
bool serve_ready(struct call *call);
bool serve_metrics(struct call *call);
bool serve_page(struct call *call);
bool page_is_there(const char *path);
bool gateway_is_ready(void *gateway);	/* if not, the log tells why */

/* ---- form.c, data.c, upload.c, submit.c ---- */

/* A submission while it is put together; its texts live in the arena. */
struct form {
	struct call *call;
	struct arena *arena;
	struct batch_submitted submitted;
	size_t capacity;		/* of submitted.files */
	bool has_pipeline;
	const char *said[FORM_FIELDS];	/* of a multipart body; NULL: not yet */
	const char *file_name;		/* .. of the source_uri that comes next; NULL: none */
	bool is_full;			/* more files than allowed came: counted, not kept */
	size_t n_files;			/* that came */
};

bool form_init(struct form *form, struct call *call);
void form_clear(struct form *form);
/* From the JSON body; single: the members of one file stand in the object itself. */
bool form_read_json(struct form *form, bool single);
/* A scalar of a multipart body, by its JSON name. Defects become fields of the problem. */
void form_read_field(struct form *form, const char *name, const char *value);
/* A file of these bytes in the store; checks the name. */
void form_add_stored(struct form *form, const char *file_name, const struct blob_done *stored);
bool form_finish(struct form *form, bool single);	/* what can only be seen at the end */

bool file_too_large(struct call *call, const char *field);	/* 413, and false */
/* A text of base64 into the store; field: its name, for what is wrong. */
bool data_store(struct call *call, const char *field, const struct doc_value *value,
    struct blob_done *ret);
/* Where the file lies, in the store or elsewhere; a defect becomes a field of the problem. */
void source_name(struct form *form, struct submitted_file *file, const char *field, const char *uri);

bool upload_begin(struct call *call);			/* by the route and Content-Type */
bool upload_take(struct upload *upload, const void *bytes, size_t size);
struct form *upload_form(struct upload *upload);	/* NULL: not multipart */
bool upload_finish(struct upload *upload);
void upload_free(struct upload *upload);		/* NULL is fine */

/* Up to `Prefer: wait=N`, else WAIT_MS; respond-async alone: 0. said: what was applied, for
 * Preference-Applied, or "". Pure. */
enum { PREFER_SIZE = 64 };
int64_t prefer_wait_ms(const char *prefer, char said[PREFER_SIZE]);
/* A key as a string of RFC 8941 or bare; NULL: neither. Pure; ret holds size bytes. */
const char *idempotency_key_read(char *ret, size_t size, const char *header);
/* Calls is_done until it says so, fails, or the time is over (*late). */
bool wait_for(int64_t wait_ms, bool (*is_done)(void *state, bool *done, struct err *err),
    void *state, bool *late, struct err *err);
/* Publishes, key = the batch's id, and waits for the broker. 503 when it does not take it. */
bool publish(struct call *call, enum topic topic, int32_t partition, const struct event *event);

OWN_FREEP(struct db_pool, db_pool_free)
OWN_FREEP(struct upload, upload_free)
#endif
