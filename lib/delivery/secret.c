/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c: files that are for their owner's eyes. */
#include "delivery/secret.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_too_open(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_mode & (S_IRWXG | S_IRWXO);
}

/* Names that begin with a dot are not for targets. */
static bool
check_files(DIR *dir, const char *folder, struct err *err)
{
	const struct dirent *entry;
	struct stat st;

	while ((entry = readdir(dir)) != NULL) {
		if (*entry->d_name == '.' || fstatat(dirfd(dir), entry->d_name, &st, 0))
			continue;
		if (is_too_open(&st))
			return err_code(err, ERR_FATAL, "option", "BATCHLINE_SECRETS: others may read %s/%s: "
			    "chmod 600", folder, entry->d_name);
	}
	return true;
}

bool
secrets_check(const char *folder, struct err *err)
{
	DIR *dir = *folder ? opendir(folder) : NULL;
	bool well;

	if (!*folder)
		return true;
	if (!dir)
		return err_code(err, ERR_FATAL, "option", "BATCHLINE_SECRETS: %s: %s", folder,
		    strerror(errno));
	well = check_files(dir, folder, err);
	closedir(dir);
	return well;
}

/* The limit of the buffer is met only by a file that is too long. */
static bool
take(struct buf *ret, int fd, const char *name, struct err *err)
{
	char bytes[SECRET_MAX + 1];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	struct stat st;
	bool well = false;

	if (n < 0 || fstat(fd, &st))
		err_code(err, ERR_FATAL, "secret", "the secret \"%s\": %s", name, strerror(errno));
	else if (is_too_open(&st))
		err_code(err, ERR_FATAL, "secret", "others may read the secret \"%s\": chmod 600", name);
	else if (n > SECRET_MAX)
		err_code(err, ERR_FATAL, "secret", "the secret \"%s\" is longer than %d bytes", name,
		    SECRET_MAX);
	else
		well = buf_add(ret, bytes, (size_t)n) || err_set(err, ERR_FATAL, "out of memory");
	explicit_bzero(bytes, sizeof(bytes));
	return well;
}

bool
secret_read(struct buf *ret, const char *folder, const char *name, struct err *err)
{
	int in, fd;
	bool well;

	if (!*folder)
		return err_code(err, ERR_FATAL, "secret", "there is no folder of secrets: "
		    "BATCHLINE_SECRETS is not set");
	if (*name == '.' || strchr(name, '/'))
		return err_code(err, ERR_FATAL, "secret", "\"%s\" is no name of a secret", name);
	in = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = in < 0 ? -1 : openat(in, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	well = fd >= 0 ? take(ret, fd, name, err)
	    : err_code(err, ERR_FATAL, "secret", "the secret \"%s\": %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (in >= 0)
		close(in);
	return well;
}

void
secret_clear(struct buf *secret)
{
	if (secret->data)
		explicit_bzero(secret->data, secret->capacity);
	buf_clear(secret);
}
