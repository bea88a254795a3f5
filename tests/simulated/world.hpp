#pragma once

// Ranks in one process and one thread, with a clock and a network of their own: what happens, and when, hangs
// on a seed alone. Time passes where ranks wait, look for messages or compute.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "call/interruption.hpp"
#include "call/roster.hpp"
#include "driver/helper.hpp"
#include "fiber.hpp"
#include "wire/transport.hpp"

namespace simulated {

using seconds = double;

/// What is wrong with a run.
struct mistake {
    std::string text;
};

class world;

/// Leaves a rank's program from wherever it is when the rank vanishes.
struct vanished {};

/// A message under way.
struct parcel;

/// The transport of one rank.
class port final : public mpimap::detail::transport {
  public:
    port(world& w, int rank);
    ~port() override;

    void send(int destination, const mpimap::detail::wire::message& what,
              mpimap::detail::outgoing&& content) override;
    void progress() override;
    [[nodiscard]] mpimap::detail::incoming* next() override;
    void done() override;
    [[nodiscard]] bool moved() const override { return moved_; }
    void keep_what_is_done(bool keep) override { keeps_ = keep; }
    [[nodiscard]] bool sent() const override { return out_.empty(); }
    [[nodiscard]] bool received() const override { return half_received_ == 0; }
    [[nodiscard]] bool transferring() const override { return half_received_ != 0; }
    [[nodiscard]] bool behind() const override { return false; }

    /// What a rank has been sent and has neither finished nor given back, as far as has been heard here.
    [[nodiscard]] std::vector<mpimap::detail::roster::chunk> in_hand_of(int rank) const {
        const auto at = in_hand_.find(rank);
        return at == in_hand_.end() ? std::vector<mpimap::detail::roster::chunk>() : at->second;
    }
    /// Whether the rank has heard that it shall stop running the call's items.
    [[nodiscard]] bool shall_stop(mpimap::detail::call_number call) const { return stopped_.contains(call); }

  private:
    friend class world;
    using line = std::deque<std::shared_ptr<parcel>>;
    void let_go(mpimap::detail::outgoing& message);
    void release_what_has_left();
    [[nodiscard]] mpimap::detail::incoming* next_header();
    [[nodiscard]] mpimap::detail::incoming* next_of(line& from);

    world& world_;
    int rank_;
    std::vector<line> in_; // by source
    std::size_t at_line_ = 0;
    line* just_noticed_ = nullptr; // whose messages go on before other headers are noticed
    std::shared_ptr<parcel> told_; // is complete, and known to be
    std::shared_ptr<void> told_keeps_;
    bool moved_ = false;
    std::deque<std::shared_ptr<parcel>> out_;
    std::size_t half_received_ = 0;
    bool keeps_ = false;
    std::vector<std::shared_ptr<const void>> done_;
    std::set<mpimap::detail::call_number> stopped_;
    void heard(int source, const mpimap::detail::wire::message& what);
    std::map<int, std::vector<mpimap::detail::roster::chunk>> in_hand_; // by rank
};

/// How the world behaves, drawn from the seed.
struct weather {
    seconds look = 2e-6;      // what a look for messages takes, on average
    seconds latency = 5e-6;   // of a message, on average
    double slow_messages = 0; // the share of messages that take a hundred times as long
    double stops = 0;         // how many looks end with the rank being stopped for a while
    seconds longest_stop = 0;
    bool helpers = true;   // ranks have a helper thread
    bool deputies = false; // and pools one that answers while their program is elsewhere
};

class world {
  public:
    world(std::uint64_t seed, int ranks);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    /// The one there is.
    [[nodiscard]] static world& now();
    [[nodiscard]] static bool exists();

    weather today;

    [[nodiscard]] int size() const { return static_cast<int>(ranks_.size()); }
    [[nodiscard]] mpimap::detail::endpoint at(int rank);
    void start(int rank, std::function<void()> program);
    /// Until all programs have ended. Throws mistake where they do not. `orderly`: then nothing is half sent.
    void run(bool orderly = true);

    /// The rank that runs is out of step: no rank does anything any more.
    [[noreturn]] void end_job();
    /// From now on the rank does nothing, and what it has said and is not heard yet, nobody hears.
    void vanish(int rank);
    [[nodiscard]] port& port_of(int rank);
    [[nodiscard]] mpimap::detail::interruption& interruption_of(int rank);

    // Of the program that runs.

    [[nodiscard]] int rank() const { return running_; }
    [[nodiscard]] bool shall_stop(mpimap::detail::call_number call) const;
    /// The run ends here, with this text, whatever the engine catches on the way.
    void wrong(const std::string& text) {
        if (!mistake_ && !ended_)
            mistake_ = mistake{text};
    }
    /// The call is over on its root: nobody has anything to say of it any more, but that it is.
    void closed(mpimap::detail::call_number call) { closed_.insert(call); }
    [[nodiscard]] std::int64_t nanoseconds() const { return time_; }
    /// Nothing but time passes here.
    void pass(seconds length);
    /// User code that takes so long; the helper, if one is engaged, answers meanwhile.
    void compute(seconds length);
    /// Calls what runs on a thread of the engine's own: no code of the user's.
    void as_helper(const std::function<void()>& serve);
    /// User code is called, or a destructor of the user's.
    void user_code();

    // Random numbers.

    [[nodiscard]] bool chance(double probability) { return draw() < probability; }
    /// [0, 1).
    [[nodiscard]] double draw() { return std::uniform_real_distribution<double>(0, 1)(random_); }
    /// [0, n).
    [[nodiscard]] std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }
    /// Exponentially distributed.
    [[nodiscard]] seconds around(seconds mean) {
        return std::exponential_distribution<double>(1 / mean)(random_);
    }

    /// Says where it is in a run that is looked at.
    void tell(const std::string& what) const;
    bool talks = false;

  private:
    friend class port;
    struct rank_state;
    struct turn {
        std::int64_t when;
        std::uint64_t number; // first come, first served
        int rank;
        bool operator<(const turn& other) const {
            return when != other.when ? when > other.when : number > other.number;
        }
    };

    std::mt19937_64 random_;
    std::int64_t time_ = 0;
    std::vector<std::unique_ptr<rank_state>> ranks_;
    std::priority_queue<turn> turns_;
    std::uint64_t turn_count_ = 0;
    int running_ = -1;
    std::optional<mistake> mistake_;
    std::set<mpimap::detail::call_number> closed_;
    bool ended_ = false;
};

} // namespace simulated
