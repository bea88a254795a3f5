// The bounds of texts, and exceptions that have none, or several.

#include <errors/text.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using mpimap::map_error;
using mpimap::task_error;
using mpimap::detail::current_failure;
using mpimap::detail::cut_text;
using mpimap::detail::failure;
using mpimap::detail::fitting;
using mpimap::detail::longest_text;

template <typename Throw>
failure described(const Throw& thrown) {
    try {
        thrown();
    } catch (...) {
        return current_failure(7, 3);
    }
    return {};
}

bool ends_with(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

TEST(Text, FitsWithoutPartOfACharacter) {
    const std::string euro = "\xe2\x82\xac"; // three bytes
    EXPECT_EQ(fitting("abc", 3), 3U);
    EXPECT_EQ(fitting("abcd", 3), 3U);
    EXPECT_EQ(fitting("ab" + euro, 5), 5U);
    EXPECT_EQ(fitting("ab" + euro + "c", 5), 5U);
    EXPECT_EQ(fitting("ab" + euro + "c", 4), 2U);
    EXPECT_EQ(fitting("ab" + euro + "c", 3), 2U);
    EXPECT_EQ(fitting("ab" + euro + "c", 2), 2U);
    EXPECT_EQ(fitting("\xf0\x9f\x98\x80z", 3), 0U);
    EXPECT_EQ(fitting("", 0), 0U);
    EXPECT_EQ(fitting(euro, 0), 0U);
    // No UTF-8: cut where it is.
    EXPECT_EQ(fitting(std::string(20, '\x80'), 10), 10U);
}

TEST(Text, SaysThatItIsCut) {
    EXPECT_EQ(cut_text("abcdef", 6), "abcdef");
    EXPECT_EQ(cut_text("abcdef", 4), "abcd... [cut: 4 of 6 bytes]");
    EXPECT_EQ(cut_text("abcdef", 4, 600), "abcd... [cut: 4 of 600 bytes]");
}

TEST(Text, OfAnExceptionIsCut) {
    for (const std::size_t n : {longest_text, longest_text + 1, std::size_t{10} << 20U}) {
        const std::string text(n, 'x');
        const failure f = described([&] { throw std::runtime_error(text); });
        EXPECT_EQ(f.type, "std::runtime_error");
        if (n == longest_text) {
            EXPECT_EQ(f.what, text);
            EXPECT_EQ(f.what_bytes, 0U);
        } else {
            EXPECT_LT(f.what.size(), longest_text + 100);
            EXPECT_TRUE(ends_with(f.what, "... [cut: 16384 of " + std::to_string(n) + " bytes]"));
            EXPECT_EQ(f.what_bytes, n);
        }
        const failure s = described([&] { throw text; });
        EXPECT_EQ(s.what, f.what);
        const failure c = described([&] { throw text.c_str(); });
        EXPECT_EQ(c.what, f.what);
    }
}

TEST(Text, OfASummaryIsCutAndNamesTheWholeLength) {
    std::vector<task_error> errors;
    for (std::size_t i = 0; i < 100; ++i)
        errors.emplace_back(described([&] { throw std::runtime_error(std::string(100'000 + i, 'x')); }));
    const map_error e(std::move(errors), 100, 100);
    const std::string what = e.what();
    EXPECT_LT(what.size(), 32'000U);
    EXPECT_NE(what.find("[cut: 4096 of 100000 bytes]"), std::string::npos);
    EXPECT_NE(what.find("[cut: 4096 of 100004 bytes]"), std::string::npos);
    EXPECT_NE(what.find("and 95 more"), std::string::npos);
}

template <int N>
struct very_long_name_of_a_type_that_is_thrown {};
template <typename... T>
struct many {};
template <typename T>
using doubled = many<T, T>;

TEST(Text, OfATypeIsCut) {
    using once = doubled<doubled<doubled<doubled<very_long_name_of_a_type_that_is_thrown<1>>>>>;
    const failure f = described([] { throw doubled<doubled<doubled<once>>>(); });
    EXPECT_LT(f.type.size(), 1'200U);
    EXPECT_NE(f.type.find("... [cut: 1024 of "), std::string::npos);
}

class without_text : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

TEST(Text, MayBeANullPointer) {
    const failure f = described([] { throw without_text(); });
    EXPECT_TRUE(ends_with(f.type, "without_text")) << f.type;
    EXPECT_EQ(f.what, "");
    const map_error e({task_error(f)}, 1, 1);
    EXPECT_TRUE(ends_with(e.what(), "without_text")) << e.what();
    try {
        task_error(f).rethrow();
    } catch (const mpimap::remote_error& again) {
        EXPECT_TRUE(ends_with(again.what(), "without_text")) << again.what();
    }
    const char* const null = nullptr;
    EXPECT_EQ(described([&] { throw null; }).what, "");
}

[[noreturn]] void throw_nested(int depth) {
    try {
        if (depth == 0)
            throw without_text();
        throw_nested(depth - 1);
    } catch (...) {
        std::throw_with_nested(std::out_of_range("level " + std::to_string(depth)));
    }
}

TEST(Text, NamesTheCausesOfNestedExceptions) {
    const failure one = described([] { throw_nested(0); });
    EXPECT_EQ(one.type, "std::out_of_range");
    EXPECT_EQ(one.what, "level 0; caused by (anonymous namespace)::without_text");
    EXPECT_THROW(task_error(one).rethrow(), std::out_of_range);
    const failure two = described([] { throw_nested(1); });
    EXPECT_EQ(two.what,
              "level 1; caused by std::out_of_range: level 0; caused by (anonymous namespace)::without_text");
    // However deep, and however long.
    EXPECT_NE(described([] { throw_nested(100); }).what.find("level 93"), std::string::npos);
    const failure cut = described([] {
        try {
            throw std::runtime_error(std::string(100'000, 'x'));
        } catch (...) {
            std::throw_with_nested(std::runtime_error("outer"));
        }
    });
    EXPECT_LT(cut.what.size(), longest_text + 100);
    EXPECT_EQ(cut.what.rfind("outer; caused by std::runtime_error: xxx", 0), 0U);
}

struct no_exception {};

TEST(Text, NestedInWhatIsNoStandardException) {
    const failure f = described([] {
        try {
            throw std::logic_error("the cause");
        } catch (...) {
            std::throw_with_nested(no_exception());
        }
    });
    EXPECT_TRUE(ends_with(f.type, "no_exception")) << f.type;
    EXPECT_EQ(f.what,
              "an exception that is not derived from std::exception; caused by std::logic_error: the cause");
}

struct large_matrix {};
std::ostream& operator<<(std::ostream& os, const large_matrix&) {
    for (int i = 0; i < 1000; ++i)
        os << "\xe2\x82\xac" << ' ';
    return os.put('x');
}

TEST(Text, OfAnArgumentIsCutBetweenCharacters) {
    std::string text = "a, ";
    const large_matrix m;
    mpimap::detail::append_argument(
        text, &m, [](std::ostream& os, const void* v) { os << *static_cast<const large_matrix*>(v); });
    std::string expected = "a, ";
    for (int i = 0; i < 20; ++i)
        expected += "\xe2\x82\xac ";
    EXPECT_EQ(text, expected + "...");
}

} // namespace
