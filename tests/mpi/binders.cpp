// bind_front, bind_back, and functions that are made where they run: per_rank.

#include <mpimap/mpimap.hpp>
#include <mpimap/serialization.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "roots_state.hpp"

namespace functions_test {

using mpimap::per_rank;

double three(double a, double b, double c) {
    return 100 * a + 10 * b + c;
}
double of_text(const std::string& s, const std::vector<double>& t, double x) {
    return static_cast<double>(s.size()) + t.at(0) + x;
}

TEST(binders, binders) {
    expect_roots_state([](bool r) { return mpimap::bind_front(three, r ? 1.0 : 9.0, 2.0); });
    expect_roots_state([](bool r) { return mpimap::bind_front<three>(r ? 1.0 : 9.0, 2.0); });
    expect_roots_state([](bool r) { return mpimap::bind_back(three, r ? 1.0 : 9.0, 2.0); });
    expect_roots_state([](bool r) { return mpimap::bind_back<three>(r ? 1.0 : 9.0, 2.0); });
    expect_roots_state(
        [](bool r) { return mpimap::bind_front(mpimap::bind_back(three, r ? 3.0 : 9.0), r ? 1.0 : 9.0); });
    expect_roots_state(
        [](bool r) { return mpimap::bind_back(mpimap::bind_front(three, r ? 3.0 : 9.0), r ? 1.0 : 9.0); });
    expect_roots_state([](bool r) {
        return mpimap::bind_front(of_text, std::string(r ? "four" : "seven"),
                                  std::vector<double>(30000, r ? 1 : 2));
    });
    expect_roots_state([](bool r) { return mpimap::bind_front(quad_factory(r ? 1 : 2, 3, 4)); });
    expect_roots_state([](bool r) { return mpimap::bind_front(by_member(r ? 1.0 : 2.0)); });
    // A function as a bound argument.
    expect_roots_state([](bool r) {
        return mpimap::bind_front([](const auto& f, const auto& g, double x) { return f(g(x)); },
                                  r ? &doubled : &tripled, quad_factory(r ? 1 : 2, 0, 0));
    });
    expect_roots_state([](bool r) { return mpimap::bind_back(std::minus<>(), r ? 1 : 2); });
    expect_roots_state([](bool r) {
        const std::string text = r ? "four" : "seven";
        return mpimap::bind_front(
            [](const std::string& s, double x) { return static_cast<double>(s.size()) + x; }, text);
    });
}

TEST(binders, binders_are_those_of_std) {
    const point p{1, 2};
    point changed{1, 2};
    EXPECT_EQ(mpimap::bind_front(three, 1.0, 2.0)(3.0), 123.0);
    EXPECT_EQ(mpimap::bind_back(three, 2.0, 3.0)(1.0), 123.0);
    EXPECT_EQ(mpimap::bind_front<&point::scaled>(p)(2.0), 6.0);
    EXPECT_EQ(mpimap::bind_front(&point::scaled, &p)(2.0), 6.0);
    auto by_reference = mpimap::bind_front(&point::moved, std::ref(changed));
    EXPECT_EQ(by_reference(1.0), 2.0);
    EXPECT_EQ(changed.x, 2.0);
    auto by_value = mpimap::bind_front(&point::moved, changed);
    EXPECT_EQ(by_value(1.0), 3.0);
    EXPECT_EQ(changed.x, 2.0);
    // A reference_wrapper among the arguments gives the object, as with std::bind_front.
    double value = 5;
    EXPECT_EQ(mpimap::bind_back(std::plus<>(), std::ref(value))(1.0), 6.0);
}

// ---------------------------------------------------------------- per_rank

int solvers_made = 0;

/// What can neither be copied nor moved.
class solver {
  public:
    explicit solver(double k) : workspace_(1000, k) { ++solvers_made; }
    solver(solver&&) = delete;
    double operator()(double x) {
        ++uses_;
        return workspace_[0] * x;
    }
    int uses() const { return uses_; }

