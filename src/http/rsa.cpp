#include "http/rsa.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

namespace cordyna::http {
namespace {

/// A key with a passphrase is none for us; without this OpenSSL would ask at the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

Result<std::string> sign_rs256(std::string_view pem, std::string_view text) {
  const auto failed = [](const char* what) {
    ERR_clear_error();
    return fail(ErrorCode::kInvalidArgument, what);
  };
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr), &EVP_PKEY_free);
  if (key == nullptr || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    return failed("it holds no private key of RSA in PEM, without a passphrase");
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto* data = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  std::string out;
  const bool sized =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, data, text.size()) == 1;
  if (sized) out.resize(size);
  if (!sized || EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                               data, text.size()) != 1) {
    return failed("its private key cannot sign");
  }
  out.resize(size);
  return out;
}

}  // namespace cordyna::http
