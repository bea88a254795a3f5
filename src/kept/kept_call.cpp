#include "kept/kept_call.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>

#include "call/verdict.hpp"
#include "kept/call_identity.hpp"
#include "kept/deaths.hpp"
#include "kept/open_journal.hpp"
#include "kept/restored.hpp"
#include "kept/wall_clock.hpp"

namespace mpimap::detail {
namespace {

using journal::block_sum;
using journal::items_per_block;
using journal::kind;

/// "1 item", "2,000 items"
std::string counted(std::size_t n, const char* what) {
    std::string digits = std::to_string(n);
    for (std::size_t at = digits.size(); at > 3;)
        digits.insert(at -= 3, ",");
    return digits + " " + what + (n == 1 ? "" : "s");
}

class kept_call final : public call_keeper {
  public:
    kept_call(const options& o, root_job& job, int rank)
        : journal_(journal_at(o.journal)), job_(job), rank_(rank), grows_(job.growing() != nullptr),
          folds_(job.types().folds),
          when_(o.journal_sync == journal_sync::every_record ? log_file::written::on_disk
                                                             : log_file::written::soon),
          keeps_failures_(o.journal_failures == journal_failures::keep),
          stops_(o.journal_full == journal_full::stop), number_(journal_.call_begins()) {
        try {
            begin(o);
        } catch (...) {
            journal_.call_ends();
            throw;
        }
    }
    ~kept_call() override { end(); }

    [[nodiscard]] std::vector<index_range> missing() const override {
        std::vector<index_range> all;
        job_.done().for_each_gap(0, job_.items(), [&](std::size_t from, std::size_t to) {
            while (from < to) {
                const std::size_t end = std::min(to, (from / items_per_block + 1) * items_per_block);
                failed_.for_each_gap(from, end, [&all](std::size_t first, std::size_t last) {
                    all.push_back({first, last});
                });
                from = end;
            }
        });
        return all;
    }
    [[nodiscard]] const std::vector<item_range>& suspects() const override { return suspects_; }
    [[nodiscard]] failures take_failures() override { return std::exchange(failures_, {}); }

    [[nodiscard]] kept added(std::size_t item) noexcept override {
        try {
            const std::uint64_t sum = arguments_->of_item(item);
            if (index_) {
                if (const auto found = index_->find(item, sum);
                    found && give_results(job_, *found, {item, 1}, {})) {
                    ++restored_;
                    return kept::result;
                }
            }
            if (const auto at = failed_singles_.find(item);
                at != failed_singles_.end() && at->second.first == sum) {
                failure f = at->second.second;
                job_.growing()->take_failures({std::move(f)});
                return kept::failure;
            }
            sums_.insert_or_assign(item, sum);
            if (const auto at = dead_.find(item); at != dead_.end()) {
                failed(at->second);
                job_.growing()->take_failures({at->second});
                return kept::failure;
            }
        } catch (...) {
            // It runs.
        }
        return kept::nothing;
    }

    void begins(std::size_t rank, item_range items) noexcept override {
        guarded([&] {
            const std::uint64_t where = rank;
            const double now = seconds_since_1970();
            buffer content;
            journal::append_word(content, where);
            journal::append_number(content, now);
            // Before it leaves, for whoever is killed by it.
            add({kind::handed_out, number_, items, arguments_of(items)}, content, log_file::written::at_once);
        });
    }

    void came(std::size_t rank, const wire::results& r, const std::vector<std::size_t>& without,
              const buffer& body, const std::vector<target_span>& spans) noexcept override {
        guarded([&] {
            came_.reset();
            came_.emplace();
            came_->items = r.items;
            came_->how = {rank, r.seconds, seconds_since_1970(), without,
                          r.items.count > 1 ? r.longest : wire::longest_items()};
            if (grows_ || is_half_folded(without)) // of single items what is in place is written
                return;
            journal::encoded all;
            all.body = {body.data(), body.size()};
            for (const target_span& s : spans) {
                all.span_sizes.push_back(s.size);
                all.spans.emplace_back(s.data, s.size);
            }
            journal::append(came_->content, came_->how);
            journal::append(came_->content, all);
        });
    }
    void in_place() noexcept override {
        guarded([&] {
            if (!came_)
                return;
            if (grows_) {
                keep_singles(came_->how, came_->items);
            } else if (!is_half_folded(came_->how.without)) {
                add(record_of_results(came_->items), came_->content, when_);
            }
            came_.reset();
        });
    }

