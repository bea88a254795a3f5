#include <mpimap/errors.hpp>

#include <algorithm>
#include <any>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include <cxxabi.h>
#include <unistd.h>

#include <boost/archive/archive_exception.hpp>

#include "clock.hpp"
#include "code/function_names.hpp"
#include "errors/summary.hpp"
#include "errors/text.hpp"

namespace mpimap {
namespace detail {
namespace {

std::string name_of(const std::type_info& type) {
    return cut_text(demangled(type.name()), longest_type);
}

// Standard exception types that can be made anew from their text, the most derived first: the position is the
// kind that travels.
template <typename... E>
struct exception_list {
    static std::int32_t kind_of(const std::exception& e) {
        std::int32_t kind = 0;
        std::int32_t at = 0;
        (void)((++at, typeid(e) == typeid(E) ? (kind = at, true) : false) || ...);
        return kind;
    }
    static std::int32_t kind_named(const std::string& type) {
        std::int32_t kind = 0;
        std::int32_t at = 0;
        (void)((++at, type == name_of(typeid(E)) ? (kind = at, true) : false) || ...);
        return kind;
    }
    static void rethrow(std::int32_t kind, const std::string& text) {
        std::int32_t at = 0;
        (void)((++at, kind == at ? throw E(text) : false) || ...);
    }
};

using text_exceptions = exception_list<std::logic_error, std::invalid_argument, std::domain_error,
                                       std::length_error, std::out_of_range, std::runtime_error,
                                       std::range_error, std::overflow_error, std::underflow_error>;

enum : std::int32_t {
    bad_alloc_kind = 100,
    bad_cast_kind,
    bad_typeid_kind,
    bad_function_kind,
    bad_optional_kind,
    bad_variant_kind,
    bad_any_kind,
    serialization_kind,
    nested_kind,
    cancelled_kind
};

std::int32_t other_kind(const std::exception& e) {
    if (typeid(e) == typeid(std::bad_alloc))
        return bad_alloc_kind;
    if (typeid(e) == typeid(std::bad_cast))
        return bad_cast_kind;
    if (typeid(e) == typeid(std::bad_typeid))
        return bad_typeid_kind;
    if (typeid(e) == typeid(std::bad_function_call))
        return bad_function_kind;
    if (typeid(e) == typeid(std::bad_optional_access))
        return bad_optional_kind;
    if (typeid(e) == typeid(std::bad_variant_access))
        return bad_variant_kind;
    if (typeid(e) == typeid(std::bad_any_cast))
        return bad_any_kind;
    if (typeid(e) == typeid(serialization_error))
        return serialization_kind;
    if (typeid(e) == typeid(nested_call))
        return nested_kind;
    return 0;
}

} // namespace

const std::string& host_name() {
    static const std::string name = [] {
        char text[256] = {};
        return gethostname(text, sizeof text - 1) == 0 ? std::string(text) : std::string("unknown host");
    }();
    return name;
}

namespace {

void set_text(failure& f, std::string_view text) {
    if (text.size() > longest_text)
        f.what_bytes = text.size();
    f.what = cut_text(text, longest_text);
}

/// What std::throw_with_nested has thrown is of a class of its own around the type that was meant.
void set_type_meant(failure& f) {
    constexpr std::string_view around = "std::_Nested_exception<";
    if (!f.type.starts_with(around) || !f.type.ends_with('>'))
        return;
    f.type = f.type.substr(around.size(), f.type.size() - around.size() - 1);
    f.kind = text_exceptions::kind_named(f.type);
}

/// Describes the exception being handled, without what it was thrown with. Gives that.
std::exception_ptr describe_outermost(failure& f) {
    try {
        throw;
    } catch (const boost::archive::archive_exception& e) {
        f.kind = serialization_kind;
        f.type = name_of(typeid(e));
        set_text(f, text_of(e));
        if (e.code == boost::archive::archive_exception::unregistered_class) {
            f.what += ": a polymorphic type must be exported, BOOST_CLASS_EXPORT(type)";
        }
    } catch (const std::exception& e) {
        f.kind = text_exceptions::kind_of(e);
        if (f.kind == 0)
            f.kind = other_kind(e);
        f.type = name_of(typeid(e));
        set_text(f, text_of(e));
        if (const auto* with = dynamic_cast<const std::nested_exception*>(&e)) {
            set_type_meant(f);
            return with->nested_ptr();
        }
    } catch (const std::string& text) {
        f.type = "std::string";
        set_text(f, text);
    } catch (const char* text) {
        f.type = "const char*";
        set_text(f, text == nullptr ? "" : text);
    } catch (const std::nested_exception& e) {
        f.type = name_of(*abi::__cxa_current_exception_type());
        f.what = "an exception that is not derived from std::exception";
        set_type_meant(f);
        return e.nested_ptr();
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        f.type = type != nullptr ? name_of(*type) : "unknown";
        f.what = "an exception that is not derived from std::exception";
    }
    return nullptr;
}

} // namespace

failure current_failure(std::size_t index, int rank) noexcept {
    failure f;
    f.index = index;
    f.rank = rank;
    try {
        f.host = host_name();
        std::exception_ptr cause = describe_outermost(f);
        constexpr int deepest = 8;
        for (int depth = 0; cause && depth < deepest && f.what_bytes == 0; ++depth) {
            failure inner;
            try {
                std::rethrow_exception(cause);
            } catch (...) {
                cause = describe_outermost(inner);
            }
            set_text(f, f.what + "; caused by " + inner.type + (inner.what.empty() ? "" : ": " + inner.what));
        }
    } catch (...) {
        // No memory for the description: which item failed is still told.
    }
    return f;
}

failure stopped_failure(std::size_t index, failure_kind why) {
    failure f;
    f.index = index;
    f.rank = -1;
    f.kind = cancelled_kind;
    f.type = "mpimap::cancelled";
    f.what = "the call was stopped before the item had run";
    f.outcome = why;
    return f;
}

void add_failure(std::vector<failure>& failed, std::size_t index, int rank, std::string arguments) {
    failure f = current_failure(index, rank);
    f.arguments = std::move(arguments);
    try {
        failed.push_back(std::move(f)); // no effect if it throws
    } catch (const std::bad_alloc&) {
        // Without the description there may be memory: that the item has failed must not be lost.
        f = failure();
        f.index = index;
        f.rank = rank;
        failed.push_back(std::move(f));
    }
}

void add_failure_of_run(std::vector<failure>& failed, std::size_t index, int rank, std::string arguments,
                        double moment) {
    add_failure(failed, index, rank, std::move(arguments));
    failed.back().seconds = moment;
}

double moment_of_failure() noexcept {
    return seconds_now();
}

namespace {

/// Takes the beginning of what is written: an argument may be a matrix.
class beginning : public std::streambuf {
  public:
    explicit beginning(std::size_t most) : most_(most) {}
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

