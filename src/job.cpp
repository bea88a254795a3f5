#include <mpimap/detail/job.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace mpimap::detail {

chunk::~chunk() = default;
kernel::~kernel() = default;
root_job::root_job() = default;
root_job::~root_job() = default;

void root_job::on_finish(std::function<void(failures&)> f) {
    finish_ = std::move(f);
}
void root_job::finish(failures& failed) {
    if (finish_)
        finish_(failed);
}
void root_job::on_partial_finish(std::function<void(failures&)> f) {
    finish_partly_ = std::move(f);
}
void root_job::finish_partly(failures& failed) {
    if (finish_partly_)
        finish_partly_(failed);
}

std::shared_ptr<void> copy_part_of_function(root_job& job, std::size_t part, const writer& encoded) {
    std::vector<std::uint64_t> sizes;
    for (const source_span& s : encoded.spans())
        sizes.push_back(s.size);
    reader in(encoded.body().data(), encoded.body().size(), sizes.data(), sizes.size());
    std::shared_ptr<void> copy = job.read_function(part, in);
    for (std::size_t i = 0; i < in.targets().size(); ++i)
        std::memcpy(in.targets()[i].data, encoded.spans()[i].data, encoded.spans()[i].size);
    return copy;
}

void copy_function(root_job& job) {
    for (std::size_t i = 0; i < job.parts_of_function(); ++i) {
        writer out;
        job.write_part(i, out);
        (void)copy_part_of_function(job, i, out);
    }
}

} // namespace mpimap::detail
