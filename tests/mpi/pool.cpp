// A pool from its construction to its end, and its whole maps: the serial results, in order, as the
// collective calls give them.

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include <array>
#include <cmath>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>

#include "mpi_test.hpp"
#include "pool_test.hpp"

using namespace mpimap_test;
using mpimap::pool;
using mpimap::schedule;

namespace {

double power(int base, int exponent) {
    return std::pow(base, exponent);
}
int twice(int x) {
    return 2 * x;
}
int divide(int x, int y) {
    if (y == 0)
        throw std::domain_error("division by zero");
    return x / y;
}

/// Where the items of the root find its pool.
pool* here = nullptr;
struct known_here {
    explicit known_here(pool& p) { here = &p; }
    ~known_here() { here = nullptr; }
    known_here(const known_here&) = delete;
    known_here& operator=(const known_here&) = delete;
};

// ---------------------------------------------------------------- life cycle

TEST(pool_life, the_root_has_a_pool_and_the_others_have_served) {
    for_each_root([](int root) {
        int programs = 0;
        {
            pool p(comm(), {.root = root});
            EXPECT_EQ(static_cast<bool>(p), rank() == root);
            EXPECT_EQ(p.rank(), rank());
            EXPECT_EQ(p.size(), size());
            if (p) {
                ++programs;
                expect_usable(p);
            }
        }
        EXPECT_EQ(sum_over_ranks(programs), 1);
        expect_next_call_works(root);
    });
}

TEST(pool_life, takes_the_communicator_of_boost_or_of_mpi) {
    const boost::mpi::communicator boost_comm = comm();
    const MPI_Comm mpi_comm = comm();
    {
        pool p(boost_comm);
        EXPECT_EQ(static_cast<bool>(p), rank() == 0);
    }
    pool p(mpi_comm, {.root = other_root()});
    EXPECT_EQ(static_cast<bool>(p), rank() == other_root());
}

TEST(pool_life, the_communicator_may_be_freed_before_the_pool) {
    for_each_root([](int root) {
        MPI_Comm copy = MPI_COMM_NULL;
        MPI_Comm_dup(comm(), &copy);
        mpimap::future<std::vector<int>> later;
        {
            pool p(copy, {.root = root});
            if (rank() == root)
                MPI_Comm_free(&copy);
            if (p) {
                later = p.amap([](int x) { return x + 1; }, count_to(40));
                EXPECT_EQ(p.map([](int x) { return -x; }, count_to(40)).back(), -39);
            }
        }
        if (copy != MPI_COMM_NULL)
            MPI_Comm_free(&copy);
        if (rank() == root) {
            EXPECT_EQ(later.get().back(), 40);
        }
        // A temporary, gone at the end of the line.
        pool p(boost::mpi::communicator(comm(), boost::mpi::comm_duplicate), {.root = root});
        if (p) {
            expect_usable(p);
        }
    });
}

TEST(pool_life, a_pool_that_is_not_used_ends) {
    for_each_root([](int root) { const pool p(comm(), {.root = root}); });
    expect_next_call_works();
}

TEST(pool_life, closes_once_and_for_good) {
    for_each_root([](int root) {
        pool p(comm(), {.root = root});
        if (p) {
            expect_usable(p);
        }
        p.close();
        p.close();
        EXPECT_FALSE(p);
        // The communicator is free again while the object is still there.
        expect_next_call_works(root);
        const std::vector<int> xs = count_to(5);
        const auto refused = [](const auto& call) {
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>(call), "the pool is closed");
        };
        refused([&] { (void)p.map(twice, xs); });
        refused([&] { (void)p.map(twice, std::vector<int>{}); });
        refused([&] { (void)p.starmap(divide, std::vector<std::tuple<int, int>>(3)); });
        refused([&] { p.for_each([](int) {}, xs); });
        refused([&] {
            std::vector<int> out(5);
            p.map_into(twice, out, xs);
        });
        refused([&] { (void)p.try_map(twice, xs); });
        refused([&] { (void)p.map_reduce(std::plus<int>(), 0, twice, xs); });
        refused([&] { (void)p.imap(twice, xs); });
        refused([&] { (void)p.uimap(twice, xs); });
        refused([&] { (void)p.amap(twice, xs); });
        refused([&] { (void)p.submit(twice, 1); });
        refused([&] { (void)p.share(1); });
        refused([&] { (void)p.finish([](mpimap::finishing) { return 0; }); });
        p.close();
    });
    expect_next_call_works();
}

struct left_by_exception : std::runtime_error {
    left_by_exception() : std::runtime_error("the program of the root") {}
};

