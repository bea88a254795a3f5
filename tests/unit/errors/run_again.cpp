// The line that runs an item again.

#include "errors/run_again.hpp"

#include <string>

#include <unistd.h>

#include <gtest/gtest.h>

namespace {

using namespace mpimap::detail;

TEST(run_again, words_are_quoted_for_a_shell) {
    EXPECT_EQ(quoted_for_shell("./sweep"), "./sweep");
    EXPECT_EQ(quoted_for_shell("--rate=1e-3"), "--rate=1e-3");
    EXPECT_EQ(quoted_for_shell("two words"), "'two words'");
    EXPECT_EQ(quoted_for_shell("it's $HOME"), "'it'\\''s $HOME'");
    EXPECT_EQ(quoted_for_shell(""), "''");
}

TEST(run_again, a_line_to_copy) {
    const command_line started{{"./sweep", "a b", "3"}, "/data/my runs"};
    const line_to_run_again line(started);
    EXPECT_TRUE(line.is_known());
    EXPECT_EQ(line.text({117, 2, 0}), "cd '/data/my runs' && MPIMAP_ONLY=117 MPIMAP_CALL=2 ./sweep 'a b' 3");
    // Rank 2 makes the call: there must be one.
    EXPECT_EQ(line.text({117, 2, 2}),
              "cd '/data/my runs' && MPIMAP_ONLY=117 MPIMAP_CALL=2 mpirun -n 3 ./sweep 'a b' 3");
    EXPECT_EQ(line_to_run_again(command_line()).text({117, 2, 0}), "");
}

TEST(run_again, the_program_is_known_as_it_was_started) {
    ASSERT_EQ(chdir("/"), 0);
    EXPECT_TRUE(started_as().words.at(0).ends_with("unit_run_again")) << started_as().words.at(0);
    EXPECT_GT(started_as().folder.size(), 1U); // relative words are not from where it has gone since
}

} // namespace
