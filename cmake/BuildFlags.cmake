# mpimap_build_flags: warnings and sanitizers of our own targets. It is linked privately and only in the build tree, so
# that nobody who uses the library gets our warnings.
add_library(mpimap_build_flags INTERFACE)
target_compile_options(
  mpimap_build_flags
  INTERFACE -Wall
            -Wextra
            -Wpedantic
            -Wconversion
            -Wshadow
            -Wnon-virtual-dtor
            $<$<BOOL:${MPIMAP_WARNINGS_AS_ERRORS}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Its optimiser warns falsely of text + text (GCC's bug 105651) and of temporaries that an exception leaves half-built.
  target_compile_options(mpimap_build_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()

if(MPIMAP_SANITIZE)
  string(REPLACE ";" "," mpimap_sanitizers "${MPIMAP_SANITIZE}")
  # -g1: lines for the stack traces; variables would double what is written.
  target_compile_options(
    mpimap_build_flags INTERFACE -fsanitize=${mpimap_sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(mpimap_build_flags INTERFACE -fsanitize=${mpimap_sanitizers})
  # So that leaks inside of Open MPI's plugins can be told from ours.
  add_library(mpimap_keep_plugins OBJECT ${PROJECT_SOURCE_DIR}/tests/keep_plugins.cpp)
  target_sources(
    mpimap_build_flags
    INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:mpimap_keep_plugins>>)
  target_link_options(mpimap_build_flags
                      INTERFACE $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-Wl,--export-dynamic-symbol=dlclose>)
endif()
