// What MPIMAP_ONLY names.

#include "call/only_items.hpp"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;
using ranges = std::vector<std::pair<std::size_t, std::size_t>>;

ranges named(const char* list) {
    ranges all;
    for (const item_range& r : items_named(list))
        all.emplace_back(r.first, r.count);
    return all;
}

TEST(only_items, are_a_list_of_indices) {
    EXPECT_EQ(named("117"), (ranges{{117, 1}}));
    EXPECT_EQ(named("3,117-120,0"), (ranges{{3, 1}, {117, 4}, {0, 1}}));
    EXPECT_EQ(named("5-5"), (ranges{{5, 1}}));
}

TEST(only_items, of_what_is_no_such_list_it_is_said_what_one_is) {
    for (const char* list : {"", "x", "3,", ",3", "3-", "-3", "5-3", "3;4", "3 4", "1.5",
                             "99999999999999999999", "0x3", "18446744073709551615", "3,3", "3-5,4"}) {
        try {
            (void)items_named(list);
            ADD_FAILURE() << list;
        } catch (const mpimap::invalid_argument& e) {
            EXPECT_NE(std::string(e.what()).find("3,117-120"), std::string::npos) << e.what();
        }
    }
}

TEST(only_items, that_the_call_does_not_have_are_refused) {
    check_are_there(items_named("9,0-8"), 10, 1);
    for (const char* list : {"10", "3,10", "5-10"}) {
        try {
            check_are_there(items_named(list), 10, 2);
            ADD_FAILURE() << list;
        } catch (const mpimap::invalid_argument& e) {
            EXPECT_NE(std::string(e.what()).find("item 10: call 2 has 10 items"), std::string::npos)
                << e.what();
        }
    }
    EXPECT_THROW(check_are_there(items_named("0"), 0, 1), mpimap::invalid_argument);
}

TEST(only_items, are_of_one_call) {
    unsetenv("MPIMAP_ONLY");
    unsetenv("MPIMAP_CALL");
    EXPECT_FALSE(only_items_of(1));
    setenv("MPIMAP_ONLY", "3", 1);
    EXPECT_TRUE(only_items_of(1));
    EXPECT_FALSE(only_items_of(2));
    EXPECT_FALSE(only_items_of(0)); // a call that an item makes
    setenv("MPIMAP_CALL", "2", 1);
    EXPECT_FALSE(only_items_of(1));
    EXPECT_EQ(only_items_of(2)->front().first, 3U);
    for (const char* call : {"0", "x", "2x", "-1"}) {
        setenv("MPIMAP_CALL", call, 1);
        EXPECT_THROW((void)only_items_of(1), mpimap::invalid_argument) << call;
    }
    unsetenv("MPIMAP_ONLY");
    EXPECT_FALSE(only_items_of(1));
}

} // namespace
