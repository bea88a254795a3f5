// The order in which messages reach a rank, where some of them belong to a call that is over.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <utility>
#include <vector>

#include <mpi.h>

#include <mpimap/codec.hpp>
#include <mpimap/errors.hpp>

#include "mpi/channel.hpp"
#include "mpi_test.hpp"

namespace {

using mpimap::detail::channel;
using mpimap::detail::episode_number;
using mpimap::detail::incoming;
using mpimap::detail::outgoing;
using mpimap::detail::stage;
using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

constexpr std::size_t piece = 4096;
constexpr std::size_t long_message = 400 * piece; // many more than are under way at a time

std::uint64_t number_of(const incoming& m) {
    return std::get<mpimap::detail::wire::results>(m.what).items.first;
}

/// Keeps the numbers of what has come.
struct listener {
    std::vector<std::uint64_t> seen;
    std::vector<std::uint64_t> complete;
    std::list<std::vector<char>> values; // kept: what is stale may still be coming in

    void heed(incoming& m) {
        switch (m.at) {
        case stage::noticed:
            seen.push_back(number_of(m));
            return;
        case stage::here: {
            if (!accepts)
                return;
            mpimap::detail::reader in = m.body();
            values.push_back(mpimap::detail::make_value<std::vector<char>>(in));
            m.targets = std::move(in.targets());
            m.accept();
            return;
        }
        case stage::complete:
            complete.push_back(number_of(m));
            return;
        }
    }
    bool accepts = true;
};

bool look(channel& c, listener& l, bool only_one = false) {
    return receive(
        c, [&l](incoming& m) { l.heed(m); }, [only_one] { return only_one; });
}

void send(channel& c, int to, std::uint64_t number, std::size_t bytes) {
    mpimap::detail::wire::results head;
    head.items.first = number;
    outgoing message;
    const std::vector<char> values(bytes, 'x');
    write_value(message.out, values);
    message.out.own_spans();
    c.send(to, head, std::move(message));
}

/// False if it does not come to be.
template <typename Until>
bool progress(channel& c, listener& l, const Until& until) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!until()) {
        look(c, l);
        if (std::chrono::steady_clock::now() > deadline)
            return false;
    }
    return true;
}

class channels : public testing::Test {
  protected:
    void SetUp() override { MPI_Comm_dup(comm(), &own_); }
    void TearDown() override { MPI_Comm_free(&own_); }
    /// All ranks are here; nothing moves on in the channel meanwhile.
    void meet() const { MPI_Barrier(comm()); }
    /// All that was sent comes in.
    void finish(channel& c, listener& l, std::uint64_t received) {
        EXPECT_TRUE(progress(c, l, [&] { return c.at_rest(received); }));
        meet();
    }
    MPI_Comm own_ = MPI_COMM_NULL;
};

TEST_F(channels, messages_of_a_call_come_in_order) {
    if (size() == 1)
        return;
    channel c(own_, piece);
    c.begin(episode_number{1});
    listener l;
    if (rank() == 1) {
        send(c, 0, 1, long_message);
        send(c, 0, 2, 1);
        send(c, 0, 3, long_message);
        send(c, 0, 4, 1);
    }
    if (rank() == 0) {
        EXPECT_TRUE(progress(c, l, [&] { return l.complete.size() == 4; }));
        EXPECT_EQ(l.seen, (std::vector<std::uint64_t>{1, 2, 3, 4}));
        EXPECT_EQ(l.complete, (std::vector<std::uint64_t>{1, 2, 3, 4}));
    }
    finish(c, l, rank() == 0 ? 4 : 0);
}

/// What the receiver does not want yet waits, and what comes behind it from the same rank, small or large.
TEST_F(channels, what_is_not_accepted_is_asked_for_again) {
    if (size() == 1)
        return;
    channel c(own_, piece);
    std::uint64_t round = 0;
    for (const std::size_t first : {std::size_t{1}, long_message}) {
        c.begin(episode_number{++round});
        listener l;
        if (rank() == 1) {
            send(c, 0, 1, first);
            send(c, 0, 2, 1);
            send(c, 0, 3, long_message);
        }
        if (rank() == 0) {
            l.accepts = false;
            EXPECT_TRUE(progress(c, l, [&] { return l.seen.size() == 3; }));
            for (int i = 0; i < 100; ++i)
                look(c, l);
            EXPECT_TRUE(l.complete.empty());
            EXPECT_FALSE(c.received());
            l.accepts = true;
            EXPECT_TRUE(progress(c, l, [&] { return l.complete.size() == 3; }));
            EXPECT_EQ(l.complete, (std::vector<std::uint64_t>{1, 2, 3}));
            EXPECT_TRUE(c.received());
        }
        finish(c, l, rank() == 0 ? 3 * round : 0);
    }
}

