#pragma once

// One kind of argument, result, broadcast value and function for all tests of exceptions: which phase of a
// call throws what on which ranks is chosen at run time, by values that travel with the call.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <new>
#include <ostream>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mpi.h>

#include <boost/serialization/access.hpp>
#include <boost/serialization/split_member.hpp>

#include <mpimap/mpimap.hpp>

#include "mpi_test.hpp"

namespace faults {

enum class phase : std::int32_t {
    none,
    function_save,
    function_load,
    broadcast_save,
    broadcast_load,
    range_begin,
    range_count,       // an increment while the range is counted
    range_step,        // an increment afterwards
    range_dereference, // of the marked elements
    argument_save,     // of the marked elements
    argument_load,
    factory,
    call,
    print, // the call throws, and so does printing its arguments
    nested_call,
    unwinding, // the call throws, and a destructor calls the library while the stack unwinds
    result_move,
    result_save,
    result_load,
    share_load, // results::everywhere: a rank that cannot read them
    output_begin,
    output_step,
    output_assign,
    operation, // of a reduction
};

inline const char* name(phase p) {
    static constexpr const char* names[] = {"none",           "function save",  "function load",
                                            "broadcast save", "broadcast load", "range begin",
                                            "range count",    "range step",     "range dereference",
                                            "argument save",  "argument load",  "factory",
                                            "call",           "print",          "nested call",
                                            "unwinding",      "result move",    "result save",
                                            "result load",    "share load",     "output begin",
                                            "output step",    "output assign",  "operation"};
    return names[static_cast<std::size_t>(p)];
}

enum class thrown : std::int32_t { runtime_error, out_of_range, bad_alloc, number, own, text };
inline constexpr int kinds_thrown = 6;

class own_exception : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return "own"; }
};

/// The fault of one call. Plain bytes, so that a lambda may capture it.
struct fault {
    phase at = phase::none;
    thrown what = thrown::runtime_error;
    std::uint64_t ranks = 0; // bits: where it happens
    std::uint64_t elements[2] = {static_cast<std::uint64_t>(-1), static_cast<std::uint64_t>(-1)};

    [[nodiscard]] bool marks(std::uint64_t element) const {
        return element == elements[0] || element == elements[1];
    }
    [[nodiscard]] bool on(int rank) const { return (ranks >> static_cast<unsigned>(rank) & 1U) != 0; }
};

/// Items that wait for other ranks' items wait no more: see board::arrive.
inline void release_waiting();

[[noreturn]] inline void throw_it(const fault& f) {
    release_waiting();
    switch (f.what) {
    case thrown::out_of_range:
        throw std::out_of_range(std::string("out of range in ") + name(f.at));
    case thrown::bad_alloc:
        throw std::bad_alloc();
    case thrown::number:
        throw 42;
    case thrown::own:
        throw own_exception();
    case thrown::text:
        throw std::string("text in ") + name(f.at);
    default:
        throw std::runtime_error(std::string("runtime error in ") + name(f.at));
    }
}

inline std::string type_of(const fault& f) {
    if (f.at == phase::nested_call)
        return "mpimap::nested_call";
    static constexpr const char* types[] = {"std::runtime_error",    "std::out_of_range",
                                            "std::bad_alloc",        "int",
                                            "faults::own_exception", "std::string"};
    return types[static_cast<std::size_t>(f.what)];
}

inline std::string text_of(const fault& f) {
    switch (f.what) {
    case thrown::out_of_range:
        return std::string("out of range in ") + name(f.at);
    case thrown::bad_alloc:
        return "std::bad_alloc";
    case thrown::number:
        return "an exception that is not derived from std::exception";
    case thrown::own:
        return "own";
    case thrown::text:
        return std::string("text in ") + name(f.at);
    default:
        return std::string("runtime error in ") + name(f.at);
    }
}

/// What all ranks see at once: how often each item ran, and who has had something to do in the call under
/// way. In shared memory, since nothing of it may go through the communicator under test.
class board {
  public:
    static constexpr std::size_t most_items = 1024;

