#include "kept/call_identity.hpp"

#include <algorithm>
#include <string>

#include "code/function_names.hpp"

namespace mpimap::detail {

using journal::block_sum;
using journal::items_per_block;

namespace {

/// Of all that has been written, with what it refers to.
void add_to(journal::checksum& sum, const writer& out) {
    sum.add(out.body().data(), out.body().size());
    for (const source_span& s : out.spans())
        sum.add(s.data, s.size);
}

} // namespace

journal::call_info info_of(const options& o, root_job& job) {
    journal::call_info info;
    const call_types types = job.types();
    info.result = (types.folds ? "reduction of " : "") + demangled(types.result);
    info.seed = o.seed;
    // Without a name for them it is the number of the call that the streams hang on.
    info.stream = o.seed && o.stream.empty() ? "call " + std::to_string(job.ordinal()) : o.stream;
    info.named = !o.journal_key.empty();
    if (info.named) {
        info.function = o.journal_key;
        return info;
    }
    writer out;
    std::string names;
    out.name_functions(names);
    for (std::size_t i = 0; i < job.parts_of_function(); ++i)
        job.write_part(i, out);
    journal::checksum sum(0);
    add_to(sum, out);
    info.state = sum.value();
    info.function = demangled(types.function);
    if (!names.empty())
        info.function = names + " as " + info.function;
    return info;
}

argument_sums::argument_sums(root_job& job) : job_(job) {
    writer common;
    job_.write_common(common);
    journal::checksum sum(0);
    add_to(sum, common);
    common_ = sum.value();
}

std::vector<block_sum> argument_sums::of_blocks() {
    constexpr std::size_t at_a_time = 16;
    const std::size_t items = job_.items();
    std::vector<block_sum> sums;
    bool any = true; // anything is sent of items
    for (std::size_t first = 0; first < items; first += items_per_block) {
        const std::size_t end = std::min(items, first + items_per_block);
        journal::checksum sum(common_);
        for (std::size_t at = first; any && at < end;) {
            const bool is_first = at == 0;
            at = add({at, std::min(at_a_time, end - at)}, sum);
            any = !is_first || written_ != 0;
        }
        sums.push_back({end - first, sum.value()});
    }
    return sums;
}

/// Gives the first item that is still to be added.
std::size_t argument_sums::add(item_range items, journal::checksum& sum) {
    arguments_.clear();
    failures failed;
    const std::size_t n = job_.write_chunk(items, arguments_, failed);
    add_to(sum, arguments_.out);
    written_ = arguments_.out.size();
    if (n == items.count)
        return items.end();
    // What cannot be encoded fails when it is handed out.
    constexpr std::uint64_t none = ~std::uint64_t{0};
    sum.add(&none, sizeof none);
    written_ = sizeof none;
    return items.first + n + 1;
}

std::uint64_t argument_sums::of_item(std::size_t item) {
    journal::checksum sum(common_);
    add({item, 1}, sum);
    arguments_.clear();
    return sum.value();
}

} // namespace mpimap::detail
