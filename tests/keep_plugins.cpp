// Linked into every program of a build with sanitizers: plugins stay loaded. The leak checker runs at the
// very end, when Open MPI has closed its plugins, and could no longer name the plugin that a block of memory
// came from.
extern "C" int dlclose(void*) noexcept {
    return 0;
}
