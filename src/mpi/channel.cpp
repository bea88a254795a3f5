#include "mpi/channel.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

#include "mpi/mpi_check.hpp"
#include "mpi/tags.hpp"

namespace mpimap::detail {
namespace {

// Header, span sizes and body up to this size travel as one message: below the eager limit of Open MPI's
// shared-memory transport (4096 bytes with its own header).
constexpr std::size_t control_limit = 4000;

} // namespace

/// One memory region after the other, in pieces, a few of them under way at a time.
struct channel::piece_queue {
    static constexpr std::size_t depth = 4;

    std::array<MPI_Request, depth> requests;
    std::size_t oldest = 0;
    std::size_t active = 0;

    [[nodiscard]] bool full() const { return active == depth; }
    MPI_Request* slot() { return &requests[(oldest + active++) % depth]; }

    /// Retires finished requests in order; whether there were any.
    bool retire() {
        bool moved = false;
        while (active != 0) {
            int done = 0;
            check_mpi(MPI_Test(&requests[oldest], &done, MPI_STATUS_IGNORE), "MPI_Test");
            if (done == 0)
                break;
            oldest = (oldest + 1) % depth;
            --active;
            moved = true;
        }
        return moved;
    }
};

struct channel::transfer_out {
    episode_number episode = no_episode;
    buffer bytes;
    std::vector<source_span> regions;
    outgoing message; // keeps what the regions point into
    std::size_t region = 0;
    std::size_t offset = 0;
    piece_queue pieces;
};

struct channel::transfer_in {
    enum class step { body, unasked, asked, spans };
    incoming message;
    step at = step::unasked;
    std::shared_ptr<void> keep;       // the message's, which its receiver may have moved from
    std::vector<std::uint64_t> sizes; // regions of a message for which there is no memory
    buffer scratch;                   // where what nobody wants goes, piece by piece
    std::size_t region = 0;
    std::size_t offset = 0;
    piece_queue pieces;
};

/// Those that somebody wants.
void channel::verify_spans(const transfer_in& t) {
    const incoming& m = t.message;
    const std::uint64_t* const checks = (m.lost ? t.sizes.data() : m.span_sizes()) + m.framing.span_count;
    for (std::size_t i = 0; i < m.targets.size(); ++i) {
        if (m.targets[i].data != nullptr)
            wire::verify(wire::checksum(m.targets[i].data, m.targets[i].size), checks[i]);
    }
}

struct channel::peer {
    int rank = 0;
    bool active = false;
    std::deque<std::unique_ptr<transfer_out>> out;
    std::deque<std::unique_ptr<transfer_in>> in;
};

struct channel::control {
    episode_number episode = no_episode;
    MPI_Request request = MPI_REQUEST_NULL;
    buffer bytes;
};

/// Where headers arrive. Receives are posted ahead: MPI puts a message where it is read, and one MPI_Test
/// finds it.
struct channel::mailbox {
    struct slot {
        alignas(std::uint64_t) std::array<std::byte, control_limit> bytes;
        MPI_Request request = MPI_REQUEST_NULL;
    };
    std::array<slot, 8> slots;
    std::size_t taken = 0;
    std::size_t posted = 0;
    // The oldest slot, while it is read: a message that is lent where it arrived.
    bool reading = false;
    incoming message;
    std::shared_ptr<void> keep;         // the message's, which its receiver may have moved from
    const std::byte* content = nullptr; // behind its header
};

channel::channel(MPI_Comm comm, std::size_t piece) : comm_(comm), piece_(piece) {}
/// All is at rest, or MPI does not work any more.
channel::~channel() {
    if (inbox_ && inbox_->reading)
        done_with_header();
    for (; inbox_ && inbox_->taken != inbox_->posted; ++inbox_->taken) {
        MPI_Request& request = inbox_->slots[inbox_->taken % inbox_->slots.size()].request;
        MPI_Cancel(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
}

channel::peer& channel::peer_of(int rank) {
    const auto index = static_cast<std::size_t>(rank);
    if (index >= peers_.size())
        peers_.resize(index + 1);
    if (!peers_[index]) {
        peers_[index] = std::make_unique<peer>();
        peers_[index]->rank = rank;
    }
    return *peers_[index];
}

void channel::activate(int rank, peer& p) {
    if (p.active)
        return;
    p.active = true;
    active_.push_back(rank);
}

void channel::send(int destination, const wire::message& what, outgoing&& message) {
    const writer& content = message.content();
    const std::vector<source_span>& spans = content.spans();
    wire::frame framing{episode_, content.body().size(), spans.size(), content.size()};
    framing.checked = checks_;
    buffer table;
    for (const source_span& s : spans) {
        const std::uint64_t size = s.size;
        table.append(&size, sizeof size);
    }
    if (checks_) {
        for (const source_span& s : spans) {
            const std::uint64_t check = wire::checksum(s.data, s.size);
            table.append(&check, sizeof check);
        }
        framing.content_check = wire::checksum(content.body().data(), content.body().size(),
                                               wire::checksum(table.data(), table.size()));
    }

    const auto to = static_cast<std::size_t>(destination);
    if (to >= sent_to_.size())
        sent_to_.resize(to + 1);
    control c;
    if (!spare_.empty()) {
        c.bytes = std::move(spare_.back());
        spare_.pop_back();
        c.bytes.clear();
    }
    framing.whole = true;
    wire::encode(framing, what, c.bytes);
    const bool all_here = c.bytes.size() + framing.table_size() + framing.body_size <= control_limit;
    if (!all_here) {
        framing.whole = false;
        c.bytes.clear();
        wire::encode(framing, what, c.bytes);
    } else {
        c.bytes.append(table.data(), table.size());
        c.bytes.append(content.body().data(), content.body().size());
    }
    check_mpi(MPI_Isend(c.bytes.data(), static_cast<int>(c.bytes.size()), MPI_BYTE, destination,
                        tag_of_control, comm_, &c.request),
              "MPI_Isend");
    ++sent_to_[to];
    // Most small messages have left when MPI_Isend returns.
    int done = 0;
    check_mpi(MPI_Test(&c.request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) {
        keep_for_later(std::move(c.bytes));
    } else {
        c.episode = episode_;
        controls_out_.push_back(std::move(c));
        count_out(episode_);
    }
    if (all_here && spans.empty()) {
        let_go(message);
        return;
    }

    auto transfer = std::make_unique<transfer_out>();
    if (!all_here) {
        transfer->bytes = std::move(table);
        if (!transfer->bytes.empty())
            transfer->regions.push_back({transfer->bytes.data(), transfer->bytes.size()});
        const buffer& body = content.body();
        if (!body.empty())
            transfer->regions.push_back({body.data(), body.size()});
    }
    transfer->regions.insert(transfer->regions.end(), spans.begin(), spans.end());
    transfer->message = std::move(message); // moves the body's memory along, not its bytes
    message.clear();
    peer& p = peer_of(destination);
    transfer->episode = episode_;
    p.out.push_back(std::move(transfer));
    count_out(episode_);
    activate(destination, p);
    progress_out(p);
}

void channel::progress_out(peer& p) {
    while (!p.out.empty()) {
        transfer_out& t = *p.out.front();
        moved_ |= t.pieces.retire();
        while (!t.pieces.full() && t.region < t.regions.size()) {
            const source_span& r = t.regions[t.region];
            const std::size_t size = std::min(piece_, r.size - t.offset);
            check_mpi(MPI_Isend(r.data + t.offset, static_cast<int>(size), MPI_BYTE, p.rank, tag_of_data,
                                comm_, t.pieces.slot()),
                      "MPI_Isend");
            moved_ = true;
            t.offset += size;
            if (t.offset == r.size) {
                ++t.region;
                t.offset = 0;
            }
            if (t.pieces.full())
                t.pieces.retire();
        }
        if (t.pieces.active != 0 || t.region < t.regions.size())
            break;
        let_go(t.message);
        has_left(t.episode);
        p.out.pop_front();
    }
}

void channel::let_go(outgoing& message) {
    if (keeps_) {
        for (std::shared_ptr<const void> part : {message.keep, message.owner}) {
            if (part)
                done_.push_back(std::move(part));
        }
    }
    message.clear();
}

void channel::keep_for_later(buffer memory) {
    if (spare_.size() < 16)
        spare_.push_back(std::move(memory));
}

// ---------------------------------------------------------------- what comes in

void channel::post_receives(mailbox& in) {
    for (; in.posted != in.taken + in.slots.size(); ++in.posted) {
        mailbox::slot& s = in.slots[in.posted % in.slots.size()];
        check_mpi(MPI_Irecv(s.bytes.data(), control_limit, MPI_BYTE, MPI_ANY_SOURCE, tag_of_control, comm_,
                            &s.request),
                  "MPI_Irecv");
    }
}

/// The next header, if one has arrived, that is of a current call.
incoming* channel::next_header() {
    mailbox& in = *inbox_;
    while (headers_ != most_headers) {
        if (in.posted != in.taken + in.slots.size())
            post_receives(in);
        mailbox::slot& oldest = in.slots[in.taken % in.slots.size()];
        int done = 0;
        MPI_Status status;
        check_mpi(MPI_Test(&oldest.request, &done, &status), "MPI_Test");
        if (done == 0)
            return nullptr;
        ++received_;
        ++headers_;
        moved_ = true;
        in.reading = true;
        int size = 0;
        check_mpi(MPI_Get_count(&status, MPI_BYTE, &size), "MPI_Get_count");
        try {
            incoming& m = in.message;
            in.content = oldest.bytes.data() +
                         wire::decode(oldest.bytes.data(), static_cast<std::size_t>(size), m.framing, m.what);
        } catch (...) {
            broken_ = std::current_exception();
            done_with_header();
            throw;
        }
        in.message.source = status.MPI_SOURCE;
        in.message.at = stage::noticed;
        if (is_current(in.message))
            return &in.message;
        if (incoming* const m = go_on_with_header())
            return m;
    }
    return nullptr;
}

/// The receiver has heard of it, or nobody is to.
incoming* channel::go_on_with_header() {
    mailbox& in = *inbox_;
    incoming& m = in.message;
    if (m.at == stage::noticed) {
        // Nothing left to receive, nothing before it: no need to queue. What an earlier call left half sent
        // is not before it: its sender may be elsewhere by now.
        const peer& p = peer_of(m.source);
        const bool is_next = p.in.empty() || !is_current(p.in.back()->message);
        if (!m.framing.whole || m.framing.span_count != 0 || !is_next) {
            queue_header();
        } else if (is_current(m)) {
            m.bytes = in.content;
            m.accepted = false;
            m.at = stage::here;
            return &m;
        }
    } else {
        if (m.accepted) {
            m.at = stage::complete;
            if (keeps_)
                in.keep = m.keep;
            all_told_ = true;
            return &m;
        }
        queue_header();
    }
    done_with_header();
    return nullptr;
}

void channel::done_with_header() noexcept {
    mailbox& in = *inbox_;
    in.reading = false;
    ++in.taken;
    in.message.clear();
}

/// The rest of the message is still to come, or others are before it.
void channel::queue_header() {
    mailbox& in = *inbox_;
    incoming& m = in.message;
    const bool here = m.framing.whole;
    auto t = std::make_unique<transfer_in>();
    // What nobody will hear of needs no memory: a long message may have many like it behind it.
    m.lost = !is_current(m) && !here;
    try {
        if (!m.lost)
            m.storage.resize(m.framing.table_size() + static_cast<std::size_t>(m.framing.body_size));
    } catch (const std::bad_alloc&) {
        if (here)
            throw;
        m.lost = true;
    }
    if (here && m.storage.size() != 0)
        std::memcpy(m.storage.data(), in.content, m.storage.size());
    if (!here)
        t->at = transfer_in::step::body;
    m.bytes = m.storage.data();
    on_the_way_.in += is_current(m) ? 1 : 0;
    peer& p = peer_of(m.source);
    t->message = std::move(m);
    p.in.push_back(std::move(t));
    activate(p.rank, p);
}

/// Receives as much of a transfer's regions as may be under way, and says whether all of them are here;
/// `region(i)` gives the i-th, at nullptr what nobody wants. Regions are cut where the sender cuts them.
template <typename Region>
bool channel::receive_regions(peer& p, transfer_in& t, std::size_t count, const Region& region) {
    moved_ |= t.pieces.retire();
    while (!t.pieces.full() && t.region < count) {
        const target_span r = region(t.region);
        const std::size_t size = std::min(piece_, r.size - t.offset);
        std::byte* to = nullptr;
        if (r.data != nullptr) {
            to = r.data + t.offset;
        } else {
            if (t.pieces.active != 0)
                break; // one after the other into the same memory
            t.scratch.resize(size);
            to = t.scratch.data();
        }
        check_mpi(
            MPI_Irecv(to, static_cast<int>(size), MPI_BYTE, p.rank, tag_of_data, comm_, t.pieces.slot()),
            "MPI_Irecv");
        moved_ = true;
        t.offset += size;
        if (t.offset == r.size) {
            ++t.region;
            t.offset = 0;
        }
        if (t.pieces.full() || r.data == nullptr)
            t.pieces.retire();
    }
    return t.pieces.active == 0 && t.region == count;
}

/// Whether sizes of spans and body are here.
bool channel::receive_body(peer& p, transfer_in& t) {
    incoming& m = t.message;
    // They are regions of their own, next to each other here.
    const std::size_t table = m.framing.table_size();
    const auto body = static_cast<std::size_t>(m.framing.body_size);
    std::byte* const base = m.lost ? nullptr : m.storage.data();
    const target_span regions[] = {{base, table}, {base == nullptr ? nullptr : base + table, body}};
    const std::size_t skip = table == 0 ? 1 : 0;
    const std::size_t count = (table == 0 ? 0U : 1U) + (body == 0 ? 0U : 1U);
    if (m.lost && table != 0) {
        // Without the sizes the spans could not be received: they are few bytes.
        t.sizes.resize(table / sizeof(std::uint64_t));
    }
    return receive_regions(p, t, count, [&](std::size_t i) {
        if (m.lost && i + skip == 0)
            return target_span{reinterpret_cast<std::byte*>(t.sizes.data()), table};
        return regions[i + skip];
    });
}

/// Of a message that has come whole but for its header: behind one that is damaged nothing is looked for.
template <typename Check>
void channel::look_at(const Check& check) {
    try {
        check();
    } catch (...) {
        broken_ = std::current_exception();
        throw;
    }
}

/// The next event of the messages of a rank that did not come in one piece.
incoming* channel::next_of(peer& p) {
    using step = transfer_in::step;
    while (!p.in.empty()) {
        transfer_in& t = *p.in.front();
        incoming& m = t.message;
        const bool current = is_current(m);
        if (t.at == step::body) {
            if (!receive_body(p, t))
                return nullptr;
            if (!m.lost)
                look_at([&m] { wire::verify_content(m.framing, m.storage.data()); });
            t.at = step::unasked;
            t.region = 0;
        }
        if (t.at == step::unasked) {
            t.at = step::asked;
            m.at = stage::here;
            m.accepted = !current;
            if (current)
                return &m;
        }
        if (t.at == step::asked) {
            if (!m.accepted) {
                t.at = step::unasked;
                return nullptr;
            }
            const std::uint64_t* sizes = m.lost ? t.sizes.data() : m.span_sizes();
            for (std::size_t i = m.targets.size(); i < m.framing.span_count; ++i)
                m.targets.push_back({nullptr, static_cast<std::size_t>(sizes[i])});
            t.at = step::spans;
            moved_ = true;
        }
        if (t.at == step::spans) {
            if (!receive_regions(p, t, m.targets.size(), [&m](std::size_t i) { return m.targets[i]; }))
                return nullptr;
            if (m.framing.checked)
                look_at([&t] { verify_spans(t); });
            m.at = stage::complete;
            on_the_way_.in -= current ? 1 : 0;
            if (keeps_)
                t.keep = m.keep;
            all_told_ = true;
            told_ = &p;
            if (current)
                return &m;
            done();
        }
    }
    return nullptr;
}

void channel::done() {
    if (!std::exchange(all_told_, false))
        return;
    if (inbox_->reading && inbox_->message.at == stage::complete) {
        if (inbox_->keep)
            done_.push_back(std::move(inbox_->keep));
        done_with_header();
    }
    if (peer* const p = std::exchange(told_, nullptr)) {
        const std::unique_ptr<transfer_in> t = std::move(p->in.front()); // its end is the user's code
        p->in.pop_front();
        if (t->keep)
            done_.push_back(std::move(t->keep));
        deactivate_if_idle(*p);
    }
}

void channel::deactivate_if_idle(peer& p) {
    if (!p.active || !p.out.empty() || !p.in.empty())
        return;
    p.active = false;
    const auto at =
        static_cast<std::size_t>(std::find(active_.begin(), active_.end(), p.rank) - active_.begin());
    active_[at] = active_.back();
    active_.pop_back();
    if (at < at_peer_)
        at_peer_ = at; // another one has come there
}

incoming* channel::next() {
    if (broken_)
        std::rethrow_exception(broken_);
    if (!inbox_)
        inbox_ = std::make_unique<mailbox>();
    if (all_told_)
        done();
    if (inbox_->reading) {
        if (incoming* const m = go_on_with_header())
            return m;
    }
    if (incoming* const m = next_header())
        return m;
    while (at_peer_ < active_.size()) {
        peer& p = *peers_[static_cast<std::size_t>(active_[at_peer_])];
        if (incoming* const m = next_of(p))
            return m;
        deactivate_if_idle(p);
        if (p.active)
            ++at_peer_;
    }
    return nullptr;
}

void channel::count_sent(std::vector<std::uint64_t>& counts) const noexcept {
    std::copy(sent_to_.begin(), sent_to_.end(), counts.begin());
}

bool channel::drain() {
    episode_ = no_episode;
    progress();
    while (next() != nullptr) {
        // Of what is left nobody hears.
    }
    return moved_;
}

void channel::progress() {
    if (broken_)
        std::rethrow_exception(broken_);
    if (!keeps_)
        done_.clear();
    moved_ = false;
    headers_ = 0;
    at_peer_ = 0;
    for (std::size_t i = 0; i < active_.size(); ++i) // what has left may let go of calls, which say so
        progress_out(*peers_[static_cast<std::size_t>(active_[i])]);
    // Small messages leave in any order.
    while (!controls_out_.empty()) {
        int done = 0;
        check_mpi(MPI_Test(&controls_out_.front().request, &done, MPI_STATUS_IGNORE), "MPI_Test");
        if (done == 0)
            break;
        keep_for_later(std::move(controls_out_.front().bytes));
        has_left(controls_out_.front().episode);
        controls_out_.pop_front();
        moved_ = true;
    }
}

} // namespace mpimap::detail
