// wire INTERFACE TAP DELAY_US LOSS_PPM PIDFILE
//
// A cable with delay and loss between INTERFACE (a raw socket) and a new tap device, for kernels without
// netem. Frames keep their virtio header, so that segmentation and checksum offload pass through unchanged.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

enum { queue_length = 16384, frame_size = 70000 };

struct frame {
    long long due;
    ssize_t size;
    char* bytes;
};
// Frames on their way in one direction, the oldest at `head`; both counters only grow.
struct queue {
    struct frame frames[queue_length];
    unsigned head, tail;
};

static struct queue queues[2];

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char* what) {
    perror(what);
    exit(1);
}

static int open_interface(const char* name) {
    const int raw = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (raw < 0)
        die("socket");
    const int one = 1;
    if (setsockopt(raw, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one))
        die("PACKET_VNET_HDR");
    setsockopt(raw, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one);
    const int buffer = 16 << 20;
    setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
    if (bind(raw, (void*)&address, sizeof address))
        die("bind");
    struct packet_mreq promiscuous = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
    setsockopt(raw, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous);
    fcntl(raw, F_SETFL, O_NONBLOCK);
    return raw;
}

static int open_tap(const char* name) {
    const int tap = open("/dev/net/tun", O_RDWR);
    if (tap < 0)
        die("/dev/net/tun");
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(tap, TUNSETIFF, &request))
        die("TUNSETIFF");
    ioctl(tap, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
    fcntl(tap, F_SETFL, O_NONBLOCK);
    return tap;
}

static void earliest(long long* next, long long due) {
    if (*next < 0 || due < *next)
        *next = due;
}

// Sends the frames that are due. Returns when the next one is, or -1.
static long long send_due(struct queue* queue, int out) {
    const long long time = now();
    long long next = -1;
    while (queue->head != queue->tail) {
        struct frame* frame = &queue->frames[queue->head % queue_length];
        if (frame->due > time) {
            earliest(&next, frame->due);
            break;
        }
        if (write(out, frame->bytes, (size_t)frame->size) < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
            earliest(&next, time + 50000);
            break;
        }
        free(frame->bytes);
        ++queue->head;
    }
    return next;
}

static void receive(struct queue* queue, int in, long long delay, long loss) {
    static char bytes[frame_size];
    // Not more than this at a time: the other direction waits meanwhile.
    for (int i = 0; i < 64; ++i) {
        const ssize_t size = read(in, bytes, sizeof bytes);
        if (size <= 0)
            break;
        if (loss && drand48() * 1e6 < (double)loss)
            continue;
        if (queue->tail - queue->head >= queue_length)
            continue;
        struct frame* frame = &queue->frames[queue->tail % queue_length];
        frame->bytes = malloc((size_t)size);
        if (!frame->bytes)
            die("malloc");
        memcpy(frame->bytes, bytes, (size_t)size);
        frame->size = size;
        frame->due = now() + delay;
        ++queue->tail;
    }
}

int main(int argc, char** argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: wire INTERFACE TAP DELAY_US LOSS_PPM PIDFILE\n");
        return 2;
    }
    const long long delay = atoll(argv[3]) * 1000;
    const long loss = atol(argv[4]);
    prctl(PR_SET_TIMERSLACK, 1000);
    srand48(getpid());
    const int ends[2] = {open_interface(argv[1]), open_tap(argv[2])};

    FILE* file = fopen(argv[5], "w");
    if (!file)
        die(argv[5]);
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);

    for (;;) {
        long long next = -1;
        for (int i = 0; i < 2; ++i) {
            const long long due = send_due(&queues[i], ends[1 - i]);
            if (due >= 0)
                earliest(&next, due);
        }
        struct pollfd readable[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLIN, 0}};
        struct timespec pause = {0};
        if (next >= 0) {
            const long long time = now();
            const long long wait = next > time ? next - time : 0;
            pause.tv_sec = wait / 1000000000;
            pause.tv_nsec = wait % 1000000000;
        }
        ppoll(readable, 2, next >= 0 ? &pause : NULL, NULL);
        for (int i = 0; i < 2; ++i)
            receive(&queues[i], ends[i], delay, loss);
    }
}
