#include <mpimap/detail/submissions.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <mpimap/detail/call_ordinal.hpp>
#include <mpimap/errors.hpp>

#include "call/only_items.hpp"

namespace mpimap::detail {

std::uint64_t submitted_functions::next_number() {
    if (made_ == 0) {
        const std::uint64_t ordinal = next_call_ordinal();
        if (only_items_of(ordinal)) {
            throw invalid_argument(
                "mpimap: MPIMAP_ONLY: call " + std::to_string(ordinal) +
                " of the program is what is given to submit, one by one: only items of maps "
                "are run by themselves");
        }
        key_ = random_key_of(seed_, stream_, ordinal);
    }
    return made_++;
}

std::shared_ptr<submissions> submitted_functions::find(const kernel_descriptor* d, const writer& identity) {
    if (!last_ || !last_->are_of(d, identity)) {
        const auto at = all_.find(content_of(identity, d));
        if (at == all_.end())
            return nullptr;
        last_ = at->second;
    }
    return last_->dead() ? nullptr : last_;
}

void submitted_functions::add(std::shared_ptr<submissions> fresh) {
    if (all_.size() >= sweep_at_) {
        std::erase_if(all_, [](const auto& known) { return known.second->idle(); });
        sweep_at_ = std::max<std::size_t>(16, 2 * all_.size());
    }
    last_ = std::move(fresh);
    all_.insert_or_assign(last_->key(), last_);
}

} // namespace mpimap::detail
