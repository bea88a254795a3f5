#include "kept/lock.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;
namespace fs = std::filesystem;

class locks : public testing::Test {
  protected:
    locks() : folder_(fs::temp_directory_path() / ("mpimap_locks_" + std::to_string(getpid()))) {
        fs::create_directory(folder_);
    }
    ~locks() override { fs::remove_all(folder_); }
    [[nodiscard]] std::string journal() const { return (folder_ / "a.mpimap").string(); }
    [[nodiscard]] std::string lock() const { return journal() + ".lock"; }
    void held_by(const lock_owner& owner) const { std::ofstream(lock()) << text_of(owner); }
    [[nodiscard]] std::string refusal() const {
        try {
            const file_lock l(journal());
        } catch (const mpimap::invalid_argument& e) {
            return e.what();
        }
        return {};
    }

  private:
    fs::path folder_;
};

TEST_F(locks, are_there_while_they_live) {
    {
        const file_lock l(journal());
        EXPECT_TRUE(fs::exists(lock()));
        EXPECT_EQ(refusal(), "mpimap: another program uses that journal: " + lock() + " is of process " +
                                 std::to_string(getpid()) + " on " + this_process().host +
                                 "; if that has ended, remove the file");
    }
    EXPECT_FALSE(fs::exists(lock()));
    EXPECT_EQ(refusal(), "");
}

TEST_F(locks, owners_are_written_and_read) {
    for (const lock_owner& o : {this_process(), lock_owner{"node7", 12, 34, "4711", 2}})
        EXPECT_EQ(owner_of(text_of(o)), o);
    EXPECT_FALSE(owner_of(""));
    EXPECT_FALSE(owner_of("something else"));
}

TEST_F(locks, of_a_process_that_has_ended_are_taken_over) {
    const pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    waitpid(gone, nullptr, 0);
    lock_owner owner = this_process();
    owner.process = gone;
    held_by(owner);
    {
        const file_lock l(journal());
        std::ifstream in(lock());
        EXPECT_EQ(owner_of(std::string(std::istreambuf_iterator<char>(in), {})), this_process());
    }
    EXPECT_FALSE(fs::exists(lock()));
}

TEST_F(locks, a_number_that_has_come_again_is_not_the_process) {
    lock_owner owner = this_process();
    owner.began -= 1;
    held_by(owner);
    EXPECT_EQ(refusal(), "");
}

TEST_F(locks, of_another_host_are_kept) {
    held_by({"elsewhere", 1, 2, "", 0});
    EXPECT_NE(refusal().find("is of process 1 on elsewhere; if"), std::string::npos) << refusal();
    held_by({"elsewhere", 1, 2, "4711", 0});
    EXPECT_NE(refusal().find("on elsewhere, job 4711; if"), std::string::npos) << refusal();
    EXPECT_TRUE(fs::exists(lock()));
}

TEST_F(locks, of_the_same_job_before_it_was_started_again_are_taken_over) {
    const lock_owner before{"elsewhere", 1, 2, "4711", 0};
    lock_owner now = this_process();
    now.job = "4711";
    EXPECT_FALSE(has_ended(before, now));
    now.restarts = 1;
    EXPECT_TRUE(has_ended(before, now));
    now.job = "4712";
    EXPECT_FALSE(has_ended(before, now));
}

TEST_F(locks, that_nobody_understands_are_kept) {
    std::ofstream(lock()) << "mine";
    EXPECT_EQ(refusal(),
              "mpimap: " + lock() + " does not say whose it is; if no program uses that journal, remove it");
}

TEST_F(locks, a_folder_that_cannot_be_written_is_told) {
    try {
        const file_lock l("/nowhere/a.mpimap");
        ADD_FAILURE() << "made in no folder";
    } catch (const mpimap::invalid_argument& e) {
        EXPECT_STREQ(e.what(), "mpimap: /nowhere/a.mpimap.lock cannot be made: No such file or directory");
    }
}

/// Many processes find the lock of one that has ended: one at a time has it.
TEST_F(locks, are_taken_over_by_one) {
    lock_owner owner = this_process();
    owner.began -= 1;
    held_by(owner);
    const std::string witness = journal() + ".witness";
    std::vector<pid_t> children;
    for (int i = 0; i < 16; ++i) {
        const pid_t child = fork();
        if (child != 0) {
            children.push_back(child);
            continue;
        }
        for (int tries = 0; tries < 2000; ++tries) {
            try {
                bool alone = true;
                {
                    const file_lock l(journal());
                    alone = mkdir(witness.c_str(), 0777) == 0; // or somebody else has it, too
                    usleep(500);
                    alone = rmdir(witness.c_str()) == 0 && alone;
                }
                _exit(alone ? 0 : 1);
            } catch (const mpimap::invalid_argument&) {
                usleep(500);
            }
        }
        _exit(2);
    }
    for (const pid_t child : children) {
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
}

} // namespace
