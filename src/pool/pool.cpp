#include <mpimap/pool.hpp>

#include <exception>
#include <utility>

namespace mpimap {

pool::pool(MPI_Comm comm, pool_options o)
    : core_(std::make_shared<detail::pool_core>(
          comm,
          detail::pool_settings{o.root, o.cache_bytes, o.window, o.root_computes, std::move(o.set_up)})),
      window_(o.window), exceptions_(std::uncaught_exceptions()) {}

pool::~pool() {
    if (!core_->is_root())
        return;
    if (std::uncaught_exceptions() > exceptions_) {
        core_->abandon();
        return;
    }
    try {
        core_->close();
    } catch (...) {
        core_->abandon();
    }
}

void pool::close() {
    if (!core_->is_root())
        return;
    core_->close();
    if (ranks_)
        detail::let_go(*ranks_);
}

namespace detail {

void check_pool_options(const options& o) {
    if (o.root != 0) {
        throw invalid_argument("mpimap: options::root is for collective calls: a pool has its root from its "
                               "construction");
    }
    if (o.results == results::everywhere) {
        throw invalid_argument(
            "mpimap: results::everywhere is for collective calls: in a pool the root alone asks");
    }
}

void check_stream_options(const options& o) {
    check_pool_options(o);
    if (!o.costs.empty()) {
        throw invalid_argument("mpimap: options::costs needs all items at once: use map or amap");
    }
    if (o.schedule != schedule::automatic && o.schedule != schedule::dynamic) {
        throw invalid_argument(
            "mpimap: this schedule divides items that are all known beforehand: imap and uimap "
            "take automatic, or dynamic");
    }
    check_options(o, 0);
}

} // namespace detail
} // namespace mpimap
