#include "call/runner.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace mpimap::detail {

// ---------------------------------------------------------------- calls

runner::call_record* runner::find(call_number number) {
    const auto at = calls_.find(number);
    return at == calls_.end() ? nullptr : &at->second;
}

void runner::opens(call_number number, bool stop_at_failure) {
    calls_[number].stop_at_failure = stop_at_failure;
}

void runner::cannot_serve(call_number number) {
    calls_[number].broken = true;
}

bool runner::release(call_number number) {
    if (call_running_ != nullptr && running_.what.call == number) {
        stop(number);
        released_ = true;
        return false;
    }
    calls_.erase(number);
    return true;
}

// ---------------------------------------------------------------- messages

void runner::noticed(const wire::message& m) {
    if (const auto* chunk = std::get_if<wire::chunk>(&m)) {
        chunks_.push({*chunk});
        newest_times().asked = chunk->asked;
    } else if (const auto* s = std::get_if<wire::stop>(&m)) {
        stop(s->call);
    } else if (const auto* farewell = std::get_if<wire::farewell>(&m)) {
        at_once_ = farewell->at_once;
        program_over_ = farewell->program_over;
        ended_ = at_once_;
        closing_ = !at_once_;
        for (auto& [number, c] : calls_)
            c.stopped = c.stopped || at_once_;
    }
}

void runner::stop(call_number number) {
    if (call_record* c = find(number))
        c->stopped = true;
}

bool runner::next_will_run() {
    const work& next = announced();
    const call_record* c = find(next.what.call);
    return c != nullptr && !c->broken && !broken_ && !next.returned;
}

void runner::read(std::shared_ptr<chunk> arguments, std::size_t readable, failures failed, bool is_large) {
    work& next = announced();
    next.arguments = std::move(arguments);
    next.readable = readable;
    next.is_large = is_large;
    next.failed = std::move(failed);
}

void runner::arrived(double now) {
    work& w = announced();
    w.times.came = now;
    const bool is_over = find(w.what.call) == nullptr;
    if (!is_over && !asked_.empty()) {
        const double since = asked_.pop();
        // What came while items ran has been here for as long as nobody looked.
        if (idle_ && w.what.returning != wire::return_policy::may_return_and_was_late)
            w.waited = now - since;
    }
    if (is_over || w.returned) {
        chunks_.erase(&w); // its arguments are the transport's to let go of
    } else {
        ++waiting_;
    }
}

void runner::forget_asking() {
    if (waiting_ == 0)
        asked_ = {};
}

// ---------------------------------------------------------------- items

runner::work* runner::begin_chunk() {
    --waiting_;
    work& w = chunks_.front();
    call_record* const c = find(w.what.call);
    if (c == nullptr || w.returned) {
        w.arguments.reset();
        chunks_.drop();
        return nullptr;
    }
    running_ = std::move(w);
    chunks_.drop();
    call_running_ = c;
    done_ = claimed_ = 0;
    longest_.count = 0;
    gives_up_ = c->broken || broken_;
    return &running_;
}

void runner::cannot_run(failure why) {
    running_.failed.push_back(std::move(why));
    running_.readable = 0;
}

std::optional<runner::batch> runner::next_batch() {
    gives_up_ = gives_up_ || call_running_->stopped;
    if (gives_up_ || done_ >= running_.readable)
        return {};
    const call_record& c = *call_running_;
    claimed_ = done_ + std::min(running_.readable - done_, c.batch);
    return batch{done_, claimed_, c.stop_at_failure, patience_nap(c.usual.seconds())};
}

void runner::ran(const batch& b, std::size_t done, double seconds, bool some_failed) {
    call_record& c = *call_running_;
    const std::size_t size = b.to - b.from;
    done_ = done;
    if (size == 1 && running_.what.items.count != 1)
        longest_.note(running_.what.items.first + b.from, seconds);
    c.usual.note(size, seconds);
    c.batch = detail::next_batch(std::min(c.batch, size), seconds);
    gives_up_ = gives_up_ || (c.stop_at_failure && some_failed);
}

runner::answer runner::end_chunk() {
    call_running_ = nullptr;
    answer a{running_};
    const work& w = running_;
    if (std::exchange(released_, false)) {
        calls_.erase(w.what.call);
        return a;
    }
    a.is_heard = true;
    a.done = at_once_ ? running_.sent : done_; // the owner may not wait for results
    // An item whose arguments could not be decoded ends the chunk: those behind it were not run.
    const bool unreadable =
        a.done == w.readable && std::any_of(w.failed.begin(), w.failed.end(), [&](const failure& f) {
            return f.index == w.what.items.first + w.readable;
        });
    a.not_run = w.what.items.count - a.done - (unreadable ? 1 : 0);
    if (gives_up_ && a.not_run != 0)
        a.how = wire::progress::given_up;
    return a;
}

std::vector<wire::returned> runner::give_back() {
    std::vector<wire::returned> all;
    work& now = running_;
    const item_range items = now.what.items;
    // Behind an item that could not be read nothing is known.
    if (claimed_ < items.count && now.readable == items.count) {
        give_back(now, {items.first + claimed_, items.count - claimed_}, all);
        now.what.items.count = claimed_;
        now.readable = claimed_;
    }
    for (work& w : chunks_)
        give_back(w, w.what.items, all);
    return all;
}

void runner::give_back(work& w, item_range items, std::vector<wire::returned>& all) {
    if (w.what.returning == wire::return_policy::never || w.returned)
        return;
    all.push_back({w.what.call, items});
    w.returned = items.first == w.what.items.first;
}

} // namespace mpimap::detail
