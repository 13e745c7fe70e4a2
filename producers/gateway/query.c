/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: a table of parameters, each with its reader. */
#include "query.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/base64.h"
#include "base/date.h"
#include "base/json_write.h"
#include "base/utf8.h"

const char *const sort_names[SORTS] = { "created_at", "updated_at", "completed_at", "total_files",
	"total_size", "status", "customer_prefix", "base_directory_name" };
const char *const batch_statuses[STATUSES] = { "queued", "processing", "paused", "completed",
	"partial", "failed", "cancelled" };
const char *const job_statuses[JOB_STATUSES] = { "queued", "dispatched", "processing", "retry_wait",
	"completed", "failed", "cancelled" };

enum { DAY_SIZE = 10 };			/* YYYY-MM-DD */
struct words { char *text; size_t size; };	/* room for a detail */

__attribute__((format(printf, 2, 3))) static bool
say(struct words words, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words.text, words.size, fmt, ap);
	va_end(ap);
	return false;
}

/* "is not one of a, b, c" */
static bool
say_choice(struct words words, const char *const *choices, size_t n)
{
	char list[160] = "";

	for (size_t i = 0; i < n; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "",
		    choices[i]);
	return say(words, "is not one of %s", list);
}

/* The place of a word in a list; n when it is not there. */
static size_t
choice(const char *const *choices, size_t n, const char *word)
{
	size_t i = 0;

	while (i < n && strcmp(choices[i], word))
		i++;
	return i;
}

bool
number_read(int64_t *ret, const char *text, int64_t least, int64_t most)
{
	char *end;
	long long number;

	if (text[text[0] == '-'] < '0' || text[text[0] == '-'] > '9')
		return false;
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || *end || number < least || number > most)
		return false;
	*ret = number;
	return true;
}

/* ---- one reader a parameter ---- */

static bool
read_status(struct list_query *query, const char *value, struct words words)
{
	size_t i = choice(batch_statuses, STATUSES, value);

	if (i == STATUSES)
		return say_choice(words, batch_statuses, STATUSES);
	query->statuses |= 1u << i;
	return true;
}

static bool
read_customer(struct list_query *query, const char *value, struct words words)
{
	if (!prefix_is_valid(value))
		return say(words, "is not one to four tokens of capitals and digits, joined by _");
	snprintf(query->customer_prefix, sizeof(query->customer_prefix), "%s", value);
	return true;
}

static bool
read_date(int32_t *ret, const char *value, struct words words)
{
	return date_read(ret, value) || say(words, "is not a day written YYYY-MM-DD");
}

static bool
read_date_from(struct list_query *query, const char *value, struct words words)
{
	return read_date(&query->date_from, value, words);
}

static bool
read_date_to(struct list_query *query, const char *value, struct words words)
{
	return read_date(&query->date_to, value, words);
}

/* PL_DXB_2025-11-05_batch-1 into its parts. */
static bool
read_name(struct list_query *query, const char *value, struct words words)
{
	const char *tail = strstr(value, "_batch-"), *day = tail ? tail - DAY_SIZE : NULL;
	char text[PREFIX_SIZE + DAY_SIZE + 1], *prefix = query->named.customer_prefix;
	int64_t counter;

	if (tail && tail - value > DAY_SIZE + 1 && (size_t)(tail - value) < sizeof(text) && day[-1] == '_') {
		snprintf(text, sizeof(text), "%.*s", DAY_SIZE, day);
		snprintf(prefix, PREFIX_SIZE, "%.*s", (int)(day - 1 - value), value);
		if (prefix_is_valid(prefix) && date_read(&query->named.date, text) && tail[7] != '0'
		    && number_read(&counter, tail + 7, 1, INT32_MAX)) {
			query->counter = (int32_t)counter;
			return true;
		}
	}
	return say(words, "is not the name of a batch, as PL_DXB_2025-11-05_batch-1");
}

/* Letters and digits of any script in a row, at least so many; accents of their own (U+0300 and on)
 * count in no form. */
