#include "summary.hpp"

#include <algorithm>
#include <cmath>

#include <mpimap/errors.hpp>

#include "journal/entry.hpp"
#include "journal/words.hpp"
#include "output.hpp"

namespace mpimap::journal_command {

using namespace detail;

namespace {

constexpr std::size_t most_slowest = 10;
constexpr std::size_t most_failures = 100;
constexpr std::size_t bins = 115;
constexpr std::size_t most_ranks = std::size_t{1} << 20U;

/// The time in which programs ran, without that between them.
class running_time {
  public:
    explicit running_time(const std::vector<journal::run_info>& runs) {
        for (const journal::run_info& r : runs)
            all_.push_back({.began = r.began});
        if (all_.empty())
            all_.push_back({});
    }
    void note(double from, double to) {
        span& s = all_[run_of(to)];
        if (!s.used) {
            s.first = from;
            s.last = to;
            s.used = true;
        }
        s.first = std::min(s.first, from);
        s.last = std::max(s.last, to);
    }
    /// When all is noted.
    void lay_out() {
        for (span& s : all_) {
            s.offset = length_;
            if (s.used)
                length_ += s.last - s.first;
        }
    }
    [[nodiscard]] double length() const noexcept { return length_; }
    [[nodiscard]] double at(double when) const noexcept { return at(when, run_of(when)); }
    /// Of a moment before, of the same program.
    [[nodiscard]] double at(double when, std::size_t run) const noexcept {
        const span& s = all_[run];
        return s.offset + std::clamp(when - s.first, 0.0, s.last - s.first);
    }
    [[nodiscard]] std::size_t run_of(double when) const noexcept {
        std::size_t run = all_.size() - 1;
        while (run != 0 && when < all_[run].began)
            --run;
        return run;
    }
    [[nodiscard]] std::vector<throughput::mark> marks() const {
        std::vector<throughput::mark> marks;
        bool is_first = true;
        for (const span& s : all_) {
            if (!s.used)
                continue;
            if (!std::exchange(is_first, false))
                marks.push_back(
                    {s.offset, "run " + std::to_string(&s - all_.data() + 1) + ", " + date_text(s.began)});
        }
        return marks;
    }

  private:
    struct span {
        double began = 0;
        double first = 0;
        double last = 0;
        double offset = 0;
        bool used = false;
    };
    std::vector<span> all_;
    double length_ = 0;
};

/// What is needed of a part, read once.
struct told {
    double from;
    double to;
    double items;
};

class summary {
  public:
    summary(const call_items& items, const std::vector<journal::run_info>& runs)
        : items_(items), time_(runs) {}

    call_summary all() {
        read_parts();
        read_failures();
        time_.lay_out();
        fill_bins();
        for (const double when : failed_at_)
            all_.over_time.failures.push_back(time_.at(when));
        std::sort(all_.over_time.failures.begin(), all_.over_time.failures.end());
        all_.over_time.marks = time_.marks();
        return std::move(all_);
    }

  private:
    void read_parts() {
        told_.reserve(items_.parts().size());
        for (const call_items::part& p : items_.parts()) {
            try {
                const auto& record = items_.record(p);
                journal::word_cursor in(record.content);
                read_part(p, record, journal::read_ran(in));
            } catch (const serialization_error&) {
                // What cannot be read is told by verify.
            }
        }
    }
    void read_part(const call_items::part& p, const call_items::entry& record, const journal::ran& how) {
        const double seconds = std::isfinite(how.seconds) ? std::max(0.0, how.seconds) : 0;
        const auto items = static_cast<double>(p.items.count);
        all_.item_seconds += seconds * items / static_cast<double>(record.items.count);
        if (rank_items* const rank = of_rank(how.rank))
            rank->done += items;
        if (record.items.count == 1)
            note({record.items.first, seconds, how.rank});
        for (std::size_t i = 0; i < how.longest.count; ++i) {
            const auto& one = how.longest.all[i];
            if (one.item >= p.items.first && one.item < p.items.end() && record.items.count != 1)
                note({static_cast<std::size_t>(one.item), one.seconds, how.rank});
        }
        if (!std::isfinite(how.ended) || how.ended <= 0)
            return;
        told_.push_back({how.ended - seconds, how.ended, items});
        time_.note(how.ended - seconds, how.ended);
    }

    void read_failures() {
        for (const call_items::entry& e : items_.failures()) {
            try {
                stored_failure f = read_failure(e.content);
                const auto rank = static_cast<std::uint64_t>(std::max(0, f.what.rank));
                all_.item_seconds += std::max(0.0, f.what.seconds);
                if (rank_items* const of = of_rank(rank); of != nullptr && f.what.rank >= 0)
                    of->failed += 1;
                note({e.items.first, f.what.seconds, rank, true});
                if (std::isfinite(f.when) && f.when > 0) {
                    failed_at_.push_back(f.when);
                    time_.note(f.when, f.when);
                }
                if (all_.failures.size() < most_failures)
                    all_.failures.push_back({e.items.first, std::move(f)});
            } catch (const serialization_error&) {
                // Likewise.
            }
        }
    }

    void fill_bins() {
        all_.over_time.seconds = time_.length();
        if (!(time_.length() > 0))
            return;
        auto& bin = all_.over_time.per_second;
        bin.assign(bins, 0);
        const double wide = time_.length() / bins;
        for (const told& t : told_) {
            const std::size_t run = time_.run_of(t.to);
            const double from = time_.at(t.from, run) / wide;
            const double to = time_.at(t.to, run) / wide;
            const auto first = std::min<std::size_t>(static_cast<std::size_t>(from), bins - 1);
            const auto last = std::min<std::size_t>(static_cast<std::size_t>(to), bins - 1);
            if (first == last) {
                bin[first] += t.items;
                continue;
            }
            for (std::size_t i = first; i <= last; ++i) {
                const double begin = std::max(from, static_cast<double>(i));
                const double end = std::min(to, static_cast<double>(i + 1));
                bin[i] += t.items * std::max(0.0, end - begin) / (to - from);
            }
        }
        for (double& n : bin)
            n /= wide;
    }

    /// Null for a rank that there cannot be.
    rank_items* of_rank(std::uint64_t rank) {
        if (rank >= most_ranks)
            return nullptr;
        if (rank >= all_.ranks.size())
            all_.ranks.resize(static_cast<std::size_t>(rank) + 1);
        return &all_.ranks[static_cast<std::size_t>(rank)];
    }

    void note(const call_summary::item& one) {
        auto& slowest = all_.slowest;
        if (!(one.seconds > 0) || !std::isfinite(one.seconds))
            return;
        if (slowest.size() == most_slowest && slowest.back().seconds >= one.seconds)
            return;
        const auto place = std::find_if(slowest.begin(), slowest.end(),
                                        [&one](const auto& s) { return s.seconds < one.seconds; });
        slowest.insert(place, one);
        if (slowest.size() > most_slowest)
            slowest.pop_back();
    }

    const call_items& items_;
    running_time time_;
    call_summary all_;
    std::vector<told> told_;
    std::vector<double> failed_at_;
};

} // namespace

call_summary summary_of(const call_items& items, const std::vector<journal::run_info>& runs) {
    return summary(items, runs).all();
}

} // namespace mpimap::journal_command
