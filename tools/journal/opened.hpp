#pragma once

// A journal whose files are read while nobody else is kept from it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "journal/contents.hpp"
#include "journal/record.hpp"
#include "kept/stored_journal.hpp"

namespace mpimap::journal_command {

/// A record of a call that grows, whose items have no other place where their order is known.
struct grown_record {
    detail::journal::kind what{}; // singles, failures or handed_out
    std::size_t run = 0;
    detail::item_range items;
    std::span<const std::byte> content;
};

/// What there is of a call besides its contents.
struct call_records {
    std::size_t bytes = 0; // in the files
    std::vector<grown_record> grown = {};
};

class opened {
  public:
    /// Throws invalid_argument where it cannot be read. Says on the standard error what of it is damaged, if
    /// that is wanted.
    explicit opened(const std::string& path, bool tells_of_damage = true);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const detail::journal::contents& contents() const noexcept { return stored_.contents(); }
    [[nodiscard]] const detail::stored_journal& stored() const noexcept { return stored_; }
    [[nodiscard]] std::size_t size() const noexcept;
    /// Whether this is one of its files, so that nothing may be written there.
    [[nodiscard]] bool has_file(const std::string& path) const;

    /// Of the call with that number. Reads the files once more when it is called first.
    [[nodiscard]] const call_records& records(std::uint64_t call);

    /// Reads a file once more, as far as it was there: each record, and at which byte it is.
    using visitor = std::function<void(const detail::journal::scanner::found&, std::size_t at)>;
    void visit(const detail::stored_journal::file& file, const visitor& visit);

  private:
    void read_records();

    std::string path_;
    detail::stored_journal stored_;
    std::vector<std::unique_ptr<detail::mapped_file>> maps_; // what is referred to
    std::map<std::uint64_t, call_records> records_;
    bool has_records_ = false;
};

/// A call has only items that were begun, where it is one that grows.
[[nodiscard]] inline bool grows(const detail::journal::call_contents& call) noexcept {
    return call.sums().empty();
}

} // namespace mpimap::journal_command
