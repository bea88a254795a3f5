// What a journal consists of: what was written is read, and of a file that is cut off or damaged all but the
// records that are.

#include "journal/record.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <new>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <mpimap/errors.hpp>

namespace {

using namespace mpimap::detail;
using namespace mpimap::detail::journal;

constexpr std::uint64_t number = 0x1234'5678'9abc'def0;

std::span<const std::byte> bytes_of(const buffer& b) {
    return {b.data(), b.size()};
}

/// Two copies of the run, and records of all kinds and lengths.
buffer some_journal(std::size_t records) {
    buffer file;
    const run_info run{number, 1.7e9, 8, 77, "node7", "4711"};
    append(file, run);
    append(file, run);
    std::mt19937 random(5);
    for (std::size_t i = 0; i < records; ++i) {
        const auto what = static_cast<kind>(2 + i % 5);
        std::string content(random() % 70, '\0');
        for (char& c : content)
            c = static_cast<char>(random());
        append(file, number, {what, 1 + i / 10, {i, i % 3 + 1}}, content.data(), content.size());
    }
    append(file, number, {kind::end}, nullptr, 0);
    return file;
}

/// What is told of a record, as text.
std::string told(const scanner::found& f) {
    return std::to_string(static_cast<int>(f.what.what)) + " " + std::to_string(f.what.call) + " " +
           std::to_string(f.what.items.first) + " " + std::to_string(f.what.items.count) + " " +
           std::string(reinterpret_cast<const char*>(f.content.data()), f.content.size());
}
std::vector<std::string> all_of(scanner& s) {
    std::vector<std::string> all;
    while (const auto f = s.next())
        all.push_back(told(*f));
    return all;
}

TEST(record, what_was_written_is_read) {
    buffer file;
    append(file, run_info{number, 1.7e9, 8, 77, "node7", "4711"});
    append(file, number, {kind::results, 3, {17, 4}}, "four results", 12);
    append(file, number, {kind::handed_out, 3, {21, 1}}, nullptr, 0);
    scanner s(bytes_of(file), "a.mpimap");
    EXPECT_EQ(s.number(), number);
    const auto run = s.next();
    ASSERT_TRUE(run);
    EXPECT_EQ(run->what.what, kind::run);
    const run_info info = read_run(run->content);
    EXPECT_EQ(info.journal, number);
    EXPECT_EQ(info.began, 1.7e9);
    EXPECT_EQ(info.ranks, 8U);
    EXPECT_EQ(info.program, 77U);
    EXPECT_EQ(info.host, "node7");
    EXPECT_EQ(info.job, "4711");
    const auto results = s.next();
    ASSERT_TRUE(results);
    EXPECT_EQ(told(*results), "4 3 17 4 four results");
    const auto handed_out = s.next();
    ASSERT_TRUE(handed_out);
    EXPECT_EQ(told(*handed_out), "6 3 21 1 ");
    EXPECT_FALSE(s.next());
    EXPECT_TRUE(s.damaged().empty());
    EXPECT_EQ(s.end(), file.size());
}

/// As a message is: from several places.
TEST(record, a_sum_of_pieces_is_that_of_the_whole) {
    const std::string whole = "results that lie in several places";
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        checksum sum(number);
        sum.add(whole.data(), cut);
        sum.add(whole.data() + cut, whole.size() - cut);
        const header h = header_of(number, {kind::results, 1, {0, 1}}, whole.size(), sum.value());
        buffer file;
        append(file, run_info{.journal = number});
        file.append(h.data(), h.size());
        file.append(whole.data(), whole.size());
        file.append("\0\0\0\0\0\0\0", padding_of(whole.size()));
        scanner s(bytes_of(file), "");
        EXPECT_EQ(all_of(s).back(), "4 1 0 1 " + whole);
    }
}

[[gnu::noinline]] void spoil(std::byte* memory, std::size_t size) {
    std::fill_n(memory, size, std::byte{0xab});
}

/// Memory on the stack, in which there was another sum of the same journal.
TEST(record, a_sum_does_not_depend_on_what_was_there) {
    const std::string text(1000, 'x');
    alignas(checksum) std::byte memory[sizeof(checksum)];
    std::vector<std::uint64_t> sums;
    constexpr std::size_t spoilt_bytes[] = {0, 64, 256, 300, 512};
    for (const std::size_t spoilt : spoilt_bytes) {
        auto* const sum = ::new (static_cast<void*>(memory)) checksum(number);
        sum->add(text.data(), text.size());
        sums.push_back(sum->value());
        spoil(memory, spoilt);
    }
    EXPECT_EQ(std::count(sums.begin(), sums.end(), sums[0]), std::ssize(sums));
}

