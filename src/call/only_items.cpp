#include "call/only_items.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <limits>
#include <string>
#include <system_error>

#include <mpimap/detail/call_ordinal.hpp>
#include <mpimap/detail/index_set.hpp>
#include <mpimap/detail/running_items.hpp>
#include <mpimap/errors.hpp>

namespace mpimap::detail {
namespace {

/// Null where it is not set, or empty.
const char* text_of_variable(const char* name) noexcept {
    const char* const text = std::getenv(name);
    return text == nullptr || *text == '\0' ? nullptr : text;
}

/// The number at the beginning of the text, which is cut off; nothing where there is none.
std::optional<std::size_t> take_number(std::string_view& text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc())
        return {};
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

/// What runs, for the last words.
struct items_alone {
    item_range items;
    std::uint64_t call = 0;
};
constinit items_alone running_alone;

void print_running(const char* of_one, const char* of_several) noexcept {
    if (running_alone.items.count == 1) {
        std::fprintf(stderr, "mpimap: %s %zu", of_one, running_alone.items.first);
    } else {
        std::fprintf(stderr, "mpimap: %s %zu to %zu", of_several, running_alone.items.first,
                     running_alone.items.end() - 1);
    }
    std::fprintf(stderr, " of call %llu ", static_cast<unsigned long long>(running_alone.call));
}

/// The terminate handler meanwhile. It does not end the job by way of MPI: a debugger, or a core file, is to
/// have the stack.
[[noreturn]] void tell_and_abort() noexcept {
    print_running("item", "one of the items");
    if (std::current_exception()) {
        const failure f = current_failure(running_alone.items.first, 0);
        std::fprintf(stderr, "threw %s%s%s\n", f.type.c_str(), f.what.empty() ? "" : ": ", f.what.c_str());
    } else {
        std::fputs("terminated the program without an exception\n", stderr);
    }
    std::fflush(stderr);
    std::abort();
}

} // namespace

std::vector<item_range> items_named(std::string_view list) {
    const std::string whole(list);
    std::vector<item_range> all;
    index_set named;
    do {
        const std::optional<std::size_t> first = take_number(list);
        const std::optional<std::size_t> last = first && take(list, '-') ? take_number(list) : first;
        if (!first || !last || *last < *first || *last == std::numeric_limits<std::size_t>::max() ||
            !(list.empty() || list.front() == ',') || !named.add(*first, *last + 1)) {
            throw invalid_argument(
                "mpimap: MPIMAP_ONLY=" + whole +
                " is no list of items: give the index of each once, as in 117 or 3,117-120");
        }
        all.push_back({*first, *last - *first + 1});
    } while (take(list, ','));
    return all;
}

void check_are_there(const std::vector<item_range>& only, std::size_t items, std::uint64_t ordinal) {
    for (const item_range& range : only) {
        if (range.end() > items) {
            throw invalid_argument("mpimap: MPIMAP_ONLY names item " + std::to_string(range.end() - 1) +
                                   ": call " + std::to_string(ordinal) + " has " + std::to_string(items) +
                                   (items == 1 ? " item" : " items") +
                                   ", counted from 0. MPIMAP_CALL says which call of the program is meant");
        }
    }
}

std::optional<std::vector<item_range>> only_items_of(std::uint64_t ordinal) {
    const char* const list = text_of_variable("MPIMAP_ONLY");
    if (list == nullptr)
        return {};
    std::size_t call = 1;
    if (const char* const text = text_of_variable("MPIMAP_CALL")) {
        std::string_view rest(text);
        const std::optional<std::size_t> number = take_number(rest);
        if (!number || *number == 0 || !rest.empty()) {
            throw invalid_argument("mpimap: MPIMAP_CALL=" + std::string(text) +
                                   ": give the number of a call of the program, from 1");
        }
        call = *number;
    }
    if (call != ordinal)
        return {};
    return items_named(list);
}

void run_alone(root_job& job, const std::vector<item_range>& only) {
    copy_function(job);
    running_alone.call = job.ordinal();
    const std::terminate_handler before = std::set_terminate(tell_and_abort);
    for (const item_range& items : only) {
        running_alone.items = items;
        failures of_no_item; // such as no memory for what items share
        {
            const nobody_catches here;
            (void)job.run_here(items, true, of_no_item); // all at once: a reduction folds what they give
        }
        if (!of_no_item.empty()) {
            std::set_terminate(before);
            task_error(of_no_item.front()).rethrow();
        }
        print_running("item", "items");
        std::fputs(items.count == 1 ? "has run, and thrown nothing\n" : "have run, and thrown nothing\n",
                   stderr);
    }
    std::set_terminate(before);
}

void tell_if_never_run() noexcept {
    const char* const list = text_of_variable("MPIMAP_ONLY");
    if (list == nullptr)
        return;
    const char* const call = text_of_variable("MPIMAP_CALL");
    std::fprintf(
        stderr,
        "mpimap: MPIMAP_ONLY=%s has had no effect: rank 0 has made %llu calls, and MPIMAP_CALL=%s is "
        "none of them\n",
        list, static_cast<unsigned long long>(calls_begun()), call == nullptr ? "1" : call);
}

} // namespace mpimap::detail
