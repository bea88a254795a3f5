// What a journal says of calls, when programs have come back to it.

#include "journal/contents.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;
using namespace mpimap::detail::journal;

constexpr std::uint64_t number = 99;

call_info energy() {
    return {"double model::energy(double)", false, 0xabc, "double", 42};
}

/// A file that programs write.
class file {
  public:
    file& run(double began) {
        append(bytes_, {.journal = number, .began = began});
        return *this;
    }
    file& call(std::uint64_t call, const call_info& info) {
        append(bytes_, number, call, info);
        return *this;
    }
    file& sums(std::uint64_t call, std::size_t first, const std::vector<block_sum>& sums) {
        append(bytes_, number, call, first, sums);
        return has(call, first, sums);
    }
    /// The same, but the record is lost.
    file& has(std::uint64_t call, std::size_t first, const std::vector<block_sum>& sums) {
        std::vector<block_sum>& all = sums_[call];
        all.resize(std::max(all.size(), block_of(first) + sums.size()));
        std::copy(sums.begin(), sums.end(), all.begin() + static_cast<std::ptrdiff_t>(block_of(first)));
        return *this;
    }
    file& results(std::uint64_t call, item_range items, const std::string& text) {
        return results(call, items, text, {});
    }
    file& results(std::uint64_t call, item_range items, const std::string& text,
                  const std::vector<std::size_t>& without) {
        buffer content;
        append(content, ran{.without = without});
        content.append(text.data(), text.size());
        append(bytes_, number, {kind::results, call, items, arguments_of(items, sums_[call])}, content.data(),
               content.size());
        return *this;
    }
    file& failures(std::uint64_t call, item_range items, const std::string& text) {
        append(bytes_, number, {kind::failures, call, items, arguments_of(items, sums_[call])}, text.data(),
               text.size());
        return *this;
    }
    file& singles(std::uint64_t call, item_range items, std::uint64_t sum, const std::string& text) {
        buffer content;
        append(content, ran{});
        for (std::size_t i = 0; i < items.count; ++i) {
            const std::string result = text + std::to_string(items.first + i);
            append(content, single{sum + i, {{}, std::as_bytes(std::span(result)), {}}});
        }
        append(bytes_, number, {kind::singles, call, items}, content.data(), content.size());
        return *this;
    }
    file& ended(std::uint64_t call, std::size_t items) {
        append(bytes_, number, {kind::finished, call, {0, items}}, nullptr, 0);
        return *this;
    }
    file& begins(std::uint64_t call, item_range items, std::uint64_t rank = 1) {
        append(bytes_, number, {kind::handed_out, call, items, arguments_of(items, sums_[call])}, &rank,
               sizeof rank);
        return *this;
    }
    file& end() {
        append(bytes_, number, {kind::end}, nullptr, 0);
        return *this;
    }
    [[nodiscard]] contents read() const {
        // Contents refer to it.
        static std::vector<buffer> files;
        const buffer& copy = files.emplace_back();
        files.back().append(bytes_.data(), bytes_.size());
        scanner s({copy.data(), copy.size()}, "a.mpimap");
        contents all;
        all.read(s);
        return all;
    }

  private:
    buffer bytes_;
    std::map<std::uint64_t, std::vector<block_sum>> sums_;
};

/// What there is ahead of results that all are there.
std::size_t bare() {
    buffer content;
    append(content, ran{});
    return content.size();
}

/// "0-3 a, 4-4 b"
std::string text(const std::vector<call_contents::entry>& all, bool results = true) {
    std::string text;
    for (const auto& e : all) {
        const auto content = results ? e.content.subspan(bare()) : e.content;
        text += (text.empty() ? "" : ", ") + std::to_string(e.items.first) + "-" +
                std::to_string(e.items.end() - 1) + " " +
                std::string(reinterpret_cast<const char*>(content.data()), content.size());
    }
    return text;
}
std::string text(const std::vector<item_range>& all) {
    std::string text;
    for (const auto& r : all)
        text += (text.empty() ? "" : ", ") + std::to_string(r.first) + "-" + std::to_string(r.end() - 1);
    return text;
}

TEST(contents, are_of_all_runs) {
    const contents c = file()
                           .run(1)
                           .run(1) // the copy
                           .call(1, energy())
                           .sums(1, 0, {{100, 7}})
                           .results(1, {0, 4}, "a")
                           .run(2)
                           .call(1, energy())
                           .sums(1, 0, {{100, 7}})
                           .results(1, {10, 1}, "b")
                           .end()
                           .read();
    ASSERT_EQ(c.runs().size(), 2U);
    EXPECT_EQ(c.runs()[1].began, 2);
    ASSERT_EQ(c.calls().size(), 1U);
    EXPECT_EQ(c.calls().at(1).info(), energy());
    EXPECT_EQ(text(c.calls().at(1).all().results), "0-3 a, 10-10 b");
    EXPECT_TRUE(c.closed());
    EXPECT_EQ(c.strange(), 0U);
}

