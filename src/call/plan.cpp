#include "call/plan.hpp"

#include <utility>

#include "schedule/some_items.hpp"

namespace mpimap::detail {

namespace {

work_queue queue_of(root_job& job, const options& o, std::size_t ranks, const call_keeper* kept) {
    if (kept == nullptr || job.growing() != nullptr)
        return {o, job.items(), ranks, job.bytes_per_item(), job.granularity()};
    return {
        some_items::of(o, kept->missing(), kept->suspects(), ranks, job.bytes_per_item(), job.granularity()),
        ranks};
}

} // namespace

call_plan plan_call(root_job& job, const options& o, std::size_t ranks, const call_mode& mode,
                    const call_keeper* kept) {
    work_queue queue = queue_of(job, o, ranks, kept);
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
