# The installed package: `find_package(mpimap)` gives `mpimap::mpimap`. Nothing in it names the prefix, so that the
# tree can be moved.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mpimap)

install(TARGETS mpimap EXPORT mpimapTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mpimap DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT mpimapTargets NAMESPACE mpimap:: DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/mpimapConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/mpimapConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may break what the one before promised.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/mpimapConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mpimapConfig.cmake ${PROJECT_BINARY_DIR}/mpimapConfigVersion.cmake
        DESTINATION ${package_dir})

# The command is no part of the package: programs do not link it.
if(TARGET mpimap_journal)
  install(TARGETS mpimap_journal RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/docs/mpimap-journal.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
