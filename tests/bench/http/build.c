/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.c: one ZIP, stored. build ours|checked|libzip FOLDER LIST OUT; LIST has a line for each file: its
 * CRC-32, its size, its name, as the archiver knows them. ours: as the archiver writes; checked: and reads it
 * back, as it does too; libzip: as its documentation shows, which reads no CRC-32 from anywhere.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include "port/pack.h"

enum { FILES_MAX = 20000, NAME_SIZE = 64 };

static char names[FILES_MAX][NAME_SIZE];
static struct pack_entry entries[FILES_MAX];
static size_t n;
static const char *folder;

static void
list_read(const char *path)
{
	FILE *list = fopen(path, "r");

	while (list && n < FILES_MAX && fscanf(list, "%" SCNu32 " %" SCNd64 " %63s", &entries[n].crc32,
	    &entries[n].size, names[n]) == 3) {
		entries[n].name = names[n];
		n++;
	}
	if (list)
		fclose(list);
}

static bool
entry_open(void *state, size_t i, int *fd, struct err *err)
{
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd >= 0 || err_code(err, ERR_RETRY, "bench", "%s", path);
}

static bool
build_ours(const char *out, bool checks)
{
	const struct pack pack = { entries, n, entry_open, NULL, NULL };
	int fd = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct err err = {0};
	size_t culprit;

	return fd >= 0 && pack_write(&pack, fd, &culprit, &err) && (!checks || pack_verify(&pack, fd, &err))
	    && !fsync(fd);
}

static bool
build_libzip(const char *out)
{
	zip_t *zip = zip_open(out, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	char path[4096];

	for (size_t i = 0; zip && i < n; i++) {
		zip_source_t *file;
		zip_int64_t at;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		file = zip_source_file(zip, path, 0, 0);
		at = file ? zip_file_add(zip, names[i], file, 0) : -1;
		if (at < 0 || zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0))
			return false;
	}
	return zip && !zip_close(zip);
}

int
main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	folder = argv[2];
	list_read(argv[3]);
	if (!strcmp(argv[1], "libzip"))
		return !build_libzip(argv[4]);
	return !build_ours(argv[4], !strcmp(argv[1], "checked"));
}
