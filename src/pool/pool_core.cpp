#include <mpimap/detail/pool_core.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>
#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/collective_call.hpp>
#include <mpimap/detail/hash.hpp>
#include <mpimap/errors.hpp>

#include "call/only_items.hpp"
#include "call/opening.hpp"
#include "call/part_store.hpp"
#include "call/plan.hpp"
#include "call/verdict.hpp"
#include "driver/deputy.hpp"
#include "driver/dispatcher.hpp"
#include "driver/helper.hpp"
#include "driver/nap.hpp"
#include "driver/session.hpp"
#include "driver/whole.hpp"
#include "driver/worker.hpp"
#include "ending/ending.hpp"
#include "errors/text.hpp"
#include "errors/uncaught.hpp"
#include "kept/kept_call.hpp"
#include "mpi/communicator.hpp"
#include "mpi/end_program.hpp"
#include "mpi/mpi_check.hpp"
#include "pool/lifeline.hpp"
#include "shown/watchers.hpp"

namespace mpimap::detail {

// ---------------------------------------------------------------- the pool

// An item may be using a pool that is not the one that runs it, and let go of what belongs to the one that
// does; while the program is elsewhere, the pool's deputy answers. Whatever gets as far as MPI, or to calls
// in flight, starts with a visit. There is no turn for as long as a pool lives: it may outlive
// the item that made it.

struct pool_core::implementation {
    collective_call entry; // the communicator is busy while the pool is open
    const std::shared_ptr<communicator_state> kept;
    communicator_state& state; // nothing is sent when the pool is closed: MPI may have ended
    pool_settings settings;
    bool open = true;
    std::optional<part_store> parts;
    std::list<pool_call::implementation*> calls;
    std::optional<failure> broken; // the root's own set-up
    const std::thread::id thread = std::this_thread::get_id();
    std::recursive_mutex other_threads;            // what goes with a call may let go of others
    std::vector<std::function<void()>> left_to_do; // asked for by other threads
    std::atomic<bool> something_left = false;      // whether there is any: looked at with each submission
    std::atomic<bool> busy = false;                // something is under way, or the program is in here
    std::optional<deputy> absence; // of the program: where MPI lets two threads in, and there are others

    /// See in_pool.
    class visit {
      public:
        explicit visit(implementation& pool)
            : pool_(pool.thread == std::this_thread::get_id() ? &pool : nullptr) {
            if (pool_ != nullptr)
                pool_->program_comes();
        }
        ~visit() {
            if (pool_ != nullptr)
                pool_->program_goes();
        }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;

        [[nodiscard]] const mpi_turn& turn() const noexcept { return turn_; }

      private:
        mpi_turn turn_; // an item around may be making the call
        implementation* pool_;
    };

    // Of visits.
    void program_comes() noexcept {
        if (absence)
            absence->enter();
        if (depth_++ == 0 && gives_up_here())
            busy.store(true, std::memory_order_relaxed);
    }
    void program_goes() noexcept {
        if (--depth_ == 0 && gives_up_here())
            busy.store(open && engine_ && engine_->is_under_way(), std::memory_order_relaxed);
        if (absence)
            absence->leave();
    }

    implementation(MPI_Comm comm, pool_settings s)
        : entry(comm, s.root, hash_text("mpimap::pool")), kept(state_of(comm)), state(*kept),
          settings(std::move(s)) {}