TEST(record, of_a_file_that_was_cut_off_all_that_is_whole_is_read) {
    const buffer file = some_journal(60);
    scanner whole(bytes_of(file), "");
    const std::vector<std::string> all = all_of(whole);
    ASSERT_EQ(all.size(), 63U);
    std::size_t before = 0;
    for (std::size_t size = 0; size <= file.size(); ++size) {
        SCOPED_TRACE(size);
        std::optional<scanner> s;
        try {
            s.emplace(bytes_of(file).first(size), "");
        } catch (const mpimap::invalid_argument&) {
            EXPECT_LT(size, 250U); // the first run is not whole
            continue;
        }
        const std::vector<std::string> some = all_of(*s);
        ASSERT_LE(some.size(), all.size());
        EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
        EXPECT_GE(some.size(), before);
        EXPECT_TRUE(s->damaged().empty());
        // At a whole word, where the next record can be found.
        EXPECT_EQ(s->end() % sizeof(std::uint64_t), 0U);
        EXPECT_LT(s->end(), size + sizeof(std::uint64_t));
        before = some.size();
    }
    EXPECT_EQ(before, all.size());
}

/// Each bit of a journal of 4 KiB: what is read is what was written, without the record that was hit.
TEST(record, a_bit_that_is_wrong_costs_one_record) {
    const buffer file = some_journal(45);
    ASSERT_GT(file.size(), 4096U);
    scanner whole(bytes_of(file), "");
    std::map<std::string, int> all;
    for (const std::string& r : all_of(whole))
        ++all[r];
    for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
        std::vector<std::byte> damaged(file.data(), file.data() + file.size());
        damaged[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        scanner s(damaged, "");
        std::map<std::string, int> left = all;
        std::size_t read = 0;
        for (const std::string& r : all_of(s)) {
            ++read;
            ASSERT_GE(--left[r], 0) << "bit " << bit << ": a record that nobody has written";
        }
        ASSERT_GE(read, 47U) << "bit " << bit;
        if (read == 47U) {
            const bool is_last = s.end() < file.size();
            ASSERT_EQ(s.damaged().size(), is_last ? 0U : 1U) << "bit " << bit;
        }
    }
}

TEST(record, bytes_of_a_result_are_no_records) {
    const buffer other = some_journal(10);
    buffer file;
    append(file, run_info{.journal = 5});
    append(file, run_info{.journal = 5});
    append(file, 5, {kind::results, 1, {0, 1}}, other.data(), other.size());
    const std::size_t third = file.size();
    append(file, 5, {kind::results, 1, {1, 1}}, "b", 1);
    {
        scanner s(bytes_of(file), "");
        EXPECT_EQ(all_of(s).size(), 4U);
    }
    // Where its header is damaged what it holds is looked at, word by word.
    scanner first(bytes_of(file), "");
    (void)first.next();
    (void)first.next();
    file.data()[first.end() + 9] ^= std::byte{1};
    scanner s(bytes_of(file), "");
    std::size_t results = 0;
    while (const auto f = s.next())
        results += f->what.what == kind::results ? 1U : 0U;
    EXPECT_EQ(results, 1U);
    EXPECT_EQ(s.end(), file.size());
    ASSERT_FALSE(s.damaged().empty());
    EXPECT_EQ(s.damaged().back().to, third);
}

std::string refusal(const buffer& file) {
    try {
        scanner s(bytes_of(file), "sweep.mpimap");
    } catch (const mpimap::invalid_argument& e) {
        return e.what();
    }
    return {};
}

TEST(record, what_is_no_journal_is_refused) {
    buffer text;
    text.append("index,status,seconds\n", 21);
    EXPECT_EQ(refusal(text), "mpimap: sweep.mpimap is no journal, or its beginning is lost");
    EXPECT_EQ(refusal(buffer()), "mpimap: sweep.mpimap is no journal, or its beginning is lost");
}

/// The first words of a run say how it is written; the sums are made anew.
buffer written_as(std::size_t word, std::uint64_t value) {
    buffer whole;
    append(whole, run_info{.journal = 5});
    std::vector<std::byte> content(whole.data() + header_size, whole.data() + whole.size());
    std::memcpy(content.data() + word * sizeof value, &value, sizeof value);
    buffer file;
    append(file, 5, {kind::run}, content.data(), content.size());
    return file;
}

TEST(record, another_format_is_refused) {
    EXPECT_EQ(refusal(written_as(0, 2)),
              "mpimap: the journal sweep.mpimap: it has format 2, and this version of "
              "the library reads format 1");
    EXPECT_EQ(refusal(written_as(1, 4)),
              "mpimap: the journal sweep.mpimap: it was written on a machine whose numbers have other sizes");
    buffer swapped = some_journal(3);
    std::reverse(swapped.data(), swapped.data() + 4);
    std::reverse(swapped.data() + 4, swapped.data() + swapped.size());
    EXPECT_EQ(refusal(swapped),
              "mpimap: the journal sweep.mpimap was written on a machine with another order of bytes");
}

} // namespace
