#include "kept/deaths.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace {

using namespace mpimap::detail;

TEST(deaths, are_those_of_a_call_and_whole) {
    const std::string journal =
        (std::filesystem::temp_directory_path() / ("mpimap_deaths_" + std::to_string(getpid()))).string();
    EXPECT_TRUE(read_deaths(journal, 0xabc, 2).empty());
    const std::string mine = death_of(0xabc, 2);
    EXPECT_EQ(mine, "abc 2");
    std::ofstream(deaths_file(journal)) << mine << " 17 3 n4 dies by SIGSEGV\n"
                                        << death_of(0xabc, 1) << " 17 3 n4 dies by SIGSEGV\n"
                                        << death_of(0xabd, 2) << " 18 3 n4 dies by SIGSEGV\n"
                                        << "nonsense\n"
                                        << mine << " 5 0 n1 calls exit(3)\n"
                                        << mine << " 17 1 n2 dies by SIGBUS\n"
                                        << mine << " 9 1 n2 dies";
    const auto all = read_deaths(journal, 0xabc, 2);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all.at(17).count, 2U);
    EXPECT_EQ(all.at(17).rank, 1);
    EXPECT_EQ(all.at(17).host, "n2");
    EXPECT_EQ(all.at(17).cause, "dies by SIGBUS");
    EXPECT_EQ(all.at(5).count, 1U);
    EXPECT_EQ(all.at(5).cause, "calls exit(3)");
    std::filesystem::remove(deaths_file(journal));
}

} // namespace
