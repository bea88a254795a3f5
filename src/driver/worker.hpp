#pragma once

// Another rank's side: takes chunks of the calls that it serves, runs their items, sends results back until
// the root ends the call or closes the pool.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "driver/helper.hpp"
#include "driver/nap.hpp"
#include "fifo.hpp"
#include "schedule/chunking.hpp"
#include "wire/transport.hpp"

namespace mpimap::detail {

class worker : private message_handler {
  public:
    worker(endpoint here, int root);
    ~worker() override;

    /// A call that this rank takes part in by itself; `stop`: items behind one that throws are not run.
    void enter(call_number number, kernel& k, bool stop);
    /// Says that the call's setup was read, or what happened instead.
    void ready(call_number number, const failure* setup_failed);

    /// The set-up of the pool failed here: no items will be run.
    void break_down(const failure& why);

    /// Serves until the root ends the call or closes the pool.
    void run();
    /// How the call ended, if it failed, or was cancelled before all items had run.
    [[nodiscard]] const std::optional<map_error>& failed() const noexcept { return failed_; }
    [[nodiscard]] const std::optional<cancelled>& stopped() const noexcept { return stopped_; }

  private:
    struct call {
        kernel* serving = nullptr;
        std::unique_ptr<kernel> own; // in a pool
        part_number function = no_part;
        bool fresh_function = false; // a copy of its own for each chunk
        bool stop_at_failure = true;
        bool broken = false; // the function could not be read
        bool stopped = false;
        std::size_t batch = 1;
        usual_time usual; // of the items that ran here
    };
    /// A chunk that is coming in: there is one root, and its messages come in order.
    struct announced {
        item_range items;
        call_number call{};
        wire::return_policy returning = wire::return_policy::never;
        bool returned = false; // to the root, since what runs here takes long
    };
    struct work {
        announced what;
        std::shared_ptr<chunk> arguments;
        std::size_t readable = 0; // items whose arguments could be decoded
        failures failed;          // and why the next one could not
        double waited = 0;
    };
    /// A function or constant that calls of a pool have in common, as it came.
    struct part {
        buffer body;
        std::vector<std::uint64_t> sizes;
        std::vector<buffer> spans;
        bool lost = false;
        std::shared_ptr<void> decoded; // by the first call, for all: what came is gone then
    };

    void noticed(const incoming& m) override;
    bool can_place(const incoming& m) override;
    void place(incoming& m) override;
    void arrived(incoming& m) override;
    /// Work, for a rank that has none. Behind work it looks at all that has come: a stop may be in it.
    [[nodiscard]] bool has_enough() const override { return on_main_thread_ && idle_ && !waiting_.empty(); }

    [[nodiscard]] call* find(call_number number);
    void place_chunk(incoming& m, const call& c);
    static void place_part(incoming& m);
    void open_call(call_number number, const incoming& m);
    void release(call_number number);
    void chunk_arrived(const wire::chunk& what);
    static void use_part(kernel& k, std::size_t i, part& p);
    void run_chunk(work w);
    std::size_t run_batch(work& w, std::size_t from, std::size_t to, const call& c);
    void engage();
    void disengage();
    void give_back();
    void give_back(announced& chunk, item_range items);
    void tell_failures(const wire::message& what, failures& failed);
    /// `give_up`: what has not run is not to be handed out again.
    void send_results(work& w, std::size_t done, double seconds, bool give_up);

    endpoint here_;
    transport& messages_;
    int root_;
    std::map<call_number, call> calls_;
    std::map<part_number, part> parts_;
    fifo<announced> announced_; // whose headers are here
    work placed_;               // the first of them, when it is being read
    std::deque<work> waiting_;
    bool idle_ = true;        // since the last look for messages
    work* running_ = nullptr; // the chunk whose items run
    std::size_t claimed_ = 0; // of them those that run now or have run
    bool released_ = false;   // its call, meanwhile
    bool on_main_thread_ = true;
    helper* engaged_ = nullptr;
    std::exception_ptr helper_error_;
    outgoing reply_; // empty between messages: its memory is used again
    bool broken_ = false;
    bool ended_ = false;
    bool closing_ = false; // there will be no more calls
    bool at_once_ = false;
    std::optional<map_error> failed_;
    std::optional<cancelled> stopped_;
    std::deque<clock::time_point> asked_; // when chunks were answered, each a request for another
};

} // namespace mpimap::detail