TEST(pool_life, an_exception_on_the_root_lets_the_others_go) {
    for_each_root([](int root) {
        for (const bool used : {false, true}) {
            bool caught = false;
            try {
                pool p(comm(), {.root = root});
                if (p) {
                    if (used)
                        expect_usable(p);
                    throw left_by_exception();
                }
            } catch (const left_by_exception&) {
                caught = true;
            }
            EXPECT_EQ(caught, rank() == root);
            expect_next_call_works(root);
        }
    });
}

TEST(pool_life, an_exception_of_a_call_that_nobody_catches_ends_the_pool) {
    for_each_root([](int root) {
        bool caught = false;
        try {
            pool p(comm(), {.root = root});
            if (p)
                (void)p.map(divide, std::vector<int>(100, 1), std::vector<int>(100, 0));
        } catch (const mpimap::map_error& e) {
            caught = true;
            EXPECT_EQ(e.items(), 100U);
        }
        EXPECT_EQ(caught, rank() == root);
        expect_next_call_works(root);
    });
}

TEST(pool_life, a_pool_may_be_made_and_closed_while_an_exception_is_under_way) {
    // Its end is an ordinary one: the exception is older.
    struct works_at_the_end {
        ~works_at_the_end() {
            with_pool([](pool& p) {
                const auto later = p.amap(twice, count_to(50));
                expect_usable(p);
                EXPECT_TRUE(later.valid());
            });
        }
    };
    try {
        const works_at_the_end w;
        throw left_by_exception();
    } catch (const left_by_exception&) {
    }
    expect_next_call_works();
}

TEST(pool_life, pools_and_collective_calls_alternate) {
    for (int i = 0; i < 20; ++i) {
        const int root = i % size();
        with_pool({.root = root}, [](pool& p) {
            const std::vector<int> xs = count_to(7);
            EXPECT_EQ(p.map(twice, xs), serial(twice, xs));
        });
        if (i % 3 != 0)
            expect_next_call_works(root);
        MPI_Barrier(comm());
    }
}

TEST(pool_life, pools_on_disjoint_communicators_run_at_the_same_time) {
    MPI_Comm half = MPI_COMM_NULL;
    MPI_Comm_split(comm(), rank() % 2, rank(), &half);
    int half_size = 0;
    MPI_Comm_size(half, &half_size);
    for (int round = 0; round < 3; ++round) {
        pool p(half, {.root = half_size - 1});
        if (p) {
            const int offset = 100 * (rank() % 2);
            const std::vector<int> xs = count_to(128);
            const auto add = [offset](int x) { return x + offset; };
            for (int i = 0; i < 16; ++i)
                EXPECT_EQ(p.map({.schedule = i % 2 == 0 ? schedule::automatic : schedule::static_}, add, xs),
                          serial(add, xs));
        }
    }
    MPI_Comm_free(&half);
    expect_next_call_works();
}

TEST(pool_life, on_a_part_of_the_ranks_in_another_order) {
    if (size() == 1) {
        GTEST_SKIP() << "needs a rank to leave out";
    }
    // Without rank 0, the others from behind: no rank has the number that it has in comm().
    const bool belongs = rank() != 0;
    MPI_Comm part = MPI_COMM_NULL;
    MPI_Comm_split(comm(), belongs ? 0 : MPI_UNDEFINED, -rank(), &part);
    if (belongs) {
        int part_rank = 0;
        MPI_Comm_rank(part, &part_rank);
        const int part_size = size() - 1;
        for (int root = 0; root < part_size; ++root) {
            {
                pool p(part, {.root = root});
                EXPECT_EQ(static_cast<bool>(p), part_rank == root);
                EXPECT_EQ(p.rank(), part_rank);
                EXPECT_EQ(p.size(), part_size);
                if (p) {
                    expect_usable(p);
                    const auto who = [](mpimap::task t, int) { return t.rank(); };
                    const auto n = static_cast<std::size_t>(part_size);
                    EXPECT_EQ(p.map({.schedule = schedule::static_, .chunk = 1}, who, count_to(n)),
                              count_to(n));
                    const std::vector<int> zeros(n);
                    const mpimap::map_error e = map_error_of(
                        [&] { p.for_each({.schedule = schedule::static_}, divide, zeros, zeros); });
                    for (const mpimap::task_error& t : e.errors())
                        EXPECT_EQ(t.rank(), static_cast<int>(t.index()));
                    int next = 0;
                    for (const int y : p.imap(twice, count_to(40)))
                        EXPECT_EQ(y, 2 * next++);
                    EXPECT_EQ(p.submit(twice, 4).get(), 8);
                }
            }
            // Its own, not one of comm().
            const std::string text =
                text_of<mpimap::invalid_argument>([&] { const pool p(part, {.root = part_size}); });
            EXPECT_CONTAINS(text, std::to_string(part_size) + " rank");
        }
        MPI_Comm_free(&part);
    } else {
        EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { const pool p(part); }), "MPI_COMM_NULL");
    }
    expect_next_call_works();
}

