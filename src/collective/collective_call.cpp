#include <mpimap/detail/collective_call.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <mpimap/codec.hpp>

#include "call/only_items.hpp"
#include "call/plan.hpp"
#include "call/verdict.hpp"
#include "collective/agreement.hpp"
#include "driver/dispatcher.hpp"
#include "driver/helper.hpp"
#include "driver/nap.hpp"
#include "driver/session.hpp"
#include "driver/worker.hpp"
#include "ending/ending.hpp"
#include "errors/text.hpp"
#include "errors/uncaught.hpp"
#include "kept/kept_call.hpp"
#include "mpi/communicator.hpp"
#include "mpi/end_program.hpp"
#include "mpi/mpi_check.hpp"
#include "running/item_timer.hpp"
#include "shown/watchers.hpp"
#include "watch/roll_call.hpp"
#include "watch/silence.hpp"
#include "wire/messages.hpp"

namespace mpimap::detail {

enum class call_status : std::uint32_t { good, invalid, failed, program_over };

/// What every rank must know of a call before it starts; with it the function, if that is small.
struct call_header {
    std::uint64_t items = 0;
    call_status status = call_status::good;
    std::uint32_t everywhere = 0;
    std::uint32_t stop_at_failure = 0;
    std::uint32_t inlined = 0;
    std::uint64_t left = 0; // of the items, to be run
    double margin = -1;     // options::margin, where it is given
    std::uint64_t body_size = 0;
    std::uint64_t span_count = 0;
    std::uint64_t check = 0; // of the header and what is inlined behind it, where there are checksums
    std::uint64_t content_check = 0;
};

namespace {

constexpr std::size_t header_room = 2048;

/// Of the root: whether all that is sent has checksums.
bool asks_for_checksums() {
    const char* const text = std::getenv("MPIMAP_CHECKSUM");
    return text != nullptr && *text != '\0' && std::string_view(text) != "0";
}

void broadcast_bytes(const mpi_turn& alone, const communicator_state& s, void* data, std::size_t size,
                     int root) {
    const std::size_t piece = s.messages->piece();
    for (std::size_t at = 0; at < size; at += piece) {
        MPI_Request request = MPI_REQUEST_NULL;
        check_mpi(MPI_Ibcast(static_cast<std::byte*>(data) + at, static_cast<int>(std::min(piece, size - at)),
                             MPI_BYTE, root, s.comm, &request),
                  "MPI_Ibcast");
        wait_for(alone, request);
    }
}

/// Takes part in broadcast_bytes where the bytes are of no use: a piece of memory is enough.
void drop_bytes(const mpi_turn& alone, const communicator_state& s, std::size_t size, int root) {
    buffer scratch(std::min(size, s.messages->piece()));
    for (std::size_t at = 0; at < size; at += scratch.size())
        broadcast_bytes(alone, s, scratch.data(), std::min(scratch.size(), size - at), root);
}

} // namespace

// ---------------------------------------------------------------- the call

struct collective_call::implementation {
    std::optional<mpi_turn> turn{std::in_place}; // first: this thread is the only one in MPI
    const std::shared_ptr<communicator_state> kept;
    communicator_state& state;
    int root;
    std::uint64_t signature;
    std::uint64_t count = 0; // of the communicator's calls, with this one
    call_header header;
    buffer body;                // sizes of the spans, and their checksums; then function and constants
    bool checks = false;        // there are such
    bool lost = false;          // there was no memory for the latter
    bool thrown_by_all = false; // what is being thrown
    std::optional<call_with_end> end_of_time;

    implementation(MPI_Comm comm, int r, std::uint64_t what)
        : kept(state_of(comm)), state(*kept), root(r), signature(what) {}

    [[nodiscard]] bool is_root() const { return state.rank == root; }
    [[nodiscard]] call_number number() const { return call_number{count}; }

    /// What follows is done by all ranks, or by none. What this one would throw alone, while the others wait
    /// for it, ends the job; what all of them throw is the caller's.
    template <typename Steps>
    void with_others(const Steps& steps) {
        thrown_by_all = false;
        try {
            steps();
        } catch (...) {
            if (!thrown_by_all && state.size != 1)
                end_job_out_of_step(state.rank);
            throw;
        }
    }

