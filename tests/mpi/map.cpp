// What mpi_map gives: the serial results, in order, for every schedule, root and kind of argument list.

#include <mpimap/mpimap.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "mpi_test.hpp"

using namespace mpimap_test;
using mpimap::mpi_map;
using mpimap::schedule;

namespace {

std::vector<int> count_to(std::size_t n, int first = 0) {
    std::vector<int> all(n);
    std::iota(all.begin(), all.end(), first);
    return all;
}

double power(int base, int exponent) {
    return std::pow(base, exponent);
}

std::vector<double> serial_powers(const std::vector<int>& base, const std::vector<int>& exponent) {
    std::vector<double> all;
    for (std::size_t i = 0; i < base.size(); ++i)
        all.push_back(power(base[i], exponent[i]));
    return all;
}

/// The lengths at which a division among ranks can go wrong.
std::vector<std::size_t> lengths() {
    const auto p = static_cast<std::size_t>(size());
    return {0, 1, 2, p - 1, p, p + 1, 10, 40, 257};
}

TEST(map, equals_the_serial_result_for_every_root_and_schedule) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            for (const std::size_t n : {0UL, 3UL, 40UL}) {
                SCOPED_TRACE(n);
                const std::vector<int> xs = count_to(n, -5);
                const std::vector<int> ys = count_to(n);
                expect_on_root(root, mpi_map(comm(), o, power, xs, ys), serial_powers(xs, ys));
            }
        });
    });
}

TEST(map, equals_the_serial_result_for_every_length) {
    for_each_schedule(other_root(), [&](const mpimap::options& o) {
        for (const std::size_t n : lengths()) {
            SCOPED_TRACE(n);
            const std::vector<int> xs = count_to(n, -5);
            const std::vector<int> ys = count_to(n);
            expect_on_root(o.root, mpi_map(comm(), o, power, xs, ys), serial_powers(xs, ys));
        }
    });
}

TEST(map, keeps_the_order_when_items_take_uneven_times) {
    const std::vector<int> xs = count_to(60, -30);
    std::vector<int> serial;
    for (const int x : xs)
        serial.push_back(x * x * x);
    for_each_schedule(other_root(), [&](const mpimap::options& o) {
        const auto slow_cube = [](int x) {
            // Some items longer than the millisecond after which a helper answers for the root.
            std::this_thread::sleep_for(std::chrono::microseconds(x % 7 == 0 ? 3000 : (x * x) % 5 * 50));
            return x * x * x;
        };
        expect_on_root(o.root, mpi_map(comm(), o, slow_cube, xs), serial);
    });
}

TEST(map, takes_one_range_and_three) {
    for_each_root([](int root) {
        const std::vector<double> xs = {-1.5, 0.0, 2.5, 4.0, -0.0};
        const std::vector<int> ns = {0, 1, -2, 3, 4};
        const std::vector<std::string> names = {"", "a", "bc", "def", "a string that is not a short one"};
        const auto one = [](double x) { return -x; };
        const auto three = [](double x, int n, const std::string& s) {
            return x * n + static_cast<double>(s.size());
        };
        expect_on_root<std::vector<double>>(root, mpi_map(comm(), {.root = root}, one, xs),
                                            {1.5, -0.0, -2.5, -4.0, 0.0});
        expect_on_root<std::vector<double>>(root, mpi_map(comm(), {.root = root}, three, xs, ns, names),
                                            {0.0, 1.0, -3.0, 15.0, 32.0});
    });
}

TEST(map, takes_the_communicator_of_boost_or_of_mpi_with_and_without_options) {
    const std::vector<int> xs = count_to(20);
    std::vector<int> serial;
    for (const int x : xs)
        serial.push_back(2 * x);
    const auto twice = [](int x) { return 2 * x; };
    const boost::mpi::communicator boost_comm = comm();
    const MPI_Comm mpi_comm = comm();
    const mpimap::options o{.schedule = schedule::guided, .chunk = 2};
    expect_on_root(0, mpi_map(boost_comm, twice, xs), serial);
    expect_on_root(0, mpi_map(mpi_comm, twice, xs), serial);
    expect_on_root(0, mpi_map(boost_comm, o, twice, xs), serial);
    expect_on_root(0, mpi_map(mpi_comm, o, twice, xs), serial);
    expect_on_root(0, mpi_map(boost_comm, {}, twice, xs), serial);
    expect_on_root(0, mpi_map(mpi_comm, {.schedule = schedule::static_}, twice, xs), serial);
}