TEST(pool_life, an_inter_communicator_is_refused_everywhere) {
    if (size() == 1) {
        GTEST_SKIP() << "an inter-communicator needs two groups";
    }
    MPI_Comm between = between_halves();
    for (int i = 0; i < 2; ++i) {
        const std::string text = text_of<mpimap::invalid_argument>([&] { const pool p(between); });
        EXPECT_CONTAINS(text, "inter-communicator");
        EXPECT_TRUE(same_everywhere(text));
    }
    // What helps, as the page on errors says: both sides as one group.
    MPI_Comm merged = MPI_COMM_NULL;
    MPI_Intercomm_merge(between, rank() % 2, &merged);
    {
        pool p(merged, {.root = other_root()});
        if (p) {
            expect_usable(p);
        }
    }
    MPI_Comm_free(&merged);
    MPI_Comm_free(&between);
    expect_next_call_works();
}

TEST(pool_life, the_root_may_have_a_pool_of_its_own_beside_it) {
    pool all(comm());
    if (all) {
        pool alone(MPI_COMM_SELF);
        const std::vector<int> xs = count_to(9);
        EXPECT_EQ(alone.map(twice, xs), serial(twice, xs));
        EXPECT_EQ(all.map(twice, xs), serial(twice, xs));
        // Each keeps its communicator to itself.
        EXPECT_FALSE(
            text_of<mpimap::nested_call>([&] { (void)mpimap::mpi_map(MPI_COMM_SELF, twice, xs); }).empty());
    }
}

TEST(pool_life, alone_it_is_a_serial_run) {
    // Each rank a pool of its own.
    pool p(MPI_COMM_SELF);
    EXPECT_TRUE(static_cast<bool>(p));
    EXPECT_EQ(p.size(), 1);
    const std::vector<int> xs = count_to(50, -20);
    std::vector<std::thread::id> threads(xs.size());
    std::vector<int> order;
    static std::vector<int>* seen = nullptr;
    seen = &order;
    const auto f = [](int x) {
        seen->push_back(x);
        return x * x;
    };
    EXPECT_EQ(p.map(f, xs), serial([](int x) { return x * x; }, xs));
    EXPECT_EQ(order, xs);
    const mpimap::map_error e = map_error_of([&] {
        (void)p.map(divide, std::vector<int>{1, 1, 1, 1}, std::vector<int>{2, 3, 0, 5});
    });
    EXPECT_EQ(e.failed(), 1U);
    EXPECT_EQ(e.errors().at(0).index(), 2U);
    EXPECT_EQ(e.errors().at(0).rank(), 0);
    expect_usable(p);
    auto later = p.submit(divide, 1, 0);
    EXPECT_THROW(later.get(), std::domain_error);
    p.close();
    EXPECT_EQ(mpimap::mpi_map(MPI_COMM_SELF, twice, xs), serial(twice, xs));
}

TEST(pool_life, wrong_roots_are_refused_everywhere) {
    for (const int root : {-1, size(), size() + 7}) {
        const std::string text =
            text_of<mpimap::invalid_argument>([root] { const pool p(comm(), {.root = root}); });
        EXPECT_CONTAINS(text, std::to_string(root));
        EXPECT_TRUE(same_everywhere(text));
    }
    if (size() > 1) {
        const std::string text =
            text_of<mpimap::mismatched_call>([] { const pool p(comm(), {.root = rank() == 0 ? 0 : 1}); });
        EXPECT_TRUE(same_everywhere(text));
        const std::string mixed = text_of<mpimap::mismatched_call>([] {
            if (rank() == 0) {
                const pool p(comm());
            } else {
                (void)mpimap::mpi_map(comm(), twice, count_to(3));
            }
        });
        EXPECT_TRUE(same_everywhere(mixed));
    }
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([] { const pool p(MPI_COMM_NULL); }), "MPI_COMM_NULL");
    expect_next_call_works();
    with_pool(expect_usable);
}

// ---------------------------------------------------------------- nested calls

