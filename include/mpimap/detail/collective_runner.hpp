#pragma once

// How all ranks of a communicator run a call.

#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>

#include <mpi.h>

#include <mpimap/codec.hpp>
#include <mpimap/detail/call_facts.hpp>
#include <mpimap/detail/call_ordinal.hpp>
#include <mpimap/detail/collective_call.hpp>
#include <mpimap/detail/job.hpp>
#include <mpimap/options.hpp>

namespace mpimap::detail {

/// Every rank of the communicator calls the operation.
struct collective_runner {
    MPI_Comm comm;
    const options& o;

    /// `f` is what the operation ships.
    template <typename Operation, typename... Args>
    typename Operation::result run(Operation& operation, const typename Operation::function& f,
                                   Args&... args) const {
        using result = typename Operation::result;
        collective_call call(comm, o.root, Operation::signature());
        const std::uint64_t ordinal = next_call_ordinal(); // on all ranks: each may be the next call's root
        const place where{call.rank(), call.size()};
        std::optional<typename Operation::root_type> root;
        if (call.is_root()) {
            const auto prepare = [&]() -> root_job& {
                root.emplace(where, o, f, args...);
                root->set_facts(facts_of_call(o, ordinal, where.rank));
                operation.prepare(*root, o);
                return *root;
            };
            call.run(o, Operation::tolerant, std::cref(prepare)); // needs no memory of its own
        } else {
            typename Operation::served served(where);
            call.serve(served);
        }
        if constexpr (!std::is_void_v<result>) {
            if (!call.results_everywhere())
                return operation.take();
            std::optional<result> value;
            const auto take = [&]() -> result& { return value.emplace(operation.take()); };
            call.share([&take](writer& out) { write_value(out, take()); },
                       [&take](reader& in) { read_value(in, take()); });
            return std::move(*value);
        }
    }
};

} // namespace mpimap::detail
