#include <mpimap/serialization.hpp>

#include "program.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <set>
#include <stdexcept>
#include <utility>

#include <mpimap/detail/kernel_descriptor.hpp>
#include <mpimap/detail/reduction.hpp>
#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/served_call.hpp>
#include <mpimap/detail/stream_call.hpp>

#include "call/opening.hpp"
#include "call/part_store.hpp"
#include "call/plan.hpp"
#include "call/verdict.hpp"
#include "driver/dispatcher.hpp"
#include "driver/session.hpp"
#include "driver/worker.hpp"
#include "memory.hpp"

namespace simulated {

using namespace mpimap::detail;
using mpimap::options;
using mpimap::task_error;

// ---------------------------------------------------------------- items

namespace {

std::vector<std::unique_ptr<plan>> plans;

struct item_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

} // namespace

plan& plan_of(std::uint32_t number) {
    return *plans.at(number);
}
std::uint32_t add_plan(plan p) {
    plans.push_back(std::make_unique<plan>(std::move(p)));
    return static_cast<std::uint32_t>(plans.size() - 1);
}
void forget_plans() {
    plans.clear();
}

plan::plan(std::size_t items) : runs(items) {}

void plan::visit(step s, std::size_t item) {
    const sturdy here; // others go on meanwhile
    world& w = world::now();
    w.user_code();
    if (over)
        w.wrong("user code is called after the end of the call");
    if (s == step::run) {
        if (item >= runs.size())
            runs.resize(item + 1);
        heed_stop();
        const std::size_t before = runs[item]++;
        w.compute(w.around(item_time) * (w.chance(long_items) ? 100 : 1));
        const auto known = failing_attempts.find(item);
        if (known != failing_attempts.end() && before < known->second)
            throw item_failure("attempt");
    } else if (coding_time != 0) {
        w.compute(w.around(coding_time));
    }
    const auto known = failing.find(item);
    if (known != failing.end() && known->second == s)
        throw item_failure("as planned");
}

/// Items that run in one go, for a tenth of a millisecond, are not interrupted.
void plan::heed_stop() {
    constexpr seconds long_item = 100e-6;
    constexpr int some = 10;
    world& w = world::now();
    if (item_time > long_item && w.shall_stop(call) && ++runs_after_stop_[w.rank()] > some)
        w.wrong("a stop is not heeded");
}

rich_result rich_work::operator()(const rich_argument& a) const {
    if (!a.is_of(a.item()))
        world::now().wrong("an argument has arrived changed");
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i] != i)
            world::now().wrong("a function has arrived changed");
    }
    plan_of(a.plan()).visit(step::run, a.item());
    return {a.item(), a.plan(), a.load()};
}

// ---------------------------------------------------------------- what is said of items

namespace {

/// Hears what becomes of the items of all calls.
class witness final : public settled_observer {
  public:
    void settled(const settled_items& what, root_job&) noexcept override {
        const sturdy here;
        const bool ran = what.how != settlement::not_run;
        if (what.items.count == 0 || what.seconds < 0 || (what.attempt != 0) != ran ||
            (what.rank != settled_items::no_rank) != ran ||
            (what.how == settlement::failed && what.items.count != 1))
            world::now().wrong("what is said of items contradicts itself");
        for (const wire::longest_items::one& one : what.longest) {
            if (one.item < what.items.first || one.item >= what.items.end())
                world::now().wrong("an item is said to have taken longest that is none of these");
        }
        record& r = calls_[what.call];
        const auto its_plan =
            std::find_if(plans.begin(), plans.end(), [&](const auto& p) { return p->call == what.call; });
        for (std::size_t i = what.items.first; i < what.items.end(); ++i) {
            if (what.how == settlement::done && its_plan != plans.end() &&
                (i >= (*its_plan)->runs.size() || (*its_plan)->runs[i] == 0))
                world::now().wrong("item " + std::to_string(i) + " is said to be done before it has run");
            if (!r.items.emplace(i, what).second)
                world::now().wrong("item " + std::to_string(i) + " is settled twice");
        }
    }
    /// When the call is over.
    void check(call_number call, std::size_t items, const plan& p) {
        const record& r = calls_[call];
        if (r.items.size() != items) {
            throw mistake{std::to_string(r.items.size()) + " of " + std::to_string(items) +
                          " items are settled at the end"};
        }
        for (const auto& [item, what] : r.items) {
            if (item >= items)
                throw mistake{"an item is settled that there is not"};
            // Not where its arguments could not be decoded at first.
            if (what.how == settlement::done && !p.failing.contains(item) && p.runs.at(item) < what.attempt &&
                !allocation_has_failed())
                throw mistake{"an item is said to have had more attempts than it was run"};
        }
    }
    [[nodiscard]] std::size_t count(call_number call, settlement how) {
        const record& r = calls_[call];
        return static_cast<std::size_t>(std::count_if(
            r.items.begin(), r.items.end(), [how](const auto& one) { return one.second.how == how; }));
    }

  private:
    struct record {
        std::map<std::size_t, settled_items> items;
    };
    std::map<call_number, record> calls_;
};
std::optional<witness> watching; // if anybody is

/// The call has been looked after, and its owner is gone.
void check_settled(call_number call, std::size_t items, const plan& p, std::optional<std::size_t> done,
                   std::optional<std::size_t> failed) {
    if (!watching)
        return;
    watching->check(call, items, p);
    if (done && watching->count(call, settlement::done) != *done)
        throw mistake{"other items are settled as done than have results"};
    if (failed && watching->count(call, settlement::failed) != *failed)
        throw mistake{"other items are settled as failed than the failures say"};
}

std::size_t count_items(const failures& failed) {
    return static_cast<std::size_t>(std::count_if(
        failed.begin(), failed.end(), [](const failure& f) { return f.index != task_error::no_item; }));
}

} // namespace