TEST(pool_nesting, a_call_on_the_communicator_of_the_pool_is_refused) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(20);
        EXPECT_FALSE(text_of<mpimap::nested_call>([&] { (void)mpimap::mpi_map(comm(), twice, xs); }).empty());
        EXPECT_FALSE(text_of<mpimap::nested_call>([&] { const pool second(comm()); }).empty());
        expect_usable(p);
        // Also while something is in flight.
        auto later = p.amap(twice, xs);
        EXPECT_FALSE(text_of<mpimap::nested_call>([&] { mpimap::mpi_for_each(comm(), twice, xs); }).empty());
        EXPECT_EQ(later.get(), serial(twice, xs));
        expect_usable(p);
    });
    expect_next_call_works();
}

TEST(pool_nesting, an_item_that_maps_on_the_communicator_is_refused) {
    with_pool_of_each_root([](pool& p) {
        const auto nests = [](int x) { return mpimap::mpi_map(comm(), twice, std::vector<int>{x}).at(0); };
        for (const schedule s : {schedule::automatic, schedule::static_}) {
            const auto n = static_cast<std::size_t>(4 * p.size());
            const mpimap::map_error e = map_error_of([&] {
                (void)p.map({.schedule = s, .on_error = mpimap::on_error::collect}, nests, count_to(n));
            });
            EXPECT_EQ(e.failed(), n);
            for (const mpimap::task_error& t : e.errors())
                EXPECT_EQ(t.type(), "mpimap::nested_call") << t.what();
            expect_usable(p);
        }
    });
}

TEST(pool_nesting, an_item_that_calls_the_pool_is_refused) {
    with_pool_of_each_root([](pool& p) {
        const known_here k(p);
        // Static: the root has one of the items.
        const mpimap::options o{.schedule = schedule::static_, .on_error = mpimap::on_error::collect};
        const auto n = static_cast<std::size_t>(p.size());
        const auto expect_refused = [&](const auto& f) {
            const mpimap::map_error e = map_error_of([&] { p.for_each(o, f, count_to(n)); });
            EXPECT_EQ(e.failed(), 1U);
            if (e.errors().empty())
                return;
            EXPECT_EQ(e.errors().at(0).type(), "mpimap::nested_call");
            EXPECT_CONTAINS(e.errors().at(0).what(), "an item");
            EXPECT_EQ(e.errors().at(0).rank(), p.rank());
            expect_usable(p);
        };
        expect_refused([](int) {
            if (here != nullptr)
                (void)here->map(twice, count_to(3));
        });
        expect_refused([](int) {
            if (here != nullptr)
                (void)here->submit(twice, 3);
        });
        expect_refused([](int) {
            if (here != nullptr)
                (void)here->imap(twice, count_to(3));
        });
        expect_refused([](int) {
            if (here != nullptr)
                here->close();
        });
        EXPECT_TRUE(static_cast<bool>(p));
    });
    expect_next_call_works();
}

TEST(pool_nesting, an_item_may_have_a_pool_of_its_own) {
    with_pool_of_each_root([](pool& p) {
        const auto inner = [](int x) {
            pool own(MPI_COMM_SELF);
            int sum = 0;
            for (const int y : own.map(twice, count_to(static_cast<std::size_t>(x))))
                sum += y;
            return sum;
        };
        const std::vector<int> xs = count_to(12);
        for (const schedule s : {schedule::automatic, schedule::static_})
            EXPECT_EQ(p.map({.schedule = s}, inner, xs), serial([](int x) { return x * (x - 1); }, xs));
    });
}

/// What per_rank makes in the first item of a rank, and keeps a pool for those that follow.
struct with_a_pool {
    std::unique_ptr<pool> own = std::make_unique<pool>(MPI_COMM_SELF);
    int operator()(int x) { return own->map(twice, std::vector<int>{x}).at(0); }
};

TEST(pool_nesting, an_item_may_make_a_pool_of_its_own_that_outlives_it) {
    const auto keeps = mpimap::per_rank([] { return with_a_pool(); });
    const std::vector<int> xs = count_to(40);
    for_each_root([&](int root) {
        expect_on_root(root, mpimap::mpi_map(comm(), {.root = root, .chunk = 1}, keeps, xs),
                       serial(twice, xs));
    });
    with_pool_of_each_root([&](pool& p) {
        for (const schedule s : {schedule::automatic, schedule::static_})
            EXPECT_EQ(p.map({.schedule = s}, keeps, xs), serial(twice, xs));
    });
    expect_next_call_works();
}

// ---------------------------------------------------------------- whole maps

/// The lengths at which a division among ranks can go wrong.
std::vector<std::size_t> lengths() {
    const auto p = static_cast<std::size_t>(size());
    return {0, 1, 2, p - 1, p, p + 1, 10, 40, 257};
}

