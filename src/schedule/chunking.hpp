#pragma once

// Chunk sizes: pure functions of what has been measured. No MPI, no state, no clock.

#include <cstddef>
#include <optional>
#include <vector>

#include <mpimap/detail/job.hpp>

namespace mpimap::detail {

/// What the root has seen of a call so far. Times in seconds.
struct measurements {
    std::size_t items_done = 0; // items whose time is known
    double item_time = 0;       // their mean
    // Ranks that have answered the first chunk that they were handed, and before them all that were handed
    // one earlier: among these, short items have no advantage.
    std::size_t in_order = 0;
    double longest = 0;        // the longest of them, as far as chunks have shown
    double chunk_cost = 2e-6;  // the root's own time per chunk
    double reply_time = 20e-6; // from a worker's last result to its next chunk
    double argument_bytes = 0; // mean per item, as far as messages have shown
    double result_bytes = 0;
};

struct chunk_request {
    std::size_t remaining = 0; // items not handed out
    std::size_t items = 0;     // items of the call
    std::size_t ranks = 1;
    std::size_t bytes_per_item = 0;
    std::size_t granularity = 1;
    std::optional<std::size_t> chunk = {}; // options::chunk
    bool grows = false;                    // there may be more to come
};

/// Items for about a millisecond at the mean seen so far, at most remaining/4P (remaining/2P where items are
/// so short that the root's own time counts, remaining/P where more may come), at most 4 MiB, at least what
/// keeps the root's own time below a tenth with P ranks asking. One item until every rank has run one, since
/// those that finish first are the short ones, or until 16 have in the order in which they were handed out.
/// From there on up to four times as many in each round. And never so few, if P is large, that a rank would
/// have run them before the root had seen to all others.
[[nodiscard]] std::size_t automatic_chunk(const chunk_request& r, const measurements& m);
[[nodiscard]] std::size_t dynamic_chunk(const chunk_request& r);
/// remaining/P: Polychronopoulos & Kuck, IEEE Trans. Comput. C-36 (1987).
[[nodiscard]] std::size_t guided_chunk(const chunk_request& r);
/// Half of what is left when a round of P chunks begins, in P equal parts: Hummel, Schonberg & Flynn, CACM 35
/// (1992).
[[nodiscard]] std::size_t factoring_chunk(const chunk_request& r, std::size_t left_at_round);

/// A chunk of n items from `first` on, shortened to end at a multiple of the granularity where it is long
/// enough.
[[nodiscard]] std::size_t aligned_chunk(std::size_t first, std::size_t n, std::size_t granularity);
/// The same for n items up to `end`, which begin at a multiple.
[[nodiscard]] std::size_t aligned_chunk_before(std::size_t end, std::size_t n, std::size_t granularity);

/// The contiguous slice of a rank: sizes differ by at most one, and by the granularity where it matters.
[[nodiscard]] item_range static_slice(std::size_t items, std::size_t ranks, std::size_t rank,
                                      std::size_t granularity);
/// A slice is sent in blocks, so that computing begins before all of it has arrived: an eighth of it, at
/// least 1 MiB where the size is known. Items that are large themselves go by the MiB: they are decoded into
/// memory that is warm only if it is used again soon.
[[nodiscard]] std::size_t transfer_block(std::size_t slice, std::size_t bytes_per_item,
                                         std::size_t granularity);

/// Whether so much is left that an item which waits behind the longest seen so far will not be the last to
/// end.
[[nodiscard]] bool plenty_left(std::size_t remaining, std::size_t ranks, const measurements& m);

/// How many chunks a worker should have, the one it runs included: enough to cover twice the reply time. One
/// when items are so long (or of unknown length) that a second one would wait behind the first for longer
/// than a reply takes, unless there is `plenty` left, when it costs nothing.
[[nodiscard]] std::size_t look_ahead(std::size_t chunk_items, bool plenty, const measurements& m);

/// How the root's helper sleeps while the main thread runs items.
struct nap_length {
    double seconds = 0;
    bool for_long_items = false; // otherwise it looks at messages only if one item outlasts a nap
};
/// With a second chunk everywhere nobody waits for the helper: a quarter of an item, 1 to 10 ms. Without,
/// what each look takes from the root's core is weighed against what the others lose while they wait.
[[nodiscard]] nap_length helper_nap(std::size_t ranks, bool plenty, double item_time);

/// How long items usually take: the geometric mean, of which a few long ones among many short do not make
/// much.
class usual_time {
  public:
    void note(std::size_t items, double seconds);
    /// 0 where nothing is known.
    [[nodiscard]] double seconds() const;

  private:
    double items_ = 0;
    double logarithms_ = 0; // of each item's seconds, the sum
};

/// How the helper of another rank sleeps: an item that outlasts one nap, or two, is a long one, behind which
/// nothing should wait. Twice the usual length of the items that this rank has run, at least 5 ms.
[[nodiscard]] nap_length patience_nap(double usual_time);

/// With costs: consecutive items joined into chunks of about equal cost (total/16P, one item at least),
/// longest first.
[[nodiscard]] std::vector<item_range> chunks_by_cost(const std::vector<double>& costs, std::size_t ranks,
                                                     std::optional<std::size_t> chunk);

/// The size of the next batch that a rank runs before it looks for messages, from the last one's size and
/// time.
[[nodiscard]] std::size_t next_batch(std::size_t batch, double seconds);

} // namespace mpimap::detail