    void ran(std::size_t rank, item_range items, const std::vector<std::size_t>& without,
             double seconds) noexcept override {
        if (items.count == 0)
            return;
        guarded([&] {
            journal::ran how{rank, seconds, seconds_since_1970(), without};
            if (grows_) {
                keep_singles(how, items);
                return;
            }
            if (is_half_folded(without))
                return;
            writer out;
            if (job_.write_last_run(out)) {
                keep_results(how, items, journal::encoded_of(out));
                return;
            }
            // Where an item has failed there is nothing to be encoded.
            how.without.clear();
            const std::size_t ran = items.count - without.size();
            std::size_t next = items.first;
            const auto keep_up_to = [&](std::size_t end) {
                if (end <= next)
                    return;
                out.clear();
                (void)job_.write_results({next, end - next}, out);
                how.seconds = seconds * static_cast<double>(end - next) / static_cast<double>(ran);
                keep_results(how, {next, end - next}, journal::encoded_of(out));
            };
            for (const std::size_t failed : without) {
                keep_up_to(failed);
                next = failed + 1;
            }
            keep_up_to(items.end());
        });
    }

    void failed(const failure& f) noexcept override {
        guarded([&] {
            const auto item = static_cast<std::size_t>(f.index);
            writer out;
            {
                const writer::copy_scope whole(out);
                write_failures(out, {f});
            }
            buffer content;
            journal::append_number(content, seconds_since_1970());
            journal::append(content, journal::encoded_of(out));
            const std::uint64_t arguments = grows_ ? take_sum(item) : arguments_of({item, 1});
            add({kind::failures, number_, {item, 1}, arguments}, content, when_);
        });
    }

    void write_out() noexcept override {
        guarded([&] { journal_.write_out(); });
    }
    [[nodiscard]] std::optional<failure> gives_up() noexcept override {
        if (!stops_ || gave_up_)
            return std::nullopt;
        try {
            std::optional<std::string> why = trouble();
            if (!why)
                return std::nullopt;
            gave_up_ = true;
            throw std::runtime_error(*why);
        } catch (...) {
            gave_up_ = true;
            return current_failure(task_error::no_item, rank_);
        }
    }

    void over() noexcept override { end(); }

  private:
    /// What is not kept for want of memory is computed again.
    template <typename F>
    void guarded(const F& f) noexcept {
        try {
            f();
        } catch (...) {
            lost_ = true;
        }
    }
    [[nodiscard]] std::optional<std::string> trouble() const {
        if (std::optional<std::string> why = journal_.failure())
            return why;
        if (lost_)
            return "mpimap: results could not be added to the journal " + journal_.path();
        return std::nullopt;
    }
    /// Items that were folded with others, of which some have failed: they run again.
    [[nodiscard]] bool is_half_folded(const std::vector<std::size_t>& without) const {
        return folds_ && !without.empty();
    }
    [[nodiscard]] std::uint64_t arguments_of(item_range items) const {
        return journal::arguments_of(items, blocks_);
    }
    [[nodiscard]] journal::record record_of_results(item_range items) const {
        return {kind::results, number_, items, arguments_of(items)};
    }
    void add(const journal::record& what, const buffer& content, log_file::written when) {
        journal_.add(what, content, when);
    }

    void keep_results(const journal::ran& how, item_range items, const journal::encoded& results) {
        buffer ahead;
        journal::append(ahead, how);
        append_sizes(ahead, results);
        std::vector<std::span<const std::byte>> pieces{{ahead.data(), ahead.size()}, results.body};
        pieces.insert(pieces.end(), results.spans.begin(), results.spans.end());
        journal_.add(record_of_results(items), pieces, when_);
    }

    /// As far as somebody may want them, in ranges of neighbours.
    void keep_singles(journal::ran how, item_range items) {
        const std::vector<std::size_t> without = std::exchange(how.without, {});
        const double each = how.seconds / static_cast<double>(items.count);
        buffer content;
        item_range some{items.first, 0};
        const auto add_some = [&] {
            if (some.count != 0)
                add({kind::singles, number_, some}, content, when_);
            content.clear();
        };
        for (std::size_t item = items.first; item != items.end(); ++item) {
            if (std::binary_search(without.begin(), without.end(), item) || !job_.has_result(item))
                continue;
            if (item != some.end() || some.count == 0) {
                add_some();
                some = {item, 0};
                how.seconds = each; // of those that follow, which are seldom not all
                journal::append(content, how);
            }
            writer out;
            (void)job_.write_results({item, 1}, out);
            journal::append(content, journal::single{take_sum(item), journal::encoded_of(out)});
            ++some.count;
            ++kept_;
        }
        if (some.count == items.count && !content.empty()) {
            // All of them, as a rule: then the time is that of all.
            const double all = each * static_cast<double>(items.count);
            std::memcpy(content.data() + sizeof(std::uint64_t), &all, sizeof all);
        }
        add_some();
    }