TEST(pool_maps, equal_the_serial_result_for_every_root_schedule_and_length) {
    with_pool_of_each_root([](pool& p) {
        for_each_schedule(0, [&](const mpimap::options& o) {
            for (const std::size_t n : lengths()) {
                SCOPED_TRACE(n);
                const std::vector<int> xs = count_to(n, -5);
                const std::vector<int> ys = count_to(n);
                std::vector<double> expected;
                for (std::size_t i = 0; i < n; ++i)
                    expected.push_back(power(xs[i], ys[i]));
                EXPECT_EQ(p.map(o, power, xs, ys), expected);
            }
        });
    });
}

TEST(pool_maps, of_every_kind_agree) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(40, -17);
        const std::vector<int> ys = count_to(40);
        std::vector<std::tuple<int, int>> pairs;
        std::vector<double> expected;
        for (std::size_t i = 0; i < xs.size(); ++i) {
            pairs.emplace_back(xs[i], ys[i]);
            expected.push_back(power(xs[i], ys[i]));
        }
        for_each_schedule(0, [&](const mpimap::options& o) {
            EXPECT_EQ(p.starmap(o, power, pairs), expected);
            std::vector<double> out(xs.size());
            p.map_into(o, power, out, xs, ys);
            EXPECT_EQ(out, expected);
            std::list<float> narrow(xs.size());
            p.map_into(o, power, narrow, xs, ys);
            EXPECT_EQ(std::vector<float>(narrow.begin(), narrow.end()),
                      std::vector<float>(expected.begin(), expected.end()));
            std::vector<double> tried;
            for (const auto& r : p.try_map(o, power, xs, ys))
                tried.push_back(r.value());
            EXPECT_EQ(tried, expected);
            EXPECT_EQ(p.map_reduce(o, std::plus<>(), 1000, twice, xs),
                      std::accumulate(xs.begin(), xs.end(), 500) * 2);
        });
        EXPECT_EQ(p.map(power, xs, ys), expected);
        EXPECT_EQ(p.starmap(power, pairs), expected);
        EXPECT_EQ(p.try_map(power, xs, ys).size(), expected.size());
        EXPECT_EQ(p.map_reduce(std::plus<>(), 1000, twice, xs),
                  std::accumulate(xs.begin(), xs.end(), 500) * 2);
    });
}

TEST(pool_maps, for_each_runs_its_items) {
    const long ran = runs_in_pool({.root = other_root()}, [](pool& p) {
        const std::vector<int> xs = count_to(40);
        for_each_schedule(0, [&](const mpimap::options& o) {
            p.for_each(
                o, [](int x, std::size_t i) { runs += x == static_cast<int>(i) ? 1 : 1000; }, xs,
                mpimap::indices());
        });
    });
    EXPECT_EQ(ran, 40 * static_cast<long>(all_schedules(0).size()));
}

TEST(pool_maps, fold_to_the_same_bits_as_the_collective_call) {
    const std::vector<int> xs = count_to(3000);
    const auto f = [](int x) { return std::sin(0.1 * x) * std::pow(10.0, x % 17); };
    const double alone = mpimap::mpi_map_reduce(MPI_COMM_SELF, std::plus<>(), 0.5, f, xs);
    with_pool_of_each_root([&](pool& p) {
        for_each_schedule(0, [&](const mpimap::options& o) {
            EXPECT_EQ(p.map_reduce(o, std::plus<>(), 0.5, f, xs), alone);
        });
    });
}

TEST(pool_maps, keep_the_order_when_items_take_uneven_times) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(60, -30);
        const auto slow = [](int x) {
            std::this_thread::sleep_for(std::chrono::microseconds(x % 11 == 0 ? 3000 : (x * x) % 5 * 50));
            return x * x * x;
        };
        const std::vector<int> expected = serial([](int x) { return x * x * x; }, xs);
        for (const schedule s : {schedule::automatic, schedule::static_, schedule::dynamic})
            EXPECT_EQ(p.map({.schedule = s}, slow, xs), expected);
    });
}

