#include "call/verdict.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <mpimap/codec.hpp>

#include "call/interruption.hpp"
#include "errors/run_again.hpp"
#include "errors/summary.hpp"
#include "errors/text.hpp"

namespace mpimap::detail {

std::vector<std::size_t> items_that_failed(const failures& failed) {
    std::vector<std::size_t> items;
    for (const failure& f : failed) {
        if (f.index != task_error::no_item)
            items.push_back(static_cast<std::size_t>(f.index));
    }
    std::sort(items.begin(), items.end());
    return items;
}

// Texts may be long: all in the body, so that nothing of them is received later.
void write_failures(writer& out, const failures& failed) {
    const writer::copy_scope whole(out);
    write_value(out, failed);
}

failures read_failures(reader& in) {
    const reader::copy_scope whole(in);
    return make_value<failures>(in);
}

void time_failures(failures& failed, std::size_t from, double begin, std::size_t first) noexcept {
    constexpr double short_items = 100e-6; // of a batch in all
    for (; from < failed.size(); ++from) {
        failure& f = failed[from];
        if (f.seconds == 0 || f.index < first)
            continue;
        const double end = f.seconds;
        const auto items = static_cast<double>(f.index - first + 1);
        f.seconds = std::max(0.0, end - begin) / (end - begin > short_items ? 1 : items);
        begin = end;
        first = static_cast<std::size_t>(f.index) + 1;
    }
}

void tell_size(failure& f, std::uint64_t bytes, const char* of_what) noexcept {
    try {
        f.what = "no memory for " + std::to_string(bytes) + " bytes of " + of_what;
    } catch (const std::bad_alloc&) {
        // Not even for that.
    }
}

void write_map_error(writer& out, const map_error& e) {
    const writer::copy_scope whole(out);
    constexpr std::size_t most = 64;
    const std::size_t n = std::min(most, e.errors().size());
    write_value(out, cut_text(text_of(e), longest_summary));
    out.length(e.failed());
    out.length(e.items());
    out.length(e.done());
    out.length(n);
    for (std::size_t i = 0; i < n; ++i)
        write_value(out, e.errors()[i].data());
}

map_error read_map_error(reader& in) {
    const reader::copy_scope whole(in);
    const auto text = make_value<std::string>(in);
    const std::size_t failed = in.length(0);
    const std::size_t items = in.length(0);
    const std::size_t done = in.length(0);
    std::vector<task_error> errors;
    for (std::size_t n = in.length(0); n != 0; --n)
        errors.emplace_back(make_value<failure>(in));
    return map_error(std::move(errors), failed, items, text, {done, {}});
}

void write_cancelled(writer& out, const cancelled& e) {
    const writer::copy_scope whole(out);
    write_value(out, cut_text(text_of(e), longest_summary));
    out.length(e.done());
}

cancelled read_cancelled(reader& in) {
    const reader::copy_scope whole(in);
    const auto text = make_value<std::string>(in);
    return cancelled(text, {in.length(0), {}});
}

cancelled cancelled_after(const std::string& why, completion done, std::size_t items) {
    const std::string text = "mpimap: " + why + ": " + std::to_string(done.done()) + " of " +
                             std::to_string(items) + (items == 1 ? " item had run" : " items had run");
    return cancelled(text, std::move(done));
}

void write_interrupted(writer& out, const interrupted& e) {
    write_cancelled(out, e);
    out.length(static_cast<std::size_t>(e.signal()));
}

interrupted read_interrupted(reader& in) {
    const cancelled e = read_cancelled(in);
    const std::size_t signal = in.length(0);
    return interrupted(e.what(), static_cast<int>(signal), {e.done(), {}});
}

std::string text_of_cause(int cause) {
    if (cause == interruption::end_of_time)
        return "the end of the time";
    const char* const name = sigabbrev_np(cause);
    return name == nullptr ? "signal " + std::to_string(cause) : "SIG" + std::string(name);
}

namespace {
int signal_of(int cause) noexcept {
    return cause == interruption::end_of_time ? 0 : cause;
}
} // namespace

interrupted interrupted_after(int cause, completion done, std::size_t items, std::size_t failed) {
    std::string text =
        cancelled_after("the call was interrupted by " + text_of_cause(cause), done, items).what();
    if (failed != 0)
        text += ", " + std::to_string(failed) + (failed == 1 ? " has failed" : " have failed");
    return interrupted(text, signal_of(cause), std::move(done));
}

interrupted interrupted_before(int cause) {
    return interrupted("mpimap: the program is to end, because of " + text_of_cause(cause) +
                           ": no call begins any more",
                       signal_of(cause));
}

map_error verdict_of(failures failed, std::size_t items, completion done, const call_of_root& call) {
    std::stable_partition(failed.begin(), failed.end(),
                          [](const failure& f) { return f.index == task_error::no_item; });
    std::vector<task_error> errors;
    errors.reserve(failed.size());
    for (failure& f : failed)
        errors.emplace_back(std::move(f));
    return error_of_items(std::move(errors), items, std::move(done), call);
}

map_error error_of_items(std::vector<task_error> errors, std::size_t items, completion done,
                         const call_of_root& call) {
    const std::size_t count = errors.size();
    std::string text = summary_of(errors, count, items, done.done());
    if (call.ordinal != 0 && count != 0 && errors.front().attempt() != 0) {
        const std::size_t item = errors.front().index();
        const std::string line = line_to_run_again(started_as()).text({item, call.ordinal, call.root});
        if (!line.empty())
            text += "\nTo run item " + std::to_string(item) + " again, here:\n  " + line;
    }
    return map_error(std::move(errors), count, items, text, std::move(done));
}

verdict conclude(root_job& job, ending how, int rank) {
    failures& failed = how.failed;
    const auto succeeds = [&] {
        return !how.abandoned &&
               (how.tolerant || (failed.empty() && !how.stopped && how.interrupted_by == 0));
    };
    try {
        if (succeeds()) {
            job.finish(failed);
        } else {
            job.finish_partly(failed);
        }
    } catch (...) {
        how.abandoned = true;
        failed.push_back(current_failure(task_error::no_item, rank));
    }
    verdict v;
    if (succeeds())
        return v;
    if (how.interrupted_by != 0 && !how.abandoned) {
        v.cut_short = interrupted_after(how.interrupted_by, job.completed(), job.items(), failed.size());
    } else if (failed.empty()) {
        v.stopped = cancelled_after("the call was cancelled", job.completed(), job.items());
    } else {
        v.failed = verdict_of(std::move(failed), job.items(), job.completed(), {job.ordinal(), rank});
    }
    return v;
}

} // namespace mpimap::detail
