#include "session.hpp"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <utility>

#include "dispatcher.hpp"
#include "nap.hpp"
#include "verdict.hpp"

namespace mpimap::detail {

/// The main thread waits for something while one lives. The helper serves from the first item on that runs
/// meanwhile; the main thread owns its mutex except in user code.
class session::engagement {
  public:
    engagement(session& s, const std::function<bool()>& awaited) : session_(s) { s.awaited_ = &awaited; }
    ~engagement() {
        session_.awaited_ = nullptr;
        if (session_.engaged_ == nullptr)
            return;
        helper& h = *std::exchange(session_.engaged_, nullptr);
        h.mutex.unlock();
        h.disengage();
    }
    engagement(const engagement&) = delete;
    engagement& operator=(const engagement&) = delete;

  private:
    session& session_;
};

/// User code may be called: serialize, iterators, retry_if. It may not call back.
class session::engine_at_work {
  public:
    explicit engine_at_work(session& s) : session_(s) { ++s.at_work_; }
    ~engine_at_work() { --session_.at_work_; }
    engine_at_work(const engine_at_work&) = delete;
    engine_at_work& operator=(const engine_at_work&) = delete;

  private:
    session& session_;
};

bool session::has_helper() const noexcept {
    return state_.size > 1 && state_.thread_level >= MPI_THREAD_SERIALIZED;
}

void session::engage() {
    if (!has_helper() || engaged_ != nullptr)
        return;
    try {
        if (!state_.assistant)
            state_.assistant = std::make_unique<helper>();
    } catch (const std::system_error&) {
        return; // no thread to be had: all works without one
    }
    engaged_ = state_.assistant.get();
    engaged_->engage([this] { answer(); });
    engaged_->mutex.lock();
}

session::user_code::user_code(session& s, const nap_length& helpers) : session_(s) {
    s.engage();
    s.running_items_ = true;
    helper_ = s.engaged_;
    if (helper_ == nullptr)
        return;
    helper_->enter_user_code(helpers);
    helper_->mutex.unlock();
}
session::user_code::~user_code() {
    session_.running_items_ = false;
    if (helper_ == nullptr)
        return;
    helper_->leave_user_code();
    helper_->mutex.lock();
}

session::session(communicator_state& state, bool computes)
    : state_(state), computes_(computes || state.size == 1),
      chunks_at_(static_cast<std::size_t>(state.size)) {}
session::~session() = default;

void session::join(dispatcher& call) {
    calls_.push_back(&call);
}

void session::leave(dispatcher& call) noexcept {
    calls_.erase(std::remove(calls_.begin(), calls_.end(), &call), calls_.end());
}

void session::chunk_finished(std::size_t rank) {
    --chunks_at_[rank];
    for (dispatcher* d : calls_)
        d->ask(rank);
}

// ---------------------------------------------------------------- messages

dispatcher* session::call(std::uint64_t number) const noexcept {
    const auto at = std::lower_bound(calls_.begin(), calls_.end(), number,
                                     [](const dispatcher* d, std::uint64_t n) { return d->number() < n; });
    return at != calls_.end() && (*at)->number() == number ? *at : nullptr;
}

void session::noticed(const incoming& m) {
    if (m.head.kind == message::farewell)
        ++left_;
    if (dispatcher* d = call(m.head.job))
        d->noticed(m);
}

bool session::can_place(const incoming& m) {
    dispatcher* d = call(m.head.job);
    return d == nullptr || d->can_place(m);
}

void session::place(incoming& m) {
    if (m.head.kind == message::broken) {
        reader in = m.body();
        for (failure& f : read_failures(in))
            broken_ = std::move(f);
    }
    if (dispatcher* d = call(m.head.job))
        d->place(m);
}

void session::arrived(incoming& m) {
    if (dispatcher* d = call(m.head.job))
        d->arrived(m);
}

/// Messages in and out; whether there were any.
bool session::exchange() {
    const engine_at_work here(*this);
    bool moved = state_.size > 1 && messages().progress(*this);
    for (std::size_t i = 0; i < calls_.size(); ++i) { // one may leave meanwhile
        calls_[i]->complete_here();
        moved |= calls_[i]->hand_out(true);
        if (i < calls_.size())
            calls_[i]->complete_here(); // arguments that could not be encoded
    }
    return moved;
}

/// The helper thread's turn, while the main thread runs a long item.
void session::answer() {
    on_main_thread_ = false;
    messages().keep_what_is_done(true);
    try {
        messages().progress(*this);
        for (dispatcher* d : calls_)
            d->hand_out(false);
    } catch (...) {
        helper_error_ = std::current_exception(); // the main thread throws it
    }
    messages().keep_what_is_done(false);
    on_main_thread_ = true;
}

// ---------------------------------------------------------------- the main thread

bool session::run_items() {
    const auto runs_here = [this](const dispatcher* d) { return computes_ || d->decided(); };
    if (has_helper()) {
        const engine_at_work here(*this);
        for (dispatcher* d : calls_) {
            if (runs_here(d))
                d->stock_up();
        }
    }
    for (dispatcher* d : calls_) {
        if (runs_here(d) && d->run_own_batch())
            return true;
    }
    return false;
}

/// The others are about to be ready: an item of the root's own, of unknown length, would keep them waiting.
bool session::everybody_starts() const {
    return std::all_of(calls_.begin(), calls_.end(),
                       [](const dispatcher* d) { return d->waits_for_first_worker(); });
}

void session::run_until(const std::function<bool()>& done) {
    const engagement engaged(*this, done);
    constexpr std::chrono::microseconds patience_at_start{100};
    const clock::time_point begun = clock::now();
    nap pause;
    while (true) {
        bool moved = false;
        // A rank that waits is a whole rank, the root's next items are its own only: first all that others
        // want. But not what they send meanwhile: short items would never be the root's.
        for (int i = 0; i < 64 && exchange(); ++i) {
            moved = true;
            if (!messages().behind())
                break;
        }
        if (helper_error_)
            std::rethrow_exception(std::exchange(helper_error_, nullptr));
        if (done())
            break;
        const bool wait = everybody_starts() && clock::now() - begun < patience_at_start;
        if ((!wait && run_items()) || moved) {
            pause.reset();
        } else {
            pause.wait(messages().transferring());
        }
    }
}

void session::nudge() {
    if (++nudges_ % 8 == 0) {
        poll();
        return;
    }
    const engine_at_work here(*this);
    for (dispatcher* d : calls_) {
        d->hand_out(true);
        d->complete_here();
    }
}

void session::poll() {
    for (int i = 0; i < 64 && exchange();)
        ++i;
    if (helper_error_)
        std::rethrow_exception(std::exchange(helper_error_, nullptr));
}

void session::flush() {
    nap pause;
    while (!messages().sent()) {
        if (!messages().progress(*this))
            pause.wait();
    }
}

void session::take_leave() {
    nap pause;
    while (left_ != state_.size - 1 || !messages().sent() || messages().transferring()) {
        if (messages().progress(*this)) {
            pause.reset();
        } else {
            pause.wait(messages().transferring());
        }
    }
}

} // namespace mpimap::detail