    /// One all-reduce from which every rank draws the same conclusion.
    void agree() {
        end_of_time.emplace(is_root());
        const agreement mine =
            agreement::of_call(signature ^ (count * 0x9e3779b97f4a7c15ULL), root, state.messages->piece(),
                               is_root() && asks_for_checksums(), state.cause_of_ending());
        agreement all;
        MPI_Request request = MPI_REQUEST_NULL;
        check_mpi(MPI_Iallreduce(mine.data(), all.data(), agreement::size, MPI_UINT64_T, MPI_MAX, state.comm,
                                 &request),
                  "MPI_Iallreduce");
        std::optional<roll_call> roll;
        wait_for(*turn, request, [&](double waited) { call_the_roll(roll, waited); });
        constexpr int first = 0; // no root that all know
        if (all.somebody_leaves()) {
            throw_everywhere(mismatched_call("mpimap: rank " + std::to_string(all.leaver()) +
                                             " does not take part in this call: its program has come to its "
                                             "end, or has freed the communicator"),
                             first);
        }
        if (all.cause() != 0)
            throw_everywhere(interrupted_before(all.cause()), first);
        if (!all.same_piece()) {
            throw_everywhere(
                mismatched_call("mpimap: the environment variable MPIMAP_PIECE_BYTES must be the same on "
                                "every rank, but there are ranks where it asks for " +
                                std::to_string(all.smallest_piece()) + " bytes, and for " +
                                std::to_string(all.largest_piece()) +
                                " (4194304 where it is not set): mpirun -x MPIMAP_PIECE_BYTES passes it on"),
                first);
        }
        if (!all.same_root()) {
            throw_everywhere(
                mismatched_call(
                    "mpimap: the ranks give different roots: options::root must be the same on every rank"),
                first);
        }
        if (!all.same_call()) {
            throw_everywhere(
                mismatched_call("mpimap: the ranks called different functions of the library, or the same "
                                "with different function or element types"),
                first);
        }
        if (root < 0 || root >= state.size) {
            throw_everywhere(invalid_argument("mpimap: options::root is " + std::to_string(root) +
                                              ", but the communicator has " + std::to_string(state.size) +
                                              (state.size == 1 ? " rank" : " ranks")),
                             first);
        }
        checks = all.has_checksums();
        state.messages->add_checksums(checks);
    }

    /// This rank has waited for so long for all others to come.
    void call_the_roll(std::optional<roll_call>& roll, double waited) {
        try {
            if (!roll) {
                const auto lead = static_cast<std::size_t>(root >= 0 && root < state.size ? root : 0);
                roll.emplace(watchdog_at_start(), static_cast<std::size_t>(state.rank),
                             static_cast<std::size_t>(state.size), lead);
            }
            while (const auto said = state.roll->hear()) {
                if (said->call != count)
                    continue;
                if (said->asks) {
                    roll->asked(static_cast<std::size_t>(said->from));
                    state.roll->answer(said->from, count);
                } else {
                    roll->answered(static_cast<std::size_t>(said->from));
                }
            }
            const roll_call::step next = roll->look(waited);
            for (int rank = 0; next == roll_call::step::ask && rank < state.size; ++rank) {
                if (rank != state.rank)
                    state.roll->ask(rank, count);
            }
            if (next != roll_call::step::tell)
                return;
            std::fputs(roll->text(waited).c_str(), stderr);
        } catch (const std::bad_alloc&) {
            if (!roll || !roll->ends())
                return; // nothing is told
            std::fputs("mpimap: a call waits for ranks, and there is no memory to tell for which\n", stderr);
        }
        std::fflush(stderr);
        if (roll->ends())
            end_job_with(status_of_timeout);
    }

    /// Every rank throws the same: if nobody catches it, `teller` tells it.
    template <typename Error>
    [[noreturn]] void throw_everywhere(const Error& e, int teller) {
        thrown_by_all = true;
        thrown_everywhere(e.what(), state.rank == teller, kept);
        throw e;
    }

