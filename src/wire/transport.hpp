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

/// A message on its way in.
struct incoming {
    int source = 0;
    wire::frame framing;
    wire::message what;
    const std::byte* bytes = nullptr; // sizes of the spans, then the body
    buffer storage;                   // where these are if the message had to wait
    bool lost = false;                // there was no memory for them: only the header is left
    std::vector<target_span> targets;
    std::shared_ptr<void> keep;     // what the targets are part of
    std::function<void()> complete; // for the receiver's use
    std::size_t placed = 0;         // for the receiver's use

    [[nodiscard]] const std::uint64_t* span_sizes() const {
        return reinterpret_cast<const std::uint64_t*>(bytes);
    }
    [[nodiscard]] reader body() const {
        if (lost)
            return reader(nullptr, 0);
        const std::size_t table = static_cast<std::size_t>(framing.span_count) * sizeof(std::uint64_t);
        return reader(bytes + table, static_cast<std::size_t>(framing.body_size), span_sizes(),
                      static_cast<std::size_t>(framing.span_count));
    }
};

/// What happens with messages that come in; called from transport::progress, in order for each source.
class message_handler {
  public:
    virtual ~message_handler() = default;
    /// A header has arrived.
    virtual void noticed(const incoming& m) = 0;
    /// Whether `place` may be called now.
    virtual bool can_place(const incoming& m) = 0;
    /// The body has arrived: say where the spans go. Must not throw.
    virtual void place(incoming& m) = 0;
    /// All is in place. `m` may be moved from. Must not throw.
    virtual void arrived(incoming& m) = 0;
    /// Whether what has arrived is worth more than looking for further messages at once: a look that finds
    /// none costs about as much as a message.
    [[nodiscard]] virtual bool has_enough() const = 0;
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
    /// Moves everything on; whether anything moved.
    virtual bool progress(message_handler& handler) = 0;
    /// Whether what messages kept alive stays so when they are done, until the first progress() without:
    /// where its destructors, which may be the user's, must not run now.
    virtual void keep_what_is_done(bool keep) = 0;

    // What is left of earlier calls and pools does not count: their ranks may be elsewhere by now.

    /// Whether all messages given to send() have left their memory.
    [[nodiscard]] virtual bool sent() const = 0;
    /// Whether no message is half received.
    [[nodiscard]] virtual bool received() const = 0;
    /// Whether large transfers are under way, which want attention rather than naps.
    [[nodiscard]] virtual bool transferring() const = 0;
    /// Whether there is more to do at once.
    [[nodiscard]] virtual bool behind() const = 0;
};

class helper;

/// A rank as the engine sees it: its place among the others, the way to them, and the thread that answers
/// them while items run, null where there is none.
struct endpoint {
    int rank = 0;
    int size = 1;
    transport* messages = nullptr;
    std::function<helper*()> assistant;
    std::function<void()> while_idle; // called while there is nothing to do
};

} // namespace mpimap::detail
