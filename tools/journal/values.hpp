#pragma once

// What records hold of items: results as text, as far as their type is known here, and failures.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <mpimap/errors.hpp>

#include "journal/contents.hpp"
#include "journal/entry.hpp"

namespace mpimap::journal_command {

/// How results of a type are encoded, and shown. The type is known by its name, as the journal has it.
class value_type {
  public:
    explicit value_type(const std::string& result);

    enum class encoding { unknown, numbers, text };
    [[nodiscard]] encoding how() const noexcept { return how_; }
    /// Of a number, in bytes.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// A number as text.
    void append(std::string& to, const std::byte* number) const { append_(to, number); }

  private:
    encoding how_ = encoding::unknown;
    std::size_t size_ = 0;
    void (*append_)(std::string&, const std::byte*) = nullptr;
};

/// A record of results, and its items one after the other. What cannot be read throws serialization_error.
class results_reader {
  public:
    /// `singles`: each item by itself.
    results_reader(const value_type& type, const detail::journal::kept_items::entry& record, bool singles);
    results_reader(const results_reader&) = delete; // it refers to itself
    results_reader& operator=(const results_reader&) = delete;

    [[nodiscard]] detail::item_range items() const noexcept { return items_; }
    [[nodiscard]] const detail::journal::ran& how() const noexcept { return how_; }
    /// How long the item ran: measured, where it was, otherwise its share.
    [[nodiscard]] double seconds(std::size_t item) const noexcept;
    /// Appends the result of an item, as text for a table; nothing where the type is not known. Items of a
    /// record in their order.
    void append(std::string& to, std::size_t item);
    /// Reads the rest, whether it is what it should be. Throws where not.
    void check();

  private:
    using encoded = detail::journal::encoded;
    /// The texts in a record, or the only one of a single item.
    class texts {
      public:
        texts() = default;
        explicit texts(const encoded& all) : body_(all.body), spans_(all.spans) {}
        /// Nothing where there is no result.
        [[nodiscard]] std::optional<std::string_view> next();
        [[nodiscard]] bool empty() const noexcept { return body_.empty() && spans_.empty(); }

      private:
        std::span<const std::byte> take(std::size_t size);
        std::span<const std::byte> body_ = {};
        std::span<const std::span<const std::byte>> spans_ = {};
    };
    void append_number(std::string& to, const encoded& all, std::size_t n, std::size_t count) const;
    void append_text(std::string& to, texts& from) const;

    const value_type& type_;
    detail::item_range items_;
    detail::journal::ran how_;
    bool singles_;
    double share_ = 0;
    std::size_t next_;                // item
    detail::journal::word_cursor in_; // the singles that are left
    encoded all_ = {};
    texts texts_;
};

/// A record of one failure.
struct stored_failure {
    double when = 0; // since 1970
    detail::failure what = {};
};
/// Throws serialization_error where it is none.
[[nodiscard]] stored_failure read_failure(std::span<const std::byte> content);
/// The text of a failure: what it was thrown with, std::throw_with_nested, on lines of their own.
[[nodiscard]] std::string lines_of(std::string text);

} // namespace mpimap::journal_command
