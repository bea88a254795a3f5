#include "modules.hpp"

namespace modules {

int exported_by_library(int x) {
    return x + 100;
}

namespace {
int internal(int x) {
    return x + 200;
}

/// Of the same name in the program and the plugin, and so are the lambdas.
auto make_plain() {
    return [](int x) { return x + 600; };
}
auto make_with_capture(int a) {
    return [a](int x) { return a * x + 600; };
}
} // namespace

std::vector<function> functions_of_library() {
    return {exported_by_library, internal, [](int x) { return x + 300; }};
}

void run_in_library(mpimap::pool& p) {
    run_lambdas(p, make_plain(), make_with_capture(3), 600);
}

} // namespace modules
