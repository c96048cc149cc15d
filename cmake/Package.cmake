# The Debian package: configure with -DCMAKE_INSTALL_PREFIX=/usr, then `cpack -G DEB` (scripts/package does).
set(PACKAGE_CONTACT "mqtt-sms-bridge maintainers <maintainers@mqtt-sms-bridge.invalid>"
    CACHE STRING "Maintainer of the package: Name <address>")
set(PACKAGE_REVISION 1 CACHE STRING "Revision of the package")

# The date of the changelog and of all files comes from SOURCE_DATE_EPOCH: a package can be built again, bit by bit.
string(TIMESTAMP PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(debian ${CMAKE_BINARY_DIR}/debian)
configure_file(packaging/debian/changelog.in ${debian}/changelog @ONLY)
configure_file(packaging/debian/finish.cmake.in ${debian}/finish.cmake @ONLY)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mqtt-sms-bridge)
set(CPACK_PACKAGE_CONTACT "${PACKAGE_CONTACT}")
set(CPACK_PACKAGE_VENDOR "mqtt-sms-bridge")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "bridge between MQTT and the SMS Commands API of Super SIMs")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Publish a command to MQTT, and it is sent as an SMS to a cellular device
that sleeps or has no data session. What becomes of it, and what the device
answers, comes back on MQTT.
.
What was acknowledged is on disk first, and nothing is sent twice when the
truth can be learnt from the API.")
set(CPACK_SET_DESTDIR ON) # the configuration belongs into /etc, whatever the prefix
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${debian}/finish.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${PACKAGE_REVISION})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "mosquitto, mosquitto-clients")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/debian/${file})
endforeach()
include(CPack)
