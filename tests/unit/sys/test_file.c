#include "common/sys/file.h"
#include "folder.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gc_fault fault;

static void put(const char *name, const char *text)
{
    struct gc_bytes bytes = gc_str_bytes(gc_str_of(text));
    ck_assert_int_eq(gc_file_write(folder_path(name), bytes, 0644, &fault), GC_OK);
}

static size_t names_in(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

START_TEST(written_and_read_whole)
{
    const char *root = folder_make();
    put("a", "one");
    put("a", "two and more"); /* over the first */
    char *data;
    size_t len;
    ck_assert_int_eq(gc_file_read(folder_path("a"), 100, &data, &len, &fault), GC_OK);
    ck_assert_uint_eq(len, 12);
    ck_assert_str_eq(data, "two and more");
    free(data);
    ck_assert_uint_eq(names_in(root), 1); /* no temporary is left */
    struct stat st;
    ck_assert_int_eq(stat(folder_path("a"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0644);
}
END_TEST

START_TEST(an_empty_file_is_an_empty_text)
{
    folder_make();
    put("a", "");
    char *data;
    size_t len = 7;
    ck_assert_int_eq(gc_file_read(folder_path("a"), 0, &data, &len, NULL), GC_OK);
    ck_assert_uint_eq(len, 0);
    ck_assert_str_eq(data, "");
    free(data);
}
END_TEST

START_TEST(the_cap_holds)
{
    folder_make();
    put("a", "12345");
    char *data = NULL;
    size_t len;
    ck_assert_int_eq(gc_file_read(folder_path("a"), 4, &data, &len, &fault), GC_ERR_LIMIT);
    ck_assert_ptr_null(data);
    ck_assert_int_eq(gc_file_read(folder_path("a"), 5, &data, &len, &fault), GC_OK);
    free(data);
    ck_assert_int_eq(gc_file_read("/dev/zero", 100000, &data, &len, &fault), GC_ERR_LIMIT);
    ck_assert_int_eq(gc_file_read("/proc/self/status", 100000, &data, &len, &fault), GC_OK);
    ck_assert_uint_gt(len, 100);
    free(data);
}
END_TEST

static void *feed(void *arg)
{
    int fd = *(int *)arg;
    char part[1000];
    memset(part, 'x', sizeof part);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(gc_file_write_all(fd, part, sizeof part), GC_OK);
    close(fd);
    return NULL;
}

START_TEST(pipes_are_read_to_their_end)
{
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, feed, &fds[1]), 0);
    char *data;
    size_t len;
    ck_assert_int_eq(gc_file_read_fd(fds[0], "pipe", 1000000, &data, &len, &fault), GC_OK);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(len, 100000);
    free(data);
    close(fds[0]);
}
END_TEST

START_TEST(faults_name_path_and_reason)
{
    folder_make();
    char *data;
    size_t len;
    ck_assert_int_eq(gc_file_read(folder_path("none"), 10, &data, &len, &fault), GC_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(fault.text, "/none: cannot open: No such file or directory"));
    ck_assert_int_eq(gc_file_read(folder_path(""), 10, &data, &len, &fault), GC_ERR_IO);
    ck_assert_int_eq(gc_file_write(folder_path("no/file"), gc_bytes_of("x", 1), 0600, &fault),
                     GC_ERR_NOT_FOUND);
    char longer[PATH_MAX + 10];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    ck_assert_int_eq(gc_file_write(longer, gc_bytes_of("x", 1), 0600, &fault), GC_ERR_LIMIT);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
    /* A file of the device's is the old one here: what matters is the code and that no other
     * name appears. */
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        return;
    ck_assert_int_eq(gc_file_write_all(fd, "x", 1), GC_ERR_FULL);
    close(fd);
}
END_TEST

START_TEST(reads_at_an_offset)
{
    folder_make();
    put("a", "0123456789");
    int fd = open(folder_path("a"), O_RDONLY);
    char to[4] = {0};
    ck_assert_int_eq(gc_file_pread(fd, to, 3, 7), GC_OK);
    ck_assert_str_eq(to, "789");
    ck_assert_int_eq(gc_file_pread(fd, to, 3, 8), GC_ERR_CORRUPT);
    ck_assert_int_eq(gc_file_pread(fd, to, 0, 100), GC_OK);
    ck_assert_int_eq(gc_file_pread(fd, to, 1, UINT64_MAX), GC_ERR_INVALID);
    close(fd);
    ck_assert_int_eq(gc_file_pread(fd, to, 1, 0), GC_ERR_IO);
}
END_TEST

START_TEST(folders_are_made_all_the_way)
{
    folder_make();
    ck_assert_int_eq(gc_file_make_dirs(folder_path("a/b//c/"), 0700, &fault), GC_OK);
    ck_assert_int_eq(gc_file_make_dirs(folder_path("a/b/c"), 0700, &fault), GC_OK);
    struct stat st;
    ck_assert_int_eq(stat(folder_path("a/b/c"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(gc_file_sync_dir(folder_path("a/b"), &fault), GC_OK);
    put("file", "");
    ck_assert_int_eq(gc_file_make_dirs(folder_path("file"), 0700, &fault), GC_ERR_EXISTS);
    ck_assert_int_eq(gc_file_make_dirs(folder_path("file/x"), 0700, &fault), GC_ERR_NOT_FOUND);
    ck_assert_int_eq(gc_file_make_dirs("", 0700, &fault), GC_ERR_LIMIT);
    ck_assert_int_eq(gc_file_make_dirs("/", 0700, &fault), GC_OK);
}
END_TEST

START_TEST(a_lock_has_one_holder)
{
    folder_make();
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int fd;
        char ok = gc_file_lock(folder_path("lock"), &fd, NULL, NULL) == GC_OK;
        if (write(fds[1], &ok, 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    char ok = 0;
    ck_assert_int_eq(read(fds[0], &ok, 1), 1);
    ck_assert_int_eq(ok, 1);
    int fd;
    pid_t holder = 0;
    ck_assert_int_eq(gc_file_lock(folder_path("lock"), &fd, &holder, &fault), GC_ERR_BUSY);
    ck_assert_int_eq(holder, child);
    char expected[64];
    snprintf(expected, sizeof expected, "locked by process %ld", (long)child);
    ck_assert_ptr_nonnull(strstr(fault.text, expected));

    /* It ends with its holder, however that ends. */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(gc_file_lock(folder_path("lock"), &fd, &holder, &fault), GC_OK);
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    close(fd);
}
END_TEST

START_TEST(a_link_is_no_lock_file)
{
    folder_make();
    ck_assert_int_eq(symlink("/etc/passwd", folder_path("lock")), 0);
    int fd;
    ck_assert_int_eq(gc_file_lock(folder_path("lock"), &fd, NULL, &fault), GC_ERR_LIMIT);
}
END_TEST

GC_SUITE("file", GC_TEST(written_and_read_whole), GC_TEST(an_empty_file_is_an_empty_text),
         GC_TEST(the_cap_holds), GC_TEST(pipes_are_read_to_their_end), GC_TEST(faults_name_path_and_reason),
         GC_TEST(a_full_disk_leaves_the_old_file), GC_TEST(reads_at_an_offset),
         GC_TEST(folders_are_made_all_the_way), GC_TEST(a_lock_has_one_holder),
         GC_TEST(a_link_is_no_lock_file))
