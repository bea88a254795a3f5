#include "running/last_words.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>

#include <mpimap/detail/run_items.hpp>

namespace {

using namespace mpimap::detail;

std::string words_of(const running_items& run, const line_to_run_again& again) {
    char memory[300];
    short_text text(memory);
    append_last_words(text, run, "n4", "dies by SIGSEGV", again);
    return std::string(text.view());
}
const line_to_run_again sweep{command_line{{"./sweep", "--fine"}, "/home/ada"}};
constexpr place third{3, 8};
std::string arguments_of(const running_items& run) {
    char memory[300];
    short_text text(memory);
    append_arguments(text, run);
    return std::string(text.view());
}

template <typename T, bool InMemory = true>
struct cursor_of {
    static constexpr bool in_memory = InMemory;
    T value;
    const T& operator*() const { return value; }
};
template <typename MakeCursors>
running_items::describe description_by(const MakeCursors&) {
    return describe_numbers<MakeCursors>();
}

TEST(last_words, name_the_item_and_how_it_is_run_again) {
    const call_facts call{.ordinal = 2, .root = 1};
    running_items run(100, third, call, nullptr, nullptr);
    run.begins(17);
    EXPECT_EQ(words_of(run, sweep),
              "mpimap: rank 3 (n4) dies by SIGSEGV in item 117 of call 2\n"
              "To run item 117 again, here:\n"
              "  cd /home/ada && MPIMAP_ONLY=117 MPIMAP_CALL=2 mpirun -n 2 ./sweep --fine\n");
    EXPECT_EQ(words_of(run, line_to_run_again(command_line())),
              "mpimap: rank 3 (n4) dies by SIGSEGV in item 117 of call 2\n");
}

TEST(last_words, have_the_arguments_that_are_numbers) {
    const auto make_cursors = [](std::size_t i) {
        return std::tuple(cursor_of<double>{0.5 * static_cast<double>(i)}, cursor_of<std::string>{"text"},
                          cursor_of<int>{-3}, cursor_of<item_number>{{7}}, cursor_of<bool>{true});
    };
    const call_facts call{.ordinal = 2};
    running_items run(0, third, call, description_by(make_cursors), &make_cursors);
    run.begins(3);
    EXPECT_EQ(arguments_of(run), "Its arguments: 1.5, ?, -3, 1\n");
    EXPECT_EQ(description_by([](std::size_t) { return std::tuple(cursor_of<std::string>{"text"}); }),
              nullptr);
    // To find it out would run code of the user's.
    EXPECT_EQ(
        description_by([](std::size_t) { return std::tuple(cursor_of<int, false>{1}, cursor_of<int>{2}); }),
        nullptr);
}

TEST(last_words, are_of_the_call_that_the_program_makes) {
    const call_facts outer_call{.ordinal = 2};
    const call_facts inner_call{};
    const place alone{0, 1};
    running_items outer(40, third, outer_call, nullptr, nullptr);
    outer.begins(2);
    {
        running_items inner(0, alone, inner_call, nullptr, nullptr);
        inner.begins(9);
        EXPECT_EQ(running_items::innermost(), &inner);
        EXPECT_TRUE(
            words_of(inner, sweep).starts_with("mpimap: rank 3 (n4) dies by SIGSEGV in item 42 of call 2\n"));
        // A thread that the item has made.
        std::thread([&inner] { EXPECT_EQ(running_items::innermost(), &inner); }).join();
    }
    EXPECT_EQ(running_items::innermost(), &outer);
}

/// What submit was given has no number that the program could name.
TEST(last_words, without_a_number_of_the_call) {
    EXPECT_EQ(running_items::innermost(), nullptr);
    const call_facts call{};
    running_items run(5, third, call, nullptr, nullptr);
    EXPECT_EQ(words_of(run, sweep), "mpimap: rank 3 (n4) dies by SIGSEGV in item 5\n");
}

TEST(last_words, what_does_not_fit_is_cut) {
    char memory[10];
    short_text text(memory);
    text.add("value ").add(-17).add(" and more");
    EXPECT_EQ(text.view(), "value -17 ");
    EXPECT_EQ(text.room(), 0U);
    EXPECT_EQ(text.add(1).view().size(), 10U);
}

TEST(last_words, numbers_are_as_streams_write_them) {
    char memory[400];
    const auto one = [&memory](auto value) {
        short_text text(memory);
        return std::string(text.add(value).view());
    };
    EXPECT_EQ(one('c'), "c");
    EXPECT_EQ(one(true), "1");
    EXPECT_EQ(one(std::numeric_limits<long long>::min()), "-9223372036854775808");
    EXPECT_EQ(one(std::numeric_limits<unsigned long long>::max()), "18446744073709551615");
    EXPECT_EQ(one(0.1), "0.1");
    EXPECT_EQ(one(0.1F), "0.1");
    EXPECT_EQ(one(2.5L), "2.5");
    EXPECT_EQ(one(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
}

} // namespace