TEST(map, gives_an_empty_vector_for_empty_input) {
    for_each_schedule(other_root(), [](const mpimap::options& o) {
        mpimap::options everywhere = o;
        everywhere.results = mpimap::results::everywhere;
        const std::vector<int> none;
        const auto f = [](int) -> double { throw std::logic_error("there is no item"); };
        EXPECT_TRUE(mpi_map(comm(), o, f, none).empty());
        EXPECT_TRUE(mpi_map(comm(), everywhere, f, none).empty());
    });
    const auto of_index = [](std::size_t) -> std::string { throw std::logic_error("there is no item"); };
    EXPECT_TRUE(mpi_map(comm(), of_index, mpimap::indices(0)).empty());
    EXPECT_TRUE(mpi_map(comm(), of_index, mpimap::indices(7, 7)).empty());
    EXPECT_TRUE(mpi_map(
                    comm(), [](int, const std::string&) { return 0; }, std::vector<int>{},
                    mpimap::broadcast(std::string("x")))
                    .empty());
}

TEST(map, gives_the_results_to_all_on_request) {
    for_each_root([](int root) {
        for (const std::size_t n : {0UL, 1UL, 100UL}) {
            SCOPED_TRACE(n);
            const std::vector<int> xs = rank() == root ? count_to(n) : std::vector<int>{};
            const mpimap::options o{.root = root, .results = mpimap::results::everywhere};
            std::vector<int> squares;
            std::vector<std::string> texts;
            for (const int x : count_to(n)) {
                squares.push_back(x * x);
                texts.push_back(std::string(static_cast<std::size_t>(x), 'x'));
            }
            EXPECT_EQ(mpi_map(
                          comm(), o, [](int x) { return x * x; }, xs),
                      squares);
            EXPECT_EQ(mpi_map(
                          comm(), o, [](int x) { return std::string(static_cast<std::size_t>(x), 'x'); }, xs),
                      texts);
        }
    });
}

TEST(map, reads_arguments_options_and_function_of_the_root_only) {
    for_each_root([](int root) {
        const bool here = rank() == root;
        // Elsewhere: no items, options that would be refused, another state.
        const std::vector<int> xs = here ? count_to(50) : std::vector<int>{};
        mpimap::options o{.root = root};
        if (!here) {
            o.chunk = 0;
            o.costs = {-1.0};
            o.results = mpimap::results::everywhere;
            o.schedule = static_cast<schedule>(77);
        }
        const double factor = here ? 2.5 : -1000.0 * (1 + rank());
        const auto scale = [factor](int x) { return factor * x; };
        std::vector<double> serial;
        for (const int x : count_to(50))
            serial.push_back(2.5 * x);
        expect_on_root(root, mpi_map(comm(), o, scale, xs), serial);
    });
}

TEST(map, zips_strictly) {
    for_each_root([](int root) {
        const bool here = rank() == root;
        const std::vector<int> longer = here ? count_to(12) : std::vector<int>{};
        const std::vector<int> shorter = here ? count_to(11) : std::vector<int>{};
        const auto add = [](int x, int y) { return x + y; };
        const std::string text = text_of<mpimap::invalid_argument>(
            [&] { (void)mpi_map(comm(), {.root = root}, add, longer, shorter); });
        EXPECT_CONTAINS(text, "12");
        EXPECT_CONTAINS(text, "11");
        EXPECT_TRUE(same_everywhere(text));
        expect_next_call_works(root);
    });
    const auto three = [](int, std::size_t, int) { return 0; };
    const std::string text = text_of<mpimap::invalid_argument>([&] {
        (void)mpi_map(comm(), three, std::vector<int>(31), mpimap::indices(32), std::vector<int>(33));
    });
    for (const char* length : {"31", "32", "33"})
        EXPECT_CONTAINS(text, length);
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>(
                        [&] { (void)mpi_map(comm(), power, std::vector<int>(5), std::vector<int>{}); }),
                    "5, 0");
}

TEST(map, zips_to_the_shortest_on_request) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root, .zip = mpimap::zip::shortest};
        const auto add = [](int x, std::size_t y, int z) { return x + static_cast<int>(y) + z; };
        expect_on_root<std::vector<int>>(
            root, mpi_map(comm(), o, add, count_to(5), mpimap::indices(3), count_to(4, 100)),
            {100, 103, 106});
        EXPECT_TRUE(mpi_map(comm(), o, add, count_to(5), mpimap::indices(0), count_to(4)).empty());
        expect_on_root<std::vector<int>>(
            root, mpi_map(comm(), o, add, count_to(2), mpimap::indices(), count_to(3, 10)), {10, 13});
    });
}

