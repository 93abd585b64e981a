/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's own ways to the outside, with failures: its allocator and its file system. */
#include <stddef.h>
#include <string.h>

#include <sqlite3.h>

#include "core/base/assert.h"
#include "tests/fault/failing.h"

static sqlite3_mem_methods true_memory;
static sqlite3_vfs *true_files;

static void *memory_get(int n)
{
    return failing_now(FAILING_SQLITE_MEMORY) ? NULL : true_memory.xMalloc(n);
}

static void *memory_resize(void *block, int n)
{
    return failing_now(FAILING_SQLITE_MEMORY) ? NULL : true_memory.xRealloc(block, n);
}

/* A file of ours holds the true one behind it. */
struct failing_file {
    sqlite3_file base;
    sqlite3_file *inner;
};

static sqlite3_file *inner_of(sqlite3_file *file)
{
    return ((struct failing_file *)(void *)file)->inner;
}

static int file_close(sqlite3_file *file)
{
    return inner_of(file)->pMethods->xClose(inner_of(file));
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return failing_now(FAILING_SQLITE_FILES)
               ? SQLITE_IOERR_READ
               : inner_of(file)->pMethods->xRead(inner_of(file), to, n, at);
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    return failing_now(FAILING_SQLITE_FILES)
               ? SQLITE_FULL
               : inner_of(file)->pMethods->xWrite(inner_of(file), from, n, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 n)
{
    return failing_now(FAILING_SQLITE_FILES)
               ? SQLITE_IOERR_TRUNCATE
               : inner_of(file)->pMethods->xTruncate(inner_of(file), n);
}

static int file_sync(sqlite3_file *file, int flags)
{
    return failing_now(FAILING_SQLITE_FILES)
               ? SQLITE_IOERR_FSYNC
               : inner_of(file)->pMethods->xSync(inner_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *n)
{
    return failing_now(FAILING_SQLITE_FILES)
               ? SQLITE_IOERR_FSTAT
               : inner_of(file)->pMethods->xFileSize(inner_of(file), n);
}

static int file_lock(sqlite3_file *file, int level)
{
    return inner_of(file)->pMethods->xLock(inner_of(file), level);
}
static int file_unlock(sqlite3_file *file, int level)
{
    return inner_of(file)->pMethods->xUnlock(inner_of(file), level);
}

static int file_is_reserved(sqlite3_file *file, int *is_reserved)
{
    return inner_of(file)->pMethods->xCheckReservedLock(inner_of(file), is_reserved);
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    return inner_of(file)->pMethods->xFileControl(inner_of(file), op, argument);
}

static int file_sector(sqlite3_file *file)
{
    return inner_of(file)->pMethods->xSectorSize(inner_of(file));
}
static int file_traits(sqlite3_file *file)
{
    return inner_of(file)->pMethods->xDeviceCharacteristics(inner_of(file));
}

static const sqlite3_io_methods failing_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_is_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

static int files_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                      int *ret_flags)
{
    (void)vfs;
    struct failing_file *failing = (struct failing_file *)(void *)file;
    failing->base.pMethods = NULL;
    failing->inner = (sqlite3_file *)(void *)(failing + 1);
    if (failing_now(FAILING_SQLITE_FILES)) {
        return SQLITE_CANTOPEN;
    }
    int code = true_files->xOpen(true_files, name, failing->inner, flags, ret_flags);
    failing->base.pMethods = failing->inner->pMethods == NULL ? NULL : &failing_methods;
    return code;
}

void failing_sqlite_install(void)
{
    static sqlite3_mem_methods memory;
    static sqlite3_vfs files;
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &true_memory);
    ASSERT(code == SQLITE_OK);
    memory = true_memory;
    memory.xMalloc = memory_get;
    memory.xRealloc = memory_resize;
    code = sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    ASSERT(code == SQLITE_OK);
    true_files = sqlite3_vfs_find(NULL);
    ASSERT(true_files != NULL);
    files = *true_files;
    files.zName = "failing";
    files.szOsFile = true_files->szOsFile + (int)sizeof(struct failing_file);
    files.xOpen = files_open;
    code = sqlite3_vfs_register(&files, 1);
    ASSERT(code == SQLITE_OK);
}
