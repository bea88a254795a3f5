#include <mpimap/detail/code_token.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>
#include <link.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <mpimap/detail/hash.hpp>
#include <mpimap/errors.hpp>

#include "code/function_names.hpp"

namespace mpimap::detail {
namespace {

/// Where code is, the same on every rank that runs the same binaries.
struct code_token {
    std::uint64_t module; // hash of the build id, or of name and layout where the linker wrote none
    std::uint64_t offset;
};

std::uint64_t hash_bytes(const void* data, std::size_t size, std::uint64_t hash = hash_text("")) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    for (std::size_t i = 0; i < size; ++i)
        hash = (hash ^ bytes[i]) * 1099511628211ULL;
    return hash;
}

/// The bytes of a module's build id; none where the linker wrote none.
std::string_view build_id(const dl_phdr_info& info) {
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info.dlpi_phdr[i];
        if (segment.p_type != PT_NOTE)
            continue;
        const auto* note = reinterpret_cast<const char*>(info.dlpi_addr + segment.p_vaddr);
        const char* const end = note + segment.p_memsz;
        while (note + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) head;
            std::memcpy(&head, note, sizeof head);
            const char* name = note + sizeof head;
            const char* description = name + (head.n_namesz + 3U) / 4U * 4U;
            const char* next = description + (head.n_descsz + 3U) / 4U * 4U;
            if (next > end)
                break;
            if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0)
                return {description, head.n_descsz};
            note = next;
        }
    }
    return {};
}

std::uint64_t module_identity(const dl_phdr_info& info) {
    if (const std::string_view id = build_id(info); !id.empty())
        return hash_bytes(id.data(), id.size());
    std::uint64_t layout = hash_text("");
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info.dlpi_phdr[i];
        layout = hash_bytes(&segment.p_vaddr, sizeof segment.p_vaddr, layout);
        layout = hash_bytes(&segment.p_memsz, sizeof segment.p_memsz, layout);
    }
    const char* slash = std::strrchr(info.dlpi_name, '/');
    return hash_text(slash != nullptr ? slash + 1 : info.dlpi_name, layout);
}

/// The code and data of the program's file. Two programs without build ids may well have the same layout. Not
/// what is in memory: there may be a debugger's breakpoints.
std::uint64_t hash_of_file(const dl_phdr_info& info) {
    std::ifstream file("/proc/self/exe", std::ios::binary);
    std::vector<char> block(std::size_t{1024} * 1024);
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    for (int i = 0; i < info.dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info.dlpi_phdr[i];
        if (segment.p_type != PT_LOAD)
            continue;
        file.seekg(static_cast<std::streamoff>(segment.p_offset));
        for (std::size_t left = segment.p_filesz; left != 0 && file;) {
            file.read(block.data(), static_cast<std::streamsize>(std::min(left, block.size())));
            const auto n = static_cast<std::size_t>(file.gcount());
            XXH3_64bits_update(&state, block.data(), n);
            left -= n;
        }
    }
    return XXH3_64bits_digest(&state);
}

struct search {
    std::uintptr_t address = 0; // looked for, or found
    std::size_t size = 1;       // of what is there
    code_token token = {};
    bool module_found = false;
    bool found = false;
};

int find_token(dl_phdr_info* info, std::size_t, void* data) {
    auto& s = *static_cast<search*>(data);
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        const std::uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
        if (segment.p_type == PT_LOAD && s.address >= begin && s.address - begin < segment.p_memsz) {
            s.token = {module_identity(*info), s.address - info->dlpi_addr};
            s.found = true;
            return 1;
        }
    }
    return 0;
}

int find_address(dl_phdr_info* info, std::size_t, void* data) {
    auto& s = *static_cast<search*>(data);
    if (module_identity(*info) != s.token.module)
        return 0;
    s.module_found = true;
    for (int i = 0; i < info->dlpi_phnum && !s.found; ++i) {
        const ElfW(Phdr)& segment = info->dlpi_phdr[i];
        const std::uintptr_t at = s.token.offset - segment.p_vaddr;
        s.found = segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0 &&
                  s.token.offset >= segment.p_vaddr && at < segment.p_memsz && segment.p_memsz - at >= s.size;
    }
    s.address = info->dlpi_addr + s.token.offset;
    return 1;
}

code_token token_of(std::uintptr_t address) {
    search s;
    s.address = address;
    dl_iterate_phdr(find_token, &s);
    if (!s.found)
        throw invalid_argument("mpimap: the function pointer points into no loaded program or library");
    return s.token;
}

