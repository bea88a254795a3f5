#pragma once

#include <mpimap/detail/needs.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace mpimap {

/// The base of all exceptions that this library throws of its own.
class error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A call that makes no sense (unequal lengths, chunk = 0, a root outside the communicator): thrown on every
/// rank before any item is sent.
class invalid_argument : public error {
  public:
    using error::error;
};

/// The ranks of a communicator called different things: thrown on every rank instead of a hang.
class mismatched_call : public error {
  public:
    using error::error;
};

/// An item called the library again on the communicator that runs it: thrown instead of a hang.
class nested_call : public error {
  public:
    using error::error;
};

/// Indices first, ... last-1 of items.
struct index_range {
    std::size_t first = 0;
    std::size_t last = 0;
    [[nodiscard]] std::size_t size() const noexcept { return last - first; }
    friend bool operator==(const index_range&, const index_range&) = default;
};

namespace detail {

/// Which items of a call have their results. Part of exceptions: copying it does not throw.
class completion {
  public:
    completion() = default;
    /// `ranges` in order; none where only their number is known.
    completion(std::size_t done, std::vector<index_range> ranges);
    [[nodiscard]] std::size_t done() const noexcept { return done_; }
    [[nodiscard]] const std::vector<index_range>& ranges() const noexcept;

  private:
    std::size_t done_ = 0;
    std::shared_ptr<const std::vector<index_range>> ranges_;
};

} // namespace detail

/// A call was cancelled before all its items had run: by options::stop, its future, or the end of its pool.
/// Thrown where none of the items that did run threw, otherwise `map_error`.
class cancelled : public error {
  public:
    explicit cancelled(const std::string& what, detail::completion items = {});

    /// How many items have their results: the same on every rank.
    [[nodiscard]] std::size_t done() const noexcept { return completion_.done(); }
    /// Which ones, in order, neighbours as one range. On the root; empty elsewhere.
    [[nodiscard]] const std::vector<index_range>& completed() const noexcept { return completion_.ranges(); }

  private:
    detail::completion completion_;
};

/// A call ended before all its items had run, or did not begin, since the program is to come to its end: its
/// time is nearly over (options::deadline, MPIMAP_DEADLINE), or it was told so by a signal that run_main, or
/// environment_options::handle_signals, heeds. Thrown on every rank, though items may have failed; by all
/// calls that follow, too, unless it was the call's own deadline. What was done is in the journal, where
/// there is one.
class interrupted : public cancelled {
  public:
    explicit interrupted(const std::string& what, int signal = 0, detail::completion items = {});

    /// The number of the signal, as SIGUSR1; 0 where it was the time.
    [[nodiscard]] int signal() const noexcept { return signal_; }

  private:
    int signal_;
};

/// What a program that was interrupted, and is to be run again, exits with: EX_TEMPFAIL of sysexits.h.
inline constexpr int status_of_interrupted = 75;

/// The set-up of a pool failed on some rank: thrown by all calls of that pool.
class broken_pool : public error {
  public:
    using error::error;
};

/// A value could not be encoded or decoded: a truncated buffer, a type that is not exported.
class serialization_error : public error {
  public:
    using error::error;
};

/// An MPI function returned an error code.
class mpi_error : public error {
  public:
    mpi_error(const std::string& what, int code) : error(what), code_(code) {}
    /// MPI's error code, as `MPI_Error_class` takes it.
    [[nodiscard]] int code() const noexcept { return code_; }

  private:
    int code_;
};

/// Stands for an item's exception whose type is not one of the standard library's.
class remote_error : public error {
  public:
    using error::error;
};

/// Why there is no result of an item.
enum class failure_kind : unsigned char {
    threw,    ///< it threw, or its arguments or result could not be encoded or decoded
    not_run,  ///< the call was stopped before it was handed out
    cancelled ///< it was handed out, but the rank heard of the stop before it started
};

namespace detail {

/// What travels of an exception.
struct failure {
    std::uint64_t index = 0;
    std::int32_t rank = 0;
    std::int32_t kind = 0; // which standard exception type: see rethrow() in errors.cpp
    std::string host;
    std::string type;
    std::string what;
    std::string arguments;
    failure_kind outcome = failure_kind::threw;
    std::uint64_t what_bytes = 0; // the length of the whole text, where `what` is a part of it
    double seconds = 0;           // that the item ran
    std::uint64_t attempt = 0;    // which, of at most so many; 0 where that is not known
    std::uint64_t attempts = 0;
    std::optional<std::uint64_t> seed; // of the call
};

/// Describes the exception being handled; called inside a catch block, never throws.
[[nodiscard]] failure current_failure(std::size_t index, int rank) noexcept;
/// The name of this process's host.
[[nodiscard]] const std::string& host_name();

/// What takes the result's place of an item that has not run: `why` is not threw.
[[nodiscard]] failure stopped_failure(std::size_t index, failure_kind why);

/// Adds the exception being handled to the failures.
void add_failure(std::vector<failure>& failed, std::size_t index, int rank, std::string arguments = {});
/// The same of an item that was running, and threw at `moment`: that are its `seconds` until whoever knows
/// when the items began has made seconds of it, see time_failures().
void add_failure_of_run(std::vector<failure>& failed, std::size_t index, int rank, std::string arguments,
                        double moment);
/// Now, for that.
[[nodiscard]] double moment_of_failure() noexcept;

/// Appends an argument of an item to the text of its failure: at most 80 characters, "?" without `print`.
void append_argument(std::string& text, const void* value, void (*print)(std::ostream&, const void*));

} // namespace detail

