#include "world.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "driver/nap.hpp"
#include "memory.hpp"

namespace simulated {

using mpimap::detail::buffer;
using mpimap::detail::incoming;
using mpimap::detail::outgoing;
using mpimap::detail::source_span;
using mpimap::detail::stage;
using mpimap::detail::target_span;
namespace wire = mpimap::detail::wire;

namespace {

world* the_world = nullptr;

std::int64_t in_nanoseconds(seconds s) {
    return static_cast<std::int64_t>(s * 1e9);
}

/// A helper that is engaged. A rank in an item of one call may be in another call, with another helper.
struct engagement {
    std::function<void()> serve;
    mpimap::detail::nap_length nap;
};
std::map<mpimap::detail::helper*, engagement> engaged;

} // namespace

// ---------------------------------------------------------------- the world

struct world::rank_state {
    rank_state(world& w, int rank) : messages(w, rank) {}
    port messages;
    mpimap::detail::helper assistant;
    mpimap::detail::interruption ending;
    std::unique_ptr<fiber> program;
    bool gone = false;
    bool in_helper = false;
};

world::world(std::uint64_t seed, int ranks) : random_(seed) {
    the_world = this;
    engaged.clear();
    for (int r = 0; r < ranks; ++r)
        ranks_.push_back(std::make_unique<rank_state>(*this, r));
}
world::~world() {
    the_world = nullptr;
}

world& world::now() {
    return *the_world;
}
bool world::exists() {
    return the_world != nullptr;
}

mpimap::detail::endpoint world::at(int rank) {
    rank_state& r = *ranks_[static_cast<std::size_t>(rank)];
    return {rank,        size(),
            &r.messages, [this, &r] { return today.helpers && size() > 1 ? &r.assistant : nullptr; },
            [] {},       [this] { end_job(); },
            &r.ending};
}

mpimap::detail::interruption& world::interruption_of(int rank) {
    return ranks_[static_cast<std::size_t>(rank)]->ending;
}

void world::start(int rank, std::function<void()> program) {
    ranks_[static_cast<std::size_t>(rank)]->program = std::make_unique<fiber>([program = std::move(program)] {
        try {
            program();
        } catch (const vanished&) {
            // It is not there any more.
        }
    });
    turns_.push({0, ++turn_count_, rank});
}

void world::run(bool orderly) {
    // Ranks that wait for ever look for messages for ever.
    constexpr std::uint64_t too_many_turns = 3'000'000;
    while (!turns_.empty()) {
        if (turn_count_ > too_many_turns)
            throw mistake{"it hangs"};
        const turn next = turns_.top();
        turns_.pop();
        time_ = next.when;
        running_ = next.rank;
        ranks_[static_cast<std::size_t>(next.rank)]->program->resume();
        running_ = -1;
        if (mistake_)
            throw *mistake_;
    }
    for (const auto& r : ranks_) {
        if (!orderly || r->gone)
            continue; // as all of them are when the job has ended
        if (!r->messages.sent())
            throw mistake{"a message has not left when all ranks have ended"};
        if (!r->messages.received())
            throw mistake{"a message has not arrived when all ranks have ended"};
    }
}

void world::pass(seconds length) {
    const sturdy others; // go on meanwhile
    if (ranks_[static_cast<std::size_t>(running_)]->gone)
        throw vanished{};
    if (today.stops != 0 && chance(today.stops))
        length += draw() * today.longest_stop;
    const int me = running_;
    turns_.push({time_ + std::max<std::int64_t>(1, in_nanoseconds(length)), ++turn_count_, me});
    ranks_[static_cast<std::size_t>(me)]->program->leave();
    if (ranks_[static_cast<std::size_t>(me)]->gone)
        throw vanished{};
}

void world::end_job() {
    if (ranks_[static_cast<std::size_t>(running_)]->gone)
        throw vanished{};
    if (!engine_has_failed())
        wrong("a rank ends the job, and there was memory");
    tell("ends the job");
    ended_ = true;
    for (const auto& r : ranks_)
        r->gone = true;
    throw vanished{};
}

void world::vanish(int rank) {
    ranks_[static_cast<std::size_t>(rank)]->gone = true;
    for (const auto& r : ranks_) {
        if (!r->messages.in_.empty())
            std::erase_if(r->messages.in_[static_cast<std::size_t>(rank)],
                          [](const auto& p) { return !p->noticed; });
    }
}
port& world::port_of(int rank) {
    return ranks_[static_cast<std::size_t>(rank)]->messages;
}

void world::compute(seconds length) {
    mpimap::detail::helper* const mine = &ranks_[static_cast<std::size_t>(running_)]->assistant;
    const auto found = engaged.find(mine);
    if (found == engaged.end()) {
        pass(length);
        return;
    }
    // As the helper's thread does: where items are short it looks at each nap's end whether the same one is
    // still running, where they are long it answers then.
    seconds until_answer = found->second.nap.seconds * (draw() + (found->second.nap.for_long_items ? 0 : 1));
    while (length > 0) {
        const seconds part = std::min(length, until_answer);
        pass(part);
        length -= part;
        if (length <= 0)
            break;
        // The engine has it where it calls what encodes, or decodes.
        const std::unique_lock lock(mine->mutex, std::try_to_lock);
        if (lock)
            as_helper(engaged.at(mine).serve);
        until_answer = engaged.at(mine).nap.seconds;
    }
}

void world::as_helper(const std::function<void()>& serve) {
    rank_state& r = *ranks_[static_cast<std::size_t>(running_)];
    struct in_helper {
        rank_state& r;
        explicit in_helper(rank_state& here) : r(here) { r.in_helper = true; }
        ~in_helper() { r.in_helper = false; }
    } const here(r);
    serve();
}

void world::user_code() {
    if (running_ >= 0 && !ended_ && ranks_[static_cast<std::size_t>(running_)]->in_helper)
        wrong("code of the user's runs on a thread of the engine's");
}

bool world::shall_stop(mpimap::detail::call_number call) const {
    return ranks_[static_cast<std::size_t>(running_)]->messages.shall_stop(call);
}

void world::tell(const std::string& what) const {
    if (talks)
        std::printf("%12.3f us  rank %d  %s\n", static_cast<double>(time_) * 1e-3, running_, what.c_str());
}

// ---------------------------------------------------------------- messages

struct parcel {
    std::int64_t header_at = 0;
    std::int64_t left_at = 0;
    std::int64_t body_at = 0;
    std::int64_t spans_at = 0;
    buffer header; // and the content, where that is small
    buffer content;
    outgoing message;                // the sender's, until it has left
    std::vector<source_span> spans;  // in its memory
    std::vector<buffer> span_copies; // what has left
    bool collected = false;
    incoming in;
    bool noticed = false;
    bool asked = false; // the receiver knows that the body is here
    bool placed = false;

