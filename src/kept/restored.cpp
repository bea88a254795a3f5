#include "kept/restored.hpp"

#include <functional>
#include <utility>

#include "call/verdict.hpp"

namespace mpimap::detail {

bool give_results(root_job& job, const journal::encoded& results, item_range items,
                  const std::vector<std::size_t>& without) {
    reader in = results.read();
    failures failed;
    std::function<void()> complete;
    job.skip_results(without);
    if (job.read_results(items, in, failed, complete) != items.count ||
        in.targets().size() != results.spans.size())
        return false;
    results.copy_spans(in.targets());
    if (complete)
        complete();
    return true;
}

bool give_record(root_job& job, const journal::kept_items::entry& record) {
    try {
        journal::word_cursor in(record.content);
        const journal::ran how = journal::read_ran(in);
        if (!give_results(job, journal::read_encoded(in), record.items, how.without))
            return false;
        std::size_t next = record.items.first;
        const auto done_up_to = [&](std::size_t end) {
            if (next < end)
                (void)job.fates().done.add(next, end);
        };
        for (const std::size_t item : how.without) {
            done_up_to(item);
            next = item + 1;
        }
        done_up_to(record.items.end());
        return true;
    } catch (const serialization_error&) {
        return false;
    }
}

std::optional<failure> failure_of(const journal::kept_items::entry& record) {
    try {
        journal::word_cursor in(record.content);
        (void)in.number<double>(); // when
        const journal::encoded text = journal::read_encoded(in);
        reader from = text.read();
        failures all = read_failures(from);
        if (all.size() == 1 && all[0].index == record.items.first)
            return std::move(all[0]);
    } catch (const serialization_error&) {
        // As if there were none: the item runs.
    }
    return std::nullopt;
}

} // namespace mpimap::detail
