#include <mpimap/detail/stream.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include <mpimap/codec.hpp>
#include <mpimap/detail/archive.hpp>
#include <mpimap/detail/associative.hpp>
#include <mpimap/errors.hpp>

#include <boost/archive/detail/archive_serializer_map.hpp>
#include <boost/archive/impl/archive_serializer_map.ipp>

namespace boost::archive {
template class detail::archive_serializer_map<mpimap::detail::output_archive>;
template class detail::archive_serializer_map<mpimap::detail::input_archive>;
} // namespace boost::archive

namespace mpimap::detail {

void nested_too_deeply() {
    throw serialization_error(
        "mpimap: a value contains others of its own type more than " + std::to_string(most_levels) +
        " levels deep, as a long list of nodes or pointers in a circle do: send a vector, "
        "or give the type a Boost serialize function");
}

output_archive::output_archive(writer& out) : base(boost::archive::no_header), out_(out) {}
output_archive::~output_archive() = default;
input_archive::input_archive(reader& in) : base(boost::archive::no_header), in_(in) {}
input_archive::~input_archive() = default;

void input_archive::damaged() {
    reader::damaged();
}

writer::writer() = default;
writer::~writer() = default;
// The archive refers to the writer it was made for: what was written moves, the archive does not.
writer::writer(writer&& other) noexcept
    : body_(std::move(other.body_)), spans_(std::move(other.spans_)), copies_(std::move(other.copies_)) {}
writer& writer::operator=(writer&& other) noexcept {
    archive_.reset();
    body_ = std::move(other.body_);
    spans_ = std::move(other.spans_);
    copies_ = std::move(other.copies_);
    return *this;
}

output_archive& writer::archive() {
    if (!archive_)
        archive_ = std::make_unique<output_archive>(*this);
    return *archive_;
}

bool writer::same(const writer& other) const noexcept {
    const auto equal = [](const void* a, std::size_t n, const void* b, std::size_t m) {
        return n == m && (n == 0 || std::memcmp(a, b, n) == 0);
    };
    return equal(body_.data(), body_.size(), other.body_.data(), other.body_.size()) &&
           std::equal(spans_.begin(), spans_.end(), other.spans_.begin(), other.spans_.end(),
                      [&](const source_span& a, const source_span& b) {
                          return equal(a.data, a.size, b.data, b.size);
                      });
}

void writer::own_spans() {
    for (source_span& s : spans_) {
        copies_.emplace_back();
        copies_.back().append(s.data, s.size);
        s.data = copies_.back().data();
    }
}

reader::reader(const std::byte* data, std::size_t size, const std::uint64_t* span_sizes,
               std::size_t span_count)
    : at_(data), end_(data + size), span_sizes_(span_sizes), span_count_(span_count) {}
reader::~reader() = default;

std::size_t reader::length(std::size_t least) {
    std::uint64_t n = 0;
    bytes(&n, sizeof n);
    if (least != 0 && n > left() / least)
        truncated();
    return static_cast<std::size_t>(n);
}

std::size_t reader::count(std::size_t least) {
    return least != 0 ? length(least) : static_cast<std::size_t>(checked());
}

std::uint64_t reader::checked(std::uint64_t place) {
    std::uint64_t number = 0;
    std::uint32_t check = 0;
    bytes(&number, sizeof number);
    bytes(&check, sizeof check);
    if (check != check_of(number, place))
        damaged();
    return number;
}

std::size_t reader::heap_length(std::size_t element) {
    std::uint64_t n = 0;
    bytes(&n, sizeof n);
    if (n > static_cast<std::uint64_t>(-1) / 2 / element)
        truncated();
    const auto size = static_cast<std::size_t>(n) * element;
    const bool there = deferred(size) ? targets_.size() < span_count_ && span_sizes_[targets_.size()] == size
                                      : size <= left();
    if (!there)
        truncated();
    return static_cast<std::size_t>(n);
}

void write_shape(writer& out, const table_shape& shape) {
    out.checked(shape.size, 1);
    out.checked(shape.buckets, 2);
    out.checked(std::bit_cast<std::uint32_t>(shape.load), 3);
}

table_shape read_shape(reader& in) {
    table_shape shape;
    shape.size = in.checked(1);
    shape.buckets = in.checked(2);
    shape.load = std::bit_cast<float>(static_cast<std::uint32_t>(in.checked(3)));
    return shape;
}

input_archive& reader::archive() {
    if (!archive_)
        archive_ = std::make_unique<input_archive>(*this);
    return *archive_;
}

void writer::new_archive() {
    archive_.reset();
}
void reader::new_archive() {
    archive_.reset();
}

void reader::truncated() {
    throw serialization_error("mpimap: a message ends before the value that it should contain");
}

void reader::damaged() {
    throw serialization_error(
        "mpimap: a message has been damaged on its way, or serialize reads something else than it has "
        "written: a number is not the one that was sent");
}

void reader::defer(std::byte* data, std::size_t size) {
    if (targets_.size() == span_count_ || span_sizes_[targets_.size()] != size)
        truncated();
    targets_.push_back({data, size});
}

} // namespace mpimap::detail