    /// What spans refer to is read when it leaves, not before.
    void collect() {
        if (std::exchange(collected, true))
            return;
        for (const source_span& s : spans) {
            span_copies.emplace_back();
            span_copies.back().append(s.data, s.size);
        }
    }
};

port::port(world& w, int rank) : world_(w), rank_(rank) {}
port::~port() = default;

namespace {

std::string describe(const wire::message& m) {
    static const char* const names[] = {"ready", "chunk",   "results", "failed", "returned",
                                        "stop",  "end",     "part",    "relay",  "forget",
                                        "open",  "refused", "release", "broken", "farewell"};
    std::string text = names[m.index()];
    std::visit(
        [&text](const auto& one) {
            if constexpr (requires { one.items; })
                text += " " + std::to_string(one.items.first) + "+" + std::to_string(one.items.count);
        },
        m);
    return text;
}

} // namespace

void port::send(int destination, const wire::message& what, outgoing&& message) {
    const sturdy here;
    constexpr std::size_t small = 4000;
    if (world_.ranks_[static_cast<std::size_t>(rank_)]->gone) {
        message.clear();
        return;
    }
    if (const auto* chunk = std::get_if<wire::chunk>(&what))
        in_hand_[destination].push_back({chunk->call, chunk->items});
    if (world_.closed_.contains(wire::call_of(what)) && !std::holds_alternative<wire::end>(what) &&
        !std::holds_alternative<wire::release>(what))
        world_.wrong("a message of a call that is over: " + describe(what));
    auto p = std::make_shared<parcel>();
    const mpimap::detail::writer& content = message.content();
    wire::frame f{mpimap::detail::episode_number{1}, content.body().size(), content.spans().size(),
                  content.size(), false};
    const std::size_t table = content.spans().size() * sizeof(std::uint64_t);
    f.whole = wire::longest_header + table + content.body().size() <= small;
    for (const source_span& s : content.spans()) {
        const std::uint64_t size = s.size;
        p->content.append(&size, sizeof size);
    }
    p->content.append(content.body().data(), content.body().size());
    wire::encode(f, what, p->header);
    if (f.whole)
        p->header.append(p->content.data(), p->content.size());
    p->spans = content.spans();

    auto& queue = world_.ranks_[static_cast<std::size_t>(destination)]->messages.in_;
    if (queue.empty())
        queue.resize(world_.ranks_.size());
    auto& ours = queue[static_cast<std::size_t>(rank_)];
    const auto later = [&](double times) {
        const bool slow = world_.chance(world_.today.slow_messages);
        return in_nanoseconds(world_.around(world_.today.latency) * times * (slow ? 100 : 1));
    };
    p->header_at = std::max(world_.time_ + later(1), ours.empty() ? 0 : ours.back()->header_at);
    p->body_at = f.whole ? p->header_at : p->header_at + later(1);
    p->left_at = f.whole && p->spans.empty() ? world_.time_ : world_.time_ + later(2);
    p->spans_at = p->spans.empty() ? p->body_at : std::max(p->body_at, p->left_at) + later(1);
    world_.tell("sends " + describe(what) + " to " + std::to_string(destination));
    if (f.whole && p->spans.empty()) {
        p->collected = true;
        let_go(message);
    } else {
        p->message = std::move(message);
        message.clear();
        out_.push_back(p);
    }
    ours.push_back(std::move(p));
}

void port::let_go(outgoing& message) {
    if (keeps_) {
        done_.push_back(message.keep);
        done_.push_back(message.owner);
    }
    message.clear();
}

void port::release_what_has_left() {
    for (auto at = out_.begin(); at != out_.end();) {
        if ((*at)->left_at > world_.time_) {
            ++at;
            continue;
        }
        const std::shared_ptr<parcel> p = *at;
        at = out_.erase(at);
        p->collect();
        let_go(p->message);
        p->message = {};
        moved_ = true;
    }
}

void port::progress() {
    const sturdy here;
    world_.pass(world_.around(world_.today.look));
    if (!keeps_)
        done_.clear();
    moved_ = false;
    at_line_ = 0;
    release_what_has_left();
    in_.resize(world_.ranks_.size());
}

incoming* port::next() {
    const sturdy here;
    done();
    if (just_noticed_ != nullptr) {
        if (incoming* const m = next_of(*just_noticed_))
            return m;
        just_noticed_ = nullptr;
    }
    if (incoming* const m = next_header())
        return m;
    for (; at_line_ != in_.size(); ++at_line_) {
        if (incoming* const m = next_of(in_[at_line_]))
            return m;
    }
    return nullptr;
}

/// The header that has come first.
incoming* port::next_header() {
    line* first = nullptr;
    std::shared_ptr<parcel> next;
    for (line& l : in_) {
        const auto fresh = std::find_if(l.begin(), l.end(), [](const auto& p) { return !p->noticed; });
        if (fresh != l.end() && (*fresh)->header_at <= world_.time_ &&
            (next == nullptr || (*fresh)->header_at < next->header_at)) {
            first = &l;
            next = *fresh;
        }
    }
    if (next == nullptr)
        return nullptr;
    moved_ = true;
    incoming& m = next->in;
    m.source = static_cast<int>(first - in_.data());
    const std::size_t header = wire::decode(next->header.data(), next->header.size(), m.framing, m.what);
    if (m.framing.whole) { // lent
        m.bytes = next->header.data() + header;
    } else {
        m.storage = std::move(next->content);
        m.bytes = m.storage.data();
    }
    next->noticed = true;
    ++half_received_;
    world_.tell("hears of " + describe(m.what) + " from " + std::to_string(m.source));
    heard(m.source, m.what);
    just_noticed_ = first;
    return &m;
}

void port::heard(int source, const wire::message& what) {
    if (const auto* stop = std::get_if<wire::stop>(&what))
        stopped_.insert(stop->call);
    const auto* r = std::get_if<wire::results>(&what);
    const auto* back = std::get_if<wire::returned>(&what);
    if (back == nullptr && (r == nullptr || r->chunk == wire::progress::more))
        return;
    auto& chunks = in_hand_[source];
    const auto at = std::find_if(chunks.begin(), chunks.end(), [r, back](const auto& c) {
        return r != nullptr ? c.call == r->call : c.call == back->call && c.items.end() == back->items.end();
    });
    if (at == chunks.end()) {
        world_.wrong("a rank speaks of a chunk that it has not got");
        return;
    }
    if (back != nullptr)
        at->items.count -= back->items.count;
    if (r != nullptr || at->items.count == 0)
        chunks.erase(at);
}

incoming* port::next_of(line& from) {
    if (from.empty() || !from.front()->noticed)
        return nullptr;
    const std::shared_ptr<parcel> p = from.front();
    incoming& m = p->in;
    if (!p->placed) {
        if (p->body_at > world_.time_)
            return nullptr;
        if (!std::exchange(p->asked, true)) {
            m.at = stage::here;
            return &m;
        }
        if (!m.accepted) {
            p->asked = false; // in the next round
            return nullptr;
        }
        p->placed = true;
        moved_ = true;
        for (std::size_t i = m.targets.size(); i < m.framing.span_count; ++i)
            m.targets.push_back({nullptr, static_cast<std::size_t>(m.span_sizes()[i])});
    }
    if (p->spans_at > world_.time_)
        return nullptr;
    p->collect();
    for (std::size_t i = 0; i < p->span_copies.size(); ++i) {
        const target_span& to = m.targets[i];
        if (to.size != p->span_copies[i].size())
            world_.wrong("a span is received with another length");
        if (to.data != nullptr && to.size == p->span_copies[i].size())
            std::memcpy(to.data, p->span_copies[i].data(), to.size);
    }
    from.pop_front();
    --half_received_;
    moved_ = true;
    m.at = stage::complete;
    told_ = p;
    told_keeps_ = m.keep;
    return &m;
}

void port::done() {
    const sturdy here;
    if (told_) {
        told_->in = incoming(); // the receiver's part of it: the sender may have the rest for longer
        told_.reset();
    }
    if (keeps_ && told_keeps_)
        done_.push_back(std::move(told_keeps_));
    told_keeps_.reset();
}

} // namespace simulated

// ---------------------------------------------------------------- what the engine is given

namespace mpimap::detail {

clock::time_point clock::now() noexcept {
    return time_point(std::chrono::nanoseconds(simulated::world::now().nanoseconds()));
}

void sleep_for(clock::duration length) {
    simulated::world::now().pass(std::chrono::duration<double>(length).count());
}

// Stands for src/driver/helper.cpp: no thread, world::compute() does its work.
helper::helper() = default;
helper::~helper() = default;
void mpi_turn::begin() {}

void helper::engage(std::function<void()> serve) {
    const simulated::sturdy here;
    simulated::engaged[this] = {std::move(serve), {}};
}
void helper::disengage() {
    simulated::engaged.erase(this);
}
void helper::enter_user_code(const nap_length& nap) noexcept {
    simulated::engaged.at(this).nap = nap;
    batch_.fetch_add(1, std::memory_order_relaxed);
}

} // namespace mpimap::detail
