# What registers tests: programs under mpirun, GoogleTest suites under mpirun, GoogleTest suites without MPI.

# Tests run in containers, as root, with more ranks than cores, several at a time.
set(mpimap_test_environment
    OMPI_ALLOW_RUN_AS_ROOT=1
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    # More ranks than cores: let them start, let those that wait give way, and pin none, since every mpirun would start
    # to pin at the first core.
    OMPI_MCA_rmaps_base_oversubscribe=1
    OMPI_MCA_mpi_yield_when_idle=1
    OMPI_MCA_hwloc_base_binding_policy=none
    # No remarks about network hardware that is not there.
    OMPI_MCA_btl_base_warn_component_unused=0)
if(MPIMAP_SANITIZE)
  # The last: for memory of threads in libraries the sanitizer guesses from what lies before it, and where it guesses
  # wrong the search for leaks crashes.
  set(mpimap_asan_options detect_stack_use_after_return=1:strict_init_order=1:intercept_tls_get_addr=0)
  list(
    APPEND
    mpimap_test_environment
    # Open MPI keeps memory until the process ends.
    LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0
    ASAN_OPTIONS=${mpimap_asan_options}
    UBSAN_OPTIONS=print_stacktrace=1)
  # Clang's run time asks a program for the lines in a stack trace, and Debian has it beside the compiler only.
  file(REAL_PATH ${CMAKE_CXX_COMPILER} compiler)
  cmake_path(GET compiler PARENT_PATH compiler_directory)
  find_program(MPIMAP_SYMBOLIZER llvm-symbolizer HINTS ${compiler_directory})
  mark_as_advanced(MPIMAP_SYMBOLIZER)
  if(MPIMAP_SYMBOLIZER AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    list(APPEND mpimap_test_environment ASAN_SYMBOLIZER_PATH=${MPIMAP_SYMBOLIZER})
  endif()
endif()

# mpimap_add_mpi_test(NAME name TARGET target RANKS n... [ARGS arg...] [ENVIRONMENT var=value...] [LABELS label...]
#                     [SUFFIX suffix] [TIMEOUT seconds] [SERIAL])
#
# Registers `name.np<n><suffix>`, the program run by mpirun on n ranks, for each n. Its labels are `mpi`, `np<n>` and
# those given. A program that exits with 77 on every rank counts as skipped. SERIAL is for what needs the whole machine:
# nothing else runs meanwhile.
function(mpimap_add_mpi_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "SERIAL" "NAME;TARGET;SUFFIX;TIMEOUT" "RANKS;ARGS;ENVIRONMENT;LABELS")
  foreach(required IN ITEMS NAME TARGET RANKS)
    if(NOT DEFINED arg_${required})
      message(FATAL_ERROR "mpimap_add_mpi_test: ${required} is missing")
    endif()
  endforeach()
  if(DEFINED arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "mpimap_add_mpi_test(${arg_NAME}): what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT DEFINED arg_TIMEOUT)
    set(arg_TIMEOUT 300) # for those that hang: other programs that want the cores make some tests take thirty times as long
  endif()
  foreach(ranks IN LISTS arg_RANKS)
    set(test ${arg_NAME}.np${ranks}${arg_SUFFIX})
    add_test(NAME ${test}
             COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
                     $<TARGET_FILE:${arg_TARGET}> ${MPIEXEC_POSTFLAGS} ${arg_ARGS})
    # Ranks start, wait for each other and rest: three of them use half a core, and what asked for as many cores as it
    # has ranks would leave most of them idle. With sanitizers they compute.
    set(processors 1)
    if(ranks GREATER 3 OR (MPIMAP_SANITIZE AND ranks GREATER 1))
      set(processors 2)
    endif()
    set_tests_properties(
      ${test}
      PROPERTIES PROCESSORS ${processors}
                 RUN_SERIAL ${arg_SERIAL}
                 TIMEOUT ${arg_TIMEOUT}
                 SKIP_RETURN_CODE 77
                 ENVIRONMENT "${mpimap_test_environment};${arg_ENVIRONMENT}"
                 LABELS "mpi;np${ranks};${arg_LABELS}")
  endforeach()
endfunction()

# mpimap_add_test_suite(name SOURCES file... [ENVIRONMENT var=value...] [LABELS label...] [TIMEOUT seconds] [SERIAL])
#
# A GoogleTest suite that talks MPI: builds `test_<name>` and registers `<name>.np<n>` on the world communicator and
# `<name>.np<n>.reversed` on the two halves of it, with the ranks in reverse order. Each is one test: to list the single
# cases ctest would have to start the program without mpirun.
function(mpimap_add_test_suite name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "SOURCES;ENVIRONMENT;LABELS")
  add_executable(test_${name} ${arg_SOURCES})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE mpimap_test_main GTest::gtest mpimap_suite_flags)
  target_precompile_headers(test_${name} REUSE_FROM mpimap_test_main)
  set(common NAME ${name} TARGET test_${name})
  foreach(option IN ITEMS TIMEOUT ENVIRONMENT LABELS)
    if(DEFINED arg_${option})
      list(APPEND common ${option} ${arg_${option}})
    endif()
  endforeach()
  if(arg_SERIAL)
    list(APPEND common SERIAL)
  endif()
  mpimap_add_mpi_test(${common} RANKS 1 2 3 5 8)
  # Of five, halves of two and of three.
  mpimap_add_mpi_test(${common} RANKS 5 8 SUFFIX .reversed ARGS --comm=reversed)
endfunction()

# mpimap_test_program(target SOURCE): a program that is run under mpirun, or by itself.
function(mpimap_test_program target source)
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE mpimap_suite_flags GTest::gtest) # which is among the headers
  target_precompile_headers(${target} REUSE_FROM mpimap_test_main)
endfunction()

# mpimap_add_unit_test(name SOURCES file... [TIMEOUT seconds])
#
# A GoogleTest suite without MPI: builds `unit_<name>` and registers `unit.<name>`.
function(mpimap_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES")
  if(NOT DEFINED arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(unit_${name} ${arg_SOURCES})
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(unit_${name} PRIVATE GTest::gtest_main mpimap_suite_flags)
  target_precompile_headers(unit_${name} REUSE_FROM mpimap_test_main)
  add_test(NAME unit.${name} COMMAND unit_${name})
  set_tests_properties(unit.${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} ENVIRONMENT "${mpimap_test_environment}"
                                               LABELS unit)
endfunction()
