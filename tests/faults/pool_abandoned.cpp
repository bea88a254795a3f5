// What is in flight when a pool ends early: when an exception leaves its scope on the root, when it is
// closed, when futures and lazy maps are let go. No rank waits for ever, and the communicator is as good as
// new.

#include <array>
#include <atomic>
#include <functional>
#include <optional>

#include "deadline.hpp"
#include "pool_test.hpp"
#include "shared_counter.hpp"

namespace faults {
namespace {

using namespace mpimap_test;
using mpimap::pool;

enum class weight { many, slow, large_arguments, large_results, large_constant };
constexpr weight weights[] = {weight::many, weight::slow, weight::large_arguments, weight::large_results,
                              weight::large_constant};
const char* name(weight w) {
    static constexpr const char* names[] = {"many items", "slow items", "large arguments", "large results",
                                            "a large constant"};
    return names[static_cast<std::size_t>(w)];
}

enum class in_flight { amap, amap_of_lvalues, amap_static, imap, uimap, submit, several };
constexpr in_flight all_in_flight[] = {in_flight::amap,   in_flight::amap_of_lvalues, in_flight::amap_static,
                                       in_flight::imap,   in_flight::uimap,           in_flight::submit,
                                       in_flight::several};
const char* name(in_flight k) {
    static constexpr const char* names[] = {"amap",  "amap of lvalues", "static amap",  "imap",
                                            "uimap", "submit",          "several calls"};
    return names[static_cast<std::size_t>(k)];
}

using block = std::vector<double>;

constexpr std::size_t large = 200'000; // values: beyond all eager limits, and many pieces of 64 KiB

struct work {
    weight how;
    block operator()(const block& x, const block& constant) const {
        if (how == weight::slow)
            rest(15);
        return block(how == weight::large_results ? large : 1,
                     static_cast<double>(x.size()) + static_cast<double>(constant.size()));
    }
};

std::size_t items(weight w) {
    const auto ranks = static_cast<std::size_t>(size());
    return w == weight::many ? 2000 : w == weight::slow ? 3 * ranks : 4 * ranks;
}
std::vector<block> arguments(weight w) {
    return std::vector<block>(items(w), block(w == weight::large_arguments ? large : 3, 0.5));
}
block constant(weight w) {
    return block(w == weight::large_constant ? large : 2, 0.25);
}

/// What each item gives.
block result_of(weight w) {
    const std::size_t sizes = (w == weight::large_arguments ? large : 3) + constant(w).size();
    return block(w == weight::large_results ? large : 1, static_cast<double>(sizes));
}

/// Takes a few results, as far as there are any.
template <typename View>
void take(View& view, int n) {
    auto at = view.begin();
    for (; n > 0 && at != view.end(); --n)
        ++at;
}

enum class afterwards { let_go, look };

void expect_results(mpimap::future<std::vector<block>>& f, weight w) {
    EXPECT_TRUE(f.ready());
    const std::vector<block> all = f.get();
    ASSERT_EQ(all.size(), items(w));
    for (const block& b : all)
        ASSERT_EQ(b, result_of(w));
}
/// Of a pool that is closed: what is there, then the news that there will be no more.
template <typename View, typename ValueOf>
void expect_rest(View& view, weight w, const ValueOf& value_of) {
    std::size_t n = 0;
    try {
        for (auto at = view.begin(); at != view.end(); ++at, ++n)
            ASSERT_EQ(value_of(*at), result_of(w));
    } catch (const mpimap::error& e) {
        EXPECT_FALSE(std::string(e.what()).empty());
    }
    // The first one has been taken; all that had been read has run. How much that is depends on how long a
    // read takes.
    EXPECT_LT(n, items(w));
}

/// Starts calls of that kind, calls `next` while they are in flight, and looks at their results or lets them
/// go.
void start(pool& p, in_flight k, weight w, int taken, const std::function<void()>& next,
           afterwards then = afterwards::let_go) {
    const work f{w};
    const bool looks = then == afterwards::look;
    switch (k) {
    case in_flight::amap: {
        auto later = p.amap(f, arguments(w), mpimap::broadcast(constant(w)));
        next();
        if (looks)
            expect_results(later, w);
        break;
    }
    case in_flight::amap_of_lvalues: {
        // Gone before the pool is.
        const std::vector<block> xs = arguments(w);
        const block c = constant(w);
        auto later = p.amap(f, xs, mpimap::broadcast(c));
        next();
        if (looks)
            expect_results(later, w);
        break;
    }
    case in_flight::amap_static: {
        auto later =
            p.amap({.schedule = mpimap::schedule::static_}, f, arguments(w), mpimap::broadcast(constant(w)));
        next();
        if (looks)
            expect_results(later, w);
        break;
    }
    case in_flight::imap: {
        const std::vector<block> xs = arguments(w);
        auto view = p.imap(f, xs, mpimap::broadcast(constant(w)));
        take(view, taken);
        next();
        if (looks)
            expect_rest(view, w, [](const block& b) { return b; });
        break;
    }
    case in_flight::uimap: {
        auto view = p.uimap(f, arguments(w), mpimap::broadcast(constant(w)));
        take(view, taken);
        next();
        if (looks)
            expect_rest(view, w, [](const mpimap::indexed<block>& r) { return r.value; });
        break;
    }
    case in_flight::submit: {
        std::vector<mpimap::future<block>> all;
        for (const block& x : arguments(w))
            all.push_back(p.submit(f, x, constant(w)));
        next();
        if (looks) {
            for (auto& one : all) {
                EXPECT_TRUE(one.ready());
                EXPECT_EQ(one.get(), result_of(w));
            }
        }
        break;
    }
    case in_flight::several:
        start(
            p, in_flight::imap, w, taken,
            [&] {
                start(
                    p, in_flight::amap, w, taken,
                    [&] {
                        start(
                            p, in_flight::submit, w, taken,
                            [&] {
                                const auto table = p.share(constant(w));
                                const auto xs = arguments(w);
                                auto later = p.amap(f, xs, table);
                                next();
                                if (looks)
                                    expect_results(later, w);
                            },
                            then);
                    },
                    then);
            },
            then);
        break;
    }
}

struct left_by_exception : std::runtime_error {
    left_by_exception() : std::runtime_error("the program of the root") {}
};

/// Collective calls, a small one and one whose data take the long way.
void expect_communicator_works(int root) {
    expect_next_call_works(root);
    const std::vector<block> xs(rank() == root ? 2 * static_cast<std::size_t>(size()) : 0, block(large, 1.0));
    const auto got = mpimap::mpi_map(
        comm(), {.root = root, .schedule = mpimap::schedule::static_},
        [](const block& b) { return block(b.size(), 2 * b.back()); }, xs);
    EXPECT_EQ(got, std::vector<block>(xs.size(), block(large, 2.0)));
}

template <typename Check>
void for_each_case(const Check& check) {
    int number = 0;
    for (const in_flight k : all_in_flight) {
        for (const weight w : weights) {
            const int root = number++ % size();
            const std::string text = std::string(name(k)) + ", " + name(w) + ", root " + std::to_string(root);
            SCOPED_TRACE(text);
            const deadline limit(text);
            check(k, w, root);
        }
    }
}

TEST(pool_abandoned, an_exception_while_calls_are_in_flight_lets_all_ranks_go) {
    for (const int taken : {0, 3}) {
        for_each_case([taken](in_flight k, weight w, int root) {
            bool caught = false;
            try {
                pool p(comm(), {.root = root});
                if (p)
                    start(p, k, w, taken, [&] {
                        if (taken != 0)
                            rest(2); // messages are under way
                        throw left_by_exception();
                    });
            } catch (const left_by_exception&) {
                caught = true;
            }
            EXPECT_EQ(caught, rank() == root);
            if (w == weight::many) {
                expect_next_call_works(root);
            } else {
                expect_communicator_works(root);
            }
        });
    }
}

TEST(pool_abandoned, the_next_pool_works_after_an_exception) {
    for_each_case([](in_flight k, weight w, int root) {
        try {
            pool p(comm(), {.root = root});
            if (p)
                start(p, k, w, 1, [] { throw left_by_exception(); });
        } catch (const left_by_exception&) {
        }
        with_pool({.root = root}, [&](pool& p) {
            const auto got = p.map(work{weight::many}, arguments(w), mpimap::broadcast(constant(w)));
            EXPECT_EQ(got.size(), items(w));
            expect_usable(p);
        });
    });
}

TEST(pool_abandoned, calls_that_nobody_waits_for_do_not_disturb_the_pool) {
    for_each_case([](in_flight k, weight w, int root) {
        with_pool({.root = root}, [&](pool& p) {
            start(p, k, w, 2, [&] { expect_usable(p); });
            expect_usable(p);
            start(p, k, w, 0, [] {});
            start(p, k, w, 0, [] {});
            expect_usable(p);
        });
        expect_next_call_works(root);
    });
}

TEST(pool_abandoned, closing_waits_for_what_is_in_flight) {
    for_each_case([](in_flight k, weight w, int root) {
        pool p(comm(), {.root = root});
        if (p)
            start(
                p, k, w, 0, [&] { p.close(); }, afterwards::look);
        expect_next_call_works(root);
    });
}

TEST(pool_abandoned, futures_outlive_a_pool_that_an_exception_ended) {
    for_each_root([](int root) {
        for (const weight w : weights) {
            const std::string text = std::string(name(w)) + ", root " + std::to_string(root);
            SCOPED_TRACE(text);
            const deadline limit(text);
            mpimap::future<std::vector<block>> whole;
            mpimap::future<block> one;
            try {
                pool p(comm(), {.root = root});
                if (p) {
                    whole = p.amap(work{w}, arguments(w), mpimap::broadcast(constant(w)));
                    one = p.submit(work{w}, block(3), block(2));
                    throw left_by_exception();
                }
            } catch (const left_by_exception&) {
            }
            EXPECT_EQ(whole.valid(), rank() == root);
            if (rank() == root) {
                // A value that was there already, or the news that there will be none.
                const auto ends = [](auto& f) {
                    try {
                        (void)f.get();
                    } catch (const mpimap::error& e) {
                        EXPECT_FALSE(std::string(e.what()).empty());
                    }
                    EXPECT_FALSE(f.valid());
                };
                ends(whole);
                ends(one);
            }
            expect_communicator_works(root);
        }
    });
}

TEST(pool_abandoned, an_exception_of_the_source_or_of_the_reader_ends_the_loop_alone) {
    for_each_root([](int root) {
        const deadline limit("a loop over a lazy map, root " + std::to_string(root));
        with_pool({.root = root}, [](pool& p) {
            int seen = 0;
            try {
                for (const block& b : p.imap(work{weight::large_results}, arguments(weight::large_results),
                                             mpimap::broadcast(block(1)))) {
                    seen += b.size() == large ? 1 : 0;
                    if (seen == 2)
                        throw left_by_exception();
                }
            } catch (const left_by_exception&) {
            }
            EXPECT_EQ(seen, 2);
            expect_usable(p);
        });
        expect_next_call_works(root);
    });
}

TEST(pool_abandoned, an_exception_under_way_does_not_wait_for_a_long_item) {
    if (size() == 1) {
        GTEST_SKIP() << "nobody else is in an item";
    }
    for_each_root([](int root) {
        const deadline limit("long items, root " + std::to_string(root));
        const shared_counter counter;
        constexpr int root_is_out = 1'000'000;
        runs = 0;
        try {
            pool p(comm(), {.root = root, .root_computes = false});
            if (p) {
                const auto later = p.amap(
                    {.schedule = mpimap::schedule::dynamic, .chunk = 1},
                    [](std::size_t) {
                        ++runs;
                        ++shared_counter::value();
                        return shared_counter::wait_for(root_is_out);
                    },
                    mpimap::indices(50 * static_cast<std::size_t>(size())));
                while (shared_counter::value() == 0)
                    (void)later.ready();
                throw left_by_exception();
            }
        } catch (const left_by_exception&) {
            shared_counter::value() += root_is_out;
        }
        // Those that have not begun are dropped.
        EXPECT_LE(runs, 1);
        expect_next_call_works(root);
    });
}

} // namespace
} // namespace faults
