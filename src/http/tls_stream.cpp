#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "http/stream.hpp"

namespace cordyna::http {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Freed<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Method = std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>>;

std::string openssl_error() {
  std::string text;
  while (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    if (text.empty() && reason != nullptr) text = reason;
  }
  return text.empty() ? "an error without a name" : text;
}

/// The stream below, as OpenSSL sees it: it waits by itself, so that nothing is ever to be retried,
/// and its error stays here.
struct Below {
  std::unique_ptr<Stream> stream;
  std::optional<Error> error;
  bool ended = false;
};

Below& below_of(BIO* bio) {
  return *static_cast<Below*>(BIO_get_data(bio));
}

int bio_read(BIO* bio, char* into, int size) {
  Below& below = below_of(bio);
  const Result<std::size_t> n = below.stream->read({into, static_cast<std::size_t>(size)});
  if (!n.has_value()) {
    below.error = n.error();
    return -1;
  }
  below.ended = *n == 0;
  return static_cast<int>(*n);
}

int bio_write(BIO* bio, const char* bytes, int size) {
  Below& below = below_of(bio);
  const Result<> written = below.stream->write({bytes, static_cast<std::size_t>(size)});
  if (written.has_value()) return size;
  below.error = written.error();
  return -1;
}

long bio_ctrl(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return below_of(bio).ended ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// The system's CAs; where OpenSSL's own place is empty, those of other distributions.
Result<> trust_system(SSL_CTX* context) {
  const char* file = std::getenv("SSL_CERT_FILE");
  if (file != nullptr && *file != '\0') {
    if (SSL_CTX_load_verify_file(context, file) == 1) return {};
    return fail(
        ErrorCode::kUntrusted,
        fmt::format("SSL_CERT_FILE names {}, which holds no certificates that can be read: {}",
                    file, openssl_error()));
  }
  SSL_CTX_set_default_verify_paths(context);
  std::error_code ignored;
  const std::filesystem::path folder = X509_get_default_cert_dir();
  const bool has_folder =
      std::filesystem::is_directory(folder, ignored) && !std::filesystem::is_empty(folder, ignored);
  if (has_folder || std::getenv("SSL_CERT_DIR") != nullptr) return {};
  for (const char* place :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"}) {
    if (SSL_CTX_load_verify_file(context, place) == 1) break;
  }
  ERR_clear_error();
  return {};
}

Result<> trust_file(SSL_CTX* context, const std::string& file) {
  if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
  return fail(ErrorCode::kUntrusted,
              fmt::format("{} holds no certificates that can be read: {}", file, openssl_error()));
}

/// The certificates of a PEM text, in order.
std::vector<Certificate> certificates_of(const std::string& pem) {
  std::vector<Certificate> found;
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (X509* one = PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)) {
    found.emplace_back(one);
  }
  ERR_clear_error();  // of the end of the text
  return found;
}

Result<> trust_text(SSL_CTX* context, const std::string& pem) {
  const std::vector<Certificate> found = certificates_of(pem);
  for (const Certificate& one : found) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), one.get());
  }
  if (!found.empty()) return {};
  return fail(ErrorCode::kUntrusted, "the CA that is given holds no certificate that can be read");
}