    /// On the root, from the end of the set-up on.
    [[nodiscard]] session& engine(const mpi_turn&) { return *engine_; }
    [[nodiscard]] session& engine(const visit& here) { return engine(here.turn()); }
    void begin(const mpi_turn& alone) { engine_.emplace(state.here(alone), settings.root_computes); }
    /// From here on the program may be elsewhere: the deputy answers meanwhile, where MPI lets two threads
    /// in.
    void begin_absence() {
        if (state.size > 1 && state.thread_level == MPI_THREAD_MULTIPLE) {
            absence.emplace(
                [this] {
                    const auto next = engine_->answer_in_absence();
                    if (!next)
                        busy.store(false, std::memory_order_relaxed);
                    return next;
                },
                [this] { return engine_->is_under_way(); });
        }
    }
    [[nodiscard]] bool in_item() const noexcept { return engine_ && engine_->in_user_code(); }
    [[nodiscard]] const failure* failed_set_up() const {
        if (broken)
            return &*broken;
        return engine_->broken() ? &*engine_->broken() : nullptr;
    }
    void check_thread() const {
        if (thread != std::this_thread::get_id()) {
            throw invalid_argument(
                "mpimap: a pool, with its futures and ranges, is for the thread that made it: "
                "let that one call, or make a pool for each thread on a communicator of its "
                "own");
        }
    }
    void do_what_is_left() {
        if (!something_left.load(std::memory_order_acquire))
            return;
        std::vector<std::function<void()>> asked;
        {
            const std::lock_guard lock(other_threads);
            asked.swap(left_to_do);
            something_left.store(false, std::memory_order_relaxed);
        }
        for (const std::function<void()>& f : asked)
            f();
    }
    /// See pool_core.
    template <typename F>
    void on_own_thread(const F& f) noexcept {
        on_own_thread(std::cref(f), [&f] { return std::function<void()>(f); });
    }
    void on_own_thread(const std::function<void()>& now,
                       const std::function<std::function<void()>()>& later) noexcept {
        const visit here(*this);
        if (thread == std::this_thread::get_id() && open) {
            now();
            return;
        }
        const std::lock_guard lock(other_threads);
        if (!open) { // whoever lets go of something does it himself, one after the other
            now();
            return;
        }
        try {
            left_to_do.push_back(later());
            something_left.store(true, std::memory_order_release);
        } catch (const std::bad_alloc&) {
            // It stays as it is until the pool goes.
        }
    }
    void check_usable() const {
        check_thread();
        if (!entry.is_root())
            throw invalid_argument("mpimap: the pool is closed, and its calls are made on its root");
        if (!open)
            throw invalid_argument("mpimap: the pool is closed");
        if (in_item()) {
            throw nested_call(
                "mpimap: an item called the pool that is running it. Use another communicator, such as "
                "MPI_COMM_SELF, or map in one call");
        }
        check_set_up();
    }
    /// Of a call that begins.
    static void check_may_begin() {
        if (const int cause = communicator_state::cause_of_ending(); cause != 0)
            throw interrupted_before(cause);
    }
    void check_set_up() const {
        if (const failure* f = failed_set_up()) {
            throw broken_pool("mpimap: the pool is broken: the set-up failed on rank " +
                              std::to_string(f->rank) + " (" + f->host + "): " + f->type +
                              (f->what.empty() ? "" : ": " + f->what));
        }
    }
    void farewell(const visit& here, const wire::farewell& how) {
        for (int rank = 0; rank < state.size; ++rank) {
            if (rank != state.rank)
                engine(here).messages().send(rank, how, outgoing());
        }
    }
    /// Some items of a call are all that the program is to run.
    [[noreturn]] void run_alone_and_end(const visit& here, root_job& job,
                                        const std::vector<item_range>& only) {
        {
            const session::engine_at_work at_work(engine(here));
            run_alone(job, only);
        }
        if (absence)
            absence->end();
        farewell(here, {.at_once = true, .program_over = true});
        engine(here).flush();
        leave();
        end_program();
    }
    void look(const visit& here);
    void nudge(const visit& here) {
        do_what_is_left();
        engine(here).nudge();
    }
    void abandon() noexcept;
    void leave();

  private:
    std::optional<session> engine_; // behind a visit: it is in MPI
    int depth_ = 0;                 // of visits
};

struct pool_call::implementation {
    using visit = pool_core::implementation::visit;
    std::shared_ptr<pool_core::implementation> pool;
    root_job& job;
    call_settings how;
    call_number number;
    std::optional<opening> introduction; // of a call that has items
    std::optional<dispatcher> items;
    std::optional<call_with_end> end_of_time;
    bool ends_program = false; // where its time is over
    bool released = false;
    bool ended = false;
    std::list<implementation*>::iterator place; // among the pool's calls

    implementation(std::shared_ptr<pool_core::implementation> p, root_job& j, call_settings h)
        : pool(std::move(p)), job(j), how(std::move(h)),
          number(number_of_pool_call(++pool->state.pool_calls)) {
        place = pool->calls.insert(pool->calls.end(), this);
    }
    ~implementation() { end(); }
    implementation(const implementation&) = delete;
    implementation& operator=(const implementation&) = delete;