TEST(pool_maps, take_values_of_all_kinds) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<std::string> names = {"", "a", "bc", "a string that is not a short one"};
        const std::vector<double> xs = {-1.5, 0.0, 2.5, -0.0};
        const std::list<std::vector<int>> rows = {{}, {1}, {1, 2}, std::vector<int>(5000, 3)};
        const auto f = [](const std::string& s, double x, const std::vector<int>& row, std::size_t i) {
            return std::map<std::string, std::vector<double>>{
                {s, std::vector<double>(row.size(), x + static_cast<double>(i))}};
        };
        std::vector<std::map<std::string, std::vector<double>>> expected;
        auto row = rows.begin();
        for (std::size_t i = 0; i < names.size(); ++i, ++row)
            expected.push_back(f(names[i], xs[i], *row, i));
        for_each_schedule(0, [&](const mpimap::options& o) {
            EXPECT_EQ(p.map(o, f, names, xs, rows, mpimap::indices()), expected);
        });
        EXPECT_EQ(p.map([](const std::string& a, const std::string& b) { return a + b; }, names,
                        mpimap::broadcast(std::string("!"))),
                  serial([](const std::string& s) { return s + "!"; }, names));
        EXPECT_EQ(p.map([](std::size_t i) { return i * i; }, mpimap::indices(5, 9)),
                  (std::vector<std::size_t>{25, 36, 49, 64}));
        // bool results, which a vector packs
        EXPECT_EQ(p.map([](int x) { return x % 3 == 0; }, count_to(5)),
                  (std::vector<bool>{true, false, false, true, false}));
    });
}

TEST(pool_maps, know_the_task) {
    with_pool_of_each_root([](pool& p) {
        const auto n = static_cast<std::size_t>(3 * p.size());
        const auto who = [](mpimap::task t, int x) {
            return std::array<int, 3>{static_cast<int>(t.index()) - x, t.rank(), t.size()};
        };
        std::set<int> ranks;
        for (const auto& [difference, rank, size] :
             p.map({.schedule = schedule::static_}, who, count_to(n))) {
            EXPECT_EQ(difference, 0);
            EXPECT_EQ(size, p.size());
            ranks.insert(rank);
        }
        EXPECT_EQ(ranks.size(), static_cast<std::size_t>(p.size()));
    });
}

TEST(pool_maps, leave_the_root_alone_on_request) {
    with_pool_of_each_root({.root_computes = false}, [](pool& p) {
        const auto who = [](mpimap::task t, int) {
            rest(t.index() % 5 == 0 ? 1 : 0);
            return t.rank();
        };
        for (const schedule s : {schedule::automatic, schedule::dynamic, schedule::guided}) {
            for (const int r : p.map({.schedule = s}, who, count_to(40))) {
                if (p.size() > 1) {
                    EXPECT_NE(r, p.rank());
                }
            }
        }
        EXPECT_EQ(p.submit([](mpimap::task t) { return t.rank(); }).get() == p.rank(), p.size() == 1);
        expect_usable(p);
    });
}

TEST(pool_maps, are_large) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<double> xs(300'000, 1.5);
        for (const schedule s : {schedule::automatic, schedule::static_, schedule::dynamic}) {
            const std::vector<double> got = p.map(
                {.schedule = s,
                 .chunk = s == schedule::dynamic ? std::optional<std::size_t>(50'000) : std::nullopt},
                [](double x) { return 2 * x; }, xs);
            EXPECT_EQ(got, std::vector<double>(xs.size(), 3.0));
        }
        const std::vector<std::vector<double>> blocks(12, std::vector<double>(40'000, 0.5));
        const auto scale = [](const std::vector<double>& b) {
            std::vector<double> all = b;
            all.push_back(static_cast<double>(b.size()));
            return all;
        };
        EXPECT_EQ(p.map(scale, blocks), serial(scale, blocks));
        EXPECT_EQ(p.map({.schedule = schedule::static_}, scale, blocks), serial(scale, blocks));
    });
}

TEST(pool_maps, are_many) {
    with_pool([](pool& p) {
        const std::vector<int> xs = count_to(4);
        for (int i = 0; i < 1000; ++i) {
            const auto f = [i](int x) { return x * i; };
            ASSERT_EQ(p.map(f, xs), (std::vector<int>{0, i, 2 * i, 3 * i}));
        }
    });
}

TEST(pool_maps, end_while_items_of_ranks_still_sleep) {
    // 50 items in flight, then the end of the pool: all of them run.
    with_pool([](pool& p) {
        auto later = p.amap(
            [](int x) {
                rest(1);
                return 2 * x;
            },
            count_to(50));
        p.close();
        EXPECT_EQ(later.get(), serial(twice, count_to(50)));
    });
}

// ---------------------------------------------------------------- options

TEST(pool_options, zip_strictly_and_to_the_shortest) {
    with_pool_of_each_root([](pool& p) {
        const auto add = [](int x, int y) { return x + y; };
        const std::string text =
            text_of<mpimap::invalid_argument>([&] { (void)p.map(add, count_to(12), count_to(11)); });
        EXPECT_CONTAINS(text, "12");
        EXPECT_CONTAINS(text, "11");
        expect_usable(p);
        EXPECT_EQ(p.map({.zip = mpimap::zip::shortest}, add, count_to(12), count_to(3, 10)),
                  (std::vector<int>{10, 12, 14}));
        EXPECT_TRUE(p.map({.zip = mpimap::zip::shortest}, add, count_to(12), std::vector<int>{}).empty());
        EXPECT_CONTAINS(text_of<mpimap::invalid_argument>(
                            [&] { (void)p.map([](std::size_t i) { return i; }, mpimap::indices()); }),
                        "no argument has an end");
    });
}

TEST(pool_options, nonsense_is_refused) {
    with_pool_of_each_root([](pool& p) {
        const auto refused = [&](const mpimap::options& o, const std::string& why) {
            SCOPED_TRACE(why);
            const std::vector<int> xs = count_to(3);
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)p.map(o, twice, xs); }), why);
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)p.try_map(o, twice, xs); }), why);
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)p.amap(o, twice, xs); }), why);
            EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { p.for_each(o, twice, xs); }), why);
            if (why.find("estimates") == std::string::npos) {
                EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { (void)p.imap(o, twice, xs); }), why);
            }
        };
        refused({.root = 1}, "options::root");
        refused({.root = -1}, "options::root");
        refused({.results = mpimap::results::everywhere}, "results::everywhere");
        refused({.chunk = 0}, "chunk is 0");
        refused({.chunk = static_cast<std::size_t>(-1)}, "chunk is negative");
        refused({.schedule = static_cast<schedule>(99)}, "schedule");
        refused({.results = static_cast<mpimap::results>(99)}, "results");
        refused({.zip = static_cast<mpimap::zip>(99)}, "zip");
        refused({.on_error = static_cast<mpimap::on_error>(99)}, "on_error");
        refused({.costs = {1.0, 2.0}}, "2 estimates for 3 items");
        refused({.costs = {1.0, -2.0, 1.0}}, "costs");
        // Also without items.
        EXPECT_CONTAINS(
            text_of<mpimap::invalid_argument>([&] { (void)p.map({.chunk = 0}, twice, std::vector<int>{}); }),
            "chunk is 0");
        std::vector<int> little(2);
        EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] { p.map_into(twice, little, count_to(3)); }),
                        "room for 2");
        expect_usable(p);
    });
}