Result<> introduce_us(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate.empty()) return {};
  const std::vector<Certificate> found = certificates_of(options.certificate);
  const Memory memory(BIO_new_mem_buf(options.key.data(), static_cast<int>(options.key.size())));
  const PrivateKey key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr));
  if (found.empty() || key == nullptr) {
    ERR_clear_error();
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("our {} for TLS cannot be read as PEM",
                            found.empty() ? "certificate" : "certificate's key"));
  }
  bool fits = SSL_CTX_use_certificate(context, found.front().get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  for (std::size_t i = 1; fits && i < found.size(); ++i) {
    fits = SSL_CTX_add1_chain_cert(context, found[i].get()) == 1;
  }
  if (fits) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("our certificate for TLS cannot be used: {}", openssl_error()));
}

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<Stream> below, const std::string& host, TlsOptions options)
      : host_(options.server_name.empty() ? host : options.server_name),
        options_(std::move(options)) {
    below_.stream = std::move(below);
  }

  Result<> begin() {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    method_.reset(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "cordyna"));
    if (context_ == nullptr || method_ == nullptr) return broken("TLS cannot begin");
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    TRY(trust(context_.get()));
    TRY(introduce_us(context_.get(), options_));
    session_.reset(SSL_new(context_.get()));
    BIO_meth_set_read(method_.get(), bio_read);
    BIO_meth_set_write(method_.get(), bio_write);
    BIO_meth_set_ctrl(method_.get(), bio_ctrl);
    BIO* bio = BIO_new(method_.get());
    if (session_ == nullptr || bio == nullptr) return broken("TLS cannot begin");
    BIO_set_data(bio, &below_);
    BIO_set_init(bio, 1);
    SSL_set_bio(session_.get(), bio, bio);
    TRY(expect_host());
    if (SSL_connect(session_.get()) == 1) return {};
    if (below_.error.has_value()) return std::unexpected<Error>(*below_.error);
    const long verdict = SSL_get_verify_result(session_.get());
    if (verdict != X509_V_OK) {
      ERR_clear_error();
      return fail(ErrorCode::kUntrusted,
                  fmt::format("the certificate of {} is not trusted: {}; {}", host_,
                              X509_verify_cert_error_string(verdict), trusted()));
    }
    if (below_.ended) {
      return fail(ErrorCode::kUnavailable,
                  fmt::format("{} closed the connection while TLS began", host_));
    }
    return fail(ErrorCode::kUntrusted,
                fmt::format("TLS with {} failed: {}", host_, openssl_error()));
  }

  Result<std::size_t> read(std::span<char> into) override {
    const int n = SSL_read(session_.get(), into.data(), clipped(into.size()));
    if (n > 0) return static_cast<std::size_t>(n);
    if (SSL_get_error(session_.get(), n) == SSL_ERROR_ZERO_RETURN) return 0;
    // An end without TLS's own end may have been made by anybody on the way.
    if (below_.ended) return broken("the connection was closed without the end that TLS wants");
    return broken("reading failed");
  }

  Result<> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const int n = SSL_write(session_.get(), bytes.data(), clipped(bytes.size()));
      if (n <= 0) return broken("writing failed");
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

 private:
  static int clipped(std::size_t size) {
    return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
  }

  Result<> trust(SSL_CTX* context) const {
    if (!options_.ca_file.empty()) return trust_file(context, options_.ca_file);
    return options_.ca.empty() ? trust_system(context) : trust_text(context, options_.ca);
  }

  [[nodiscard]] std::string trusted() const {
    if (!options_.ca_file.empty()) return "only the CAs of " + options_.ca_file + " are trusted";
    return options_.ca.empty() ? "SSL_CERT_FILE can name a file with the CA"
                               : "only the CA that was given for it is trusted";
  }

  Result<> expect_host() {
    X509_VERIFY_PARAM* param = SSL_get0_param(session_.get());
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host_.c_str()) == 1) return {};
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_set1_host(session_.get(), host_.c_str()) == 1 &&
        SSL_set_tlsext_host_name(session_.get(), host_.c_str()) == 1) {
      return {};
    }
    return broken("the host name cannot be used");
  }

  [[nodiscard]] std::unexpected<Error> broken(std::string_view what) {
    if (below_.error.has_value()) return std::unexpected<Error>(*below_.error);
    if (below_.ended) {
      ERR_clear_error();
      return fail(ErrorCode::kUnavailable, fmt::format("TLS with {}: {}", host_, what));
    }
    return fail(ErrorCode::kUnavailable,
                fmt::format("TLS with {}: {}: {}", host_, what, openssl_error()));
  }

  std::string host_;
  TlsOptions options_;
  Below below_;
  Context context_;
  Method method_;
  Session session_;  // before the method and what is below, which it uses
};

}  // namespace

Result<std::unique_ptr<Stream>> start_tls(std::unique_ptr<Stream> below, const std::string& host,
                                          const TlsOptions& options) {
  auto stream = std::make_unique<TlsStream>(std::move(below), host, options);
  TRY(stream->begin());
  return stream;
}

}  // namespace cordyna::http
