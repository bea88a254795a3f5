#pragma once

// What a rank runs for the owner of calls: which chunks have come, which of their items run now, what goes
// back. It decides in memory, without MPI, clocks, threads or code of the user's, as the owner does.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <mpimap/detail/job.hpp>

#include "fifo.hpp"
#include "schedule/chunking.hpp"
#include "wire/messages.hpp"

namespace mpimap::detail {

class runner {
  public:
    /// A chunk, from its header to its last results.
    struct work {
        wire::chunk what;
        bool returned = false;                 // to the owner, since what runs here takes long
        std::shared_ptr<chunk> arguments = {}; // null where they could not be read
        std::size_t readable = 0;              // items whose arguments could be decoded
        std::size_t sent = 0;                  // items whose results have been sent
        bool is_large = false;                 // in a message that comes in several pieces
        failures failed = {};                  // and why the next one could not; then those of items that ran
        double waited = 0;                     // seconds that the rank, idle, has waited for it
        wire::chunk_times times = {};          // as far as they are known
    };

    // ------------------------------------------------------------ calls

    /// The rank takes part in it. `stop_at_failure`: items behind one that throws are not run.
    void opens(call_number call, bool stop_at_failure);
    /// The function could not be read: its items are not run.
    void cannot_serve(call_number call);
    /// The same of all calls, those to come too.
    void cannot_serve_any() noexcept { broken_ = true; }
    [[nodiscard]] bool knows(call_number call) const { return calls_.contains(call); }
    /// The call is over. Whether it may be forgotten: not from under its items.
    [[nodiscard]] bool release(call_number call);

    // ------------------------------------------------------------ messages, in the order in which they come

    /// A header.
    void noticed(const wire::message& m);
    /// Whether a chunk's content may be read now: memory for two is enough, and is used again.
    [[nodiscard]] bool may_read() const noexcept { return waiting_ < 2; }
    /// Of the chunk whose content comes next: its items; whether it went back before it came.
    [[nodiscard]] item_range next_items() { return announced().what.items; }
    [[nodiscard]] bool next_is_returned() { return announced().returned; }
    /// Its times, and those of the chunk whose header came last: for the driver to fill.
    [[nodiscard]] wire::chunk_times& next_times() noexcept { return announced().times; }
    [[nodiscard]] wire::chunk_times& newest_times() noexcept { return (chunks_.end() - 1)->times; }
    /// Whether its content is worth reading.
    [[nodiscard]] bool next_will_run();
    /// That content.
    void read(std::shared_ptr<chunk> arguments, std::size_t readable, failures failed, bool is_large = false);
    /// All of that chunk is here, at this time in seconds.
    void arrived(double now);
    /// A message to stop has been heeded before, unless it overtook the call itself.
    void stop(call_number call);
    /// Nothing was handed out since the rank asked for more: what comes now tells nothing of the time.
    void forget_asking();
    void ends() noexcept { ended_ = true; }

    // ------------------------------------------------------------ items

    /// The main thread looks for messages: whether it has nothing else to do.
    void looks() noexcept { idle_ = waiting_ == 0 || at_once_; }
    [[nodiscard]] bool is_idle() const noexcept { return idle_; }
    [[nodiscard]] bool has_work() const noexcept { return waiting_ != 0; }
    /// The oldest chunk that waits is to be run, or answered; null where it is not: it went back, or its call
    /// is over.
    [[nodiscard]] work* begin_chunk();
    /// Whether its items are run: the call has not been stopped, and can be served.
    [[nodiscard]] bool runs() const noexcept { return !gives_up_ && !call_running_->stopped; }
    /// Its function could not be copied.
    void cannot_run(failure why);
    struct batch {
        std::size_t from = 0; // offsets in the chunk
        std::size_t to = 0;
        bool stop_at_failure = true;
        nap_length patience; // of the helper: an item that outlasts it is a long one
    };
    /// What is to be run next of it; nothing where no more is.
    [[nodiscard]] std::optional<batch> next_batch();
    /// Up to `done`; in so many seconds, and whether items have thrown.
    void ran(const batch& b, std::size_t done, double seconds, bool some_failed);
    /// Of its items that have run since this was asked last, those that took longest.
    [[nodiscard]] wire::longest_items take_longest() noexcept { return std::exchange(longest_, {}); }
    /// How the chunk is answered.
    struct answer {
        work& of;                // until the next begins
        bool is_heard = false;   // the call is not over
        std::size_t done = 0;    // items with results or failures
        std::size_t not_run = 0; // behind them
        wire::progress how = wire::progress::finished;
    };
    [[nodiscard]] answer end_chunk();
    /// With its last results, which ask for more.
    void answered(double now) { asked_.push(now); }

    /// The batch that runs takes long: what goes back to the owner, since it waits behind it.
    [[nodiscard]] std::vector<wire::returned> give_back();

    // ------------------------------------------------------------ the end

    /// Whether the owner has said so, and waits for nothing.
    [[nodiscard]] bool at_once() const noexcept { return at_once_; }
    /// Whether the whole program is to end then.
    [[nodiscard]] bool program_over() const noexcept { return program_over_; }
    /// Whether nothing more will come, nor be answered.
    [[nodiscard]] bool ended() const noexcept { return ended_; }
    /// Whether the owner is to be told, when all that is on its way is here.
    [[nodiscard]] bool says_farewell() const noexcept { return closing_ && !at_once_ && waiting_ == 0; }
    void said_farewell() noexcept {
        closing_ = false;
        ended_ = true;
    }

  private:
    struct call_record {
        bool stop_at_failure = true;
        bool broken = false; // the function could not be read
        bool stopped = false;
        std::size_t batch = 1;
        usual_time usual; // of the items that ran here
    };
    [[nodiscard]] call_record* find(call_number number);
    [[nodiscard]] work& announced() noexcept { return chunks_.begin()[waiting_]; }
    static void give_back(work& w, item_range items, std::vector<wire::returned>& all);

    std::map<call_number, call_record> calls_;
    fifo<work> chunks_;       // but for the one that runs
    std::size_t waiting_ = 0; // of these; of those behind them only the headers are here
    work running_;
    call_record* call_running_ = nullptr; // its call, while it runs
    std::size_t done_ = 0;
    wire::longest_items longest_;
    std::size_t claimed_ = 0; // items that run now or have run
    bool gives_up_ = false;
    bool released_ = false; // the call that runs, meanwhile
    bool idle_ = true;      // at the last look for messages
    bool broken_ = false;
    bool ended_ = false;
    bool closing_ = false; // there will be no more calls
    bool at_once_ = false;
    bool program_over_ = false;
    fifo<double> asked_; // when chunks were answered, each a request for another
};

} // namespace mpimap::detail
