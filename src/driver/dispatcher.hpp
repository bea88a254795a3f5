#pragma once

// One call at its root: which items are out and where, hands out chunks, takes results in order of arrival,
// runs items itself in between. The session decides when.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "call/ledger.hpp"
#include "call/retries.hpp"
#include "driver/nap.hpp"
#include "driver/session.hpp"
#include "fifo.hpp"
#include "schedule/work_queue.hpp"

namespace mpimap::detail {

/// How a call from a pool differs from a collective one, in which every rank has entered the call itself.
struct pooled {
    std::function<void(std::size_t rank)> introduce; // before the first chunk for a rank
    std::shared_ptr<void> keep; // what owns the job, if the caller does not wait for the end
    bool refers = false;        // whether arguments may be gone even so
    bool grows = false;         // items are added as it goes
};

/// Whether ranks other than the root run no items behind one that throws: where it may be tried again, it is
/// for the root to say.
[[nodiscard]] inline bool stop_elsewhere(bool stop, const options& o) {
    return stop && o.attempts == 1;
}

class dispatcher {
  public:
    /// Joins the session. `stop`: hand out no more after the first failure.
    dispatcher(session& s, root_job& job, const options& o, call_number number, bool stop,
               std::optional<pooled> pool = {});
    ~dispatcher();
    dispatcher(const dispatcher&) = delete;
    dispatcher& operator=(const dispatcher&) = delete;

    [[nodiscard]] call_number number() const noexcept { return number_; }

    /// Every item has been run or given up, and no rank has anything left to send.
    [[nodiscard]] bool finished() const;

    /// The same for calls that grow, whose queue may be empty for now; after a cancel, when all has come to
    /// rest.
    [[nodiscard]] bool idle() const;
    /// Whether messages with memory of the caller's are still on their way though their items are settled: a
    /// rank that gave them back had not received them.
    [[nodiscard]] bool returned_in_transit() const noexcept {
        return some_returned_ && in_transit_.use_count() > 1;
    }
    [[nodiscard]] bool some_returned() const noexcept { return some_returned_; }
    /// There are n items more.
    void extend(std::size_t n);
    /// One item less, if it has not been handed out.
    bool withdraw(std::size_t item);
    /// Whether items were divided among the ranks beforehand.
    [[nodiscard]] bool decided() const noexcept { return queue_.decided(); }
    /// What an item sends and gets back, in bytes, as far as messages have shown.
    [[nodiscard]] double bytes_per_item() const noexcept {
        return measured_.argument_bytes + measured_.result_bytes;
    }
    /// No more items are started; those under way on other ranks end between batches.
    void cancel();
    /// Whether some were not run because of that.
    [[nodiscard]] bool cancelled() const noexcept { return cancel_requested_ && incomplete_; }

    /// A failure that is no item's: no items are run.
    void abandon(failure f);

    /// The failures, ordered by index.
    [[nodiscard]] failures take_failures();
    /// Whether the call failed before any item: an error in every mode.
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

    // Called by the session: messages, see message_handler ...
    void noticed(const incoming& m);
    [[nodiscard]] bool can_place(const incoming& m) const;
    void place(incoming& m);
    void arrived(incoming& m);
    // ... and its turns.

    /// Whether there are items to be run, by anybody.
    [[nodiscard]] bool has_items() const;
    /// A chunk for a rank that may want one; `encode`: whether that may be done now.
    [[nodiscard]] offer offer_chunk(std::size_t rank, bool encode);
    [[nodiscard]] bool may_be_stopped() const noexcept { return stop_token_.stop_possible(); }
    void heed_stop();
    /// Before the main thread goes into user code: encodes what the helper may have to hand out meanwhile.
    /// Whether to look for messages first, and come back: nothing is known of the items as yet.
    [[nodiscard]] bool stock_up();
    /// On the main thread: results that came while it was in user code, failures that may be no final ones.
    void complete_here();
    bool run_own_batch();
    /// What the root has taken of a chunk and not begun, while it is in another item or elsewhere.
    void let_others_run_the_rest();
    /// A batch of items that only the root can run; whether there were any.
    bool run_what_others_cannot();
    /// How the helper is to sleep while the main thread is in user code.
    [[nodiscard]] nap_length nap_of_helper() const;
    /// Whether nothing is known of the items yet and nobody else is ready to run them.
    [[nodiscard]] bool waits_for_first_worker() const;

