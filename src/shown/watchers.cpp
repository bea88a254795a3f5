#include "shown/watchers.hpp"

#include <cstdlib>

#include <mpimap/detail/running_items.hpp>

#include "mpi/communicator.hpp"
#include "shown/shown_progress.hpp"
#include "shown/shown_report.hpp"
#include "shown/told_silence.hpp"
#include "shown/traced_call.hpp"

namespace mpimap::detail {
namespace {

/// Both are there from the beginning of the program, or not at all: a submission would feel that they are
/// looked up.
bool is_watched_from_outside() {
    static const bool is =
        std::getenv("MPIMAP_WATCHDOG") != nullptr || std::getenv("MPIMAP_TRACE") != nullptr;
    return is;
}

} // namespace

call_watchers watchers_of(const options& o, root_job& job, const communicator_state& where, bool pooled) {
    const auto root = static_cast<std::size_t>(where.rank);
    const auto ranks = static_cast<std::size_t>(where.size);
    call_watchers all;
    const bool counts = job.ordinal() != 0;
    const progress_style style = counts ? style_of_progress_here(o.progress) : progress_style::none;
    if (style != progress_style::none)
        all.push_back(std::make_unique<shown_progress>(style, job, o.costs, ranks));
    const bool prints = counts && prints_reports();
    if (prints || o.report != nullptr)
        all.push_back(std::make_unique<shown_report>(job.ordinal(), ranks, o.report, prints));
    if (!is_watched_from_outside() || running_items::any_here())
        return all;
    const watchdog_settings watchdog = watchdog_here();
    if (watchdog.seconds > 0)
        all.push_back(std::make_unique<told_silence>(watchdog, job, root, ranks));
    if (trace_file* const file = trace_file_here())
        all.push_back(std::make_unique<traced_call>(*file, job.ordinal(), where, pooled));
    return all;
}

} // namespace mpimap::detail