    /// The root sends header, body and spans to all. `w` is used there only.
    void broadcast_header(writer* w) {
        if (is_root()) {
            header.body_size = w->body().size();
            header.span_count = w->spans().size();
            body.clear();
            for (const source_span& s : w->spans()) {
                const std::uint64_t size = s.size;
                body.append(&size, sizeof size);
            }
            for (const source_span& s : w->spans()) {
                const std::uint64_t check = checks ? wire::checksum(s.data, s.size) : 0;
                body.append(&check, checks ? sizeof check : 0);
            }
            body.append(w->body().data(), w->body().size());
            header.inlined = sizeof header + body.size() <= header_room ? 1 : 0;
            header.content_check = checks ? wire::checksum(body.data(), body.size()) : 0;
            header.check = 0;
        }
        std::byte room[header_room] = {};
        std::memcpy(room, &header, sizeof header);
        if (is_root() && header.inlined != 0 && !body.empty()) {
            std::memcpy(room + sizeof header, body.data(), body.size());
        }
        if (checks && is_root()) {
            header.check = wire::checksum(room, header_room);
            std::memcpy(room, &header, sizeof header);
        }
        broadcast_bytes(*turn, state, room, header_room, root);
        std::memcpy(&header, room, sizeof header);
        if (checks && !is_root()) {
            const std::uint64_t said = std::exchange(header.check, 0);
            std::memcpy(room, &header, sizeof header);
            wire::verify(wire::checksum(room, header_room), said);
        }
        const std::size_t table = table_size();
        const auto size = static_cast<std::size_t>(header.body_size);
        if (!is_root()) {
            try {
                body.resize(table + size);
            } catch (const std::bad_alloc&) {
                lost = true;
                body.resize(table); // few bytes, without which the spans could not be received
            }
        }
        if (header.inlined != 0) {
            if (!is_root() && !body.empty())
                std::memcpy(body.data(), room + sizeof header, body.size());
            return;
        }
        broadcast_bytes(*turn, state, body.data(), table, root);
        if (lost) {
            drop_bytes(*turn, state, size, root);
            return;
        }
        broadcast_bytes(*turn, state, body.data() + table, size, root);
        if (checks)
            wire::verify(wire::checksum(body.data(), body.size()), header.content_check);
    }

    /// Of the spans: their sizes, and their checksums.
    [[nodiscard]] std::size_t table_size() const {
        return static_cast<std::size_t>(header.span_count) * (checks ? 2 : 1) * sizeof(std::uint64_t);
    }

    [[nodiscard]] const std::uint64_t* span_sizes() const {
        return reinterpret_cast<const std::uint64_t*>(body.data());
    }
    [[nodiscard]] reader body_reader() const {
        if (lost)
            throw std::bad_alloc();
        return reader(body.data() + table_size(), static_cast<std::size_t>(header.body_size), span_sizes(),
                      static_cast<std::size_t>(header.span_count));
    }

    void send_spans(const std::vector<source_span>& spans) {
        for (const source_span& s : spans)
            broadcast_bytes(*turn, state, const_cast<std::byte*>(s.data), s.size, root);
    }
    /// Every rank takes part, whether or not it knows where the bytes should go.
    void receive_spans(std::vector<target_span>& targets) {
        for (std::size_t i = 0; i < header.span_count; ++i) {
            const auto size = static_cast<std::size_t>(span_sizes()[i]);
            if (i < targets.size()) {
                broadcast_bytes(*turn, state, targets[i].data, size, root);
                if (checks)
                    wire::verify(wire::checksum(targets[i].data, size), span_sizes()[header.span_count + i]);
            } else {
                drop_bytes(*turn, state, size, root);
            }
        }
    }

    /// Decodes what was broadcast and receives its spans. What `read` throws is kept: the other ranks go on.
    void read_shared(const std::function<void(reader&)>& read, std::optional<failure>& failed) {
        std::vector<target_span> targets;
        try {
            reader in = body_reader();
            read(in);
            targets = std::move(in.targets());
        } catch (...) {
            failed = current_failure(task_error::no_item, state.rank);
        }
        receive_spans(targets);
    }

    void run(const options& o, bool tolerant, const std::function<root_job&()>& prepare);
    void serve(kernel& k);
    void share(const std::function<void(writer&)>& write, const std::function<void(reader&)>& read);

    [[noreturn]] void throw_status() {
        if (header.status == call_status::program_over) {
            state.leave();
            end_program();
        }
        thrown_by_all = true; // if not the same, where there is no memory for it
        reader in = body_reader();
        if (header.status == call_status::invalid)
            throw_everywhere(invalid_argument(make_value<std::string>(in)), root);
        throw_everywhere(read_map_error(in), root);
    }

