#include "driver/dispatcher.hpp"

#include <algorithm>
#include <exception>
#include <iterator>
#include <new>
#include <utility>

#include "call/verdict.hpp"

namespace mpimap::detail {
namespace {

std::vector<std::size_t> items_of(const failures& failed) {
    std::vector<std::size_t> items; // none, as a rule
    for (const failure& f : failed)
        items.push_back(static_cast<std::size_t>(f.index));
    return items;
}

/// What a call waits for between its header and its end: all that has results or failures in it.
bool is_awaited(const wire::message& m) {
    const auto* ready = std::get_if<wire::ready>(&m);
    return (ready != nullptr && ready->failed) || std::holds_alternative<wire::results>(m) ||
           std::holds_alternative<wire::failed>(m) || std::holds_alternative<wire::refused>(m);
}

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

} // namespace

dispatcher::dispatcher(session& s, root_job& job, const options& o, call_number number, bool stop,
                       std::optional<pooled> pool)
    : session_(s), job_(job), number_(number), stop_at_failure_(stop),
      root_(static_cast<std::size_t>(s.rank())), ledger_(number, pool && pool->grows ? nullptr : &job.done()),
      items_(job.items()),
      queue_(o, job.items(), static_cast<std::size_t>(s.size()), job.bytes_per_item(), job.granularity()),
      workers_(static_cast<std::size_t>(s.size())), not_ready_(pool ? 0 : workers_.size() - 1),
      retries_(o.attempts), retry_if_(o.retry_if), stop_token_(o.stop), pool_(std::move(pool)) {
    try {
        session_.join(*this);
        if (!queue_.empty())
            session_.has_items(*this);
        if (!queue_.decided() && !pool_)
            return; // ranks ask when they are ready
        for (std::size_t rank = 0; rank < workers_.size(); ++rank) {
            workers_[rank].ready = pool_.has_value();
            session_.ranks().ask(rank);
        }
    } catch (...) {
        session_.leave(*this);
        throw;
    }
}

dispatcher::~dispatcher() {
    if (chunks_out_ != 0)
        session_.ranks().forget(number_);
    session_.leave(*this);
    try {
        ledger_.over(items_);
    } catch (const std::bad_alloc&) {
        // Without memory nobody is told of the rest.
    }
}

// ---------------------------------------------------------------- handing out

bool dispatcher::has_items() const {
    return !stopped_ && (own_.count != 0 || !stock_.empty() || !queue_.empty());
}

/// Whether the rank would get a chunk if it wanted one.
bool dispatcher::has_items_for(const worker& w, std::size_t rank) const {
    if (stopped_)
        return false;
    if (queue_.decided())
        return !queue_.empty(rank);
    return w.ready && (!stock_.empty() || !queue_.empty(rank));
}

bool dispatcher::wants_more(const worker& w, std::size_t rank) const {
    if (queue_.decided()) {
        // All of it at once where that costs no memory; encoded chunks two at a time.
        const bool copied = !job_.plain_arguments() || (pool_ && pool_->refers);
        return !copied || w.chunks < 2;
    }
    const std::size_t there = session_.ranks().in_hand(rank);
    if (there == 0)
        return true;
    if (session_.ranks().standing_of(rank) == roster::standing::held_up || !may_wait_behind())
        return false;
    // The caller waits until all that was sent has come, and another call's item may take as long as it
    // likes.
    if (pool_ && !pool_->keep && there != w.chunks)
        return false;
    return there < look_ahead(w.chunks == 0 ? 1 : w.newest, plenty(), measured_);
}

/// Takes chunks from the queue until one could be encoded.
bool dispatcher::prepare(std::size_t rank, prepared& p) {
    while (true) {
        const item_range items = queue_.next(rank, measured_);
        if (items.count == 0)
            return false;
        p.items = items;
        p.message.clear();
        failures failed;
        const std::size_t written = job_.write_chunk(items, p.message, failed);
        if (written == items.count) {
            if (pool_ && pool_->refers)
                p.message.out.own_spans();
            if (pool_)
                p.message.owner = pool_->keep;
            return true;
        }
        // One item could not be encoded: those before and behind it are handed out anew.
        give_back({items.first, written});
        give_back({items.first + written + 1, items.count - written - 1});
        take_in(std::move(failed));
    }
}

offer dispatcher::offer_chunk(std::size_t rank, bool encode) {
    worker& w = workers_[rank];
    if (!has_items_for(w, rank))
        return offer::nothing;
    if (!wants_more(w, rank))
        return offer::enough;
    // The clock takes a tenth of what a short chunk does.
    const bool timed = chunks_sent_++ % 8 == 0;
    const clock::time_point begin = timed ? clock::now() : clock::time_point();
    prepared& p = next_;
    const bool may_encode = encode || job_.plain_arguments();
    if (!stock_.empty() && !queue_.decided() && !(may_encode && queue_.has_returned())) {
        p = std::move(stock_.front());
        stock_.pop_front();
        in_stock_ -= p.items.count;
    } else if (!may_encode) {
        return offer::not_now;
    } else if (!prepare(rank, p)) {
        return offer::nothing;
    }
    introduce(rank);
    wire::chunk what{number_, p.items};
    if (!queue_.decided()) {
        what.returning = session_.ranks().has_asked_in_vain(rank)
                             ? wire::return_policy::may_return_and_was_late
                             : wire::return_policy::may_return;
    }
    weigh(p.items.count, p.message.out.size(), measured_.argument_bytes);
    if (!p.message.owner && !p.message.out.spans().empty())
        p.message.owner = in_transit_;
    session_.messages().send(static_cast<int>(rank), what, std::move(p.message));
    ++w.chunks;
    w.newest = p.items.count;
    session_.ranks().sent(rank, number_, p.items);
    ++chunks_out_;
    // Sending is about half of what a chunk costs the root; the other half is taking the results. A sample
    // that was interrupted says nothing.
    if (timed) {
        const double sample = std::min(2 * seconds_since(begin), 4 * measured_.chunk_cost);
        measured_.chunk_cost += (sample - measured_.chunk_cost) / 8;
    }
    return offer::sent;
}

void dispatcher::heed_stop() {
    if (stop_token_.stop_requested())
        cancel();
}

void dispatcher::introduce(std::size_t rank) {
    if (!pool_ || workers_[rank].introduced)
        return;
    workers_[rank].introduced = true;
    pool_->introduce(rank);
}

void dispatcher::give_back(item_range items) {
    if (items.count == 0)
        return;
    if (stopped_) {
        drop(items);
        return;
    }
    // In parts: there may be several ranks for them, and where item after item cannot be read, each would
    // otherwise send all that is behind it again.
    std::size_t parts = std::min(items.count, std::max<std::size_t>(2, workers_.size()));
    for (; parts != 0; --parts) {
        const std::size_t part = items.count / parts;
        queue_.give_back({items.first, part});
        items = {items.first + part, items.count - part};
    }
    session_.has_items(*this);
}

/// What a rank had been handed and has not run.
void dispatcher::take_back(std::size_t rank, item_range items) {
    const roster::giving given = session_.ranks().returned(rank, number_, items);
    if (given == roster::giving::nothing)
        return;
    some_returned_ = true;
    if (given == roster::giving::all) {
        --workers_[rank].chunks;
        --chunks_out_;
    }
    if (items.count == 1 && retries_.has(items.first)) {
        hand_out_again(items.first);
    } else {
        give_back(items);
    }
}

void dispatcher::let_others_run_the_rest() {
    if (own_.count == 0 || queue_.decided() || workers_.size() == 1)
        return;
    give_back(std::exchange(own_, {}));
}

bool dispatcher::run_what_others_cannot() {
    if (stopped_)
        return false;
    if (workers_.size() == 1 || queue_.decided())
        return run_own_batch();
    if (own_.count == 0) {
        session_.begins_chunk(*this);
        own_ = queue_.next_for_nobody_but(root_);
    }
    return own_.count != 0 && run_own_batch();
}

void dispatcher::give_back_between(item_range items, const std::vector<std::size_t>& failed) {
    for_each_gap(items, failed, [this](item_range gap) { give_back(gap); });
}

void dispatcher::settle(item_range items, const std::vector<std::size_t>& failed, int rank, double seconds) {
    const std::size_t attempt = items.count == 1 ? retries_.attempt_of(items.first) : 1;
    if (failed.empty()) {
        ledger_.done(items, rank, seconds, attempt);
        return;
    }
    for_each_gap(items, failed, [&](item_range gap) {
        const double share = static_cast<double>(gap.count) / static_cast<double>(items.count);
        ledger_.done(gap, rank, seconds * share, attempt);
    });
}

void dispatcher::settle(incoming& m, const wire::results& r, const std::vector<std::size_t>& failed) {
    if (workers_[static_cast<std::size_t>(m.source)].failures_lost)
        return;
    const item_range placed{r.items.first, m.placed};
    if (!m.complete) {
        settle(placed, failed, m.source, r.seconds);
        return;
    }
    m.complete = [this, placed, failed, rank = m.source, seconds = r.seconds,
                  complete = std::move(m.complete)] {
        complete(); // may throw
        settle(placed, failed, rank, seconds);
    };
}

void dispatcher::drop(item_range items) {
    if (items.count == 0)
        return;
    incomplete_ = true;
    if (!grows())
        job_.items_given_up(items.first, items.end());
}

bool dispatcher::stock_up() {
    if (stopped_ || job_.plain_arguments() || queue_.decided())
        return false;
    constexpr double worth_it = 200e-6;
    constexpr double patience_at_first = 1e-3;
    const bool first = measured_.items_done == 0;
    if (!first && measured_.item_time * static_cast<double>(batch_) < worth_it) {
        unstock();
        return false;
    }
    constexpr std::size_t most_bytes = 64 * 1024 * 1024;
    // One for each rank; and since the item may take long, more of it each time, in a fraction of what an
    // item takes.
    const double patience =
        first ? 50e-6 : std::max(100e-6, measured_.item_time * static_cast<double>(batch_) / 4);
    const clock::time_point begin = clock::now();
    if (stock_.empty())
        stocking_since_ = begin;
    std::size_t bytes = 0;
    for (const prepared& p : stock_)
        bytes += p.message.out.size();
    bool more = true;
    while (!stopped_ && more && bytes < most_bytes &&
           (stock_.size() + 1 < workers_.size() || seconds_since(begin) < patience)) {
        const bool returned = queue_.has_returned(); // they have waited
        prepared p;
        more = prepare(work_queue::anyone, p);
        if (!more)
            break;
        bytes += p.message.out.size();
        in_stock_ += p.items.count;
        if (returned) {
            stock_.push_front(std::move(p));
        } else {
            stock_.push_back(std::move(p));
        }
    }
    return first && more && !stopped_ && bytes < most_bytes &&
           seconds_between(stocking_since_, begin) < patience_at_first;
}

/// Items turned out to be short: those that were encoded one by one, when nothing was known of them, go back.
void dispatcher::unstock() {
    if (stock_.size() < workers_.size() || !queue_.divides_returned())
        return;
    item_range joined;
    for (const prepared& p : stock_) {
        if (p.items.first != joined.end()) {
            queue_.give_back(joined);
            joined = {p.items.first, 0};
        }
        joined.count += p.items.count;
    }
    queue_.give_back(joined);
    stock_.clear();
    in_stock_ = 0;
    session_.has_items(*this);
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
    if (stopped_)
        return false;
    if (own_.count == 0) {
        session_.begins_chunk(*this);
        own_ = queue_.next(root_, measured_);
        if (own_.count == 0 && !stock_.empty()) { // taken for others, but nobody else wants it now
            own_ = stock_.front().items;
            stock_.pop_front();
            in_stock_ -= own_.count;
        }
        if (own_.count == 0)
            return false;
    }
    const item_range batch{own_.first,
                           aligned_chunk(own_.first, std::min(own_.count, batch_), job_.granularity())};
    own_ = {batch.end(), own_.count - batch.count}; // what the helper may drop meanwhile
    failures failed;
    std::size_t done = 0;
    {
        const session::user_code outside(session_, nap_of_helper());
        done = job_.run_here(batch, stop_at_failure_ && retries_.none(), failed);
    }
    const clock::time_point begin = std::exchange(now, clock::now());
    const double seconds = seconds_between(begin, now);
    measure({batch.first, done}, seconds);
    batch_ = next_batch(std::min(batch_, batch.count), seconds);
    if (done < batch.count && !stopped_) {
        own_ = {batch.first + done, own_.count + batch.count - done};
        session_.has_items(*this); // meanwhile it may have looked as if there were none
    } else {
        drop({batch.first + done, batch.count - done});
    }
    if (failed.empty()) {
        settle({batch.first, done}, {}, session_.rank(), seconds);
    } else {
        settle({batch.first, done}, items_of(failed), session_.rank(), seconds);
        take_in(std::move(failed));
    }
    return true;
}

/// Whether a rank may have items that wait behind others: what it returns must be encoded once more, which
/// may have to wait for the end of an item of the root's own.
bool dispatcher::may_wait_behind() const {
    constexpr double short_item = 2e-3;
    return job_.plain_arguments() || (measured_.items_done != 0 && measured_.item_time < short_item);
}

bool dispatcher::plenty() const {
    return may_wait_behind() && plenty_left(queue_.remaining() + in_stock_, workers_.size(), measured_);
}

nap_length dispatcher::nap_of_helper() const {
    return helper_nap(workers_.size(), queue_.decided() || plenty(), measured_.item_time);
}

void dispatcher::measure(item_range items, double seconds) {
    if (items.count == 0)
        return;
    measured_.items_done += items.count;
    total_seconds_ += seconds;
    measured_.item_time = total_seconds_ / static_cast<double>(measured_.items_done);
    const double each = items.count == 1 ? seconds : seconds / static_cast<double>(items.count);
    measured_.longest = std::max(measured_.longest, each);
    queue_.note(items, seconds);
}

/// The mean of what an item sends, or gets back, over the last chunks.
void dispatcher::weigh(std::size_t items, std::uint64_t bytes, double& mean) {
    if (items == 0)
        return;
    const double each = static_cast<double>(bytes) / static_cast<double>(items);
    mean = mean == 0 ? each : mean + (each - mean) / 8;
}

// ---------------------------------------------------------------- what comes back

void dispatcher::noticed(const incoming& m) {
    const auto rank = static_cast<std::size_t>(m.source);
    worker& w = workers_[rank];
    if (is_awaited(m.what))
        ++on_the_way_;
    if (const auto* results = std::get_if<wire::results>(&m.what)) {
        measure(results->items, results->seconds);
        weigh(results->items.count, m.framing.bytes, measured_.result_bytes);
        if (results->waited > 0)
            measured_.reply_time += (std::min(results->waited, 0.1) - measured_.reply_time) / 8;
        if (results->chunk != wire::progress::more)
            finish_chunk(w, rank, *results);
    } else if (const auto* ready = std::get_if<wire::ready>(&m.what)) {
        if (!ready->failed) {
            w.ready = true;
            --not_ready_;
            session_.ranks().ask(rank);
        }
    } else if (const auto* returned = std::get_if<wire::returned>(&m.what)) {
        take_back(rank, returned->items);
    } else if (std::holds_alternative<wire::failed>(m.what)) {
        if (retries_.none())
            item_failed();
    }
}

/// The rank has no more to say of its oldest chunk.
void dispatcher::finish_chunk(worker& w, std::size_t rank, const wire::results& r) {
    const std::optional<item_range> chunk = session_.ranks().finished(rank, number_);
    if (!chunk)
        return; // it has none: damaged
    --w.chunks;
    --chunks_out_;
    const std::size_t rest = std::min(static_cast<std::size_t>(r.not_run), chunk->count);
    const item_range not_run{chunk->end() - rest, rest};
    if (r.chunk == wire::progress::given_up) {
        drop(not_run);
    } else {
        give_back(not_run);
    }
}

bool dispatcher::can_place(const incoming& m) const {
    return session_.on_main_thread() || !std::holds_alternative<wire::results>(m.what) ||
           job_.plain_results();
}

void dispatcher::place(incoming& m) {
    if (const auto* r = std::get_if<wire::results>(&m.what)) {
        place_results(m, *r);
    } else if (is_awaited(m.what)) {
        place_failures(m);
    }
    if (pool_)
        m.keep = pool_->keep;
}

/// Of items, or of the whole call.
void dispatcher::place_failures(incoming& m) {
    worker& w = workers_[static_cast<std::size_t>(m.source)];
    if (std::holds_alternative<wire::ready>(m.what))
        --not_ready_;
    try {
        if (m.lost)
            throw std::bad_alloc();
        reader in = m.body();
        failures failed = read_failures(in);
        if (!std::holds_alternative<wire::failed>(m.what)) {
            for (failure& f : failed)
                abandon(std::move(f));
            return;
        }
        for (const failure& f : failed)
            w.failed.push_back(static_cast<std::size_t>(f.index));
        if (retries_.none() && !grows()) {
            take_in(std::move(failed));
        } else {
            // What the chunk brings in their places must not come behind another attempt's results, nor
            // after the caller has taken the failures, and the places are gone.
            w.held.insert(w.held.end(), std::make_move_iterator(failed.begin()),
                          std::make_move_iterator(failed.end()));
        }
    } catch (...) {
        // Which items have failed, nobody knows any more.
        w.failures_lost = true;
        abandon(current_failure(task_error::no_item, session_.rank()));
    }
}

void dispatcher::place_results(incoming& m, const wire::results& r) {
    worker& w = workers_[static_cast<std::size_t>(m.source)];
    const bool last = r.chunk != wire::progress::more;
    reader in = m.body();
    std::vector<std::size_t> failed_here; // in order
    try {
        failed_here = last ? std::exchange(w.failed, {}) : w.failed;
        std::sort(failed_here.begin(), failed_here.end());
        if (m.lost)
            throw std::bad_alloc();
        if (r.items.count != 0) {
            deliver_failures(); // ahead of the results of the same chunk
            job_.skip_results(failed_here);
            failures failed;
            m.placed = job_.read_results(r.items, in, failed, m.complete);
            // The archive is of no use behind an item that could not be read: the items behind it run again.
            // Those that failed there have been told.
            if (m.placed != r.items.count) {
                give_back_between({r.items.first + m.placed + 1, r.items.count - m.placed - 1}, failed_here);
            }
            settle(m, r, failed_here);
            take_in(std::move(failed));
        }
    } catch (...) {
        in.forget_targets(0);
        m.complete = nullptr;
        if (r.items.count != 0) {
            if (!fail(current_failure(r.items.first, session_.rank()), retries_.attempt_of(r.items.first)))
                abandon(current_failure(task_error::no_item, session_.rank()));
            give_back_between({r.items.first + 1, r.items.count - 1}, failed_here); // the others run again
            item_failed();
        }
    }
    if (last)
        w.failures_lost = false;
    m.targets = std::move(in.targets());
}

void dispatcher::arrived(incoming& m) {
    if (!is_awaited(m.what))
        return;
    if (m.complete && !session_.on_main_thread()) {
        to_complete_.push(std::move(m)); // runs user code
        return;
    }
    complete(m);
}

void dispatcher::complete(const incoming& m) {
    --on_the_way_;
    const auto* r = std::get_if<wire::results>(&m.what);
    if (r == nullptr)
        return;
    try {
        if (m.complete)
            m.complete();
    } catch (...) {
        if (!fail(current_failure(r->items.first, session_.rank()), retries_.attempt_of(r->items.first)))
            abandon(current_failure(task_error::no_item, session_.rank()));
        item_failed();
    }
    if (r->chunk != wire::progress::more)
        take_in(std::exchange(workers_[static_cast<std::size_t>(m.source)].held, {}));
}

/// Of calls that grow, on the main thread: whoever takes results looks at the same records.
void dispatcher::deliver_failures() {
    if (session_.on_main_thread() && grows() && !failed_.empty())
        job_.take_failures(std::exchange(failed_, {}));
}

void dispatcher::complete_here() {
    dropped_.clear();
    while (!to_complete_.empty())
        complete(to_complete_.pop());
    decide_failures();
    deliver_failures();
}

// ---------------------------------------------------------------- failures

void dispatcher::take_in(failures failed) {
    if (failed.empty())
        return;
    session_.attend(*this);
    if (!retries_.none()) {
        // Whether there is another attempt is for the user to say, on the main thread.
        undecided_.insert(undecided_.end(), std::make_move_iterator(failed.begin()),
                          std::make_move_iterator(failed.end()));
        return;
    }
    for (failure& f : failed)
        fail(std::move(f), 1);
    item_failed();
}

void dispatcher::decide_failures() {
    for (failure& f : std::exchange(undecided_, {})) {
        if (again(f)) {
            const auto item = static_cast<std::size_t>(f.index);
            retries_.try_again(std::move(f));
            hand_out_again(item);
            continue;
        }
        const std::size_t attempt = retries_.attempt_of(static_cast<std::size_t>(f.index));
        fail(std::move(f), attempt);
        if (stop_at_failure_ && !stopped_) {
            // Nor will those be run again that wait for another attempt.
            for (const std::size_t item : queue_.retries()) {
                retries::last_failure last = retries_.give_up(item);
                fail(std::move(last.why), last.attempt);
            }
            stop();
        }
    }
}

/// Whether the item gets another attempt; what the user's own test throws takes the failure's place.
bool dispatcher::again(failure& f) {
    if (stopped_ || f.index == task_error::no_item)
        return false;
    if (!retries_.allows(static_cast<std::size_t>(f.index)))
        return false;
    if (!retry_if_)
        return true;
    try {
        return retry_if_(task_error(f));
    } catch (...) {
        f = current_failure(static_cast<std::size_t>(f.index), session_.rank());
        return false;
    }
}

void dispatcher::hand_out_again(std::size_t item) {
    const auto runs_items = [this](std::size_t rank) {
        return rank != root_ || session_.computes() || queue_.decided();
    };
    queue_.retry(item, retries_.not_by(item, workers_.size(), runs_items));
    session_.has_items(*this);
}

bool dispatcher::fail(failure f, std::size_t attempt) {
    // Behind a result that could not be read it may have run a second time.
    if (f.index != task_error::no_item && !ledger_.failed(static_cast<std::size_t>(f.index), f.rank, attempt))
        return false;
    failed_.push_back(std::move(f));
    return true;
}

void dispatcher::item_failed() {
    if (stop_at_failure_)
        stop();
}

bool dispatcher::withdraw(std::size_t item) {
    if (!queue_.withdraw(item))
        return false;
    ledger_.withdrawn(item);
    return true;
}

void dispatcher::extend(std::size_t n) {
    queue_.extend(n);
    items_ += n;
    session_.has_items(*this);
    incomplete_ = incomplete_ || (cancel_requested_ && n != 0);
}

void dispatcher::cancel() {
    if (cancel_requested_)
        return;
    cancel_requested_ = true;
    incomplete_ = incomplete_ || !queue_.empty() || !stock_.empty() || own_.count != 0;
    stop();
}

void dispatcher::abandon(failure f) {
    session_.attend(*this);
    failed_.push_back(std::move(f));
    abandoned_ = true;
    stop();
}

void dispatcher::stop() {
    if (stopped_)
        return;
    stopped_ = true;
    queue_.clear();
    drop(own_);
    dropped_.swap(stock_);
    in_stock_ = 0;
    if (session_.on_main_thread()) {
        dropped_.clear();
    } else {
        session_.attend(*this);
    }
    own_ = {};
    for (std::size_t rank = 0; rank < workers_.size(); ++rank) {
        if (workers_[rank].chunks != 0)
            session_.messages().send(static_cast<int>(rank), wire::stop{number_}, outgoing());
    }
}

// ---------------------------------------------------------------- the whole call

bool dispatcher::finished() const {
    return idle() && not_ready_ == 0;
}

bool dispatcher::idle() const {
    const bool undelivered = grows() && !failed_.empty();
    return chunks_out_ == 0 && on_the_way_ == 0 && undecided_.empty() && !undelivered &&
           (stopped_ || (own_.count == 0 && stock_.empty() && queue_.empty()));
}

bool dispatcher::waits_for_first_worker() const {
    return !queue_.decided() && measured_.items_done == 0 && not_ready_ != 0 &&
           not_ready_ + 1 == workers_.size();
}

failures dispatcher::take_failures() {
    // An item that threw and was to run again, when the call was stopped, has failed.
    if (stopped_ && !grows()) {
        for (retries::last_failure& last : retries_.give_up())
            fail(std::move(last.why), last.attempt);
    }
    std::stable_sort(failed_.begin(), failed_.end(),
                     [](const failure& a, const failure& b) { return a.index < b.index; });
    ledger_.over(items_);
    return std::exchange(failed_, {});
}

} // namespace mpimap::detail
