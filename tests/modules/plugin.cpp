// Loaded by name while the program runs.

extern "C" int plugin_function(int x) {
    return x + 400;
}