    /// Tells all other ranks how the call went and waits until the messages have left.
    void end(session& all, wire::outcome how, const std::function<void(writer&)>& write_verdict = {}) const {
        for (int rank = 0; rank < state.size; ++rank) {
            if (rank == state.rank)
                continue;
            outgoing message;
            if (write_verdict)
                write_verdict(message.out);
            all.messages().send(rank, wire::end{number(), how}, std::move(message));
        }
        all.flush();
    }

    /// Turns the exception being handled on the root into a header that throws on every rank.
    void refuse(writer& w) {
        header.items = 0;
        try {
            throw;
        } catch (const invalid_argument& e) {
            header.status = call_status::invalid;
            const writer::copy_scope whole(w);
            write_value(w, cut_text(text_of(e), longest_text));
        } catch (...) {
            header.status = call_status::failed;
            write_map_error(w, one_failure());
        }
    }
    [[nodiscard]] map_error one_failure() const {
        std::vector<task_error> errors{task_error(current_failure(task_error::no_item, state.rank))};
        return map_error(std::move(errors), 1, static_cast<std::size_t>(header.items));
    }
};

collective_call::collective_call(MPI_Comm comm, int root, std::uint64_t signature) {
    try {
        auto self = std::make_unique<implementation>(comm, root, signature);
        communicator_state& s = self->state;
        s.enter();
        try {
            s.prepare(*self->turn, comm, root);
            self->count = ++s.calls;
            s.messages->begin(episode_number{self->count});
        } catch (...) {
            s.leave();
            throw;
        }
        self_ = std::move(self);
    } catch (const std::bad_alloc&) {
        end_job_of_others(comm);
        throw;
    }
}

collective_call::~collective_call() {
    leave();
}

bool collective_call::is_root() const noexcept {
    return self_->is_root();
}
int collective_call::rank() const noexcept {
    return self_->state.rank;
}
int collective_call::size() const noexcept {
    return self_->state.size;
}
bool collective_call::results_everywhere() const noexcept {
    return self_->header.everywhere != 0;
}

const mpi_turn& collective_call::turn() const noexcept {
    return *self_->turn;
}
void collective_call::step_out() noexcept {
    self_->turn.reset();
}
void collective_call::leave() noexcept {
    self_->end_of_time.reset();
    if (!std::exchange(left_, true))
        self_->state.leave();
}

void collective_call::implementation::run(const options& o, bool tolerant,
                                          const std::function<root_job&()>& prepare) {
    agree();
    if (o.report != nullptr)
        *o.report = report();
    root_job* job = nullptr;
    writer setup;
    std::size_t bounds_size = 0;
    session all(state.here(*turn));
    std::optional<dispatcher> d;
    try {
        job = &prepare();
        header.items = job->items();
        if (const auto only = only_items_of(job->ordinal())) {
            check_are_there(*only, job->items(), job->ordinal());
            run_alone(*job, *only);
            header.status = call_status::program_over;
        } else {
            const time_of_call time = time_of(o);
            std::unique_ptr<call_keeper> keeper = keep_call(o, *job, state.rank);
            call_plan plan = plan_call(*job, o, static_cast<std::size_t>(state.size), {.tolerant = tolerant},
                                       keeper.get());
            plan.ends = time.items_end();
            end_of_time->set(time);
            header.margin = time.given_margin.value_or(-1);
            header.left = plan.queue.remaining();
            header.everywhere = plan.results_everywhere ? 1 : 0;
            header.stop_at_failure = plan.stop_elsewhere() ? 1 : 0;
            if (job->items() != 0) {
                bounds_size = job->write_setup(setup);
                d.emplace(all, *job, std::move(plan), number(), pooled(), watchers_of(o, *job, state, false),
                          std::move(keeper));
            } else {
                failures none;
                job->finish(none);
            }
        }
    } catch (...) {
        setup = writer();
        refuse(setup);
    }
    broadcast_header(&setup);
    if (header.status != call_status::good)
        throw_status();
    if (job->items() == 0)
        return;
    send_spans(setup.spans());

    // From here on the others wait for the verdict, whatever happens.
    const auto no_item_failed = [&] { d->abandon(current_failure(task_error::no_item, state.rank)); };
    try {
        reader in = body_reader();
        in.view(bounds_size);
        for (std::size_t i = 0; i < job->parts_of_function(); ++i)
            job->read_function(i, in);
        for (std::size_t i = 0; i < in.targets().size(); ++i)
            std::memcpy(in.targets()[i].data, setup.spans()[i].data, setup.spans()[i].size);
    } catch (...) {
        no_item_failed();
    }
    setup = writer();
    body = buffer();
    const auto finished = [&d] { return d->state().finished(); };
    all.run_until(finished);
    ending how = d->end();
    if (how.interrupted_by != 0 && state.cause_of_ending() != 0)
        note_left_items();
    const verdict v = conclude(*job, std::move(how), state.rank);
    if (v.failed) {
        end(all, wire::outcome::failed, [&](writer& out) { write_map_error(out, *v.failed); });
        throw_everywhere(*v.failed, root);
    }
    if (v.stopped) {
        end(all, wire::outcome::cancelled, [&](writer& out) { write_cancelled(out, *v.stopped); });
        throw_everywhere(*v.stopped, root);
    }
    if (v.cut_short) {
        end(all, wire::outcome::interrupted, [&](writer& out) { write_interrupted(out, *v.cut_short); });
        throw_everywhere(*v.cut_short, root);
    }
    end(all, wire::outcome::succeeded);
}

void collective_call::implementation::serve(kernel& k) {
    agree();
    broadcast_header(nullptr);
    if (header.status != call_status::good)
        throw_status();
    if (header.items == 0)
        return;
    if (header.margin >= 0)
        end_of_time->set_margin(header.margin);
    worker w(state.here(*turn), root);
    w.enter(number(), k, header.stop_at_failure != 0);
    std::optional<failure> failed;
    read_shared([&k](reader& in) { k.read_setup(in); }, failed);
    body = buffer();
    // With so many items left the root, unless chunks are long, has some for each rank at once.
    const bool expects_items = header.left / 8 >= static_cast<std::uint64_t>(state.size);
    w.ready(number(), failed ? &*failed : nullptr, expects_items);
    w.run();
    if (w.failed())
        throw_everywhere(*w.failed(), root);
    if (w.stopped())
        throw_everywhere(*w.stopped(), root);
    if (w.cut_short())
        throw_everywhere(*w.cut_short(), root);
}

void collective_call::implementation::share(const std::function<void(writer&)>& write,
                                            const std::function<void(reader&)>& read) {
    header = call_header();
    header.everywhere = 1;
    writer w;
    if (is_root()) {
        try {
            write(w);
        } catch (...) {
            w = writer();
            refuse(w);
        }
    }
    broadcast_header(&w);
    if (header.status != call_status::good)
        throw_status();
    std::optional<failure> failed;
    if (is_root()) {
        send_spans(w.spans());
    } else {
        read_shared(read, failed);
    }
    // A rank that could not read makes all fail: the lowest such rank tells why.
    const int mine = failed ? state.rank : state.size;
    int lowest = 0;
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Iallreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, state.comm, &request), "MPI_Iallreduce");
    wait_for(*turn, request);
    if (lowest == state.size)
        return;
    root = lowest;
    header = call_header();
    writer why;
    if (is_root()) {
        header.status = call_status::failed;
        write_map_error(why, map_error({task_error(*failed)}, 1, 0));
    }
    broadcast_header(&why);
    throw_status();
}

void collective_call::agree() {
    self_->with_others([this] { self_->agree(); });
    self_->end_of_time.reset(); // what follows is the caller's
}
void collective_call::run(const options& o, bool tolerant, const std::function<root_job&()>& prepare) {
    self_->with_others([&] { self_->run(o, tolerant, prepare); });
}
void collective_call::serve(kernel& k) {
    self_->with_others([&] { self_->serve(k); });
}
void collective_call::share(const std::function<void(writer&)>& write,
                            const std::function<void(reader&)>& read) {
    self_->with_others([&] { self_->share(write, read); });
}
void collective_call::with_others(const std::function<void()>& steps) {
    self_->with_others(steps);
}

} // namespace mpimap::detail