  private:
    struct worker {
        bool ready = false;
        bool introduced = false;
        std::size_t chunks = 0;          // handed out, not finished
        std::size_t newest = 1;          // items of the one that was handed out last
        std::vector<std::size_t> failed; // items of the chunk whose results are coming in
        bool failures_lost = false;      // there may be more of these
        failures held;                   // of these, until all of it is here
    };
    struct prepared {
        item_range items;
        outgoing message;
    };

    void give_back(item_range items);
    /// The items have their results: all but those, which are in order. They took so long at that rank.
    void settle(item_range items, const std::vector<std::size_t>& failed, int rank, double seconds);
    /// The same of what a message has brought, as soon as it is complete.
    void settle(incoming& m, const wire::results& r, const std::vector<std::size_t>& failed);
    /// All but those.
    void give_back_between(item_range items, const std::vector<std::size_t>& failed);
    /// Handed out and not run, and never will be.
    void drop(item_range items);
    [[nodiscard]] bool grows() const noexcept { return pool_ && pool_->grows; }
    [[nodiscard]] bool has_items_for(const worker& w, std::size_t rank) const;
    [[nodiscard]] bool wants_more(const worker& w, std::size_t rank) const;
    [[nodiscard]] bool prepare(std::size_t rank, prepared& p);
    void take_back(std::size_t rank, item_range items);
    void unstock();
    bool run_own_chunk(clock::time_point& now);
    void place_failures(incoming& m);
    void place_results(incoming& m, const wire::results& r);
    void finish_chunk(worker& w, std::size_t rank, const wire::results& r);
    void complete(const incoming& m);
    void deliver_failures();
    void take_in(failures failed);
    void decide_failures();
    [[nodiscard]] bool again(failure& f);
    /// There are no more attempts, or it is no item's. False if the item was settled before.
    bool fail(failure f, std::size_t attempt);
    void hand_out_again(std::size_t item);
    [[nodiscard]] bool may_wait_behind() const;
    /// Whether so much is left that an item may wait behind another.
    [[nodiscard]] bool plenty() const;
    void measure(item_range items, double seconds);
    static void weigh(std::size_t items, std::uint64_t bytes, double& mean);
    void introduce(std::size_t rank);
    void item_failed();
    void stop();

    session& session_;
    root_job& job_;
    call_number number_;
    bool stop_at_failure_;
    std::size_t root_;

    ledger ledger_;
    std::size_t items_; // that there are, so far
    work_queue queue_;
    measurements measured_;
    double total_seconds_ = 0;
    std::vector<worker> workers_;
    std::size_t not_ready_;
    std::size_t chunks_sent_ = 0;
    std::size_t chunks_out_ = 0;
    std::shared_ptr<const void> in_transit_ =
        std::make_shared<char>(); // messages with memory of the caller's
    bool some_returned_ = false;
    std::size_t on_the_way_ = 0; // results noticed but not yet in place
    prepared next_;              // empty between messages: its memory is used again
    std::deque<prepared> stock_; // encoded ahead: user code runs on the main thread only
    std::size_t in_stock_ = 0;   // items
    clock::time_point stocking_since_;
    std::deque<prepared> dropped_; // of these, what goes on the main thread: destructors are user code
    item_range own_;               // the root's own chunk, as far as it has not been run
    std::size_t batch_ = 1;
    failures failed_;
    retries retries_;
    std::function<bool(const task_error&)> retry_if_;
    failures undecided_; // of items that may get another attempt
    std::stop_token stop_token_;
    bool cancel_requested_ = false;
    bool incomplete_ = false; // items were dropped
    bool stopped_ = false;
    bool abandoned_ = false;
    std::optional<pooled> pool_;
    fifo<incoming> to_complete_; // came in while the main thread was in user code
};

} // namespace mpimap::detail
