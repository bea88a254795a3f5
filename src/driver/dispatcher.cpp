#include "driver/dispatcher.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "call/verdict.hpp"
#include "driver/whole.hpp"

namespace mpimap::detail {

class dispatcher::stopwatch {
  public:
    stopwatch(dispatcher& d, activity what, item_range items) noexcept
        : call_(d), what_(what), items_(items) {
        if (d.times_) [[unlikely]]
            begin_ = seconds_now();
    }
    ~stopwatch() {
        if (call_.times_) [[unlikely]]
            call_.watch(&call_watcher::spent, what_, items_, begin_, seconds_now());
    }
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;

  private:
    dispatcher& call_;
    activity what_;
    item_range items_;
    double begin_ = 0;
};

dispatcher::dispatcher(session& s, root_job& job, call_plan plan, call_number number, pooled pool,
                       call_watchers watchers, std::unique_ptr<call_keeper> keeper)
    : session_(s), job_(job), watchers_(std::move(watchers)), keeper_(std::move(keeper)),
      owner_(std::move(plan), number, s.ranks(), static_cast<std::size_t>(s.rank()), s.computes(),
             job.fates(), observer_ != nullptr || !watchers_.empty(), keeper_ != nullptr),
      pool_(std::move(pool)), times_(std::any_of(watchers_.begin(), watchers_.end(),
                                                 [](const auto& w) { return w->wants_times(); })) {
    // A rank gives back what another should run now, when the main thread may be in an item of its own for
    // long. Two ranks have nobody else.
    if (!owner_.plan().plain_arguments && !owner_.decided() && session_.size() > 2)
        kept_.emplace(static_cast<std::size_t>(session_.size()));
    try {
        session_.join(*this);
        if (keeper_)
            owner_.have_failed(keeper_->take_failures());
        if (owner_.plan().ends) // it may be too late from the beginning
            owner_.has_time_left(*owner_.plan().ends - seconds_now());
        act();
    } catch (...) {
        session_.leave(*this);
        throw;
    }
}

dispatcher::~dispatcher() {
    if (owner_.has_chunks_out())
        session_.ranks().forget(number());
    session_.leave(*this);
    try {
        owner_.over();
        tell();
        if (keeper_) {
            keep_failures();
            keeper_->over();
        }
        // Of a call that nobody has waited for the arguments may be gone.
        if (!over_)
            watch(&call_watcher::over, static_cast<root_job*>(nullptr));
    } catch (const std::bad_alloc&) {
        // Without memory nobody is told of the rest.
    }
}

void dispatcher::do_actions() {
    if (is_watched())
        tell();
    if (keeper_)
        keep();
    const owner::actions todo = owner_.take_actions();
    if (todo.forget_stock)
        dropped_.swap(stock_);
    if (todo.look_here)
        want_main_thread();
    if (todo.offer_items)
        session_.has_items(*this);
    if (!todo.stop_others)
        return;
    for (int rank = 0; rank < session_.size(); ++rank) {
        if (owner_.has_chunks(static_cast<std::size_t>(rank)))
            session_.messages().send(rank, wire::stop{number()}, outgoing());
    }
}

void dispatcher::want_main_thread() {
    if (!std::exchange(wants_main_thread_, true))
        session_.attend(*this);
}

void dispatcher::tell() {
    for (const settled_items& what : owner_.take_settled()) {
        if (observer_ != nullptr)
            observer_->settled(what, job_);
        watch(&call_watcher::settled, what);
    }
    look_at_watches();
}

void dispatcher::keep_failures() {
    for (const failure& f : owner_.take_final_failures())
        keeper_->failed(f);
}
void dispatcher::keep() {
    keep_failures();
    if (std::optional<failure> why = keeper_->gives_up())
        owner_.abandon(std::move(*why));
}

/// Items that were added: as far as an earlier program has ended them nobody runs them.
void dispatcher::take_from_keeper(std::size_t first, std::size_t count) {
    const session::engine_at_work here(session_);
    for (std::size_t item = first; item < first + count; ++item) {
        switch (keeper_->added(item)) {
        case call_keeper::kept::nothing:
            break;
        case call_keeper::kept::result:
            (void)owner_.was_done(item);
            break;
        case call_keeper::kept::failure:
            (void)owner_.had_failed(item);
            break;
        }
    }
    note_untaken();
}

void dispatcher::look_at_watches() noexcept {
    watch(&call_watcher::look, owner_);
}

ending dispatcher::end() {
    if (keeper_) {
        keeper_->write_out();
        keep();
    }
    ending how = owner_.end();
    tell();
    if (keeper_)
        keep_failures();
    if (!std::exchange(over_, true))
        watch(&call_watcher::over, &job_);
    return how;
}

void dispatcher::extend(std::size_t n) {
    whole(session_.here(), [&] {
        const std::size_t before = owner_.items();
        owner_.add(n);
        if (keeper_)
            take_from_keeper(before, n);
        act();
    });
}
void dispatcher::look_for_room() {
    whole(session_.here(), [&] {
        note_untaken();
        act();
    });
}
void dispatcher::hold_back(bool holds) {
    whole(session_.here(), [&] {
        owner_.holds_back(holds);
        act();
    });
}
/// On the main thread, which may be about to run an item: others go by what is known by then.
void dispatcher::note_untaken() {
    if (owner_.mode().grows)
        owner_.has_untaken(job_.growing()->untaken());
}
bool dispatcher::withdraw(std::size_t item) {
    return whole(session_.here(), [&] {
        const bool withdrawn = owner_.withdraw(item);
        act();
        return withdrawn;
    });
}
void dispatcher::cancel() {
    whole(session_.here(), [&] {
        owner_.cancel();
        act();
    });
}
void dispatcher::abandon(failure f) {
    whole(session_.here(), [&] {
        owner_.abandon(std::move(f));
        act();
    });
}
void dispatcher::heed_stop(bool at_the_clock) {
    if (owner_.stopped())
        return;
    if (owner_.plan().stop.stop_requested())
        cancel();
    if (const int cause = session_.interrupted_by(); cause != 0 && heeds_interruption_) [[unlikely]] {
        whole(session_.here(), [&] {
            owner_.interrupt(cause);
            act();
        });
    }
    if (at_the_clock && owner_.plan().ends) {
        whole(session_.here(), [this] {
            owner_.has_time_left(*owner_.plan().ends - seconds_now());
            act();
        });
    }
}

// ---------------------------------------------------------------- handing out

/// Takes chunks from the owner until one could be encoded.
bool dispatcher::prepare(std::size_t rank, prepared& p) {
    while (true) {
        p.again = owner_.has_returned(); // what of the one before could be encoded may have come back
        const item_range items = owner_.next(rank);
        if (items.count == 0)
            return false;
        p.items = items;
        p.skipped = 0;
        p.message.clear();
        failures failed;
        std::size_t written = 0;
        {
            const stopwatch timing(*this, activity::encodes, items);
            written = job_.write_chunk(items, p.message, failed);
        }
        if (written == items.count) {
            try {
                if (owner_.plan().copies_arguments())
                    p.message.out.own_spans();
                p.message.owner = pool_.keep;
                return true;
            } catch (const std::bad_alloc&) {
                failed.push_back(current(items.first));
                written = 0;
            }
        }
        owner_.not_encoded(items, written, std::move(failed));
        act();
    }
}

dispatcher::prepared dispatcher::take_from_stock() {
    prepared p = std::move(stock_.front());
    stock_.pop_front();
    (void)owner_.take_from_stock();
    return p;
}

void dispatcher::take_back(std::size_t rank, item_range items) {
    prepared p;
    p.items = items;
    p.again = true;
    if (kept_) {
        kept_chunks::encoding kept = kept_->returned(rank, items);
        p.skipped = kept.skipped;
        p.message.shared = std::move(kept.content);
        p.message.owner = pool_.keep;
    }
    if (owner_.take_back(rank, items, p.message.shared != nullptr))
        stock_.push_front(std::move(p));
}

offer dispatcher::offer_chunk(std::size_t rank, bool encode) {
    switch (owner_.asked_by(rank)) {
    case owner::answer::nothing:
        return offer::nothing;
    case owner::answer::enough:
        return offer::enough;
    case owner::answer::chunk:
        break;
    }
    // The clock takes a tenth of what a short chunk does.
    const bool timed = chunks_sent_++ % 8 == 0;
    const clock::time_point begin = timed ? clock::now() : clock::time_point();
    prepared& p = next_;
    const bool may_encode = encode || owner_.plan().plain_arguments;
    if (owner_.stock_first(may_encode)) {
        p = take_from_stock();
    } else if (!may_encode) {
        return offer::not_now;
    } else if (!prepare(rank, p)) {
        return offer::nothing;
    }
    if (pool_.introduction != nullptr)
        pool_.introduction->introduce(rank, owner_.left(), session_.messages());
    const wire::chunk what{number(), p.items, owner_.return_policy_for(rank), p.skipped,
                           times_ ? seconds_now() : 0};
    const std::size_t bytes = p.message.content().size();
    if (kept_)
        kept_->sent(rank, p.items, p.skipped, p.message);
    if (!p.message.owner && !p.message.content().spans().empty())
        p.message.owner = in_transit_;
    if (keeper_)
        keeper_->begins(rank, p.items);
    session_.messages().send(static_cast<int>(rank), what, std::move(p.message));
    owner_.sent(rank, p.items, bytes);
    watch(&call_watcher::sent, rank, bytes, session_.ranks().in_hand(rank) == 1);
    if (timed)
        owner_.took_to_send(seconds_since(begin));
    return offer::sent;
}

void dispatcher::let_others_run_the_rest() {
    owner_.give_own_away();
    act();
}

bool dispatcher::stock_up() {
    const owner::stocking how = owner_.may_stock(stock_.size());
    if (how.what != owner::stocking::advice::encode) {
        if (how.what == owner::stocking::advice::take_back)
            take_stock_back();
        return false;
    }
    constexpr double patience_at_first = 1e-3;
    constexpr std::size_t most_bytes = 64 * 1024 * 1024;
    const clock::time_point begin = clock::now();
    if (stock_.empty())
        stocking_since_ = begin;
    std::size_t bytes = 0;
    for (const prepared& p : stock_)
        bytes += p.message.content().size();
    const auto others = static_cast<std::size_t>(session_.size() - 1);
    bool more = true;
    while (!owner_.stopped() && bytes < most_bytes &&
           (stock_.size() < others || seconds_since(begin) < how.patience)) {
        prepared p;
        more = prepare(work_queue::anyone, p);
        if (!more)
            break;
        bytes += p.message.out.size();
        owner_.stocked(p.items, p.again);
        if (p.again) { // has waited
            stock_.push_front(std::move(p));
        } else {
            stock_.push_back(std::move(p));
        }
    }
    return how.first && more && !owner_.stopped() && bytes < most_bytes &&
           seconds_between(stocking_since_, begin) < patience_at_first;
}

void dispatcher::take_stock_back() {
    stock_.clear();
    owner_.take_stock_back();
    act();
}

// ---------------------------------------------------------------- the root's own items

bool dispatcher::run_own_batch() {
    // Looking for messages takes about a microsecond: too long after each of many short chunks.
    constexpr double least_seconds = 10e-6;
    heed_stop();
    const clock::time_point begin = clock::now();
    clock::time_point now = begin;
    bool ran = false;
    while (seconds_between(begin, now) < least_seconds && run_own_chunk(now))
        ran = true;
    return ran;
}

/// Runs a chunk of the root's own, or a batch of one. `now` is when the one before ended, and becomes when
/// this one did: reading the clock takes a fifth of what a short chunk does.
bool dispatcher::run_own_chunk(clock::time_point& now) {
    if (owner_.stopped())
        return false;
    if (!owner_.has_own()) {
        session_.begins_chunk(*this);
        if (owner_.hold_back_here())
            return false;
        if (!owner_.take_own() && !stock_.empty()) {
            owner_.take_own_from_stock();
            stock_.pop_front();
        }
        if (!owner_.has_own())
            return false;
    }
    const item_range batch = owner_.begin_batch();
    if (keeper_)
        keeper_->begins(static_cast<std::size_t>(session_.rank()), batch);
    watch(&call_watcher::begins, batch);
    failures failed;
    std::size_t done = 0;
    const clock::time_point begin = now;
    {
        const session::user_code outside(session_, owner_.nap_meanwhile());
        done = job_.run_here(batch, owner_.stops_at_failure_here(), failed);
        now = clock::now(); // before it waits for the helper
    }
    if (!failed.empty())
        time_failures(failed, 0, seconds_at(begin), batch.first);
    watch(&call_watcher::ran, static_cast<std::size_t>(session_.rank()), done, seconds_between(begin, now));
    if (times_) [[unlikely]]
        watch(&call_watcher::spent, activity::runs, batch, seconds_at(begin), seconds_at(now));
    const std::vector<std::size_t> without = keeper_ ? items_that_failed(failed) : std::vector<std::size_t>();
    owner_.ran(batch, done, seconds_between(begin, now), std::move(failed));
    if (keeper_) {
        const session::engine_at_work here(session_);
        keeper_->ran(static_cast<std::size_t>(session_.rank()), {batch.first, done}, without,
                     seconds_between(begin, now));
    }
    note_untaken();
    act();
    return true;
}

bool dispatcher::run_what_others_cannot() {
    if (owner_.stopped())
        return false;
    if (session_.size() == 1 || owner_.decided())
        return run_own_batch();
    if (!owner_.has_own()) {
        session_.begins_chunk(*this);
        owner_.take_what_others_cannot();
    }
    return owner_.has_own() && run_own_batch();
}

// ---------------------------------------------------------------- what comes back

void dispatcher::noticed(const incoming& m) {
    const auto rank = static_cast<std::size_t>(m.source);
    if (const auto* back = std::get_if<wire::returned>(&m.what)) {
        take_back(rank, back->items);
    } else {
        owner_.noticed(rank, m.what, m.framing.bytes);
        watch(&call_watcher::received, static_cast<std::size_t>(m.framing.bytes));
        const auto* r = std::get_if<wire::results>(&m.what);
        if (r != nullptr)
            watch(&call_watcher::ran, rank, r->items.count, r->seconds);
        if (r != nullptr && r->times.asked != 0) [[unlikely]]
            watch(&call_watcher::answered, rank, *r);
        if (r != nullptr && r->chunk != wire::progress::more && kept_)
            kept_->finished(rank);
    }
    act();
}

bool dispatcher::places_plainly(const incoming& m) const {
    return !std::holds_alternative<wire::results>(m.what) || job_.plain_results();
}

void dispatcher::place(incoming& m) {
    if (const auto* r = std::get_if<wire::results>(&m.what)) {
        place_results(m, *r);
    } else if (owner::is_awaited(m.what)) {
        place_failures(m);
    }
    if (pool_.keep)
        m.keep = pool_.keep;
    act();
}

/// Of items, or of the whole call.
void dispatcher::place_failures(incoming& m) {
    const auto rank = static_cast<std::size_t>(m.source);
    if (std::holds_alternative<wire::ready>(m.what))
        owner_.cannot_join(rank);
    failures failed;
    try {
        if (m.lost)
            throw std::bad_alloc();
        reader in = m.body();
        failed = read_failures(in);
    } catch (...) {
        owner_.failures_lost(rank, current(task_error::no_item));
        return;
    }
    if (std::holds_alternative<wire::failed>(m.what)) {
        owner_.failures_came(rank, std::move(failed));
        return;
    }
    for (failure& f : failed)
        owner_.abandon(std::move(f));
}

void dispatcher::place_results(incoming& m, const wire::results& r) {
    const auto rank = static_cast<std::size_t>(m.source);
    std::vector<std::size_t> failed_there = // in order
        owner_.failed_of_chunk(rank, r.chunk != wire::progress::more);
    if (r.items.count == 0 || owner_.has_lost_failures(rank))
        return;
    reader in = m.body();
    failures failed;
    try {
        if (m.lost)
            throw std::bad_alloc();
        const stopwatch timing(*this, activity::decodes, r.items);
        job_.skip_results(failed_there);
        if (keeper_) {
            reader all = m.body();
            const std::size_t size = all.left();
            m.body_kept.clear();
            m.body_kept.append(all.view(size), size);
        }
        m.placed = job_.read_results(r.items, in, failed, m.complete);
    } catch (...) {
        m.complete = nullptr;
        m.placed = 0;
        failure why = current(r.items.first);
        if (m.lost)
            tell_size(why, m.framing.bytes, "results");
        owner_.results_bad(r, failed_there, std::move(why));
        return;
    }
    owner_.results_read(r, m.placed, failed_there, std::move(failed));
    m.without = std::move(failed_there);
    m.targets = std::move(in.targets());
}

void dispatcher::arrived(incoming& m, bool on_main_thread) {
    want_main_thread();
    if (!owner::is_awaited(m.what))
        return;
    // In order: what has come behind it may end the same chunk.
    if (!on_main_thread && (m.complete || !to_complete_.empty())) {
        to_complete_.push(std::move(m));
    } else {
        complete(m);
    }
}

void dispatcher::complete(const incoming& m) {
    const auto rank = static_cast<std::size_t>(m.source);
    owner_.heeded(m.what, m.framing.bytes);
    const auto* r = std::get_if<wire::results>(&m.what);
    if (r != nullptr && m.placed != 0) {
        bool in_place = true;
        const bool kept = keeper_ && m.placed == r->items.count && !owner_.has_lost_failures(rank);
        if (kept)
            keeper_->came(rank, *r, m.without, m.body_kept, m.targets);
        try {
            if (m.complete) {
                const stopwatch timing(*this, activity::decodes, r->items);
                m.complete();
            }
        } catch (...) {
            in_place = false;
            owner_.results_not_in_place(*r, m.without, current(r->items.first));
        }
        if (in_place) {
            if (kept)
                keeper_->in_place();
            owner_.results_in_place(rank, {r->items.first, m.placed}, *r, m.without);
        }
    }
    if (r != nullptr && r->chunk != wire::progress::more)
        owner_.chunk_heeded(rank);
    act();
}

void dispatcher::complete_here() {
    wants_main_thread_ = false;
    dropped_.clear();
    while (!to_complete_.empty())
        complete(to_complete_.pop());
    while (owner_.has_undecided()) {
        for (failure& f : owner_.take_undecided()) {
            const bool again = owner_.may_try_again(f) && wants_another_attempt(f);
            owner_.decide(std::move(f), again);
        }
    }
    growing_items* const items = job_.growing();
    if (items != nullptr && owner_.has_failures())
        items->take_failures(owner_.take_failures());
    note_untaken();
    act();
}

/// What the user's own test throws takes the failure's place.
bool dispatcher::wants_another_attempt(failure& f) const {
    const auto& test = owner_.plan().retry_if;
    if (!test)
        return true;
    try {
        return test(task_error(f));
    } catch (...) {
        f = current(static_cast<std::size_t>(f.index));
        return false;
    }
}

} // namespace mpimap::detail
