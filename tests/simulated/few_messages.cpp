// How many messages a call takes whose items are short, on a clock that hangs on no machine.

#include <mpimap/serialization.hpp>

#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/detail/results.hpp>
#include <mpimap/detail/root_call.hpp>
#include <mpimap/detail/served_call.hpp>

#include "call/plan.hpp"
#include "counting.hpp"
#include "driver/dispatcher.hpp"
#include "driver/session.hpp"
#include "driver/worker.hpp"
#include "world.hpp"

namespace simulated {
namespace {

using namespace mpimap::detail;

/// What only code of the user's can encode: that takes time, and the main thread.
struct computed {
    int value = 0;
    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        if constexpr (Archive::is_saving::value)
            world::now().compute(0.05e-6);
        archive& value;
    }
};
struct short_item {
    int operator()(const computed& x) const {
        world::now().compute(0.1e-6);
        return x.value + 1;
    }
};

using arguments = std::vector<computed>;
using root_type = root_call<short_item, slots_for<int>, arguments>;
using served_type = served_call<short_item, kept_results<int>, arguments>;

/// Chunks that the root sends in a call of n items.
long chunks_of(int ranks, int n) {
    world w(1, ranks);
    const short_item f;
    arguments xs(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i)
        xs[static_cast<std::size_t>(i)].value = i;
    const mpimap::options how;
    root_type job(place{0, ranks}, how, f, xs);
    job.make_slots(job.items());
    writer setup;
    job.write_setup(setup);
    const auto read_setup = [&setup](const auto& read) {
        reader in(setup.body().data(), setup.body().size());
        read(in);
    };
    constexpr call_number call{1};
    counting messages(*w.at(0).messages);
    w.start(0, [&] {
        endpoint here = w.at(0);
        here.messages = &messages;
        session all(here);
        dispatcher d(all, job, plan_call(job, how, static_cast<std::size_t>(ranks), {}), call);
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
            worker other(w.at(rank), 0);
            other.enter(call, k, true);
            read_setup([&k](reader& in) { k.read_setup(in); });
            other.ready(call, nullptr, true);
            other.run();
        });
    }
    w.run();
    EXPECT_EQ(job.slots().take(static_cast<std::size_t>(n) - 1), n);
    return messages.chunks;
}

/// Nothing is known of the first items: what was encoded one by one, when they turn out to be short, is not
/// sent one by one, which would be a thousand chunks more.
TEST(few_messages, short_items_that_only_the_main_thread_encodes) {
    for (const int ranks : {2, 3, 8}) {
        const long chunks = chunks_of(ranks, 100'000);
        EXPECT_GE(chunks, ranks - 1);
        EXPECT_LE(chunks, 100 + 50 * (ranks - 1));
    }
}

} // namespace
} // namespace simulated
