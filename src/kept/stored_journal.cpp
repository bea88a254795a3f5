#include "kept/stored_journal.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <mpimap/errors.hpp>

#include "kept/log_file.hpp"

namespace mpimap::detail {

mapped_file::mapped_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (file < 0 || ::fstat(file, &about) != 0) {
        const int why = errno;
        if (file >= 0)
            ::close(file);
        throw invalid_argument("mpimap: the journal " + path + " cannot be read: " + std::strerror(why));
    }
    const auto size = static_cast<std::size_t>(about.st_size);
    void* const at = size == 0 ? nullptr : ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
    const int why = errno;
    ::close(file);
    if (at == MAP_FAILED)
        throw invalid_argument("mpimap: the journal " + path + " cannot be read: " + std::strerror(why));
    bytes_ = {static_cast<const std::byte*>(at), size};
}

mapped_file::~mapped_file() {
    if (!bytes_.empty())
        ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

stored_journal::stored_journal(const std::string& path) {
    for (const std::string& name : log_file::files_of(path)) {
        maps_.push_back(std::make_unique<mapped_file>(name));
        const auto bytes = maps_.back()->bytes();
        file& f = files_.emplace_back();
        f.path = name;
        f.size = bytes.size();
        if (journal::scanner::is_fresh(bytes))
            continue;
        try {
            journal::scanner s(bytes, name);
            if (number_ != 0 && s.number() != number_) {
                f.unreadable = "mpimap: " + name + " is of another journal than " + path;
                continue;
            }
            number_ = s.number();
            contents_.read(s);
            f.end = s.end();
            f.damaged = s.damaged();
        } catch (const invalid_argument& e) {
            if (files_.size() == 1)
                throw;
            f.unreadable = e.what();
        }
    }
    if (files_.empty())
        throw invalid_argument("mpimap: there is no journal " + path);
}

std::size_t stored_journal::damaged_bytes() const noexcept {
    std::size_t sum = 0;
    for (const file& f : files_) {
        for (const journal::scanner::damage& d : f.damaged)
            sum += d.to - d.from;
        if (!f.unreadable.empty())
            sum += f.size;
    }
    return sum;
}

} // namespace mpimap::detail