/// A receiver that has enough of what has come gets the rest at the next look.
TEST_F(channels, events_wait_for_the_next_look) {
    if (size() == 1)
        return;
    channel c(own_, piece);
    c.begin(episode_number{1});
    listener l;
    if (rank() == 1) {
        for (std::uint64_t number = 1; number <= 20; ++number)
            send(c, 0, number, number % 3 == 0 ? long_message : 1);
    }
    if (rank() == 0) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (l.complete.size() != 20) {
            const std::size_t before = l.complete.size();
            look(c, l, true);
            ASSERT_LE(l.complete.size(), before + 1);
            ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        }
        EXPECT_TRUE(std::is_sorted(l.complete.begin(), l.complete.end()));
        EXPECT_TRUE(c.received());
    }
    finish(c, l, rank() == 0 ? 20 : 0);
}

TEST_F(channels, a_small_message_passes_what_an_earlier_call_left_half_sent) {
    if (size() == 1)
        return;
    channel c(own_, piece);
    c.begin(episode_number{1});
    listener l;
    if (rank() == 1)
        send(c, 0, 1, long_message);
    if (rank() == 0) {
        EXPECT_TRUE(progress(c, l, [&] { return !l.seen.empty(); }));
    }
    meet();

    // Rank 1 has sent some pieces, and is elsewhere: it says one thing more and sends on when it comes back.
    c.begin(episode_number{2});
    if (rank() == 1)
        send(c, 0, 2, 1);
    if (rank() == 0) {
        EXPECT_TRUE(progress(c, l, [&] { return !l.complete.empty(); }));
        EXPECT_EQ(l.complete, (std::vector<std::uint64_t>{2}));
        EXPECT_EQ(l.values.back(), std::vector<char>(1, 'x'));
        EXPECT_TRUE(c.received());  // what is stale does not count ...
        EXPECT_FALSE(c.at_rest(2)); // ... but is there
    }
    meet();

    // A long one of this call waits its turn.
    if (rank() == 1)
        send(c, 0, 3, long_message);
    if (rank() == 0) {
        EXPECT_TRUE(progress(c, l, [&] { return l.seen.back() == 3; }));
        EXPECT_EQ(l.complete.size(), 1U);
        EXPECT_FALSE(c.received());
        meet();
        EXPECT_TRUE(progress(c, l, [&] { return l.complete.size() == 2; }));
        EXPECT_EQ(l.complete, (std::vector<std::uint64_t>{2, 3}));
        EXPECT_EQ(l.values.back(), std::vector<char>(long_message, 'x'));
    } else {
        meet();
    }
    finish(c, l, rank() == 0 ? 3 : 0);
}

TEST_F(channels, what_is_left_of_a_call_drains) {
    if (size() == 1)
        return;
    channel c(own_, piece);
    c.begin(episode_number{1});
    // Everybody has sent everybody else something long and something small, and nobody has looked.
    for (int to = 0; to < size(); ++to) {
        if (to == rank())
            continue;
        send(c, to, 1, long_message);
        send(c, to, 2, 1);
    }
    const auto others = static_cast<std::uint64_t>(size() - 1);
    std::vector<std::uint64_t> counts(static_cast<std::size_t>(size()));
    c.count_sent(counts);
    for (int to = 0; to < size(); ++to)
        EXPECT_EQ(counts[static_cast<std::size_t>(to)], to == rank() ? 0U : 2U);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!c.at_rest(2 * others)) {
        c.drain();
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    meet();
}

/// What follows cannot be told apart from what is missing: it is refused, too, and nobody waits for it.
TEST_F(channels, bytes_that_are_no_message_end_the_channel) {
    if (size() == 1)
        return;
    constexpr int tag_of_headers = 1;
    if (rank() == 1) {
        const std::vector<char> anything(100, 'x');
        MPI_Send(anything.data(), 100, MPI_BYTE, 0, tag_of_headers, own_);
        channel c(own_, piece);
        c.begin(episode_number{1});
        send(c, 0, 1, 1);
        meet();
        return;
    }
    if (rank() == 0) {
        channel c(own_, piece);
        c.begin(episode_number{1});
        listener l;
        EXPECT_THROW((void)progress(c, l, [] { return false; }), mpimap::serialization_error);
        EXPECT_THROW(look(c, l), mpimap::serialization_error);
        EXPECT_TRUE(l.seen.empty());
        meet();
        return;
    }
    meet();
}

} // namespace