TEST(map, adapts_what_has_no_end_to_the_other_arguments) {
    for_each_root([](int root) {
        const auto weigh = [](std::size_t i, double w, int x) { return static_cast<double>(i) * w + x; };
        expect_on_root<std::vector<double>>(
            root,
            mpi_map(comm(), {.root = root}, weigh, mpimap::indices(), mpimap::broadcast(0.5), count_to(4, 1)),
            {1.0, 2.5, 4.0, 5.5});
    });
    // Nothing has an end: nobody can know how many items there are.
    EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([] {
                        (void)mpi_map(
                            comm(), [](std::size_t i) { return i; }, mpimap::indices());
                    }),
                    "no argument has an end");
    expect_next_call_works();
}

TEST(map, refuses_nonsense_on_every_rank) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const int root : {0, other_root()}) {
        const auto refused = [](const mpimap::options& o, const std::string& why) {
            SCOPED_TRACE(why);
            const std::string text = text_of<mpimap::invalid_argument>(
                [&] { (void)mpi_map(comm(), o, power, count_to(3), count_to(3)); });
            EXPECT_CONTAINS(text, why);
            EXPECT_TRUE(same_everywhere(text));
        };
        refused({.root = root, .chunk = 0}, "chunk is 0");
        refused({.root = root, .schedule = schedule::static_, .chunk = 0}, "chunk is 0");
        refused({.root = root, .schedule = schedule::dynamic, .chunk = 0}, "chunk is 0");
        refused({.root = root, .chunk = static_cast<std::size_t>(-1)}, "chunk is negative");
        refused({.root = root, .schedule = schedule::guided, .chunk = static_cast<std::size_t>(-6)},
                "chunk is negative");
        refused({.root = root, .schedule = static_cast<schedule>(99)}, "schedule");
        refused({.root = root, .results = static_cast<mpimap::results>(99)}, "results");
        refused({.root = root, .zip = static_cast<mpimap::zip>(99)}, "zip");
        refused({.root = root, .on_error = static_cast<mpimap::on_error>(99)}, "on_error");
        refused({.root = root, .costs = {1.0, 2.0}}, "2 estimates for 3 items");
        refused({.root = root, .costs = {1.0, -2.0, 1.0}}, "costs");
        refused({.root = root, .costs = {1.0, nan, 1.0}}, "costs");
        refused({.root = root, .costs = {1.0, infinity, 1.0}}, "costs");
        refused({.root = root, .schedule = schedule::static_, .costs = {1.0, 2.0, 3.0}}, "costs");
        refused({.root = root, .schedule = schedule::factoring, .costs = {1.0, 2.0, 3.0}}, "costs");
        // Nonsense is nonsense without items, too.
        EXPECT_CONTAINS(text_of<mpimap::invalid_argument>([&] {
                            (void)mpi_map(comm(), {.root = root, .chunk = 0}, power, count_to(0),
                                          count_to(0));
                        }),
                        "chunk is 0");
        expect_next_call_works(root);
    }
    for (const int root : {-1, size(), size() + 7, std::numeric_limits<int>::min()}) {
        const std::string text = text_of<mpimap::invalid_argument>(
            [&] { (void)mpi_map(comm(), {.root = root}, power, count_to(3), count_to(3)); });
        EXPECT_CONTAINS(text, "root");
        EXPECT_CONTAINS(text, std::to_string(root));
        EXPECT_TRUE(same_everywhere(text));
    }
    expect_next_call_works();
}

TEST(map, takes_the_largest_chunk_there_is) {
    const std::vector<int> xs = count_to(30);
    for (const schedule s :
         {schedule::automatic, schedule::static_, schedule::dynamic, schedule::guided, schedule::factoring}) {
        const mpimap::options o{.schedule = s, .chunk = static_cast<std::size_t>(-1) / 2};
        expect_on_root(0, mpi_map(comm(), o, power, xs, xs), serial_powers(xs, xs));
    }
}

