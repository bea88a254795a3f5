#include "call/opening.hpp"

#include <algorithm>
#include <utility>

#include <mpimap/codec.hpp>
#include <mpimap/detail/content.hpp>

namespace mpimap::detail {

opening::opening(part_store& store, root_job& job, call_number number, const manner& how)
    : store_(store), number_(number) {
    for (std::size_t i = 0; i < job.parts(); ++i) {
        // What another pool has sent is a constant like any other.
        auto stored = std::static_pointer_cast<stored_part>(job.part_in_store(i));
        if (stored && stored->store == store.number()) {
            parts_.push_back({std::move(stored), nullptr});
            continue;
        }
        auto bytes = std::make_shared<writer>();
        job.write_part(i, *bytes);
        std::shared_ptr<stored_part> part =
            store.find_or_add(content_of(*bytes, job.part_type(i)), bytes->size());
        if (i < job.parts_of_function()) {
            if (part->copy) {
                job.use_function(i, part->copy);
            } else {
                part->copy = copy_part_of_function(job, i, *bytes);
            }
        }
        if (how.outlives_caller)
            bytes->own_spans();
        parts_.push_back({std::move(part), std::move(bytes)});
    }
    writer out;
    write_value(out, how.stop_at_failure);
    write_value(out, how.fresh_function);
    write_descriptor(out, *how.descriptor);
    writer bounds;
    job.write_bounds(bounds);
    out.length(bounds.body().size());
    out.bytes(bounds.body().data(), bounds.body().size());
    for (const item& p : parts_)
        write_value(out, p.part->number);
    bytes_ = std::move(out.body());
}

void opening::introduce(std::size_t rank, std::size_t others, transport& messages) {
    if (rank >= introduced_.size())
        introduced_.resize(rank + 1);
    if (introduced_[rank])
        return;
    introduced_[rank] = true;
    ranks_.push_back(rank);
    for (const item& p : parts_) {
        if (p.encoded)
            store_.send(*p.part, rank, p.encoded, others);
    }
    outgoing message;
    message.out.bytes(bytes_.data(), bytes_.size());
    messages.send(static_cast<int>(rank), wire::open{number_}, std::move(message));
}

bool opening::has_left() const {
    return std::all_of(parts_.begin(), parts_.end(), [](const item& p) { return p.encoded.use_count() < 2; });
}

void opening::close(bool drop) {
    for (item& p : std::exchange(parts_, {})) {
        constexpr long here_and_in_store = 2;
        if (drop && p.encoded && p.part.use_count() == here_and_in_store)
            store_.drop(*p.part);
    }
}

} // namespace mpimap::detail