TEST(pool_options, costs_do_not_change_the_order) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(45);
        std::vector<double> costs;
        for (const int x : xs)
            costs.push_back((x * 7) % 11);
        for (const schedule s : {schedule::automatic, schedule::dynamic}) {
            for (const std::optional<std::size_t> chunk : {std::optional<std::size_t>(), {1}, {7}}) {
                EXPECT_EQ(p.map({.schedule = s, .chunk = chunk, .costs = costs}, twice, xs),
                          serial(twice, xs));
            }
        }
    });
}

// ---------------------------------------------------------------- functions

struct polynomial {
    std::vector<double> coefficients;
    double operator()(double x) const { return at(x); }
    [[nodiscard]] double at(double x) const {
        double y = 0;
        for (const double c : coefficients)
            y = y * x + c;
        return y;
    }
};

auto quad_factory(double a, double b, double c) {
    return [=](double x) { return a * x * x + b * x + c; };
}

class serialized_function {
  public:
    serialized_function() = default;
    explicit serialized_function(std::string prefix) : prefix_(std::move(prefix)) {}
    std::string operator()(int x) const { return prefix_ + std::to_string(x); }
    void set(std::string prefix) { prefix_ = std::move(prefix); }
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& prefix_;
    }

  private:
    std::string prefix_;
};

struct counting {
    int calls = 0;
    int operator()(int) { return ++calls; }
};

TEST(pool_functions, of_every_kind_travel_with_their_state) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<double> xs = {-2.0, 0.0, 0.5, 3.0, 11.0, -0.25};
        for (const schedule s : {schedule::automatic, schedule::static_, schedule::dynamic}) {
            const mpimap::options o{.schedule = s};
            for (const double a : {2.0, -1.0, 0.5}) { // changed state under the same type
                const auto quad = quad_factory(a, 0, 1);
                EXPECT_EQ(p.map(o, quad, xs), serial(quad, xs));
                polynomial q{{a, 1.0, 3.0}};
                EXPECT_EQ(p.map(o, q, xs), serial(q, xs));
                EXPECT_EQ(p.map(o, mpimap::bind_front<&polynomial::at>(q), xs), serial(q, xs));
                EXPECT_EQ(p.map(o, mpimap::bind_front(&polynomial::at, &q), xs), serial(q, xs));
                q.coefficients.push_back(a); // changed in place
                EXPECT_EQ(p.map(o, q, xs), serial(q, xs));
                EXPECT_EQ(p.map(o, mpimap::bind_front(&polynomial::at, &q), xs), serial(q, xs));
                EXPECT_EQ(p.map(o, mpimap::bind_front(&polynomial::at, std::ref(q)), xs), serial(q, xs));
            }
            EXPECT_EQ(p.map(o, static_cast<double (*)(double)>(std::sin), xs),
                      serial([](double x) { return std::sin(x); }, xs));
            EXPECT_EQ(p.map(o, mpimap::bind_back(power, 3), count_to(5)),
                      serial([](int x) { return power(x, 3); }, count_to(5)));
            serialized_function f("a");
            EXPECT_EQ(p.map(o, f, count_to(4)), serial(f, count_to(4)));
            f.set("another, longer than what fits into a short string");
            EXPECT_EQ(p.map(o, f, count_to(4)), serial(f, count_to(4)));
        }
    });
}

