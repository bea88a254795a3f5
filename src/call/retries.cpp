#include "call/retries.hpp"

#include <utility>

namespace mpimap::detail {

void retries::try_again(failure f) {
    trial& t = known_[static_cast<std::size_t>(f.index)];
    t.ranks.push_back(static_cast<std::size_t>(f.rank));
    t.last = std::move(f);
}

retries::last_failure retries::give_up(std::size_t item) {
    trial& t = known_.at(item);
    return {t.last, t.ranks.size()};
}

std::vector<retries::last_failure> retries::give_up() {
    std::vector<last_failure> all;
    for (auto& [item, t] : known_)
        all.push_back({std::move(t.last), t.ranks.size()});
    known_.clear();
    return all;
}

} // namespace mpimap::detail
