#include "code/function_names.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <mpimap/detail/code_token.hpp>

namespace mpimap::detail {
namespace {

/// A part of a file as an array; empty where there is no such part.
template <typename T>
std::vector<T> array_at(std::ifstream& file, std::uint64_t offset, std::uint64_t bytes) {
    constexpr std::uint64_t at_most = 1U << 30U; // what is larger is damaged
    std::vector<T> all(bytes > at_most ? 0 : static_cast<std::size_t>(bytes / sizeof(T)));
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(reinterpret_cast<char*>(all.data()), static_cast<std::streamsize>(all.size() * sizeof(T)));
    if (!file)
        all.clear();
    return all;
}

/// Of the function at that offset of a module's file, by its table of symbols, which strip(1) takes away.
std::string symbol_in_file(const char* path, std::uintptr_t offset) {
    std::ifstream file(path, std::ios::binary);
    const auto heads = array_at<ElfW(Ehdr)>(file, 0, sizeof(ElfW(Ehdr)));
    if (heads.empty() || std::memcmp(heads[0].e_ident, ELFMAG, SELFMAG) != 0)
        return {};
    const auto sections =
        array_at<ElfW(Shdr)>(file, heads[0].e_shoff, std::uint64_t{heads[0].e_shnum} * sizeof(ElfW(Shdr)));
    for (const ElfW(Shdr) & table : sections) {
        if (table.sh_type != SHT_SYMTAB || table.sh_link >= sections.size())
            continue;
        const auto symbols = array_at<ElfW(Sym)>(file, table.sh_offset, table.sh_size);
        auto names = array_at<char>(file, sections[table.sh_link].sh_offset, sections[table.sh_link].sh_size);
        names.push_back('\0');
        const auto name_of = [&](const ElfW(Sym) & s) {
            return s.st_name < names.size() ? names.data() + s.st_name : "";
        };
        const auto is_function = [](const ElfW(Sym) & s) { return ELF64_ST_TYPE(s.st_info) == STT_FUNC; };
        std::string name;
        for (const ElfW(Sym) & s : symbols) {
            // Of several with one address, which were the same code: the first by name, whatever the order.
            if (is_function(s) && s.st_value == offset && (name.empty() || name_of(s) < name))
                name = name_of(s);
        }
        const bool is_one = std::none_of(symbols.begin(), symbols.end(), [&](const ElfW(Sym) & s) {
            return is_function(s) && s.st_value != offset && name == name_of(s);
        });
        if (is_one)
            return name;
    }
    return {};
}

} // namespace

std::string demangled(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                      std::free);
    return status == 0 && text ? text.get() : name;
}

std::string name_of_function(std::uintptr_t address) {
    Dl_info about{};
    link_map* module = nullptr;
    if (::dladdr1(reinterpret_cast<const void*>(address), &about, reinterpret_cast<void**>(&module),
                  RTLD_DL_LINKMAP) == 0)
        return "a function that no loaded module has";
    if (about.dli_sname != nullptr && reinterpret_cast<std::uintptr_t>(about.dli_saddr) == address)
        return about.dli_sname;
    const std::uintptr_t offset = address - module->l_addr;
    const bool is_program = *module->l_name == '\0';
    std::string name = symbol_in_file(is_program ? "/proc/self/exe" : module->l_name, offset);
    if (!name.empty())
        return name;
    char text[64] = {};
    std::snprintf(text, sizeof text, "+0x%zx in build %016llx", static_cast<std::size_t>(offset),
                  static_cast<unsigned long long>(identity_of_module(address)));
    return text;
}

} // namespace mpimap::detail
