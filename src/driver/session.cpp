#include "driver/session.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "call/verdict.hpp"
#include "driver/dispatcher.hpp"
#include "driver/nap.hpp"
#include "driver/whole.hpp"

namespace mpimap::detail {

/// The main thread runs items, if there are any, while one lives, and waits for something. The helper serves
/// from the first of them on.
class session::engagement {
  public:
    explicit engagement(session& s, const std::function<bool()>* awaited = nullptr) : session_(s) {
        s.awaited_ = awaited;
    }
    ~engagement() {
        session_.awaited_ = nullptr;
        session_.helper_.let_go();
    }
    engagement(const engagement&) = delete;
    engagement& operator=(const engagement&) = delete;

  private:
    session& session_;
};

session::user_code::user_code(session& s, const nap_length& helpers) : session_(s) {
    helper* const h = s.helper_.engage(s.here_, [&s] { s.answer(); });
    s.running_items_ = true;
    if (h != nullptr)
        helper_.emplace(*h, helpers);
}
session::user_code::~user_code() {
    session_.running_items_ = false;
}

session::session(endpoint here, bool computes)
    : here_(std::move(here)), computes_(computes || size() == 1),
      ranks_(static_cast<std::size_t>(size()), static_cast<std::size_t>(rank())) {}
session::~session() = default;

// ---------------------------------------------------------------- calls

namespace {

/// Where the call is, or would be.
auto place_of(std::vector<dispatcher*>& calls, call_number number) {
    return std::lower_bound(calls.begin(), calls.end(), number,
                            [](const dispatcher* d, call_number n) { return d->number() < n; });
}

void remove(std::vector<dispatcher*>& calls, const dispatcher& call) noexcept {
    const auto at = place_of(calls, call.number());
    if (at != calls.end() && *at == &call)
        calls.erase(at);
}

} // namespace

void session::join(dispatcher& call) {
    calls_.insert(place_of(calls_, call.number()), &call);
    if (call.may_be_stopped())
        stoppable_.insert(place_of(stoppable_, call.number()), &call);
    if (call.has_watchers())
        watched_.insert(place_of(watched_, call.number()), &call);
}

void session::leave(dispatcher& call) noexcept {
    remove(calls_, call);
    remove(with_items_, call);
    remove(stoppable_, call);
    remove(watched_, call);
    if (computing_ == &call)
        computing_ = nullptr;
}

void session::has_items(dispatcher& call) {
    const bool were_none = with_items_.empty();
    const auto at = place_of(with_items_, call.number());
    if (at == with_items_.end() || *at != &call)
        with_items_.insert(at, &call);
    ranks_.there_is_more(were_none);
}

void session::attend(dispatcher& call) {
    attended_.push_back(call.number());
}

void session::begins_chunk(dispatcher& call) {
    if (computing_ != &call)
        let_others_run_the_rest();
    computing_ = &call;
}

void session::let_others_run_the_rest() {
    if (computing_ != nullptr)
        computing_->let_others_run_the_rest();
}

offer session::offer_chunk(std::size_t rank, bool encode) {
    offer all = offer::nothing;
    auto at = with_items_.begin();
    while (at != with_items_.end()) {
        dispatcher& d = **at;
        if (!d.state().has_items()) {
            at = with_items_.erase(at);
            continue;
        }
        const call_number asked = d.number();
        const offer one = d.offer_chunk(rank, encode);
        if (one == offer::sent || one == offer::enough)
            return one;
        if (one == offer::not_now)
            all = one;
        at = place_of(with_items_, asked); // encoding runs user code, which may let go of calls
        if (at != with_items_.end() && (*at)->number() == asked)
            ++at;
    }
    return all;
}

bool session::hand_out(bool encode) {
    // Then what has come meanwhile is looked at: to hand a chunk to each of a thousand ranks takes
    // milliseconds.
    constexpr std::size_t enough = 64;
    std::size_t sent = 0;
    hands_out_more_ = false;
    for (std::size_t waiting = 0; waiting < ranks_.asking() && !with_items_.empty();) {
        if (sent == enough) {
            hands_out_more_ = true;
            break;
        }
        const offer o = offer_chunk(ranks_.first(), encode);
        if (o == offer::nothing && with_items_.empty())
            break; // all of them are asked again when there is more
        switch (o) {
        case offer::sent: // it may want another, behind the others
            ++sent;
            waiting = 0;
            ranks_.first_waits();
            break;
        case offer::not_now:
            ++waiting;
            ranks_.first_waits();
            break;
        case offer::enough:
            ranks_.first_has_enough();
            break;
        case offer::nothing:
            ranks_.first_gets_nothing();
            break;
        }
    }
    return sent != 0;
}

// ---------------------------------------------------------------- messages

dispatcher* session::call(call_number number) noexcept {
    const auto at = place_of(calls_, number);
    return at != calls_.end() && (*at)->number() == number ? *at : nullptr;
}

bool session::receive() {
    return detail::receive(
        messages(), [this](incoming& m) { heed(m); },
        [this] { return awaited_ != nullptr && on_main_thread_ && (*awaited_)(); });
}

void session::heed(incoming& m) {
    dispatcher* const d = call(wire::call_of(m.what));
    switch (m.at) {
    case stage::noticed:
        if (std::holds_alternative<wire::farewell>(m.what))
            ranks_.left(static_cast<std::size_t>(m.source));
        if (const auto* asked = std::get_if<wire::interrupted>(&m.what); asked != nullptr && here_.ending)
            here_.ending->ask(static_cast<int>(asked->cause));
        if (d != nullptr)
            d->noticed(m);
        return;
    case stage::here:
        if (d != nullptr && !on_main_thread_ && !d->places_plainly(m))
            return;
        m.accept();
        if (std::holds_alternative<wire::broken>(m.what)) {
            reader in = m.body();
            for (failure& f : read_failures(in))
                broken_ = std::move(f);
        }
        if (d != nullptr)
            d->place(m);
        return;
    case stage::complete:
        if (d != nullptr)
            d->arrived(m, on_main_thread_);
        return;
    }
}

void session::look_at_watches() noexcept {
    for (dispatcher* d : watched_)
        d->look_at_watches();
}

void session::heed_stops() {
    if (interrupted_by() != 0) [[unlikely]] {
        for (std::size_t i = 0; i < calls_.size(); ++i)
            calls_[i]->heed_stop();
        return;
    }
    // The clock takes a tenth of what a short chunk does.
    const bool at_the_clock = ++looks_for_stops_ % 16 == 0;
    for (std::size_t i = 0; i < stoppable_.size(); ++i) // what a call lets go of may end another
        stoppable_[i]->heed_stop(at_the_clock);
}

/// On the main thread: what messages, and items, have left to be done.
void session::complete_here() {
    for (std::size_t i = 0; i < attended_.size(); ++i) { // there may be more meanwhile
        if (dispatcher* d = call(attended_[i]))
            d->complete_here();
    }
    attended_.clear();
}

/// Messages in and out; whether there were any.
bool session::exchange() {
    const engine_at_work here(*this);
    return whole(here_, [this] {
        bool moved = size() > 1 && receive();
        heed_stops();
        look_at_watches();
        complete_here();
        moved |= hand_out(true);
        complete_here(); // arguments that could not be encoded
        return moved;
    });
}

/// The helper thread's turn, while the main thread runs a long item, or the deputy's, while it is elsewhere.
/// Whether messages came or went.
bool session::answer() {
    on_main_thread_ = false;
    messages().keep_what_is_done(true);
    const bool moved = whole(here_, [this] {
        bool came = false;
        for (int i = 0; i < 64; ++i) {
            came |= receive();
            heed_stops();
            look_at_watches();
            let_others_run_the_rest();
            came |= hand_out(false);
            if (!hands_out_more_)
                break;
        }
        return came;
    });
    messages().keep_what_is_done(false);
    on_main_thread_ = true;
    return moved;
}

bool session::is_under_way() const {
    if (ranks_.in_hand() != 0 || !messages().sent() || !messages().received())
        return true;
    return std::any_of(with_items_.begin(), with_items_.end(),
                       [](const dispatcher* d) { return d->offers_plainly(); });
}

std::optional<std::chrono::microseconds> session::answer_in_absence() {
    const bool moved = answer();
    if (!is_under_way())
        return std::nullopt;
    if (moved && messages().transferring())
        return std::chrono::microseconds(200); // the pieces of large messages, a few at a time
    std::chrono::duration<double> nap = std::chrono::milliseconds(moved ? 1 : 10);
    constexpr std::size_t enough = 8; // calls, of which there may be many
    for (std::size_t i = 0; i < std::min(enough, with_items_.size()); ++i) {
        if (with_items_[i]->offers_plainly())
            nap =
                std::min(nap, std::chrono::duration<double>(with_items_[i]->state().nap_meanwhile().seconds));
    }
    return std::chrono::duration_cast<std::chrono::microseconds>(nap);
}

// ---------------------------------------------------------------- the main thread

bool session::run_items() {
    return whole(here_, [this] { return run_some_items(); });
}
bool session::run_some_items() {
    const auto runs_here = [this](const dispatcher* d) { return computes_ || d->state().decided(); };
    if (here_.assistant() != nullptr) {
        const engine_at_work here(*this);
        constexpr std::size_t enough = 8; // calls, for one item's time
        bool look_first = false;
        for (std::size_t i = 0; i < std::min(enough, with_items_.size()); ++i) {
            if (runs_here(with_items_[i]))
                look_first |= with_items_[i]->stock_up();
        }
        if (look_first)
            return true;
    }
    for (std::size_t i = 0; i < with_items_.size();) {
        dispatcher& d = *with_items_[i];
        if (!d.state().has_items()) {
            remove(with_items_, d);
            continue;
        }
        if (runs_here(&d) && d.run_own_batch())
            return true;
        ++i;
    }
    return false;
}

void session::run_until(const std::function<bool()>& done) {
    const engagement engaged(*this, &done);
    nap pause;
    while (true) {
        bool moved = false;
        // A rank that waits is a whole rank, the root's next items are its own only: first all that others
        // want. But not what they send meanwhile: short items would never be the root's.
        for (int i = 0; i < 64 && exchange(); ++i) {
            moved = true;
            if (!messages().behind() && !hands_out_more_)
                break;
        }
        if (done())
            break;
        if (run_items() || moved) {
            pause.reset();
        } else {
            here_.while_idle();
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
    whole(here_, [this] {
        heed_stops();
        hand_out(true);
        complete_here();
    });
}

void session::poll() {
    for (int i = 0; i < 64 && exchange();)
        ++i;
}

void session::look() {
    const engagement engaged(*this);
    whole(here_, [this] { let_others_run_the_rest(); });
    poll();
    const bool ran = whole(here_, [this] {
        for (std::size_t i = 0; i < with_items_.size(); ++i) {
            if (with_items_[i]->run_what_others_cannot())
                return true;
        }
        return false;
    });
    if (ran)
        poll(); // what it has settled is known
}

void session::flush() {
    nap pause;
    while (!messages().sent()) {
        if (!whole(here_, [this] { return receive(); }))
            pause.wait();
    }
}

void session::take_leave() {
    nap pause;
    while (ranks_.departed() + 1 != ranks_.size() || !messages().sent() || !messages().received()) {
        if (whole(here_, [this] { return receive(); })) {
            pause.reset();
        } else {
            pause.wait(messages().transferring());
        }
    }
}

} // namespace mpimap::detail
