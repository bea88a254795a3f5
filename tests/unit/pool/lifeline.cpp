// A spawned rank and its program hear of each other's end. Here they are processes without MPI: a program,
// and a rank that it has forked.

#include "pool/lifeline.hpp"

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace {

using mpimap::detail::lifeline;
using mpimap::detail::lifelines;

constexpr int at_its_end = 7; // the status of a rank that came to its own end

/// A pipe that outlives a fork.
struct channel {
    int ends[2] = {};
    channel() { EXPECT_EQ(pipe(ends), 0); }
    ~channel() {
        close(ends[0]);
        close(ends[1]);
    }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;
    void say(const std::string& text) const { (void)!write(ends[1], text.c_str(), text.size() + 1); }
    [[nodiscard]] std::string hear() const {
        std::string text;
        for (char c = 0; read(ends[0], &c, 1) == 1 && c != 0;)
            text += c;
        return text;
    }
};

/// A program that ends when its rank has done that; the status of the rank, which then has `patience`.
/// Each process starts its threads behind its last fork: the child of one with threads may find a lock of the
/// allocator's taken for ever.
int rank_outlives_program(std::chrono::milliseconds patience,
                          const std::function<void(const lifeline&)>& before_that) {
    // Processes that have lost their parent become ours.
    EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    const channel to_rank;
    const channel from_rank;
    const pid_t program = fork();
    if (program == 0) {
        const pid_t parent = getpid();
        if (fork() == 0) {
            const lifeline rank(to_rank.hear(), 1);
            rank.arrived();
            before_that(rank);
            from_rank.say("done");
            while (getppid() == parent)
                std::this_thread::yield();
            std::this_thread::sleep_for(patience);
            std::_Exit(at_its_end);
        }
        const lifelines ranks;
        to_rank.say(ranks.address());
        (void)from_rank.hear();
        while (ranks.all_ended()) // it has not been heard of yet
            std::this_thread::yield();
        std::_Exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(program, &status, 0), program);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    EXPECT_GT(wait(&status), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
constexpr std::chrono::milliseconds for_ever = std::chrono::hours(1); // ctest ends it before
constexpr std::chrono::milliseconds a_while{200};

TEST(lifeline, ends_a_rank_whose_program_is_gone) {
    EXPECT_EQ(rank_outlives_program(for_ever, [](const lifeline&) {}), EXIT_FAILURE);
}

TEST(lifeline, leaves_a_rank_that_may_go) {
    EXPECT_EQ(rank_outlives_program(a_while, [](const lifeline& l) { l.let_go(); }), at_its_end);
}

TEST(lifeline, without_a_program_is_nothing) {
    const lifeline none("", 1);
    none.arrived();
    none.let_go();
    const lifeline elsewhere("no such address", 2);
    elsewhere.arrived();
}

} // namespace
