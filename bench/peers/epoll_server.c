/* The limit in C: the book's protocol on epoll, and nothing that it does not need.
 *
 * usage: epoll_server PORT each|together
 *
 * "each" makes a send for every delivery; "together" keeps what was said in a room in
 * one turn of the loop and makes one writev for every member, as server09 does. What it
 * leaves out: JSON is searched for the fields and not parsed, nothing is checked, nobody
 * is told who comes and goes, and a client that does not read has no bound.
 */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEADER = 3, EVENTS = 1024, BUCKETS = 4096, CHUNK = 1 << 18, PIECES = 1024 };

struct bytes {
    char *data;
    size_t size, room;
};

struct room;

struct client {
    int fd;
    bool gone;
    char name[64];
    struct room *room; /* the one it is in: one is enough for what is measured */
    size_t place;      /* its own place among the members */
    struct bytes in, out;
};

struct said { /* a frame in the room's outbox */
    struct client *speaker;
    size_t start, size;
};

struct room {
    char name[64];
    struct room *next, *next_dirty;
    bool dirty;
    struct client **members;
    size_t count, capacity;
    struct bytes outbox;
    struct said *said;
    size_t said_count, said_capacity;
};

static struct room *rooms[BUCKETS], *dirty;
static struct client *gone[EVENTS];
static size_t gone_count;
static int loop;
static bool together;
static char chunk[CHUNK];

static void *grown(void *memory, size_t size) {
    memory = realloc(memory, size);
    if (memory == NULL) {
        perror("no memory");
        exit(1);
    }
    return memory;
}

