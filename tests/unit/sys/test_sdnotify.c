#include "common/sys/sdnotify.h"
#include "folder.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_at(const char *path, size_t len)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, len);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&at, size), 0);
    return fd;
}

static void expect(int fd, const char *state)
{
    char text[64] = {0};
    ck_assert_int_eq(recv(fd, text, sizeof text - 1, MSG_DONTWAIT), (int)strlen(state));
    ck_assert_str_eq(text, state);
}

START_TEST(says_it_to_a_socket_file)
{
    folder_make();
    const char *path = folder_path("notify");
    int fd = listen_at(path, strlen(path));
    setenv("NOTIFY_SOCKET", path, 1);
    ck_assert(gc_sdnotify("READY=1"));
    expect(fd, "READY=1");
    close(fd);
    ck_assert(!gc_sdnotify("READY=1")); /* nobody listens any more */
}
END_TEST

START_TEST(says_it_to_an_abstract_name)
{
    char name[64];
    snprintf(name, sizeof name, "@gc-test-%ld", (long)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    char bound[64];
    memcpy(bound, name, sizeof bound);
    bound[0] = '\0';
    int fd = listen_at(bound, strlen(name));
    ck_assert(gc_sdnotify("STATUS=two runs"));
    expect(fd, "STATUS=two runs");
    close(fd);
}
END_TEST

START_TEST(nobody_asked)
{
    unsetenv("NOTIFY_SOCKET");
    ck_assert(!gc_sdnotify("READY=1"));
    setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
    ck_assert(!gc_sdnotify("READY=1"));
    char longer[200];
    memset(longer, '/', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    setenv("NOTIFY_SOCKET", longer, 1);
    ck_assert(!gc_sdnotify("READY=1"));
}
END_TEST

GC_SUITE("sdnotify", GC_TEST(says_it_to_a_socket_file), GC_TEST(says_it_to_an_abstract_name),
         GC_TEST(nobody_asked))
