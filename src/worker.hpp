#pragma once

// Another rank's half of a call: takes chunks, runs their items, sends results back until the root ends the
// call.

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "channel.hpp"
#include "communicator.hpp"
#include "nap.hpp"

namespace mpimap::detail {

class worker : private message_handler {
  public:
    worker(communicator_state& state, kernel& k, int root, std::uint64_t number, bool stop);

    /// Says that the function was read, or what happened instead.
    void ready(const failure* setup_failed);
    /// Serves until the root ends the call; the verdict, if the call failed.
    std::optional<map_error> run();

  private:
    struct work {
        item_range items;
        std::shared_ptr<chunk> arguments;
        std::size_t readable = 0; // items whose arguments could be decoded
        failures failed;          // and why the next one could not
        double waited = 0;
    };

    void noticed(const incoming& m) override;
    bool can_place(const incoming& m) override;
    void place(incoming& m) override;
    void arrived(std::unique_ptr<incoming> m) override;

    void run_chunk(work w);
    void send_failures(failures& failed);
    void send_results(work& w, std::size_t done, double seconds, bool give_up);

    communicator_state& state_;
    channel& channel_;
    kernel& kernel_;
    int root_;
    std::uint64_t number_;
    bool stop_at_failure_;

    std::deque<work> waiting_;
    bool broken_ = false; // the function could not be read
    bool stopped_ = false;
    bool ended_ = false;
    std::optional<map_error> verdict_;
    std::size_t batch_ = 1;
    std::deque<clock::time_point> asked_; // when chunks were answered, each a request for another
};

} // namespace mpimap::detail
