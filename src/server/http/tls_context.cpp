#include "server/http/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

#include <string_view>

namespace cordyna::server {
namespace {

std::string openssl_error() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (reason != nullptr) text = reason;  // the last says what, those before where it began
  }
  return text.empty() ? "an error without a name" : text;
}

/// OpenSSL would ask for the password of a key on the terminal, and the server would hang.
int no_password(char*, int, int, void*) {
  return 0;
}

/// A client that speaks other protocols only, is told so and not answered in one it does not know.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  constexpr std::string_view kHttp11 = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const auto length = static_cast<unsigned char>(rest.front());
    const std::string_view name = rest.substr(1, length);
    if (name == kHttp11) {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *size = length;
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min<std::size_t>(rest.size(), std::size_t{1} + length));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& certificate,
                                                                    const std::string& key) {
  ERR_clear_error();
  SSL_CTX* raw = SSL_CTX_new(TLS_server_method());
  if (raw == nullptr) return fail(ErrorCode::kInternal, "TLS cannot begin: " + openssl_error());
  auto context = std::make_shared<boost::asio::ssl::context>(raw);  // owns it
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(
      raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection gives its buffers back; sessions live in the tickets of the clients.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_default_passwd_cb(raw, no_password);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, certificate.c_str()) != 1) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the certificate {} cannot be read: {}", certificate, openssl_error()));
  }
  if (SSL_CTX_use_PrivateKey_file(raw, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the key {} cannot be used with the certificate {}: {}", key,
                            certificate, openssl_error()));
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the key {} does not fit the certificate {}: {}", key, certificate,
                            openssl_error()));
  }
  return context;
}

}  // namespace cordyna::server
