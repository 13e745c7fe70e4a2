/* SPDX-License-Identifier: Apache-2.0 */
/* dlq.c: dead letters, by hand. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json_write.h"
#include "base/words.h"
#include "dlq.h"
#include "screen.h"
#include "table.h"
#include "view.h"

enum { TEXT_SIZE = 80 };
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- list ---- */

static void
add(struct buf *path, const char *name, const char *value)
{
	if (value)
		path_add(path, name, value);
}

/* The batch may be gone, or never have been: then it is an id all the same. */
static bool
add_batch(struct cli *cli, struct buf *path, struct err *err)
{
	const char *operand = cli->args.texts[ARG_BATCH];
	struct named batch;
	struct uuid id;

	if (operand && uuid_read(&id, operand, strlen(operand)))
		uuid_print(batch.id, id);
	else if (operand && !find_batch(cli, operand, &batch, err))
		return false;
	add(path, "batch_id", operand ? batch.id : NULL);
	return true;
}

bool
dlq_page(struct cli *cli, const char *cursor, const char *limit, struct doc **ret, struct err *err)
{
	const char *from = cli->args.texts[ARG_FROM];
	struct buf path = {0};
	char since[TEXT_SIZE];
	bool well;

	snprintf(since, sizeof(since), "%s%s", from ? from : "", from && strchr(from, 'T') ? "" : "T00:00:00Z");
	buf_add_text(&path, "/api/letters");
	add(&path, "topic", cli->args.texts[ARG_TOPIC]);
	add(&path, "code", cli->args.texts[ARG_CODE]);
	add(&path, "since", from ? since : NULL);
	add(&path, "state", cli->args.texts[ARG_ALL] || cli->args.texts[ARG_AGAIN] ? "all" : NULL);
	add(&path, "limit", limit);
	add(&path, "cursor", cursor);
	well = add_batch(cli, &path, err) && (buf_text(&path) || err_set(err, ERR_FATAL, "out of memory"))
	    && peer_read(&cli->peer, buf_text(&path), ret, err);
	buf_clear(&path);
	return well;
}

bool
dlq_each(struct cli *cli, struct dlq_walk *ret,
    bool (*use)(void *state, const struct doc_value *letter, struct err *err), void *state, struct err *err)
{
	char cursor[DLQ_CURSOR] = "", limit[TEXT_SIZE];

	*ret = (struct dlq_walk){0};
	snprintf(limit, sizeof(limit), "%d", DLQ_PAGE);
	do {
		own(doc_freep) struct doc *doc = NULL;
		const struct doc_value *data;

		if (!dlq_page(cli, *cursor ? cursor : NULL, limit, &doc, err))
			return false;
		data = doc_member(doc_root(doc), "data");
		for (size_t i = 0; i < doc_size(data); i++)
			if (!use(state, doc_item(data, i), err))
				return false;
		ret->looked += int_in(doc_root(doc), "looked_at");
		ret->total = int_in(doc_root(doc), "total");
		snprintf(cursor, sizeof(cursor), "%s", text_in(doc_root(doc), "next_cursor"));
		ret->more = *cursor;
	} while (ret->more && ret->looked < DLQ_LOOK);
	return true;
}

/* How far it looked, where that is not all of it. */
static void
say_rest(const struct cli *cli, int64_t looked, int64_t total, bool more)
{
	char words[2][WORDS_SIZE];

	if (more)
		screen_say(cli, TONE_FAINT, "Looked at the newest %s of %s; there may be others, older.",
		    words_of_count(words[0], looked), words_of_count(words[1], total));
}

static bool
list(struct cli *cli, struct err *err)
{
	own(doc_freep) struct doc *doc = NULL;
	const struct doc_value *page, *data;

	if (!dlq_page(cli, cli->args.texts[ARG_CURSOR], cli->args.texts[ARG_LIMIT], &doc, err))
		return false;
	if (cli->json) {
		screen_write(&cli->peer.answer.body);
		return true;
	}
	page = doc_root(doc);
	data = doc_member(page, "data");
	if (doc_size(data) == 0)
		screen_say(cli, TONE_PLAIN, !int_in(page, "open") ? "No open dead letters."
		    : "No open dead letters of that kind.");
	if (!view_letters(cli, data, err))
		return false;
	say_rest(cli, int_in(page, "looked_at"), int_in(page, "total"), is_in(page, "next_cursor"));
	return true;
}

/* ---- list --by code ---- */

enum { KINDS_MAX = 200 };

struct kind { char topic[TEXT_SIZE], code[TEXT_SIZE], newest[TEXT_SIZE]; int64_t n; };
struct kinds { struct kind all[KINDS_MAX]; size_t n; struct dlq_walk walk; };

static bool
count(void *state, const struct doc_value *letter, struct err *err)
{
	struct kinds *kinds = state;
	const char *topic = text_in(letter, "topic"), *code = text_in(letter, "code");
	size_t i = 0;

	while (i < kinds->n && (strcmp(kinds->all[i].topic, topic)
	    || strncmp(kinds->all[i].code, code, TEXT_SIZE - 1)))
		i++;
	if (i == KINDS_MAX)
		i--;	/* more kinds than anybody reads: the last one has the rest */
	if (i == kinds->n) {
		struct kind *kind = &kinds->all[kinds->n++];

		snprintf(kind->topic, TEXT_SIZE, "%s", topic);
		snprintf(kind->code, TEXT_SIZE, "%s", code);
		snprintf(kind->newest, TEXT_SIZE, "%s", text_in(letter, "written_at"));
	}
	kinds->all[i].n++;
	(void)err;
	return true;
}

static int
by_number(const void *a, const void *b)
{
	const struct kind *left = a, *right = b;

	return (left->n < right->n) - (left->n > right->n);
}