    std::uint64_t take_sum(std::size_t item) {
        const auto at = sums_.find(item);
        if (at == sums_.end())
            return 0;
        const std::uint64_t sum = at->second;
        sums_.erase(at);
        return sum;
    }

    // ------------------------------------------------------------ the beginning

    void begin(const options& o) {
        const journal::call_info info = info_of(o, job_);
        const auto& calls = journal_.before().calls();
        const auto at = calls.find(number_);
        const journal::call_contents* const before = at != calls.end() ? &at->second : nullptr;
        if (before != nullptr) {
            if (const std::string other = difference(before->info(), info); !other.empty())
                refuse(other, info.named);
        }
        arguments_.emplace(job_);
        job_.keep_last_run();
        call_facts facts = job_.facts();
        facts.deaths = deaths_file(journal_.path());
        facts.death_of = death_of(journal_.number(), number_);
        job_.set_facts(facts);

        buffer records;
        journal::append(records, journal_.number(), number_, info);
        if (!grows_) {
            blocks_ = arguments_->of_blocks();
            if (!blocks_.empty())
                journal::append(records, journal_.number(), number_, 0, blocks_);
            if (before != nullptr)
                restore(*before);
        } else if (before != nullptr) {
            prepare_singles(*before);
        }
        journal_.add_records(records, log_file::written::at_once);
        for (const failure& f : failures_) {
            if (dead_.count(static_cast<std::size_t>(f.index)) != 0)
                failed(f);
        }
    }

    [[noreturn]] void refuse(const std::string& other, bool named) const {
        throw invalid_argument(
            "mpimap: call " + std::to_string(number_) + " of the journal " + journal_.path() +
            " is another one than this: " + other + ". Name another file, or remove this one" +
            (named
                 ? ""
                 : "; where its results are right all the same, options::journal_key says what they are of"));
    }

    void restore(const journal::call_contents& before) {
        const journal::kept_items old = before.of(blocks_);
        if (folds_ && !old.results.empty())
            copy_function(job_); // folds them
        for (const journal::kept_items::entry& e : old.results) {
            if (e.items.end() > job_.items() || !give_record(job_, e))
                unreadable_ += e.items.count;
        }
        if (keeps_failures_) {
            for (const journal::kept_items::entry& e : old.failures) {
                std::optional<failure> f = failure_of(e);
                if (!f || e.items.end() > job_.items() || !failed_.add(e.items.first, e.items.end())) {
                    ++unreadable_;
                    continue;
                }
                failures_.push_back(std::move(*f));
            }
        }
        charge_deaths(before);
        for (const auto& [item, f] : dead_) {
            if (item < job_.items() && !job_.done().contains(item) && failed_.add(item, item + 1))
                failures_.push_back(f);
        }
        std::size_t begun = 0;
        for (item_range r : old.suspects) {
            r.count = r.first < job_.items() ? std::min(r.count, job_.items() - r.first) : 0;
            failed_.for_each_gap(r.first, r.end(), [&](std::size_t from, std::size_t to) {
                suspects_.push_back({from, to - from});
                begun += to - from;
            });
        }
        tell(before, begun);
    }

    [[nodiscard]] std::size_t times_begun(const journal::call_contents& before, std::size_t item,
                                          bool alone) const {
        // Of a call that grows nobody knows the arguments as yet.
        return before.times_begun(item, grows_ ? std::nullopt : std::optional(std::span(blocks_)), alone);
    }

    /// An item that ran by itself when its rank died, three times, has failed; one that took too long fails
    /// at once where failures are kept. Nobody else is blamed: a job may be killed from outside. Of a call
    /// that grows items cannot be set apart: there each death counts.
    void charge_deaths(const journal::call_contents& before) {
        constexpr std::size_t at_most = 3;
        for (const auto& [item, death] : read_deaths(journal_.path(), journal_.number(), number_)) {
            const std::size_t charged = std::min(death.count, times_begun(before, item, !grows_));
            const bool took_too_long = death.cause.find("item_timeout") != std::string::npos;
            if (charged < at_most &&
                !(took_too_long && keeps_failures_ && times_begun(before, item, false) != 0))
                continue;
            failure f;
            f.index = item;
            f.rank = death.rank;
            f.host = death.host;
            f.type = "death of the rank";
            f.what = death.cause + ", " + counted(death.count, "time");
            dead_.insert_or_assign(item, std::move(f));
        }
    }

