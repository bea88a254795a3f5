#pragma once

// What has become of each item of a call.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journal/contents.hpp"
#include "opened.hpp"

namespace mpimap::journal_command {

class call_items {
  public:
    using entry = detail::journal::kept_items::entry;
    /// Items whose results are in one record, and perhaps not all of it.
    struct part {
        detail::item_range items;
        std::size_t record; // of records()
    };

    call_items(opened& all, std::uint64_t number);

    [[nodiscard]] const detail::journal::call_info& info() const noexcept { return call_.info(); }
    [[nodiscard]] bool has_ended() const noexcept { return call_.has_ended(); }
    [[nodiscard]] bool are_singles() const noexcept { return grows(call_); }

    [[nodiscard]] std::size_t size() const noexcept { return call_.items(); }
    [[nodiscard]] std::size_t done() const noexcept { return done_; }
    [[nodiscard]] std::size_t failed() const noexcept { return failures_.size(); }
    [[nodiscard]] std::size_t missing() const noexcept { return size() - done() - failed(); }

    /// In the order of the items, as all here.
    [[nodiscard]] const std::vector<part>& parts() const noexcept { return parts_; }
    [[nodiscard]] const entry& record(const part& p) const noexcept { return records_[p.record]; }
    [[nodiscard]] const std::vector<entry>& failures() const noexcept { return failures_; }
    /// Those that were being run when the program ended, or are now.
    [[nodiscard]] const std::vector<detail::item_range>& suspects() const noexcept { return suspects_; }

    /// All items, in order: `done(part)`, `failed(entry)`, `missing(range)`.
    template <typename Done, typename Failed, typename Missing>
    void visit(const Done& done, const Failed& failed, const Missing& missing) const {
        std::size_t next = 0;
        auto p = parts_.begin();
        auto f = failures_.begin();
        const auto up_to = [&](std::size_t end) {
            if (next < end)
                missing(detail::item_range{next, end - next});
        };
        while (p != parts_.end() || f != failures_.end()) {
            if (f == failures_.end() || (p != parts_.end() && p->items.first < f->items.first)) {
                up_to(p->items.first);
                done(*p);
                next = p->items.end();
                ++p;
            } else {
                up_to(f->items.first);
                failed(*f);
                next = f->items.end();
                ++f;
            }
        }
        up_to(size());
    }

  private:
    void read_kept();
    void read_grown(std::span<const grown_record> records);
    void put_in_order();

    const detail::journal::call_contents& call_;
    std::vector<entry> records_;
    std::vector<part> parts_;
    std::vector<entry> failures_;
    std::vector<detail::item_range> suspects_;
    std::size_t done_ = 0;
};

} // namespace mpimap::journal_command