static bool
view_kinds(struct cli *cli, const struct kinds *kinds, struct err *err)
{
	static const struct table_column columns[] = { { "TOPIC", false, false },
		{ "CODE", false, true }, { "LETTERS", true, false }, { "NEWEST, UTC", false, false } };
	own(table_freep) struct table *table = table_new(columns, COUNT(columns));
	char words[WORDS_SIZE];
	bool well = table != NULL;

	for (size_t i = 0; well && i < kinds->n; i++)
		well = table_add(table, kinds->all[i].topic, TONE_PLAIN)
		    && table_add(table, kinds->all[i].code, TONE_PLAIN)
		    && table_add(table, words_of_count(words, kinds->all[i].n), TONE_PLAIN)
		    && table_print(table, TONE_PLAIN, "%.19s", kinds->all[i].newest);
	if (!well)
		return err_set(err, ERR_FATAL, "out of memory");
	if (kinds->n == 0)
		screen_say(cli, TONE_PLAIN, "No open dead letters of that kind.");
	else if (!screen_table(cli, table, err))
		return false;
	say_rest(cli, kinds->walk.looked, kinds->walk.total, kinds->walk.more);
	return true;
}

static void
put_kinds(const struct kinds *kinds)
{
	struct buf json = {0};
	struct put put = { &json, false };

	put_open(&put, '{');
	put_name(&put, "data");
	put_open(&put, '[');
	for (size_t i = 0; i < kinds->n; i++) {
		put_open(&put, '{');
		put_text_of(&put, "topic", kinds->all[i].topic);
		put_text_of(&put, "code", kinds->all[i].code);
		put_int_of(&put, "letters", kinds->all[i].n);
		put_text_of(&put, "newest", kinds->all[i].newest);
		put_close(&put, '}');
	}
	put_close(&put, ']');
	put_int_of(&put, "looked_at", kinds->walk.looked);
	put_int_of(&put, "total", kinds->walk.total);
	put_name(&put, "more");
	put_bool(&put, kinds->walk.more);
	put_close(&put, '}');
	screen_write(&json);
	buf_clear(&json);
}

static bool
list_kinds(struct cli *cli, struct err *err)
{
	struct kinds *kinds;
	bool well;

	if (strcmp(cli->args.texts[ARG_BY], "code"))
		return err_code(err, ERR_FATAL, "usage", "--by: code, not \"%s\"", cli->args.texts[ARG_BY]);
	if (cli->args.texts[ARG_LIMIT] || cli->args.texts[ARG_CURSOR])
		return err_code(err, ERR_FATAL, "usage", "--by counts all: it has no place for --limit or --cursor");
	kinds = calloc(1, sizeof(*kinds));
	if (!kinds)
		return err_set(err, ERR_FATAL, "out of memory");
	well = dlq_each(cli, &kinds->walk, count, kinds, err);
	qsort(kinds->all, kinds->n, sizeof(*kinds->all), by_number);
	if (well && cli->json)
		put_kinds(kinds);
	else
		well = well && view_kinds(cli, kinds, err);
	free(kinds);
	return well;
}

bool
run_dlq(struct cli *cli, struct err *err)
{
	return cli->args.texts[ARG_BY] ? list_kinds(cli, err) : list(cli, err);
}

/* ---- show ---- */

static bool
file_err(struct err *err, const char *path)
{
	return err_code(err, ERR_FATAL, "file", "%s: %s", path, strerror(errno));
}

/* A file that is there stays as it is. */
static bool
write_new(const char *path, const struct buf *bytes, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t at = 0;
	ssize_t n = 0;

	if (fd < 0)
		return file_err(err, path);
	for (; at < bytes->size && (n = write(fd, bytes->data + at, bytes->size - at)) > 0; at += (size_t)n)
		;
	if (n < 0 || fsync(fd) != 0) {
		file_err(err, path);
		close(fd);
		unlink(path);
		return false;
	}
	return close(fd) == 0 || file_err(err, path);
}

static bool
show_raw(struct cli *cli, const char *id, struct err *err)
{
	const char *file = cli->args.texts[ARG_OUTPUT];
	struct http_request request;
	struct buf path = {0};
	bool well;

	if (!file && isatty(STDOUT_FILENO))
		return err_code(err, ERR_FATAL, "usage", "--raw: bytes are nothing for a terminal; say --output FILE");
	buf_add_text(&path, "/api/letters/");
	http_escape(&path, id);
	buf_add_text(&path, "/value");
	request = peer_request(&cli->peer, "GET", buf_text(&path) ? buf_text(&path) : "/");
	well = peer_ask(&cli->peer, &request, err);
	buf_clear(&path);
	if (!well)
		return false;
	if (file && strcmp(file, "-"))
		return write_new(file, &cli->peer.answer.body, err);
	fwrite(cli->peer.answer.body.data, 1, cli->peer.answer.body.size, stdout);
	return true;
}

bool
run_dlq_show(struct cli *cli, struct err *err)
{
	const char *id = cli->args.operands[1];
	own(doc_freep) struct doc *doc = NULL;
	struct buf path = {0};
	bool well;

	if (cli->args.texts[ARG_RAW])
		return cli->json ? err_code(err, ERR_FATAL, "usage", "--json has no place beside --raw")
		                 : show_raw(cli, id, err);
	if (cli->args.texts[ARG_OUTPUT])
		return err_code(err, ERR_FATAL, "usage", "--output is of --raw");
	buf_add_text(&path, "/api/letters/");
	http_escape(&path, id);
	well = buf_text(&path) ? read_to_show(cli, buf_text(&path), &doc, err)
	                       : err_set(err, ERR_FATAL, "out of memory");
	buf_clear(&path);
	if (well && !cli->json)
		view_letter(cli, doc_root(doc));
	return well;
}