    /// The other ranks are told, and nothing of it is left here.
    void end() noexcept {
        if (std::exchange(ended, true))
            return;
        if (leaves_items())
            note_left_items(ends_program);
        release();
        items.reset();
        end_of_time.reset();
        introduction.reset();
        how.keep.reset();
        pool->calls.erase(place);
    }
    void forget_function() {
        for (std::size_t i = 0; i < job.parts_of_function(); ++i)
            job.use_function(i, nullptr);
        if (introduction)
            introduction->close(false);
    }
    void leave();
    [[nodiscard]] bool done() const { return !items || (items->state().finished() && caller_may_go()); }
    /// 0 where it is not, nor will be.
    [[nodiscard]] int interrupted_by() const { return items ? items->state().interrupted_by() : 0; }
    /// Whether it has left items for that. A call that grows may have had nothing to do any more; input that
    /// nobody has read is left, too.
    [[nodiscard]] bool leaves_items() const {
        return interrupted_by() != 0 &&
               (items->state().has_left_out() ||
                (how.read_up_to && job.growing()->expected() != items->state().items()));
    }
    /// Whether nothing of the caller's memory is still to be read: arguments, or constants sent ahead of
    /// them.
    [[nodiscard]] bool caller_may_go() const {
        if (how.keep || !items->state().some_returned())
            return true;
        return !items->returned_in_transit() && introduction->has_left();
    }
    /// The other ranks may forget the call.
    void release() noexcept {
        if (released)
            return;
        released = true;
        if (!pool->open)
            return;
        try {
            const visit here(*pool);
            if (introduction) {
                for (const std::size_t rank : introduction->ranks())
                    pool->engine(here).messages().send(static_cast<int>(rank), wire::release{number},
                                                       outgoing());
                introduction->close(items && items->state().on() == owner::course::abandoned);
            }
            pool->parts->tidy();
        } catch (...) {
            // Without memory they remember it until the pool is closed.
        }
    }
};

/// No more items will run. What per_rank has made here ends as on the other ranks, though futures and the
/// pool's object may live on.
void pool_core::implementation::leave() {
    if (absence)
        absence->end();
    const std::lock_guard lock(other_threads);
    open = false;
    do_what_is_left();
    state.give_up = nullptr;
    entry.leave();
    if (in_item())
        return;                                       // an item lets go of the pool that is running it
    for (auto at = calls.begin(); at != calls.end();) // a function may own the future of its call
        (*at++)->forget_function();
    parts.reset();
}

void pool_core::implementation::abandon() noexcept {
    const visit here(*this);
    if (!open)
        return;
    if (absence) // the thread that ends MPI may be another one than the pool's
        absence->end();
    try {
        for (auto at = calls.begin(); at != calls.end();) {
            pool_call::implementation& c = **at++;
            if (c.items)
                c.items->cancel();
        }
        farewell(here, {.at_once = true});
    } catch (...) {
        // MPI does not work any more, or there is no memory for a few bytes: the ranks stay.
    }
    leave();
}

pool_core::pool_core(MPI_Comm comm, pool_settings settings)
    : self_(std::make_shared<implementation>(comm, std::move(settings))) {
    implementation& self = *self_;
    self.entry.agree();
    constexpr std::size_t most = static_cast<std::size_t>(-1) / 2;
    constexpr int bad_window = -1;
    constexpr int bad_cache = -2;
    int mine = self.state.size; // nothing to say
    if (is_root() && self.settings.window > most)
        mine = bad_window;
    if (is_root() && self.settings.cache_bytes > most)
        mine = bad_cache;
    std::optional<failure> failed;
    try {
        if (self.settings.set_up && mine >= 0)
            self.settings.set_up();
    } catch (...) {
        failed = current_failure(task_error::no_item, self.state.rank);
        mine = self.state.rank;
    }
    // Whether the set-up failed anywhere is known before the first call.
    int lowest = self.state.size;
    const auto compare = [&] {
        MPI_Request request = MPI_REQUEST_NULL;
        check_mpi(MPI_Iallreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, self.state.comm, &request),
                  "MPI_Iallreduce");
        wait_for(self.entry.turn(), request);
    };
    self.entry.with_others(std::cref(compare)); // needs no memory of its own
    if (lowest < 0) {
        const invalid_argument why(std::string("mpimap: pool_options::") +
                                   (lowest == bad_window ? "window" : "cache_bytes") +
                                   " is negative or larger than SIZE_MAX/2");
        thrown_everywhere(why.what(), is_root(), self.kept);
        throw why;
    }
    if (!is_root()) {
        bool program_over = false;
        const auto serve = [&] {
            worker w(self.state.here(self.entry.turn()), self.settings.root);
            if (failed)
                w.break_down(*failed);
            w.run();
            program_over = w.program_over();
        };
        self.entry.with_others(std::cref(serve));
        self.open = false;
        self.entry.leave(); // what follows may be collective while the pool is still in scope
        self.entry.step_out();
        if (program_over && lifeline::rank() == 0) // a spawned rank ends with its pool in any case
            end_program();
        return;
    }
    self.broken = std::move(failed);
    const auto own = [&] {
        self.begin(self.entry.turn());
        self.parts.emplace(*self.state.messages, self.engine(self.entry.turn()).ranks(),
                           self.settings.cache_bytes);
        self.state.give_up = [pool = std::weak_ptr(self_)] {
            if (const auto open = pool.lock())
                open->abandon();
        };
    };
    self.entry.with_others(std::cref(own));
    nap pause;
    while (lowest != self.state.size && self.failed_set_up() == nullptr) {
        self.engine(self.entry.turn()).poll(); // the rank says why
        pause.wait();
    }
    self.entry.step_out();
    self.begin_absence();
}

