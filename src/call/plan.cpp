#include "call/plan.hpp"

#include <utility>

namespace mpimap::detail {

call_plan plan_call(root_job& job, const options& o, std::size_t ranks, const call_mode& mode) {
    work_queue queue(o, job.items(), ranks, job.bytes_per_item(), job.granularity());
    call_plan p{mode, std::move(queue), {}, {}};
    p.mode.grows = job.growing() != nullptr;
    p.items = job.items();
    p.granularity = job.granularity();
    p.attempts = o.attempts;
    p.seed = o.seed;
    p.plain_arguments = job.plain_arguments();
    p.stop_at_failure = !mode.tolerant && !p.mode.grows && o.on_error == on_error::stop;
    p.results_everywhere = o.results == results::everywhere;
    p.retry_if = o.retry_if;
    p.stop = o.stop;
    return p;
}

} // namespace mpimap::detail
