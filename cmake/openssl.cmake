# cordyna_openssl: OpenSSL for who speaks TLS. Static: what libcrypto.so costs at each start would be felt by every
# `dyna`.
set(OPENSSL_USE_STATIC_LIBS TRUE)
find_package(OpenSSL 3.0 REQUIRED)

# libcordyna takes the system's instead: a library must not bring one of its own into a program that may
# have another, and whose administrator updates but one.
find_library(CORDYNA_SYSTEM_SSL NAMES libssl.so.3 libssl.so REQUIRED)
find_library(CORDYNA_SYSTEM_CRYPTO NAMES libcrypto.so.3 libcrypto.so REQUIRED)
set(takes_system $<BOOL:$<TARGET_PROPERTY:CORDYNA_SYSTEM_LIBRARIES>>)
add_library(cordyna_openssl INTERFACE)
target_link_libraries(cordyna_openssl INTERFACE
  "$<IF:${takes_system},${CORDYNA_SYSTEM_SSL},OpenSSL::SSL>" "$<IF:${takes_system},${CORDYNA_SYSTEM_CRYPTO},OpenSSL::Crypto>")