pool_core::~pool_core() {
    const mpi_turn alone;
    self_.reset();
}

bool pool_core::is_root() const noexcept {
    return self_->entry.is_root();
}
bool pool_core::is_open() const noexcept {
    return self_->open;
}
int pool_core::rank() const noexcept {
    return self_->state.rank;
}
int pool_core::size() const noexcept {
    return self_->state.size;
}
void pool_core::check_usable() const {
    const implementation::visit here(*self_);
    self_->check_usable();
    self_->do_what_is_left();
}
void pool_core::check_thread() const {
    self_->check_thread();
}

void pool_core::on_own_thread(const std::function<void()>& now,
                              const std::function<std::function<void()>()>& later) noexcept {
    self_->on_own_thread(now, later);
}

std::unique_ptr<pool_call> pool_core::start(root_job& job, const options& o, const call_settings& how) {
    const implementation::visit here(*self_);
    implementation& self = *self_;
    self.check_usable();
    self.check_may_begin();
    if (o.report != nullptr)
        *o.report = report();
    if (const auto only = only_items_of(job.ordinal())) {
        std::size_t items = job.items();
        if (how.read_up_to) {
            for (const item_range& range : *only)
                items = how.read_up_to(range.end());
        }
        check_are_there(*only, items, job.ordinal());
        self.run_alone_and_end(here, job, *only);
    }
    const auto ranks = static_cast<std::size_t>(self.state.size);
    call_watchers watchers = watchers_of(o, job, self.state, true);
    auto c = std::make_shared<pool_call::implementation>(self_, job, how);
    if (job.items() != 0 || job.growing() != nullptr) {
        session& engine = self.engine(here);
        const session::engine_at_work at_work(engine);
        const time_of_call time = time_of(o);
        std::unique_ptr<call_keeper> keeper = keep_call(o, job, self.state.rank);
        const call_mode mode{.tolerant = how.tolerant, .pooled = true, .caller_waits = how.keep == nullptr};
        call_plan plan = plan_call(job, o, ranks, mode, keeper.get());
        plan.ends = time.items_end();
        c->ends_program = time.is_of_program;
        c->end_of_time.emplace(true, &self.busy);
        c->end_of_time->set(time);
        const opening::manner manner{how.descriptor, plan.stop_elsewhere(), how.fresh_function,
                                     how.keep != nullptr};
        c->introduction.emplace(*self.parts, job, c->number, manner);
        c->items.emplace(engine, job, std::move(plan), c->number, pooled{&*c->introduction, how.keep},
                         std::move(watchers), std::move(keeper));
    }
    return std::make_unique<pool_call>(std::move(c));
}

