#pragma once

// The root's half of a call: hands out chunks, takes results in order of arrival, runs items itself in
// between.

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <vector>

#include "channel.hpp"
#include "communicator.hpp"
#include "work_queue.hpp"

namespace mpimap::detail {

class dispatcher : private message_handler {
  public:
    /// `stop`: hand out no more after the first failure.
    dispatcher(communicator_state& state, root_job& job, const options& o, std::uint64_t number, bool stop);

    /// Runs all items. Returns when every item has been run or given up, and no rank has anything left to
    /// send.
    void run();

    /// A failure that is no item's: no items are run.
    void abandon(failure f);

    /// The failures, ordered by index.
    [[nodiscard]] failures take_failures();
    /// Whether the call failed before any item: an error in every mode.
    [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

    /// Tells all workers how it went and waits until the messages have left.
    void end(const map_error* verdict);

  private:
    struct worker {
        bool ready = false;
        bool asking = false;
        std::deque<item_range> chunks; // handed out, not finished
    };
    struct prepared {
        item_range items;
        outgoing message;
    };

    void noticed(const incoming& m) override;
    bool can_place(const incoming& m) override;
    void place(incoming& m) override;
    void arrived(std::unique_ptr<incoming> m) override;

    void ask(std::size_t rank);
    void give_back(item_range items);
    bool hand_out(bool user_code);
    bool wants_more(const worker& w, std::size_t rank) const;
    bool prepare(std::size_t rank, prepared& p);
    void stock_up();
    void complete(const incoming& m);
    void complete_here();
    bool answer();
    bool run_own_batch();
    void measure(std::size_t items, double seconds);
    static void weigh(std::size_t items, std::uint64_t bytes, double& mean);
    void item_failed();
    void stop();
    [[nodiscard]] bool finished() const;

    communicator_state& state_;
    channel& channel_;
    root_job& job_;
    std::uint64_t number_;
    bool stop_at_failure_;
    std::size_t root_;

    work_queue queue_;
    measurements measured_;
    double total_seconds_ = 0;
    std::vector<worker> workers_;
    std::size_t not_ready_;
    std::size_t chunks_out_ = 0;
    std::size_t on_the_way_ = 0; // results noticed but not yet in place
    std::deque<prepared> stock_; // encoded ahead: user code runs on the main thread only
    item_range own_;             // the root's own chunk, as far as it has not been run
    std::size_t batch_ = 1;
    failures failed_;
    bool stopped_ = false;
    bool abandoned_ = false;
    bool on_main_thread_ = true;
    std::deque<std::unique_ptr<incoming>> to_complete_; // came in while the main thread was in user code
    std::exception_ptr helper_error_;
    std::deque<std::size_t> asking_; // ranks that may want a chunk
};

} // namespace mpimap::detail