TEST(contents, of_another_function_come_instead) {
    call_info other = energy();
    other.state = 5;
    const contents c = file()
                           .run(1)
                           .call(1, energy())
                           .sums(1, 0, {{100, 7}})
                           .call(2, energy())
                           .sums(2, 0, {{100, 7}})
                           .results(1, {0, 4}, "a")
                           .results(2, {0, 1}, "b")
                           .run(2)
                           .call(1, other)
                           .sums(1, 0, {{100, 7}})
                           .results(1, {2, 1}, "c")
                           .read();
    EXPECT_EQ(c.calls().at(1).info(), other);
    EXPECT_EQ(text(c.calls().at(1).all().results), "2-2 c");
    EXPECT_EQ(text(c.calls().at(2).all().results), "0-0 b");
    EXPECT_FALSE(c.closed());
}

/// Blocks of other arguments lose theirs, all others keep them.
TEST(contents, are_of_the_last_arguments) {
    const std::vector<block_sum> before{{4096, 1}, {4096, 2}, {808, 3}};
    const std::vector<block_sum> now{{4096, 1}, {4096, 22}, {1808, 33}};
    const contents c = file()
                           .run(1)
                           .call(1, energy())
                           .sums(1, 0, before)
                           .results(1, {0, 10}, "a")
                           .results(1, {4096, 10}, "b")
                           .results(1, {8192, 10}, "c")
                           .failures(1, {4200, 1}, "f")
                           .run(2)
                           .call(1, energy())
                           .sums(1, 4096, {now[1]})
                           .results(1, {4100, 1}, "d")
                           .failures(1, {4201, 1}, "g")
                           .read();
    const call_contents& call = c.calls().at(1);
    EXPECT_EQ(text(call.all().results), "0-9 a, 8192-8201 c, 4100-4100 d");
    EXPECT_EQ(text(call.all().failures, false), "4201-4201 g");
    EXPECT_EQ(text(call.of(before).results), "0-9 a, 4096-4105 b, 8192-8201 c");
    EXPECT_EQ(text(call.of(now).results), "0-9 a, 4100-4100 d");
    const std::vector<block_sum> fewer{{4096, 1}};
    EXPECT_EQ(text(call.of(fewer).results), "0-9 a");
}

TEST(contents, know_what_was_begun_and_never_ended) {
    file f;
    f.run(1)
        .call(1, energy())
        .sums(1, 0, {{100, 7}})
        .begins(1, {0, 8})
        .begins(1, {8, 8})
        .begins(1, {16, 8}) // nobody has got so far
        .begins(1, {24, 8}, 2)
        .results(1, {0, 3}, "a")
        .failures(1, {5, 1}, "f");
    EXPECT_EQ(text(f.read().calls().at(1).all().suspects), "3-4, 6-15, 24-31");
    f.run(2).call(1, energy()).results(1, {3, 2}, "b");
    EXPECT_EQ(text(f.read().calls().at(1).all().suspects), "6-15, 24-31");
    f.end();
    EXPECT_EQ(text(f.read().calls().at(1).all().suspects), "");
}

/// An item that failed and ran again; one that ran twice.
TEST(contents, have_no_item_twice) {
    const contents c = file()
                           .run(1)
                           .call(1, energy())
                           .sums(1, 0, {{100, 7}})
                           .results(1, {0, 10}, "a", {3, 5})
                           .failures(1, {3, 1}, "f")
                           .failures(1, {5, 1}, "g")
                           .results(1, {3, 1}, "b")
                           .results(1, {20, 10}, "c")
                           .results(1, {25, 10}, "d")
                           .ended(1, 100)
                           .read();
    const call_contents& call = c.calls().at(1);
    const kept_items all = call.all();
    ASSERT_EQ(all.results.size(), 3U);
    EXPECT_EQ(text({all.results[1], all.results[2]}), "3-3 b, 25-34 d");
    EXPECT_EQ(text(all.failures, false), "5-5 g");
    EXPECT_TRUE(call.has_ended());
    EXPECT_EQ(call.items(), 100U);
}

