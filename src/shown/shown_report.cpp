#include "shown/shown_report.hpp"

#include <cstdio>
#include <cstdlib>
#include <new>
#include <sstream>
#include <string_view>
#include <utility>

#include "clock.hpp"

namespace mpimap::detail {

bool prints_reports() noexcept {
    const char* const variable = std::getenv("MPIMAP_REPORT");
    return variable != nullptr && *variable != '\0' && std::string_view(variable) != "0";
}

shown_report::shown_report(std::uint64_t ordinal, std::size_t ranks, report* to, bool prints)
    : ordinal_(ordinal), call_(ranks, seconds_now()), to_(to), prints_(prints) {}

void shown_report::settled(const settled_items& what) noexcept {
    try {
        call_.settled(what, seconds_now());
    } catch (const std::bad_alloc&) {
        // One of the slowest is missing then.
    }
}

void shown_report::ran(std::size_t rank, std::size_t items, double seconds) noexcept {
    call_.ran(rank, items, seconds);
}

void shown_report::over(root_job* job) noexcept {
    try {
        report r = call_.so_far();
        if (job != nullptr) {
            for (report::item& i : r.slowest)
                i.arguments = job->text_of_arguments(i.index);
        }
        if (prints_) {
            std::ostringstream text;
            text << "mpimap: call " << ordinal_ << ": " << r;
            std::fputs(text.str().c_str(), stderr);
            std::fflush(stderr);
        }
        if (to_ != nullptr)
            *to_ = std::move(r);
    } catch (const std::bad_alloc&) {
        std::fputs("mpimap: no memory for the report of a call\n", stderr);
    }
}

} // namespace mpimap::detail
