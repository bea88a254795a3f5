#pragma once

// Messages between the ranks of one communicator: a small header, a body of bytes and spans of memory that
// are sent from where they are to where they go. Non-blocking point to point only, nothing is longer than a
// piece, and nothing waits for a peer that may be waiting for us.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include <mpi.h>

#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

enum class message : std::uint32_t {
    ready,    // worker to root: the function was read, or not: then the body is a failure
    chunk,    // root to worker: the arguments of some items
    results,  // worker to root: the results of some items of the oldest chunk
    failed,   // worker to root: items that failed
    returned, // worker to root: items of a chunk that have not been run, and wait behind one that takes long
    stop,     // root to worker: run no more items
    end,      // root to worker: the verdict

    // Pools only.
    part,     // root to worker: a function or a constant, to be kept
    forget,   // root to worker: a part that will not be used again
    open,     // root to worker: a call begins, with these parts
    refused,  // worker to root: the call cannot be served, the body is a failure
    release,  // root to worker: a call is over
    broken,   // worker to root: the set-up failed, the body is a failure
    farewell, // root to worker: the pool is closed; and back: nothing will follow
};

// Values of `last`.
enum : std::uint32_t {
    succeeded = 0,
    finished = 1,
    failed_call = 1,
    given_up = 2,
    cancelled_call = 2,
    at_once = 1,
    returnable = 1,
    returnable_and_late = 2
};

struct envelope {
    std::uint64_t episode = 0; // filled by the channel
    std::uint64_t job = 0;     // the number of the call: what is left of an earlier one is dropped
    message kind = message::ready;
    std::uint32_t last = 0;  // results: the chunk is finished, or given up; ready, end: failed or cancelled;
                             // farewell: at once; chunk: items of it may be returned, and whether there
                             // were none when the rank asked
    std::uint64_t first = 0; // items; part, forget: its number
    std::uint64_t count = 0;
    std::uint64_t not_run = 0;   // results: items at the chunk's end that were not run
    double seconds = 0;          // results: the time that the items took
    double waited = 0;           // results: how long the rank, idle, waited for an answer; 0 if it did not
    std::uint64_t bytes = 0;     // filled by the channel: body and spans
    std::uint64_t body_size = 0; // filled by the channel
    std::uint64_t span_count = 0;
};

/// A message on its way in.
struct incoming {
    int source = 0;
    envelope head;
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
        const std::size_t table = static_cast<std::size_t>(head.span_count) * sizeof(std::uint64_t);
        return reader(bytes + table, static_cast<std::size_t>(head.body_size), span_sizes(),
                      static_cast<std::size_t>(head.span_count));
    }
};

/// What happens with messages that come in; called from channel::progress, in order for each source.
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

class channel {
  public:
    /// Messages are cut into pieces of at most `piece` bytes, the same on all ranks.
    channel(MPI_Comm comm, std::size_t piece);
    ~channel();
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    /// A collective call, or a pool, begins: all ranks give the same number, from 1 on, before anything is
    /// sent. What is left of earlier ones is received, but nobody hears of it.
    void begin(std::uint64_t episode) {
        episode_ = episode;
        on_the_way_ = {};
    }

    /// Takes in what still comes, of whatever call, and sends on what was begun; nobody hears of it. The
    /// channel is of no other use after that.
    bool drain();
    /// How many messages were given to send() for each of the ranks, ever; `counts` has room for all.
    void count_sent(std::vector<std::uint64_t>& counts) const noexcept;
    /// Whether so many messages have come, ever, and nothing of ours is on its way in or out.
    [[nodiscard]] bool at_rest(std::uint64_t received) const noexcept {
        return received_ == received && sends_ == 0 && active_.empty();
    }

    /// Whether what messages kept alive stays so when they are done, until the first progress() without:
    /// where its destructors, which may be the user's, must not run now.
    void keep_what_is_done(bool keep) { keeps_ = keep; }

    /// Takes a message over and returns at once. `message` is empty then and may be filled again; a small one
    /// was copied and keeps its memory.
    void send(int destination, envelope head, outgoing&& message);
    /// Moves everything on; whether anything moved.
    bool progress(message_handler& handler);
    // What is left of earlier calls and pools does not count: their ranks may be elsewhere by now.

    /// Whether all messages given to send() have left their memory.
    [[nodiscard]] bool sent() const noexcept { return on_the_way_.out == 0; }
    /// Whether no message is half received.
    [[nodiscard]] bool received() const noexcept { return on_the_way_.in == 0; }
    /// Whether large transfers are under way, which want attention rather than naps.
    [[nodiscard]] bool transferring() const noexcept { return !active_.empty(); }
    /// Whether there is more to do at once: progress() stopped at its bound, or large transfers are under
    /// way.
    [[nodiscard]] bool behind() const noexcept { return flooded_ || transferring(); }
    [[nodiscard]] std::size_t piece() const noexcept { return piece_; }

  private:
    static constexpr std::uint64_t no_episode = 0;
    struct piece_queue;
    struct transfer_out;
    struct transfer_in;
    struct peer;
    struct control;
    struct mailbox;

    peer& peer_of(int rank);
    void activate(int rank, peer& p);
    void keep_for_later(buffer memory);
    void let_go(outgoing& message);
    void count_out(std::uint64_t episode) {
        ++sends_;
        on_the_way_.out += episode == episode_ ? 1 : 0;
    }
    void has_left(std::uint64_t episode) {
        --sends_;
        on_the_way_.out -= episode == episode_ ? 1 : 0;
    }
    bool receive_controls(message_handler& handler);
    void dispatch(int source, const std::byte* bytes, message_handler& handler);
    template <typename Region>
    bool receive_regions(peer& p, transfer_in& t, std::size_t count, const Region& region);
    bool progress_in(peer& p, message_handler& handler);
    bool progress_out(peer& p);

    MPI_Comm comm_;
    std::size_t piece_;
    std::uint64_t episode_ = no_episode;
    struct traffic {
        std::size_t out = 0;
        std::size_t in = 0;
    };
    traffic on_the_way_;                 // of this episode
    std::size_t sends_ = 0;              // of all
    std::vector<std::uint64_t> sent_to_; // headers, by destination as far as there were any
    std::uint64_t received_ = 0;         // headers
    bool flooded_ = false;               // the last progress() did not see the end of the small messages
    std::vector<std::unique_ptr<peer>> peers_;
    std::vector<int> active_;
    std::deque<control> controls_out_;
    std::unique_ptr<mailbox> inbox_;
    std::vector<buffer> spare_;
    bool keeps_ = false;
    std::vector<std::shared_ptr<const void>> done_; // kept
};

} // namespace mpimap::detail
