# What `cmake --install` puts where (besides the program itself): unit, user, configuration, manual pages, documents.
set(SYSTEMD_UNIT_DIR lib/systemd/system CACHE PATH "Where units go, below the prefix")
set(SYSUSERS_DIR lib/sysusers.d CACHE PATH "Where systemd-sysusers looks, below the prefix")
set(config_dir ${CMAKE_INSTALL_FULL_SYSCONFDIR}/mqtt-sms-bridge)
set(generated ${CMAKE_BINARY_DIR}/install)

# make_copy(FILE OLD NEW ...): a copy of FILE to install, with texts replaced.
function(make_copy file)
  set(pairs ${ARGN})
  file(READ ${CMAKE_SOURCE_DIR}/${file} text)
  while(pairs)
    list(POP_FRONT pairs old new)
    string(FIND "${text}" "${old}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "${file}: `${old}` is not there to be replaced")
    endif()
    string(REPLACE "${old}" "${new}" text "${text}")
  endwhile()
  get_filename_component(name ${file} NAME)
  file(CONFIGURE OUTPUT ${generated}/${name} CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
endfunction()

make_copy(packaging/mqtt-sms-bridge.service
  "/usr/bin/mqtt-sms-bridge" "${CMAKE_INSTALL_FULL_BINDIR}/mqtt-sms-bridge"
  "/etc/mqtt-sms-bridge/bridge.yaml" "${config_dir}/bridge.yaml")
make_copy(config/bridge.yaml "../mappings/devices.yaml" "devices.yaml")

install(FILES ${generated}/mqtt-sms-bridge.service DESTINATION ${SYSTEMD_UNIT_DIR})
install(FILES packaging/mqtt-sms-bridge.sysusers DESTINATION ${SYSUSERS_DIR} RENAME mqtt-sms-bridge.conf)
install(FILES packaging/man/mqtt-sms-bridge.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES packaging/man/mqtt-sms-bridge.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES README.md CHANGELOG.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN "*.md")
install(FILES ${generated}/bridge.yaml mappings/devices.yaml config/mosquitto.conf config/mosquitto.acl
  config/nats.conf config/nats-cluster.conf config/rabbitmq.conf
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

# A configuration that is there already belongs to whoever wrote it.
foreach(file ${generated}/bridge.yaml ${CMAKE_SOURCE_DIR}/mappings/devices.yaml)
  get_filename_component(name ${file} NAME)
  install(CODE "
    if(EXISTS \"\$ENV{DESTDIR}${config_dir}/${name}\")
      message(STATUS \"Kept: \$ENV{DESTDIR}${config_dir}/${name}\")
    else()
      file(INSTALL \"${file}\" DESTINATION \"${config_dir}\")
    endif()")
endforeach()
