#include "call/owner.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "call/interruption.hpp"

namespace mpimap::detail {
namespace {

/// What is left of a range without those of its items, which are in order.
template <typename Visit>
void for_each_gap(item_range items, const std::vector<std::size_t>& without, const Visit& visit) {
    std::size_t next = items.first;
    for (const std::size_t item : without) {
        if (item < next || item >= items.end())
            continue;
        visit(item_range{next, item - next});
        next = item + 1;
    }
    visit(item_range{next, items.end() - next});
}

/// The mean of what an item sends, or gets back, over the last chunks.
void weigh(std::size_t items, std::uint64_t bytes, double& mean) {
    if (items == 0)
        return;
    const double each = static_cast<double>(bytes) / static_cast<double>(items);
    mean = mean == 0 ? each : mean + (each - mean) / 8;
}

bool is_among(const failure& f, const std::vector<std::size_t>& items) {
    return std::find(items.begin(), items.end(), static_cast<std::size_t>(f.index)) != items.end();
}

void append(failures& all, failures more) {
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

} // namespace

owner::owner(call_plan plan, call_number number, roster& ranks, std::size_t here, bool here_runs,
             item_fates& fates, bool watched, bool kept)
    : plan_(std::move(plan)), number_(number), roster_(ranks), here_(here), here_runs_(here_runs),
      fates_(fates), kept_(kept), ledger_(number, mode().grows ? nullptr : &fates.done, watched),
      items_(plan_.items), ranks_(ranks.size()), retries_(plan_.attempts) {
    if (has_items())
        offer_items();
    if (!mode().pooled)
        roster_.expect_all();
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
        roster_.ask(rank);
    if (kept_)
        ledger_.tell_what_was_done();
}

owner::actions owner::take_actions() noexcept {
    acts_ = false;
    return std::exchange(to_do_, {});
}

// ---------------------------------------------------------------- from outside

void owner::add(std::size_t n) {
    queue().extend(n);
    items_ += n;
    offer_items();
    left_out_ = left_out_ || ((course_ == course::cancelled || course_ == course::interrupted) && n != 0);
}

void owner::has_untaken(const untaken_results& results) {
    untaken_ = results;
    look_for_room();
}

void owner::holds_back(bool so) {
    holds_back_ = so;
    look_for_room();
}

bool owner::withdraw(std::size_t item) {
    if (!queue().withdraw(item))
        return false;
    ledger_.withdrawn(item);
    return true;
}

void owner::have_failed(failures before) {
    if (before.empty())
        return;
    for (failure& f : before) {
        const std::size_t attempt = f.attempt;
        fail(std::move(f), attempt);
    }
    final_.clear(); // whoever keeps them has them
}

bool owner::was_done(std::size_t item) {
    if (!queue().withdraw(item))
        return false;
    ledger_.done({item, 1}, settled_items::no_rank, 0, 0);
    return true;
}

bool owner::had_failed(std::size_t item) {
    return queue().withdraw(item) && ledger_.failed(item, settled_items::no_rank, 0);
}

void owner::cancel() {
    left_out_ = left_out_ || has_items();
    turn(course::cancelled);
}

void owner::interrupt(int cause) {
    if (stopped())
        return; // what has stopped it is to be told
    left_out_ = left_out_ || has_items();
    interrupted_by_ = cause;
    turn(course::interrupted);
}

void owner::has_time_left(double seconds) {
    if (stopped() || (!has_items() && items_out_ == 0))
        return;
    if (seconds <= 0) {
        interrupt(interruption::end_of_time);
        return;
    }
    if (measured_.items_done == 0 || measured_.item_time <= 0)
        return;
    if (!queue().knows_costs()) {
        if (measured_.item_time > seconds)
            interrupt(interruption::end_of_time);
        return;
    }
    // Shorter ones may still end.
    while (!queue().has_returned() && queue().expected() > seconds) {
        const item_range too_long = queue().next(work_queue::anyone, measured_);
        if (too_long.count == 0)
            return;
        drop(too_long);
        items_too_long_ = true;
        interrupted_by_ = interruption::end_of_time;
        look_here();
    }
}

void owner::abandon(failure f) {
    failed_.push_back(std::move(f));
    look_here();
    turn(course::abandoned);
}

void owner::turn(course to) {
    const bool stopped_before = stopped();
    course_ = std::max(course_, to);
    if (stopped_before)
        return;
    queue().clear();
    drop(std::exchange(own_, {}));
    stock_.clear();
    stocked_ = 0;
    look_here();
    acts_ = to_do_.stop_others = to_do_.forget_stock = true;
}

std::size_t owner::ranks_at_work() const {
    const auto others =
        std::count_if(ranks_.begin(), ranks_.end(), [](const rank_record& r) { return r.chunks != 0; });
    // Between two chunks of its own the owner is about to take the next.
    const bool here = running_.count != 0 || own_.count != 0 || (here_runs_ && has_items());
    return static_cast<std::size_t>(others) + (here ? 1 : 0);
}

owner::in_hand owner::in_hand_of(std::size_t rank) const {
    if (rank == here_)
        return {running_};
    in_hand all;
    for (const roster::chunk& c : roster_.chunks_of(rank)) {
        if (c.call != number_)
            continue;
        if (all.oldest.count == 0) {
            all.oldest = c.items;
        } else {
            all.more += c.items.count;
        }
    }
    return all;
}

// ---------------------------------------------------------------- handing out

bool owner::stock_may_go() const {
    return !stock_.empty() &&
           (stock_.front().again || stock_.front().items.first <= untaken_.awaited || !is_full());
}

/// Of few results, however large, every rank may have some on its way.
bool owner::is_full() const {
    if (!mode().grows || !holds_back_ || untaken_.items + arriving_.items < 2 * ranks_.size())
        return false;
    const double to_come =
        static_cast<double>(items_out_ + own_.count + running_.count + 1) * measured_.result_bytes;
    return to_come + static_cast<double>(arriving_.bytes) > untaken_.room;
}

void owner::look_for_room() {
    if (held_back_ && !is_full()) {
        held_back_ = false;
        offer_items();
    }
}

owner::answer owner::asked_by(std::size_t rank) {
    if (stopped())
        return answer::nothing;
    if (queue().empty(rank) && (decided() || stocked_ == 0))
        return answer::nothing;
    if (hold_back(rank))
        return answer::nothing;
    return wants_more(ranks_[rank], rank) ? answer::chunk : answer::enough;
}

bool owner::wants_more(const rank_record& r, std::size_t rank) const {
    if (decided()) {
        // All of it at once where that costs no memory; encoded chunks two at a time.
        return (plan_.plain_arguments && !plan_.copies_arguments()) || r.chunks < 2;
    }
    const std::size_t there = roster_.in_hand(rank);
    if (there == 0)
        return true;
    // What waits behind another would not end in time either, and nobody would take it back.
    if (plan_.ends && queue().knows_costs() && may_wait_long())
        return false;
    if (roster_.standing_of(rank) == roster::standing::held_up || !may_wait_behind())
        return false;
    // The caller waits until all that was sent has come, and another call's item may take as long as it
    // likes.
    if (mode().pooled && mode().caller_waits && there != r.chunks)
        return false;
    return there < look_ahead(r.chunks == 0 ? 1 : r.newest, plenty(), measured_);
}

/// Whether a rank may have items that wait behind others: what it returns must be encoded once more, if that
/// was not kept, which may have to wait for the end of an item of the owner's own.
bool owner::may_wait_behind() const {
    return plan_.plain_arguments || !may_wait_long();
}

bool owner::may_wait_long() const {
    constexpr double short_item = 2e-3;
    return measured_.items_done == 0 || measured_.item_time >= short_item;
}

bool owner::plenty() const {
    return may_wait_behind() && plenty_left(queue().remaining() + stocked_, ranks_.size(), measured_);
}

void owner::not_encoded(item_range items, std::size_t written, failures failed) {
    give_back({items.first, written});
    give_back({items.first + written + 1, items.count - written - 1});
    take_in(std::move(failed));
}

wire::return_policy owner::return_policy_for(std::size_t rank) const {
    if (decided())
        return wire::return_policy::never;
    return roster_.has_asked_in_vain(rank) ? wire::return_policy::may_return_and_was_late
                                           : wire::return_policy::may_return;
}

void owner::sent(std::size_t rank, item_range items, std::size_t bytes) {
    weigh(items.count, bytes, measured_.argument_bytes);
    rank_record& r = ranks_[rank];
    ++r.chunks;
    r.newest = items.count;
    if (!std::exchange(r.was_handed, true))
        to_answer_first_.push(rank);
    roster_.sent(rank, number_, items);
    items_out_ += items.count;
    ++chunks_out_;
    ++under_way_;
}

void owner::took_to_send(double seconds) {
    // Sending is about half of what a chunk costs; the other half is taking the results. A sample that was
    // interrupted says nothing.
    const double sample = std::min(2 * seconds, 4 * measured_.chunk_cost);
    measured_.chunk_cost += (sample - measured_.chunk_cost) / 8;
}

owner::stocking owner::may_stock(std::size_t entries) const {
    if (stopped() || plan_.plain_arguments || decided() || (is_full() && !queue().has_returned()))
        return {};
    constexpr double worth_it = 200e-6;
    const bool first = measured_.items_done == 0;
    const double batch_time = measured_.item_time * static_cast<double>(batch_);
    if (!first && batch_time < worth_it) {
        const bool some = entries >= ranks_.size() && queue().divides_returned();
        return {some ? stocking::advice::take_back : stocking::advice::none};
    }
    // One for each rank; and since the item may take long, more of it each time, in a fraction of what an
    // item takes.
    return {stocking::advice::encode, first, first ? 50e-6 : std::max(100e-6, batch_time / 4)};
}

void owner::stocked(item_range items, bool again) {
    stocked_ += items.count;
    if (again) {
        stock_.push_front({items, again});
    } else {
        stock_.push_back({items, again});
    }
}

item_range owner::take_from_stock() {
    const item_range items = stock_.front().items;
    stock_.pop_front();
    stocked_ -= items.count;
    return items;
}

void owner::take_stock_back() {
    item_range joined;
    for (const encoded_ahead& part : stock_) {
        if (part.items.first != joined.end()) {
            queue().give_back(joined);
            joined = {part.items.first, 0};
        }
        joined.count += part.items.count;
    }
    queue().give_back(joined);
    stock_.clear();
    stocked_ = 0;
    offer_items();
}

void owner::give_back(item_range items) {
    if (items.count == 0)
        return;
    if (stopped()) {
        drop(items);
        return;
    }
    // In parts: there may be several ranks for them, and where item after item cannot be read, each would
    // otherwise send all that is behind it again.
    std::size_t parts = std::min(items.count, std::max<std::size_t>(2, ranks_.size()));
    for (; parts != 0; --parts) {
        const std::size_t part = items.count / parts;
        queue().give_back({items.first, part});
        items = {items.first + part, items.count - part};
    }
    offer_items();
}

void owner::give_back_between(item_range items, const std::vector<std::size_t>& failed) {
    for_each_gap(items, failed, [this](item_range gap) { give_back(gap); });
}

/// What a rank had been handed and has not run.
bool owner::take_back(std::size_t rank, item_range items, bool encoded) {
    const roster::giving given = roster_.returned(rank, number_, items);
    if (given == roster::giving::nothing)
        return false;
    some_returned_ = true;
    items_out_ -= items.count;
    if (given == roster::giving::all) {
        --ranks_[rank].chunks;
        --chunks_out_;
        --under_way_;
        look_for_room();
    }
    if (items.count == 1 && retries_.has(items.first)) {
        hand_out_again(items.first);
    } else if (encoded && !stopped()) {
        stocked(items, true);
        offer_items();
        return true;
    } else {
        give_back(items);
    }
    return false;
}

/// They were handed out, or might have been, and will not be run.
void owner::drop(item_range items) {
    if (items.count == 0)
        return;
    left_out_ = true;
    if (!mode().grows)
        fates_.given_up.add(items.first, items.end());
}

// ---------------------------------------------------------------- items that run here

item_range owner::begin_batch() {
    const item_range batch{own_.first,
                           aligned_chunk(own_.first, std::min(own_.count, batch_), plan_.granularity)};
    own_ = {batch.end(), own_.count - batch.count};
    running_ = batch;
    return batch;
}

nap_length owner::nap_meanwhile() const {
    return helper_nap(ranks_.size(), decided() || plenty(), measured_.item_time);
}

void owner::ran(item_range batch, std::size_t done, double seconds, failures failed) {
    const item_range ended{batch.first, done};
    const item_range rest{ended.end(), batch.count - done};
    running_ = {};
    measure(ended, seconds);
    batch_ = next_batch(std::min(batch_, batch.count), seconds);
    if (rest.count != 0 && !stopped()) {
        own_ = {rest.first, rest.count + own_.count};
        offer_items(); // meanwhile it may have looked as if there were none
    } else {
        drop(rest);
    }
    static constexpr wire::longest_items measured_alone;
    if (failed.empty()) {
        settle(ended, {}, here_, seconds, measured_alone);
        return;
    }
    settle(ended, items_that_failed(failed), here_, seconds, measured_alone);
    take_in(std::move(failed));
}

void owner::give_own_away() {
    if (own_.count != 0 && !decided() && ranks_.size() != 1)
        give_back(std::exchange(own_, {}));
}

void owner::measure(item_range items, double seconds) {
    if (items.count == 0)
        return;
    measured_.items_done += items.count;
    total_seconds_ += seconds;
    measured_.item_time = total_seconds_ / static_cast<double>(measured_.items_done);
    const double each = items.count == 1 ? seconds : seconds / static_cast<double>(items.count);
    measured_.longest = std::max(measured_.longest, each);
    queue().note(items, seconds);
}

// ---------------------------------------------------------------- what comes back

bool owner::is_awaited(const wire::message& m) {
    const auto* ready = std::get_if<wire::ready>(&m);
    return (ready != nullptr && ready->failed) || std::holds_alternative<wire::results>(m) ||
           std::holds_alternative<wire::failed>(m) || std::holds_alternative<wire::refused>(m);
}

void owner::noticed(std::size_t rank, const wire::message& m, std::size_t bytes) {
    if (is_awaited(m))
        ++under_way_;
    if (const auto* results = std::get_if<wire::results>(&m)) {
        arriving_.items += results->items.count;
        arriving_.bytes += bytes;
        measure(results->items, results->seconds);
        weigh(results->items.count, bytes, measured_.result_bytes);
        if (results->waited > 0)
            measured_.reply_time += (std::min(results->waited, 0.1) - measured_.reply_time) / 8;
        roster_.joined(rank);
        if (results->chunk != wire::progress::more)
            finish_chunk(rank, *results);
    } else if (const auto* ready = std::get_if<wire::ready>(&m)) {
        if (!ready->failed)
            roster_.joined(rank);
    } else if (std::holds_alternative<wire::failed>(m)) {
        if (retries_.none())
            item_failed();
    }
}

/// The rank has no more to say of its oldest chunk.
void owner::finish_chunk(std::size_t rank, const wire::results& r) {
    const std::optional<item_range> chunk = roster_.finished(rank, number_);
    if (!chunk)
        return; // it has none: damaged
    --ranks_[rank].chunks;
    ranks_[rank].has_answered = true;
    for (; !to_answer_first_.empty() && ranks_[to_answer_first_.front()].has_answered;
         to_answer_first_.drop())
        ++measured_.in_order;
    items_out_ -= chunk->count;
    --chunks_out_;
    --under_way_;
    look_for_room();
    const std::size_t rest = std::min(static_cast<std::size_t>(r.not_run), chunk->count);
    const item_range not_run{chunk->end() - rest, rest};
    if (r.chunk == wire::progress::given_up) {
        drop(not_run);
    } else {
        give_back(not_run);
    }
}

std::vector<std::size_t> owner::failed_of_chunk(std::size_t rank, bool last) {
    rank_record& r = ranks_[rank];
    std::vector<std::size_t> failed = last ? std::exchange(r.failed, {}) : r.failed;
    std::sort(failed.begin(), failed.end());
    return failed;
}

void owner::failures_came(std::size_t rank, failures failed) {
    rank_record& r = ranks_[rank];
    // An item of which a rank says twice that it has failed, the second time for want of memory to say the
    // first, has failed once: two would have it run twice at a time.
    std::erase_if(failed, [&r](const failure& f) {
        if (is_among(f, r.failed))
            return true;
        r.failed.push_back(static_cast<std::size_t>(f.index));
        return false;
    });
    if (retries_.none() && !mode().grows) {
        take_in(std::move(failed));
    } else {
        // What the chunk brings in their places must not come behind another attempt's results, nor after the
        // caller has taken the failures, and the places are gone.
        append(r.held, std::move(failed));
    }
}

void owner::failures_lost(std::size_t rank, failure why) {
    ranks_[rank].failures_lost = true;
    abandon(std::move(why));
}

void owner::results_read(const wire::results& r, std::size_t read,
                         const std::vector<std::size_t>& failed_there, failures failed) {
    // The archive is of no use behind an item that could not be read: the items behind it run again. Those
    // that failed there have been told.
    std::erase_if(failed, [&](const failure& f) { return is_among(f, failed_there); });
    if (read != r.items.count)
        give_back_between({r.items.first + read + 1, r.items.count - read - 1}, failed_there);
    take_in(std::move(failed));
}

void owner::heeded(const wire::message& m, std::size_t bytes) {
    --under_way_;
    if (const auto* results = std::get_if<wire::results>(&m)) {
        arriving_.items -= results->items.count;
        arriving_.bytes -= bytes;
        untaken_.items += results->items.count;
        untaken_.room -= static_cast<double>(bytes);
    }
}

void owner::results_in_place(std::size_t rank, item_range items, const wire::results& r,
                             const std::vector<std::size_t>& failed_there) {
    if (!ranks_[rank].failures_lost)
        settle(items, failed_there, rank, r.seconds, r.longest);
}

void owner::results_bad(const wire::results& r, const std::vector<std::size_t>& failed_there, failure why) {
    const std::optional<std::size_t> first = results_not_in_place(r, failed_there, std::move(why));
    if (first) // those behind it run again
        give_back_between({*first + 1, r.items.end() - *first - 1}, failed_there);
}

std::optional<std::size_t> owner::results_not_in_place(const wire::results& r,
                                                       const std::vector<std::size_t>& failed_there,
                                                       failure why) {
    std::size_t first = r.items.first;
    while (first < r.items.end() && std::binary_search(failed_there.begin(), failed_there.end(), first))
        ++first;
    if (first == r.items.end())
        return {}; // of items that failed there is nothing to be had
    failure of_no_item = why;
    of_no_item.index = task_error::no_item;
    why.index = first;
    if (!fail(std::move(why), retries_.attempt_of(first)))
        abandon(std::move(of_no_item));
    item_failed();
    return first;
}

void owner::chunk_heeded(std::size_t rank) {
    rank_record& r = ranks_[rank];
    r.failures_lost = false;
    take_in(std::exchange(r.held, {}));
}

void owner::settle(item_range items, const std::vector<std::size_t>& failed, std::size_t rank, double seconds,
                   const wire::longest_items& longest) {
    const std::size_t attempt = items.count == 1 ? retries_.attempt_of(items.first) : 1;
    const int where = static_cast<int>(rank);
    if (failed.empty()) {
        ledger_.done(items, where, seconds, attempt, longest);
        return;
    }
    for_each_gap(items, failed, [&](item_range gap) {
        const double share = static_cast<double>(gap.count) / static_cast<double>(items.count);
        ledger_.done(gap, where, seconds * share, attempt, longest);
    });
}

// ---------------------------------------------------------------- failures

void owner::take_in(failures failed) {
    if (failed.empty())
        return;
    look_here();
    if (!retries_.none()) {
        // Whether there is another attempt is for the user to say, on the main thread.
        append(undecided_, std::move(failed));
        return;
    }
    for (failure& f : failed)
        fail(std::move(f), 1);
    item_failed();
}

failures owner::take_undecided() {
    for (failure& f : undecided_)
        complete(f, retries_.attempt_of(static_cast<std::size_t>(f.index)));
    return std::exchange(undecided_, {});
}

bool owner::may_try_again(const failure& f) const {
    return !stopped() && f.index != task_error::no_item && retries_.allows(static_cast<std::size_t>(f.index));
}

void owner::decide(failure f, bool again) {
    const auto item = static_cast<std::size_t>(f.index);
    if (again) {
        retries_.try_again(std::move(f));
        hand_out_again(item);
        return;
    }
    const std::size_t attempt = retries_.attempt_of(item);
    fail(std::move(f), attempt);
    if (!plan_.stop_at_failure || stopped())
        return;
    // Nor will those be run again that wait for another attempt.
    for (const std::size_t waiting : queue().retries()) {
        retries::last_failure last = retries_.give_up(waiting);
        fail(std::move(last.why), last.attempt);
    }
    turn(course::failed);
}

void owner::hand_out_again(std::size_t item) {
    const auto runs_items = [this](std::size_t rank) { return rank != here_ || here_runs_ || decided(); };
    queue().retry(item, retries_.not_by(item, ranks_.size(), runs_items));
    offer_items();
}

/// There are no more attempts, or it is no item's. False if the item was settled before: behind a result that
/// could not be read it may have run a second time.
bool owner::fail(failure f, std::size_t attempt) {
    if (f.index != task_error::no_item && !ledger_.failed(static_cast<std::size_t>(f.index), f.rank, attempt))
        return false;
    complete(f, attempt);
    // What had another attempt before it, had it not been for the end of the program, is left for who goes
    // on.
    const bool cut_off =
        f.index != task_error::no_item && course_ == course::interrupted && attempt < plan_.attempts;
    left_out_ = left_out_ || cut_off;
    if (kept_ && f.index != task_error::no_item && !cut_off)
        final_.push_back(f);
    failed_.push_back(std::move(f));
    return true;
}

/// With what is known here, and not where it happened.
void owner::complete(failure& f, std::size_t attempt) const {
    if (f.index == task_error::no_item)
        return;
    f.attempt = attempt;
    f.attempts = plan_.attempts;
    f.seed = plan_.seed;
}

void owner::item_failed() {
    if (plan_.stop_at_failure)
        turn(course::failed);
}

failures owner::take_failures() {
    return std::exchange(failed_, {});
}

ending owner::end() {
    // An item that threw and was to run again, when the call was stopped, has failed.
    if (stopped() && !mode().grows) {
        for (retries::last_failure& last : retries_.give_up())
            fail(std::move(last.why), last.attempt);
    }
    std::stable_sort(failed_.begin(), failed_.end(),
                     [](const failure& a, const failure& b) { return a.index < b.index; });
    over();
    return {take_failures(), course_ == course::abandoned, cancelled(), mode().tolerant, interrupted_by()};
}

} // namespace mpimap::detail
