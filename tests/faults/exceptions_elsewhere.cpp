// Exceptions where results go: output ranges, reductions, results on every rank; plain values; and errors
// that are many, long or come when a value has been read by half.

#include "fault.hpp"

#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <set>

#include "deadline.hpp"

namespace faults {
namespace {

using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

const mpimap::options plain_schedules[] = {
    {},
    {.schedule = mpimap::schedule::static_},
    {.schedule = mpimap::schedule::dynamic, .chunk = 1},
    {.schedule = mpimap::schedule::dynamic, .chunk = 3},
};

class exceptions_elsewhere : public testing::Test {
  protected:
    static void SetUpTestSuite() { board_ = std::make_unique<board>(comm()); }
    static void TearDownTestSuite() { board_.reset(); }

    static fault on_all_ranks(phase at) {
        static int number = 0;
        fault f;
        f.at = at;
        f.what = static_cast<thrown>(number++ % kinds_thrown);
        f.ranks = ~std::uint64_t{0};
        return f;
    }

    /// Runs the test with each schedule, with first and last rank as root. Items wait for other ranks' items
    /// on request.
    template <typename Test>
    static void for_each_call(const std::string& what, const Test& test, bool all_have_items = false,
                              bool only_static = false) {
        for (std::size_t s = 0; s < std::size(plain_schedules); ++s) {
            if (only_static && plain_schedules[s].schedule != mpimap::schedule::static_)
                continue;
            for (const int root : std::set<int>{0, size() - 1}) {
                const std::string text =
                    what + ", schedule " + std::to_string(s) + ", root " + std::to_string(root);
                SCOPED_TRACE(text);
                const deadline limit(text);
                board::here().start(comm(), root);
                if (!all_have_items)
                    board::here().release();
                mpimap::options o = plain_schedules[s];
                o.root = root;
                test(o);
                mpimap_test::expect_next_call_works(root);
            }
        }
    }

    /// The call throws a map_error that is the same on all ranks, and whose errors are those of the fault.
    template <typename Call>
    static std::vector<mpimap::task_error> expect_map_error(const fault& f, const Call& call) {
        std::string text = "nothing";
        std::vector<mpimap::task_error> errors;
        try {
            call();
            ADD_FAILURE() << "no exception";
        } catch (const mpimap::map_error& e) {
            text = e.what();
            errors = e.errors();
            EXPECT_GE(e.failed(), 1U);
            EXPECT_EQ(e.errors().size(),
                      rank() == board::here().root() ? e.failed() : std::min<std::size_t>(64, e.failed()));
        } catch (const std::exception& e) {
            ADD_FAILURE() << "not a map_error: " << e.what();
        } catch (...) {
            ADD_FAILURE() << "not a map_error, not even a std::exception";
        }
        EXPECT_TRUE(mpimap_test::same_everywhere(text)) << "not the same error as on rank 0: " << text;
        for (const mpimap::task_error& e : errors) {
            EXPECT_EQ(e.type(), type_of(f));
            EXPECT_EQ(e.what(), text_of(f));
        }
        return errors;
    }

