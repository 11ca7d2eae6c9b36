#include "worker/ops/source.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/num.h"

struct file_source {
    VipsSource parent;
    int fd;
    int64_t at;
};

struct file_source_class {
    VipsSourceClass parent;
};

static GType file_source_type(void);

static struct file_source *self_of(VipsSource *source)
{
    return G_TYPE_CHECK_INSTANCE_CAST(source, file_source_type(), struct file_source);
}

static gint64 on_read(VipsSource *source, void *data, size_t length)
{
    struct file_source *s = self_of(source);
    ssize_t n;
    do
        n = pread(s->fd, data, length, (off_t)s->at);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        s->at += n;
    return n;
}

/* The length is the file's of now, not of when it was opened: a file that grows is read on, one that was cut ends early. */
static gint64 on_seek(VipsSource *source, gint64 offset, int whence)
{
    struct file_source *s = self_of(source);
    struct stat st;
    int64_t from = whence == SEEK_CUR ? s->at : 0;
    int64_t to;
    if (whence == SEEK_END) {
        if (fstat(s->fd, &st) < 0)
            return -1;
        from = st.st_size;
    }
    if (!gc_add_i64(from, offset, &to) || to < 0)
        return -1;
    return s->at = to;
}

static void class_init(gpointer class, gpointer data)
{
    (void)data;
    VipsSourceClass *source = VIPS_SOURCE_CLASS(class);
    VipsObjectClass *object = VIPS_OBJECT_CLASS(class);
    object->nickname = "graphcap_file";
    object->description = "a descriptor that is read at a place of its own";
    source->read = on_read;
    source->seek = on_seek;
}

static GType file_source_type(void)
{
    static gsize type;
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_type_register_static_simple(
                                     VIPS_TYPE_SOURCE, "GraphcapFileSource", sizeof(struct file_source_class),
                                     class_init, sizeof(struct file_source), NULL, (GTypeFlags)0));
    return (GType)type;
}

VipsSource *gc_source_new(int fd)
{
    struct file_source *s = g_object_new(file_source_type(), NULL);
    s->fd = fd;
    if (vips_object_build(VIPS_OBJECT(s))) {
        g_object_unref(s);
        return NULL;
    }
    return &s->parent;
}

void gc_decoder_unblock(const struct gc_format *format)
{
    vips_operation_block_set(format->loader_class, FALSE);
}

void gc_decoder_block(const struct gc_format *format)
{
    vips_operation_block_set(format->loader_class, TRUE);
}