// ---------------------------------------------------------------- without memory

namespace {

/// A job, or a kernel, in which an allocation may fail.
template <typename Job>
struct frail_job : Job {
    using Job::Job;
    std::size_t write_chunk(item_range items, outgoing& message, failures& failed) override {
        const frail here;
        return Job::write_chunk(items, message, failed);
    }
    std::size_t run_here(item_range items, bool stop, failures& failed) override {
        const frail here;
        return Job::run_here(items, stop, failed);
    }
    std::size_t read_results(item_range items, reader& in, failures& failed,
                             std::function<void()>& complete) override {
        const frail here;
        return Job::read_results(items, in, failed, complete);
    }
};
class frail_chunk final : public chunk {
  public:
    explicit frail_chunk(std::unique_ptr<chunk> own) : own_(std::move(own)) {}
    std::size_t run(std::size_t from, std::size_t to, bool stop, failures& failed) override {
        const frail here;
        return own_->run(from, to, stop, failed);
    }
    std::size_t write_results(std::size_t from, std::size_t to, outgoing& message,
                              failures& failed) override {
        const frail here;
        return own_->write_results(from, to, message, failed);
    }
    [[nodiscard]] bool writes_as_it_runs() const override { return own_->writes_as_it_runs(); }

  private:
    std::unique_ptr<chunk> own_;
};
template <typename Kernel>
struct frail_kernel : Kernel {
    using Kernel::Kernel;
    std::unique_ptr<chunk> read_chunk(item_range items, std::size_t skipped, reader& in,
                                      std::size_t& readable, failures& failed) override {
        const frail here;
        return std::make_unique<frail_chunk>(Kernel::read_chunk(items, skipped, in, readable, failed));
    }
};

} // namespace

// ---------------------------------------------------------------- one call

