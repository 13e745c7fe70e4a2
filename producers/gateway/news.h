/* SPDX-License-Identifier: Apache-2.0 */
/* news.h: what a record of the topic of batches tells those who listen. */
#ifndef NEWS_H
#define NEWS_H
#include "base/arena.h"
#include "event/codec.h"
#include "port/bus.h"
#include "stream.h"

struct db_pool;
struct news_source { const struct codec *codec; struct arena *arena; struct db_pool *pool; };

/* The arena is for the work; what comes of it is the caller's data. Without a name: nothing to tell, since
 * it cannot be read. False: whose batch it was cannot be asked now. */
bool news_read(const struct news_source *source, const struct bus_record *record, struct news *ret,
    struct err *err);
#endif
