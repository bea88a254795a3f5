#include "values.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include <mpimap/detail/stream.hpp>

#include "call/verdict.hpp"
#include "journal/words.hpp"
#include "output.hpp"

namespace mpimap::journal_command {

using namespace detail;
using journal::encoded;

namespace {

[[noreturn]] void no_such_result() {
    throw serialization_error("its results are not what their type says");
}

/// Characters as numbers, too: they are in a table.
template <typename T>
void append_value(std::string& to, const std::byte* at) {
    T value{};
    std::memcpy(&value, at, sizeof value);
    if constexpr (std::is_floating_point_v<T>) {
        append_number(to, value);
    } else {
        to += std::to_string(value);
    }
}
template <>
void append_value<bool>(std::string& to, const std::byte* at) {
    to += *at == std::byte{} ? "false" : "true";
}

struct number_type {
    std::string_view name;
    std::size_t size;
    void (*append)(std::string&, const std::byte*);
};
template <typename T>
constexpr number_type number(std::string_view name) {
    return {name, sizeof(T), append_value<T>};
}
constexpr number_type numbers[] = {
    number<double>("double"),
    number<float>("float"),
    number<long double>("long double"),
    number<bool>("bool"),
    number<int>("int"),
    number<unsigned>("unsigned int"),
    number<long>("long"),
    number<unsigned long>("unsigned long"),
    number<long long>("long long"),
    number<unsigned long long>("unsigned long long"),
    number<short>("short"),
    number<unsigned short>("unsigned short"),
    number<char>("char"),
    number<signed char>("signed char"),
    number<unsigned char>("unsigned char"),
    number<std::uint_least16_t>("char16_t"),
    number<std::uint_least32_t>("char32_t"),
    number<unsigned char>("char8_t"),
};
constexpr std::string_view text_types[] = {
    "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
    "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
};

} // namespace

value_type::value_type(const std::string& result) {
    if (const auto* const n = std::find_if(std::begin(numbers), std::end(numbers),
                                           [&result](const number_type& t) { return t.name == result; });
        n != std::end(numbers)) {
        how_ = encoding::numbers;
        size_ = n->size;
        append_ = n->append;
    } else if (std::find(std::begin(text_types), std::end(text_types), result) != std::end(text_types)) {
        how_ = encoding::text;
    }
}

// ---------------------------------------------------------------- results

results_reader::results_reader(const value_type& type, const journal::kept_items::entry& record, bool singles)
    : type_(type), items_(record.items), singles_(singles), next_(record.items.first), in_(record.content) {
    how_ = journal::read_ran(in_);
    double rest = how_.seconds;
    for (std::size_t i = 0; i < how_.longest.count; ++i)
        rest -= how_.longest.all[i].seconds;
    const std::size_t unmeasured = items_.count - std::min<std::size_t>(items_.count, how_.longest.count);
    share_ = unmeasured == 0 ? 0 : std::max(0.0, rest) / static_cast<double>(unmeasured);
    if (!singles_) {
        all_ = journal::read_encoded(in_);
        texts_ = texts(all_);
    }
}

double results_reader::seconds(std::size_t item) const noexcept {
    if (items_.count == 1)
        return how_.seconds;
    for (std::size_t i = 0; i < how_.longest.count; ++i) {
        if (how_.longest.all[i].item == item)
            return how_.longest.all[i].seconds;
    }
    return share_;
}

void results_reader::append(std::string& to, std::size_t item) {
    if (type_.how() == value_type::encoding::unknown)
        return;
    const bool is_number = type_.how() == value_type::encoding::numbers;
    if (is_number && !singles_)
        return append_number(to, all_, item - items_.first, items_.count);
    for (; next_ < item; ++next_) {
        if (singles_) {
            (void)journal::read_single(in_);
        } else {
            (void)texts_.next();
        }
    }
    ++next_;
    if (!singles_)
        return append_text(to, texts_);
    const encoded one = journal::read_single(in_).result;
    if (is_number)
        return append_number(to, one, 0, 1);
    texts only(one);
    append_text(to, only);
}

void results_reader::append_number(std::string& to, const encoded& all, std::size_t n,
                                   std::size_t count) const {
    const bool is_span = all.body.empty() && all.spans.size() == 1;
    const std::span<const std::byte> bytes = is_span ? all.spans.front() : all.body;
    if ((!is_span && !all.spans.empty()) || bytes.size() / type_.size() != count ||
        bytes.size() % type_.size() != 0)
        no_such_result();
    type_.append(to, bytes.data() + n * type_.size());
}

/// An empty text is in quotes: it is a value.
void results_reader::append_text(std::string& to, texts& from) const {
    const auto text = from.next();
    if (text && text->empty()) {
        to += "\"\"";
    } else if (text) {
        append_csv(to, *text);
    }
}

std::span<const std::byte> results_reader::texts::take(std::size_t size) {
    if (size > body_.size())
        no_such_result();
    const auto taken = body_.first(size);
    body_ = body_.subspan(size);
    return taken;
}

std::optional<std::string_view> results_reader::texts::next() {
    if (take(sizeof(bool)).front() == std::byte{})
        return {};
    std::uint64_t size = 0;
    std::memcpy(&size, take(sizeof size).data(), sizeof size);
    std::span<const std::byte> text;
    if (size < span_threshold) {
        text = take(static_cast<std::size_t>(size));
    } else {
        if (spans_.empty() || spans_.front().size() != size)
            no_such_result();
        text = spans_.front();
        spans_ = spans_.subspan(1);
    }
    return std::string_view(reinterpret_cast<const char*>(text.data()), text.size());
}

void results_reader::check() {
    std::string text;
    const bool one_is_enough = !singles_ && type_.how() == value_type::encoding::numbers;
    for (std::size_t i = items_.first; i < items_.end(); ++i) {
        text.clear();
        if (singles_ && type_.how() == value_type::encoding::unknown) {
            (void)journal::read_single(in_);
        } else {
            append(text, i);
        }
        if (one_is_enough || (!singles_ && type_.how() == value_type::encoding::unknown))
            break;
    }
    if (!in_.empty() || (type_.how() == value_type::encoding::text && !texts_.empty()))
        throw serialization_error("it is longer than what it says");
}

// ---------------------------------------------------------------- failures

stored_failure read_failure(std::span<const std::byte> content) {
    journal::word_cursor in(content);
    stored_failure f;
    f.when = in.number<double>();
    const encoded all = journal::read_encoded(in);
    reader from = all.read();
    failures one = read_failures(from);
    if (one.size() != 1)
        throw serialization_error("it is not of one failure");
    f.what = std::move(one.front());
    return f;
}

std::string lines_of(std::string text) {
    constexpr std::string_view cause = "; caused by ";
    for (std::size_t at = text.find(cause); at != std::string::npos; at = text.find(cause, at))
        text.replace(at, 2, "\n");
    return text;
}

} // namespace mpimap::journal_command
