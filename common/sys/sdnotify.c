#include "common/sys/sdnotify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool gc_sdnotify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || (path[0] != '/' && path[0] != '@'))
        return false;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    if (len >= sizeof to.sun_path)
        return false;
    memcpy(to.sun_path, path, len);
    /* @name means the abstract namespace, whose names begin with a NUL and are not ended by one. */
    if (to.sun_path[0] == '@')
        to.sun_path[0] = '\0';
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    size_t bytes = strlen(state);
    ssize_t sent = sendto(fd, state, bytes, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&to, size);
    close(fd);
    return sent == (ssize_t)bytes;
}