/// One item's failure: which item, where it ran, and the exception it threw. In the results of `try_map` also
/// what stands for an item that was not run.
class task_error {
  public:
    /// `index()` of a failure that came before any item ran, such as a function that cannot be serialized.
    static constexpr std::size_t no_item = static_cast<std::size_t>(-1);

    task_error() = default;
    explicit task_error(detail::failure data) : data_(std::move(data)) {}

    /// Whether the item threw or was not run, because the call was stopped.
    [[nodiscard]] failure_kind kind() const noexcept { return data_.outcome; }
    /// The item's index in the input.
    [[nodiscard]] std::size_t index() const noexcept { return static_cast<std::size_t>(data_.index); }
    /// The rank, in the communicator of the call, on which it ran; -1 if it was not run.
    [[nodiscard]] int rank() const noexcept { return data_.rank; }
    /// The name of that rank's host; empty if it was not run.
    [[nodiscard]] const std::string& host() const noexcept { return data_.host; }
    /// The exception's type, demangled: `std::invalid_argument`. `mpimap::cancelled` if it was not run.
    [[nodiscard]] const std::string& type() const noexcept { return data_.type; }
    /// The exception's text: a std::string, unlike that of an exception. With what it was thrown with, by
    /// std::throw_with_nested. Beyond 16 KiB it is cut, and says so, and how long it was.
    [[nodiscard]] const std::string& what() const noexcept { return data_.what; }
    /// The item's arguments as text, as far as they can be streamed, otherwise empty.
    [[nodiscard]] const std::string& arguments() const noexcept { return data_.arguments; }

    /// How long the item ran, in seconds, to about a tenth of a millisecond: short items run in batches of
    /// that length, and one of these took what they took on average. 0 where it did not run.
    [[nodiscard]] double seconds() const noexcept { return data_.seconds; }
    /// With which attempt it failed for good, from 1, and how many there might have been: options::attempts.
    /// 0 where it was no item, or did not run.
    [[nodiscard]] std::size_t attempt() const noexcept { return static_cast<std::size_t>(data_.attempt); }
    [[nodiscard]] std::size_t attempts() const noexcept { return static_cast<std::size_t>(data_.attempts); }
    /// options::seed of the call, where it has one and it was an item that failed.
    [[nodiscard]] const std::optional<std::uint64_t>& seed() const noexcept { return data_.seed; }

    /// Throws the standard exception type where it is known, with the same text, otherwise `remote_error`;
    /// `cancelled` if the item was not run.
    [[noreturn]] void rethrow() const;

    /// For the engine: the record itself.
    [[nodiscard]] const detail::failure& data() const noexcept { return data_; }

  private:
    detail::failure data_;
};

/// Items failed. Thrown with the same text on every rank of the communicator: the first five, with at most
/// 4 KiB of the text of each.
///
/// On the root `errors()` has every failure, in order of the item's index; on other ranks the first 64. Items
/// that were not run, because of the failure or a stop, are none of them: done() + failed() may be less than
/// items().
class map_error : public error {
  public:
    map_error(std::vector<task_error> errors, std::size_t failed, std::size_t items,
              detail::completion done = {});
    map_error(std::vector<task_error> errors, std::size_t failed, std::size_t items, const std::string& text,
              detail::completion done = {});

    /// The failures, ordered by index.
    [[nodiscard]] const std::vector<task_error>& errors() const noexcept { return *errors_; }
    /// How many items threw.
    [[nodiscard]] std::size_t failed() const noexcept { return failed_; }
    /// How many items the call had.
    [[nodiscard]] std::size_t items() const noexcept { return items_; }
    /// How many items have their results: the same on every rank.
    [[nodiscard]] std::size_t done() const noexcept { return completion_.done(); }
    /// Which ones, in order, neighbours as one range. On the root; empty elsewhere.
    [[nodiscard]] const std::vector<index_range>& completed() const noexcept { return completion_.ranges(); }

  private:
    std::shared_ptr<const std::vector<task_error>> errors_; // shared: copying an exception must not throw
    std::size_t failed_;
    std::size_t items_;
    detail::completion completion_;
};

} // namespace mpimap
