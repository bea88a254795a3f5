#include "driver/worker.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/kernel_descriptor.hpp>

#include "call/verdict.hpp"
#include "schedule/chunking.hpp"

namespace mpimap::detail {

worker::worker(endpoint here, int root) : here_(std::move(here)), messages_(*here_.messages), root_(root) {}
worker::~worker() = default;

void worker::enter(call_number number, kernel& k, bool stop) {
    call& c = calls_[number];
    c.serving = &k;
    c.stop_at_failure = stop;
}

void worker::ready(call_number number, const failure* setup_failed) {
    outgoing message;
    if (setup_failed != nullptr) {
        calls_[number].broken = true;
        write_failures(message.out, {*setup_failed});
    }
    messages_.send(root_, wire::ready{number, setup_failed != nullptr}, std::move(message));
}

void worker::break_down(const failure& why) {
    broken_ = true;
    failures all{why};
    tell_failures(wire::broken{}, all);
}

void worker::run() {
    struct engagement {
        worker& w;
        ~engagement() { w.disengage(); }
    } const until_the_end{*this};
    nap pause;
    while (!ended_ || !(at_once_ || (messages_.sent() && messages_.received()))) {
        const bool moved = messages_.progress(*this);
        if (helper_error_)
            std::rethrow_exception(std::exchange(helper_error_, nullptr));
        idle_ = waiting_.empty() || at_once_;
        if (!idle_) {
            work w = std::move(waiting_.front());
            waiting_.pop_front();
            run_chunk(std::move(w));
            pause.reset();
        } else if (moved) {
            pause.reset();
        } else {
            here_.while_idle();
            if (pause.wait(messages_.transferring()))
                disengage();
        }
        if (closing_ && !at_once_ && waiting_.empty() && messages_.received()) {
            // The last message: results of calls that were cancelled may be on their way.
            closing_ = false;
            ended_ = true;
            messages_.send(root_, wire::farewell{}, outgoing());
        }
    }
}

worker::call* worker::find(call_number number) {
    const auto at = calls_.find(number);
    return at == calls_.end() ? nullptr : &at->second;
}

// ---------------------------------------------------------------- messages

void worker::noticed(const incoming& m) {
    if (const auto* chunk = std::get_if<wire::chunk>(&m.what)) {
        announced_.push({chunk->items, chunk->call, chunk->returning});
    } else if (const auto* stop = std::get_if<wire::stop>(&m.what)) {
        if (call* c = find(stop->call))
            c->stopped = true;
    } else if (const auto* farewell = std::get_if<wire::farewell>(&m.what)) {
        at_once_ = farewell->at_once;
        ended_ = at_once_;
        closing_ = !at_once_;
        for (auto& [number, c] : calls_)
            c.stopped = c.stopped || at_once_;
    }
}

/// Chunks are decoded when they are soon to be run: memory for two is enough, and is reused. All but what is
/// small and the engine's own is for the main thread, and what has been given back: the root waits until it
/// has left, and nobody is to look at it.
bool worker::can_place(const incoming& m) {
    const bool is_chunk = std::holds_alternative<wire::chunk>(m.what);
    if (!on_main_thread_) {
        return std::holds_alternative<wire::stop>(m.what) || std::holds_alternative<wire::farewell>(m.what) ||
               (is_chunk && announced_.front().returned);
    }
    return !is_chunk || waiting_.size() < 2;
}

void worker::place(incoming& m) {
    if (std::holds_alternative<wire::part>(m.what)) {
        place_part(m);
    } else if (const auto* chunk = std::get_if<wire::chunk>(&m.what)) {
        if (const call* c = find(chunk->call))
            place_chunk(m, *c);
    }
}

void worker::place_chunk(incoming& m, const call& c) {
    placed_ = {};
    work& w = placed_;
    const item_range items = announced_.front().items;
    if (announced_.front().returned)
        return;
    if (m.lost) {
        try {
            throw std::bad_alloc();
        } catch (...) {
            w.failed.push_back(current_failure(items.first, here_.rank));
        }
    }
    if (c.broken || broken_ || m.lost)
        return;
    reader in = m.body();
    try {
        w.arguments = c.serving->read_chunk(items, in, w.readable, w.failed);
    } catch (...) {
        w.arguments.reset();
        w.readable = 0;
        w.failed.push_back(current_failure(items.first, here_.rank));
    }
    if (!w.arguments)
        return;
    m.targets = std::move(in.targets());
    m.keep = w.arguments;
}

/// Kept as it comes: what it is, the calls know that use it.
void worker::place_part(incoming& m) {
    auto p = std::make_shared<part>();
    m.keep = p;
    if (m.lost) {
        p->lost = true;
        return;
    }
    try {
        p->sizes.assign(m.span_sizes(), m.span_sizes() + m.framing.span_count);
        reader in = m.body();
        const std::size_t size = in.left();
        p->body.append(in.view(size), size);
        for (const std::uint64_t span : p->sizes) {
            p->spans.emplace_back(static_cast<std::size_t>(span));
            m.targets.push_back({p->spans.back().data(), static_cast<std::size_t>(span)});
        }
    } catch (const std::bad_alloc&) {
        m.targets.clear();
        p->lost = true;
    }
}

void worker::arrived(incoming& m) {
    if (const auto* chunk = std::get_if<wire::chunk>(&m.what)) {
        chunk_arrived(*chunk);
    } else if (const auto* end = std::get_if<wire::end>(&m.what)) {
        if (find(end->call) == nullptr)
            return;
        ended_ = true;
        reader in = m.body();
        if (end->how == wire::outcome::failed)
            failed_ = read_map_error(in);
        if (end->how == wire::outcome::cancelled)
            stopped_ = read_cancelled(in);
    } else if (const auto* new_part = std::get_if<wire::part>(&m.what)) {
        parts_.insert_or_assign(new_part->number, std::move(*static_cast<part*>(m.keep.get())));
    } else if (const auto* forget = std::get_if<wire::forget>(&m.what)) {
        parts_.erase(forget->number);
    } else if (const auto* open = std::get_if<wire::open>(&m.what)) {
        if (waiting_.empty())
            asked_.clear(); // since then the root may have had nothing to hand out
        open_call(open->call, m);
    } else if (const auto* stop = std::get_if<wire::stop>(&m.what)) {
        if (call* c = find(stop->call)) // once more, if it overtook the call itself
            c->stopped = true;
    } else if (const auto* release_of = std::get_if<wire::release>(&m.what)) {
        release(release_of->call);
    }
}

void worker::chunk_arrived(const wire::chunk& chunk) {
    const announced what = announced_.pop();
    if (find(chunk.call) == nullptr)
        return; // of a call that is over
    placed_.what = what;
    if (!asked_.empty()) {
        // What came while items ran has been here for as long as nobody looked.
        if (idle_ && what.returning != wire::return_policy::may_return_and_was_late)
            placed_.waited = seconds_since(asked_.front());
        asked_.pop_front();
    }
    if (what.returned) {
        placed_ = {}; // on the helper thread the channel keeps its arguments
    } else {
        waiting_.push_back(std::move(placed_));
    }
}

void worker::release(call_number number) {
    if (running_ != nullptr && number == running_->what.call) {
        calls_[number].stopped = true;
        released_ = true; // not from under its items
    } else {
        calls_.erase(number);
    }
}

// ---------------------------------------------------------------- calls of a pool

void worker::open_call(call_number number, const incoming& m) {
    call& c = calls_[number];
    c.broken = true; // until all is well
    try {
        if (m.lost)
            throw std::bad_alloc();
        reader in = m.body();
        c.stop_at_failure = make_value<bool>(in);
        c.fresh_function = make_value<bool>(in);
        c.own = read_descriptor(in).make(here_.rank, here_.size);
        c.serving = c.own.get();
        const auto bounds_size = in.length(1);
        reader bounds(in.view(bounds_size), bounds_size);
        c.own->read_bounds(bounds);
        for (std::size_t i = 0; i < c.own->parts(); ++i) {
            const auto known = parts_.find(make_value<part_number>(in));
            if (i == 0)
                c.function = known == parts_.end() ? no_part : known->first;
            if (known == parts_.end())
                throw serialization_error("mpimap: a part of the call has not been sent");
            use_part(*c.own, i, known->second);
        }
        c.broken = false;
    } catch (...) {
        failures failed{current_failure(task_error::no_item, here_.rank)};
        tell_failures(wire::refused{number}, failed);
    }
}

void worker::use_part(kernel& k, std::size_t i, part& p) {
    if (p.decoded) {
        k.use_part(i, p.decoded);
        return;
    }
    if (p.lost)
        throw std::bad_alloc();
    reader in(p.body.data(), p.body.size(), p.sizes.data(), p.sizes.size());
    p.decoded = k.read_part(i, in);
    const std::vector<target_span>& targets = in.targets();
    for (std::size_t span = 0; span < targets.size(); ++span)
        std::memcpy(targets[span].data, p.spans[span].data(), targets[span].size);
    if (p.decoded) {
        p.body = buffer();
        p.sizes.clear();
        p.spans.clear();
    }
}

// ---------------------------------------------------------------- items

void worker::run_chunk(work w) {
    call* const c = find(w.what.call);
    if (c == nullptr || w.what.returned)
        return;
    running_ = &w;
    claimed_ = 0;
    std::size_t done = 0;
    bool give_up = c->broken || c->stopped || broken_;
    if (c->fresh_function && !give_up) {
        try {
            use_part(*c->own, 0, parts_.at(c->function));
        } catch (...) {
            w.failed.push_back(current_failure(w.what.items.first, here_.rank));
            w.readable = 0;
        }
    }
    const clock::time_point begin = clock::now();
    clock::time_point batch_begin = begin;
    clock::time_point end = begin;
    while (done < w.readable && !give_up) {
        const std::size_t before = w.failed.size();
        const std::size_t size = std::min(w.readable - done, c->batch);
        done = run_batch(w, done, done + size, *c);
        end = clock::now();
        const double seconds_of_batch = seconds_between(batch_begin, end);
        c->usual.note(size, seconds_of_batch);
        c->batch = next_batch(std::min(c->batch, size), seconds_of_batch);
        if (c->stop_at_failure && w.failed.size() != before)
            give_up = true;
        if (done < w.readable) {
            messages_.progress(*this); // what comes meanwhile should not wait for the end of the chunk
            give_up = give_up || c->stopped;
            batch_begin = clock::now();
        }
    }
    running_ = nullptr;
    if (std::exchange(released_, false)) {
        w.arguments.reset();
        calls_.erase(w.what.call);
        return;
    }
    send_results(w, done, seconds_between(begin, end), give_up);
}

/// Items [from, to) of the chunk. User code: the helper sees to the rest if they take long.
std::size_t worker::run_batch(work& w, std::size_t from, std::size_t to, const call& c) {
    claimed_ = to;
    if (w.what.returning == wire::return_policy::never)
        return w.arguments->run(from, to, c.stop_at_failure, w.failed);
    engage();
    if (engaged_ == nullptr)
        return w.arguments->run(from, to, c.stop_at_failure, w.failed);
    const helper::user_code outside(*engaged_, patience_nap(c.usual.seconds()));
    return w.arguments->run(from, to, c.stop_at_failure, w.failed);
}

// ---------------------------------------------------------------- the helper

void worker::engage() {
    if (engaged_ != nullptr)
        return;
    engaged_ = here_.assistant();
    if (engaged_ == nullptr)
        return;
    engaged_->engage([this] { give_back(); });
    engaged_->mutex.lock();
}

void worker::disengage() {
    if (engaged_ == nullptr)
        return;
    helper& h = *std::exchange(engaged_, nullptr);
    h.mutex.unlock();
    h.disengage();
}

/// On the helper thread: the batch that runs takes long. Whatever has been handed out to this rank and waits
/// behind it goes back to the root, for ranks that have nothing to do.
void worker::give_back() {
    on_main_thread_ = false;
    messages_.keep_what_is_done(true);
    try {
        messages_.progress(*this);
        work& now = *running_;
        const item_range all = now.what.items;
        // Behind an item that could not be read nothing is known.
        if (claimed_ < all.count && now.readable == all.count) {
            give_back(now.what, {all.first + claimed_, all.count - claimed_});
            now.what.items.count = claimed_;
            now.readable = claimed_;
        }
        for (work& w : waiting_)
            give_back(w.what, w.what.items);
        for (announced& a : announced_)
            give_back(a, a.items);
        // What of it is still on its way is the caller's memory.
        for (int i = 0; i < 64 && messages_.progress(*this) && messages_.transferring();)
            ++i;
    } catch (...) {
        helper_error_ = std::current_exception(); // the main thread throws it
    }
    messages_.keep_what_is_done(false);
    on_main_thread_ = true;
}

void worker::give_back(announced& chunk, item_range items) {
    if (chunk.returning == wire::return_policy::never || chunk.returned)
        return;
    messages_.send(root_, wire::returned{chunk.call, items}, outgoing());
    chunk.returned = items.first == chunk.items.first;
}

// ---------------------------------------------------------------- results

void worker::tell_failures(const wire::message& what, failures& failed) {
    if (failed.empty())
        return;
    outgoing message;
    write_failures(message.out, failed);
    messages_.send(root_, what, std::move(message));
    failed.clear();
}

void worker::send_results(work& w, std::size_t done, double seconds, bool give_up) {
    if (at_once_)
        done = 0; // the root does not wait for results
    // An item whose arguments could not be decoded ends the chunk: those behind it were not run.
    const bool unreadable =
        done == w.readable && std::any_of(w.failed.begin(), w.failed.end(), [&](const failure& f) {
            return f.index == w.what.items.first + w.readable;
        });
    const std::size_t rest = w.what.items.count - done - (unreadable ? 1 : 0);
    if (rest == 0)
        give_up = false;
    std::size_t written = 0;
    bool last = false;
    while (!last) {
        outgoing& message = reply_;
        message.keep = w.arguments;
        std::size_t to = done;
        if (w.arguments && done != 0) {
            to = w.arguments->write_results(written, done, message.out, w.failed);
        }
        // Failures go ahead: the root knows then that the results are not all there.
        tell_failures(wire::failed{w.what.call, w.failed.size()}, w.failed);
        last = to == done;
        wire::results what{w.what.call, {w.what.items.first + written, to - written}};
        if (last) {
            what.chunk = give_up ? wire::progress::given_up : wire::progress::finished;
            what.not_run = rest;
            what.seconds = seconds;
            what.waited = w.waited;
        }
        if (last)
            asked_.push_back(clock::now());
        messages_.send(root_, what, std::move(message));
        written = to;
    }
}

} // namespace mpimap::detail