static bool
has_word(const char *value, int least)
{
	int run = 0;

	for (; *value && run < least; value++)
		if ((unsigned char)*value == 0xcc || (unsigned char)*value == 0xcd)
			continue;
		else if ((unsigned char)*value >= 0xc0 || isalnum((unsigned char)*value))
			run++;
		else if ((unsigned char)*value < 0x80)
			run = 0;
	return run >= least;
}

/* The words as a pattern: what they hold of the pattern's own signs stands for itself. */
static bool
read_words(struct list_query *query, const char *value, struct words words)
{
	char *at = query->pattern;

	if (strlen(value) > WORDS_MAX)
		return say(words, "is longer than %d bytes", WORDS_MAX);
	if (!has_word(value, WORDS_LEAST))
		return say(words, "has no %d letters or digits in a row: it would find too much", WORDS_LEAST);
	*at++ = '%';
	for (; *value; value++) {
		if (strchr("%_\\", *value))
			*at++ = '\\';
		*at++ = *value;
	}
	*at++ = '%';
	*at = '\0';
	return true;
}

static bool
read_sort(struct list_query *query, const char *value, struct words words)
{
	size_t i = choice(sort_names, SORTS, value);

	if (i == SORTS)
		return say_choice(words, sort_names, SORTS);
	query->sort = (enum sort)i;
	query->has_sort = true;
	return true;
}

static bool
read_order(struct list_query *query, const char *value, struct words words)
{
	query->ascending = !strcasecmp(value, "asc");
	query->has_order = true;
	return query->ascending || !strcasecmp(value, "desc") || say(words, "is not ASC or DESC");
}

static bool
read_limit(struct list_query *query, const char *value, struct words words)
{
	return number_read(&query->limit, value, 1, LIMIT_MOST)
	    || say(words, "is not a whole number from 1 to %d", LIMIT_MOST);
}

static bool
read_offset(struct list_query *query, const char *value, struct words words)
{
	return number_read(&query->offset, value, 0, OFFSET_MOST)
	    || say(words, "is not a whole number from 0 to %d", OFFSET_MOST);
}

static bool
read_cursor(struct list_query *query, const char *value, struct words words)
{
	return cursor_read(&query->cursor, value) || say(words, "is not a next_cursor of this list");
}

static const struct parameter {
	const char *name;
	bool repeats;
	bool may_be_empty;	/* and is nothing then: what an empty field of a form sends */
	bool (*read)(struct list_query *query, const char *value, struct words words);
} parameters[] = {
	{ "status", true, true, read_status },
	{ "customer_prefix", false, true, read_customer },
	{ "date_from", false, true, read_date_from },
	{ "date_to", false, true, read_date_to },
	{ "q", false, true, read_words },
	{ "name", false, true, read_name },
	{ "sort_by", false, false, read_sort },
	{ "sort_order", false, false, read_order },
	{ "limit", false, false, read_limit },
	{ "offset", false, false, read_offset },
	{ "cursor", false, true, read_cursor },
};

void
list_query_init(struct list_query *query)
{
	*query = (struct list_query){ .date_from = INT32_MIN, .date_to = INT32_MIN,
		.counter = -1, .limit = LIMIT_DEFAULT };
}

bool
list_query_read(struct list_query *query, const char *name, const char *value, char *detail,
    size_t detail_size)
{
	struct words words = { detail, detail_size };

	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++) {
		const struct parameter *p = &parameters[i];

		if (strcmp(p->name, name))
			continue;
		if (!*value && p->may_be_empty)
			return true;
		if (query->seen & 1u << i && !p->repeats)
			return say(words, "is given twice");
		query->seen |= 1u << i;
		if (!utf8_is_valid(value, strlen(value)))
			return say(words, "is not UTF-8");
		return p->read(query, value, words);
	}
	return true;
}

/* A name is a customer, a day and a counter; another customer or day beside it has no such batch. */
static void
name_apply(struct list_query *query)
{
	const char *prefix = query->named.customer_prefix;
	int32_t date = query->named.date;

	if (query->counter < 0)
		return;
	if ((*query->customer_prefix && strcmp(query->customer_prefix, prefix))
	    || date < query->date_from || (query->date_to != INT32_MIN && date > query->date_to))
		query->counter = 0;
	snprintf(query->customer_prefix, PREFIX_SIZE, "%s", prefix);
	query->date_from = query->date_to = date;
}

