/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archiver.h: one ZIP for each finished run of a batch.
 *
 *	main      the table, and the turn: is this batch to be archived, and what is said then
 *	snapshot  the batch's rows, read in one transaction, as a manifest
 *	sheet     its contact sheet, archives/<batch>/<run_no>.jpg, which batchline-renderer draws
 *	build     manifest -> archives/<batch>/<run_no>.zip, verified; port/pack.h writes the ZIP
 *
 * What must stay true: the bytes follow from the rows alone, and the blob appears whole or not at
 * all, so doing it twice changes nothing. The record is done when ArchiveBuilt is acknowledged.
 *
 * An output that cannot be found, or is not what its row says, is waited for until the batch has
 * been finished for BATCHLINE_PATIENCE_S. Then the archive is built without it and its manifest
 * says so: a lost file shall not keep the rest of a batch, nor the batches behind it, from their
 * owner. When every output is lost there is nothing to archive, and the record becomes a dead
 * letter. A blob store that is away as a whole is waited for without end.
 */
#ifndef ARCHIVER_H
#define ARCHIVER_H
#include "base/arena.h"
#include "batch/manifest.h"
#include "batch/status.h"
#include "event/codec.h"
#include "port/blob.h"
#include "port/db.h"
#include "service.h"

struct archiver {
	const struct service_context *context;
	struct codec *codec;
	struct arena *arena;		/* of the turn */
	struct db *db;
	struct blob_store *store;
	int64_t alive_ms;		/* when service_keep_alive() was called last */
};

/* Asked between pieces of long work; false as service_keep_alive() says. */
bool archiver_goes_on(struct archiver *a, struct err *err);

/* snapshot.c */
struct snapshot {
	struct db_rows *rows[4];	/* batch, outputs, jobs that came to nothing, all jobs */
	struct manifest manifest;	/* points into rows and the arena */
	int32_t partition;		/* the batch's home */
	bool with_sheet;		/* in the archive: its pipeline says so */
	bool wanted;			/* final, with outputs, not deleted, not archived yet */
};
bool snapshot_read(struct archiver *a, struct uuid batch_id, struct snapshot *ret, struct err *err);
void snapshot_clear(struct snapshot *snapshot);

/* sheet.c */
void sheet_uri(char ret[BLOB_URI_MAX], const struct manifest *manifest);
struct sheet;		/* of the turn's arena */
/* Has it drawn while the caller does other work; what lies there is left. One that cannot be made is a
 * warning in the log. False only when the archiver shall not go on. */
bool sheet_begin(struct archiver *a, struct snapshot *s, struct sheet **ret, struct err *err);
/* Waits until it is stored, and enters it in the manifest when it belongs in the archive. As above;
 * doing it twice changes nothing. */
bool sheet_finish(struct sheet *sheet, struct err *err);
void sheet_stop(struct sheet *sheet);	/* what is not stored yet will not be; NULL is fine */

/* build.c */
struct built {
	struct blob_done blob;
	int64_t at;			/* us: when its last byte was written */
	int32_t entries;
	bool was_there;
};
/* Marks in its manifest what is lost, and has the sheet made, once nothing is waited for, while it writes. */
bool archive_build(struct archiver *a, struct snapshot *snapshot, struct built *ret,
    struct err *err);
#endif
