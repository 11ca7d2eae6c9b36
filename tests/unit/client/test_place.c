/* Where the coordinator is: the choice, the config file, and the socket's path. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/place.h"
#include "client/private.h"

static char base[64];
static struct graphcap_error error;

static void setup(void)
{
    strcpy(base, "/tmp/gc-place-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    setenv("HOME", base, 1);
    unsetenv("GRAPHCAP_ENDPOINT");
    unsetenv("GRAPHCAP_STATE");
    unsetenv("GRAPHCAP_BINDIR");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_RUNTIME_DIR");
}

static void teardown(void)
{
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", base);
    ck_assert_int_eq(system(command), 0);
}

static char *below(const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static void write_config(const char *text)
{
    ck_assert_int_eq(mkdir(below(".config"), 0700), 0);
    ck_assert_int_eq(mkdir(below(".config/graphcap"), 0700), 0);
    FILE *f = fopen(below(".config/graphcap/config.yaml"), "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static struct gc_place find(const char *endpoint, const char *state)
{
    struct graphcap_options o = {.size = sizeof o, .endpoint = endpoint, .state = state};
    struct gc_place place;
    ck_assert_msg(gc_place_find(&o, &place, &error) == GRAPHCAP_OK, "%s", error.text);
    return place;
}

START_TEST(the_order)
{
    char expected[256];
    struct gc_place p = find(NULL, NULL);
    (void)snprintf(expected, sizeof expected, "ipc://%s/.local/state/graphcap/graphcap.sock", base);
    ck_assert_str_eq(p.endpoint, expected);
    ck_assert(p.private);
    gc_place_release(&p);

    struct stat st;
    ck_assert_int_eq(stat(below(".local/state/graphcap"), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);

    setenv("GRAPHCAP_STATE", below("other"), 1);
    p = find(NULL, NULL);
    ck_assert_str_eq(p.state, below("other"));
    gc_place_release(&p);

    write_config("# ours\nendpoint: \"ipc:///run/config.sock\" # shared\n");
    p = find(NULL, NULL);
    ck_assert_str_eq(p.endpoint, "ipc:///run/config.sock");
    ck_assert(!p.private);
    gc_place_release(&p);

    setenv("GRAPHCAP_ENDPOINT", "ipc:///run/env.sock", 1);
    p = find(NULL, NULL);
    ck_assert_str_eq(p.endpoint, "ipc:///run/env.sock");
    gc_place_release(&p);

    p = find(NULL, below("third"));
    ck_assert_str_eq(p.state, below("third"));
    gc_place_release(&p);

    p = find("ipc:///run/said.sock", below("third"));
    ck_assert_str_eq(p.endpoint, "ipc:///run/said.sock");
    gc_place_release(&p);
}
END_TEST

START_TEST(a_wrong_config_is_told)
{
    struct graphcap_options o = {.size = sizeof o};
    struct gc_place place;
    write_config("endpoint: ipc:///a\nother: 3\n");
    ck_assert_int_eq(gc_place_find(&o, &place, &error), GRAPHCAP_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "config.yaml:2: "));
}
END_TEST

START_TEST(long_paths)
{
    char name[120], *path = NULL, *again = NULL, folder[4096], link[64];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    strcpy(folder, below(name));
    ck_assert_int_eq(mkdir(folder, 0700), 0);

    setenv("XDG_RUNTIME_DIR", base, 1);
    ck_assert_int_eq(gc_place_socket(folder, &path, &error), GRAPHCAP_OK);
    ck_assert_uint_le(strlen(path), GC_PLACE_SOCKET_PATH);
    ck_assert_int_eq(strncmp(path, base, strlen(base)), 0);

    /* Another name of the folder finds the same socket. */
    strcpy(link, below("short"));
    ck_assert_int_eq(symlink(folder, link), 0);
    struct gc_place p = find(NULL, link);
    ck_assert_str_eq(p.socket, path);
    gc_place_release(&p);

    unsetenv("XDG_RUNTIME_DIR");
    ck_assert_int_eq(gc_place_socket(folder, &again, &error), GRAPHCAP_OK);
    ck_assert_int_eq(strncmp(again, "/tmp/graphcap-", 14), 0);
    ck_assert_uint_le(strlen(again), GC_PLACE_SOCKET_PATH);
    free(path);
    free(again);
}
END_TEST

START_TEST(the_longest_short_path)
{
    char folder[4096], *path = NULL;
    size_t len = GC_PLACE_SOCKET_PATH - strlen("/graphcap.sock");
    strcpy(folder, below(""));
    memset(folder + strlen(folder), 'y', len);
    folder[len] = '\0';
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    setenv("XDG_RUNTIME_DIR", base, 1);
    ck_assert_int_eq(gc_place_socket(folder, &path, &error), GRAPHCAP_OK);
    ck_assert_uint_eq(strlen(path), GC_PLACE_SOCKET_PATH);
    free(path);
}
END_TEST

START_TEST(the_program)
{
    char *path = NULL;
    setenv("GRAPHCAP_BINDIR", base, 1);
    ck_assert_int_eq(gc_private_program(NULL, "gc-coordinator", &path, &error), GRAPHCAP_UNREACHABLE);
    int fd = open(below("gc-coordinator"), O_WRONLY | O_CREAT, 0700);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(gc_private_program(NULL, "gc-coordinator", &path, &error), GRAPHCAP_OK);
    ck_assert_str_eq(path, below("gc-coordinator"));
    free(path);
}
END_TEST

/* A program that ends at once, one that says nothing of use, one that comes up. */
START_TEST(a_start_that_fails_says_why)
{
    struct graphcap_options o = {.size = sizeof o, .state = below("state"), .bindir = base};
    struct graphcap *gc = NULL;
    FILE *f = fopen(below("gc-coordinator"), "w");
    fputs("#!/bin/sh\necho 'the folder is haunted' >&2\nexit 1\n", f);
    fclose(f);
    ck_assert_int_eq(chmod(below("gc-coordinator"), 0700), 0);
    char state[128], bindir[128];
    strcpy(bindir, base);
    strcpy(state, below("state"));
    o.state = state;
    o.bindir = bindir;
    ck_assert_int_eq(graphcap_connect(&o, &gc, &error), GRAPHCAP_UNREACHABLE);
    ck_assert_msg(strstr(error.text, "the folder is haunted") && strstr(error.text, "log/coordinator.log"),
                  "%s", error.text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("place");
    TCase *t = tcase_create("place");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 30);
    tcase_add_test(t, the_order);
    tcase_add_test(t, a_wrong_config_is_told);
    tcase_add_test(t, long_paths);
    tcase_add_test(t, the_longest_short_path);
    tcase_add_test(t, the_program);
    tcase_add_test(t, a_start_that_fails_says_why);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
