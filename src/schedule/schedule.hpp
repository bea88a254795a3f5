#pragma once

// In which order the items of a call are handed out, and to whom: a class for each schedule. What comes back,
// because it was not run or has failed, is the work_queue's. No MPI, no clock.

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <mpimap/detail/job.hpp>
#include <mpimap/options.hpp>

#include "schedule/chunking.hpp"

namespace mpimap::detail {

class item_schedule {
  public:
    item_schedule() = default;
    virtual ~item_schedule() = default;
    item_schedule(const item_schedule&) = delete;
    item_schedule& operator=(const item_schedule&) = delete;

    /// In place of a rank: whoever wants it first.
    static constexpr std::size_t anyone = static_cast<std::size_t>(-1);

    /// The next chunk for a rank, of items that nobody has had; empty where there are none for it.
    [[nodiscard]] virtual item_range next(std::size_t rank, const measurements& m) = 0;
    /// Whether there are none for it. How many are left in all, whoever asks counts.
    [[nodiscard]] virtual bool empty(std::size_t rank) const = 0;
    /// Whether items were divided among the ranks beforehand: nothing is gained by waiting for requests.
    [[nodiscard]] virtual bool decided() const { return false; }
    /// How many of `count` items that were handed out once, and not run, go to the next rank.
    [[nodiscard]] virtual std::size_t portion(std::size_t count, const measurements&) { return count; }
    /// Whether that may be less than all of them.
    [[nodiscard]] virtual bool makes_portions() const { return false; }
    /// A chunk took so long; called where takes_notes().
    virtual void note(item_range, double /*seconds*/) {}
    [[nodiscard]] virtual bool takes_notes() const { return false; }

    /// Whether it knows how items differ, by options::costs.
    [[nodiscard]] virtual bool knows_costs() const { return false; }
    /// Then: how long the next chunk takes, in seconds; 0 where that cannot be told.
    [[nodiscard]] virtual double expected() const { return 0; }

    // Of calls that grow; their schedule is one that hands out from the front.

    /// There are n items more, behind the others.
    virtual void extend(std::size_t n);
    /// One item less; false if it has been handed out.
    virtual bool withdraw(std::size_t item);
};

/// With how many items it has.
struct scheduled_items {
    std::unique_ptr<item_schedule> schedule;
    std::size_t items = 0;
};

/// The schedule that the options ask for, of so many items. `bytes_per_item` and `granularity` as root_job
/// has them.
[[nodiscard]] std::unique_ptr<item_schedule> make_schedule(const options& o, std::size_t items,
                                                           std::size_t ranks, std::size_t bytes_per_item,
                                                           std::size_t granularity);

/// schedule::static_, a contiguous slice for each rank. Slices are handed out in blocks, see transfer_block.
class slices final : public item_schedule {
  public:
    slices(std::size_t items, std::size_t ranks, std::size_t bytes_per_item, std::size_t granularity);
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m) override;
    [[nodiscard]] bool empty(std::size_t rank) const override { return left_[rank].count == 0; }
    [[nodiscard]] bool decided() const override { return true; }

  private:
    std::size_t items_;
    std::size_t bytes_per_item_;
    std::size_t granularity_;
    std::vector<item_range> left_; // of each rank
};

/// schedule::static_ with a chunk: block j of so many items goes to rank j mod P.
class blocks final : public item_schedule {
  public:
    blocks(std::size_t items, std::size_t ranks, std::size_t chunk);
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m) override;
    [[nodiscard]] bool empty(std::size_t rank) const override;
    [[nodiscard]] bool decided() const override { return true; }

  private:
    std::size_t items_;
    std::size_t chunk_;
    std::vector<std::size_t> dealt_; // blocks, to each rank
};

/// With options::costs: chunks that are said to take longest go first.
class by_cost final : public item_schedule {
  public:
    by_cost(const std::vector<double>& costs, std::size_t ranks, std::optional<std::size_t> chunk);
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m) override;
    [[nodiscard]] bool empty(std::size_t) const override { return next_ == chunks_.size(); }
    void note(item_range items, double seconds) override;
    [[nodiscard]] bool takes_notes() const override { return true; }
    [[nodiscard]] bool knows_costs() const override { return true; }
    [[nodiscard]] double expected() const override;

  private:
    [[nodiscard]] double cost(item_range items) const { return before_[items.end()] - before_[items.first]; }

    std::vector<item_range> chunks_;
    std::size_t next_ = 0;
    std::vector<double> before_; // the cost of all items before each
    double cost_done_ = 0;
    double seconds_done_ = 0;
};

/// Schedules that hand out from the front, whoever asks. Derived classes choose how much at a time.
class from_the_front : public item_schedule {
  public:
    explicit from_the_front(const chunk_request& r) : request_(r), end_(r.items) {}
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m) override;
    [[nodiscard]] bool empty(std::size_t) const final { return next_ == end_; }
    void extend(std::size_t n) final;
    bool withdraw(std::size_t item) final;

  protected:
    [[nodiscard]] std::size_t remaining() const { return end_ - next_; }
    /// Of so many that are left. Not more, and one at least.
    [[nodiscard]] virtual std::size_t size(const measurements& m) = 0;
    /// Takes a chunk of at most n items from the front.
    [[nodiscard]] item_range take(std::size_t n);

    chunk_request request_;
    std::size_t next_ = 0; // [next_, end_) is left
    std::size_t end_;

  private:
    void skip_withdrawn();
    std::set<std::size_t> withdrawn_; // none before next_
};

/// schedule::dynamic: chunks of one size.
class dynamic final : public from_the_front {
  public:
    using from_the_front::from_the_front;

  private:
    [[nodiscard]] std::size_t size(const measurements&) override { return dynamic_chunk(request_); }
};

/// schedule::guided: a share of what is left.
class guided final : public from_the_front {
  public:
    using from_the_front::from_the_front;

  private:
    [[nodiscard]] std::size_t size(const measurements&) override { return guided_chunk(request_); }
};

/// schedule::factoring: rounds of equal chunks, in each of them half of what is left.
class factoring final : public from_the_front {
  public:
    explicit factoring(const chunk_request& r) : from_the_front(r), left_at_round_(r.items) {}

  private:
    [[nodiscard]] std::size_t size(const measurements& m) override;

    std::size_t chunks_in_round_ = 0;
    std::size_t left_at_round_;
};

/// schedule::automatic: as much as takes a millisecond. From both ends: many ranges grow towards one, and
/// long items should go first. The last item is tried early, after that chunks come from where items take
/// longer.
class automatic final : public from_the_front {
  public:
    explicit automatic(const chunk_request& r);
    [[nodiscard]] item_range next(std::size_t rank, const measurements& m) override;
    [[nodiscard]] std::size_t portion(std::size_t count, const measurements& m) override;
    [[nodiscard]] bool makes_portions() const override { return !request_.chunk; }
    void note(item_range items, double seconds) override;
    [[nodiscard]] bool takes_notes() const override { return both_ends_; }

  private:
    [[nodiscard]] std::size_t size(const measurements& m) override { return automatic_chunk(request_, m); }
    [[nodiscard]] bool from_the_back();

    bool both_ends_;
    std::size_t chunks_before_last_item_;
    double front_time_ = 0; // of an item, mean of the last chunks
    double back_time_ = 0;
};

} // namespace mpimap::detail
