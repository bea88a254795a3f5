#pragma once

// Messages between the ranks of one communicator: a small header, a body of bytes and spans of memory that
// are sent from where they are to where they go. Non-blocking point to point only, nothing is longer than a
// piece, and nothing waits for a peer that may be waiting for us.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include <mpi.h>

#include <mpimap/detail/job.hpp>

#include "wire/transport.hpp"

namespace mpimap::detail {

class channel final : public transport {
  public:
    /// Messages are cut into pieces of at most `piece` bytes, the same on all ranks.
    channel(MPI_Comm comm, std::size_t piece);
    ~channel() override;

    /// A collective call, or a pool, begins: all ranks give the same number, from 1 on, before anything is
    /// sent. What is left of earlier ones is received, but nobody hears of it.
    void begin(episode_number episode) {
        episode_ = episode;
        on_the_way_ = {};
        checks_ = false;
    }
    /// What is sent in this episode has checksums. Those of what comes are looked at in any case.
    void add_checksums(bool add) noexcept { checks_ = add; }

    /// Takes in what still comes, of whatever call, and sends on what was begun; nobody hears of it. The
    /// channel is of no other use after that.
    bool drain();
    /// How many messages were given to send() for each of the ranks, ever; `counts` has room for all.
    void count_sent(std::vector<std::uint64_t>& counts) const noexcept;
    /// Whether so many messages have come, ever, and nothing of ours is on its way in or out.
    [[nodiscard]] bool at_rest(std::uint64_t received) const noexcept {
        return received_ == received && sends_ == 0 && active_.empty();
    }

    void send(int destination, const wire::message& what, outgoing&& message) override;
    void progress() override;
    [[nodiscard]] incoming* next() override;
    void done() override;
    [[nodiscard]] bool moved() const override { return moved_; }
    void keep_what_is_done(bool keep) override { keeps_ = keep; }
    [[nodiscard]] bool sent() const override { return on_the_way_.out == 0; }
    [[nodiscard]] bool received() const override { return on_the_way_.in == 0; }
    [[nodiscard]] bool transferring() const override { return !active_.empty(); }
    /// next() stopped at its bound, or large transfers are under way.
    [[nodiscard]] bool behind() const override { return headers_ == most_headers || transferring(); }
    [[nodiscard]] std::size_t piece() const noexcept { return piece_; }

  private:
    struct piece_queue;
    struct transfer_out;
    struct transfer_in;
    struct peer;
    struct control;
    struct mailbox;

    peer& peer_of(int rank);
    void activate(int rank, peer& p);
    void deactivate_if_idle(peer& p);
    void keep_for_later(buffer memory);
    void let_go(outgoing& message);
    void count_out(episode_number episode) {
        ++sends_;
        on_the_way_.out += episode == episode_ ? 1 : 0;
    }
    void has_left(episode_number episode) {
        --sends_;
        on_the_way_.out -= episode == episode_ ? 1 : 0;
    }
    void post_receives(mailbox& in);
    [[nodiscard]] incoming* next_header();
    [[nodiscard]] incoming* go_on_with_header();
    void queue_header();
    void done_with_header() noexcept;
    [[nodiscard]] incoming* next_of(peer& p);
    template <typename Check>
    void look_at(const Check& check);
    static void verify_spans(const transfer_in& t);
    [[nodiscard]] bool receive_body(peer& p, transfer_in& t);
    template <typename Region>
    [[nodiscard]] bool receive_regions(peer& p, transfer_in& t, std::size_t count, const Region& region);
    void progress_out(peer& p);
    [[nodiscard]] bool is_current(const incoming& m) const noexcept { return m.framing.episode == episode_; }

    // Bounded, so that a flood of messages cannot keep the caller from its own items.
    static constexpr std::size_t most_headers = 64;

    MPI_Comm comm_;
    std::size_t piece_;
    episode_number episode_ = no_episode;
    struct traffic {
        std::size_t out = 0;
        std::size_t in = 0;
    };
    traffic on_the_way_;                 // of this episode
    std::size_t sends_ = 0;              // of all
    std::vector<std::uint64_t> sent_to_; // headers, by destination as far as there were any
    std::uint64_t received_ = 0;         // headers
    bool moved_ = false;                 // since progress() began
    std::size_t headers_ = 0;            // since then
    std::size_t at_peer_ = 0;            // of the active ones, whose transfers come next
    bool all_told_ = false;              // of the event's message
    peer* told_ = nullptr;               // whose first transfer that is, where it came in pieces
    std::vector<std::unique_ptr<peer>> peers_;
    std::vector<int> active_;
    std::deque<control> controls_out_;
    std::unique_ptr<mailbox> inbox_;
    std::vector<buffer> spare_;
    bool keeps_ = false;
    bool checks_ = false;
    std::exception_ptr broken_; // what has come is no message: nothing behind it can be told apart
    std::vector<std::shared_ptr<const void>> done_; // kept
};

} // namespace mpimap::detail
