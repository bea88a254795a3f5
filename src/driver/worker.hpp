#pragma once

// Drives what a rank runs for the root: decodes chunks and calls their items, encodes the results, until the
// root ends the call or closes the pool. What is to be done, the runner decides.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "call/backlog.hpp"
#include "call/runner.hpp"
#include "driver/engaged_helper.hpp"
#include "driver/helper.hpp"
#include "driver/nap.hpp"
#include "wire/transport.hpp"

namespace mpimap::detail {

class worker {
  public:
    worker(endpoint here, int root);
    ~worker();

    /// A call that this rank takes part in by itself; `stop`: items behind one that throws are not run.
    void enter(call_number number, kernel& k, bool stop);
    /// Says that the call's setup was read, or at once what happened instead. Where this rank `expects_items`
    /// their results say so too; without any it waits for a millisecond before it does.
    void ready(call_number number, const failure* setup_failed, bool expects_items);

    /// The set-up of the pool failed here: no items will be run.
    void break_down(const failure& why);

    /// Serves until the root ends the call or closes the pool.
    void run();
    /// Whether the pool's program has ended: behind run().
    [[nodiscard]] bool program_over() const noexcept { return runner_.program_over(); }
    /// How the call ended, if it failed, or was cancelled before all items had run.
    [[nodiscard]] const std::optional<map_error>& failed() const noexcept { return failed_; }
    [[nodiscard]] const std::optional<cancelled>& stopped() const noexcept { return stopped_; }
    [[nodiscard]] const std::optional<interrupted>& cut_short() const noexcept { return cut_short_; }

  private:
    void serve();
    void say_ready();

    /// What items of a call are run with.
    struct call {
        kernel* serving = nullptr;
        std::unique_ptr<kernel> own; // in a pool
        part_number function = no_part;
        bool fresh_function = false; // a copy of its own for each chunk
    };
    /// A function or constant that calls of a pool have in common.
    struct part {
        struct encoded {
            writer content;
            std::vector<buffer> spans; // their memory
        };
        std::shared_ptr<encoded> came;
        bool lost = false;
        std::shared_ptr<void> decoded; // by the first call, for all: what came is gone then
    };

    bool receive();
    void say_if_interrupted();
    void heed(incoming& m);
    [[nodiscard]] bool may_place(const incoming& m);
    void place(incoming& m);
    void arrived(incoming& m);
    [[nodiscard]] call* find(call_number number);
    void place_chunk(incoming& m, const call& c);
    static void place_part(incoming& m);
    void pass_on(part_number number);
    [[nodiscard]] bool passes_on();
    void open_call(call_number number, const incoming& m);
    static void use_part(kernel& k, std::size_t i, part& p);
    void run_chunk(clock::time_point begin);
    std::size_t run_batch(runner::work& w, const runner::batch& b, clock::time_point& end);
    void give_back();
    void tell_failures(const wire::message& what, failures& failed);
    void write_ahead(runner::work& w, std::size_t done, clock::time_point end);
    void send_results(runner::answer& a, clock::time_point end);
    void send_some(runner::work& w, std::size_t to, clock::time_point end, wire::results what);
    void let_root_keep_up();

    endpoint here_;
    transport& messages_;
    int root_;
    runner runner_;
    std::map<call_number, call> calls_;
    std::map<part_number, part> parts_;
    std::map<part_number, std::vector<int>> relays_; // to whom those are to be sent that have not come yet
    bool passes_on_ = false;                         // some are on their way
    std::optional<call_number> to_be_ready_;         // of which nothing has been said
    clock::time_point ready_since_;
    clock::time_point chunk_came_; // the last one
    bool on_main_thread_ = true;
    engaged_helper helper_;
    outgoing reply_;              // empty between messages: its memory is used again
    std::size_t written_ = 0;     // items of the chunk that runs whose results are in it, or have been sent
    double not_sent_seconds_ = 0; // in which items of the chunk ran that have not been sent
    clock::time_point not_sent_since_; // when the first of these began
    backlog backlog_;
    std::optional<map_error> failed_;
    std::optional<cancelled> stopped_;
    std::optional<interrupted> cut_short_;
    bool said_interrupted_ = false;
};

} // namespace mpimap::detail
