/* SPDX-License-Identifier: Apache-2.0 */
/* letters.c: see letters.h. */
#include "letters.h"
#include <string.h>
#include "base/log.h"
#include "base/metrics.h"
#include "claim.h"
#include "port/letter.h"

static struct metric count = { "batchline_projector_letters_total", NULL, "Dead letters written.",
	METRIC_COUNTER, 0 };

void
letters_open(void)
{
	metrics_add(&count, 1);
}

static bool
pack(const struct bus_header *headers, size_t n, struct buf *ret)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t size = (uint32_t)headers[i].size;

		buf_add(ret, headers[i].name, strlen(headers[i].name) + 1);
		buf_add(ret, &size, sizeof(size));
		buf_add(ret, headers[i].value, size);
	}
	return !ret->failed;
}

bool
letters_pack(struct plan *plan, const struct bus_record *record, const void **ret, size_t *size,
    struct err *err)
{
	struct bus_header headers[BUS_HEADERS_MAX];
	struct buf packed = {0};
	bool well = pack(headers, bus_headers(record, headers, BUS_HEADERS_MAX), &packed)
	    || err_set(err, ERR_FATAL, "out of memory");

	*size = packed.size;
	well = well && plan_keep(plan, packed.data, packed.size, ret, err);
	buf_clear(&packed);
	return well;
}

size_t
letters_unpack(const void *packed, size_t size, struct bus_header *ret, size_t max)
{
	const uint8_t *bytes = packed;
	size_t n = 0;

	while (size > 0 && n < max) {
		size_t name = strlen((const char *)bytes) + 1;
		uint32_t length;

		memcpy(&length, bytes + name, sizeof(length));
		ret[n++] = (struct bus_header){ (const char *)bytes,
			bytes + name + sizeof(length), length };
		bytes += name + sizeof(length) + length;
		size -= name + sizeof(length) + length;
	}
	return n;
}

static size_t
headers_of(const struct item *item, struct bus_header headers[BUS_HEADERS_MAX])
{
	return item->record ? bus_headers(item->record, headers, BUS_HEADERS_MAX)
	    : letters_unpack(item->headers, item->headers_size, headers, BUS_HEADERS_MAX);
}

static void
told(const struct item *item)
{
	char quoted[600];

	metric_count(&count, 1);
	log_write(LOG_WARN, "dead letter", "topic=%s partition=%d offset=%lld code=%s why=%s",
	    topics[item->topic].name, (int)item->partition, (long long)item->offset,
	    item->defect->code, log_quote(quoted, sizeof(quoted), item->defect->text));
}

bool
letters_add(struct plan *plan, const struct item *item, struct err *err)
{
	const struct bus_record record = { .topic = item->topic, .partition = item->partition,
		.offset = item->offset, .timestamp_ms = item->timestamp_ms, .key = item->key,
		.key_size = item->key_size, .value = item->bytes, .value_size = item->size };
	struct bus_header headers[BUS_HEADERS_MAX];
	struct letter letter;
	struct buf packed = {0};
	bool well = letter_fill(&letter, &record, headers, headers_of(item, headers), CLAIM_GROUP,
	    item->stage, item->defect, plan->arena, err);

	if (well && !pack(letter.headers, letter.n_headers, &packed))
		well = err_set(err, ERR_FATAL, "out of memory");
	if (well) {
		rows_add(&plan->rows, ROWS_LETTERS, db_text(topics[item->topic].name),
		    db_int4(item->partition), db_bytes(letter.key, letter.key_size),
		    db_bytes(packed.data, packed.size), db_bytes(letter.value, letter.value_size));
		if (!item->record)
			rows_add(&plan->rows, ROWS_UNPARK, db_text(topics[item->topic].name),
			    db_int4(item->partition), db_int(item->offset));
		told(item);
	}
	buf_clear(&packed);
	return well;
}

bool
letters_give_up(struct plan *plan, const struct item *item, const char *stage,
    const struct err *why, struct err *err)
{
	struct item given_up = *item;

	given_up.stage = stage;
	given_up.defect = why;
	return letters_add(plan, &given_up, err);
}