  private:
    std::vector<double> workspace_;
    int uses_ = 0;
};

TEST(binders, per_rank_makes_one_function_per_rank_and_call) {
    std::vector<double> doubles;
    for (const double x : arguments)
        doubles.push_back(2 * x);
    for_each_root([&](int root) {
        for_each_schedule(root, [&](const mpimap::options& o) {
            solvers_made = 0;
            const auto got = mpi_map(comm(), o, per_rank([] { return solver(2.0); }), arguments);
            expect_on_root(root, got, doubles);
            EXPECT_LE(solvers_made, 1);
            const long made = sum_over_ranks(solvers_made);
            EXPECT_GE(made, 1);
            // Static slices: every rank has an item.
            if (o.schedule == mpimap::schedule::static_ && !o.chunk) {
                EXPECT_EQ(made, size());
            }
        });
        // Without items nothing is made.
        solvers_made = 0;
        EXPECT_TRUE(
            mpi_map(comm(), {.root = root}, per_rank([] { return solver(2.0); }), std::vector<double>{})
                .empty());
        EXPECT_EQ(solvers_made, 0);
    });
}

std::unique_ptr<int> make_number(int n) {
    return std::make_unique<int>(n);
}

TEST(binders, per_rank_takes_arguments_and_makes_what_is_move_only) {
    const int n = rank() == 0 ? 7 : -1;
    const auto factory = [](int start, const std::string& name) {
        return [counter = make_number(start), name](int x) mutable {
            return name + std::to_string(*counter + x);
        };
    };
    expect_on_root<std::vector<std::string>>(
        0, mpi_map(comm(), per_rank(factory, n, std::string("n")), std::vector<int>{1, 2, 3}),
        {"n8", "n9", "n10"});
    const by_member weights(rank() == 0 ? 1.0 : 2.0);
    const auto from_object = [](const by_member& w) { return [w](double x) { return w(x); }; };
    std::vector<double> serial;
    for (const double x : arguments)
        serial.push_back(by_member(1.0)(x));
    expect_on_root(0, mpi_map(comm(), per_rank(from_object, weights), arguments), serial);
    // The state of what was made lives as long as the call.
    const std::vector<int> uses =
        mpi_map(comm(), {.schedule = mpimap::schedule::static_},
                per_rank([] { return [made = make_number(0)](int) { return ++*made; }; }),
                count_to(3 * static_cast<std::size_t>(size())));
    for (std::size_t i = 0; i < uses.size(); ++i)
        EXPECT_EQ(uses[i], static_cast<int>(i % 3) + 1);
    // A task where the function that was made takes one.
    expect_on_root<std::vector<int>>(0,
                                     mpi_map(comm(), per_rank([] {
                                                 return [](mpimap::task t, int x) {
                                                     return static_cast<int>(t.index()) + x;
                                                 };
                                             }),
                                             std::vector<int>{10, 20}),
                                     {10, 21});
}

TEST(binders, per_rank_reports_what_the_factory_throws) {
    for_each_root([](int root) {
        solvers_made = 0;
        const auto factory = []() -> int (*)(int) {
            ++solvers_made;
            throw std::runtime_error("no licence");
        };
        std::string text;
        try {
            (void)mpi_map(comm(), {.root = root, .on_error = mpimap::on_error::collect}, per_rank(factory),
                          count_to(40));
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            text = e.what();
            EXPECT_EQ(e.failed(), 40U);
        }
        EXPECT_CONTAINS(text, "no licence");
        EXPECT_TRUE(same_everywhere(text));
        EXPECT_LE(solvers_made, 1);
        expect_next_call_works(root);

        // On one rank only: its items fail, those of others do not.
        static int unlucky = 0;
        unlucky = root;
        const auto sometimes = [] {
            if (rank() == unlucky)
                throw std::runtime_error("no licence");
            return [](int x) { return 2 * x; };
        };
        const auto got =
            mpimap::mpi_try_map(comm(), {.root = root, .schedule = mpimap::schedule::static_},
                                per_rank(sometimes), count_to(5 * static_cast<std::size_t>(size())));
        long failed = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            if (got[i].has_value()) {
                EXPECT_EQ(*got[i], 2 * static_cast<int>(i));
            } else {
                ++failed;
                EXPECT_EQ(got[i].error().rank(), root);
            }
        }
        EXPECT_EQ(failed, rank() == root ? 5 : 0);
    });
}

} // namespace functions_test