  protected:
    int_type overflow(int_type c) override {
        if (!traits_type::eq_int_type(c, traits_type::eof()) && text_.size() < most_)
            text_ += traits_type::to_char_type(c);
        return traits_type::not_eof(c);
    }
    std::streamsize xsputn(const char* s, std::streamsize n) override {
        text_.append(s, std::min(static_cast<std::size_t>(n), most_ - text_.size()));
        return n;
    }

  private:
    std::size_t most_;
    std::string text_;
};

} // namespace

void append_argument(std::string& text, const void* value, void (*print)(std::ostream&, const void*)) {
    if (print == nullptr) {
        text += '?';
        return;
    }
    constexpr std::size_t longest = 80;
    beginning all(longest + 1);
    std::ostream os(&all);
    print(os, value);
    text.append(all.text(), 0, fitting(all.text(), longest));
    if (all.text().size() > longest)
        text += "...";
}

} // namespace detail

void task_error::rethrow() const {
    using namespace detail;
    text_exceptions::rethrow(data_.kind, data_.what);
    switch (data_.kind) {
    case bad_alloc_kind:
        throw std::bad_alloc();
    case bad_cast_kind:
        throw std::bad_cast();
    case bad_typeid_kind:
        throw std::bad_typeid();
    case bad_function_kind:
        throw std::bad_function_call();
    case bad_optional_kind:
        throw std::bad_optional_access();
    case bad_variant_kind:
        throw std::bad_variant_access();
    case bad_any_kind:
        throw std::bad_any_cast();
    case serialization_kind:
        throw serialization_error(data_.what);
    case nested_kind:
        throw nested_call(data_.what);
    case cancelled_kind:
        throw cancelled(data_.what);
    default:
        throw remote_error(data_.what.empty() ? data_.type : data_.type + ": " + data_.what);
    }
}

std::string detail::summary_of(const std::vector<task_error>& errors, std::size_t failed, std::size_t items,
                               std::size_t done) {
    constexpr std::size_t shown = 5;
    std::string text;
    if (!errors.empty() && errors.front().index() == task_error::no_item) {
        text = "mpimap: the call failed";
    } else {
        text = "mpimap: " + std::to_string(failed) + " of " + std::to_string(items) +
               (items == 1 ? " item failed" : " items failed");
    }
    if (done != 0 && done + failed < items)
        text += ", " + std::to_string(done) + (done == 1 ? " is done" : " are done");
    for (std::size_t i = 0; i < errors.size() && i < shown; ++i) {
        const task_error& e = errors[i];
        text += e.index() == task_error::no_item ? "\n  no item" : "\n  item " + std::to_string(e.index());
        if (!e.arguments().empty())
            text += " (" + cut_text(e.arguments(), longest_type) + ")";
        text += " on rank " + std::to_string(e.rank()) + " (" + e.host();
        if (e.attempts() > 1)
            text += ", attempt " + std::to_string(e.attempt()) + " of " + std::to_string(e.attempts());
        if (e.seconds() >= 1e-3) // who waited for less does not ask
            text += ", after " + duration_text(e.seconds());
        if (e.seed())
            text += ", seed " + std::to_string(*e.seed());
        text += "): " + e.type();
        if (!e.what().empty())
            text += ": " + cut_text(e.what(), longest_shown, e.data().what_bytes);
    }
    if (failed > shown)
        text += "\n  and " + std::to_string(failed - shown) + " more";
    return text;
}

detail::completion::completion(std::size_t done, std::vector<index_range> ranges)
    : done_(done),
      ranges_(ranges.empty() ? nullptr
                             : std::make_shared<const std::vector<index_range>>(std::move(ranges))) {}

const std::vector<index_range>& detail::completion::ranges() const noexcept {
    static const std::vector<index_range> none;
    return ranges_ ? *ranges_ : none;
}

cancelled::cancelled(const std::string& what, detail::completion items)
    : error(what), completion_(std::move(items)) {}

interrupted::interrupted(const std::string& what, int signal, detail::completion items)
    : cancelled(what, std::move(items)), signal_(signal) {}

map_error::map_error(std::vector<task_error> errors, std::size_t failed, std::size_t items,
                     detail::completion done)
    : map_error(std::move(errors), failed, items, std::string(), std::move(done)) {}

map_error::map_error(std::vector<task_error> errors, std::size_t failed, std::size_t items,
                     const std::string& text, detail::completion done)
    : error(text.empty() ? detail::summary_of(errors, failed, items, done.done()) : text),
      errors_(std::make_shared<const std::vector<task_error>>(std::move(errors))), failed_(failed),
      items_(items), completion_(std::move(done)) {}

} // namespace mpimap
