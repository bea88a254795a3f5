#include "kept/log_file.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;
namespace fs = std::filesystem;

std::span<const std::byte> bytes(const std::string& text) {
    return std::as_bytes(std::span(text));
}
std::vector<std::byte> copy(const std::string& text) {
    const auto all = bytes(text);
    return {all.begin(), all.end()};
}
bool add(log_file& log, const std::string& text, log_file::written when = log_file::written::soon) {
    const std::span<const std::byte> pieces[] = {bytes(text)};
    return log.add(pieces, when);
}

class log_files : public testing::Test {
  protected:
    log_files() : folder_(fs::temp_directory_path() / ("mpimap_log_" + std::to_string(getpid()))) {
        fs::create_directory(folder_);
    }
    ~log_files() override { fs::remove_all(folder_); }
    [[nodiscard]] std::string path() const { return (folder_ / "a.mpimap").string(); }
    [[nodiscard]] std::string content(const std::string& of) const {
        std::ifstream in(of, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    [[nodiscard]] std::string content() const { return content(path()); }

  private:
    fs::path folder_;
};

TEST_F(log_files, begin_with_their_preamble_and_end_with_what_was_added) {
    {
        log_file log(path(), 0, copy("preamble;"));
        EXPECT_TRUE(add(log, "first;"));
        const std::string a = "sec";
        const std::string b = "ond;";
        const std::span<const std::byte> pieces[] = {bytes(a), bytes(b)};
        EXPECT_TRUE(log.add(pieces));
        EXPECT_FALSE(log.failure());
    }
    EXPECT_EQ(content(), "preamble;first;second;");
}

TEST_F(log_files, go_on_where_they_are_whole) {
    std::ofstream(path()) << "preamble;first;half a rec";
    {
        log_file log(path(), 15, copy("preamble;"));
        EXPECT_TRUE(add(log, "second;"));
    }
    EXPECT_EQ(content(), "preamble;first;second;");
}

TEST_F(log_files, are_written_a_second_later) {
    log_file log(path(), 0, {});
    EXPECT_TRUE(add(log, "first;"));
    const auto begin = std::chrono::steady_clock::now();
    while (content().empty() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(60))
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(content(), "first;");
}

TEST_F(log_files, are_written_at_once_where_that_is_wanted) {
    log_file log(path(), 0, {});
    EXPECT_TRUE(add(log, "first;", log_file::written::on_disk));
    EXPECT_EQ(content(), "first;");
    EXPECT_TRUE(add(log, "second;", log_file::written::on_disk));
    EXPECT_EQ(content(), "first;second;");
}

TEST_F(log_files, are_flushed) {
    log_file log(path(), 0, copy("p;"));
    EXPECT_TRUE(log.flush());
    EXPECT_EQ(content(), "p;");
    EXPECT_TRUE(add(log, "first;"));
    EXPECT_TRUE(log.flush());
    EXPECT_EQ(content(), "p;first;");
}

/// By several threads, more than may wait.
TEST_F(log_files, take_much) {
    constexpr std::size_t records = 60;
    constexpr std::size_t size = 1 << 20U;
    {
        log_file log(path(), 0, {});
        std::vector<std::thread> threads;
        for (char name : {'a', 'b', 'c'}) {
            threads.emplace_back([&log, name] {
                for (std::size_t i = 0; i < records; ++i)
                    EXPECT_TRUE(add(log, std::string(size, name)));
            });
        }
        for (std::thread& t : threads)
            t.join();
    }
    const std::string all = content();
    ASSERT_EQ(all.size(), 3 * records * size);
    for (std::size_t i = 0; i < all.size(); i += size)
        EXPECT_EQ(all.substr(i, size), std::string(size, all[i])) << i;
}

/// Before anybody syncs it.
TEST_F(log_files, are_written_before_what_follows_where_that_is_wanted) {
    log_file log(path(), 0, {});
    EXPECT_TRUE(add(log, "first;"));
    EXPECT_EQ(content(), "");
    EXPECT_TRUE(add(log, "second;", log_file::written::at_once));
    EXPECT_EQ(content(), "first;second;");
    EXPECT_TRUE(add(log, "third;"));
    EXPECT_TRUE(log.write_out());
    EXPECT_EQ(content(), "first;second;third;");
}

TEST_F(log_files, notice_that_another_program_writes) {
    log_file log(path(), 0, {});
    EXPECT_TRUE(add(log, "first;", log_file::written::on_disk));
    std::ofstream(path(), std::ios::app) << "of another;";
    EXPECT_FALSE(add(log, "second;", log_file::written::on_disk));
    ASSERT_TRUE(log.failure());
    EXPECT_EQ(*log.failure(), "mpimap: the journal " + path() +
                                  " has another length than was written: another program writes to it");
    EXPECT_FALSE(add(log, "third;", log_file::written::on_disk));
    EXPECT_FALSE(log.flush());
    EXPECT_EQ(content(), "first;of another;");
}

/// As on a disk that is full: what is there stays whole.
TEST_F(log_files, that_have_no_room_fail) {
    const pid_t child = fork();
    if (child == 0) {
        const rlimit few{20, 20};
        setrlimit(RLIMIT_FSIZE, &few);
        log_file log(path(), 0, copy("preamble;"));
        const bool first = add(log, "first;", log_file::written::on_disk);
        const bool second = add(log, "second;", log_file::written::on_disk);
        const std::string why = log.failure().value_or("");
        _exit(first && !second && why.find("cannot be written: File too large") != std::string::npos ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(content(), "preamble;first;");
}

TEST_F(log_files, that_cannot_be_opened_are_told) {
    try {
        log_file log("/nowhere/a.mpimap", 0, {});
        ADD_FAILURE() << "opened in no folder";
    } catch (const mpimap::invalid_argument& e) {
        EXPECT_STREQ(e.what(),
                     "mpimap: the journal /nowhere/a.mpimap cannot be opened: No such file or directory");
    }
}

TEST_F(log_files, may_be_several) {
    EXPECT_TRUE(log_file::files_of(path()).empty());
    std::ofstream(path()) << "a";
    std::ofstream(path() + ".1") << "b";
    std::ofstream(path() + ".3") << "d";
    EXPECT_EQ(log_file::files_of(path()), (std::vector{path(), path() + ".1"}));
    {
        log_file log(path(), 1, copy("p;"));
        EXPECT_TRUE(add(log, "c"));
    }
    EXPECT_EQ(content(), "a");
    EXPECT_EQ(content(path() + ".1"), "bc");
}

} // namespace
