#include "worker.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "chunking.hpp"
#include "verdict.hpp"

namespace mpimap::detail {

worker::worker(communicator_state& state, kernel& k, int root, std::uint64_t number, bool stop)
    : state_(state), channel_(*state.messages), kernel_(k), root_(root), number_(number),
      stop_at_failure_(stop) {}

void worker::ready(const failure* setup_failed) {
    envelope head;
    head.job = number_;
    head.kind = message::ready;
    outgoing message;
    if (setup_failed != nullptr) {
        broken_ = true;
        head.last = 1;
        write_failures(message.out, {*setup_failed});
    }
    channel_.send(root_, head, std::move(message));
}

std::optional<map_error> worker::run() {
    nap pause;
    while (!ended_ || !channel_.sent()) {
        const bool moved = channel_.progress(*this);
        if (!waiting_.empty()) {
            work w = std::move(waiting_.front());
            waiting_.pop_front();
            run_chunk(std::move(w));
            pause.reset();
        } else if (moved) {
            pause.reset();
        } else {
            pause.wait(channel_.transferring());
        }
    }
    return std::move(verdict_);
}

void worker::noticed(const incoming& m) {
    if (m.head.job == number_ && m.head.kind == message::stop)
        stopped_ = true;
}

/// Chunks are decoded when they are soon to be run: memory for two is enough, and is reused.
bool worker::can_place(const incoming& m) {
    return m.head.kind != message::chunk || waiting_.size() < 2;
}

void worker::place(incoming& m) {
    if (m.head.job != number_ || m.head.kind != message::chunk)
        return;
    auto w = std::make_shared<work>();
    m.keep = w;
    w->items = {static_cast<std::size_t>(m.head.first), static_cast<std::size_t>(m.head.count)};
    if (m.lost) {
        try {
            throw std::bad_alloc();
        } catch (...) {
            w->failed.push_back(current_failure(w->items.first, state_.rank));
        }
    }
    if (broken_ || m.lost)
        return;
    reader in = m.body();
    try {
        w->arguments = kernel_.read_chunk(w->items, in, w->readable, w->failed);
    } catch (...) {
        w->arguments.reset();
        w->readable = 0;
        w->failed.push_back(current_failure(w->items.first, state_.rank));
    }
    m.targets = std::move(in.targets());
    if (!w->arguments)
        m.targets.clear();
}

void worker::arrived(std::unique_ptr<incoming> m) {
    if (m->head.job != number_)
        return;
    if (m->head.kind == message::chunk) {
        auto& w = *static_cast<work*>(m->keep.get());
        if (!asked_.empty()) {
            w.waited = seconds_since(asked_.front());
            asked_.pop_front();
        }
        waiting_.push_back(std::move(w));
    } else if (m->head.kind == message::end) {
        ended_ = true;
        if (m->head.last != 0) {
            reader in = m->body();
            verdict_ = read_map_error(in);
        }
    }
}

void worker::run_chunk(work w) {
    std::size_t done = 0;
    bool give_up = broken_ || stopped_;
    const clock::time_point begin = clock::now();
    while (done < w.readable && !give_up) {
        const clock::time_point batch_begin = clock::now();
        const std::size_t before = w.failed.size();
        const std::size_t size = std::min(w.readable - done, batch_);
        done = w.arguments->run(done, done + size, stop_at_failure_, w.failed);
        batch_ = next_batch(std::min(batch_, size), seconds_since(batch_begin));
        if (stop_at_failure_ && w.failed.size() != before)
            give_up = true;
        if (done < w.readable) {
            channel_.progress(*this); // what comes meanwhile should not wait for the end of the chunk
            give_up = give_up || stopped_;
        }
    }
    send_results(w, done, seconds_since(begin), give_up);
}

void worker::send_failures(failures& failed) {
    if (failed.empty())
        return;
    envelope head;
    head.job = number_;
    head.kind = message::failed;
    head.count = failed.size();
    outgoing message;
    write_failures(message.out, failed);
    channel_.send(root_, head, std::move(message));
    failed.clear();
}

void worker::send_results(work& w, std::size_t done, double seconds, bool give_up) {
    // An item whose arguments could not be decoded ends the chunk: those behind it were not run.
    const bool unreadable = done == w.readable && w.readable < w.items.count && !give_up;
    std::size_t written = 0;
    bool last = false;
    while (!last) {
        outgoing message;
        message.keep = w.arguments;
        std::size_t to = done;
        if (!give_up && w.arguments && done != 0) {
            to = w.arguments->write_results(written, done, message.out, w.failed);
        }
        // Failures go ahead: the root knows then that the results are not all there.
        send_failures(w.failed);
        last = to == done;
        envelope head;
        head.job = number_;
        head.kind = message::results;
        head.first = w.items.first + written;
        head.count = give_up ? 0 : to - written;
        if (last) {
            head.last = 1;
            head.seconds = seconds;
            head.waited = w.waited;
            head.not_run = give_up ? 0 : w.items.count - done - (unreadable ? 1 : 0);
        }
        if (give_up)
            message = outgoing();
        if (last)
            asked_.push_back(clock::now());
        channel_.send(root_, head, std::move(message));
        written = to;
    }
}

} // namespace mpimap::detail
