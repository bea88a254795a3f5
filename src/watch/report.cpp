#include <mpimap/report.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "errors/text.hpp"

namespace mpimap {
namespace {

using row = std::vector<std::string>;

/// Columns as wide as they must be, to the right but for the last.
std::string table(const std::vector<row>& rows) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const row& r : rows) {
        for (std::size_t k = 0; k < r.size(); ++k)
            widths[k] = std::max(widths[k], r[k].size());
    }
    std::string text;
    for (const row& r : rows) {
        for (std::size_t k = 0; k < r.size(); ++k) {
            const bool last = k + 1 == r.size();
            text += "  " + (last ? std::string() : std::string(widths[k] - r[k].size(), ' ')) + r[k];
        }
        text.erase(text.find_last_not_of(' ') + 1);
        text += "\n";
    }
    return text;
}

std::string percent(double part) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f %%", 100 * part);
    return text.data();
}
std::string bytes_text(std::uint64_t n) {
    static constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(n);
    std::size_t i = 0;
    while (i + 1 < units.size() && value >= 1024) {
        value /= 1024;
        ++i;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g %s", value, units[i]);
    return text.data();
}

} // namespace

double report::busy() const noexcept {
    double all = 0;
    for (const rank& r : ranks)
        all += r.busy;
    return all;
}

double report::efficiency() const noexcept {
    return seconds > 0 && !ranks.empty() ? busy() / (seconds * static_cast<double>(ranks.size())) : 0;
}

std::ostream& operator<<(std::ostream& os, const report& r) {
    using detail::duration_text;
    const auto part = [&r](double busy) { return percent(r.seconds > 0 ? busy / r.seconds : 0); };
    os << r.items << (r.items == 1 ? " item" : " items") << " in " << duration_text(r.seconds) << ", "
       << r.attempts << (r.attempts == 1 ? " run" : " runs") << ", " << r.failures << " failed, efficiency "
       << percent(r.efficiency()) << ", " << bytes_text(r.bytes_sent) << " sent, "
       << bytes_text(r.bytes_received) << " received\n";
    std::vector<row> ranks{{"rank", "items", "busy", ""}};
    for (std::size_t k = 0; k < r.ranks.size(); ++k) {
        ranks.push_back({std::to_string(k), std::to_string(r.ranks[k].items), duration_text(r.ranks[k].busy),
                         part(r.ranks[k].busy)});
    }
    os << table(ranks);
    if (r.slowest.empty())
        return os;
    std::vector<row> slowest{{"slowest", "time", "rank", "arguments"}};
    for (const report::item& i : r.slowest) {
        slowest.push_back({std::to_string(i.index), duration_text(i.seconds), std::to_string(i.rank),
                           detail::cut_text(i.arguments, detail::longest_type)});
    }
    return os << table(slowest);
}

} // namespace mpimap
