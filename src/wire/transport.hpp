#pragma once

// How messages get from rank to rank, as the engine sees it. The channel is its form over MPI; tests have one
// in memory.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <mpimap/detail/job.hpp>

#include "wire/messages.hpp"

namespace mpimap::detail {

/// How far a message has come in.
enum class stage : unsigned char {
    noticed, // its header is here
    here,    // its body is: where are the spans to go? See incoming::accept
    complete // all is in place
};

/// A message on its way in.
struct incoming {
    stage at = stage::noticed;
    bool accepted = false;
    int source = 0;
    wire::frame framing;
    wire::message what;
    const std::byte* bytes = nullptr; // sizes of the spans, then the body
    buffer storage;                   // where these are if the message had to wait
    bool lost = false;                // there was no memory for them: only the header is left
    std::vector<target_span> targets;
    std::shared_ptr<void> keep; // what the targets are part of

    // For the receiver's use.
    std::function<void()> complete;   // what is to be done when all is in place
    std::size_t placed = 0;           // items
    std::vector<std::size_t> without; // but for these
    buffer body_kept;                 // a copy of the body, for who keeps what comes

    /// The receiver takes the body, and says in `targets` where spans go; others are dropped. What it does
    /// not accept it is asked for again later, and what comes from the same rank waits.
    void accept() noexcept { accepted = true; }

    /// To be filled again: most of the time most of it is empty.
    void clear() noexcept {
        accepted = lost = false;
        placed = 0;
        targets.clear();
        without.clear();
        keep.reset();
        if (complete)
            complete = nullptr;
        if (!storage.empty())
            storage = buffer();
    }

    [[nodiscard]] const std::uint64_t* span_sizes() const {
        return reinterpret_cast<const std::uint64_t*>(bytes);
    }
    [[nodiscard]] reader body() const {
        if (lost)
            return reader(nullptr, 0);
        const std::size_t table = framing.table_size();
        return reader(bytes + table, static_cast<std::size_t>(framing.body_size), span_sizes(),
                      static_cast<std::size_t>(framing.span_count));
    }
};

/// Messages of one pair of ranks arrive in the order in which they were sent. Nothing waits for a peer.
class transport {
  public:
    transport() = default;
    virtual ~transport() = default;
    transport(const transport&) = delete;
    transport& operator=(const transport&) = delete;

    /// Takes a message over and returns at once. `content` is empty then and may be filled again; a small one
    /// was copied and keeps its memory.
    virtual void send(int destination, const wire::message& what, outgoing&& content) = 0;
    /// Moves everything on, as far as it may without the receiver.
    virtual void progress() = 0;
    /// What has come since, one event after the other: of each message its stages, in order; messages of one
    /// rank in the order in which they were sent. Null where there is no more for now. Valid until the next
    /// call; the receiver may move from what is complete.
    virtual incoming* next() = 0;
    /// The event's message is done with, though no further one is asked for now.
    virtual void done() = 0;
    /// Whether anything has moved since progress() began.
    [[nodiscard]] virtual bool moved() const = 0;
    /// Whether what messages kept alive stays so when they are done, until the first progress() without:
    /// where its destructors, which may be the user's, must not run now.
    virtual void keep_what_is_done(bool keep) = 0;

    // What is left of earlier calls and pools does not count: their ranks may be elsewhere by now.

    /// Whether all messages given to send() have left their memory.
    [[nodiscard]] virtual bool sent() const = 0;
    /// Whether no message is half received.
    [[nodiscard]] virtual bool received() const = 0;

    // Here it does.

    /// Whether large transfers are under way, which want attention rather than naps.
    [[nodiscard]] virtual bool transferring() const = 0;
    /// Whether there is more to do at once.
    [[nodiscard]] virtual bool behind() const = 0;
};

/// A whole round: `heed`, which should not throw, is called with each event, until `enough` says, of a
/// message that is complete, that looking for more would cost more than it is worth: a look that finds
/// nothing takes about as long as a message. Whether anything moved.
template <typename Heed, typename Enough>
bool receive(transport& from, const Heed& heed, const Enough& enough) {
    from.progress();
    while (incoming* const m = from.next()) {
        heed(*m);
        if (m->at != stage::complete)
            continue;
        if (enough()) {
            from.done();
            break;
        }
    }
    return from.moved();
}

class helper;
class interruption;

/// A rank as the engine sees it: its place among the others, the way to them, and the thread that answers
/// them while items run, null where there is none.
struct endpoint {
    int rank = 0;
    int size = 1;
    transport* messages = nullptr;
    std::function<helper*()> assistant;
    std::function<void()> while_idle;  // called while there is nothing to do
    std::function<void()> out_of_step; // ends the job, if there are others, for the exception being handled
    interruption* ending = nullptr;    // whether this process is to come to an end
};

} // namespace mpimap::detail