std::uintptr_t address_of(const code_token& token, std::size_t size) {
    search s;
    s.token = token;
    s.size = size;
    dl_iterate_phdr(find_address, &s);
    if (s.module_found && !s.found)
        reader::damaged();
    if (!s.found) {
        throw serialization_error(
            "mpimap: the root's function is in a program or library that this rank has not "
            "loaded: all ranks must run the same binaries");
    }
    return s.address;
}

// Member function pointers of the Itanium C++ ABI, 2.3: two words, code address (or slot in the virtual
// table) and adjustment of `this`. Which word says "virtual" differs.
struct member_pointer {
    std::uintptr_t function;
    std::uintptr_t adjustment;
};

/// Words with a hash of them.
template <std::size_t N>
void write_words(writer& out, const std::uint64_t (&words)[N]) {
    out.bytes(words, sizeof words);
    const std::uint64_t hash = XXH3_64bits(words, sizeof words);
    out.bytes(&hash, sizeof hash);
}
template <std::size_t N>
void read_words(reader& in, std::uint64_t (&words)[N]) {
    std::uint64_t hash = 0;
    in.bytes(words, sizeof words);
    in.bytes(&hash, sizeof hash);
    if (hash != XXH3_64bits(words, sizeof words))
        reader::damaged();
}

bool is_virtual(const member_pointer& p) {
#if defined(__arm__) || defined(__aarch64__)
    return (p.adjustment & 1U) != 0;
#else
    return (p.function & 1U) != 0;
#endif
}

} // namespace

std::uint64_t identity_of_module(std::uintptr_t address) {
    return token_of(address).module;
}

program this_program() {
    program p;
    // The first module is the program itself (dl_iterate_phdr(3)).
    const auto first = [](dl_phdr_info* info, std::size_t, void* data) {
        auto& found = *static_cast<program*>(data);
        found.identity = module_identity(*info);
        std::string digits;
        for (const char byte : build_id(*info)) {
            char two[3] = {};
            std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
            digits += two;
        }
        found.name = digits.empty() ? " (no build id)" : " (build id " + digits + ")";
        if (digits.empty()) {
            const std::uint64_t contents = hash_of_file(*info);
            found.identity = hash_bytes(&contents, sizeof contents, found.identity);
        }
        return 1;
    };
    dl_iterate_phdr(first, &p);
    char path[4096] = {};
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    p.name = (n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string("a program")) + p.name;
    return p;
}

void write_code_pointer(writer& out, const void* pointer, std::size_t size, bool data_member,
                        bool member_function) {
    if (data_member) {
        std::uint64_t offset[1] = {};
        std::memcpy(offset, pointer, size);
        write_words(out, offset);
        return;
    }
    member_pointer p = {};
    std::memcpy(&p, pointer, size);
    const bool slot = member_function && is_virtual(p);
    if (std::string* const names = out.function_names(); names != nullptr && !slot) {
        const std::string name = name_of_function(p.function);
        out.length(name.size());
        out.bytes(name.data(), name.size());
        out.bytes(&p.adjustment, sizeof p.adjustment);
        *names += (names->empty() ? "" : ", ") + demangled(name.c_str());
        return;
    }
    const code_token token = slot ? code_token{0, p.function} : token_of(p.function);
    const std::uint64_t words[] = {slot, token.module, token.offset, p.adjustment};
    write_words(out, words);
}

void read_code_pointer(reader& in, void* pointer, std::size_t size, bool data_member, bool) {
    if (data_member) {
        std::uint64_t offset[1] = {};
        read_words(in, offset);
        std::memcpy(pointer, offset, size);
        return;
    }
    std::uint64_t words[4] = {};
    read_words(in, words);
    const bool slot = words[0] != 0;
    const member_pointer p = {slot ? static_cast<std::uintptr_t>(words[2])
                                   : address_of({words[1], words[2]}, 1),
                              static_cast<std::uintptr_t>(words[3])};
    std::memcpy(pointer, &p, size);
}

void write_address(writer& out, const void* constant) {
    const code_token token = token_of(reinterpret_cast<std::uintptr_t>(constant));
    write_words(out, {token.module, token.offset});
}

const void* read_address(reader& in, std::size_t size) {
    std::uint64_t words[2] = {};
    read_words(in, words);
    return reinterpret_cast<const void*>(address_of({words[0], words[1]}, size));
}

} // namespace mpimap::detail
