#include <vector>

namespace modules {

using function = int (*)(int);

int exported_by_library(int x) {
    return x + 100;
}

namespace {
int internal(int x) {
    return x + 200;
}
} // namespace

std::vector<function> functions_of_library() {
    return {exported_by_library, internal, [](int x) { return x + 300; }};
}

} // namespace modules