    explicit board(MPI_Comm comm) {
        MPI_Comm_rank(comm, &rank_);
        MPI_Comm_size(comm, &size_);
        MPI_Win_allocate_shared(rank_ == 0 ? static_cast<MPI_Aint>(sizeof(shared)) : 0, 1, MPI_INFO_NULL,
                                comm, static_cast<void*>(&shared_), &window_);
        MPI_Aint bytes = 0;
        int unit = 0;
        MPI_Win_shared_query(window_, 0, &bytes, &unit, static_cast<void*>(&shared_));
        if (rank_ == 0)
            new (shared_) shared;
        MPI_Barrier(comm);
        current() = this;
    }
    ~board() {
        current() = nullptr;
        MPI_Win_free(&window_);
    }
    board(const board&) = delete;
    board& operator=(const board&) = delete;

    static board*& current() {
        static board* b = nullptr;
        return b;
    }
    static board& here() { return *current(); }

    /// Before each call, on every rank.
    void start(MPI_Comm comm, int root) {
        MPI_Barrier(comm);
        root_ = root;
        arrived_ = false;
        if (rank_ == 0) {
            reset();
            shared_->arrived.store(0);
            shared_->released.store(false);
        }
        counted_ = false;
        MPI_Barrier(comm);
    }
    /// For another call of the same pool: by the root alone, after which nobody waits for others.
    void reset() {
        counted_ = false;
        for (auto& runs : shared_->runs)
            runs.store(0);
        shared_->released.store(true);
    }

    /// Ranks wait for one another in their first item, so that each has one. The root gives others time to
    /// come and then goes on: only it can hand out more. Whether all are there.
    bool arrive() {
        if (!arrived_) {
            arrived_ = true;
            ++shared_->arrived;
        } else if (rank_ != root_) {
            return open();
        }
        const auto begin = std::chrono::steady_clock::now();
        const auto patience = std::chrono::milliseconds(rank_ == root_ ? 2 : 10000);
        while (!open() && !shared_->released && std::chrono::steady_clock::now() - begin < patience)
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        return open();
    }
    /// Nobody waits any more.
    void release() { shared_->released = true; }
    [[nodiscard]] bool open() const { return shared_->arrived == size_; }
    [[nodiscard]] bool released() const { return shared_->released; }

    void ran(std::uint64_t item) {
        if (item < most_items)
            ++shared_->runs[item];
    }
    [[nodiscard]] int runs(std::size_t item) const { return shared_->runs[item]; }
    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int size() const { return size_; }
    [[nodiscard]] int root() const { return root_; }

    /// range_count and range_step: whether the range was counted.
    [[nodiscard]] bool counted() const { return counted_; }
    void set_counted() { counted_ = true; }

  private:
    struct shared {
        std::atomic<int> arrived{0};
        std::atomic<bool> released{false};
        std::atomic<int> runs[most_items] = {};
    };
    shared* shared_ = nullptr;
    MPI_Win window_ = MPI_WIN_NULL;
    int rank_ = 0;
    int size_ = 1;
    int root_ = 0;
    bool arrived_ = false;
    bool counted_ = false;
};

inline void release_waiting() {
    board::here().release();
}

inline void fail_if(const fault& f, phase at) {
    if (f.at == at && f.on(board::here().rank()))
        throw_it(f);
}

enum class role : std::int32_t { argument, result, constant, function };

/// Argument, result and broadcast value.
class cargo {
  public:
    cargo() = default;
    cargo(role r, std::uint64_t number, const fault& f) : fault_(f), role_(r), number_(number) {}
    cargo(const cargo&) = default;
    cargo& operator=(const cargo&) = default;
    // Throws where the item ran: never on the way there, and not while errors are being reported.
    cargo(cargo&& other)
        : fault_(other.fault_), role_(other.role_), number_(other.number_), ran_on_(other.ran_on_) {
        moved();
    }
    cargo& operator=(cargo&& other) {
        fault_ = other.fault_;
        role_ = other.role_;
        number_ = other.number_;
        ran_on_ = other.ran_on_;
        moved();
        return *this;
    }
    ~cargo() = default;

    [[nodiscard]] const fault& what() const { return fault_; }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    void set_number(std::uint64_t n) { number_ = n; }
    [[nodiscard]] int ran_on() const { return ran_on_; }
    void set_ran_on(int rank) { ran_on_ = rank; }

