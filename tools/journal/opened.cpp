#include "opened.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <mpimap/errors.hpp>

#include "output.hpp"

namespace mpimap::journal_command {

using namespace detail;
using journal::kind;
using journal::scanner;

namespace {

/// A pipe would be waited for, and has no size.
const std::string& checked(const std::string& path) {
    std::error_code none;
    const auto status = std::filesystem::status(path, none);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        throw invalid_argument("mpimap: " + path + " is no file");
    return path;
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

} // namespace

opened::opened(const std::string& path, bool tells_of_damage) : path_(path), stored_(checked(path)) {
    if (!tells_of_damage)
        return;
    if (const std::size_t bytes = stored_.damaged_bytes(); bytes != 0)
        remark(count_text(bytes, "byte") + " of " + path +
               " cannot be read: mpimap-journal verify says which");
}

std::size_t opened::size() const noexcept {
    std::size_t sum = 0;
    for (const stored_journal::file& f : stored_.files())
        sum += f.size;
    return sum;
}

bool opened::has_file(const std::string& path) const {
    return std::any_of(stored_.files().begin(), stored_.files().end(), [&path](const auto& f) {
        std::error_code none;
        return std::filesystem::equivalent(f.path, path, none);
    });
}

void opened::visit(const stored_journal::file& file, const visitor& visit) {
    if (!file.unreadable.empty() || file.end == 0)
        return;
    maps_.push_back(std::make_unique<mapped_file>(file.path));
    const auto all = maps_.back()->bytes();
    const auto bytes = all.first(std::min(all.size(), file.size));
    scanner s(bytes, file.path);
    while (const auto f = s.next()) {
        const auto content = static_cast<std::size_t>(f->content.data() - bytes.data());
        visit(*f, content - journal::header_size);
    }
}

const call_records& opened::records(std::uint64_t call) {
    if (!std::exchange(has_records_, true))
        read_records();
    return records_[call];
}

void opened::read_records() {
    std::map<std::uint64_t, std::span<const std::byte>> infos;
    std::span<const std::byte> last_run;
    std::size_t run = 0;
    for (const stored_journal::file& file : stored_.files()) {
        visit(file, [&](const scanner::found& f, std::size_t) {
            if (f.what.what == kind::run && !same(std::exchange(last_run, f.content), f.content))
                ++run;
            if (f.what.what == kind::end) {
                for (auto& [number, of] : records_)
                    std::erase_if(of.grown, [](const grown_record& r) { return r.what == kind::handed_out; });
            }
            const auto call = contents().calls().find(f.what.call);
            if (call == contents().calls().end())
                return;
            call_records& of = records_[f.what.call];
            of.bytes += journal::header_size + f.content.size() + journal::padding_of(f.content.size());
            if (f.what.what == kind::call) {
                // Of another function, what was there before is none of it.
                if (!same(std::exchange(infos[f.what.call], f.content), f.content))
                    of.grown.clear();
            }
            const bool is_of_items = f.what.what == kind::singles || f.what.what == kind::failures ||
                                     f.what.what == kind::handed_out;
            const bool has_items = f.what.items.count != 0 && f.what.items.end() > f.what.items.first;
            if (grows(call->second) && is_of_items && has_items)
                of.grown.push_back({f.what.what, run, f.what.items, f.content});
        });
    }
}

} // namespace mpimap::journal_command
