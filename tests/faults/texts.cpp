// Texts of exceptions that are longer than anybody reads, null, or of several exceptions, in every way that a
// text takes from one rank to another.

#include <cstddef>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/mpimap.hpp>

#include "deadline.hpp"
#include "mpi_test.hpp"
#include "pool_test.hpp"

namespace faults {
namespace {

using mpimap_test::comm;
using mpimap_test::rank;
using mpimap_test::size;

constexpr std::size_t megabytes = std::size_t{10} << 20U;
const std::string cut_at_limit = "[cut: 16384 of 10485760 bytes]";
constexpr std::size_t longest = 17'000;     // of one text
constexpr std::size_t longest_all = 70'000; // of a whole call's

class without_text : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

int long_text(int) {
    throw std::runtime_error(std::string(megabytes, 'x'));
}
int no_text(int) {
    throw without_text();
}
int nested(int) {
    try {
        throw std::out_of_range("the cause");
    } catch (...) {
        std::throw_with_nested(std::domain_error("the item"));
    }
}

struct bad_to_write {
    std::unique_ptr<int> kept = std::make_unique<int>(1);
    template <typename Archive>
    void serialize(Archive&, unsigned) {
        throw mpimap::invalid_argument(std::string(megabytes, 'x'));
    }
    int operator()(int x) const { return x; }
};

std::vector<int> items() {
    return std::vector<int>(20, 1);
}

template <typename F>
mpimap::map_error error_of(const F& f, const mpimap::options& o) {
    try {
        (void)mpimap::mpi_map(comm(), o, f, items());
    } catch (const mpimap::map_error& e) {
        return e;
    } catch (const std::exception& e) {
        ADD_FAILURE() << "not a map_error: " << std::string(e.what()).substr(0, 200);
    }
    return mpimap::map_error({}, 0, 0);
}

TEST(Texts, AreCutInMap) {
    const deadline limit("texts, map");
    mpimap_test::for_each_root([](int root) {
        for (const auto how : {mpimap::on_error::stop, mpimap::on_error::collect}) {
            const mpimap::map_error e = error_of(long_text, {.root = root, .on_error = how});
            const std::string what = e.what();
            EXPECT_LT(what.size(), longest_all);
            EXPECT_CONTAINS(what, "[cut: 4096 of 10485760 bytes]");
            EXPECT_TRUE(mpimap_test::same_everywhere(what));
            EXPECT_GE(e.errors().size(), 1U);
            for (const mpimap::task_error& t : e.errors()) {
                EXPECT_LT(t.what().size(), longest);
                EXPECT_CONTAINS(t.what(), cut_at_limit);
            }
        }
    });
    mpimap_test::expect_next_call_works();
}

TEST(Texts, AreCutInTryMap) {
    const deadline limit("texts, try_map");
    const auto all =
        mpimap::mpi_try_map(comm(), {.results = mpimap::results::everywhere}, long_text, items());
    EXPECT_EQ(all.size(), items().size());
    for (const auto& r : all) {
        EXPECT_FALSE(r.has_value());
        if (!r.has_value()) {
            EXPECT_LT(r.error().what().size(), longest);
            EXPECT_CONTAINS(r.error().what(), cut_at_limit);
        }
    }
}

TEST(Texts, AreCutWhereACallIsRefused) {
    const std::string what =
        mpimap_test::text_of<mpimap::error>([] { (void)mpimap::mpi_map(comm(), bad_to_write{}, items()); });
    EXPECT_LT(what.size(), longest_all);
    EXPECT_CONTAINS(what, "[cut: ");
    EXPECT_TRUE(mpimap_test::same_everywhere(what));
    mpimap_test::expect_next_call_works();
}

TEST(Texts, AreCutWhereRetryIfThrows) {
    const mpimap::map_error e =
        error_of(no_text, {.attempts = 2, .retry_if = [](const mpimap::task_error&) -> bool {
                               throw std::runtime_error(std::string(megabytes, 'x'));
                           }});
    EXPECT_LT(std::string(e.what()).size(), longest_all);
    EXPECT_TRUE(mpimap_test::same_everywhere(e.what()));
}

TEST(Texts, MayBeNull) {
    const mpimap::map_error e = error_of(no_text, {});
    EXPECT_CONTAINS(std::string(e.what()), "without_text");
    EXPECT_EQ(e.errors().front().what(), "");
    EXPECT_CONTAINS(e.errors().front().type(), "without_text");
    EXPECT_TRUE(mpimap_test::same_everywhere(e.what()));
    const auto all = mpimap::mpi_try_map(comm(), no_text, items());
    for (const auto& r : all)
        EXPECT_EQ(r.error().what(), "");
    mpimap_test::expect_next_call_works();
}

TEST(Texts, NameCauses) {
    const mpimap::map_error e = error_of(nested, {});
    EXPECT_CONTAINS(std::string(e.what()),
                    "std::domain_error: the item; caused by std::out_of_range: the cause");
    EXPECT_THROW(e.errors().front().rethrow(), std::domain_error);
}

TEST(Texts, OfAPool) {
    const deadline limit("texts, pool");
    mpimap_test::with_pool([](mpimap::pool& pool) {
        const auto expect_cut = [](const std::string& text, std::size_t most) {
            EXPECT_LT(text.size(), most);
            EXPECT_CONTAINS(text, "of 10485760 bytes]");
        };
        const std::vector<int> xs = items();
        expect_cut(mpimap_test::text_of<mpimap::map_error>([&] { (void)pool.map(long_text, xs); }),
                   longest_all);
        expect_cut(mpimap_test::text_of<mpimap::map_error>([&] { (void)pool.amap(long_text, xs).get(); }),
                   longest_all);
        expect_cut(mpimap_test::text_of<std::runtime_error>([&] { (void)pool.submit(long_text, 1).get(); }),
                   longest);
        expect_cut(mpimap_test::text_of<mpimap::map_error>([&] {
                       for (const int x : pool.imap(long_text, xs))
                           ADD_FAILURE() << x;
                   }),
                   longest_all);
        for (const auto& r : pool.try_imap(long_text, xs))
            expect_cut(r.error().what(), longest);
        for (const auto& r : pool.try_map(long_text, xs))
            expect_cut(r.error().what(), longest);
        EXPECT_CONTAINS(
            mpimap_test::text_of<mpimap::remote_error>([&] { (void)pool.submit(no_text, 1).get(); }),
            "without_text");
        mpimap_test::expect_usable(pool);
    });
}

TEST(Texts, OfASetUp) {
    const int last = size() - 1;
    for (const bool null : {false, true}) {
        const auto set_up = [last, null] {
            if (rank() != last)
                return;
            if (null)
                throw without_text();
            throw std::runtime_error(std::string(megabytes, 'x'));
        };
        mpimap_test::with_pool({.set_up = set_up}, [null](mpimap::pool& pool) {
            const std::string what =
                mpimap_test::text_of<mpimap::broken_pool>([&] { (void)pool.map(no_text, items()); });
            EXPECT_LT(what.size(), longest_all);
            EXPECT_CONTAINS(what, null ? "without_text" : cut_at_limit);
        });
    }
}

} // namespace
} // namespace faults
