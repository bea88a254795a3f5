// The sample of docs/types-of-others.md for nlohmann::json.

#include "others_json.inc"

#include <string>

#include "others.hpp"

int main(int argc, char** argv) {
    const mpimap::environment env(argc, argv);
    using nlohmann::json;
    const std::vector<json> values{json(), json(0.1), json::binary({1, 2, 3}),
                                   json{{"name", "x"}, {"values", {1, 2.5, nullptr, true}}},
                                   json(std::string(100000, 'x'))};
    const bool right = travels(
        values,
        [](const json& j) {
            return json{{"first", j}, {"second", j}};
        },
        [](const json& a, const json& b) { return a == b; });
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