bool
list_query_finish(struct list_query *query, const char **name, char *detail, size_t detail_size)
{
	struct words words = { detail, detail_size };
	const struct cursor *c = &query->cursor;

	*name = "date_to";
	if (query->date_from != INT32_MIN && query->date_to != INT32_MIN
	    && query->date_to < query->date_from)
		return say(words, "is before date_from");
	name_apply(query);
	*name = "cursor";
	if (!c->is_set)
		return true;
	if ((query->has_sort && query->sort != c->sort)
	    || (query->has_order && query->ascending != c->ascending))
		return say(words, "belongs to a list with another order");
	*name = "offset";
	if (query->offset)
		return say(words, "has no place beside cursor");
	query->sort = c->sort;
	query->ascending = c->ascending;
	return true;
}

/* ---- the second key of a sort by name: a bias, so that it is never negative ---- */

enum { DATE_BIAS = 1 << 20, COUNTER_BITS = 31 };

int64_t
name_key(int32_t date, int64_t counter)
{
	return (int64_t)(date + DATE_BIAS) << COUNTER_BITS | counter;
}

int32_t
name_key_date(int64_t key)
{
	return (int32_t)(key >> COUNTER_BITS) - DATE_BIAS;
}

int64_t
name_key_counter(int64_t key)
{
	return key & ((INT64_C(1) << COUNTER_BITS) - 1);
}

/* ---- cursors: sort, order, id, number, and the text to the end ---- */

enum { CURSOR_VERSION = 2, CURSOR_HEAD = 3 + 16 + 8 };

bool
cursor_write(struct buf *ret, const struct cursor *cursor)
{
	uint8_t bytes[CURSOR_HEAD + sizeof(cursor->text)];
	size_t size = strlen(cursor->text);

	bytes[0] = CURSOR_VERSION;
	bytes[1] = (uint8_t)cursor->sort;
	bytes[2] = cursor->ascending;
	memcpy(bytes + 3, cursor->id.bytes, 16);
	for (int i = 0; i < 8; i++)
		bytes[19 + i] = (uint8_t)((uint64_t)cursor->number >> (56 - 8 * i));
	memcpy(bytes + CURSOR_HEAD, cursor->text, size);
	return base64url_write(ret, bytes, CURSOR_HEAD + size);
}

void
cursor_put(struct put *put, const struct cursor *cursor)
{
	struct buf text = {0};

	if (cursor)
		cursor_write(&text, cursor);
	put_text_of(put, "next_cursor", cursor ? buf_text(&text) : NULL);
	buf_clear(&text);
}

/* Everything in it is an argument of a query: text must be UTF-8, times and counts what the
 * database can hold. */
static bool
cursor_fill(struct cursor *ret, const uint8_t *bytes, size_t size)
{
	struct cursor c = { .is_set = true };
	uint64_t number = 0;

	if (size < CURSOR_HEAD || size - CURSOR_HEAD >= sizeof(c.text) || bytes[0] != CURSOR_VERSION
	    || bytes[1] >= SORTS || bytes[2] > 1)
		return false;
	c.sort = (enum sort)bytes[1];
	c.ascending = bytes[2];
	memcpy(c.id.bytes, bytes + 3, 16);
	for (int i = 0; i < 8; i++)
		number = number << 8 | bytes[19 + i];
	c.number = (int64_t)number;
	if (c.number != INT64_MIN && (c.number < 0 || c.number > INT64_C(253402300799999999)))
		return false;
	memcpy(c.text, bytes + CURSOR_HEAD, size - CURSOR_HEAD);
	if (strlen(c.text) != size - CURSOR_HEAD || !utf8_is_valid(c.text, strlen(c.text)))
		return false;
	*ret = c;
	return true;
}

bool
cursor_read(struct cursor *ret, const char *text)
{
	struct buf bytes = { .limit = CURSOR_HEAD + sizeof(ret->text) };
	bool well = strlen(text) <= CURSOR_TEXT_MAX && base64url_read(&bytes, text)
	    && cursor_fill(ret, bytes.data, bytes.size);

	buf_clear(&bytes);
	return well;
}