  private:
    static inline std::unique_ptr<board> board_;
};

// ---------------------------------------------------------------- output ranges

TEST_F(exceptions_elsewhere, output_range) {
    const std::size_t n = 40;
    for (const phase at : {phase::output_begin, phase::output_step, phase::output_assign, phase::call}) {
        for_each_call(name(at), [&](const mpimap::options& o) {
            fault f = on_all_ranks(at);
            f.elements[0] = 11;
            output_range out(n, f);
            const auto errors = expect_map_error(f, [&] {
                mpimap::mpi_map_into(comm(), o, function(f), out, cargo_range(n, f),
                                     mpimap::broadcast(cargo(role::constant, 1, f)));
            });
            if (at == phase::output_step || at == phase::output_assign) {
                EXPECT_EQ(errors.size(), 1U);
                for (const auto& e : errors) {
                    EXPECT_EQ(e.index(), 11U);
                    EXPECT_EQ(e.rank(), o.root);
                }
            }
        });
    }
}

TEST_F(exceptions_elsewhere, output_range_of_no_results) {
    for (const std::size_t room : {std::size_t{0}, std::size_t{3}}) {
        for_each_call("no items", [&](const mpimap::options& o) {
            const fault f = on_all_ranks(phase::output_begin);
            output_range out(room, f);
            std::string text = "nothing";
            try {
                mpimap::mpi_map_into(comm(), o, function(f), out, cargo_range(0, f),
                                     mpimap::broadcast(cargo(role::constant, 1, f)));
            } catch (const mpimap::map_error& e) {
                text = e.what();
            } catch (...) {
                text = "another exception";
            }
            // Whether the range is asked for its beginning when nothing goes there is left open; what all
            // ranks see is not.
            EXPECT_NE(text, "another exception");
            EXPECT_TRUE(mpimap_test::same_everywhere(text)) << text;
        });
    }
}

// ---------------------------------------------------------------- reductions

struct faulty_sum {
    fault what;
    cargo operator()(const cargo& a, const cargo& b) const {
        fail_if(what, phase::operation);
        cargo c = a;
        c.set_number(a.number() + b.number());
        return c;
    }
};

struct to_cargo {
    fault what;
    cargo operator()(mpimap::task where, std::size_t i) const {
        fail_if(what, phase::call);
        cargo c(role::result, i, what);
        c.set_ran_on(where.rank());
        return c;
    }
};

TEST_F(exceptions_elsewhere, reduction) {
    const std::size_t n = 600 * static_cast<std::size_t>(size());
    const auto reduce = [n](const mpimap::options& o, const fault& f) {
        return mpimap::mpi_map_reduce(comm(), o, faulty_sum{f}, cargo(role::result, 5, fault{}), to_cargo{f},
                                      mpimap::indices(n));
    };
    // Static, since with small chunks the root alone combines, and on demand a rank may come too late.
    for (const phase at : {phase::operation, phase::call, phase::result_save, phase::result_load}) {
        for (const int where : std::set<int>{0, size() - 1, -1}) {
            for (const auto on_error : {mpimap::on_error::stop, mpimap::on_error::collect}) {
                for_each_call(
                    std::string(name(at)) + " on rank " + std::to_string(where),
                    [&](const mpimap::options& given) {
                        mpimap::options o = given;
                        o.on_error = on_error;
                        fault f = on_all_ranks(at);
                        if (where >= 0)
                            f.ranks = std::uint64_t{1} << static_cast<unsigned>(where);
                        const bool sent = at == phase::result_save || at == phase::result_load;
                        if (sent && (size() == 1 || where == o.root)) {
                            const cargo sum = reduce(o, f);
                            EXPECT_EQ(sum.number(),
                                      rank() == o.root ? 5 + n * (n - 1) / 2 : std::uint64_t{5});
                        } else {
                            expect_map_error(f, [&] { (void)reduce(o, f); });
                        }
                    },
                    false, true);
            }
        }
    }
    // With the other schedules somebody throws as well.
    for (const phase at : {phase::operation, phase::call}) {
        for_each_call(name(at), [&](const mpimap::options& o) {
            const fault f = on_all_ranks(at);
            expect_map_error(f, [&] { (void)reduce(o, f); });
        });
    }
}

/// An initial value that cannot be copied when it is wanted.
struct uncopyable_sum {
    int value = 0;
    bool refuses = false;
    uncopyable_sum() = default;
    explicit uncopyable_sum(int v) : value(v) {}
    uncopyable_sum(const uncopyable_sum& other) : value(other.value), refuses(other.refuses) {
        if (refuses)
            throw std::runtime_error("no copy");
    }
    uncopyable_sum(uncopyable_sum&&) = default;
    uncopyable_sum& operator=(const uncopyable_sum&) = default;
    uncopyable_sum& operator=(uncopyable_sum&&) = default;
    ~uncopyable_sum() = default;
    template <typename Archive>
    void serialize(Archive& ar, unsigned) {
        ar& value;
    }
};

TEST_F(exceptions_elsewhere, reduction_of_nothing_cannot_copy_the_initial_value) {
    for_each_call("no items", [&](const mpimap::options& o) {
        uncopyable_sum start(3);
        start.refuses = rank() == o.root;
        std::string text = "nothing";
        try {
            const auto sum = mpimap::mpi_map_reduce(
                comm(), o,
                [](const uncopyable_sum& a, const uncopyable_sum& b) {
                    return uncopyable_sum(a.value + b.value);
                },
                std::move(start), [](std::size_t i) { return uncopyable_sum(static_cast<int>(i)); },
                mpimap::indices(0));
            EXPECT_EQ(sum.value, 3);
        } catch (const mpimap::map_error& e) {
            text = e.what();
        } catch (const std::exception&) {
            text = "another exception";
        }
        EXPECT_NE(text, "another exception");
        EXPECT_TRUE(mpimap_test::same_everywhere(text)) << text;
    });
}

// ---------------------------------------------------------------- results on every rank

TEST_F(exceptions_elsewhere, results_that_not_every_rank_can_read) {
    const std::size_t n = 12;
    if (size() == 1)
        return;
    for (const bool two : {false, true}) {
        for_each_call("share", [&](const mpimap::options& given) {
            mpimap::options o = given;
            o.results = mpimap::results::everywhere;
            fault f = on_all_ranks(phase::share_load);
            const int other = o.root == 0 ? size() - 1 : 0;
            if (!two)
                f.ranks = std::uint64_t{1} << static_cast<unsigned>(other);
            expect_map_error(f, [&] {
                (void)mpimap::mpi_map(comm(), o, function(f), cargo_range(n, f),
                                      mpimap::broadcast(cargo(role::constant, 1, f)));
            });
            board::here().start(comm(), o.root);
            board::here().release();
            expect_map_error(f, [&] {
                (void)mpimap::mpi_try_map(comm(), o, function(f), cargo_range(n, f),
                                          mpimap::broadcast(cargo(role::constant, 1, f)));
            });
        });
    }
}

TEST_F(exceptions_elsewhere, results_that_the_root_cannot_write_for_all) {
    for_each_call("share", [&](const mpimap::options& given) {
        mpimap::options o = given;
        o.results = mpimap::results::everywhere;
        fault f = on_all_ranks(phase::result_save);
        f.ranks = std::uint64_t{1} << static_cast<unsigned>(o.root);
        const auto map = [&] {
            return mpimap::mpi_map(comm(), o, function(f), cargo_range(6, f),
                                   mpimap::broadcast(cargo(role::constant, 1, f)));
        };
        expect_map_error(f, [&] { (void)map(); });
    });
}

TEST_F(exceptions_elsewhere, outcomes_on_every_rank) {
    const std::size_t n = 4 * static_cast<std::size_t>(size());
    for_each_call("outcomes", [&](const mpimap::options& given) {
        mpimap::options o = given;
        o.results = mpimap::results::everywhere;
        std::vector<int> numbers(n);
        std::iota(numbers.begin(), numbers.end(), 0);
        const auto all = mpimap::mpi_try_map(
            comm(), o,
            [](int i) {
                if (i % 3 == 1)
                    throw std::domain_error("one too many: " + std::to_string(i));
                return 2.5 * i;
            },
            numbers);
        EXPECT_EQ(all.size(), n);
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_EQ(all[i].has_value(), i % 3 != 1);
            if (all[i]) {
                EXPECT_EQ(*all[i], 2.5 * static_cast<double>(i));
            } else {
                EXPECT_EQ(all[i].error().index(), i);
                EXPECT_EQ(all[i].error().type(), "std::domain_error");
                EXPECT_EQ(all[i].error().what(), "one too many: " + std::to_string(i));
                EXPECT_EQ(all[i].error().arguments(), std::to_string(i));
                EXPECT_THROW(all[i].error().rethrow(), std::domain_error);
            }
        }
    });
}

/// Moves until it has travelled, and then no more.
struct slippery {
    int number = 0;
    bool travelled = false;
    slippery() = default;
    explicit slippery(int n) : number(n) {}
    slippery(const slippery&) = default;
    slippery(slippery&& other) : number(other.number), travelled(other.travelled) {
        if (travelled && rank() == board::here().root())
            throw std::runtime_error("cannot be moved any more");
    }
    slippery& operator=(const slippery&) = default;
    slippery& operator=(slippery&& other) = default;
    ~slippery() = default;
    template <typename Archive>
    void save(Archive& ar, unsigned) const {
        ar << number;
    }
    template <typename Archive>
    void load(Archive& ar, unsigned) {
        ar >> number;
        travelled = true;
    }
    BOOST_SERIALIZATION_SPLIT_MEMBER()
};

TEST_F(exceptions_elsewhere, result_cannot_be_moved_to_where_it_is_given_back) {
    for (const auto who : {mpimap::results::root, mpimap::results::everywhere}) {
        for_each_call(
            "try_map",
            [&](const mpimap::options& given) {
                mpimap::options o = given;
                o.results = who;
                std::string text = "nothing";
                std::size_t errors = 0;
                try {
                    const auto all = mpimap::mpi_try_map(
                        comm(), o, [](int i) { return slippery(i); }, std::vector<int>(20, 1));
                    for (const auto& r : all) {
                        if (!r)
                            ++errors;
                    }
                } catch (const mpimap::map_error& e) {
                    text = e.what();
                } catch (const std::exception& e) {
                    text = "another exception";
                    ADD_FAILURE() << "not a map_error: " << e.what();
                }
                EXPECT_TRUE(mpimap_test::same_everywhere(text)) << text;
                if (rank() == o.root && size() > 1) {
                    EXPECT_TRUE(errors != 0 || text != "nothing") << "the exception is lost";
                }
            },
            false, true);
    }
}

// ---------------------------------------------------------------- plain values

TEST_F(exceptions_elsewhere, plain_values) {
    const std::size_t n = 16 * static_cast<std::size_t>(size());
    std::vector<int> numbers(n);
    std::iota(numbers.begin(), numbers.end(), 0);
    for (const phase at : {phase::call, phase::nested_call}) {
        for (const int where : std::set<int>{0, size() - 1}) {
            for_each_call(
                std::string(name(at)) + " on rank " + std::to_string(where),
                [&](mpimap::options o) {
                    fault f = on_all_ranks(at);
                    f.ranks = std::uint64_t{1} << static_cast<unsigned>(where);
                    // Two small numbers side by side look like an address, and with AddressSanitizer
                    // one of mapped memory: trust_bytes.
                    const auto item = mpimap::trust_bytes([f](mpimap::task t, int i) {
                        board& b = board::here();
                        const bool all_here = b.arrive();
                        b.ran(t.index());
                        if (f.on(t.rank()) && (all_here || t.rank() != b.root())) {
                            if (f.at == phase::nested_call)
                                mpimap::mpi_for_each(
                                    comm(), [](int) {}, std::vector<int>(1));
                            throw_it(f);
                        }
                        return static_cast<std::int64_t>(i) * 1000 + t.rank();
                    });
                    const auto all = mpimap::mpi_try_map(comm(), o, item, numbers);
                    EXPECT_EQ(all.size(), rank() == o.root ? n : 0);
                    std::size_t failed = 0;
                    for (std::size_t i = 0; i < all.size(); ++i) {
                        EXPECT_EQ(board::here().runs(i), 1) << i;
                        if (all[i]) {
                            EXPECT_EQ(*all[i] / 1000, static_cast<std::int64_t>(i));
                            EXPECT_TRUE(*all[i] % 1000 != where || where == o.root);
                            continue;
                        }
                        ++failed;
                        EXPECT_EQ(all[i].error().index(), i);
                        EXPECT_EQ(all[i].error().rank(), where);
                        EXPECT_EQ(all[i].error().type(), type_of(f));
                        EXPECT_EQ(all[i].error().arguments(), std::to_string(i));
                    }
                    if (rank() == o.root && o.schedule == mpimap::schedule::static_) {
                        EXPECT_NE(failed, 0U);
                    }

                    // The same as a for_each that stops.
                    board::here().start(comm(), o.root);
                    std::string text = "nothing";
                    try {
                        mpimap::mpi_for_each(comm(), o, item, numbers);
                    } catch (const mpimap::map_error& e) {
                        text = e.what();
                        for (const auto& error : e.errors()) {
                            EXPECT_EQ(error.rank(), where);
                            EXPECT_EQ(error.type(), type_of(f));
                        }
                    }
                    EXPECT_TRUE(mpimap_test::same_everywhere(text)) << text;
                    if (o.schedule == mpimap::schedule::static_) {
                        EXPECT_NE(text, "nothing");
                    }
                },
                true);
        }
    }
}

// ---------------------------------------------------------------- many errors, long ones

TEST_F(exceptions_elsewhere, every_item_fails_with_a_long_text) {
    const std::size_t n = 150;
    const std::size_t length = 16'000; // more than fits into a message with its header; longer ones are cut
    for_each_call("long", [&](mpimap::options o) {
        o.on_error = mpimap::on_error::collect;
        std::string text = "nothing";
        try {
            mpimap::mpi_for_each(
                comm(), o,
                [](std::size_t i) {
                    throw std::length_error(std::string(16'000, static_cast<char>('a' + i % 26)));
                },
                mpimap::indices(n));
        } catch (const mpimap::map_error& e) {
            text = e.what();
            EXPECT_EQ(e.failed(), n);
            EXPECT_EQ(e.items(), n);
            EXPECT_EQ(e.errors().size(), rank() == o.root ? n : 64U);
            for (std::size_t i = 0; i < e.errors().size(); ++i) {
                EXPECT_EQ(e.errors()[i].index(), i);
                EXPECT_EQ(e.errors()[i].what().size(), length);
                EXPECT_EQ(e.errors()[i].what().front(), static_cast<char>('a' + i % 26));
                EXPECT_EQ(e.errors()[i].what().back(), static_cast<char>('a' + i % 26));
                EXPECT_EQ(e.errors()[i].arguments(), std::to_string(i));
            }
        }
        EXPECT_NE(text, "nothing");
        EXPECT_TRUE(mpimap_test::same_everywhere(text));
    });
}

TEST_F(exceptions_elsewhere, arguments_that_print_long) {
    for_each_call("long arguments", [&](const mpimap::options& o) {
        std::string text = "nothing";
        try {
            mpimap::mpi_for_each(
                comm(), o, [](const std::string&) { throw std::logic_error("no"); },
                std::vector<std::string>(5, std::string(200'000, 'x')));
        } catch (const mpimap::map_error& e) {
            text = e.what();
            EXPECT_LT(text.size(), 2000U);
            EXPECT_EQ(e.errors().front().arguments().substr(0, 3), "xxx");
        }
        EXPECT_NE(text, "nothing");
        EXPECT_TRUE(mpimap_test::same_everywhere(text));
    });
}

// ---------------------------------------------------------------- read by half

/// The array is received apart from the rest: when the rest cannot be read, it must have somewhere to go.
struct parcel {
    std::vector<double> array;
    cargo rest;
};

template <typename Parcel>
Parcel make_parcel(parcel p) {
    if constexpr (std::is_same_v<Parcel, parcel>) {
        return p;
    } else if constexpr (std::is_same_v<Parcel, std::vector<parcel>>) {
        std::vector<parcel> v;
        v.push_back(std::move(p));
        return v;
    } else {
        return std::make_unique<parcel>(std::move(p));
    }
}
const parcel& inside(const parcel& p) {
    return p;
}
const parcel& inside(const std::vector<parcel>& p) {
    return p.front();
}
const parcel& inside(const std::unique_ptr<parcel>& p) {
    return *p;
}

template <typename Parcel>
void read_by_half(phase at, const mpimap::options& given) {
    constexpr std::size_t length = 50'000;
    const std::size_t n = 4 * static_cast<std::size_t>(size());
    fault f;
    f.at = at;
    // Half of the ranks can read or be read.
    for (int r = 0; r < size(); r += 2)
        f.ranks |= std::uint64_t{1} << static_cast<unsigned>(r);
    std::vector<Parcel> arguments;
    if (rank() == given.root) {
        for (std::size_t i = 0; i < n; ++i)
            arguments.push_back(make_parcel<Parcel>(
                {std::vector<double>(length, static_cast<double>(i)), cargo(role::argument, i, f)}));
    }
    const auto all = mpimap::mpi_try_map(
        comm(), given,
        [f](mpimap::task t, const Parcel& p) {
            const parcel& in = inside(p);
            if (in.array.size() != length || in.array.front() != static_cast<double>(in.rest.number()) ||
                in.array.back() != in.array.front())
                throw std::runtime_error("the argument is not whole");
            parcel out{in.array, cargo(role::result, in.rest.number(), f)};
            out.rest.set_ran_on(t.rank());
            return make_parcel<Parcel>(std::move(out));
        },
        arguments);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i]) {
            const parcel& p = inside(*all[i]);
            EXPECT_EQ(p.rest.number(), i);
            EXPECT_EQ(p.array, std::vector<double>(length, static_cast<double>(i)));
        } else {
            EXPECT_EQ(all[i].error().what(), text_of(f));
        }
    }
    EXPECT_EQ(all.size(), rank() == given.root ? n : 0);
}

TEST_F(exceptions_elsewhere, read_by_half_in_place) {
    for (const phase at : {phase::argument_load, phase::result_load})
        for_each_call(name(at), [&](const mpimap::options& o) { read_by_half<parcel>(at, o); });
}
TEST_F(exceptions_elsewhere, read_by_half_in_vector) {
    for (const phase at : {phase::argument_load, phase::result_load})
        for_each_call(name(at), [&](const mpimap::options& o) { read_by_half<std::vector<parcel>>(at, o); });
}
TEST_F(exceptions_elsewhere, read_by_half_through_pointer) {
    for (const phase at : {phase::argument_load, phase::result_load})
        for_each_call(name(at),
                      [&](const mpimap::options& o) { read_by_half<std::unique_ptr<parcel>>(at, o); });
}

} // namespace
} // namespace faults