static void add(struct bytes *to, const void *data, size_t size) {
    if (to->size + size > to->room) {
        to->room = 2 * (to->size + size);
        to->data = grown(to->data, to->room);
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void drop(struct bytes *from, size_t size) {
    from->size -= size;
    memmove(from->data, from->data + size, from->size);
    if (from->size == 0) { /* a connection at rest holds no memory for nothing */
        free(from->data);
        *from = (struct bytes){0};
    }
}

/* Clients. */

static void watch(struct client *client, int operation, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(loop, operation, client->fd, &event);
}

static void leave(struct client *client) {
    if (client->gone)
        return;
    client->gone = true;
    gone[gone_count++] = client; /* freed after the turn: an event may still name it */
    close(client->fd);
    struct room *room = client->room;
    if (room != NULL) {
        room->members[client->place] = room->members[--room->count];
        room->members[client->place]->place = client->place;
    }
}

/* Send some pieces; keep what the line does not take for when it does. */
static void write_pieces(struct client *client, struct iovec *pieces, int count) {
    size_t sent = 0;
    if (client->out.size == 0) {
        ssize_t result = writev(client->fd, pieces, count);
        if (result < 0 && errno != EAGAIN)
            return; /* it has gone, and epoll will say so */
        sent = result < 0 ? 0 : (size_t)result;
    }
    for (int i = 0; i < count; i++) {
        size_t size = pieces[i].iov_len, done = sent < size ? sent : size;
        sent -= done;
        if (done < size) {
            if (client->out.size == 0)
                watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            add(&client->out, (char *)pieces[i].iov_base + done, size - done);
        }
    }
}

static void write_rest(struct client *client) {
    ssize_t sent = send(client->fd, client->out.data, client->out.size, 0);
    if (sent > 0)
        drop(&client->out, (size_t)sent);
    if (client->out.size == 0)
        watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

/* Rooms. */

static struct room *find_room(const char *name) {
    unsigned hash = 5381;
    for (const char *c = name; *c; c++)
        hash = hash * 33 + (unsigned char)*c;
    struct room **at = &rooms[hash % BUCKETS];
    for (; *at != NULL; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    *at = grown(NULL, sizeof **at);
    **at = (struct room){0};
    strcpy((*at)->name, name);
    return *at;
}

static void join(struct client *client, const char *name) {
    struct room *room = client->room = find_room(name);
    if (room->count == room->capacity) {
        room->capacity = room->capacity ? 2 * room->capacity : 4;
        room->members = grown(room->members, room->capacity * sizeof *room->members);
    }
    client->place = room->count;
    room->members[room->count++] = client;
}

static void deliver(struct room *room, struct client *speaker, char *data, size_t size) {
    struct iovec piece = {data, size};
    for (size_t i = 0; i < room->count; i++)
        if (room->members[i] != speaker)
            write_pieces(room->members[i], &piece, 1);
}

static void post(struct room *room, struct client *speaker, char *data, size_t size) {
    if (room->said_count == room->said_capacity) {
        room->said_capacity = room->said_capacity ? 2 * room->said_capacity : 64;
        room->said = grown(room->said, room->said_capacity * sizeof *room->said);
    }
    room->said[room->said_count++] = (struct said){speaker, room->outbox.size, size};
    add(&room->outbox, data, size);
    if (!room->dirty) {
        room->dirty = true;
        room->next_dirty = dirty;
        dirty = room;
    }
}

/* One writev for a member: everything, less what it has said itself. */
static void flush_to(struct room *room, struct client *member) {
    struct iovec pieces[PIECES];
    int count = 0;
    size_t start = 0;
    for (size_t i = 0; i < room->said_count; i++) {
        struct said *said = &room->said[i];
        if (said->speaker != member)
            continue;
        if (said->start > start)
            pieces[count++] =
                (struct iovec){room->outbox.data + start, said->start - start};
        start = said->start + said->size;
        if (count == PIECES - 1) {
            write_pieces(member, pieces, count);
            count = 0;
        }
    }
    if (room->outbox.size > start)
        pieces[count++] =
            (struct iovec){room->outbox.data + start, room->outbox.size - start};
    if (count > 0)
        write_pieces(member, pieces, count);
}

static void end_of_turn(void) {
    for (struct room *room = dirty; room != NULL; room = room->next_dirty) {
        for (size_t i = 0; i < room->count; i++)
            flush_to(room, room->members[i]);
        room->outbox.size = room->said_count = 0;
        room->dirty = false;
    }
    dirty = NULL;
    for (size_t i = 0; i < gone_count; i++) {
        free(gone[i]->in.data);
        free(gone[i]->out.data);
        free(gone[i]);
    }
    gone_count = 0;
}

/* Messages. */

/* Find the text of a field, up to the quotation mark that ends it. */
static bool field(const char *json, size_t size, const char *key, const char **text,
                  size_t *length) {
    const char *at = memmem(json, size, key, strlen(key));
    if (at == NULL)
        return false;
    at += strlen(key);
    const char *end = at, *limit = json + size;
    while (end < limit && *end != '"')
        end += *end == '\\' ? 2 : 1;
    *text = at;
    *length = (size_t)(end - at);
    return end < limit;
}

static bool copy_field(const char *json, size_t size, const char *key, char to[64]) {
    const char *text;
    size_t length;
    if (!field(json, size, key, &text, &length) || length >= 64)
        return false;
    memcpy(to, text, length);
    to[length] = '\0';
    return true;
}

/* Put the header before what was printed after it. */
static size_t framed(char *frame, int size) {
    frame[0] = (char)size;
    frame[1] = (char)(size >> 8);
    frame[2] = (char)(size >> 16);
    return (size_t)size + HEADER;
}

static void handle(struct client *client, const char *json, size_t size) {
    static char frame[CHUNK];
    char room[64];
    const char *text;
    size_t length;
    if (field(json, size, "\"message\": \"", &text, &length) && client->room != NULL) {
        int printed = snprintf(
            frame + HEADER, sizeof frame - HEADER,
            "{\"action\": \"chat\", \"room\": \"%s\", \"message\": \"%.*s\", "
            "\"from\": \"%s\"}",
            client->room->name, (int)length, text, client->name);
        (together ? post : deliver)(client->room, client, frame,
                                    framed(frame, printed));
    } else if (copy_field(json, size, "\"room\": \"", room) && client->room == NULL) {
        join(client, room);
        int printed = snprintf(
            frame + HEADER, sizeof frame - HEADER,
            "{\"action\": \"joinroom\", \"room\": \"%s\", \"from\": \"%s\"}", room,
            client->name);
        struct iovec piece = {frame, framed(frame, printed)};
        write_pieces(client, &piece, 1);
    } else {
        copy_field(json, size, "\"username\": \"", client->name);
    }
}

/* Handle each complete frame; return how many bytes that were. */
static size_t take_frames(struct client *client, const char *data, size_t size) {
    size_t start = 0;
    while (size - start >= HEADER) {
        const unsigned char *header = (const unsigned char *)data + start;
        size_t payload = header[0] | header[1] << 8 | (size_t)header[2] << 16;
        if (size - start < HEADER + payload)
            break;
        handle(client, data + start + HEADER, payload);
        start += HEADER + payload;
    }
    return start;
}

static void read_from(struct client *client) {
    ssize_t size = recv(client->fd, chunk, sizeof chunk, 0);
    if (size <= 0) {
        if (size == 0 || errno != EAGAIN)
            leave(client);
        return;
    }
    if (client->in.size == 0) { /* the common case: nothing to be copied */
        size_t taken = take_frames(client, chunk, (size_t)size);
        if (taken < (size_t)size)
            add(&client->in, chunk + taken, (size_t)size - taken);
        return;
    }
    add(&client->in, chunk, (size_t)size);
    drop(&client->in, take_frames(client, client->in.data, client->in.size));
}

static void accept_one(int door) {
    int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct client *client = grown(NULL, sizeof *client);
    *client = (struct client){.fd = fd};
    watch(client, EPOLL_CTL_ADD, EPOLLIN);
}

static int listening(int port) {
    int door = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(door, (struct sockaddr *)&address, sizeof address) || listen(door, 4096)) {
        perror("cannot listen");
        exit(1);
    }
    return door;
}

int main(int count, char **words) {
    if (count != 3) {
        fprintf(stderr, "usage: %s PORT each|together\n", words[0]);
        return 2;
    }
    together = strcmp(words[2], "together") == 0;
    int door = listening(atoi(words[1]));
    loop = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(loop, EPOLL_CTL_ADD, door, &event);
    for (;;) {
        static struct epoll_event events[EVENTS];
        int ready = epoll_wait(loop, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (client == NULL) {
                accept_one(door);
                continue;
            }
            if (events[i].events & EPOLLOUT && !client->gone)
                write_rest(client);
            if (events[i].events & ~EPOLLOUT && !client->gone)
                read_from(client);
        }
        end_of_turn();
    }
}
