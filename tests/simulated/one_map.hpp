#pragma once

// One map, as the ranks of a collective call run it, on the simulated network.

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/served_call.hpp>

#include "call/plan.hpp"
#include "call/watcher.hpp"
#include "counting.hpp"
#include "driver/dispatcher.hpp"
#include "driver/session.hpp"
#include "driver/worker.hpp"
#include "world.hpp"

namespace simulated {

template <typename Result>
struct mapped_once {
    std::vector<Result> results;
    long chunks = 0;          // that the root has sent
    long looks_of_others = 0; // for messages
};

template <typename F, typename Argument>
auto map_once(int ranks, const mpimap::options& how, const F& f, std::vector<Argument> xs,
              mpimap::detail::call_watchers watchers = {}) {
    using namespace mpimap::detail;
    using arguments = std::vector<Argument>;
    using result = std::invoke_result_t<const F&, const Argument&>;
    using root_type = root_call<F, slots_for<result>, arguments>;
    using served_type = served_call<F, kept_results<result>, arguments>;

    world w(1, ranks);
    root_type job(place{0, ranks}, how, f, xs);
    job.make_slots(job.items());
    writer setup;
    job.write_setup(setup);
    const auto read_setup = [&setup](const auto& read) {
        reader in(setup.body().data(), setup.body().size());
        read(in);
    };
    constexpr call_number call{1};
    std::vector<std::unique_ptr<counting>> messages;
    for (int rank = 0; rank < ranks; ++rank)
        messages.push_back(std::make_unique<counting>(*w.at(rank).messages));
    const auto at = [&](int rank) {
        endpoint here = w.at(rank);
        here.messages = messages[static_cast<std::size_t>(rank)].get();
        return here;
    };
    w.start(0, [&] {
        session all(at(0));
        dispatcher d(all, job, plan_call(job, how, static_cast<std::size_t>(ranks), {}), call, {},
                     std::move(watchers));
        read_setup([&job](reader& in) {
            writer bounds;
            job.write_bounds(bounds);
            in.view(bounds.body().size());
            for (std::size_t i = 0; i < job.parts_of_function(); ++i)
                job.read_function(i, in);
        });
        all.run_until([&d] { return d.state().finished(); });
        EXPECT_TRUE(d.end().failed.empty());
        for (int rank = 1; rank < ranks; ++rank)
            all.messages().send(rank, wire::end{call}, outgoing());
        all.flush();
    });
    for (int rank = 1; rank < ranks; ++rank) {
        w.start(rank, [&, rank] {
            served_type k(place{rank, ranks});
            worker other(at(rank), 0);
            other.enter(call, k, true);
            read_setup([&k](reader& in) { k.read_setup(in); });
            other.ready(call, nullptr, true);
            other.run();
        });
    }
    w.run();
    mapped_once<result> all{job.slots().take_all(), messages[0]->chunks};
    for (std::size_t i = 1; i < messages.size(); ++i)
        all.looks_of_others += messages[i]->looks;
    return all;
}

} // namespace simulated
