#include "dispatcher.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <iterator>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "helper.hpp"
#include "nap.hpp"
#include "verdict.hpp"

namespace mpimap::detail {

namespace {

/// The helper serves while one lives; the main thread owns its mutex except in user code.
class engagement {
  public:
    engagement(helper& h, std::function<bool()> serve) : helper_(h) {
        helper_.engage(std::move(serve));
        helper_.mutex.lock();
    }
    ~engagement() {
        helper_.mutex.unlock();
        helper_.disengage();
    }
    engagement(const engagement&) = delete;
    engagement& operator=(const engagement&) = delete;

  private:
    helper& helper_;
};

/// The main thread leaves the engine for user code while one lives.
class user_code {
  public:
    user_code(helper* h, bool maybe_long) : helper_(h) {
        if (helper_ == nullptr)
            return;
        helper_->enter_user_code(maybe_long);
        helper_->mutex.unlock();
    }
    ~user_code() {
        if (helper_ == nullptr)
            return;
        helper_->leave_user_code();
        helper_->mutex.lock();
    }
    user_code(const user_code&) = delete;
    user_code& operator=(const user_code&) = delete;

  private:
    helper* helper_;
};

} // namespace

dispatcher::dispatcher(communicator_state& state, root_job& job, const options& o, std::uint64_t number,
                       bool stop)
    : state_(state), channel_(*state.messages), job_(job), number_(number), stop_at_failure_(stop),
      root_(static_cast<std::size_t>(state.rank)),
      queue_(o, job.items(), static_cast<std::size_t>(state.size), job.bytes_per_item(), job.granularity()),
      workers_(static_cast<std::size_t>(state.size)), not_ready_(static_cast<std::size_t>(state.size) - 1) {
    if (!queue_.decided())
        return; // ranks ask when they are ready
    for (std::size_t rank = 0; rank < workers_.size(); ++rank)
        ask(rank);
}

// ---------------------------------------------------------------- handing out

bool dispatcher::wants_more(const worker& w, std::size_t rank) const {
    if (queue_.decided()) {
        // All of it at once where that costs no memory; encoded chunks two at a time.
        return (job_.plain_arguments() || w.chunks.size() < 2) && !queue_.empty(rank);
    }
    if (!w.ready)
        return false;
    if (stock_.empty() && queue_.empty(rank))
        return false;
    if (w.chunks.empty())
        return true;
    const bool plenty = queue_.remaining() > workers_.size(); // something for all others, too
    return w.chunks.size() < look_ahead(w.chunks.back().count, plenty, measured_);
}

/// Takes chunks from the queue until one could be encoded.
bool dispatcher::prepare(std::size_t rank, prepared& p) {
    while (true) {
        const item_range items = queue_.next(rank, measured_);
        if (items.count == 0)
            return false;
        p.items = items;
        p.message = outgoing();
        const std::size_t written = job_.write_chunk(items, p.message, failed_);
        if (written == items.count)
            return true;
        // One item could not be encoded: those before and behind it are handed out anew.
        give_back({items.first, written});
        give_back({items.first + written + 1, items.count - written - 1});
        item_failed();
    }
}

bool dispatcher::hand_out(bool user_code) {
    bool moved = false;
    const bool can_encode = user_code || job_.plain_arguments();
    // One chunk each, round after round.
    while (!asking_.empty() && !stopped_) {
        const std::size_t rank = asking_.front();
        if (!wants_more(workers_[rank], rank)) {
            workers_[rank].asking = false;
            asking_.pop_front();
            continue;
        }
        const clock::time_point begin = clock::now();
        prepared p;
        if (!stock_.empty() && !queue_.decided()) {
            p = std::move(stock_.front());
            stock_.pop_front();
        } else if (!can_encode) {
            break;
        } else if (!prepare(rank, p)) {
            continue; // nothing is left: the rank is struck off next time round
        }
        asking_.pop_front();
        asking_.push_back(rank);
        envelope head;
        head.job = number_;
        head.kind = message::chunk;
        head.first = p.items.first;
        head.count = p.items.count;
        weigh(p.items.count, p.message.out.size(), measured_.argument_bytes);
        channel_.send(static_cast<int>(rank), head, std::move(p.message));
        workers_[rank].chunks.push_back(p.items);
        ++chunks_out_;
        // Sending is about half of what a chunk costs the root; the other half is taking the results.
        // A sample that was interrupted says nothing.
        const double sample = std::min(2 * seconds_since(begin), 4 * measured_.chunk_cost);
        measured_.chunk_cost += (sample - measured_.chunk_cost) / 16;
        moved = true;
    }
    return moved;
}

/// The rank may want a chunk: it is looked at when chunks are handed out, in order of asking.
void dispatcher::ask(std::size_t rank) {
    if (rank == root_ || workers_[rank].asking)
        return;
    workers_[rank].asking = true;
    asking_.push_back(rank);
}

void dispatcher::give_back(item_range items) {
    if (items.count == 0)
        return;
    // In halves: where item after item cannot be read, each would otherwise send all that is behind it again.
    const std::size_t half = items.count / 2;
    queue_.give_back({items.first, half});
    queue_.give_back({items.first + half, items.count - half});
    for (std::size_t rank = 0; rank < workers_.size(); ++rank)
        ask(rank);
}

/// Before the main thread goes into user code: encode what the helper may have to hand out meanwhile.
void dispatcher::stock_up() {
    if (job_.plain_arguments() || queue_.decided())
        return;
    constexpr double worth_it = 200e-6;
    if (measured_.items_done != 0 && measured_.item_time * static_cast<double>(batch_) < worth_it)
        return;
    constexpr std::size_t most_bytes = 64 * 1024 * 1024;
    std::size_t bytes = 0;
    for (const prepared& p : stock_)
        bytes += p.message.out.body().size();
    while (!stopped_ && stock_.size() + 1 < workers_.size() && bytes < most_bytes) {
        prepared p;
        if (!prepare(root_, p))
            return;
        bytes += p.message.out.body().size();
        stock_.push_back(std::move(p));
    }
}

// ---------------------------------------------------------------- the root's own items

bool dispatcher::run_own_batch() {
    if (stopped_)
        return false;
    if (own_.count == 0) {
        own_ = queue_.next(root_, measured_);
        if (own_.count == 0 && !stock_.empty()) { // taken for others, but nobody else wants it now
            own_ = stock_.front().items;
            stock_.pop_front();
        }
        if (own_.count == 0)
            return false;
    }
    const item_range batch{own_.first,
                           aligned_chunk(own_.first, std::min(own_.count, batch_), job_.granularity())};
    // Of the first items nothing is known.
    constexpr double long_batch = 300e-6;
    const bool maybe_long =
        measured_.items_done == 0 || measured_.item_time * static_cast<double>(batch.count) > long_batch;
    failures failed;
    const clock::time_point begin = clock::now();
    std::size_t done = 0;
    {
        const user_code outside(state_.size == 1 ? nullptr : state_.assistant.get(), maybe_long);
        done = job_.run_here(batch, stop_at_failure_, failed);
    }
    const double seconds = seconds_since(begin);
    measure(done, seconds);
    batch_ = next_batch(std::min(batch_, batch.count), seconds);
    own_ = {own_.first + done, own_.count - done};
    if (!failed.empty()) {
        failed_.insert(failed_.end(), std::make_move_iterator(failed.begin()),
                       std::make_move_iterator(failed.end()));
        item_failed();
    }
    return true;
}

void dispatcher::measure(std::size_t items, double seconds) {
    if (items == 0)
        return;
    measured_.items_done += items;
    total_seconds_ += seconds;
    measured_.item_time = total_seconds_ / static_cast<double>(measured_.items_done);
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
    if (m.head.job != number_)
        return;
    worker& w = workers_[static_cast<std::size_t>(m.source)];
    switch (m.head.kind) {
    case message::ready:
        if (m.head.last != 0) {
            ++on_the_way_;
        } else {
            w.ready = true;
            --not_ready_;
            ask(static_cast<std::size_t>(m.source));
        }
        break;
    case message::failed:
        ++on_the_way_;
        item_failed();
        break;
    case message::results: {
        ++on_the_way_;
        measure(static_cast<std::size_t>(m.head.count), m.head.seconds);
        weigh(static_cast<std::size_t>(m.head.count), m.head.bytes, measured_.result_bytes);
        if (m.head.waited > 0) {
            measured_.reply_time += (std::min(m.head.waited, 0.1) - measured_.reply_time) / 8;
        }
        if (m.head.last != 0) {
            const item_range chunk = w.chunks.front();
            w.chunks.pop_front();
            --chunks_out_;
            ask(static_cast<std::size_t>(m.source));
            const auto rest = static_cast<std::size_t>(m.head.not_run);
            if (rest != 0)
                give_back({chunk.end() - rest, rest});
        }
        break;
    }
    default:
        break;
    }
}

bool dispatcher::can_place(const incoming& m) {
    return on_main_thread_ || m.head.job != number_ || m.head.kind != message::results ||
           job_.plain_results();
}

void dispatcher::place(incoming& m) {
    if (m.head.job != number_)
        return;
    const item_range items{static_cast<std::size_t>(m.head.first), static_cast<std::size_t>(m.head.count)};
    reader in = m.body();
    try {
        if (m.lost)
            throw std::bad_alloc();
        switch (m.head.kind) {
        case message::ready:
            if (m.head.last != 0) {
                for (failure& f : read_failures(in))
                    abandon(std::move(f));
                --not_ready_;
            }
            break;
        case message::failed:
            for (failure& f : read_failures(in))
                failed_.push_back(std::move(f));
            break;
        case message::results: {
            if (items.count == 0)
                break;
            m.placed = job_.read_results(items, in, failed_, m.complete);
            if (m.placed < items.count) {
                // The archive is of no use behind an item that could not be read: the items behind it run
                // again.
                give_back({items.first + m.placed + 1, items.count - m.placed - 1});
                item_failed();
            }
            break;
        }
        default:
            break;
        }
    } catch (...) {
        failed_.push_back(current_failure(items.first, state_.rank));
        in.forget_targets(0);
        item_failed();
    }
    m.targets = std::move(in.targets());
}

void dispatcher::arrived(std::unique_ptr<incoming> m) {
    if (m->head.job != number_)
        return;
    const bool counted = m->head.kind == message::results || m->head.kind == message::failed ||
                         (m->head.kind == message::ready && m->head.last != 0);
    if (!counted)
        return;
    if (m->complete && !on_main_thread_) {
        to_complete_.push_back(std::move(m)); // runs user code
        return;
    }
    complete(*m);
}

void dispatcher::complete(const incoming& m) {
    --on_the_way_;
    if (!m.complete)
        return;
    try {
        m.complete();
    } catch (...) {
        failed_.push_back(current_failure(static_cast<std::size_t>(m.head.first), state_.rank));
        item_failed();
    }
}

void dispatcher::complete_here() {
    for (; !to_complete_.empty(); to_complete_.pop_front())
        complete(*to_complete_.front());
}

void dispatcher::item_failed() {
    if (stop_at_failure_)
        stop();
}

void dispatcher::abandon(failure f) {
    failed_.push_back(std::move(f));
    abandoned_ = true;
    stop();
}

void dispatcher::stop() {
    if (stopped_)
        return;
    stopped_ = true;
    queue_.clear();
    stock_.clear();
    own_ = {};
    for (std::size_t rank = 0; rank < workers_.size(); ++rank) {
        if (workers_[rank].chunks.empty())
            continue;
        envelope head;
        head.job = number_;
        head.kind = message::stop;
        channel_.send(static_cast<int>(rank), head, outgoing());
    }
}

// ---------------------------------------------------------------- the whole call

bool dispatcher::finished() const {
    return chunks_out_ == 0 && on_the_way_ == 0 && not_ready_ == 0 &&
           (stopped_ || (own_.count == 0 && stock_.empty() && queue_.empty(root_)));
}

void dispatcher::run() {
    const bool alone = state_.size == 1;
    std::optional<engagement> engaged;
    if (!alone && state_.thread_level >= MPI_THREAD_SERIALIZED) {
        try {
            if (!state_.assistant)
                state_.assistant = std::make_unique<helper>();
        } catch (const std::system_error&) {
            // No thread to be had: all works without one.
        }
        if (state_.assistant)
            engaged.emplace(*state_.assistant, [this] { return answer(); });
    }
    nap pause;
    constexpr std::chrono::microseconds patience_at_start{100};
    const clock::time_point begun = clock::now();
    while (true) {
        bool moved = false;
        // A rank that waits is a whole rank, the root's next items are its own only: first all that others
        // want.
        for (int i = 0; i < 64 && !alone; ++i) {
            const bool arrived = channel_.progress(*this);
            complete_here();
            const bool handed = hand_out(true);
            moved |= arrived || handed;
            if (!arrived && !handed)
                break;
        }
        if (helper_error_)
            std::rethrow_exception(std::exchange(helper_error_, nullptr));
        if (finished())
            break;
        // The others are about to be ready; an item of the root's own, of unknown length, may keep them
        // waiting.
        const bool nobody_ready =
            !queue_.decided() && !alone && not_ready_ + 1 == workers_.size() && measured_.items_done == 0;
        if (nobody_ready && clock::now() - begun < patience_at_start) {
            pause.wait();
            continue;
        }
        if (engaged)
            stock_up();
        if (run_own_batch() || moved) {
            pause.reset();
        } else {
            pause.wait(channel_.transferring());
        }
    }
}

/// The helper thread's turn, while the main thread runs a long item.
bool dispatcher::answer() {
    on_main_thread_ = false;
    bool moved = false;
    try {
        moved = channel_.progress(*this);
        moved |= hand_out(false);
    } catch (...) {
        helper_error_ = std::current_exception(); // the main thread throws it
    }
    on_main_thread_ = true;
    return moved;
}

failures dispatcher::take_failures() {
    std::stable_sort(failed_.begin(), failed_.end(),
                     [](const failure& a, const failure& b) { return a.index < b.index; });
    // Items behind a result that could not be read run again, those that fail do so twice: one failure per
    // item.
    const auto same_item = [](const failure& a, const failure& b) {
        return a.index == b.index && a.index != task_error::no_item;
    };
    failed_.erase(std::unique(failed_.begin(), failed_.end(), same_item), failed_.end());
    return std::exchange(failed_, {});
}

void dispatcher::end(const map_error* verdict) {
    for (int rank = 0; rank < state_.size; ++rank) {
        if (rank == state_.rank)
            continue;
        envelope head;
        head.job = number_;
        head.kind = message::end;
        outgoing message;
        if (verdict != nullptr) {
            head.last = 1;
            write_map_error(message.out, *verdict);
        }
        channel_.send(rank, head, std::move(message));
    }
    nap pause;
    while (!channel_.sent()) {
        if (!channel_.progress(*this))
            pause.wait();
    }
}

} // namespace mpimap::detail
