#pragma once

// Drives one call at its root: encodes what its owner hands out and decodes what comes back, runs items here,
// asks the user. What is to be done, the owner decides; when, the session.

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include <mpimap/detail/running_items.hpp>

#include "call/keeper.hpp"
#include "call/kept_chunks.hpp"
#include "call/opening.hpp"
#include "call/owner.hpp"
#include "call/watcher.hpp"
#include "driver/nap.hpp"
#include "driver/session.hpp"
#include "fifo.hpp"

namespace mpimap::detail {

/// What a call from a pool has besides; ranks that take part in a collective one have entered it themselves.
struct pooled {
    opening* introduction = nullptr; // ahead of a rank's first chunk; outlives the dispatcher
    std::shared_ptr<void> keep;      // what owns the job, if the caller does not wait for the end
};

class dispatcher {
  public:
    /// Joins the session.
    dispatcher(session& s, root_job& job, call_plan plan, call_number number, pooled pool = {},
               call_watchers watchers = {}, std::unique_ptr<call_keeper> keeper = {});
    ~dispatcher();
    dispatcher(const dispatcher&) = delete;
    dispatcher& operator=(const dispatcher&) = delete;

    [[nodiscard]] call_number number() const noexcept { return owner_.number(); }
    /// How it stands.
    [[nodiscard]] const owner& state() const noexcept { return owner_; }
    /// Whether messages with memory of the caller's are still on their way though their items are settled: a
    /// rank that gave them back had not received them.
    [[nodiscard]] bool returned_in_transit() const noexcept {
        return owner_.some_returned() && in_transit_.use_count() > 1;
    }

    /// There are n items more.
    void extend(std::size_t n);
    /// Whether there is more room for results than before: some have been taken, or have come.
    void look_for_room();
    /// Whether items are held back for want of it: not while somebody waits for them all.
    void hold_back(bool holds);
    /// One item less, if it has not been handed out.
    bool withdraw(std::size_t item);
    /// No more items are started.
    void cancel();
    /// A failure that is no item's: no items are run.
    void abandon(failure f);
    /// When it is finished.
    [[nodiscard]] ending end();

    // Called by the session: messages, by stages ...
    void noticed(const incoming& m);
    /// Whether place() runs no code of the user's.
    [[nodiscard]] bool places_plainly(const incoming& m) const;
    void place(incoming& m);
    /// `on_main_thread`: code of the user's may run now.
    void arrived(incoming& m, bool on_main_thread);
    // ... and its turns.

    /// A chunk for a rank that may want one; `encode`: whether that may be done now.
    [[nodiscard]] offer offer_chunk(std::size_t rank, bool encode);
    /// Whether it could have one without code of the user's being run.
    [[nodiscard]] bool offers_plainly() const { return owner_.plan().plain_arguments || !stock_.empty(); }
    [[nodiscard]] bool may_be_stopped() const noexcept {
        return owner_.plan().stop.stop_possible() || owner_.plan().ends;
    }
    /// `at_the_clock`: looks at it, too, where the call's time may be over.
    void heed_stop(bool at_the_clock = true);
    [[nodiscard]] bool has_watchers() const noexcept { return !watchers_.empty(); }
    /// Time has passed.
    void look_at_watches() noexcept;
    /// Before the main thread goes into user code: encodes what the helper may have to hand out meanwhile.
    /// Whether to look for messages first, and come back: nothing is known of the items as yet.
    [[nodiscard]] bool stock_up();
    /// On the main thread: what the owner has left to be done there.
    void complete_here();
    bool run_own_batch();
    /// What the root has taken of a chunk and not begun, while it is in another item or elsewhere.
    void let_others_run_the_rest();
    /// A batch of items that only the root can run; whether there were any.
    bool run_what_others_cannot();

  private:
    struct prepared {
        item_range items;
        bool again = false; // they have come back
        std::size_t skipped = 0;
        outgoing message;
    };

    void act() {
        if (owner_.acts() || keeper_)
            do_actions();
    }
    void do_actions();
    void want_main_thread();
    [[nodiscard]] bool is_watched() const noexcept { return observer_ != nullptr || has_watchers(); }
    void tell();
    /// What whoever keeps the items has to hear, or to say, outside of messages.
    void keep();
    void keep_failures();
    void take_from_keeper(std::size_t first, std::size_t count);
    /// Tells all watchers: mostly there are none, and what is hot makes no room for it.
    template <typename... Parameters, typename... Arguments>
    void watch(void (call_watcher::*what)(Parameters...) noexcept, const Arguments&... arguments) noexcept {
        if (has_watchers()) [[unlikely]]
            tell_watchers(what, arguments...);
    }
    template <typename... Parameters>
    [[gnu::noinline, gnu::cold]] void tell_watchers(void (call_watcher::*what)(Parameters...) noexcept,
                                                    std::type_identity_t<Parameters>... arguments) noexcept {
        for (const auto& w : watchers_)
            (w.get()->*what)(arguments...);
    }
    /// From here to its end this thread does that: for whoever wants times.
    class stopwatch;
    [[nodiscard]] bool prepare(std::size_t rank, prepared& p);
    void note_untaken();
    [[nodiscard]] prepared take_from_stock();
    void take_back(std::size_t rank, item_range items);
    void take_stock_back();
    bool run_own_chunk(clock::time_point& now);
    void place_failures(incoming& m);
    void place_results(incoming& m, const wire::results& r);
    void complete(const incoming& m);
    [[nodiscard]] bool wants_another_attempt(failure& f) const;
    [[nodiscard]] failure current(std::size_t index) const { return current_failure(index, session_.rank()); }

    session& session_;
    root_job& job_;
    settled_observer* observer_ = observer_of_settled();
    call_watchers watchers_;
    std::unique_ptr<call_keeper> keeper_;
    owner owner_;
    pooled pool_;
    const bool times_;
    const bool heeds_interruption_ = !running_items::any_here(); // an item's call is a part of it
    std::size_t chunks_sent_ = 0;
    std::shared_ptr<const void> in_transit_ =
        std::make_shared<char>();     // messages with memory of the caller's
    prepared next_;                   // empty between messages: its memory is used again
    std::deque<prepared> stock_;      // encoded ahead: user code runs on the main thread only
    std::optional<kept_chunks> kept_; // where it runs to encode them
    clock::time_point stocking_since_;
    std::deque<prepared> dropped_; // of these, what goes on the main thread: destructors are user code
    fifo<incoming> to_complete_;   // the rest is user code, for the main thread
    bool wants_main_thread_ = false;
    bool over_ = false; // and its watchers know
};

} // namespace mpimap::detail