    void tell(const journal::call_contents& before, std::size_t begun) const {
        const std::size_t there = job_.done().size();
        const std::size_t left = job_.items() - there - failed_.size();
        std::string line = "mpimap: journal " + journal_.path() + ", call " + std::to_string(number_) + ": " +
                           counted(there, "result") + (there == 1 ? " is" : " are") + " there";
        if (failed_.size() != 0)
            line += ", " + counted(failed_.size(), "item") + " failed";
        if (left != 0)
            line += ", " + counted(left, "item") + (left == 1 ? " is run" : " are run");
        std::string why;
        const auto add_reason = [&why](const std::string& reason) {
            why += (why.empty() ? ": " : "; ") + reason;
        };
        const std::size_t same = before.same_blocks(blocks_);
        const std::size_t known = std::min(before.sums().size(), blocks_.size());
        if (same < known)
            add_reason("arguments in " + counted(known - same, "block") +
                       " of 4,096 are not those of before");
        if (blocks_.size() > before.sums().size())
            add_reason("there are more items than before");
        if (begun != 0)
            add_reason(counted(begun, "item") + (begun == 1 ? " was" : " were") +
                       " being run when the program ended, and " + (begun == 1 ? "comes" : "come") + " last");
        if (unreadable_ != 0)
            add_reason(counted(unreadable_, "result") + " could not be read");
        std::fputs((line + why + "\n").c_str(), stderr);
        std::fflush(stderr);
    }

    void prepare_singles(const journal::call_contents& before) {
        index_.emplace(before);
        charge_deaths(before);
        if (keeps_failures_) {
            for (const journal::kept_items::entry& e : before.failures()) {
                if (std::optional<failure> f = failure_of(e))
                    failed_singles_.insert_or_assign(e.items.first, std::pair(e.arguments, std::move(*f)));
            }
        }
        std::fputs(("mpimap: journal " + journal_.path() + ", call " + std::to_string(number_) + ": " +
                    counted(index_->size(), "result") + (index_->size() == 1 ? " is" : " are") +
                    " there, for items whose arguments are the same\n")
                       .c_str(),
                   stderr);
        std::fflush(stderr);
    }

    // ------------------------------------------------------------ the end

    void end() noexcept {
        if (std::exchange(ended_, true))
            return;
        guarded([&] {
            const std::optional<std::size_t> items = grows_ ? job_.growing()->expected() : job_.items();
            const std::size_t done = grows_ ? restored_ + kept_ : job_.done().size();
            if (items && *items == done)
                journal_.add({kind::finished, number_, {0, done}}, buffer(), when_);
            journal_.write_out();
            if (const std::optional<std::string> why = trouble(); why && !gave_up_) {
                std::fputs((*why + ": results of call " + std::to_string(number_) +
                            " from then on are not in the journal\n")
                               .c_str(),
                           stderr);
                std::fflush(stderr);
            }
        });
        journal_.call_ends();
    }

    open_journal& journal_;
    root_job& job_;
    int rank_;
    bool grows_;
    bool folds_;
    log_file::written when_;
    bool keeps_failures_;
    bool stops_;
    std::uint64_t number_;
    std::optional<argument_sums> arguments_;
    std::vector<block_sum> blocks_; // of a call that does not grow
    std::vector<item_range> suspects_;
    index_set failed_; // before, and not run again
    failures failures_;
    std::map<std::size_t, failure> dead_; // items that have ended their ranks too often
    std::size_t unreadable_ = 0;
    // Of calls that grow.
    std::optional<journal::singles_index> index_;
    std::unordered_map<std::size_t, std::pair<std::uint64_t, failure>> failed_singles_;
    std::unordered_map<std::size_t, std::uint64_t> sums_; // of items that are not settled
    std::size_t restored_ = 0;
    std::size_t kept_ = 0;
    struct arrived {
        item_range items;
        journal::ran how;
        buffer content;
    };
    std::optional<arrived> came_; // and is not in place yet
    bool lost_ = false;
    bool gave_up_ = false;
    bool ended_ = false;
};

} // namespace

std::unique_ptr<call_keeper> keep_call(const options& o, root_job& job, int rank) {
    if (o.journal.empty())
        return nullptr;
    return std::make_unique<kept_call>(o, job, rank);
}

} // namespace mpimap::detail
