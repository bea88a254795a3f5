#pragma once

// The root's side of a communicator: the calls in flight there, whose messages come over one channel, and the
// one main thread that runs their items.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "call/interruption.hpp"
#include "call/roster.hpp"
#include "driver/engaged_helper.hpp"
#include "driver/helper.hpp"
#include "schedule/chunking.hpp"
#include "wire/transport.hpp"

namespace mpimap::detail {

class dispatcher;

/// What becomes of a call's offer to a rank.
enum class offer {
    sent,    // a chunk is on its way
    enough,  // the rank has some to do
    nothing, // the call has no items for it
    not_now  // arguments must be encoded first, on the main thread
};

class session {
  public:
    /// `computes`: the root runs items, too, where there are other ranks.
    explicit session(endpoint here, bool computes = true);
    ~session();
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    /// Serves all calls that joined until `done`, which is asked after each round: hands out chunks, takes
    /// results, runs items on the calling thread in between.
    void run_until(const std::function<bool()>& done);

    /// Serves them once, without running items.
    void poll();
    /// The same, and runs a batch of what nobody else can run.
    void look();
    /// After an item was added: as poll(), but looks after messages only now and then.
    void nudge();

    /// On the deputy's thread, while the program is out of the functions of its pool. When to come back, if
    /// anything is left that may move on without the program.
    [[nodiscard]] std::optional<std::chrono::microseconds> answer_in_absence();
    /// Whether there is.
    [[nodiscard]] bool is_under_way() const;

    /// Until all that was sent has left its memory.
    void flush();
    /// The same, and until all other ranks have said that they leave the pool.
    void take_leave();

    /// Messages of a call go to its dispatcher while it has joined; calls are served in the order of their
    /// numbers.
    void join(dispatcher& call);
    void leave(dispatcher& call) noexcept;
    /// The call has items to be run, though it may have had none before.
    void has_items(dispatcher& call);
    /// complete_here() has something to do.
    void attend(dispatcher& call);
    /// The call takes items for the root to run: of one call at a time.
    void begins_chunk(dispatcher& call);
    /// The other ranks. Chunks are handed out one each, in order of asking, the oldest call's first.
    [[nodiscard]] roster& ranks() noexcept { return ranks_; }

    [[nodiscard]] int rank() const noexcept { return here_.rank; }
    [[nodiscard]] int size() const noexcept { return here_.size; }
    [[nodiscard]] const endpoint& here() const noexcept { return here_; }
    [[nodiscard]] transport& messages() const noexcept { return *here_.messages; }

    /// Whether the root runs items of schedules that do not divide them beforehand.
    [[nodiscard]] bool computes() const noexcept { return computes_; }
    /// Whether user code is being run by the engine: an item, or what reads and encodes arguments.
    [[nodiscard]] bool in_user_code() const noexcept { return running_items_ || at_work_ != 0; }
    /// Why this process is to come to an end; 0 where it is not.
    [[nodiscard]] int interrupted_by() const noexcept {
        return here_.ending == nullptr ? 0 : here_.ending->cause();
    }
    /// What a rank said that has broken down.
    [[nodiscard]] const std::optional<failure>& broken() const noexcept { return broken_; }

    /// The main thread leaves the engine for user code while one lives.
    class user_code {
      public:
        user_code(session& s, const nap_length& helpers);
        ~user_code();
        user_code(const user_code&) = delete;
        user_code& operator=(const user_code&) = delete;

      private:
        session& session_;
        std::optional<helper::user_code> helper_;
    };

    /// While one lives user code may be called, serialize, iterators or retry_if, but may not call back.
    class engine_at_work {
      public:
        explicit engine_at_work(session& s) : session_(s) { ++s.at_work_; }
        ~engine_at_work() { --session_.at_work_; }
        engine_at_work(const engine_at_work&) = delete;
        engine_at_work& operator=(const engine_at_work&) = delete;

      private:
        session& session_;
    };

  private:
    class engagement;

    /// Messages in and out; whether anything moved.
    bool receive();
    void heed(incoming& m);

    [[nodiscard]] dispatcher* call(call_number number) noexcept;
    bool exchange();
    void heed_stops();
    void look_at_watches() noexcept;
    void complete_here();
    bool hand_out(bool encode);
    [[nodiscard]] offer offer_chunk(std::size_t rank, bool encode);
    bool run_items();
    bool run_some_items();
    void let_others_run_the_rest();
    bool answer();

    endpoint here_;
    bool computes_;
    // Calls, by number: all of them, those with items to be run, those that may be stopped from outside,
    // those that are watched by somebody who looks at the clock.
    std::vector<dispatcher*> calls_;
    std::vector<dispatcher*> with_items_;
    std::vector<dispatcher*> stoppable_;
    std::vector<dispatcher*> watched_;
    std::vector<call_number> attended_; // to be completed here; some may have left
    roster ranks_;
    dispatcher* computing_ = nullptr; // whose items the root has run last
    engaged_helper helper_;
    bool on_main_thread_ = true; // user code may run: not while helper or deputy answer
    const std::function<bool()>* awaited_ = nullptr;
    bool running_items_ = false;
    int at_work_ = 0;
    unsigned nudges_ = 0;
    unsigned looks_for_stops_ = 0;
    bool hands_out_more_ = false; // than it did at once
    std::optional<failure> broken_;
};

} // namespace mpimap::detail