namespace {

/// Items with a result each.
template <typename Argument, typename Function, typename Result>
struct mapped {
    using argument = Argument;
    using function = Function;
    using result = Result;
    using shipped = Function;
    using slots = slots_for<Result>;
    template <typename... Args>
    using served = served_call<Function, kept_results<Result>, Args...>;
    static function make_function(world&) { return {}; }
    static const shipped& ship(const function& f) { return f; }
    template <typename Job>
    static void make_slots(Job& job) {
        job.make_slots(job.items());
    }
    static void check_whole(slots&, std::size_t) {}
};
struct plain : mapped<plain_argument, plain_work, double> {
    static argument make(std::size_t item, std::uint32_t plan, std::size_t) { return {item, plan}; }
    static bool is_of(const result& r, std::size_t item) { return r == result_of_item(item); }
    static bool has_its_own(slots& all, std::size_t item) { return is_of(all.take(item), item); }
};
struct rich : mapped<rich_argument, rich_work, rich_result> {
    static function make_function(world& w) {
        rich_work f;
        if (w.chance(0.6)) {
            f.table.resize((w.chance(0.5) ? 600 : 9000) + w.below(100));
            std::iota(f.table.begin(), f.table.end(), 0);
        }
        return f;
    }
    static argument make(std::size_t item, std::uint32_t plan, std::size_t load) {
        return argument(item, plan, load);
    }
    static bool is_of(const result& r, std::size_t item) { return r.is_of(item); }
    static bool has_its_own(slots& all, std::size_t item) { return is_of(all.take(item), item); }
};

/// Items whose results are folded: neighbours are joined.
struct stretch {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};
struct stretch_of_one {
    stretch operator()(const plain_argument& a) const {
        (void)plain_work()(a);
        return {a.item, 1};
    }
};
struct joined {
    stretch operator()(const stretch& a, const stretch& b) const {
        // Across an item that failed it does not matter: the reduction fails, too.
        const bool side_by_side = a.first + a.count == b.first;
        return {a.first, side_by_side ? a.count + b.count : 0};
    }
};
struct folded {
    using argument = plain_argument;
    using shipped = mapped_reduction<stretch_of_one, joined>;
    struct function {
        stretch_of_one f;
        joined op;
        shipped both{&f, &op};
    };
    static function make_function(world&) { return {}; }
    using slots = reduction_tree<stretch, function_copy<shipped>>;
    template <typename... Args>
    using served = served_reduction<stretch, stretch_of_one, joined, Args...>;
    static const shipped& ship(const function& f) { return f.both; }
    template <typename Job>
    static void make_slots(Job& job) {
        job.make_slots(job.items(), job.one_by_one(), job.function());
    }
    static argument make(std::size_t item, std::uint32_t plan, std::size_t) { return {item, plan}; }
    static bool has_its_own(slots&, std::size_t) { return true; } // they are not to be told apart
    static void check_whole(slots& all, std::size_t items) {
        if (items != 0 && (!all.value() || all.value()->first != 0 || all.value()->count != items))
            throw mistake{"a part of what is folded is missing"};
    }
};

/// Of no item.
failure failure_of(const char* text, int rank) {
    try {
        throw item_failure(text);
    } catch (...) {
        return current_failure(task_error::no_item, rank);
    }
}

/// What a call is asked for.
struct request {
    std::size_t items = 0;
    std::size_t load = 0; // bytes with each argument and result
    options how;
    bool tolerant = false;
    std::optional<seconds> cancelled_at;
};

std::string text_of(const failures& failed, std::size_t item) {
    const auto at =
        std::find_if(failed.begin(), failed.end(), [item](const failure& f) { return f.index == item; });
    return at == failed.end() ? "" : at->type + ": " + at->what + ", on rank " + std::to_string(at->rank);
}

/// All that must be true of the items of a call that is over.
template <typename Kind>
void check_items(const request& r, const plan& p, const failures& failed, const index_set& done,
                 bool interrupted, bool stop_requested, typename Kind::slots& slots) {
    std::set<std::size_t> failed_items;
    for (const failure& f : failed) {
        if (f.index == task_error::no_item)
            continue;
        if (f.index >= r.items)
            throw mistake{"an item has failed that there is not: " + std::to_string(f.index)};
        if (!failed_items.insert(static_cast<std::size_t>(f.index)).second)
            throw mistake{"item " + std::to_string(f.index) + " has failed twice"};
    }
    std::size_t settled = 0;
    for (std::size_t i = 0; i < r.items; ++i) {
        const std::string item = "item " + std::to_string(i);
        const bool has_failed = failed_items.contains(i);
        const bool is_done = done.contains(i);
        if (has_failed && is_done)
            throw mistake{item + " has failed and has its result"};
        settled += has_failed || is_done ? 1 : 0;
        if (is_done && !Kind::has_its_own(slots, i))
            throw mistake{item + " has another's result"};
        if (is_done && p.runs[i] == 0)
            throw mistake{item + " is done, but has not been run"};
        const auto planned = p.failing.find(i);
        const auto attempts = p.failing_attempts.find(i);
        const bool may_fail = planned != p.failing.end() ||
                              (attempts != p.failing_attempts.end() && attempts->second >= r.how.attempts);
        const bool not_tried_again = attempts != p.failing_attempts.end() && (interrupted || stop_requested);
        if (has_failed && !may_fail && !not_tried_again && !allocation_has_failed())
            throw mistake{item + " has failed without a cause: " + text_of(failed, i)};
        // What is not run at the root alone is encoded and decoded, too.
        const bool must_fail = planned != p.failing.end() ? planned->second == step::run : may_fail;
        if (is_done && must_fail)
            throw mistake{item + " should have failed"};
    }
    if (!interrupted && failed.empty() && !allocation_has_failed())
        Kind::check_whole(slots, r.items);
    // One failure breaks a fold: of what came with it nothing is said.
    const bool broken = std::is_same_v<Kind, folded> && allocation_has_failed();
    if (!interrupted && !broken && settled != r.items) {
        throw mistake{std::to_string(r.items - settled) + " of " + std::to_string(r.items) +
                      " items have neither a result nor a failure"};
    }
}

void check_runs(const request& r, const plan& p, const failures& failed) {
    // Items run again where something behind them in their chunk could not be decoded.
    const bool once =
        failed.empty() && p.failing.empty() && p.failing_attempts.empty() && !allocation_has_failed();
    for (std::size_t i = 0; i < r.items; ++i) {
        if (once && p.runs[i] > 1)
            throw mistake{"item " + std::to_string(i) + " has run " + std::to_string(p.runs[i]) + " times"};
    }
}

plan draw_plan(world& w, const request& r) {
    plan p(r.items);
    p.item_time = std::vector<seconds>{0.1e-6, 10e-6, 300e-6, 2e-3}[w.below(4)];
    if (r.items > 100 && p.item_time > 1e-3)
        p.item_time = 100e-6;
    p.long_items = w.chance(0.3) ? 0.05 : 0;
    p.coding_time = w.chance(0.3) ? 2e-6 : 0;
    if (w.chance(0.4)) {
        for (std::size_t k = 1 + w.below(4); k != 0; --k)
            p.failing[w.below(std::max<std::size_t>(1, r.items))] = static_cast<step>(w.below(5));
    }
    if (w.chance(0.1)) {
        const auto s = static_cast<step>(w.below(5));
        for (std::size_t i = 0; i < r.items; ++i)
            p.failing[i] = s;
    }
    if (r.how.attempts > 1) {
        for (std::size_t k = w.below(6); k != 0; --k)
            p.failing_attempts[w.below(std::max<std::size_t>(1, r.items))] = 1 + w.below(r.how.attempts + 1);
    }
    return p;
}

request draw_request(world& w, bool grows, bool folds = false) {
    request r;
    r.items = std::vector<std::size_t>{0, 1, 2, 7, 40, 300}[w.below(6)];
    if (folds && w.chance(0.6))
        r.items = 257 + w.below(1500); // several blocks
    r.load = w.chance(0.2) ? std::vector<std::size_t>{100, 3000, 70'000}[w.below(3)] : 0;
    if (r.load > 10'000)
        r.items = std::min<std::size_t>(r.items, 20);
    const mpimap::schedule all[] = {mpimap::schedule::automatic, mpimap::schedule::dynamic,
                                    mpimap::schedule::guided, mpimap::schedule::factoring,
                                    mpimap::schedule::static_};
    r.how.schedule = all[w.below(grows ? 4 : 5)];
    if (w.chance(0.3))
        r.how.chunk = 1 + w.below(folds && w.chance(0.7) ? 600 : 20);
    if (!grows && w.chance(0.1) &&
        (r.how.schedule == mpimap::schedule::automatic || r.how.schedule == mpimap::schedule::dynamic)) {
        for (std::size_t i = 0; i < r.items; ++i)
            r.how.costs.push_back(w.draw());
    }
    if (w.chance(0.3))
        r.how.attempts = 2 + w.below(3);
    r.tolerant = w.chance(0.3) && !folds;
    if (w.chance(0.3))
        r.how.on_error = mpimap::on_error::collect;
    if (w.chance(0.15))
        r.cancelled_at = w.around(500e-6);
    return r;
}

std::string describe(const request& r, const plan& p) {
    static const char* const steps[] = {"encoding", "decoding", "running", "encoding the result",
                                        "decoding the result"};
    std::string text = std::to_string(r.items) + " items of " + std::to_string(p.item_time * 1e6) +
                       " us, schedule " + std::to_string(static_cast<int>(r.how.schedule)) + ", chunk " +
                       std::to_string(r.how.chunk.value_or(0)) + ", attempts " +
                       std::to_string(r.how.attempts) + (r.tolerant ? ", tolerant" : "") +
                       (r.how.on_error == mpimap::on_error::collect ? ", collects" : "") +
                       (r.cancelled_at ? ", cancelled" : "") + (r.load != 0 ? ", with load" : "");
    for (const auto& [item, s] : p.failing) {
        if (p.failing.size() < 10)
            text += "; item " + std::to_string(item) + " fails at " + steps[static_cast<int>(s)];
    }
    for (const auto& [item, n] : p.failing_attempts)
        text += "; item " + std::to_string(item) + " fails " + std::to_string(n) + " times";
    return text;
}

/// Bytes that one rank encodes and others decode.
class encoded {
  public:
    explicit encoded(writer from) : from_(std::move(from)) {
        for (const source_span& s : from_.spans())
            sizes_.push_back(s.size);
    }
    void read(const std::function<void(reader&)>& how) const {
        reader in(from_.body().data(), from_.body().size(), sizes_.data(), sizes_.size());
        how(in);
        for (std::size_t i = 0; i < in.targets().size(); ++i)
            std::memcpy(in.targets()[i].data, from_.spans()[i].data, in.targets()[i].size);
    }

  private:
    writer from_;
    std::vector<std::uint64_t> sizes_;
};

/// A collective call, as collective_call makes it behind its broadcasts.
template <typename Kind>
class collective {
    using arguments = std::vector<typename Kind::argument>;
    using root_type = frail_job<root_call<typename Kind::shipped, typename Kind::slots, arguments>>;
    using served_type = frail_kernel<typename Kind::template served<arguments>>;

  public:
    /// Whether no rank has vanished in it.
    [[nodiscard]] bool is_orderly() const { return !vanishes_at_; }

    explicit collective(world& w)
        : world_(w), request_(draw_request(w, false, std::is_same_v<Kind, folded>)),
          number_of_plan_(add_plan(draw_plan(w, request_))), plan_(plan_of(number_of_plan_)),
          root_(static_cast<int>(w.below(static_cast<std::size_t>(w.size())))) {
        for (std::size_t i = 0; i < request_.items; ++i)
            arguments_.push_back(Kind::make(i, number_of_plan_, request_.load));
        plan_.call = call_number{1};
        if (w.chance(0.1) && w.size() > 1)
            vanishes_at_ = w.around(200e-6);
        if (w.chance(0.05) && w.size() > 1)
            unready_ = static_cast<int>(w.below(static_cast<std::size_t>(w.size())));
        expects_items_ = w.chance(0.5);
        if (request_.cancelled_at)
            request_.how.stop = source_.get_token();
        if (w.chance(0.1))
            interrupted_at_ = w.around(500e-6);
        interrupted_rank_ = static_cast<int>(w.below(static_cast<std::size_t>(w.size())));
        if (w.chance(0.1))
            ends_ = w.around(1e-3);
        job_.emplace(place{root_, w.size()}, request_.how, Kind::ship(function_), arguments_);
        Kind::make_slots(*job_);
        writer setup;
        job_->write_setup(setup);
        setup_.emplace(std::move(setup));
        for (int rank = 0; rank < w.size(); ++rank) {
            if (rank == root_) {
                w.start(rank, [this] { own(); });
            } else {
                w.start(rank, [this, rank] { serve(rank); });
            }
        }
    }

  private:
    bool stops() const { return !request_.tolerant && request_.how.on_error == mpimap::on_error::stop; }
    call_plan plan_of_call() {
        call_plan p = plan_call(*job_, request_.how, static_cast<std::size_t>(world_.size()),
                                {.tolerant = request_.tolerant});
        p.ends = ends_;
        return p;
    }

    void own() {
        world_.tell(
            describe(request_, plan_) +
            (interrupted_at_ ? ", rank " + std::to_string(interrupted_rank_) + " is interrupted" : "") +
            (ends_ ? ", ends at " + std::to_string(*ends_ * 1e6) + " us" : ""));
        world_.pass(world_.around(5e-6));
        session all(world_.at(root_));
        dispatcher d(all, *job_, plan_of_call(), call_number{1});
        setup_->read([this](reader& in) {
            job_->read_bounds_of_nobody(in);
            for (std::size_t i = 0; i < job_->parts_of_function(); ++i)
                job_->read_function(i, in);
        });
        bool lost = false;
        const auto finished = [&] {
            const sturdy here;
            if (vanishes_at_ && static_cast<double>(world_.nanoseconds()) * 1e-9 > *vanishes_at_) {
                lost = true;
                return true;
            }
            if (request_.cancelled_at &&
                static_cast<double>(world_.nanoseconds()) * 1e-9 > *request_.cancelled_at)
                source_.request_stop();
            if (interrupted_at_ && static_cast<double>(world_.nanoseconds()) * 1e-9 > *interrupted_at_)
                world_.interruption_of(interrupted_rank_).ask(SIGUSR1);
            return d.state().finished();
        };
        const std::function<bool()> end_of_call(finished);
        frailly([&] { all.run_until(end_of_call); });
        if (lost) {
            lose_a_rank(all);
            return;
        }
        const ending how = d.end();
        const failures& failed = how.failed;
        plan_.over = true;
        world_.closed(call_number{1});
        world_.tell("the call is over");
        for (int rank = 0; rank < world_.size(); ++rank) {
            if (rank != root_)
                all.messages().send(rank, wire::end{call_number{1}}, outgoing());
        }
        frailly([&all] { all.flush(); });
        if (how.interrupted_by != 0 && !interrupted_at_ && !ends_)
            throw mistake{"the call was interrupted without a cause"};
        const bool interrupted =
            how.abandoned || how.stopped || how.interrupted_by != 0 || (stops() && !failed.empty());
        check_items<Kind>(request_, plan_, failed, job_->done(), interrupted, source_.stop_requested(),
                          job_->slots());
        check_runs(request_, plan_, failed);
        check_settled(call_number{1}, request_.items, plan_, job_->done().size(), count_items(failed));
        if (how.abandoned != (unready_ && *unready_ != root_) && !allocation_has_failed())
            throw mistake{"the call is abandoned without a cause, or is not with one"};
    }

    /// What it had comes out as lost. The engine does nothing about it yet: the call ends.
    void lose_a_rank(session& all) {
        const int rank =
            (root_ + 1 + static_cast<int>(world_.below(static_cast<std::size_t>(world_.size() - 1)))) %
            world_.size();
        world_.vanish(rank);
        world_.tell("rank " + std::to_string(rank) + " vanishes");
        const auto index = static_cast<std::size_t>(rank);
        const std::vector<roster::chunk> had = all.ranks().lose(index);
        const std::vector<roster::chunk> known = world_.port_of(root_).in_hand_of(rank);
        const bool same = std::equal(had.begin(), had.end(), known.begin(), known.end(),
                                     [](const roster::chunk& a, const roster::chunk& b) {
                                         return a.call == b.call && a.items.first == b.items.first &&
                                                a.items.count == b.items.count;
                                     });
        if (!same || all.ranks().in_hand(index) != 0 ||
            all.ranks().standing_of(index) != roster::standing::lost)
            throw mistake{"what a rank had that has vanished is not what comes out as lost"};
        for (int other = 0; other < world_.size(); ++other) {
            if (other != root_)
                all.messages().send(other, wire::end{call_number{1}}, outgoing());
        }
        all.flush();
    }

    void serve(int rank) {
        world_.pass(world_.around(20e-6));
        served_type k(place{rank, world_.size()});
        worker w(world_.at(rank), root_);
        w.enter(call_number{1}, k, stops() && request_.how.attempts == 1);
        setup_->read([&k](reader& in) { k.read_setup(in); });
        if (unready_ == rank) {
            const failure why = failure_of("not ready", rank);
            w.ready(call_number{1}, &why, false);
        } else {
            w.ready(call_number{1}, nullptr, expects_items_);
        }
        frailly([&w] { w.run(); });
    }

    struct job_with_bounds : root_type {
        using root_type::root_type;
        /// Behind what the others read of their own.
        void read_bounds_of_nobody(reader& in) {
            writer bounds;
            this->write_bounds(bounds);
            in.view(bounds.body().size());
        }
    };

    world& world_;
    request request_;
    std::uint32_t number_of_plan_;
    plan& plan_;
    int root_;
    std::optional<int> unready_;
    bool expects_items_ = false; // so the ranks think, rightly or not
    std::optional<seconds> vanishes_at_;
    std::optional<seconds> interrupted_at_; // a signal comes to that rank
    int interrupted_rank_ = 0;
    std::optional<double> ends_; // the time of the call
    typename Kind::function function_ = Kind::make_function(world_);
    arguments arguments_;
    std::stop_source source_;
    std::optional<job_with_bounds> job_;
    std::optional<encoded> setup_;
};

// ---------------------------------------------------------------- a pool

/// A call in flight, as pool_call has it.
class pooled_call {
  public:
    pooled_call(world& w, session& all, part_store& parts, std::uint64_t number)
        : world_(w), all_(all), number_(number_of_pool_call(number)), parts_(parts) {}
    virtual ~pooled_call() = default;
    pooled_call(const pooled_call&) = delete;
    pooled_call& operator=(const pooled_call&) = delete;

    /// Whether nothing is left to be done, for now.
    [[nodiscard]] virtual bool done() = 0;
    /// More items, where it grows.
    virtual void extend() {}
    /// The caller looks at what there is, where it grows.
    virtual void look() {}
    void cancel() {
        cancelled_ = true;
        items_->cancel();
    }
    virtual void wait() {
        wait_until([this] { return done(); });
    }
    /// The caller has what it wanted. What must be true then.
    virtual void finish() = 0;
    /// The pool is gone.
    void abandon() { items_.reset(); }
    /// Whether messages on their way read the caller's memory: then the caller is still there.
    [[nodiscard]] virtual bool lends_memory() const { return false; }

  protected:
    /// As pool_core::start.
    void open(root_job& job, const options& o, const kernel_descriptor& d, const call_mode& kind,
              std::shared_ptr<void> keep) {
        call_plan plan = plan_call(job, o, static_cast<std::size_t>(all_.size()), kind);
        introduction_.emplace(parts_, job, number_,
                              opening::manner{&d, plan.stop_elsewhere(), false, keep != nullptr});
        items_.emplace(all_, job, std::move(plan), number_, pooled{&*introduction_, std::move(keep)});
    }
    void wait_until(const std::function<bool()>& ready) {
        frailly([&] { all_.run_until(ready); });
    }
    /// Whether nothing of the caller's memory is still to be read.
    [[nodiscard]] bool may_go() const {
        return !items_->state().some_returned() ||
               (!items_->returned_in_transit() && introduction_->has_left());
    }
    void release() {
        for (const std::size_t rank : introduction_->ranks())
            all_.messages().send(static_cast<int>(rank), wire::release{number_}, outgoing());
        introduction_->close(items_->state().on() == owner::course::abandoned);
        parts_.tidy();
    }

    world& world_;
    session& all_;
    call_number number_;
    std::optional<dispatcher> items_;
    bool cancelled_ = false;

  private:
    part_store& parts_;
    std::optional<opening> introduction_;
};

/// pool::map, or with `later` pool::amap.
template <typename Kind>
class pool_map final : public pooled_call {
    using arguments = std::vector<typename Kind::argument>;
    using root_type = frail_job<root_call<typename Kind::shipped, typename Kind::slots, arguments>>;
    using served_type = frail_kernel<typename Kind::template served<arguments>>;

  public:
    pool_map(world& w, session& all, part_store& parts, std::uint64_t number, bool later)
        : pooled_call(w, all, parts, number), request_(draw_request(w, false, std::is_same_v<Kind, folded>)),
          number_of_plan_(add_plan(draw_plan(w, request_))), plan_(plan_of(number_of_plan_)), later_(later) {
        plan_.call = number_;
        request_.cancelled_at.reset();
        for (std::size_t i = 0; i < request_.items; ++i)
            arguments_->push_back(Kind::make(i, number_of_plan_, request_.load));
        job_ = std::make_shared<root_type>(place{w.rank(), w.size()}, request_.how, Kind::ship(function_),
                                           *arguments_);
        Kind::make_slots(*job_);
        std::shared_ptr<void> keep;
        if (later) {
            keep = std::make_shared<std::pair<std::shared_ptr<root_type>, std::shared_ptr<arguments>>>(
                job_, arguments_);
        }
        w.tell("map: " + describe(request_, plan_));
        open(*job_, request_.how, descriptor_of<served_type>,
             {.tolerant = request_.tolerant, .pooled = true, .caller_waits = !later}, std::move(keep));
    }

    ~pool_map() override { items_.reset(); } // refers to the job

    [[nodiscard]] bool lends_memory() const override { return !later_; }
    bool done() override { return items_->state().finished() && (later_ || may_go()); }
    void finish() override {
        if (!done()) { // the caller leaves: as pool_call does it
            frailly([this] { items_->cancel(); });
            if (!later_)
                wait();
            plan_.over = !later_;
            release();
            items_.reset();
            check_settled(number_, request_.items, plan_, job_->done().size(), {});
            return;
        }
        const ending how = items_->end();
        const failures& failed = how.failed;
        plan_.over = true;
        world_.closed(number_);
        world_.tell("a map is over");
        release();
        const bool interrupted = how.abandoned || cancelled_ || all_.broken() || (stops() && !failed.empty());
        check_items<Kind>(request_, plan_, failed, job_->done(), interrupted, cancelled_, job_->slots());
        check_runs(request_, plan_, failed);
        check_settled(number_, request_.items, plan_, job_->done().size(), count_items(failed));
        items_.reset();
        arguments_.reset();
        job_.reset();
    }

  private:
    bool stops() const { return !request_.tolerant && request_.how.on_error == mpimap::on_error::stop; }

    request request_;
    std::uint32_t number_of_plan_;
    plan& plan_;
    bool later_;
    typename Kind::function function_ = Kind::make_function(world_);
    std::shared_ptr<arguments> arguments_ = std::make_shared<arguments>();
    std::shared_ptr<root_type> job_;
};

/// pool::submit and pool::imap: a call that grows.
template <typename Kind>
class pool_stream final : public pooled_call {
    using stream = frail_job<
        stream_call<typename Kind::function, typename Kind::result, items_of<typename Kind::argument>>>;

  public:
    pool_stream(world& w, session& all, part_store& parts, std::uint64_t number)
        : pooled_call(w, all, parts, number), request_(draw_request(w, true)),
          number_of_plan_(add_plan(draw_plan(w, request_))), plan_(plan_of(number_of_plan_)) {
        plan_.call = number_;
        job_ = std::make_shared<stream>(place{w.rank(), w.size()}, Kind::make_function(w), false,
                                        items_of<typename Kind::argument>());
        if (w.chance(0.3)) { // pool::imap and pool::uimap: results wait, and items are held back
            job_->weigh(w.chance(0.5) ? 500 : 20'000);
            taken_by_loop_ = true;
            in_order_ = w.chance(0.5);
        }
        w.tell("stream: " + describe(request_, plan_));
        open(*job_, request_.how, descriptor_of<frail_kernel<typename stream::served>>,
             {.pooled = true, .caller_waits = false}, job_);
    }

    ~pool_stream() override { items_.reset(); } // refers to the job

    bool done() override { return items_->state().at_rest(); }
    void extend() override {
        const std::size_t left = request_.items - job_->items_there().end();
        const std::size_t n = std::min(left, 1 + world_.below(world_.chance(0.5) ? 3 : 100));
        for (std::size_t k = 0; k < n; ++k) {
            const std::size_t i = job_->items_there().end();
            job_->append([&](auto) { return Kind::make(i, number_of_plan_, request_.load); });
        }
        if (n != 0)
            frailly([this, n] { items_->extend(n); });
    }
    void look() override {
        const std::size_t there = job_->items_there().end();
        if (there == 0)
            return;
        if (taken_by_loop_) {
            step();
            return;
        }
        const std::size_t i = world_.below(there);
        const item_state s = job_->items_there().state(i);
        if (s == item_state::done) {
            take(i);
        } else if (s == item_state::failed && world_.chance(0.5)) {
            take_failure(i);
        } else if (s == item_state::waiting && world_.chance(0.1)) {
            if (world_.chance(0.5)) {
                job_->disown(i);
            } else if (frailly([this, i] { return items_->withdraw(i); })) {
                job_->withdrawn(i);
            }
        }
    }
    /// What is held back wants room: a loop waits for its results one by one.
    void wait() override {
        const auto over = [this] { return done() || all_.broken(); };
        while (taken_by_loop_ && !over()) {
            wait_until([&] { return over() || is_settled(next()); });
            step();
        }
        if (!taken_by_loop_)
            pooled_call::wait();
    }
    void finish() override {
        if (world_.chance(0.8)) {
            while (job_->items_there().end() != request_.items && !cancelled_)
                extend();
            wait();
            const std::size_t waiting = job_->items_there().waiting();
            if (waiting != 0 && !cancelled_ && items_->state().on() != owner::course::abandoned &&
                !all_.broken())
                throw mistake{std::to_string(waiting) + " items of a stream wait for ever"};
            while (job_->items_there().end() != 0 && world_.chance(0.9))
                look();
        }
        frailly([this] { items_->cancel(); });
        world_.tell("a stream is over");
        release();
        items_.reset();
        check_settled(number_, job_->items_there().end(), plan_, {}, {});
        job_.reset();
    }

  private:
    [[nodiscard]] bool is_settled(std::size_t i) const {
        const item_state s = job_->items_there().state(i);
        return s == item_state::done || s == item_state::failed;
    }
    /// The item that the loop gets next, or waits for.
    [[nodiscard]] std::size_t next() {
        const std::size_t there = job_->items_there().end();
        const auto is_taken = [this](std::size_t i) {
            return job_->items_there().state(i) == item_state::taken;
        };
        while (taken_ != there && is_taken(taken_))
            ++taken_;
        std::size_t i = taken_;
        while (!in_order_ && i != there && !is_settled(i))
            ++i;
        return i;
    }
    void take(std::size_t i) {
        if (!Kind::is_of(job_->items_there().take(i), i))
            throw mistake{"an item has another's result"};
    }
    void take_failure(std::size_t i) {
        if (!plan_.failing.contains(i) && !plan_.failing_attempts.contains(i) && !allocation_has_failed())
            throw mistake{"an item has failed without a cause"};
        job_->disown(i);
    }
    void step() {
        const std::size_t i = next();
        if (!is_settled(i))
            return;
        if (job_->items_there().state(i) == item_state::done) {
            take(i);
        } else {
            take_failure(i);
        }
        frailly([this] { items_->look_for_room(); });
    }

    request request_;
    std::uint32_t number_of_plan_;
    plan& plan_;
    std::shared_ptr<stream> job_;
    bool taken_by_loop_ = false;
    bool in_order_ = false;
    std::size_t taken_ = 0; // all before it are
};

class pool_run {
  public:
    explicit pool_run(world& w)
        : world_(w), root_(static_cast<int>(w.below(static_cast<std::size_t>(w.size())))) {
        at_once_ = w.chance(0.2);
        if (w.chance(0.05)) {
            broken_ = static_cast<int>(w.below(static_cast<std::size_t>(w.size())));
            if (broken_ == root_)
                broken_.reset();
        }
        for (int rank = 0; rank < w.size(); ++rank) {
            if (rank == root_) {
                w.start(rank, [this] { own(); });
            } else {
                w.start(rank, [this, rank] {
                    world_.pass(world_.around(20e-6));
                    worker runner(world_.at(rank), root_);
                    if (broken_ == rank)
                        runner.break_down(failure_of("no set-up", rank));
                    frailly([&runner] { runner.run(); });
                });
            }
        }
    }

    /// Whether it is closed, and not left.
    [[nodiscard]] bool is_orderly() const { return !broken_ && !at_once_; }

  private:
    void own() {
        session all(world_.at(root_), world_.chance(0.7));
        parts_.emplace(all.messages(), all.ranks(), std::size_t{world_.chance(0.5) ? 1U << 20U : 0U});
        {
            std::vector<std::unique_ptr<pooled_call>> calls;
            std::size_t to_come = 1 + world_.below(6);
            while ((to_come != 0 || !calls.empty()) && !all.broken()) {
                step(all, calls, to_come);
                if (at_once_ && world_.chance(0.01))
                    break;
            }
            if (to_come != 0 || !calls.empty()) {
                leave_at_once(all, calls);
                return;
            }
        }
        farewell(all, false);
        frailly([&all] { all.take_leave(); });
        world_.tell("the pool is closed");
    }

    void farewell(session& all, bool at_once) {
        for (int rank = 0; rank < world_.size(); ++rank) {
            if (rank != root_)
                all.messages().send(rank, wire::farewell{at_once}, outgoing());
        }
    }
    /// An exception leaves the pool, or its set-up has failed: nobody waits for anybody.
    void leave_at_once(session& all, std::vector<std::unique_ptr<pooled_call>>& calls) {
        for (const auto& c : calls)
            c->cancel();
        farewell(all, true);
        world_.tell("the pool is left");
        for (const auto& c : calls)
            c->abandon();
        std::erase_if(calls, [](const auto& c) { return !c->lends_memory(); });
        // What is on its way still has memory of the calls.
        while (!all.messages().sent())
            frailly([&all] { all.poll(); });
        calls.clear();
    }

    void step(session& all, std::vector<std::unique_ptr<pooled_call>>& calls, std::size_t& to_come) {
        if (calls.empty() || (to_come != 0 && world_.chance(0.4))) {
            if (to_come == 0)
                return;
            --to_come;
            calls.push_back(start(all));
            return;
        }
        const std::size_t k = world_.below(calls.size());
        pooled_call& c = *calls[k];
        switch (world_.below(8)) {
        case 0:
            frailly([&all] { all.look(); });
            break;
        case 1:
            c.extend();
            frailly([&all] { all.nudge(); });
            break;
        case 2: {
            const std::int64_t end =
                world_.nanoseconds() + 1 + static_cast<std::int64_t>(world_.below(300'000));
            const std::function<bool()> enough = [&] { return c.done() || world_.nanoseconds() > end; };
            frailly([&] { all.run_until(enough); });
            break;
        }
        case 3:
            compute(all);
            break;
        case 4:
            if (world_.chance(0.1)) {
                c.cancel();
                world_.tell("a call is cancelled");
            }
            break;
        case 5:
            c.look();
            break;
        case 6:
            if (world_.chance(0.8))
                c.wait();
            if (c.done() || world_.chance(0.1)) {
                c.finish();
                calls.erase(calls.begin() + static_cast<std::ptrdiff_t>(k));
            }
            break;
        default:
            c.extend();
            break;
        }
    }

    /// The program computes something of its own. Where the pool has a deputy, that answers.
    void compute(session& all) {
        seconds left = world_.around(world_.chance(0.2) ? 5e-3 : 50e-6);
        while (world_.today.deputies && left > 0) {
            std::optional<std::chrono::microseconds> nap;
            frailly([&] { world_.as_helper([&] { nap = all.answer_in_absence(); }); });
            if (!nap)
                break;
            const seconds length = std::min(left, std::chrono::duration<double>(*nap).count());
            world_.pass(length);
            left -= std::max(length, 1e-6);
        }
        if (left > 0)
            world_.pass(left);
    }

    std::unique_ptr<pooled_call> start(session& all) {
        const std::uint64_t number = ++last_call_;
        switch (world_.below(7)) {
        case 0:
            return std::make_unique<pool_map<plain>>(world_, all, *parts_, number, false);
        case 1:
            return std::make_unique<pool_map<rich>>(world_, all, *parts_, number, false);
        case 2:
            return std::make_unique<pool_map<plain>>(world_, all, *parts_, number, true);
        case 3:
            return std::make_unique<pool_map<rich>>(world_, all, *parts_, number, true);
        case 4:
            return std::make_unique<pool_stream<plain>>(world_, all, *parts_, number);
        case 5:
            return std::make_unique<pool_map<folded>>(world_, all, *parts_, number, false);
        default:
            return std::make_unique<pool_stream<rich>>(world_, all, *parts_, number);
        }
    }

    world& world_;
    int root_;
    std::optional<int> broken_;
    bool at_once_ = false;
    std::optional<part_store> parts_;
    std::uint64_t last_call_ = 0;
};

} // namespace

void run_seed(std::uint64_t seed, bool talks) {
    std::mt19937_64 first(seed);
    const int ranks = std::vector<int>{1, 2, 2, 3, 3, 5, 8, 8, 13, 64}[first() % 10];
    world w(seed, ranks);
    w.talks = talks;
    forget_plans();
    watching.reset();
    if (w.chance(0.7))
        watching.emplace();
    observe_settled(watching ? &*watching : nullptr);
    w.today.latency = std::vector<seconds>{1e-6, 5e-6, 100e-6}[w.below(3)];
    w.today.slow_messages = w.chance(0.3) ? 0.05 : 0;
    w.today.helpers = w.chance(0.7);
    w.today.deputies = w.today.helpers && w.chance(0.5);
    fail_allocation(w.chance(0.3) ? 1 + w.below(w.chance(0.5) ? 50 : 5000) : 0, w.chance(0.7));
    if (w.chance(0.2)) {
        w.today.stops = 0.01;
        w.today.longest_stop = 5e-3;
    }
    switch (w.below(5)) {
    case 2: {
        const collective<folded> all(w);
        w.run(all.is_orderly());
        break;
    }
    case 0: {
        const collective<plain> all(w);
        w.run(all.is_orderly());
        break;
    }
    case 1: {
        const collective<rich> all(w);
        w.run(all.is_orderly());
        break;
    }
    default: {
        const pool_run all(w);
        w.run(all.is_orderly());
    }
    }
}

} // namespace simulated
