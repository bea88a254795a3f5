// What the environment says of a program's end.

#include "ending/end_of_time.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::end_of_slurm_job;
using mpimap::detail::read_deadline;

TEST(end_of_time, seconds_since_1970_or_from_the_beginning) {
    EXPECT_EQ(read_deadline("1800000000", 5), 1800000000);
    EXPECT_EQ(read_deadline("1800000000.5", 5), 1800000000.5);
    EXPECT_EQ(read_deadline("+90", 1000), 1090);
    EXPECT_EQ(read_deadline("+0", 1000), 1000);
}

TEST(end_of_time, all_else_is_refused) {
    for (const char* const text : {"", "+", "soon", "12:00", "-5", "+-5", "5 ", " 5", "inf", "nan", "1e999"})
        EXPECT_FALSE(read_deadline(text, 0)) << text;
}

TEST(end_of_time, of_a_slurm_job) {
    ::unsetenv("SLURM_JOB_END_TIME");
    EXPECT_FALSE(end_of_slurm_job());
    ::setenv("SLURM_JOB_END_TIME", "1800000000", 1);
    EXPECT_EQ(end_of_slurm_job(), 1800000000);
    ::setenv("SLURM_JOB_END_TIME", "Unknown", 1);
    EXPECT_FALSE(end_of_slurm_job());
    ::unsetenv("SLURM_JOB_END_TIME");
}

} // namespace