    friend std::ostream& operator<<(std::ostream& os, const cargo& c) {
        if (c.fault_.at == phase::print)
            throw std::logic_error("printing");
        return os << (c.role_ == role::argument ? "argument " : "constant ") << c.number_;
    }

    template <typename Archive>
    void save(Archive& ar, unsigned) const {
        ar << fault_.at << fault_.what << fault_.ranks << fault_.elements << role_ << number_ << ran_on_;
        switch (role_) {
        case role::function:
            fail_if(fault_, phase::function_save);
            break;
        case role::constant:
            fail_if(fault_, phase::broadcast_save);
            break;
        case role::argument:
            if (fault_.at == phase::argument_save && fault_.marks(number_))
                throw_it(fault_);
            break;
        case role::result:
            fail_if(fault_, phase::result_save);
            break;
        }
        ar << number_;
    }
    template <typename Archive>
    void load(Archive& ar, unsigned) {
        ar >> fault_.at >> fault_.what >> fault_.ranks >> fault_.elements >> role_ >> number_ >> ran_on_;
        switch (role_) {
        case role::function:
            fail_if(fault_, phase::function_load);
            break;
        case role::constant:
            fail_if(fault_, phase::broadcast_load);
            break;
        case role::argument:
            if (fault_.at == phase::argument_load && fault_.on(board::here().rank()))
                board::here().arrive();
            fail_if(fault_, phase::argument_load);
            break;
        case role::result:
            if (fault_.at == phase::result_load && fault_.on(ran_on_))
                throw_it(fault_);
            if (board::here().rank() != board::here().root())
                fail_if(fault_, phase::share_load);
            break;
        }
        ar >> number_;
    }
    BOOST_SERIALIZATION_SPLIT_MEMBER()

  private:
    void moved() const {
        if (role_ == role::result && fault_.at == phase::result_move && ran_on_ == board::here().rank())
            fail_if(fault_, phase::result_move);
    }

    fault fault_;
    role role_ = role::argument;
    std::uint64_t number_ = 0;
    std::int32_t ran_on_ = -1;
};

/// A range of arguments that can be walked forward only; the fault may be in the walking.
class cargo_range {
  public:
    cargo_range(std::size_t n, const fault& f) : fault_(f) {
        for (std::size_t i = 0; i < n; ++i)
            items_.emplace_back(role::argument, i, f);
    }

    class iterator {
      public:
        using value_type = cargo;
        using difference_type = std::ptrdiff_t;
        using reference = const cargo&;
        using pointer = const cargo*;
        using iterator_category = std::forward_iterator_tag;

        iterator() = default;
        iterator(const cargo_range* range, std::size_t at) : range_(range), at_(at) {}
        reference operator*() const {
            if (range_->fault_.at == phase::range_dereference && range_->fault_.marks(at_))
                throw_it(range_->fault_);
            return range_->items_[at_];
        }
        iterator& operator++() {
            const fault& f = range_->fault_;
            board& b = board::here();
            if (at_ + 1 == range_->items_.size())
                b.set_counted();
            if (f.marks(at_ + 1)) {
                if (!b.counted())
                    fail_if(f, phase::range_count);
                else if (at_ + 1 < range_->items_.size())
                    fail_if(f, phase::range_step);
            }
            ++at_;
            return *this;
        }
        iterator operator++(int) {
            iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }

      private:
        const cargo_range* range_ = nullptr;
        std::size_t at_ = 0;
    };

    [[nodiscard]] iterator begin() const {
        fail_if(fault_, phase::range_begin);
        return {this, 0};
    }
    [[nodiscard]] iterator end() const { return {this, items_.size()}; }

  private:
    fault fault_;
    std::vector<cargo> items_;
};

/// The function of all calls: its result is the argument's number times three, and says where it ran.
class function {
  public:
    function() = default;
    explicit function(const fault& f) : state_(role::function, 0, f) {}

