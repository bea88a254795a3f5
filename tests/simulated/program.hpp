#pragma once

// What is run in a simulated world: calls with items that take time and fail, in user code at every step, as
// the seed says.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/serialization/access.hpp>

#include "world.hpp"

namespace simulated {

/// Where an item's user code is.
enum class step { encode_argument, decode_argument, run, encode_result, decode_result };

/// What is to become of the items of a call, and what has become of them. One at a time may be looked up by
/// its number, as types that travel have to.
class plan {
  public:
    explicit plan(std::size_t items);

    seconds item_time = 10e-6; // mean
    double long_items = 0;     // the share of those that take a hundred times as long
    seconds coding_time = 0;   // of encoding and decoding
    std::map<std::size_t, step> failing;
    std::map<std::size_t, std::size_t> failing_attempts; // how often an item throws before it does not
    mpimap::detail::call_number call{};
    bool over = false; // nothing may be called any more

    /// What takes its time, and throws where the plan says so.
    void visit(step s, std::size_t item);
    [[nodiscard]] bool fails(std::size_t item) const { return failing.contains(item); }

    std::vector<std::size_t> runs; // of each item

  private:
    void heed_stop();
    std::map<int, int> runs_after_stop_; // by rank
};

/// The plan of a call, by the number that its items carry. Items may run elsewhere when the root has left the
/// call, so that plans stay until the end of the run.
[[nodiscard]] plan& plan_of(std::uint32_t number);
[[nodiscard]] std::uint32_t add_plan(plan p);
void forget_plans();

/// What all items give.
[[nodiscard]] inline double result_of_item(std::size_t item) {
    return 1.5 * static_cast<double>(item) + 1;
}

// Plain arguments and results: the engine may encode and decode them on the helper thread.

struct plain_argument {
    std::uint64_t item = 0;
    std::uint32_t plan = 0;
};
struct plain_work {
    double operator()(const plain_argument& a) const {
        plan_of(a.plan).visit(step::run, a.item);
        return result_of_item(a.item);
    }
};

// Those with user code in them.

/// An item's number and the plan's, with bytes that follow from it. User code runs where it is encoded and
/// where it is decoded.
template <step Encode, step Decode>
class rich_value {
  public:
    rich_value() = default;
    rich_value(std::size_t item, std::uint32_t plan, std::size_t load)
        : item_(item), plan_(plan), load_(load, filler(item)) {}
    rich_value(const rich_value&) = default;
    rich_value(rich_value&&) = default;
    rich_value& operator=(const rich_value&) = default;
    rich_value& operator=(rich_value&&) = default;
    ~rich_value() {
        if (world::exists())
            world::now().user_code();
    }
    [[nodiscard]] std::size_t item() const { return item_; }
    [[nodiscard]] std::uint32_t plan() const { return plan_; }
    [[nodiscard]] std::size_t load() const { return load_.size(); }
    [[nodiscard]] bool is_of(std::size_t item) const {
        return item_ == item &&
               std::all_of(load_.begin(), load_.end(), [item](char c) { return c == filler(item); });
    }

  private:
    friend class boost::serialization::access;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        if constexpr (Archive::is_saving::value)
            plan_of(plan_).visit(Encode, item_);
        ar& item_;
        ar& plan_;
        ar& load_;
        if constexpr (Archive::is_loading::value)
            plan_of(plan_).visit(Decode, item_);
    }
    static char filler(std::size_t item) {
        return static_cast<char>(item + static_cast<std::size_t>(Encode));
    }

    std::size_t item_ = 0;
    std::uint32_t plan_ = 0;
    std::vector<char> load_;
};
using rich_argument = rich_value<step::encode_argument, step::decode_argument>;
using rich_result = rich_value<step::encode_result, step::decode_result>;
struct rich_work {
    std::vector<std::uint64_t> table; // 0, 1, 2, ...: large ones go from rank to rank
    rich_result operator()(const rich_argument& a) const;
};

/// A whole run: draws what happens from the seed. Throws mistake.
void run_seed(std::uint64_t seed, bool talks);

} // namespace simulated
