#include "driver/worker.hpp"

#include <cstring>
#include <new>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/kernel_descriptor.hpp>

#include "call/interruption.hpp"
#include "call/tree.hpp"
#include "call/verdict.hpp"
#include "driver/whole.hpp"

namespace mpimap::detail {
namespace {

/// Bytes that are not kept until a chunk has run.
constexpr std::size_t large_results = 1024 * 1024;

} // namespace

worker::worker(endpoint here, int root) : here_(std::move(here)), messages_(*here_.messages), root_(root) {}
worker::~worker() = default;

void worker::enter(call_number number, kernel& k, bool stop) {
    calls_[number].serving = &k;
    runner_.opens(number, stop);
}

void worker::ready(call_number number, const failure* setup_failed, bool expects_items) {
    if (setup_failed != nullptr) {
        runner_.cannot_serve(number);
        failures failed{*setup_failed};
        tell_failures(wire::ready{number, true}, failed);
        return;
    }
    to_be_ready_ = number;
    ready_since_ = clock::now();
    if (!expects_items)
        say_ready();
}

void worker::say_ready() {
    messages_.send(root_, wire::ready{*to_be_ready_, false}, outgoing());
    to_be_ready_.reset();
}

void worker::break_down(const failure& why) {
    runner_.cannot_serve_any();
    failures all{why};
    tell_failures(wire::broken{}, all);
}

void worker::run() {
    whole(here_, [this] { serve(); });
}

void worker::serve() {
    struct engagement {
        worker& w;
        ~engagement() { w.helper_.let_go(); }
    } const until_the_end{*this};
    nap pause;
    while (!runner_.ended() ||
           !(runner_.at_once() || (messages_.sent() && messages_.received() && !passes_on()))) {
        const bool moved = receive();
        const bool was_idle = runner_.is_idle(); // then a chunk was the last to come
        runner_.looks();
        if (!runner_.is_idle() && !passes_on()) {
            run_chunk(was_idle ? chunk_came_ : clock::now());
            pause.reset();
        } else if (moved) {
            pause.reset();
        } else {
            here_.while_idle();
            if (to_be_ready_ && clock::now() - ready_since_ > std::chrono::milliseconds(1))
                say_ready();
            if (pause.wait(messages_.transferring()))
                helper_.let_go();
        }
        // The last message: results of calls that were cancelled may be on their way.
        if (runner_.says_farewell() && messages_.received() && !passes_on()) {
            runner_.said_farewell();
            messages_.send(root_, wire::farewell{}, outgoing());
        }
    }
}

worker::call* worker::find(call_number number) {
    const auto at = calls_.find(number);
    return at == calls_.end() ? nullptr : &at->second;
}

// ---------------------------------------------------------------- messages

bool worker::receive() {
    say_if_interrupted();
    // Work, for a rank that has none, is enough. Behind work it looks at all that has come: a stop may be in
    // it.
    return detail::receive(
        messages_, [this](incoming& m) { heed(m); },
        [this] { return on_main_thread_ && runner_.is_idle() && runner_.has_work(); });
}

void worker::say_if_interrupted() {
    const int cause = here_.ending == nullptr ? 0 : here_.ending->cause();
    if (cause == 0 || said_interrupted_ || runner_.ended()) [[likely]]
        return;
    said_interrupted_ = true;
    messages_.send(root_, wire::interrupted{static_cast<std::uint64_t>(cause)}, outgoing());
}

void worker::heed(incoming& m) {
    switch (m.at) {
    case stage::noticed:
        runner_.noticed(m.what);
        if (const auto* c = std::get_if<wire::chunk>(&m.what); c != nullptr && c->asked != 0)
            runner_.newest_times().noticed = seconds_now();
        return;
    case stage::here:
        if (!may_place(m))
            return;
        m.accept();
        place(m);
        return;
    case stage::complete:
        arrived(m);
        return;
    }
}

/// All but what is small and the engine's own is for the main thread, and what has been given back: the root
/// waits until it has left, and nobody is to look at it.
bool worker::may_place(const incoming& m) {
    const bool is_chunk = std::holds_alternative<wire::chunk>(m.what);
    // What uses a part that other ranks send may come before it.
    if (std::holds_alternative<wire::open>(m.what) || std::holds_alternative<wire::forget>(m.what))
        return on_main_thread_ && relays_.empty();
    if (!on_main_thread_) {
        return std::holds_alternative<wire::stop>(m.what) || std::holds_alternative<wire::farewell>(m.what) ||
               (is_chunk && runner_.next_is_returned());
    }
    return !is_chunk || runner_.may_read();
}

void worker::place(incoming& m) {
    if (std::holds_alternative<wire::part>(m.what)) {
        place_part(m);
    } else if (const auto* chunk = std::get_if<wire::chunk>(&m.what)) {
        const call* c = find(chunk->call);
        if (c != nullptr && runner_.next_will_run())
            place_chunk(m, *c);
    }
}

void worker::place_chunk(incoming& m, const call& c) {
    const item_range items = runner_.next_items();
    const bool timed = runner_.next_times().asked != 0;
    if (timed)
        runner_.next_times().here = seconds_now();
    const auto skipped = static_cast<std::size_t>(std::get<wire::chunk>(m.what).skipped);
    std::shared_ptr<chunk> arguments;
    std::size_t readable = 0;
    failures failed;
    try {
        if (m.lost)
            throw std::bad_alloc();
        reader in = m.body();
        arguments = c.serving->read_chunk(items, skipped, in, readable, failed);
        if (arguments) {
            m.targets = std::move(in.targets());
            m.keep = arguments;
        }
    } catch (...) {
        arguments.reset();
        readable = 0;
        failed.push_back(current_failure(items.first, here_.rank));
        if (m.lost)
            tell_size(failed.back(), m.framing.bytes, "arguments");
    }
    if (timed)
        runner_.next_times().read = seconds_now();
    runner_.read(std::move(arguments), readable, std::move(failed), !m.framing.whole);
}

/// Kept as it comes: what it is, the calls know that use it.
void worker::place_part(incoming& m) {
    auto p = std::make_shared<part>();
    m.keep = p;
    p->lost = m.lost || std::get<wire::part>(m.what).lost;
    if (p->lost)
        return;
    try {
        auto came = std::make_shared<part::encoded>();
        reader in = m.body();
        const std::size_t size = in.left();
        came->content.bytes(in.view(size), size);
        for (std::uint64_t i = 0; i < m.framing.span_count; ++i) {
            const auto bytes = static_cast<std::size_t>(m.span_sizes()[i]);
            came->spans.emplace_back(bytes);
            came->content.spans().push_back({came->spans.back().data(), bytes});
            m.targets.push_back({came->spans.back().data(), bytes});
        }
        p->came = std::move(came);
    } catch (const std::bad_alloc&) {
        m.targets.clear();
        p->lost = true;
    }
}

/// As soon as both are here, the part and to whom it goes.
void worker::pass_on(part_number number) {
    const auto relay = relays_.find(number);
    const auto here = parts_.find(number);
    if (relay == relays_.end() || here == parts_.end())
        return;
    const part& p = here->second;
    for (const int rank : relay->second) {
        outgoing message;
        if (!p.lost)
            message.shared = std::shared_ptr<const writer>(p.came, &p.came->content);
        messages_.send(rank, wire::part{number, p.lost}, std::move(message));
        passes_on_ = true;
    }
    relays_.erase(relay);
}

/// Whether other ranks wait for what comes by this one, which should not be in an item meanwhile.
bool worker::passes_on() {
    passes_on_ = passes_on_ && !messages_.sent();
    return passes_on_ || !relays_.empty();
}

void worker::arrived(incoming& m) {
    if (std::holds_alternative<wire::chunk>(m.what)) {
        chunk_came_ = clock::now();
        runner_.arrived(seconds_at(chunk_came_));
    } else if (const auto* end = std::get_if<wire::end>(&m.what)) {
        if (!runner_.knows(end->call))
            return;
        runner_.ends();
        reader in = m.body();
        if (end->how == wire::outcome::failed)
            failed_ = read_map_error(in);
        if (end->how == wire::outcome::cancelled)
            stopped_ = read_cancelled(in);
        if (end->how == wire::outcome::interrupted)
            cut_short_ = read_interrupted(in);
    } else if (const auto* new_part = std::get_if<wire::part>(&m.what)) {
        parts_.insert_or_assign(new_part->number, std::move(*static_cast<part*>(m.keep.get())));
        pass_on(new_part->number);
    } else if (const auto* relay = std::get_if<wire::relay>(&m.what)) {
        reader in = m.body();
        relays_.insert_or_assign(relay->number, read_ranks(in, here_.size));
        pass_on(relay->number);
    } else if (const auto* forget = std::get_if<wire::forget>(&m.what)) {
        parts_.erase(forget->number);
    } else if (const auto* open = std::get_if<wire::open>(&m.what)) {
        runner_.forget_asking(); // since then the root may have had nothing to hand out
        open_call(open->call, m);
    } else if (const auto* stop = std::get_if<wire::stop>(&m.what)) {
        runner_.stop(stop->call);
    } else if (const auto* release = std::get_if<wire::release>(&m.what)) {
        if (runner_.release(release->call))
            calls_.erase(release->call);
    }
}

// ---------------------------------------------------------------- calls of a pool

void worker::open_call(call_number number, const incoming& m) {
    try {
        call& c = calls_[number];
        runner_.opens(number, true);
        if (m.lost)
            throw std::bad_alloc();
        reader in = m.body();
        runner_.opens(number, make_value<bool>(in));
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
    } catch (...) {
        runner_.cannot_serve(number);
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
    const buffer& body = p.came->content.body();
    std::vector<std::uint64_t> sizes;
    for (const buffer& span : p.came->spans)
        sizes.push_back(span.size());
    reader in(body.data(), body.size(), sizes.data(), sizes.size());
    p.decoded = k.read_part(i, in);
    const std::vector<target_span>& targets = in.targets();
    for (std::size_t span = 0; span < targets.size(); ++span)
        std::memcpy(targets[span].data, p.came->spans[span].data(), targets[span].size);
    if (p.decoded)
        p.came.reset();
}

// ---------------------------------------------------------------- items

/// `begin` is now, or as good as that: reading the clock takes a fifth of what a short chunk does.
void worker::run_chunk(clock::time_point begin) {
    constexpr std::chrono::microseconds long_item{50};
    constexpr std::chrono::milliseconds look_interval{1}; // behind long items
    runner::work* const w = runner_.begin_chunk();
    if (w == nullptr)
        return;
    call* const c = find(w->what.call); // null where there was no memory for it: its items are not run
    if (c != nullptr && c->fresh_function && runner_.runs()) {
        try {
            use_part(*c->own, 0, parts_.at(c->function));
        } catch (...) {
            runner_.cannot_run(current_failure(w->what.items.first, here_.rank));
        }
        begin = clock::now();
    }
    written_ = 0;
    not_sent_since_ = begin;
    not_sent_seconds_ = 0;
    clock::time_point batch_begin = begin;
    clock::time_point end = begin;
    clock::time_point looked = begin;
    while (const std::optional<runner::batch> b = runner_.next_batch()) {
        const std::size_t before = w->failed.size();
        const std::size_t done = run_batch(*w, *b, end);
        const bool any_failed = w->failed.size() != before;
        if (any_failed)
            time_failures(w->failed, before, seconds_at(batch_begin), w->what.items.first + b->from);
        const bool was_long = b->to - b->from == 1 && end - batch_begin >= long_item;
        const double seconds = seconds_between(batch_begin, end);
        not_sent_seconds_ += seconds;
        runner_.ran(*b, done, seconds, any_failed);
        batch_begin = end;
        if (done < w->readable && w->arguments->writes_as_it_runs() && runner_.runs()) {
            write_ahead(*w, done, end);
            batch_begin = clock::now();
        }
        // What comes next should be here at the end of the chunk: large messages come only while we look. But
        // where there are more ranks than cores each look gives the core away.
        const bool hurry = messages_.transferring() || (w->is_large && !runner_.has_work());
        if (done < w->readable && (hurry || !was_long || end - looked >= look_interval)) {
            receive();
            looked = batch_begin = clock::now();
        }
    }
    const call_number number = w->what.call;
    runner::answer a = runner_.end_chunk();
    if (a.is_heard) {
        send_results(a, end);
    } else {
        reply_.clear();
    }
    a.of.arguments.reset();
    let_root_keep_up();
    if (!a.is_heard)
        calls_.erase(number);
}

/// User code: the helper sees to the rest of the chunk, and what waits behind it, if it takes long. `end`: of
/// the items, before the main thread waits for the helper.
std::size_t worker::run_batch(runner::work& w, const runner::batch& b, clock::time_point& end) {
    helper* h = nullptr;
    if (w.what.returning != wire::return_policy::never)
        h = helper_.engage(here_, [this] { give_back(); });
    std::optional<helper::user_code> outside;
    if (h != nullptr)
        outside.emplace(*h, b.patience);
    const std::size_t done = w.arguments->run(b.from, b.to, b.stop_at_failure, w.failed);
    end = clock::now();
    return done;
}

// ---------------------------------------------------------------- the helper

/// On the helper thread: the batch that runs takes long.
void worker::give_back() {
    on_main_thread_ = false;
    messages_.keep_what_is_done(true);
    whole(here_, [this] {
        receive();
        for (const wire::returned& r : runner_.give_back())
            messages_.send(root_, r, outgoing());
        // What of it is still on its way is the caller's memory.
        for (int i = 0; i < 64 && receive() && messages_.transferring();)
            ++i;
    });
    messages_.keep_what_is_done(false);
    on_main_thread_ = true;
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

/// While the chunk runs: whoever computes much does not keep it, and the root has it early.
void worker::write_ahead(runner::work& w, std::size_t done, clock::time_point end) {
    while (written_ != done) {
        try {
            written_ = w.arguments->write_results(written_, done, reply_, w.failed);
        } catch (const std::bad_alloc&) {
            w.readable = done; // no more of them: send_results sees to those that are not sent
            reply_.clear();
            return;
        }
        if (written_ != done || reply_.out.size() >= large_results)
            send_some(w, written_, end, {});
    }
    let_root_keep_up();
}

void worker::send_results(runner::answer& a, clock::time_point end) {
    runner::work& w = a.of;
    to_be_ready_.reset();
    // Without memory to write what has run while it ran, that is lost.
    bool lost = written_ != w.sent && !reply_.keep;
    for (bool last = false; !last;) {
        if (w.arguments && a.done != w.sent) {
            try {
                if (std::exchange(lost, false))
                    throw std::bad_alloc();
                written_ = w.arguments->write_results(written_, a.done, reply_, w.failed);
            } catch (const std::bad_alloc&) {
                // No memory for this message: one item fails of that, those behind it run again.
                reply_.clear();
                add_failure(w.failed, w.what.items.first + w.sent, here_.rank);
                a.not_run += a.done - w.sent - 1;
                a.done = written_ = w.sent;
            }
        } else {
            reply_.clear(); // nobody waits for what is written of others
            written_ = a.done;
        }
        last = written_ == a.done;
        wire::results what;
        if (last) {
            constexpr std::size_t small = 4096; // encoded in no time
            what.chunk = a.how;
            what.not_run = a.not_run;
            what.waited = w.waited;
            const bool at_once = w.sent == 0 && reply_.out.size() < small;
            runner_.answered(seconds_at(at_once ? end : clock::now()));
        }
        send_some(w, written_, end, what);
    }
}

/// What has been written, of items up to `to`.
void worker::send_some(runner::work& w, std::size_t to, clock::time_point end, wire::results what) {
    // Failures go ahead: the root knows then that the results are not all there.
    tell_failures(wire::failed{w.what.call, w.failed.size()}, w.failed);
    what.call = w.what.call;
    what.items = {w.what.items.first + w.sent, to - w.sent};
    what.seconds = std::exchange(not_sent_seconds_, 0);
    what.longest = runner_.take_longest();
    if (w.times.asked != 0) {
        what.times = w.times;
        what.times.began = seconds_at(std::exchange(not_sent_since_, end));
        what.times.ended = seconds_at(end);
        what.times.sent = seconds_now();
        host_name().copy(what.host.data(), what.host.size() - 1);
    }
    if (!reply_.keep)
        reply_.keep = w.arguments;
    if (reply_.out.size() >= large_results)
        backlog_.sent(reply_.keep);
    messages_.send(root_, what, std::move(reply_));
    w.sent = to;
}

void worker::let_root_keep_up() {
    bool moved = false;
    while (backlog_.is_to_shrink(moved, seconds_now()))
        moved = receive();
}

} // namespace mpimap::detail
