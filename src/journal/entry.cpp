#include "journal/entry.hpp"

#include <algorithm>
#include <cstring>

namespace mpimap::detail::journal {

void append(buffer& out, const ran& how) {
    append_word(out, how.rank);
    append_number(out, how.seconds);
    append_number(out, how.ended);
    append_word(out, how.without.size());
    for (const std::size_t item : how.without)
        append_word(out, item);
    append_word(out, how.longest.count);
    for (std::size_t i = 0; i < how.longest.count; ++i) {
        append_word(out, how.longest.all[i].item);
        append_number(out, how.longest.all[i].seconds);
    }
}

ran read_ran(word_cursor& in) {
    ran how;
    how.rank = in.word();
    how.seconds = in.number<double>();
    how.ended = in.number<double>();
    for (std::size_t n = in.count(sizeof(std::uint64_t)); n != 0; --n)
        how.without.push_back(static_cast<std::size_t>(in.word()));
    how.longest.count = in.word();
    if (how.longest.count > wire::longest_items::most)
        throw serialization_error("mpimap: a record of a journal says more than it may");
    for (std::size_t i = 0; i < how.longest.count; ++i) {
        how.longest.all[i].item = in.word();
        how.longest.all[i].seconds = in.number<double>();
    }
    return how;
}

void encoded::copy_spans(const std::vector<target_span>& targets) const {
    for (std::size_t i = 0; i < std::min(targets.size(), spans.size()); ++i)
        std::memcpy(targets[i].data, spans[i].data(), std::min(targets[i].size, spans[i].size()));
}

encoded encoded_of(const writer& out) {
    encoded all;
    all.body = {out.body().data(), out.body().size()};
    for (const source_span& s : out.spans()) {
        all.span_sizes.push_back(s.size);
        all.spans.emplace_back(s.data, s.size);
    }
    return all;
}

void append_sizes(buffer& out, const encoded& what) {
    append_word(out, what.body.size());
    append_word(out, what.span_sizes.size());
    for (const std::uint64_t size : what.span_sizes)
        append_word(out, size);
}

void append(buffer& out, const encoded& what) {
    append_sizes(out, what);
    out.append(what.body.data(), what.body.size());
    for (const auto& s : what.spans)
        out.append(s.data(), s.size());
    constexpr std::uint64_t zero = 0;
    out.append(&zero, -out.size() % sizeof zero);
}

encoded read_encoded(word_cursor& in) {
    encoded all;
    const std::uint64_t body = in.word();
    for (std::size_t n = in.count(sizeof(std::uint64_t)); n != 0; --n)
        all.span_sizes.push_back(in.word());
    all.body = in.bytes(body);
    std::uint64_t size = body;
    for (const std::uint64_t each : all.span_sizes) {
        all.spans.push_back(in.bytes(each));
        size += each;
    }
    in.skip(-size % sizeof(std::uint64_t));
    return all;
}

void append(buffer& out, const single& item) {
    append_word(out, item.sum);
    append(out, item.result);
}

single read_single(word_cursor& in) {
    single item;
    item.sum = in.word();
    item.result = read_encoded(in);
    return item;
}

} // namespace mpimap::detail::journal