TEST(contents, find_single_items_by_their_arguments) {
    const contents c = file()
                           .run(1)
                           .call(1, energy())
                           .singles(1, {0, 10}, 100, "a")
                           .singles(1, {20, 3}, 120, "b")
                           .run(2)
                           .call(1, energy())
                           .singles(1, {2, 4}, 502, "c")
                           .singles(1, {7, 1}, 107, "d")
                           .read();
    singles_index index(c.calls().at(1));
    EXPECT_EQ(index.size(), 13U);
    const auto found = [&index](std::size_t item, std::uint64_t sum) {
        const auto e = index.find(item, sum);
        return e ? std::string(reinterpret_cast<const char*>(e->body.data()), e->body.size()) : "none";
    };
    for (std::size_t i = 0; i < 7; ++i)
        EXPECT_EQ(found(i, 100 + i), "a" + std::to_string(i));
    EXPECT_EQ(found(7, 107), "d7");
    EXPECT_EQ(found(3, 503), "c3");
    EXPECT_EQ(found(6, 506), "none");
    EXPECT_EQ(found(3, 1), "none");
    EXPECT_EQ(found(10, 110), "none");
    EXPECT_EQ(found(22, 122), "b22");
    EXPECT_EQ(found(23, 123), "none");
}

/// Though nothing says any more that they are of others.
TEST(contents, of_arguments_whose_sums_are_lost_are_of_no_others) {
    const std::vector<block_sum> before{{100, 1}};
    const std::vector<block_sum> now{{100, 2}};
    const contents c = file()
                           .run(1)
                           .call(1, energy())
                           .sums(1, 0, before)
                           .results(1, {0, 10}, "a")
                           .run(2)
                           .call(1, energy())
                           .has(1, 0, now)
                           .results(1, {0, 10}, "b")
                           .failures(1, {20, 1}, "f")
                           .read();
    const call_contents& call = c.calls().at(1);
    EXPECT_EQ(text(call.of(before).results), "0-9 a");
    EXPECT_TRUE(call.of(before).failures.empty());
    EXPECT_EQ(text(call.of(now).results), "0-9 b");
    EXPECT_EQ(text(call.of(now).failures, false), "20-20 f");
}

/// Whoever is to be blamed for the end of a rank has run by itself, with the same arguments, and has not been
/// told of since.
TEST(contents, know_how_often_an_item_has_begun) {
    const std::vector<block_sum> before{{100, 1}};
    const std::vector<block_sum> now{{100, 2}};
    file f;
    f.run(1)
        .call(1, energy())
        .sums(1, 0, before)
        .begins(1, {0, 8})
        .begins(1, {5, 1})
        .begins(1, {5, 1})
        .sums(1, 0, now)
        .begins(1, {5, 1});
    const auto times = [&f](std::optional<std::span<const block_sum>> sums, bool alone) {
        const contents c = f.read();
        return c.calls().at(1).times_begun(5, sums, alone);
    };
    EXPECT_EQ(times(before, true), 2U);
    EXPECT_EQ(times(before, false), 3U);
    EXPECT_EQ(times(now, true), 1U);
    EXPECT_EQ(times({}, false), 4U);
    f.failures(1, {5, 1}, "f");
    EXPECT_EQ(times({}, false), 0U);
    f.begins(1, {5, 1});
    EXPECT_EQ(times(now, true), 1U);
    f.end();
    EXPECT_EQ(times({}, false), 0U);
}

TEST(contents, leave_out_what_they_do_not_understand) {
    file f;
    f.run(1)
        .call(1, energy())
        .sums(1, 0, {{100, 7}})
        .results(7, {0, 1}, "of no call")
        .results(1, {0, 1}, "a");
    const contents c = f.read();
    EXPECT_EQ(c.strange(), 1U);
    EXPECT_EQ(text(c.calls().at(1).all().results), "0-0 a");
}

TEST(contents, another_function_is_named_with_both_sides) {
    const call_info before = energy();
    EXPECT_EQ(difference(before, before), "");
    call_info now = before;
    now.function = "double model::force(double)";
    EXPECT_EQ(difference(before, now),
              "the function is double model::energy(double) in the journal, and double "
              "model::force(double) now");
    now = before;
    now.result = "float";
    EXPECT_EQ(difference(before, now), "the type of results is double in the journal, and float now");
    now = before;
    now.state = 1;
    EXPECT_EQ(difference(before, now),
              "what the function double model::energy(double) holds is something else than in the journal");
    now = before;
    now.seed.reset();
    EXPECT_EQ(difference(before, now), "the seed is 42 in the journal, and none now");
    now = before;
    now.named = true;
    now.function = "energy";
    EXPECT_EQ(difference(before, now),
              "options::journal_key is double model::energy(double) in the journal, and energy now");
}

} // namespace
