# `cmake --install build/release --prefix /usr`: programs, manuals, completions, the unit, examples and
# documents. The SDK installs itself (sdk/cpp). Components: node, tools, sdk.
include(GNUInstallDirs)
set(ron_doc_dir "${CMAKE_INSTALL_DATADIR}/doc/ron")

install(TARGETS svc-overlay COMPONENT node)

# Manuals and completions are what the programs say of themselves.
set(ron_share "${CMAKE_BINARY_DIR}/share")
function(ron_said_by_ronctl file destination component)
  add_custom_command(OUTPUT "${ron_share}/${file}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${ron_share}"
    COMMAND ronctl ${ARGN} > "${ron_share}/${file}"
    DEPENDS ronctl VERBATIM COMMENT "Generating ${file}")
  set_property(GLOBAL APPEND PROPERTY RON_SHARE_FILES "${ron_share}/${file}")
  install(FILES "${ron_share}/${file}" DESTINATION "${destination}" COMPONENT ${component})
endfunction()
ron_said_by_ronctl(svc-overlay.8 "${CMAKE_INSTALL_MANDIR}/man8" node man svc-overlay)
ron_said_by_ronctl(ronctl.1 "${CMAKE_INSTALL_MANDIR}/man1" tools man ronctl)
ron_said_by_ronctl(ronctl "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" tools completion bash)
ron_said_by_ronctl(_ronctl "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" tools completion zsh)
ron_said_by_ronctl(ronctl.fish "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" tools completion fish)
get_property(ron_share_files GLOBAL PROPERTY RON_SHARE_FILES)
if(NOT RON_SANITIZE AND NOT RON_COVERAGE)  # nobody installs those
  add_custom_target(ron_share ALL DEPENDS ${ron_share_files})
  add_dependencies(ron_share ron_sdk_bundle)
endif()

# The unit names where the program and its documents really are.
install(CODE "
  get_filename_component(prefix \"\${CMAKE_INSTALL_PREFIX}\" ABSOLUTE)
  file(READ \"${CMAKE_SOURCE_DIR}/deploy/systemd/svc-overlay.service\" unit)
  string(REPLACE \"=/usr/bin/\" \"=\${prefix}/${CMAKE_INSTALL_BINDIR}/\" unit \"\${unit}\")
  string(REPLACE \"file:///usr/share/doc/ron/\" \"file://\${prefix}/${ron_doc_dir}/\" unit \"\${unit}\")
  file(WRITE \"${CMAKE_BINARY_DIR}/share/svc-overlay.service\" \"\${unit}\")
  file(INSTALL \"${CMAKE_BINARY_DIR}/share/svc-overlay.service\"
    DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")
" COMPONENT node)
install(FILES deploy/systemd/ron.sysusers.conf RENAME ron.conf DESTINATION lib/sysusers.d
  COMPONENT node)

install(DIRECTORY deploy/examples deploy/prometheus deploy/grafana DESTINATION "${ron_doc_dir}"
  COMPONENT node)
install(FILES LICENSE-MIT LICENSE-APACHE CHANGELOG.md docs/configuration.md docs/control.md
    docs/dependencies.md docs/observability.md docs/OAP-1.md docs/ronctl.md docs/runbook.md
    docs/security.md docs/svc-overlay.schema.json
  DESTINATION "${ron_doc_dir}" COMPONENT node)

if(NOT RON_SANITIZE AND NOT RON_COVERAGE)
  add_test(NAME install COMMAND "${CMAKE_SOURCE_DIR}/test/install/check.py" "${CMAKE_BINARY_DIR}")
  set_tests_properties(install PROPERTIES TIMEOUT 120)
endif()
