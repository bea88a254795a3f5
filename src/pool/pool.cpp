#include <mpimap/pool.hpp>

#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "errors/uncaught.hpp"

namespace mpimap {

namespace {

std::shared_ptr<detail::pool_core> open_core(MPI_Comm comm, pool_options& o) {
    try {
        return std::make_shared<detail::pool_core>(
            comm,
            detail::pool_settings{o.root, o.cache_bytes, o.window, o.root_computes, std::move(o.set_up)});
    } catch (const std::bad_alloc&) {
        detail::end_job_of_others(comm);
        throw;
    }
}

} // namespace

pool::pool(MPI_Comm comm, pool_options o)
    : core_(open_core(comm, o)), window_(o.window), exceptions_(std::uncaught_exceptions()),
      submitted_(o.seed, std::move(o.stream)) {}

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

} // namespace mpimap
