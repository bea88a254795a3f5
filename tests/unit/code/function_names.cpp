#include "code/function_names.hpp"

#include <cstdint>
#include <string>
#include <type_traits>

#include <gtest/gtest.h>

#include <mpimap/detail/code_token.hpp>
#include <mpimap/detail/stream.hpp>

double seen_everywhere(double x) {
    return x + 1;
}

namespace {

using namespace mpimap::detail;

double seen_here(double x) {
    return x + 2;
}
struct base {
    virtual ~base() = default;
    virtual double is_virtual(double x) { return x; }
    double is_none(double x) { return x + 3; } // NOLINT
};

template <typename F>
std::uintptr_t address_of(F f) {
    return reinterpret_cast<std::uintptr_t>(f);
}

TEST(function_names, are_those_of_the_program_as_they_were_written) {
    EXPECT_EQ(demangled(name_of_function(address_of(&seen_everywhere)).c_str()), "seen_everywhere(double)");
    EXPECT_NE(demangled(name_of_function(address_of(&seen_here)).c_str()).find("seen_here(double)"),
              std::string::npos);
    EXPECT_EQ(demangled("no name"), "no name");
}

TEST(function_names, are_places_of_a_build_where_there_are_none) {
    EXPECT_EQ(name_of_function(address_of(&seen_here) + 1).find("+0x"), 0U);
    EXPECT_EQ(name_of_function(1), "a function that no loaded module has");
}

template <typename P>
std::string written(P pointer, std::string& names) {
    writer out;
    out.name_functions(names);
    write_code_pointer(out, &pointer, sizeof pointer, false, std::is_member_function_pointer_v<P>);
    return {reinterpret_cast<const char*>(out.body().data()), out.body().size()};
}

/// What is written tells functions apart, and not where they are.
TEST(function_names, stand_for_pointers) {
    std::string names;
    const std::string one = written(&seen_everywhere, names);
    EXPECT_EQ(names, "seen_everywhere(double)");
    EXPECT_EQ(written(&seen_everywhere, names), one);
    EXPECT_NE(written(&seen_here, names), one);
    names.clear();
    EXPECT_NE(written(&base::is_none, names), written(&base::is_virtual, names));
    EXPECT_NE(names.find("base::is_none(double)"), std::string::npos);
}

} // namespace
