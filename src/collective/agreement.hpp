#pragma once

// What all ranks of a communicator compare, in one all-reduce, before a call begins or the duplicate goes.

#include <array>
#include <cstddef>
#include <cstdint>

namespace mpimap::detail {

/// Words of which each rank gets the largest of all. Where a word and its complement travel, the two show
/// whether all ranks have given the same. A rank that lets go of the communicator, at the end of MPI or
/// because it was freed, takes part with it: whoever is in a call is told, and it is told of them.
class agreement {
  public:
    /// Of a rank that makes a call.
    /// `checks`: on the root, whether messages are to have checksums; false on the others. `cause`: why this
    /// rank is to come to an end, 0 if it is not.
    [[nodiscard]] static agreement of_call(std::uint64_t what, int root, std::uint64_t piece, bool checks,
                                           int cause = 0) noexcept {
        agreement a;
        a.set(call, what);
        a.set(root_rank, static_cast<std::uint32_t>(root));
        a.set(piece_bytes, piece);
        a.words_[calls] = 1;
        a.words_[checksums] = checks ? 1 : 0;
        a.words_[interrupted] = static_cast<std::uint64_t>(cause);
        return a;
    }
    /// Of one that makes none any more.
    [[nodiscard]] static agreement of_leaving(int rank) noexcept {
        agreement a;
        a.words_[leaves] = ~static_cast<std::uint64_t>(rank);
        return a;
    }

    [[nodiscard]] bool same_call() const noexcept { return same(call); }
    [[nodiscard]] bool same_root() const noexcept { return same(root_rank); }
    [[nodiscard]] bool same_piece() const noexcept { return same(piece_bytes); }
    [[nodiscard]] std::uint64_t largest_piece() const noexcept { return words_[piece_bytes]; }
    [[nodiscard]] std::uint64_t smallest_piece() const noexcept { return ~words_[piece_bytes + 1]; }
    [[nodiscard]] bool has_checksums() const noexcept { return words_[checksums] != 0; }
    [[nodiscard]] bool somebody_calls() const noexcept { return words_[calls] != 0; }
    [[nodiscard]] bool somebody_leaves() const noexcept { return words_[leaves] != 0; }
    /// Why ranks are to come to an end; 0 if none is.
    [[nodiscard]] int cause() const noexcept { return static_cast<int>(words_[interrupted]); }
    /// The first rank that leaves.
    [[nodiscard]] int leaver() const noexcept { return static_cast<int>(~words_[leaves]); }

    [[nodiscard]] std::uint64_t* data() noexcept { return words_.data(); }
    [[nodiscard]] const std::uint64_t* data() const noexcept { return words_.data(); }
    static constexpr int size = 10;

  private:
    // The first three have their complement behind them.
    enum word : std::size_t {
        call = 0,
        root_rank = 2,
        piece_bytes = 4,
        calls = 6,
        leaves = 7,
        checksums = 8,
        interrupted = 9
    };
    void set(word w, std::uint64_t value) noexcept {
        words_[w] = value;
        words_[w + 1U] = ~value;
    }
    [[nodiscard]] bool same(word w) const noexcept { return words_[w] == ~words_[w + 1U]; }

    std::array<std::uint64_t, size> words_ = {};
};

} // namespace mpimap::detail