/// Without running items to wait for.
void pool_core::implementation::look(const visit& here) {
    check_thread();
    if (!open)
        return; // the messages that come are another call's, or another pool's
    if (in_item())
        throw nested_call("mpimap: an item asks for a future of the pool that is running it");
    do_what_is_left();
    engine(here).look();
}

bool pool_core::in_item() const noexcept {
    return self_->in_item();
}

in_pool::in_pool(pool_core& pool) noexcept {
    static_assert(sizeof(pool_core::implementation::visit) <= sizeof visit_);
    ::new (static_cast<void*>(visit_)) pool_core::implementation::visit(*pool.self_);
}
in_pool::~in_pool() {
    std::destroy_at(std::launder(reinterpret_cast<pool_core::implementation::visit*>(visit_)));
}

void pool_core::poll() {
    const implementation::visit here(*self_);
    self_->look(here);
}

void pool_core::nudge() {
    self_->nudge(implementation::visit(*self_));
}

std::shared_ptr<void> pool_core::store(const std::function<void(writer&)>& write) {
    const implementation::visit here(*self_);
    implementation& self = *self_;
    self.check_usable();
    auto bytes = std::make_shared<writer>();
    {
        const session::engine_at_work at_work(self.engine(here));
        write(*bytes);
    }
    bytes->own_spans(); // the caller may change it afterwards
    std::shared_ptr<stored_part> part = self.parts->add(bytes->size());
    whole(self.engine(here).here(), [&] {
        for (std::size_t rank = 0; rank < part->at.size(); ++rank) {
            if (rank != static_cast<std::size_t>(self.state.rank))
                self.parts->send(*part, rank, bytes, part->at.size());
        }
    });
    // All ranks forget it with the last handle, or call that uses it.
    const auto drop = [pool = std::weak_ptr(self_), part](void*) {
        const std::shared_ptr<implementation> owner = pool.lock();
        if (!owner)
            return;
        owner->on_own_thread([&self = *owner, part] {
            if (self.open)
                self.parts->drop(*part);
        });
    };
    return {static_cast<void*>(part.get()), drop};
}

void pool_core::wait_for_all() {
    const implementation::visit here(*self_);
    self_->check_thread();
    // No loop takes results meanwhile.
    const auto hold_back = [this](bool holds) {
        for (pool_call::implementation* const c : self_->calls) {
            if (c->items)
                c->items->hold_back(holds);
        }
    };
    hold_back(false);
    self_->engine(here).run_until([this] {
        return std::all_of(self_->calls.begin(), self_->calls.end(),
                           [](const pool_call::implementation* c) { return c->done(); });
    });
    hold_back(true);
}

void pool_core::close() {
    const implementation::visit here(*self_);
    implementation& self = *self_;
    self.check_thread();
    if (!self.open)
        return;
    if (self.in_item())
        throw nested_call("mpimap: an item closes the pool that is running it");
    wait_for_all();
    for (auto at = self.calls.begin(); at != self.calls.end();)
        (*at++)->release();
    whole(self.engine(here).here(), [&] { self.farewell(here, {}); });
    self.engine(here).take_leave();
    self.leave();
}

void pool_core::abandon() noexcept {
    self_->abandon();
}

void pool_core::leave_communicator() noexcept {
    const implementation::visit here(*self_);
    if (!self_->open && !self_->in_item())
        self_->state.shut_down();
}

void throw_call_failed(const pool_core& pool) {
    failures failed;
    try {
        throw;
    } catch (const invalid_argument&) {
        throw;
    } catch (const broken_pool&) {
        throw;
    } catch (const interrupted&) {
        throw;
    } catch (...) {
        failed.push_back(current_failure(task_error::no_item, pool.rank()));
    }
    throw verdict_of(std::move(failed), 0);
}

// ---------------------------------------------------------------- calls

pool_call::pool_call(std::shared_ptr<implementation> self) : self_(std::move(self)) {}

pool_call::~pool_call() {
    const std::shared_ptr<pool_core::implementation> pool = self_->pool;
    pool->on_own_thread([self = std::move(self_)] {
        self->leave();
        self->end();
    });
}