TEST(pool_functions, run_as_copies_that_start_from_the_callers_object) {
    with_pool_of_each_root([](pool& p) {
        const std::vector<int> xs = count_to(4 * static_cast<std::size_t>(p.size()));
        counting f{.calls = 10};
        std::vector<int> expected;
        for (int r = 0; r < p.size(); ++r)
            expected.insert(expected.end(), {11, 12, 13, 14});
        for (int call = 0; call < 3; ++call) {
            // What items changed is lost with the call, although the function is the same.
            EXPECT_EQ(p.map({.schedule = schedule::static_}, f, xs), expected);
            EXPECT_EQ(f.calls, 10);
        }
        auto mutable_lambda = [n = 3](int) mutable { return n++; };
        for (int call = 0; call < 2; ++call) {
            const std::vector<int> counts = p.map({.schedule = schedule::static_}, mutable_lambda, xs);
            for (std::size_t i = 0; i < counts.size(); ++i)
                EXPECT_EQ(counts[i], 3 + static_cast<int>(i % 4));
        }
        EXPECT_EQ(mutable_lambda(0), 3);
    });
}

// ---------------------------------------------------------------- items that throw

TEST(pool_errors, say_which_item_failed_and_the_pool_goes_on) {
    with_pool_of_each_root([](pool& p) {
        for_each_schedule(0, [&](const mpimap::options& o) {
            const std::vector<int> xs = {1, 1, 1, 1};
            const std::vector<int> ys = {2, 3, 0, 5};
            const mpimap::map_error e = map_error_of([&] { (void)p.map(o, divide, xs, ys); });
            EXPECT_EQ(e.failed(), 1U);
            EXPECT_EQ(e.items(), 4U);
            ASSERT_EQ(e.errors().size(), 1U);
            const mpimap::task_error& t = e.errors().front();
            EXPECT_EQ(t.index(), 2U);
            EXPECT_EQ(t.type(), "std::domain_error");
            EXPECT_EQ(t.what(), "division by zero");
            EXPECT_EQ(t.arguments(), "1, 0");
            EXPECT_FALSE(t.host().empty());
            EXPECT_TRUE(t.rank() >= 0 && t.rank() < p.size());
            EXPECT_THROW(t.rethrow(), std::domain_error);
            expect_usable(p);

            const auto tried = p.try_map(o, divide, xs, ys);
            ASSERT_EQ(tried.size(), 4U);
            EXPECT_EQ(tried[0].value(), 0);
            EXPECT_FALSE(tried[2].has_value());
            EXPECT_EQ(tried[2].error().index(), 2U);
            EXPECT_EQ(tried[3].value(), 0);
        });
    });
}

TEST(pool_errors, are_collected_on_request) {
    with_pool_of_each_root([](pool& p) {
        std::vector<int> ys = count_to(100, 1);
        const auto even_fails = [](int y) {
            if (y % 2 == 0)
                throw std::runtime_error("even");
            return y;
        };
        for_each_schedule(0, [&](mpimap::options o) {
            o.on_error = mpimap::on_error::collect;
            const mpimap::map_error e = map_error_of([&] { (void)p.map(o, even_fails, ys); });
            EXPECT_EQ(e.failed(), 50U);
            EXPECT_EQ(e.items(), 100U);
            ASSERT_EQ(e.errors().size(), 50U);
            for (std::size_t i = 0; i < 50; ++i)
                EXPECT_EQ(e.errors()[i].index(), 2 * i + 1);
            const auto tried = p.try_map(o, even_fails, ys);
            ASSERT_EQ(tried.size(), 100U);
            for (std::size_t i = 0; i < 100; ++i)
                EXPECT_EQ(tried[i].has_value(), i % 2 == 0);
        });
        expect_usable(p);
    });
}

} // namespace