TEST(map, hands_out_by_cost_without_changing_the_order) {
    for_each_root([](int root) {
        const std::vector<int> xs = count_to(45);
        std::vector<double> costs;
        for (const int x : xs)
            costs.push_back((x * 7) % 11);
        for (const schedule s : {schedule::automatic, schedule::dynamic}) {
            for (const std::optional<std::size_t> chunk : {std::optional<std::size_t>(), {1}, {7}}) {
                const mpimap::options o{.root = root, .schedule = s, .chunk = chunk, .costs = costs};
                expect_on_root(root, mpi_map(comm(), o, power, xs, xs), serial_powers(xs, xs));
                const auto name = [](mpimap::task t, int x) {
                    return std::to_string(t.index()) + "=" + std::to_string(x);
                };
                std::vector<std::string> names;
                for (const int x : xs)
                    names.push_back(std::to_string(x) + "=" + std::to_string(x));
                expect_on_root(root, mpi_map(comm(), o, name, xs), names);
            }
        }
    });
}

TEST(map, spreads_the_items_over_the_ranks) {
    const auto who = [](mpimap::task t, int) { return t.rank(); };
    for_each_root([&](int root) {
        const std::vector<int> xs = count_to(5 * static_cast<std::size_t>(size()) + 3);
        const std::vector<int> ranks =
            mpi_map(comm(), {.root = root, .schedule = schedule::static_}, who, xs);
        if (rank() != root)
            return;
        // Slices: each rank one run of 5 or 6 items.
        std::vector<int> items(static_cast<std::size_t>(size()), 0);
        std::size_t changes = 0;
        for (std::size_t i = 0; i < ranks.size(); ++i) {
            ++items.at(static_cast<std::size_t>(ranks[i]));
            if (i != 0 && ranks[i] != ranks[i - 1])
                ++changes;
        }
        EXPECT_EQ(changes, static_cast<std::size_t>(size() - 1));
        for (const int n : items) {
            EXPECT_GE(n, 5);
            EXPECT_LE(n, 5 + 3);
        }
    });
    // Blocks, dealt round.
    const std::vector<int> xs = count_to(4 * static_cast<std::size_t>(size()));
    const std::vector<int> ranks = mpi_map(comm(), {.schedule = schedule::static_, .chunk = 2}, who, xs);
    const auto half = static_cast<std::ptrdiff_t>(ranks.size() / 2);
    for (std::size_t i = 0; i + 1 < ranks.size(); i += 2)
        EXPECT_EQ(ranks[i], ranks[i + 1]);
    EXPECT_TRUE(std::equal(ranks.begin(), ranks.begin() + half, ranks.begin() + half));
}

TEST(map, is_the_same_for_any_number_of_ranks) {
    const std::vector<int> xs = count_to(1000);
    const auto f = [](int x) {
        double y = x;
        for (int i = 0; i < 50; ++i)
            y = std::sin(y) + 1.0 / (1.0 + y * y);
        return y;
    };
    const mpimap::options everywhere{.results = mpimap::results::everywhere};
    const std::vector<double> alone = mpi_map(MPI_COMM_SELF, f, xs);
    for (int ranks = 1; ranks <= size(); ++ranks) {
        SCOPED_TRACE(std::to_string(ranks) + " ranks");
        MPI_Comm part = MPI_COMM_NULL;
        MPI_Comm_split(comm(), rank() < ranks ? 0 : MPI_UNDEFINED, rank(), &part);
        if (part == MPI_COMM_NULL)
            continue;
        EXPECT_EQ(mpi_map(part, everywhere, f, xs), alone);
        MPI_Comm_free(&part);
    }
}

// ---------------------------------------------------------------- the copy of the function

struct counting {
    int calls = 0;
    int operator()(int) { return ++calls; }
};

TEST(map, runs_copies_of_the_function) {
    for_each_root([](int root) {
        counting f{.calls = rank() == root ? 10 : 5000};
        const std::vector<int> xs = count_to(4 * static_cast<std::size_t>(size()));
        for (int call = 0; call < 3; ++call) {
            // What items changed is lost: each call starts from the caller's object.
            const std::vector<int> counts =
                mpi_map(comm(), {.root = root, .schedule = schedule::static_}, f, xs);
            EXPECT_EQ(f.calls, rank() == root ? 10 : 5000);
            if (rank() == root) {
                std::vector<int> serial;
                for (int r = 0; r < size(); ++r)
                    serial.insert(serial.end(), {11, 12, 13, 14});
                EXPECT_EQ(counts, serial);
            }
        }
        const int before = 3;
        auto mutable_lambda = [n = before](int) mutable { return n++; };
        const std::vector<int> counts =
            mpi_map(comm(), {.root = root, .schedule = schedule::static_}, mutable_lambda, xs);
        EXPECT_EQ(mutable_lambda(0), 3);
        if (rank() == root) {
            for (std::size_t i = 0; i < counts.size(); ++i)
                EXPECT_EQ(counts[i], 3 + static_cast<int>(i % 4));
        }
    });
}

