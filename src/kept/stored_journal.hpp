#pragma once

// A journal as it is on disk: its files, read.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "journal/contents.hpp"

namespace mpimap::detail {

/// A file in memory, as the system pages it in. What is added to it meanwhile is not seen.
class mapped_file {
  public:
    /// Throws invalid_argument where it cannot be read.
    explicit mapped_file(const std::string& path);
    ~mapped_file();
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

  private:
    std::span<const std::byte> bytes_;
};

/// What one says lives as long as it does.
class stored_journal {
  public:
    /// Throws invalid_argument where there is no such file, or it is no journal. One that has only been begun
    /// has no number and no contents.
    explicit stored_journal(const std::string& path);

    [[nodiscard]] const journal::contents& contents() const noexcept { return contents_; }
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    struct file {
        std::string path;
        std::size_t size = 0;
        std::size_t end = 0; // behind the last record that is whole
        std::vector<journal::scanner::damage> damaged = {};
        std::string unreadable = {}; // why nothing of it is
    };
    [[nodiscard]] const std::vector<file>& files() const noexcept { return files_; }
    /// Bytes that are no record, or no longer one, and are followed by one: those at the end were being
    /// written.
    [[nodiscard]] std::size_t damaged_bytes() const noexcept;

  private:
    std::vector<std::unique_ptr<mapped_file>> maps_;
    std::vector<file> files_;
    journal::contents contents_;
    std::uint64_t number_ = 0;
};

} // namespace mpimap::detail