    cargo operator()(mpimap::task where, const cargo& argument, const cargo& constant) const {
        const fault& f = state_.what();
        board& b = board::here();
        const bool all_here = b.arrive();
        b.ran(where.index());
        if (f.on(where.rank()) && (all_here || b.released() || where.rank() != b.root()))
            misbehave(f);
        cargo result(role::result, 3 * argument.number() + constant.number(), f);
        result.set_ran_on(where.rank());
        return result;
    }

    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& state_;
    }

  private:
    struct caller {
        ~caller() {
            try {
                (void)mpimap::mpi_map(
                    mpimap_test::comm(), [](int i) { return i; }, std::vector<int>{1});
            } catch (const mpimap::nested_call&) {
            }
        }
    };

    static void misbehave(const fault& f) {
        switch (f.at) {
        case phase::nested_call:
            (void)mpimap::mpi_map(
                mpimap_test::comm(), [](int i) { return i; }, std::vector<int>{1});
            break;
        case phase::unwinding: {
            const caller at_the_end;
            throw_it(f);
        }
        case phase::call:
        case phase::print:
            throw_it(f);
        default:
            break;
        }
    }

    cargo state_;
};

/// per_rank: makes the function, or does not.
struct factory {
    fault what;
    function operator()() const {
        if (what.at == phase::factory && what.on(board::here().rank()))
            board::here().arrive();
        fail_if(what, phase::factory);
        return function(what);
    }
};

/// An output range whose parts may throw; not contiguous, so that results are assigned one by one.
class output_range {
  public:
    output_range(std::size_t n, const fault& f) : fault_(f), items_(n) {}

    class iterator {
      public:
        using value_type = cargo;
        using difference_type = std::ptrdiff_t;
        struct reference {
            const iterator* at;
            const reference& operator=(cargo&& value) const {
                const fault& f = at->range_->fault_;
                if (f.marks(at->at_))
                    fail_if(f, phase::output_assign);
                at->range_->items_[at->at_] = std::move(value);
                return *this;
            }
            operator cargo() const { return at->range_->items_[at->at_]; }
        };
        using pointer = void;
        using iterator_category = std::input_iterator_tag;
        using iterator_concept = std::forward_iterator_tag;

        iterator() = default;
        iterator(output_range* range, std::size_t at) : range_(range), at_(at) {}
        reference operator*() const { return {this}; }
        iterator& operator++() {
            ++at_;
            if (range_->fault_.marks(at_) && range_->walks_ > 1)
                fail_if(range_->fault_, phase::output_step);
            return *this;
        }
        iterator operator++(int) {
            iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }

      private:
        output_range* range_ = nullptr;
        std::size_t at_ = 0;
    };

    // Walked once to see how much room there is, and once to fill it.
    [[nodiscard]] iterator begin() {
        if (++walks_ > 1)
            fail_if(fault_, phase::output_begin);
        return {this, 0};
    }
    [[nodiscard]] iterator end() { return {this, items_.size()}; }
    [[nodiscard]] const std::vector<cargo>& items() const { return items_; }

  private:
    fault fault_;
    int walks_ = 0;
    std::vector<cargo> items_;
};

// ---------------------------------------------------------------- which ranks fail, under which schedules

inline constexpr std::uint64_t constant_number = 7;

enum class which { first, last, two };
inline constexpr which choices[] = {which::first, which::last, which::two};
inline const char* name(which w) {
    return w == which::first ? "first rank" : w == which::last ? "last rank" : "two ranks at once";
}

inline std::uint64_t bit(int r) {
    return std::uint64_t{1} << static_cast<unsigned>(r);
}
inline std::uint64_t ranks_of(which w) {
    const std::uint64_t first = w == which::last ? 0 : bit(0);
    const std::uint64_t last = w == which::first ? 0 : bit(mpimap_test::size() - 1);
    return first | last;
}

struct schedule_case {
    const char* name;
    mpimap::options options;
};
inline const schedule_case schedules[] = {
    {"automatic", {}},
    {"static", {.schedule = mpimap::schedule::static_}},
    {"dynamic, chunks of 1", {.schedule = mpimap::schedule::dynamic, .chunk = 1}},
    {"dynamic, chunks of 3", {.schedule = mpimap::schedule::dynamic, .chunk = 3}},
};

} // namespace faults