TEST(map, sees_changed_state_in_the_next_call) {
    counting f;
    const std::vector<int> xs = count_to(static_cast<std::size_t>(size()));
    for (int state = 0; state < 20; ++state) {
        f.calls = state;
        const std::vector<int> counts = mpi_map(comm(), {.schedule = schedule::static_}, f, xs);
        expect_on_root(0, counts, std::vector<int>(xs.size(), state + 1));
    }
}

struct which_overload {
    template <typename T>
    int operator()(T&) const {
        return std::is_const_v<T> ? 1 : 2;
    }
    template <typename T>
        requires(!std::is_lvalue_reference_v<T>)
    int operator()(T&&) const { return 3; }
};

TEST(map, passes_items_as_references_to_const) {
    for_each_root([](int root) {
        const mpimap::options o{.root = root, .schedule = schedule::static_};
        const auto n = 3 * static_cast<std::size_t>(size());
        std::vector<int> numbers(n);
        std::vector<std::string> texts(n);
        const std::vector<int> all_const(n, 1);
        expect_on_root(root, mpi_map(comm(), o, which_overload{}, numbers), all_const);
        expect_on_root(root, mpi_map(comm(), o, which_overload{}, texts), all_const);
        expect_on_root(root, mpi_map(comm(), o, which_overload{}, mpimap::indices(n)), all_const);
        const auto exactly = [](auto&& x, auto&& b, auto&& i) {
            return std::is_same_v<decltype(x), const int&> &&
                   std::is_same_v<decltype(b), const std::string&> &&
                   std::is_same_v<decltype(i), const std::size_t&>;
        };
        expect_on_root(
            root,
            mpi_map(comm(), o, exactly, numbers, mpimap::broadcast(std::string("b")), mpimap::indices()),
            std::vector<bool>(n, true));
    });
}

// ---------------------------------------------------------------- an item that throws

int divide(int x, int y) {
    if (y == 0)
        throw std::domain_error("division by zero");
    return x / y;
}

TEST(map, throws_what_an_item_threw_on_every_rank) {
    for_each_root([](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            const std::vector<int> xs = {1, 1, 1, 1};
            const std::vector<int> ys = {2, 3, 0, 5};
            std::string text;
            try {
                (void)mpi_map(comm(), o, divide, xs, ys);
                ADD_FAILURE() << "no exception";
            } catch (const mpimap::map_error& e) {
                text = e.what();
                EXPECT_EQ(e.failed(), 1U);
                EXPECT_EQ(e.items(), 4U);
                EXPECT_EQ(e.errors().size(), 1U);
                EXPECT_EQ(e.errors().at(0).index(), 2U);
                EXPECT_EQ(e.errors().at(0).type(), "std::domain_error");
                EXPECT_EQ(e.errors().at(0).what(), "division by zero");
                EXPECT_EQ(e.errors().at(0).arguments(), "1, 0");
                EXPECT_THROW(e.errors().at(0).rethrow(), std::domain_error);
            } catch (const std::exception& e) {
                ADD_FAILURE() << e.what();
            }
            EXPECT_TRUE(same_everywhere(text));
        });
        expect_next_call_works(root);
    });
}

TEST(map, runs_all_items_when_it_collects_errors) {
    std::vector<int> ys = count_to(60, -30); // one zero
    ys[7] = 0;
    ys[59] = 0;
    for_each_schedule(other_root(), [&](mpimap::options o) {
        o.on_error = mpimap::on_error::collect;
        try {
            (void)mpi_map(comm(), o, divide, std::vector<int>(60, 1), ys);
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            EXPECT_EQ(e.failed(), 3U);
            EXPECT_EQ(e.items(), 60U);
            std::vector<std::size_t> failed;
            for (const mpimap::task_error& t : e.errors())
                failed.push_back(t.index());
            EXPECT_EQ(failed, (std::vector<std::size_t>{7, 30, 59}));
        }
    });
    expect_next_call_works();
}

} // namespace