/// The call ends: items that have not started are not run.
void pool_call::implementation::leave() {
    if (!items || !pool->open || done())
        return;
    try {
        const visit here(*pool);
        items->cancel();
        // What is on its way would otherwise arrive at memory that is gone.
        if (!how.keep)
            pool->engine(here).run_until([this] { return done(); });
    } catch (...) {
        // MPI does not work any more, or this rank, the only one, has no memory: the items are gone in any
        // case.
    }
}

bool pool_call::done() {
    const implementation::visit here(*self_->pool);
    return self_->done() || !self_->pool->open;
}

void pool_call::wait(const std::function<bool()>& ready) {
    const implementation::visit here(*self_->pool);
    self_->pool->check_thread();
    if (self_->done() || (ready && ready()) || !self_->pool->open)
        return; // what a closed pool has not run, finish() and check() tell
    self_->pool->check_usable();
    self_->pool->engine(here).run_until(
        [&] { return self_->done() || (ready && ready()) || self_->pool->failed_set_up(); });
}

bool pool_call::wait_for(std::chrono::nanoseconds time, const std::function<bool()>& ready) {
    const clock::time_point begin = clock::now();
    const auto over = [&] { return done() || (ready && ready()); };
    {
        const implementation::visit here(*self_->pool);
        self_->pool->check_thread();
        if (over())
            return true;
        self_->pool->look(here); // however short the time
    }
    const auto in_time = [&] { return clock::now() - begin < time; };
    if (!over() && in_time())
        wait([&] { return (ready && ready()) || !in_time(); });
    return over();
}

void pool_call::extend(std::size_t n) {
    const implementation::visit here(*self_->pool);
    self_->pool->check_thread();
    self_->items->extend(n);
}

void pool_call::extend_and_nudge() {
    const implementation::visit here(*self_->pool);
    self_->pool->check_thread();
    self_->items->extend(1);
    self_->pool->nudge(here);
}

void pool_call::made_room() {
    const implementation::visit here(*self_->pool);
    self_->items->look_for_room();
}

bool pool_call::withdraw(std::size_t item) {
    const implementation::visit here(*self_->pool);
    self_->pool->check_thread();
    return self_->items->withdraw(item);
}

bool pool_call::all_handed_out() const {
    const implementation::visit here(*self_->pool);
    return !self_->items || !self_->items->state().has_items();
}

double pool_call::bytes_per_item() const {
    const implementation::visit here(*self_->pool);
    return self_->items ? self_->items->state().bytes_per_item() : 0;
}

void pool_call::check() const {
    const implementation::visit here(*self_->pool);
    self_->pool->check_set_up();
    if (!self_->pool->open && !self_->done())
        throw cancelled("mpimap: the pool was closed before all items had run");
    if (self_->items && self_->items->state().cancelled())
        throw cancelled("mpimap: the call was cancelled before all items had run");
    if (const int cause = self_->interrupted_by(); cause != 0) {
        note_left_items(self_->ends_program);
        throw interrupted("mpimap: the call was interrupted by " + text_of_cause(cause) +
                              " before all items had run",
                          cause == interruption::end_of_time ? 0 : cause);
    }
}

bool pool_call::is_interrupted() const {
    const implementation::visit here(*self_->pool);
    return self_->interrupted_by() != 0;
}

void pool_call::cancel() {
    const implementation::visit here(*self_->pool);
    self_->pool->check_thread();
    try {
        if (self_->items && self_->pool->open && !self_->pool->in_item())
            self_->items->cancel();
    } catch (...) {
        // A message to stop could not be sent: the items run to their end.
    }
}

void pool_call::finish() {
    const implementation::visit here(*self_->pool);
    implementation& self = *self_;
    ending how;
    how.tolerant = self.how.tolerant;
    if (self.items) {
        self.pool->check_set_up();
        if (!self.done())
            throw cancelled_after("the pool was closed", self.job.completed(), self.job.items());
        how = self.items->end();
        if (how.interrupted_by != 0)
            note_left_items(self.ends_program);
        self.end_of_time.reset();
    }
    self.release();
    conclude(self.job, std::move(how), self.pool->state.rank).throw_if_bad();
}

} // namespace mpimap::detail
