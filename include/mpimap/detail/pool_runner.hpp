#pragma once

// How a pool runs a call to its end.

#include <memory>
#include <optional>

#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/call_ordinal.hpp>
#include <mpimap/detail/check_options.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/detail/kernel_descriptor.hpp>
#include <mpimap/detail/pool_core.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// In a catch block: what the arguments or the function threw before any item ran, in the words of a call
/// that failed.
[[noreturn]] void throw_call_failed(const pool_core& pool);

template <typename Begin>
auto begin_call(const pool_core& pool, const Begin& begin) {
    try {
        return begin();
    } catch (...) {
        throw_call_failed(pool);
    }
}

/// The root calls the operation and waits for its end.
struct pool_runner {
    pool_core& pool;
    const options& o;

    template <typename Operation, typename... Args>
    typename Operation::result run(Operation& operation, const typename Operation::function& f,
                                   Args&... args) const {
        const in_pool here(pool);
        pool.check_usable();
        check_pool_options(o);
        std::optional<typename Operation::root_type> root;
        std::unique_ptr<pool_call> call;
        begin_call(pool, [&] {
            root.emplace(place{pool.rank(), pool.size()}, o, f, args...);
            root->set_facts(facts_of_call(o, next_call_ordinal(), pool.rank()));
            operation.prepare(*root, o);
            call_settings how;
            how.descriptor = &descriptor_of<typename Operation::served>;
            how.tolerant = Operation::tolerant;
            call = pool.start(*root, o, how);
        });
        call->wait();
        call->finish();
        return operation.take();
    }
};

} // namespace mpimap::detail
