// Loaded by name while the program runs.

#include "modules.hpp"

namespace {

/// Of the same name in the program and the library, and so are the lambdas.
auto make_plain() {
    return [](int x) { return x + 700; };
}
auto make_with_capture(int a) {
    return [a](int x) { return a * x + 700; };
}

} // namespace

extern "C" int plugin_function(int x) {
    return x + 400;
}

extern "C" void run_in_plugin(mpimap::pool& p) {
    modules::run_lambdas(p, make_plain(), make_with_capture(3), 700);
}
